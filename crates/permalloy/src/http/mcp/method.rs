//! From a decoded request to its answer: one arm for each method.

use std::sync::Arc;

use ::mcp::{Answer, Caching, END_RESULT, Id, Json, Message, Method, Refusal, Request, codes};
use axum::{
    body::Body,
    http::{Response, StatusCode, request::Parts},
};
use serde_json::{Map, Value, json};

use super::{accepted, headers, json_message, listen, progress, refused};
use crate::{
    access::Client,
    app::App,
    error::{Error, Kind, Noun},
    http::answer,
    ops::surface::{self, Called},
    scope::Scope,
};

/// How long a client may keep a list, in milliseconds: a change of the server shows within this time even to a
/// client that does not listen.
const LIST_TTL_MS: u64 = 60_000;

/// The answer to one request, as its own HTTP response.
pub(super) async fn answer(
    app: &Arc<App>,
    scope: &Arc<Scope>,
    client: &Client,
    head: &Parts,
    body: &axum::body::Bytes,
    request: Request<'_>,
) -> Response<Body> {
    let begin = std::time::Instant::now();
    note(scope, &request);
    let name = request.method.name();
    if let Method::SubscriptionsListen(filter) = &request.method {
        return listen::stateless(app, scope, client, head, request.id, filter).await;
    }
    if let (Method::ToolsCall(call), Some(token)) = (&request.method, request.meta.progress_token)
        && headers::accepts_stream(&head.headers)
    {
        return progress::answer(app, scope, client, body, &request, (call, token)).await;
    }
    let mut out = Vec::new();
    let outcome = run(app, scope, client, &request, &mut out).await;
    app.telemetry.metrics.mcp_request(name, outcome.is_err(), begin.elapsed());
    match outcome {
        Ok(()) => json_message(StatusCode::OK, out),
        Err(refusal) => {
            let unavailable = refusal.http_status == 503;
            let mut response = refused(&refusal);
            if unavailable {
                response.headers_mut().insert(axum::http::header::RETRY_AFTER, 5.into());
            }
            response
        }
    }
}

/// The answers to a batch (2025-03-26), as one array; notifications have none.
pub(super) async fn answer_batch(
    app: &Arc<App>,
    scope: &Arc<Scope>,
    client: &Client,
    messages: Vec<Result<Message<'_>, Refusal<'_>>>,
) -> Response<Body> {
    let mut parts: Vec<Vec<u8>> = Vec::with_capacity(messages.len());
    for (index, message) in messages.into_iter().enumerate() {
        match message {
            Ok(Message::Request(request)) => {
                // Each call counts against the limit; the first was counted with the HTTP request.
                if index > 0
                    && let Err(error) = client.take(app, scope)
                {
                    parts.push(refusal_of(&error, &request, scope).to_vec());
                    continue;
                }
                let mut out = Vec::new();
                match run(app, scope, client, &request, &mut out).await {
                    Ok(()) => parts.push(out),
                    Err(refusal) => parts.push(refusal.to_vec()),
                }
            }
            Ok(Message::Notification(_) | Message::Response(_)) => {}
            Err(refusal) => parts.push(refusal.to_vec()),
        }
    }
    if parts.is_empty() {
        return accepted();
    }
    let mut out = Vec::new();
    ::mcp::encode_batch(&mut out, parts.iter().map(Vec::as_slice));
    json_message(StatusCode::OK, out)
}

fn note(scope: &Scope, request: &Request<'_>) {
    let target = if let Method::ToolsCall(call) = &request.method {
        format!("tools/call {}", call.name)
    } else {
        request.method.name().to_owned()
    };
    Scope::note(&scope.target, target);
}

/// Runs a request that has exactly one answer, and writes it.
pub(super) async fn run<'a>(
    app: &Arc<App>,
    scope: &Scope,
    client: &Client,
    request: &Request<'a>,
    out: &mut Vec<u8>,
) -> Result<(), Refusal<'a>> {
    let info = surface::about::server_info(client);
    let answer = Answer::to(request, Some(info));
    let list = Caching::Private { ttl_ms: LIST_TTL_MS };
    let fail = |error: Error| refusal_of(&error, request, scope);
    match &request.method {
        Method::Initialize(initialize) => {
            let result = surface::about::initialize(client, initialize.negotiated()).map_err(fail)?;
            ::mcp::encode_result(out, &answer, Caching::None, &result);
        }
        Method::Discover => {
            let result = surface::about::discover(client).map_err(fail)?;
            ::mcp::encode_result(out, &answer, list, &result);
        }
        Method::Ping | Method::LoggingSetLevel { .. } => {
            ::mcp::encode_result(out, &answer, Caching::None, "{}");
        }
        Method::ToolsList { cursor } => {
            let members = surface::tools::list(app, client, cursor.as_deref()).map_err(fail)?;
            out.reserve(members.len() + 256);
            ::mcp::begin_result(out, &answer, list, true);
            out.extend_from_slice(&members);
            out.extend_from_slice(END_RESULT);
        }
        Method::ToolsCall(call) => {
            let called =
                surface::tools::call(app, client, scope, &call.name, call.arguments).await.map_err(fail)?;
            write_called(out, &answer, &called);
        }
        Method::ResourcesList { cursor } => {
            only_page(cursor.as_deref()).map_err(fail)?;
            ::mcp::encode_result(out, &answer, list, &surface::resources::list(client).await.map_err(fail)?);
        }
        Method::ResourceTemplatesList { cursor } => {
            only_page(cursor.as_deref()).map_err(fail)?;
            ::mcp::encode_result(out, &answer, list, &surface::resources::templates().map_err(fail)?);
        }
        Method::ResourcesRead { uri, .. } => {
            let result = surface::resources::read(app, client, uri).await;
            let result = result.map_err(|error| resource_refusal(&error, request, uri, scope))?;
            ::mcp::encode_result(out, &answer, Caching::Private { ttl_ms: 0 }, &result);
        }
        Method::ResourcesSubscribe { uri } | Method::ResourcesUnsubscribe { uri } => {
            // Nothing to remember: a listening stream tells of every resource that changes.
            let found = surface::resources::read(app, client, uri).await;
            found.map_err(|error| resource_refusal(&error, request, uri, scope))?;
            ::mcp::encode_result(out, &answer, Caching::None, "{}");
        }
        Method::PromptsList { cursor } => {
            only_page(cursor.as_deref()).map_err(fail)?;
            ::mcp::encode_result(out, &answer, list, &surface::prompts::list(client).await.map_err(fail)?);
        }
        Method::PromptsGet(get) => {
            let arguments = object(get.arguments).map_err(fail)?;
            let result = surface::prompts::get(client, &get.name, &arguments).await.map_err(fail)?;
            ::mcp::encode_result(out, &answer, Caching::None, &result);
        }
        Method::Complete(complete) => {
            let decided = object(complete.context).map_err(fail)?;
            let (reference, argument, typed) = (&complete.reference, &*complete.argument, &*complete.value);
            let result = surface::prompts::complete(app, client, reference, argument, typed, &decided).await;
            ::mcp::encode_result(out, &answer, Caching::None, &result.map_err(fail)?);
        }
        Method::SubscriptionsListen(_) | Method::Unknown(_) => {
            return Err(Refusal::method_not_found(request));
        }
    }
    Ok(())
}

/// Writes the result of a tool.
pub(super) fn write_called(out: &mut Vec<u8>, answer: &Answer<'_>, called: &Called) {
    ::mcp::begin_result(out, answer, Caching::None, true);
    called.write_members(out);
    out.extend_from_slice(END_RESULT);
}

/// Lists that have one page only know no cursor.
fn only_page(cursor: Option<&str>) -> Result<(), Error> {
    cursor.map_or(Ok(()), |_| Err(Error::invalid_field("cursor", "is not a nextCursor of this list")))
}

fn object(json: Option<Json<'_>>) -> Result<Map<String, Value>, Error> {
    let Some(json) = json else { return Ok(Map::new()) };
    json.parse().map_err(|error| Error::invalid_field("arguments", "has to be an object").because(error))
}

fn resource_refusal<'a>(error: &Error, request: &Request<'a>, uri: &str, scope: &Scope) -> Refusal<'a> {
    match error.kind() {
        Kind::NotFound(_) => Refusal::resource_not_found(request, uri),
        Kind::Invalid
        | Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::CredentialMissing
        | Kind::MethodNotAllowed
        | Kind::NotAcceptable
        | Kind::Conflict
        | Kind::TooLarge
        | Kind::UnsupportedMediaType
        | Kind::TooMany { .. }
        | Kind::Upstream
        | Kind::UpstreamTimeout
        | Kind::Unavailable
        | Kind::Internal => refusal_of(error, request, scope),
    }
}

/// The product's error as a JSON-RPC error; logged here once with its cause.
pub(super) fn refusal_of<'a>(error: &Error, request: &Request<'a>, scope: &Scope) -> Refusal<'a> {
    answer::log(error, &scope.request_id);
    let public = error.public().to_owned();
    let refusal = match error.kind() {
        Kind::NotFound(Noun::Tool) => {
            Refusal::invalid_params(request, format!("Unknown tool: {}", tool_name(request)))
        }
        Kind::Invalid
        | Kind::NotFound(_)
        | Kind::CredentialMissing
        | Kind::Conflict
        | Kind::MethodNotAllowed
        | Kind::NotAcceptable
        | Kind::TooLarge
        | Kind::UnsupportedMediaType => Refusal::invalid_params(request, public),
        Kind::Forbidden | Kind::Unauthenticated => Refusal::new(request, codes::FORBIDDEN, public),
        Kind::TooMany { .. } => Refusal::new(request, codes::RATE_LIMITED, public),
        Kind::Unavailable => Refusal::new(request, codes::INTERNAL_ERROR, public).with_status(503),
        Kind::Upstream | Kind::UpstreamTimeout => Refusal::new(request, codes::INTERNAL_ERROR, public),
        Kind::Internal => Refusal::internal(request),
    };
    let data =
        json!({ "code": error.kind().code(), "details": error.details(), "requestId": scope.request_id });
    refusal.with_data(data)
}

fn tool_name<'r>(request: &'r Request<'_>) -> &'r str {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only calls have a tool")]
    match &request.method {
        Method::ToolsCall(call) => call.name.get(..64).unwrap_or(&call.name),
        _ => "",
    }
}

/// The id of a request as text that outlives its body.
pub(super) fn owned_id(id: Id<'_>) -> String {
    id.as_json().to_owned()
}
