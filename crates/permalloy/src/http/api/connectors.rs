//! `/api/connectors`: what there is, and running an action.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};

use crate::{
    access::Member,
    app::App,
    error::Error,
    http::{
        answer,
        body::{Body, Checked},
        query::Query,
    },
    ops::{
        catalogue::{self, Sight},
        executions::{self, Acting, DEFAULT_TIMEOUT, ExecuteRequest},
    },
};

type Answer = Result<Response, Error>;

/// The body of `…/execute`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct Execute {
    credential_id: Option<String>,
    parameters: Option<Box<RawValue>>,
    request_body: Option<Map<String, Value>>,
    query_parameters: Option<Map<String, Value>>,
    path_params: Option<Map<String, Value>>,
    additional_headers: Option<Map<String, Value>>,
    idempotency_key: Option<String>,
    timeout_ms: Option<u64>,
    cursor: Option<String>,
}

impl Checked for Execute {
    const SCHEMA: &'static str = "ExecuteRequest";
}

pub(in crate::http) async fn list(
    State(app): State<Arc<App>>,
    _by: Member,
    RawQuery(raw): RawQuery,
) -> Answer {
    let mut query = Query::parse(raw.as_deref(), &["category", "search"]);
    let (category, search) = (query.text("category"), query.text("search"));
    query.finish()?;
    let connectors = catalogue::summaries(&app.catalogue, Sight::All, category.as_deref(), search.as_deref());
    Ok(answer::ok(json!({ "count": connectors.len(), "connectors": connectors })).into_response())
}

pub(in crate::http) async fn get(State(app): State<Arc<App>>, _by: Member, Path(id): Path<String>) -> Answer {
    let entry = app.catalogue.find(Sight::All, &id)?;
    Ok(answer::ok(catalogue::detail(entry, Sight::All)).into_response())
}

pub(in crate::http) async fn resources(
    State(app): State<Arc<App>>,
    _by: Member,
    Path(id): Path<String>,
) -> Answer {
    let entry = app.catalogue.find(Sight::All, &id)?;
    Ok(answer::ok(catalogue::resources(entry, Sight::All)).into_response())
}

pub(in crate::http) async fn actions(
    State(app): State<Arc<App>>,
    _by: Member,
    Path(id): Path<String>,
) -> Answer {
    let entry = app.catalogue.find(Sight::All, &id)?;
    let actions = catalogue::actions(entry, Sight::All);
    Ok(answer::ok(json!({ "count": actions.len(), "actions": actions })).into_response())
}

pub(in crate::http) async fn action(
    State(app): State<Arc<App>>,
    _by: Member,
    Path((connector_id, action_id)): Path<(String, String)>,
) -> Answer {
    let found = app.catalogue.find_action(Sight::All, &connector_id, &action_id)?;
    Ok(answer::json_bytes(StatusCode::OK, found.detail().clone()))
}

pub(in crate::http) async fn execute(
    State(app): State<Arc<App>>,
    by: Member,
    Path((connector_id, action_id)): Path<(String, String)>,
    Body(body): Body<Execute>,
) -> Answer {
    let named = [
        ("requestBody", body.request_body),
        ("queryParameters", body.query_parameters),
        ("pathParams", body.path_params),
        ("additionalHeaders", body.additional_headers),
    ];
    let parameters = executions::merged(body.parameters, named)?;
    let request = ExecuteRequest {
        credential_id: body.credential_id.as_deref(),
        timeout: body.timeout_ms.map_or(DEFAULT_TIMEOUT, Duration::from_millis),
        idempotency_key: body.idempotency_key.as_deref(),
        cursor: body.cursor.as_deref(),
        ..ExecuteRequest::new(&connector_id, &action_id, parameters.as_deref())
    };
    let executed = executions::run(&app, &Acting::of_member(&by), request).await?;
    Ok(answer::json_bytes(StatusCode::OK, executed.json_with_status()))
}
