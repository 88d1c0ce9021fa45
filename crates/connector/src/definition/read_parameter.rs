//! Reading an action's parameters, and the input schema that comes from them.

use http::HeaderName;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::members::Members;
use super::node::Node;
use super::read_auth::is_reserved_header;
use super::{Encoding, Parameter, Place, Problem, Style, template};
use crate::schema::{self, Kind, ObjectRules, Others, Schema};

/// The argument that switches a projection off.
pub(crate) const FIELDS: &str = "fields";

/// A parameter, its schema compiled and as JSON.
pub(crate) struct Read {
    pub(crate) parameter: Parameter,
    pub(crate) schema: Schema,
    json: Value,
}

/// Reads all parameters, required ones first.
pub(crate) fn parameters(
    members: &mut Members<'_>,
    encoding: Encoding,
    problems: &mut Vec<Problem>,
) -> Vec<Read> {
    let mut reads: Vec<Read> = Vec::new();
    for (node, path) in members.list("parameters", problems) {
        let Some(read) = parameter(node, &path, encoding, problems) else { continue };
        if reads.iter().any(|other| other.parameter.name == read.parameter.name) {
            problems.push(
                node.spot.problem(&path, format!("the parameter {:?} is there twice", read.parameter.name)),
            );
        }
        let same_place = |other: &&Read| {
            other.parameter.place == read.parameter.place
                && other.parameter.wire_path == read.parameter.wire_path
        };
        if let Some(other) = reads.iter().find(same_place) {
            let message = format!("goes to the same place as {:?}", other.parameter.name);
            problems.push(node.spot.problem(&path, message));
        }
        reads.push(read);
    }
    reads.sort_by_key(|read| !read.parameter.required);
    reads
}

fn parameter(node: &Node, path: &str, encoding: Encoding, problems: &mut Vec<Problem>) -> Option<Read> {
    let mut members = Members::open(node, path, problems)?;
    let name = members.must_text("name", problems).unwrap_or_default().to_owned();
    if !template::is_name(&name) {
        members.complain("name", format!("{name:?} is not a parameter name"), problems);
    }
    let places = [Place::Path, Place::Query, Place::Header, Place::Body, Place::Variable];
    members.must("in", problems);
    let place = members.choice("in", &places.map(|place| (place.as_str(), place)), problems);
    let wire = members.text("wire", problems).unwrap_or(&name).to_owned();
    if wire.is_empty() || wire.chars().any(char::is_control) || wire.split('/').any(str::is_empty) {
        members.complain("wire", "must not have empty or invisible parts", problems);
    }
    let required = members.flag("required", place == Some(Place::Path), problems);
    if place == Some(Place::Path) && !required {
        members.complain("required", "a path parameter is always required", problems);
    }
    let description = members.must_text("description", problems).unwrap_or_default().to_owned();
    let schema_node = members.must("schema", problems);
    let compiled =
        schema_node.map(|node| schema::compile(node, &members.at("schema"), problems)).unwrap_or_default();
    let json = schema_node.map_or(Value::Null, Node::to_json);
    let default = members.take("default").map(|node| raw(&node.to_json()));
    let send_default = members.flag("sendDefault", false, problems);
    if send_default && default.is_none() {
        members.complain("sendDefault", "there is no default", problems);
    }
    if let Some(text) = default.as_ref().filter(|text| !schema::accepts(&compiled, text.get())) {
        members.complain("default", format!("{text} does not fit the schema"), problems);
    }
    let style = style(&mut members, place, encoding, problems);
    let header = header(&members, place, &wire, problems);
    check_place(&members, place, &compiled, style, problems);
    let base64 = json.get("contentEncoding").and_then(Value::as_str) == Some("base64");
    let body = place == Some(Place::Body);
    let wire_path = if body { wire.split('/').map(str::to_owned).collect() } else { vec![wire.clone()] };
    members.close(problems);
    let parameter = Parameter {
        name,
        place: place?,
        wire,
        required,
        description,
        schema: raw(&json),
        default,
        send_default,
        style,
        base64,
        wire_path,
        header,
    };
    Some(Read { parameter, schema: compiled, json })
}

fn style(
    members: &mut Members<'_>,
    place: Option<Place>,
    encoding: Encoding,
    problems: &mut Vec<Problem>,
) -> Style {
    let styles = [
        ("form", Style::Repeat),
        ("repeat", Style::Repeat),
        ("brackets", Style::Brackets),
        ("deepObject", Style::Brackets),
        ("emptyBrackets", Style::EmptyBrackets),
        ("commaSeparated", Style::CommaSeparated),
        ("spaceDelimited", Style::SpaceDelimited),
        ("pipeDelimited", Style::PipeDelimited),
        ("json", Style::Json),
        ("segments", Style::Segments),
        ("encodedSlash", Style::EncodedSlash),
    ];
    let form = place == Some(Place::Body) && matches!(encoding, Encoding::Form | Encoding::Multipart);
    members.choice("style", &styles, problems).unwrap_or(match place {
        Some(Place::Body) if form => Style::Brackets,
        Some(Place::Path | Place::Header) => Style::CommaSeparated,
        Some(Place::Query | Place::Body | Place::Variable) | None => Style::Repeat,
    })
}

fn header(
    members: &Members<'_>,
    place: Option<Place>,
    wire: &str,
    problems: &mut Vec<Problem>,
) -> Option<HeaderName> {
    if place != Some(Place::Header) {
        return None;
    }
    let header = HeaderName::from_bytes(wire.to_ascii_lowercase().as_bytes()).ok();
    if header.as_ref().is_none_or(is_reserved_header) {
        members.complain("wire", format!("{wire:?} is not a header that an argument may set"), problems);
    }
    header
}

fn check_place(
    members: &Members<'_>,
    place: Option<Place>,
    schema: &Schema,
    style: Style,
    problems: &mut Vec<Problem>,
) {
    let structured = matches!(schema.kind, Some(Kind::Array | Kind::Object));
    let object = schema.kind == Some(Kind::Object);
    let flat = matches!(style, Style::SpaceDelimited | Style::PipeDelimited);
    if object && (flat || matches!(place, Some(Place::Path | Place::Header)) && style != Style::Json) {
        members.complain("style", "an object cannot be written there in this style", problems);
    }
    if place != Some(Place::Path) && matches!(style, Style::Segments | Style::EncodedSlash) {
        members.complain("style", "only for path parameters", problems);
    }
    let nested = matches!(style, Style::Brackets | Style::EmptyBrackets | Style::Repeat);
    if structured && matches!(place, Some(Place::Path | Place::Header)) && nested {
        members.complain(
            "style",
            "a list there is commaSeparated, spaceDelimited, pipeDelimited or json",
            problems,
        );
    }
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).expect("a JSON value always has a text")
}

/// The input schema of an action, as text and compiled.
pub(crate) fn input_schema(reads: Vec<Read>, projected: bool) -> (Vec<Parameter>, Box<RawValue>, Schema) {
    let mut properties = Map::new();
    let mut rules = ObjectRules { others: Others::Refused, ..ObjectRules::default() };
    let mut parameters = Vec::with_capacity(reads.len());
    for read in reads {
        properties.insert(read.parameter.name.clone(), described(&read));
        if read.parameter.required {
            rules.required.push(read.parameter.name.clone());
        }
        rules.properties.push((read.parameter.name.clone(), read.schema));
        parameters.push(read.parameter);
    }
    if projected {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), "string".into());
        fields.insert("enum".to_owned(), vec!["summary", "all"].into());
        fields.insert("default".to_owned(), "summary".into());
        let words = "summary gives the members that matter most, all gives everything the platform says.";
        fields.insert("description".to_owned(), words.into());
        properties.insert(FIELDS.to_owned(), Value::Object(fields));
        let choices = vec!["summary".into(), "all".into()];
        let compiled = Schema { kind: Some(Kind::String), choices: Some(choices), ..Schema::default() };
        rules.properties.push((FIELDS.to_owned(), compiled));
    }
    let mut root = Map::new();
    root.insert("type".to_owned(), "object".into());
    root.insert("properties".to_owned(), Value::Object(properties));
    if !rules.required.is_empty() {
        root.insert("required".to_owned(), rules.required.clone().into());
    }
    root.insert("additionalProperties".to_owned(), false.into());
    let schema = Schema { kind: Some(Kind::Object), object: rules, ..Schema::default() };
    (parameters, raw(&Value::Object(root)), schema)
}

/// The parameter's schema with its description and default.
fn described(read: &Read) -> Value {
    let mut members = match &read.json {
        Value::Object(members) => members.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    };
    let mut described = Map::with_capacity(members.len() + 2);
    if let Some(kind) = members.shift_remove("type") {
        described.insert("type".to_owned(), kind);
    }
    described.insert("description".to_owned(), read.parameter.description.clone().into());
    if let Some(default) = &read.parameter.default
        && let Ok(value) = serde_json::from_str(default.get())
    {
        described.insert("default".to_owned(), value);
    }
    for (name, value) in members {
        described.entry(name).or_insert(value);
    }
    Value::Object(described)
}
