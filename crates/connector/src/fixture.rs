//! Fixtures of a connector's folder: arguments in, request expected, answer given, result expected.

use crate::definition::Connector;

/// Runs one fixture (YAML).
///
/// # Errors
/// Everything that differs from the fixture, one sentence each.
pub fn check_fixture(connector: &Connector, fixture: &str) -> Result<(), Vec<String>> {
    todo!("{connector:?} {fixture}")
}
