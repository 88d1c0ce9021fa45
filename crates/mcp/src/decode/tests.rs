//! What well-formed bodies decode to, and properties of all of them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    message::ClientCapabilities,
    method::{CompleteCall, Initialize, InputAnswers, PromptGet, Reference, SubscriptionFilter, ToolCall},
};

const NONE: HttpHeaders<'_> =
    HttpHeaders { protocol_version: None, method: None, name: None, repeated: false };

fn headers<'a>(version: &'a str, method: &'a str, name: Option<&'a str>) -> HttpHeaders<'a> {
    HttpHeaders {
        protocol_version: Some(version.as_bytes()),
        method: Some(method.as_bytes()),
        name: name.map(str::as_bytes),
        repeated: false,
    }
}

fn one<'a>(body: &'a str, headers: &HttpHeaders<'a>) -> Message<'a> {
    match decode(body.as_bytes(), headers) {
        Ok(Incoming::One(message)) => message,
        other => panic!("{body}: {other:?}"),
    }
}

fn request<'a>(body: &'a str, headers: &HttpHeaders<'a>) -> Request<'a> {
    let Message::Request(request) = one(body, headers) else { panic!("{body}") };
    request
}

fn old_method(method: &str, params: &str) -> String {
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    let headers = HttpHeaders { protocol_version: Some(b"2025-11-25"), ..NONE };
    format!("{:?}", request(&body, &headers).method)
}

fn new_request(method: &str, params: &Value) -> String {
    let mut params = params.clone();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({ "jsonrpc": "2.0", "id": "a", "method": method, "params": params }).to_string()
}

#[test]
fn the_plainest_request_is_of_the_assumed_version() {
    let request = request(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, &NONE);
    assert_eq!(request.era, Era::Legacy(Version::V2025_03_26));
    assert_eq!(request.method, Method::ToolsList { cursor: None });
    assert_eq!(request.meta, Meta::default());
}

#[test]
fn ids_are_kept_as_they_were_written() {
    for id in
        ["0", "-1", "-0", "9007199254740993", "123456789012345678901234567890", r#""""#, r#""a\u0062\/é""#]
    {
        let body = format!(r#"{{"jsonrpc":"2.0", "id" : {id} ,"method":"ping"}}"#);
        assert_eq!(request(&body, &NONE).id.as_json(), id);
    }
}

#[test]
fn the_header_names_the_version_of_an_old_request() {
    for version in Version::SUPPORTED.into_iter().filter(|version| version.is_legacy()) {
        let padded = format!("  {version}\t");
        let headers = HttpHeaders { protocol_version: Some(padded.as_bytes()), ..NONE };
        let request = request(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, &headers);
        assert_eq!((request.era, request.method), (Era::Legacy(version), Method::Ping));
    }
}

#[test]
fn initialize_is_answered_with_a_version_that_has_a_handshake() {
    for (asked, answered) in [
        ("2024-11-05", Version::V2024_11_05),
        ("2025-03-26", Version::V2025_03_26),
        ("2025-06-18", Version::V2025_06_18),
        ("2025-11-25", Version::V2025_11_25),
        ("2026-07-28", Version::V2025_11_25),
        ("1.0", Version::V2025_11_25),
        ("", Version::V2025_11_25),
    ] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"{asked}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
        );
        for header in [None, Some("2025-11-25"), Some("2026-07-28")] {
            let headers = HttpHeaders { protocol_version: header.map(str::as_bytes), ..NONE };
            let request = request(&body, &headers);
            assert_eq!(request.era, Era::Legacy(answered), "{asked} {header:?}");
            let Method::Initialize(Initialize { requested, capabilities, client_info }) = &request.method
            else {
                panic!("{request:?}");
            };
            assert_eq!(requested, asked);
            assert_eq!(capabilities.map(Json::as_str), Some("{}"));
            assert_eq!(client_info.map(Json::as_str), Some(r#"{"name":"c","version":"1"}"#));
        }
    }
}

#[test]
fn old_methods_are_read_with_their_parameters() {
    let shown = |method: Method<'_>| format!("{method:?}");
    for (method, params, expect) in [
        ("ping", "{}", Method::Ping),
        ("ping", r#"{"_meta":{}}"#, Method::Ping),
        ("tools/list", r#"{"cursor":"c"}"#, Method::ToolsList { cursor: Some("c".into()) }),
        ("tools/list", r#"{"cursor":null}"#, Method::ToolsList { cursor: None }),
        ("resources/list", "{}", Method::ResourcesList { cursor: None }),
        ("resources/templates/list", "{}", Method::ResourceTemplatesList { cursor: None }),
        ("prompts/list", "{}", Method::PromptsList { cursor: None }),
        ("logging/setLevel", r#"{"level":"warning"}"#, Method::LoggingSetLevel { level: LogLevel::Warning }),
        ("resources/subscribe", r#"{"uri":"a:b"}"#, Method::ResourcesSubscribe { uri: "a:b".into() }),
        ("resources/unsubscribe", r#"{"uri":"a:b"}"#, Method::ResourcesUnsubscribe { uri: "a:b".into() }),
        (
            "resources/read",
            r#"{"uri":"a:b","other":1}"#,
            Method::ResourcesRead { uri: "a:b".into(), input: InputAnswers::default() },
        ),
        (
            "tools/call",
            r#"{"arguments":{ "name" : "not this" },"name":"t\n"}"#,
            Method::ToolsCall(ToolCall {
                name: "t\n".to_owned().into(),
                arguments: Json::check(r#"{ "name" : "not this" }"#),
                input: InputAnswers::default(),
            }),
        ),
        (
            "tools/call",
            r#"{"name":"t","arguments":null}"#,
            Method::ToolsCall(ToolCall { name: "t".into(), arguments: None, input: InputAnswers::default() }),
        ),
        (
            "prompts/get",
            r#"{"name":"p"}"#,
            Method::PromptsGet(PromptGet {
                name: "p".into(),
                arguments: None,
                input: InputAnswers::default(),
            }),
        ),
        (
            "completion/complete",
            r#"{"ref":{"type":"ref/resource","uri":"a:{b}"},"argument":{"name":"b","value":"v"},"context":{"arguments":{"c":"d"}}}"#,
            Method::Complete(CompleteCall {
                reference: Reference::Resource("a:{b}".into()),
                argument: "b".into(),
                value: "v".into(),
                context: Json::check(r#"{"c":"d"}"#),
            }),
        ),
        ("server/discovery", "{}", Method::Unknown("server/discovery".into())),
        ("tasks/get", r#"{"taskId":"1"}"#, Method::Unknown("tasks/get".into())),
        ("", "{}", Method::Unknown("".into())),
    ] {
        assert_eq!(old_method(method, params), shown(expect), "{method}");
    }
}

#[test]
fn params_may_come_before_the_method_and_the_id_last() {
    let body = r#"{"params":{"name":"t","arguments":{}},"method":"tools/call","jsonrpc":"2.0","id":7}"#;
    let request = request(body, &NONE);
    assert_eq!(request.id.as_json(), "7");
    assert_eq!(request.method.name(), "tools/call");
}

#[test]
fn new_methods_are_read_with_their_parameters() {
    let unknown = |name: &'static str| Method::Unknown(name.into());
    for (method, params, name, expect) in [
        ("server/discover", json!({}), None, Method::Discover),
        ("tools/list", json!({}), None, Method::ToolsList { cursor: None }),
        ("initialize", json!({ "protocolVersion": "2025-11-25" }), None, unknown("initialize")),
        ("ping", json!({}), None, unknown("ping")),
        ("logging/setLevel", json!({}), None, unknown("logging/setLevel")),
        ("resources/subscribe", json!({}), None, unknown("resources/subscribe")),
        ("resources/unsubscribe", json!({}), None, unknown("resources/unsubscribe")),
        ("unknown/method", json!({}), None, unknown("unknown/method")),
        (
            "subscriptions/listen",
            json!({ "notifications": { "toolsListChanged": true, "promptsListChanged": false, "resourceSubscriptions": ["a:b"] } }),
            None,
            Method::SubscriptionsListen(SubscriptionFilter {
                tools_list_changed: true,
                resource_subscriptions: vec!["a:b".into()],
                ..SubscriptionFilter::default()
            }),
        ),
        (
            "resources/read",
            json!({ "uri": "test://é", "requestState": "s", "inputResponses": {} }),
            Some("=?base64?dGVzdDovL8Op?="),
            Method::ResourcesRead {
                uri: "test://é".into(),
                input: InputAnswers { responses: Json::check("{}"), request_state: Some("s".into()) },
            },
        ),
        (
            "tools/call",
            json!({ "name": "t" }),
            Some("  t  "),
            Method::ToolsCall(ToolCall { name: "t".into(), arguments: None, input: InputAnswers::default() }),
        ),
    ] {
        let body = new_request(method, &params);
        let request = request(&body, &headers("2026-07-28", method, name));
        assert_eq!((request.era, request.id.as_json()), (Era::Stateless, r#""a""#));
        assert_eq!(request.method, expect);
    }
}

#[test]
fn meta_tells_about_the_client() {
    let mut body: Value = serde_json::from_str(&new_request("tools/list", &json!({}))).unwrap();
    let meta = &mut body["params"]["_meta"];
    meta["io.modelcontextprotocol/clientCapabilities"] =
        json!({ "elicitation": { "url": {} }, "sampling": {}, "roots": null });
    meta["io.modelcontextprotocol/clientInfo"] = json!({ "name": "Cliént", "version": "1.2", "title": "T" });
    meta["io.modelcontextprotocol/logLevel"] = json!("debug");
    meta["progressToken"] = json!(7);
    meta["traceparent"] = json!("00-a-b-01");
    meta["tracestate"] = json!(5);
    meta["com.example/own"] = json!({ "any": "thing" });
    let body = body.to_string();
    let meta = request(&body, &headers("2026-07-28", "tools/list", None)).meta;
    assert_eq!(
        meta.capabilities(),
        ClientCapabilities { elicitation_url: true, sampling: true, ..ClientCapabilities::default() }
    );
    assert_eq!(meta.client_name_and_version(), ("Cliént".into(), "1.2".into()));
    assert_eq!(meta.log_level, Some(LogLevel::Debug));
    assert_eq!(meta.progress_token.map(Json::as_str), Some("7"));
    assert_eq!(meta.traceparent().as_deref(), Some("00-a-b-01"));
    assert_eq!(meta.tracestate, None);
}

#[test]
fn elicitation_without_modes_means_forms() {
    let read = |text: &'static str| ClientCapabilities::read(Json::check(text).unwrap());
    let forms = ClientCapabilities { elicitation_form: true, ..ClientCapabilities::default() };
    assert_eq!(read(r#"{"elicitation":{}}"#), forms);
    assert_eq!(read(r#"{"elicitation":{"form":{}}}"#), forms);
    assert_eq!(
        read(r#"{"elicitation":{"form":{},"url":{}}}"#),
        ClientCapabilities { elicitation_url: true, ..forms }
    );
    assert_eq!(read(r#"{"elicitation":true}"#), ClientCapabilities::default());
    assert_eq!(read("{}"), ClientCapabilities::default());
}

#[test]
fn a_request_that_claims_an_old_version_in_its_meta_is_an_old_request() {
    let body = new_request("ping", &json!({})).replace("2026-07-28", "2025-11-25");
    for headers in [NONE, HttpHeaders { protocol_version: Some(b"2025-11-25"), ..NONE }] {
        let request = request(&body, &headers);
        assert_eq!((request.era, request.method), (Era::Legacy(Version::V2025_11_25), Method::Ping));
    }
}

#[test]
fn notifications_and_responses_are_told_apart_from_requests() {
    for (body, expect) in [
        (r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, "Initialized"),
        (r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{}}"#, "RootsListChanged"),
        (r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1}}"#, "Progress"),
        (r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#, "Cancelled { request_id: None }"),
        (r#"{"jsonrpc":"2.0","method":"anything"}"#, "Unknown(\"anything\")"),
    ] {
        for headers in [NONE, headers("2026-07-28", "x", None), headers("2025-06-18", "x", None)] {
            let headers = HttpHeaders { method: None, ..headers };
            let Message::Notification(notification) = one(body, &headers) else { panic!("{body}") };
            assert_eq!(format!("{:?}", notification.kind), expect);
        }
    }
    let body =
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"7","reason":"r"}}"#;
    let Message::Notification(Notification { kind: NotificationKind::Cancelled { request_id }, .. }) =
        one(body, &NONE)
    else {
        panic!("a cancellation");
    };
    assert_eq!(request_id.map(Id::as_json), Some(r#""7""#));
    for (body, good) in [
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, true),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m"}}"#, false),
        (r#"{"jsonrpc":"2.0","error":{"code":-1,"message":"m"}}"#, false),
    ] {
        let Message::Response(response) = one(body, &NONE) else { panic!("{body}") };
        assert_eq!(response.outcome.is_ok(), good);
    }
}

#[test]
fn each_element_of_a_batch_is_read_on_its_own() {
    let new = new_request("tools/list", &json!({}));
    let body = format!(
        r#" [ {{"jsonrpc":"2.0","id":1,"method":"ping"}}, 7, {{"jsonrpc":"2.0","method":"notifications/initialized"}},
            {{"id":2,"method":"ping"}}, {{"jsonrpc":"2.0","id":3,"method":"initialize","params":{{"protocolVersion":"2025-03-26"}}}}, {new} ] "#
    );
    for header in [None, Some(&b"2025-03-26"[..])] {
        let headers = HttpHeaders { protocol_version: header, ..NONE };
        let Ok(Incoming::Batch(elements)) = decode(body.as_bytes(), &headers) else { panic!("a batch") };
        let seen: Vec<String> = elements
            .iter()
            .map(|element| match element {
                Ok(Message::Request(request)) => format!("request {}", request.id.as_json()),
                Ok(Message::Notification(_)) => "notification".to_owned(),
                Ok(Message::Response(_)) => "response".to_owned(),
                Err(refusal) => format!("{} {:?}", refusal.code, refusal.id.map(Id::as_json)),
            })
            .collect();
        assert_eq!(
            seen,
            [
                "request 1",
                "-32600 None",
                "notification",
                "-32600 Some(\"2\")",
                "-32600 Some(\"3\")",
                "-32020 Some(\"\\\"a\\\"\")"
            ]
        );
    }
}

#[test]
fn an_unsupported_version_is_answered_with_the_supported_ones() {
    let headers = HttpHeaders { protocol_version: Some(b"1999-01-01"), ..NONE };
    let refusal = decode(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, &headers).expect_err("unsupported");
    let answer: Value = serde_json::from_slice(&refusal.to_vec()).unwrap();
    assert_eq!(
        answer["error"]["data"],
        json!({
            "supported": ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"],
            "requested": "1999-01-01"
        })
    );
}

#[test]
fn reading_a_listing_borrows_everything() {
    let body = new_request("tools/call", &json!({ "name": "t", "arguments": { "a": [1, 2, 3] } }));
    let request = request(&body, &headers("2026-07-28", "tools/call", Some("t")));
    let Method::ToolsCall(call) = request.method else { panic!("a call") };
    let range = body.as_bytes().as_ptr_range();
    assert!(matches!(&call.name, Cow::Borrowed(name) if range.contains(&name.as_ptr())));
    assert!(call.arguments.is_some_and(|arguments| range.contains(&arguments.as_str().as_ptr())));
}

fn header() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![
        Just(None),
        Just(Some(b"2026-07-28".to_vec())),
        Just(Some(b"2025-03-26".to_vec())),
        Just(Some(b"tools/call".to_vec())),
        prop::collection::vec(any::<u8>(), 0..12).prop_map(Some),
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        body in prop::collection::vec(any::<u8>(), 0..200), version in header(), method in header(), name in header(),
    ) {
        let headers = HttpHeaders {
            protocol_version: version.as_deref(),
            method: method.as_deref(),
            name: name.as_deref(),
            repeated: false,
        };
        if let Err(refusal) = decode(&body, &headers) {
            prop_assert!(refusal.http_status >= 400);
            prop_assert!(serde_json::from_slice::<Value>(&refusal.to_vec()).is_ok());
        }
    }

    #[test]
    fn no_damage_to_a_real_request_makes_it_panic(
        at in any::<prop::sample::Index>(), with in prop::collection::vec(any::<u8>(), 0..4), version in header(),
    ) {
        let mut body = new_request("tools/call", &json!({ "name": "a", "arguments": { "x": [1, "é"] } })).into_bytes();
        let place = at.index(body.len());
        body.splice(place..=place, with);
        let headers = HttpHeaders { protocol_version: version.as_deref(), method: Some(b"tools/call"), name: Some(b"a"), repeated: false };
        if let Err(refusal) = decode(&body, &headers) {
            prop_assert!(serde_json::from_slice::<Value>(&refusal.to_vec()).is_ok());
        }
    }

    #[test]
    fn a_call_written_by_serde_is_read_back_as_it_was(
        id in prop_oneof![any::<i64>().prop_map(Value::from), ".*".prop_map(Value::from)],
        name in ".*", key in ".*", text in ".*", number in any::<f64>().prop_filter("finite", |number| number.is_finite()),
        new in any::<bool>(),
    ) {
        let arguments = json!({ key: { "text": text, "number": [number] } });
        let mut params = json!({ "name": name, "arguments": arguments });
        if new {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }).to_string();
        let header = crate::encode_header_value(&name).into_owned();
        let headers = headers(if new { "2026-07-28" } else { "2025-11-25" }, "tools/call", Some(&header));
        let request = request(&body, &headers);
        prop_assert_eq!(request.id.as_json(), id.to_string());
        prop_assert_eq!(request.era.is_stateless(), new);
        let Method::ToolsCall(call) = request.method else { panic!("a call") };
        prop_assert_eq!(call.name, name);
        prop_assert_eq!(call.arguments.unwrap().as_str(), arguments.to_string());
    }
}
