//! Executions: one row for each run of an action. Rows are written by [`crate::ExecutionLog`] only.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::db::Tx;
use crate::{Account, Db, ExecutionStatus, PURGED_AT_ONCE, Result};

/// The record of a run, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Execution {
    /// The id, made by the product; later executions have greater ids (UUID version 7).
    pub execution_id: String,
    /// The server it came through.
    pub server_id: Option<String>,
    /// The access token it came with.
    pub token_id: Option<String>,
    /// The API key it came with.
    pub key_id: Option<String>,
    /// The user it was done for.
    pub user_id: String,
    /// `mcp`, `api` or `cli`.
    pub surface: String,
    /// The connector.
    pub connector_id: String,
    /// The action.
    pub action_id: String,
    /// The credential that was used.
    pub credential_id: Option<String>,
    /// Whether the action only reads.
    pub read_only: bool,
    /// How far it got.
    #[sqlx(try_from = "String")]
    pub status: ExecutionStatus,
    /// The contract's code of the failure.
    pub error_code: Option<String>,
    /// The HTTP status of the platform.
    pub upstream_status: Option<i64>,
    /// When it was opened.
    pub started_at: DateTime<Utc>,
    /// When its outcome was known.
    pub finished_at: Option<DateTime<Utc>>,
    /// How long it took, in microseconds.
    pub duration_us: Option<i64>,
    /// How many requests were sent to the platform.
    pub attempts: i64,
    /// The size of the request body sent, in bytes.
    pub request_bytes: i64,
    /// The size of the answer received, in bytes.
    pub response_bytes: i64,
    /// The arguments without secrets, JSON text, where they are kept.
    pub arguments: Option<String>,
    /// The result without secrets, JSON text, where it is kept.
    pub result: Option<String>,
    /// The idempotency key of the call.
    pub idempotency_key: Option<String>,
    /// What a cache had to do with it.
    pub cache: Option<String>,
    /// The id of the request that caused it.
    pub request_id: Option<String>,
}

/// The record of a run, as it is handed to [`crate::ExecutionLog`]: the fields of [`Execution`], in types that
/// cost nothing to share between the opening and the closing record.
#[derive(Clone, Debug)]
pub struct ExecutionRecord {
    /// The account.
    pub account_id: Arc<str>,
    /// See [`Execution::execution_id`].
    pub execution_id: Arc<str>,
    /// See [`Execution::server_id`].
    pub server_id: Option<Arc<str>>,
    /// See [`Execution::token_id`].
    pub token_id: Option<Arc<str>>,
    /// See [`Execution::key_id`].
    pub key_id: Option<Arc<str>>,
    /// See [`Execution::user_id`].
    pub user_id: Arc<str>,
    /// See [`Execution::surface`].
    pub surface: Arc<str>,
    /// See [`Execution::connector_id`].
    pub connector_id: Arc<str>,
    /// See [`Execution::action_id`].
    pub action_id: Arc<str>,
    /// See [`Execution::credential_id`].
    pub credential_id: Option<Arc<str>>,
    /// See [`Execution::read_only`].
    pub read_only: bool,
    /// See [`Execution::status`].
    pub status: ExecutionStatus,
    /// See [`Execution::error_code`].
    pub error_code: Option<Arc<str>>,
    /// See [`Execution::upstream_status`].
    pub upstream_status: Option<i64>,
    /// See [`Execution::started_at`].
    pub started_at: DateTime<Utc>,
    /// See [`Execution::finished_at`].
    pub finished_at: Option<DateTime<Utc>>,
    /// See [`Execution::duration_us`].
    pub duration_us: Option<i64>,
    /// See [`Execution::attempts`].
    pub attempts: i64,
    /// See [`Execution::request_bytes`].
    pub request_bytes: i64,
    /// See [`Execution::response_bytes`].
    pub response_bytes: i64,
    /// See [`Execution::arguments`].
    pub arguments: Option<Arc<str>>,
    /// See [`Execution::result`].
    pub result: Option<Arc<str>>,
    /// See [`Execution::idempotency_key`].
    pub idempotency_key: Option<Arc<str>>,
    /// See [`Execution::cache`].
    pub cache: Option<Arc<str>>,
    /// See [`Execution::request_id`].
    pub request_id: Option<Arc<str>>,
}

/// Every process that writes executions to a PostgreSQL database holds this lock, shared, while it is connected.
pub(crate) const WRITERS_LOCK: i64 = 5_291_166_370_428_377;

const MARK_INTERRUPTED: &str =
    "update executions set status = 'unknown' where (account_id, execution_id) in (
    select account_id, execution_id from executions where status = 'running' and started_at < $1)";

/// Runs one query text that reads executions, with the journal's records among them.
macro_rules! read_folded {
    ($db:expr, $executor:ident => $body:expr) => {
        match $db.folded().await? {
            None => on!(read $db, $executor => $body),
            Some(mut tx) => {
                let rows = in_tx!(&mut tx, $executor => $body);
                // What was read is right even if there is no room to keep the journal folded.
                if let Err(error) = tx.commit().await {
                    tracing::debug!(error = &error as &dyn std::error::Error, "the journal stays as it is");
                }
                rows
            }
        }
    };
}

/// Which executions to list; `None` means all.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExecutionFilter<'a> {
    /// Through this server.
    pub server_id: Option<&'a str>,
    /// For this user.
    pub user_id: Option<&'a str>,
    /// On this connector.
    pub connector_id: Option<&'a str>,
    /// Of this action.
    pub action_id: Option<&'a str>,
    /// That got this far.
    pub status: Option<ExecutionStatus>,
    /// Opened at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Opened before this time.
    pub to: Option<DateTime<Utc>>,
}

impl Account {
    /// The execution of that id.
    pub async fn find_execution(&self, execution_id: &str) -> Result<Option<Execution>> {
        let row = read_folded!(&self.db, db => sqlx::query_as(
            "select * from executions where account_id = $1 and execution_id = $2")
            .bind(&*self.account_id).bind(execution_id).fetch_optional(db).await)?;
        Ok(row)
    }

    /// At most `limit` executions, newest first, from the one before `before`.
    pub async fn list_executions(
        &self,
        filter: ExecutionFilter<'_>,
        limit: i64,
        before: Option<&str>,
    ) -> Result<Vec<Execution>> {
        if let Some(user_id) = filter.user_id {
            return self.list_executions_of_user(user_id, filter, limit, before).await;
        }
        let rows = read_folded!(&self.db, db => sqlx::query_as(
            "select * from executions
             where account_id = $1 and ($2 is null or server_id = $2) and ($3 is null or connector_id = $3)
               and ($4 is null or action_id = $4) and ($5 is null or status = $5)
               and ($6 is null or started_at >= $6) and ($7 is null or started_at < $7)
               and ($8 is null or execution_id < $8)
             order by execution_id desc limit $9")
            .bind(&*self.account_id).bind(filter.server_id).bind(filter.connector_id).bind(filter.action_id)
            .bind(filter.status.map(ExecutionStatus::as_str)).bind(filter.from).bind(filter.to).bind(before)
            .bind(limit).fetch_all(db).await)?;
        Ok(rows)
    }

    /// A statement of its own, because a database uses the index by user only where a user must be given.
    async fn list_executions_of_user(
        &self,
        user_id: &str,
        filter: ExecutionFilter<'_>,
        limit: i64,
        before: Option<&str>,
    ) -> Result<Vec<Execution>> {
        let rows = read_folded!(&self.db, db => sqlx::query_as(
            "select * from executions
             where account_id = $1 and user_id = $2 and ($3 is null or server_id = $3)
               and ($4 is null or connector_id = $4) and ($5 is null or action_id = $5)
               and ($6 is null or status = $6) and ($7 is null or started_at >= $7)
               and ($8 is null or started_at < $8) and ($9 is null or execution_id < $9)
             order by execution_id desc limit $10")
            .bind(&*self.account_id).bind(user_id).bind(filter.server_id).bind(filter.connector_id)
            .bind(filter.action_id).bind(filter.status.map(ExecutionStatus::as_str)).bind(filter.from)
            .bind(filter.to).bind(before).bind(limit).fetch_all(db).await)?;
        Ok(rows)
    }
}

impl Db {
    /// Marks as unknown the executions that were opened before `now` and are still running, and answers how many:
    /// no process is left that could close them. `None` when another process writes executions to this database,
    /// so that they may be its own; that is noticed on PostgreSQL only, a SQLite file has one process.
    pub async fn mark_interrupted_if_alone(&self, now: DateTime<Utc>) -> Result<Option<u64>> {
        self.fold_executions().await?;
        let mut tx = self.begin().await?;
        if let Tx::Postgres(tx) = &mut tx {
            let alone: bool = sqlx::query_scalar(
                "select pg_try_advisory_xact_lock(hashtextextended(current_schema(), $1))",
            )
            .bind(WRITERS_LOCK)
            .fetch_one(&mut **tx)
            .await?;
            if !alone {
                return Ok(None);
            }
        }
        let rows = in_tx!(&mut tx, db => sqlx::query(MARK_INTERRUPTED).bind(now).execute(db).await
            .map(|done| done.rows_affected()))?;
        tx.commit().await?;
        Ok(Some(rows))
    }

    /// Marks as unknown the executions that are still running although they were opened before that time, whoever
    /// opened them. Answers how many.
    pub async fn mark_interrupted_executions(&self, started_before: DateTime<Utc>) -> Result<u64> {
        self.fold_executions().await?;
        let rows = on!(write self, db => sqlx::query(MARK_INTERRUPTED).bind(started_before).execute(db).await
            .map(|done| done.rows_affected()))?;
        Ok(rows)
    }

    /// Removes the executions opened before that time, of all accounts; answers how many.
    pub async fn purge_executions(&self, started_before: DateTime<Utc>) -> Result<u64> {
        self.fold_executions().await?;
        let mut purged = 0;
        for account in self.list_accounts().await? {
            let account = self.account(account.account_id);
            loop {
                let rows = account.purge_oldest_executions(started_before).await?;
                purged += rows;
                if rows < PURGED_AT_ONCE.unsigned_abs() {
                    break;
                }
            }
        }
        Ok(purged)
    }
}

impl Account {
    /// Looks at the oldest executions only, which their ids tell, so that no index on the time is needed.
    async fn purge_oldest_executions(&self, started_before: DateTime<Utc>) -> Result<u64> {
        let rows = on!(write &self.db, db => sqlx::query(
            "delete from executions where account_id = $1 and started_at < $2 and execution_id in (
                 select execution_id from executions where account_id = $1 order by execution_id limit $3)")
            .bind(&*self.account_id).bind(started_before).bind(PURGED_AT_ONCE)
            .execute(db).await.map(|done| done.rows_affected()))?;
        Ok(rows)
    }
}
