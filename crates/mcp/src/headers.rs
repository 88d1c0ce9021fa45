//! The HTTP headers that mirror the body (2026-07-28, "Request Metadata"). Must not parse bodies.

use std::borrow::Cow;

/// Headers of one HTTP request, as bytes so that nothing is lost before it is checked here.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpHeaders<'a> {
    /// `MCP-Protocol-Version`.
    pub protocol_version: Option<&'a [u8]>,
    /// `Mcp-Method`.
    pub method: Option<&'a [u8]>,
    /// `Mcp-Name`.
    pub name: Option<&'a [u8]>,
    /// Whether any of the three was sent more than once; such a request of the new era is refused.
    pub repeated: bool,
}

/// A header value with characters that RFC 9110 or the base64 form do not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header value has characters that are not allowed")]
pub struct MalformedHeader;

const PREFIX: &str = "=?base64?";
const SUFFIX: &str = "?=";

/// A header value without the white space around it: visible ASCII, spaces and tabs (RFC 9110, 5.5).
pub(crate) fn text(value: &[u8]) -> Result<&str, MalformedHeader> {
    let value = std::str::from_utf8(value).map_err(|_not_utf8| MalformedHeader)?;
    let value = value.trim_matches([' ', '\t']);
    let allowed = value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    if allowed { Ok(value) } else { Err(MalformedHeader) }
}

/// Reads the value of `Mcp-Name` or `Mcp-Param-…`, undoing `=?base64?…?=` ("Value Encoding").
///
/// # Errors
/// Characters outside visible ASCII, space and tab; base64 that is not canonical; a result that is not UTF-8.
pub fn decode_header_value(value: &[u8]) -> Result<Cow<'_, str>, MalformedHeader> {
    let value = text(value)?;
    let Some(encoded) = value.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX)) else {
        return Ok(Cow::Borrowed(value));
    };
    let bytes = decode_base64(encoded.as_bytes()).ok_or(MalformedHeader)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_not_utf8| MalformedHeader)
}

/// Writes a value for `Mcp-Name` or `Mcp-Param-…`, in base64 where it must be.
pub fn encode_header_value(value: &str) -> Cow<'_, str> {
    let plain = value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let padded = value.trim_matches([' ', '\t']).len() != value.len();
    let marked = value.starts_with(PREFIX) && value.ends_with(SUFFIX);
    if plain && !padded && !marked {
        return Cow::Borrowed(value);
    }
    let mut encoded = String::with_capacity(PREFIX.len() + value.len().div_ceil(3) * 4 + SUFFIX.len());
    encoded.push_str(PREFIX);
    encode_base64(value.as_bytes(), &mut encoded);
    encoded.push_str(SUFFIX);
    Cow::Owned(encoded)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode_base64(bytes: &[u8], out: &mut String) {
    for chunk in bytes.chunks(3) {
        let [first, second, third] = [0, 1, 2].map(|index| u32::from(chunk.get(index).copied().unwrap_or(0)));
        let group = first << 16 | second << 8 | third;
        for position in 0..4 {
            let sextet = (group >> (18 - 6 * position) & 63) as usize;
            let letter = if position <= chunk.len() { ALPHABET.get(sextet) } else { None };
            out.push(char::from(letter.copied().unwrap_or(b'=')));
        }
    }
}

/// Canonical base64 only (RFC 4648, section 4): padded, no white space, unused bits zero.
fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let (chunks, rest) = text.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(chunks.len() * 3);
    for (index, chunk) in chunks.iter().enumerate() {
        let last = index + 1 == chunks.len();
        let padding = chunk.iter().rev().take_while(|byte| **byte == b'=').count();
        if padding > 2 || (padding > 0 && !last) {
            return None;
        }
        let mut group = 0_u32;
        for byte in chunk.iter().take(4 - padding) {
            let sextet = ALPHABET.iter().position(|letter| letter == byte)?;
            group = group << 6 | u32::try_from(sextet).ok()?;
        }
        group <<= 6 * padding;
        let [_, first, second, third] = group.to_be_bytes();
        let whole = [first, second, third];
        let (kept, unused) = whole.split_at(3 - padding);
        if unused.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(kept);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of "Value Encoding", 2026-07-28.
    #[test]
    fn values_are_encoded_as_the_specification_shows() {
        for (plain, encoded) in [
            ("us-west1", "us-west1"),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ] {
            assert_eq!(encode_header_value(plain), encoded);
            assert_eq!(decode_header_value(encoded.as_bytes()).as_deref(), Ok(plain));
        }
    }

    #[test]
    fn white_space_around_a_value_does_not_count() {
        assert_eq!(decode_header_value(b" \t name \t ").as_deref(), Ok("name"));
    }

    #[test]
    fn what_is_not_canonical_is_refused() {
        for value in [
            &b"caf\xc3\xa9"[..],
            b"\xff",
            b"a\x00b",
            b"=?base64?A?=",
            b"=?base64?QQ?=",
            b"=?base64?QR==?=",
            b"=?base64?QQ==QQ==?=",
            b"=?base64?Q===?=",
            b"=?base64?====?=",
            b"=?base64?Q Q=?=",
            b"=?base64?/w==?=",
            b"=?base64?_w==?=",
        ] {
            assert_eq!(decode_header_value(value), Err(MalformedHeader), "{value:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_value_survives_the_way_through_a_header(value in ".*") {
            let encoded = encode_header_value(&value);
            let decoded = decode_header_value(encoded.as_bytes());
            proptest::prop_assert_eq!(decoded.as_deref(), Ok(value.as_str()));
        }
    }
}
