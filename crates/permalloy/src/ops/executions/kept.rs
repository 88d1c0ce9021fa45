//! Results that do not fit into one answer: what is kept of them, and the cursors that lead back to them. A cursor
//! works for the user, server and action it was made for, and for nobody and nothing else.

use std::borrow::Cow;

use chrono::TimeDelta;
use connector::{Next, Offset, PageToken, Success};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use store::KeptResult;

use super::{Acting, Failed, idempotency::canonical};
use crate::{
    app::App,
    chance,
    error::Error,
    ops::{catalogue::Found, cursor},
};

/// What is kept, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    pub(super) execution_id: String,
    pub(super) upstream_status: u16,
    pub(super) credential_id: Option<String>,
    /// The arguments of the call.
    pub(super) parameters: Box<RawValue>,
    /// JSON text of the result; absent when all of it was given and only the platform has more.
    result: Option<String>,
    total: Option<u64>,
    /// The platform's next page.
    next: Option<String>,
}

/// Where a cursor goes on.
pub(super) enum Place {
    /// Inside the kept result.
    Inside(Kept, Offset),
    /// At the platform's next page.
    Platform(Kept, PageToken),
}

/// Of which run a result is.
pub(super) struct Origin<'a> {
    pub(super) execution_id: &'a str,
    pub(super) upstream_status: u16,
    pub(super) credential_id: Option<&'a str>,
    pub(super) parameters: &'a RawValue,
}

impl Kept {
    /// The result as the engine reads it.
    pub(super) fn success(&self) -> Success<'_> {
        Success {
            result: Cow::Borrowed(self.result.as_deref().unwrap_or("null")),
            next: self.next.clone().map(PageToken::from_kept),
            total: self.total,
        }
    }
}

/// Keeps what a caller needs to go on, and gives the cursor; nothing where nothing is left.
pub(super) async fn keep(
    app: &App,
    by: &Acting,
    found: &Found,
    origin: Origin<'_>,
    success: &Success<'_>,
    next: &Next,
) -> Result<Option<String>, Failed> {
    let (result, page, offset) = match next {
        Next::End => return Ok(None),
        Next::Kept(offset) => (Some(success.result.to_string()), success.next.as_ref(), Some(*offset)),
        Next::Platform(page) => (None, Some(page), None),
    };
    let kept = Kept {
        execution_id: origin.execution_id.to_owned(),
        upstream_status: origin.upstream_status,
        credential_id: origin.credential_id.map(str::to_owned),
        parameters: origin.parameters.to_owned(),
        result,
        total: success.total,
        next: page.map(|page| page.as_str().to_owned()),
    };
    let now = app.clock.now();
    let kept_for = TimeDelta::from_std(app.config.retention.results).unwrap_or(TimeDelta::hours(1));
    let row = KeptResult {
        result_id: chance::opaque_id("res"),
        user_id: by.user_id.to_string(),
        server_id: by.server_id().map(ToString::to_string),
        connector_id: found.entry.id.to_string(),
        action_id: found.action_id().to_string(),
        body: serde_json::to_string(&kept).map_err(Error::internal)?,
        created_at: now,
        expires_at: now + kept_for,
    };
    by.account.put_kept_result(&row).await?;
    Ok(Some(write(&row.result_id, offset)))
}

/// The cursor after a part of a kept result: the same row, another place in it.
pub(super) fn after(result_id: &str, next: &Next) -> Option<String> {
    match next {
        Next::End => None,
        Next::Kept(offset) => Some(write(result_id, Some(*offset))),
        Next::Platform(_) => Some(write(result_id, None)),
    }
}

/// Finds where a cursor goes on, and the id of what is kept. `parameters` are those of this call: they may be
/// left out, but not be others.
pub(super) async fn find(
    app: &App,
    by: &Acting,
    found: &Found,
    cursor: &str,
    parameters: &RawValue,
) -> Result<(String, Place), Failed> {
    let wrong =
        || Failed::from(Error::invalid_field("cursor", "is not a nextCursor of this action, or has expired"));
    let (result_id, offset) = read(cursor).ok_or_else(wrong)?;
    let row =
        by.account.find_kept_result(&by.user_id, &result_id, app.clock.now()).await?.ok_or_else(wrong)?;
    let same_place = row.server_id.as_deref() == by.server_id().map(|id| &**id)
        && *row.connector_id == *found.entry.id
        && *row.action_id == **found.action_id();
    if !same_place {
        return Err(wrong());
    }
    let kept: Kept = serde_json::from_str(&row.body).map_err(Error::internal)?;
    if !are_same(parameters.get(), kept.parameters.get()) {
        let problem =
            "belongs to a call with other parameters; repeat the same parameters, or leave them out";
        return Err(Error::invalid_field("cursor", problem).into());
    }
    let place = match offset {
        Some(offset) if kept.result.is_some() => Place::Inside(kept, offset),
        Some(_) => return Err(wrong()),
        None => {
            let page = kept.next.clone().map(PageToken::from_kept).ok_or_else(wrong)?;
            Place::Platform(kept, page)
        }
    };
    Ok((result_id, place))
}

fn are_same(given: &str, kept: &str) -> bool {
    let canonical_of = |json: &str| {
        let mut text = String::new();
        let value: Value = serde_json::from_str(json).unwrap_or_default();
        canonical(&value, &mut text);
        text
    };
    let given = canonical_of(given);
    given == "{}" || given == canonical_of(kept)
}

/// `{result} {item} {byte}`, or `{result}` alone for the platform's next page.
fn write(result_id: &str, offset: Option<Offset>) -> String {
    match offset {
        Some(Offset { item, byte }) => cursor::write(&format!("{result_id} {item} {byte}")),
        None => cursor::write(result_id),
    }
}

fn read(text: &str) -> Option<(String, Option<Offset>)> {
    let place = cursor::read(text)?;
    let Some((result_id, offset)) = place.split_once(' ') else { return Some((place, None)) };
    let (item, byte) = offset.split_once(' ')?;
    Some((result_id.to_owned(), Some(Offset { item: item.parse().ok()?, byte: byte.parse().ok()? })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_and_anything_else_leads_nowhere() {
        let offset = Offset { item: 25, byte: 7 };
        assert_eq!(read(&write("res_1", Some(offset))), Some(("res_1".to_owned(), Some(offset))));
        assert_eq!(read(&write("res_1", None)), Some(("res_1".to_owned(), None)));
        for wrong in
            ["%%%", &cursor::write("res_1 5"), &cursor::write("res_1 a b"), &cursor::write("res_1 1 2 3")]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn parameters_may_be_left_out_but_not_be_others() {
        assert!(are_same("{}", r#"{"a":1}"#));
        assert!(are_same(r#"{ "b":2,"a":1 }"#, r#"{"a":1,"b":2}"#));
        assert!(!are_same(r#"{"a":2}"#, r#"{"a":1}"#));
    }
}
