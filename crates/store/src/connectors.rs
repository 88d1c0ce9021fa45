//! Connectors of an account's own.

use chrono::{DateTime, Utc};

use crate::{Account, AccountTx, Error, Result};

/// A connector that an account added.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CustomConnector {
    /// Unique in its account.
    pub connector_id: String,
    /// The definition, as it was read.
    pub definition: String,
    /// What it was made from, for example `definition` or `openapi-3.1`.
    pub source_format: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last replaced.
    pub updated_at: DateTime<Utc>,
}

impl Account {
    /// All connectors of the account's own, by id.
    pub async fn list_connectors(&self) -> Result<Vec<CustomConnector>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select * from connectors where account_id = $1 order by connector_id")
            .bind(&*self.account_id).fetch_all(db).await)?;
        Ok(rows)
    }

    /// The connector of that id.
    pub async fn find_connector(&self, connector_id: &str) -> Result<Option<CustomConnector>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from connectors where account_id = $1 and connector_id = $2")
            .bind(&*self.account_id).bind(connector_id).fetch_optional(db).await)?;
        Ok(row)
    }
}

impl AccountTx {
    /// Adds or replaces a connector; a replaced one keeps its `created_at`.
    pub async fn put_connector(&mut self, connector: &CustomConnector) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into connectors (account_id, connector_id, definition, source_format, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (account_id, connector_id) do update
             set definition = excluded.definition, source_format = excluded.source_format,
                 updated_at = excluded.updated_at")
            .bind(&*self.account_id).bind(&connector.connector_id).bind(&connector.definition)
            .bind(&connector.source_format).bind(connector.created_at).bind(connector.updated_at)
            .execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Removes a connector; credentials for it stay.
    pub async fn delete_connector(&mut self, connector_id: &str) -> Result<()> {
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "delete from connectors where account_id = $1 and connector_id = $2")
            .bind(&*self.account_id).bind(connector_id)
            .execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}
