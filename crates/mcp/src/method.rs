//! The methods the product acts on, with their parameters. Must not know which of them a server offers.

use std::borrow::Cow;

use crate::{
    json::Json,
    message::LogLevel,
    version::{Era, Version},
};

/// What a request wants. A method that its era does not have is [`Method::Unknown`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method<'a> {
    /// `initialize`, old era.
    Initialize(Initialize<'a>),
    /// `server/discover`, new era.
    Discover,
    /// `ping`, old era.
    Ping,
    /// `logging/setLevel`, old era.
    LoggingSetLevel {
        /// Least severe message wanted.
        level: LogLevel,
    },
    /// `tools/list`.
    ToolsList {
        /// Where to continue.
        cursor: Option<Cow<'a, str>>,
    },
    /// `tools/call`.
    ToolsCall(ToolCall<'a>),
    /// `resources/list`.
    ResourcesList {
        /// Where to continue.
        cursor: Option<Cow<'a, str>>,
    },
    /// `resources/templates/list`.
    ResourceTemplatesList {
        /// Where to continue.
        cursor: Option<Cow<'a, str>>,
    },
    /// `resources/read`.
    ResourcesRead {
        /// Which resource.
        uri: Cow<'a, str>,
        /// What a repeated request brings along, new era.
        input: InputAnswers<'a>,
    },
    /// `resources/subscribe`, old era.
    ResourcesSubscribe {
        /// Which resource.
        uri: Cow<'a, str>,
    },
    /// `resources/unsubscribe`, old era.
    ResourcesUnsubscribe {
        /// Which resource.
        uri: Cow<'a, str>,
    },
    /// `prompts/list`.
    PromptsList {
        /// Where to continue.
        cursor: Option<Cow<'a, str>>,
    },
    /// `prompts/get`.
    PromptsGet(PromptGet<'a>),
    /// `completion/complete`.
    Complete(CompleteCall<'a>),
    /// `subscriptions/listen`, new era.
    SubscriptionsListen(SubscriptionFilter<'a>),
    /// Anything else: answer with [`crate::Refusal::method_not_found`].
    Unknown(Cow<'a, str>),
}

impl Method<'_> {
    /// The name on the wire, for logs and metrics; of an unknown method what the client sent.
    pub fn name(&self) -> &str {
        match self {
            Self::Initialize(_) => "initialize",
            Self::Discover => "server/discover",
            Self::Ping => "ping",
            Self::LoggingSetLevel { .. } => "logging/setLevel",
            Self::ToolsList { .. } => "tools/list",
            Self::ToolsCall(_) => "tools/call",
            Self::ResourcesList { .. } => "resources/list",
            Self::ResourceTemplatesList { .. } => "resources/templates/list",
            Self::ResourcesRead { .. } => "resources/read",
            Self::ResourcesSubscribe { .. } => "resources/subscribe",
            Self::ResourcesUnsubscribe { .. } => "resources/unsubscribe",
            Self::PromptsList { .. } => "prompts/list",
            Self::PromptsGet(_) => "prompts/get",
            Self::Complete(_) => "completion/complete",
            Self::SubscriptionsListen(_) => "subscriptions/listen",
            Self::Unknown(name) => name,
        }
    }
}

/// Parameters of `initialize`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initialize<'a> {
    /// What the client asked for, known or not.
    pub requested: Cow<'a, str>,
    /// What it can do: an object.
    pub capabilities: Option<Json<'a>>,
    /// Its name and version: an object.
    pub client_info: Option<Json<'a>>,
}

impl Initialize<'_> {
    /// The version to answer with: the requested one if it has a handshake, else the newest that has.
    pub fn negotiated(&self) -> Version {
        Version::parse(&self.requested)
            .filter(|version| version.is_legacy())
            .unwrap_or(Version::NEWEST_LEGACY)
    }

    /// The era of the answer.
    pub fn era(&self) -> Era {
        Era::Legacy(self.negotiated())
    }
}

/// Parameters of `tools/call`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall<'a> {
    /// Which tool.
    pub name: Cow<'a, str>,
    /// An object, if present.
    pub arguments: Option<Json<'a>>,
    /// What a repeated request brings along, new era.
    pub input: InputAnswers<'a>,
}

/// Parameters of `prompts/get`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptGet<'a> {
    /// Which prompt.
    pub name: Cow<'a, str>,
    /// An object, if present; its values should be strings, which is for the caller to check.
    pub arguments: Option<Json<'a>>,
    /// What a repeated request brings along, new era.
    pub input: InputAnswers<'a>,
}

/// What a client sends back after `input_required` (2026-07-28, `InputResponseRequestParams`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputAnswers<'a> {
    /// An object from our keys to the client's answers.
    pub responses: Option<Json<'a>>,
    /// Our own state, to be verified before anything in it is believed.
    pub request_state: Option<Cow<'a, str>>,
}

/// Parameters of `completion/complete`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteCall<'a> {
    /// Whose argument is being completed.
    pub reference: Reference<'a>,
    /// The name of the argument.
    pub argument: Cow<'a, str>,
    /// What has been typed so far.
    pub value: Cow<'a, str>,
    /// Arguments already decided: `context.arguments`, an object.
    pub context: Option<Json<'a>>,
}

/// The thing that has arguments to complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// `ref/prompt`: the prompt's name.
    Prompt(Cow<'a, str>),
    /// `ref/resource`: a URI or a URI template.
    Resource(Cow<'a, str>),
}

/// Which notifications a `subscriptions/listen` asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionFilter<'a> {
    /// `notifications/tools/list_changed`.
    pub tools_list_changed: bool,
    /// `notifications/prompts/list_changed`.
    pub prompts_list_changed: bool,
    /// `notifications/resources/list_changed`.
    pub resources_list_changed: bool,
    /// `notifications/resources/updated` of these URIs.
    pub resource_subscriptions: Vec<Cow<'a, str>>,
}
