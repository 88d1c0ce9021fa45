//! JSON handlers of the management API, one file per noun. They read the request, call `ops`, shape the answer.

pub(super) mod audit;
pub(super) mod connectors;
pub(super) mod credentials;
pub(super) mod executions;
pub(super) mod health;
pub(super) mod keys;
pub(super) mod servers;
pub(super) mod surface;
pub(super) mod tokens;
pub(super) mod users;
