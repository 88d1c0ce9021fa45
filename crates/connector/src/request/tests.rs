//! Requests, by table and by property: no argument leaves its place.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::credential::AuthType;
use crate::samples::{action, connector, first, raw};
use crate::validate;

fn build(connector: &Connector, arguments: &Value) -> Result<Request, RequestError> {
    build_with(connector, arguments, None, None, None)
}

fn build_with(
    connector: &Connector,
    arguments: &Value,
    credential: Option<&CredentialView<'_>>,
    base_url: Option<&BaseUrl>,
    page: Option<&PageToken>,
) -> Result<Request, RequestError> {
    let arguments = raw(&arguments.to_string());
    let action = first(connector);
    let arguments = validate(action, &arguments).unwrap_or_else(|problems| panic!("{problems:?}"));
    request(connector, action, &arguments, credential, base_url, page)
}

fn parameter(name: &str, place: &str, rest: &str) -> String {
    format!("  - {{ name: {name}, in: {place}, description: D, {rest} }}\n")
}

fn path_connector(style: &str) -> Connector {
    let parameters = parameter("name", "path", &format!("schema: {{ type: string }}{style}"));
    connector(
        "",
        &action("get", &format!("method: GET\npath: /users/{{name}}/posts\nparameters:\n{parameters}")),
    )
}

#[test]
fn a_path_parameter_is_encoded_and_cannot_climb() {
    let plain = path_connector("");
    let good = [
        ("ada", "ada"),
        ("a b", "a%20b"),
        ("ü", "%C3%BC"),
        ("a?b#c", "a%3Fb%23c"),
        ("a;b=c", "a%3Bb%3Dc"),
        ("...a", "...a"),
        ("100%", "100%25"),
        ("@me", "%40me"),
    ];
    for (value, written) in good {
        let url = build(&plain, &json!({"name": value})).unwrap().url.to_string();
        assert_eq!(url, format!("https://api.example.com/v1/users/{written}/posts"));
    }
    let bad = [
        "",
        ".",
        "..",
        "...",
        "a/b",
        "/",
        "..%2f..",
        "%2e%2e",
        "%252e%252e",
        "a%2Fb",
        "a%252fb",
        "\\",
        "a\\b",
        "a\nb",
        "\u{0}",
        "%00",
        "%2e",
        "%25252525252e",
        "a%5cb",
    ];
    for value in bad {
        let refused = build(&plain, &json!({"name": value}));
        assert!(matches!(refused, Err(RequestError::Argument { .. })), "{value:?} {refused:?}");
    }
}

#[test]
fn two_styles_admit_slashes_and_still_nobody_climbs() {
    let segments = path_connector(", style: segments");
    let encoded = path_connector(", style: encodedSlash");
    let url = |connector: &Connector, value: &str| {
        build(connector, &json!({"name": value})).map(|built| built.url.to_string())
    };
    assert_eq!(url(&segments, "src/a b.rs").unwrap(), "https://api.example.com/v1/users/src/a%20b.rs/posts");
    assert_eq!(
        url(&encoded, "group/project").unwrap(),
        "https://api.example.com/v1/users/group%2Fproject/posts"
    );
    for value in ["../x", "a/../b", "a//b", "/a", "a/", "a/.", "a/%2e%2e/b", "..", "a%2f..%2fb"] {
        assert!(url(&segments, value).is_err(), "{value}");
        assert!(url(&encoded, value).is_err(), "{value}");
    }
}

#[test]
fn lists_and_objects_are_written_in_their_style() {
    let cases = [
        ("", r#"{"a": ["x", "y z"]}"#, "a=x&a=y%20z"),
        ("style: brackets,", r#"{"a": [1, {"b": [true]}]}"#, "a%5B0%5D=1&a%5B1%5D%5Bb%5D%5B0%5D=true"),
        ("style: emptyBrackets,", r#"{"a": [1, 2]}"#, "a%5B%5D=1&a%5B%5D=2"),
        ("style: deepObject,", r#"{"a": {"gt": 1, "lt": 2}}"#, "a%5Bgt%5D=1&a%5Blt%5D=2"),
        ("style: commaSeparated,", r#"{"a": ["x", "y,z"]}"#, "a=x%2Cy%2Cz"),
        ("style: spaceDelimited,", r#"{"a": [1, 2]}"#, "a=1%202"),
        ("style: pipeDelimited,", r#"{"a": [1, 2]}"#, "a=1%7C2"),
        ("style: json,", r#"{"a": {"b": [1]}}"#, "a=%7B%22b%22%3A%5B1%5D%7D"),
        ("", r#"{"a": "x&b=1#c"}"#, "a=x%26b%3D1%23c"),
        ("", r#"{"a": null}"#, ""),
        ("", "{}", ""),
    ];
    for (style, arguments, query) in cases {
        let parameters = parameter("a", "query", &format!("{style} schema: {{}}"));
        let connector =
            connector("", &action("list", &format!("method: GET\npath: /x\nparameters:\n{parameters}")));
        let built = build(&connector, &serde_json::from_str(arguments).unwrap()).unwrap();
        assert_eq!(built.url.query().unwrap_or(""), query, "{style} {arguments}");
    }
}

#[test]
fn a_json_body_is_written_from_the_raw_values_and_nests() {
    let parameters = [
        parameter("page", "body", "wire: parent/page_id, schema: { type: string }"),
        parameter("kind", "body", "wire: parent/type, schema: { type: string }"),
        parameter("big", "body", "schema: { type: integer }"),
        parameter("deep", "body", "wire: 'a/b/c', schema: {}"),
    ]
    .concat();
    let connector = connector(
        "",
        &action("make", &format!("method: POST\npath: /x\nbody: json\nparameters:\n{parameters}")),
    );
    let action = first(&connector);
    let arguments =
        raw(r#"{"page": "p\u00e4", "big": 12345678901234567890123, "kind": "x", "deep": {"d": 1.10}}"#);
    let arguments = validate(action, &arguments).unwrap();
    let built = request(&connector, action, &arguments, None, None, None).unwrap();
    let body = String::from_utf8(built.body).unwrap();
    let expected = r#"{"parent":{"page_id":"p\u00e4","type":"x"},"big":12345678901234567890123,"a":{"b":{"c":{"d": 1.10}}}}"#;
    assert_eq!(body, expected);
    assert_eq!(built.headers.get("content-type").unwrap(), "application/json");
}

#[test]
fn a_graphql_document_travels_with_its_variables() {
    let parameters = parameter("id", "variable", "schema: { type: string }, required: true");
    let lines = format!(
        "method: POST\npath: ''\ngraphql: 'query ($id: ID!) {{ a(id: $id) {{ \"b\" }} }}'\nparameters:\n{parameters}"
    );
    let built = build(&connector("", &action("ask", &lines)), &json!({"id": "7"})).unwrap();
    let body: Value = serde_json::from_slice(&built.body).unwrap();
    assert_eq!(body, json!({"query": "query ($id: ID!) { a(id: $id) { \"b\" } }", "variables": {"id": "7"}}));
    assert_eq!(built.url, "https://api.example.com/v1");
}

#[test]
fn multipart_and_raw_bodies_carry_bytes() {
    let file = parameter("file", "body", "schema: { type: string, contentEncoding: base64 }");
    let note = parameter("note", "body", "schema: { type: string }");
    let lines = format!("method: POST\npath: /x\nbody: multipart\nparameters:\n{file}{note}");
    let built = build(
        &connector("", &action("send", &lines)),
        &json!({"file": "aGk=", "note": "--permalloy-part-0"}),
    )
    .unwrap();
    assert_eq!(built.headers.get("content-type").unwrap(), "multipart/form-data; boundary=permalloy-part-1");
    let body = String::from_utf8(built.body).unwrap();
    assert!(
        body.contains(
            "name=\"file\"; filename=\"file\"\r\nContent-Type: application/octet-stream\r\n\r\nhi\r\n"
        ),
        "{body}"
    );
    assert!(body.ends_with("\r\n--permalloy-part-0\r\n--permalloy-part-1--\r\n"), "{body}");
    let lines = format!("method: PUT\npath: /x\nbody: raw\nbodyRoot: file\nparameters:\n{file}");
    let built = build(&connector("", &action("put", &lines)), &json!({"file": "aGk="})).unwrap();
    assert_eq!(built.body, b"hi");
    assert!(build(&connector("", &action("put", &lines)), &json!({"file": "!"})).is_err());
}

const AUTH: &str = "baseUrl: https://{shop}.example.com\nvariables: { shop: { pattern: '[a-z0-9-]{1,20}|[^a]' } }\nauth:\n  \
     - type: fields\n    name: F\n    fields: [{ name: shop, title: S, secret: false }, { name: key, title: K }, { name: other, title: O, required: false }]\n    \
     apply: [{ in: query, name: k, value: '{key}' }, { in: header, name: X-Key, value: 'K {key}' }, { in: header, name: X-Other, value: '{other}' }]\n  \
     - type: basic\n    name: B\n    fields: [{ name: shop, title: S }, { name: user, title: U }, { name: password, title: P, required: false }]\n    \
     apply: [{ in: basic, value: '{user}:{password}' }]";

#[test]
fn a_credential_fills_address_query_and_headers_and_is_marked_sensitive() {
    let connector = connector(AUTH, &action("get", "method: GET\npath: /x"));
    let fields = [("shop", "acme"), ("key", "a&b")];
    let view = CredentialView { kind: AuthType::Fields, fields: &fields };
    let built = build_with(&connector, &json!({}), Some(&view), None, None).unwrap();
    assert_eq!(built.url, "https://acme.example.com/x?k=a%26b");
    let header = built.headers.get("x-key").unwrap();
    assert_eq!(header, "K a&b");
    assert!(header.is_sensitive() && !built.headers.contains_key("x-other"));
    assert!(!format!("{built:?}").contains("a&b") && !format!("{built:?}").contains("a%26b"));
    let fields = [("shop", "acme"), ("user", "ada")];
    let view = CredentialView { kind: AuthType::Basic, fields: &fields };
    let built = build_with(&connector, &json!({}), Some(&view), None, None).unwrap();
    assert_eq!(built.headers.get("authorization").unwrap(), "Basic YWRhOg==");
}

#[test]
fn a_credential_cannot_change_the_host_or_split_a_header() {
    let connector = connector(AUTH, &action("get", "method: GET\npath: /x"));
    let cases: [&[(&str, &str)]; 7] = [
        &[("shop", "acme.evil"), ("key", "k")],
        &[("shop", "/"), ("key", "k")],
        &[("shop", "@"), ("key", "k")],
        &[("shop", "#"), ("key", "k")],
        &[("key", "k")],
        &[("shop", "acme")],
        &[("shop", "acme"), ("key", "a\r\nX-Evil: 1")],
    ];
    for fields in cases {
        let view = CredentialView { kind: AuthType::Fields, fields };
        let refused = build_with(&connector, &json!({}), Some(&view), None, None);
        assert!(matches!(refused, Err(RequestError::CredentialField { .. })), "{fields:?} {refused:?}");
    }
    assert_eq!(
        build_with(&connector, &json!({}), None, None, None).unwrap_err(),
        RequestError::CredentialField { field: "shop".into(), reason: "is missing" }
    );
    let view = CredentialView { kind: AuthType::Oauth2, fields: &[("shop", "acme")] };
    assert_eq!(
        build_with(&connector, &json!({}), Some(&view), None, None).unwrap_err(),
        RequestError::Credential
    );
}

#[test]
fn a_configured_address_replaces_the_declared_one_and_a_wrong_one_is_refused() {
    let connector = path_connector("");
    let base = BaseUrl::parse("http://127.0.0.1:8080/proxy/").unwrap();
    let built = build_with(&connector, &json!({"name": "ada"}), None, Some(&base), None).unwrap();
    assert_eq!(built.url, "http://127.0.0.1:8080/proxy/users/ada/posts");
    for wrong in [
        "",
        "example.com",
        "ftp://a",
        "https://",
        "https://u:p@a",
        "https://a?b",
        "https://a/#b",
        "https://a/../b",
        "https://a//b",
        "https://ä",
    ] {
        assert!(BaseUrl::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_next_page_comes_from_the_platform_and_stays_there() {
    let link = connector("", &action("list", "method: GET\npath: /x\npaging: { type: link }"));
    let base = BaseUrl::parse("http://127.0.0.1:8080").unwrap();
    let page = |url: &str| PageToken::from_kept(json!(url).to_string());
    let built = |url: &str, base| {
        build_with(&link, &json!({}), None, base, Some(&page(url))).map(|built| built.url.to_string())
    };
    assert_eq!(
        built("https://api.example.com/v1/y?page=2", None).unwrap(),
        "https://api.example.com/v1/y?page=2"
    );
    assert_eq!(built("/v1/y?page=2", None).unwrap(), "https://api.example.com/v1/y?page=2");
    assert_eq!(
        built("https://api.example.com/v1/y?page=2", Some(&base)).unwrap(),
        "http://127.0.0.1:8080/y?page=2"
    );
    assert_eq!(
        built("http://127.0.0.1:8080/y?page=2", Some(&base)).unwrap(),
        "http://127.0.0.1:8080/y?page=2"
    );
    for outside in [
        "https://evil.example.com/v1/y",
        "http://api.example.com/v1/y",
        "https://api.example.com:444/v1/y",
        "https://api.example.com/v2/y",
        "https://api.example.com/v1/../admin",
        "https://api.example.com/v1evil",
        "//evil/v1/y",
        "https://api.example.com@evil/v1/y",
        "https://api.example.com/v1/%2e%2e/x",
        "not an address",
        "",
    ] {
        assert!(built(outside, None).is_err(), "{outside}");
    }
    let cursor = connector(
        "",
        &action(
            "list",
            &format!(
                "method: POST\npath: /x\nbody: json\nparameters:\n{}paging: {{ type: cursor, parameter: after, next: /next }}",
                parameter("after", "body", "schema: { type: string }")
            ),
        ),
    );
    let built = build_with(
        &cursor,
        &json!({"after": "old"}),
        None,
        None,
        Some(&PageToken::from_kept("\"new\"".into())),
    )
    .unwrap();
    assert_eq!(built.body, br#"{"after":"new"}"#);
    for broken in ["", "{}", "[1]", "\"a\",\"b\":1", "null", "\"a\" 1"] {
        let refused = build_with(&cursor, &json!({}), None, None, Some(&PageToken::from_kept(broken.into())));
        assert!(matches!(refused, Err(RequestError::Page { .. })), "{broken}");
    }
}

/// One parameter in each place.
fn everywhere() -> Connector {
    let parameters = [
        parameter("p", "path", "schema: { type: string }"),
        parameter("s", "path", "style: segments, schema: { type: string }"),
        parameter("q", "query", "schema: {}"),
        parameter("h", "header", "wire: X-Thing, schema: { type: string }"),
        parameter("b", "body", "schema: {}"),
    ]
    .concat();
    connector(
        "",
        &action(
            "do",
            &format!("method: POST\npath: /a/{{p}}/b/{{s}}/c\nbody: form\nparameters:\n{parameters}"),
        ),
    )
}

/// Text with what is dangerous somewhere, more often than chance would have it.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("..".to_owned()),
        Just("/".to_owned()),
        Just("%2e".to_owned()),
        Just("%2F".to_owned()),
        Just("?".to_owned()),
        Just("#".to_owned()),
        Just("&".to_owned()),
        Just("=".to_owned()),
        Just("\r\n".to_owned()),
        Just("@".to_owned()),
        Just(":".to_owned()),
        Just("\\".to_owned()),
        Just("%".to_owned()),
        Just("{p}".to_owned()),
        ".{0,4}",
    ];
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        hostile().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z&=.]{1,3}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn decoded_pairs(form: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned()
    };
    let pairs = form.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

/// The pairs that a nested value stands for.
fn flattened(name: &str, value: &Value, repeat: bool, out: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => out.push((name.to_owned(), value.to_string())),
        Value::String(text) => out.push((name.to_owned(), text.clone())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let inner = if repeat && !item.is_array() && !item.is_object() {
                    name.to_owned()
                } else {
                    format!("{name}[{index}]")
                };
                flattened(&inner, item, repeat, out);
            }
        }
        Value::Object(members) => {
            for (key, item) in members {
                flattened(&format!("{name}[{key}]"), item, repeat, out);
            }
        }
    }
}

proptest! {
    #[test]
    fn no_argument_leaves_its_place(p in hostile(), s in hostile(), h in hostile(), q in anything(), b in anything()) {
        let connector = everywhere();
        let Ok(built) = build(&connector, &json!({"p": p, "s": s, "h": h, "q": q, "b": b})) else { return Ok(()) };
        prop_assert_eq!(built.url.scheme_str(), Some("https"));
        prop_assert_eq!(built.url.authority().unwrap().as_str(), "api.example.com");
        let segments: Vec<&str> = built.url.path().split('/').collect();
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
        prop_assert_eq!(&segments[..3], &["", "v1", "a"]);
        prop_assert_eq!(decode(segments[3]), p);
        prop_assert_eq!(segments[4], "b");
        prop_assert_eq!(segments[5..segments.len() - 1].iter().map(|part| decode(part)).collect::<Vec<_>>().join("/"), s);
        prop_assert_eq!(segments[segments.len() - 1], "c");
        prop_assert!(segments.iter().all(|segment| ![".", ".."].contains(&decode(segment).as_str())));
        prop_assert_eq!(built.headers.get("x-thing").unwrap().to_str().unwrap(), h);
        prop_assert_eq!(built.headers.len(), 4);
        let mut expected = Vec::new();
        flattened("q", &q, true, &mut expected);
        prop_assert_eq!(decoded_pairs(built.url.query().unwrap_or("")), expected);
    }

    #[test]
    fn a_form_says_what_the_argument_says(b in anything()) {
        let connector = everywhere();
        let built = build(&connector, &json!({"p": "a", "s": "a", "h": "a", "b": b})).unwrap();
        let mut expected = Vec::new();
        flattened("b", &b, false, &mut expected);
        prop_assert_eq!(decoded_pairs(std::str::from_utf8(&built.body).unwrap()), expected);
    }
}
