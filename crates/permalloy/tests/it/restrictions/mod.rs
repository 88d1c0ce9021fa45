//! Restrictions: a table of them (`table.json`), every path that lists, searches, shows, runs or stores, and a small model that
//! says what each must answer. What is refused reaches no platform.

#![expect(clippy::panic, reason = "what is not a test function here serves one: it fails by panicking")]

mod model;
mod paths;
mod subject;

use serde::Deserialize;
use serde_json::{Value, json};

use self::model::{Model, fits};
use self::paths::{Catalogue, check};
use self::subject::{Subject, Way};
use crate::world::{Call, Era, Platform, World};

const USER: &str = "u1";

/// Restrictions as they are written, and whether anything is restricted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    restricts: bool,
    restrictions: Value,
}

#[test]
fn the_model_knows_patterns() {
    for (pattern, text, expected) in [
        ("*", "", true),
        ("a*", "a", true),
        ("a*c", "abbc", true),
        ("a*c", "abbd", false),
        ("*b*b*", "ab", false),
        ("*.x", "sample.x", true),
        ("A", "a", false),
        ("", "a", false),
    ] {
        assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
    }
}

#[tokio::test]
async fn no_path_disagrees_with_the_restrictions() {
    let platform = Platform::start().await;
    let world = platform.world().await;
    let admin = world.first_key();
    let catalogue = Catalogue::read(&world, &admin, USER).await;
    let table: Vec<Case> = serde_json::from_str(include_str!("table.json")).expect("a table of cases");
    for (turn, Case { name, restricts, restrictions }) in table.into_iter().enumerate() {
        let wanted = json!({ "name": name, "toolMode": "both", "restrictions": restrictions });
        let server = world.server(&admin, wanted).await;
        let path = format!("/api/servers/{}", server.id);
        let shown = world.manage(&admin, "GET", &path, &Value::Null).await.ok();
        assert_eq!(shown["hasRestrictions"], restricts, "{name}");
        let subject = Subject { world: &world, admin: admin.clone(), server, user: USER };
        let model = Model::read(&restrictions);
        let calls = platform.calls();
        let sent = check(&subject, &model, &catalogue, turn).await;
        assert_eq!(
            platform.calls() - calls,
            sent,
            "{name}: what was allowed reached the platform, and nothing else"
        );
    }
}

#[tokio::test]
async fn restrictions_bind_from_the_next_request_on() {
    let platform = Platform::start().await;
    let world = platform.world().await;
    let admin = world.first_key();
    let catalogue = Catalogue::read(&world, &admin, USER).await;
    let server = world.server(&admin, json!({ "name": "Changing", "toolMode": "both" })).await;
    let path = format!("/api/servers/{}", server.id);
    let subject = Subject { world: &world, admin: admin.clone(), server, user: USER };
    for restrictions in [
        json!({ "connectors": { "allowedIds": ["sample"] } }),
        json!({ "actions": { "blockedActions": ["sample.echo"] } }),
        json!({}),
        json!({ "permissions": [{ "connector": "sample", "actions": ["echo"] }] }),
    ] {
        world.manage(&admin, "PUT", &path, &json!({ "restrictions": restrictions })).await.ok();
        let (model, calls) = (Model::read(&restrictions), platform.calls());
        let sent = check(&subject, &model, &catalogue, 0).await;
        assert_eq!(platform.calls() - calls, sent, "{restrictions}");
    }
}

#[tokio::test]
async fn a_direct_server_offers_the_allowed_actions_and_the_four_tools_that_make_sense() {
    let world = World::start().await;
    let admin = world.first_key();
    let restrictions =
        json!({ "permissions": [{ "connector": "sample", "actions": ["notes_get", "echo"] }] });
    let wanted = json!({ "name": "Direct", "toolMode": "direct", "restrictions": restrictions });
    let server = world.server(&admin, wanted).await;
    let subject = Subject { world: &world, admin, server, user: USER };
    for way in Way::ALL {
        let expected = [
            "create_credential_alloy",
            "get_credentials_alloy",
            "get_credential_metadata_alloy",
            "discover_action_path_alloy",
            "sample_notes_get",
            "sample_echo",
        ];
        assert_eq!(subject.tools(way).await, expected, "{way:?}");
        let denied = subject.tool(way, "sample_notes_delete", json!({ "noteId": "note-1" })).await;
        let sentence = "Access denied: restricted by allowlist";
        assert_eq!(denied, Err(("FORBIDDEN".to_owned(), sentence.to_owned())), "{way:?}");
    }
    for tool in ["execute_action_alloy", "get_action_details_alloy", "list_connectors_alloy"] {
        let arguments = json!({ "connectorId": "sample", "actionId": "notes_delete", "parameters": {} });
        let reply =
            subject.mcp(Era::Legacy, "tools/call", json!({ "name": tool, "arguments": arguments })).await;
        assert_eq!(reply.json()["error"]["message"], format!("Unknown tool: {tool}"));
        let reply = subject.rest("POST", &format!("tools/{tool}"), &arguments).await;
        assert_eq!((reply.status, &reply.json()["code"]), (404, &json!("NOT_FOUND")), "{tool}");
    }
}

#[tokio::test]
async fn a_user_who_may_not_use_the_server_gets_403_whatever_it_asks() {
    let platform = Platform::start().await;
    let world = platform.world().await;
    let admin = world.first_key();
    for (name, users) in [
        ("allowed", json!({ "mode": "allowlist", "allowedIds": ["u2", "U1"] })),
        ("nobody", json!({ "mode": "allowlist" })),
        ("blocked", json!({ "mode": "blocklist", "blockedIds": [USER] })),
        ("both", json!({ "allowedIds": [USER], "blockedIds": [USER] })),
    ] {
        let restrictions = json!({ "users": users });
        let denied = Model::read(&restrictions).user(USER).expect_err("the table is about refusals");
        let wanted = json!({ "name": name, "restrictions": restrictions });
        let server = world.server(&admin, wanted).await;
        let subject = Subject { world: &world, admin: admin.clone(), server, user: USER };
        for era in Era::BOTH {
            // Without the `_meta` of their era these two cannot even be parsed, which is refused before.
            let parsed = |method: &str| {
                era == Era::Stateless || !["server/discover", "subscriptions/listen"].contains(&method)
            };
            for method in METHODS.into_iter().filter(|method| parsed(method)) {
                let params = json!({
                    "name": "execute_action_alloy", "uri": "alloy://connectors", "protocolVersion": "2025-11-25",
                    "notifications": {}, "level": "info", "ref": { "type": "ref/prompt", "name": "find_action" },
                    "argument": { "name": "goal", "value": "" },
                });
                let reply = subject.mcp(era, method, params).await;
                assert_eq!(reply.status, 403, "{name}: {method}: {}", reply.text);
                let error = &reply.json()["error"];
                assert_eq!(error["message"], denied.sentence(), "{name}: {method}");
                assert_eq!(error["code"], -32003, "{name}: {method}");
            }
        }
        let get = Call::new("GET", &subject.server.path()).header("accept", "text/event-stream");
        let reply = world.send(get.header("x-alloy-userid", USER)).await;
        assert_eq!((reply.status, &reply.json()["error"]), (403, &json!(denied.sentence())), "{name}: GET");
        for (method, rest, body) in [
            ("GET", "tools", Value::Null),
            ("POST", "tools/list_connectors_alloy", json!({})),
            ("GET", "resources", Value::Null),
            ("GET", "resources/read?uri=alloy%3A%2F%2Fconnectors", Value::Null),
            ("GET", "prompts", Value::Null),
            ("POST", "prompts/find_action", json!({ "goal": "x" })),
        ] {
            let reply = subject.rest(method, rest, &body).await;
            assert_eq!(reply.status, 403, "{name}: {rest}: {}", reply.text);
            let body = reply.json();
            assert_eq!((&body["error"], &body["code"]), (&json!(denied.sentence()), &json!("FORBIDDEN")));
        }
    }
    assert_eq!(platform.calls(), 0);
}

/// Every method of either era, and one that nobody has.
const METHODS: [&str; 17] = [
    "initialize",
    "server/discover",
    "ping",
    "logging/setLevel",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "subscriptions/listen",
    "notifications/initialized",
    "nonsense",
];
