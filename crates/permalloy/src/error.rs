//! What can go wrong, as far as any caller may know. Every surface (HTTP, MCP, command line) turns this one
//! type into its own form; the cause stays inside and goes to the log, never into an answer.

use std::{borrow::Cow, fmt, time::Duration};

use serde::Serialize;

/// Problems that an answer lists at most, however many a hostile request has.
const MAX_DETAILS: usize = 100;

/// A failure with a sentence for the caller and, apart from it, the cause for the log.
pub(crate) struct Error {
    kind: Kind,
    public: Cow<'static, str>,
    details: Vec<Detail>,
    source: Option<anyhow::Error>,
}

/// One problem of a request, as the contract's `details` lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Detail {
    /// The member, parameter or JSON path that is wrong; empty for the whole body.
    pub(crate) field: String,
    /// What is wrong with it and what was expected.
    pub(crate) problem: String,
}

/// The cases that a caller can act on differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound(Noun),
    /// An execution found no credential to act with.
    CredentialMissing,
    MethodNotAllowed,
    NotAcceptable,
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    TooMany {
        retry_after: Duration,
    },
    Upstream,
    UpstreamTimeout,
    Unavailable,
    Internal,
}

/// What was not found; each has a code of its own in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noun {
    Path,
    Server,
    Connector,
    Action,
    User,
    Credential,
    Key,
    Token,
    Prompt,
    Resource,
    Tool,
    Execution,
}

impl Noun {
    /// The word for a sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Path => "Path",
            Self::Server => "Server",
            Self::Connector => "Connector",
            Self::Action => "Action",
            Self::User => "User",
            Self::Credential => "Credential",
            Self::Key => "API key",
            Self::Token => "Token",
            Self::Prompt => "Prompt",
            Self::Resource => "Resource",
            Self::Tool => "Tool",
            Self::Execution => "Execution",
        }
    }
}

impl Kind {
    /// The contract's stable code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Invalid => "INVALID_REQUEST",
            Self::Unauthenticated => "UNAUTHORIZED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound(Noun::Server) => "SERVER_NOT_FOUND",
            Self::NotFound(Noun::Connector) => "CONNECTOR_NOT_FOUND",
            Self::NotFound(Noun::Action) => "ACTION_NOT_FOUND",
            Self::NotFound(Noun::User) => "USER_NOT_FOUND",
            Self::NotFound(Noun::Credential) | Self::CredentialMissing => "CREDENTIAL_NOT_FOUND",
            Self::NotFound(
                Noun::Path
                | Noun::Key
                | Noun::Token
                | Noun::Prompt
                | Noun::Resource
                | Noun::Tool
                | Noun::Execution,
            ) => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::Conflict => "CONFLICT",
            Self::TooLarge => "PAYLOAD_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::TooMany { .. } => "RATE_LIMITED",
            Self::Upstream => "UPSTREAM_ERROR",
            Self::UpstreamTimeout => "UPSTREAM_TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL_ERROR",
        }
    }

    /// The HTTP status of the management API.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Invalid | Self::CredentialMissing => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound(_) => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::TooMany { .. } => 429,
            Self::Internal => 500,
            Self::Upstream => 502,
            Self::Unavailable => 503,
            Self::UpstreamTimeout => 504,
        }
    }

    /// Whether the same request may succeed later.
    pub(crate) fn retryable(self) -> bool {
        match self {
            Self::TooMany { .. } | Self::UpstreamTimeout | Self::Unavailable => true,
            Self::Invalid
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::NotFound(_)
            | Self::CredentialMissing
            | Self::MethodNotAllowed
            | Self::NotAcceptable
            | Self::Conflict
            | Self::TooLarge
            | Self::UnsupportedMediaType
            | Self::Upstream
            | Self::Internal => false,
        }
    }
}

impl Error {
    fn of(kind: Kind, public: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, public: public.into(), details: Vec::new(), source: None }
    }

    /// The body or a parameter is wrong, with every problem found.
    pub(crate) fn invalid(mut details: Vec<Detail>) -> Self {
        details.truncate(MAX_DETAILS);
        let public = match details.as_slice() {
            [] => Cow::Borrowed("Invalid payload"),
            [one] if one.field.is_empty() => Cow::Owned(format!("Invalid payload: {}", one.problem)),
            [one] => Cow::Owned(format!("Invalid payload: {}: {}", one.field, one.problem)),
            [one, rest @ ..] => Cow::Owned(format!(
                "Invalid payload: {}: {} (and {} more)",
                one.field,
                one.problem,
                rest.len()
            )),
        };
        Self { details, ..Self::of(Kind::Invalid, public) }
    }

    /// One member or parameter is wrong.
    pub(crate) fn invalid_field(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::invalid(vec![Detail { field: field.into(), problem: problem.into() }])
    }

    /// No valid credentials. Which part was wrong is never said.
    pub(crate) fn unauthenticated() -> Self {
        Self::of(Kind::Unauthenticated, "Unauthorized: no valid credentials")
    }

    /// Known to the caller, not allowed.
    pub(crate) fn forbidden(public: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Forbidden, public)
    }

    /// Not there, another account's, or hidden from the caller.
    pub(crate) fn not_found(noun: Noun) -> Self {
        Self::of(Kind::NotFound(noun), format!("{} not found", noun.word()))
    }

    /// Nothing to act with: the caller has to connect an account first.
    pub(crate) fn credential_missing(public: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::CredentialMissing, public)
    }

    /// The request contradicts what is there.
    pub(crate) fn conflict(public: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Conflict, public)
    }

    /// Over a rate limit.
    pub(crate) fn too_many(retry_after: Duration) -> Self {
        Self::of(Kind::TooMany { retry_after }, "Rate limit exceeded")
    }

    /// Any other case without a cause to keep.
    pub(crate) fn plain(kind: Kind, public: impl Into<Cow<'static, str>>) -> Self {
        Self::of(kind, public)
    }

    /// The product's own fault; the caller learns no more than that.
    pub(crate) fn internal(source: impl Into<anyhow::Error>) -> Self {
        Self { source: Some(source.into()), ..Self::of(Kind::Internal, "Internal error") }
    }

    /// Adds the cause, for the log.
    pub(crate) fn because(self, source: impl Into<anyhow::Error>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Adds details to any kind.
    pub(crate) fn with_details(self, details: Vec<Detail>) -> Self {
        Self { details, ..self }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence for the caller.
    pub(crate) fn public(&self) -> &str {
        &self.public
    }

    pub(crate) fn details(&self) -> &[Detail] {
        &self.details
    }

    /// The cause, for the log only.
    pub(crate) fn cause(&self) -> Option<&anyhow::Error> {
        self.source.as_ref()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.public)?;
        match &self.source {
            Some(source) => write!(f, ": {source:#}"),
            None => Ok(()),
        }
    }
}
