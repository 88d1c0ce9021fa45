//! Rows about connectors and credentials.

use axum::{
    http::Method,
    routing::{delete, get, patch, post},
};

use super::{Doc, Needs, Route, row};
use crate::http::api::{connectors, credentials};

const CONNECTORS: &str = "Connectors";
const CREDENTIALS: &str = "Credentials";

pub(super) fn connector_routes() -> Vec<Route> {
    use Needs::Member;
    vec![
        row(
            Method::GET,
            "/api/connectors",
            Member,
            get(connectors::list),
            Doc::new("list-connectors", CONNECTORS, "List or search connectors", (200, "ConnectorList"))
                .query(&["category", "search"]),
        ),
        row(
            Method::GET,
            "/api/connectors/{connectorId}",
            Member,
            get(connectors::get),
            Doc::new("get-connector", CONNECTORS, "Get one connector", (200, "ConnectorDetail")),
        ),
        row(
            Method::GET,
            "/api/connectors/{connectorId}/resources",
            Member,
            get(connectors::resources),
            Doc::new(
                "get-connector-resources",
                CONNECTORS,
                "A connector's actions by resource",
                (200, "ConnectorResources"),
            ),
        ),
        row(
            Method::GET,
            "/api/connectors/{connectorId}/actions",
            Member,
            get(connectors::actions),
            Doc::new("list-actions", CONNECTORS, "A connector's actions", (200, "ActionList")),
        ),
        row(
            Method::GET,
            "/api/connectors/{connectorId}/actions/{actionId}",
            Member,
            get(connectors::action),
            Doc::new("get-action", CONNECTORS, "Everything about one action", (200, "ActionDetail")),
        ),
        row(
            Method::POST,
            "/api/connectors/{connectorId}/actions/{actionId}/execute",
            Member,
            post(connectors::execute),
            Doc::new(
                "execute-action",
                CONNECTORS,
                "Run an action as the effective user",
                (200, "ExecuteResult"),
            )
            .body("ExecuteRequest")
            .conflict("The idempotency key was used with another body"),
        ),
    ]
}

pub(super) fn credential_routes() -> Vec<Route> {
    use Needs::Member;
    vec![
        row(
            Method::GET,
            "/api/connectors/{connectorId}/credentials/metadata",
            Member,
            get(credentials::metadata),
            Doc::new(
                "get-credential-metadata",
                CREDENTIALS,
                "How to authenticate with a connector",
                (200, "CredentialMetadata"),
            ),
        ),
        row(
            Method::POST,
            "/api/connectors/{connectorId}/credentials",
            Member,
            post(credentials::create),
            Doc::new("create-credential", CREDENTIALS, "Store a credential for a user", (201, "Credential"))
                .body("CredentialCreate"),
        ),
        row(
            Method::GET,
            "/api/connectors/{connectorId}/credentials",
            Member,
            get(credentials::list_of_connector),
            Doc::new(
                "list-connector-credentials",
                CREDENTIALS,
                "The effective user's credentials of a connector",
                (200, "CredentialList"),
            )
            .query(&["limit", "cursor"]),
        ),
        row(
            Method::GET,
            "/api/users/{userId}/credentials",
            Member,
            get(credentials::list_of_user),
            Doc::new("list-user-credentials", CREDENTIALS, "A user's credentials", (200, "CredentialList"))
                .query(&["limit", "cursor"]),
        ),
    ]
}

pub(super) fn one_credential_routes() -> Vec<Route> {
    use Needs::Member;
    vec![
        row(
            Method::GET,
            "/api/credentials/{credentialId}",
            Member,
            get(credentials::get),
            Doc::new(
                "get-credential",
                CREDENTIALS,
                "One credential, without its secrets",
                (200, "Credential"),
            ),
        ),
        row(
            Method::PATCH,
            "/api/credentials/{credentialId}",
            Member,
            patch(credentials::update),
            Doc::new(
                "update-credential",
                CREDENTIALS,
                "Rename a credential or replace its fields",
                (200, "Credential"),
            )
            .body("CredentialUpdate"),
        ),
        row(
            Method::DELETE,
            "/api/credentials/{credentialId}",
            Member,
            delete(credentials::delete),
            Doc::new("delete-credential", CREDENTIALS, "Delete a credential", (200, "Deleted")),
        ),
        row(
            Method::POST,
            "/api/credentials/{credentialId}/test",
            Member,
            post(credentials::test),
            Doc::new(
                "test-credential",
                CREDENTIALS,
                "Try a credential with the connector's test action",
                (200, "CredentialTest"),
            ),
        ),
    ]
}
