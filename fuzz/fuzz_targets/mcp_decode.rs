//! Any body with any headers is read or refused, never a panic; an id that comes back is the one that was
//! sent; a refusal is JSON.
//!
//! Input: protocol version, `Mcp-Method` and `Mcp-Name` on a line each (an empty line: the header is absent),
//! then the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp::{HttpHeaders, Incoming, Message, Refusal, decode};

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(4, |byte| *byte == b'\n');
    let mut header = || lines.next().filter(|value| !value.is_empty());
    let headers =
        HttpHeaders { protocol_version: header(), method: header(), name: header(), repeated: false };
    let body = lines.next().unwrap_or(input);
    match decode(body, &headers) {
        Ok(Incoming::One(message)) => check(body, &message),
        Ok(Incoming::Batch(messages)) => {
            assert!(!messages.is_empty(), "an empty batch is refused");
            for message in &messages {
                match message {
                    Ok(message) => check(body, message),
                    Err(refusal) => check_refusal(refusal),
                }
            }
        }
        Err(refusal) => check_refusal(&refusal),
    }
});

fn check(body: &[u8], message: &Message<'_>) {
    if let Message::Request(request) = message {
        let id = request.id.as_json().as_bytes();
        assert!(body.windows(id.len()).any(|part| part == id), "the id is the one that was sent");
    }
    serde_json::from_slice::<serde::de::IgnoredAny>(body).expect("what is read is JSON");
}

fn check_refusal(refusal: &Refusal<'_>) {
    let mut out = Vec::new();
    refusal.encode(&mut out);
    let value: serde_json::Value = serde_json::from_slice(&out).expect("a refusal is JSON");
    assert!(value["error"]["code"].is_i64() && value.get("result").is_none());
}
