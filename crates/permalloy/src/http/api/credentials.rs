//! Credentials: `/api/connectors/{connectorId}/credentials`, `/api/users/{userId}/credentials`, `/api/credentials`.

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

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
        catalogue::Sight,
        credentials::{self, Keeper},
    },
};

type Answer = Result<Response, Error>;

/// The body of `PATCH /api/credentials/{credentialId}`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct Update {
    name: Option<String>,
    data: Option<Map<String, Value>>,
}

impl Checked for credentials::Create {
    const SCHEMA: &'static str = "CredentialCreate";
}

impl Checked for Update {
    const SCHEMA: &'static str = "CredentialUpdate";
}

pub(in crate::http) async fn metadata(
    State(app): State<Arc<App>>,
    _by: Member,
    Path(id): Path<String>,
) -> Answer {
    let entry = app.catalogue.find(Sight::All, &id)?;
    Ok(answer::ok(json!({ "metadata": credentials::metadata(entry) })).into_response())
}

pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    by: Member,
    Path(connector_id): Path<String>,
    Body(request): Body<credentials::Create>,
) -> Answer {
    let created = credentials::create(&app, &Keeper::from(&by), &connector_id, request).await?;
    Ok(answer::created(created).into_response())
}

pub(in crate::http) async fn list_of_connector(
    State(app): State<Arc<App>>,
    by: Member,
    Path(connector_id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Answer {
    app.catalogue.find(Sight::All, &connector_id)?;
    list(&by, None, Some(&connector_id), raw.as_deref()).await
}

pub(in crate::http) async fn list_of_user(
    by: Member,
    Path(user_id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Answer {
    list(&by, Some(&user_id), None, raw.as_deref()).await
}

async fn list(by: &Member, user_id: Option<&str>, connector_id: Option<&str>, raw: Option<&str>) -> Answer {
    let mut query = Query::parse(raw, &["limit", "cursor"]);
    let (limit, cursor) = (query.limit(), query.text("cursor"));
    query.finish()?;
    let page = credentials::list(&Keeper::from(by), user_id, connector_id, limit, cursor.as_deref()).await?;
    Ok(answer::ok(page).into_response())
}

pub(in crate::http) async fn get(by: Member, Path(credential_id): Path<String>) -> Answer {
    Ok(answer::ok(credentials::get(&Keeper::from(&by), &credential_id).await?).into_response())
}

pub(in crate::http) async fn update(
    State(app): State<Arc<App>>,
    by: Member,
    Path(credential_id): Path<String>,
    Body(body): Body<Update>,
) -> Answer {
    let by = Keeper::from(&by);
    let updated =
        credentials::update(&app, &by, &credential_id, body.name.as_deref(), body.data.as_ref()).await?;
    Ok(answer::ok(updated).into_response())
}

pub(in crate::http) async fn delete(
    State(app): State<Arc<App>>,
    by: Member,
    Path(credential_id): Path<String>,
) -> Answer {
    credentials::delete(&app, &Keeper::from(&by), &credential_id).await?;
    Ok(answer::ok(json!({ "message": "Credential deleted" })).into_response())
}

pub(in crate::http) async fn test(
    State(app): State<Arc<App>>,
    by: Member,
    Path(credential_id): Path<String>,
) -> Answer {
    Ok(answer::ok(credentials::test(&app, &Keeper::from(&by), &credential_id).await?).into_response())
}
