//! What results are made of: tools, resources, prompts, contents, and the results that hold them.
//! Everything here serializes to the shape of the wire; none of it is on the path of a ready listing.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::version::Version;

type Text<'a> = Cow<'a, str>;

/// A program and its version (`Implementation`).
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Implementation<'a> {
    /// For programs.
    pub name: Text<'a>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    /// Any form.
    pub version: Text<'a>,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<'a>>,
    /// Where to read more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_url: Option<Text<'a>>,
    /// Pictures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon<'a>>,
}

/// A picture (`Icon`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Icon<'a> {
    /// An `https:` or `data:` URI.
    pub src: Text<'a>,
    /// Its type, where the source does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<Text<'a>>,
    /// `48x48` or `any`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<Text<'a>>,
}

/// Whether changes of a list are announced.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListChanged {
    /// Announced on listening streams.
    pub list_changed: bool,
}

/// What the server does with resources.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceCapability {
    /// Changes of single resources are announced.
    pub subscribe: bool,
    /// Changes of the list are announced.
    pub list_changed: bool,
}

/// What a server can do (`ServerCapabilities`); `Some` of an empty object means "yes".
#[derive(Clone, Debug, Default, Serialize)]
pub struct ServerCapabilities {
    /// Log messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<Map<String, Value>>,
    /// Completion of arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completions: Option<Map<String, Value>>,
    /// Prompts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompts: Option<ListChanged>,
    /// Resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceCapability>,
    /// Tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<ListChanged>,
    /// Extensions by identifier, with their settings.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extensions: Map<String, Value>,
}

/// The result of `initialize`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitializeResult<'a> {
    /// See [`crate::Initialize::negotiated`].
    #[serde(serialize_with = "version_name")]
    pub protocol_version: Version,
    /// What the server can do.
    pub capabilities: &'a ServerCapabilities,
    /// Who it is.
    pub server_info: &'a Implementation<'a>,
    /// How to use it; reaches the model.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub instructions: &'a str,
}

/// The result of `server/discover`; who the server is goes into `_meta` by [`crate::Answer::server_info`].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoverResult<'a> {
    /// Usually [`Version::SUPPORTED`].
    #[serde(serialize_with = "version_names")]
    pub supported_versions: &'a [Version],
    /// What the server can do.
    pub capabilities: &'a ServerCapabilities,
    /// How to use it; reaches the model.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub instructions: &'a str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn version_name<S: serde::Serializer>(version: &Version, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(version.as_str())
}

fn version_names<S: serde::Serializer>(versions: &[Version], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(versions.iter().map(|version| version.as_str()))
}

/// A tool.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool<'a> {
    /// 1 to 128 characters of `[A-Za-z0-9_.-]`.
    pub name: Text<'a>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    /// For the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<'a>>,
    /// JSON Schema 2020-12 with `type: "object"`.
    pub input_schema: Cow<'a, Value>,
    /// JSON Schema of the structured result; `type: "object"` for clients before 2026-07-28.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Cow<'a, Value>>,
    /// What it does to the world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<ToolAnnotations<'a>>,
    /// Pictures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon<'a>>,
}

/// Hints about a tool (`ToolAnnotations`).
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolAnnotations<'a> {
    /// For people, where the tool itself has no title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    /// Changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only_hint: Option<bool>,
    /// May destroy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destructive_hint: Option<bool>,
    /// Twice is once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotent_hint: Option<bool>,
    /// Reaches things outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_world_hint: Option<bool>,
}

/// A resource.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource<'a> {
    /// Where.
    pub uri: Text<'a>,
    /// For programs.
    pub name: Text<'a>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    /// For the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<'a>>,
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<Text<'a>>,
    /// Bytes before base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// A family of resources (RFC 6570).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceTemplate<'a> {
    /// Where, with variables.
    pub uri_template: Text<'a>,
    /// For programs.
    pub name: Text<'a>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    /// For the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<'a>>,
    /// The type of every one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<Text<'a>>,
}

/// What is in a resource: text or base64, exactly one of them.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum ResourceContents<'a> {
    /// UTF-8.
    Text {
        /// Where.
        uri: Text<'a>,
        /// Its type.
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<Text<'a>>,
        /// All of it.
        text: Text<'a>,
    },
    /// Anything else.
    Blob {
        /// Where.
        uri: Text<'a>,
        /// Its type.
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<Text<'a>>,
        /// Base64, padded.
        blob: Text<'a>,
    },
}

/// The result of `resources/read`; empty contents are not a result but
/// [`crate::Refusal::resource_not_found`].
#[derive(Clone, Debug, Serialize)]
pub struct ReadResult<'a> {
    /// At least one.
    pub contents: Vec<ResourceContents<'a>>,
}

/// A prompt.
#[derive(Clone, Debug, Serialize)]
pub struct Prompt<'a> {
    /// For programs.
    pub name: Text<'a>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    /// For the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<'a>>,
    /// What it takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<PromptArgument<'a>>,
}

/// An argument of a prompt.
#[derive(Clone, Debug, Serialize)]
pub struct PromptArgument<'a> {
    /// For programs.
    pub name: Text<'a>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    /// For the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<'a>>,
    /// Whether the prompt can do without it.
    pub required: bool,
}

/// The result of `prompts/get`.
#[derive(Clone, Debug, Serialize)]
pub struct PromptResult<'a> {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<'a>>,
    /// What to say.
    pub messages: Vec<PromptMessage<'a>>,
}

/// One turn of a prompt.
#[derive(Clone, Debug, Serialize)]
pub struct PromptMessage<'a> {
    /// Who says it.
    pub role: Role,
    /// What.
    pub content: Content<'a>,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One block of a message or of a tool's result (`ContentBlock`).
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Content<'a> {
    /// Text.
    Text {
        /// All of it.
        text: Text<'a>,
    },
    /// A picture.
    Image {
        /// Base64, padded.
        data: Text<'a>,
        /// Its type.
        mime_type: Text<'a>,
    },
    /// Sound.
    Audio {
        /// Base64, padded.
        data: Text<'a>,
        /// Its type.
        mime_type: Text<'a>,
    },
    /// A resource with what is in it.
    Resource {
        /// The resource.
        resource: ResourceContents<'a>,
    },
    /// A resource to be read.
    ResourceLink(Resource<'a>),
}

/// The result of a list method: `{"<member>": [...], "nextCursor"?: "…"}`, `member` being `tools`,
/// `resources`, `resourceTemplates` or `prompts`.
pub fn list_result<T: Serialize>(
    member: &str,
    items: &[T],
    next_cursor: Option<&str>,
) -> Result<String, serde_json::Error> {
    let mut result = Map::new();
    result.insert(member.to_owned(), serde_json::to_value(items)?);
    if let Some(cursor) = next_cursor {
        result.insert("nextCursor".to_owned(), cursor.into());
    }
    serde_json::to_string(&result)
}

/// The result of `completion/complete`. At most 100 values are sent; `total` counts all there are.
pub fn completion_result(values: &[Cow<'_, str>], total: usize) -> String {
    let shown = values.get(..100).unwrap_or(values);
    json!({ "completion": { "values": shown, "total": total, "hasMore": shown.len() < total } }).to_string()
}

/// The result of a request that needs something from the client first (2026-07-28, `InputRequiredResult`).
///
/// `requests` maps keys of ours to `elicitation/create`, `sampling/createMessage` or `roots/list` requests;
/// `request_state` comes back unchanged and must be sealed by the caller. This is a whole result: send it
/// with [`crate::encode_input_required`].
pub fn input_required(requests: &Map<String, Value>, request_state: Option<&str>) -> String {
    let mut result = Map::new();
    if !requests.is_empty() {
        result.insert("inputRequests".to_owned(), Value::Object(requests.clone()));
    }
    if let Some(state) = request_state {
        result.insert("requestState".to_owned(), state.into());
    }
    Value::Object(result).to_string()
}

#[cfg(test)]
mod tests;
