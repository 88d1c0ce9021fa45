//! From checked arguments to the bytes that go out. Arguments can never change scheme, host, port, reserved
//! headers or climb out of their place in the path.

mod base;
mod body;
mod credential;
mod encode;
mod page;

use std::fmt;

use http::{HeaderMap, HeaderValue, Method, Uri};

pub use self::base::BaseUrl;
use self::encode::Pairs;
use self::page::Page;
use crate::arguments::Arguments;
use crate::credential::CredentialView;
use crate::definition::rules::PagingKind;
use crate::definition::{Action, Base, Connector, Parameter, PathPiece, Place};
use crate::paging::PageToken;
use crate::scan;

/// A request that is ready to be sent. `Debug` shows no header values, no path, no query and no body.
pub struct Request {
    /// Method.
    pub method: Method,
    /// Absolute address; may hold secrets in path or query, so it is not for logs.
    pub url: Uri,
    /// Headers; values made from a credential are marked sensitive.
    pub headers: HeaderMap,
    /// Body, empty when there is none.
    pub body: Vec<u8>,
    /// What [`crate::answer()`] must know of the request.
    pub sent: Sent,
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
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
    #[error("the connector needs a credential of one of its own types")]
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
    /// The finished address is not one, or not one of the platform.
    #[error("the address {reason}")]
    Address {
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

impl RequestError {
    pub(crate) fn argument(parameter: &Parameter, reason: &'static str) -> Self {
        Self::Argument { parameter: parameter.name.clone(), reason }
    }
}

/// The values of a call: the next page's own, else the argument, else a default that is to be sent.
pub(crate) struct Values<'a> {
    action: &'a Action,
    arguments: &'a Arguments<'a>,
    page: Option<(usize, &'a str)>,
}

impl<'a> Values<'a> {
    /// JSON text of a parameter's value.
    pub(crate) fn get(&self, index: usize) -> Option<&'a str> {
        if let Some((parameter, value)) = self.page
            && parameter == index
        {
            return Some(value);
        }
        self.arguments.get(index).or_else(|| {
            let parameter = self.action.parameters().get(index).filter(|parameter| parameter.send_default)?;
            parameter.default.as_ref().map(|default| default.get())
        })
    }

    fn number(&self, index: usize) -> Option<u64> {
        scan::scalar_text(self.get(index)?)?.parse().ok()
    }
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
    let declared = action.base.as_ref().unwrap_or(&connector.base);
    let expanded;
    let base = match (base_url, declared) {
        (Some(url), _) | (None, Base::Fixed(url)) => url,
        (None, Base::Template(_)) => {
            expanded = base::expand(declared, connector, credential)?;
            &expanded
        }
    };
    let page = page::read(action, page)?;
    let parameter_page = match &page {
        Page::Parameter(index, value) => Some((*index, *value)),
        Page::First | Page::Address(_) => None,
    };
    let values = Values { action, arguments, page: parameter_page };
    let mut headers = action.headers.clone();
    push_headers(action, &values, &mut headers)?;
    let (mut url, has_query) = match &page {
        Page::Address(address) => page::address(base, declared, address)?,
        Page::First | Page::Parameter(..) => address(base, action, &values)?,
    };
    credential::apply(connector, credential, &mut headers, &mut url, has_query)?;
    let body = body::body(action, &values)?;
    if let Some(content_type) = body.content_type {
        headers.insert(http::header::CONTENT_TYPE, content_type);
    }
    let url: Uri = url.parse().map_err(|_unhelpful: http::uri::InvalidUri| RequestError::Address {
        reason: "is not valid or too long",
    })?;
    if !base.holds(&url) {
        return Err(RequestError::Address { reason: "is outside the platform" });
    }
    let sent = sent(action, &values);
    Ok(Request { method: action.method().clone(), url, headers, body: body.bytes, sent })
}

/// The address with path and query; and whether it has a query already.
fn address(base: &BaseUrl, action: &Action, values: &Values<'_>) -> Result<(String, bool), RequestError> {
    let mut url = String::with_capacity(base.as_str().len() + action.path().len() + 64);
    url.push_str(base.as_str());
    for piece in &action.path_pieces {
        match piece {
            PathPiece::Literal(text) => url.push_str(text),
            PathPiece::Parameter(index) => {
                let parameter = action.parameters().get(*index);
                let (Some(parameter), Some(value)) = (parameter, values.get(*index)) else {
                    return Err(RequestError::Address { reason: "lacks a path parameter" });
                };
                encode::push_path(&mut url, value, parameter.style)
                    .map_err(|reason| RequestError::argument(parameter, reason))?;
            }
        }
    }
    let before = url.len();
    url.push('?');
    let mut pairs = Pairs::query(&mut url);
    for (index, parameter) in action.parameters().iter().enumerate() {
        if parameter.place == Place::Query
            && let Some(value) = values.get(index)
        {
            pairs
                .value(&parameter.wire, value, parameter.style)
                .map_err(|reason| RequestError::argument(parameter, reason))?;
        }
    }
    let has_query = !pairs.is_empty();
    if !has_query {
        url.truncate(before);
    }
    Ok((url, has_query))
}

fn push_headers(action: &Action, values: &Values<'_>, headers: &mut HeaderMap) -> Result<(), RequestError> {
    for (index, parameter) in action.parameters().iter().enumerate() {
        if let (Some(name), Some(value)) = (&parameter.header, values.get(index)) {
            let text = encode::flat(value, parameter.style)
                .map_err(|reason| RequestError::argument(parameter, reason))?;
            let value = HeaderValue::from_str(&text)
                .ok()
                .filter(|value| !value.is_empty() && text.is_ascii())
                .ok_or_else(|| {
                    RequestError::argument(parameter, "must be visible ASCII, as it goes into a header")
                })?;
            headers.insert(name.clone(), value);
        }
    }
    Ok(())
}

fn sent(action: &Action, values: &Values<'_>) -> Sent {
    let mut sent = Sent { all_fields: values.arguments.all_fields(), ..Sent::default() };
    let Some(paging) = &action.paging else { return sent };
    sent.limit = paging.limit.and_then(|index| values.number(index));
    match paging.kind {
        PagingKind::Offset { parameter } => sent.position = values.number(parameter).unwrap_or(0),
        PagingKind::Page { parameter, first } => sent.position = values.number(parameter).unwrap_or(first),
        PagingKind::Cursor { .. } | PagingKind::LastId { .. } | PagingKind::Link | PagingKind::Url { .. } => {
        }
    }
    sent
}

#[cfg(test)]
mod tests;
