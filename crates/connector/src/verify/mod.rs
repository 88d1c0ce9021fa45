//! Comparing a definition with the platform's own API description.

use crate::definition::{Connector, Problem};

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
pub struct Differences {}

impl Differences {
    /// Reads `differences.yaml`.
    ///
    /// # Errors
    /// Every problem found.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        todo!("{text}")
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

/// Compares every action with a description: OpenAPI 3.0 or 3.1, Swagger 2.0, Google discovery; JSON or YAML.
///
/// # Errors
/// When the text is no such description.
pub fn verify(
    connector: &Connector,
    description: &str,
    differences: &Differences,
) -> Result<Verification, Problem> {
    todo!("{connector:?} {description} {differences:?}")
}
