//! The portable subset of JSON Schema that parameters use: compiled once, checked on the raw text of a call.
//!
//! Portable means that every MCP client and model provider understands it: `type` is one name, there is no
//! `$ref`, no conditional. Whatever lies outside the subset is refused when a definition is loaded, so that a
//! constraint is never silently ignored. The verdicts agree with JSON Schema 2020-12 (a property test holds them
//! against an independent validator).

mod check;
mod compile;

use regex::Regex;
use serde_json::Value;

pub(crate) use check::{Report, Spot, accepts, check};
pub(crate) use compile::compile;

/// A compiled schema.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) kind: Option<Kind>,
    /// `enum`, or `const` as an `enum` of one.
    pub(crate) choices: Option<Vec<Value>>,
    pub(crate) number: NumberRules,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) pattern: Option<Regex>,
    pub(crate) list: ListRules,
    pub(crate) object: ObjectRules,
    pub(crate) any_of: Vec<Schema>,
    pub(crate) one_of: Vec<Schema>,
    pub(crate) all_of: Vec<Schema>,
}

#[derive(Debug, Default)]
pub(crate) struct NumberRules {
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) exclusive_minimum: Option<f64>,
    pub(crate) exclusive_maximum: Option<f64>,
    pub(crate) multiple_of: Option<f64>,
}

#[derive(Debug, Default)]
pub(crate) struct ListRules {
    pub(crate) items: Option<Box<Schema>>,
    pub(crate) minimum: Option<u64>,
    pub(crate) maximum: Option<u64>,
    pub(crate) unique: bool,
}

#[derive(Debug, Default)]
pub(crate) struct ObjectRules {
    pub(crate) properties: Vec<(String, Schema)>,
    pub(crate) required: Vec<String>,
    pub(crate) others: Others,
    pub(crate) minimum: Option<u64>,
    pub(crate) maximum: Option<u64>,
}

/// Members that `properties` does not name.
#[derive(Debug, Default)]
pub(crate) enum Others {
    #[default]
    Allowed,
    Refused,
    Fit(Box<Schema>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
    Null,
}

impl Kind {
    pub(crate) const ALL: [(&'static str, Self); 7] = [
        ("string", Self::String),
        ("integer", Self::Integer),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
        ("array", Self::Array),
        ("object", Self::Object),
        ("null", Self::Null),
    ];

    /// With its article, for messages.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Array => "an array",
            Self::Object => "an object",
            Self::Null => "null",
        }
    }
}

#[cfg(test)]
mod tests;
