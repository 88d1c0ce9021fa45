//! The bytes of answers.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Json, Refusal, Version};

fn answer(era: Era, server_info: Option<&str>) -> Answer<'_> {
    Answer { id: Id::parse(Json::check(r#""a\u0062""#).unwrap()).unwrap(), era, server_info }
}

fn encoded(era: Era, server_info: Option<&str>, caching: Caching, result: &str) -> String {
    let mut out = Vec::new();
    encode_result(&mut out, &answer(era, server_info), caching, result);
    String::from_utf8(out).unwrap()
}

const OLD: Era = Era::Legacy(Version::V2025_11_25);

#[test]
fn an_old_answer_is_the_result_and_nothing_else() {
    let info = Some(r#"{"name":"n","version":"v"}"#);
    let caching = Caching::Private { ttl_ms: 5 };
    assert_eq!(
        encoded(OLD, info, caching, r#"{"tools":[]}"#),
        r#"{"jsonrpc":"2.0","id":"a\u0062","result":{"tools":[]}}"#
    );
    assert_eq!(encoded(OLD, None, Caching::None, " { } "), r#"{"jsonrpc":"2.0","id":"a\u0062","result":{}}"#);
}

#[test]
fn a_new_answer_has_what_its_era_asks_for() {
    let info = Some(r#"{"name":"n","version":"v"}"#);
    assert_eq!(
        encoded(Era::Stateless, info, Caching::Private { ttl_ms: 60_000 }, r#"{"tools":[]}"#),
        r#"{"jsonrpc":"2.0","id":"a\u0062","result":{"resultType":"complete","cacheScope":"private","ttlMs":60000,"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"n","version":"v"}},"tools":[]}}"#
    );
    assert_eq!(
        encoded(Era::Stateless, None, Caching::None, "{}"),
        r#"{"jsonrpc":"2.0","id":"a\u0062","result":{"resultType":"complete"}}"#
    );
    assert_eq!(
        encoded(Era::Stateless, None, Caching::Private { ttl_ms: 0 }, "{}"),
        r#"{"jsonrpc":"2.0","id":"a\u0062","result":{"resultType":"complete","cacheScope":"private","ttlMs":0}}"#
    );
}

#[test]
fn input_is_asked_for_in_a_result_of_its_own_type() {
    let requests = json!({ "name": { "method": "elicitation/create", "params": {} } });
    let result = crate::input_required(requests.as_object().unwrap(), Some("s"));
    let mut out = Vec::new();
    encode_input_required(&mut out, &answer(Era::Stateless, None), &result);
    let seen: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(
        seen["result"],
        json!({ "resultType": "input_required", "inputRequests": requests, "requestState": "s" })
    );
}

#[test]
fn a_ready_listing_is_framed_without_being_touched() {
    let ready = r#""tools":[{"name":"a"}]"#;
    for era in [Era::Stateless, OLD] {
        let mut framed = Vec::new();
        begin_result(&mut framed, &answer(era, None), Caching::Private { ttl_ms: 1 }, true);
        framed.extend_from_slice(ready.as_bytes());
        framed.extend_from_slice(END_RESULT);
        let whole = encoded(era, None, Caching::Private { ttl_ms: 1 }, &format!("{{{ready}}}"));
        assert_eq!(String::from_utf8(framed).unwrap(), whole);
    }
}

#[test]
fn a_tool_result_says_the_same_as_text_and_as_structure() {
    for (is_error, structured) in [(false, r#"{"a":"\"\\\n\u0001é"}"#), (true, r#"{"error":{"code":"X"}}"#)]
    {
        let mut out = Vec::new();
        begin_result(&mut out, &answer(OLD, None), Caching::None, true);
        write_tool_members(&mut out, structured, is_error);
        out.extend_from_slice(END_RESULT);
        let seen: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(seen["result"]["isError"], is_error);
        assert_eq!(seen["result"]["structuredContent"], serde_json::from_str::<Value>(structured).unwrap());
        assert_eq!(seen["result"]["content"], json!([{ "type": "text", "text": structured }]));
    }
}

#[test]
fn a_batch_of_nothing_has_no_body() {
    let mut out = Vec::new();
    encode_batch(&mut out, []);
    assert!(out.is_empty());
    encode_batch(&mut out, [&b"{}"[..], b"1"]);
    assert_eq!(out, b"[{},1]");
}

#[test]
fn an_error_has_no_result_and_no_null_id() {
    let refusal = Refusal::anonymous(400, -32700, "Parse error: \"x\"");
    assert_eq!(
        String::from_utf8(refusal.to_vec()).unwrap(),
        r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error: \"x\""}}"#
    );
}

proptest! {
    #[test]
    fn every_string_is_read_back_as_it_was(text in ".*", controls in "[\u{0}-\u{1f}\"\\\\]{0,9}") {
        let text = text + &controls;
        let mut out = Vec::new();
        write_json_string(&mut out, &text);
        prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn every_number_is_written_in_decimal(number in any::<u64>()) {
        let mut out = b"x".to_vec();
        write_integer(&mut out, number);
        prop_assert_eq!(String::from_utf8(out).unwrap(), format!("x{number}"));
    }
}
