//! The parameters of each method, from the members the envelope kept. Must not look at headers.

use std::{borrow::Cow, fmt};

use crate::{
    envelope::{self, Envelope, member, param},
    json::Json,
    message::LogLevel,
    method::{
        CompleteCall, Initialize, InputAnswers, Method, PromptGet, Reference, SubscriptionFilter, ToolCall,
    },
    version::Era,
};

/// What is wrong with the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// `params` is not an object.
    Params,
    /// A member of `_meta` that the era requires is absent.
    MissingMeta(&'static str),
    /// A member of `_meta` is of the wrong kind.
    KindOfMeta(&'static str, &'static str),
    /// A parameter is absent.
    Missing(&'static str),
    /// A parameter is of the wrong kind.
    Kind(&'static str, &'static str),
}

impl Problem {
    pub(crate) fn kind_of_meta(index: usize, expected: &'static str) -> Self {
        Self::KindOfMeta(envelope::META.get(index).copied().unwrap_or_default(), expected)
    }

    /// Whether it concerns the frame of a 2026 request, which HTTP answers with 400, and not the method.
    pub(crate) const fn in_envelope(self) -> bool {
        match self {
            Self::Params | Self::MissingMeta(_) | Self::KindOfMeta(..) => true,
            Self::Missing(_) | Self::Kind(..) => false,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Params => formatter.write_str("params must be an object"),
            Self::MissingMeta(name) => write!(formatter, "_meta[\"{name}\"] is missing"),
            Self::KindOfMeta("", expected) => write!(formatter, "_meta must be {expected}"),
            Self::KindOfMeta(name, expected) => write!(formatter, "_meta[\"{name}\"] must be {expected}"),
            Self::Missing(name) => write!(formatter, "{name} is missing"),
            Self::Kind(name, expected) => write!(formatter, "{name} must be {expected}"),
        }
    }
}

type Read<T> = Result<T, Problem>;

/// `params` and `_meta` are objects where they are present.
pub(crate) fn check_kinds(envelope: &Envelope<'_>) -> Read<()> {
    if envelope.message.get(member::PARAMS).is_some_and(|params| !params.is_object()) {
        return Err(Problem::Params);
    }
    if envelope.params.get(param::META).is_some_and(|meta| !meta.is_object()) {
        return Err(Problem::KindOfMeta("", "an object"));
    }
    Ok(())
}

/// Reads the parameters of the method, if the era has it.
pub(crate) fn method<'a>(envelope: &Envelope<'a>, era: Era, name: Cow<'a, str>) -> Read<Method<'a>> {
    match name.as_ref() {
        "tools/list" => Ok(Method::ToolsList { cursor: cursor(envelope)? }),
        "tools/call" => Ok(Method::ToolsCall(ToolCall {
            name: required(envelope, param::NAME, "name")?,
            arguments: arguments(envelope)?,
            input: input(envelope)?,
        })),
        "resources/list" => Ok(Method::ResourcesList { cursor: cursor(envelope)? }),
        "resources/templates/list" => Ok(Method::ResourceTemplatesList { cursor: cursor(envelope)? }),
        "resources/read" => {
            Ok(Method::ResourcesRead { uri: required(envelope, param::URI, "uri")?, input: input(envelope)? })
        }
        "prompts/list" => Ok(Method::PromptsList { cursor: cursor(envelope)? }),
        "prompts/get" => Ok(Method::PromptsGet(PromptGet {
            name: required(envelope, param::NAME, "name")?,
            arguments: arguments(envelope)?,
            input: input(envelope)?,
        })),
        "completion/complete" => complete(envelope).map(Method::Complete),
        _ if era.is_stateless() => stateless(envelope, name),
        _ => legacy(envelope, name),
    }
}

fn stateless<'a>(envelope: &Envelope<'a>, name: Cow<'a, str>) -> Read<Method<'a>> {
    match name.as_ref() {
        "server/discover" => Ok(Method::Discover),
        "subscriptions/listen" => subscriptions(envelope).map(Method::SubscriptionsListen),
        _ => Ok(Method::Unknown(name)),
    }
}

fn legacy<'a>(envelope: &Envelope<'a>, name: Cow<'a, str>) -> Read<Method<'a>> {
    match name.as_ref() {
        "initialize" => Ok(Method::Initialize(Initialize {
            requested: required(envelope, param::PROTOCOL_VERSION, "protocolVersion")?,
            capabilities: object(envelope, param::CAPABILITIES, "capabilities")?,
            client_info: object(envelope, param::CLIENT_INFO, "clientInfo")?,
        })),
        "ping" => Ok(Method::Ping),
        "logging/setLevel" => {
            let level = LogLevel::parse(&required(envelope, param::LEVEL, "level")?);
            Ok(Method::LoggingSetLevel { level: level.ok_or(Problem::Kind("level", "a log level"))? })
        }
        "resources/subscribe" => {
            Ok(Method::ResourcesSubscribe { uri: required(envelope, param::URI, "uri")? })
        }
        "resources/unsubscribe" => {
            Ok(Method::ResourcesUnsubscribe { uri: required(envelope, param::URI, "uri")? })
        }
        _ => Ok(Method::Unknown(name)),
    }
}

fn required<'a>(envelope: &Envelope<'a>, index: usize, name: &'static str) -> Read<Cow<'a, str>> {
    text(envelope.params.get(index), name)
}

fn text<'a>(value: Option<Json<'a>>, name: &'static str) -> Read<Cow<'a, str>> {
    value.ok_or(Problem::Missing(name))?.string().ok_or(Problem::Kind(name, "a string"))
}

fn object<'a>(envelope: &Envelope<'a>, index: usize, name: &'static str) -> Read<Option<Json<'a>>> {
    match envelope.params.get(index) {
        Some(value) if !value.is_object() => Err(Problem::Kind(name, "an object")),
        other => Ok(other),
    }
}

/// Arguments of `null` count as none: clients in use send it.
fn arguments<'a>(envelope: &Envelope<'a>) -> Read<Option<Json<'a>>> {
    match envelope.params.get(param::ARGUMENTS) {
        Some(arguments) if arguments.is_null() => Ok(None),
        Some(_) | None => object(envelope, param::ARGUMENTS, "arguments"),
    }
}

/// A cursor of `null` counts as none: clients in use send it.
fn cursor<'a>(envelope: &Envelope<'a>) -> Read<Option<Cow<'a, str>>> {
    match envelope.params.get(param::CURSOR) {
        Some(cursor) if !cursor.is_null() => text(Some(cursor), "cursor").map(Some),
        Some(_) | None => Ok(None),
    }
}

fn input<'a>(envelope: &Envelope<'a>) -> Read<InputAnswers<'a>> {
    let request_state = match envelope.params.get(param::REQUEST_STATE) {
        Some(state) => Some(text(Some(state), "requestState")?),
        None => None,
    };
    Ok(InputAnswers { responses: object(envelope, param::INPUT_RESPONSES, "inputResponses")?, request_state })
}

fn complete<'a>(envelope: &Envelope<'a>) -> Read<CompleteCall<'a>> {
    let part =
        |index: usize, name: &'static str| object(envelope, index, name)?.ok_or(Problem::Missing(name));
    let reference = envelope::members_of(part(param::REF, "ref")?, &["type", "name", "uri"])
        .ok_or(Problem::Kind("ref", "an object without repeated members"))?;
    let argument = envelope::members_of(part(param::ARGUMENT, "argument")?, &["name", "value"])
        .ok_or(Problem::Kind("argument", "an object without repeated members"))?;
    let context = match object(envelope, param::CONTEXT, "context")? {
        Some(context) => envelope::members_of(context, &["arguments"])
            .ok_or(Problem::Kind("context", "an object without repeated members"))?
            .get(0),
        None => None,
    };
    if context.is_some_and(|arguments| !arguments.is_object()) {
        return Err(Problem::Kind("context.arguments", "an object"));
    }
    let reference = match text(reference.get(0), "ref.type")?.as_ref() {
        "ref/prompt" => Reference::Prompt(text(reference.get(1), "ref.name")?),
        "ref/resource" => Reference::Resource(text(reference.get(2), "ref.uri")?),
        _ => return Err(Problem::Kind("ref.type", "ref/prompt or ref/resource")),
    };
    Ok(CompleteCall {
        reference,
        argument: text(argument.get(0), "argument.name")?,
        value: text(argument.get(1), "argument.value")?,
        context,
    })
}

/// Most URIs one stream may watch.
const MAX_SUBSCRIPTIONS: usize = 1000;

fn subscriptions<'a>(envelope: &Envelope<'a>) -> Read<SubscriptionFilter<'a>> {
    const NAMES: [&str; 4] =
        ["toolsListChanged", "promptsListChanged", "resourcesListChanged", "resourceSubscriptions"];
    let wish =
        object(envelope, param::NOTIFICATIONS, "notifications")?.ok_or(Problem::Missing("notifications"))?;
    let wish = envelope::members_of(wish, &NAMES)
        .ok_or(Problem::Kind("notifications", "an object without repeated members"))?;
    let flag = |index: usize| match wish.get(index).map(Json::boolean) {
        None => Ok(false),
        Some(Some(wanted)) => Ok(wanted),
        Some(None) => Err(Problem::Kind("notifications", "made of booleans and a list of URIs")),
    };
    let uris = match wish.get(3) {
        Some(uris) => uris
            .parse::<Vec<Cow<'a, str>>>()
            .ok()
            .filter(|uris| uris.len() <= MAX_SUBSCRIPTIONS)
            .ok_or(Problem::Kind("resourceSubscriptions", "a list of at most 1000 URIs"))?,
        None => Vec::new(),
    };
    Ok(SubscriptionFilter {
        tools_list_changed: flag(0)?,
        prompts_list_changed: flag(1)?,
        resources_list_changed: flag(2)?,
        resource_subscriptions: uris,
    })
}
