//! Prompts that a server's owner wrote.

use crate::{Account, AccountTx, Error, Result};

/// A prompt of a server.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ServerPrompt {
    /// The server it belongs to.
    pub server_id: String,
    /// Unique in its server.
    pub name: String,
    /// The title to show.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The arguments, JSON text.
    pub arguments: String,
    /// The message template.
    pub template: String,
}

impl Account {
    /// All prompts of a server, by name.
    pub async fn list_server_prompts(&self, server_id: &str) -> Result<Vec<ServerPrompt>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select * from server_prompts where account_id = $1 and server_id = $2 order by name")
            .bind(&*self.account_id).bind(server_id).fetch_all(db).await)?;
        Ok(rows)
    }

    /// The prompt of that name.
    pub async fn find_server_prompt(&self, server_id: &str, name: &str) -> Result<Option<ServerPrompt>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from server_prompts where account_id = $1 and server_id = $2 and name = $3")
            .bind(&*self.account_id).bind(server_id).bind(name).fetch_optional(db).await)?;
        Ok(row)
    }
}

impl AccountTx {
    /// Adds or replaces a prompt; its server must exist.
    pub async fn put_server_prompt(&mut self, prompt: &ServerPrompt) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into server_prompts (account_id, server_id, name, title, description, arguments, template)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (account_id, server_id, name) do update
             set title = excluded.title, description = excluded.description, arguments = excluded.arguments,
                 template = excluded.template")
            .bind(&*self.account_id).bind(&prompt.server_id).bind(&prompt.name).bind(&prompt.title)
            .bind(&prompt.description).bind(&prompt.arguments).bind(&prompt.template)
            .execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Removes a prompt.
    pub async fn delete_server_prompt(&mut self, server_id: &str, name: &str) -> Result<()> {
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "delete from server_prompts where account_id = $1 and server_id = $2 and name = $3")
            .bind(&*self.account_id).bind(server_id).bind(name)
            .execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}
