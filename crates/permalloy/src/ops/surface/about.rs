//! Who a server is and how it is used: `serverInfo`, capabilities and instructions.

use std::borrow::Cow;

use mcp::{
    DiscoverResult, Implementation, InitializeResult, ListChanged, ResourceCapability, ServerCapabilities,
    Version,
};
use serde_json::Map;
use store::ToolMode;

use crate::{access::Client, error::Error};

/// `serverInfo.name`, which clients of the documented API know.
const NAME: &str = "Alloy Connectivity MCP Server";

const HOW_DYNAMIC: &str = "This server acts on other platforms for the user. To do something: \
    1. discover_action_path_alloy finds the right action for a goal (or list_connectors_alloy and \
    get_connector_resources_alloy to look around). \
    2. get_action_details_alloy shows its parameters. \
    3. execute_action_alloy runs it. \
    If a call says CREDENTIAL_NOT_FOUND, the platform is not connected: get_credential_metadata_alloy shows how, \
    create_credential_alloy connects it. Long results come in parts: repeat the call with the cursor. Error results \
    say what is wrong and what to do.";

const HOW_DIRECT: &str = "Each tool here is one action on a platform, named connector_action, run for the user with \
    the user's own credential. If a call says CREDENTIAL_NOT_FOUND, the platform is not connected: \
    get_credential_metadata_alloy shows how, create_credential_alloy connects it. Long results come in parts: repeat \
    the call with cursor_alloy. Error results say what is wrong and what to do.";

fn implementation(client: &Client) -> Implementation<'_> {
    Implementation {
        name: NAME.into(),
        title: Some(client.server.row.name.as_str().into()),
        version: env!("CARGO_PKG_VERSION").into(),
        ..Implementation::default()
    }
}

/// `serverInfo` as JSON, made once for each state of a server.
pub(crate) fn server_info(client: &Client) -> &str {
    client
        .server
        .ready
        .info
        .get_or_init(|| serde_json::to_string(&implementation(client)).expect("a struct of texts is JSON"))
}

/// `instructions`: the server's own, then how to use the tools.
fn instructions(client: &Client) -> Cow<'static, str> {
    let how = match client.server.row.tool_mode {
        ToolMode::Direct => HOW_DIRECT,
        ToolMode::Dynamic | ToolMode::Both => HOW_DYNAMIC,
    };
    let own = client.server.row.custom_instructions.trim();
    if own.is_empty() { Cow::Borrowed(how) } else { Cow::Owned(format!("{own}\n\n{how}")) }
}

fn capabilities(logging: bool) -> ServerCapabilities {
    let announced = Some(ListChanged { list_changed: true });
    ServerCapabilities {
        logging: logging.then(Map::new),
        completions: Some(Map::new()),
        prompts: announced,
        resources: Some(ResourceCapability { subscribe: true, list_changed: true }),
        tools: announced,
        extensions: Map::new(),
    }
}

/// The result of `initialize`.
pub(crate) fn initialize(client: &Client, version: Version) -> Result<String, Error> {
    let result = InitializeResult {
        protocol_version: version,
        capabilities: &capabilities(true),
        server_info: &implementation(client),
        instructions: &instructions(client),
    };
    serde_json::to_string(&result).map_err(Error::internal)
}

/// The result of `server/discover`.
pub(crate) fn discover(client: &Client) -> Result<String, Error> {
    let result = DiscoverResult {
        supported_versions: &Version::SUPPORTED,
        capabilities: &capabilities(false),
        instructions: &instructions(client),
    };
    serde_json::to_string(&result).map_err(Error::internal)
}
