//! Small settings of an account: a key, and a JSON value.

use crate::{Account, AccountTx, Result};

impl Account {
    /// The value of a setting, JSON text.
    pub async fn setting(&self, key: &str) -> Result<Option<String>> {
        let value = on!(read &self.db, db => sqlx::query_scalar(
            "select value from account_settings where account_id = $1 and key = $2")
            .bind(&*self.account_id).bind(key).fetch_optional(db).await)?;
        Ok(value)
    }

    /// All settings, by key.
    pub async fn list_settings(&self) -> Result<Vec<(String, String)>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select key, value from account_settings where account_id = $1 order by key")
            .bind(&*self.account_id).fetch_all(db).await)?;
        Ok(rows)
    }
}

impl AccountTx {
    /// Stores a setting, JSON text.
    pub async fn put_setting(&mut self, key: &str, value: &str) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into account_settings (account_id, key, value) values ($1, $2, $3)
             on conflict (account_id, key) do update set value = excluded.value")
            .bind(&*self.account_id).bind(key).bind(value).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Removes a setting; answers whether there was one.
    pub async fn delete_setting(&mut self, key: &str) -> Result<bool> {
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "delete from account_settings where account_id = $1 and key = $2")
            .bind(&*self.account_id).bind(key).execute(db).await.map(|done| done.rows_affected()))?;
        Ok(rows == 1)
    }
}
