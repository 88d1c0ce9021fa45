//! One HTTP exchange with exactly the headers the caller names, and the plainest possible MCP client on top.
//!
//! The client is what a person writes in an afternoon: it sends `Content-Type` and
//! `Accept: application/json,text/event-stream`, numbers its requests 1, 2, 3, and knows nothing of versions,
//! sessions or `notifications/initialized`.

#![expect(clippy::panic, reason = "what is not a test function here serves one: it fails by panicking")]

use anyhow::{Context, Result};
use axum::http::{HeaderMap, Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use url::Url;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&self.body)))
    }
}

/// Sends one request over a connection of its own. Besides `headers` it carries only `Host` and
/// `Content-Length`.
pub(crate) async fn exchange(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<Answer> {
    let url = Url::parse(url)?;
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    send(method, (url.authority(), &target), headers, body).await
}

/// The same for a target that is sent as it stands, which no URL parser has put in order. A `Host` among the
/// headers is sent instead of the address.
pub(crate) async fn send(
    method: Method,
    place: (&str, &str),
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<Answer> {
    let begun = begin(method, place, headers, body).await?;
    let (head, body) = begun.answer.into_parts();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.collect().await?.to_bytes() })
}

/// An answer of which the head is there and the body may still come.
pub(crate) struct Begun {
    pub(crate) answer: Response<Incoming>,
    _connection: JoinSet<hyper::Result<()>>,
}

/// As [`send`], without waiting for the body.
pub(crate) async fn begin(
    method: Method,
    (authority, target): (&str, &str),
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<Begun> {
    let stream = TcpStream::connect(authority).await.with_context(|| authority.to_owned())?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let mut request = Request::builder().method(method).uri(target);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request = request.header(header::HOST, authority);
    }
    for (name, value) in headers {
        request = request.header(*name, value.as_bytes());
    }
    let answer = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
    Ok(Begun { answer, _connection: tasks })
}

/// See the head of this file.
pub(crate) struct PlainClient {
    url: String,
    last_id: u64,
}

impl PlainClient {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), last_id: 0 }
    }

    /// Sends one request and gives back its result; panics on anything but a well-formed success.
    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let message = json!({ "jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params });
        let headers =
            [("Content-Type", "application/json"), ("Accept", "application/json,text/event-stream")];
        let answer = exchange(Method::POST, &self.url, &headers, message.to_string().into_bytes())
            .await
            .expect("the product answers");
        assert_eq!(answer.status, 200, "{method}: {}", String::from_utf8_lossy(&answer.body));
        let content_type = answer.headers.get(header::CONTENT_TYPE).expect("a content type");
        assert_eq!(content_type, "application/json", "{method}");
        let message = answer.json();
        assert_eq!(message["jsonrpc"], "2.0", "{method}");
        assert_eq!(message["id"], self.last_id, "{method}: the id comes back as the number it was");
        assert!(message.get("error").is_none(), "{method}: {message}");
        message["result"].clone()
    }

    /// Calls a tool and gives back its whole result.
    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// Executes an action and gives back what the platform answered; panics when it failed.
    pub(crate) async fn execute(&mut self, connector: &str, action: &str, parameters: Value) -> Value {
        let arguments = json!({ "connectorId": connector, "actionId": action, "parameters": parameters });
        let answer = self.call("execute_action_alloy", arguments).await;
        assert_ne!(answer["isError"], true, "{connector} {action}: {answer}");
        assert_eq!(answer["structuredContent"]["success"], true, "{connector} {action}: {answer}");
        answer["structuredContent"]["result"].clone()
    }
}
