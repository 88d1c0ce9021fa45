//! Rows about users, keys, executions and the audit log.

use axum::{
    http::Method,
    routing::{delete, get, post},
};

use super::{Doc, Needs, Route, row};
use crate::http::api::{audit, executions, keys, users};

const USERS: &str = "Users and keys";
const RECORDS: &str = "Executions and audit";

pub(super) fn user_routes() -> Vec<Route> {
    use Needs::Admin;
    vec![
        row(
            Method::POST,
            "/api/users",
            Admin,
            post(users::create),
            Doc::new("create-user", USERS, "Create a user", (201, "UserCreated"))
                .body("UserCreate")
                .conflict("Username already exists"),
        ),
        row(
            Method::GET,
            "/api/users",
            Admin,
            get(users::list),
            Doc::new("list-users", USERS, "List users", (200, "UserList")).query(&["limit", "cursor"]),
        ),
        row(
            Method::DELETE,
            "/api/users/{userId}",
            Admin,
            delete(users::delete),
            Doc::new(
                "delete-user",
                USERS,
                "Delete a user with its servers and credentials",
                (200, "Deleted"),
            ),
        ),
        row(
            Method::GET,
            "/api/keys",
            Admin,
            get(keys::list),
            Doc::new("list-keys", USERS, "List API keys, without secrets", (200, "KeyList")),
        ),
        row(
            Method::POST,
            "/api/keys",
            Admin,
            post(keys::create),
            Doc::new("create-key", USERS, "Create an API key; its secret is shown once", (201, "KeyCreated"))
                .body("KeyCreate"),
        ),
        row(
            Method::DELETE,
            "/api/keys/{keyId}",
            Admin,
            delete(keys::revoke),
            Doc::new("revoke-key", USERS, "Revoke an API key at once", (200, "Deleted")),
        ),
    ]
}

pub(super) fn record_routes() -> Vec<Route> {
    use Needs::{Admin, Member};
    const FILTERS: &[&str] =
        &["serverId", "userId", "connectorId", "actionId", "status", "from", "to", "limit", "cursor"];
    vec![
        row(
            Method::GET,
            "/api/executions",
            Member,
            get(executions::list),
            Doc::new(
                "list-executions",
                RECORDS,
                "Every run of an action, newest first",
                (200, "ExecutionList"),
            )
            .query(FILTERS),
        ),
        row(
            Method::GET,
            "/api/executions/{executionId}",
            Member,
            get(executions::get),
            Doc::new("get-execution", RECORDS, "One run of an action", (200, "Execution")),
        ),
        row(
            Method::GET,
            "/api/audit",
            Admin,
            get(audit::list),
            Doc::new(
                "list-audit",
                RECORDS,
                "Every change made through the management API",
                (200, "AuditList"),
            )
            .query(&["limit", "cursor"]),
        ),
        row(
            Method::GET,
            "/api/audit/verify",
            Admin,
            get(audit::verify),
            Doc::new(
                "verify-audit",
                RECORDS,
                "Check that no audit entry was changed or removed",
                (200, "AuditVerification"),
            ),
        ),
    ]
}
