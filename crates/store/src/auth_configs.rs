//! An account's own OAuth applications.

use chrono::{DateTime, Utc};

use crate::{Account, AccountTx, Error, Result};

/// The OAuth application that an account uses for a connector.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuthConfig {
    /// The connector.
    pub connector_id: String,
    /// The application's id at the platform.
    pub client_id: String,
    /// The application's secret, sealed.
    pub sealed_client_secret: Option<Vec<u8>>,
    /// The scopes to ask for, JSON text.
    pub scopes: String,
    /// Extra parameters, JSON text.
    pub extra: String,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it was last replaced.
    pub updated_at: DateTime<Utc>,
}

impl Account {
    /// All of them, by connector.
    pub async fn list_auth_configs(&self) -> Result<Vec<AuthConfig>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select * from auth_configs where account_id = $1 order by connector_id")
            .bind(&*self.account_id).fetch_all(db).await)?;
        Ok(rows)
    }

    /// The one for that connector.
    pub async fn find_auth_config(&self, connector_id: &str) -> Result<Option<AuthConfig>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from auth_configs where account_id = $1 and connector_id = $2")
            .bind(&*self.account_id).bind(connector_id).fetch_optional(db).await)?;
        Ok(row)
    }
}

impl AccountTx {
    /// Adds or replaces one; a replaced one keeps its `created_at`.
    pub async fn put_auth_config(&mut self, config: &AuthConfig) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into auth_configs (account_id, connector_id, client_id, sealed_client_secret, scopes, extra,
                                       created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (account_id, connector_id) do update
             set client_id = excluded.client_id, sealed_client_secret = excluded.sealed_client_secret,
                 scopes = excluded.scopes, extra = excluded.extra, updated_at = excluded.updated_at")
            .bind(&*self.account_id).bind(&config.connector_id).bind(&config.client_id)
            .bind(&config.sealed_client_secret).bind(&config.scopes).bind(&config.extra)
            .bind(config.created_at).bind(config.updated_at).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Removes the one for that connector.
    pub async fn delete_auth_config(&mut self, connector_id: &str) -> Result<()> {
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "delete from auth_configs where account_id = $1 and connector_id = $2")
            .bind(&*self.account_id).bind(connector_id)
            .execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}
