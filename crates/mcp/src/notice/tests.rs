//! The bytes of notifications.

use serde_json::{Value, json};

use super::*;

fn encoded(notice: &Notice<'_>, subscription: Option<&str>) -> Value {
    let id = subscription.map(|id| Id::parse(Json::check(id).unwrap()).unwrap());
    let mut out = Vec::new();
    notice.encode(&mut out, id);
    let value: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value["jsonrpc"], "2.0");
    assert_eq!(value["method"], notice.method());
    assert!(value.get("id").is_none());
    value.get("params").cloned().unwrap_or_default()
}

#[test]
fn a_change_of_a_list_has_parameters_only_on_a_subscription() {
    for notice in [Notice::ToolsListChanged, Notice::PromptsListChanged, Notice::ResourcesListChanged] {
        assert_eq!(encoded(&notice, None), Value::Null);
        assert_eq!(
            encoded(&notice, Some("\"s\"")),
            json!({ "_meta": { "io.modelcontextprotocol/subscriptionId": "s" } })
        );
    }
}

#[test]
fn an_acknowledgement_names_what_is_honoured() {
    let none = Notice::SubscriptionAcknowledged(SubscriptionFilter::default());
    assert_eq!(
        encoded(&none, Some("7")),
        json!({ "_meta": { "io.modelcontextprotocol/subscriptionId": 7 }, "notifications": {} })
    );
    let all = Notice::SubscriptionAcknowledged(SubscriptionFilter {
        tools_list_changed: true,
        prompts_list_changed: true,
        resources_list_changed: true,
        resource_subscriptions: vec!["a:\"".into(), "b:".into()],
    });
    assert_eq!(
        encoded(&all, Some("7"))["notifications"],
        json!({
            "toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true,
            "resourceSubscriptions": ["a:\"", "b:"]
        })
    );
    let some = Notice::SubscriptionAcknowledged(SubscriptionFilter {
        resource_subscriptions: vec!["a:".into()],
        ..SubscriptionFilter::default()
    });
    assert_eq!(encoded(&some, Some("7"))["notifications"], json!({ "resourceSubscriptions": ["a:"] }));
}

#[test]
fn progress_echoes_its_token() {
    let token = Json::check("\"t\"").unwrap();
    let progress = Progress { token, progress: 50.0, total: Some(100.5), message: Some("half\n".into()) };
    assert_eq!(
        encoded(&Notice::Progress(progress), None),
        json!({ "progressToken": "t", "progress": 50, "total": 100.5, "message": "half\n" })
    );
    let odd = Progress { token, progress: f64::NAN, total: None, message: None };
    assert_eq!(encoded(&Notice::Progress(odd), None), json!({ "progressToken": "t", "progress": 0 }));
}

#[test]
fn other_notices_carry_what_they_are_about() {
    assert_eq!(encoded(&Notice::ResourceUpdated { uri: "a:b".into() }, None), json!({ "uri": "a:b" }));
    let log = Notice::Log {
        level: LogLevel::Info,
        logger: Some("l".into()),
        data: Json::check(r#"{"a":[1]}"#).unwrap(),
    };
    assert_eq!(encoded(&log, None), json!({ "level": "info", "logger": "l", "data": { "a": [1] } }));
}
