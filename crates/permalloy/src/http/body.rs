//! Request bodies: read under the size limit, checked against their schema with every problem reported at once,
//! then decoded into their type.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::{Body as HttpBody, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    app::App,
    error::{Detail, Error, Kind},
    http::openapi,
};

/// The largest body of the management API, in bytes (contract: 10 MiB).
pub(crate) const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

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
        let bytes = read(body, MAX_BODY_BYTES).await?;
        decode(&app.schemas, &bytes).map(Self)
    }
}

/// Reads a body up to `limit` bytes.
pub(crate) async fn read(body: HttpBody, limit: usize) -> Result<Bytes, Error> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            Err(Error::plain(Kind::TooLarge, format!("The body is larger than {limit} bytes")))
        }
        Err(error) => {
            Err(Error::invalid_field("", "the body ended before it was complete").because(anyhow::anyhow!(error)))
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
    let problems = schemas.problems(T::SCHEMA, &value);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    // From the bytes again: the type refuses what a tree cannot show, such as a member given twice.
    serde_json::from_slice(bytes).map_err(|error| Error::invalid_field("", error.to_string()))
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
        let mut details: Vec<Detail> = validator.iter_errors(value).flat_map(|error| describe(&error, name)).collect();
        details.truncate(100);
        details
    }
}

/// One schema violation in words; a violation that names several members becomes one detail for each.
fn describe(error: &ValidationError<'_>, schema: &str) -> Vec<Detail> {
    let place = dotted(error.instance_path().as_str());
    let within = |member: &str| if place.is_empty() { member.to_owned() } else { format!("{place}.{member}") };
    let one = |problem: String| vec![Detail { field: place.clone(), problem }];
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's own sentence serves the rarer keywords")]
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|member| Detail { field: within(member), problem: unknown_member(member, schema) })
            .collect(),
        ValidationErrorKind::Required { property } => {
            vec![Detail { field: within(property.as_str().unwrap_or_default()), problem: "is required".into() }]
        }
        ValidationErrorKind::MinLength { limit } => one(format!("is too short, expected at least {limit} characters")),
        ValidationErrorKind::MaxLength { limit } => one(format!("is too long, expected at most {limit} characters")),
        ValidationErrorKind::Minimum { limit } => one(format!("is too small, expected at least {limit}")),
        ValidationErrorKind::Maximum { limit } => one(format!("is too large, expected at most {limit}")),
        ValidationErrorKind::MaxItems { limit } => one(format!("has too many entries, expected at most {limit}")),
        ValidationErrorKind::Enum { options } => one(format!("expected one of {options}")),
        ValidationErrorKind::Pattern { .. } => {
            one("has characters that are not allowed, or whitespace at an end".to_owned())
        }
        _ => one(error.to_string()),
    }
}

fn unknown_member(member: &str, schema: &str) -> String {
    match nearest(member, &openapi::members(schema)) {
        Some(nearest) => format!("unknown member; did you mean {nearest}?"),
        None => "unknown member".to_owned(),
    }
}

/// The candidate that differs least from `word`, if it is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, candidates: &'a [String]) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(2);
    candidates
        .iter()
        .map(|candidate| (distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate.as_str()))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let above = *cell;
            *cell = (diagonal + usize::from(from != *to)).min(above + 1).min(left + 1);
            (diagonal, left) = (above, *cell);
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// A JSON pointer as the dotted path of the contract's `details`: `/a/0/b` is `a[0].b`.
fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{part}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&part);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_meant() {
        let names = ["tokenExpiresInDays".to_owned(), "name".to_owned()];
        assert_eq!(nearest("tokenExpiryInDays", &names), Some("tokenExpiresInDays"));
        assert_eq!(nearest("Name", &names), Some("name"));
        assert_eq!(nearest("completelyOther", &names), None);
    }

    #[test]
    fn places_are_dotted_paths() {
        assert_eq!(dotted(""), "");
        assert_eq!(dotted("/restrictions/users/allowedIds/3"), "restrictions.users.allowedIds[3]");
        assert_eq!(dotted("/a~1b/c~0d"), "a/b.c~d");
    }

    #[test]
    fn every_problem_of_a_body_is_named() {
        let value = serde_json::json!({ "tokenExpiryInDays": 3, "description": 7, "rateLimit": { "requestsPerMinute": 0 } });
        let mut fields: Vec<_> =
            Schemas::new().problems("ServerCreate", &value).into_iter().map(|detail| detail.field).collect();
        fields.sort();
        assert_eq!(fields, ["description", "name", "rateLimit.requestsPerMinute", "tokenExpiryInDays"]);
    }
}
