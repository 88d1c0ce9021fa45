//! The audit log as answers show it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use store::AuditEntry;

use super::cursor;
use crate::{access::Admin, error::Error};

/// An entry of the log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    pub(crate) number: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) actor: Option<Box<RawValue>>,
    pub(crate) action: String,
    pub(crate) target: String,
    pub(crate) details: Option<Box<RawValue>>,
    /// The hash of the entry before, in hexadecimal; empty for the first.
    pub(crate) previous_hash: String,
    pub(crate) hash: String,
}

/// One page of entries, newest first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) entries: Vec<View>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

/// What a check of the whole log found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verification {
    pub(crate) valid: bool,
    pub(crate) entries: i64,
    /// The number of the first entry that is missing or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_broken: Option<i64>,
}

impl From<AuditEntry> for View {
    fn from(row: AuditEntry) -> Self {
        Self {
            number: row.number,
            at: row.at,
            actor: RawValue::from_string(row.actor).ok(),
            action: row.action,
            target: row.target,
            details: RawValue::from_string(row.details).ok(),
            previous_hash: hex(&row.previous_hash),
            hash: hex(&row.hash),
        }
    }
}

/// One page of the log.
pub(crate) async fn list(by: &Admin, limit: u32, after: Option<&str>) -> Result<Page, Error> {
    let wrong = || Error::invalid_field("cursor", "is not a nextCursor of this list");
    let number = |after: &str| cursor::read(after).and_then(|number| number.parse().ok()).ok_or_else(wrong);
    let before = after.map(number).transpose()?;
    let mut rows = by.account().list_audit_entries(i64::from(limit) + 1, before).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|row| cursor::write(&row.number.to_string()));
    Ok(Page { entries: rows.into_iter().map(View::from).collect(), next_cursor })
}

/// Whether no entry was changed or removed.
pub(crate) async fn verify(by: &Admin) -> Result<Verification, Error> {
    let check = by.account().verify_audit_entries().await?;
    Ok(Verification {
        valid: check.broken_at.is_none(),
        entries: check.entries,
        first_broken: check.broken_at,
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a String takes any text");
    }
    text
}
