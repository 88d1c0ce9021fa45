//! Resources that a server's owner stored.

use crate::{Account, AccountTx, Error, Result};

/// A resource of a server: text or bytes.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ServerResource {
    /// The server it belongs to.
    pub server_id: String,
    /// Unique in its server.
    pub uri: String,
    /// The name to show.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Its media type.
    pub mime_type: Option<String>,
    /// Its content, when that is text.
    pub text: Option<String>,
    /// Its content, when that is bytes.
    pub blob: Option<Vec<u8>>,
}

impl Account {
    /// All resources of a server with their contents, by URI.
    pub async fn list_server_resources(&self, server_id: &str) -> Result<Vec<ServerResource>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select * from server_resources where account_id = $1 and server_id = $2 order by uri")
            .bind(&*self.account_id).bind(server_id).fetch_all(db).await)?;
        Ok(rows)
    }

    /// The resource of that URI.
    pub async fn find_server_resource(&self, server_id: &str, uri: &str) -> Result<Option<ServerResource>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from server_resources where account_id = $1 and server_id = $2 and uri = $3")
            .bind(&*self.account_id).bind(server_id).bind(uri).fetch_optional(db).await)?;
        Ok(row)
    }
}

impl AccountTx {
    /// Adds or replaces a resource; its server must exist.
    pub async fn put_server_resource(&mut self, resource: &ServerResource) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into server_resources (account_id, server_id, uri, name, description, mime_type, text, blob)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (account_id, server_id, uri) do update
             set name = excluded.name, description = excluded.description, mime_type = excluded.mime_type,
                 text = excluded.text, blob = excluded.blob")
            .bind(&*self.account_id).bind(&resource.server_id).bind(&resource.uri).bind(&resource.name)
            .bind(&resource.description).bind(&resource.mime_type).bind(&resource.text).bind(&resource.blob)
            .execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Removes a resource.
    pub async fn delete_server_resource(&mut self, server_id: &str, uri: &str) -> Result<()> {
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "delete from server_resources where account_id = $1 and server_id = $2 and uri = $3")
            .bind(&*self.account_id).bind(server_id).bind(uri)
            .execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}
