//! The database is gone or full: writes answer 503 with `Retry-After`, reads go on where they can, and when it is
//! back everything works again without anybody's help.

use std::process::Command;
use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::client::Answer;
use super::database::Database;
use super::platform::HELD;
use super::proxy::Proxy;
use super::world::World;

/// From the return of the database to the first success.
const RECOVERS_WITHIN: Duration = Duration::from_secs(10);

fn echo_of(title: &str) -> Value {
    json!({ "n": 1, "title": title })
}

async fn create(world: &World, name: &str) -> Answer {
    world.manage(Method::POST, "/api/servers", &json!({ "name": name })).await
}

async fn echo(world: &World, title: &str) -> Answer {
    world.client().execute(&world.path, "echo", &echo_of(title), Some(title)).await.expect("an answer")
}

async fn execute_over_rest(world: &World, title: &str) -> Answer {
    let path = "/api/connectors/sample/actions/echo/execute";
    world.manage(Method::POST, path, &json!({ "parameters": echo_of(title) })).await
}

fn assert_unavailable(what: &str, answer: &Answer) {
    assert_eq!(answer.status, 503, "{what}: {}", answer.body);
    let seconds: u32 = answer.retry_after().and_then(|text| text.parse().ok()).unwrap_or_default();
    assert!(seconds > 0, "{what}: {:?}", answer.headers);
}

/// A call is refused as a whole where the token cannot be looked up; where memory still knows it, the tool fails.
fn assert_tool_unavailable(answer: &Answer) {
    if answer.status != 200 {
        return assert_unavailable("tools/call", answer);
    }
    assert_eq!(answer.failure(), "UNAVAILABLE", "{}", answer.body);
    let error = &answer.result()["error"];
    assert_eq!(error["retryable"], true, "{error}");
    assert!(error["retryAfterSeconds"].as_u64().is_some_and(|seconds| seconds > 0), "{error}");
}

async fn recovers(world: &World) {
    let back = Instant::now();
    while create(world, &format!("After {:?}", back.elapsed())).await.status != 201 {
        assert!(back.elapsed() < RECOVERS_WITHIN, "{}", world.process.printed());
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(world.process.readiness().await, Some(200));
    let answer = echo(world, "after").await;
    assert!(answer.execution_id().is_some(), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_postgresql_requests_answer_503_until_it_is_back() {
    let Some(database) = Database::fresh() else { return };
    let mut proxy = Proxy::before(&database.url).await;
    let world = World::start(Some(proxy.url(&database.url).as_str())).await;
    assert!(echo(&world, "before").await.execution_id().is_some());

    let title = format!("{HELD}-through");
    let (interrupted, ()) = tokio::join!(echo(&world, &title), async {
        world.platform.arrived(2).await;
        proxy.cut().await;
        let (made, told, rest) = tokio::join!(
            create(&world, "Meanwhile"),
            echo(&world, "meanwhile"),
            execute_over_rest(&world, "meanwhile-rest"),
        );
        assert_unavailable("POST /api/servers", &made);
        assert_tool_unavailable(&told);
        assert_unavailable("execute", &rest);
        assert_eq!(world.process.readiness().await, Some(503));
        let health = world.client().send(Method::GET, "/health", &Value::Null).await.expect("an answer");
        assert_eq!(health.status, 200);
        world.platform.release();
    });
    assert_eq!(world.platform.reached("meanwhile"), 0);
    assert_eq!(world.platform.reached("meanwhile-rest"), 0);
    // It was done, and the client is told that this could not be written down.
    assert_eq!(interrupted.failure(), "INTERNAL_ERROR", "{}", interrupted.body);
    proxy.restore().await;
    recovers(&world).await;

    is_written_down_late(&world, &title).await;
}

/// What was done while the database was away is written down once it is back, and stands behind its key.
async fn is_written_down_late(world: &World, title: &str) {
    let back = Instant::now();
    while statuses(world).await.contains(&"running".to_owned()) {
        assert!(back.elapsed() < RECOVERS_WITHIN, "{:?}", statuses(world).await);
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(statuses(world).await, ["succeeded"; 3]);
    let mut again = echo(world, title).await;
    while again.failure() == "CONFLICT" && back.elapsed() < RECOVERS_WITHIN {
        sleep(Duration::from_millis(50)).await;
        again = echo(world, title).await;
    }
    assert!(again.execution_id().is_some(), "{}", again.body);
    assert_eq!(world.platform.reached(title), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_postgresql_that_swallows_everything_requests_answer_503_until_it_talks_again() {
    let Some(database) = Database::fresh() else { return };
    let proxy = Proxy::before(&database.url).await;
    let world = World::start(Some(proxy.url(&database.url).as_str())).await;
    assert!(echo(&world, "before").await.execution_id().is_some());

    proxy.freeze();
    let (made, told, rest, readiness) = tokio::join!(
        create(&world, "Meanwhile"),
        echo(&world, "meanwhile"),
        execute_over_rest(&world, "meanwhile-rest"),
        world.process.readiness(),
    );
    assert_unavailable("POST /api/servers", &made);
    assert_tool_unavailable(&told);
    assert_unavailable("execute", &rest);
    assert_eq!(readiness, Some(503));
    assert_eq!(world.platform.reached("meanwhile"), 0);
    assert_eq!(world.platform.reached("meanwhile-rest"), 0);
    proxy.thaw();
    recovers(&world).await;
}

async fn statuses(world: &World) -> Vec<String> {
    let records = world.executions("").await;
    records.iter().map(|record| record["status"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Lets the product write no file beyond this size, which is to it as if the disk were full.
fn limit_files(world: &World, bytes: &str) {
    let pid = world.process.pid().to_string();
    let limited =
        Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status();
    assert!(limited.expect("prlimit of util-linux is there").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_reads_go_on_and_writes_answer_503_until_there_is_room() {
    let world = World::start(None).await;
    assert!(echo(&world, "before").await.execution_id().is_some());

    let title = format!("{HELD}-through");
    let (interrupted, ()) = tokio::join!(echo(&world, &title), on_a_full_disk(&world));
    // It was done, and the client is told that this could not be written down.
    assert_eq!(interrupted.failure(), "INTERNAL_ERROR", "{}", interrupted.body);

    limit_files(&world, "unlimited");
    recovers(&world).await;
    is_written_down_late(&world, &title).await;
    // The key was not used up by the attempt that could not be recorded.
    let again = echo(&world, "meanwhile").await;
    assert!(again.execution_id().is_some(), "{}", again.body);
    assert_eq!(world.platform.reached("meanwhile"), 1);
}

/// The disk is full from the moment in which one call has reached the platform, which then answers it.
async fn on_a_full_disk(world: &World) {
    world.platform.arrived(2).await;
    limit_files(world, "0");
    assert_unavailable("POST /api/servers", &create(world, "Meanwhile").await);
    assert_unavailable("execute", &execute_over_rest(world, "meanwhile-rest").await);
    assert_tool_unavailable(&echo(world, "meanwhile").await);
    assert_eq!(world.platform.reached("meanwhile"), 0);
    assert_eq!(world.platform.reached("meanwhile-rest"), 0);
    for path in ["/api/servers", "/api/executions", "/ready"] {
        assert_eq!(world.manage(Method::GET, path, &Value::Null).await.status, 200, "{path}");
    }
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let listed = world.client().send(Method::POST, &world.path, &list).await.expect("an answer");
    assert_eq!(listed.status, 200, "{}", listed.body);
    world.platform.release();
}
