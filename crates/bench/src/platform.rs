//! The stand-in for a platform: answers `POST /echo` with about 1 KiB of JSON that carries the caller's
//! number back, so that an answer proves its call, and counts the calls.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde::Deserialize;
use tokio::net::TcpListener;

type Calls = Arc<AtomicU64>;

#[derive(Deserialize)]
struct Echo {
    n: u64,
}

/// Serves until it is stopped.
pub(crate) async fn serve(listen: SocketAddr) -> Result<()> {
    let calls = Calls::default();
    let routes = Router::new().route("/echo", post(echo)).route("/stats", get(stats)).with_state(calls);
    axum::serve(TcpListener::bind(listen).await?, routes).await?;
    Ok(())
}

async fn echo(State(calls): State<Calls>, headers: HeaderMap, body: Bytes) -> Response {
    if !headers.get(header::AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Bearer ")) {
        return json(StatusCode::UNAUTHORIZED, r#"{"message":"no token"}"#.to_owned());
    }
    let Ok(Echo { n }) = serde_json::from_slice(&body) else {
        return json(StatusCode::BAD_REQUEST, r#"{"message":"no number"}"#.to_owned());
    };
    calls.fetch_add(1, Ordering::Relaxed);
    json(StatusCode::OK, record(n))
}

async fn stats(State(calls): State<Calls>) -> Response {
    json(StatusCode::OK, format!(r#"{{"calls":{}}}"#, calls.load(Ordering::Relaxed)))
}

/// About 1 KiB, the same but for the number.
fn record(n: u64) -> String {
    const NOTE: &str =
        "The quarterly report is ready for review; figures agree with the ledger of last month.";
    let mut text = format!(r#"{{"id":"rec_0001","object":"record","n":{n},"status":"open","fields":{{"#);
    for i in 0..9 {
        let comma = if i == 0 { "" } else { "," };
        write!(text, r#"{comma}"field_{i}":"{NOTE}""#).expect("writing to a string");
    }
    text.push_str(r#"},"createdAt":"2026-11-23T00:00:00Z"}"#);
    text
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_about_a_kilobyte_of_json_with_the_number_in_it() {
        let text = record(123_456);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["n"], 123_456);
        assert!((950..1150).contains(&text.len()), "{}", text.len());
    }
}
