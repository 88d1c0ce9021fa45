//! Sample Notes: the small platform that the demo acts on, as `connectors/sample/notes.md` describes it. It holds
//! its notes in memory and knows one token.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::clock::Clock;

/// The platform's state.
pub(super) struct Platform {
    token: String,
    clock: Clock,
    notes: Mutex<Notes>,
}

struct Notes {
    next: u64,
    /// Oldest first.
    all: Vec<Note>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Open,
    Closed,
    Pending,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Note {
    id: String,
    title: String,
    text: String,
    tags: Vec<String>,
    status: Status,
    author: String,
    created_at: String,
    updated_at: String,
}

/// The body of `POST` and, without the author, of `PATCH`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: Option<String>,
    text: Option<String>,
    tags: Option<Vec<String>>,
    status: Option<Status>,
    author: Option<String>,
}

const PEOPLE: [(&str, &str, &str); 3] = [
    ("person-1", "Ada Lindqvist", "ada@notes.example"),
    ("person-2", "Bo Okafor", "bo@notes.example"),
    ("person-3", "Chen Wei", "chen@notes.example"),
];

/// A failure as this platform says it.
struct Failure(StatusCode, &'static str, String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": { "code": self.1, "message": self.2 } }))).into_response()
    }
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message.into())
}

fn no_note() -> Failure {
    Failure(StatusCode::NOT_FOUND, "not_found", "There is no note with this id.".into())
}

type Shared = State<Arc<Platform>>;
type Answer = Result<Response, Failure>;

/// The platform's routes. `token` is what every request has to carry.
pub(super) fn router(token: String, clock: Clock) -> Router {
    let notes = Mutex::new(Notes { next: 1, all: Vec::new() });
    let platform = Arc::new(Platform { token, clock, notes });
    for (title, text, tags) in [
        ("Groceries", "Coffee, bread, apples", ["home", "shopping"]),
        ("Release checklist", "Tag the version, write the notes, tell the team", ["work", "release"]),
        ("Book flights", "Lisbon in March, aisle seat", ["home", "travel"]),
    ] {
        platform.add(title, text, &tags);
    }
    Router::new()
        .route("/notes", get(list).post(create))
        .route("/notes/search", get(search))
        .route("/notes/{id}", get(show).patch(update).delete(delete))
        .route("/people", get(people))
        .route("/echo", post(echo))
        .method_not_allowed_fallback(async || {
            Failure(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This method is not for this path.".into(),
            )
        })
        .fallback(async || Failure(StatusCode::NOT_FOUND, "not_found", "There is nothing here.".into()))
        .layer(middleware::from_fn_with_state(Arc::clone(&platform), authenticate))
        .with_state(platform)
}

impl Platform {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> String {
        let now: DateTime<Utc> = self.clock.now();
        now.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    fn add(&self, title: &str, text: &str, tags: &[&str]) {
        let now = self.now();
        let mut notes = self.notes();
        let id = format!("note-{}", notes.next);
        notes.next += 1;
        notes.all.push(Note {
            id,
            title: title.into(),
            text: text.into(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            status: Status::Open,
            author: "person-1".into(),
            created_at: now.clone(),
            updated_at: now,
        });
    }
}

async fn authenticate(State(platform): Shared, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|given| given.strip_prefix("Bearer ")) == Some(platform.token.as_str()) {
        return next.run(request).await;
    }
    Failure(StatusCode::UNAUTHORIZED, "unauthorized", "The token is missing or wrong.".into()).into_response()
}

/// The query parameters of a request, none of them unknown.
fn query(request: &Request, known: &[&str]) -> Result<Vec<(String, String)>, Failure> {
    let raw = request.uri().query().unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
    match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(invalid(format!("Unknown query parameter {name}."))),
        None => Ok(pairs),
    }
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

fn limit(pairs: &[(String, String)]) -> Result<usize, Failure> {
    let limit = value(pairs, "limit").map_or(Ok(20), str::parse);
    limit.ok().filter(|limit| (1..=100).contains(limit)).ok_or_else(|| invalid("limit has to be 1 to 100."))
}

async fn list(State(platform): Shared, request: Request) -> Answer {
    let pairs = query(&request, &["status", "tag", "limit", "cursor"])?;
    let limit = limit(&pairs)?;
    let status: Option<Status> = match value(&pairs, "status") {
        Some(word) => {
            let word = Value::String(word.to_owned());
            Some(
                serde_json::from_value(word)
                    .map_err(|_wrong| invalid("status has to be open, closed or pending."))?,
            )
        }
        None => None,
    };
    let from: usize =
        value(&pairs, "cursor").map_or(Ok(0), str::parse).map_err(|_wrong| invalid("Unknown cursor."))?;
    let notes = platform.notes();
    let fitting: Vec<_> = notes
        .all
        .iter()
        .rev()
        .filter(|note| status.is_none_or(|status| note.status == status))
        .filter(|note| value(&pairs, "tag").is_none_or(|tag| note.tags.iter().any(|own| own == tag)))
        .collect();
    let page: Vec<_> = fitting.iter().skip(from).take(limit).collect();
    let next = (from + page.len() < fitting.len()).then(|| (from + page.len()).to_string());
    Ok(Json(json!({ "notes": page, "total": fitting.len(), "nextCursor": next })).into_response())
}

async fn search(State(platform): Shared, request: Request) -> Answer {
    let pairs = query(&request, &["q", "limit"])?;
    let limit = limit(&pairs)?;
    let words = value(&pairs, "q")
        .filter(|words| !words.trim().is_empty())
        .ok_or_else(|| invalid("q is required."))?;
    let words: Vec<_> = words.split_whitespace().map(str::to_lowercase).collect();
    let notes = platform.notes();
    let mut found: Vec<(usize, &Note)> = notes
        .all
        .iter()
        .rev()
        .filter_map(|note| {
            let text = format!("{} {}", note.title, note.text).to_lowercase();
            let counts = words.iter().map(|word| text.matches(word.as_str()).count());
            counts.clone().all(|count| count > 0).then(|| (counts.sum(), note))
        })
        .collect();
    found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let page: Vec<_> = found.iter().take(limit).map(|(_, note)| note).collect();
    Ok(Json(json!({ "notes": page, "total": found.len() })).into_response())
}

async fn show(State(platform): Shared, Path(id): Path<String>) -> Answer {
    let notes = platform.notes();
    let note = notes.all.iter().find(|note| note.id == id).ok_or_else(no_note)?;
    Ok(Json(note).into_response())
}

fn read(body: &[u8]) -> Result<Written, Failure> {
    let written: Written = serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
    let long =
        |text: &Option<String>, most: usize| text.as_ref().is_some_and(|text| text.chars().count() > most);
    if written.title.as_ref().is_some_and(String::is_empty) || long(&written.title, 200) {
        return Err(invalid("title has to have 1 to 200 characters."));
    }
    if long(&written.text, 20_000) {
        return Err(invalid("text has at most 20,000 characters."));
    }
    let tags = written.tags.as_deref().unwrap_or_default();
    if tags.len() > 20 || tags.iter().any(|tag| tag.is_empty() || tag.chars().count() > 50) {
        return Err(invalid("at most 20 tags of 1 to 50 characters."));
    }
    Ok(written)
}

async fn create(State(platform): Shared, body: axum::body::Bytes) -> Answer {
    let written = read(&body)?;
    let title = written.title.ok_or_else(|| invalid("title is required."))?;
    let author = written.author.unwrap_or_else(|| "person-1".into());
    if !PEOPLE.iter().any(|(id, ..)| *id == author) {
        return Err(invalid("There is no person with this id."));
    }
    let now = platform.now();
    let mut notes = platform.notes();
    let note = Note {
        id: format!("note-{}", notes.next),
        title,
        text: written.text.unwrap_or_default(),
        tags: written.tags.unwrap_or_default(),
        status: written.status.unwrap_or(Status::Open),
        author,
        created_at: now.clone(),
        updated_at: now,
    };
    notes.next += 1;
    notes.all.push(note.clone());
    Ok((StatusCode::CREATED, Json(note)).into_response())
}

async fn update(State(platform): Shared, Path(id): Path<String>, body: axum::body::Bytes) -> Answer {
    let written = read(&body)?;
    if written.author.is_some() {
        return Err(invalid("author cannot be changed."));
    }
    let now = platform.now();
    let mut notes = platform.notes();
    let note = notes.all.iter_mut().find(|note| note.id == id).ok_or_else(no_note)?;
    note.title = written.title.unwrap_or_else(|| note.title.clone());
    note.text = written.text.unwrap_or_else(|| note.text.clone());
    note.tags = written.tags.unwrap_or_else(|| note.tags.clone());
    note.status = written.status.unwrap_or(note.status);
    note.updated_at = now;
    Ok(Json(&*note).into_response())
}

async fn delete(State(platform): Shared, Path(id): Path<String>) -> Answer {
    let mut notes = platform.notes();
    let place = notes.all.iter().position(|note| note.id == id).ok_or_else(no_note)?;
    notes.all.remove(place);
    Ok(Json(json!({ "deleted": true, "id": id })).into_response())
}

async fn people() -> Response {
    let people: Vec<_> =
        PEOPLE.iter().map(|(id, name, email)| json!({ "id": id, "name": name, "email": email })).collect();
    Json(json!({ "people": people })).into_response()
}

async fn echo(body: axum::body::Bytes) -> Answer {
    let object: Map<String, Value> =
        serde_json::from_slice(&body).map_err(|error| invalid(error.to_string()))?;
    Ok(Json(json!({ "received": object })).into_response())
}
