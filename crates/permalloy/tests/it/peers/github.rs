//! A stand-in for api.github.com that holds each request against GitHub's own description of its API: method,
//! path, parameters and body. It answers with the description's own examples, and remembers created issues.
//!
//! What breaks the description is answered as GitHub would, 404 or 422, and kept for the test to see, so a
//! request that is wrong cannot pass as one that failed.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::description::{Description, Operation};

pub(super) struct GitHub {
    /// Where it listens, as the product's setting wants it.
    pub(super) base_url: String,
    /// The one token it accepts.
    pub(super) token: String,
    platform: Arc<Platform>,
    _tasks: JoinSet<()>,
}

struct Platform {
    description: Description,
    token: String,
    record: Mutex<Record>,
}

#[derive(Default)]
struct Record {
    operations: Vec<String>,
    faults: Vec<String>,
    issues: Vec<Value>,
}

impl GitHub {
    /// Starts on a free port with the description in this file.
    pub(super) async fn start(specification: &Path) -> Self {
        let token = ["github", "pat", "of", "a", "stand", "in"].join("-");
        let text = std::fs::read(specification).expect("the description can be read");
        let document = serde_json::from_slice(&text).expect("the description is JSON");
        let platform = Arc::new(Platform {
            description: Description::new(document),
            token: token.clone(),
            record: Mutex::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(platform.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.expect("the stand-in serves") });
        Self { base_url, token, platform, _tasks: tasks }
    }

    /// The operations asked for so far, by GitHub's own names; panics when any request broke the description.
    pub(super) fn operations(&self) -> Vec<String> {
        let record = self.platform.record.lock().expect("no panic while locked");
        assert!(record.faults.is_empty(), "GitHub was asked wrongly: {:#?}", record.faults);
        record.operations.clone()
    }
}

async fn answer(
    State(platform): State<Arc<Platform>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header_text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header_text(header::USER_AGENT).is_empty() {
        return platform.refuse(StatusCode::FORBIDDEN, vec!["a request without User-Agent".to_owned()]);
    }
    if header_text(header::AUTHORIZATION) != format!("Bearer {}", platform.token) {
        return platform.refuse(StatusCode::UNAUTHORIZED, vec!["not the token: bad credentials".to_owned()]);
    }
    let Some((operation, mut faults)) = platform.description.find(method.as_str(), uri.path()) else {
        return platform.refuse(StatusCode::NOT_FOUND, vec![format!("no operation {method} {}", uri.path())]);
    };
    faults.extend(platform.description.check_query(&operation, uri.query().unwrap_or_default()));
    faults.extend(platform.description.check_body(&operation, header_text(header::CONTENT_TYPE), &body));
    if !faults.is_empty() {
        return platform.refuse(StatusCode::UNPROCESSABLE_ENTITY, faults);
    }
    platform.accept(&operation, &body)
}

impl Platform {
    fn refuse(&self, status: StatusCode, faults: Vec<String>) -> Response {
        let message = json!({ "message": faults.join("; "), "status": status.as_str() });
        self.record.lock().expect("no panic while locked").faults.extend(faults);
        json_answer(status, &message)
    }

    fn accept(&self, operation: &Operation<'_>, body: &[u8]) -> Response {
        let (status, example) = self.description.example_answer(operation);
        let mut record = self.record.lock().expect("no panic while locked");
        record.operations.push(operation.name.to_owned());
        let answer = match operation.name {
            "issues/create" => {
                let wanted: Value = serde_json::from_slice(body).expect("checked before");
                let issue = created_issue(example, &wanted, 4_200 + record.issues.len());
                record.issues.push(issue.clone());
                issue
            }
            "issues/list-for-repo" => Value::Array(record.issues.clone()),
            _ => example,
        };
        json_answer(StatusCode::from_u16(status).expect("a status"), &answer)
    }
}

fn created_issue(mut example: Value, wanted: &Value, number: usize) -> Value {
    example["number"] = json!(number);
    example["title"] = wanted["title"].clone();
    example["body"] = wanted["body"].clone();
    example
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string()).into_response()
}
