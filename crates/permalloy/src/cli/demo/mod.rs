//! `permalloy demo`: the whole story in one command, offline. Starts the server on an empty database and a small
//! sample platform, both on loopback, and then is their client: makes a server, connects it, finds an action, runs
//! it, shows the record.

mod client;
mod platform;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::client::Client;
use super::{Call, Outcome, tell};
use crate::{
    app::App,
    chance,
    clock::Clock,
    config::{Config, Flags, source::Source},
    http, jobs,
    ops::accounts,
    telemetry::Telemetry,
};

#[derive(Args)]
pub(super) struct Demo {
    /// Leave everything running at the end, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

/// How long the parts may take to end.
const DRAIN: Duration = Duration::from_secs(5);

pub(super) async fn run(call: Call, demo: Demo) -> Outcome {
    let directory = std::env::temp_dir().join(format!("permalloy-demo-{}", chance::hex(12)));
    let outcome = Box::pin(story(&call, &demo, &directory)).await;
    // The demo's data is its own: a directory that was never made is as good as one removed.
    if let Err(error) = std::fs::remove_dir_all(&directory)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        super::say(&format!("could not remove {}: {error}", directory.display()));
    }
    outcome
}

async fn story(call: &Call, demo: &Demo, directory: &std::path::Path) -> Outcome {
    let sample = TcpListener::bind("127.0.0.1:0").await.context("cannot start the sample platform")?;
    let sample_url = format!("http://{}", sample.local_addr()?);
    let sample_token = format!("sample-{}", chance::alphanumeric(24));
    let listener = TcpListener::bind(call.flags.listen.as_deref().unwrap_or("127.0.0.1:0"))
        .await
        .context("cannot listen; choose another address with --listen")?;
    let config = config(directory, &listener, &sample_url)?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let app = App::build(config, base_url, Telemetry::silent()?).await?;
    let platform = platform::router(sample_token.clone(), Clock);
    let stop = app.tasks.stop.clone();
    app.tasks.spawn(async move {
        let served = axum::serve(sample, platform).with_graceful_shutdown(stop.cancelled_owned()).await;
        served.unwrap_or_else(|error| super::say(&format!("the sample platform ended: {error}")));
    });
    jobs::start(&app);
    let server = Arc::clone(&app);
    app.tasks.spawn(async move {
        let served = http::serve(server, listener).await;
        served.unwrap_or_else(|error| super::say(&format!("the server ended: {error:#}")));
    });
    let told = Box::pin(act(&app, &sample_url, &sample_token)).await;
    if told.is_ok() && demo.keep {
        tell("\nEverything keeps running; Ctrl-C ends it.")?;
        tokio::signal::ctrl_c().await?;
    }
    ensure!(app.close(DRAIN).await, "the demo's parts did not end in time");
    told
}

/// The demo's own settings, whatever the environment says: nothing of a real installation is touched.
fn config(directory: &std::path::Path, listener: &TcpListener, sample_url: &str) -> anyhow::Result<Config> {
    let flags = Flags {
        listen: Some(listener.local_addr()?.to_string()),
        data_dir: Some(directory.display().to_string()),
        outbound_allow: Some("127.0.0.1/32".into()),
        set: vec![format!("connectors.sample.base_url={sample_url}")],
        ..Flags::default()
    };
    Config::load(&flags, &Source::empty()).map_err(|problems| {
        anyhow::anyhow!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

/// A step of the story as it is told.
fn step(number: u8, title: &str) -> Outcome {
    tell(&format!("\n{number}. {title}"))
}

fn show(label: &str, text: &str) -> Outcome {
    tell(&format!("   {label:<12} {text}"))
}

async fn act(app: &Arc<App>, sample_url: &str, sample_token: &str) -> Outcome {
    let base = app.base_url.clone();
    step(1, "Permalloy starts on an empty database and makes an admin key")?;
    let first = accounts::first_start(app)
        .await
        .map_err(super::context::told)?
        .context("the database was not empty")?;
    show("address", &base)?;
    show("platform", &format!("{sample_url}  (Sample Notes, a small platform for this demo)"))?;
    let client = Client::new(app, &base, &first.key);

    step(2, "A company creates an MCP server over the HTTP API, for notes only, nothing may be deleted")?;
    let server = client
        .api(
            "POST",
            "/api/servers",
            Some(&json!({
                "name": "Notes Assistant",
                "customInstructions": "Write notes in plain English.",
                "restrictions": {
                    "connectors": { "mode": "allowlist", "allowedIds": ["sample"] },
                    "actions": { "mode": "blocklist", "blockedActions": ["notes_delete"] },
                },
            })),
        )
        .await?;
    let url = text(&server, "/accessUrl")?;
    show("token URL", &url)?;
    discover(&client, &url).await?;
    connect(&client, &url, sample_token).await?;
    execute(&client, &url).await?;
    records(&client).await?;
    tell(&format!(
        "\nThat was the whole story. For your own: permalloy serve, then connect an assistant to the token URL.\n\
         With --keep this installation stays up: {url}"
    ))
}

async fn discover(client: &Client, url: &str) -> Outcome {
    step(3, "An assistant connects to that URL and asks what it can do")?;
    let discovered = client.mcp(url, "server/discover", json!({})).await?;
    show("server", &text(&discovered, "/_meta/io.modelcontextprotocol~1serverInfo/title")?)?;
    let tools = client.mcp(url, "tools/list", json!({})).await?;
    let names: Vec<_> = tools.pointer("/tools").and_then(Value::as_array).into_iter().flatten().collect();
    show("tools", &format!("{} ({}, …)", names.len(), text(&tools, "/tools/0/name")?))?;

    step(4, "It looks for the right action for a goal")?;
    let found =
        client.tool(url, "discover_action_path_alloy", json!({ "goal": "write down a new note" })).await?;
    let action = text(&found, "/matches/0/actionId")?;
    show("best match", &format!("{}.{action}", text(&found, "/matches/0/connectorId")?))?;
    ensure!(action == "notes_create", "expected notes_create");
    Ok(())
}

async fn connect(client: &Client, url: &str, sample_token: &str) -> Outcome {
    step(5, "The user connects the platform: the token is sealed in the vault")?;
    let missing = client
        .tool_failure(
            url,
            "execute_action_alloy",
            json!({ "connectorId": "sample", "actionId": "notes_list", "parameters": {} }),
        )
        .await?;
    show("before", &text(&missing, "/error/code")?)?;
    let fields = json!({ "connectorId": "sample", "authenticationType": "bearer", "fields": { "token": sample_token } });
    let credential = client.tool(url, "create_credential_alloy", fields).await?;
    show("credential", &text(&credential, "/credentialId")?)?;
    Ok(())
}

async fn execute(client: &Client, url: &str) -> Outcome {
    step(6, "The assistant acts")?;
    let parameters = json!({ "title": "Call the printer", "text": "Ask about the paper", "tags": ["work"] });
    let arguments = json!({ "connectorId": "sample", "actionId": "notes_create", "parameters": parameters, "idempotencyKey": "demo-1" });
    let executed = client.tool(url, "execute_action_alloy", arguments.clone()).await?;
    let note = text(&executed, "/result/id")?;
    show("made", &format!("{note}: {}", text(&executed, "/result/title")?))?;
    let again = client.tool(url, "execute_action_alloy", arguments).await?;
    ensure!(
        again.pointer("/executionId") == executed.pointer("/executionId"),
        "the repeat was executed again"
    );
    show("repeated", "the same idempotency key: the first answer again, nothing sent twice")?;
    let list = json!({ "connectorId": "sample", "actionId": "notes_list", "parameters": { "limit": 2 } });
    let listed = client.tool(url, "execute_action_alloy", list).await?;
    show("read back", &text(&listed, "/result/notes/0/title")?)?;

    step(7, "What the server does not allow is refused before anything is sent")?;
    let delete = json!({ "connectorId": "sample", "actionId": "notes_delete", "parameters": { "id": note } });
    let refused = client.tool_failure(url, "execute_action_alloy", delete).await?;
    show("refused", &text(&refused, "/error/message")?)?;
    Ok(())
}

async fn records(client: &Client) -> Outcome {
    step(8, "Every execution is on record")?;
    let executions = client.api("GET", "/api/executions?limit=10", None).await?;
    for execution in executions.pointer("/executions").and_then(Value::as_array).into_iter().flatten() {
        let line = format!(
            "{}.{}  {}  {} ms",
            text(execution, "/connectorId")?,
            text(execution, "/actionId")?,
            text(execution, "/status")?,
            execution.pointer("/durationMs").and_then(Value::as_f64).unwrap_or_default()
        );
        show("execution", &line)?;
    }
    Ok(())
}

/// The text at a place of an answer; its absence fails the demo.
fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("the answer has no text at {pointer}: {value}"))
}
