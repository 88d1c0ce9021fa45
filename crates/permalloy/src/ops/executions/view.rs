//! Records of executions as answers show them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use store::{Execution, ExecutionFilter, ExecutionStatus};

use crate::{
    access::{Client, Member},
    error::{Error, Noun},
    ops::cursor,
};

/// A record.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    pub(crate) execution_id: String,
    pub(crate) server_id: Option<String>,
    pub(crate) token_id: Option<String>,
    pub(crate) key_id: Option<String>,
    pub(crate) user_id: String,
    pub(crate) surface: String,
    pub(crate) connector_id: String,
    pub(crate) action_id: String,
    pub(crate) credential_id: Option<String>,
    pub(crate) read_only: bool,
    pub(crate) status: &'static str,
    pub(crate) error_code: Option<String>,
    pub(crate) upstream_status: Option<i64>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) attempts: i64,
    pub(crate) request_bytes: i64,
    pub(crate) response_bytes: i64,
    pub(crate) cache: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arguments: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idempotency_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

/// One page of records, newest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) executions: Vec<View>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

/// Which records; what is absent does not matter.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) server_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) connector_id: Option<String>,
    pub(crate) action_id: Option<String>,
    /// A word of the contract.
    pub(crate) status: Option<String>,
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) to: Option<DateTime<Utc>>,
}

impl From<Execution> for View {
    fn from(row: Execution) -> Self {
        let raw = |text: Option<String>| text.and_then(|text| RawValue::from_string(text).ok());
        // Exact to well beyond a human life.
        #[expect(clippy::cast_precision_loss, reason = "a duration in microseconds is far below 2^53")]
        let duration_ms = row.duration_us.map(|us| us as f64 / 1000.0);
        Self {
            execution_id: row.execution_id,
            server_id: row.server_id,
            token_id: row.token_id,
            key_id: row.key_id,
            user_id: row.user_id,
            surface: row.surface,
            connector_id: row.connector_id,
            action_id: row.action_id,
            credential_id: row.credential_id,
            read_only: row.read_only,
            status: row.status.as_str(),
            error_code: row.error_code,
            upstream_status: row.upstream_status,
            started_at: row.started_at,
            finished_at: row.finished_at,
            duration_ms,
            attempts: row.attempts,
            request_bytes: row.request_bytes,
            response_bytes: row.response_bytes,
            cache: row.cache,
            arguments: raw(row.arguments),
            result: raw(row.result),
            idempotency_key: row.idempotency_key,
            request_id: row.request_id,
        }
    }
}

/// One page of records: of the whole account for an admin, of its own user for a member.
pub(crate) async fn list(
    by: &Member,
    filter: &Filter,
    limit: u32,
    after: Option<&str>,
) -> Result<Page, Error> {
    let wrong = || Error::invalid_field("cursor", "is not a nextCursor of this list");
    let before = after.map(|after| cursor::read(after).ok_or_else(wrong)).transpose()?;
    let status = match filter.status.as_deref() {
        None => None,
        Some(word) => Some(ExecutionStatus::parse(word).ok_or_else(|| {
            Error::invalid_field("status", "expected running, succeeded, failed or unknown")
        })?),
    };
    let mut user_id = filter.user_id.as_deref();
    if !by.is_admin() {
        if user_id.is_some_and(|user_id| *user_id != **by.user_id()) {
            return Err(Error::forbidden("A member sees only its own user's executions"));
        }
        user_id = Some(by.user_id());
    }
    let stored = ExecutionFilter {
        server_id: filter.server_id.as_deref(),
        user_id,
        connector_id: filter.connector_id.as_deref(),
        action_id: filter.action_id.as_deref(),
        status,
        from: filter.from,
        to: filter.to,
    };
    let mut rows = by.account().list_executions(stored, i64::from(limit) + 1, before.as_deref()).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|row| cursor::write(&row.execution_id));
    Ok(Page { executions: rows.into_iter().map(View::from).collect(), next_cursor })
}

/// One record, if the caller may see it.
pub(crate) async fn get(by: &Member, execution_id: &str) -> Result<View, Error> {
    let found = by.account().find_execution(execution_id).await?;
    let seen = found.filter(|row| by.is_admin() || *row.user_id == **by.user_id());
    seen.map(View::from).ok_or_else(|| Error::not_found(Noun::Execution))
}

/// The record of one of a client's own executions, as JSON; nothing where there is none.
pub(crate) async fn own_record(client: &Client, execution_id: &str) -> Result<Option<String>, Error> {
    let found = client.server.account.find_execution(execution_id).await?;
    let own = found.filter(|row| {
        *row.user_id == *client.user_id && row.server_id.as_deref() == Some(&*client.server.server_id)
    });
    own.map(|row| serde_json::to_string(&View::from(row)).map_err(Error::internal)).transpose()
}
