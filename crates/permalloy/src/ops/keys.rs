//! API keys.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{ApiKey, Role};

use super::change;
use crate::{
    access::{Admin, secrets},
    app::App,
    chance,
    error::{Error, Noun},
};

/// Characters of a key that are kept to recognise it by: the prefix and six more.
const SHOWN_CHARS: usize = 9;

/// The body of `POST /api/keys`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Create {
    pub(crate) name: String,
    pub(crate) role: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) expires_in_days: Option<u32>,
}

/// A key as answers show it; the secret only in the answer that made it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    pub(crate) key_id: String,
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) user_id: String,
    pub(crate) prefix: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) last_used_at: Option<DateTime<Utc>>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
}

impl From<ApiKey> for View {
    fn from(key: ApiKey) -> Self {
        Self {
            key_id: key.key_id,
            name: key.name,
            role: key.role.as_str(),
            user_id: key.user_id,
            prefix: key.prefix,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
            key: None,
        }
    }
}

/// Creates a key, and its user at first sight.
pub(crate) async fn create(app: &App, by: &Admin, request: Create) -> Result<View, Error> {
    let role = match request.role.as_deref() {
        None => Role::Member,
        Some(word) => {
            Role::parse(word).ok_or_else(|| Error::invalid_field("role", "expected admin or member"))?
        }
    };
    let user_id = request.user_id.unwrap_or_else(|| by.user_id().to_string());
    crate::access::check_user_id(&user_id).map_err(|problem| Error::invalid_field("userId", problem))?;
    if let Some(days) = request.expires_in_days {
        super::servers::within("expiresInDays", days, 1..=3650)?;
    }
    let now = app.clock.now();
    by.account().ensure_user(&user_id, now).await?;
    let secret = secrets::new_key();
    let key = ApiKey {
        key_id: chance::opaque_id("key"),
        user_id,
        role,
        name: request.name,
        hash: secrets::hash(&secret).to_vec(),
        prefix: secret.chars().take(SHOWN_CHARS).collect(),
        created_at: now,
        expires_at: request.expires_in_days.map(|days| now + TimeDelta::days(days.into())),
        last_used_at: None,
        revoked_at: None,
    };
    let mut tx = by.account().begin().await?;
    tx.insert_api_key(&key).await?;
    let details = json!({ "name": key.name, "role": role.as_str(), "userId": key.user_id });
    change::commit(app, by, tx, "key.create", &key.key_id, &details).await?;
    Ok(View { key: Some(secret), ..View::from(key) })
}

/// All keys of the account, revoked ones too.
pub(crate) async fn list(by: &Admin) -> Result<Vec<View>, Error> {
    Ok(by.account().list_api_keys().await?.into_iter().map(View::from).collect())
}

/// Revokes a key: it stops working at once.
pub(crate) async fn revoke(app: &App, by: &Admin, key_id: &str) -> Result<(), Error> {
    let mut tx = by.account().begin().await?;
    match tx.revoke_api_key(key_id, app.clock.now()).await {
        Err(store::Error::NotFound) => return Err(Error::not_found(Noun::Key)),
        other => other?,
    }
    change::commit(app, by, tx, "key.revoke", key_id, &json!({})).await
}
