//! Comparisons, by table: each format, each kind of difference.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::*;
use crate::samples::{action, connector};

fn lines(parameters: &str) -> String {
    let mut text = "method: POST\npath: '/things/{thing}'\nbody: json\nparameters:\n  - { name: thing, in: path, description: D, schema: { type: string } }\n".to_owned();
    for parameter in parameters.lines().map(str::trim).filter(|line| !line.is_empty()) {
        writeln!(text, "  - {{ description: D, {parameter} }}").unwrap();
    }
    text
}

fn openapi() -> Value {
    json!({
        "openapi": "3.1.0", "servers": [{"url": "https://api.example.com/v1/"}],
        "paths": {"/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}, {"$ref": "#/components/parameters/trace"}],
            "post": {
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": ["integer", "null"]}}, {"name": "must", "in": "query", "required": true, "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
            }
        }},
        "components": {
            "parameters": {"trace": {"name": "X-Trace", "in": "header", "schema": {"type": "string"}}},
            "schemas": {
                "Thing": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}}, "self": {"$ref": "#/components/schemas/Thing"}}}]},
                "Base": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "enum": ["a", "b"]}, "parent": {"oneOf": [{"type": "object", "properties": {"page": {"type": "string"}}}]}, "amount": {"type": "number"}}}
            }
        }
    })
}

fn differences(parameters: &str, description: &Value) -> Vec<String> {
    let connector = connector("", &action("do", &lines(parameters)));
    let outcome = verify(&connector, &description.to_string(), &Differences::default()).unwrap();
    outcome.problems.into_iter().map(|difference| difference.what).collect()
}

const GOOD: &str = "name: must, in: query, required: true, schema: { type: string }
    name: limit, in: query, schema: { type: integer }
    name: trace, in: header, wire: x-trace, schema: { type: string }
    name: name, in: body, required: true, schema: { type: string, enum: [a] }
    name: page, in: body, wire: parent/page, schema: { type: string }
    name: amount, in: body, schema: { type: integer }
    name: tags, in: body, schema: { type: array, items: { type: string } }
    name: again, in: body, wire: self/self/tags, schema: { type: array }";

#[test]
fn a_definition_that_agrees_has_no_differences() {
    assert_eq!(differences(GOOD, &openapi()), Vec::<String>::new());
}

#[test]
fn each_kind_of_difference_is_found() {
    let cases = [
        (
            "name: must, in: query, required: true,",
            "name: must, in: query,",
            "parameter must: optional, description requires it",
        ),
        (
            "name: limit, in: query,",
            "name: limit, in: query, required: true,",
            "parameter limit: required, description says optional",
        ),
        ("name: limit,", "name: size,", "parameter size: no query parameter size in the description"),
        (
            "name: limit, in: query, schema: { type: integer }",
            "name: limit, in: query, schema: { type: string }",
            "parameter limit: type string, description says integer or null",
        ),
        (
            "name: must, in: query, required: true, schema: { type: string }",
            "",
            "query parameter must: required by the description, missing here",
        ),
        (
            "name: name, in: body, required: true, schema: { type: string, enum: [a] }",
            "",
            "body member name: required by the description, missing here",
        ),
        ("enum: [a]", "enum: [a, c]", "parameter name: \"c\" is not in the description"),
        (
            "wire: parent/page,",
            "wire: parent/pages,",
            "parameter page: no body member parent/pages in the description",
        ),
        (
            "items: { type: string }",
            "items: { type: integer }",
            "parameter tags[]: type integer, description says string",
        ),
        (
            "name: amount, in: body, schema: { type: integer }",
            "name: amount, in: body, schema: { type: boolean }",
            "parameter amount: type boolean, description says number",
        ),
    ];
    for (good, bad, expected) in cases {
        assert!(GOOD.contains(good), "{good}");
        assert_eq!(differences(&GOOD.replace(good, bad), &openapi()), [expected]);
    }
}

#[test]
fn a_path_or_method_that_is_gone_is_found() {
    let mut gone = openapi();
    let item = gone["paths"].as_object_mut().unwrap().remove("/things/{id}").unwrap();
    gone["paths"]["/other/{id}"] = item;
    assert_eq!(differences(GOOD, &gone), ["POST /v1/things/{thing} is not in the description"]);
}

#[test]
fn older_and_other_formats_are_read() {
    let swagger = json!({"swagger": "2.0", "basePath": "/v1", "paths": {"/things/{id}": {"post": {"parameters": [
        {"name": "id", "in": "path", "required": true, "type": "string"},
        {"name": "b", "in": "body", "schema": {"$ref": "#/definitions/Thing"}}]}}},
        "definitions": {"Thing": {"type": "object", "properties": {"name": {"type": "string"}}}}});
    let google = json!({"discoveryVersion": "v1", "servicePath": "v1/", "schemas": {"Thing": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "resources": {"things": {"methods": {"make": {"httpMethod": "POST", "path": "things/{+id}", "request": {"$ref": "Thing"},
        "parameters": {"id": {"location": "path", "required": true, "type": "string"}}}}}}});
    for description in [swagger, google] {
        assert_eq!(
            differences("name: name, in: body, schema: { type: string }", &description),
            Vec::<String>::new()
        );
        assert_eq!(
            differences("name: nam, in: body, schema: { type: string }", &description),
            ["parameter nam: no body member nam in the description"]
        );
    }
}

#[test]
fn form_fields_of_older_descriptions_are_body_members() {
    let swagger = json!({"swagger": "2.0", "paths": {"/v1/things/{id}": {"post": {"consumes": ["application/x-www-form-urlencoded"], "parameters": [
        {"name": "id", "in": "path", "required": true, "type": "string"},
        {"name": "text", "in": "formData", "required": true, "type": "string"}]}}}});
    assert_eq!(
        differences("name: text, in: body, required: true, schema: { type: string }", &swagger),
        Vec::<String>::new()
    );
    assert_eq!(differences("", &swagger), ["body parameter text: required by the description, missing here"]);
}

#[test]
fn listed_differences_are_no_problems_and_outdated_ones_are_named() {
    let connector = connector("", &action("do", &lines(&GOOD.replace("name: limit,", "name: size,"))));
    let listed = "- { action: do, what: 'parameter size: no query parameter size in the description', reason: R }\n- { action: do, what: gone, reason: R }";
    let outcome = verify(&connector, &openapi().to_string(), &Differences::parse(listed).unwrap()).unwrap();
    assert_eq!((outcome.problems.len(), outcome.listed.len(), outcome.outdated.len()), (0, 1, 1));
    assert_eq!((outcome.checked, outcome.found), (1, 1));
    assert!(Differences::parse("- { action: do, what: gone }").is_err());
}

#[test]
fn what_is_no_description_is_refused_and_cycles_end() {
    let connector = connector("", &action("do", &lines(GOOD)));
    for text in ["", "{", "{}", "[]", "a: b", "openapi"] {
        assert!(verify(&connector, text, &Differences::default()).is_err(), "{text}");
    }
    let cyclic = json!({"openapi": "3.0.0", "paths": {"/v1/things/{id}": {"post": {"parameters": [{"$ref": "#/x"}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/x"}}}}}}}, "x": {"$ref": "#/y"}, "y": {"$ref": "#/x"}});
    verify(&connector, &cyclic.to_string(), &Differences::default()).unwrap();
    let wide = json!({"openapi": "3.0.0", "paths": {"/v1/things/{id}": {"post": {
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/x"}}}}}}}, "x": {"allOf": [{"$ref": "#/x"}, {"$ref": "#/x"}, {"$ref": "#/x"}]}});
    verify(&connector, &wide.to_string(), &Differences::default()).unwrap();
}
