//! Access tokens: the secrets inside token URLs. Of a token only its hash is kept, and a sealed copy for showing
//! the URL again, unless `servers.reveal_access_url` is off.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::AccessToken;
use vault::Secret;

use super::{change, servers};
use crate::{
    access::{Member, secrets},
    app::App,
    chance,
    error::{Error, Noun},
};

/// The sealed column, as the vault's context names it.
const SEALED_FIELD: &str = "access_token";

/// The body of `POST …/tokens`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Create {
    pub(crate) name: Option<String>,
    pub(crate) expires_in_days: Option<u32>,
    #[serde(default)]
    pub(crate) replaces_primary: bool,
    #[serde(default)]
    pub(crate) grace_seconds: u32,
}

/// A token as answers show it; the secret only in the answer that made it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    pub(crate) token_id: String,
    pub(crate) name: String,
    pub(crate) primary: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) last_used_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_url: Option<String>,
}

impl From<AccessToken> for View {
    fn from(token: AccessToken) -> Self {
        Self {
            token_id: token.token_id,
            name: token.name,
            primary: token.is_primary,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            access_token: None,
            access_url: None,
        }
    }
}

/// All tokens of a server, oldest first.
pub(crate) async fn list(by: &Member, server_id: &str) -> Result<Vec<View>, Error> {
    servers::manageable(by, server_id).await?;
    let tokens = by.account().list_access_tokens(server_id).await?;
    Ok(tokens.into_iter().map(View::from).collect())
}

/// Makes another token. With `replaces_primary` the previous primary token keeps working for the grace period.
pub(crate) async fn create(app: &App, by: &Member, server_id: &str, request: Create) -> Result<View, Error> {
    servers::manageable(by, server_id).await?;
    if request.grace_seconds > 0 && !request.replaces_primary {
        return Err(Error::invalid_field(
            "graceSeconds",
            "says something only together with replacesPrimary: true",
        ));
    }
    let now = app.clock.now();
    let days = request.expires_in_days.unwrap_or(servers::DEFAULT_TOKEN_DAYS);
    servers::within("expiresInDays", days, 1..=365)?;
    servers::within("graceSeconds", request.grace_seconds, 0..=604_800)?;
    let expires_at = now + TimeDelta::days(days.into());
    let name = request.name.as_deref().unwrap_or(if request.replaces_primary { "primary" } else { "token" });
    let (token, secret) = new_token(app, by, server_id, name, request.replaces_primary, expires_at).await?;
    let mut tx = by.account().begin().await?;
    if request.replaces_primary {
        let grace = TimeDelta::seconds(request.grace_seconds.into());
        tx.demote_primary_access_token(server_id, now + grace).await?;
    }
    tx.insert_access_token(&token).await?;
    let details = json!({ "serverId": server_id, "replacesPrimary": request.replaces_primary });
    change::commit(app, by, tx, "token.create", &token.token_id, &details).await?;
    let access_url = Some(access_url(app, server_id, &secret));
    Ok(View { access_token: Some(secret), access_url, ..View::from(token) })
}

/// Ends a token at once.
pub(crate) async fn delete(app: &App, by: &Member, server_id: &str, token_id: &str) -> Result<(), Error> {
    servers::manageable(by, server_id).await?;
    let mut tx = by.account().begin().await?;
    match tx.delete_access_token(server_id, token_id).await {
        Err(store::Error::NotFound) => return Err(Error::not_found(Noun::Token)),
        other => other?,
    }
    change::commit(app, by, tx, "token.delete", token_id, &json!({ "serverId": server_id })).await
}

/// A new token as a row that is not stored yet, and its secret.
pub(super) async fn new_token(
    app: &App,
    by: &Member,
    server_id: &str,
    name: &str,
    is_primary: bool,
    expires_at: DateTime<Utc>,
) -> Result<(AccessToken, String), Error> {
    let secret = secrets::new_token();
    let token_id = chance::opaque_id("tok");
    let now = app.clock.now();
    let sealed = if app.config.servers.reveal_access_url {
        let plain = Secret::new(secret.as_bytes());
        Some(app.sealing.seal(by.account(), now, &token_id, SEALED_FIELD, &plain).await?)
    } else {
        None
    };
    let token = AccessToken {
        token_id,
        server_id: server_id.to_owned(),
        name: name.to_owned(),
        hash: secrets::hash(&secret).to_vec(),
        sealed,
        is_primary,
        created_at: now,
        expires_at,
        last_used_at: None,
    };
    Ok((token, secret))
}

/// The URL that is all a client needs.
pub(super) fn access_url(app: &App, server_id: &str, secret: &str) -> String {
    format!("{}/mcp/{server_id}/{secret}", app.base_url)
}

/// The token's URL again, from the sealed copy where one was kept.
pub(super) async fn revealed_url(
    app: &App,
    by: &Member,
    token: &AccessToken,
) -> Result<Option<String>, Error> {
    let Some(sealed) = &token.sealed else { return Ok(None) };
    let secret = app.sealing.open(by.account(), &token.token_id, SEALED_FIELD, sealed).await?;
    Ok(secret.expose_str().map(|secret| access_url(app, &token.server_id, secret)))
}
