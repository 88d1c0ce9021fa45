//! The record of a run: opened before anything is sent, closed with the outcome.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use store::{Execution, ExecutionRecord, ExecutionStatus};

use super::{Acting, Executed, Failed, redact};
use crate::{access::Via, chance, ops::catalogue::Found};

/// The longest error code that is recorded, in characters.
const MAX_CODE_CHARS: usize = 128;

/// A record with the outcome still open.
pub(super) fn open(
    by: &Acting,
    found: &Found,
    credential_id: Option<&str>,
    now: DateTime<Utc>,
) -> ExecutionRecord {
    let (token_id, key_id) = match &by.via {
        Via::Token(token_id) => (Some(Arc::clone(token_id)), None),
        Via::Key(key_id) => (None, Some(Arc::clone(key_id))),
        Via::Host => (None, None),
    };
    ExecutionRecord {
        account_id: Arc::clone(&by.account_id),
        execution_id: chance::sortable_id("exe", now).into(),
        server_id: by.server_id().map(Arc::clone),
        token_id,
        key_id,
        user_id: Arc::clone(&by.user_id),
        surface: by.surface.as_str().into(),
        connector_id: Arc::clone(&found.entry.id),
        action_id: Arc::clone(found.action_id()),
        credential_id: credential_id.map(Arc::from),
        read_only: found.action().hints().read_only,
        status: ExecutionStatus::Running,
        error_code: None,
        upstream_status: None,
        started_at: now,
        finished_at: None,
        duration_us: None,
        attempts: 0,
        request_bytes: 0,
        response_bytes: 0,
        arguments: None,
        result: None,
        idempotency_key: None,
        cache: None,
        request_id: (!by.request_id.is_empty()).then(|| Arc::clone(&by.request_id)),
    }
}

/// Writes the outcome into the record.
pub(super) fn close(record: &mut ExecutionRecord, outcome: &Result<Executed, Failed>, now: DateTime<Utc>) {
    record.finished_at = Some(now);
    record.duration_us = (now - record.started_at).num_microseconds();
    match outcome {
        Ok(executed) => {
            record.status = ExecutionStatus::Succeeded;
            record.upstream_status = Some(executed.upstream_status.into());
        }
        Err(failed) => {
            record.status = ExecutionStatus::Failed;
            // The platform may have chosen it.
            let code = failed.code().chars().filter(|letter| !letter.is_control()).take(MAX_CODE_CHARS);
            record.error_code = Some(code.collect::<String>().into());
            record.upstream_status = failed.upstream_status().map(i64::from);
        }
    }
}

/// A stored record with an outcome that was known to its idempotency key only. How long the run took is lost.
pub(super) fn closed_late(
    account_id: &Arc<str>,
    row: Execution,
    outcome: &Result<Executed, Failed>,
    now: DateTime<Utc>,
) -> ExecutionRecord {
    let shared = |text: Option<String>| text.map(Arc::from);
    let mut record = ExecutionRecord {
        account_id: Arc::clone(account_id),
        execution_id: row.execution_id.into(),
        server_id: shared(row.server_id),
        token_id: shared(row.token_id),
        key_id: shared(row.key_id),
        user_id: row.user_id.into(),
        surface: row.surface.into(),
        connector_id: row.connector_id.into(),
        action_id: row.action_id.into(),
        credential_id: shared(row.credential_id),
        read_only: row.read_only,
        status: row.status,
        error_code: shared(row.error_code),
        upstream_status: row.upstream_status,
        started_at: row.started_at,
        finished_at: row.finished_at,
        duration_us: row.duration_us,
        attempts: row.attempts.max(1),
        request_bytes: row.request_bytes,
        response_bytes: row.response_bytes,
        arguments: shared(row.arguments),
        result: shared(row.result),
        idempotency_key: shared(row.idempotency_key),
        cache: shared(row.cache),
        request_id: shared(row.request_id),
    };
    close(&mut record, outcome, now);
    record.duration_us = None;
    record
}

/// JSON text for the record, secrets removed.
pub(super) fn body(json: &str) -> Option<Arc<str>> {
    redact::json(json).map(Arc::from)
}
