//! Idempotency keys: who sends, and what a repeat is answered with.

use std::{fmt::Write as _, time::Duration};

use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use connector::PageToken;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Account, Claim, Execution, ExecutionStatus, IdempotencyKey, IdempotencyScope};

use super::{Acting, Executed, Failed, MAX_TIMEOUT, record};
use crate::{
    app::App,
    error::{Error, Kind},
    ops::catalogue::Found,
};

/// The longest key, in characters.
const MAX_KEY_CHARS: usize = 255;
/// How often a claim is tried when its holder gives it back in between.
const MAX_TRIES: usize = 3;
/// A holder that has not even opened its record for this long will not do so any more.
const UNOPENED_FOR: TimeDelta = TimeDelta::seconds(60);
/// Between two attempts to leave an outcome with its key while the database is gone.
const LATE: Duration = Duration::from_secs(1);
/// What a caller is told to wait for a run that is still going on, in seconds.
const RUNNING_RETRY_SECONDS: u64 = 2;

/// A key that this run holds, or the outcome of the run that held it before.
pub(super) enum Held {
    Ours,
    Done(Box<Result<Executed, Failed>>),
}

/// What a call asks for: repeats have to ask for the same.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) parameters: &'a str,
    /// The platform's page.
    pub(super) page: Option<&'a PageToken>,
}

/// An outcome as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Outcome {
    Succeeded { status: u16, json: String },
    Failed(Value),
}

/// Whether a text can be a key.
pub(super) fn is_key(key: &str) -> bool {
    !key.is_empty() && key.chars().count() <= MAX_KEY_CHARS && !key.chars().any(char::is_control)
}

/// Where the key is unique.
pub(super) fn scope<'a>(by: &'a Acting, found: &'a Found, key: &'a str) -> IdempotencyScope<'a> {
    IdempotencyScope {
        user_id: &by.user_id,
        connector_id: &found.entry.id,
        action_id: found.action_id(),
        key,
    }
}

/// Takes the key for a run, or finds out what became of the run that has it.
pub(super) async fn claim(
    app: &App,
    by: &Acting,
    found: &Found,
    key: &str,
    asked: Asked<'_>,
    execution_id: &str,
) -> Result<Held, Failed> {
    let digest = digest_of(found, asked)?;
    let scope = scope(by, found, key);
    let kept_for = TimeDelta::from_std(app.config.retention.idempotency).unwrap_or(TimeDelta::hours(24));
    for _ in 0..MAX_TRIES {
        let now = app.clock.now();
        let taken =
            match by.account.claim_idempotency_key(scope, &digest, execution_id, now, now + kept_for).await {
                Ok(Claim::Claimed) => return Ok(Held::Ours),
                Ok(Claim::Taken(taken)) => taken,
                // Given back between two statements.
                Err(store::Error::NotFound) => continue,
                Err(error) => return Err(error.into()),
            };
        if taken.digest != digest {
            return Err(Failed::conflict("The idempotency key was used before with other parameters", None));
        }
        if let Some(outcome) = &taken.outcome {
            let first = first_outcome(outcome)?;
            close_record(app, by, &taken, &first, now).await?;
            return Ok(Held::Done(Box::new(first)));
        }
        let execution = by.account.find_execution(&taken.execution_id).await?;
        if !is_abandoned(execution.as_ref(), &taken, now) {
            return Err(still_running());
        }
        if !is_repeatable(found) && execution.is_some() {
            let message = "The call that used this idempotency key first was interrupted and its outcome is unknown; \
                           it may have been done. Check at the platform, then use a new key";
            return Err(Failed::conflict(message, None));
        }
        by.account.release_idempotency_key(scope, &taken.execution_id).await?;
    }
    Err(Failed::conflict("The idempotency key is in use", Some(RUNNING_RETRY_SECONDS)))
}

/// Whether running the action twice does no more than once.
pub(super) fn is_repeatable(found: &Found) -> bool {
    let hints = found.action().hints();
    hints.idempotent || hints.read_only || found.action().method().is_safe()
}

/// Whether the run that has the key has ended without leaving its outcome with the key.
fn is_abandoned(execution: Option<&Execution>, taken: &IdempotencyKey, now: DateTime<Utc>) -> bool {
    let Some(execution) = execution else { return now - taken.created_at > UNOPENED_FOR };
    match execution.status {
        ExecutionStatus::Running => is_over(execution, now),
        // Its outcome came to the key after we looked, unless the key could not be written.
        ExecutionStatus::Succeeded | ExecutionStatus::Failed => {
            execution.finished_at.is_none_or(|at| now - at > UNOPENED_FOR)
        }
        ExecutionStatus::Unknown => true,
    }
}

/// Whether a run that is still open can only have been interrupted.
fn is_over(execution: &Execution, now: DateTime<Utc>) -> bool {
    let longest = TimeDelta::from_std(MAX_TIMEOUT).unwrap_or(TimeDelta::minutes(5)) + UNOPENED_FOR;
    now - execution.started_at > longest
}

fn still_running() -> Failed {
    let message = "The call that used this idempotency key first is still running";
    Failed::conflict(message, Some(RUNNING_RETRY_SECONDS))
}

/// Sees to it that the record tells the outcome that a repeat is answered with: the key gets its outcome first,
/// and the process may have ended between the two.
async fn close_record(
    app: &App,
    by: &Acting,
    taken: &IdempotencyKey,
    outcome: &Result<Executed, Failed>,
    now: DateTime<Utc>,
) -> Result<(), Failed> {
    let Some(execution) = by.account.find_execution(&taken.execution_id).await? else { return Ok(()) };
    match execution.status {
        ExecutionStatus::Succeeded | ExecutionStatus::Failed => return Ok(()),
        // The record is on its way.
        ExecutionStatus::Running if !is_over(&execution, now) => return Err(still_running()),
        ExecutionStatus::Running | ExecutionStatus::Unknown => {}
    }
    Ok(app.log.record(record::closed_late(&by.account_id, execution, outcome, now)).await?)
}

/// What becomes of a key when its run has ended.
pub(super) enum Settlement {
    /// Certainly nothing was done: the key is given back.
    Release,
    /// The outcome, as repeats are answered with it.
    Complete(String),
}

impl Settlement {
    pub(super) fn new(outcome: &Result<Executed, Failed>, nothing_done: bool) -> Result<Self, Error> {
        if nothing_done {
            return Ok(Self::Release);
        }
        let stored = match outcome {
            Ok(executed) => {
                Outcome::Succeeded { status: executed.upstream_status, json: executed.json.clone() }
            }
            Err(failed) => Outcome::Failed(failed.kept()),
        };
        Ok(Self::Complete(serde_json::to_string(&stored).map_err(Error::internal)?))
    }

    /// Leaves it with the key.
    pub(super) async fn write(
        &self,
        account: &Account,
        scope: IdempotencyScope<'_>,
        execution_id: &str,
    ) -> store::Result<()> {
        match self {
            Self::Release => account.release_idempotency_key(scope, execution_id).await,
            Self::Complete(outcome) => account.complete_idempotency_key(scope, execution_id, outcome).await,
        }
    }

    /// Tries again and again while the database is gone, until the process is to end.
    pub(super) async fn write_later(
        &self,
        app: &App,
        account: &Account,
        scope: IdempotencyScope<'_>,
        execution_id: &str,
    ) {
        loop {
            let last = tokio::select! {
                () = app.tasks.stop.cancelled() => true,
                () = tokio::time::sleep(LATE) => false,
            };
            match self.write(account, scope, execution_id).await {
                Ok(()) => return,
                Err(error) if error.is_unavailable() && !last => {}
                Err(error) => {
                    return tracing::error!(execution.id = execution_id, %error, "an idempotency key was not completed");
                }
            }
        }
    }
}

fn first_outcome(outcome: &str) -> Result<Result<Executed, Failed>, Failed> {
    Ok(match serde_json::from_str(outcome).map_err(Error::internal)? {
        Outcome::Succeeded { status, json } => Ok(Executed { upstream_status: status, json }),
        Outcome::Failed(kept) => {
            let unreadable = || Failed::from(Error::plain(Kind::Internal, "Internal error"));
            Err(Failed::from_kept(&kept).ok_or_else(unreadable)?)
        }
    })
}

/// SHA-256 over connector, action, page and parameters, the latter without the order of members and without
/// spaces.
fn digest_of(found: &Found, asked: Asked<'_>) -> Result<[u8; 32], Failed> {
    let value: Value = serde_json::from_str(asked.parameters).map_err(Error::internal)?;
    let page = asked.page.map_or("", PageToken::as_str);
    let mut text = format!("{}\n{}\n{page}\n", found.entry.id, found.action_id());
    canonical(&value, &mut text);
    let mut sum = [0; 32];
    sum.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    Ok(sum)
}

/// JSON text with members in the order of their names.
pub(super) fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write!(text, "{}:", Value::from(name.as_str())).expect("a String takes any text");
                canonical(member, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                canonical(item, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            write!(text, "{value}").expect("a String takes any text");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_members_and_spaces_do_not_matter() {
        let canonical_of = |json: &str| {
            let mut text = String::new();
            canonical(&serde_json::from_str(json).unwrap(), &mut text);
            text
        };
        assert_eq!(
            canonical_of(r#"{ "b": [1, {"d":null,"c":"x"}], "a": true }"#),
            r#"{"a":true,"b":[1,{"c":"x","d":null}]}"#
        );
        assert_ne!(canonical_of(r#"{"a":[1,2]}"#), canonical_of(r#"{"a":[2,1]}"#));
    }
}
