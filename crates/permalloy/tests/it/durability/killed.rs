//! `kill -9` at any time loses nothing acknowledged, and the next start needs no repair.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::client::{Answer, Client};
use super::database::Database;
use super::world::World;

const KILLS: u32 = 20;
const CLIENTS: u32 = 6;
/// Servers that are created in a round at most.
const SERVERS: usize = 15;
/// Answered calls that are repeated after each kill; of those without an answer, all are.
const REPEATS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_twenty_kills_on_sqlite() {
    survive(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_twenty_kills_on_postgresql() {
    let Some(database) = Database::fresh() else { return };
    survive(Some(database.url.as_str())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_killed_at_any_moment_is_finished_by_the_next() {
    let world = World::start_interrupted().await;
    let servers = world.managed(Method::GET, "/api/servers", &Value::Null).await;
    let names: Vec<_> = servers["servers"].as_array().expect("a list").iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["Load", "Quickstart"]);
    let call = Call { marker: "after".to_owned(), action: "echo", key: None, answered: None };
    let answer = call.send(&mut world.client(), &world.path).await.expect("an answer");
    assert!(answer.execution_id().is_some(), "{}", answer.body);
}

/// One call of the load, and the execution that its answer named, if one came.
struct Call {
    marker: String,
    action: &'static str,
    key: Option<String>,
    answered: Option<String>,
}

impl Call {
    fn is_write(&self) -> bool {
        self.action != "notes_list"
    }

    fn parameters(&self) -> Value {
        match self.action {
            "echo" => json!({ "n": 1, "title": self.marker }),
            "notes_create" => json!({ "title": self.marker, "text": "Under load" }),
            _read => json!({ "tag": self.marker }),
        }
    }

    async fn send(&self, client: &mut Client, path: &str) -> anyhow::Result<Answer> {
        client.execute(path, self.action, &self.parameters(), self.key.as_deref()).await
    }
}

/// What has been seen over all rounds, so that a load that met nothing is noticed.
#[derive(Default)]
struct Seen {
    answered: Vec<Call>,
    /// Names of servers.
    created: Vec<String>,
    cut_off: u32,
    unknown: u32,
    newest: String,
}

async fn survive(database: Option<&str>) {
    let mut world = World::start(database).await;
    let mut seen = Seen::default();
    for round in 0..KILLS {
        let (calls, created) = load_until_killed(&mut world, round).await;
        seen.created.extend(created);
        world.restart().await;
        check_records(&world, &calls, &mut seen).await;
        repeat(&world, &calls, &mut seen).await;
        seen.answered.extend(calls.into_iter().filter(|call| call.answered.is_some()));
    }
    let records = by_marker(world.executions("").await);
    for call in &seen.answered {
        assert_succeeded(call, &records);
    }
    check_management(&world, &seen.created).await;
    let Seen { answered, created, cut_off, unknown, .. } = seen;
    let (answered, created) = (answered.len(), created.len());
    println!(
        "{answered} calls answered, {cut_off} cut off, {unknown} of unknown outcome, {created} servers created"
    );
    assert!(answered > 200 && created > KILLS as usize, "hardly any load: {answered}, {created}");
    assert!(cut_off > KILLS && unknown > 0, "no run was met in the middle: {cut_off}, {unknown}");
}

/// Mixed reads and writes from several clients, until the product is killed at a random moment.
async fn load_until_killed(world: &mut World, round: u32) -> (Vec<Call>, Vec<String>) {
    let mut clients = JoinSet::new();
    let mut managers = JoinSet::new();
    managers.spawn(manage(Client::new(&world.process.base, Some(&world.api_key)), round));
    for number in 0..CLIENTS {
        clients.spawn(load(world.client(), world.path.clone(), format!("{round}-{number}")));
    }
    sleep(Duration::from_millis(30 + random() % 300)).await;
    world.kill().await;
    let calls = clients.join_all().await.into_iter().flatten().collect();
    (calls, managers.join_all().await.into_iter().flatten().collect())
}

/// An administrator, who creates servers and looks at the newest records. Answers what was created.
async fn manage(mut client: Client, round: u32) -> Vec<String> {
    let mut created = Vec::new();
    loop {
        if created.len() < SERVERS {
            let name = format!("Server {round} {}", created.len());
            let answered = client.send(Method::POST, "/api/servers", &json!({ "name": name })).await;
            let Ok(answer) = answered else { return created };
            assert_eq!(answer.status, 201, "{name}: {}", answer.body);
            created.push(name);
        }
        let Ok(answer) = client.send(Method::GET, "/api/executions?limit=5", &Value::Null).await else {
            return created;
        };
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

/// Every change that was answered is there, and the audit log holds together.
async fn check_management(world: &World, created: &[String]) {
    let servers = world.managed(Method::GET, "/api/servers?limit=1000", &Value::Null).await;
    let servers = servers["servers"].as_array().expect("a list");
    let names: HashSet<_> = servers.iter().filter_map(|server| server["name"].as_str()).collect();
    for name in created {
        assert!(names.contains(name.as_str()), "{name} is lost");
    }
    let audit = world.managed(Method::GET, "/api/audit/verify", &Value::Null).await;
    assert_eq!(audit["valid"], true, "{audit}");
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// One client: call after call until no answer comes any more.
async fn load(mut client: Client, path: String, name: String) -> Vec<Call> {
    let mut calls = Vec::new();
    loop {
        let number = calls.len();
        let marker = format!("call-{name}-{number}");
        let (action, keyed) = match number % 5 {
            0 => ("echo", true),
            1 | 4 => ("notes_list", false),
            2 => ("notes_create", true),
            _third => ("echo", false),
        };
        let key = keyed.then(|| format!("key-{name}-{number}"));
        let mut call = Call { marker, action, key, answered: None };
        let answered = call.send(&mut client, &path).await;
        if let Ok(answer) = &answered {
            let id = answer.execution_id().unwrap_or_else(|| panic!("{}: {}", call.marker, answer.body));
            call.answered = Some(id.to_owned());
        }
        calls.push(call);
        if answered.is_err() {
            return calls;
        }
    }
}

type Records = HashMap<String, Vec<Value>>;

/// Records by the marker in their arguments.
fn by_marker(records: Vec<Value>) -> Records {
    let mut found = Records::new();
    for record in records {
        let arguments = &record["arguments"];
        let marker = arguments["title"].as_str().or(arguments["tag"].as_str()).expect("arguments are kept");
        found.entry(marker.to_owned()).or_default().push(record);
    }
    found
}

fn assert_succeeded(call: &Call, records: &Records) {
    let of_call = records.get(&call.marker).map_or(&[][..], Vec::as_slice);
    let named = of_call.iter().find(|record| record["executionId"].as_str() == call.answered.as_deref());
    let status = named.map(|record| &record["status"]);
    assert_eq!(status, Some(&json!("succeeded")), "{} as {:?}: {of_call:?}", call.marker, call.answered);
}

async fn check_records(world: &World, calls: &[Call], seen: &mut Seen) {
    let listed = world.executions(&seen.newest).await;
    if let Some(newest) = listed.first().and_then(|record| record["executionId"].as_str()) {
        newest.clone_into(&mut seen.newest);
    }
    for record in &listed {
        let status = record["status"].as_str().expect("a status");
        assert!(["succeeded", "unknown"].contains(&status), "after a restart: {record}");
        seen.unknown += u32::from(status == "unknown");
    }
    let records = by_marker(listed);
    let reached = world.platform.all();
    for call in calls {
        match &call.answered {
            Some(_) => assert_succeeded(call, &records),
            None => seen.cut_off += 1,
        }
        let times = reached.get(&call.marker).copied().unwrap_or_default();
        assert!(times == 0 || records.contains_key(&call.marker), "{} has no record", call.marker);
        assert!(times <= 1 || !call.is_write(), "{} was sent {times} times", call.marker);
    }
}

/// Repeats calls with their keys: whatever became of the first, the platform gets nothing twice.
async fn repeat(world: &World, calls: &[Call], seen: &mut Seen) {
    let (known, open): (Vec<_>, Vec<_>) =
        calls.iter().filter(|call| call.key.is_some()).partition(|call| call.answered.is_some());
    let mut client = world.client();
    for call in known.iter().rev().take(REPEATS) {
        let before = world.platform.reached(&call.marker);
        let answer = call.send(&mut client, &world.path).await.expect("an answer");
        assert_eq!(answer.execution_id(), call.answered.as_deref(), "{}: {}", call.marker, answer.body);
        assert_eq!(world.platform.reached(&call.marker), before, "{} was sent again", call.marker);
    }
    for call in open {
        let before = world.platform.reached(&call.marker);
        let answer = call.send(&mut client, &world.path).await.expect("an answer");
        let times = world.platform.reached(&call.marker);
        assert!(times <= 1, "{} was sent {times} times", call.marker);
        let Some(id) = answer.execution_id() else {
            assert_eq!(answer.failure(), "CONFLICT", "{}: {}", call.marker, answer.body);
            assert_eq!(times, before, "{} was sent although it was refused", call.marker);
            continue;
        };
        // Answered with an outcome: the record says the same, whoever made the first attempt.
        assert_eq!(times, 1, "{}: {}", call.marker, answer.body);
        let record = world.managed(Method::GET, &format!("/api/executions/{id}"), &Value::Null).await;
        assert_eq!(record["status"], "succeeded", "{}: {record}", call.marker);
    }
    if let Some(newest) = world.executions(&seen.newest).await.first() {
        newest["executionId"].as_str().expect("an id").clone_into(&mut seen.newest);
    }
}
