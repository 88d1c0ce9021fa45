//! Credentials: what users store to act on platforms. Secrets are sealed at once and never shown again; the fields
//! that are none are kept readable. A credential belongs to one user, whoever made it.

mod form;

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Utc};
use connector::AuthType;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json, value::RawValue};
use store::{AccountTx, Credential, CredentialChange, CredentialFilter, CredentialStatus, NewAuditEntry};

pub(crate) use form::metadata;

use super::{
    catalogue::Sight,
    cursor,
    executions::{self, Acting, ExecuteRequest, Surface},
};
use crate::{
    access::{Client, Member, Via, check_user_id},
    app::App,
    chance,
    error::{Error, Noun},
};

/// The sealed column, as the vault's context names it.
pub(crate) const SEALED_FIELD: &str = "fields";
/// The most credentials of one user that are looked at at once.
const MAX_OWN: i64 = 1_000;

/// Who keeps credentials: a caller of the management API, or a client of a server.
pub(crate) struct Keeper {
    acting: Acting,
    /// Who did it, for the audit log.
    actor: Value,
    /// Whether other users' credentials are seen and changed too.
    admin: bool,
    /// What the caller calls the member that holds a credential's fields, for messages.
    fields: &'static str,
}

impl From<&Member> for Keeper {
    fn from(by: &Member) -> Self {
        Self { acting: Acting::of_member(by), actor: by.actor(), admin: by.is_admin(), fields: "data" }
    }
}

impl Keeper {
    /// A client keeps its own end user's credentials only, of connectors that its server allows.
    fn of_client(client: &Client) -> Self {
        let server_id = &*client.server.server_id;
        let user_id = &*client.user_id;
        let actor = match &client.via {
            Via::Token(id) => {
                json!({ "type": "token", "tokenId": **id, "serverId": server_id, "userId": user_id })
            }
            Via::Key(id) => json!({ "type": "key", "keyId": **id, "serverId": server_id, "userId": user_id }),
            Via::Host => json!({ "type": "host", "serverId": server_id, "userId": user_id }),
        };
        Self { acting: Acting::of_client(client, Surface::Mcp, ""), actor, admin: false, fields: "fields" }
    }

    fn sight(&self) -> Sight<'_> {
        self.acting.sight()
    }
}

/// What to store: the body of `POST …/credentials`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Create {
    /// Whose it is to be; absent: the caller's effective user.
    pub(crate) user_id: Option<String>,
    pub(crate) authentication_type: String,
    /// Where a browser flow returns to.
    pub(crate) redirect_uri: Option<String>,
    /// The fields that [`metadata`] asks for.
    #[serde(default)]
    pub(crate) data: Map<String, Value>,
    pub(crate) name: Option<String>,
}

/// A credential as answers show it: never a secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    pub(crate) credential_id: String,
    pub(crate) connector_id: String,
    pub(crate) user_id: String,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) credential_type: String,
    pub(crate) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_reason: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) last_used_at: Option<DateTime<Utc>>,
}

/// One page of credentials.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) credentials: Vec<View>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

/// What a test of a credential found.
#[derive(Debug, Serialize)]
pub(crate) struct Tested {
    pub(crate) success: bool,
    /// The credential's status after the test.
    pub(crate) status: &'static str,
    pub(crate) message: String,
}

impl From<Credential> for View {
    fn from(row: Credential) -> Self {
        Self {
            credential_id: row.credential_id,
            connector_id: row.connector_id,
            user_id: row.user_id,
            name: row.name,
            credential_type: row.credential_type,
            status: row.status.as_str(),
            status_reason: row.status_reason,
            scopes: serde_json::from_str(&row.scopes).unwrap_or_default(),
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// Stores a credential.
pub(crate) async fn create(
    app: &App,
    by: &Keeper,
    connector_id: &str,
    request: Create,
) -> Result<View, Error> {
    let entry = app.catalogue.find(by.sight(), connector_id)?;
    if let Some(uri) = request.redirect_uri.as_deref() {
        check_redirect(&app.config.access.allowed_redirect_uris, uri)?;
    }
    let kind = form::kind(entry, &request.authentication_type)?;
    let fields = form::read(entry, kind, (by.fields, &request.data))?;
    let user_id = owner(app, by, request.user_id.as_deref()).await?;
    let now = app.clock.now();
    let credential_id = chance::opaque_id("cred");
    let sealed =
        app.sealing.seal(&by.acting.account, now, &credential_id, SEALED_FIELD, &fields.secret).await?;
    let name = request.name.unwrap_or_else(|| format!("{} {kind}", entry.connector.name()));
    let row = Credential {
        credential_id,
        user_id: user_id.to_string(),
        connector_id: entry.id.to_string(),
        name,
        credential_type: kind.as_str().to_owned(),
        status: CredentialStatus::Active,
        status_reason: None,
        sealed,
        public_fields: fields.public,
        scopes: "[]".to_owned(),
        expires_at: None,
        created_at: now,
        updated_at: now,
        last_used_at: None,
    };
    let mut tx = by.acting.account.begin().await?;
    tx.insert_credential(&row).await?;
    let details =
        json!({ "connectorId": row.connector_id, "userId": row.user_id, "type": row.credential_type });
    commit(app, by, tx, "credential.create", &row.credential_id, &details).await?;
    Ok(row.into())
}

/// Stores a credential of a client's end user.
pub(crate) async fn create_for_client(
    app: &App,
    client: &Client,
    connector_id: &str,
    request: Create,
) -> Result<View, Error> {
    create(app, &Keeper::of_client(client), connector_id, request).await
}

fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// A flow returns only to where the installation allows it; an entry with a final `*` stands for any ending.
fn check_redirect(allowed: &[String], uri: &str) -> Result<(), Error> {
    if !is_web_address(uri) {
        return Err(Error::invalid_field("redirectUri", "expected an http or https URL"));
    }
    let fits = |entry: &String| match entry.strip_suffix('*') {
        Some(beginning) => uri.starts_with(beginning),
        None => entry == uri,
    };
    if allowed.iter().any(fits) {
        return Ok(());
    }
    Err(Error::invalid_field(
        "redirectUri",
        "is not on the list of allowed redirect URIs (access.allowed_redirect_uris)",
    ))
}

/// The user a new credential is for.
async fn owner(app: &App, by: &Keeper, named: Option<&str>) -> Result<Arc<str>, Error> {
    let own = &by.acting.user_id;
    let Some(user_id) = named.filter(|named| **named != **own) else { return Ok(Arc::clone(own)) };
    if !by.admin {
        return Err(Error::forbidden("A member stores credentials for its own user only"));
    }
    check_user_id(user_id).map_err(|problem| Error::invalid_field("userId", problem))?;
    let user_id: Arc<str> = user_id.into();
    app.lookup.ensure_user(&by.acting.account, &by.acting.account_id, &user_id, app.clock.now()).await?;
    Ok(user_id)
}

/// The effective user's credentials, or, for an admin, those of the user that is named.
pub(crate) async fn list(
    by: &Keeper,
    user_id: Option<&str>,
    connector_id: Option<&str>,
    limit: u32,
    after: Option<&str>,
) -> Result<Page, Error> {
    let wrong = || Error::invalid_field("cursor", "is not a nextCursor of this list");
    let after = after.map(|after| cursor::read(after).ok_or_else(wrong)).transpose()?;
    let user_id = user_id.unwrap_or(&by.acting.user_id);
    if *user_id != *by.acting.user_id && !(by.admin && by.acting.account.find_user(user_id).await?.is_some())
    {
        return Err(Error::not_found(Noun::User));
    }
    let filter = CredentialFilter { user_id: Some(user_id), connector_id };
    let mut rows = by.acting.account.list_credentials(filter, i64::from(limit) + 1, after.as_deref()).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|row| cursor::write(&row.credential_id));
    let seen = rows.into_iter().filter(|row| by.sight().connector(&row.connector_id).is_ok());
    Ok(Page { credentials: seen.map(View::from).collect(), next_cursor })
}

/// All credentials of a client's end user that may be seen.
pub(crate) async fn list_of_client(
    app: &App,
    client: &Client,
    connector_id: Option<&str>,
) -> Result<Vec<View>, Error> {
    if let Some(connector_id) = connector_id {
        app.catalogue.find(client.into(), connector_id)?;
    }
    let rows = own_rows(client, connector_id).await?;
    let seen = rows.into_iter().filter(|row| Sight::from(client).connector(&row.connector_id).is_ok());
    Ok(seen.map(View::from).collect())
}

/// The connectors that a client's end user has an active credential for.
pub(crate) async fn connected(app: &App, client: &Client) -> Result<HashSet<String>, Error> {
    let rows = own_rows(client, None).await?;
    let usable = rows.into_iter().filter(|row| {
        row.status == CredentialStatus::Active && app.catalogue.connector(&row.connector_id).is_some()
    });
    Ok(usable.map(|row| row.connector_id).collect())
}

async fn own_rows(client: &Client, connector_id: Option<&str>) -> Result<Vec<Credential>, Error> {
    let filter = CredentialFilter { user_id: Some(&client.user_id), connector_id };
    Ok(client.server.account.list_credentials(filter, MAX_OWN, None).await?)
}

/// One credential.
pub(crate) async fn get(by: &Keeper, credential_id: &str) -> Result<View, Error> {
    visible(by, credential_id).await.map(View::from)
}

/// Renames a credential, or replaces all its fields, after which it counts as active again.
pub(crate) async fn update(
    app: &App,
    by: &Keeper,
    credential_id: &str,
    name: Option<&str>,
    data: Option<&Map<String, Value>>,
) -> Result<View, Error> {
    let row = visible(by, credential_id).await?;
    let now = app.clock.now();
    let mut replaced = None;
    if let Some(data) = data {
        let entry = app.catalogue.find(by.sight(), &row.connector_id)?;
        let fields = form::read(entry, form::kind(entry, &row.credential_type)?, (by.fields, data))?;
        let account = &by.acting.account;
        let sealed = app.sealing.seal(account, now, credential_id, SEALED_FIELD, &fields.secret).await?;
        replaced = Some((sealed, fields.public));
    }
    let change = CredentialChange {
        name,
        status: replaced.as_ref().map(|_| (CredentialStatus::Active, None)),
        sealed: replaced.as_ref().map(|(sealed, _)| sealed.as_slice()),
        public_fields: replaced.as_ref().map(|(_, public)| public.as_str()),
        ..CredentialChange::default()
    };
    let mut tx = by.acting.account.begin().await?;
    tx.update_credential(credential_id, change, now).await?;
    let details = json!({ "renamed": name.is_some(), "fieldsReplaced": replaced.is_some() });
    commit(app, by, tx, "credential.update", credential_id, &details).await?;
    get(by, credential_id).await
}

/// Deletes a credential; runs that have begun are not stopped.
pub(crate) async fn delete(app: &App, by: &Keeper, credential_id: &str) -> Result<(), Error> {
    let row = visible(by, credential_id).await?;
    let mut tx = by.acting.account.begin().await?;
    match tx.delete_credential(credential_id).await {
        Err(store::Error::NotFound) => return Err(Error::not_found(Noun::Credential)),
        other => other?,
    }
    let details = json!({ "connectorId": row.connector_id, "userId": row.user_id });
    commit(app, by, tx, "credential.delete", credential_id, &details).await
}

/// Tries a credential with the connector's test action, and notes what came of it in its status.
pub(crate) async fn test(app: &Arc<App>, by: &Keeper, credential_id: &str) -> Result<Tested, Error> {
    let row = visible(by, credential_id).await?;
    let entry = app.catalogue.find(by.sight(), &row.connector_id)?;
    let kind = AuthType::parse(&row.credential_type);
    let method = kind.and_then(|kind| entry.connector.auth_method(kind));
    let Some(action_id) = method.and_then(|method| method.test.as_deref()) else {
        let message = "The connector has no action that tests this type of credential".to_owned();
        return Ok(Tested { success: false, status: row.status.as_str(), message });
    };
    let acting = by.acting.clone().testing(row.user_id.as_str().into());
    let parameters = RawValue::from_string("{}".to_owned()).map_err(Error::internal)?;
    let mut request = ExecuteRequest::new(&entry.id, action_id, Some(&parameters));
    request.credential_id = Some(credential_id);
    let (success, status, message) = match executions::run(app, &acting, request).await {
        Ok(_) => (true, CredentialStatus::Active, "The platform accepted the credential".to_owned()),
        Err(failed) if failed.credential_rejected() => {
            (false, CredentialStatus::Error, failed.message().to_owned())
        }
        // It says nothing about the credential.
        Err(failed) => (false, row.status, failed.message().to_owned()),
    };
    let reason = (status == CredentialStatus::Error).then_some(message.as_str());
    if status != row.status || (status == CredentialStatus::Error && reason != row.status_reason.as_deref()) {
        let change = CredentialChange { status: Some((status, reason)), ..CredentialChange::default() };
        let mut tx = by.acting.account.begin().await?;
        tx.update_credential(credential_id, change, app.clock.now()).await?;
        commit(app, by, tx, "credential.test", credential_id, &json!({ "status": status.as_str() })).await?;
    }
    Ok(Tested { success, status: status.as_str(), message })
}

/// The credential, if the caller may see it.
async fn visible(by: &Keeper, credential_id: &str) -> Result<Credential, Error> {
    let found = by.acting.account.find_credential(credential_id).await?;
    let seen = found.filter(|row| {
        (by.admin || *row.user_id == *by.acting.user_id) && by.sight().connector(&row.connector_id).is_ok()
    });
    seen.ok_or_else(|| Error::not_found(Noun::Credential))
}

/// As [`super::change::commit`], for clients of a server too.
async fn commit(
    app: &App,
    by: &Keeper,
    mut tx: AccountTx,
    action: &str,
    target: &str,
    details: &Value,
) -> Result<(), Error> {
    let (actor, details) = (by.actor.to_string(), details.to_string());
    tx.audit(NewAuditEntry { at: app.clock.now(), actor: &actor, action, target, details: &details }).await?;
    tx.commit().await?;
    app.lookup.forget();
    Ok(())
}
