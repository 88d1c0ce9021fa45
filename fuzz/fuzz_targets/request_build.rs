//! No argument leaves its place: whatever a caller sends, the request goes to the same host, to a path with
//! the same fixed segments, with no other query names, and the values come out as they went in.
//!
//! Input: one byte that chooses the action, then the values, separated by zero bytes.
#![no_main]

use std::sync::LazyLock;

use connector::{AuthType, Connector, CredentialView, Request, request, validate};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::{Value, json, value::to_raw_value};

static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| {
    Connector::parse(include_str!("../request_build.yaml")).unwrap_or_else(|problems| panic!("{problems:#?}"))
});

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((choice, rest)) = input.split_first() else { return Corpus::Reject };
    let Ok(text) = std::str::from_utf8(rest) else { return Corpus::Reject };
    let mut values = text.split('\0').map(str::to_owned);
    let mut value = || values.next().unwrap_or_default();
    let (first, second, token) = (value(), value(), value());
    let id = ["path", "query", "form", "json"][usize::from(choice % 4)];
    let action = CONNECTOR.action(id).expect("the definition has it");
    let arguments = to_raw_value(&json!({ "first": first, "second": second })).expect("strings are JSON");
    let Ok(arguments) = validate(action, &arguments) else { return Corpus::Keep };
    let fields = [("token", &*token)];
    let credential = CredentialView { kind: AuthType::Bearer, fields: &fields };
    if let Ok(request) = request(&CONNECTOR, action, &arguments, Some(&credential), None, None) {
        check(id, &request, [&first, &second]);
    }
    Corpus::Keep
});

fn check(id: &str, request: &Request, sent: [&str; 2]) {
    assert_eq!(request.url.scheme_str(), Some("https"));
    assert_eq!(request.url.authority().map(|authority| authority.as_str()), Some("api.example.com"));
    let path: Vec<&str> = request.url.path().split('/').collect();
    let query = request.url.query().map(pairs).unwrap_or_default();
    match (id, &*path) {
        ("path", ["", "v1", "items", first, "parts", second]) => {
            assert_eq!([decoded(first), decoded(second)], sent);
            assert!(![".", ".."].contains(first) && ![".", ".."].contains(second));
            assert!(query.is_empty() && request.body.is_empty());
        }
        ("query", ["", "v1", "search"]) => assert_eq!(query, named(sent)),
        ("form", ["", "v1", "form"]) => {
            let body = std::str::from_utf8(&request.body).expect("a form is text");
            assert_eq!(pairs(body), named(sent));
            assert!(query.is_empty());
        }
        ("json", ["", "v1", "json"]) => {
            let body: Value = serde_json::from_slice(&request.body).expect("the body is JSON");
            assert_eq!(body, json!({ "first": sent[0], "second": sent[1] }));
            assert!(query.is_empty());
        }
        (_, path) => panic!("the path has changed: {path:?}"),
    }
}

fn named(values: [&str; 2]) -> Vec<(String, String)> {
    ["first", "second"].into_iter().zip(values).map(|(name, value)| (name.into(), value.into())).collect()
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (decoded(name), decoded(value)));
    text.split('&').map(|part| pair(part).expect("a pair has a name and a value")).collect()
}

/// Percent-encoding undone, and `+` for a space, which only forms use: elsewhere a plus sign is encoded.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    let mut digit = |byte: Option<u8>| (byte? as char).to_digit(16).map(|digit| digit as u8);
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                bytes.push(high.zip(low).map(|(high, low)| high * 16 + low).expect("two hexadecimal digits"));
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).expect("what was text is text again")
}
