//! Reading one action, everything compiled that a call will need.

use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::value::{RawValue, to_raw_value};

use super::members::Members;
use super::node::Node;
use super::read_parameter::{self, FIELDS, Read};
use super::rules::{AnswerRules, answer_rules, paging, pointer};
use super::template::{self, Piece};
use super::{Action, Encoding, Hints, Parameter, PathPiece, Place, Problem, Variable, read};
use crate::schema;

/// What all actions of a connector share.
pub(crate) struct Shared<'c> {
    pub(crate) headers: &'c HeaderMap,
    pub(crate) rules: &'c AnswerRules,
    pub(crate) variables: &'c [Variable],
}

/// Reads one action.
pub(crate) fn action(
    node: &Node,
    path: &str,
    resource: &str,
    shared: &Shared<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Action> {
    let mut members = Members::open(node, path, problems)?;
    let id = members.must_text("id", problems).unwrap_or_default().to_owned();
    if !is_action_id(&id) {
        members.complain("id", "expected 1 to 128 of A-Z a-z 0-9 _ . -", problems);
    }
    let display_name = members.must_text("displayName", problems).unwrap_or_default().to_owned();
    let description = members.must_text("description", problems).unwrap_or_default().to_owned();
    let method = method(&mut members, problems);
    let graphql = members.text("graphql", problems).map(quoted);
    let encoding = encoding(&mut members, method.as_ref(), graphql.is_some(), problems);
    let reads = read_parameter::parameters(&mut members, encoding, problems);
    let body_root = body_root(&mut members, &reads, encoding, problems);
    check_body(&members, &reads, encoding, graphql.is_some(), body_root, problems);
    let (path_text, path_pieces) = path_pieces(&mut members, &reads, problems);
    let base = members.take("baseUrl").and_then(|node| {
        let at = members.at("baseUrl");
        let written = super::members::text(node, &at, problems)?;
        read::base(written, node, &at, shared.variables, problems)
    });
    let headers = action_headers(&mut members, shared.headers, encoding, problems);
    let rules = match members.take("answer") {
        Some(node) => answer_rules(node, &members.at("answer"), shared.rules, problems),
        None => shared.rules.clone(),
    };
    let index = |name: &str| reads.iter().position(|read| read.parameter.name == name);
    let paging =
        members.take("paging").and_then(|node| paging(node, &members.at("paging"), &index, problems));
    let projection = projection(&mut members, &reads, problems);
    let hints = hints(&mut members, method.as_ref(), problems);
    let scopes = members.texts("scopes", problems);
    let deprecated = members.flag("deprecated", false, problems);
    let items = pointer(&mut members, "items", problems);
    let total = pointer(&mut members, "total", problems);
    let binary = members.flag("binary", false, problems);
    let (parameters, input_schema, schema) = read_parameter::input_schema(reads, !projection.is_empty());
    let example = example(&mut members, &schema, problems);
    members.close(problems);
    Some(Action {
        id,
        display_name,
        description,
        resource: resource.to_owned(),
        method: method?,
        path: path_text,
        parameters,
        hints,
        scopes,
        deprecated,
        input_schema,
        example,
        base,
        path_pieces,
        schema,
        encoding,
        body_root,
        graphql,
        headers,
        rules,
        items,
        total,
        paging,
        projection,
        binary,
    })
}

fn is_action_id(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string always has a JSON text")
}

fn method(members: &mut Members<'_>, problems: &mut Vec<Problem>) -> Option<Method> {
    members.must("method", problems);
    let methods = [("GET", 0), ("POST", 1), ("PUT", 2), ("PATCH", 3), ("DELETE", 4)];
    let all = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    members.choice("method", &methods, problems).and_then(|index| all.get(index).cloned())
}

fn encoding(
    members: &mut Members<'_>,
    method: Option<&Method>,
    graphql: bool,
    problems: &mut Vec<Problem>,
) -> Encoding {
    let encodings = [
        ("none", Encoding::None),
        ("json", Encoding::Json),
        ("form", Encoding::Form),
        ("multipart", Encoding::Multipart),
        ("raw", Encoding::Raw),
    ];
    let written = members.choice("body", &encodings, problems);
    let encoding = written.unwrap_or(if graphql { Encoding::Json } else { Encoding::None });
    if graphql && encoding != Encoding::Json {
        members.complain("body", "a GraphQL document goes in a JSON body", problems);
    }
    if method == Some(&Method::GET) && encoding != Encoding::None {
        members.complain("body", "a GET has no body", problems);
    }
    encoding
}

fn body_root(
    members: &mut Members<'_>,
    reads: &[Read],
    encoding: Encoding,
    problems: &mut Vec<Problem>,
) -> Option<usize> {
    let Some(name) = members.text("bodyRoot", problems) else {
        if encoding == Encoding::Raw {
            members.complain("body", "raw needs bodyRoot, the parameter that is the body", problems);
        }
        return None;
    };
    let found =
        reads.iter().position(|read| read.parameter.name == name && read.parameter.place == Place::Body);
    let bodies = reads.iter().filter(|read| read.parameter.place == Place::Body).count();
    if found.is_none() || bodies != 1 || !matches!(encoding, Encoding::Json | Encoding::Raw) {
        members.complain("bodyRoot", "must name the only body parameter of a json or raw body", problems);
    }
    found
}

fn check_body(
    members: &Members<'_>,
    reads: &[Read],
    encoding: Encoding,
    graphql: bool,
    body_root: Option<usize>,
    problems: &mut Vec<Problem>,
) {
    let has = |place: Place| reads.iter().any(|read| read.parameter.place == place);
    if has(Place::Body) && (encoding == Encoding::None || graphql) {
        members.complain("body", "there are body parameters but no body they could go to", problems);
    }
    if has(Place::Variable) && !graphql {
        members.complain("graphql", "there are variables but no GraphQL document", problems);
    }
    if body_root.is_some() {
        return;
    }
    let bodies: Vec<&Parameter> =
        reads.iter().map(|read| &read.parameter).filter(|parameter| parameter.place == Place::Body).collect();
    for parameter in &bodies {
        let inside = bodies.iter().find(|other| {
            other.wire_path.len() < parameter.wire_path.len()
                && parameter.wire_path.starts_with(&other.wire_path)
        });
        if let Some(other) = inside {
            let message = format!("{} goes inside of {}", parameter.name, other.name);
            members.complain("parameters", message, problems);
        }
    }
}

fn path_pieces(
    members: &mut Members<'_>,
    reads: &[Read],
    problems: &mut Vec<Problem>,
) -> (String, Vec<PathPiece>) {
    let node = members.must("path", problems);
    let written = members.text("path", problems).unwrap_or_default().to_owned();
    let Some(node) = node else { return (written, Vec::new()) };
    let at = members.at("path");
    if !(written.is_empty() || written.starts_with('/')) {
        problems.push(node.spot.problem(&at, "must start with /"));
    }
    let mut pieces = Vec::new();
    let mut used = Vec::new();
    for piece in template::compile(&written, node, &at, problems) {
        match piece {
            Piece::Literal(text) => {
                if !is_plain_path(&text) {
                    problems
                        .push(node.spot.problem(&at, format!("{text:?} is not the fixed part of a path")));
                }
                pieces.push(PathPiece::Literal(text));
            }
            Piece::Place(name) => {
                let is_it = |read: &Read| read.parameter.place == Place::Path && read.parameter.wire == name;
                match reads.iter().position(is_it) {
                    Some(index) => pieces.push(PathPiece::Parameter(index)),
                    None => problems.push(node.spot.problem(&at, format!("no path parameter {name:?}"))),
                }
                used.push(name);
            }
        }
    }
    for read in reads.iter().filter(|read| read.parameter.place == Place::Path) {
        if !used.contains(&read.parameter.wire) {
            let message = format!("the path has no place {{{}}}", read.parameter.wire);
            problems.push(node.spot.problem(&at, message));
        }
    }
    (written, pieces)
}

/// Fixed text of a path: no query, no fragment, no dot segments.
fn is_plain_path(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte);
    text.bytes().all(allowed) && text.split('/').all(|segment| segment != "." && segment != "..")
}

fn action_headers(
    members: &mut Members<'_>,
    shared: &HeaderMap,
    encoding: Encoding,
    problems: &mut Vec<Problem>,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static("Permalloy"));
    let content_type = match encoding {
        Encoding::None | Encoding::Multipart => None,
        Encoding::Json => Some("application/json"),
        Encoding::Form => Some("application/x-www-form-urlencoded"),
        Encoding::Raw => Some("application/octet-stream"),
    };
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    let own = read::headers(members, problems);
    for (name, value) in shared.iter().chain(own.iter()) {
        headers.insert(name.clone(), value.clone());
    }
    if encoding == Encoding::Multipart && headers.contains_key(header::CONTENT_TYPE) {
        members.complain("headers", "the content type of a multipart body is made with the body", problems);
    }
    headers
}

fn projection(members: &mut Members<'_>, reads: &[Read], problems: &mut Vec<Problem>) -> Vec<Vec<String>> {
    let names = members.texts("projection", problems);
    if !names.is_empty() && reads.iter().any(|read| read.parameter.name == FIELDS) {
        members.complain("projection", "a parameter called fields leaves no room for a projection", problems);
    }
    if names.iter().any(|name| name.is_empty() || name.split('.').any(str::is_empty)) {
        members.complain("projection", "expected member names such as owner.login", problems);
    }
    names.iter().map(|name| name.split('.').map(str::to_owned).collect()).collect()
}

fn hints(members: &mut Members<'_>, method: Option<&Method>, problems: &mut Vec<Problem>) -> Hints {
    let get = method == Some(&Method::GET);
    let delete = method == Some(&Method::DELETE);
    let put = method == Some(&Method::PUT);
    let assumed = Hints { read_only: get, destructive: delete, idempotent: get || delete || put };
    let Some(node) = members.take("hints") else { return assumed };
    let Some(mut inner) = Members::open(node, members.at("hints"), problems) else { return assumed };
    let read_only = inner.flag("readOnly", assumed.read_only, problems);
    let destructive = inner.flag("destructive", assumed.destructive, problems);
    let idempotent = inner.flag("idempotent", assumed.idempotent || read_only, problems);
    if read_only && destructive {
        inner.complain("destructive", "what only reads destroys nothing", problems);
    }
    inner.close(problems);
    Hints { read_only, destructive, idempotent }
}

fn example(
    members: &mut Members<'_>,
    schema: &schema::Schema,
    problems: &mut Vec<Problem>,
) -> Option<Box<RawValue>> {
    let node = members.take("example")?;
    let raw = to_raw_value(&node.to_json()).expect("a JSON value always has a text");
    let mut report = schema::Report::default();
    schema::check(schema, raw.get(), &schema::Spot::Root, &mut report);
    for problem in report.problems {
        problems.push(node.spot.problem(&members.at("example"), problem.message));
    }
    Some(raw)
}
