//! From the product's error to the contract's error body, in one place; and the JSON answers of the handlers.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use serde::Serialize;

use crate::error::{Detail, Error, Kind};

/// A JSON answer with its status.
pub(crate) struct Json<T>(pub(crate) StatusCode, pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response<Body> {
        match serde_json::to_vec(&self.1) {
            Ok(bytes) => json_bytes(self.0, bytes),
            Err(error) => Error::internal(error).into_response(),
        }
    }
}

/// `200` with a JSON body.
pub(crate) fn ok<T: Serialize>(body: T) -> Json<T> {
    Json(StatusCode::OK, body)
}

/// `201` with a JSON body.
pub(crate) fn created<T: Serialize>(body: T) -> Json<T> {
    Json(StatusCode::CREATED, body)
}

/// An answer of JSON that is ready as bytes.
pub(crate) fn json_bytes(status: StatusCode, bytes: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(bytes.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(COMMON_HEADERS);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Headers that most answers have, with those that the server itself adds: room for them is made once.
const COMMON_HEADERS: usize = 10;

/// The contract's error body.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    error: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "<[Detail]>::is_empty")]
    details: &'a [Detail],
    request_id: &'a str,
}

/// A failure on its way out: the response carries the error itself, and [`finish`] writes its body once the
/// request id is known. So a handler answers with `Result<_, Error>` and nothing is logged twice.
#[derive(Clone)]
struct Pending(std::sync::Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status(self.kind());
        response.extensions_mut().insert(Pending(std::sync::Arc::new(self)));
        response
    }
}

fn status(kind: Kind) -> StatusCode {
    StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Gives every failure the contract's body: ours, and those that the router itself answered (unknown path,
/// wrong method, unreadable path parameter).
pub(crate) fn finish(mut response: Response<Body>, request_id: &str) -> Response<Body> {
    if let Some(Pending(error)) = response.extensions_mut().remove::<Pending>() {
        return with_allow(error_response(&error, request_id), &mut response);
    }
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let code = response.status().as_u16();
    if code < 400 || is_json {
        return response;
    }
    let error = match code {
        404 => Error::not_found(crate::error::Noun::Path),
        405 => Error::plain(Kind::MethodNotAllowed, "Method not allowed on this path"),
        500.. => Error::plain(Kind::Internal, "Internal error"),
        _ => Error::invalid(Vec::new()),
    };
    with_allow(error_response(&error, request_id), &mut response)
}

/// `answer` with the `Allow` header of the response it stands for, which a 405 has to have (RFC 9110, 15.5.6).
fn with_allow(mut answer: Response<Body>, response: &mut Response<Body>) -> Response<Body> {
    if let Some(allow) = response.headers_mut().remove(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

/// The error as a response, logged here once with its cause.
pub(crate) fn error_response(error: &Error, request_id: &str) -> Response<Body> {
    log(error, request_id);
    let body =
        ErrorBody { error: error.public(), code: error.kind().code(), details: error.details(), request_id };
    let bytes = serde_json::to_vec(&body)
        .unwrap_or_else(|_| br#"{"error":"Internal error","code":"INTERNAL_ERROR"}"#.to_vec());
    let mut response = json_bytes(status(error.kind()), bytes);
    let headers = response.headers_mut();
    match error.kind() {
        Kind::Unauthenticated => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Kind::TooMany { retry_after } => {
            headers.insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
        }
        Kind::Unavailable => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        Kind::Invalid
        | Kind::Forbidden
        | Kind::NotFound(_)
        | Kind::CredentialMissing
        | Kind::MethodNotAllowed
        | Kind::NotAcceptable
        | Kind::Conflict
        | Kind::TooLarge
        | Kind::UnsupportedMediaType
        | Kind::Upstream
        | Kind::UpstreamTimeout
        | Kind::Internal => {}
    }
    response
}

/// One line for each failure that has a cause; the caller's own mistakes are on the request line already.
pub(crate) fn log(error: &Error, request_id: &str) {
    if let Some(cause) = error.cause() {
        let cause = format!("{cause:#}");
        if error.kind() == Kind::Internal {
            tracing::error!(
                request.id = request_id,
                error.code = error.kind().code(),
                error.cause = cause,
                "request failed"
            );
        } else {
            tracing::warn!(
                request.id = request_id,
                error.code = error.kind().code(),
                error.cause = cause,
                "request failed"
            );
        }
    }
}
