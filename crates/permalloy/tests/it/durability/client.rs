//! An HTTP client that keeps one connection, so that the end of the product is seen as it happens.

use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// No answer of these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(40);

pub(super) struct Client {
    authority: String,
    bearer: Option<String>,
    connection: Option<SendRequest<Full<Bytes>>>,
    tasks: JoinSet<hyper::Result<()>>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Null where the body is not JSON.
    pub(super) body: Value,
}

impl Answer {
    /// The structured result of a tool, which is also what its failures are told in.
    pub(super) fn result(&self) -> &Value {
        &self.body["result"]["structuredContent"]
    }

    /// The execution that worked, if one did.
    pub(super) fn execution_id(&self) -> Option<&str> {
        let worked = self.result()["success"] == true;
        self.result()["executionId"].as_str().filter(|_| worked)
    }

    /// The code of a tool's failure; empty where there is none.
    pub(super) fn failure(&self) -> &str {
        self.result()["error"]["code"].as_str().unwrap_or_default()
    }

    pub(super) fn retry_after(&self) -> Option<&str> {
        self.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok())
    }
}

impl Client {
    /// `base` is `http://host:port`.
    pub(super) fn new(base: &str, bearer: Option<&str>) -> Self {
        Self {
            authority: base.trim_start_matches("http://").to_owned(),
            bearer: bearer.map(|key| format!("Bearer {key}")),
            connection: None,
            tasks: JoinSet::new(),
        }
    }

    /// Sends one request. An error means that no answer came.
    pub(super) async fn send(&mut self, method: Method, path: &str, body: &Value) -> Result<Answer> {
        let sent = timeout(PATIENCE, self.exchange(method, path, body)).await;
        let answered = sent.context("no answer in time").flatten();
        if answered.is_err() {
            self.connection = None;
        }
        answered
    }

    /// Runs an action of the connector `sample` through a token URL.
    pub(super) async fn execute(
        &mut self,
        path: &str,
        action: &str,
        parameters: &Value,
        key: Option<&str>,
    ) -> Result<Answer> {
        let mut arguments = json!({ "connectorId": "sample", "actionId": action, "parameters": parameters });
        if let Some(key) = key {
            arguments["idempotencyKey"] = key.into();
        }
        let params = json!({ "name": "execute_action_alloy", "arguments": arguments });
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        self.send(Method::POST, path, &message).await
    }

    async fn exchange(&mut self, method: Method, path: &str, body: &Value) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.authority);
        if let Some(bearer) = &self.bearer {
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        if !bytes.is_empty() {
            request = request
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::ACCEPT, "application/json, text/event-stream");
        }
        let request = request.body(Full::new(Bytes::from(bytes)))?;
        let (head, body) = self.connected().await?.send_request(request).await?.into_parts();
        let bytes = body.collect().await?.to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    async fn connected(&mut self) -> Result<&mut SendRequest<Full<Bytes>>> {
        if self.connection.as_ref().is_none_or(SendRequest::is_closed) {
            let stream = TcpStream::connect(&self.authority).await?;
            stream.set_nodelay(true)?;
            let (connection, task) = handshake(TokioIo::new(stream)).await?;
            self.tasks.spawn(task);
            self.connection = Some(connection);
        }
        let connection = self.connection.as_mut().context("was just made")?;
        connection.ready().await?;
        Ok(connection)
    }
}
