//! Requests that are wrong, each with the exact status and body of its answer. The tables are
//! `malformed/management.toml` and `malformed/mcp.toml`; what a case may say stands at their heads.
//!
//! Nothing here may succeed: after all of it the account is what it was before.

#![expect(clippy::panic, reason = "what is not a test function here serves one")]

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::world::{Call, Key, Reply, Server, World};

/// Fewer than these were never agreed to.
const AT_LEAST: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    request: String,
    who: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    /// Instead of `body`, where it is no text.
    bytes: Option<Vec<u8>>,
    status: u16,
    /// Response headers.
    #[serde(default)]
    expect: BTreeMap<String, String>,
    answer: String,
}

/// What the places in a table stand for.
struct Places {
    server: Server,
    admin: Key,
    member: Key,
}

impl Places {
    async fn new(world: &World) -> Self {
        let admin = world.first_key();
        let server = world.server(&admin, json!({ "name": "Target" })).await;
        let member = world.key(&admin, "member", "member").await;
        Self { server, admin, member }
    }

    fn fill(&self, text: &str) -> String {
        const META: &str = concat!(
            r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#,
            r#""io.modelcontextprotocol/clientCapabilities":{}}"#
        );
        repeated(text)
            .replace("{server}", &self.server.id)
            .replace("{path}", &self.server.path())
            .replace("{meta}", META)
    }
}

/// `<<x*3>>` as `xxx`.
fn repeated(text: &str) -> String {
    let mut pieces = text.split("<<");
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (repeat, rest) = piece.split_once(">>").expect("what is opened is closed");
        let (what, count) = repeat.rsplit_once('*').expect("what and how often");
        whole.push_str(&what.repeat(count.parse().expect("a count")));
        whole.push_str(rest);
    }
    whole
}

impl Case {
    /// The request with `usual` headers, but for those that the case replaces.
    fn call(&self, places: &Places, usual: &[(&str, &str)]) -> Call {
        let (method, target) = self.request.split_once(' ').expect("a method and a target");
        let mut call = Call::new(method, &places.fill(target));
        for (name, value) in usual.iter().filter(|(name, _)| !self.headers.contains_key(*name)) {
            call = call.header(name, value);
        }
        for (name, value) in &self.headers {
            call = call.header(name, &places.fill(value));
        }
        match (&self.body, &self.bytes) {
            (Some(body), None) => call.bytes(places.fill(body)),
            (None, Some(bytes)) => call.bytes(bytes.clone()),
            (None, None) => call,
            (Some(_), Some(_)) => panic!("{}: body or bytes", self.name),
        }
    }

    fn has_body(&self) -> bool {
        self.body.is_some() || self.bytes.is_some()
    }

    fn assert(&self, reply: &Reply) {
        let name = &self.name;
        let mut answer = reply.json();
        let request_id = reply.header("x-request-id");
        assert!(!request_id.is_empty(), "{name}: every answer carries x-request-id");
        same_request_id(name, &mut answer, request_id);
        text_is_structure(name, &mut answer);
        let expected: Value = serde_json::from_str(&self.answer).expect("an answer of JSON");
        assert_eq!(reply.status, self.status, "{name}: {answer}");
        assert_eq!(answer, expected, "{name}");
        assert_eq!(reply.header("content-type"), "application/json", "{name}");
        for (header, value) in &self.expect {
            assert_eq!(reply.header(header), value, "{name}: {header}");
        }
    }
}

/// Takes every `requestId` out, each of which has to be that of the header.
fn same_request_id(name: &str, answer: &mut Value, request_id: &str) {
    match answer {
        Value::Object(members) => {
            if let Some(id) = members.remove("requestId") {
                assert_eq!(id, request_id, "{name}");
            }
            for member in members.values_mut() {
                same_request_id(name, member, request_id);
            }
        }
        Value::Array(items) => {
            for item in items {
                same_request_id(name, item, request_id);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Takes the text of a tool's answer out, which has to say what the structure does.
fn text_is_structure(name: &str, answer: &mut Value) {
    let Some(result) = answer.get_mut("result").and_then(Value::as_object_mut) else { return };
    let Some(content) = result.remove("content") else { return };
    let text = content[0]["text"].as_str().expect("a text");
    let said: Value = serde_json::from_str(text).expect("the text is JSON");
    assert_eq!(
        (Some(&said), content.as_array().map(Vec::len)),
        (result.get("structuredContent"), Some(1)),
        "{name}"
    );
}

fn table(text: &str) -> Vec<Case> {
    let cases = toml::from_str::<Table>(text).expect("a table of cases").case;
    let names: HashSet<_> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "names are used once");
    assert!(cases.len() >= AT_LEAST, "{} cases", cases.len());
    cases
}

/// Everything that can be listed.
async fn everything(world: &World, by: &Key) -> Vec<Value> {
    let mut lists = Vec::new();
    for path in
        ["/api/servers?all=true", "/api/users", "/api/executions", "/api/connectors/sample/credentials"]
    {
        lists.push(world.manage(by, "GET", path, &Value::Null).await.ok());
    }
    let keys = world.manage(by, "GET", "/api/keys", &Value::Null).await.ok();
    lists.push(json!(keys["keys"].as_array().map(Vec::len)));
    let audit = world.manage(by, "GET", "/api/audit", &Value::Null).await.ok();
    lists.push(json!(audit["entries"].as_array().map(Vec::len)));
    lists
}

#[tokio::test]
async fn every_malformed_management_request_gets_its_exact_answer_and_changes_nothing() {
    let world = World::start().await;
    let places = Places::new(&world).await;
    let before = everything(&world, &places.admin).await;
    for case in table(include_str!("malformed/management.toml")) {
        let key = match case.who.as_deref() {
            None => &places.admin,
            Some("member") => &places.member,
            Some(other) => panic!("{}: nobody is called {other}", case.name),
        };
        let authorization = format!("Bearer {}", key.secret);
        let mut usual = vec![("authorization", authorization.as_str())];
        if case.has_body() {
            usual.push(("content-type", "application/json"));
        }
        case.assert(&world.send(case.call(&places, &usual)).await);
    }
    assert_eq!(everything(&world, &places.admin).await, before);
}

#[tokio::test]
async fn every_malformed_mcp_message_gets_its_exact_answer_and_changes_nothing() {
    const USUAL: [(&str, &str); 2] =
        [("accept", "application/json, text/event-stream"), ("content-type", "application/json")];
    let world = World::start().await;
    let places = Places::new(&world).await;
    let before = everything(&world, &places.admin).await;
    for case in table(include_str!("malformed/mcp.toml")) {
        let usual = if case.request.starts_with("POST ") { &USUAL[..] } else { &[] };
        case.assert(&world.send(case.call(&places, usual)).await);
    }
    assert_eq!(everything(&world, &places.admin).await, before);
}
