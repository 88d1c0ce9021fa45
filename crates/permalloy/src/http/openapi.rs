//! `/openapi.json`: OpenAPI 3.1, generated from the route table and `openapi/schemas.yaml`.

use std::sync::LazyLock;

use axum::{
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::{
    answer::json_bytes,
    routes::{self, Needs, Route},
};
use crate::app::App;

/// The component schemas, read once.
static SCHEMAS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    serde_saphyr::from_str(include_str!("openapi/schemas.yaml")).expect("schemas.yaml is checked by a test")
});

/// Compiles the schema `name`.
pub(crate) fn validator(name: &str) -> Validator {
    let root = json!({
        "$ref": format!("#/components/schemas/{name}"),
        "components": { "schemas": &*SCHEMAS },
    });
    jsonschema::validator_for(&root).expect("every schema of schemas.yaml compiles, which a test shows")
}

/// The member names of the object schema `name`, for suggestions.
pub(crate) fn members(name: &str) -> Vec<String> {
    let properties = SCHEMAS.get(name).and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
}

/// `GET /openapi.json`.
pub(crate) async fn serve(State(app): State<std::sync::Arc<App>>) -> Response<Body> {
    json_bytes(StatusCode::OK, document(&app.base_url).to_string())
}

/// The whole document, for a server reachable at `base`.
pub(crate) fn document(base: &str) -> Value {
    let mut paths = Map::new();
    for route in routes::table() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.as_str().to_lowercase(), operation(&route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "MCP Server API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Create and manage MCP servers that give AI assistants secure, controlled access to platforms.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": base.trim_end_matches('/') }],
        "security": [{ "bearerAuth": [] }],
        "paths": paths,
        "components": {
            "schemas": &*SCHEMAS,
            "securitySchemes": {
                "bearerAuth": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT or API Key",
                    "description": "An API key (ak_…) or a JWT of a trusted issuer",
                },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": route.doc.id,
        "tags": [route.doc.tag],
        "summary": route.doc.summary,
        "x-authority": route.needs.word(),
        "parameters": parameters(route),
        "responses": responses(route),
    });
    let Some(members) = operation.as_object_mut() else { return operation };
    match route.needs {
        Needs::Nobody => {
            members.insert("security".into(), json!([]));
        }
        Needs::Client if route.path.contains("{accessToken}") => {
            members.insert("security".into(), json!([]));
        }
        Needs::Client | Needs::Member | Needs::Admin => {}
    }
    if let Some(schema) = route.doc.body {
        let required = schema_requires_members(schema);
        members.insert("requestBody".into(), json!({ "required": required, "content": content(schema) }));
    }
    operation
}

fn schema_requires_members(schema: &str) -> bool {
    SCHEMAS
        .get(schema)
        .is_some_and(|schema| schema.get("required").is_some() || schema.get("minProperties").is_some())
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } })
}

fn parameters(route: &Route) -> Vec<Value> {
    let mut parameters = Vec::new();
    for part in route.path.split('/') {
        if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            parameters.push(
                json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }),
            );
        }
    }
    for name in route.doc.query {
        parameters.push(query_parameter(name));
    }
    match route.needs {
        Needs::Nobody => {}
        Needs::Member | Needs::Admin => parameters.push(json!({
            "name": "x-alloy-userid", "in": "header", "schema": { "type": "string" },
            "description": "The user to act for (admin keys); default: the key's own user",
        })),
        Needs::Client => parameters.extend(client_headers()),
    }
    parameters
}

fn client_headers() -> Vec<Value> {
    [
        ("x-alloy-user-token", "A JWT that names the end user"),
        ("x-alloy-userid", "The end user, where the server's identity mode trusts it"),
        ("x-credential-id", "The credential to use when a call names none"),
        ("x-redirect-uri", "Where a browser flow started by this call returns to; there are none yet"),
        ("x-mcp-server-id", "The server, when the path names none"),
    ]
    .into_iter()
    .map(|(name, description)| {
        json!({ "name": name, "in": "header", "schema": { "type": "string" }, "description": description })
    })
    .collect()
}

fn query_parameter(name: &str) -> Value {
    let (schema, description) = match name {
        "limit" => {
            (json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 }), "How many at most")
        }
        "cursor" => (json!({ "type": "string" }), "The nextCursor of the page before"),
        "all" => (json!({ "type": "boolean", "default": false }), "With an admin key: the whole account's"),
        "uri" => (json!({ "type": "string" }), "The resource's URI"),
        "from" => (json!({ "type": "string", "format": "date-time" }), "Started at or after"),
        "to" => (json!({ "type": "string", "format": "date-time" }), "Started before"),
        "status" => {
            (json!({ "type": "string", "enum": ["running", "succeeded", "failed", "unknown"] }), "Only these")
        }
        _ => (json!({ "type": "string" }), "Only these"),
    };
    json!({ "name": name, "in": "query", "required": name == "uri", "schema": schema, "description": description })
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    let (status, schema) = route.doc.answer;
    let success = if route.doc.id == "create-server" { "Server created successfully" } else { "Done" };
    responses.insert(status.to_string(), response(success, schema));
    let mut failure = |status: u16, description: &str| {
        responses.insert(status.to_string(), response(description, "Error"));
    };
    if route.needs != Needs::Nobody {
        failure(400, "Invalid request");
        failure(401, "Unauthorized");
        failure(403, "Forbidden");
        failure(429, "Rate limit exceeded");
        failure(500, "Internal error");
    }
    if route.path.contains('{') {
        failure(404, "Not found");
    }
    if route.doc.body.is_some() {
        failure(413, "Body too large");
        failure(415, "Body is not application/json");
    }
    if let Some(meaning) = route.doc.conflict {
        failure(409, meaning);
    }
    if route.doc.id == "execute-action" {
        failure(502, "The platform answered badly");
        failure(504, "The platform did not answer in time");
    }
    if route.doc.id == "ready" {
        failure(503, "Not ready");
    }
    Value::Object(responses)
}

fn response(description: &str, schema: &str) -> Value {
    if schema.is_empty() {
        json!({ "description": description })
    } else {
        json!({ "description": description, "content": content(schema) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_compiles_and_every_route_names_schemas_that_exist() {
        for name in SCHEMAS.keys() {
            validator(name);
        }
        for route in routes::table() {
            for name in [Some(route.doc.answer.1), route.doc.body]
                .into_iter()
                .flatten()
                .filter(|name| !name.is_empty())
            {
                assert!(SCHEMAS.contains_key(name), "{} names {name}", route.path);
            }
        }
    }

    #[test]
    fn operation_ids_are_unique() {
        let mut ids: Vec<_> = routes::table().into_iter().map(|route| route.doc.id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
