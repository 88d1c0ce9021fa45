//! Two processes on one database: what one is told binds the other within a second, and neither takes the other's
//! running work for its own past.

use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::client::{Answer, Client};
use super::database::Database;
use super::platform::HELD;
use super::world::{Process, World};

/// The contract's bound.
const BINDS_WITHIN: Duration = Duration::from_secs(1);

async fn two_processes(database: &Database) -> (World, Process) {
    let world = World::start(Some(database.url.as_str())).await;
    let other = world.another_process().await;
    (world, other)
}

async fn echo(client: &mut Client, path: &str, title: &str, key: Option<&str>) -> Answer {
    client.execute(path, "echo", &json!({ "n": 1, "title": title }), key).await.expect("an answer")
}

/// Calls again and again until the answer is like this, which it has to be in time.
async fn binds(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let changed = Instant::now();
    while !ask().await {
        assert!(changed.elapsed() < BINDS_WITHIN, "{what} does not bind after {:?}", changed.elapsed());
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restrictions_tokens_and_keys_changed_on_one_replica_bind_on_the_other_within_a_second() {
    let Some(database) = Database::fresh() else { return };
    let (world, other) = two_processes(&database).await;
    let mut client = Client::new(&other.base, None);
    let server = format!("/api/servers/{}", world.server_id);

    assert!(echo(&mut client, &world.path, "before", None).await.execution_id().is_some());
    let blocked =
        json!({ "restrictions": { "actions": { "mode": "blocklist", "blockedActions": ["echo"] } } });
    world.managed(Method::PUT, &server, &blocked).await;
    binds("a restriction", async || {
        echo(&mut client, &world.path, "restricted", None).await.failure() == "FORBIDDEN"
    })
    .await;
    world.managed(Method::PUT, &server, &json!({ "restrictions": {} })).await;
    binds("its removal", async || {
        echo(&mut client, &world.path, "free", None).await.execution_id().is_some()
    })
    .await;

    let token = world.managed(Method::POST, &format!("{server}/tokens"), &json!({ "name": "second" })).await;
    let secret = token["accessToken"].as_str().expect("a secret");
    let path = format!("/mcp/{}/{secret}", world.server_id);
    assert!(echo(&mut client, &path, "token", None).await.execution_id().is_some());
    let id = token["tokenId"].as_str().expect("an id");
    world.managed(Method::DELETE, &format!("{server}/tokens/{id}"), &Value::Null).await;
    binds("a token's end", async || echo(&mut client, &path, "token", None).await.status == 401).await;

    let key = world.managed(Method::POST, "/api/keys", &json!({ "name": "second", "role": "admin" })).await;
    let mut by_key = Client::new(&other.base, key["key"].as_str());
    assert_eq!(status_of_list(&mut by_key).await, 200);
    let id = key["keyId"].as_str().expect("an id");
    world.managed(Method::DELETE, &format!("/api/keys/{id}"), &Value::Null).await;
    binds("a key's revocation", async || status_of_list(&mut by_key).await == 401).await;

    world.managed(Method::DELETE, &server, &Value::Null).await;
    binds("a server's end", async || echo(&mut client, &world.path, "gone", None).await.status == 401).await;
}

async fn status_of_list(client: &mut Client) -> u16 {
    client.send(Method::GET, "/api/servers", &Value::Null).await.expect("an answer").status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_command_on_the_host_changes_binds_on_the_running_server_within_a_second() {
    let world = World::start(None).await;
    let key = world.command(&["key", "create", "second"]).await;
    let mut by_key = Client::new(&world.process.base, key["key"].as_str());
    assert_eq!(status_of_list(&mut by_key).await, 200);
    world.command(&["key", "revoke", key["keyId"].as_str().expect("an id")]).await;
    binds("a key's revocation", async || status_of_list(&mut by_key).await == 401).await;

    let mut client = world.client();
    assert!(echo(&mut client, &world.path, "before", None).await.execution_id().is_some());
    world.command(&["server", "delete", &world.server_id]).await;
    binds("a server's end", async || echo(&mut client, &world.path, "gone", None).await.status == 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_used_on_both_replicas_at_once_sends_once() {
    let Some(database) = Database::fresh() else { return };
    let (world, other) = two_processes(&database).await;
    let (mut here, mut there) = (world.client(), Client::new(&other.base, None));
    for number in 0..10 {
        let (title, key) = (format!("both-{number}"), format!("key-{number}"));
        let (one, two) = tokio::join!(
            echo(&mut here, &world.path, &title, Some(&key)),
            echo(&mut there, &world.path, &title, Some(&key)),
        );
        assert_eq!(world.platform.reached(&title), 1, "{title}");
        let codes = [one.failure(), two.failure()];
        assert!(codes.contains(&"") && codes.iter().all(|code| ["", "CONFLICT"].contains(code)), "{codes:?}");
        let again = echo(&mut there, &world.path, &title, Some(&key)).await;
        let first = one.execution_id().or(two.execution_id());
        assert_eq!(again.execution_id(), first, "{}", again.body);
        assert_eq!(world.platform.reached(&title), 1, "{title}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_starts_leaves_the_running_work_of_another_alone() {
    let Some(database) = Database::fresh() else { return };
    let (mut world, other) = two_processes(&database).await;
    let title = format!("{HELD}-work");
    let mut client = Client::new(&other.base, None);
    let path = world.path.clone();
    let running = tokio::join!(echo(&mut client, &path, &title, None), async {
        world.platform.arrived(1).await;
        world.kill().await;
        world.restart().await;
        let [record] = world.executions("").await.try_into().expect("one record");
        assert_eq!(record["status"], "running", "{record}");
        world.platform.release();
    });
    let id = running.0.execution_id().expect("it worked").to_owned();
    let record = world.managed(Method::GET, &format!("/api/executions/{id}"), &Value::Null).await;
    assert_eq!(record["status"], "succeeded", "{record}");
    other.kill().await;
}
