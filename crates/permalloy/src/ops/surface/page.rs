//! An action as a page of Markdown, for people and models who read rather than parse.

use std::fmt::Write as _;

use connector::{Action, Connector};

/// The page of one action.
pub(super) fn action(connector: &Connector, action: &Action) -> String {
    let mut page = format!("# {} ({}.{})\n\n", action.display_name(), connector.id(), action.id());
    // Writing to a String cannot fail.
    let mut line = |text: std::fmt::Arguments<'_>| page.write_fmt(text).unwrap_or_default();
    line(format_args!("{}\n\n", action.description()));
    let hints = action.hints();
    let effect = if hints.read_only {
        "It changes nothing."
    } else if hints.destructive {
        "It deletes or overwrites something."
    } else {
        "It changes something."
    };
    line(format_args!("{effect}\n\n## Parameters\n\n"));
    for parameter in action.parameters() {
        let required = if parameter.required { "required" } else { "optional" };
        line(format_args!("- `{}` ({required}): {}\n", parameter.name, parameter.description));
    }
    if action.parameters().is_empty() {
        line(format_args!("None.\n"));
    }
    line(format_args!("\n## Input schema\n\n```json\n{}\n```\n", action.input_schema().get()));
    if let Some(example) = action.example() {
        line(format_args!("\n## Example\n\n```json\n{}\n```\n", example.get()));
    }
    page
}
