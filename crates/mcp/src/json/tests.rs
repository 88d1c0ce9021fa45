//! The scanner agrees with serde wherever both have an opinion.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn scan(text: &str) -> Result<(), Fault> {
    let mut scanner = Scanner::new(text);
    scanner.skip_space();
    scanner.skip(0)?;
    scanner.skip_space();
    if scanner.at_end() { Ok(()) } else { Err(Fault::Syntax) }
}

#[test]
fn what_is_json_is_passed() {
    for text in [
        "{}",
        " [ ] ",
        "null",
        "-0",
        "0.5e-7",
        "1E+2",
        r#""""#,
        r#""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00""#,
        "\"\u{7f}é€😀\"",
        "{\"a\" : [ 1 , true , false , null , \"b\" , { } ] }",
        "\t\r\n{\"a\":{\"b\":[[]]}}\n",
    ] {
        assert_eq!(scan(text), Ok(()), "{text}");
        assert!(serde_json::from_str::<Value>(text).is_ok(), "{text}");
    }
}

#[test]
fn what_is_not_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "[1,]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{'a':1}",
        "[1 2]",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "tru",
        "True",
        "nul",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800x\"",
        "\"\n\"",
        "\"\t\"",
        "\"\u{0}\"",
        "1 1",
        "{}{}",
        "\u{feff}{}",
        "// c\n1",
        "[1]]",
    ] {
        assert_eq!(scan(text), Err(Fault::Syntax), "{text}");
        assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
    }
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(scan(&nested(100)), Ok(()));
    assert_eq!(scan(&nested(101)), Err(Fault::TooDeep));
    assert_eq!(scan(&"[".repeat(1_000_000)), Err(Fault::TooDeep));
    assert_eq!(scan(&"{\"a\":".repeat(1_000_000)), Err(Fault::TooDeep));
}

#[test]
fn members_are_found_by_exact_name_and_doubt_is_noted() {
    let find = |text| {
        let mut scanner = Scanner::new(text);
        let mut members = Members::NONE;
        scanner.members(&["id", "name"], &mut members, 0, |scanner, _, depth| scanner.skip(depth)).unwrap();
        (members.get(0).map(Json::as_str), members.get(1).map(Json::as_str), members.ambiguity)
    };
    assert_eq!(find(r#"{"name":"n","other":[1],"id":7}"#), (Some("7"), Some(r#""n""#), None));
    assert_eq!(find(r#"{"\u0069d":1}"#), (Some("1"), None, None));
    assert_eq!(find(r#"{"id":1,"\u0069d":2}"#), (Some("2"), None, Some(Ambiguity::Repeated("id"))));
    assert_eq!(find(r#"{"id":1,"Id":2}"#), (Some("1"), None, Some(Ambiguity::Miscased("id"))));
    assert_eq!(find(r#"{"NAME":1}"#), (None, None, Some(Ambiguity::Miscased("name"))));
    assert_eq!(find(r#"{"x":{"id":1},"x":2}"#), (None, None, None));
}

#[test]
fn a_string_is_borrowed_unless_it_has_escapes() {
    let string = |text: &'static str| Json::check(text).and_then(Json::string);
    assert!(matches!(string(r#""plain é""#), Some(Cow::Borrowed("plain é"))));
    assert!(matches!(string(r#""a\nb""#), Some(Cow::Owned(text)) if text == "a\nb"));
    assert_eq!(string("1"), None);
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(".{0,10}", inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_serde_writes_is_passed_whole(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.unwrap();
        let read = Json::check(&text).unwrap();
        prop_assert_eq!(read.as_str(), text.as_str());
        prop_assert_eq!(read.parse::<Value>().unwrap(), serde_json::from_str::<Value>(&text).unwrap());
    }

    /// Cutting, doubling and changing bytes of real JSON finds more than random text does.
    #[test]
    fn damaged_json_is_judged_as_serde_judges_it(
        value in json(), at in any::<prop::sample::Index>(), with in "[\"\\\\{}\\[\\],:0-9eu\u{1} é.-]{0,3}",
    ) {
        let text = value.to_string();
        let mut damaged: Vec<char> = text.chars().collect();
        let place = at.index(damaged.len());
        damaged.splice(place..=place, with.chars());
        let damaged: String = damaged.into_iter().collect();
        let serde = serde_json::from_str::<&serde_json::value::RawValue>(&damaged);
        match scan(&damaged) {
            Ok(()) => prop_assert!(serde.is_ok(), "{}", damaged),
            // serde does not look at surrogates of what it keeps as text.
            Err(fault) => prop_assert!(serde.is_err() || damaged.contains("\\u"), "{:?} {}", fault, damaged),
        }
    }

    #[test]
    fn a_plain_run_ends_where_a_byte_by_byte_search_ends_it(bytes in prop::collection::vec(prop_oneof![9 => b'a'..=b'z', 1 => any::<u8>()], 0..200)) {
        let slow = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F)).unwrap_or(bytes.len());
        prop_assert_eq!(plain_run(&bytes), slow);
    }
}
