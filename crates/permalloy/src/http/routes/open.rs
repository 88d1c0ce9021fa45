//! Rows that need no API key: health, documents, and the MCP endpoint.

use axum::{
    http::Method,
    routing::{get, post},
};

use super::{Doc, Needs, Route, row};
use crate::http::{api::health, docs, mcp, openapi};

const MCP: &str = "MCP Protocol";
const RUNNING: &str = "Running";

pub(super) fn open_routes() -> Vec<Route> {
    use Needs::Nobody;
    vec![
        row(
            Method::GET,
            "/health",
            Nobody,
            get(health::health),
            Doc::new("health", RUNNING, "The process is up", (200, "Health")),
        ),
        row(
            Method::GET,
            "/ready",
            Nobody,
            get(health::ready),
            Doc::new("ready", RUNNING, "The database is reachable and its schema current", (200, "Ready")),
        ),
        row(
            Method::GET,
            "/metrics",
            Nobody,
            get(health::metrics),
            Doc::new("metrics", RUNNING, "Prometheus metrics", (200, "")),
        ),
        row(
            Method::GET,
            "/openapi.json",
            Nobody,
            get(openapi::serve),
            Doc::new("openapi", RUNNING, "This document", (200, "AnyObject")),
        ),
        row(
            Method::GET,
            "/docs",
            Nobody,
            get(docs::page),
            Doc::new("docs", RUNNING, "The readable reference", (200, "")),
        ),
    ]
}

pub(super) fn mcp_routes() -> Vec<Route> {
    use Needs::Client;
    let doc = |id, summary| Doc::new(id, MCP, summary, (200, "AnyObject")).body("AnyObject");
    vec![
        row(
            Method::POST,
            "/mcp/{serverId}/{accessToken}",
            Client,
            post(mcp::post_route),
            doc("mcp-token", "Speak MCP to a server through its token URL"),
        ),
        row(
            Method::POST,
            "/mcp/{serverId}",
            Client,
            post(mcp::post_route),
            doc("mcp-key", "Speak MCP to a server with an API key"),
        ),
        row(
            Method::POST,
            "/mcp",
            Client,
            post(mcp::post_route),
            doc("mcp-header", "Speak MCP to the server that x-mcp-server-id names"),
        ),
    ]
}
