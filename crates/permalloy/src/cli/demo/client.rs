//! The demo's client: the management API and MCP over plain HTTP, through the product's own way out.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::{app::App, outbound::Call};

const TIMEOUT: Duration = Duration::from_secs(30);
const VERSION: &str = "2026-07-28";

pub(super) struct Client {
    app: Arc<App>,
    base: String,
    key: String,
}

impl Client {
    pub(super) fn new(app: &Arc<App>, base: &str, key: &str) -> Self {
        Self { app: Arc::clone(app), base: base.to_owned(), key: key.to_owned() }
    }

    /// A call of the management API that succeeds.
    pub(super) async fn api(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut headers = HeaderMap::new();
        let mut key = HeaderValue::from_str(&format!("Bearer {}", self.key))?;
        key.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, key);
        let method = Method::from_bytes(method.as_bytes())?;
        self.send(method, &format!("{}{path}", self.base), headers, body).await
    }

    /// A request of MCP revision 2026-07-28 and its result.
    pub(super) async fn mcp(&self, url: &str, method: &str, mut params: Value) -> anyhow::Result<Value> {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": VERSION,
            "io.modelcontextprotocol/clientInfo": { "name": "permalloy-demo", "version": env!("CARGO_PKG_VERSION") },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        params.as_object_mut().context("parameters are an object")?.insert("_meta".into(), meta);
        let mut headers = HeaderMap::new();
        headers.insert("mcp-protocol-version", HeaderValue::from_static(VERSION));
        headers.insert("mcp-method", HeaderValue::from_str(method)?);
        if let Some(name) = params.get("name").and_then(Value::as_str) {
            headers.insert("mcp-name", HeaderValue::from_str(name)?);
        }
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.send(Method::POST, url, headers, Some(&message)).await?;
        answer.get("result").cloned().with_context(|| format!("{method} failed: {answer}"))
    }

    /// A tool call that succeeds, and its structured result.
    pub(super) async fn tool(&self, url: &str, name: &str, arguments: Value) -> anyhow::Result<Value> {
        let (result, failed) = self.call(url, name, arguments).await?;
        ensure!(!failed, "{name} failed: {result}");
        Ok(result)
    }

    /// A tool call that is refused, and its structured result.
    pub(super) async fn tool_failure(
        &self,
        url: &str,
        name: &str,
        arguments: Value,
    ) -> anyhow::Result<Value> {
        let (result, failed) = self.call(url, name, arguments).await?;
        ensure!(failed, "{name} should have been refused: {result}");
        Ok(result)
    }

    async fn call(&self, url: &str, name: &str, arguments: Value) -> anyhow::Result<(Value, bool)> {
        let result = self.mcp(url, "tools/call", json!({ "name": name, "arguments": arguments })).await?;
        let failed = result.get("isError").and_then(Value::as_bool).unwrap_or(false);
        let structured = result.get("structuredContent").cloned().context("there is no structured result")?;
        Ok((structured, failed))
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        mut headers: HeaderMap,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        let body = match body {
            Some(body) => {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Bytes::from(serde_json::to_vec(body)?)
            }
            None => Bytes::new(),
        };
        let call = Call { headers, body, timeout: TIMEOUT, ..Call::new(method, url.parse()?) };
        let sent = self.app.outbound.send(call).await;
        let response = sent.map_err(|failure| anyhow::anyhow!("{failure}"))?;
        let answer: Value = serde_json::from_slice(&response.body)?;
        if response.status >= StatusCode::BAD_REQUEST {
            bail!("{url} answered {}: {answer}", response.status);
        }
        Ok(answer)
    }
}
