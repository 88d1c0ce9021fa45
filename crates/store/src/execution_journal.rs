//! The execution log's journal on SQLite: a batch of records is appended as one row, which touches one or two pages
//! however many users, accounts and indexes the records concern. Now and then the journal is folded into the table
//! of executions, many records in one transaction, each execution once.
//!
//! Whoever reads executions folds first ([`Db::folded`]), so the journal shows nowhere else. PostgreSQL has none.

use std::collections::{BTreeSet, HashMap};

use sqlx::sqlite::SqliteConnection;

use crate::db::Tx;
use crate::execution_bytes::{pack, split};
use crate::execution_writer::{SQLITE_ROWS, upsert_sqlite};
use crate::executions::ExecutionRecord;
use crate::{Db, Result};

/// Appends the records, all or none, and answers the bytes it took.
pub(crate) async fn append(connection: &mut SqliteConnection, records: &[ExecutionRecord]) -> Result<usize> {
    let batch = pack(records).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let bytes = batch.len();
    sqlx::query("insert into execution_journal (records) values (?)").bind(batch).execute(connection).await?;
    Ok(bytes)
}

/// Moves everything from the journal into the table, inside the connection's transaction.
async fn fold(connection: &mut SqliteConnection) -> Result<()> {
    let batches: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("select number, records from execution_journal where number > 0 order by number")
            .fetch_all(&mut *connection)
            .await?;
    let Folded { records, damaged } = last_of_all(&batches);
    for rows in records.chunks(SQLITE_ROWS) {
        upsert_sqlite(connection, rows).await?;
    }
    // What cannot be read is put aside under a number below zero: it is not lost, and it keeps nobody from reading
    // the rest.
    for number in damaged {
        tracing::error!(number, "a batch of execution records cannot be read; it stays in the journal");
        sqlx::query("update execution_journal set number = -number where number = ?")
            .bind(number)
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("delete from execution_journal where number > 0").execute(connection).await?;
    Ok(())
}

/// What a journal says.
struct Folded {
    /// The last record of each execution.
    records: Vec<ExecutionRecord>,
    /// The numbers of batches that hold something unreadable.
    damaged: BTreeSet<i64>,
}

/// The last record of each execution. An earlier one is not even read.
fn last_of_all(batches: &[(i64, Vec<u8>)]) -> Folded {
    let mut folded = Folded { records: Vec::new(), damaged: BTreeSet::new() };
    let mut packed = Vec::new();
    for (number, batch) in batches {
        match split(batch) {
            Ok(records) => packed.extend(records.into_iter().map(|record| (*number, record))),
            Err(_malformed) => drop(folded.damaged.insert(*number)),
        }
    }
    let last: HashMap<(&str, &str), usize> =
        packed.iter().enumerate().map(|(index, (_, record))| (record.key, index)).collect();
    for (index, (number, record)) in packed.iter().enumerate() {
        if last.get(&record.key) != Some(&index) {
            continue;
        }
        match record.unpack() {
            Ok(record) => folded.records.push(record),
            Err(_malformed) => drop(folded.damaged.insert(*number)),
        }
    }
    folded
}

impl Db {
    /// A transaction that sees all records in the table of executions, when some are still in the journal. Nothing
    /// in it has to be committed for what it reads to be right.
    pub(crate) async fn folded(&self) -> Result<Option<Tx>> {
        let Db::Sqlite { read, .. } = self else { return Ok(None) };
        let waiting: bool =
            sqlx::query_scalar("select exists (select 1 from execution_journal where number > 0)")
                .fetch_one(read)
                .await?;
        if !waiting {
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        if let Tx::Sqlite(tx, _turn) = &mut tx {
            fold(tx).await?;
        }
        Ok(Some(tx))
    }

    /// Folds the journal.
    pub(crate) async fn fold_executions(&self) -> Result<()> {
        match self.folded().await? {
            Some(tx) => tx.commit().await,
            None => Ok(()),
        }
    }
}
