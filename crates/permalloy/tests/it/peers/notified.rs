//! Official clients that are told of a change: over the `GET` stream of the earlier revisions, and over
//! `subscriptions/listen` of 2026-07-28.

use std::process::Stdio;
use std::time::Duration;

use axum::http::Method;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::time::timeout;

use super::installed::{Peers, own_file};
use crate::process::Product;

#[tokio::test]
async fn the_typescript_sdk_of_the_first_generation_is_told_that_prompts_changed() {
    is_told("sdk").await;
}

#[tokio::test]
async fn the_typescript_client_is_told_that_prompts_changed_by_default() {
    is_told("default").await;
}

#[tokio::test]
async fn the_typescript_client_of_the_stateless_revision_is_told_that_prompts_changed() {
    is_told("modern").await;
}

async fn is_told(mode: &str) {
    let Some(peers) = Peers::installed("clients that are told of changes") else { return };
    let product = Product::start(&[]).await;
    let server = product.create_server(json!({ "name": "Changing" })).await;
    let mut client = peers.node(&own_file("notified.mjs"));
    let mut client =
        client.args([server.url.as_str(), mode]).stdout(Stdio::piped()).spawn().expect("the client starts");
    let mut lines = BufReader::new(client.stdout.take().expect("a pipe")).lines();
    let connected = timeout(Duration::from_mins(1), lines.next_line()).await.expect("it connects in time");
    assert_eq!(connected.expect("it prints").as_deref(), Some("connected"));

    // The stream opens some time after the handshake, and tells only of what comes later: so change again.
    let mut changes = 0;
    while timeout(Duration::from_millis(500), client.wait()).await.is_err() {
        changes += 1;
        assert!(
            changes <= 60,
            "the client was not told of {changes} changes; the log says:\n{}",
            product.log()
        );
        let path = format!("/api/servers/{}/prompts/new_{changes}", server.id);
        let prompt = json!({ "title": "New", "description": "New.", "arguments": [], "template": "New." });
        product.managed(Method::PUT, &path, &prompt).await;
    }
    let mut told = String::new();
    lines.into_inner().read_to_string(&mut told).await.expect("it prints");
    let names: Vec<String> = serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told:?}"));
    assert!(names.iter().any(|name| name.starts_with("new_")), "{names:?}");
}
