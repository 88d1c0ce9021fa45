//! Error codes, and the HTTP status and spelling each has in each era. Must not build messages.

use crate::version::Era;

/// The body is not JSON (or not UTF-8, or nested too deeply to be read).
pub const PARSE_ERROR: i32 = -32700;
/// JSON, but not a JSON-RPC message.
pub const INVALID_REQUEST: i32 = -32600;
/// No such method in the request's era.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// Parameters of the wrong shape, an unknown tool or prompt, a bad cursor; in the 2026 era also missing
/// `_meta` members and a resource that does not exist.
pub const INVALID_PARAMS: i32 = -32602;
/// Something failed on our side.
pub const INTERNAL_ERROR: i32 = -32603;
/// Resource not found, 2025-11-25 and earlier.
pub const LEGACY_RESOURCE_NOT_FOUND: i32 = -32002;
/// URL elicitation required, 2025-11-25 only.
pub const LEGACY_URL_ELICITATION_REQUIRED: i32 = -32042;
/// Implementation-defined: refused by the product (authority, Host, Origin).
pub const FORBIDDEN: i32 = -32003;
/// Implementation-defined: too many requests.
pub const RATE_LIMITED: i32 = -32004;
/// A header that mirrors the body is missing, malformed or different.
pub const HEADER_MISMATCH: i32 = -32020;
/// The request needs a client capability that its `_meta` does not declare.
pub const MISSING_CLIENT_CAPABILITY: i32 = -32021;
/// The protocol version is not served.
pub const UNSUPPORTED_PROTOCOL_VERSION: i32 = -32022;

/// The HTTP status of an answer that carries this error.
///
/// Errors of a method stay in band with 200; what the transport itself refuses has its own status. An
/// [`INVALID_PARAMS`] about the `_meta` envelope is the one exception: [`crate::decode()`] gives it 400.
pub const fn http_status_for(code: i32, era: Era) -> u16 {
    match (code, era) {
        (
            PARSE_ERROR
            | INVALID_REQUEST
            | HEADER_MISMATCH
            | MISSING_CLIENT_CAPABILITY
            | UNSUPPORTED_PROTOCOL_VERSION,
            _,
        ) => 400,
        (METHOD_NOT_FOUND, Era::Stateless) => 404,
        (FORBIDDEN, _) => 403,
        (RATE_LIMITED, _) => 429,
        _ => 200,
    }
}

/// The code for a resource that does not exist.
pub const fn resource_not_found(era: Era) -> i32 {
    match era {
        Era::Stateless => INVALID_PARAMS,
        Era::Legacy(_) => LEGACY_RESOURCE_NOT_FOUND,
    }
}
