//! Runs from the front to the back: a real app on a temporary database, and a small platform on a loopback port.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde_json::{Value, json, value::RawValue};
use store::{AccountRow, ExecutionStatus};
use tempfile::TempDir;

use super::*;
use crate::{
    access::{Admin, host},
    config::{Config, Flags, source::Source},
    ops::credentials::{self, Keeper},
    telemetry::Telemetry,
};

const TOKEN: &str = concat!("sample-token", "-not-a-secret");

/// The platform: what it was asked, and what it is told to answer.
#[derive(Default)]
struct Platform {
    calls: AtomicUsize,
    seen: Mutex<Vec<String>>,
    /// While it is not zero, writes are answered with this status.
    failing: AtomicUsize,
    /// How long writes take, in milliseconds.
    slow_ms: AtomicUsize,
}

impl Platform {
    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn note(&self, headers: &HeaderMap) -> bool {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let authorization = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let known = authorization.as_deref() == Some(&format!("Bearer {TOKEN}"));
        self.seen.lock().unwrap().push(authorization.unwrap_or_default());
        known
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    let body = Json(json!({ "error": { "code": code, "message": message } }));
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

async fn create_note(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if !platform.note(&headers) {
        return refusal(401, "unauthorized", "Who are you?");
    }
    let failing = platform.failing.load(Ordering::SeqCst);
    if failing != 0 {
        return refusal(u16::try_from(failing).unwrap(), "invalid", "The title is taken.");
    }
    tokio::time::sleep(Duration::from_millis(platform.slow_ms.load(Ordering::SeqCst) as u64)).await;
    (StatusCode::CREATED, Json(json!({ "id": format!("note-{}", platform.calls()), "title": body["title"] })))
        .into_response()
}

async fn list_notes(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    platform.note(&headers);
    let given = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let first: usize = given("cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let limit: usize = given("limit").map_or(20, |limit| limit.parse().unwrap());
    let notes: Vec<Value> =
        (first..(first + limit).min(70)).map(|n| json!({ "id": format!("note-{n}") })).collect();
    let next = (first + limit < 70).then(|| (first + limit).to_string());
    Json(json!({ "notes": notes, "total": 70, "nextCursor": next })).into_response()
}

async fn get_note(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    if !platform.note(&headers) {
        return refusal(401, "unauthorized", "Who are you?");
    }
    Json(json!({ "id": id, "password": "hidden" })).into_response()
}

async fn people(State(platform): State<Arc<Platform>>, headers: HeaderMap) -> Response {
    if !platform.note(&headers) {
        return refusal(401, "unauthorized", "Who are you?");
    }
    Json(json!({ "people": [] })).into_response()
}

async fn serve() -> (Arc<Platform>, SocketAddr) {
    let platform = Arc::new(Platform::default());
    let router = Router::new()
        .route("/notes", post(create_note).get(list_notes))
        .route("/notes/{id}", get(get_note))
        .route("/people", get(people))
        .with_state(Arc::clone(&platform));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the platform is not part of the app")]
    drop(tokio::spawn(async move { axum::serve(listener, router).await }));
    (platform, address)
}

/// The app, the platform, and one admin of one account.
struct World {
    app: Arc<App>,
    platform: Arc<Platform>,
    admin: Admin,
    _data: TempDir,
}

impl World {
    async fn new() -> Self {
        let (platform, address) = serve().await;
        let data = TempDir::new().unwrap();
        let base_url = format!("http://{address}");
        let source = Source::given(
            [
                ("PERMALLOY_CONNECTORS_SAMPLE_BASE_URL", base_url.as_str()),
                ("PERMALLOY_OUTBOUND_ALLOW", "127.0.0.1/32"),
                ("PERMALLOY_RETENTION_KEEP_BODIES", "true"),
            ],
            [],
        );
        let flags = Flags { data_dir: Some(data.path().display().to_string()), ..Flags::default() };
        let config = Config::load(&flags, &source).unwrap();
        let app =
            App::build(config, "http://127.0.0.1:1".into(), Telemetry::silent().unwrap()).await.unwrap();
        let now = app.clock.now();
        let account = AccountRow { account_id: "acc".into(), name: "acme".into(), created_at: now };
        app.db.create_account(&account).await.unwrap();
        let admin = host(&app, "acc".into(), "ann".into());
        admin.account().ensure_user("ann", now).await.unwrap();
        admin.account().ensure_user("ben", now).await.unwrap();
        Self { app, platform, admin, _data: data }
    }

    async fn connect(&self, token: &str) -> String {
        let request =
            serde_json::from_value(json!({ "authenticationType": "bearer", "data": { "token": token } }));
        let by = Keeper::from(&*self.admin);
        credentials::create(&self.app, &by, "sample", request.unwrap()).await.unwrap().credential_id
    }

    fn acting(&self) -> Acting {
        Acting::of_member(&self.admin)
    }

    async fn run(
        &self,
        action: &str,
        parameters: &Value,
        change: impl FnOnce(&mut ExecuteRequest<'_>),
    ) -> Answered {
        self.run_as(&self.acting(), action, parameters, change).await
    }

    async fn run_as(
        &self,
        by: &Acting,
        action: &str,
        parameters: &Value,
        change: impl FnOnce(&mut ExecuteRequest<'_>),
    ) -> Answered {
        let parameters = RawValue::from_string(parameters.to_string()).unwrap();
        let mut request = ExecuteRequest::new("sample", action, Some(&parameters));
        change(&mut request);
        match run(&self.app, by, request).await {
            Ok(executed) => Ok(serde_json::from_str(&executed.json).unwrap()),
            Err(failed) => Err(serde_json::from_str::<Value>(&failed.json()).unwrap()["error"].clone()),
        }
    }

    async fn record(&self, execution_id: &Value) -> store::Execution {
        let id = execution_id.as_str().unwrap();
        self.admin.account().find_execution(id).await.unwrap().expect("there is a record")
    }
}

/// The structured result, or the `error` object.
type Answered = Result<Value, Value>;

fn as_is(_: &mut ExecuteRequest<'_>) {}

#[tokio::test]
async fn a_run_answers_with_what_the_platform_said_and_leaves_a_record() {
    let world = World::new().await;
    let credential_id = world.connect(TOKEN).await;
    let answer = world.run("notes_get", &json!({ "noteId": "note-1" }), as_is).await.unwrap();
    assert_eq!(answer["success"], true);
    assert_eq!(answer["result"], json!({ "id": "note-1", "password": "hidden" }));
    let record = world.record(&answer["executionId"]).await;
    assert_eq!(record.status, ExecutionStatus::Succeeded);
    assert_eq!((record.upstream_status, record.attempts), (Some(200), 1));
    assert_eq!(record.credential_id.as_deref(), Some(&*credential_id));
    assert_eq!(record.arguments.as_deref(), Some(r#"{"noteId":"note-1"}"#));
    assert_eq!(record.result.as_deref(), Some(r#"{"id":"note-1","password":"***"}"#), "secrets are not kept");
    assert!(record.finished_at.is_some() && record.response_bytes > 0 && record.read_only);
    assert_eq!(*world.platform.seen.lock().unwrap(), [format!("Bearer {TOKEN}")]);
}

#[tokio::test]
async fn what_the_platform_refuses_is_told_in_its_own_words() {
    let world = World::new().await;
    world.connect(TOKEN).await;
    world.platform.failing.store(422, Ordering::SeqCst);
    let error = world.run("notes_create", &json!({ "title": "a" }), as_is).await.unwrap_err();
    assert_eq!((&error["message"], &error["upstreamStatus"]), (&json!("The title is taken."), &json!(422)));
    assert_eq!(error["retryable"], false);
    let list =
        world.admin.account().list_executions(store::ExecutionFilter::default(), 10, None).await.unwrap();
    assert_eq!(
        list.iter().map(|row| (row.status, row.upstream_status)).collect::<Vec<_>>(),
        [(ExecutionStatus::Failed, Some(422))]
    );
}

#[tokio::test]
async fn wrong_arguments_are_all_named_and_nothing_is_sent_or_recorded() {
    let world = World::new().await;
    world.connect(TOKEN).await;
    let error = world.run("notes_create", &json!({ "titel": "a", "status": 5 }), as_is).await.unwrap_err();
    assert_eq!(error["code"], "INVALID_REQUEST");
    let paths: Vec<&str> =
        error["details"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/titel", "/status", "/title"]);
    assert_eq!(error["details"][0]["suggestion"], "title");
    assert_eq!(world.platform.calls(), 0);
    let list =
        world.admin.account().list_executions(store::ExecutionFilter::default(), 10, None).await.unwrap();
    assert!(list.is_empty());
}

#[tokio::test]
async fn without_a_credential_the_error_says_what_to_do() {
    let world = World::new().await;
    let error = world.run("notes_list", &json!({}), as_is).await.unwrap_err();
    assert_eq!(error["code"], "CREDENTIAL_NOT_FOUND");
    assert_eq!(error["details"]["authenticationTypes"], json!(["bearer"]));
    assert!(error["details"]["nextStep"].as_str().unwrap().contains("create_credential_alloy"));
    assert_eq!(world.platform.calls(), 0);
}

#[tokio::test]
async fn a_credential_works_for_its_own_user_only() {
    let world = World::new().await;
    let credential_id = world.connect(TOKEN).await;
    let ben = Acting::of_member(&host(&world.app, "acc".into(), "ben".into()));
    let named = |request: &mut ExecuteRequest<'_>| request.credential_id = Some("cred_of_nobody");
    let nobody = world.run_as(&ben, "notes_list", &json!({}), named).await.unwrap_err();
    let parameters = RawValue::from_string("{}".into()).unwrap();
    let mut request = ExecuteRequest::new("sample", "notes_list", Some(&parameters));
    request.credential_id = Some(&credential_id);
    let anns = run(&world.app, &ben, request).await.unwrap_err();
    assert_eq!(
        serde_json::from_str::<Value>(&anns.json()).unwrap()["error"],
        nobody,
        "one cannot be told from the other"
    );
    assert_eq!(nobody["code"], "CREDENTIAL_NOT_FOUND");
}

#[tokio::test]
async fn a_repeat_with_the_same_idempotency_key_sends_nothing() {
    let world = World::new().await;
    world.connect(TOKEN).await;
    let key = |request: &mut ExecuteRequest<'_>| request.idempotency_key = Some("order-1");
    let first = world.run("notes_create", &json!({ "title": "a", "text": "b" }), key).await.unwrap();
    let second = world.run("notes_create", &json!({ "text": "b", "title": "a" }), key).await.unwrap();
    assert_eq!(first, second, "the same execution, also with the members in another order");
    assert_eq!(world.platform.calls(), 1);
    let other = world.run("notes_create", &json!({ "title": "c" }), key).await.unwrap_err();
    assert_eq!((&other["code"], &other["retryable"]), (&json!("CONFLICT"), &json!(false)));
    assert_eq!(world.platform.calls(), 1);
}

#[tokio::test]
async fn a_refusal_is_repeated_too_but_a_key_that_sent_nothing_is_free_again() {
    let world = World::new().await;
    let key = |request: &mut ExecuteRequest<'_>| request.idempotency_key = Some("order-2");
    let missing = world.run("notes_create", &json!({ "title": "a" }), key).await.unwrap_err();
    assert_eq!(missing["code"], "CREDENTIAL_NOT_FOUND");
    world.connect(TOKEN).await;
    world.platform.failing.store(500, Ordering::SeqCst);
    let first = world.run("notes_create", &json!({ "title": "a" }), key).await.unwrap_err();
    world.platform.failing.store(0, Ordering::SeqCst);
    let second = world.run("notes_create", &json!({ "title": "a" }), key).await.unwrap_err();
    assert_eq!((first, world.platform.calls()), (second, 1));
}

#[tokio::test]
async fn an_interrupted_call_is_not_repeated_unless_that_does_no_harm() {
    let world = World::new().await;
    world.connect(TOKEN).await;
    let by = world.acting();
    for (action, parameters, expected_calls) in
        [("notes_create", json!({ "title": "a" }), 0), ("notes_get", json!({ "noteId": "note-1" }), 1)]
    {
        let found = world.app.catalogue.find_action(Sight::All, "sample", action).unwrap();
        let now = world.app.clock.now();
        let mut record = record::open(&by, &found, None, now);
        let text = parameters.to_string();
        let asked = idempotency::Asked { parameters: &text, page: None };
        let claim = idempotency::claim(&world.app, &by, &found, "key", asked, &record.execution_id);
        assert!(matches!(claim.await.unwrap(), idempotency::Held::Ours));
        world.app.log.record(record.clone()).await.unwrap();
        let key = |request: &mut ExecuteRequest<'_>| request.idempotency_key = Some("key");
        let running = world.run(action, &parameters, key).await.unwrap_err();
        assert_eq!(
            (&running["code"], &running["retryable"]),
            (&json!("CONFLICT"), &json!(true)),
            "{running}"
        );
        record.status = ExecutionStatus::Unknown;
        world.app.log.record(record).await.unwrap();
        let before = world.platform.calls();
        let again = world.run(action, &parameters, key).await;
        assert_eq!(world.platform.calls() - before, expected_calls, "{action}: {again:?}");
        if let Err(error) = again {
            assert!(error["message"].as_str().unwrap().contains("outcome is unknown"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_long_result_is_continued_from_what_was_kept_and_then_from_the_platform() {
    let world = World::new().await;
    world.connect(TOKEN).await;
    let (mut seen, mut cursor, mut calls) = (Vec::new(), None::<String>, Vec::new());
    loop {
        let parameters = if cursor.is_none() { json!({ "limit": 40 }) } else { json!({}) };
        let on = cursor.clone();
        let raw = RawValue::from_string(parameters.to_string()).unwrap();
        let mut request = ExecuteRequest::new("sample", "notes_list", Some(&raw));
        request.cursor = on.as_deref();
        let executed = run(&world.app, &world.acting(), request).await.unwrap();
        let answer: Value = serde_json::from_str(&executed.json).unwrap();
        let notes = answer["result"]["notes"].as_array().unwrap();
        assert!(notes.len() <= 25, "at most 25 items at once");
        seen.extend(notes.iter().map(|note| note["id"].as_str().unwrap().to_owned()));
        calls.push(world.platform.calls());
        assert_eq!(answer["metadata"]["totalCount"], 70);
        cursor = answer["metadata"]["nextCursor"].as_str().map(str::to_owned);
        assert_eq!(answer["metadata"]["truncated"], cursor.is_some());
        if cursor.is_none() {
            break;
        }
    }
    let all: Vec<String> = (0..70).map(|n| format!("note-{n}")).collect();
    assert_eq!(seen, all, "nothing is lost, nothing comes twice");
    assert_eq!(calls, [1, 1, 2, 2], "two pages were asked for, each was given in two parts");
}

#[tokio::test]
async fn a_cursor_is_nobody_elses_and_nothing_elses() {
    let world = World::new().await;
    world.connect(TOKEN).await;
    let answer = world.run("notes_list", &json!({ "limit": 40 }), as_is).await.unwrap();
    let cursor = answer["metadata"]["nextCursor"].as_str().unwrap().to_owned();
    let ben = Acting::of_member(&host(&world.app, "acc".into(), "ben".into()));
    for (by, action, parameters) in [
        (&ben, "notes_list", json!({})),
        (&world.acting(), "notes_search", json!({ "query": "a" })),
        (&world.acting(), "notes_list", json!({ "limit": 30 })),
    ] {
        let raw = RawValue::from_string(parameters.to_string()).unwrap();
        let mut request = ExecuteRequest::new("sample", action, Some(&raw));
        request.cursor = Some(&cursor);
        let failed = run(&world.app, by, request).await.unwrap_err();
        assert_eq!(failed.code(), "INVALID_REQUEST", "{action} {parameters}");
        let error = crate::error::Error::from(failed);
        assert_eq!(error.details().first().map(|detail| detail.field.as_str()), Some("cursor"));
    }
}

#[tokio::test]
async fn a_run_whose_client_goes_away_is_carried_to_its_end() {
    let world = World::new().await;
    world.connect(TOKEN).await;
    world.platform.slow_ms.store(300, Ordering::SeqCst);
    let parameters = json!({ "title": "a" });
    let left =
        tokio::time::timeout(Duration::from_millis(150), world.run("notes_create", &parameters, as_is)).await;
    assert!(left.is_err(), "the client left before the answer");
    let ended = async {
        loop {
            let rows = world
                .admin
                .account()
                .list_executions(store::ExecutionFilter::default(), 10, None)
                .await
                .unwrap();
            let statuses: Vec<_> = rows.iter().map(|row| row.status).collect();
            if statuses != [ExecutionStatus::Running] {
                return statuses;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let statuses = tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
    assert_eq!(statuses, [ExecutionStatus::Succeeded]);
}

#[tokio::test]
async fn a_platform_that_is_gone_is_told_without_its_address() {
    let world = World::new().await;
    world.connect(TOKEN).await;
    world.platform.slow_ms.store(3_000, Ordering::SeqCst);
    let short = |request: &mut ExecuteRequest<'_>| request.timeout = MIN_TIMEOUT;
    let error = world.run("notes_create", &json!({ "title": "a" }), short).await.unwrap_err();
    assert_eq!(error["code"], "UPSTREAM_TIMEOUT");
    assert_eq!(error["retryable"], false, "the note may have been made");
    assert!(error["message"].as_str().unwrap().contains("check before repeating"), "{error}");
    assert!(!error.to_string().contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn testing_a_credential_notes_what_the_platform_thinks_of_it() {
    let world = World::new().await;
    let by = Keeper::from(&*world.admin);
    let bad = world.connect("another").await;
    let tested = credentials::test(&world.app, &by, &bad).await.unwrap();
    assert_eq!((tested.success, tested.status), (false, "error"));
    assert_eq!(credentials::get(&by, &bad).await.unwrap().status, "error");
    let error = world.run("notes_list", &json!({}), as_is).await.unwrap_err();
    assert_eq!(error["code"], "CREDENTIAL_NOT_FOUND", "what does not work is not chosen");
    let data = json!({ "token": TOKEN });
    let updated = credentials::update(&world.app, &by, &bad, Some("Mine"), data.as_object()).await.unwrap();
    assert_eq!((updated.status, updated.name.as_str()), ("active", "Mine"));
    let tested = credentials::test(&world.app, &by, &bad).await.unwrap();
    assert_eq!((tested.success, tested.status), (true, "active"));
    let shown = serde_json::to_string(&credentials::list(&by, None, None, 10, None).await.unwrap()).unwrap();
    assert!(!shown.contains(TOKEN), "{shown}");
    credentials::delete(&world.app, &by, &bad).await.unwrap();
    assert!(credentials::get(&by, &bad).await.is_err());
    assert!(crate::ops::audit::verify(&world.admin).await.unwrap().valid);
}

#[tokio::test]
async fn a_root_key_rotation_keeps_credentials_readable() {
    let world = World::new().await;
    world.connect(TOKEN).await;
    let (mut steps, before) = (Vec::new(), world.app.db.list_data_keys().await.unwrap());
    let old = vault_key(&world);
    let fresh = vault::RootKey::generate();
    let sealing = crate::ops::sealing::Sealing::new(vault::Vault::new(&fresh, &[old]));
    let rotated = sealing.rotate(&world.app.db, |done, total| steps.push((done, total))).await.unwrap();
    assert_eq!((rotated.total, rotated.rewrapped), (1, 1));
    assert_eq!(steps, [(1, 1)]);
    let after = world.app.db.list_data_keys().await.unwrap();
    assert_ne!(before.first().unwrap().key.wrapped, after.first().unwrap().key.wrapped);
    assert_eq!(
        sealing.rotate(&world.app.db, |_, _| ()).await.unwrap().rewrapped,
        0,
        "what is done stays done"
    );
    let only_new = crate::ops::sealing::Sealing::new(vault::Vault::new(&fresh, &[]));
    let row = world.admin.account().newest_active_credential("ann", "sample").await.unwrap().unwrap();
    let opened = only_new
        .open(world.admin.account(), &row.credential_id, credentials::SEALED_FIELD, &row.sealed)
        .await
        .unwrap();
    assert_eq!(opened.expose_str(), Some(&*format!(r#"{{"token":"{TOKEN}"}}"#)));
    let elsewhere =
        only_new.open(world.admin.account(), "cred_other", credentials::SEALED_FIELD, &row.sealed).await;
    assert!(elsewhere.is_err(), "a sealed value opens in its own place only");
}

fn vault_key(world: &World) -> vault::RootKey {
    crate::config::vault_key::load_or_create(&world.app.config.vault).unwrap().current
}
