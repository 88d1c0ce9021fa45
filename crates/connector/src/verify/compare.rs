//! Holding one action against one operation.

use serde_json::Value;

use super::description::{Description, Operation, Taken, places};
use super::types::{Member, choices, items, kinds, member, required};
use crate::definition::template::Piece;
use crate::definition::{Action, Base, Connector, Encoding, Parameter, Place, Style};
use crate::schema::{Kind, Schema};

/// Levels of an argument's own schema compared.
const MAX_DEPTH: usize = 12;

/// Compares an action; false when the description has no such operation.
pub(super) fn compare(
    connector: &Connector,
    action: &Action,
    description: &Description<'_>,
    found: &mut Vec<String>,
) -> bool {
    if action.graphql.is_some() {
        return true;
    }
    let path = format!("{}{}", base_path(action.base.as_ref().unwrap_or(&connector.base)), action.path());
    let method = action.method().as_str();
    let operation =
        description.operation(method, &path).or_else(|| description.operation(method, action.path()));
    let Some(operation) = operation else {
        found.push(format!("{method} {path} is not in the description"));
        return false;
    };
    let mut comparison = Comparison { connector, action, description, operation, found };
    comparison.parameters();
    comparison.required_parameters();
    comparison.body();
    true
}

/// The path of a base URL.
fn base_path(base: &Base) -> String {
    match base {
        Base::Fixed(url) => url.path().to_owned(),
        Base::Template(pieces) => {
            let mut text = String::new();
            for piece in pieces {
                match piece {
                    Piece::Literal(literal) => text.push_str(literal),
                    Piece::Place(name) => text.extend(["{", name, "}"]),
                }
            }
            let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
            rest.split_once('/')
                .map(|(_, path)| format!("/{}", path.trim_end_matches('/')))
                .unwrap_or_default()
        }
    }
}

struct Comparison<'c, 'd> {
    connector: &'c Connector,
    action: &'c Action,
    description: &'c Description<'d>,
    operation: Operation<'d>,
    found: &'c mut Vec<String>,
}

impl<'c, 'd> Comparison<'c, 'd> {
    fn own(&self) -> impl Iterator<Item = (&'c Parameter, &'c Schema)> + use<'c> {
        let schemas = self.action.schema.object.properties.iter();
        self.action.parameters().iter().zip(schemas.map(|(_, schema)| schema))
    }

    fn parameters(&mut self) {
        let own_places = places(self.action.path());
        for (parameter, schema) in self.own() {
            let name = match parameter.place {
                Place::Path => {
                    let index = own_places.iter().position(|place| *place == parameter.wire);
                    index
                        .and_then(|index| self.operation.places.get(index))
                        .copied()
                        .unwrap_or(&parameter.wire)
                }
                Place::Query | Place::Header => parameter.wire.as_str(),
                Place::Body | Place::Variable => continue,
            };
            let taken = self.operation.parameters.iter().find(|taken| is(taken, name, parameter.place));
            match taken.map(|taken| (taken.required, taken.schema)) {
                Some((required, theirs)) => self.one(parameter, schema, required, theirs),
                None => self.found.push(format!(
                    "parameter {}: no {} parameter {name} in the description",
                    parameter.name,
                    parameter.place.as_str()
                )),
            }
        }
    }

    fn one(&mut self, parameter: &Parameter, schema: &Schema, required: bool, theirs: &'d Value) {
        let sent = parameter.required || parameter.send_default;
        if required && !sent {
            self.found.push(format!("parameter {}: optional, description requires it", parameter.name));
        }
        if !required && parameter.required && parameter.place != Place::Path {
            self.found.push(format!("parameter {}: required, description says optional", parameter.name));
        }
        let text = is_text(parameter) && kinds(self.description, theirs, 0).contains(&Kind::String);
        if !text {
            self.types(&parameter.name, schema, theirs, 0);
        }
    }

    /// What the description requires and the action never sends.
    fn required_parameters(&mut self) {
        let supplied = supplied(self.connector, self.action);
        for taken in self.operation.parameters.iter().filter(|taken| taken.required) {
            let sent = match taken.place {
                Place::Path => true,
                Place::Query | Place::Header => {
                    self.own().any(|(own, _)| is(taken, &own.wire, own.place))
                        || supplied.iter().any(|name| name.eq_ignore_ascii_case(taken.name))
                }
                Place::Body | Place::Variable => {
                    self.own().any(|(own, _)| own.place == Place::Body && own.wire == taken.name)
                        || supplied.iter().any(|name| name.eq_ignore_ascii_case(taken.name))
                }
            };
            if !sent {
                let place = taken.place.as_str();
                self.found.push(format!(
                    "{place} parameter {}: required by the description, missing here",
                    taken.name
                ));
            }
        }
    }

    fn body(&mut self) {
        let fields: Vec<(&str, bool, &'d Value)> = self
            .operation
            .parameters
            .iter()
            .filter(|taken| taken.place == Place::Body)
            .map(|taken| (taken.name, taken.required, taken.schema))
            .collect();
        let Some(body) = self.body_schema() else {
            self.fields(&fields);
            return;
        };
        if let Some(root) = self.action.body_root {
            if let Some((parameter, schema)) = self.own().nth(root)
                && self.action.encoding == Encoding::Json
            {
                self.types(&parameter.name, schema, body, 0);
            }
            return;
        }
        let needed = required(self.description, body, 0);
        for (parameter, schema) in self.own().filter(|(parameter, _)| parameter.place == Place::Body) {
            self.body_member(parameter, schema, body, &needed);
        }
        for name in &needed {
            let sent = |parameter: &Parameter| {
                parameter.place == Place::Body
                    && parameter.wire_path.first().is_some_and(|first| first == name)
            };
            if !self.own().any(|(parameter, _)| sent(parameter)) {
                self.found.push(format!("body member {name}: required by the description, missing here"));
            }
        }
    }

    fn body_member(&mut self, parameter: &Parameter, schema: &Schema, body: &'d Value, needed: &[&str]) {
        let mut at = body;
        for name in &parameter.wire_path {
            match member(self.description, at, name, 0) {
                Member::Described(found) => at = found,
                Member::Open => return,
                Member::Missing => {
                    self.found.push(format!(
                        "parameter {}: no body member {} in the description",
                        parameter.name, parameter.wire
                    ));
                    return;
                }
            }
        }
        // Inside of another member, what is required follows from that member.
        let [first] = parameter.wire_path.as_slice() else {
            self.types(&parameter.name, schema, at, 0);
            return;
        };
        self.one(parameter, schema, needed.contains(&first.as_str()), at);
    }

    /// Body parameters held against form fields.
    fn fields(&mut self, fields: &[(&str, bool, &'d Value)]) {
        for (parameter, schema) in self.own().filter(|(parameter, _)| parameter.place == Place::Body) {
            let first = parameter.wire_path.first().map(String::as_str).unwrap_or_default();
            match fields.iter().find(|(name, _, _)| *name == first) {
                Some((_, required, theirs)) => self.one(parameter, schema, *required, theirs),
                None => self.found.push(format!(
                    "parameter {}: no body member {} in the description",
                    parameter.name, parameter.wire
                )),
            }
        }
    }

    /// The schema of the body in the action's own encoding, else in any.
    fn body_schema(&mut self) -> Option<&'d Value> {
        let media = match self.action.encoding {
            Encoding::None => return None,
            Encoding::Json => "json",
            Encoding::Form => "x-www-form-urlencoded",
            Encoding::Multipart => "multipart/form-data",
            Encoding::Raw => "/",
        };
        let bodies = &self.operation.bodies;
        let fits = bodies.iter().find(|(name, _)| name.contains(media));
        if let Some((_, schema)) = fits {
            return Some(schema);
        }
        let first = bodies.first()?;
        let names: Vec<&str> = bodies.iter().map(|(name, _)| *name).collect();
        self.found.push(format!("body: {media} is not among {}", names.join(", ")));
        Some(first.1)
    }

    /// Types, listed values and members of an argument's schema, all of which must be described.
    fn types(&mut self, name: &str, schema: &Schema, theirs: &'d Value, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let kinds = kinds(self.description, theirs, 0);
        if let Some(kind) = schema.kind.filter(|kind| !admits(&kinds, *kind)) {
            let words: Vec<&str> = kinds.iter().map(|kind| word(*kind)).collect();
            self.found.push(format!(
                "parameter {name}: type {}, description says {}",
                word(kind),
                words.join(" or ")
            ));
            return;
        }
        if let (Some(own), Some(listed)) = (&schema.choices, choices(self.description, theirs, 0)) {
            let strange: Vec<String> =
                own.iter().filter(|value| !listed.contains(value)).map(Value::to_string).collect();
            if !strange.is_empty() {
                self.found
                    .push(format!("parameter {name}: {} is not in the description", strange.join(", ")));
            }
        }
        if let (Some(own), Some(theirs)) = (&schema.list.items, items(self.description, theirs, 0)) {
            self.types(&format!("{name}[]"), own, theirs, depth + 1);
        }
        for (inner, own) in &schema.object.properties {
            match member(self.description, theirs, inner, 0) {
                Member::Described(found) => self.types(&format!("{name}.{inner}"), own, found, depth + 1),
                Member::Open => {}
                Member::Missing => {
                    self.found.push(format!("parameter {name}: no member {inner} in the description"));
                }
            }
        }
    }
}

/// Whether a described parameter has this name and place; header names in any case.
fn is(taken: &Taken<'_>, name: &str, place: Place) -> bool {
    // Some descriptions write the brackets of a list into its name.
    let plain = taken.name.strip_suffix("[]").unwrap_or(taken.name);
    let same = match place {
        Place::Header => taken.name.eq_ignore_ascii_case(name),
        Place::Path | Place::Query | Place::Body | Place::Variable => taken.name == name || plain == name,
    };
    taken.place == place && same
}

/// Written as one text, whatever its type.
fn is_text(parameter: &Parameter) -> bool {
    match parameter.style {
        Style::CommaSeparated | Style::SpaceDelimited | Style::PipeDelimited | Style::Json => true,
        Style::Repeat | Style::Brackets | Style::EmptyBrackets | Style::Segments | Style::EncodedSlash => {
            false
        }
    }
}

/// Names that fixed headers and credentials bring. `token` and `authorization` are the credential's by custom.
fn supplied<'c>(connector: &'c Connector, action: &'c Action) -> Vec<&'c str> {
    let mut names: Vec<&str> = action.headers.keys().map(http::HeaderName::as_str).collect();
    if !connector.auth().is_empty() {
        names.extend(["authorization", "token"]);
    }
    names.extend(connector.auth().iter().flat_map(|method| &method.apply).map(|apply| apply.name.as_str()));
    names
}

/// Whether a type fits; an empty list admits any.
fn admits(kinds: &[Kind], kind: Kind) -> bool {
    let wider = kind == Kind::Integer && kinds.contains(&Kind::Number);
    kinds.is_empty() || kinds.contains(&kind) || wider
}

fn word(kind: Kind) -> &'static str {
    Kind::ALL.into_iter().find(|(_, other)| *other == kind).map_or("", |(word, _)| word)
}
