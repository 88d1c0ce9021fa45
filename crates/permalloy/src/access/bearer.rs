//! The `Authorization` header, and from an API key to what it may do.

use std::sync::Arc;

use axum::http::{HeaderMap, header};

use super::{
    lookup::{Key, Used},
    secrets,
};
use crate::{app::App, error::Error, scope::Scope, telemetry::metrics::Limit};

/// The bearer token of a request, if it has one.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The key that the request's bearer token is. Anything else (no header, an unknown, expired or revoked key, a
/// JWT while no issuer is configured) is one and the same refusal, counted against the client's address.
pub(super) async fn key(app: &App, headers: &HeaderMap, scope: &Scope) -> Result<Arc<Key>, Error> {
    match usable_key(app, headers).await? {
        Some(key) => Ok(key),
        None => Err(refuse(app, scope)),
    }
}

async fn usable_key(app: &App, headers: &HeaderMap) -> Result<Option<Arc<Key>>, Error> {
    let Some(token) = token(headers).filter(|token| token.starts_with(secrets::KEY_PREFIX)) else {
        return Ok(None);
    };
    let now = app.clock.now();
    let found = app.lookup.key(&app.db, &secrets::hash(token)).await?;
    let usable = found.filter(|found| {
        found.key.revoked_at.is_none() && found.key.expires_at.is_none_or(|expires_at| now < expires_at)
    });
    if let Some(found) = &usable {
        app.lookup.used(Used::Key, &found.account_id, &found.key.key_id.as_str().into(), now);
    }
    Ok(usable)
}

/// 401, or 429 for an address that failed too often.
pub(super) fn refuse(app: &App, scope: &Scope) -> Error {
    match app.rates.failed(scope.peer) {
        Ok(()) => Error::unauthenticated(),
        Err(exceeded) => {
            app.telemetry.metrics.rate_limited(Limit::FailedAuthentications);
            exceeded.into()
        }
    }
}
