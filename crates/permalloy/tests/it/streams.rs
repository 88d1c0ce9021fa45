//! Streams of changes: a listening client is told of what changed for it, and of nothing any more once it has lost
//! the right to listen.

use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::exchange::Begun;
use crate::world::{Call, Era, Key, Server, World};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);
const USER: &str = "u1";

/// A stream as a client of this era opens it.
async fn listen(world: &World, era: Era, path: &str) -> Begun {
    let call = match era {
        Era::Legacy => Call::new("GET", path).header("accept", "text/event-stream"),
        Era::Stateless => {
            era.call(path, "subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }))
        }
    };
    let begun = world.begin(call.header("x-alloy-userid", USER)).await;
    assert_eq!(begun.answer.status(), 200, "{era:?}");
    assert_eq!(begun.answer.headers()["content-type"], "text/event-stream", "{era:?}");
    begun
}

/// Reads until this was told, or to the end where nothing is waited for.
async fn read(begun: &mut Begun, wanted: Option<&str>) -> String {
    let mut told = String::new();
    let reading = async {
        while let Some(frame) = begun.answer.body_mut().frame().await {
            if let Ok(data) = frame.expect("the stream is not cut").into_data() {
                told.push_str(std::str::from_utf8(&data).expect("text"));
            }
            if wanted.is_some_and(|wanted| told.contains(wanted)) {
                return;
            }
        }
    };
    let ended = timeout(PATIENCE, reading).await;
    assert!(ended.is_ok(), "neither {wanted:?} nor the end came: {told}");
    assert!(wanted.is_none_or(|wanted| told.contains(wanted)), "{wanted:?} was not told: {told}");
    told
}

async fn change(world: &World, admin: &Key, server: &Server, method: &str, body: Value) {
    world.manage(admin, method, &format!("/api/servers/{}", server.id), &body).await.ok();
}

#[tokio::test]
async fn a_listening_client_is_told_of_its_tools_until_its_token_ends() {
    let world = World::start().await;
    let admin = world.first_key();
    for era in Era::BOTH {
        let wanted = json!({ "name": format!("{era:?}"), "toolMode": "both" });
        let server = world.server(&admin, wanted).await;
        let mut stream = listen(&world, era, &server.path()).await;
        let restrictions = json!({ "restrictions": { "connectors": { "allowedIds": ["sample"] } } });
        change(&world, &admin, &server, "PUT", restrictions).await;
        let told = read(&mut stream, Some("notifications/tools/list_changed")).await;
        assert!(!told.contains("sample"), "that something changed, not what: {told}");
        change(&world, &admin, &server, "DELETE", Value::Null).await;
        let rest = read(&mut stream, None).await;
        assert!(!rest.contains("list_changed"), "nothing more is told: {rest}");
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_users_right_to_the_server() {
    let world = World::start().await;
    let admin = world.first_key();
    for era in Era::BOTH {
        let server = world.server(&admin, json!({ "name": format!("{era:?}") })).await;
        let mut stream = listen(&world, era, &server.path()).await;
        let restrictions = json!({ "restrictions": { "users": { "blockedIds": [USER] } } });
        change(&world, &admin, &server, "PUT", restrictions).await;
        read(&mut stream, None).await;
    }
}

#[tokio::test]
async fn a_stream_opened_with_a_key_ends_with_the_key() {
    let world = World::start().await;
    let admin = world.first_key();
    for era in Era::BOTH {
        let key = world.key(&admin, "admin", "operator").await;
        let server = world.server(&admin, json!({ "name": format!("{era:?}") })).await;
        let call = match era {
            Era::Legacy => {
                Call::new("GET", &format!("/mcp/{}", server.id)).header("accept", "text/event-stream")
            }
            Era::Stateless => {
                let wish = json!({ "notifications": { "promptsListChanged": true } });
                era.call(&format!("/mcp/{}", server.id), "subscriptions/listen", wish)
            }
        };
        let mut stream = world.begin(call.bearer(&key.secret)).await;
        assert_eq!(stream.answer.status(), 200, "{era:?}");
        world.manage(&admin, "DELETE", &format!("/api/keys/{}", key.id), &Value::Null).await.ok();
        read(&mut stream, None).await;
    }
}
