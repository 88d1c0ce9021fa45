//! The execution log's journal on SQLite: a batch of records is appended as one row, which touches one or two pages
//! however many users, accounts and indexes the records concern. Now and then the journal is folded into the table
//! of executions, many records in one transaction, each execution once.
//!
//! Whoever reads executions folds first ([`Db::folded`]), so the journal shows nowhere else. PostgreSQL has none.

use sqlx::sqlite::SqliteConnection;

use crate::db::Tx;
use crate::execution_writer::{SQLITE_ROWS, last_of_each, upsert_sqlite};
use crate::executions::ExecutionRecord;
use crate::{Db, Result};

/// Appends the records, all or none, and answers the bytes it took.
pub(crate) async fn append(connection: &mut SqliteConnection, records: &[ExecutionRecord]) -> Result<usize> {
    let text = serde_json::to_string(records).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let bytes = text.len();
    sqlx::query("insert into execution_journal (records) values (?)").bind(text).execute(connection).await?;
    Ok(bytes)
}

/// Moves everything from the journal into the table, inside the connection's transaction.
async fn fold(connection: &mut SqliteConnection) -> Result<()> {
    let batches: Vec<String> = sqlx::query_scalar("select records from execution_journal order by number")
        .fetch_all(&mut *connection)
        .await?;
    let mut records: Vec<ExecutionRecord> = Vec::new();
    for batch in batches {
        let batch: Vec<ExecutionRecord> =
            serde_json::from_str(&batch).map_err(|error| sqlx::Error::Decode(error.into()))?;
        records.extend(batch);
    }
    for rows in last_of_each(&records).chunks(SQLITE_ROWS) {
        upsert_sqlite(connection, rows).await?;
    }
    sqlx::query("delete from execution_journal").execute(connection).await?;
    Ok(())
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
