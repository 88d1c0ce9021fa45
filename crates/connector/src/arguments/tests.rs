//! Arguments, by table.

use super::*;
use crate::samples::{action, connector, first, raw};

#[test]
fn all_problems_are_told_at_once_each_with_its_path() {
    let lines = "method: POST\npath: '/{id}'\nbody: json\nprojection: [id]\nparameters:\n  \
         - { name: id, in: path, description: D, schema: { type: integer, minimum: 1 } }\n  \
         - { name: channel, in: body, required: true, description: D, schema: { type: string } }\n  \
         - { name: blocks, in: body, description: D, schema: { type: array, items: { type: object, properties: { text: { type: string } }, required: [text] } } }";
    let connector = connector("", &action("do", lines));
    let cases: [(&str, &[&str]); 9] = [
        (r#"{"id": 1, "channel": "c"}"#, &[]),
        (r#"{"id": 1, "channel": "c", "fields": "all"}"#, &[]),
        ("[]", &["arguments: expected an object, got an array"]),
        ("{}", &["/id: is required and missing", "/channel: is required and missing"]),
        (
            r#"{"id": 0, "chanel": 1}"#,
            &[
                "/id: expected a number of at least 1, got the number 0",
                "/chanel: there is no such name; did you mean channel?",
                "/channel: is required and missing",
            ],
        ),
        (
            r#"{"id": "1", "channel": null}"#,
            &["/id: expected an integer, got the string \"1\"", "/channel: expected a string, got null"],
        ),
        (r#"{"id": 1, "id": 2, "channel": "c"}"#, &["/id: expected the parameter once, not twice"]),
        (
            r#"{"id": 1, "channel": "c", "fields": "most"}"#,
            &["/fields: expected one of \"summary\", \"all\", got the string \"most\""],
        ),
        (
            r#"{"id": 1, "channel": "c", "blocks": [{"text": "a"}, {"txt": 1}, 5]}"#,
            &["/blocks/1/text: is required and missing", "/blocks/2: expected an object, got the number 5"],
        ),
    ];
    for (arguments, expected) in cases {
        let arguments = raw(arguments);
        let problems = validate(first(&connector), &arguments).err().unwrap_or_default();
        assert_eq!(problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn names_written_with_escapes_are_the_same_names() {
    let parameters = "method: GET\npath: /x\nparameters:\n  - { name: q, in: query, description: D, schema: { type: string } }";
    let connector = connector("", &action("get", parameters));
    let arguments = raw(r#"{"\u0071": "a"}"#);
    assert_eq!(validate(first(&connector), &arguments).unwrap().get(0), Some("\"a\""));
}

#[test]
fn a_report_stays_small_whatever_comes() {
    let connector = connector("", &action("get", "method: GET\npath: /x"));
    let members: Vec<String> =
        (0..5_000).map(|number| format!("\"{}{number}\": 1", "x".repeat(100))).collect();
    let arguments = raw(&format!("{{{}}}", members.join(",")));
    assert_eq!(validate(first(&connector), &arguments).unwrap_err().len(), 50);
}
