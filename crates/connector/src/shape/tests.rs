//! Cutting, by table and by property: nothing is lost.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::samples::{action, connector, first, raw};
use crate::{Connector, validate};

fn success(result: &Value) -> Success<'static> {
    Success { result: Cow::Owned(result.to_string()), next: None, total: None }
}

fn plain() -> Connector {
    connector("", &action("get", "method: GET\npath: /x"))
}

/// All parts of a result, and the value that they are when put together.
fn walk(connector: &Connector, success: &Success<'_>) -> (Vec<Value>, Value) {
    let action = first(connector);
    let nothing = raw("{}");
    let arguments = validate(action, &nothing).unwrap();
    let mut from = Offset::default();
    let mut parts = Vec::new();
    let mut items = Vec::new();
    let mut text = String::new();
    loop {
        let shaped = shape(action, &arguments, success, from);
        let part: Value = serde_json::from_str(&shaped.result).unwrap();
        assert!(
            shaped.result.len() <= MAX_BYTES || parts.is_empty() && shaped.next == Next::End,
            "{}",
            shaped.result.len()
        );
        match (&part, part.get("text").and_then(Value::as_str)) {
            (Value::Object(_), Some(chunk)) if part.get("format").is_some() => {
                text.push_str(chunk);
                if part["offset"].as_u64().unwrap() + chunk.len() as u64 == part["bytes"].as_u64().unwrap() {
                    let whole = std::mem::take(&mut text);
                    items.push(if part["format"] == "json" {
                        serde_json::from_str(&whole).unwrap()
                    } else {
                        Value::from(whole)
                    });
                }
            }
            (Value::Object(members), _) => items.extend(members["list"].as_array().unwrap().iter().cloned()),
            (whole, _) => items.extend(whole.as_array().cloned().unwrap_or_else(|| vec![part.clone()])),
        }
        parts.push(part);
        match shaped.next {
            Next::Kept(next) => {
                assert_ne!(next, from);
                from = next;
            }
            Next::End => return (parts, Value::from(items)),
            Next::Platform(token) => panic!("{token:?}"),
        }
    }
}

#[test]
fn a_long_list_comes_in_parts_of_whole_items() {
    let list: Vec<Value> = (0..60).map(|number| json!({"id": number})).collect();
    let (parts, whole) = walk(&plain(), &success(&json!({"ok": true, "list": list})));
    assert_eq!(
        parts.iter().map(|part| part["list"].as_array().unwrap().len()).collect::<Vec<_>>(),
        [25, 25, 10]
    );
    assert!(parts.iter().all(|part| part["ok"] == true));
    assert_eq!(whole, Value::from(list));
}

#[test]
fn large_items_are_fewer_and_an_item_too_large_comes_as_text() {
    let list = json!([{"a": "x".repeat(60_000)}, {"a": "y".repeat(60_000)}, {"a": "\u{1}ü\"".repeat(60_000)}, {"a": 1}]);
    let (parts, whole) = walk(&plain(), &success(&list));
    assert_eq!(whole, list);
    assert!(parts.len() > 4);
}

#[test]
fn a_large_text_or_object_comes_in_parts() {
    for value in
        [json!("ä\n".repeat(100_000)), json!({"a": "z".repeat(250_000), "b": {"c": "\\".repeat(1000)}})]
    {
        let (parts, whole) = walk(&plain(), &success(&value));
        assert_eq!(whole, json!([value]));
        assert!(parts.len() >= 3);
    }
}

#[test]
fn metadata_says_what_is_there_and_where_it_goes_on() {
    let connector = plain();
    let action = first(&connector);
    let nothing = raw("{}");
    let arguments = validate(action, &nothing).unwrap();
    let token = PageToken::from_kept("\"t\"".to_owned());
    let list: Vec<Value> = (0..30).map(|number| json!({"id": number})).collect();
    let mut page = success(&json!(list));
    page.next = Some(token.clone());
    let shaped = shape(action, &arguments, &page, Offset::default());
    assert_eq!(shaped.next, Next::Kept(Offset { item: 25, byte: 0 }));
    assert_eq!(shaped.metadata, Some(Metadata { total_count: None, returned_count: 25, truncated: true }));
    let shaped = shape(action, &arguments, &page, Offset { item: 25, byte: 0 });
    assert_eq!(shaped.next, Next::Platform(token));
    assert_eq!(shaped.metadata, Some(Metadata { total_count: None, returned_count: 5, truncated: true }));
    page.next = None;
    let shaped = shape(action, &arguments, &page, Offset { item: 99, byte: 7 });
    assert_eq!((shaped.next, &*shaped.result), (Next::End, "[]"));
    let small = success(&json!({"id": 1, "tags": ["a"]}));
    let shaped = shape(action, &arguments, &small, Offset::default());
    assert_eq!((shaped.metadata, shaped.next), (None, Next::End));
    assert!(matches!(shaped.result, Cow::Borrowed(_)));
}

#[test]
fn a_long_list_without_a_limit_earns_a_hint_with_the_actions_own_parameters() {
    let connector = connector(
        "",
        &action(
            "list",
            "method: GET\npath: /x\nparameters:\n  - { name: status, in: query, description: D, schema: {} }\n  - { name: at, in: query, description: D, schema: {} }\n  - { name: limit, in: query, description: D, schema: {} }\npaging: { type: cursor, parameter: at, next: /next, limit: limit }",
        ),
    );
    let action = first(&connector);
    let mut page = success(&json!([{"id": 1}]));
    page.total = Some(51);
    let hint = |arguments: &str, page: &Success<'_>| {
        let arguments = raw(arguments);
        shape(action, &validate(action, &arguments).unwrap(), page, Offset::default()).hint
    };
    assert_eq!(hint("{}", &page).unwrap(), "This is a long list. Narrow it with: status, limit.");
    assert_eq!(hint("{\"limit\": 5}", &page), None);
    page.total = Some(50);
    assert_eq!(hint("{}", &page), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn put_together_the_parts_are_the_list(sizes in prop::collection::vec(prop_oneof![4 => 0_usize..50, 1 => 0_usize..150_000], 1..60), letter in any::<char>()) {
        let list: Vec<Value> = sizes.iter().map(|size| json!({"v": letter.to_string().repeat(*size / 4)})).collect();
        let (_, whole) = walk(&plain(), &success(&json!({"list": list})));
        prop_assert_eq!(whole, Value::from(list));
    }

    #[test]
    fn any_offset_is_answered(item in any::<u64>(), byte in any::<u64>(), size in 0_usize..300_000) {
        let connector = plain();
        let nothing = raw("{}");
        let arguments = validate(first(&connector), &nothing).unwrap();
        for value in [json!("é".repeat(size)), json!([{"a": "é".repeat(size)}])] {
            let value = success(&value);
            let shaped = shape(first(&connector), &arguments, &value, Offset { item, byte });
            prop_assert!(serde_json::from_str::<Value>(&shaped.result).is_ok());
        }
    }
}
