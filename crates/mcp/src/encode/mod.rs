//! Answers as bytes: the frame around a result, and what each era adds to it. Must not build results.

use crate::{message::Id, message::Request, version::Era};

/// What the frame of an answer needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The id of the request.
    pub id: Id<'a>,
    /// The era of the request.
    pub era: Era,
    /// An `Implementation` object as JSON, for `_meta` of the new era; a result that has its own `_meta`
    /// must leave it out here.
    pub server_info: Option<&'a str>,
}

impl<'a> Answer<'a> {
    /// The answer to this request.
    pub fn to(request: &Request<'a>, server_info: Option<&'a str>) -> Self {
        Self { id: request.id, era: request.era, server_info }
    }
}

/// How long a client may keep a result; always for its own authorization only (`cacheScope: "private"`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// Not a cacheable result: calls, prompts, completions, acknowledgements.
    None,
    /// Lists, `server/discover`, `resources/read`: milliseconds, zero for "stale at once".
    Private {
        /// Milliseconds.
        ttl_ms: u64,
    },
}

/// What closes a frame begun by [`begin_result`].
pub const END_RESULT: &[u8] = b"}}";

/// Appends the frame up to where the members of the result belong.
///
/// `members_follow` says whether there are any, for the comma. Together with [`END_RESULT`] this sends bytes
/// that are kept ready without copying them: they are the members, without the braces around them.
pub fn begin_result(out: &mut Vec<u8>, answer: &Answer<'_>, caching: Caching, members_follow: bool) {
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.extend_from_slice(answer.id.as_json().as_bytes());
    out.extend_from_slice(b",\"result\":{");
    if !answer.era.is_stateless() {
        return;
    }
    out.extend_from_slice(b"\"resultType\":\"complete\"");
    write_additions(out, answer, caching);
    if members_follow {
        out.push(b',');
    }
}

/// Appends a whole answer that asks the client for something first; see [`crate::input_required`].
///
/// Only the new era has such answers; a request of the old one must be answered otherwise.
pub fn encode_input_required(out: &mut Vec<u8>, answer: &Answer<'_>, result: &str) {
    debug_assert!(answer.era.is_stateless(), "the old era has no such answer");
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.extend_from_slice(answer.id.as_json().as_bytes());
    out.extend_from_slice(b",\"result\":{\"resultType\":\"input_required\"");
    write_additions(out, answer, Caching::None);
    let members = members_of_object(result);
    if !members.is_empty() {
        out.push(b',');
        out.extend_from_slice(members.as_bytes());
    }
    out.extend_from_slice(END_RESULT);
}

fn write_additions(out: &mut Vec<u8>, answer: &Answer<'_>, caching: Caching) {
    if let Caching::Private { ttl_ms } = caching {
        out.extend_from_slice(b",\"cacheScope\":\"private\",\"ttlMs\":");
        write_integer(out, ttl_ms);
    }
    if let Some(server_info) = answer.server_info {
        out.extend_from_slice(b",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":");
        out.extend_from_slice(server_info.as_bytes());
        out.push(b'}');
    }
}

/// Appends a whole answer. `result` is a JSON object; in the new era it gets `resultType: "complete"`, the
/// caching members and `_meta`, none of which it may have itself.
pub fn encode_result(out: &mut Vec<u8>, answer: &Answer<'_>, caching: Caching, result: &str) {
    let members = members_of_object(result);
    out.reserve(members.len() + answer.server_info.map_or(0, str::len) + answer.id.as_json().len() + 160);
    begin_result(out, answer, caching, !members.is_empty());
    out.extend_from_slice(members.as_bytes());
    out.extend_from_slice(END_RESULT);
}

/// What is between the braces of an object, without white space around it.
fn members_of_object(object: &str) -> &str {
    let object = object.trim_ascii();
    let inner = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).map(str::trim_ascii);
    debug_assert!(inner.is_some(), "a result is an object");
    inner.unwrap_or_default()
}

/// Appends a batch of answers; each part is one whole message. No parts, no body: send 202.
pub fn encode_batch<'p>(out: &mut Vec<u8>, parts: impl IntoIterator<Item = &'p [u8]>) {
    let start = out.len();
    for part in parts {
        out.push(if out.len() == start { b'[' } else { b',' });
        out.extend_from_slice(part);
    }
    if out.len() > start {
        out.push(b']');
    }
}

/// Appends the result of a tool: the structured result (JSON), the same as text, and whether it is a failure.
///
/// These are members without braces: write them between [`begin_result`] and [`END_RESULT`].
pub fn write_tool_members(out: &mut Vec<u8>, structured: &str, is_error: bool) {
    out.reserve(structured.len() * 2 + structured.len() / 4 + 80);
    out.extend_from_slice(b"\"content\":[{\"type\":\"text\",\"text\":");
    write_json_string(out, structured);
    out.extend_from_slice(b"}],\"structuredContent\":");
    out.extend_from_slice(structured.as_bytes());
    if is_error {
        out.extend_from_slice(b",\"isError\":true");
    } else {
        out.extend_from_slice(b",\"isError\":false");
    }
}

/// What follows the backslash of an escaped byte; zero for a byte that stands for itself, `u` for the control
/// characters without a short form (RFC 8259, section 7).
const ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        escapes[control] = b'u';
        control += 1;
    }
    escapes[b'\n' as usize] = b'n';
    escapes[b'\r' as usize] = b'r';
    escapes[b'\t' as usize] = b't';
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes
};

/// Bytes looked at together.
const BLOCK: usize = 32;

/// Appends a JSON string, quotes included, escaping only what must be (RFC 8259, section 7).
///
/// JSON inside JSON has a quote every few bytes, so a block with something to escape is written byte by byte into
/// a buffer on the stack; a block without is copied.
pub fn write_json_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for block in text.as_bytes().chunks(BLOCK) {
        let special = |byte: &u8| u8::from(*byte < 0x20) | u8::from(*byte == b'"') | u8::from(*byte == b'\\');
        if block.iter().map(special).fold(0, |any, one| any | one) == 0 {
            out.extend_from_slice(block);
        } else {
            write_escaped(out, block);
        }
    }
    out.push(b'"');
}

/// At most [`BLOCK`] bytes; each becomes six at most, so the length of what is written fits a byte.
fn write_escaped(out: &mut Vec<u8>, block: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut buffer = [0; 256];
    let mut length = 0_u8;
    let mut push = |byte: u8| {
        buffer[usize::from(length)] = byte;
        length = length.wrapping_add(1);
    };
    for byte in block {
        let escape = ESCAPES[usize::from(*byte)];
        if escape == 0 {
            push(*byte);
            continue;
        }
        push(b'\\');
        push(escape);
        if escape == b'u' {
            push(b'0');
            push(b'0');
            push(HEX[usize::from(byte >> 4 & 15)]);
            push(HEX[usize::from(byte & 15)]);
        }
    }
    out.extend_from_slice(buffer.get(..usize::from(length)).unwrap_or_default());
}

/// Appends a number in decimal, without allocating.
fn write_integer(out: &mut Vec<u8>, mut value: u64) {
    let start = out.len();
    loop {
        let digit = u8::try_from(value % 10).expect("a decimal digit fits in a byte");
        out.push(b'0' + digit);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

#[cfg(test)]
mod tests;
