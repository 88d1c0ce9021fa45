//! One JSON-RPC object taken apart in a single pass: its members, those of `params`, those of `_meta`.
//! Must not decide what is allowed; `decode` does.

use std::borrow::Cow;

use crate::{
    json::{Ambiguity, Fault, Json, Members, Scanner},
    message::ClientCapabilities,
};

/// Members of a message, in the order of [`MEMBERS`].
pub(crate) mod member {
    pub(crate) const JSONRPC: usize = 0;
    pub(crate) const ID: usize = 1;
    pub(crate) const METHOD: usize = 2;
    pub(crate) const PARAMS: usize = 3;
    pub(crate) const RESULT: usize = 4;
    pub(crate) const ERROR: usize = 5;
}

const MEMBERS: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];

/// Members of `params`, in the order of [`PARAMS`].
pub(crate) mod param {
    pub(crate) const META: usize = 0;
    pub(crate) const NAME: usize = 1;
    pub(crate) const ARGUMENTS: usize = 2;
    pub(crate) const CURSOR: usize = 3;
    pub(crate) const URI: usize = 4;
    pub(crate) const PROTOCOL_VERSION: usize = 5;
    pub(crate) const CAPABILITIES: usize = 6;
    pub(crate) const CLIENT_INFO: usize = 7;
    pub(crate) const LEVEL: usize = 8;
    pub(crate) const REF: usize = 9;
    pub(crate) const ARGUMENT: usize = 10;
    pub(crate) const CONTEXT: usize = 11;
    pub(crate) const NOTIFICATIONS: usize = 12;
    pub(crate) const INPUT_RESPONSES: usize = 13;
    pub(crate) const REQUEST_STATE: usize = 14;
    pub(crate) const REQUEST_ID: usize = 15;
}

const PARAMS: [&str; 16] = [
    "_meta",
    "name",
    "arguments",
    "cursor",
    "uri",
    "protocolVersion",
    "capabilities",
    "clientInfo",
    "level",
    "ref",
    "argument",
    "context",
    "notifications",
    "inputResponses",
    "requestState",
    "requestId",
];

/// Members of a request's `_meta`, in the order of [`META`].
pub(crate) mod meta {
    pub(crate) const PROTOCOL_VERSION: usize = 0;
    pub(crate) const CLIENT_CAPABILITIES: usize = 1;
    pub(crate) const CLIENT_INFO: usize = 2;
    pub(crate) const LOG_LEVEL: usize = 3;
    pub(crate) const PROGRESS_TOKEN: usize = 4;
    pub(crate) const TRACEPARENT: usize = 5;
    pub(crate) const TRACESTATE: usize = 6;
}

/// The names in full, for messages too.
pub(crate) const META: [&str; 7] = [
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientCapabilities",
    "io.modelcontextprotocol/clientInfo",
    "io.modelcontextprotocol/logLevel",
    "progressToken",
    "traceparent",
    "tracestate",
];

/// A message's parts. What is absent has no value; what has the wrong kind keeps it.
pub(crate) struct Envelope<'a> {
    pub(crate) message: Members<'a, 6>,
    pub(crate) params: Members<'a, 16>,
    pub(crate) meta: Members<'a, 7>,
}

impl<'a> Envelope<'a> {
    /// Passes one object.
    pub(crate) fn scan(scanner: &mut Scanner<'a>, depth: u32) -> Result<Self, Fault> {
        let mut envelope = Self { message: Members::NONE, params: Members::NONE, meta: Members::NONE };
        let Self { message, params, meta } = &mut envelope;
        scanner.members(&MEMBERS, message, depth, |scanner, index, depth| {
            if index != member::PARAMS || scanner.peek() != Some(b'{') {
                return scanner.skip(depth);
            }
            scanner.members(&PARAMS, params, depth, |scanner, index, depth| {
                if index != param::META || scanner.peek() != Some(b'{') {
                    return scanner.skip(depth);
                }
                scanner.members(&META, meta, depth, |scanner, _, depth| scanner.skip(depth))
            })
        })?;
        Ok(envelope)
    }

    /// The first reason not to trust the members, outermost first.
    pub(crate) fn ambiguity(&self) -> Option<Ambiguity> {
        self.message.ambiguity.or(self.params.ambiguity).or(self.meta.ambiguity)
    }
}

/// The members of an object by name; `None` when it is no object or names one of them twice.
pub(crate) fn members_of<'a, const N: usize>(
    json: Json<'a>,
    names: &[&'static str; N],
) -> Option<Members<'a, N>> {
    let mut scanner = Scanner::new(json.as_str());
    let mut members = Members::NONE;
    scanner.members(names, &mut members, 0, |scanner, _, depth| scanner.skip(depth)).ok()?;
    members.ambiguity.is_none().then_some(members)
}

pub(crate) fn name_and_version(client_info: Json<'_>) -> (Cow<'_, str>, Cow<'_, str>) {
    let members = members_of(client_info, &["name", "version"]);
    let text =
        |index| members.and_then(|members| members.get(index)).and_then(Json::string).unwrap_or_default();
    (text(0), text(1))
}

pub(crate) fn capabilities(json: Json<'_>) -> ClientCapabilities {
    let Some(members) = members_of(json, &["elicitation", "sampling", "roots"]) else {
        return ClientCapabilities::default();
    };
    let object = |index| members.get(index).filter(|value| value.is_object());
    let modes = object(0).and_then(|elicitation| members_of(elicitation, &["form", "url"]));
    let mode = |index| modes.and_then(|modes| modes.get(index)).is_some_and(Json::is_object);
    ClientCapabilities {
        elicitation_form: modes.is_some() && (mode(0) || !mode(1)),
        elicitation_url: mode(1),
        sampling: object(1).is_some(),
        roots: object(2).is_some(),
    }
}
