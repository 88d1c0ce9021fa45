//! SIGTERM: stop accepting, finish what was begun, end with 0, lose nothing.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::database::Database;
use super::platform::HELD;
use super::world::World;

const CALLS: u32 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_lets_running_calls_finish_on_sqlite() {
    stop(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_lets_running_calls_finish_on_postgresql() {
    let Some(database) = Database::fresh() else { return };
    stop(Some(database.url.as_str())).await;
}

async fn stop(database: Option<&str>) {
    let mut world = World::start(database).await;
    // A client that only listens must not hold the end up.
    let listening = listen(&world).await;
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let (mut client, path) = (world.client(), world.path.clone());
        calls.spawn(async move {
            let parameters = json!({ "n": number, "title": format!("{HELD}-{number}") });
            client.execute(&path, "echo", &parameters, None).await.expect("an answer")
        });
    }
    world.platform.arrived(CALLS).await;

    world.process.signal("TERM");
    while world.process.readiness().await == Some(200) {
        tokio::task::yield_now().await;
    }
    let readiness = world.process.readiness().await;
    assert!(matches!(readiness, None | Some(503)), "{readiness:?}");
    world.platform.release();
    let answers = calls.join_all().await;
    let status = world.process.ended(Duration::from_secs(10)).await;
    assert_eq!(status.code(), Some(0), "{}", world.process.printed());
    drop(listening);

    world.restart().await;
    for answer in answers {
        let id = answer.execution_id().unwrap_or_else(|| panic!("{}", answer.body));
        let record = world.managed(Method::GET, &format!("/api/executions/{id}"), &Value::Null).await;
        assert_eq!(record["status"], "succeeded", "{record}");
    }
    assert_eq!(world.executions("").await.len(), CALLS as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_waits_for_the_outcome_of_a_call_whose_client_has_left() {
    let mut world = World::start(None).await;
    let mut client = world.client();
    let parameters = json!({ "n": 1, "title": HELD });
    tokio::select! {
        answered = client.execute(&world.path, "echo", &parameters, None) => {
            panic!("answered while it was held: {:?}", answered.map(|answer| answer.status));
        }
        () = world.platform.arrived(1) => {}
    }
    drop(client);

    world.process.signal("TERM");
    while world.process.readiness().await.is_some() {
        tokio::task::yield_now().await;
    }
    world.platform.release();
    let status = world.process.ended(Duration::from_secs(10)).await;
    assert_eq!(status.code(), Some(0), "{}", world.process.printed());

    world.restart().await;
    let [record] = world.executions("").await.try_into().expect("one record");
    assert_eq!(record["status"], "succeeded", "{record}");
}

/// Opens a stream of list changes and waits for the head of its answer.
async fn listen(world: &World) -> TcpStream {
    let authority = world.process.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(authority).await.expect("it accepts");
    let request =
        format!("GET {} HTTP/1.1\r\nHost: {authority}\r\nAccept: text/event-stream\r\n\r\n", world.path);
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.expect("it answers");
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    stream
}
