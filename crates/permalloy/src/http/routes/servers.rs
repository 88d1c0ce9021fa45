//! Rows about MCP servers, their tokens, and what their clients see.

use axum::{
    http::Method,
    routing::{delete, get, post, put},
};

use super::{Doc, Needs, Route, row};
use crate::http::api::{servers, surface, tokens};

const SERVERS: &str = "Server Management";
const TOOLS: &str = "Tools";
const RESOURCES: &str = "Resources";
const PROMPTS: &str = "Prompts";

pub(super) fn server_routes() -> Vec<Route> {
    use Needs::Member;
    vec![
        row(
            Method::POST,
            "/api/servers",
            Member,
            post(servers::create),
            Doc::new("create-server", SERVERS, "Create a new MCP server", (201, "ServerCreated"))
                .body("ServerCreate")
                .conflict("Server name already exists"),
        ),
        row(
            Method::GET,
            "/api/servers",
            Member,
            get(servers::list),
            Doc::new("list-servers", SERVERS, "List MCP servers, newest first", (200, "ServerList"))
                .query(&["limit", "cursor", "all"]),
        ),
        row(
            Method::GET,
            "/api/servers/{serverId}",
            Member,
            get(servers::get),
            Doc::new("get-server", SERVERS, "Get one MCP server", (200, "Server")),
        ),
        row(
            Method::PUT,
            "/api/servers/{serverId}",
            Member,
            put(servers::update),
            Doc::new("update-server", SERVERS, "Change an MCP server", (200, "Server"))
                .body("ServerUpdate")
                .conflict("Server name already exists"),
        ),
        row(
            Method::DELETE,
            "/api/servers/{serverId}",
            Member,
            delete(servers::delete),
            Doc::new(
                "delete-server",
                SERVERS,
                "Delete an MCP server; its token URLs end",
                (200, "ServerDeleted"),
            ),
        ),
    ]
}

pub(super) fn token_routes() -> Vec<Route> {
    use Needs::Member;
    vec![
        row(
            Method::GET,
            "/api/servers/{serverId}/tokens",
            Member,
            get(tokens::list),
            Doc::new(
                "list-tokens",
                SERVERS,
                "List a server's access tokens, without secrets",
                (200, "TokenList"),
            ),
        ),
        row(
            Method::POST,
            "/api/servers/{serverId}/tokens",
            Member,
            post(tokens::create),
            Doc::new(
                "create-token",
                SERVERS,
                "Make another access token, or replace the primary one",
                (201, "TokenCreated"),
            )
            .body("TokenCreate"),
        ),
        row(
            Method::DELETE,
            "/api/servers/{serverId}/tokens/{tokenId}",
            Member,
            delete(tokens::delete),
            Doc::new("delete-token", SERVERS, "End an access token at once", (200, "Deleted")),
        ),
    ]
}

pub(super) fn surface_routes() -> Vec<Route> {
    use Needs::Member;
    vec![
        row(
            Method::GET,
            "/api/servers/{serverId}/tools",
            Member,
            get(surface::list_tools),
            Doc::new("list-tools", TOOLS, "What tools/list shows", (200, "ToolList")).query(&["cursor"]),
        ),
        row(
            Method::POST,
            "/api/servers/{serverId}/tools/{toolName}",
            Member,
            post(surface::call_tool),
            Doc::new("call-tool", TOOLS, "Call a tool; the body holds its arguments", (200, "ToolResult"))
                .body("AnyObject"),
        ),
        row(
            Method::GET,
            "/api/servers/{serverId}/resources",
            Member,
            get(surface::list_resources),
            Doc::new("list-resources", RESOURCES, "What resources/list shows", (200, "ResourceList"))
                .query(&["cursor"]),
        ),
        row(
            Method::GET,
            "/api/servers/{serverId}/resources/read",
            Member,
            get(surface::read_resource),
            Doc::new("read-resource", RESOURCES, "Read one resource", (200, "ResourceContents"))
                .query(&["uri"]),
        ),
        row(
            Method::PUT,
            "/api/servers/{serverId}/resources",
            Member,
            put(surface::put_resource),
            Doc::new("put-resource", RESOURCES, "Store a resource of the server's own", (200, "Resource"))
                .query(&["uri"])
                .body("ResourcePut"),
        ),
        row(
            Method::DELETE,
            "/api/servers/{serverId}/resources",
            Member,
            delete(surface::delete_resource),
            Doc::new("delete-resource", RESOURCES, "Delete a resource of the server's own", (200, "Deleted"))
                .query(&["uri"]),
        ),
    ]
}

pub(super) fn prompt_routes() -> Vec<Route> {
    use Needs::Member;
    vec![
        row(
            Method::GET,
            "/api/servers/{serverId}/prompts",
            Member,
            get(surface::list_prompts),
            Doc::new("list-prompts", PROMPTS, "What prompts/list shows", (200, "PromptList"))
                .query(&["cursor"]),
        ),
        row(
            Method::POST,
            "/api/servers/{serverId}/prompts/{name}",
            Member,
            post(surface::get_prompt),
            Doc::new(
                "get-prompt",
                PROMPTS,
                "Fill in a prompt; the body holds its arguments",
                (200, "PromptMessages"),
            )
            .body("AnyObject"),
        ),
        row(
            Method::PUT,
            "/api/servers/{serverId}/prompts/{name}",
            Member,
            put(surface::put_prompt),
            Doc::new("put-prompt", PROMPTS, "Store a prompt of the server's own", (200, "Prompt"))
                .body("PromptPut"),
        ),
        row(
            Method::DELETE,
            "/api/servers/{serverId}/prompts/{name}",
            Member,
            delete(surface::delete_prompt),
            Doc::new("delete-prompt", PROMPTS, "Delete a prompt of the server's own", (200, "Deleted")),
        ),
    ]
}
