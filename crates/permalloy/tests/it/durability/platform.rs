//! The platform behind the connector `sample`, as far as these tests use it: it counts what reached it by the
//! marker in the arguments, and answers at once, after a moment, or when it is told to.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// A marker that begins so is answered when [`Platform::release`] is called.
pub(super) const HELD: &str = "held";

pub(super) struct Platform {
    address: SocketAddr,
    seen: Arc<Seen>,
    _serving: JoinSet<()>,
}

struct Seen {
    requests: Mutex<HashMap<String, u32>>,
    arrivals: watch::Sender<u32>,
    released: watch::Sender<bool>,
}

impl Platform {
    pub(super) async fn start() -> Self {
        let seen = Arc::new(Seen {
            requests: Mutex::default(),
            arrivals: watch::Sender::new(0),
            released: watch::Sender::new(false),
        });
        let router = Router::new()
            .route("/echo", post(write))
            .route("/notes", post(write).get(list))
            .route("/people", get(async || Json(json!({ "people": [] }))))
            .with_state(Arc::clone(&seen));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.expect("the platform serves") });
        Self { address, seen, _serving: serving }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests with this marker reached the platform.
    pub(super) fn reached(&self, marker: &str) -> u32 {
        self.seen.requests().get(marker).copied().unwrap_or_default()
    }

    /// Every marker that reached the platform, with its number of requests.
    pub(super) fn all(&self) -> HashMap<String, u32> {
        self.seen.requests().clone()
    }

    /// Waits until that many requests have arrived since the start.
    pub(super) async fn arrived(&self, number: u32) {
        let mut arrivals = self.seen.arrivals.subscribe();
        let enough = arrivals.wait_for(|arrived| *arrived >= number);
        timeout(Duration::from_secs(20), enough).await.expect("they arrive in time").expect("it counts");
    }

    /// Answers what is held, now and from now on.
    pub(super) fn release(&self) {
        self.seen.released.send_replace(true);
    }
}

impl Seen {
    fn requests(&self) -> std::sync::MutexGuard<'_, HashMap<String, u32>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn note(&self, marker: &str) {
        *self.requests().entry(marker.to_owned()).or_default() += 1;
        self.arrivals.send_modify(|arrived| *arrived += 1);
        if marker.starts_with(HELD) {
            let mut released = self.released.subscribe();
            released.wait_for(|released| *released).await.expect("the platform outlives its requests");
        } else {
            // From none to 15 ms, so that a random moment meets runs in every state.
            let moment = marker.bytes().fold(7_u64, |sum, byte| sum * 31 % 1009 + u64::from(byte)) % 16;
            sleep(Duration::from_millis(moment)).await;
        }
    }
}

async fn write(State(seen): State<Arc<Seen>>, Json(body): Json<Value>) -> Json<Value> {
    seen.note(body["title"].as_str().unwrap_or_default()).await;
    Json(json!({ "received": body }))
}

async fn list(State(seen): State<Arc<Seen>>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    seen.note(query.get("tag").map_or("", String::as_str)).await;
    Json(json!({ "notes": [], "total": 0, "nextCursor": null }))
}
