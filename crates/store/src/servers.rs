//! MCP servers of an account.

use chrono::{DateTime, Utc};

use crate::{Account, AccountTx, Error, Identity, Result, ToolMode};

/// An MCP server.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Server {
    /// The id, made by the product, unique in the installation.
    pub server_id: String,
    /// The user it belongs to.
    pub owner_user_id: String,
    /// Whether an admin made it, so that only admins change it.
    pub made_by_admin: bool,
    /// Unique among its owner's servers.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Reaches assistants as MCP `instructions`.
    pub custom_instructions: String,
    /// The restrictions, JSON text.
    pub restrictions: String,
    /// Which tools it lists.
    #[sqlx(try_from = "String")]
    pub tool_mode: ToolMode,
    /// How it learns which user a client acts for.
    #[sqlx(try_from = "String")]
    pub identity: Identity,
    /// The rate limit.
    pub requests_per_minute: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The place in a list after which the next page begins: the last server of the page before.
#[derive(Clone, Copy, Debug)]
pub struct ServerCursor<'a> {
    /// Its `created_at`.
    pub created_at: DateTime<Utc>,
    /// Its `server_id`.
    pub server_id: &'a str,
}

impl Account {
    /// The server of that id.
    pub async fn find_server(&self, server_id: &str) -> Result<Option<Server>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from servers where account_id = $1 and server_id = $2")
            .bind(&*self.account_id).bind(server_id).fetch_optional(db).await)?;
        Ok(row)
    }

    /// At most `limit` servers, newest first, of one owner or (`None`) of the whole account.
    pub async fn list_servers(
        &self,
        owner_user_id: Option<&str>,
        limit: i64,
        after: Option<ServerCursor<'_>>,
    ) -> Result<Vec<Server>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select * from servers where account_id = $1 and ($2 is null or owner_user_id = $2)
               and ($3 is null or (created_at, server_id) < ($3, $4))
             order by created_at desc, server_id desc limit $5")
            .bind(&*self.account_id).bind(owner_user_id)
            .bind(after.map(|cursor| cursor.created_at)).bind(after.map(|cursor| cursor.server_id))
            .bind(limit).fetch_all(db).await)?;
        Ok(rows)
    }

    /// How many servers one owner or (`None`) the whole account has.
    pub async fn count_servers(&self, owner_user_id: Option<&str>) -> Result<i64> {
        let count = on!(read &self.db, db => sqlx::query_scalar(
            "select count(*) from servers where account_id = $1 and ($2 is null or owner_user_id = $2)")
            .bind(&*self.account_id).bind(owner_user_id).fetch_one(db).await)?;
        Ok(count)
    }
}

impl AccountTx {
    /// Adds a server. A name its owner already uses is [`crate::Unique::ServerName`].
    pub async fn insert_server(&mut self, server: &Server) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into servers (account_id, server_id, owner_user_id, made_by_admin, name, description,
                                  custom_instructions, restrictions, tool_mode, identity, requests_per_minute,
                                  created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
            .bind(&*self.account_id).bind(&server.server_id).bind(&server.owner_user_id)
            .bind(server.made_by_admin).bind(&server.name).bind(&server.description)
            .bind(&server.custom_instructions).bind(&server.restrictions).bind(server.tool_mode.as_str())
            .bind(server.identity.as_str()).bind(server.requests_per_minute).bind(server.created_at)
            .bind(server.updated_at).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Stores a server's changed fields; owner, maker and `created_at` stay as they are.
    pub async fn update_server(&mut self, server: &Server) -> Result<()> {
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "update servers set name = $3, description = $4, custom_instructions = $5, restrictions = $6,
                                tool_mode = $7, identity = $8, requests_per_minute = $9, updated_at = $10
             where account_id = $1 and server_id = $2")
            .bind(&*self.account_id).bind(&server.server_id).bind(&server.name).bind(&server.description)
            .bind(&server.custom_instructions).bind(&server.restrictions).bind(server.tool_mode.as_str())
            .bind(server.identity.as_str()).bind(server.requests_per_minute).bind(server.updated_at)
            .execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    /// Removes a server with its tokens, prompts and resources; its executions stay.
    pub async fn delete_server(&mut self, server_id: &str) -> Result<()> {
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "delete from servers where account_id = $1 and server_id = $2")
            .bind(&*self.account_id).bind(server_id).execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}
