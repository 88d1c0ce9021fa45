//! What can go wrong with a call, in words that may be shown: no address, no URL, no text of another library.

use std::error::Error as StdError;

use super::connect::ConnectError;

/// A call without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// Requests sent or tried, redirects not counted.
    pub(crate) attempts: u32,
    /// Whether the platform may have received a request: if not, nothing has happened there.
    pub(crate) reached: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Kind {
    #[error("the platform's address is not a usable http or https URL")]
    InvalidUrl,
    #[error("the platform's address is not allowed for outgoing calls")]
    Refused,
    #[error("the platform did not answer in time")]
    Timeout,
    #[error("no connection to the platform")]
    Connect,
    #[error("no secure connection to the platform")]
    Tls,
    #[error("the platform's answer is too large")]
    TooLarge,
    #[error("the platform redirects to where calls may not follow")]
    Redirect,
    #[error("the platform closed the connection before its answer was complete")]
    Closed,
    #[error("the platform's answer is not valid HTTP")]
    Protocol,
}

impl Kind {
    /// Failures that another attempt may not meet.
    pub(super) fn is_of_connection(self) -> bool {
        match self {
            Kind::Connect | Kind::Closed => true,
            Kind::InvalidUrl
            | Kind::Refused
            | Kind::Timeout
            | Kind::Tls
            | Kind::TooLarge
            | Kind::Redirect
            | Kind::Protocol => false,
        }
    }
}

/// What it was, and whether a request may have reached the platform.
pub(super) fn classify(error: &hyper_util::client::legacy::Error) -> (Kind, bool) {
    if let Some(connect) = find::<ConnectError>(error) {
        return (connect.kind(), false);
    }
    if error.is_connect() {
        return (Kind::Connect, false);
    }
    match find::<hyper::Error>(error) {
        Some(hyper) => (kind_of(hyper), !hyper.is_canceled()),
        None => (Kind::Closed, true),
    }
}

/// What went wrong while an answer was read or a request sent.
pub(super) fn kind_of(error: &hyper::Error) -> Kind {
    let closed = error.is_incomplete_message() || error.is_closed() || error.is_canceled();
    if closed || find::<std::io::Error>(error).is_some() { Kind::Closed } else { Kind::Protocol }
}

/// For the operator: the host, and the whole chain. The path may hold a secret (some platforms want it there).
pub(super) fn log(host: Option<&str>, error: &(dyn StdError + 'static)) {
    let mut chain = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        chain.push_str(": ");
        chain.push_str(&source.to_string());
        next = source.source();
    }
    tracing::info!(outbound.host = host.unwrap_or_default(), error = chain, "a call to a platform failed");
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        current = error.source();
    }
    None
}
