//! From checked arguments to the bytes that go out. Arguments can never change scheme, host, port, reserved
//! headers or climb out of their place in the path.

use std::fmt;

use http::{HeaderMap, Method, Uri};

use crate::arguments::Arguments;
use crate::credential::CredentialView;
use crate::definition::{Action, Connector};
use crate::paging::PageToken;

/// A platform's address, checked: `http` or `https`, a host, an optional path, nothing else.
#[derive(Debug, Clone)]
pub struct BaseUrl {
    #[expect(dead_code, reason = "being filled in")]
    text: String,
}

impl BaseUrl {
    /// Checks an address, such as a configured one for a self-hosted edition.
    ///
    /// # Errors
    /// [`RequestError::BaseUrl`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        todo!("{text}")
    }
}

/// A request that is ready to be sent. `Debug` shows no header values, no query and no body.
pub struct Request {
    /// Method.
    pub method: Method,
    /// Absolute address; may hold secrets in path or query, so it is not for logs.
    pub url: Uri,
    /// Headers; values made from a credential are marked sensitive.
    pub headers: HeaderMap,
    /// Body, empty when there is none.
    pub body: Vec<u8>,
    /// What [`crate::answer`] must know of the request.
    pub sent: Sent,
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What reading the answer needs to know of the request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// The offset or page number asked for, with paging of those kinds.
    pub(crate) position: u64,
    /// The page size asked for.
    pub(crate) limit: Option<u64>,
    /// Whether the caller wants every member of the answer instead of the projection.
    pub(crate) all_fields: bool,
}

/// Why no request can be built. No variant holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// An argument does not fit its place although it fits the schema.
    #[error("{parameter}: {reason}")]
    Argument {
        /// The parameter's name.
        parameter: String,
        /// One clause, such as `must not be empty`.
        reason: &'static str,
    },
    /// The connector needs a credential, or one of another type.
    #[error("the connector needs a credential of another type")]
    Credential,
    /// The credential lacks a value, or the value does not fit.
    #[error("the credential's field {field} {reason}")]
    CredentialField {
        /// The field's name.
        field: String,
        /// One clause.
        reason: &'static str,
    },
    /// The platform's address is wrong.
    #[error("the base URL {reason}")]
    BaseUrl {
        /// One clause.
        reason: &'static str,
    },
    /// The next page lies outside the platform, or the token is broken.
    #[error("the page token {reason}")]
    Page {
        /// One clause.
        reason: &'static str,
    },
}

/// Builds the request of an action.
///
/// `base_url` replaces the connector's own address, for self-hosted editions, proxies and tests.
///
/// # Errors
/// When an argument, the credential or the page token cannot be put where it belongs.
pub fn request(
    connector: &Connector,
    action: &Action,
    arguments: &Arguments<'_>,
    credential: Option<&CredentialView<'_>>,
    base_url: Option<&BaseUrl>,
    page: Option<&PageToken>,
) -> Result<Request, RequestError> {
    todo!("{connector:?} {action:?} {arguments:?} {credential:?} {base_url:?} {page:?}")
}
