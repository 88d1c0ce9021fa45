//! Request bodies: read under the size limit, checked against their schema with every problem reported at once,
//! then decoded into their type.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    body::{Body as HttpBody, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jsonschema::Validator;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    app::App,
    error::{Detail, Error, Kind},
    http::openapi,
    schema,
};

/// A request type, and the schema in `openapi/schemas.yaml` that says what it may hold.
pub(crate) trait Checked: DeserializeOwned + Send {
    const SCHEMA: &'static str;
}

/// The checked body of a request. An absent body counts as `{}`, so that routes whose members are all optional
/// can be called without one.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: Checked> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Error> {
        let (head, body) = request.into_parts();
        check_media_type(&head.headers)?;
        let bytes = read(body, app.config.limits.body_bytes).await?;
        decode(&app.schemas, &bytes).map(Self)
    }
}

/// How long a client may take to send a body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a body up to `limit` bytes.
pub(crate) async fn read(body: HttpBody, limit: usize) -> Result<Bytes, Error> {
    let collected = tokio::time::timeout(READ_TIMEOUT, Limited::new(body, limit).collect()).await;
    let collected = collected
        .map_err(|late| Error::invalid_field("", "the body did not arrive in time").because(late))?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            Err(Error::plain(Kind::TooLarge, format!("The body is larger than {limit} bytes")))
        }
        Err(error) => {
            Err(Error::invalid_field("", "the body ended before it was complete")
                .because(anyhow::anyhow!(error)))
        }
    }
}

/// `Content-Type` must be JSON where it is given.
pub(crate) fn check_media_type(headers: &HeaderMap) -> Result<(), Error> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Error::plain(Kind::UnsupportedMediaType, "The body must be sent as Content-Type: application/json"))
}

fn decode<T: Checked>(schemas: &Schemas, bytes: &[u8]) -> Result<T, Error> {
    let bytes = if bytes.iter().all(u8::is_ascii_whitespace) { b"{}" } else { bytes };
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        Error::invalid_field("", format!("not JSON: line {}, column {}", error.line(), error.column()))
    })?;
    if !value.is_object() {
        return Err(Error::invalid_field("", "expected a JSON object"));
    }
    let mut problems = schemas.problems(T::SCHEMA, &value);
    schema::zero_bytes(&value, &mut String::new(), &mut problems);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    // From the bytes again: the type refuses what a tree cannot show, such as a member given twice.
    serde_json::from_slice(bytes).map_err(|error| Error::invalid(vec![schema::unreadable(&error)]))
}

/// The schemas of all request bodies, each compiled when it is first used.
pub(crate) struct Schemas {
    compiled: std::sync::Mutex<HashMap<&'static str, Arc<Validator>>>,
}

impl Schemas {
    pub(crate) fn new() -> Self {
        Self { compiled: std::sync::Mutex::default() }
    }

    fn validator(&self, name: &'static str) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let compile = || Arc::new(openapi::validator(name));
        Arc::clone(compiled.entry(name).or_insert_with(compile))
    }

    /// Every problem of `value`, in the order of its members.
    fn problems(&self, name: &'static str, value: &Value) -> Vec<Detail> {
        let validator = self.validator(name);
        schema::problems(&validator, value, &openapi::members(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_a_body_is_named() {
        let value = serde_json::json!({ "tokenExpiryInDays": 3, "description": 7, "rateLimit": { "requestsPerMinute": 0 } });
        let mut fields: Vec<_> =
            Schemas::new().problems("ServerCreate", &value).into_iter().map(|detail| detail.field).collect();
        fields.sort();
        assert_eq!(fields, ["description", "name", "rateLimit.requestsPerMinute", "tokenExpiryInDays"]);
    }
}
