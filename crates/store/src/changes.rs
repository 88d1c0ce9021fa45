//! The change counter: one number that grows with every change of management data, so that each process sees
//! cheaply that what it holds in memory may be stale.

use crate::db::Tx;
use crate::{Db, Result};

impl Db {
    /// The number of the last change. Equal numbers mean that nothing was changed in between.
    pub async fn change_number(&self) -> Result<i64> {
        let number =
            on!(read self, db => sqlx::query_scalar("select number from changes").fetch_one(db).await)?;
        Ok(number)
    }
}

/// Counts a change. On PostgreSQL, listeners on the channel `permalloy_change` hear of it at commit.
pub(crate) async fn bump(tx: &mut Tx) -> Result<()> {
    in_tx!(tx, db => sqlx::query("update changes set number = number + 1").execute(db).await.map(|_| ()))?;
    match tx {
        Tx::Sqlite(..) => {}
        Tx::Postgres(tx) => {
            sqlx::query("select pg_notify('permalloy_change', '')").execute(&mut **tx).await?;
        }
    }
    Ok(())
}
