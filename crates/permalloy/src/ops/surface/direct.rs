//! Direct mode: each allowed action is a tool of its own. The names are made by a fixed rule from connector and
//! action, so they stay the same as long as those do.

use std::collections::HashMap;

use aws_lc_rs::digest;
use connector::{Action, Connector};
use serde_json::{Map, Value, json};

use crate::{access::Client, app::App, error::Error};

/// The longest name that every client takes, in characters.
const MAX_NAME: usize = 64;
/// Hexadecimal digits of the hash in a name that had to be changed.
const HASH_DIGITS: usize = 10;
/// The argument that continues a long result; the suffix keeps it apart from the action's own.
pub(crate) const CURSOR: &str = "cursor_alloy";
/// Tools on one page of `tools/list`.
const PAGE: usize = 200;

/// From tool names to actions.
#[derive(Default)]
pub(crate) struct Names(HashMap<String, (String, String)>);

impl Names {
    /// The names of all actions of the catalogue.
    pub(crate) fn new<'a>(connectors: impl Iterator<Item = &'a Connector>) -> Self {
        let mut names = HashMap::new();
        for connector in connectors {
            for action in connector.actions() {
                let ids = (connector.id().to_owned(), action.id().to_owned());
                names.insert(name(connector.id(), action.id()), ids);
            }
        }
        Self(names)
    }

    /// The connector and the action of a tool.
    pub(crate) fn find(&self, tool: &str) -> Option<(&str, &str)> {
        self.0.get(tool).map(|(connector, action)| (connector.as_str(), action.as_str()))
    }
}

/// `{connector}_{action}`; where that does not fit `[A-Za-z0-9_-]{1,64}`, the rest is replaced and a hash of the
/// full name added. Connector ids have no underscore, so two actions never have the same plain name.
pub(crate) fn name(connector: &str, action: &str) -> String {
    let plain = format!("{connector}_{action}");
    let fits = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    if plain.len() <= MAX_NAME && plain.chars().all(fits) {
        return plain;
    }
    let hash = digest::digest(&digest::SHA256, plain.as_bytes());
    let hex = hash.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let kept = plain.chars().map(|character| if fits(character) { character } else { '_' });
    let kept: String = kept.take(MAX_NAME - HASH_DIGITS - 1).collect();
    format!("{kept}_{}", hex.get(..HASH_DIGITS).unwrap_or_default())
}

/// One page of an account's direct tools as JSON array members, and whether more follow. `from` counts allowed
/// actions in the order of connector and action.
pub(crate) fn page(app: &App, client: &Client, from: usize) -> Result<(Vec<Value>, Option<usize>), Error> {
    let mut tools = Vec::new();
    let mut index = 0;
    for entry in app.catalogue.iter() {
        for action in entry.visible(client.into()) {
            if index >= from {
                if tools.len() == PAGE {
                    return Ok((tools, Some(index)));
                }
                tools.push(tool(&entry.connector, action)?);
            }
            index += 1;
        }
    }
    Ok((tools, None))
}

fn tool(connector: &Connector, action: &Action) -> Result<Value, Error> {
    let hints = action.hints();
    let title = format!("{}: {}", connector.name(), action.display_name());
    Ok(json!({
        "name": name(connector.id(), action.id()),
        "title": title,
        "description": action.description(),
        "inputSchema": input_schema(action)?,
        "annotations": {
            "title": title,
            "readOnlyHint": hints.read_only,
            "destructiveHint": hints.destructive,
            "idempotentHint": hints.idempotent,
            "openWorldHint": true,
        },
    }))
}

fn input_schema(action: &Action) -> Result<Value, Error> {
    let mut schema: Map<String, Value> =
        serde_json::from_str(action.input_schema().get()).map_err(Error::internal)?;
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        properties.insert(
            CURSOR.to_owned(),
            json!({ "type": "string", "description": "metadata.nextCursor of the answer before, for the next part of a long result" }),
        );
    }
    Ok(Value::Object(schema))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_stay_apart() {
        assert_eq!(name("slack", "chat_postMessage"), "slack_chat_postMessage");
        assert_eq!(name("notion", "post-page"), "notion_post-page");
        let dotted = name("gmail", "users.messages.send");
        assert!(dotted.starts_with("gmail_users_messages_send_") && dotted.len() <= MAX_NAME, "{dotted}");
        assert_ne!(dotted, name("gmail", "users_messages.send"));
        let long = name("github", &"x".repeat(100));
        assert_eq!(long.len(), MAX_NAME);
        assert_ne!(long, name("github", &"x".repeat(101)));
    }
}
