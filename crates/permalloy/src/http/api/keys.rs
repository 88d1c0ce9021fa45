//! `/api/keys`.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    access::Admin,
    app::App,
    error::Error,
    http::{
        answer,
        body::{Body, Checked},
    },
    ops::keys,
};

impl Checked for keys::Create {
    const SCHEMA: &'static str = "KeyCreate";
}

pub(in crate::http) async fn list(by: Admin) -> Result<Response, Error> {
    Ok(answer::ok(json!({ "keys": keys::list(&by).await? })).into_response())
}

pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    by: Admin,
    Body(request): Body<keys::Create>,
) -> Result<Response, Error> {
    Ok(answer::created(keys::create(&app, &by, request).await?).into_response())
}

pub(in crate::http) async fn revoke(
    State(app): State<Arc<App>>,
    by: Admin,
    Path(key_id): Path<String>,
) -> Result<Response, Error> {
    keys::revoke(&app, &by, &key_id).await?;
    Ok(answer::ok(json!({ "message": "API key revoked" })).into_response())
}
