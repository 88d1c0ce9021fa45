//! `/api/audit`: every change made through the management API, and whether the log is whole.

use axum::{
    extract::RawQuery,
    response::{IntoResponse as _, Response},
};

use crate::{
    access::Admin,
    error::Error,
    http::{answer, query::Query},
    ops::audit,
};

pub(in crate::http) async fn list(by: Admin, RawQuery(raw): RawQuery) -> Result<Response, Error> {
    let mut query = Query::parse(raw.as_deref(), &["limit", "cursor"]);
    let (limit, cursor) = (query.limit(), query.text("cursor"));
    query.finish()?;
    Ok(answer::ok(audit::list(&by, limit, cursor.as_deref()).await?).into_response())
}

pub(in crate::http) async fn verify(by: Admin) -> Result<Response, Error> {
    Ok(answer::ok(audit::verify(&by).await?).into_response())
}
