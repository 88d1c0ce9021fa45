//! From the bytes of an HTTP body to typed messages: grammar, version rules, headers, parameters.
//!
//! The order of checks is the order of precedence: JSON, JSON-RPC shape, era and version, `_meta`, mirrored
//! headers, parameters. Must not know what a server offers.

use std::borrow::Cow;

use crate::{
    codes,
    envelope::{self, Envelope, member, meta, param},
    headers::{self, HttpHeaders},
    json::{Ambiguity, Fault, Json, Scanner},
    message::{Id, Incoming, LogLevel, Message, Meta, Notification, NotificationKind, Request, Response},
    method::Method,
    params::{self, Problem},
    refusal::Refusal,
    version::{Era, Version},
};

/// Most elements of a batch.
pub const MAX_BATCH: usize = 50;

type Decoded<'a, T> = Result<T, Refusal<'a>>;

/// Reads one HTTP body. It never panics and, but for batches and strings with escapes, never allocates.
///
/// # Errors
/// What the client is to be told, with the HTTP status to tell it.
pub fn decode<'a>(body: &'a [u8], headers: &HttpHeaders<'a>) -> Result<Incoming<'a>, Refusal<'a>> {
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(Refusal::anonymous(400, codes::PARSE_ERROR, "Parse error: the body is not UTF-8"));
    };
    let mut scanner = Scanner::new(text);
    scanner.skip_space();
    let incoming = match scanner.peek() {
        Some(b'{') => {
            let envelope = Envelope::scan(&mut scanner, 0).map_err(unreadable)?;
            finish(&mut scanner)?;
            Incoming::One(message(&envelope, headers, Place::Alone)?)
        }
        Some(b'[') => Incoming::Batch(batch(&mut scanner, headers)?),
        Some(_) | None => {
            scanner.skip(0).map_err(unreadable)?;
            finish(&mut scanner)?;
            return Err(invalid_request(None, "Invalid Request: a message is an object"));
        }
    };
    Ok(incoming)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Alone,
    InBatch,
}

fn unreadable<'a>(fault: Fault) -> Refusal<'a> {
    let message = match fault {
        Fault::Syntax => "Parse error: the body is not JSON",
        Fault::TooDeep => "Parse error: the body is nested too deeply",
    };
    Refusal::anonymous(400, codes::PARSE_ERROR, message)
}

fn finish<'a>(scanner: &mut Scanner<'a>) -> Decoded<'a, ()> {
    scanner.skip_space();
    if scanner.at_end() { Ok(()) } else { Err(unreadable(Fault::Syntax)) }
}

fn invalid_request(id: Option<Id<'_>>, message: impl Into<Cow<'static, str>>) -> Refusal<'_> {
    Refusal { id, ..Refusal::anonymous(400, codes::INVALID_REQUEST, message) }
}

/// Reads all of a batch before refusing any of it, since what is not JSON is refused first.
fn batch<'a>(
    scanner: &mut Scanner<'a>,
    headers: &HttpHeaders<'a>,
) -> Decoded<'a, Vec<Decoded<'a, Message<'a>>>> {
    let depth = scanner.open(b'[', 0).map_err(unreadable)?;
    let mut elements = Vec::new();
    let mut count = 0;
    let mut ended = scanner.take(b']');
    while !ended {
        let envelope = if scanner.peek() == Some(b'{') {
            Some(Envelope::scan(scanner, depth).map_err(unreadable)?)
        } else {
            scanner.skip(depth).map_err(unreadable)?;
            None
        };
        count += 1;
        if count <= MAX_BATCH {
            elements.push(envelope);
        }
        ended = scanner.closes(b']').map_err(unreadable)?;
    }
    finish(scanner)?;
    let version =
        headers.protocol_version.map_or(Some(Version::ASSUMED.as_str()), |value| headers::text(value).ok());
    if version != Some(Version::V2025_03_26.as_str()) {
        return Err(invalid_request(None, "Invalid Request: this protocol version has no batches"));
    }
    if count == 0 || count > MAX_BATCH {
        let message = format!("Invalid Request: a batch has 1 to {MAX_BATCH} messages");
        return Err(invalid_request(None, message));
    }
    let element = |envelope: Option<Envelope<'a>>| match envelope {
        Some(envelope) => message(&envelope, headers, Place::InBatch),
        None => Err(invalid_request(None, "Invalid Request: a message is an object")),
    };
    Ok(elements.into_iter().map(element).collect())
}

fn message<'a>(envelope: &Envelope<'a>, headers: &HttpHeaders<'a>, place: Place) -> Decoded<'a, Message<'a>> {
    let members = &envelope.message;
    let raw_id = members.get(member::ID);
    let id = raw_id.and_then(Id::parse);
    if let Some(ambiguity) = envelope.ambiguity() {
        let id = id.filter(|_| ambiguity != Ambiguity::Repeated("id"));
        return Err(invalid_request(id, describe(ambiguity)));
    }
    if raw_id.is_some() && id.is_none() {
        return Err(invalid_request(None, "Invalid Request: id must be a string or an integer"));
    }
    let two = |version: Json<'_>| version.as_str() == "\"2.0\"" || version.string().as_deref() == Some("2.0");
    if !members.get(member::JSONRPC).is_some_and(two) {
        return Err(invalid_request(id, "Invalid Request: jsonrpc must be \"2.0\""));
    }
    let Some(method) = members.get(member::METHOD) else {
        return response(envelope, id);
    };
    let Some(method) = method.string() else {
        return Err(invalid_request(id, "Invalid Request: method must be a string"));
    };
    if members.get(member::RESULT).is_some() || members.get(member::ERROR).is_some() {
        return Err(invalid_request(id, "Invalid Request: a request has no result and no error"));
    }
    match id {
        Some(id) => request(envelope, headers, place, id, method).map(Message::Request),
        None => notification(envelope, headers, method).map(Message::Notification),
    }
}

fn describe(ambiguity: Ambiguity) -> String {
    match ambiguity {
        Ambiguity::Repeated(name) => format!("Invalid Request: member {name} appears twice"),
        Ambiguity::Miscased(name) => format!("Invalid Request: member {name} is spelt with other capitals"),
    }
}

fn response<'a>(envelope: &Envelope<'a>, id: Option<Id<'a>>) -> Decoded<'a, Message<'a>> {
    let members = &envelope.message;
    let outcome = match (members.get(member::RESULT), members.get(member::ERROR)) {
        (Some(result), None) if id.is_some() && result.is_object() => Ok(result),
        (None, Some(error)) if error.is_object() => Err(error),
        _ => return Err(invalid_request(id, "Invalid Request: method is missing")),
    };
    Ok(Message::Response(Response { id, outcome }))
}

fn request<'a>(
    envelope: &Envelope<'a>,
    headers: &HttpHeaders<'a>,
    place: Place,
    id: Id<'a>,
    method: Cow<'a, str>,
) -> Decoded<'a, Request<'a>> {
    let era = era(envelope, headers, Some(id), &method)?;
    if place == Place::InBatch && (era.is_stateless() || method == "initialize") {
        return Err(invalid_request(Some(id), "Invalid Request: this message cannot be part of a batch"));
    }
    let fail = |problem: Problem| {
        let refusal = Refusal::of(Some(id), era, codes::INVALID_PARAMS, format!("Invalid params: {problem}"));
        if problem.in_envelope() && era.is_stateless() { refusal.with_status(400) } else { refusal }
    };
    params::check_kinds(envelope).map_err(fail)?;
    let meta = read_meta(envelope, era).map_err(fail)?;
    if era.is_stateless() {
        mirrored(envelope, headers, id, &method)?;
    }
    let method = params::method(envelope, era, method).map_err(fail)?;
    let era = if let Method::Initialize(initialize) = &method { initialize.era() } else { era };
    Ok(Request { id, era, meta, method })
}

fn notification<'a>(
    envelope: &Envelope<'a>,
    headers: &HttpHeaders<'a>,
    method: Cow<'a, str>,
) -> Decoded<'a, Notification<'a>> {
    let era = era(envelope, headers, None, &method)?;
    if envelope.message.get(member::PARAMS).is_some_and(|params| !params.is_object()) {
        return Err(Refusal::anonymous(
            400,
            codes::INVALID_PARAMS,
            "Invalid params: params must be an object",
        ));
    }
    if era.is_stateless()
        && let Some(value) = headers.method
        && headers::text(value) != Ok(&method)
    {
        return Err(mismatch(None, "Header mismatch: Mcp-Method differs from the body"));
    }
    let kind = match method.as_ref() {
        "notifications/initialized" => NotificationKind::Initialized,
        "notifications/cancelled" => NotificationKind::Cancelled {
            request_id: envelope.params.get(param::REQUEST_ID).and_then(Id::parse),
        },
        "notifications/roots/list_changed" => NotificationKind::RootsListChanged,
        "notifications/progress" => NotificationKind::Progress,
        _ => NotificationKind::Unknown(method),
    };
    Ok(Notification { era, kind })
}

fn mismatch(id: Option<Id<'_>>, message: impl Into<Cow<'static, str>>) -> Refusal<'_> {
    Refusal::of(id, Era::Stateless, codes::HEADER_MISMATCH, message)
}

/// Which rules apply: the version in the body decides, the header must agree with it.
fn era<'a>(
    envelope: &Envelope<'a>,
    headers: &HttpHeaders<'a>,
    id: Option<Id<'a>>,
    method: &str,
) -> Decoded<'a, Era> {
    let header = match headers.protocol_version.map(headers::text).transpose() {
        Ok(header) => header,
        Err(_malformed) => return Err(mismatch(id, "Header mismatch: MCP-Protocol-Version is malformed")),
    };
    match envelope.meta.get(meta::PROTOCOL_VERSION) {
        Some(claimed) => claimed_era(claimed, header, id),
        None if method == "initialize" => match header.map(|header| (header, Version::parse(header))) {
            Some((header, None)) => Err(Refusal::unsupported_version(id, header)),
            Some((_, Some(_))) | None => Ok(Era::Legacy(Version::NEWEST_LEGACY)),
        },
        None if matches!(method, "server/discover" | "subscriptions/listen") => Ok(Era::Stateless),
        None => match header {
            None => Ok(Era::Legacy(Version::ASSUMED)),
            Some(header) => match Version::parse(header) {
                Some(Version::V2026_07_28) => Ok(Era::Stateless),
                Some(version) => Ok(Era::Legacy(version)),
                None => Err(Refusal::unsupported_version(id, header)),
            },
        },
    }
}

fn claimed_era<'a>(claimed: Json<'a>, header: Option<&str>, id: Option<Id<'a>>) -> Decoded<'a, Era> {
    let Some(claimed) = claimed.string() else {
        let message =
            format!("Invalid params: {}", Problem::kind_of_meta(meta::PROTOCOL_VERSION, "a string"));
        return Err(Refusal { id, ..Refusal::anonymous(400, codes::INVALID_PARAMS, message) });
    };
    match header {
        Some(header) if header != claimed => {
            return Err(mismatch(id, "Header mismatch: MCP-Protocol-Version differs from the body"));
        }
        Some(_) | None => {}
    }
    match Version::parse(&claimed) {
        Some(Version::V2026_07_28) if header.is_none() && id.is_some() => {
            Err(mismatch(id, "Header mismatch: MCP-Protocol-Version is missing"))
        }
        Some(Version::V2026_07_28) => Ok(Era::Stateless),
        Some(version) => Ok(Era::Legacy(version)),
        None => Err(Refusal::unsupported_version(id, &claimed)),
    }
}

/// Checks `Mcp-Method` and `Mcp-Name` of a request of the new era ("Server Validation").
fn mirrored<'a>(
    envelope: &Envelope<'a>,
    headers: &HttpHeaders<'a>,
    id: Id<'a>,
    method: &str,
) -> Decoded<'a, ()> {
    let fail = |message: &'static str| Err(mismatch(Some(id), message));
    if headers.repeated {
        return fail("Header mismatch: a protocol header was sent more than once");
    }
    if headers.protocol_version.is_none() {
        return fail("Header mismatch: MCP-Protocol-Version is missing");
    }
    match headers.method.map(headers::text) {
        None => return fail("Header mismatch: Mcp-Method is missing"),
        Some(Err(_malformed)) => return fail("Header mismatch: Mcp-Method is malformed"),
        Some(Ok(header)) if header != method => {
            return fail("Header mismatch: Mcp-Method differs from the body");
        }
        Some(Ok(_)) => {}
    }
    let source = match method {
        "tools/call" | "prompts/get" => param::NAME,
        "resources/read" => param::URI,
        _ => return Ok(()),
    };
    let Some(name) = envelope.params.get(source).and_then(Json::string) else { return Ok(()) };
    match headers.name.map(headers::decode_header_value) {
        None => fail("Header mismatch: Mcp-Name is missing"),
        Some(Err(_malformed)) => fail("Header mismatch: Mcp-Name is malformed"),
        Some(Ok(header)) if header != name => fail("Header mismatch: Mcp-Name differs from the body"),
        Some(Ok(_)) => Ok(()),
    }
}

fn read_meta<'a>(envelope: &Envelope<'a>, era: Era) -> Result<Meta<'a>, Problem> {
    let value = |index| envelope.meta.get(index);
    if era.is_stateless() {
        for index in [meta::PROTOCOL_VERSION, meta::CLIENT_CAPABILITIES] {
            if value(index).is_none() {
                return Err(Problem::MissingMeta(envelope::META.get(index).copied().unwrap_or_default()));
            }
        }
    }
    let kind = |index, expected, good: fn(Json<'a>) -> bool| match value(index) {
        Some(json) if !good(json) => Err(Problem::kind_of_meta(index, expected)),
        other => Ok(other),
    };
    let log_level =
        match value(meta::LOG_LEVEL).map(|json| json.string().and_then(|name| LogLevel::parse(&name))) {
            Some(None) => return Err(Problem::kind_of_meta(meta::LOG_LEVEL, "a log level")),
            Some(level) => level,
            None => None,
        };
    Ok(Meta {
        progress_token: kind(meta::PROGRESS_TOKEN, "a string or a number", |json| {
            json.is_string() || json.is_number()
        })?,
        client_info: kind(meta::CLIENT_INFO, "an object", Json::is_object)?,
        client_capabilities: kind(meta::CLIENT_CAPABILITIES, "an object", Json::is_object)?,
        log_level,
        traceparent: value(meta::TRACEPARENT).filter(|json| json.is_string()),
        tracestate: value(meta::TRACESTATE).filter(|json| json.is_string()),
    })
}

#[cfg(test)]
mod malformed;
#[cfg(test)]
mod tests;
