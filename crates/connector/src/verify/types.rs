//! What a description's schema admits, as far as a definition can be held against it.

use serde_json::Value;

use super::description::Description;
use crate::schema::Kind;

/// Levels of schemas looked through.
const MAX_DEPTH: usize = 16;

/// A member of a described object.
pub(super) enum Member<'d> {
    Described(&'d Value),
    /// The object takes any member.
    Open,
    Missing,
}

/// The types a schema admits; empty when it admits any.
pub(super) fn kinds<'d>(description: &Description<'d>, schema: &'d Value, depth: usize) -> Vec<Kind> {
    let Some(members) = description.members(schema).filter(|_| depth < MAX_DEPTH) else { return Vec::new() };
    let mut found = Vec::new();
    match members.get("type") {
        Some(Value::String(name)) => found.extend(kind(name)),
        Some(Value::Array(names)) => found.extend(names.iter().filter_map(Value::as_str).filter_map(kind)),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {}
    }
    if !found.is_empty() {
        if members.get("nullable") == Some(&Value::Bool(true)) {
            found.push(Kind::Null);
        }
        return found;
    }
    for name in ["anyOf", "oneOf", "allOf"] {
        let parts = members.get(name).and_then(Value::as_array).into_iter().flatten();
        for part in parts {
            let inner = kinds(description, part, depth + 1);
            if inner.is_empty() && name != "allOf" {
                return Vec::new();
            }
            found.extend(inner);
        }
    }
    if found.is_empty() && members.contains_key("properties") {
        found.push(Kind::Object);
    }
    found
}

fn kind(name: &str) -> Option<Kind> {
    if name == "file" {
        return Some(Kind::String);
    }
    Kind::ALL.into_iter().find(|(word, _)| *word == name).map(|(_, kind)| kind)
}

/// The values a schema lists, if it lists all it admits.
pub(super) fn choices<'d>(
    description: &Description<'d>,
    schema: &'d Value,
    depth: usize,
) -> Option<Vec<&'d Value>> {
    let members = description.members(schema).filter(|_| depth < MAX_DEPTH)?;
    if let Some(listed) = members.get("enum").and_then(Value::as_array) {
        return Some(listed.iter().collect());
    }
    for name in ["anyOf", "oneOf"] {
        let Some(parts) = members.get(name).and_then(Value::as_array) else { continue };
        let mut all = Vec::new();
        for part in parts {
            all.extend(choices(description, part, depth + 1)?);
        }
        return Some(all);
    }
    let parts = members.get("allOf").and_then(Value::as_array)?;
    parts.iter().find_map(|part| choices(description, part, depth + 1))
}

/// A member of an object, looked for in all its parts and alternatives.
pub(super) fn member<'d>(
    description: &Description<'d>,
    schema: &'d Value,
    name: &str,
    depth: usize,
) -> Member<'d> {
    let Some(members) = description.members(schema).filter(|_| depth < MAX_DEPTH) else {
        return Member::Open;
    };
    if let Some(found) = members.get("properties").and_then(|properties| properties.get(name)) {
        return Member::Described(found);
    }
    let mut closest = Member::Missing;
    let mut parted = false;
    for list in ["allOf", "anyOf", "oneOf"] {
        for part in members.get(list).and_then(Value::as_array).into_iter().flatten() {
            parted = true;
            match member(description, part, name, depth + 1) {
                Member::Described(found) => return Member::Described(found),
                Member::Open if list != "allOf" => closest = Member::Open,
                Member::Open | Member::Missing => {}
            }
        }
    }
    match members.get("additionalProperties") {
        Some(Value::Bool(false)) => closest,
        Some(Value::Bool(true)) => Member::Open,
        Some(schema @ Value::Object(_)) => Member::Described(schema),
        Some(Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_)) | None => {
            if members.contains_key("properties") || parted { closest } else { Member::Open }
        }
    }
}

/// Names that an object requires, parts included, alternatives not.
pub(super) fn required<'d>(description: &Description<'d>, schema: &'d Value, depth: usize) -> Vec<&'d str> {
    let Some(members) = description.members(schema).filter(|_| depth < MAX_DEPTH) else { return Vec::new() };
    let own = members.get("required").and_then(Value::as_array).into_iter().flatten();
    let mut names: Vec<&str> = own.filter_map(Value::as_str).collect();
    for part in members.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        names.extend(required(description, part, depth + 1));
    }
    names
}

/// The schema of an array's items.
pub(super) fn items<'d>(description: &Description<'d>, schema: &'d Value, depth: usize) -> Option<&'d Value> {
    let members = description.members(schema).filter(|_| depth < MAX_DEPTH)?;
    if let Some(items) = members.get("items") {
        return Some(items);
    }
    let lists = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|name| members.get(name)?.as_array());
    lists.flatten().find_map(|part| items(description, part, depth + 1))
}
