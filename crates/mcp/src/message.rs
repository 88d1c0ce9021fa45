//! What a body turns out to be: requests, notifications, responses. Types only; [`crate::decode()`] makes them.

use std::borrow::Cow;

use crate::{json::Json, method::Method, refusal::Refusal, version::Era};

/// A request id: a string or an integer, echoed byte for byte (JSON-RPC 2.0, section 4; MCP forbids null).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'a>(Json<'a>);

impl<'a> Id<'a> {
    /// Accepts a JSON string or integer.
    pub fn parse(json: Json<'a>) -> Option<Self> {
        (json.is_string() || json.is_integer()).then_some(Self(json))
    }

    /// The JSON text, quotes and escapes included.
    pub const fn as_json(self) -> &'a str {
        self.0.as_str()
    }
}

/// One body.
#[derive(Clone, Debug)]
pub enum Incoming<'a> {
    /// A single message: the usual case, and the only one outside 2025-03-26.
    One(Message<'a>),
    /// A batch of 2025-03-26, at least one element, each read on its own.
    Batch(Vec<Result<Message<'a>, Refusal<'a>>>),
}

/// One JSON-RPC message.
#[derive(Clone, Debug)]
pub enum Message<'a> {
    /// Wants an answer.
    Request(Request<'a>),
    /// Wants none: HTTP 202.
    Notification(Notification<'a>),
    /// An answer to a request of ours, which this product never sends: HTTP 202, and ignored.
    Response(Response<'a>),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Echoed in the answer.
    pub id: Id<'a>,
    /// By which rules to answer.
    pub era: Era,
    /// What the request says about itself and its client.
    pub meta: Meta<'a>,
    /// What is wanted.
    pub method: Method<'a>,
}

/// A message without an id.
#[derive(Clone, Debug)]
pub struct Notification<'a> {
    /// By which rules it was read.
    pub era: Era,
    /// What it says.
    pub kind: NotificationKind<'a>,
}

/// The notifications clients send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotificationKind<'a> {
    /// `notifications/initialized`.
    Initialized,
    /// `notifications/cancelled`.
    Cancelled {
        /// The request to stop; absent or malformed ids cancel nothing.
        request_id: Option<Id<'a>>,
    },
    /// `notifications/roots/list_changed`.
    RootsListChanged,
    /// `notifications/progress`.
    Progress,
    /// Any other method.
    Unknown(Cow<'a, str>),
}

/// An answer from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// Which request it answers.
    pub id: Option<Id<'a>>,
    /// The result, or the error object.
    pub outcome: Result<Json<'a>, Json<'a>>,
}

/// The `_meta` of a request (2026-07-28, `RequestMetaObject`); values are checked for kind only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta<'a> {
    /// Under which token progress is to be reported: a string or a number.
    pub progress_token: Option<Json<'a>>,
    /// Name and version of the client: an object.
    pub client_info: Option<Json<'a>>,
    /// What the client can do, of a 2026 request: an object. Always present in that era.
    pub client_capabilities: Option<Json<'a>>,
    /// Least severe log message wanted for this request; without it none may be sent (2026).
    pub log_level: Option<LogLevel>,
    /// W3C trace context: a string, not checked further.
    pub traceparent: Option<Json<'a>>,
    /// W3C trace state: a string, not checked further.
    pub tracestate: Option<Json<'a>>,
}

impl<'a> Meta<'a> {
    /// The capabilities declared for this request; none when it declares none.
    pub fn capabilities(&self) -> ClientCapabilities {
        self.client_capabilities.map(ClientCapabilities::read).unwrap_or_default()
    }

    /// The W3C `traceparent`.
    pub fn traceparent(&self) -> Option<Cow<'a, str>> {
        self.traceparent.and_then(Json::string)
    }

    /// The client's name and version as it states them; empty where it does not.
    pub fn client_name_and_version(&self) -> (Cow<'a, str>, Cow<'a, str>) {
        self.client_info.map(crate::envelope::name_and_version).unwrap_or_default()
    }
}

/// What a client says it can do, as far as the product cares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent capabilities of the protocol")]
pub struct ClientCapabilities {
    /// Forms: `elicitation` present, with `form` or with nothing in it.
    pub elicitation_form: bool,
    /// Opening a URL: `elicitation.url`.
    pub elicitation_url: bool,
    /// Asking the client's model: `sampling`.
    pub sampling: bool,
    /// Listing roots: `roots`.
    pub roots: bool,
}

impl ClientCapabilities {
    /// Reads a capabilities object; members of the wrong kind count as absent.
    pub fn read(json: Json<'_>) -> Self {
        crate::envelope::capabilities(json)
    }
}

/// Severity of log messages (RFC 5424), least severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of RFC 5424")]
pub enum LogLevel {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

impl LogLevel {
    /// Every level, least severe first.
    pub const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];

    /// The level with exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }
}
