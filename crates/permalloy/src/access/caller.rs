//! Callers of the management API: [`Member`] for any valid key, [`Admin`] for a key with that role.

use std::{ops::Deref, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, request::Parts},
};
use store::{Account, Role};

use super::bearer;
use crate::{
    app::App,
    error::{Error, Kind},
    scope::Scope,
    telemetry::metrics::Limit,
};

/// The longest user id, in characters.
pub(crate) const MAX_USER_ID_CHARS: usize = 255;

/// Somebody who may use the management API, as one user of one account.
#[derive(Clone)]
pub(crate) struct Member {
    account: Account,
    account_id: Arc<str>,
    user_id: Arc<str>,
    role: Role,
    key_id: Option<Arc<str>>,
    request_id: Arc<str>,
}

/// A [`Member`] whose role is `admin`, or somebody on the host itself.
#[derive(Clone)]
pub(crate) struct Admin(Member);

impl Deref for Admin {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.0
    }
}

impl Member {
    /// The rows this caller may touch.
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    pub(crate) fn account_id(&self) -> &Arc<str> {
        &self.account_id
    }

    /// The effective user: the key's own, or the one an admin acts for.
    pub(crate) fn user_id(&self) -> &Arc<str> {
        &self.user_id
    }

    /// The key of the call; nothing for a command on the host.
    pub(crate) fn key_id(&self) -> Option<&Arc<str>> {
        self.key_id.as_ref()
    }

    /// The request this caller made; empty for a command on the host.
    pub(crate) fn request_id(&self) -> &Arc<str> {
        &self.request_id
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// The same caller as an admin, if it is one.
    pub(crate) fn as_admin(&self) -> Option<Admin> {
        self.is_admin().then(|| Admin(self.clone()))
    }

    /// Who did it, for the audit log.
    pub(crate) fn actor(&self) -> serde_json::Value {
        match &self.key_id {
            Some(key_id) => serde_json::json!({ "type": "key", "keyId": **key_id, "userId": *self.user_id }),
            None => serde_json::json!({ "type": "host", "userId": *self.user_id }),
        }
    }
}

/// A caller on the host, for a command that works without HTTP: whoever can read the data directory may do
/// everything anyway. `user_id` is the user things are made for.
pub(crate) fn host(app: &App, account_id: Arc<str>, user_id: Arc<str>) -> Admin {
    let account = app.db.account(Arc::clone(&account_id));
    Admin(Member { account, account_id, user_id, role: Role::Admin, key_id: None, request_id: "".into() })
}

impl FromRequestParts<Arc<App>> for Member {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        let scope = scope(parts)?;
        if parts.headers.contains_key("x-alloy-user-token") {
            // No issuer can be configured yet, so no token can be believed.
            return Err(bearer::refuse(app, &scope));
        }
        let key = bearer::key(app, &parts.headers, &scope).await?;
        let account_id = Arc::clone(&key.account_id);
        let account = app.db.account(Arc::clone(&account_id));
        let key_user: Arc<str> = key.key.user_id.as_str().into();
        let key_id: Arc<str> = key.key.key_id.as_str().into();
        Scope::note(&scope.account_id, Arc::clone(&account_id));
        let user_id = match user_header(&parts.headers)? {
            Some(user) if *user == *key_user => key_user,
            Some(user) if key.key.role == Role::Admin => {
                let user: Arc<str> = user.into();
                app.lookup.ensure_user(&account, &account_id, &user, app.clock.now()).await?;
                user
            }
            Some(_) => return Err(Error::forbidden("A member key acts only as its own user")),
            None => key_user,
        };
        Scope::note(&scope.user_id, Arc::clone(&user_id));
        let allowance = app.rates.take_api(&key_id, &user_id).inspect_err(|exceeded| {
            app.telemetry.metrics.rate_limited(Limit::Requests);
            Scope::note(&scope.allowance, exceeded.allowance());
        })?;
        Scope::note(&scope.allowance, allowance);
        let request_id = scope.request_id.as_str().into();
        Ok(Self { account, account_id, user_id, role: key.key.role, key_id: Some(key_id), request_id })
    }
}

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        let member = Member::from_request_parts(parts, app).await?;
        member.as_admin().ok_or_else(|| Error::forbidden("This needs an API key with the role admin"))
    }
}

/// The scope of a request, which the server puts into every request before the router sees it.
pub(super) fn scope(parts: &Parts) -> Result<Arc<Scope>, Error> {
    let scope = parts.extensions.get::<Arc<Scope>>();
    scope.cloned().ok_or_else(|| Error::plain(Kind::Internal, "Internal error"))
}

static USER_ID: HeaderName = HeaderName::from_static("x-alloy-userid");

/// The user that `x-alloy-userid` names, within the bounds of a user id.
pub(super) fn user_header(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let Some(value) = headers.get(&USER_ID) else { return Ok(None) };
    let wrong = |problem: &str| Error::invalid_field("x-alloy-userid", problem);
    let user = std::str::from_utf8(value.as_bytes()).map_err(|error| wrong("is not UTF-8").because(error))?;
    check_user_id(user).map_err(wrong)?;
    Ok(Some(user))
}

/// Whether `user` can be a user id: 1 to 255 characters, none of them a control character.
pub(crate) fn check_user_id(user: &str) -> Result<(), &'static str> {
    if user.is_empty() || user.chars().count() > MAX_USER_ID_CHARS {
        return Err("has to have 1 to 255 characters");
    }
    if user.chars().any(char::is_control) {
        return Err("has a control character");
    }
    Ok(())
}
