//! What the conformance suite wants a server to have, made of what the product has: own prompts and resources,
//! and the actions of `tests/peers/connectors/test`, whose platform is here.
//!
//! As a direct tool, action A of that connector is named `test_A`, which are the names the suite calls. Two of
//! them make the lists change, as an operator would: over the management API, in mid-call.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::form_urlencoded::byte_serialize;

use super::exchange::exchange;
use super::process::{Product, Server};

/// Long enough for the three progress notices that the suite counts: the product tells of a call's progress
/// after 3.5 seconds, and every two seconds from then.
const SLOW: Duration = Duration::from_millis(8_500);

/// A one-pixel PNG.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

pub(super) struct Fixtures {
    /// Where the platform listens, as the product's setting wants it.
    pub(super) base_url: String,
    operator: Arc<OnceLock<Operator>>,
    _tasks: JoinSet<()>,
}

/// Who changes the server's lists, once there is a server.
struct Operator {
    server: String,
    authorization: String,
    tool_changes: AtomicUsize,
    prompt_changes: AtomicUsize,
}

impl Fixtures {
    pub(super) async fn start() -> Self {
        let operator = Arc::new(OnceLock::new());
        let router = Router::new().route("/{what}", get(answer)).with_state(operator.clone());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.expect("the platform serves") });
        Self { base_url, operator, _tasks: tasks }
    }

    /// Makes the server that the suite judges.
    pub(super) async fn provide(&self, product: &Product) -> Server {
        // Only the fixtures as direct tools: with every connector's they would not be on the first page.
        let wanted = json!({ "name": "Conformance", "toolMode": "both", "restrictions": restrictions(true) });
        let server = product.create_server(wanted).await;
        for (name, arguments, template) in prompts() {
            let path = format!("/api/servers/{}/prompts/{name}", server.id);
            product.managed(Method::PUT, &path, &prompt(name, &arguments, template)).await;
        }
        for (uri, resource) in resources() {
            let uri: String = byte_serialize(uri.as_bytes()).collect();
            let path = format!("/api/servers/{}/resources?uri={uri}", server.id);
            product.managed(Method::PUT, &path, &resource).await;
        }
        let operator = Operator {
            server: product.url(&format!("/api/servers/{}", server.id)),
            authorization: product.authorization(),
            tool_changes: AtomicUsize::new(0),
            prompt_changes: AtomicUsize::new(0),
        };
        assert!(self.operator.set(operator).is_ok(), "one server has the fixtures");
        server
    }
}

fn prompts() -> [(&'static str, Value, &'static str); 2] {
    let argument = |name: &str| json!({ "name": name, "description": "An argument", "required": true });
    [
        ("test_simple_prompt", json!([]), "This is a simple prompt for testing."),
        (
            "test_prompt_with_arguments",
            json!([argument("arg1"), argument("arg2")]),
            "Prompt with arguments: arg1='{{arg1}}', arg2='{{arg2}}'",
        ),
    ]
}

fn prompt(name: &str, arguments: &Value, template: &str) -> Value {
    json!({ "title": name, "description": name, "arguments": arguments, "template": template })
}

fn resources() -> [(&'static str, Value); 4] {
    let text = "This is the content of the static text resource.";
    let data = r#"{"id":"123","templateTest":true,"data":"Data for ID: 123"}"#;
    [
        ("test://static-text", json!({ "name": "text", "mimeType": "text/plain", "text": text })),
        ("test://static-binary", json!({ "name": "binary", "mimeType": "image/png", "blob": PIXEL })),
        ("test://template/123/data", json!({ "name": "data", "mimeType": "application/json", "text": data })),
        ("test://watched-resource", json!({ "name": "watched", "mimeType": "text/plain", "text": text })),
    ]
}

fn restrictions(with_extra: bool) -> Value {
    let blocked = if with_extra { "nothing" } else { "test.extra" };
    json!({
        "connectors": { "mode": "allowlist", "allowedIds": ["test"] },
        "actions": { "mode": "blocklist", "blockedActions": [blocked] },
    })
}

async fn answer(State(operator): State<Arc<OnceLock<Operator>>>, Path(what): Path<String>) -> Response {
    let done = match what.as_str() {
        "text" => true,
        "slow" => {
            tokio::time::sleep(SLOW).await;
            true
        }
        "change-tools" | "change-prompts" => match operator.get() {
            Some(operator) => operator.change(&what).await,
            None => false,
        },
        _ => false,
    };
    let json = [(header::CONTENT_TYPE, "application/json")];
    if done {
        return (json, r#"{"text":"This is a simple text response for testing."}"#).into_response();
    }
    let body = r#"{"message":"This tool intentionally returns an error for testing"}"#;
    (StatusCode::BAD_REQUEST, json, body).into_response()
}

impl Operator {
    /// Every change is another one: the suite makes several, and waits to be told of each.
    async fn change(&self, what: &str) -> bool {
        if what == "change-tools" {
            let count = self.tool_changes.fetch_add(1, Ordering::Relaxed);
            return self.put("", &json!({ "restrictions": restrictions(count % 2 == 1) })).await;
        }
        let name = format!("extra_{}", self.prompt_changes.fetch_add(1, Ordering::Relaxed));
        self.put(&format!("/prompts/{name}"), &prompt(&name, &json!([]), "More.")).await
    }

    async fn put(&self, path: &str, body: &Value) -> bool {
        let headers = [("Authorization", self.authorization.as_str()), ("Content-Type", "application/json")];
        let url = format!("{}{path}", self.server);
        let answer = exchange(Method::PUT, &url, &headers, body.to_string().into_bytes()).await;
        answer.is_ok_and(|answer| answer.status == 200)
    }
}
