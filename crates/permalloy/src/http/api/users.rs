//! `/api/users`.

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State},
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
        query::Query,
    },
    ops::users,
};

impl Checked for users::Create {
    const SCHEMA: &'static str = "UserCreate";
}

pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    by: Admin,
    Body(request): Body<users::Create>,
) -> Result<Response, Error> {
    let user_id = users::create(&app, &by, request).await?;
    Ok(answer::created(json!({ "userId": user_id })).into_response())
}

pub(in crate::http) async fn list(by: Admin, RawQuery(raw): RawQuery) -> Result<Response, Error> {
    let mut query = Query::parse(raw.as_deref(), &["limit", "cursor"]);
    let (limit, cursor) = (query.limit(), query.text("cursor"));
    query.finish()?;
    Ok(answer::ok(users::list(&by, limit, cursor.as_deref()).await?).into_response())
}

pub(in crate::http) async fn delete(
    State(app): State<Arc<App>>,
    by: Admin,
    Path(user_id): Path<String>,
) -> Result<Response, Error> {
    users::delete(&app, &by, &user_id).await?;
    Ok(answer::ok(json!({ "message": "User deleted" })).into_response())
}
