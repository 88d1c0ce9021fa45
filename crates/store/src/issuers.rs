//! An account's identity settings: the issuers whose JWTs it trusts.

use chrono::{DateTime, Utc};

use crate::{Account, AccountTx, Result};

/// The trusted issuers of an account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Issuers {
    /// The list without secrets, JSON text.
    pub issuers: String,
    /// The shared secrets, one sealed JSON object, where there are any.
    pub sealed_secrets: Option<Vec<u8>>,
    /// When it was last replaced.
    pub updated_at: DateTime<Utc>,
}

impl Account {
    /// The account's issuers; `None` when none were ever set.
    pub async fn issuers(&self) -> Result<Option<Issuers>> {
        let row = on!(read &self.db, db => sqlx::query_as("select * from issuers where account_id = $1")
            .bind(&*self.account_id).fetch_optional(db).await)?;
        Ok(row)
    }
}

impl AccountTx {
    /// Replaces the account's issuers.
    pub async fn put_issuers(&mut self, issuers: &Issuers) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into issuers (account_id, issuers, sealed_secrets, updated_at) values ($1, $2, $3, $4)
             on conflict (account_id) do update
             set issuers = excluded.issuers, sealed_secrets = excluded.sealed_secrets,
                 updated_at = excluded.updated_at")
            .bind(&*self.account_id).bind(&issuers.issuers).bind(&issuers.sealed_secrets)
            .bind(issuers.updated_at).execute(db).await.map(|_| ()))?;
        Ok(())
    }
}
