//! API keys: secrets of an account, of which only the hash is kept.

use chrono::{DateTime, Utc};

use crate::{Account, AccountTx, Db, Error, Result, Role};

/// A key of an account, bound to one user and one role.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ApiKey {
    /// The id, made by the product.
    pub key_id: String,
    /// The user the key acts as.
    pub user_id: String,
    /// What it may do.
    #[sqlx(try_from = "String")]
    pub role: Role,
    /// A name for people.
    pub name: String,
    /// SHA-256 of the secret; unique in the installation.
    pub hash: Vec<u8>,
    /// The secret's first characters, to recognise it by.
    pub prefix: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to within the flush interval.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A key found by its hash, with the account it belongs to. Expired and revoked keys are found too.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FoundApiKey {
    /// The account the key belongs to.
    pub account_id: String,
    /// The key.
    #[sqlx(flatten)]
    pub key: ApiKey,
}

impl Db {
    /// The key whose secret has this hash.
    pub async fn find_api_key(&self, hash: &[u8]) -> Result<Option<FoundApiKey>> {
        let row = on!(read self, db => sqlx::query_as(
            "select account_id, key_id, user_id, role, name, hash, prefix, created_at, expires_at, last_used_at,
                    revoked_at
             from api_keys where hash = $1")
            .bind(hash).fetch_optional(db).await)?;
        Ok(row)
    }
}

impl Account {
    /// All keys, oldest first, revoked ones too.
    pub async fn list_api_keys(&self) -> Result<Vec<ApiKey>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select * from api_keys where account_id = $1 order by created_at, key_id")
            .bind(&*self.account_id).fetch_all(db).await)?;
        Ok(rows)
    }

    /// The key of that id.
    pub async fn find_api_key(&self, key_id: &str) -> Result<Option<ApiKey>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from api_keys where account_id = $1 and key_id = $2")
            .bind(&*self.account_id).bind(key_id).fetch_optional(db).await)?;
        Ok(row)
    }
}

impl AccountTx {
    /// Adds a key; its user must exist.
    pub async fn insert_api_key(&mut self, key: &ApiKey) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into api_keys (account_id, key_id, user_id, role, name, hash, prefix, created_at, expires_at,
                                   last_used_at, revoked_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
            .bind(&*self.account_id).bind(&key.key_id).bind(&key.user_id).bind(key.role.as_str()).bind(&key.name)
            .bind(&key.hash).bind(&key.prefix).bind(key.created_at).bind(key.expires_at).bind(key.last_used_at)
            .bind(key.revoked_at).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Revokes a key; revoking again changes nothing.
    pub async fn revoke_api_key(&mut self, key_id: &str, now: DateTime<Utc>) -> Result<()> {
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "update api_keys set revoked_at = coalesce(revoked_at, $3) where account_id = $1 and key_id = $2")
            .bind(&*self.account_id).bind(key_id).bind(now)
            .execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}
