//! Violations of a JSON Schema in words that say what to do, all of them at once.

use jsonschema::{
    ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::Value;

use crate::{error::Detail, nearest::nearest};

/// Problems listed at most.
const MAX_PROBLEMS: usize = 100;
/// The longest member name that is repeated whole, and looked up among the known ones, in characters.
const MAX_NAME: usize = 100;

/// Every problem of `value`, in the order of its members. `members` are the names that an unknown member may have
/// been meant to be.
pub(crate) fn problems(validator: &Validator, value: &Value, members: &[String]) -> Vec<Detail> {
    validator.iter_errors(value).flat_map(|error| describe(&error, members)).take(MAX_PROBLEMS).collect()
}

/// Adds a problem for every text in `value` that holds a zero byte, which not every database can keep. `place` is
/// where `value` stands.
pub(crate) fn zero_bytes(value: &Value, place: &mut String, problems: &mut Vec<Detail>) {
    let length = place.len();
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => {
            if text.contains('\0') {
                let problem = "holds a zero byte (U+0000), which cannot be stored".to_owned();
                problems.push(Detail { field: place.clone(), problem });
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                place.push_str(&format!("[{index}]"));
                zero_bytes(item, place, problems);
                place.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if length > 0 {
                    place.push('.');
                }
                place.push_str(name);
                zero_bytes(member, place, problems);
                place.truncate(length);
            }
        }
    }
}

/// What a type refused although its schema admits it: in practice, a member that is given twice.
pub(crate) fn unreadable(error: &serde_json::Error) -> Detail {
    let text = error.to_string();
    let twice = text.strip_prefix("duplicate field `").and_then(|rest| rest.split_once('`'));
    if let Some((member, _)) = twice {
        Detail { field: member.to_owned(), problem: "is given twice".to_owned() }
    } else {
        let problem = format!("cannot be read: line {}, column {}", error.line(), error.column());
        Detail { field: String::new(), problem }
    }
}

/// One schema violation in words; a violation that names several members becomes one detail for each. The words
/// never repeat a value: it may be a secret, or very long.
fn describe(error: &ValidationError<'_>, members: &[String]) -> Vec<Detail> {
    let place = dotted(error.instance_path().as_str());
    let within = |member: &str| {
        if place.is_empty() { shortened(member) } else { format!("{place}.{}", shortened(member)) }
    };
    let one = |problem: String| vec![Detail { field: place.clone(), problem }];
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library's own sentence serves the rarer keywords"
    )]
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .take(MAX_PROBLEMS)
            .map(|member| Detail { field: within(member), problem: unknown_member(member, members) })
            .collect(),
        ValidationErrorKind::Required { property } => {
            vec![Detail {
                field: within(property.as_str().unwrap_or_default()),
                problem: "is required".into(),
            }]
        }
        ValidationErrorKind::MinLength { limit } => {
            one(format!("is too short, expected at least {limit} characters"))
        }
        ValidationErrorKind::MaxLength { limit } => {
            one(format!("is too long, expected at most {limit} characters"))
        }
        ValidationErrorKind::Minimum { limit } => one(format!("is too small, expected at least {limit}")),
        ValidationErrorKind::Maximum { limit } => one(format!("is too large, expected at most {limit}")),
        ValidationErrorKind::MaxItems { limit } => {
            one(format!("has too many entries, expected at most {limit}"))
        }
        ValidationErrorKind::Enum { options } => one(format!("expected one of {options}")),
        ValidationErrorKind::Pattern { .. } => {
            one("has characters that are not allowed, or whitespace at an end".to_owned())
        }
        ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => {
            let kind = kind.as_str();
            let article = if kind.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
            one(format!("expected {article} {kind}"))
        }
        _ => one(error.masked_with("this").to_string()),
    }
}

fn shortened(name: &str) -> String {
    let mut characters = name.chars();
    let mut kept: String = characters.by_ref().take(MAX_NAME).collect();
    if characters.next().is_some() {
        kept.push('…');
    }
    kept
}

fn unknown_member(member: &str, members: &[String]) -> String {
    match nearest(member, members.iter().cloned()) {
        Some(nearest) => format!("unknown member; did you mean {nearest}?"),
        None => "unknown member".to_owned(),
    }
}

/// A JSON pointer as the dotted path of the contract's `details`: `/a/0/b` is `a[0].b`.
fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{part}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&part);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_bytes_are_found_wherever_they_stand() {
        let value = serde_json::json!({ "a": [{ "b": "x\u{0}" }], "c": "fine", "d": "\u{0}" });
        let mut problems = Vec::new();
        zero_bytes(&value, &mut String::new(), &mut problems);
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["a[0].b", "d"]);
    }

    #[test]
    fn no_value_is_repeated_and_a_long_name_only_in_part() {
        let schema = serde_json::json!({
            "type": "object", "additionalProperties": false, "minProperties": 1,
            "properties": { "token": { "type": "string" }, "ids": { "type": "array" }, "n": { "type": ["null", "string"] } },
        });
        let validator = jsonschema::validator_for(&schema).unwrap();
        let long = "x".repeat(1_000);
        let value = serde_json::json!({ "token": ["hidden"], "ids": "hidden", "n": 7_777, long: 1 });
        let found = problems(&validator, &value, &[]);
        let text = format!("{found:?}");
        assert!(!text.contains("hidden") && !text.contains("7777") && text.len() < 1_000, "{text}");
        let problem =
            |field: &str| found.iter().find(|detail| detail.field == field).unwrap().problem.clone();
        assert_eq!(
            (problem("token").as_str(), problem("ids").as_str()),
            ("expected a string", "expected an array")
        );
    }

    #[test]
    fn places_are_dotted_paths() {
        assert_eq!(dotted(""), "");
        assert_eq!(dotted("/restrictions/users/allowedIds/3"), "restrictions.users.allowedIds[3]");
        assert_eq!(dotted("/a~1b/c~0d"), "a/b.c~d");
    }
}
