//! Comparing a definition with the platform's own API description: OpenAPI 3.0 and 3.1, Swagger 2.0 and Google
//! discovery. References inside the description are followed lazily, others never.

mod compare;
mod description;
mod types;

use serde_json::Value;

use self::description::Description;
use crate::definition::members::Members;
use crate::definition::node::{Limits, Node};
use crate::definition::{Connector, Problem};

/// For descriptions, which are far larger than definitions.
const DESCRIPTION: Limits = Limits { bytes: 64 * 1024 * 1024, depth: 256, nodes: 5_000_000 };

/// One way a definition differs from the description.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The action's id.
    pub action: String,
    /// What differs, such as `parameter limit: type integer, description says string`.
    pub what: String,
}

/// Differences that are deliberate, each with its reason (`differences.yaml`).
#[derive(Debug, Default)]
pub struct Differences {
    listed: Vec<Difference>,
}

impl Differences {
    /// Reads `differences.yaml`: a list of `{ action, what, reason }`.
    ///
    /// # Errors
    /// Every problem found.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        use crate::definition::node::Data;

        let root = Node::parse(text)?;
        let mut problems = Vec::new();
        let mut listed = Vec::new();
        let Data::List(items) = &root.data else {
            return Err(vec![root.spot.problem("", format!("expected a list, found {}", root.kind()))]);
        };
        for (index, item) in items.iter().enumerate() {
            let Some(mut members) = Members::open(item, format!("/{index}"), &mut problems) else { continue };
            let action = members.must_text("action", &mut problems).unwrap_or_default().to_owned();
            let what = members.must_text("what", &mut problems).unwrap_or_default().to_owned();
            members.must_text("reason", &mut problems);
            members.close(&mut problems);
            listed.push(Difference { action, what });
        }
        if problems.is_empty() { Ok(Self { listed }) } else { Err(problems) }
    }
}

/// The outcome of a comparison.
#[derive(Debug, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Actions compared.
    pub checked: usize,
    /// Actions whose method and path the description has.
    pub found: usize,
    /// Differences that are not listed.
    pub problems: Vec<Difference>,
    /// Differences that are listed.
    pub listed: Vec<Difference>,
    /// Listed differences that no longer exist.
    pub outdated: Vec<Difference>,
}

/// Compares every action with a description in JSON or YAML.
///
/// # Errors
/// When the text is no such description.
pub fn verify(
    connector: &Connector,
    description: &str,
    differences: &Differences,
) -> Result<Verification, Problem> {
    let root = read(description)?;
    let description = Description::new(&root).ok_or_else(|| Problem {
        line: None,
        column: None,
        path: String::new(),
        message: "neither OpenAPI 3, Swagger 2.0 nor Google discovery".to_owned(),
    })?;
    let mut outcome = Verification::default();
    for action in connector.actions() {
        outcome.checked += 1;
        let mut found = Vec::new();
        if compare::compare(connector, action, &description, &mut found) {
            outcome.found += 1;
        }
        for what in found {
            let difference = Difference { action: action.id().to_owned(), what };
            let known = differences.listed.contains(&difference);
            if known { &mut outcome.listed } else { &mut outcome.problems }.push(difference);
        }
    }
    let gone = differences.listed.iter().filter(|listed| !outcome.listed.contains(listed));
    outcome.outdated = gone.cloned().collect();
    Ok(outcome)
}

fn read(text: &str) -> Result<Value, Problem> {
    if text.trim_start().starts_with('{') && text.len() <= DESCRIPTION.bytes {
        return serde_json::from_str(text).map_err(|error| Problem {
            line: Some(error.line()),
            column: Some(error.column()),
            path: String::new(),
            message: "not JSON".to_owned(),
        });
    }
    match Node::parse_within(text, DESCRIPTION) {
        Ok(node) => Ok(node.to_json()),
        Err(problems) => Err(problems.into_iter().next().unwrap_or_else(|| Problem {
            line: None,
            column: None,
            path: String::new(),
            message: "cannot be read".to_owned(),
        })),
    }
}

#[cfg(test)]
mod tests;
