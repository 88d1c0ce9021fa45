//! Tools: the eight that every dynamic server has, and with direct mode one for each allowed action.

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::Bytes;
use jsonschema::Validator;
use mcp::Json;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use store::ToolMode;

use super::{Called, direct};
use crate::{
    access::Client,
    app::App,
    error::{Detail, Error, Kind, Noun},
    ops::{
        catalogue::{self, Sight},
        credentials, cursor,
        executions::{self, Acting, ExecuteRequest},
    },
    schema,
    scope::Scope,
};

/// One of the eight, ready.
struct MetaTool {
    name: String,
    definition: Value,
    arguments: Validator,
    members: Vec<String>,
}

static META: LazyLock<Vec<MetaTool>> = LazyLock::new(|| {
    let tools: Vec<Value> = serde_json::from_str(include_str!("tools.json")).expect("tools.json is JSON");
    tools.into_iter().map(MetaTool::new).collect()
});

/// The four that still make sense beside direct tools.
const WITH_DIRECT: [&str; 4] = [
    "create_credential_alloy",
    "get_credentials_alloy",
    "get_credential_metadata_alloy",
    "discover_action_path_alloy",
];

impl MetaTool {
    fn new(definition: Value) -> Self {
        let text =
            |member: &str| definition.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let schema = definition.get("inputSchema").cloned().unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object);
        let members = properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default();
        let arguments = jsonschema::validator_for(&schema).expect("the schemas of tools.json compile");
        Self { name: text("name"), arguments, members, definition }
    }

    /// Every problem of `arguments`.
    fn problems(&self, arguments: &str) -> Vec<Detail> {
        match serde_json::from_str(arguments) {
            Ok(value) => schema::problems(&self.arguments, &value, &self.members),
            Err(error) => vec![schema::unreadable(&error)],
        }
    }
}

/// The members of one page of `tools/list`. The first page is made once for each state of a server.
pub(crate) fn list(app: &App, client: &Client, cursor: Option<&str>) -> Result<Bytes, Error> {
    if let Some(cursor) = cursor {
        let wrong = || Error::invalid_field("cursor", "is not a nextCursor of this list");
        let from = cursor::read(cursor).and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
        if client.server.row.tool_mode == ToolMode::Dynamic {
            return Err(wrong());
        }
        return page(app, client, from);
    }
    if let Some(ready) = client.server.ready.tools.get() {
        return Ok(ready.clone());
    }
    let made = page(app, client, 0)?;
    Ok(client.server.ready.tools.get_or_init(|| made).clone())
}

fn page(app: &App, client: &Client, from: usize) -> Result<Bytes, Error> {
    let mode = client.server.row.tool_mode;
    let mut tools: Vec<Cow<'_, Value>> = match mode {
        _ if from > 0 => Vec::new(),
        ToolMode::Dynamic | ToolMode::Both => {
            META.iter().map(|tool| Cow::Borrowed(&tool.definition)).collect()
        }
        ToolMode::Direct => WITH_DIRECT
            .iter()
            .filter_map(|name| meta(name))
            .map(|tool| Cow::Borrowed(&tool.definition))
            .collect(),
    };
    let mut next = None;
    if mode != ToolMode::Dynamic {
        let (direct, more) = direct::page(app, client, from)?;
        tools.extend(direct.into_iter().map(Cow::Owned));
        next = more;
    }
    let mut members = format!("\"tools\":{}", serde_json::to_string(&tools).map_err(Error::internal)?);
    if let Some(next) = next {
        members.push_str(&format!(",\"nextCursor\":{}", json!(cursor::write(&next.to_string()))));
    }
    Ok(members.into())
}

fn meta(name: &str) -> Option<&'static MetaTool> {
    META.iter().find(|tool| tool.name == name)
}

/// Calls a tool. A tool's own failure is a [`Called`] with `is_error`; an error here is a tool that this client
/// does not have, or a failure of the product itself.
pub(crate) async fn call(
    app: &Arc<App>,
    client: &Client,
    scope: &Scope,
    name: &str,
    arguments: Option<Json<'_>>,
) -> Result<Called, Error> {
    let arguments = arguments.map_or("{}", Json::as_str);
    let mode = client.server.row.tool_mode;
    let called =
        if let Some(tool) = meta(name).filter(|_| mode != ToolMode::Direct || WITH_DIRECT.contains(&name)) {
            call_meta(app, client, scope, tool, arguments).await
        } else {
            let found = (mode != ToolMode::Dynamic).then(|| app.direct_names().find(name)).flatten();
            let (connector, action) = found.ok_or_else(|| Error::not_found(Noun::Tool))?;
            call_direct(app, client, scope, (connector, action), arguments).await
        };
    called.or_else(|error| failure(error, scope))
}

/// What the caller can act on becomes a result; what it cannot, a JSON-RPC error.
fn failure(error: Error, scope: &Scope) -> Result<Called, Error> {
    match error.kind() {
        Kind::Internal | Kind::Unavailable => Err(error),
        Kind::Invalid
        | Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::NotFound(_)
        | Kind::CredentialMissing
        | Kind::MethodNotAllowed
        | Kind::NotAcceptable
        | Kind::Conflict
        | Kind::TooLarge
        | Kind::UnsupportedMediaType
        | Kind::TooMany { .. }
        | Kind::Upstream
        | Kind::UpstreamTimeout => {
            if let Some(cause) = error.cause() {
                tracing::debug!(
                    request.id = scope.request_id,
                    error.cause = format!("{cause:#}"),
                    "a tool failed"
                );
            }
            Ok(Called::failure(
                json!({ "error": {
                    "code": error.kind().code(),
                    "message": error.public(),
                    "details": error.details(),
                    "retryable": error.kind().retryable(),
                } })
                .to_string(),
            ))
        }
    }
}

async fn call_meta(
    app: &Arc<App>,
    client: &Client,
    scope: &Scope,
    tool: &MetaTool,
    arguments: &str,
) -> Result<Called, Error> {
    match tool.name.as_str() {
        "execute_action_alloy" => execute(app, client, scope, tool, arguments).await,
        "get_action_details_alloy" => {
            let read: ActionOf<'_> = read(tool, arguments)?;
            let found = app.catalogue.find_action(client.into(), &read.connector_id, &read.action_id)?;
            Ok(Called::ready(found.tool_members().clone()))
        }
        // In a box, so that the quick ones above do not carry the size of the others around.
        _ => Box::pin(call_seldom(app, client, tool, arguments)).await,
    }
}

async fn call_seldom(
    app: &Arc<App>,
    client: &Client,
    tool: &MetaTool,
    arguments: &str,
) -> Result<Called, Error> {
    match tool.name.as_str() {
        "list_connectors_alloy" => {
            let read: CategoryOf<'_> = read(tool, arguments)?;
            Ok(Called::success(list_connectors(app, client, read.category.as_deref()).await?))
        }
        "get_connector_resources_alloy" => {
            let read: ConnectorOf<'_> = read(tool, arguments)?;
            Ok(Called::success(connector_resources(app, client, &read.connector_id)?))
        }
        "discover_action_path_alloy" => discover(app, client, read(tool, arguments)?).await,
        "get_credential_metadata_alloy" => {
            let read: ConnectorOf<'_> = read(tool, arguments)?;
            let entry = app.catalogue.find(client.into(), &read.connector_id)?;
            Ok(text(&json!({ "metadata": credentials::metadata(entry) })))
        }
        "get_credentials_alloy" => {
            let read: MaybeConnectorOf<'_> = read(tool, arguments)?;
            let credentials = credentials::list_of_client(app, client, read.connector_id.as_deref()).await?;
            Ok(text(&json!({ "credentials": credentials })))
        }
        "create_credential_alloy" => create_credential(app, client, tool, arguments).await,
        _ => Err(Error::not_found(Noun::Tool)),
    }
}

fn text(structured: &Value) -> Called {
    Called::success(structured.to_string())
}

/// Reads a tool's arguments. The quick way takes what fits; whatever does not is checked against the schema, so
/// that every problem is named at once.
fn read<'a, T: Deserialize<'a>>(tool: &MetaTool, arguments: &'a str) -> Result<T, Error> {
    serde_json::from_str(arguments).map_err(|error| {
        let problems = tool.problems(arguments);
        if problems.is_empty() {
            Error::invalid(vec![schema::unreadable(&error)])
        } else {
            Error::invalid(problems)
        }
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConnectorOf<'a> {
    #[serde(borrow)]
    connector_id: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MaybeConnectorOf<'a> {
    #[serde(borrow)]
    connector_id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryOf<'a> {
    #[serde(borrow)]
    category: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ActionOf<'a> {
    #[serde(borrow)]
    connector_id: Cow<'a, str>,
    #[serde(borrow)]
    action_id: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DiscoverOf<'a> {
    #[serde(borrow)]
    goal: Cow<'a, str>,
    #[serde(borrow)]
    connector_id: Option<Cow<'a, str>>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateCredentialOf {
    connector_id: String,
    authentication_type: String,
    redirect_uri: Option<String>,
    #[serde(default)]
    fields: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExecuteOf<'a> {
    #[serde(borrow)]
    connector_id: Cow<'a, str>,
    #[serde(borrow)]
    action_id: Cow<'a, str>,
    #[serde(borrow)]
    parameters: &'a RawValue,
    #[serde(borrow)]
    credential_id: Option<Cow<'a, str>>,
    timeout: Option<u64>,
    #[serde(borrow)]
    idempotency_key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    cursor: Option<Cow<'a, str>>,
}

async fn execute(
    app: &Arc<App>,
    client: &Client,
    scope: &Scope,
    tool: &MetaTool,
    arguments: &str,
) -> Result<Called, Error> {
    let read: ExecuteOf<'_> = read(tool, arguments)?;
    let bounded = read.timeout.is_none_or(|timeout| (1_000..=300_000).contains(&timeout))
        && read.parameters.get().starts_with('{')
        && read.idempotency_key.as_ref().is_none_or(|key| (1..=255).contains(&key.len()));
    if !bounded {
        let problems = tool.problems(arguments);
        if !problems.is_empty() {
            return Err(Error::invalid(problems));
        }
    }
    let request = ExecuteRequest {
        credential_id: read.credential_id.as_deref(),
        timeout: read.timeout.map_or(executions::DEFAULT_TIMEOUT, Duration::from_millis),
        idempotency_key: read.idempotency_key.as_deref(),
        cursor: read.cursor.as_deref(),
        ..ExecuteRequest::new(&read.connector_id, &read.action_id, Some(read.parameters))
    };
    run(app, client, scope, request).await
}

async fn call_direct(
    app: &Arc<App>,
    client: &Client,
    scope: &Scope,
    (connector_id, action_id): (&str, &str),
    arguments: &str,
) -> Result<Called, Error> {
    // Before anything is said about the arguments.
    Sight::from(client).action(connector_id, action_id)?;
    let (parameters, cursor) = without_cursor(arguments)?;
    let request = ExecuteRequest {
        cursor: cursor.as_deref(),
        ..ExecuteRequest::new(connector_id, action_id, Some(&parameters))
    };
    run(app, client, scope, request).await
}

/// Takes the argument that continues a long result out of a direct tool's arguments.
fn without_cursor(arguments: &str) -> Result<(Cow<'_, RawValue>, Option<String>), Error> {
    let wrong = |error: serde_json::Error| Error::invalid_field("", error.to_string());
    if !arguments.contains(direct::CURSOR) {
        return Ok((Cow::Borrowed(serde_json::from_str(arguments).map_err(wrong)?), None));
    }
    let mut members: serde_json::Map<String, Value> = serde_json::from_str(arguments).map_err(wrong)?;
    let cursor = match members.remove(direct::CURSOR) {
        Some(Value::String(cursor)) => Some(cursor),
        Some(_) => return Err(Error::invalid_field(direct::CURSOR, "has to be a string")),
        None => None,
    };
    let rest = serde_json::value::to_raw_value(&members).map_err(Error::internal)?;
    Ok((Cow::Owned(rest), cursor))
}

async fn run(
    app: &Arc<App>,
    client: &Client,
    scope: &Scope,
    request: ExecuteRequest<'_>,
) -> Result<Called, Error> {
    let acting = Acting::of_client(client, scope.surface(), &scope.request_id);
    match executions::run(app, &acting, request).await {
        Ok(executed) => Ok(Called::success(executed.json)),
        Err(failed) => Ok(Called::failure(failed.json())),
    }
}

/// The structured result of `list_connectors_alloy`.
pub(crate) async fn list_connectors(
    app: &App,
    client: &Client,
    category: Option<&str>,
) -> Result<String, Error> {
    let connected = connected(app, client).await?;
    let connectors = catalogue::briefs(&app.catalogue, client.into(), category, &connected);
    let count = connectors.len();
    let usable = connectors.iter().filter(|connector| connector.connected).count();
    let message = match count {
        0 => "No connector fits; call without category to see all that are allowed here".to_owned(),
        _ => format!(
            "{count} connectors, {usable} ready to use; get_connector_resources_alloy shows what one can do"
        ),
    };
    serde_json::to_string(&json!({ "connectors": connectors, "count": count, "message": message }))
        .map_err(Error::internal)
}

/// The structured result of `get_connector_resources_alloy`.
pub(crate) fn connector_resources(app: &App, client: &Client, connector_id: &str) -> Result<String, Error> {
    let entry = app.catalogue.find(client.into(), connector_id)?;
    serde_json::to_string(&catalogue::resources(entry, client.into())).map_err(Error::internal)
}

async fn discover(app: &App, client: &Client, read: DiscoverOf<'_>) -> Result<Called, Error> {
    let limit = read.limit.unwrap_or(5);
    if !(1..=20).contains(&limit) {
        return Err(Error::invalid_field("limit", "expected an integer from 1 to 20"));
    }
    let connected = connected(app, client).await?;
    let connector_id = read.connector_id.as_deref();
    let found =
        catalogue::discover(&app.catalogue, client.into(), &read.goal, connector_id, limit, &connected)?;
    Ok(Called::success(serde_json::to_string(&found).map_err(Error::internal)?))
}

/// The connectors that the user has a working credential for.
async fn connected(app: &App, client: &Client) -> Result<HashSet<String>, Error> {
    credentials::connected(app, client).await
}

async fn create_credential(
    app: &App,
    client: &Client,
    tool: &MetaTool,
    arguments: &str,
) -> Result<Called, Error> {
    let read: CreateCredentialOf = read(tool, arguments)?;
    let request = credentials::Create {
        user_id: None,
        authentication_type: read.authentication_type,
        // The header's address is for browser flows only, which there are none of yet.
        redirect_uri: read.redirect_uri,
        data: read.fields,
        name: None,
    };
    let created = credentials::create_for_client(app, client, &read.connector_id, request).await?;
    Ok(Called::success(serde_json::to_string(&created).map_err(Error::internal)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eight_tools_stand_in_the_order_of_the_contract() {
        let names: Vec<_> = META.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "list_connectors_alloy",
                "get_connector_resources_alloy",
                "get_action_details_alloy",
                "execute_action_alloy",
                "create_credential_alloy",
                "get_credentials_alloy",
                "get_credential_metadata_alloy",
                "discover_action_path_alloy",
            ]
        );
        for tool in META.iter() {
            for member in ["title", "description", "inputSchema", "outputSchema", "annotations"] {
                assert!(tool.definition.get(member).is_some(), "{} has no {member}", tool.name);
            }
        }
    }

    #[test]
    fn the_output_schemas_admit_errors_because_clients_hold_those_against_them_too() {
        let error =
            json!({ "error": { "code": "CONFLICT", "message": "Taken", "details": [], "retryable": false } });
        for tool in META.iter() {
            let schema = &tool.definition["outputSchema"];
            assert!(jsonschema::is_valid(schema, &error), "{}: {schema}", tool.name);
        }
    }

    #[test]
    fn every_problem_of_the_arguments_is_named() {
        let tool = meta("execute_action_alloy").unwrap();
        let error = read::<ExecuteOf<'_>>(tool, r#"{"connectorID":"slack","timeout":"soon"}"#).err().unwrap();
        let mut fields: Vec<_> = error.details().iter().map(|detail| detail.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["actionId", "connectorID", "connectorId", "parameters", "timeout"]);
    }

    #[test]
    fn the_cursor_of_a_direct_tool_is_not_the_actions_own() {
        let (rest, cursor) = without_cursor(r#"{"cursor":"theirs","cursor_alloy":"ours"}"#).unwrap();
        assert_eq!((rest.get(), cursor.as_deref()), (r#"{"cursor":"theirs"}"#, Some("ours")));
    }
}
