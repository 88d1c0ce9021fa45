//! When keys, tokens and credentials were last used. Kept in memory by the caller and written in batches, so
//! that a request costs no write. A time never moves backwards. The change counter is not touched.

use chrono::{DateTime, Utc};

use crate::{Db, Result};

/// One use to write down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUsed {
    /// The account.
    pub account_id: String,
    /// The key, token or credential.
    pub id: String,
    /// When it was used.
    pub at: DateTime<Utc>,
}

impl Db {
    /// Writes down the last use of API keys. Ids that are gone are skipped.
    pub async fn touch_api_keys(&self, uses: &[LastUsed]) -> Result<()> {
        let mut tx = self.begin().await?;
        for used in uses {
            in_tx!(&mut tx, db => sqlx::query(
                "update api_keys set last_used_at = $3 where account_id = $1 and key_id = $2
                   and (last_used_at is null or last_used_at < $3)")
                .bind(&used.account_id).bind(&used.id).bind(used.at).execute(db).await.map(|_| ()))?;
        }
        tx.commit().await
    }

    /// Writes down the last use of access tokens. Ids that are gone are skipped.
    pub async fn touch_access_tokens(&self, uses: &[LastUsed]) -> Result<()> {
        let mut tx = self.begin().await?;
        for used in uses {
            in_tx!(&mut tx, db => sqlx::query(
                "update access_tokens set last_used_at = $3 where account_id = $1 and token_id = $2
                   and (last_used_at is null or last_used_at < $3)")
                .bind(&used.account_id).bind(&used.id).bind(used.at).execute(db).await.map(|_| ()))?;
        }
        tx.commit().await
    }

    /// Writes down the last use of credentials. Ids that are gone are skipped.
    pub async fn touch_credentials(&self, uses: &[LastUsed]) -> Result<()> {
        let mut tx = self.begin().await?;
        for used in uses {
            in_tx!(&mut tx, db => sqlx::query(
                "update credentials set last_used_at = $3 where account_id = $1 and credential_id = $2
                   and (last_used_at is null or last_used_at < $3)")
                .bind(&used.account_id).bind(&used.id).bind(used.at).execute(db).await.map(|_| ()))?;
        }
        tx.commit().await
    }
}
