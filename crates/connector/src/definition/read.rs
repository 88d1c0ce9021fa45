//! Reading a definition from its tree: what concerns the connector as a whole.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::members::{Members, text};
use super::node::Node;
use super::read_action::{self, Shared};
use super::read_auth::{self, anchored, is_address, is_transport_header};
use super::rules::{AnswerRules, answer_rules};
use super::{Action, AuthMethod, Base, Connector, Problem, Resource, Variable, template};
use crate::request::BaseUrl;

/// Actions a definition may have.
const MAX_ACTIONS: usize = 5_000;

/// Reads and checks a definition.
pub(crate) fn connector(source: &str) -> Result<Connector, Vec<Problem>> {
    let root = Node::parse(source)?;
    let mut problems = Vec::new();
    let connector = read(&root, &mut problems);
    match connector {
        Some(connector) if problems.is_empty() => Ok(connector),
        Some(_) | None => {
            problems.sort_by_key(|problem| (problem.line, problem.column));
            Err(problems)
        }
    }
}

fn read(root: &Node, problems: &mut Vec<Problem>) -> Option<Connector> {
    let mut members = Members::open(root, "", problems)?;
    let id = members.must_text("id", problems).unwrap_or_default().to_owned();
    if !is_connector_id(&id) {
        members.complain(
            "id",
            "expected lower-case letters and digits, a letter first, at most 64",
            problems,
        );
    }
    let name = members.must_text("name", problems).unwrap_or_default().to_owned();
    let description = members.must_text("description", problems).unwrap_or_default().to_owned();
    members.must("categories", problems);
    let categories = members.texts("categories", problems);
    if categories.is_empty() {
        members.complain("categories", "needs at least one category", problems);
    }
    let documentation = members.text("documentation", problems).map(str::to_owned);
    if documentation.as_deref().is_some_and(|url| !is_address(url)) {
        members.complain("documentation", "expected an https address", problems);
    }
    let variables = variables(&mut members, problems);
    let base_node = members.must("baseUrl", problems);
    let base_text = members.text("baseUrl", problems).unwrap_or_default().to_owned();
    let base = base_node.and_then(|node| base(&base_text, node, "/baseUrl", &variables, problems));
    let headers = headers(&mut members, problems);
    members.must("auth", problems);
    let auth = auth(&mut members, problems);
    let rules = match members.take("answer") {
        Some(node) => answer_rules(node, "/answer", &AnswerRules::default(), problems),
        None => AnswerRules::default(),
    };
    let shared = Shared { headers: &headers, rules: &rules, variables: &variables };
    members.must("resources", problems);
    let (resources, actions) = resources(&mut members, &shared, problems);
    let by_id = index(&actions, &members, problems);
    check_tests(&auth, &actions, &by_id, &members, problems);
    members.close(problems);
    let base = base?;
    Some(Connector {
        id,
        name,
        description,
        categories,
        documentation,
        base_text,
        base,
        variables,
        auth,
        resources,
        actions,
        by_id,
    })
}

fn is_connector_id(id: &str) -> bool {
    id.len() <= 64
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn variables(members: &mut Members<'_>, problems: &mut Vec<Problem>) -> Vec<Variable> {
    let mut variables = Vec::new();
    for (key, node, path) in members.map("variables", problems) {
        if !template::is_name(&key.text) {
            problems.push(key.spot.problem(&path, "not a name"));
        }
        let Some(mut inner) = Members::open(node, path, problems) else { continue };
        inner.must("pattern", problems);
        let pattern = anchored(&mut inner, problems);
        inner.text("description", problems);
        let default = inner.text("default", problems).map(str::to_owned);
        if let (Some(pattern), Some(default)) = (&pattern, &default)
            && !pattern.is_match(default)
        {
            inner.complain("default", "does not match the pattern", problems);
        }
        inner.close(problems);
        if let Some(pattern) = pattern {
            variables.push(Variable { name: key.text.clone(), pattern, default });
        }
    }
    variables
}

/// Compiles a base URL.
pub(crate) fn base(
    written: &str,
    node: &Node,
    path: &str,
    variables: &[Variable],
    problems: &mut Vec<Problem>,
) -> Option<Base> {
    let pieces = template::compile(written, node, path, problems);
    let mut templated = false;
    for place in template::places(&pieces) {
        templated = true;
        if !variables.iter().any(|variable| variable.name == place) {
            problems.push(node.spot.problem(path, format!("{{{place}}} is not one of the variables")));
        }
    }
    if templated {
        let fixed_scheme = is_address(written) || written.starts_with('{');
        if !fixed_scheme {
            problems.push(node.spot.problem(path, "expected an https address"));
        }
        return Some(Base::Template(pieces));
    }
    if !is_address(written) {
        problems.push(node.spot.problem(path, "expected an https address"));
        return None;
    }
    match BaseUrl::parse(written) {
        Ok(url) => Some(Base::Fixed(url)),
        Err(error) => {
            problems.push(node.spot.problem(path, error.to_string()));
            None
        }
    }
}

/// Reads `headers`: names and fixed values.
pub(crate) fn headers(members: &mut Members<'_>, problems: &mut Vec<Problem>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (key, node, path) in members.map("headers", problems) {
        let name = HeaderName::from_bytes(key.text.to_ascii_lowercase().as_bytes()).ok();
        let Some(name) = name.filter(|name| !is_transport_header(name)) else {
            problems.push(key.spot.problem(&path, format!("{:?} is not a header that may be set", key.text)));
            continue;
        };
        let Some(value) = text(node, &path, problems) else { continue };
        match HeaderValue::from_str(value) {
            Ok(value) => {
                headers.insert(name, value);
            }
            Err(_) => problems.push(node.spot.problem(&path, "not a header value")),
        }
    }
    headers
}

fn auth(members: &mut Members<'_>, problems: &mut Vec<Problem>) -> Vec<AuthMethod> {
    let listed = members.list("auth", problems);
    let mut methods: Vec<AuthMethod> = Vec::new();
    for (node, path) in listed {
        let Some(method) = read_auth::method(node, &path, problems) else { continue };
        if methods.iter().any(|other| other.kind == method.kind) {
            problems.push(node.spot.problem(&path, format!("a second method of type {}", method.kind)));
        }
        methods.push(method);
    }
    methods
}

fn resources(
    members: &mut Members<'_>,
    shared: &Shared<'_>,
    problems: &mut Vec<Problem>,
) -> (Vec<Resource>, Vec<Action>) {
    let listed = members.list("resources", problems);
    let mut resources: Vec<Resource> = Vec::new();
    let mut actions: Vec<Action> = Vec::new();
    for (node, path) in listed {
        let Some(mut inner) = Members::open(node, path, problems) else { continue };
        let id = inner.must_text("id", problems).unwrap_or_default().to_owned();
        if !template::is_name(&id) || resources.iter().any(|other| other.id == id) {
            inner.complain("id", format!("{id:?} is not a name, or is there twice"), problems);
        }
        let name = inner.must_text("name", problems).unwrap_or_default().to_owned();
        let description = inner.text("description", problems).unwrap_or_default().to_owned();
        let start = actions.len();
        inner.must("actions", problems);
        for (node, path) in inner.list("actions", problems) {
            if actions.len() >= MAX_ACTIONS {
                problems.push(node.spot.problem(&path, format!("more than {MAX_ACTIONS} actions")));
                break;
            }
            actions.extend(read_action::action(node, &path, &id, shared, problems));
        }
        inner.close(problems);
        resources.push(Resource { id, name, description, actions: start..actions.len() });
    }
    (resources, actions)
}

fn index(actions: &[Action], members: &Members<'_>, problems: &mut Vec<Problem>) -> HashMap<String, usize> {
    let mut by_id = HashMap::with_capacity(actions.len());
    for (index, action) in actions.iter().enumerate() {
        if by_id.insert(action.id().to_owned(), index).is_some() {
            members.complain("resources", format!("the action {:?} is there twice", action.id()), problems);
        }
    }
    by_id
}

fn check_tests(
    auth: &[AuthMethod],
    actions: &[Action],
    by_id: &HashMap<String, usize>,
    members: &Members<'_>,
    problems: &mut Vec<Problem>,
) {
    for (method, id) in auth.iter().filter_map(|method| method.test.as_ref().map(|id| (method, id))) {
        let action = by_id.get(id).and_then(|index| actions.get(*index));
        let fits = action.is_some_and(|action| {
            action.hints().read_only && action.parameters().iter().all(|parameter| !parameter.required)
        });
        if !fits {
            let message = format!(
                "the test {id:?} of {} is not a read-only action that needs no parameters",
                method.kind
            );
            members.complain("auth", message, problems);
        }
    }
}
