//! Prompts of a server: three built-in ones and the server's own; and completion of their arguments.

use std::borrow::Cow;

use mcp::{Content, Prompt, PromptArgument, PromptMessage, PromptResult, Reference, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::ServerPrompt;

use crate::{
    access::{Client, Member},
    app::App,
    error::{Detail, Error, Noun},
    ops::{change, servers},
};

/// The longest name of a prompt, in characters.
const MAX_NAME_CHARS: usize = 128;

/// An argument of a prompt, as it is written and stored.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Argument {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default)]
    required: bool,
}

/// The body of `PUT …/prompts/{name}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Put {
    title: Option<String>,
    description: Option<String>,
    #[serde(default)]
    arguments: Vec<Argument>,
    template: String,
}

/// A server's own prompt as answers show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    arguments: Vec<Argument>,
    template: String,
}

/// A prompt that every server has.
struct BuiltIn {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    arguments: &'static [(&'static str, &'static str)],
    template: &'static str,
}

const BUILT_IN: [BuiltIn; 3] = [
    BuiltIn {
        name: "connect_platform",
        title: "Connect a platform",
        description: "Guides through connecting an account of a platform",
        arguments: &[("connectorId", "The connector to connect, such as slack")],
        template: "Connect my account for the connector {{connectorId}}. First call get_credential_metadata_alloy \
                   with connectorId {{connectorId}} and tell me which ways there are. Ask me for the fields of the \
                   way I choose, then call create_credential_alloy, and check the result with get_credentials_alloy.",
    },
    BuiltIn {
        name: "find_action",
        title: "Find an action",
        description: "Finds the right action for a goal and explains what it needs",
        arguments: &[("goal", "What is to be done, in plain words")],
        template: "I want to do this: {{goal}}. Call discover_action_path_alloy with that goal, look at the best \
                   matches with get_action_details_alloy, and tell me which action fits, what it needs, and whether \
                   the platform is connected. Do not run anything yet.",
    },
    BuiltIn {
        name: "run_action",
        title: "Run an action",
        description: "Collects the parameters of an action and runs it",
        arguments: &[
            ("connectorId", "The connector, such as slack"),
            ("actionId", "The action, such as chat_postMessage"),
        ],
        template: "Run the action {{actionId}} of the connector {{connectorId}}. Read its parameters with \
                   get_action_details_alloy, ask me for what is missing, then call execute_action_alloy and tell me \
                   what came back.",
    },
];

/// The `result` of `prompts/list`: the built-in ones, then the server's own by name.
pub(crate) async fn list(client: &Client) -> Result<String, Error> {
    let own = client.server.account.list_server_prompts(&client.server.server_id).await?;
    let mut prompts: Vec<Prompt<'_>> = BUILT_IN
        .iter()
        .filter(|prompt| !own.iter().any(|own| own.name == prompt.name))
        .map(|prompt| Prompt {
            name: prompt.name.into(),
            title: Some(prompt.title.into()),
            description: Some(prompt.description.into()),
            arguments: prompt
                .arguments
                .iter()
                .map(|(name, description)| argument(name, Some(description), true))
                .collect(),
        })
        .collect();
    let parsed: Vec<_> = own.iter().map(arguments_of).collect::<Result<_, _>>()?;
    for (prompt, arguments) in own.iter().zip(&parsed) {
        prompts.push(Prompt {
            name: prompt.name.as_str().into(),
            title: prompt.title.as_deref().map(Into::into),
            description: Some(prompt.description.as_deref().unwrap_or(&prompt.name).into()),
            arguments: arguments
                .iter()
                .map(|each| argument(&each.name, each.description.as_deref(), each.required))
                .collect(),
        });
    }
    mcp::list_result("prompts", &prompts, None).map_err(Error::internal)
}

fn argument<'a>(name: &'a str, description: Option<&'a str>, required: bool) -> PromptArgument<'a> {
    PromptArgument { name: name.into(), title: None, description: description.map(Cow::from), required }
}

fn arguments_of(prompt: &ServerPrompt) -> Result<Vec<Argument>, Error> {
    serde_json::from_str(&prompt.arguments).map_err(Error::internal)
}

/// The `result` of `prompts/get`.
pub(crate) async fn get(
    client: &Client,
    name: &str,
    arguments: &Map<String, Value>,
) -> Result<String, Error> {
    let own = client.server.account.find_server_prompt(&client.server.server_id, name).await?;
    let (description, known, template) = if let Some(prompt) = own {
        let known = arguments_of(&prompt)?;
        (prompt.description, known, prompt.template)
    } else {
        let found = BUILT_IN.iter().find(|prompt| prompt.name == name);
        let found = found.ok_or_else(|| Error::not_found(Noun::Prompt))?;
        let known = found.arguments.iter().map(|(name, _)| Argument {
            name: (*name).to_owned(),
            description: None,
            required: true,
        });
        (Some(found.description.to_owned()), known.collect(), found.template.to_owned())
    };
    let values = check(&known, arguments)?;
    let text = fill(&template, &values);
    let result = PromptResult {
        description: description.map(Cow::Owned),
        messages: vec![PromptMessage { role: Role::User, content: Content::Text { text: text.into() } }],
    };
    serde_json::to_string(&result).map_err(Error::internal)
}

/// The values of the arguments: strings, none unknown, no required one missing; every problem at once.
fn check<'a>(known: &'a [Argument], given: &'a Map<String, Value>) -> Result<Vec<(&'a str, &'a str)>, Error> {
    let mut details = Vec::new();
    let mut problem = |field: &str, problem: &str| {
        details.push(Detail { field: field.to_owned(), problem: problem.to_owned() });
    };
    for name in given.keys().filter(|name| !known.iter().any(|argument| argument.name == **name)) {
        problem(name, "this prompt has no such argument");
    }
    let mut values = Vec::with_capacity(known.len());
    for argument in known {
        match given.get(&argument.name) {
            Some(Value::String(value)) => values.push((argument.name.as_str(), value.as_str())),
            Some(_) => problem(&argument.name, "has to be a string"),
            None if argument.required => problem(&argument.name, "is required"),
            None => values.push((argument.name.as_str(), "")),
        }
    }
    if details.is_empty() { Ok(values) } else { Err(Error::invalid(details)) }
}

/// Puts values into their `{{name}}` places, in one pass: a value that looks like a place stays as it is.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let value = after.split_once("}}").and_then(|(name, behind)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name.trim())?;
            Some((value, behind))
        });
        if let Some((value, behind)) = value {
            text.push_str(value);
            rest = behind;
        } else {
            text.push_str("{{");
            rest = after;
        }
    }
    text.push_str(rest);
    text
}

/// The values that complete an argument: connector and action ids that this client may see. An unknown prompt or
/// resource is an error, an argument without suggestions an empty list.
pub(crate) async fn complete(
    app: &App,
    client: &Client,
    reference: &Reference<'_>,
    argument: &str,
    typed: &str,
    decided: &Map<String, Value>,
) -> Result<String, Error> {
    match reference {
        Reference::Prompt(name) => {
            let built_in = BUILT_IN.iter().any(|prompt| prompt.name == *name);
            let own = client.server.account.find_server_prompt(&client.server.server_id, name).await?;
            if own.is_none() && !built_in {
                return Err(Error::not_found(Noun::Prompt));
            }
        }
        Reference::Resource(uri) if uri.starts_with("alloy://") => {}
        Reference::Resource(uri) => {
            let own = client.server.account.find_server_resource(&client.server.server_id, uri).await?;
            own.ok_or_else(|| Error::not_found(Noun::Resource))?;
        }
    }
    let values = match argument {
        "connectorId" => connector_ids(app, client, typed),
        "actionId" => action_ids(app, client, typed, decided.get("connectorId").and_then(Value::as_str)),
        _ => Vec::new(),
    };
    Ok(mcp::completion_result(&values, values.len()))
}

fn connector_ids<'a>(app: &'a App, client: &'a Client, typed: &str) -> Vec<Cow<'a, str>> {
    let visible = app.catalogue.visible(client.into()).map(|entry| &*entry.id);
    visible.filter(|id| id.starts_with(typed)).map(Cow::Borrowed).collect()
}

fn action_ids<'a>(
    app: &'a App,
    client: &'a Client,
    typed: &str,
    connector: Option<&str>,
) -> Vec<Cow<'a, str>> {
    let entries =
        app.catalogue.visible(client.into()).filter(|entry| connector.is_none_or(|id| id == &*entry.id));
    let ids = entries.flat_map(|entry| entry.visible(client.into())).map(connector::Action::id);
    ids.filter(|id| id.starts_with(typed)).map(Cow::Borrowed).collect()
}

/// Stores a prompt of the server's own.
pub(crate) async fn put(
    app: &App,
    by: &Member,
    server_id: &str,
    name: &str,
    request: Put,
) -> Result<View, Error> {
    servers::manageable(by, server_id).await?;
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || !name.chars().all(allowed) {
        return Err(Error::invalid_field("name", "has to be 1 to 128 characters of A-Z a-z 0-9 _ - ."));
    }
    let mut names: Vec<_> = request.arguments.iter().map(|argument| argument.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Error::invalid_field("arguments", "has two arguments of the same name"));
    }
    let row = ServerPrompt {
        server_id: server_id.to_owned(),
        name: name.to_owned(),
        title: request.title,
        description: request.description,
        arguments: serde_json::to_string(&request.arguments).map_err(Error::internal)?,
        template: request.template,
    };
    let mut tx = by.account().begin().await?;
    tx.put_server_prompt(&row).await?;
    change::commit(app, by, tx, "prompt.put", server_id, &json!({ "name": name })).await?;
    Ok(View {
        name: row.name,
        title: row.title,
        description: row.description,
        arguments: request.arguments,
        template: row.template,
    })
}

/// Deletes a prompt of the server's own.
pub(crate) async fn delete(app: &App, by: &Member, server_id: &str, name: &str) -> Result<(), Error> {
    servers::manageable(by, server_id).await?;
    let mut tx = by.account().begin().await?;
    match tx.delete_server_prompt(server_id, name).await {
        Err(store::Error::NotFound) => return Err(Error::not_found(Noun::Prompt)),
        other => other?,
    }
    change::commit(app, by, tx, "prompt.delete", server_id, &json!({ "name": name })).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_once_and_unknown_ones_stay() {
        let values = [("a", "{{b}}"), ("b", "two")];
        assert_eq!(fill("1 {{a}} {{ b }} {{c}} {{", &values), "1 {{b}} two {{c}} {{");
    }

    #[test]
    fn every_wrong_argument_is_named() {
        let known = [
            Argument { name: "one".into(), description: None, required: true },
            Argument { name: "two".into(), description: None, required: false },
        ];
        let given = json!({ "two": 2, "three": "3" });
        let error = check(&known, given.as_object().unwrap()).unwrap_err();
        let fields: Vec<_> = error.details().iter().map(|detail| detail.field.as_str()).collect();
        assert_eq!(fields, ["three", "one", "two"]);
    }
}
