//! A run that did not work, as the contract shows it to MCP clients, and as an [`Error`] to all others.

use std::borrow::Cow;

use connector::ArgumentProblem;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    error::{Detail, Error, Kind},
    outbound::failure,
};

/// Why a run did not work, and what the caller can do about it.
#[derive(Debug)]
pub(crate) struct Failed(Box<Parts>);

#[derive(Debug)]
struct Parts {
    /// The same for callers that know only the product's own cases; has the cause for the log.
    error: Error,
    told: Told,
    credential_rejected: bool,
}

/// The contract's `error` object of MCP tools.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    /// One of the product's own, or what the platform calls it.
    code: Cow<'static, str>,
    message: String,
    details: Value,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    retry_after_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    upstream_status: Option<u16>,
}

/// The structured result of a failed tool call.
#[derive(Serialize)]
struct Answer<'a> {
    error: &'a Told,
}

impl Failed {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error::plain(kind, message.into()).into()
    }

    /// The arguments do not fit the action: every problem, with its place.
    pub(super) fn arguments(problems: &[ArgumentProblem]) -> Self {
        let details: Vec<Detail> = problems
            .iter()
            .map(|problem| {
                // The engine's sentence begins with the place, which is the field here.
                let message = problem.message.strip_prefix(&format!("{}: ", problem.path));
                Detail {
                    field: field(&problem.path),
                    problem: message.unwrap_or(&problem.message).to_owned(),
                }
            })
            .collect();
        let told = serde_json::to_value(problems).unwrap_or_default();
        Self::from(Error::invalid(details)).with_details(told)
    }

    /// There is nothing to act with; says what to do next.
    pub(super) fn no_credential(message: String, connector_id: &str, types: &[&'static str]) -> Self {
        let next = format!(
            "Call get_credential_metadata_alloy with connectorId \"{connector_id}\" to see what a credential needs, \
             create one with create_credential_alloy, then repeat this call."
        );
        let problem = format!(
            "store one with POST /api/connectors/{connector_id}/credentials; authentication types: {}",
            types.join(", ")
        );
        let details = json!({ "connectorId": connector_id, "authenticationTypes": types, "nextStep": next });
        let error = Error::credential_missing(message);
        let error = error.with_details(vec![Detail { field: "credentialId".into(), problem }]);
        Self::from(error).with_details(details)
    }

    /// The platform answered that it did not do it.
    pub(super) fn platform(failure: connector::Failure) -> Self {
        let error = Error::plain(Kind::Upstream, failure.message.clone()).with_details(vec![Detail {
            field: String::new(),
            problem: format!(
                "the platform answered with status {} and code {}",
                failure.upstream_status, failure.code
            ),
        }]);
        let told = Told {
            code: failure.code.into(),
            message: failure.message,
            details: failure.details.unwrap_or_else(|| json!([])),
            retryable: failure.retryable,
            retry_after_seconds: failure.retry_after_seconds,
            upstream_status: Some(failure.upstream_status),
        };
        Self(Box::new(Parts { error, told, credential_rejected: failure.credential_rejected }))
    }

    /// There was no answer. `repeatable`: doing it again does no harm.
    pub(super) fn outbound(failure: failure::Failure, repeatable: bool) -> Self {
        let kind = match failure.kind {
            failure::Kind::Timeout => Kind::UpstreamTimeout,
            failure::Kind::InvalidUrl
            | failure::Kind::Refused
            | failure::Kind::Connect
            | failure::Kind::Tls
            | failure::Kind::TooLarge
            | failure::Kind::Redirect
            | failure::Kind::Closed
            | failure::Kind::Protocol => Kind::Upstream,
        };
        let may_pass = match failure.kind {
            failure::Kind::Timeout | failure::Kind::Connect | failure::Kind::Tls | failure::Kind::Closed => {
                true
            }
            failure::Kind::InvalidUrl
            | failure::Kind::Refused
            | failure::Kind::TooLarge
            | failure::Kind::Redirect
            | failure::Kind::Protocol => false,
        };
        let safe = repeatable || !failure.reached;
        let doubt = if safe { "" } else { "; it may have done what was asked, so check before repeating" };
        let mut failed = Self::new(kind, sentence(&format!("{}{doubt}", failure.kind)));
        failed.0.told.retryable = may_pass && safe;
        failed
    }

    /// The idempotency key was used for something else, or is in use.
    pub(super) fn conflict(message: &'static str, retry_after_seconds: Option<u64>) -> Self {
        let mut failed = Self::new(Kind::Conflict, message);
        failed.0.told.retryable = retry_after_seconds.is_some();
        failed.0.told.retry_after_seconds = retry_after_seconds;
        failed
    }

    pub(super) fn with_details(mut self, details: Value) -> Self {
        self.0.told.details = details;
        self
    }

    /// The structured result: `{"error":{…}}`.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(&Answer { error: &self.0.told }).unwrap_or_default()
    }

    /// The stable code, or the platform's own.
    pub(crate) fn code(&self) -> &str {
        &self.0.told.code
    }

    /// Whether the platform says that the credential is no good.
    pub(crate) fn credential_rejected(&self) -> bool {
        self.0.credential_rejected
    }

    /// The sentence for the caller.
    pub(crate) fn message(&self) -> &str {
        &self.0.told.message
    }

    /// The platform's HTTP status, where it answered.
    pub(crate) fn upstream_status(&self) -> Option<u16> {
        self.0.told.upstream_status
    }

    /// Writes the cause into the log, where there is one.
    pub(super) fn log(&self, request_id: &str) {
        let Some(cause) = self.0.error.cause() else { return };
        let (code, cause) = (self.0.error.kind().code(), format!("{cause:#}"));
        tracing::error!(
            request.id = request_id,
            error.code = code,
            error.cause = cause,
            "an execution failed"
        );
    }

    /// The failure as an idempotency key keeps it.
    pub(super) fn kept(&self) -> Value {
        json!({ "status": self.0.error.kind().status(), "error": self.0.told })
    }

    /// A kept failure again.
    pub(super) fn from_kept(kept: &Value) -> Option<Self> {
        let told: Told = serde_json::from_value(kept.get("error")?.clone()).ok()?;
        let kind = if kept.get("status")?.as_u64()? == 504 { Kind::UpstreamTimeout } else { Kind::Upstream };
        let error = Error::plain(kind, told.message.clone());
        Some(Self(Box::new(Parts { error, told, credential_rejected: false })))
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let details = serde_json::to_value(error.details()).unwrap_or_default();
        let retry_after_seconds = match error.kind() {
            Kind::TooMany { retry_after } => Some(retry_after.as_secs().max(1)),
            Kind::Unavailable => Some(5),
            Kind::Invalid
            | Kind::Unauthenticated
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
            | Kind::Internal => None,
        };
        let told = Told {
            code: error.kind().code().into(),
            message: error.public().to_owned(),
            details,
            retryable: error.kind().retryable(),
            retry_after_seconds,
            upstream_status: None,
        };
        Self(Box::new(Parts { error, told, credential_rejected: false }))
    }
}

impl From<store::Error> for Failed {
    fn from(error: store::Error) -> Self {
        Error::from(error).into()
    }
}

/// Without the cause, which [`super::run`] has logged.
impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        let details = failed.0.error.details().to_vec();
        Self::plain(failed.0.error.kind(), failed.0.error.public().to_owned()).with_details(details)
    }
}

/// A JSON pointer into the arguments as the contract's `field`.
fn field(pointer: &str) -> String {
    if pointer.is_empty() { "parameters".into() } else { format!("parameters{}", pointer.replace('/', ".")) }
}

/// With a capital at its start.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
