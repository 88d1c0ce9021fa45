//! The catalogue as answers show it.

use std::collections::HashSet;

use bytes::Bytes;
use connector::{Action, Place, Resource};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Catalogue, Entry, Sight};

/// A connector in the management API's list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectorSummary<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) icon: Option<&'a str>,
    pub(crate) category: &'a [String],
    pub(crate) description: &'a str,
    pub(crate) authentication_types: Vec<&'static str>,
    pub(crate) action_count: usize,
}

/// A connector of the management API by itself.
#[derive(Serialize)]
pub(crate) struct ConnectorDetail<'a> {
    #[serde(flatten)]
    pub(crate) summary: ConnectorSummary<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) documentation: Option<&'a str>,
    pub(crate) resources: Vec<ResourceView<'a>>,
}

/// A connector in the list of the MCP tool.
#[derive(Serialize)]
pub(crate) struct ConnectorBrief<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) category: &'a [String],
    pub(crate) description: &'a str,
    /// Whether the user can use it now: there is an active credential, or it needs none.
    pub(crate) connected: bool,
}

/// A connector's actions, by resource.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectorResources<'a> {
    pub(crate) connector_id: &'a str,
    pub(crate) resources: Vec<ResourceView<'a>>,
}

/// A resource of a connector.
#[derive(Serialize)]
pub(crate) struct ResourceView<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) actions: Vec<ActionSummary<'a>>,
}

/// An action in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionSummary<'a> {
    pub(crate) id: &'a str,
    pub(crate) display_name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) read_only: bool,
    pub(crate) destructive: bool,
}

#[derive(Serialize)]
struct ActionAnswer<'a> {
    action: ActionDetail<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ActionDetail<'a> {
    id: &'a str,
    display_name: &'a str,
    description: &'a str,
    resource: &'a str,
    http_method: &'a str,
    path: &'a str,
    parameters: Vec<ParameterView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<RequestBody<'a>>,
    input_schema: &'a RawValue,
    annotations: Annotations,
    scopes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deprecated: bool,
}

#[derive(Serialize)]
struct ParameterView<'a> {
    name: &'a str,
    #[serde(rename = "in")]
    place: &'static str,
    description: &'a str,
    required: bool,
    schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'a RawValue>,
}

/// Which of the parameters make up the body.
#[derive(Serialize)]
struct RequestBody<'a> {
    required: bool,
    parameters: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "these are the four hints of the protocol")]
struct Annotations {
    read_only_hint: bool,
    destructive_hint: bool,
    idempotent_hint: bool,
    open_world_hint: bool,
}

impl<'a> From<&'a Entry> for ConnectorSummary<'a> {
    fn from(entry: &'a Entry) -> Self {
        let connector = &entry.connector;
        Self {
            id: connector.id(),
            name: connector.name(),
            icon: entry.icon.as_deref(),
            category: connector.categories(),
            description: connector.description(),
            authentication_types: entry.authentication_types(),
            action_count: connector.actions().len(),
        }
    }
}

impl<'a> From<&'a Action> for ActionSummary<'a> {
    fn from(action: &'a Action) -> Self {
        let hints = action.hints();
        Self {
            id: action.id(),
            display_name: action.display_name(),
            description: action.description(),
            read_only: hints.read_only,
            destructive: hints.destructive,
        }
    }
}

/// The connectors that may be seen, of one category and with words in id, name, description or category.
pub(crate) fn summaries<'a>(
    catalogue: &'a Catalogue,
    sight: Sight<'a>,
    category: Option<&str>,
    search: Option<&str>,
) -> Vec<ConnectorSummary<'a>> {
    let entries = catalogue.visible(sight);
    let fitting =
        entries.filter(|entry| is_of(entry, category) && search.is_none_or(|words| has(entry, words)));
    fitting.map(|entry| ConnectorSummary::from(&**entry)).collect()
}

/// The same for the MCP tool; `connected` holds the ids of connectors that the user has a credential for.
pub(crate) fn briefs<'a>(
    catalogue: &'a Catalogue,
    sight: Sight<'a>,
    category: Option<&str>,
    connected: &HashSet<String>,
) -> Vec<ConnectorBrief<'a>> {
    let entries = catalogue.visible(sight).filter(|entry| is_of(entry, category));
    let brief = |entry: &'a std::sync::Arc<Entry>| ConnectorBrief {
        id: entry.connector.id(),
        name: entry.connector.name(),
        category: entry.connector.categories(),
        description: entry.connector.description(),
        connected: entry.connector.auth().is_empty() || connected.contains(&*entry.id),
    };
    entries.map(brief).collect()
}

/// One connector with its actions by resource.
pub(crate) fn detail<'a>(entry: &'a Entry, sight: Sight<'a>) -> ConnectorDetail<'a> {
    ConnectorDetail {
        summary: entry.into(),
        documentation: entry.connector.documentation(),
        resources: resource_views(entry, sight),
    }
}

/// A connector's actions by resource; a resource of which nothing may be seen is left out.
pub(crate) fn resources<'a>(entry: &'a Entry, sight: Sight<'a>) -> ConnectorResources<'a> {
    ConnectorResources { connector_id: &entry.id, resources: resource_views(entry, sight) }
}

/// A connector's actions in one list.
pub(crate) fn actions<'a>(entry: &'a Entry, sight: Sight<'a>) -> Vec<ActionSummary<'a>> {
    entry.visible(sight).map(ActionSummary::from).collect()
}

fn resource_views<'a>(entry: &'a Entry, sight: Sight<'a>) -> Vec<ResourceView<'a>> {
    let view = |resource: &'a Resource| {
        let actions = entry.connector.resource_actions(resource).iter();
        let visible = actions.filter(|action| sight.action(&entry.id, action.id()).is_ok());
        let actions: Vec<ActionSummary<'a>> = visible.map(ActionSummary::from).collect();
        let shown = ResourceView {
            id: &resource.id,
            name: &resource.name,
            description: &resource.description,
            actions,
        };
        (!shown.actions.is_empty()).then_some(shown)
    };
    entry.connector.resources().iter().filter_map(view).collect()
}

/// `{"action":{…}}` as text.
pub(super) fn action_detail(action: &Action) -> Bytes {
    let hints = action.hints();
    let in_body: Vec<_> =
        action.parameters().iter().filter(|parameter| parameter.place == Place::Body).collect();
    let request_body = (!in_body.is_empty()).then(|| RequestBody {
        required: in_body.iter().any(|parameter| parameter.required),
        parameters: in_body.iter().map(|parameter| parameter.name.as_str()).collect(),
    });
    let parameters = action.parameters().iter().map(|parameter| ParameterView {
        name: &parameter.name,
        place: parameter.place.as_str(),
        description: &parameter.description,
        required: parameter.required,
        schema: &parameter.schema,
        default: parameter.default.as_deref(),
    });
    let detail = ActionDetail {
        id: action.id(),
        display_name: action.display_name(),
        description: action.description(),
        resource: action.resource(),
        http_method: action.method().as_str(),
        path: action.path(),
        parameters: parameters.collect(),
        request_body,
        input_schema: action.input_schema(),
        annotations: Annotations {
            read_only_hint: hints.read_only,
            destructive_hint: hints.destructive,
            idempotent_hint: hints.idempotent,
            open_world_hint: true,
        },
        scopes: action.scopes(),
        example: action.example(),
        deprecated: action.deprecated(),
    };
    let text = serde_json::to_vec(&ActionAnswer { action: detail });
    text.expect("texts, numbers and checked JSON can always be written").into()
}

fn is_of(entry: &Entry, category: Option<&str>) -> bool {
    let Some(category) = category else { return true };
    entry.connector.categories().iter().any(|own| own.eq_ignore_ascii_case(category.trim()))
}

/// Whether every word occurs somewhere.
fn has(entry: &Entry, words: &str) -> bool {
    let connector = &entry.connector;
    let categories = connector.categories().join(" ");
    let text = format!("{} {} {} {categories}", connector.id(), connector.name(), connector.description());
    let text = text.to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| text.contains(word))
}
