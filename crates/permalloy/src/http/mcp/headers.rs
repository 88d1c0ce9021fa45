//! The HTTP headers that the MCP endpoint reads.

use ::mcp::{HttpHeaders, Version};
use axum::http::{HeaderMap, header};

use crate::error::{Error, Kind};

const VERSION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";

/// The headers that mirror the body (2026-07-28, "Standard Headers").
pub(super) fn mirrored(headers: &HeaderMap) -> HttpHeaders<'_> {
    let mut found = HttpHeaders::default();
    for (name, value) in headers {
        let place = match name.as_str() {
            VERSION => &mut found.protocol_version,
            METHOD => &mut found.method,
            NAME => &mut found.name,
            _ => continue,
        };
        // The first value counts, and that there was another.
        if place.is_some() {
            found.repeated = true;
        } else {
            *place = Some(value.as_bytes());
        }
    }
    found
}

/// Whether the request says that it is of revision 2026-07-28.
pub(super) fn is_stateless(headers: &HeaderMap) -> bool {
    headers.get(VERSION).is_some_and(|value| value.as_bytes() == Version::V2026_07_28.as_str().as_bytes())
}

/// Whether `Accept` admits an event stream.
pub(super) fn accepts_stream(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ACCEPT) && admits(headers, "text", "event-stream")
}

/// Refuses (406) a request whose `Accept` is there and admits neither JSON nor an event stream.
pub(super) fn acceptable(headers: &HeaderMap) -> Result<(), Error> {
    if admits(headers, "application", "json") || admits(headers, "text", "event-stream") {
        return Ok(());
    }
    Err(Error::plain(Kind::NotAcceptable, "Accept has to admit application/json or text/event-stream"))
}

/// Whether `Accept` admits a media type with a weight above zero; the most specific range decides (RFC 9110,
/// 12.5.1). Absent means anything.
fn admits(headers: &HeaderMap, kind: &str, subtype: &str) -> bool {
    let mut best: Option<(u8, bool)> = None;
    let mut present = false;
    for value in headers.get_all(header::ACCEPT) {
        for range in value.to_str().unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let essence = parts.next().unwrap_or_default();
            if essence.is_empty() {
                continue;
            }
            present = true;
            let Some(specificity) = specificity(essence, kind, subtype) else { continue };
            let wanted = !parts.any(is_zero_weight);
            if best.is_none_or(|(known, _)| specificity > known) {
                best = Some((specificity, wanted));
            }
        }
    }
    best.map_or(!present, |(_, wanted)| wanted)
}

fn specificity(essence: &str, kind: &str, subtype: &str) -> Option<u8> {
    let (range_kind, range_subtype) = essence.split_once('/')?;
    if range_kind == "*" && range_subtype == "*" {
        return Some(0);
    }
    if !range_kind.eq_ignore_ascii_case(kind) {
        return None;
    }
    if range_subtype == "*" {
        return Some(1);
    }
    range_subtype.eq_ignore_ascii_case(subtype).then_some(2)
}

fn is_zero_weight(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    name.trim().eq_ignore_ascii_case("q") && value.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_is_matched_by_type_and_weight() {
        for (accept, json, stream) in [
            (None, true, true),
            (Some("application/json,text/event-stream"), true, true),
            (Some("application/json, text/event-stream"), true, true),
            (Some("*/*"), true, true),
            (Some("application/*"), true, false),
            (Some("text/event-stream"), false, true),
            (Some("text/html"), false, false),
            (Some("application/json;q=0"), false, false),
            (Some("*/*;q=0.1, text/event-stream;q=0"), true, false),
            (Some("APPLICATION/JSON; charset=utf-8"), true, false),
            (Some("application/jsonx"), false, false),
            (Some(""), true, true),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            let found = (admits(&headers, "application", "json"), admits(&headers, "text", "event-stream"));
            assert_eq!(found, (json, stream), "{accept:?}");
        }
    }
}
