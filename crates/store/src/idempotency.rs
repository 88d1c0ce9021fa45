//! Idempotency keys: a repeat of a call is answered with the first outcome and sends nothing.

use chrono::{DateTime, Utc};

use crate::{Account, Db, Error, PURGED_AT_ONCE, Result};

/// What an idempotency key is unique within, besides the account.
#[derive(Clone, Copy, Debug)]
pub struct IdempotencyScope<'a> {
    /// The user.
    pub user_id: &'a str,
    /// The connector.
    pub connector_id: &'a str,
    /// The action.
    pub action_id: &'a str,
    /// The key, as the caller chose it.
    pub key: &'a str,
}

/// A key in use.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct IdempotencyKey {
    /// A digest of the call's parameters.
    pub digest: Vec<u8>,
    /// The execution that used the key first.
    pub execution_id: String,
    /// Its outcome, once there is one.
    pub outcome: Option<String>,
    /// When it was first used.
    pub created_at: DateTime<Utc>,
    /// When it may be used anew.
    pub expires_at: DateTime<Utc>,
}

/// Who has the key now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The caller: it sends, and then completes or releases.
    Claimed,
    /// An earlier call.
    Taken(IdempotencyKey),
}

impl Account {
    /// Takes the key for an execution, unless an earlier call has it whose time is not over.
    pub async fn claim_idempotency_key(
        &self,
        scope: IdempotencyScope<'_>,
        digest: &[u8],
        execution_id: &str,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<Claim> {
        let rows = on!(write &self.db, db => sqlx::query(
            "insert into idempotency_keys (account_id, user_id, connector_id, action_id, key, digest, execution_id,
                                           outcome, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, null, $8, $9)
             on conflict (account_id, user_id, connector_id, action_id, key) do update
             set digest = excluded.digest, execution_id = excluded.execution_id, outcome = null,
                 created_at = excluded.created_at, expires_at = excluded.expires_at
             where idempotency_keys.expires_at <= excluded.created_at")
            .bind(&*self.account_id).bind(scope.user_id).bind(scope.connector_id).bind(scope.action_id)
            .bind(scope.key).bind(digest).bind(execution_id).bind(now).bind(expires_at)
            .execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 1 {
            return Ok(Claim::Claimed);
        }
        // Between the two statements the holder may release the key; the caller then tries again.
        self.find_idempotency_key(scope).await?.map(Claim::Taken).ok_or(Error::NotFound)
    }

    /// The key, if it is in use.
    pub async fn find_idempotency_key(&self, scope: IdempotencyScope<'_>) -> Result<Option<IdempotencyKey>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select digest, execution_id, outcome, created_at, expires_at from idempotency_keys
             where account_id = $1 and user_id = $2 and connector_id = $3 and action_id = $4 and key = $5")
            .bind(&*self.account_id).bind(scope.user_id).bind(scope.connector_id).bind(scope.action_id)
            .bind(scope.key).fetch_optional(db).await)?;
        Ok(row)
    }

    /// Stores the outcome with which repeats are answered. Only the execution that holds the key may.
    pub async fn complete_idempotency_key(
        &self,
        scope: IdempotencyScope<'_>,
        execution_id: &str,
        outcome: &str,
    ) -> Result<()> {
        let rows = on!(write &self.db, db => sqlx::query(
            "update idempotency_keys set outcome = $7
             where account_id = $1 and user_id = $2 and connector_id = $3 and action_id = $4 and key = $5
               and execution_id = $6")
            .bind(&*self.account_id).bind(scope.user_id).bind(scope.connector_id).bind(scope.action_id)
            .bind(scope.key).bind(execution_id).bind(outcome)
            .execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    /// Gives the key back, because nothing was sent. Does nothing when another execution holds it.
    pub async fn release_idempotency_key(
        &self,
        scope: IdempotencyScope<'_>,
        execution_id: &str,
    ) -> Result<()> {
        on!(write &self.db, db => sqlx::query(
            "delete from idempotency_keys
             where account_id = $1 and user_id = $2 and connector_id = $3 and action_id = $4 and key = $5
               and execution_id = $6")
            .bind(&*self.account_id).bind(scope.user_id).bind(scope.connector_id).bind(scope.action_id)
            .bind(scope.key).bind(execution_id).execute(db).await.map(|_| ()))?;
        Ok(())
    }
}

impl Db {
    /// Removes the keys whose time is over, of all accounts; answers how many.
    pub async fn purge_idempotency_keys(&self, now: DateTime<Utc>) -> Result<u64> {
        let mut purged = 0;
        loop {
            let rows = on!(write self, db => sqlx::query(
                "delete from idempotency_keys
                 where (account_id, user_id, connector_id, action_id, key) in (
                     select account_id, user_id, connector_id, action_id, key from idempotency_keys
                     where expires_at <= $1 order by expires_at limit $2)")
                .bind(now).bind(PURGED_AT_ONCE).execute(db).await.map(|done| done.rows_affected()))?;
            purged += rows;
            if rows < PURGED_AT_ONCE.unsigned_abs() {
                return Ok(purged);
            }
        }
    }
}
