//! The execution log's journal on SQLite: a batch of records is appended as one row, which touches one or two pages
//! however many users, accounts and indexes the records concern. Now and then the journal is folded into the table
//! of executions, many records in one transaction, each execution once.
//!
//! Whoever reads executions folds first ([`Db::folded`]), so the journal shows nowhere else. PostgreSQL has none.

use std::collections::HashMap;

use sqlx::sqlite::SqliteConnection;

use crate::db::Tx;
use crate::execution_bytes::{Malformed, pack, split};
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
    let batches: Vec<Vec<u8>> = sqlx::query_scalar("select records from execution_journal order by number")
        .fetch_all(&mut *connection)
        .await?;
    let records = last_of_all(&batches).map_err(|error| sqlx::Error::Decode(error.into()))?;
    for rows in records.chunks(SQLITE_ROWS) {
        upsert_sqlite(connection, rows).await?;
    }
    sqlx::query("delete from execution_journal").execute(connection).await?;
    Ok(())
}

/// The last record of each execution. An earlier one is not even read.
fn last_of_all(batches: &[Vec<u8>]) -> Result<Vec<ExecutionRecord>, Malformed> {
    let mut packed = Vec::new();
    for batch in batches {
        packed.append(&mut split(batch)?);
    }
    let last: HashMap<(&str, &str), usize> =
        packed.iter().enumerate().map(|(index, record)| (record.key, index)).collect();
    packed
        .iter()
        .enumerate()
        .filter(|(index, record)| last.get(&record.key) == Some(index))
        .map(|(_, record)| record.unpack())
        .collect()
}

impl Db {
    /// A transaction that sees all records in the table of executions, when some are still in the journal. Nothing
    /// in it has to be committed for what it reads to be right.
    pub(crate) async fn folded(&self) -> Result<Option<Tx>> {
        let Db::Sqlite { read, .. } = self else { return Ok(None) };
        let waiting: bool =
            sqlx::query_scalar("select exists (select 1 from execution_journal)").fetch_one(read).await?;
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
