//! Verdicts of the subset, by table and against an independent validator.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::check::{Report, Spot, accepts, check};
use super::{Schema, compile};
use crate::definition::node::Node;

fn schema(value: &Value) -> Schema {
    let mut problems = Vec::new();
    let compiled = compile(&Node::parse(&value.to_string()).unwrap(), "", &mut problems);
    assert_eq!(problems, vec![], "{value}");
    compiled
}

fn messages(schema_value: &Value, value: &Value) -> Vec<String> {
    let mut report = Report::default();
    check(&schema(schema_value), &value.to_string(), &Spot::Root, &mut report);
    report.problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn every_problem_is_reported_with_its_place_and_the_nearest_name() {
    let object = json!({"type": "object", "additionalProperties": false, "required": ["channel"], "properties": {
        "channel": {"type": "string", "minLength": 1},
        "status": {"type": "string", "enum": ["open", "closed"]},
        "blocks": {"type": "array", "items": {"type": "object", "properties": {"text": {"type": "string"}}}}}});
    let value = json!({"chanel": "C1", "status": "opne", "blocks": [{"text": 5}]});
    assert_eq!(
        messages(&object, &value),
        [
            "/chanel: there is no such name; did you mean channel?",
            "/status: expected one of \"open\", \"closed\", got the string \"opne\"; did you mean \"open\"?",
            "/blocks/0/text: expected a string, got the number 5",
            "/channel: is required and missing",
        ]
    );
}

#[test]
fn words_outside_the_portable_subset_are_refused() {
    for outside in
        [json!({"$ref": "#/a"}), json!({"type": ["string", "null"]}), json!({"not": {}}), json!([])]
    {
        let mut problems = Vec::new();
        compile(&Node::parse(&outside.to_string()).unwrap(), "", &mut problems);
        assert!(!problems.is_empty(), "{outside}");
    }
}

fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!({"type": "integer", "minimum": 1, "maximum": 5})),
        Just(json!({"type": "number", "exclusiveMinimum": 0.5, "multipleOf": 0.5})),
        Just(json!({"type": "string", "minLength": 1, "maxLength": 3})),
        Just(json!({"type": "string", "pattern": "^[ab]+$"})),
        Just(json!({"enum": ["a", 1, 1.5, null, [1], {"a": 1}]})),
        Just(json!({"type": "boolean"})),
        Just(json!({"type": "null"})),
        Just(json!({"minLength": 2, "minItems": 1, "minProperties": 1, "minimum": 2})),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|items| json!({"type": "array", "items": items, "maxItems": 2})),
            inner.clone().prop_map(|items| json!({"items": items, "uniqueItems": true})),
            (inner.clone(), inner.clone(), any::<bool>()).prop_map(|(a, b, others)| {
                json!({"type": "object", "properties": {"a": a, "b": b}, "required": ["a"], "additionalProperties": others})
            }),
            inner.clone().prop_map(|a| json!({"properties": {"b": {"type": "string"}}, "additionalProperties": a})),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"anyOf": [a, b]})),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"oneOf": [a, b]})),
            (inner.clone(), inner).prop_map(|(a, b)| json!({"allOf": [a, b]})),
        ]
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..8).prop_map(Value::from),
        prop_oneof![Just(1.0), Just(1.5), Just(0.5), Just(2.25)].prop_map(Value::from),
        "[abc\"\\\\ü]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn verdicts_agree_with_an_independent_validator(schema_value in any_schema(), value in any_value()) {
        let theirs = jsonschema::draft202012::is_valid(&schema_value, &value);
        prop_assert_eq!(accepts(&schema(&schema_value), &value.to_string()), theirs);
    }
}
