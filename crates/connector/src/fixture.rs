//! Fixtures of a connector's folder: arguments in, request expected, answer given, result expected.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use serde_json::value::to_raw_value;

use crate::answer::{Answer, Failure, Success, answer};
use crate::arguments::validate;
use crate::credential::{AuthType, CredentialView};
use crate::definition::members::Members;
use crate::definition::node::{Data, Node};
use crate::definition::{Action, Connector, Problem};
use crate::paging::PageToken;
use crate::request::{Request, request};

/// Runs one fixture (YAML).
///
/// # Errors
/// Everything that differs from the fixture, one sentence each.
pub fn check_fixture(connector: &Connector, fixture: &str) -> Result<(), Vec<String>> {
    let sentences = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>();
    let root = Node::parse(fixture).map_err(sentences)?;
    let mut problems = Vec::new();
    let fixture = read(&root, &mut problems);
    let Some(fixture) = fixture.filter(|_| problems.is_empty()) else { return Err(sentences(problems)) };
    let mut different = Vec::new();
    run(connector, &fixture, &mut different);
    if different.is_empty() { Ok(()) } else { Err(different) }
}

struct Fixture {
    action: String,
    arguments: Value,
    credential: Option<Credential>,
    page: Option<Value>,
    problems: Option<Vec<String>>,
    request: Option<Expected>,
    response: Option<Given>,
    result: Option<Value>,
    failure: Option<Value>,
    next: Option<Value>,
}

struct Credential {
    kind: AuthType,
    fields: Vec<(String, String)>,
}

struct Expected {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Value>,
}

struct Given {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

fn read(root: &Node, problems: &mut Vec<Problem>) -> Option<Fixture> {
    let mut members = Members::open(root, "", problems)?;
    let action = members.must_text("action", problems).unwrap_or_default().to_owned();
    let arguments =
        members.take("arguments").map_or_else(|| Value::Object(serde_json::Map::new()), Node::to_json);
    let credential = members.take("credential").and_then(|node| credential(node, problems));
    let page = members.take("page").map(Node::to_json);
    let refused = members.take("problems").is_some();
    let listed = members.texts("problems", problems);
    let request = members.take("request").and_then(|node| expected(node, problems));
    let response = members.take("response").and_then(|node| given(node, problems));
    let Data::Map(entries) = &root.data else { return None };
    let written =
        |name: &str| entries.iter().find(|(key, _)| key.text == name).map(|(_, node)| node.to_json());
    let (result, failure, next) = (written("result"), written("failure"), written("next"));
    for name in ["result", "failure", "next"] {
        members.take(name);
    }
    if !refused && (request.is_none() || response.is_none() || result.is_some() == failure.is_some()) {
        members.complain(
            "action",
            "needs request, response and one of result and failure; or problems",
            problems,
        );
    }
    members.close(problems);
    let problems = refused.then_some(listed);
    Some(Fixture { action, arguments, credential, page, problems, request, response, result, failure, next })
}

fn credential(node: &Node, problems: &mut Vec<Problem>) -> Option<Credential> {
    let mut members = Members::open(node, "/credential", problems)?;
    let kind = members.choice("type", &AuthType::ALL.map(|kind| (kind.as_str(), kind)), problems);
    let fields = texts(&mut members, "fields", problems);
    members.close(problems);
    Some(Credential { kind: kind?, fields })
}

fn texts(
    members: &mut Members<'_>,
    name: &'static str,
    problems: &mut Vec<Problem>,
) -> Vec<(String, String)> {
    let listed = members.map(name, problems);
    let pairs = listed.into_iter().map(|(key, node, _)| (key.text.clone(), plain(&node.to_json())));
    pairs.collect()
}

fn expected(node: &Node, problems: &mut Vec<Problem>) -> Option<Expected> {
    let mut members = Members::open(node, "/request", problems)?;
    let method = members.must_text("method", problems).unwrap_or_default().to_owned();
    let url = members.must_text("url", problems).unwrap_or_default().to_owned();
    let headers = texts(&mut members, "headers", problems);
    let body = members.take("body").map(Node::to_json);
    members.close(problems);
    Some(Expected { method, url, headers, body })
}

fn given(node: &Node, problems: &mut Vec<Problem>) -> Option<Given> {
    let mut members = Members::open(node, "/response", problems)?;
    let status =
        members.must("status", problems).and_then(|node| u16::try_from(node.to_json().as_u64()?).ok());
    if status.is_none() {
        members.complain("status", "expected an HTTP status", problems);
    }
    let mut headers = HeaderMap::new();
    for (name, value) in texts(&mut members, "headers", problems) {
        match (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                headers.append(name, value);
            }
            (Ok(_) | Err(_), _) => members.complain("headers", format!("{name} is not a header"), problems),
        }
    }
    let body = match members.take("body").map(Node::to_json) {
        None => Vec::new(),
        Some(Value::String(text)) => text.into_bytes(),
        Some(json) => json.to_string().into_bytes(),
    };
    members.close(problems);
    Some(Given { status: status?, headers, body })
}

fn run(connector: &Connector, fixture: &Fixture, different: &mut Vec<String>) {
    let Some(action) = connector.action(&fixture.action) else {
        different.push(format!("there is no action {}", fixture.action));
        return;
    };
    let raw = to_raw_value(&fixture.arguments).expect("a JSON value always has a text");
    let validated = validate(action, &raw);
    if let Some(wanted) = &fixture.problems {
        let mut paths: Vec<String> = match validated {
            Ok(arguments) => refused_later(connector, action, fixture, &arguments).into_iter().collect(),
            Err(problems) => problems.into_iter().map(|problem| problem.path).collect(),
        };
        let mut wanted = wanted.clone();
        paths.sort_unstable();
        wanted.sort_unstable();
        if paths != wanted {
            different.push(format!("arguments were to be refused at {wanted:?} and are at {paths:?}"));
        }
        return;
    }
    let arguments = match validated {
        Ok(arguments) => arguments,
        Err(problems) => {
            different.extend(problems.into_iter().map(|problem| problem.message));
            return;
        }
    };
    match build(connector, action, fixture, &arguments) {
        Err(error) => different.push(error.to_string()),
        Ok(request) => {
            check_request(fixture, &request, different);
            check_answer(action, fixture, &request, different);
        }
    }
}

fn build(
    connector: &Connector,
    action: &Action,
    fixture: &Fixture,
    arguments: &crate::arguments::Arguments<'_>,
) -> Result<Request, crate::request::RequestError> {
    let fields: Vec<(&str, &str)> = match &fixture.credential {
        Some(credential) => {
            credential.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
        }
        None => Vec::new(),
    };
    let view = fixture
        .credential
        .as_ref()
        .map(|credential| CredentialView { kind: credential.kind, fields: &fields });
    let page = fixture.page.as_ref().map(|page| PageToken::from_kept(page.to_string()));
    request(connector, action, arguments, view.as_ref(), None, page.as_ref())
}

/// The argument that fits the schema and yet not its place.
fn refused_later(
    connector: &Connector,
    action: &Action,
    fixture: &Fixture,
    arguments: &crate::arguments::Arguments<'_>,
) -> Option<String> {
    // Refusals say nothing about the credential, so any will do.
    let fields: Vec<(&str, &str)> = connector
        .auth()
        .first()
        .map(|method| {
            method
                .fields
                .iter()
                .map(|field| (field.name.as_str(), "0"))
                .chain([("access_token", "0")])
                .collect()
        })
        .unwrap_or_default();
    let view = connector.auth().first().map(|method| CredentialView { kind: method.kind, fields: &fields });
    let built = match &fixture.credential {
        Some(_) => build(connector, action, fixture, arguments),
        None => request(connector, action, arguments, view.as_ref(), None, None),
    };
    match built {
        Ok(_) => None,
        Err(crate::request::RequestError::Argument { parameter, .. }) => Some(format!("/{parameter}")),
        Err(error) => Some(error.to_string()),
    }
}

fn check_request(fixture: &Fixture, request: &Request, different: &mut Vec<String>) {
    let Some(expected) = &fixture.request else { return };
    if request.method.as_str() != expected.method {
        different.push(format!("the method is {}, not {}", request.method, expected.method));
    }
    let url = request.url.to_string();
    if parted(&url) != parted(&expected.url) {
        different.push(format!("the address is {url}, not {}", expected.url));
    }
    for (name, wanted) in &expected.headers {
        let found = request.headers.get(name).and_then(|value| value.to_str().ok());
        if found != Some(wanted) {
            different.push(format!("the header {name} is {found:?}, not {wanted:?}"));
        }
    }
    check_body(expected.body.as_ref(), request, different);
}

fn check_body(expected: Option<&Value>, request: &Request, different: &mut Vec<String>) {
    let text = String::from_utf8_lossy(&request.body);
    let kind =
        request.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let same = match expected {
        None => text.is_empty() || text == "{}",
        Some(Value::String(wanted)) if kind.starts_with("application/x-www-form-urlencoded") => {
            pairs(&text) == pairs(wanted)
        }
        Some(Value::Object(wanted)) if kind.starts_with("application/x-www-form-urlencoded") => {
            let mut wanted: Vec<(String, String)> =
                wanted.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
            wanted.sort_unstable();
            pairs(&text) == wanted
        }
        Some(Value::String(wanted)) if !kind.starts_with("application/json") => *wanted == text,
        Some(wanted) => serde_json::from_str::<Value>(&text).is_ok_and(|found| found == *wanted),
    };
    if !same {
        different
            .push(format!("the body is {text}, not {}", expected.map(Value::to_string).unwrap_or_default()));
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

/// An address as its path and its pairs in any order.
fn parted(url: &str) -> (&str, Vec<(String, String)>) {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    (path, pairs(query))
}

fn pairs(form: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let written = form.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = written
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect();
    pairs.sort_unstable();
    pairs
}

fn check_answer(action: &Action, fixture: &Fixture, request: &Request, different: &mut Vec<String>) {
    let Some(given) = &fixture.response else { return };
    match answer(action, request.sent, given.status, &given.headers, &given.body) {
        Answer::Success(success) => check_success(fixture, &success, different),
        Answer::Failure(failure) => check_failure(fixture.failure.as_ref(), &failure, different),
    }
}

fn check_success(fixture: &Fixture, success: &Success<'_>, different: &mut Vec<String>) {
    let Some(wanted) = &fixture.result else {
        different.push(format!("it succeeded with {}", success.result));
        return;
    };
    let found: Option<Value> = serde_json::from_str(&success.result).ok();
    if found.as_ref() != Some(wanted) {
        different.push(format!("the result is {}, not {wanted}", success.result));
    }
    let Some(wanted) = &fixture.next else { return };
    let found = success.next.as_ref().map_or("null", PageToken::as_str);
    if serde_json::from_str::<Value>(found).ok().as_ref() != Some(wanted) {
        different.push(format!("the list goes on at {found}, not {wanted}"));
    }
}

fn check_failure(wanted: Option<&Value>, failure: &Failure, different: &mut Vec<String>) {
    let Some(Value::Object(wanted)) = wanted else {
        different.push(format!("it failed with {}: {}", failure.code, failure.message));
        return;
    };
    for (name, wanted) in wanted {
        let found = match name.as_str() {
            "code" => Value::from(failure.code.as_str()),
            "message" => Value::from(failure.message.as_str()),
            "retryable" => Value::from(failure.retryable),
            "retryAfterSeconds" => failure.retry_after_seconds.map_or(Value::Null, Value::from),
            "credentialRejected" => Value::from(failure.credential_rejected),
            _ => {
                different.push(format!("failure has no member {name}"));
                continue;
            }
        };
        if found != *wanted {
            different.push(format!("the failure's {name} is {found}, not {wanted}"));
        }
    }
}
