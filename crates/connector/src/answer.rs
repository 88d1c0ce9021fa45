//! Reading a platform's answer as the platform means it.

use std::borrow::Cow;

use http::HeaderMap;
use serde_json::Value;

use crate::definition::{Action, Connector};
use crate::paging::PageToken;
use crate::request::Sent;

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
    connector: &Connector,
    action: &Action,
    sent: Sent,
    status: u16,
    headers: &HeaderMap,
    body: &'a [u8],
) -> Answer<'a> {
    todo!("{connector:?} {action:?} {sent:?} {status} {headers:?} {body:?}")
}
