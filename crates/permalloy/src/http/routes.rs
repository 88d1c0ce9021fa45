//! The route table: one row for each method and path, saying who may call it. The router, the OpenAPI document,
//! the reference page and the test that calls every route as somebody who may not are all made from it.

use std::sync::Arc;

use axum::{
    http::Method,
    routing::{MethodRouter, delete, get, patch, post, put},
};

use super::{
    api::{audit, connectors, credentials, executions, health, keys, servers, surface, tokens, users},
    docs, mcp, openapi,
};
use crate::app::App;

/// Who may call a route. The handler's extractor enforces it; the route test holds the two together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Everybody, without credentials.
    Nobody,
    /// An API key of any role.
    Member,
    /// An API key with the role `admin`.
    Admin,
    /// A client of one MCP server: its token URL, or an API key of its account.
    Client,
}

impl Needs {
    /// The word in the OpenAPI document (`x-authority`).
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Client => "client",
        }
    }
}

/// One row of the table.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) needs: Needs,
    pub(crate) doc: Doc,
    pub(crate) handler: MethodRouter<Arc<App>>,
}

/// What the OpenAPI document says about a row.
pub(crate) struct Doc {
    pub(crate) id: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    /// Names of query parameters, described in `openapi.rs`.
    pub(crate) query: &'static [&'static str],
    /// The schema of the request body.
    pub(crate) body: Option<&'static str>,
    /// The success: status and schema (empty: no JSON body).
    pub(crate) answer: (u16, &'static str),
    /// What 409 means here, where it can happen.
    pub(crate) conflict: Option<&'static str>,
}

impl Doc {
    const fn new(
        id: &'static str,
        tag: &'static str,
        summary: &'static str,
        answer: (u16, &'static str),
    ) -> Self {
        Self { id, tag, summary, query: &[], body: None, answer, conflict: None }
    }

    const fn query(mut self, query: &'static [&'static str]) -> Self {
        self.query = query;
        self
    }

    const fn body(mut self, schema: &'static str) -> Self {
        self.body = Some(schema);
        self
    }

    const fn conflict(mut self, meaning: &'static str) -> Self {
        self.conflict = Some(meaning);
        self
    }
}

fn row(method: Method, path: &'static str, needs: Needs, handler: MethodRouter<Arc<App>>, doc: Doc) -> Route {
    Route { method, path, needs, doc, handler }
}

const SERVERS: &str = "Server Management";
const MCP: &str = "MCP Protocol";
const TOOLS: &str = "Tools";
const RESOURCES: &str = "Resources";
const PROMPTS: &str = "Prompts";
const USERS: &str = "Users and keys";
const CONNECTORS: &str = "Connectors";
const CREDENTIALS: &str = "Credentials";
const RECORDS: &str = "Executions and audit";
const RUNNING: &str = "Running";

/// Every route of the product.
pub(crate) fn table() -> Vec<Route> {
    [
        server_routes(),
        surface_routes(),
        user_routes(),
        connector_routes(),
        credential_routes(),
        record_routes(),
        open_routes(),
        mcp_routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn server_routes() -> Vec<Route> {
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

fn surface_routes() -> Vec<Route> {
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

fn user_routes() -> Vec<Route> {
    use Needs::Admin;
    vec![
        row(
            Method::POST,
            "/api/users",
            Admin,
            post(users::create),
            Doc::new("create-user", USERS, "Create a user", (201, "UserCreated"))
                .body("UserCreate")
                .conflict("Username already exists"),
        ),
        row(
            Method::GET,
            "/api/users",
            Admin,
            get(users::list),
            Doc::new("list-users", USERS, "List users", (200, "UserList")).query(&["limit", "cursor"]),
        ),
        row(
            Method::DELETE,
            "/api/users/{userId}",
            Admin,
            delete(users::delete),
            Doc::new(
                "delete-user",
                USERS,
                "Delete a user with its servers and credentials",
                (200, "Deleted"),
            ),
        ),
        row(
            Method::GET,
            "/api/keys",
            Admin,
            get(keys::list),
            Doc::new("list-keys", USERS, "List API keys, without secrets", (200, "KeyList")),
        ),
        row(
            Method::POST,
            "/api/keys",
            Admin,
            post(keys::create),
            Doc::new("create-key", USERS, "Create an API key; its secret is shown once", (201, "KeyCreated"))
                .body("KeyCreate"),
        ),
        row(
            Method::DELETE,
            "/api/keys/{keyId}",
            Admin,
            delete(keys::revoke),
            Doc::new("revoke-key", USERS, "Revoke an API key at once", (200, "Deleted")),
        ),
    ]
}

fn connector_routes() -> Vec<Route> {
    use Needs::Member;
    vec![
        row(
            Method::GET,
            "/api/connectors",
            Member,
            get(connectors::list),
            Doc::new("list-connectors", CONNECTORS, "List or search connectors", (200, "ConnectorList"))
                .query(&["category", "search"]),
        ),
        row(
            Method::GET,
            "/api/connectors/{connectorId}",
            Member,
            get(connectors::get),
            Doc::new("get-connector", CONNECTORS, "Get one connector", (200, "ConnectorDetail")),
        ),
        row(
            Method::GET,
            "/api/connectors/{connectorId}/resources",
            Member,
            get(connectors::resources),
            Doc::new(
                "get-connector-resources",
                CONNECTORS,
                "A connector's actions by resource",
                (200, "ConnectorResources"),
            ),
        ),
        row(
            Method::GET,
            "/api/connectors/{connectorId}/actions",
            Member,
            get(connectors::actions),
            Doc::new("list-actions", CONNECTORS, "A connector's actions", (200, "ActionList")),
        ),
        row(
            Method::GET,
            "/api/connectors/{connectorId}/actions/{actionId}",
            Member,
            get(connectors::action),
            Doc::new("get-action", CONNECTORS, "Everything about one action", (200, "ActionDetail")),
        ),
        row(
            Method::POST,
            "/api/connectors/{connectorId}/actions/{actionId}/execute",
            Member,
            post(connectors::execute),
            Doc::new(
                "execute-action",
                CONNECTORS,
                "Run an action as the effective user",
                (200, "ExecuteResult"),
            )
            .body("ExecuteRequest")
            .conflict("The idempotency key was used with another body"),
        ),
    ]
}

fn credential_routes() -> Vec<Route> {
    use Needs::Member;
    vec![
        row(
            Method::GET,
            "/api/connectors/{connectorId}/credentials/metadata",
            Member,
            get(credentials::metadata),
            Doc::new(
                "get-credential-metadata",
                CREDENTIALS,
                "How to authenticate with a connector",
                (200, "CredentialMetadata"),
            ),
        ),
        row(
            Method::POST,
            "/api/connectors/{connectorId}/credentials",
            Member,
            post(credentials::create),
            Doc::new("create-credential", CREDENTIALS, "Store a credential for a user", (201, "Credential"))
                .body("CredentialCreate"),
        ),
        row(
            Method::GET,
            "/api/connectors/{connectorId}/credentials",
            Member,
            get(credentials::list_of_connector),
            Doc::new(
                "list-connector-credentials",
                CREDENTIALS,
                "The effective user's credentials of a connector",
                (200, "CredentialList"),
            )
            .query(&["limit", "cursor"]),
        ),
        row(
            Method::GET,
            "/api/users/{userId}/credentials",
            Member,
            get(credentials::list_of_user),
            Doc::new("list-user-credentials", CREDENTIALS, "A user's credentials", (200, "CredentialList"))
                .query(&["limit", "cursor"]),
        ),
        row(
            Method::GET,
            "/api/credentials/{credentialId}",
            Member,
            get(credentials::get),
            Doc::new(
                "get-credential",
                CREDENTIALS,
                "One credential, without its secrets",
                (200, "Credential"),
            ),
        ),
        row(
            Method::PATCH,
            "/api/credentials/{credentialId}",
            Member,
            patch(credentials::update),
            Doc::new(
                "update-credential",
                CREDENTIALS,
                "Rename a credential or replace its fields",
                (200, "Credential"),
            )
            .body("CredentialUpdate"),
        ),
        row(
            Method::DELETE,
            "/api/credentials/{credentialId}",
            Member,
            delete(credentials::delete),
            Doc::new("delete-credential", CREDENTIALS, "Delete a credential", (200, "Deleted")),
        ),
        row(
            Method::POST,
            "/api/credentials/{credentialId}/test",
            Member,
            post(credentials::test),
            Doc::new(
                "test-credential",
                CREDENTIALS,
                "Try a credential with the connector's test action",
                (200, "CredentialTest"),
            ),
        ),
    ]
}

fn record_routes() -> Vec<Route> {
    use Needs::{Admin, Member};
    const FILTERS: &[&str] =
        &["serverId", "userId", "connectorId", "actionId", "status", "from", "to", "limit", "cursor"];
    vec![
        row(
            Method::GET,
            "/api/executions",
            Member,
            get(executions::list),
            Doc::new(
                "list-executions",
                RECORDS,
                "Every run of an action, newest first",
                (200, "ExecutionList"),
            )
            .query(FILTERS),
        ),
        row(
            Method::GET,
            "/api/executions/{executionId}",
            Member,
            get(executions::get),
            Doc::new("get-execution", RECORDS, "One run of an action", (200, "Execution")),
        ),
        row(
            Method::GET,
            "/api/audit",
            Admin,
            get(audit::list),
            Doc::new(
                "list-audit",
                RECORDS,
                "Every change made through the management API",
                (200, "AuditList"),
            )
            .query(&["limit", "cursor"]),
        ),
        row(
            Method::GET,
            "/api/audit/verify",
            Admin,
            get(audit::verify),
            Doc::new(
                "verify-audit",
                RECORDS,
                "Check that no audit entry was changed or removed",
                (200, "AuditVerification"),
            ),
        ),
    ]
}

fn open_routes() -> Vec<Route> {
    use Needs::Nobody;
    vec![
        row(
            Method::GET,
            "/health",
            Nobody,
            get(health::health),
            Doc::new("health", RUNNING, "The process is up", (200, "Health")),
        ),
        row(
            Method::GET,
            "/ready",
            Nobody,
            get(health::ready),
            Doc::new("ready", RUNNING, "The database is reachable and its schema current", (200, "Ready")),
        ),
        row(
            Method::GET,
            "/metrics",
            Nobody,
            get(health::metrics),
            Doc::new("metrics", RUNNING, "Prometheus metrics", (200, "")),
        ),
        row(
            Method::GET,
            "/openapi.json",
            Nobody,
            get(openapi::serve),
            Doc::new("openapi", RUNNING, "This document", (200, "AnyObject")),
        ),
        row(
            Method::GET,
            "/docs",
            Nobody,
            get(docs::page),
            Doc::new("docs", RUNNING, "The readable reference", (200, "")),
        ),
    ]
}

fn mcp_routes() -> Vec<Route> {
    use Needs::Client;
    let doc = |id, summary| Doc::new(id, MCP, summary, (200, "AnyObject")).body("AnyObject");
    vec![
        row(
            Method::POST,
            "/mcp/{serverId}/{accessToken}",
            Client,
            post(mcp::post_route),
            doc("mcp-token", "Speak MCP to a server through its token URL"),
        ),
        row(
            Method::POST,
            "/mcp/{serverId}",
            Client,
            post(mcp::post_route),
            doc("mcp-key", "Speak MCP to a server with an API key"),
        ),
        row(
            Method::POST,
            "/mcp",
            Client,
            post(mcp::post_route),
            doc("mcp-header", "Speak MCP to the server that x-mcp-server-id names"),
        ),
    ]
}
