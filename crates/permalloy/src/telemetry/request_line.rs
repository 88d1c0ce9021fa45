//! The log line of a request, formatted by hand: every request pays for it. Masks what is secret in a path.

use std::io::Write as _;

/// The target that filters name to leave these lines out.
pub(crate) const TARGET: &str = "permalloy::request";

/// What is known of a request when it is answered. Empty texts are left out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RequestLine<'a> {
    /// When it was answered, in microseconds since 1970.
    pub(crate) at_unix_us: i64,
    pub(crate) request_id: &'a str,
    pub(crate) method: &'a str,
    /// As it arrived; tokens are masked here, and the query is left out.
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    pub(crate) duration_us: u64,
    pub(crate) account: &'a str,
    pub(crate) server: &'a str,
    pub(crate) user: &'a str,
    pub(crate) mcp_method: &'a str,
    pub(crate) mcp_tool: &'a str,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
}

/// No field of a line is longer; the rest is left out.
const MAX_FIELD_BYTES: usize = 256;
const HEX: &[u8; 16] = b"0123456789abcdef";
const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
    2021222324252627282930313233343536373839\
    4041424344454647484950515253545556575859\
    6061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899";

impl RequestLine<'_> {
    /// Appends the line with its line feed.
    pub(super) fn write(&self, out: &mut Vec<u8>, json: bool) {
        out.reserve(512);
        if json {
            out.extend_from_slice(b"{\"timestamp\":\"");
            push_time(out, self.at_unix_us);
            out.extend_from_slice(
                b"\",\"level\":\"INFO\",\"target\":\"permalloy::request\",\"message\":\"request\"",
            );
        } else {
            push_time(out, self.at_unix_us);
            out.extend_from_slice(b"  INFO permalloy::request: request");
        }
        let mut fields = Fields { out, json };
        fields.text(METHOD, self.method);
        fields.begin(PATH);
        push_masked_path(fields.out, self.path);
        fields.out.push(b'"');
        fields.number(STATUS, u64::from(self.status));
        fields.number(DURATION, self.duration_us);
        fields.text(REQUEST, self.request_id);
        fields.text(ACCOUNT, self.account);
        fields.text(SERVER, self.server);
        fields.text(USER, self.user);
        fields.text(MCP_METHOD, self.mcp_method);
        fields.text(MCP_TOOL, self.mcp_tool);
        fields.number(REQUEST_BYTES, self.request_bytes);
        fields.number(RESPONSE_BYTES, self.response_bytes);
        out.extend_from_slice(if json { b"}\n" } else { b"\n" });
    }
}

/// What stands before a value: in JSON, in text. One piece each, since every request copies them all.
type Name = (&'static [u8], &'static [u8]);

const METHOD: Name = (b",\"http.method\":\"", b" http.method=\"");
const PATH: Name = (b",\"http.path\":\"", b" http.path=\"");
const STATUS: Name = (b",\"http.status\":", b" http.status=");
const DURATION: Name = (b",\"duration_us\":", b" duration_us=");
const REQUEST: Name = (b",\"request.id\":\"", b" request.id=\"");
const ACCOUNT: Name = (b",\"account.id\":\"", b" account.id=\"");
const SERVER: Name = (b",\"server.id\":\"", b" server.id=\"");
const USER: Name = (b",\"user.id\":\"", b" user.id=\"");
const MCP_METHOD: Name = (b",\"mcp.method\":\"", b" mcp.method=\"");
const MCP_TOOL: Name = (b",\"mcp.tool\":\"", b" mcp.tool=\"");
const REQUEST_BYTES: Name = (b",\"request.bytes\":", b" request.bytes=");
const RESPONSE_BYTES: Name = (b",\"response.bytes\":", b" response.bytes=");

struct Fields<'a> {
    out: &'a mut Vec<u8>,
    json: bool,
}

impl Fields<'_> {
    fn begin(&mut self, name: Name) {
        self.out.extend_from_slice(if self.json { name.0 } else { name.1 });
    }

    fn number(&mut self, name: Name, number: u64) {
        self.begin(name);
        push_number(self.out, number);
    }

    fn text(&mut self, name: Name, text: &str) {
        if !text.is_empty() {
            self.begin(name);
            push_escaped(self.out, text);
            self.out.push(b'"');
        }
    }
}

/// `/mcp/{serverId}/{token}` loses its token and whatever follows; so does any segment that looks like a secret
/// of ours, wherever it was pasted. The query is left out.
fn push_masked_path(out: &mut Vec<u8>, path: &str) {
    let path = path.as_bytes();
    let mut rest = path.get(..path.len().min(MAX_FIELD_BYTES)).unwrap_or_default();
    rest = rest.strip_prefix(b"/").unwrap_or(rest);
    let mut after_mcp = 0;
    loop {
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
        let (segment, next) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or_default();
        out.push(b'/');
        // Servers stand at the first place after `mcp`, tokens at the second.
        after_mcp = match (after_mcp, segment) {
            (0, b"mcp") => 1,
            (0, _) => 0,
            (seen, _) => seen + 1,
        };
        if after_mcp == 3 || holds_secret(segment) {
            out.extend_from_slice(b"***");
        } else {
            push_ascii(out, segment);
        }
        match next.strip_prefix(b"/") {
            Some(next) if after_mcp < 3 => rest = next,
            Some(_) | None => return,
        }
    }
}

/// Tokens and keys begin with a known prefix; JWTs with the first letters of an encoded `{"`.
fn holds_secret(segment: &[u8]) -> bool {
    segment.windows(3).enumerate().any(|(at, letters)| match letters {
        b"ak_" | b"eyJ" => true,
        b"mcp" => segment.get(at..).is_some_and(|rest| rest.starts_with(b"mcp_token_")),
        _other => false,
    })
}

/// Escapes what JSON must have escaped, which serves text lines too: no value can forge a line or a field.
fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let mut cut = text.len().min(MAX_FIELD_BYTES);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let bytes = text.as_bytes().get(..cut).unwrap_or_default();
    if is_plain(bytes) {
        out.extend_from_slice(bytes);
    } else {
        for byte in bytes {
            push_byte(out, *byte);
        }
    }
}

/// A path is ASCII where it comes from a URI; what else there may be is left out.
fn push_ascii(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.is_ascii() && is_plain(bytes) {
        out.extend_from_slice(bytes);
    } else {
        bytes.iter().filter(|byte| byte.is_ascii()).for_each(|byte| push_byte(out, *byte));
    }
}

fn push_byte(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        0..0x20 | 0x7f => {
            let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
        plain => out.push(plain),
    }
}

/// Whether nothing has to be escaped. Without branches, so that the compiler looks at many bytes at once.
fn is_plain(bytes: &[u8]) -> bool {
    let special = |byte: u8| matches!(byte, 0..0x20 | b'"' | b'\\' | 0x7f);
    !bytes.iter().fold(false, |found, byte| found | special(*byte))
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut free = digits.len();
    while let Some(place) = free.checked_sub(1) {
        let digit = u8::try_from(number % 10).unwrap_or(0);
        if let Some(cell) = digits.get_mut(place) {
            *cell = b'0' + digit;
        }
        free = place;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(free..).unwrap_or_default());
}

/// RFC 3339 in UTC with microseconds. The calendar is Howard Hinnant's `civil_from_days`.
fn push_time(out: &mut Vec<u8>, unix_us: i64) {
    let seconds = unix_us.div_euclid(1_000_000);
    let micros = unix_us.rem_euclid(1_000_000);
    let days = seconds.div_euclid(86_400);
    let second = seconds.rem_euclid(86_400);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if !(0..=9999).contains(&year) {
        // Nothing a clock can show; the slow way is good enough.
        write!(out, "{unix_us}").expect("a Vec takes every write");
        return;
    }
    push_pairs(out, &[year / 100, year % 100]);
    for (mark, pair) in [
        (b'-', month),
        (b'-', day),
        (b'T', second / 3600),
        (b':', second / 60 % 60),
        (b':', second % 60),
        (b'.', micros / 10_000),
    ] {
        out.push(mark);
        push_pairs(out, &[pair]);
    }
    push_pairs(out, &[micros / 100 % 100, micros % 100]);
    out.push(b'Z');
}

/// Numbers from 0 to 99, two digits each.
fn push_pairs(out: &mut Vec<u8>, numbers: &[i64]) {
    for number in numbers {
        let at = usize::try_from(*number).unwrap_or(0) * 2;
        out.extend_from_slice(PAIRS.get(at..at + 2).unwrap_or(b"00"));
    }
}
