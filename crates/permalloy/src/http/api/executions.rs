//! `/api/executions`: the records of every run.

use axum::{
    extract::{Path, RawQuery},
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};

use crate::{
    access::Member,
    error::Error,
    http::{answer, query::Query},
    ops::executions::{self, Filter},
};

const PARAMETERS: [&str; 9] =
    ["serverId", "userId", "connectorId", "actionId", "status", "from", "to", "limit", "cursor"];

pub(in crate::http) async fn list(by: Member, RawQuery(raw): RawQuery) -> Result<Response, Error> {
    const TIME: &str = "a time such as 2026-01-31T12:00:00Z";
    let mut query = Query::parse(raw.as_deref(), &PARAMETERS);
    let filter = Filter {
        server_id: query.text("serverId"),
        user_id: query.text("userId"),
        connector_id: query.text("connectorId"),
        action_id: query.text("actionId"),
        status: query.text("status"),
        from: query.value::<DateTime<Utc>>("from", TIME),
        to: query.value::<DateTime<Utc>>("to", TIME),
    };
    let (limit, cursor) = (query.limit(), query.text("cursor"));
    query.finish()?;
    Ok(answer::ok(executions::list(&by, &filter, limit, cursor.as_deref()).await?).into_response())
}

pub(in crate::http) async fn get(by: Member, Path(execution_id): Path<String>) -> Result<Response, Error> {
    Ok(answer::ok(executions::get(&by, &execution_id).await?).into_response())
}
