//! Accounts themselves.

use chrono::{DateTime, Utc};

use crate::{Db, Result, changes};

/// One customer of the installation.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AccountRow {
    /// The id, made by the product.
    pub account_id: String,
    /// The name, unique in the installation.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Db {
    /// Makes an account. A taken name is [`crate::Unique::AccountName`].
    pub async fn create_account(&self, account: &AccountRow) -> Result<()> {
        let mut tx = self.begin().await?;
        in_tx!(&mut tx, db => sqlx::query(
            "insert into accounts (account_id, name, created_at) values ($1, $2, $3)")
            .bind(&account.account_id).bind(&account.name).bind(account.created_at)
            .execute(db).await.map(|_| ()))?;
        changes::bump(&mut tx).await?;
        tx.commit().await
    }

    /// All accounts, by name.
    pub async fn list_accounts(&self) -> Result<Vec<AccountRow>> {
        let rows = on!(read self, db => sqlx::query_as(
            "select account_id, name, created_at from accounts order by name").fetch_all(db).await)?;
        Ok(rows)
    }

    /// The account of that id.
    pub async fn find_account(&self, account_id: &str) -> Result<Option<AccountRow>> {
        let row = on!(read self, db => sqlx::query_as(
            "select account_id, name, created_at from accounts where account_id = $1")
            .bind(account_id).fetch_optional(db).await)?;
        Ok(row)
    }

    /// The account of that name.
    pub async fn find_account_by_name(&self, name: &str) -> Result<Option<AccountRow>> {
        let row = on!(read self, db => sqlx::query_as(
            "select account_id, name, created_at from accounts where name = $1")
            .bind(name).fetch_optional(db).await)?;
        Ok(row)
    }
}
