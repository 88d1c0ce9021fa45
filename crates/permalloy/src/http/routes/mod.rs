//! The route table: one row for each method and path, saying who may call it. The router, the OpenAPI document,
//! the reference page and the test that calls every route as somebody who may not are all made from it.

mod account;
mod open;
mod platforms;
mod servers;

use std::sync::Arc;

use axum::{http::Method, routing::MethodRouter};

use crate::app::App;

/// Who may call a route. The handler's extractor enforces it; the route test holds the two together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Everybody, without credentials.
    Nobody,
    /// An API key of any role.
    Member,
    /// An API key with the role `admin`.
    Admin,
    /// A client of one MCP server: its token URL, or an API key of its account.
    Client,
}

impl Needs {
    /// The word in the OpenAPI document (`x-authority`).
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Client => "client",
        }
    }
}

/// One row of the table.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) needs: Needs,
    pub(crate) doc: Doc,
    pub(crate) handler: MethodRouter<Arc<App>>,
}

/// What the OpenAPI document says about a row.
pub(crate) struct Doc {
    pub(crate) id: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    /// Names of query parameters, described in `openapi.rs`.
    pub(crate) query: &'static [&'static str],
    /// The schema of the request body.
    pub(crate) body: Option<&'static str>,
    /// The success: status and schema (empty: no JSON body).
    pub(crate) answer: (u16, &'static str),
    /// What 409 means here, where it can happen.
    pub(crate) conflict: Option<&'static str>,
}

impl Doc {
    const fn new(
        id: &'static str,
        tag: &'static str,
        summary: &'static str,
        answer: (u16, &'static str),
    ) -> Self {
        Self { id, tag, summary, query: &[], body: None, answer, conflict: None }
    }

    const fn query(mut self, query: &'static [&'static str]) -> Self {
        self.query = query;
        self
    }

    const fn body(mut self, schema: &'static str) -> Self {
        self.body = Some(schema);
        self
    }

    const fn conflict(mut self, meaning: &'static str) -> Self {
        self.conflict = Some(meaning);
        self
    }
}

fn row(method: Method, path: &'static str, needs: Needs, handler: MethodRouter<Arc<App>>, doc: Doc) -> Route {
    Route { method, path, needs, doc, handler }
}

/// Every route of the product.
pub(crate) fn table() -> Vec<Route> {
    [
        servers::server_routes(),
        servers::token_routes(),
        servers::surface_routes(),
        servers::prompt_routes(),
        account::user_routes(),
        platforms::connector_routes(),
        platforms::credential_routes(),
        platforms::one_credential_routes(),
        account::record_routes(),
        open::open_routes(),
        open::mcp_routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
