//! Clients that nobody here wrote, unmodified, each on the same walk: list tools, resources and prompts, read,
//! complete, create an issue at GitHub's stand-in, and list what is there.
//!
//! The clients say what they saw as JSON; one function judges it, so that every client is held to the same.

use std::path::Path;

use anyhow::{Context, Result};
use axum::http::Method;
use rmcp::model::{
    CallToolRequestParams, ClientConfig, GetPromptRequestParams, ProtocolVersion, ReadResourceRequestParams,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{ClientLifecycleMode, ClientServiceExt};
use serde_json::{Value, json};
use tokio::process::Command;

use super::exchange::PlainClient;
use super::github::GitHub;
use super::installed::{Peers, finish, own_file, specification};
use super::process::Product;

const STATELESS: &str = "2026-07-28";
const HANDSHAKE: &str = "2025-11-25";

/// The eight tools, in their order.
const TOOLS: [&str; 8] = [
    "list_connectors_alloy",
    "get_connector_resources_alloy",
    "get_action_details_alloy",
    "execute_action_alloy",
    "create_credential_alloy",
    "get_credentials_alloy",
    "get_credential_metadata_alloy",
    "discover_action_path_alloy",
];

/// Inspector's command line, which has no command of its own in the package.
const INSPECTOR: &str = "@modelcontextprotocol/inspector/clients/launcher/build/index.js";

#[tokio::test]
async fn the_python_sdk_negotiates_the_stateless_revision() {
    python("auto", STATELESS).await;
}

#[tokio::test]
async fn the_python_sdk_shakes_hands() {
    python("legacy", HANDSHAKE).await;
}

#[tokio::test]
async fn the_python_sdk_pins_the_stateless_revision() {
    python(STATELESS, STATELESS).await;
}

#[tokio::test]
async fn the_typescript_client_shakes_hands_by_default() {
    typescript_client("default", HANDSHAKE).await;
}

#[tokio::test]
async fn the_typescript_client_negotiates_the_stateless_revision() {
    typescript_client("auto", STATELESS).await;
}

#[tokio::test]
async fn the_typescript_client_pins_the_stateless_revision() {
    typescript_client("modern", STATELESS).await;
}

#[tokio::test]
async fn the_typescript_sdk_of_the_first_generation_works() {
    let Some((peers, world)) = both("the TypeScript SDK").await else { return };
    let mut command = peers.node(&own_file("typescript_sdk.mjs"));
    let seen = report(command.arg(&world.url).arg(whole_walk("typescript-sdk").to_string())).await;
    world.judge(&seen, "typescript-sdk", HANDSHAKE).await;
}

#[tokio::test]
async fn inspector_finds_nothing_to_say_about_the_tools() {
    let Some((peers, world)) = both("Inspector").await else { return };
    for era in ["legacy", "auto", "modern"] {
        let listed = inspect(&peers, &world.url, era, &["--method", "tools/list", "--strict"]).await;
        assert_eq!(names(&listed["tools"], "name"), TOOLS, "era {era}");
    }
}

#[tokio::test]
async fn inspector_finds_nothing_to_say_about_direct_tools_and_calls_one() {
    let Some((peers, world)) = both("Inspector").await else { return };
    let url = world.product.create_server(json!({ "name": "Direct", "toolMode": "direct" })).await.url;

    let listed = inspect(&peers, &url, "auto", &["--method", "tools/list", "--strict"]).await;
    let tools = names(&listed["tools"], "name");
    assert!(tools.contains(&"github_issues_create") && tools.len() > 100, "{tools:?}");
    assert!(!tools.contains(&"execute_action_alloy"), "{tools:?}");

    let arguments = r#"{"owner":"octocat","repo":"hello-world","title":"Direct"}"#;
    let asked =
        ["--method", "tools/call", "--tool-name", "github_issues_create", "--tool-args-json", arguments];
    let created = inspect(&peers, &url, "auto", &asked).await;
    assert_eq!(result_of(&created)["title"], "Direct", "{created}");
    assert_eq!(world.github.operations(), ["issues/create"]);
}

#[tokio::test]
async fn inspector_executes_an_action() {
    let Some((peers, world)) = both("Inspector").await else { return };
    let mut answers = Vec::new();
    for call in calls("inspector").as_array().expect("calls") {
        let arguments = call["arguments"].to_string();
        let asked = ["--method", "tools/call", "--tool-name", "execute_action_alloy", "--tool-args-json"];
        answers.push(inspect(&peers, &world.url, "legacy", &[&asked[..], &[&arguments]].concat()).await);
    }
    world.judge_calls(&Value::Array(answers), "inspector").await;
}

#[tokio::test]
async fn the_rust_client_shakes_hands() {
    rust(ClientLifecycleMode::Initialize, HANDSHAKE).await;
}

#[tokio::test]
async fn the_rust_client_discovers_the_stateless_revision() {
    rust(ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::LATEST] }, STATELESS)
        .await;
}

#[tokio::test]
async fn a_plain_http_client_needs_no_handshake() {
    let Some(world) = World::start("the plain HTTP client").await else { return };
    let mut client = PlainClient::new(&world.url);
    let listed = client.request("tools/list", json!({})).await;
    assert_eq!(names(&listed["tools"], "name"), TOOLS);
    let mut answers = Vec::new();
    for call in calls("plain").as_array().expect("calls") {
        answers.push(client.call("execute_action_alloy", call["arguments"].clone()).await);
    }
    world.judge_calls(&Value::Array(answers), "plain").await;
    let hello = json!({
        "protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": { "name": "plain", "version": "1" },
    });
    assert_eq!(client.request("initialize", hello).await["protocolVersion"], HANDSHAKE);
    assert_eq!(client.request("ping", json!({})).await, json!({}));
}

async fn python(mode: &str, version: &str) {
    let Some((peers, world)) = both("the Python SDK").await else { return };
    let mut command = peers.python();
    command.arg(own_file("python_client.py")).args([&world.url, mode, &whole_walk(mode).to_string()]);
    world.judge(&report(&mut command).await, mode, version).await;
}

async fn typescript_client(mode: &str, version: &str) {
    let Some((peers, world)) = both("the TypeScript client").await else { return };
    let mut command = peers.node(&own_file("typescript_client.mjs"));
    command.args([&world.url, mode, &whole_walk(mode).to_string()]);
    world.judge(&report(&mut command).await, mode, version).await;
}

async fn rust(lifecycle: ClientLifecycleMode, version: &str) {
    let Some(world) = World::start("the Rust client").await else { return };
    let seen = rust_walk(&world.url, lifecycle, &whole_walk("rust")).await.expect("the walk ends well");
    world.judge(&seen, "rust", version).await;
}

/// What `tests/peers/walk.mjs` does, with rmcp.
async fn rust_walk(url: &str, lifecycle: ClientLifecycleMode, calls: &Value) -> Result<Value> {
    let transport = StreamableHttpClientTransport::from_uri(url);
    let client = ClientConfig::default().serve_with_lifecycle(transport, lifecycle).await?;
    let info = client.peer_info().context("the server says who it is")?;
    let mut seen = json!({
        "protocolVersion": info.protocol_version,
        "serverInfo": info.server_info,
        "instructions": info.instructions,
        "tools": client.list_all_tools().await?,
        "resources": client.list_all_resources().await?,
        "resourceTemplates": client.list_all_resource_templates().await?,
        "prompts": client.list_all_prompts().await?,
        "read": client.read_resource(ReadResourceRequestParams::new("alloy://connectors/github")).await?,
        "completion": { "completion": {
            "values": client.complete_prompt_simple("connect_platform", "connectorId", "git").await?,
        } },
        "calls": [],
    });
    let argument = json!({ "connectorId": "github" }).as_object().cloned().context("an object")?;
    let prompt = GetPromptRequestParams::new("connect_platform").with_arguments(argument);
    seen["prompt"] = json!(client.get_prompt(prompt).await?);
    for call in calls.as_array().context("calls")? {
        let arguments = call["arguments"].as_object().cloned().context("an object")?;
        let tool = call["tool"].as_str().context("a name")?.to_owned();
        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        let answer = json!(client.call_tool(request).await?);
        seen["calls"].as_array_mut().context("calls")?.push(answer);
    }
    client.cancel().await?;
    Ok(seen)
}

/// Runs Inspector's command line and gives back the result it printed.
async fn inspect(peers: &Peers, url: &str, era: &str, asked: &[&str]) -> Value {
    let mut command = peers.node(Path::new(INSPECTOR));
    command.args(["--cli", "--server-url", url, "--transport", "http", "--protocol-era", era]);
    let output = report(command.args(["--format", "json"]).args(asked)).await;
    output["result"].clone()
}

/// Runs a peer that must succeed, and reads what it printed.
async fn report(command: &mut Command) -> Value {
    let output = finish(command).await;
    let (printed, talk) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{printed}\n{talk}", output.status);
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}\n{talk}"))
}

/// What every client does at GitHub; `who` makes its issue its own.
fn calls(who: &str) -> Value {
    let repository = json!({ "owner": "octo cät", "repo": "hello-world" });
    let mut issue = repository.clone();
    issue["title"] = json!(format!("Found by {who}"));
    issue["body"] = json!("It “works”, even with ünïcode & <markup>.\n");
    issue["labels"] = json!(["bug"]);
    let mut list = repository;
    list["state"] = json!("all");
    list["per_page"] = json!(100);
    let call = |action: &str, parameters: Value| {
        let arguments = json!({ "connectorId": "github", "actionId": action, "parameters": parameters });
        json!({ "tool": "execute_action_alloy", "arguments": arguments })
    };
    json!([call("issues_create", issue), call("issues_list-for-repo", list)])
}

/// [`calls`], then one with a mistake in it, then the other tools, so that each client holds the answers
/// against the tools' output schemas.
fn whole_walk(who: &str) -> Value {
    let mut all = calls(who);
    let mistaken = json!({ "owner": "octocat", "repo": "hello-world", "titel": "Misspelt" });
    let github = json!({ "connectorId": "github" });
    let action = json!({ "connectorId": "github", "actionId": "issues_create" });
    let more = [
        ("execute_action_alloy", {
            let mut arguments = action.clone();
            arguments["parameters"] = mistaken;
            arguments
        }),
        ("list_connectors_alloy", json!({})),
        ("get_connector_resources_alloy", github.clone()),
        ("get_action_details_alloy", action),
        ("get_credentials_alloy", json!({})),
        ("get_credential_metadata_alloy", github),
        ("discover_action_path_alloy", json!({ "goal": "report a bug in a repository" })),
    ];
    let list = all.as_array_mut().expect("a list");
    list.extend(more.map(|(tool, arguments)| json!({ "tool": tool, "arguments": arguments })));
    all
}

fn names<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    let items = list.as_array().unwrap_or_else(|| panic!("a list, not {list}"));
    items.iter().map(|item| item[member].as_str().expect("a string")).collect()
}

/// The product with GitHub's stand-in behind it, and a server whose owner has a credential for that.
struct World {
    product: Product,
    github: GitHub,
    url: String,
}

async fn both(suite: &str) -> Option<(Peers, World)> {
    Some((Peers::installed(suite)?, World::start(suite).await?))
}

impl World {
    async fn start(suite: &str) -> Option<Self> {
        let github = GitHub::start(&specification("github.json", suite)?).await;
        let product = Product::start(&[
            ("PERMALLOY_CONNECTORS_GITHUB_BASE_URL", &github.base_url),
            ("PERMALLOY_OUTBOUND_ALLOW", "127.0.0.1/32"),
        ])
        .await;
        let credential = json!({ "authenticationType": "bearer", "data": { "token": github.token } });
        product.managed(Method::POST, "/api/connectors/github/credentials", &credential).await;
        let url = product.create_server(json!({ "name": "Peers" })).await.url;
        Some(Self { product, github, url })
    }

    /// Holds what a client saw against what it must have seen.
    async fn judge(&self, seen: &Value, who: &str, version: &str) {
        assert_eq!(seen["protocolVersion"], version);
        // A client that pins a version asks for nothing, so it learns no name.
        if !seen["serverInfo"].is_null() {
            assert_eq!(seen["serverInfo"]["name"], "Alloy Connectivity MCP Server");
            assert_eq!(seen["serverInfo"]["title"], "Peers");
        }
        assert_eq!(names(&seen["tools"], "name"), TOOLS);
        for tool in seen["tools"].as_array().expect("tools") {
            assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
            assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
        }
        assert!(names(&seen["resources"], "uri").contains(&"alloy://connectors"), "{}", seen["resources"]);
        let templates = names(&seen["resourceTemplates"], "uriTemplate");
        assert!(templates.contains(&"alloy://connectors/{connectorId}"), "{templates:?}");
        let prompts = names(&seen["prompts"], "name");
        for prompt in ["connect_platform", "find_action", "run_action"] {
            assert!(prompts.contains(&prompt), "{prompts:?}");
        }
        let text = seen["read"]["contents"][0]["text"].as_str().unwrap_or_default();
        assert!(text.contains("issues_create") || text.contains("GitHub"), "{}", seen["read"]);
        assert!(seen["prompt"]["messages"].to_string().contains("github"), "{}", seen["prompt"]);
        let completed = &seen["completion"]["completion"]["values"];
        assert!(completed.as_array().is_some_and(|it| it.contains(&json!("github"))), "{completed}");
        let answers = seen["calls"].as_array().expect("answers");
        let (executed, others) = answers.split_at(2);
        self.judge_calls(&json!(executed), who).await;
        let (mistake, others) = others.split_first().expect("an answer");
        assert_eq!(mistake["isError"], true, "{mistake}");
        let error = &text_of(mistake)["error"];
        assert_eq!(error["code"], "INVALID_REQUEST", "{mistake}");
        assert!(error.to_string().contains("did you mean title?"), "{mistake}");
        assert_eq!(others.len(), 6);
        for (answer, told) in
            others.iter().zip(["github", "issues_create", "title", "cred", "bearer", "issues"])
        {
            assert_ne!(answer["isError"], true, "{answer}");
            assert!(text_of(answer).to_string().contains(told), "no {told} in {answer}");
        }
    }

    /// Holds the answers to [`calls`] against what the stand-in was asked and what the product recorded.
    async fn judge_calls(&self, answers: &Value, who: &str) {
        assert_eq!(self.github.operations(), ["issues/create", "issues/list-for-repo"]);
        let results: Vec<_> = answers.as_array().expect("answers").iter().map(result_of).collect();
        let [created, listed] = results.as_slice() else { panic!("two answers, not {answers}") };
        assert_eq!(created["title"], format!("Found by {who}"));
        assert_eq!(created["number"], 4_200);
        assert_eq!(created["body"], "It “works”, even with ünïcode & <markup>.\n");
        assert_eq!(listed[0]["number"], 4_200, "{listed}");
        assert_eq!(listed[0]["title"], created["title"]);

        let record =
            self.product.managed(Method::GET, "/api/executions?connectorId=github", &Value::Null).await;
        let executions = &record["executions"];
        assert!(names(executions, "status").iter().all(|status| *status == "succeeded"), "{record}");
        let mut actions = names(executions, "actionId");
        actions.sort_unstable();
        assert_eq!(actions, ["issues_create", "issues_list-for-repo"], "{record}");
        assert!(!record.to_string().contains(&self.github.token), "the record holds no secret");
        assert!(!self.product.log().contains(&self.github.token), "the log holds no secret");
    }
}

/// The platform's answer in a tool's result.
fn result_of(answer: &Value) -> Value {
    assert_ne!(answer["isError"], true, "{answer}");
    let structured = text_of(answer);
    assert_eq!(structured["success"], true, "{answer}");
    assert!(structured["executionId"].is_string(), "{answer}");
    structured["result"].clone()
}

/// What a tool's result says as text, which is its structured content.
fn text_of(answer: &Value) -> Value {
    let text = answer["content"][0]["text"].as_str().expect("text");
    let said: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(said, answer["structuredContent"]);
    said
}
