//! Small definitions for this crate's own tests.

use serde_json::value::RawValue;

use crate::{Action, Connector};

/// A connector with one resource that holds the given actions (YAML list items).
pub(crate) fn connector(head: &str, actions: &str) -> Connector {
    let text = document(head, actions);
    Connector::parse(&text).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"))
}

/// The text of such a connector.
pub(crate) fn document(head: &str, actions: &str) -> String {
    let mut text = format!("id: test\nname: Test\ndescription: For tests.\ncategories: [test]\n{head}\n");
    if !head.contains("baseUrl:") {
        text.push_str("baseUrl: https://api.example.com/v1\n");
    }
    if !head.contains("auth:") {
        text.push_str("auth: []\n");
    }
    text.push_str("resources:\n  - id: things\n    name: Things\n    actions:\n");
    for line in actions.lines() {
        text.push_str("      ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// One action with the given lines after its id, names and descriptions.
pub(crate) fn action(id: &str, lines: &str) -> String {
    let mut text = format!("- id: {id}\n  displayName: D\n  description: D\n");
    for line in lines.lines() {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The first action.
pub(crate) fn first(connector: &Connector) -> &Action {
    connector.actions().first().unwrap()
}

/// JSON text as a raw value.
pub(crate) fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}
