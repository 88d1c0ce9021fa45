//! The MCP endpoint: HTTP to messages, messages to operations, and back. The order for every request is
//! authentication, rate limit, body limit and parse, users restriction, method.

mod headers;
mod listen;
mod method;
mod progress;

use std::sync::Arc;

use ::mcp::{Incoming, Message, Refusal, codes};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Extension, State},
    http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header},
    response::IntoResponse,
    routing::any,
};
use serde_json::json;

use super::{answer, body};
use crate::{
    access::{Client, Credentials},
    app::App,
    error::{Error, Kind},
    scope::Scope,
};

/// What the path of an MCP request names.
enum Place<'a> {
    Token { server_id: &'a str, token: &'a str },
    Server { server_id: &'a str },
    Header,
}

fn place(path: &str) -> Option<Place<'_>> {
    let rest = path.strip_prefix("/mcp")?;
    if rest.is_empty() {
        return Some(Place::Header);
    }
    let (server_id, token) = match rest.strip_prefix('/')?.split_once('/') {
        Some((server_id, token)) => (server_id, Some(token)),
        None => (rest.strip_prefix('/')?, None),
    };
    match token {
        _ if server_id.is_empty() => None,
        None => Some(Place::Server { server_id }),
        Some(token) if token.is_empty() || token.contains('/') => None,
        Some(token) => Some(Place::Token { server_id, token }),
    }
}

/// The credentials that a request shows, by its path and headers.
fn credentials<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<Credentials<'a>, Error> {
    let place = place(uri.path()).ok_or_else(|| Error::not_found(crate::error::Noun::Path))?;
    Ok(match place {
        Place::Token { server_id, token } => Credentials::Token { server_id, token },
        Place::Server { server_id } => Credentials::Bearer { server_id },
        Place::Header => {
            let named = headers.get("x-mcp-server-id").and_then(|value| value.to_str().ok());
            Credentials::Bearer { server_id: named.unwrap_or_default() }
        }
    })
}

/// Proves the client of a request; a refusal says where to find out how to authenticate (RFC 9728).
async fn prove(app: &App, scope: &Scope, uri: &Uri, headers: &HeaderMap) -> Result<Client, Response<Body>> {
    let credentials = credentials(uri, headers);
    let named = match &credentials {
        Ok(Credentials::Bearer { server_id }) => Some(*server_id),
        Ok(Credentials::Token { .. }) | Err(_) => None,
    };
    let proven = match credentials {
        Ok(credentials) => Client::prove(app, credentials, headers, scope).await,
        Err(error) => Err(error),
    };
    proven.map_err(|error| {
        let mut response = answer::error_response(&error, &scope.request_id);
        if error.kind() == Kind::Unauthenticated
            && let Some(value) = named.and_then(|server_id| challenge(app, server_id))
        {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        response
    })
}

/// `WWW-Authenticate` for a server; none where the name cannot be a server's, which no header is to repeat.
fn challenge(app: &App, server_id: &str) -> Option<HeaderValue> {
    let can_be = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if server_id.is_empty() || !server_id.bytes().all(can_be) {
        return None;
    }
    let metadata = format!("{}/.well-known/oauth-protected-resource/mcp/{server_id}", app.base_url);
    HeaderValue::from_str(&format!("Bearer resource_metadata=\"{metadata}\"")).ok()
}

/// Answers a POST on any path of the endpoint.
pub(super) async fn post(app: &Arc<App>, scope: &Arc<Scope>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let client = match prove(app, scope, &head.uri, &head.headers).await {
        Ok(client) => client,
        Err(response) => return response,
    };
    let allowance = client.take(app, scope);
    if let Err(error) =
        headers::acceptable(&head.headers).and_then(|()| body::check_media_type(&head.headers))
    {
        return error.into_response();
    }
    let bytes = match body::read(body, app.config.limits.mcp_body_bytes).await {
        Ok(bytes) => bytes,
        Err(error) => return error.into_response(),
    };
    let incoming = ::mcp::decode(&bytes, &headers::mirrored(&head.headers));
    if let Err(error) = allowance {
        return over_limit(&error, incoming.as_ref().ok().and_then(first_id), scope);
    }
    let incoming = match incoming {
        Ok(incoming) => incoming,
        Err(refusal) => return refused(&refusal),
    };
    if let Err(error) = client.admit(app).await {
        if error.kind() != Kind::Forbidden {
            return error.into_response();
        }
        return refused(&Refusal {
            id: first_id(&incoming),
            ..Refusal::anonymous(403, codes::FORBIDDEN, error.public().to_owned())
        });
    }
    match incoming {
        Incoming::One(Message::Request(request)) => {
            method::answer(app, scope, &client, &head, &bytes, request).await
        }
        Incoming::One(Message::Notification(_) | Message::Response(_)) => accepted(),
        Incoming::Batch(messages) => method::answer_batch(app, scope, &client, messages).await,
    }
}

/// `202` without a body.
fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// A JSON-RPC error with its HTTP status.
fn refused(refusal: &Refusal<'_>) -> Response<Body> {
    let status = StatusCode::from_u16(refusal.http_status).unwrap_or(StatusCode::BAD_REQUEST);
    json_message(status, refusal.to_vec())
}

fn json_message(status: StatusCode, message: impl Into<Bytes>) -> Response<Body> {
    answer::json_bytes(status, Body::from(message.into()))
}

fn first_id<'a>(incoming: &Incoming<'a>) -> Option<::mcp::Id<'a>> {
    match incoming {
        Incoming::One(Message::Request(request)) => Some(request.id),
        Incoming::One(Message::Notification(_) | Message::Response(_)) | Incoming::Batch(_) => None,
    }
}

/// `429`: as a JSON-RPC error where the request could be read, as the contract's body where not.
fn over_limit(error: &Error, id: Option<::mcp::Id<'_>>, scope: &Scope) -> Response<Body> {
    let plain = answer::error_response(error, &scope.request_id);
    let Some(id) = id else { return plain };
    let Kind::TooMany { retry_after } = error.kind() else { return plain };
    let data = json!({
        "error": error.public(), "code": error.kind().code(),
        "retryAfterSeconds": retry_after.as_secs().max(1), "requestId": scope.request_id,
    });
    let refusal =
        Refusal { id: Some(id), ..Refusal::anonymous(429, codes::RATE_LIMITED, error.public().to_owned()) };
    let mut response = refused(&refusal.with_data(data));
    response.headers_mut().insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
    response
}

/// The handler of the route table's rows; [`super::Service`] takes the short way for the same function.
pub(super) async fn post_route(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Arc<Scope>>,
    request: Request<Body>,
) -> Response<Body> {
    post(&app, &scope, request).await
}

/// The other methods of the endpoint's paths.
pub(super) fn extra_routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    ["/mcp", "/mcp/{serverId}", "/mcp/{serverId}/{accessToken}"]
        .into_iter()
        .fold(router, |router, path| router.route(path, any(other_method)))
        .fallback(super::unknown_path)
}

/// `GET` listens for list changes in the earlier eras; everything else is 405.
async fn other_method(
    State(app): State<Arc<App>>,
    Extension(scope): Extension<Arc<Scope>>,
    request: Request<Body>,
) -> Response<Body> {
    let (head, _) = request.into_parts();
    if head.method != Method::GET || headers::is_stateless(&head.headers) {
        return not_allowed();
    }
    let client = match prove(&app, &scope, &head.uri, &head.headers).await {
        Ok(client) => client,
        Err(response) => return response,
    };
    if let Err(error) = client.take(&app, &scope) {
        return error.into_response();
    }
    if let Err(error) = client.admit(&app).await {
        return error.into_response();
    }
    if !headers::accepts_stream(&head.headers) {
        return not_allowed();
    }
    listen::legacy(&app, &scope, client, &head).await
}

fn not_allowed() -> Response<Body> {
    let error = Error::plain(Kind::MethodNotAllowed, "MCP messages are sent with POST");
    let mut response = error.into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}
