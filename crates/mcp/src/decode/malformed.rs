//! Everything a hostile or careless client may send, with the exact code, HTTP status and echoed id.

use super::*;

const V: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28""#;
const C: &str = r#""io.modelcontextprotocol/clientCapabilities":{}"#;

struct Case {
    body: String,
    version: Option<&'static str>,
    method: Option<&'static str>,
    name: Option<&'static str>,
    expect: (u16, i32, Option<&'static str>),
}

/// A request without any header.
fn bare(body: impl Into<String>, expect: (u16, i32, Option<&'static str>)) -> Case {
    Case { body: body.into(), version: None, method: None, name: None, expect }
}

/// A request of 2025-11-25.
fn old(body: impl Into<String>, expect: (u16, i32, Option<&'static str>)) -> Case {
    Case { version: Some("2025-11-25"), ..bare(body, expect) }
}

/// A 2026 request with id 1, these parameters beside a complete `_meta`, and headers that agree.
fn new(
    method: &'static str,
    params: &str,
    name: Option<&'static str>,
    expect: (u16, i32, Option<&'static str>),
) -> Case {
    let comma = if params.is_empty() { "" } else { "," };
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{"_meta":{{{V},{C}}}{comma}{params}}}}}"#
    );
    Case { body, version: Some("2026-07-28"), method: Some(method), name, expect }
}

/// `tools/list` of 2026 with this `_meta`, and headers that agree.
fn meta(meta: &str, expect: (u16, i32, Option<&'static str>)) -> Case {
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{meta}}}}}"#);
    Case { body, version: Some("2026-07-28"), method: Some("tools/list"), name: None, expect }
}

fn check(cases: Vec<Case>) {
    for case in cases {
        let headers = HttpHeaders {
            protocol_version: case.version.map(str::as_bytes),
            method: case.method.map(str::as_bytes),
            name: case.name.map(str::as_bytes),
            repeated: false,
        };
        let shown = shorten(&case.body);
        let refusal = decode(case.body.as_bytes(), &headers).expect_err(&shown);
        let seen = (refusal.http_status, refusal.code, refusal.id.map(Id::as_json));
        assert_eq!(seen, case.expect, "{shown}: {}", refusal.message);
        let answer: serde_json::Value = serde_json::from_slice(&refusal.to_vec()).expect("an answer is JSON");
        assert_eq!(answer["jsonrpc"], "2.0", "{shown}");
        assert_eq!(answer.get("id").map(ToString::to_string).as_deref(), case.expect.2, "{shown}");
        assert!(answer.get("result").is_none(), "{shown}");
    }
}

fn shorten(body: &str) -> String {
    body.chars().take(120).collect()
}

const PARSE: (u16, i32, Option<&str>) = (400, -32700, None);
const SHAPE: (u16, i32, Option<&str>) = (400, -32600, None);
const SHAPE_1: (u16, i32, Option<&str>) = (400, -32600, Some("1"));
const PARAMS_1: (u16, i32, Option<&str>) = (200, -32602, Some("1"));
const META_1: (u16, i32, Option<&str>) = (400, -32602, Some("1"));
const HEADER_1: (u16, i32, Option<&str>) = (400, -32020, Some("1"));
const VERSION_1: (u16, i32, Option<&str>) = (400, -32022, Some("1"));

#[test]
fn what_is_not_json_is_a_parse_error() {
    let deep = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"a":{}}}}}"#, "[".repeat(200));
    let deep_but_closed = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"a":{}{}}}}}"#,
        "[".repeat(99),
        "]".repeat(99)
    );
    check(vec![
        bare("", PARSE),
        bare("   ", PARSE),
        bare("{", PARSE),
        bare("not json", PARSE),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping""#, PARSE),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping",}"#, PARSE),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#, PARSE),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"}"#, PARSE),
        bare(r"{'jsonrpc':'2.0','id':1,'method':'ping'}", PARSE),
        bare(r#"{jsonrpc:"2.0",id:1,method:"ping"}"#, PARSE),
        bare(r#"{"jsonrpc":"2.0","id":01,"method":"ping"}"#, PARSE),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}"#, PARSE),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"pi\ud800ng"}"#, PARSE),
        bare(r#"{"jsonrpc":"2.0","id":"\ud83d","method":"ping"}"#, PARSE),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\x41"}}"#, PARSE),
        bare("{\"jsonrpc\":\"2.0\",\"id\":\"a\nb\",\"method\":\"ping\"}", PARSE),
        bare("\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", PARSE),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping" /* why */}"#, PARSE),
        bare(r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}"#, PARSE),
        bare(r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},]"#, PARSE),
        bare(r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]]"#, PARSE),
        bare("[,]", PARSE),
        bare("nul", PARSE),
        bare(deep, PARSE),
        bare(deep_but_closed, PARSE),
        old("[1,", PARSE),
    ]);
    let refusal =
        decode(b"{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"ping\"}", &HttpHeaders::default());
    let refusal = refusal.expect_err("invalid UTF-8");
    assert_eq!((refusal.http_status, refusal.code, refusal.id), (400, -32700, None));
}

#[test]
fn what_is_not_a_message_is_an_invalid_request() {
    check(vec![
        bare("null", SHAPE),
        bare("1", SHAPE),
        bare(r#""ping""#, SHAPE),
        bare("true", SHAPE),
        bare("{}", SHAPE),
        bare("[]", SHAPE),
        bare(r#"{"id":1,"method":"ping"}"#, SHAPE_1),
        bare(r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2","id":1,"method":"ping"}"#, SHAPE_1),
        bare(r#"{"jsonrpc":null,"id":1,"method":"ping"}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":null}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":7}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":["ping"]}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, SHAPE),
        bare(r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, SHAPE),
        bare(r#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#, SHAPE),
        bare(r#"{"jsonrpc":"2.0","id":1e3,"method":"ping"}"#, SHAPE),
        bare(r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, SHAPE),
        bare(r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, SHAPE),
        bare(r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, SHAPE),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping","error":{}}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"result":7}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"error":"no"}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","result":{}}"#, SHAPE),
    ]);
}

#[test]
fn repeated_and_miscased_members_are_invalid_requests() {
    check(vec![
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping","\u006dethod":"tools/list"}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, SHAPE),
        bare(r#"{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"ping"}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{},"params":{}}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"Method":"ping"}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","ID":1,"method":"ping"}"#, SHAPE),
        bare(r#"{"JSONRPC":"2.0","id":1,"method":"ping"}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"ping","Params":{}}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}"#, SHAPE_1),
        bare(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}"#, SHAPE_1),
        bare(
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{},"arguments":{}}}"#,
            SHAPE_1,
        ),
        meta(&format!("{{{V},{V},{C}}}"), SHAPE_1),
        meta(&format!(r#"{{{V},{C},"IO.modelcontextprotocol/protocolVersion":"2025-11-25"}}"#), SHAPE_1),
    ]);
}

#[test]
fn parameters_of_the_wrong_shape_are_invalid_params() {
    let call =
        |params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    let method = |method: &str, params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
    };
    check(vec![
        old(call("[]"), PARAMS_1),
        old(call("null"), PARAMS_1),
        old(call(r#""x""#), PARAMS_1),
        old(call("{}"), PARAMS_1),
        old(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, PARAMS_1),
        old(call(r#"{"name":7}"#), PARAMS_1),
        old(call(r#"{"name":null}"#), PARAMS_1),
        old(call(r#"{"name":"a","arguments":[]}"#), PARAMS_1),
        old(call(r#"{"name":"a","arguments":"{}"}"#), PARAMS_1),
        old(call(r#"{"name":"a","arguments":"null"}"#), PARAMS_1),
        old(call(r#"{"name":"a","_meta":7}"#), PARAMS_1),
        old(call(r#"{"name":"a","_meta":{"progressToken":{}}}"#), PARAMS_1),
        old(call(r#"{"name":"a","inputResponses":null}"#), PARAMS_1),
        old(call(r#"{"name":"a","requestState":7}"#), PARAMS_1),
        old(method("tools/list", r#"{"cursor":7}"#), PARAMS_1),
        old(method("resources/read", "{}"), PARAMS_1),
        old(method("resources/read", r#"{"uri":["a"]}"#), PARAMS_1),
        old(method("resources/subscribe", "{}"), PARAMS_1),
        old(method("prompts/get", r#"{"name":{}}"#), PARAMS_1),
        old(method("prompts/get", r#"{"name":"a","arguments":7}"#), PARAMS_1),
        old(method("logging/setLevel", "{}"), PARAMS_1),
        old(method("logging/setLevel", r#"{"level":"loud"}"#), PARAMS_1),
        old(method("logging/setLevel", r#"{"level":"Info"}"#), PARAMS_1),
        old(method("initialize", "{}"), PARAMS_1),
        old(method("initialize", r#"{"protocolVersion":20251125}"#), PARAMS_1),
        old(method("initialize", r#"{"protocolVersion":"2025-11-25","capabilities":[]}"#), PARAMS_1),
        old(method("completion/complete", "{}"), PARAMS_1),
        old(method("completion/complete", r#"{"ref":{"type":"ref/prompt"},"argument":{}}"#), PARAMS_1),
        old(
            method(
                "completion/complete",
                r#"{"ref":{"type":"ref/tool","name":"a"},"argument":{"name":"a","value":""}}"#,
            ),
            PARAMS_1,
        ),
        old(
            method(
                "completion/complete",
                r#"{"ref":{"type":"ref/prompt","name":"a"},"argument":{"name":"a"}}"#,
            ),
            PARAMS_1,
        ),
        new("tools/call", "", None, PARAMS_1),
        new("tools/call", r#""name":"a","inputResponses":null"#, Some("a"), PARAMS_1),
        new("subscriptions/listen", "", None, PARAMS_1),
        new("subscriptions/listen", r#""notifications":[]"#, None, PARAMS_1),
        new("subscriptions/listen", r#""notifications":{"toolsListChanged":1}"#, None, PARAMS_1),
        new("subscriptions/listen", r#""notifications":{"resourceSubscriptions":"a"}"#, None, PARAMS_1),
    ]);
}

#[test]
fn the_envelope_of_a_new_request_must_be_whole() {
    let discover = |params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"server/discover"{params}}}"#);
    check(vec![
        meta("{}", META_1),
        meta("7", META_1),
        meta("null", META_1),
        meta(&format!("{{{V}}}"), META_1),
        meta(&format!("{{{C}}}"), META_1),
        meta(r#"{"io.modelcontextprotocol/protocolVersion":7}"#, META_1),
        meta(&format!(r#"{{{V},"io.modelcontextprotocol/clientCapabilities":[]}}"#), META_1),
        meta(&format!(r#"{{{V},"io.modelcontextprotocol/clientCapabilities":null}}"#), META_1),
        meta(&format!(r#"{{{V},{C},"io.modelcontextprotocol/clientInfo":"me"}}"#), META_1),
        meta(&format!(r#"{{{V},{C},"io.modelcontextprotocol/logLevel":"loud"}}"#), META_1),
        meta(&format!(r#"{{{V},{C},"progressToken":true}}"#), META_1),
        bare(discover(""), META_1),
        bare(discover(r#","params":{}"#), META_1),
        bare(discover(r#","params":[]"#), META_1),
        old(discover(r#","params":{}"#), META_1),
    ]);
}

#[test]
fn versions_that_are_not_served_are_refused() {
    let claims = |version: &str| {
        let version = format!(r#""io.modelcontextprotocol/protocolVersion":"{version}""#);
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{{{version},{C}}}}}}}"#)
    };
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let with = |body: &str, version, expect| Case { version, ..bare(body, expect) };
    check(vec![
        with(ping, Some("2099-01-01"), VERSION_1),
        with(ping, Some("2025-11-25x"), VERSION_1),
        with(ping, Some(""), VERSION_1),
        with(ping, Some("v999.0.0"), VERSION_1),
        with(
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#,
            Some("x"),
            VERSION_1,
        ),
        with(&claims("v999.0.0"), Some("v999.0.0"), VERSION_1),
        with(&claims("v999.0.0"), None, VERSION_1),
        with(&claims("2026-07-29"), Some("2026-07-29"), VERSION_1),
        with(&claims("v999.0.0"), Some("2026-07-28"), HEADER_1),
        with(&claims("2026-07-28"), None, HEADER_1),
        with(&claims("2026-07-28"), Some("2025-11-25"), HEADER_1),
        with(&claims("2025-11-25"), Some("2026-07-28"), HEADER_1),
        with(&claims("2026-07-28"), Some("2026-07-28é"), HEADER_1),
        with(ping, Some("2025\u{1}"), HEADER_1),
        with(
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            Some("2099-01-01"),
            (400, -32022, None),
        ),
    ]);
}

#[test]
fn headers_that_disagree_with_the_body_are_refused() {
    let with_method = |method, case: Case| Case { method, ..case };
    let call = |name| new("tools/call", r#""name":"a""#, name, HEADER_1);
    check(vec![
        with_method(None, new("tools/list", "", None, HEADER_1)),
        with_method(Some("prompts/list"), new("tools/list", "", None, HEADER_1)),
        with_method(Some("TOOLS/LIST"), new("tools/list", "", None, HEADER_1)),
        with_method(Some(""), new("tools/list", "", None, HEADER_1)),
        with_method(Some("tools/list\u{7f}"), new("tools/list", "", None, HEADER_1)),
        call(None),
        call(Some("b")),
        call(Some("A")),
        call(Some("=?base64?Yg==?=")),
        call(Some("=?base64?YQ=?=")),
        call(Some("=?BASE64?YQ==?=")),
        new("prompts/get", r#""name":"a""#, None, HEADER_1),
        new("resources/read", r#""uri":"a:b""#, Some("a:c"), HEADER_1),
        Case {
            method: Some("notifications/cancelled"),
            version: Some("2026-07-28"),
            ..bare(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, (400, -32020, None))
        },
    ]);
    let case = new("tools/list", "", None, HEADER_1);
    let headers = HttpHeaders {
        protocol_version: Some(b"2026-07-28"),
        method: Some(b"tools/list"),
        name: None,
        repeated: true,
    };
    let refusal = decode(case.body.as_bytes(), &headers).expect_err("a repeated header");
    assert_eq!((refusal.http_status, refusal.code), (400, -32020));
}

#[test]
fn batches_belong_to_one_version_and_have_a_size() {
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let many = format!("[{}]", vec![ping; MAX_BATCH + 1].join(","));
    check(vec![
        old(format!("[{ping}]"), SHAPE),
        Case { version: Some("2026-07-28"), ..bare(format!("[{ping}]"), SHAPE) },
        Case { version: Some("2025-06-18"), ..bare(format!("[{ping}]"), SHAPE) },
        Case { version: Some("2024-11-05"), ..bare(format!("[{ping}]"), SHAPE) },
        bare(many, SHAPE),
        old("[]", SHAPE),
    ]);
}
