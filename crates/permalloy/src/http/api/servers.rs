//! `/api/servers`.

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State},
    response::IntoResponse,
};
use serde_json::json;

use crate::{
    access::Member,
    app::App,
    error::Error,
    http::{
        answer,
        body::{Body, Checked},
        query::Query,
    },
    ops::servers,
};

impl Checked for servers::Create {
    const SCHEMA: &'static str = "ServerCreate";
}

impl Checked for servers::Update {
    const SCHEMA: &'static str = "ServerUpdate";
}

type Answer = Result<axum::response::Response, Error>;

pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    by: Member,
    Body(request): Body<servers::Create>,
) -> Answer {
    Ok(answer::created(servers::create(&app, &by, request).await?).into_response())
}

pub(in crate::http) async fn list(
    State(app): State<Arc<App>>,
    by: Member,
    RawQuery(raw): RawQuery,
) -> Answer {
    let mut query = Query::parse(raw.as_deref(), &["limit", "cursor", "all"]);
    let (limit, cursor) = (query.limit(), query.text("cursor"));
    let all = query.value("all", "true or false").unwrap_or(false);
    query.finish()?;
    Ok(answer::ok(servers::list(&app, &by, all, limit, cursor.as_deref()).await?).into_response())
}

pub(in crate::http) async fn get(
    State(app): State<Arc<App>>,
    by: Member,
    Path(server_id): Path<String>,
) -> Answer {
    Ok(answer::ok(servers::get(&app, &by, &server_id).await?).into_response())
}

pub(in crate::http) async fn update(
    State(app): State<Arc<App>>,
    by: Member,
    Path(server_id): Path<String>,
    Body(request): Body<servers::Update>,
) -> Answer {
    Ok(answer::ok(servers::update(&app, &by, &server_id, request).await?).into_response())
}

pub(in crate::http) async fn delete(
    State(app): State<Arc<App>>,
    by: Member,
    Path(server_id): Path<String>,
) -> Answer {
    servers::delete(&app, &by, &server_id).await?;
    Ok(answer::ok(json!({ "message": "Server deleted", "serverId": server_id })).into_response())
}
