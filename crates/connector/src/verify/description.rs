//! A platform's description as one form, whatever its format: operations by method and path.

use std::cell::Cell;
use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::definition::Place;

/// References followed one after another at most.
const MAX_REFERENCES: usize = 32;
/// Schemas looked at for one operation; more means that a schema holds itself several times over.
const MAX_STEPS: u32 = 50_000;

/// A description and its operations.
pub(super) struct Description<'d> {
    root: &'d Value,
    format: Format,
    operations: HashMap<String, Found<'d>>,
    steps: Cell<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Openapi,
    Swagger,
    Google,
}

struct Found<'d> {
    /// Parameters that all operations of the path share.
    shared: Option<&'d Value>,
    operation: &'d Value,
    path: &'d str,
}

/// What an operation takes.
pub(super) struct Operation<'d> {
    pub(super) parameters: Vec<Taken<'d>>,
    /// Names of the path's places, in order.
    pub(super) places: Vec<&'d str>,
    /// Media type and schema of each form of the body.
    pub(super) bodies: Vec<(&'d str, &'d Value)>,
}

/// A parameter of the description; a form field is a body parameter.
pub(super) struct Taken<'d> {
    pub(super) name: &'d str,
    pub(super) place: Place,
    pub(super) required: bool,
    pub(super) schema: &'d Value,
}

impl<'d> Description<'d> {
    /// Recognises the format and lists the operations.
    pub(super) fn new(root: &'d Value) -> Option<Self> {
        let format = if root.get("openapi").is_some() {
            Format::Openapi
        } else if root.get("swagger").is_some() {
            Format::Swagger
        } else if root.get("discoveryVersion").is_some() || root.get("rootUrl").is_some() {
            Format::Google
        } else {
            return None;
        };
        let mut description = Self { root, format, operations: HashMap::new(), steps: Cell::new(0) };
        match format {
            Format::Openapi | Format::Swagger => description.list_paths(),
            Format::Google => {
                let prefix = root.get("servicePath").and_then(Value::as_str).unwrap_or_default();
                description.list_methods(root, prefix, 0);
            }
        }
        Some(description)
    }

    /// The operation of a method and a path, whatever the places in it are called.
    pub(super) fn operation(&self, method: &str, path: &str) -> Option<Operation<'d>> {
        let found = self.operations.get(&key(method, path))?;
        self.steps.set(MAX_STEPS);
        let mut operation =
            Operation { parameters: Vec::new(), places: places(found.path), bodies: Vec::new() };
        match self.format {
            Format::Openapi | Format::Swagger => self.take(found, &mut operation),
            Format::Google => self.take_google(found, &mut operation),
        }
        Some(operation)
    }

    fn list_paths(&mut self) {
        let prefixes = self.prefixes();
        let Some(paths) = self.root.get("paths").and_then(Value::as_object) else { return };
        for (path, item) in paths {
            let Some(item) = self.resolve(item).as_object() else { continue };
            for (method, operation) in item {
                if !["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                    continue;
                }
                for prefix in &prefixes {
                    let found = Found { shared: item.get("parameters"), operation, path };
                    self.operations.entry(key(method, &format!("{prefix}{path}"))).or_insert(found);
                }
            }
        }
    }

    /// Paths of the servers, and none.
    fn prefixes(&self) -> Vec<String> {
        let mut prefixes = vec![String::new()];
        if let Some(base) = self.root.get("basePath").and_then(Value::as_str) {
            prefixes.push(base.trim_end_matches('/').to_owned());
        }
        let servers = self.root.get("servers").and_then(Value::as_array).into_iter().flatten();
        for url in servers.filter_map(|server| server.get("url").and_then(Value::as_str)) {
            let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
            if let Some((_, path)) = rest.split_once('/') {
                prefixes.push(format!("/{}", path.trim_end_matches('/')));
            }
        }
        prefixes.retain(|prefix| prefix != "/");
        prefixes
    }

    fn list_methods(&mut self, holder: &'d Value, prefix: &str, depth: usize) {
        if depth > MAX_REFERENCES {
            return;
        }
        let methods = holder.get("methods").and_then(Value::as_object).into_iter().flatten();
        for (_, method) in methods {
            let verb = method.get("httpMethod").and_then(Value::as_str).unwrap_or_default();
            for path in
                ["path", "flatPath"].into_iter().filter_map(|name| method.get(name).and_then(Value::as_str))
            {
                let found = Found { shared: None, operation: method, path };
                let whole = format!("/{}", format!("{prefix}{path}").trim_start_matches('/'));
                self.operations.entry(key(verb, &whole)).or_insert(found);
            }
        }
        let resources = holder.get("resources").and_then(Value::as_object).into_iter().flatten();
        for (_, resource) in resources {
            self.list_methods(resource, prefix, depth + 1);
        }
    }

    fn take(&self, found: &Found<'d>, operation: &mut Operation<'d>) {
        let own = found.operation.get("parameters");
        // The operation's own parameters replace shared ones of the same name and place.
        for parameter in own.into_iter().chain(found.shared).filter_map(Value::as_array).flatten() {
            let parameter = self.resolve(parameter);
            let (Some(name), Some(place)) = (text(parameter, "name"), text(parameter, "in")) else {
                continue;
            };
            let place = match place {
                "path" => Place::Path,
                "query" => Place::Query,
                "header" => Place::Header,
                "formData" => Place::Body,
                "body" => {
                    if let Some(schema) = parameter.get("schema") {
                        operation.bodies.push(("application/json", schema));
                    }
                    continue;
                }
                _ => continue,
            };
            if operation.parameters.iter().any(|taken| taken.name == name && taken.place == place) {
                continue;
            }
            let required = parameter.get("required").and_then(Value::as_bool).unwrap_or(false);
            let media = parameter
                .get("content")
                .and_then(Value::as_object)
                .and_then(|content| content.values().next());
            let schema = parameter.get("schema").or_else(|| media?.get("schema")).unwrap_or(parameter);
            operation.parameters.push(Taken { name, place, required, schema });
        }
        let body = found.operation.get("requestBody").map(|body| self.resolve(body));
        let content =
            body.and_then(|body| body.get("content")).and_then(Value::as_object).into_iter().flatten();
        for (media, form) in content {
            operation.bodies.push((media, form.get("schema").unwrap_or(&Value::Null)));
        }
    }

    fn take_google(&self, found: &Found<'d>, operation: &mut Operation<'d>) {
        let shared = self.root.get("parameters").and_then(Value::as_object);
        let own = found.operation.get("parameters").and_then(Value::as_object);
        for (name, parameter) in own.into_iter().chain(shared).flatten() {
            let place = if text(parameter, "location") == Some("path") { Place::Path } else { Place::Query };
            let required = parameter.get("required").and_then(Value::as_bool).unwrap_or(false);
            operation.parameters.push(Taken { name, place, required, schema: parameter });
        }
        if let Some(schema) = found.operation.get("request") {
            operation.bodies.push(("application/json", schema));
        }
    }

    /// Follows references inside the description. What cannot be followed stands for itself.
    pub(super) fn resolve(&self, value: &'d Value) -> &'d Value {
        let mut at = value;
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = at.get("$ref").and_then(Value::as_str) else { return at };
            let target = match reference.strip_prefix('#') {
                Some(pointer) => {
                    self.root.pointer(&percent_encoding::percent_decode_str(pointer).decode_utf8_lossy())
                }
                None if self.format == Format::Google => {
                    self.root.get("schemas").and_then(|all| all.get(reference))
                }
                None => None,
            };
            match target {
                Some(target) => at = target,
                None => return at,
            }
        }
        &Value::Null
    }

    /// A schema's members, references followed; nothing once the operation's steps are used up.
    pub(super) fn members(&self, schema: &'d Value) -> Option<&'d Map<String, Value>> {
        self.steps.set(self.steps.get().checked_sub(1)?);
        self.resolve(schema).as_object()
    }
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// Method and path, every place written `{}`.
fn key(method: &str, path: &str) -> String {
    let mut key = method.to_ascii_uppercase();
    key.push(' ');
    let mut rest = path.trim_end_matches('/');
    while let Some((literal, tail)) = rest.split_once('{') {
        key.push_str(literal);
        key.push_str("{}");
        rest = tail.split_once('}').map_or("", |(_, after)| after);
    }
    key.push_str(rest);
    key
}

/// The names between braces; `{+name}` of Google is `name`.
pub(super) fn places(path: &str) -> Vec<&str> {
    let parts = path.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}')).map(|(name, _)| name.trim_start_matches('+')).collect()
}
