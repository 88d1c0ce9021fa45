//! A definition's schema, checked to be in the portable subset.

use regex::Regex;

use super::{Kind, ListRules, NumberRules, ObjectRules, Others, Schema};
use crate::definition::Problem;
use crate::definition::members::{Members, text};
use crate::definition::node::{Data, Node};

/// Members that say nothing about validity.
const ANNOTATIONS: [&str; 8] =
    ["title", "description", "default", "example", "examples", "format", "deprecated", "contentEncoding"];

/// Levels of `anyOf`, `oneOf` and `allOf` inside one another. Each level doubles the work of a check.
const MAX_COMBINATIONS: usize = 6;

/// Compiles a schema; what is outside the subset becomes a problem.
pub(crate) fn compile(node: &Node, path: &str, problems: &mut Vec<Problem>) -> Schema {
    let schema = inner(node, path, problems);
    if combinations(&schema) > MAX_COMBINATIONS {
        let message =
            format!("anyOf, oneOf and allOf stand more than {MAX_COMBINATIONS} deep in one another");
        problems.push(node.spot.problem(path, message));
    }
    schema
}

fn combinations(schema: &Schema) -> usize {
    let parts = schema.any_of.iter().chain(&schema.one_of).chain(&schema.all_of);
    let own = parts.map(|part| 1 + combinations(part)).max().unwrap_or(0);
    let items = schema.list.items.as_deref();
    let members = schema.object.properties.iter().map(|(_, member)| member);
    let others = match &schema.object.others {
        Others::Fit(others) => Some(&**others),
        Others::Allowed | Others::Refused => None,
    };
    items.into_iter().chain(others).chain(members).map(combinations).fold(own, usize::max)
}

fn inner(node: &Node, path: &str, problems: &mut Vec<Problem>) -> Schema {
    let Some(mut members) = Members::open(node, path, problems) else { return Schema::default() };
    for annotation in ANNOTATIONS {
        members.take(annotation);
    }
    let schema = Schema {
        kind: members.choice("type", &Kind::ALL, problems),
        choices: choices(&mut members, problems),
        number: NumberRules {
            minimum: number(&mut members, "minimum", problems),
            maximum: number(&mut members, "maximum", problems),
            exclusive_minimum: number(&mut members, "exclusiveMinimum", problems),
            exclusive_maximum: number(&mut members, "exclusiveMaximum", problems),
            multiple_of: number(&mut members, "multipleOf", problems),
        },
        min_length: count(&mut members, "minLength", problems),
        max_length: count(&mut members, "maxLength", problems),
        pattern: pattern(&mut members, problems),
        list: ListRules {
            items: single(&mut members, "items", problems),
            minimum: count(&mut members, "minItems", problems),
            maximum: count(&mut members, "maxItems", problems),
            unique: members.flag("uniqueItems", false, problems),
        },
        object: object(&mut members, problems),
        any_of: several(&mut members, "anyOf", problems),
        one_of: several(&mut members, "oneOf", problems),
        all_of: several(&mut members, "allOf", problems),
    };
    if schema.number.multiple_of.is_some_and(|step| step <= 0.0) {
        members.complain("multipleOf", "must be greater than zero", problems);
    }
    members.close(problems);
    schema
}

fn choices(members: &mut Members<'_>, problems: &mut Vec<Problem>) -> Option<Vec<serde_json::Value>> {
    let constant = members.take("const").map(|node| vec![node.to_json()]);
    let listed = members.take("enum");
    let Some(node) = listed else { return constant };
    let Data::List(items) = &node.data else {
        problems
            .push(node.spot.problem(&members.at("enum"), format!("expected a list, found {}", node.kind())));
        return constant;
    };
    if items.is_empty() {
        problems.push(node.spot.problem(&members.at("enum"), "must not be empty"));
    }
    Some(items.iter().map(Node::to_json).collect())
}

fn object(members: &mut Members<'_>, problems: &mut Vec<Problem>) -> ObjectRules {
    let mut properties = Vec::new();
    for (key, node, path) in members.map("properties", problems) {
        properties.push((key.text.clone(), inner(node, &path, problems)));
    }
    let required = members.texts("required", problems);
    let others = match members.take("additionalProperties") {
        None | Some(Node { data: Data::Bool(true), .. }) => Others::Allowed,
        Some(Node { data: Data::Bool(false), .. }) => Others::Refused,
        Some(node) => Others::Fit(Box::new(inner(node, &members.at("additionalProperties"), problems))),
    };
    ObjectRules {
        properties,
        required,
        others,
        minimum: count(members, "minProperties", problems),
        maximum: count(members, "maxProperties", problems),
    }
}

fn number(members: &mut Members<'_>, name: &'static str, problems: &mut Vec<Problem>) -> Option<f64> {
    let node = members.take(name)?;
    if let Data::Number(number) = &node.data {
        return number.as_f64();
    }
    problems.push(node.spot.problem(&members.at(name), format!("expected a number, found {}", node.kind())));
    None
}

fn count(members: &mut Members<'_>, name: &'static str, problems: &mut Vec<Problem>) -> Option<u64> {
    let node = members.take(name)?;
    if let Data::Number(number) = &node.data
        && let Some(count) = number.as_u64()
    {
        return Some(count);
    }
    problems.push(node.spot.problem(&members.at(name), "expected a whole number, zero or more"));
    None
}

fn pattern(members: &mut Members<'_>, problems: &mut Vec<Problem>) -> Option<Regex> {
    let node = members.take("pattern")?;
    let path = members.at("pattern");
    let source = text(node, &path, problems)?;
    match Regex::new(source) {
        Ok(regex) => Some(regex),
        Err(error) => {
            let last = error.to_string().lines().last().unwrap_or_default().to_owned();
            problems.push(node.spot.problem(&path, format!("not a regular expression: {last}")));
            None
        }
    }
}

fn single(members: &mut Members<'_>, name: &'static str, problems: &mut Vec<Problem>) -> Option<Box<Schema>> {
    let node = members.take(name)?;
    Some(Box::new(inner(node, &members.at(name), problems)))
}

fn several(members: &mut Members<'_>, name: &'static str, problems: &mut Vec<Problem>) -> Vec<Schema> {
    let listed = members.list(name, problems);
    listed.into_iter().map(|(node, path)| inner(node, &path, problems)).collect()
}
