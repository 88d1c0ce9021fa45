//! Loading, by table and by property: all problems at once, each with its place, and never a panic.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::samples::{action, document};

fn problems(text: &str) -> Vec<String> {
    match Connector::parse(text) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn all_problems_are_told_at_once_with_line_and_path() {
    let text = "id: Slack
name: Slack
description: ''
categories: [chat]
baseUrl: http://example.com
auth:
  - { type: bearr, name: T }
resources:
  - id: a
    name: A
    action: []
    actions:
      - { id: x y, displayName: D, description: D, method: GET, path: '/{id}', body: json }
";
    assert_eq!(
        problems(text),
        [
            "line 1, column 5: /id: expected lower-case letters and digits, a letter first, at most 64",
            "line 3, column 14: /description: must not be empty",
            "line 5, column 10: /baseUrl: expected an https address",
            "line 7, column 13: /auth/0/type: \"bearr\" is not one of oauth2, bearer, apiKey, basic, fields",
            "line 11, column 5: /resources/0/action: unknown member \"action\"; did you mean actions?",
            "line 13, column 15: /resources/0/actions/0/id: expected 1 to 128 of A-Z a-z 0-9 _ . -",
            "line 13, column 71: /resources/0/actions/0/path: no path parameter \"id\"",
            "line 13, column 86: /resources/0/actions/0/body: a GET has no body",
        ]
    );
}

#[test]
fn what_cannot_work_is_refused() {
    let parameter = |rest: &str| {
        format!("method: POST\npath: /x\nbody: json\nparameters:\n  - {{ name: a, description: D, {rest} }}")
    };
    let cases = [
        (
            parameter("in: header, wire: Authorization, schema: { type: string }"),
            "not a header that an argument may set",
        ),
        (
            parameter("in: header, wire: X-Forwarded-Host, schema: { type: string }"),
            "not a header that an argument may set",
        ),
        (
            parameter("in: header, wire: \"a b\", schema: { type: string }"),
            "not a header that an argument may set",
        ),
        (parameter("in: path, schema: { type: string }"), "the path has no place {a}"),
        (parameter("in: body, schema: { type: [string, 'null'] }"), "expected a string, found a list"),
        (parameter("in: body, schema: { $ref: '#/x' }"), "unknown member \"$ref\""),
        (parameter("in: body, schema: { type: string, pattern: '(' }"), "not a regular expression"),
        (parameter("in: body, schema: { type: integer }, default: x"), "\"x\" does not fit the schema"),
        (parameter("in: variable, schema: {}"), "no GraphQL document"),
        (parameter("in: body, schema: {}, wire: a//b"), "must not have empty or invisible parts"),
        (
            parameter("in: body, schema: {} }\n  - { name: b, in: body, wire: a, description: D, schema: {}"),
            "goes to the same place",
        ),
        (
            parameter(
                "in: body, schema: {} }\n  - { name: b, in: body, wire: a/c, description: D, schema: {}",
            ),
            "b goes inside of a",
        ),
        (parameter("in: body, schema: {}") + "\nexample: { b: 1 }", "there is no such name"),
        (
            parameter("in: body, schema: {}") + "\npaging: { type: cursor, parameter: q, next: /n }",
            "\"q\" is not a parameter",
        ),
        ("method: GET\npath: /a/../b".to_owned(), "is not the fixed part of a path"),
        ("method: GET\npath: '/a?b=c'".to_owned(), "is not the fixed part of a path"),
        ("method: GET\npath: '/{a'".to_owned(), "a { without its }"),
        ("method: GET\npath: /x\nheaders: { Host: a }".to_owned(), "not a header that may be set"),
        ("method: GET\npath: /x\nheaders: { X-A: \"a\\nb\" }".to_owned(), "not a header value"),
        ("method: GET\npath: /x\nitems: data".to_owned(), "is not a JSON pointer"),
        (
            "method: GET\npath: /x\nhints: { readOnly: true, destructive: true }".to_owned(),
            "destroys nothing",
        ),
        ("method: PUT\npath: /x\nbody: raw".to_owned(), "raw needs bodyRoot"),
        ("method: GET\nmethod: GET\npath: /x".to_owned(), "the key \"method\" is there twice"),
        (
            "method: GET\npath: /x\nbaseUrl: https://{a}.example.com".to_owned(),
            "{a} is not one of the variables",
        ),
    ];
    for (lines, expected) in cases {
        let found = problems(&document("", &action("x", &lines)));
        assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}: {found:#?}");
    }
}

#[test]
fn a_credentials_facts_are_checked() {
    let auth =
        |rest: &str| document(&format!("auth:\n  - {{ {rest} }}"), &action("x", "method: POST\npath: /x"));
    let field = "name: N, fields: [{ name: token, title: T }]";
    let cases = [
        (
            format!("type: bearer, {field}, apply: [{{ in: header, name: Host, value: '{{token}}' }}]"),
            "not a header that may be set",
        ),
        (
            format!("type: bearer, {field}, apply: [{{ in: header, name: A, value: '{{key}}' }}]"),
            "{key} is not one of its fields",
        ),
        (format!("type: bearer, {field}, test: x"), "is not a read-only action"),
        (format!("type: bearer, {field}, tokenUrl: https://a"), "unknown member \"tokenUrl\""),
        ("type: bearer, name: N".to_owned(), "needs at least one field"),
        ("type: oauth2, name: N, tokenUrl: 'http://a'".to_owned(), "expected an https address"),
        ("type: oauth2, name: N, tokenUrl: 'https://a'".to_owned(), "authorizeUrl is missing"),
    ];
    for (rest, expected) in cases {
        let found = problems(&auth(&rest));
        assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}: {found:#?}");
    }
}

#[test]
fn bombs_are_refused_quickly() {
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        writeln!(laughs, "a{level}: &a{level} [{before}]").unwrap();
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let block: String = (0..100).flat_map(|level| [" ".repeat(level), "a:\n".to_owned()]).collect();
    let long = "x".repeat(3 * 1024 * 1024);
    for (text, expected) in [
        (laughs, "aliases"),
        (deep, ""),
        (block, ""),
        (long, "larger than"),
        ("--- a\n--- b".to_owned(), "second document"),
        (String::new(), "empty"),
        ("a: *b".to_owned(), ""),
    ] {
        let found = problems(&text);
        assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}: {found:?}");
    }
}

#[test]
fn anchors_and_json_work() {
    let anchored = document(
        "",
        &action(
            "x",
            "method: GET\npath: /x\nparameters:\n  - { name: a, in: query, description: D, schema: &s { type: string } }\n  - { name: b, in: query, description: D, schema: *s }",
        ),
    );
    assert_eq!(problems(&anchored), Vec::<String>::new());
    let json = r#"{"id": "a", "name": "A", "description": "D", "categories": ["c"], "baseUrl": "https://a.example", "auth": [],
	"resources": [{"id": "r", "name": "R", "actions": [{"id": "x", "displayName": "D", "description": "D", "method": "GET", "path": "/x"}]}]}"#;
    assert_eq!(problems(json), Vec::<String>::new());
}

#[test]
fn the_input_schema_names_required_parameters_first() {
    let lines = "method: POST\npath: /x\nbody: json\nprojection: [id]\nparameters:\n  \
         - { name: b, in: body, description: B., schema: { minimum: 1, type: integer }, default: 2 }\n  \
         - { name: a, in: body, required: true, description: A., schema: { type: string } }";
    let connector = crate::samples::connector("", &action("x", lines));
    let expected = r#"{"type":"object","properties":{"a":{"type":"string","description":"A."},"b":{"type":"integer","description":"B.","default":2,"minimum":1},"fields":{"type":"string","enum":["summary","all"],"default":"summary","description":"summary gives the members that matter most, all gives everything the platform says."}},"required":["a"],"additionalProperties":false}"#;
    assert_eq!(crate::samples::first(&connector).input_schema().get(), expected);
}

proptest! {
    #[test]
    fn no_text_makes_the_loader_panic(text in ".{0,200}", cut in 0_usize..2_000) {
        drop(Connector::parse(&text));
        let real = document("variables: { v: { pattern: a } }", &action("x", "method: POST\npath: '/{a}'\nbody: json\nparameters:\n  - { name: a, in: path, description: D, schema: { type: string } }"));
        let broken: String = real.chars().take(cut).chain(text.chars()).chain(real.chars().skip(cut + 3)).collect();
        drop(Connector::parse(&broken));
    }
}
