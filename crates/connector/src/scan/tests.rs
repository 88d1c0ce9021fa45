//! The walk agrees with a parser on valid text and ends on any other.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// A value put together again by walking.
fn rebuilt(json: &str) -> Value {
    match json.as_bytes().first() {
        Some(b'{') => Value::Object(
            members(json).map(|(key, value)| (string(key).unwrap().into_owned(), rebuilt(value))).collect(),
        ),
        Some(b'[') => elements(json).map(rebuilt).collect(),
        Some(b'"') => Value::from(string(json).unwrap()),
        Some(_) | None => serde_json::from_str(json).unwrap(),
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-zYy_{}\\[\\]\"\\\\:, ü\u{0}\n]{0,24}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z{\"\\\\\\]ü/~]{0,10}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn walking_gives_back_every_value(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        prop_assert_eq!(rebuilt(&text), value);
    }

    #[test]
    fn walking_ends_on_any_text(text in "[\\[\\]{}\",:\\\\a0 ü]{0,60}") {
        let parts = members(&text).count() + elements(&text).count();
        prop_assert!(parts <= text.len());
        for part in elements(&text).chain(members(&text).map(|(_, value)| value)) {
            prop_assert_eq!(around(&text, part).map(|(before, part, after)| before.len() + part.len() + after.len()), Some(text.len()));
        }
        drop(Pointer::parse("/a/0").unwrap().find_text(&text));
    }
}

fn agrees(text: &str) -> bool {
    is_valid(text) == serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn what_is_json_is_what_a_parser_takes(text in "[\\[\\]{}\",:\\\\abeflnrstu0-9.+eE\\- \n\u{1}ü-]{0,12}") {
        prop_assert!(agrees(&text), "{:?}", text);
    }

    #[test]
    fn what_is_nearly_json_is_what_a_parser_takes(value in any_json(), place in any::<prop::sample::Index>(), with in "[\\[\\]{}\",:\\\\u0-9.eE\\- \u{1f}x]{0,2}", removed in 0_usize..3) {
        let letters: Vec<char> = value.to_string().chars().collect();
        let at = place.index(letters.len());
        let broken: String = letters[..at].iter().copied().chain(with.chars()).chain(letters.iter().copied().skip(at + removed)).collect();
        prop_assert!(agrees(&broken), "{:?}", broken);
    }
}

#[test]
fn numbers_literals_and_escapes_are_strict() {
    for text in [
        "0",
        "-0",
        "10.5e+3",
        "1E9",
        "true",
        "null",
        " [ ] ",
        "{}",
        "\"\\u00e4\\n\"",
        "[1,2]",
        "{\"a\":[{}]}",
        "",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "tru",
        "nulll",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":1,}",
        "{a:1}",
        "\"\\x\"",
        "\"\\u12\"",
        "\"a",
        "[1 2]",
        "[}",
        "1 2",
        "\"\t\"",
        "]",
        "{\"a\":}",
        "\u{a0}1",
    ] {
        assert!(agrees(text), "{text:?}");
    }
    assert!(is_valid(&format!("{}{}", "[".repeat(512), "]".repeat(512))));
    assert!(!is_valid(&format!("{}{}", "[".repeat(513), "]".repeat(513))));
}

#[test]
fn a_pointer_finds_names_with_escapes_and_indexes() {
    let json = r#"{"a/b": {"c~d": [1, {"x": "y"}]}, "a": null, "a": 2}"#;
    for (pointer, expected) in [
        ("", Some(json)),
        ("/a~1b/c~0d/1/x", Some("\"y\"")),
        ("/a~1b/c~0d/0", Some("1")),
        ("/a", Some("2")),
        ("/a/b", None),
        ("/a~1b/c~0d/2", None),
    ] {
        assert_eq!(Pointer::parse(pointer).unwrap().find(json), expected, "{pointer}");
    }
    assert_eq!(Pointer::parse("a"), None);
}
