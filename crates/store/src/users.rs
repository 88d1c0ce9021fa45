//! Users of an account.

use chrono::{DateTime, Utc};

use crate::{Account, AccountTx, Error, Result};

/// A person or service inside an account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct User {
    /// The account's own id for the user.
    pub user_id: String,
    /// Unique in the account.
    pub username: String,
    /// The name to show.
    pub full_name: Option<String>,
    /// When the user was made or first seen.
    pub created_at: DateTime<Utc>,
}

impl Account {
    /// Makes the user at first sight, named by its id; does nothing when it exists. Answers whether it was made.
    /// Where another user has the id for its name, that is [`crate::Unique::Username`].
    pub async fn ensure_user(&self, user_id: &str, now: DateTime<Utc>) -> Result<bool> {
        let rows = on!(write &self.db, db => sqlx::query(
            "insert into users (account_id, user_id, username, full_name, created_at)
             values ($1, $2, $2, null, $3) on conflict (account_id, user_id) do nothing")
            .bind(&*self.account_id).bind(user_id).bind(now)
            .execute(db).await.map(|done| done.rows_affected()))?;
        Ok(rows == 1)
    }

    /// The user of that id.
    pub async fn find_user(&self, user_id: &str) -> Result<Option<User>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select user_id, username, full_name, created_at from users where account_id = $1 and user_id = $2")
            .bind(&*self.account_id).bind(user_id).fetch_optional(db).await)?;
        Ok(row)
    }

    /// At most `limit` users in the order of their ids, from the one after `after`.
    pub async fn list_users(&self, limit: i64, after: Option<&str>) -> Result<Vec<User>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select user_id, username, full_name, created_at from users
             where account_id = $1 and ($2 is null or user_id > $2) order by user_id limit $3")
            .bind(&*self.account_id).bind(after).bind(limit).fetch_all(db).await)?;
        Ok(rows)
    }

    /// How many users the account has.
    pub async fn count_users(&self) -> Result<i64> {
        let count = on!(read &self.db, db => sqlx::query_scalar(
            "select count(*) from users where account_id = $1")
            .bind(&*self.account_id).fetch_one(db).await)?;
        Ok(count)
    }
}

impl AccountTx {
    /// Makes a user. A taken name or id is [`crate::Unique::Username`].
    pub async fn create_user(&mut self, user: &User) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into users (account_id, user_id, username, full_name, created_at)
             values ($1, $2, $3, $4, $5)")
            .bind(&*self.account_id).bind(&user.user_id).bind(&user.username).bind(&user.full_name)
            .bind(user.created_at).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Removes a user with its servers, credentials and API keys; its executions stay.
    pub async fn delete_user(&mut self, user_id: &str) -> Result<()> {
        // What another user of the same name must not be given.
        in_tx!(&mut self.tx, db => sqlx::query(
            "delete from idempotency_keys where account_id = $1 and user_id = $2")
            .bind(&*self.account_id).bind(user_id).execute(db).await.map(|_| ()))?;
        in_tx!(&mut self.tx, db => sqlx::query(
            "delete from kept_results where account_id = $1 and user_id = $2")
            .bind(&*self.account_id).bind(user_id).execute(db).await.map(|_| ()))?;
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "delete from users where account_id = $1 and user_id = $2")
            .bind(&*self.account_id).bind(user_id).execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}
