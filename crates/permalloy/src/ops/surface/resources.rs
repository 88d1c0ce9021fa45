//! Resources of a server: the built-in `alloy://` ones and the server's own.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcp::{ReadResult, Resource, ResourceContents, ResourceTemplate};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::ServerResource;

use crate::{
    access::{Client, Member, restrictions::Question},
    app::App,
    error::{Error, Noun},
    ops::{change, executions, servers},
};

/// The largest resource of a server's own, in bytes.
const MAX_BYTES: usize = 1024 * 1024;
/// The longest URI, in bytes.
const MAX_URI_BYTES: usize = 2_048;

const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown";

/// The body of `PUT …/resources?uri=`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Put {
    name: Option<String>,
    description: Option<String>,
    mime_type: Option<String>,
    text: Option<String>,
    blob: Option<String>,
}

/// A server's own resource as answers show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    uri: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<String>,
}

/// The `result` of `resources/list`: the catalogue, then the server's own, in the order of their URIs.
pub(crate) async fn list(client: &Client) -> Result<String, Error> {
    let own = client.server.account.list_server_resources(&client.server.server_id).await?;
    let mut resources = vec![Resource {
        uri: "alloy://connectors".into(),
        name: "connectors".into(),
        title: Some("Connectors".into()),
        description: Some("The platforms that can be used through this server".into()),
        mime_type: Some(JSON.into()),
        size: None,
    }];
    resources.extend(own.iter().map(|resource| Resource {
        uri: resource.uri.as_str().into(),
        name: resource.name.as_str().into(),
        title: None,
        description: resource.description.as_deref().map(Into::into),
        mime_type: resource.mime_type.as_deref().map(Into::into),
        size: size(resource),
    }));
    mcp::list_result("resources", &resources, None).map_err(Error::internal)
}

fn size(resource: &ServerResource) -> Option<u64> {
    let bytes = resource.blob.as_ref().map(Vec::len).or(resource.text.as_ref().map(String::len));
    bytes.and_then(|bytes| u64::try_from(bytes).ok())
}

/// The `result` of `resources/templates/list`.
pub(crate) fn templates() -> Result<String, Error> {
    let template = |uri: &'static str, name: &'static str, description: &'static str, kind: &'static str| {
        ResourceTemplate {
            uri_template: uri.into(),
            name: name.into(),
            title: None,
            description: Some(description.into()),
            mime_type: Some(kind.into()),
        }
    };
    let templates = [
        template("alloy://connectors/{connectorId}", "connector", "A connector with all its actions", JSON),
        template(
            "alloy://connectors/{connectorId}/actions/{actionId}",
            "action",
            "One action with its parameters",
            MARKDOWN,
        ),
        template(
            "alloy://executions/{executionId}",
            "execution",
            "The record of one of your executions",
            JSON,
        ),
    ];
    mcp::list_result("resourceTemplates", &templates, None).map_err(Error::internal)
}

/// The `result` of `resources/read`.
pub(crate) async fn read(app: &App, client: &Client, uri: &str) -> Result<String, Error> {
    let not_found = || Error::not_found(Noun::Resource);
    let contents = if let Some(path) = uri.strip_prefix("alloy://") {
        let (kind, text) = built_in(app, client, path).await?.ok_or_else(not_found)?;
        ResourceContents::Text { uri: uri.into(), mime_type: Some(kind.into()), text: text.into() }
    } else {
        let found = client.server.account.find_server_resource(&client.server.server_id, uri).await?;
        own(found.ok_or_else(not_found)?)
    };
    serde_json::to_string(&ReadResult { contents: vec![contents] }).map_err(Error::internal)
}

fn own(resource: ServerResource) -> ResourceContents<'static> {
    let (uri, mime_type) = (Cow::Owned(resource.uri), resource.mime_type.map(Cow::Owned));
    match (resource.text, resource.blob) {
        (Some(text), _) => ResourceContents::Text { uri, mime_type, text: text.into() },
        (None, blob) => {
            ResourceContents::Blob { uri, mime_type, blob: STANDARD.encode(blob.unwrap_or_default()).into() }
        }
    }
}

async fn built_in(app: &App, client: &Client, path: &str) -> Result<Option<(&'static str, String)>, Error> {
    let parts: Vec<_> = path.split('/').collect();
    match parts.as_slice() {
        ["connectors"] => Ok(Some((JSON, super::tools::list_connectors(app, client, None).await?))),
        ["connectors", connector] => match app.catalogue.connector(connector) {
            Some(found) if client.decide(Question::Connector(&found.id)).is_ok() => {
                Ok(Some((JSON, super::tools::connector_resources(app, client, connector)?)))
            }
            Some(_) | None => Ok(None),
        },
        ["connectors", connector, "actions", action] => Ok(action_page(app, client, connector, action)),
        ["executions", execution] => {
            executions::own_record(client, execution).await.map(|record| record.map(|record| (JSON, record)))
        }
        _ => Ok(None),
    }
}

fn action_page(app: &App, client: &Client, connector: &str, action: &str) -> Option<(&'static str, String)> {
    let found = app.catalogue.find_action(client.into(), connector, action).ok()?;
    Some((MARKDOWN, super::page::action(&found.entry.connector, found.action())))
}

/// Stores a resource of the server's own.
pub(crate) async fn put(
    app: &App,
    by: &Member,
    server_id: &str,
    uri: &str,
    request: Put,
) -> Result<View, Error> {
    servers::manageable(by, server_id).await?;
    check_uri(uri)?;
    let (text, blob) = match (request.text, request.blob) {
        (Some(text), None) => (Some(text), None),
        (None, Some(blob)) => {
            let bytes = STANDARD.decode(blob).map_err(|error| {
                Error::invalid_field("blob", "is not base64 (RFC 4648, with padding)").because(error)
            })?;
            (None, Some(bytes))
        }
        _ => return Err(Error::invalid_field("text", "give exactly one of text and blob")),
    };
    if text.as_ref().map_or(0, String::len).max(blob.as_ref().map_or(0, Vec::len)) > MAX_BYTES {
        return Err(Error::invalid_field("text", "a resource has at most 1 MiB"));
    }
    let kind = if text.is_some() { "text/plain" } else { "application/octet-stream" };
    let name = request.name.unwrap_or_else(|| uri.rsplit('/').next().unwrap_or(uri).to_owned());
    let row = ServerResource {
        server_id: server_id.to_owned(),
        uri: uri.to_owned(),
        name,
        description: request.description.filter(|text| !text.is_empty()),
        mime_type: Some(request.mime_type.unwrap_or_else(|| kind.to_owned())),
        text,
        blob,
    };
    let mut tx = by.account().begin().await?;
    tx.put_server_resource(&row).await?;
    change::commit(app, by, tx, "resource.put", server_id, &json!({ "uri": uri })).await?;
    Ok(View { uri: row.uri, name: row.name, description: row.description, mime_type: row.mime_type })
}

fn check_uri(uri: &str) -> Result<(), Error> {
    if uri.len() > MAX_URI_BYTES || uri.chars().any(|character| character.is_control() || character == ' ') {
        return Err(Error::invalid_field("uri", "has to be a URI of at most 2048 bytes"));
    }
    if uri.starts_with("alloy://") {
        return Err(Error::invalid_field(
            "uri",
            "alloy:// is for the built-in resources; choose another scheme",
        ));
    }
    url::Url::parse(uri)
        .map_err(|error| Error::invalid_field("uri", "has to be an absolute URI").because(error))?;
    Ok(())
}

/// Deletes a resource of the server's own.
pub(crate) async fn delete(app: &App, by: &Member, server_id: &str, uri: &str) -> Result<(), Error> {
    servers::manageable(by, server_id).await?;
    let mut tx = by.account().begin().await?;
    match tx.delete_server_resource(server_id, uri).await {
        Err(store::Error::NotFound) => return Err(Error::not_found(Noun::Resource)),
        other => other?,
    }
    change::commit(app, by, tx, "resource.delete", server_id, &json!({ "uri": uri })).await
}
