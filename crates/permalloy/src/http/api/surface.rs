//! What a client of a server sees, without speaking MCP: tools, resources, prompts of one server. Same code path,
//! same restrictions, same record as over MCP.

use std::sync::Arc;

use ::mcp::Json;
use axum::{
    Extension,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{Response as HttpResponse, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    access::{Client, Member},
    app::App,
    error::Error,
    http::{
        answer::{self, json_bytes},
        body::{Body, Checked},
        query::Query,
    },
    ops::surface::{prompts, resources, tools},
    scope::Scope,
};

impl Checked for prompts::Put {
    const SCHEMA: &'static str = "PromptPut";
}

impl Checked for resources::Put {
    const SCHEMA: &'static str = "ResourcePut";
}

/// A body of any members: a tool's or a prompt's arguments.
#[derive(Deserialize)]
#[serde(transparent)]
pub(in crate::http) struct Arguments(Map<String, Value>);

impl Checked for Arguments {
    const SCHEMA: &'static str = "AnyObject";
}

type Answer = Result<Response, Error>;

pub(in crate::http) async fn list_tools(
    State(app): State<Arc<App>>,
    by: Member,
    Path(server_id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let mut query = Query::parse(raw.as_deref(), &["cursor"]);
    let cursor = query.text("cursor");
    query.finish()?;
    let client = Client::of_member(&app, &by, &server_id).await?;
    let members = tools::list(&app, &client, cursor.as_deref())?;
    let body = [b"{".as_slice(), &members, b"}"].concat();
    Ok(json_bytes(StatusCode::OK, body))
}

pub(in crate::http) async fn call_tool(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Arc<Scope>>,
    by: Member,
    Path((server_id, tool)): Path<(String, String)>,
    Body(Arguments(arguments)): Body<Arguments>,
) -> Answer {
    let client = Client::of_member(&app, &by, &server_id).await?;
    client.take(&app, &scope)?;
    let arguments = Value::Object(arguments).to_string();
    let called = tools::call(&app, &client, &scope, &tool, Json::check(&arguments)).await?;
    let mut body = b"{".to_vec();
    called.write_members(&mut body);
    body.push(b'}');
    Ok(json_bytes(StatusCode::OK, body))
}

pub(in crate::http) async fn list_resources(
    State(app): State<Arc<App>>,
    by: Member,
    Path(server_id): Path<String>,
) -> Answer {
    let client = Client::of_member(&app, &by, &server_id).await?;
    Ok(ready(resources::list(&client).await?))
}

pub(in crate::http) async fn read_resource(
    State(app): State<Arc<App>>,
    by: Member,
    Path(server_id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let uri = uri(raw.as_deref())?;
    let client = Client::of_member(&app, &by, &server_id).await?;
    Ok(ready(resources::read(&app, &client, &uri).await?))
}

pub(in crate::http) async fn put_resource(
    State(app): State<Arc<App>>,
    by: Member,
    Path(server_id): Path<String>,
    RawQuery(raw): RawQuery,
    Body(request): Body<resources::Put>,
) -> Answer {
    let uri = uri(raw.as_deref())?;
    Ok(answer::ok(resources::put(&app, &by, &server_id, &uri, request).await?).into_response())
}

pub(in crate::http) async fn delete_resource(
    State(app): State<Arc<App>>,
    by: Member,
    Path(server_id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let uri = uri(raw.as_deref())?;
    resources::delete(&app, &by, &server_id, &uri).await?;
    Ok(answer::ok(json!({ "message": "Resource deleted" })).into_response())
}

pub(in crate::http) async fn list_prompts(
    State(app): State<Arc<App>>,
    by: Member,
    Path(server_id): Path<String>,
) -> Answer {
    let client = Client::of_member(&app, &by, &server_id).await?;
    Ok(ready(prompts::list(&client).await?))
}

pub(in crate::http) async fn get_prompt(
    State(app): State<Arc<App>>,
    by: Member,
    Path((server_id, name)): Path<(String, String)>,
    Body(Arguments(arguments)): Body<Arguments>,
) -> Answer {
    let client = Client::of_member(&app, &by, &server_id).await?;
    Ok(ready(prompts::get(&client, &name, &arguments).await?))
}

pub(in crate::http) async fn put_prompt(
    State(app): State<Arc<App>>,
    by: Member,
    Path((server_id, name)): Path<(String, String)>,
    Body(request): Body<prompts::Put>,
) -> Answer {
    Ok(answer::ok(prompts::put(&app, &by, &server_id, &name, request).await?).into_response())
}

pub(in crate::http) async fn delete_prompt(
    State(app): State<Arc<App>>,
    by: Member,
    Path((server_id, name)): Path<(String, String)>,
) -> Answer {
    prompts::delete(&app, &by, &server_id, &name).await?;
    Ok(answer::ok(json!({ "message": "Prompt deleted" })).into_response())
}

fn ready(result: String) -> HttpResponse<axum::body::Body> {
    json_bytes(StatusCode::OK, Bytes::from(result))
}

fn uri(raw: Option<&str>) -> Result<String, Error> {
    let mut query = Query::parse(raw, &["uri"]);
    let uri = query.text("uri");
    query.finish()?;
    uri.ok_or_else(|| Error::invalid_field("uri", "is required"))
}
