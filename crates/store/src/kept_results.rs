//! Results too large for one answer, kept for a while so that the rest can be asked for.

use chrono::{DateTime, Utc};

use crate::{Account, Db, PURGED_AT_ONCE, Result};

/// A kept result.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct KeptResult {
    /// The id, made by the product.
    pub result_id: String,
    /// The user whose result it is.
    pub user_id: String,
    /// The server it came through, if any.
    pub server_id: Option<String>,
    /// The connector.
    pub connector_id: String,
    /// The action.
    pub action_id: String,
    /// The result.
    pub body: String,
    /// When it was kept.
    pub created_at: DateTime<Utc>,
    /// When it goes.
    pub expires_at: DateTime<Utc>,
}

impl Account {
    /// Keeps a result.
    pub async fn put_kept_result(&self, result: &KeptResult) -> Result<()> {
        on!(write &self.db, db => sqlx::query(
            "insert into kept_results (account_id, result_id, user_id, server_id, connector_id, action_id, body,
                                       created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (account_id, result_id) do update
             set body = excluded.body, expires_at = excluded.expires_at
             where kept_results.user_id = excluded.user_id")
            .bind(&*self.account_id).bind(&result.result_id).bind(&result.user_id).bind(&result.server_id)
            .bind(&result.connector_id).bind(&result.action_id).bind(&result.body).bind(result.created_at)
            .bind(result.expires_at).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// The user's kept result of that id, if its time is not over.
    pub async fn find_kept_result(
        &self,
        user_id: &str,
        result_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<KeptResult>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from kept_results
             where account_id = $1 and result_id = $2 and user_id = $3 and expires_at > $4")
            .bind(&*self.account_id).bind(result_id).bind(user_id).bind(now).fetch_optional(db).await)?;
        Ok(row)
    }

    /// Removes a kept result; does nothing when there is none.
    pub async fn delete_kept_result(&self, result_id: &str) -> Result<()> {
        on!(write &self.db, db => sqlx::query(
            "delete from kept_results where account_id = $1 and result_id = $2")
            .bind(&*self.account_id).bind(result_id).execute(db).await.map(|_| ()))?;
        Ok(())
    }
}

impl Db {
    /// Removes the results whose time is over, of all accounts; answers how many.
    pub async fn purge_kept_results(&self, now: DateTime<Utc>) -> Result<u64> {
        let mut purged = 0;
        loop {
            let rows = on!(write self, db => sqlx::query(
                "delete from kept_results where (account_id, result_id) in (
                     select account_id, result_id from kept_results
                     where expires_at <= $1 order by expires_at limit $2)")
                .bind(now).bind(PURGED_AT_ONCE).execute(db).await.map(|done| done.rows_affected()))?;
            purged += rows;
            if rows < PURGED_AT_ONCE.unsigned_abs() {
                return Ok(purged);
            }
        }
    }
}
