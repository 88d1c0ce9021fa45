//! Arguments of a call: checked against the action's schema before anything is built, all problems at once.

use std::fmt;

use serde_json::value::RawValue;

use crate::definition::Action;

/// One thing wrong with the arguments of a call.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArgumentProblem {
    /// JSON pointer into the arguments, such as `/blocks/0/text`; empty for the arguments themselves.
    pub path: String,
    /// What the schema wants there, in words.
    pub expected: String,
    /// What came instead, in words, shortened; absent when nothing came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub got: Option<String>,
    /// One sentence.
    pub message: String,
    /// For a misspelt name or value: the nearest right one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl fmt::Display for ArgumentProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// Arguments that fit the action, borrowed from the call's text; one place for each of the action's parameters.
#[derive(Debug)]
pub struct Arguments<'a> {
    pub(crate) values: Vec<Option<&'a RawValue>>,
}

impl<'a> Arguments<'a> {
    /// The raw value of a parameter by its index in [`Action::parameters`].
    pub fn get(&self, index: usize) -> Option<&'a RawValue> {
        self.values.get(index).copied().flatten()
    }
}

/// Checks arguments (a JSON object) against an action.
///
/// # Errors
/// Every problem found, in the order of the schema's walk.
pub fn validate<'a>(action: &Action, arguments: &'a RawValue) -> Result<Arguments<'a>, Vec<ArgumentProblem>> {
    todo!("{action:?} {arguments:?}")
}
