//! Writes batches of execution records: one statement a batch, on a connection of its own. On SQLite it goes into
//! the journal, which is folded into the table when it has grown.
//!
//! The pools would cost a second round trip for each use (they test a connection when it is given back), so the
//! writer keeps its connection and opens another when it broke.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments as _, Connection as _, PgPool};
use tokio::sync::Semaphore;

use crate::db::in_time;
use crate::execution_journal::append;
use crate::executions::{ExecutionRecord, WRITERS_LOCK};
use crate::{Db, Error, Result};

/// Columns that a record has.
const COLUMNS: usize = 25;

/// Records in one batch at most.
const SQLITE_BATCH: usize = 256;
const POSTGRES_BATCH: usize = 512;

/// Rows in one of SQLite's statements at most: it needs a text for each number of them.
pub(crate) const SQLITE_ROWS: usize = 32;

/// With this many records, or bytes of them, the journal is folded. More records make the work on a record less,
/// and the wait of those behind it longer.
const JOURNAL_RECORDS: usize = 2048;
const JOURNAL_BYTES: usize = 8 * 1024 * 1024;

const INSERT: &str = "insert into executions (account_id, execution_id, server_id, token_id, key_id, user_id, \
    surface, connector_id, action_id, credential_id, read_only, status, error_code, upstream_status, started_at, \
    finished_at, duration_us, attempts, request_bytes, response_bytes, arguments, result, idempotency_key, cache, \
    request_id) ";

/// The first row of [`INSERT`], for SQLite.
const FIRST_ROW: &str = "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Each further one.
const NEXT_ROW: &str = ", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// All rows of [`INSERT`], one array a column, for PostgreSQL.
const UNNEST: &str = "select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], \
    $7::text[], $8::text[], $9::text[], $10::text[], $11::bool[], $12::text[], $13::text[], $14::bigint[], \
    $15::timestamptz[], $16::timestamptz[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], \
    $21::text[], $22::text[], $23::text[], $24::text[], $25::text[])";

/// What a later record of the same execution changes.
const UPSERT: &str = " on conflict (account_id, execution_id) do update set credential_id = excluded.credential_id, \
    status = excluded.status, error_code = excluded.error_code, upstream_status = excluded.upstream_status, \
    finished_at = excluded.finished_at, duration_us = excluded.duration_us, attempts = excluded.attempts, \
    request_bytes = excluded.request_bytes, response_bytes = excluded.response_bytes, \
    arguments = excluded.arguments, result = excluded.result, cache = excluded.cache";

/// The statement for PostgreSQL.
static POSTGRES: &str = text(&statements::<{ length(UNNEST, 1) }>(UNNEST, 1));

/// The statements for SQLite, for one row up to [`SQLITE_ROWS`] rows, one after the other.
static SQLITE: &str = text(&statements::<{ offset(SQLITE_ROWS + 1) }>(FIRST_ROW, SQLITE_ROWS));

/// How long the statement for that many rows is.
const fn length(first: &str, rows: usize) -> usize {
    INSERT.len() + first.len() + (rows - 1) * NEXT_ROW.len() + UPSERT.len()
}

/// Where in [`SQLITE`] the statement for that many rows begins.
const fn offset(rows: usize) -> usize {
    let before = rows - 1;
    before * length(FIRST_ROW, 1) + before * before.saturating_sub(1) / 2 * NEXT_ROW.len()
}

/// The statements for one row up to `batch` rows, one after the other.
const fn statements<const BYTES: usize>(first: &str, batch: usize) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let mut rest = bytes.as_mut_slice();
    let mut rows = 1;
    while rows <= batch {
        rest = put(put(rest, INSERT), first);
        let mut row = 1;
        while row < rows {
            rest = put(rest, NEXT_ROW);
            row += 1;
        }
        rest = put(rest, UPSERT);
        rows += 1;
    }
    assert!(rest.is_empty(), "the length is the sum of the parts");
    bytes
}

/// Writes the part and answers the room after it.
const fn put<'a>(room: &'a mut [u8], part: &str) -> &'a mut [u8] {
    let (here, rest) = room.split_at_mut(part.len());
    here.copy_from_slice(part.as_bytes());
    rest
}

const fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // The compiler would tell: it is made of text.
        Err(_) => unreachable!(),
    }
}

/// The writer and its connection.
pub(crate) struct Writer {
    db: Db,
    connection: Option<Connection>,
    /// Records and bytes in the journal, as far as this writer put them there.
    unfolded: (usize, usize),
}

enum Connection {
    Sqlite(SqliteConnection, Arc<Semaphore>),
    Postgres(PgConnection),
}

impl Writer {
    pub(crate) fn new(db: Db) -> Writer {
        Writer { db, connection: None, unfolded: (0, 0) }
    }

    /// Records in one batch at most.
    pub(crate) fn batch(&self) -> usize {
        match self.db {
            Db::Sqlite { .. } => SQLITE_BATCH,
            Db::Postgres(_) => POSTGRES_BATCH,
        }
    }

    /// Writes all of the records, or none. At most [`Writer::batch`] of them.
    pub(crate) async fn write(&mut self, records: &[ExecutionRecord]) -> Result<()> {
        let kept = self.connection.is_some();
        match self.write_once(records).await {
            Err(error @ Error::Unavailable(sqlx::Error::PoolTimedOut)) => Err(error),
            // A kept connection may have died of old age. Writing twice writes the same.
            Err(error) if kept && error.is_unavailable() => {
                self.connection = None;
                self.write_once(records).await
            }
            written => written,
        }
    }

    /// Whether the journal has records that this writer put there.
    pub(crate) fn has_unfolded(&self) -> bool {
        self.unfolded.0 > 0
    }

    /// Folds the journal when it has grown.
    pub(crate) async fn fold_when_large(&mut self) {
        if self.unfolded.0 >= JOURNAL_RECORDS || self.unfolded.1 >= JOURNAL_BYTES {
            self.fold().await;
        }
    }

    /// Folds the journal. Where that fails, all records stay in the journal, and another time will do.
    pub(crate) async fn fold(&mut self) {
        if !self.has_unfolded() {
            return;
        }
        match self.db.fold_executions().await {
            Ok(()) => self.unfolded = (0, 0),
            Err(error) => {
                // As much again may come before the next attempt, unless there is silence.
                self.unfolded = (1, 0);
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the journal of executions was not folded"
                );
            }
        }
    }

    pub(crate) async fn close(self) {
        let closed = match self.connection {
            None => Ok(()),
            Some(Connection::Sqlite(connection, _)) => connection.close().await,
            Some(Connection::Postgres(connection)) => connection.close().await,
        };
        if let Err(error) = closed {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the log's connection did not close well"
            );
        }
    }

    async fn write_once(&mut self, records: &[ExecutionRecord]) -> Result<()> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.db).await?,
        };
        match &mut connection {
            Connection::Sqlite(connection, turn) => {
                let _turn = turn.acquire().await.expect("the turn is never closed");
                let bytes = append(connection, records).await?;
                self.unfolded = (self.unfolded.0 + records.len(), self.unfolded.1 + bytes);
            }
            Connection::Postgres(connection) => {
                in_time(Box::pin(write_postgres(connection, records))).await?;
            }
        }
        self.connection = Some(connection);
        Ok(())
    }
}

async fn connect(db: &Db) -> Result<Connection> {
    Ok(match db {
        Db::Sqlite { write, turn, .. } => {
            let connection = SqliteConnection::connect_with(&write.connect_options()).await?;
            Connection::Sqlite(connection, turn.clone())
        }
        Db::Postgres(pool) => Connection::Postgres(in_time(Box::pin(connect_postgres(pool))).await?),
    })
}

async fn connect_postgres(pool: &PgPool) -> sqlx::Result<PgConnection> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    // Lets go when the connection ends, however the process ends.
    sqlx::query("select pg_advisory_lock_shared(hashtextextended(current_schema(), $1))")
        .bind(WRITERS_LOCK)
        .execute(&mut connection)
        .await?;
    Ok(connection)
}

/// Writes rows of different executions into the table; at most [`SQLITE_ROWS`].
pub(crate) async fn upsert_sqlite(connection: &mut SqliteConnection, rows: &[ExecutionRecord]) -> Result<()> {
    sqlx::query_with(sqlite_statement(rows.len()), sqlite_arguments(rows)?).execute(connection).await?;
    Ok(())
}

fn sqlite_statement(rows: usize) -> &'static str {
    SQLITE.get(offset(rows)..offset(rows + 1)).expect("there is a statement for 1 row up to 32 rows")
}

fn sqlite_arguments(records: &[ExecutionRecord]) -> Result<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(records.len() * COLUMNS, 0);
    for record in records {
        add(&mut arguments, record).map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// In the order of [`INSERT`].
fn add(arguments: &mut SqliteArguments, record: &ExecutionRecord) -> Result<(), sqlx::error::BoxDynError> {
    arguments.add(record.account_id.clone())?;
    arguments.add(record.execution_id.clone())?;
    arguments.add(record.server_id.clone())?;
    arguments.add(record.token_id.clone())?;
    arguments.add(record.key_id.clone())?;
    arguments.add(record.user_id.clone())?;
    arguments.add(record.surface.clone())?;
    arguments.add(record.connector_id.clone())?;
    arguments.add(record.action_id.clone())?;
    arguments.add(record.credential_id.clone())?;
    arguments.add(record.read_only)?;
    arguments.add(record.status.as_str())?;
    arguments.add(record.error_code.clone())?;
    arguments.add(record.upstream_status)?;
    arguments.add(record.started_at)?;
    arguments.add(record.finished_at)?;
    arguments.add(record.duration_us)?;
    arguments.add(record.attempts)?;
    arguments.add(record.request_bytes)?;
    arguments.add(record.response_bytes)?;
    arguments.add(record.arguments.clone())?;
    arguments.add(record.result.clone())?;
    arguments.add(record.idempotency_key.clone())?;
    arguments.add(record.cache.clone())?;
    arguments.add(record.request_id.clone())?;
    Ok(())
}

async fn write_postgres(connection: &mut PgConnection, records: &[ExecutionRecord]) -> Result<()> {
    let rows = &last_of_each(records);
    sqlx::query(POSTGRES)
        .bind(texts(rows, |row| &row.account_id))
        .bind(texts(rows, |row| &row.execution_id))
        .bind(optional_texts(rows, |row| row.server_id.as_ref()))
        .bind(optional_texts(rows, |row| row.token_id.as_ref()))
        .bind(optional_texts(rows, |row| row.key_id.as_ref()))
        .bind(texts(rows, |row| &row.user_id))
        .bind(texts(rows, |row| &row.surface))
        .bind(texts(rows, |row| &row.connector_id))
        .bind(texts(rows, |row| &row.action_id))
        .bind(optional_texts(rows, |row| row.credential_id.as_ref()))
        .bind(rows.iter().map(|row| row.read_only).collect::<Vec<bool>>())
        .bind(texts(rows, |row| row.status.as_str()))
        .bind(optional_texts(rows, |row| row.error_code.as_ref()))
        .bind(optional_numbers(rows, |row| row.upstream_status))
        .bind(rows.iter().map(|row| row.started_at).collect::<Vec<DateTime<Utc>>>())
        .bind(rows.iter().map(|row| row.finished_at).collect::<Vec<Option<DateTime<Utc>>>>())
        .bind(optional_numbers(rows, |row| row.duration_us))
        .bind(numbers(rows, |row| row.attempts))
        .bind(numbers(rows, |row| row.request_bytes))
        .bind(numbers(rows, |row| row.response_bytes))
        .bind(optional_texts(rows, |row| row.arguments.as_ref()))
        .bind(optional_texts(rows, |row| row.result.as_ref()))
        .bind(optional_texts(rows, |row| row.idempotency_key.as_ref()))
        .bind(optional_texts(rows, |row| row.cache.as_ref()))
        .bind(optional_texts(rows, |row| row.request_id.as_ref()))
        .execute(connection)
        .await?;
    Ok(())
}

/// PostgreSQL refuses a statement that would update a row twice, so an opening record gives way to the closing
/// one in the same batch.
fn last_of_each(records: &[ExecutionRecord]) -> Vec<&ExecutionRecord> {
    if let [only] = records {
        return vec![only];
    }
    let last: HashMap<(&str, &str), usize> =
        records.iter().enumerate().map(|(index, record)| (key(record), index)).collect();
    let is_last = |index: usize, record| last.get(&key(record)) == Some(&index);
    records
        .iter()
        .enumerate()
        .filter(|&(index, record)| is_last(index, record))
        .map(|(_, record)| record)
        .collect()
}

fn key(record: &ExecutionRecord) -> (&str, &str) {
    (&record.account_id, &record.execution_id)
}

fn texts<'a>(rows: &[&'a ExecutionRecord], field: impl Fn(&'a ExecutionRecord) -> &'a str) -> Vec<&'a str> {
    rows.iter().map(|row| field(row)).collect()
}

fn optional_texts<'a>(
    rows: &[&'a ExecutionRecord],
    field: impl Fn(&'a ExecutionRecord) -> Option<&'a Arc<str>>,
) -> Vec<Option<&'a str>> {
    rows.iter().map(|row| field(row).map(|text| &**text)).collect()
}

fn numbers(rows: &[&ExecutionRecord], field: impl Fn(&ExecutionRecord) -> i64) -> Vec<i64> {
    rows.iter().map(|row| field(row)).collect()
}

fn optional_numbers(
    rows: &[&ExecutionRecord],
    field: impl Fn(&ExecutionRecord) -> Option<i64>,
) -> Vec<Option<i64>> {
    rows.iter().map(|row| field(row)).collect()
}
