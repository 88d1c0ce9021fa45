//! Acting on a platform for an end user: whose credential, whose result, whose record; repeats; and what a server
//! has of its own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{Call, Era, Key, NOTES, Platform, Server, World, escaped, text};

/// A server with users who may act on the platform.
struct Stage {
    platform: Platform,
    world: World,
    admin: Key,
    server: Server,
}

impl Stage {
    async fn set() -> Self {
        let platform = Platform::start().await;
        let world = platform.world().await;
        let admin = world.first_key();
        let server = world.server(&admin, json!({ "name": "Stage" })).await;
        Self { platform, world, admin, server }
    }

    /// Runs an action as this user; the structured result, failures included.
    async fn run(&self, user: &str, action: &str, more: Value) -> Value {
        self.run_with(user, action, more, |call| call).await
    }

    async fn run_with(&self, user: &str, action: &str, more: Value, change: impl Fn(Call) -> Call) -> Value {
        let mut arguments = json!({ "connectorId": "sample", "actionId": action, "parameters": {} });
        for (name, value) in more.as_object().expect("members") {
            arguments[name] = value.clone();
        }
        let params = json!({ "name": "execute_action_alloy", "arguments": arguments });
        let call = Era::Stateless.call(&self.server.path(), "tools/call", params);
        let reply = self.world.send(change(call.header("x-alloy-userid", user))).await;
        reply.ok()["result"]["structuredContent"].clone()
    }

    async fn record(&self, ran: &Value) -> Value {
        let path = format!("/api/executions/{}", text(ran, "executionId"));
        self.world.manage(&self.admin, "GET", &path, &Value::Null).await.ok()
    }

    async fn read(&self, user: &str, uri: &str) -> Value {
        let call = Era::Legacy.call(&self.server.path(), "resources/read", json!({ "uri": uri }));
        self.world.send(call.header("x-alloy-userid", user)).await.ok()
    }
}

fn note_ids(answer: &Value) -> Vec<String> {
    let notes = if answer["result"].is_array() { &answer["result"] } else { &answer["result"]["notes"] };
    notes.as_array().unwrap_or(&Vec::new()).iter().map(|note| text(note, "id")).collect()
}

#[tokio::test]
async fn a_long_result_is_continued_by_its_user_to_the_last_item_and_by_nobody_else() {
    let stage = Stage::set().await;
    for user in ["u1", "u2"] {
        stage.world.credential(&stage.admin, user).await;
    }
    let mut answer = stage.run("u1", "notes_list", json!({})).await;
    let first_cursor = answer["metadata"]["nextCursor"].clone();
    assert!(first_cursor.is_string(), "{answer}");
    assert_eq!(
        (&answer["metadata"]["truncated"], &answer["metadata"]["totalCount"]),
        (&json!(true), &json!(NOTES))
    );
    let mut seen = note_ids(&answer);
    assert!((1..=25).contains(&seen.len()), "{}", seen.len());
    let stranger = stage.run("u2", "notes_list", json!({ "cursor": first_cursor })).await;
    assert_eq!(stranger["error"]["code"], "INVALID_REQUEST", "another user's cursor: {stranger}");
    let misused = stage
        .run("u1", "notes_search", json!({ "cursor": first_cursor, "parameters": { "query": "x" } }))
        .await;
    assert_eq!(misused["error"]["code"], "INVALID_REQUEST", "another action's cursor: {misused}");
    while let Some(cursor) = answer["metadata"]["nextCursor"].as_str() {
        answer = stage.run("u1", "notes_list", json!({ "cursor": cursor })).await;
        let more = note_ids(&answer);
        assert!(!more.is_empty(), "{answer}");
        seen.extend(more);
    }
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (NOTES, NOTES), "every item once");
}

#[tokio::test]
async fn credentials_and_records_of_one_user_do_not_exist_for_another() {
    let stage = Stage::set().await;
    let hers = stage.world.credential(&stage.admin, "u1").await;
    let ran = stage.run("u1", "people_list", json!({})).await;
    assert_eq!(ran["success"], true, "{ran}");
    let uri = format!("alloy://executions/{}", text(&ran, "executionId"));
    let own = stage.read("u1", &uri).await;
    let record = text(&own["result"]["contents"][0], "text");
    assert!(record.contains(&text(&ran, "executionId")), "{record}");
    let others = stage.read("u2", &uri).await;
    assert_eq!(others["error"]["message"], "Resource not found");

    let calls = stage.platform.calls();
    let named = stage.run("u2", "people_list", json!({ "credentialId": hers })).await;
    assert_eq!(named["error"]["code"], "CREDENTIAL_NOT_FOUND", "{named}");
    let by_header =
        stage.run_with("u2", "people_list", json!({}), |call| call.header("x-credential-id", &hers)).await;
    assert_eq!(by_header["error"]["code"], "CREDENTIAL_NOT_FOUND", "{by_header}");
    let none = stage.run("u2", "people_list", json!({})).await;
    assert_eq!(none["error"]["code"], "CREDENTIAL_NOT_FOUND", "{none}");
    assert_eq!(none["error"]["details"]["authenticationTypes"], json!(["bearer"]), "what to do next");
    assert_eq!(stage.platform.calls(), calls, "nothing was sent");
}

#[tokio::test]
async fn the_credential_is_the_arguments_else_the_headers_else_the_newest() {
    let stage = Stage::set().await;
    let oldest = stage.world.credential(&stage.admin, "u1").await;
    let middle = stage.world.credential(&stage.admin, "u1").await;
    let newest = stage.world.credential(&stage.admin, "u1").await;
    let header = |call: Call| call.header("x-credential-id", &middle);
    let by_argument = stage.run_with("u1", "people_list", json!({ "credentialId": oldest }), header).await;
    let by_header = stage.run_with("u1", "people_list", json!({}), header).await;
    let by_age = stage.run("u1", "people_list", json!({})).await;
    for (ran, expected) in [(by_argument, &oldest), (by_header, &middle), (by_age, &newest)] {
        assert_eq!(stage.record(&ran).await["credentialId"], **expected, "{ran}");
    }
    let delete = format!("/api/credentials/{newest}");
    stage.world.manage(&stage.admin, "DELETE", &delete, &Value::Null).await.ok();
    let next = stage.run("u1", "people_list", json!({})).await;
    assert_eq!(stage.record(&next).await["credentialId"], *middle, "the newest that is left");
}

#[tokio::test]
async fn a_run_leaves_a_record_of_who_did_what_through_which_server() {
    let stage = Stage::set().await;
    stage.world.credential(&stage.admin, "u1").await;
    let ran = stage.run("u1", "echo", json!({ "parameters": { "n": 1 } })).await;
    let record = stage.record(&ran).await;
    let tokens = format!("/api/servers/{}/tokens", stage.server.id);
    let tokens = stage.world.manage(&stage.admin, "GET", &tokens, &Value::Null).await.ok();
    for (member, expected) in [
        ("userId", json!("u1")),
        ("serverId", json!(stage.server.id)),
        ("tokenId", tokens["tokens"][0]["tokenId"].clone()),
        ("keyId", Value::Null),
        ("surface", json!("mcp")),
        ("connectorId", json!("sample")),
        ("actionId", json!("echo")),
        ("readOnly", json!(false)),
        ("status", json!("succeeded")),
        ("upstreamStatus", json!(200)),
        ("attempts", json!(1)),
    ] {
        assert_eq!(record[member], expected, "{member}: {record}");
    }
    let wrong = json!({ "parameters": { "n": "one", "titel": "x", "status": "done" } });
    let calls = stage.platform.calls();
    let refused = stage.run("u1", "echo", wrong).await;
    assert_eq!(refused["error"]["code"], "INVALID_REQUEST");
    let problems = refused["error"]["details"].to_string();
    for told in ["/n", "/titel", "title", "/status", "closed"] {
        assert!(problems.contains(told), "{told} is told: {problems}");
    }
    assert_eq!(stage.platform.calls(), calls, "nothing was sent");
}

#[tokio::test]
async fn an_idempotency_key_sends_once_answers_every_repeat_and_belongs_to_its_user() {
    let stage = Stage::set().await;
    let key = stage.world.key(&stage.admin, "member", "u1").await;
    for user in ["u1", "u2"] {
        stage.world.credential(&stage.admin, user).await;
    }
    let wanted = json!({ "parameters": { "title": "One" }, "idempotencyKey": "order 1" });
    let first = stage.run("u1", "notes_create", wanted.clone()).await;
    assert_eq!((first["success"].clone(), stage.platform.calls()), (json!(true), 1), "{first}");
    assert_eq!(stage.run("u1", "notes_create", wanted.clone()).await, first, "the first outcome again");
    let path = "/api/connectors/sample/actions/notes_create/execute";
    let by_api = stage.world.manage(&key, "POST", path, &wanted).await.ok();
    assert_eq!(by_api["executionId"], first["executionId"], "through another door");
    assert_eq!(stage.platform.calls(), 1, "nothing was sent again");

    let other = json!({ "parameters": { "title": "Two" }, "idempotencyKey": "order 1" });
    let conflict = stage.run("u1", "notes_create", other.clone()).await;
    assert_eq!(conflict["error"]["code"], "CONFLICT", "{conflict}");
    let conflict = stage.world.manage(&key, "POST", path, &other).await;
    assert_eq!((conflict.status, &conflict.json()["code"]), (409, &json!("CONFLICT")));
    assert_eq!(stage.platform.calls(), 1);
    let theirs = stage.run("u2", "notes_create", wanted).await;
    assert_ne!(theirs["executionId"], first["executionId"]);
    assert_eq!(stage.platform.calls(), 2, "another user's key is another key");
}

#[tokio::test]
async fn prompts_and_resources_of_the_server_are_shown_alike_through_every_door() {
    const URI: &str = "note://house/rules?page=1";
    let stage = Stage::set().await;
    let base = format!("/api/servers/{}", stage.server.id);
    let manage = async |method: &str, rest: &str, body: Value| {
        stage.world.manage(&stage.admin, method, &format!("{base}{rest}"), &body).await
    };
    let mcp = async |era: Era, method: &str, params: Value| {
        stage.world.mcp(era, &stage.server.path(), method, params).await.ok()["result"].clone()
    };
    let prompt = json!({
        "title": "Greet", "arguments": [{ "name": "who", "required": true }, { "name": "how" }],
        "template": "Say {{how}} hello to {{who}} and {{nobody}}.",
    });
    manage("PUT", "/prompts/greet", prompt).await.ok();
    let resource = format!("/resources?uri={}", escaped(URI));
    manage("PUT", &resource, json!({ "blob": "AP8=", "mimeType": "image/png", "name": "Rules" })).await.ok();

    let arguments = json!({ "who": "{{how}}", "how": "a loud" });
    let expected = "Say a loud hello to {{how}} and {{nobody}}.";
    let filled = manage("POST", "/prompts/greet", arguments.clone()).await.ok();
    assert_eq!(filled["messages"][0]["content"], json!({ "type": "text", "text": expected }));
    let contents = json!([{ "uri": URI, "mimeType": "image/png", "blob": "AP8=" }]);
    let read = manage("GET", &format!("/resources/read?uri={}", escaped(URI)), Value::Null).await.ok();
    assert_eq!(read["contents"], contents);
    let (prompts, resources) = (
        manage("GET", "/prompts", Value::Null).await.ok(),
        manage("GET", "/resources", Value::Null).await.ok(),
    );
    for era in Era::BOTH {
        let got = mcp(era, "prompts/get", json!({ "name": "greet", "arguments": arguments })).await;
        assert_eq!(got["messages"], filled["messages"], "{era:?}");
        assert_eq!(mcp(era, "resources/read", json!({ "uri": URI })).await["contents"], contents, "{era:?}");
        assert_eq!(mcp(era, "prompts/list", json!({})).await["prompts"], prompts["prompts"], "{era:?}");
        assert_eq!(
            mcp(era, "resources/list", json!({})).await["resources"],
            resources["resources"],
            "{era:?}"
        );
    }
    let names: Vec<_> = prompts["prompts"].as_array().unwrap().iter().map(|one| text(one, "name")).collect();
    assert_eq!(names, ["connect_platform", "find_action", "run_action", "greet"]);
    manage("DELETE", "/prompts/greet", Value::Null).await.ok();
    manage("DELETE", &resource, Value::Null).await.ok();
    assert_eq!(manage("POST", "/prompts/greet", json!({})).await.status, 404);
    assert_eq!(manage("DELETE", &resource, Value::Null).await.status, 404);
}
