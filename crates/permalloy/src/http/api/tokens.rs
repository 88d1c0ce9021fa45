//! `/api/servers/{serverId}/tokens`.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    access::Member,
    app::App,
    error::Error,
    http::{
        answer,
        body::{Body, Checked},
    },
    ops::tokens,
};

impl Checked for tokens::Create {
    const SCHEMA: &'static str = "TokenCreate";
}

pub(in crate::http) async fn list(by: Member, Path(server_id): Path<String>) -> Result<Response, Error> {
    let tokens = tokens::list(&by, &server_id).await?;
    Ok(answer::ok(json!({ "tokens": tokens })).into_response())
}

pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    by: Member,
    Path(server_id): Path<String>,
    Body(request): Body<tokens::Create>,
) -> Result<Response, Error> {
    Ok(answer::created(tokens::create(&app, &by, &server_id, request).await?).into_response())
}

pub(in crate::http) async fn delete(
    State(app): State<Arc<App>>,
    by: Member,
    Path((server_id, token_id)): Path<(String, String)>,
) -> Result<Response, Error> {
    tokens::delete(&app, &by, &server_id, &token_id).await?;
    Ok(answer::ok(json!({ "message": "Token deleted" })).into_response())
}
