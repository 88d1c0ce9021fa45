//! Server-sent events: how JSON-RPC messages travel in a `text/event-stream` (HTML, section 9.2).
//! Must not decide when to stream.

/// A comment line that keeps intermediaries from closing a quiet stream; clients ignore it.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// Appends one event that carries this message.
///
/// Line breaks, which JSON allows between tokens, become separate `data` lines, so no message can end its
/// event early or start another field.
pub fn write_event(out: &mut Vec<u8>, message: &[u8]) {
    out.reserve(message.len() + 24);
    out.extend_from_slice(b"event: message\n");
    for line in message.split(|byte| matches!(byte, b'\n' | b'\r')) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_message() {
        let mut out = Vec::new();
        write_event(&mut out, br#"{"a":1}"#);
        assert_eq!(out, b"event: message\ndata: {\"a\":1}\n\n");
    }

    #[test]
    fn line_breaks_between_tokens_cannot_end_an_event() {
        let mut out = Vec::new();
        write_event(&mut out, b"{\n\n\"a\":\r\n1}");
        assert_eq!(out, b"event: message\ndata: {\ndata: \ndata: \"a\":\ndata: \ndata: 1}\n\n");
    }
}
