//! `/health`, `/ready`, `/metrics`.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::SecondsFormat;
use serde_json::json;

use crate::{
    app::App,
    http::answer::{Json, ok},
    ops::health,
};

pub(in crate::http) async fn health(State(app): State<Arc<App>>) -> Response {
    let timestamp = app.clock.now().to_rfc3339_opts(SecondsFormat::Millis, true);
    ok(json!({ "status": "healthy", "timestamp": timestamp })).into_response()
}

pub(in crate::http) async fn ready(State(app): State<Arc<App>>) -> Response {
    match health::ready(&app).await {
        Ok(()) => ok(json!({ "status": "ready" })).into_response(),
        Err(problem) => {
            Json(StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "not ready", "problem": problem }))
                .into_response()
        }
    }
}

pub(in crate::http) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, app.telemetry.render_metrics()).into_response()
}
