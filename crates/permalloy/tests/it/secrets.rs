//! Secrets stay where they belong: no key, token or credential is in a log, in a file of the product, in metrics, or
//! in an answer that is not the one that hands it out.

use std::path::Path;

use serde_json::{Value, json};

use crate::world::{Call, Era, Platform, text};

/// All files of a directory, with their bytes.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).expect("a file")));
        }
    }
    found
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[tokio::test]
async fn no_secret_is_in_logs_files_metrics_or_answers() {
    let platform = Platform::start().await;
    let world = platform.world_with(&[("PERMALLOY_LOG", "trace"), ("PERMALLOY_LOG_FORMAT", "json")]).await;
    let admin = world.first_key();
    let member = world.key(&admin, "member", "mia").await;
    let server = world.server(&admin, json!({ "name": "Watched" })).await;
    let path = format!("/api/servers/{}", server.id);
    let second =
        text(&world.manage(&admin, "POST", &format!("{path}/tokens"), &json!({})).await.ok(), "accessToken");
    let canary = ["canary", "of", "a", "credential"].join("-");
    let credential = |data: Value| json!({ "authenticationType": "bearer", "data": data });
    let credentials = "/api/connectors/sample/credentials";
    let made = world.manage(&admin, "POST", credentials, &credential(json!({ "token": canary }))).await.ok();
    let credential_id = text(&made, "credentialId");
    let jwt = ["eyJhbGciOiJub25lIn0", "eyJzdWIiOiJtaWEifQ", "canary-signature"].join(".");

    // What works, what fails, and what is put where it does not belong.
    let mut answers = vec![made.to_string()];
    for era in Era::BOTH {
        let run = json!({ "connectorId": "sample", "actionId": "notes_list", "parameters": {} });
        let call = era.call(
            &server.path(),
            "tools/call",
            json!({ "name": "execute_action_alloy", "arguments": run }),
        );
        let wrong = json!({ "connectorId": "sample", "authenticationType": canary, "fields": canary });
        let misplaced = json!({ "name": "create_credential_alloy", "arguments": wrong });
        for call in [
            call.clone(),
            call.header("x-alloy-user-token", &jwt),
            era.call(&format!("/mcp/none/{}", server.token), "ping", json!({})),
            era.call(&format!("{}/more", server.path()), "ping", json!({})),
            era.call(&format!("/{}", server.path()), "ping", json!({})),
            era.call(&format!("/base{}", server.path()), "ping", json!({})),
            era.call(&server.path().replace("/mcp/", "/MCP/"), "ping", json!({})),
            era.call(&server.path().replace("/mcp/", "/mc%70/"), "ping", json!({})),
            era.call(&format!("/api/servers/{}?token={}", server.token, server.token), "ping", json!({})),
            era.call(&server.path(), "tools/call", misplaced),
        ] {
            answers.push(world.send(call).await.text);
        }
    }
    for (method, target, body) in [
        ("POST", credentials, credential(json!(canary))),
        ("POST", credentials, credential(json!({ "token": [canary] }))),
        ("POST", credentials, credential(json!({ "token": canary, "tokn": canary }))),
        ("GET", credentials, Value::Null),
        ("GET", &format!("/api/credentials/{credential_id}"), Value::Null),
        ("POST", &format!("/api/credentials/{credential_id}/test"), Value::Null),
        ("GET", "/api/executions", Value::Null),
        ("GET", "/api/audit", Value::Null),
        ("GET", "/api/keys", Value::Null),
        ("GET", &format!("{path}/tokens"), Value::Null),
        ("GET", "/metrics", Value::Null),
    ] {
        answers.push(world.manage(&admin, method, target, &body).await.text);
    }
    for call in [
        Call::new("GET", "/api/servers").bearer(&jwt),
        Call::new("GET", "/api/servers").bearer(&member.secret).header("x-alloy-userid", "admin"),
        Call::new("GET", &format!("/api/keys/{}", member.secret)).bearer(&admin.secret),
        Call::new("GET", &format!("/api/servers?key={}", member.secret)).bearer(&admin.secret),
    ] {
        answers.push(world.send(call).await.text);
    }
    assert!(platform.calls() >= 3, "the credential was used");

    let log = world.product.log();
    assert!(log.lines().count() > 20, "there is a log: {log}");
    assert!(log.contains(&format!("/mcp/{}/***", server.id)), "paths are logged without the token: {log}");
    let files = files(&world.product.data_dir());
    assert!(files.iter().any(|(_, bytes)| holds(bytes, &server.id)), "the database was looked at");
    for secret in [&admin.secret, &member.secret, &server.token, &second, &canary, &jwt] {
        assert!(!log.contains(secret.as_str()), "the log holds {secret}");
        for (file, bytes) in &files {
            assert!(!holds(bytes, secret), "{file} holds {secret}");
        }
        for answer in &answers {
            assert!(!answer.contains(secret.as_str()), "{secret} is in {answer}");
        }
    }
}
