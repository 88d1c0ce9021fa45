//! Access tokens: the secrets in a server's token URLs.

use chrono::{DateTime, Utc};

use crate::{Account, AccountTx, Db, Error, Result};

/// A secret that opens one server.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AccessToken {
    /// The id, made by the product.
    pub token_id: String,
    /// The server it opens.
    pub server_id: String,
    /// A name for people.
    pub name: String,
    /// SHA-256 of the secret; unique in the installation.
    pub hash: Vec<u8>,
    /// The secret, sealed by the vault, where it may be shown again.
    pub sealed: Option<Vec<u8>>,
    /// Whether it is the one in the server's `accessUrl`; at most one of a server is.
    pub is_primary: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to within the flush interval.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token found by its hash, with the account it belongs to. Expired tokens are found too.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FoundAccessToken {
    /// The account the token belongs to.
    pub account_id: String,
    /// The token.
    #[sqlx(flatten)]
    pub token: AccessToken,
}

impl Db {
    /// The token whose secret has this hash.
    pub async fn find_access_token(&self, hash: &[u8]) -> Result<Option<FoundAccessToken>> {
        let row = on!(read self, db => sqlx::query_as(
            "select account_id, token_id, server_id, name, hash, sealed, is_primary, created_at, expires_at,
                    last_used_at
             from access_tokens where hash = $1")
            .bind(hash).fetch_optional(db).await)?;
        Ok(row)
    }
}

impl Account {
    /// All tokens of a server, oldest first, expired ones too.
    pub async fn list_access_tokens(&self, server_id: &str) -> Result<Vec<AccessToken>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select * from access_tokens where account_id = $1 and server_id = $2 order by created_at, token_id")
            .bind(&*self.account_id).bind(server_id).fetch_all(db).await)?;
        Ok(rows)
    }

    /// The token in a server's `accessUrl`.
    pub async fn primary_access_token(&self, server_id: &str) -> Result<Option<AccessToken>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from access_tokens where account_id = $1 and server_id = $2 and is_primary")
            .bind(&*self.account_id).bind(server_id).fetch_optional(db).await)?;
        Ok(row)
    }
}

impl AccountTx {
    /// Adds a token; its server must exist. A second primary is [`crate::Unique::Identifier`]: demote first.
    pub async fn insert_access_token(&mut self, token: &AccessToken) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into access_tokens (account_id, token_id, server_id, name, hash, sealed, is_primary,
                                        created_at, expires_at, last_used_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
            .bind(&*self.account_id).bind(&token.token_id).bind(&token.server_id).bind(&token.name)
            .bind(&token.hash).bind(&token.sealed).bind(token.is_primary).bind(token.created_at)
            .bind(token.expires_at).bind(token.last_used_at).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Makes the server's primary token an ordinary one that stops working at `expires_at` at the latest.
    /// Does nothing when there is none.
    pub async fn demote_primary_access_token(
        &mut self,
        server_id: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "update access_tokens
             set is_primary = $3, expires_at = case when expires_at < $4 then expires_at else $4 end
             where account_id = $1 and server_id = $2 and is_primary")
            .bind(&*self.account_id).bind(server_id).bind(false).bind(expires_at)
            .execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Removes a token: it stops working at once.
    pub async fn delete_access_token(&mut self, server_id: &str, token_id: &str) -> Result<()> {
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "delete from access_tokens where account_id = $1 and server_id = $2 and token_id = $3")
            .bind(&*self.account_id).bind(server_id).bind(token_id)
            .execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}
