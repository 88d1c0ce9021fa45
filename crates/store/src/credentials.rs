//! Credentials: what users stored to act on platforms. Secrets are sealed before they come here.

use chrono::{DateTime, Utc};

use crate::{Account, AccountTx, CredentialStatus, Db, Error, Result};

/// A stored credential.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Credential {
    /// The id, made by the product.
    pub credential_id: String,
    /// The user it belongs to.
    pub user_id: String,
    /// The connector it is for.
    pub connector_id: String,
    /// A name for people.
    pub name: String,
    /// The authentication type of the connector's definition.
    #[sqlx(rename = "type")]
    pub credential_type: String,
    /// Whether it can be used.
    #[sqlx(try_from = "String")]
    pub status: CredentialStatus,
    /// Why it cannot, in a sentence.
    pub status_reason: Option<String>,
    /// The secret fields, one sealed JSON object.
    pub sealed: Vec<u8>,
    /// The fields that are no secrets, JSON text.
    pub public_fields: String,
    /// The granted scopes, JSON text.
    pub scopes: String,
    /// When it stops working, where that is known.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was last used, to within the flush interval.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Which credentials to list; `None` means all.
#[derive(Clone, Copy, Debug, Default)]
pub struct CredentialFilter<'a> {
    /// Of this user.
    pub user_id: Option<&'a str>,
    /// For this connector.
    pub connector_id: Option<&'a str>,
}

/// What to change in a credential; `None` leaves the field as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct CredentialChange<'a> {
    /// The new name.
    pub name: Option<&'a str>,
    /// The new status, with its reason (which may be none).
    pub status: Option<(CredentialStatus, Option<&'a str>)>,
    /// The secret fields, sealed anew.
    pub sealed: Option<&'a [u8]>,
    /// The fields that are no secrets, JSON text.
    pub public_fields: Option<&'a str>,
    /// The granted scopes, JSON text.
    pub scopes: Option<&'a str>,
    /// When it stops working; `Some(None)` when that is not known any more.
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// A credential's sealed part, as a rotation of data keys needs it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SealedCredential {
    /// The account it belongs to.
    pub account_id: String,
    /// The credential.
    pub credential_id: String,
    /// The sealed secret fields.
    pub sealed: Vec<u8>,
}

impl Db {
    /// At most `limit` sealed values of all accounts, in the order of (account, credential), from the one after
    /// `after`.
    pub async fn list_sealed_credentials(
        &self,
        after: Option<(&str, &str)>,
        limit: i64,
    ) -> Result<Vec<SealedCredential>> {
        let (account_id, credential_id) = after.unzip();
        let rows = on!(read self, db => sqlx::query_as(
            "select account_id, credential_id, sealed from credentials
             where $1 is null or (account_id, credential_id) > ($1, $2)
             order by account_id, credential_id limit $3")
            .bind(account_id).bind(credential_id).bind(limit).fetch_all(db).await)?;
        Ok(rows)
    }
}

impl Account {
    /// The credential of that id.
    pub async fn find_credential(&self, credential_id: &str) -> Result<Option<Credential>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from credentials where account_id = $1 and credential_id = $2")
            .bind(&*self.account_id).bind(credential_id).fetch_optional(db).await)?;
        Ok(row)
    }

    /// The newest active credential of the user for the connector: the one used when none is named.
    pub async fn newest_active_credential(
        &self,
        user_id: &str,
        connector_id: &str,
    ) -> Result<Option<Credential>> {
        let row = on!(read &self.db, db => sqlx::query_as(
            "select * from credentials
             where account_id = $1 and user_id = $2 and connector_id = $3 and status = 'active'
             order by created_at desc, credential_id desc limit 1")
            .bind(&*self.account_id).bind(user_id).bind(connector_id).fetch_optional(db).await)?;
        Ok(row)
    }

    /// At most `limit` credentials in the order of their ids, from the one after `after`.
    pub async fn list_credentials(
        &self,
        filter: CredentialFilter<'_>,
        limit: i64,
        after: Option<&str>,
    ) -> Result<Vec<Credential>> {
        if let Some(user_id) = filter.user_id {
            return self.list_credentials_of_user(user_id, filter.connector_id, limit, after).await;
        }
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select * from credentials
             where account_id = $1 and ($2 is null or connector_id = $2) and ($3 is null or credential_id > $3)
             order by credential_id limit $4")
            .bind(&*self.account_id).bind(filter.connector_id).bind(after).bind(limit)
            .fetch_all(db).await)?;
        Ok(rows)
    }

    /// A statement of its own, because a database uses the index by user only where a user must be given.
    async fn list_credentials_of_user(
        &self,
        user_id: &str,
        connector_id: Option<&str>,
        limit: i64,
        after: Option<&str>,
    ) -> Result<Vec<Credential>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select * from credentials
             where account_id = $1 and user_id = $2 and ($3 is null or connector_id = $3)
               and ($4 is null or credential_id > $4)
             order by credential_id limit $5")
            .bind(&*self.account_id).bind(user_id).bind(connector_id).bind(after).bind(limit)
            .fetch_all(db).await)?;
        Ok(rows)
    }

    /// Replaces the sealed value if it still is `expected`; answers whether it was. For rotation and token
    /// refresh, where another process may have been faster.
    pub async fn reseal_credential(
        &self,
        credential_id: &str,
        expected: &[u8],
        sealed: &[u8],
    ) -> Result<bool> {
        let rows = on!(write &self.db, db => sqlx::query(
            "update credentials set sealed = $4 where account_id = $1 and credential_id = $2 and sealed = $3")
            .bind(&*self.account_id).bind(credential_id).bind(expected).bind(sealed)
            .execute(db).await.map(|done| done.rows_affected()))?;
        Ok(rows == 1)
    }
}

impl AccountTx {
    /// Adds a credential; its user must exist.
    pub async fn insert_credential(&mut self, credential: &Credential) -> Result<()> {
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into credentials (account_id, credential_id, user_id, connector_id, name, type, status,
                                      status_reason, sealed, public_fields, scopes, expires_at, created_at,
                                      updated_at, last_used_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)")
            .bind(&*self.account_id).bind(&credential.credential_id).bind(&credential.user_id)
            .bind(&credential.connector_id).bind(&credential.name).bind(&credential.credential_type)
            .bind(credential.status.as_str()).bind(&credential.status_reason).bind(&credential.sealed)
            .bind(&credential.public_fields).bind(&credential.scopes).bind(credential.expires_at)
            .bind(credential.created_at).bind(credential.updated_at).bind(credential.last_used_at)
            .execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Changes a credential's given fields.
    pub async fn update_credential(
        &mut self,
        credential_id: &str,
        change: CredentialChange<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (status, reason) = change.status.unzip();
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "update credentials
             set name = coalesce($3, name), status = coalesce($4, status),
                 status_reason = case when $4 is null then status_reason else $5 end,
                 sealed = coalesce($6, sealed), public_fields = coalesce($7, public_fields),
                 scopes = coalesce($8, scopes), expires_at = case when $9 then $10 else expires_at end,
                 updated_at = $11
             where account_id = $1 and credential_id = $2")
            .bind(&*self.account_id).bind(credential_id).bind(change.name)
            .bind(status.map(CredentialStatus::as_str)).bind(reason.flatten()).bind(change.sealed)
            .bind(change.public_fields).bind(change.scopes).bind(change.expires_at.is_some())
            .bind(change.expires_at.flatten()).bind(now)
            .execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    /// Removes a credential.
    pub async fn delete_credential(&mut self, credential_id: &str) -> Result<()> {
        let rows = in_tx!(&mut self.tx, db => sqlx::query(
            "delete from credentials where account_id = $1 and credential_id = $2")
            .bind(&*self.account_id).bind(credential_id)
            .execute(db).await.map(|done| done.rows_affected()))?;
        if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}
