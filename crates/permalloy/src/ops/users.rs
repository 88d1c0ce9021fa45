//! Users of an account.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{change, cursor};
use crate::{
    access::Admin,
    app::App,
    error::{Error, Noun},
};

/// The body of `POST /api/users`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Create {
    pub(crate) username: String,
    pub(crate) full_name: Option<String>,
}

/// A user as answers show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) full_name: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

/// One page of users.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) data: Vec<View>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

impl From<store::User> for View {
    fn from(user: store::User) -> Self {
        Self {
            user_id: user.user_id,
            username: user.username,
            full_name: user.full_name,
            created_at: user.created_at,
        }
    }
}

/// Creates a user. Its id is its name, which is how `x-alloy-userid` will call it.
pub(crate) async fn create(app: &App, by: &Admin, request: Create) -> Result<String, Error> {
    let user_id = request.username.clone();
    let user = store::User {
        user_id: request.username.clone(),
        username: request.username,
        full_name: request.full_name,
        created_at: app.clock.now(),
    };
    let mut tx = by.account().begin().await?;
    tx.create_user(&user).await?;
    change::commit(app, by, tx, "user.create", &user_id, &json!({})).await?;
    Ok(user_id)
}

/// One page of users in the order of their ids.
pub(crate) async fn list(by: &Admin, limit: u32, after: Option<&str>) -> Result<Page, Error> {
    let wrong = || Error::invalid_field("cursor", "is not a nextCursor of this list");
    let after = after.map(|after| cursor::read(after).ok_or_else(wrong)).transpose()?;
    let mut rows = by.account().list_users(i64::from(limit) + 1, after.as_deref()).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|user| cursor::write(&user.user_id));
    Ok(Page { data: rows.into_iter().map(View::from).collect(), next_cursor })
}

/// Whether the caller's key is this user's, whoever the caller acts for.
async fn is_user_of_key(by: &Admin, user_id: &str) -> Result<bool, Error> {
    let Some(key_id) = by.key_id() else { return Ok(false) };
    let key = by.account().find_api_key(key_id).await?;
    Ok(key.is_some_and(|key| key.user_id == user_id))
}

/// Deletes a user with its servers, credentials and keys. Its executions stay on record.
pub(crate) async fn delete(app: &App, by: &Admin, user_id: &str) -> Result<(), Error> {
    if *user_id == **by.user_id() || is_user_of_key(by, user_id).await? {
        return Err(Error::conflict("A user cannot delete itself: its own API key would go with it"));
    }
    let mut tx = by.account().begin().await?;
    match tx.delete_user(user_id).await {
        Err(store::Error::NotFound) => return Err(Error::not_found(Noun::User)),
        other => other?,
    }
    change::commit(app, by, tx, "user.delete", user_id, &json!({})).await
}
