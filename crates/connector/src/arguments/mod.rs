//! Arguments of a call: checked against the action's schema before anything is built, all problems at once.

use std::fmt;

use serde_json::value::RawValue;

use crate::definition::Action;
use crate::scan;
use crate::schema::{self, Report, Spot};

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
    /// JSON text of each parameter's value, in the order of [`Action::parameters`].
    values: Vec<Option<&'a str>>,
    all_fields: bool,
}

impl<'a> Arguments<'a> {
    /// The value of a parameter as JSON text, by its index in [`Action::parameters`].
    pub fn get(&self, index: usize) -> Option<&'a str> {
        self.values.get(index).copied().flatten()
    }

    /// Whether the caller wants every member of the answer instead of the projection.
    pub(crate) const fn all_fields(&self) -> bool {
        self.all_fields
    }
}

/// Checks arguments (a JSON object) against an action.
///
/// # Errors
/// Every problem found (at most fifty): first those of the members in their order, then missing ones.
pub fn validate<'a>(action: &Action, arguments: &'a RawValue) -> Result<Arguments<'a>, Vec<ArgumentProblem>> {
    let json = arguments.get();
    let rules = &action.schema.object;
    let mut report = Report::default();
    if !json.starts_with('{') {
        report.add(&Spot::Root, "an object", Some(json));
        return Err(report.problems);
    }
    let mut values: Vec<Option<&'a str>> = vec![None; rules.properties.len()];
    for (key, value) in scan::members(json) {
        let Some(name) = scan::string(key) else { continue };
        let place = rules.properties.iter().position(|(property, _)| *property == name);
        let here = Spot::Member(&Spot::Root, &name);
        let (Some(index), Some((_, property))) = (place, place.and_then(|index| rules.properties.get(index)))
        else {
            report.unknown(&here, &name, rules.properties.iter().map(|(property, _)| property.as_str()));
            continue;
        };
        schema::check(property, value, &here, &mut report);
        if let Some(slot) = values.get_mut(index)
            && slot.replace(value).is_some()
        {
            report.add(&here, "the parameter once, not twice", None);
        }
    }
    for (index, parameter) in action.parameters().iter().enumerate() {
        if parameter.required && values.get(index).is_none_or(Option::is_none) {
            report.missing(&Spot::Member(&Spot::Root, &parameter.name));
        }
    }
    if !report.problems.is_empty() {
        return Err(report.problems);
    }
    let all_fields = values.len() > action.parameters().len()
        && values.pop().flatten().and_then(scan::string).is_some_and(|word| word == "all");
    Ok(Arguments { values, all_fields })
}

#[cfg(test)]
mod tests;
