//! Restrictions as tables: what is written, what is asked, what comes out.

use serde_json::{Value, json};

use super::*;

fn written(value: &Value) -> Written {
    Written::deserialize(value).unwrap().normalise().unwrap()
}

fn check(value: &Value, question: Question<'_>, expected: Result<(), &str>) {
    let decision = Restrictions::new(&written(value)).decide(question);
    assert_eq!(decision.map_err(Denied::sentence), expected, "{value} {question:?}");
}

const ALLOW: Result<(), &str> = Ok(());
const BY_ALLOW: Result<(), &str> = Err("Access denied: restricted by allowlist");
const BY_BLOCK: Result<(), &str> = Err("Access denied: restricted by blocklist");

#[test]
fn connectors_follow_their_lists() {
    let slack = Question::Connector("slack");
    for (value, expected) in [
        (json!({}), ALLOW),
        (json!({ "connectors": {} }), ALLOW),
        (json!({ "connectors": { "mode": "allowlist", "allowedIds": ["slack"] } }), ALLOW),
        (json!({ "connectors": { "mode": "allowlist", "allowedIds": ["notion"] } }), BY_ALLOW),
        (json!({ "connectors": { "mode": "allowlist", "allowedIds": ["Slack"] } }), BY_ALLOW),
        (json!({ "connectors": { "mode": "allowlist", "allowedIds": [] } }), BY_ALLOW),
        (json!({ "connectors": { "mode": "allowlist" } }), BY_ALLOW),
        (json!({ "connectors": { "mode": "blocklist", "blockedIds": ["slack"] } }), BY_BLOCK),
        (json!({ "connectors": { "mode": "blocklist", "blockedIds": [] } }), ALLOW),
        (json!({ "connectors": { "mode": "blocklist" } }), ALLOW),
        (json!({ "connectors": { "allowedIds": ["slack"] } }), ALLOW),
        (json!({ "connectors": { "allowedIds": [] } }), BY_ALLOW),
        (json!({ "connectors": { "blockedIds": ["slack"] } }), BY_BLOCK),
        (json!({ "connectors": { "allowedIds": ["slack"], "blockedIds": ["slack"] } }), BY_BLOCK),
        (
            json!({ "connectors": { "mode": "blocklist", "allowedIds": ["notion"], "blockedIds": ["x"] } }),
            BY_ALLOW,
        ),
        (json!({ "connectors": { "mode": "blocklist", "allowedIds": [], "blockedIds": ["x"] } }), ALLOW),
        (json!({ "permissions": [{ "connector": "slack" }] }), ALLOW),
        (json!({ "permissions": [] }), BY_ALLOW),
    ] {
        check(&value, slack, expected);
    }
}

#[test]
fn actions_follow_bare_full_and_pattern_entries() {
    let post = Question::Action { connector: "slack", action: "chat_postMessage" };
    let block = |entry: &str| json!({ "actions": { "mode": "blocklist", "blockedActions": [entry] } });
    for (value, expected) in [
        (block("chat_postMessage"), BY_BLOCK),
        (block("slack.chat_postMessage"), BY_BLOCK),
        (block("slack.*"), BY_BLOCK),
        (block("chat_*"), BY_BLOCK),
        (block("*.chat_*Message"), BY_BLOCK),
        (block("*"), BY_BLOCK),
        (block("**post**"), BY_BLOCK),
        (block("notion.*"), ALLOW),
        (block("chat_post"), ALLOW),
        (block("chat"), ALLOW),
        (block("*postMessages"), ALLOW),
        (
            json!({ "connectors": { "blockedIds": ["slack"] }, "actions": { "allowedActions": ["*"] } }),
            BY_BLOCK,
        ),
        (
            json!({ "connectors": { "allowedIds": ["slack"] }, "actions": { "allowedActions": ["users_list"] } }),
            BY_ALLOW,
        ),
        (json!({ "permissions": [{ "connector": "slack", "actions": ["chat_postMessage"] }] }), ALLOW),
        (json!({ "permissions": [{ "connector": "slack", "actions": ["users_list"] }] }), BY_ALLOW),
        (json!({ "permissions": [{ "connector": "slack", "actions": [] }] }), BY_ALLOW),
        (json!({ "permissions": [{ "connector": "notion", "actions": ["chat_postMessage"] }] }), BY_ALLOW),
    ] {
        check(&value, post, expected);
    }
}

#[test]
fn a_pattern_part_is_not_used_twice() {
    assert!(!Pattern::new("ab*ab").matches("ab"));
    assert!(Pattern::new("ab*ab").matches("abab"));
    assert!(!Pattern::new("a*b*c").matches("acb"));
    assert!(Pattern::new("a*b*c").matches("aXbYc"));
}

#[test]
fn users_follow_their_lists() {
    let value = json!({ "users": { "mode": "allowlist", "allowedIds": ["u1"] } });
    check(&value, Question::User("u1"), ALLOW);
    check(&value, Question::User("u2"), BY_ALLOW);
    check(&json!({ "users": { "blockedIds": ["u2"] } }), Question::User("u2"), BY_BLOCK);
}

#[test]
fn output_is_the_normal_form() {
    let permissions = json!({ "permissions": [{ "connector": "slack", "actions": ["users_list"] }, { "connector": "notion" }] });
    assert_eq!(
        serde_json::to_value(written(&permissions)).unwrap(),
        json!({
            "connectors": { "mode": "allowlist", "allowedIds": ["slack", "notion"] },
            "actions": { "mode": "allowlist", "allowedActions": ["slack.users_list", "notion.*"] },
        })
    );
    assert_eq!(serde_json::to_value(written(&json!({ "users": {} }))).unwrap(), json!({}));
    assert_eq!(
        serde_json::to_value(written(&json!({ "users": { "blockedIds": [] } }))).unwrap(),
        json!({ "users": { "mode": "blocklist", "blockedIds": [] } })
    );
}

#[test]
fn has_restrictions_means_that_something_is_restricted() {
    assert!(!written(&json!({})).is_active());
    assert!(!written(&json!({ "connectors": { "blockedIds": [] } })).is_active());
    assert!(written(&json!({ "connectors": { "allowedIds": [] } })).is_active());
}

#[test]
fn bounds_are_checked_and_all_problems_are_listed() {
    let value = json!({
        "connectors": { "allowedIds": ["", "x".repeat(257)] },
        "users": { "blockedIds": vec!["u"; 1001] },
    });
    let problems = serde_json::from_value::<Written>(value).unwrap().normalise().unwrap_err();
    assert_eq!(problems.details().len(), 3);
    let both = json!({ "permissions": [], "connectors": {} });
    assert!(serde_json::from_value::<Written>(both).unwrap().normalise().is_err());
}
