//! Reading a platform's answer as the platform means it.

mod failure;
mod project;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::Value;

use crate::definition::Action;
use crate::definition::rules::Condition;
use crate::paging::{self, PageToken};
use crate::request::Sent;
use crate::scan;

/// What an answer means.
#[derive(Debug)]
pub enum Answer<'a> {
    /// It worked.
    Success(Success<'a>),
    /// It did not.
    Failure(Failure),
}

/// A result, not yet cut to size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success<'a> {
    /// JSON text; borrowed from the body wherever nothing had to change. `null` for an empty body, a string for
    /// text, `{mimeType, base64, bytes}` for bytes.
    pub result: Cow<'a, str>,
    /// Where the platform's list goes on.
    pub next: Option<PageToken>,
    /// How many items there are in all, if the platform says.
    pub total: Option<u64>,
}

impl Success<'_> {
    /// The same, owning its text, for keeping.
    pub fn into_owned(self) -> Success<'static> {
        Success { result: Cow::Owned(self.result.into_owned()), next: self.next, total: self.total }
    }
}

/// Which kind of failure, as far as a caller acts differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The platform refused this request: wrong arguments, not found, not allowed.
    Refused,
    /// The credential is wrong, expired or revoked.
    CredentialRejected,
    /// Too many requests.
    RateLimited,
    /// The platform is broken or busy.
    Unavailable,
}

/// What a platform says when it did not do as asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Which kind.
    pub kind: FailureKind,
    /// The platform's own code, else `UNAUTHORIZED`, `RATE_LIMITED` or `UPSTREAM_ERROR`.
    pub code: String,
    /// The platform's own sentence, at most 1,000 characters, else one that names the status.
    pub message: String,
    /// The platform's own error body, if it is JSON of at most 8 KiB.
    pub details: Option<Value>,
    /// Whether the same call may work later.
    pub retryable: bool,
    /// Seconds to wait, if the platform says.
    pub retry_after_seconds: Option<u64>,
    /// The grant should be refreshed, or the user must connect again.
    pub credential_rejected: bool,
    /// The HTTP status of the platform.
    pub upstream_status: u16,
}

/// Reads an answer. Total on any status, headers and bytes.
pub fn answer<'a>(
    action: &Action,
    sent: Sent,
    status: u16,
    headers: &HeaderMap,
    body: &'a [u8],
) -> Answer<'a> {
    let text = json_text(body);
    if !(200..300).contains(&status) {
        return Answer::Failure(failure::from_status(action, status, headers, text));
    }
    if action.binary {
        return Answer::Success(plain(Cow::Owned(bytes(headers, body))));
    }
    let Some(json) = text else {
        return Answer::Success(plain(not_json(headers, body)));
    };
    if let Some(rule) = action.rules.failure.as_ref().filter(|rule| holds(&rule.when, json)) {
        return Answer::Failure(failure::from_rule(action, rule, status, headers, json));
    }
    let total = total(action, json);
    let projected = !action.projection.is_empty() && !sent.all_fields;
    if action.paging.is_none() && !projected {
        return Answer::Success(Success { result: Cow::Borrowed(json), next: None, total });
    }
    let list = paging::list(action, json);
    let next =
        action.paging.as_ref().and_then(|paging| paging::next(paging, sent, headers, json, list, total));
    let result = if projected {
        Cow::Owned(project::project(json, list, &action.projection))
    } else {
        Cow::Borrowed(json)
    };
    Answer::Success(Success { result, next, total })
}

/// The body as JSON text, if it is.
fn json_text(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii();
    scan::is_valid(text).then_some(text)
}

fn plain(result: Cow<'_, str>) -> Success<'_> {
    Success { result, next: None, total: None }
}

/// A success without JSON: nothing, text, or bytes.
fn not_json<'a>(headers: &HeaderMap, body: &'a [u8]) -> Cow<'a, str> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Cow::Borrowed("null");
    }
    match std::str::from_utf8(body) {
        Ok(text) => Cow::Owned(Value::from(text).to_string()),
        Err(_) => Cow::Owned(bytes(headers, body)),
    }
}

fn bytes(headers: &HeaderMap, body: &[u8]) -> String {
    let kind = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or("application/octet-stream");
    let mut members = serde_json::Map::new();
    members.insert("mimeType".to_owned(), kind.into());
    members.insert("base64".to_owned(), STANDARD.encode(body).into());
    members.insert("bytes".to_owned(), body.len().into());
    Value::Object(members).to_string()
}

fn holds(condition: &Condition, json: &str) -> bool {
    match condition {
        Condition::Equals(pointer, wanted) => pointer.find(json).is_some_and(|found| equals(found, wanted)),
        Condition::Present(pointer) => {
            pointer.find(json).is_some_and(|found| !matches!(found, "null" | "false" | "[]" | "{}" | "\"\""))
        }
    }
}

fn equals(found: &str, wanted: &Value) -> bool {
    match wanted {
        Value::Bool(flag) => found == if *flag { "true" } else { "false" },
        Value::String(text) => scan::string(found).is_some_and(|found| found == text.as_str()),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            serde_json::from_str::<Value>(found).is_ok_and(|found| found == *wanted)
        }
    }
}

fn total(action: &Action, json: &str) -> Option<u64> {
    action.total.as_ref()?.find_text(json)?.parse().ok()
}

#[cfg(test)]
mod tests;
