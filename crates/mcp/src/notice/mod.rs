//! Notifications to clients. Must not decide who gets which.

use std::borrow::Cow;

use crate::{
    encode::write_json_string,
    json::Json,
    message::{Id, LogLevel},
    method::SubscriptionFilter,
};

/// Something a client is told without having asked just now.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice<'a> {
    /// The first message of a `subscriptions/listen` stream: what of the wish is honoured.
    SubscriptionAcknowledged(SubscriptionFilter<'a>),
    /// The list of tools has changed.
    ToolsListChanged,
    /// The list of prompts has changed.
    PromptsListChanged,
    /// The list of resources has changed.
    ResourcesListChanged,
    /// A resource has changed.
    ResourceUpdated {
        /// Which.
        uri: Cow<'a, str>,
    },
    /// A running request has come this far.
    Progress(Progress<'a>),
    /// A log message; only for requests that asked for them.
    Log {
        /// How severe.
        level: LogLevel,
        /// Who says it.
        logger: Option<Cow<'a, str>>,
        /// What: any JSON.
        data: Json<'a>,
    },
}

/// How far a request has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress<'a> {
    /// The token of the request: see [`crate::Meta::progress_token`].
    pub token: Json<'a>,
    /// Must grow from one notice to the next; finite.
    pub progress: f64,
    /// Where it ends, if known; finite.
    pub total: Option<f64>,
    /// For people.
    pub message: Option<Cow<'a, str>>,
}

impl Notice<'_> {
    /// The method on the wire.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::SubscriptionAcknowledged(_) => "notifications/subscriptions/acknowledged",
            Self::ToolsListChanged => "notifications/tools/list_changed",
            Self::PromptsListChanged => "notifications/prompts/list_changed",
            Self::ResourcesListChanged => "notifications/resources/list_changed",
            Self::ResourceUpdated { .. } => "notifications/resources/updated",
            Self::Progress(_) => "notifications/progress",
            Self::Log { .. } => "notifications/message",
        }
    }

    /// Appends the whole message. `subscription` is the id of the `subscriptions/listen` request whose stream
    /// this goes to; other streams have none.
    pub fn encode(&self, out: &mut Vec<u8>, subscription: Option<Id<'_>>) {
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"method\":\"");
        out.extend_from_slice(self.method().as_bytes());
        out.push(b'"');
        let mut params = Vec::new();
        if let Some(id) = subscription {
            params.extend_from_slice(b",\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":");
            params.extend_from_slice(id.as_json().as_bytes());
            params.push(b'}');
        }
        self.write_params(&mut params);
        if let Some((_comma, members)) = params.split_first() {
            out.extend_from_slice(b",\"params\":{");
            out.extend_from_slice(members);
            out.push(b'}');
        }
        out.push(b'}');
    }

    /// Each member with a comma before it.
    fn write_params(&self, out: &mut Vec<u8>) {
        match self {
            Self::ToolsListChanged | Self::PromptsListChanged | Self::ResourcesListChanged => {}
            Self::SubscriptionAcknowledged(filter) => write_filter(out, filter),
            Self::ResourceUpdated { uri } => write_text(out, "uri", uri),
            Self::Progress(progress) => write_progress(out, progress),
            Self::Log { level, logger, data } => {
                write_text(out, "level", level.as_str());
                if let Some(logger) = logger {
                    write_text(out, "logger", logger);
                }
                out.extend_from_slice(b",\"data\":");
                out.extend_from_slice(data.as_str().as_bytes());
            }
        }
    }
}

fn write_progress(out: &mut Vec<u8>, progress: &Progress<'_>) {
    out.extend_from_slice(b",\"progressToken\":");
    out.extend_from_slice(progress.token.as_str().as_bytes());
    write_number(out, "progress", progress.progress);
    if let Some(total) = progress.total {
        write_number(out, "total", total);
    }
    if let Some(message) = &progress.message {
        write_text(out, "message", message);
    }
}

fn write_filter(out: &mut Vec<u8>, filter: &SubscriptionFilter<'_>) {
    out.extend_from_slice(b",\"notifications\":{");
    let start = out.len();
    for (name, wanted) in [
        ("toolsListChanged", filter.tools_list_changed),
        ("promptsListChanged", filter.prompts_list_changed),
        ("resourcesListChanged", filter.resources_list_changed),
    ] {
        if wanted {
            write_name(out, name);
            out.extend_from_slice(b"true");
        }
    }
    for (index, uri) in filter.resource_subscriptions.iter().enumerate() {
        if index == 0 {
            write_name(out, "resourceSubscriptions");
        }
        out.push(if index == 0 { b'[' } else { b',' });
        write_json_string(out, uri);
    }
    if !filter.resource_subscriptions.is_empty() {
        out.push(b']');
    }
    if out.len() > start {
        out.remove(start);
    }
    out.push(b'}');
}

fn write_name(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn write_text(out: &mut Vec<u8>, name: &str, text: &str) {
    write_name(out, name);
    write_json_string(out, text);
}

fn write_number(out: &mut Vec<u8>, name: &str, number: f64) {
    write_name(out, name);
    let number = if number.is_finite() { number } else { 0.0 };
    out.extend_from_slice(number.to_string().as_bytes());
}

#[cfg(test)]
mod tests;
