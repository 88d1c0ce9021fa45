//! Data keys of accounts, wrapped by the vault.

use chrono::{DateTime, Utc};

use crate::{Account, Db, Result};

/// An account's data key, wrapped.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredDataKey {
    /// The id that sealed values carry.
    pub key_id: String,
    /// The key, wrapped with a root key.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A data key with the account it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AccountDataKey {
    /// The account.
    pub account_id: String,
    /// The key.
    #[sqlx(flatten)]
    pub key: StoredDataKey,
}

impl Db {
    /// The data keys of all accounts, for a rotation of the root key.
    pub async fn list_data_keys(&self) -> Result<Vec<AccountDataKey>> {
        let rows = on!(read self, db => sqlx::query_as(
            "select * from data_keys order by account_id, created_at, key_id").fetch_all(db).await)?;
        Ok(rows)
    }
}

impl Account {
    /// The account's newest data key: the one to seal with.
    pub async fn current_data_key(&self) -> Result<Option<StoredDataKey>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from data_keys where account_id = $1 order by created_at desc, key_id desc limit 1")
            .bind(&*self.account_id).fetch_optional(db).await)?;
        Ok(row)
    }

    /// The data key of that id: the one to open with.
    pub async fn find_data_key(&self, key_id: &str) -> Result<Option<StoredDataKey>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from data_keys where account_id = $1 and key_id = $2")
            .bind(&*self.account_id).bind(key_id).fetch_optional(db).await)?;
        Ok(row)
    }

    /// Stores the account's first data key, unless another process was faster. The answer is the key that is
    /// stored, and only that one may be used.
    pub async fn ensure_data_key(&self, key: &StoredDataKey) -> Result<StoredDataKey> {
        let mut tx = self.db.begin().await?;
        // The lock on the account's row makes two first keys wait for each other; SQLite has one writer anyway.
        in_tx!(&mut tx, db => sqlx::query("update accounts set name = name where account_id = $1")
            .bind(&*self.account_id).execute(db).await.map(|_| ()))?;
        in_tx!(&mut tx, db => sqlx::query(
            "insert into data_keys (account_id, key_id, wrapped, created_at)
             select $1, $2, $3, $4 where not exists (select 1 from data_keys where account_id = $1)")
            .bind(&*self.account_id).bind(&key.key_id).bind(&key.wrapped).bind(key.created_at)
            .execute(db).await.map(|_| ()))?;
        let winner = in_tx!(&mut tx, db => sqlx::query_as(
            "select * from data_keys where account_id = $1 order by created_at desc, key_id desc limit 1")
            .bind(&*self.account_id).fetch_one(db).await)?;
        tx.commit().await?;
        Ok(winner)
    }

    /// Replaces the wrapped form if it still is `expected`; answers whether it was.
    pub async fn rewrap_data_key(&self, key_id: &str, expected: &[u8], wrapped: &[u8]) -> Result<bool> {
        let rows = on!(write &self.db, db => sqlx::query(
            "update data_keys set wrapped = $4 where account_id = $1 and key_id = $2 and wrapped = $3")
            .bind(&*self.account_id).bind(key_id).bind(expected).bind(wrapped)
            .execute(db).await.map(|done| done.rows_affected()))?;
        Ok(rows == 1)
    }
}
