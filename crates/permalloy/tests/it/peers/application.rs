//! A real application behind a connector of one short page: a Matrix homeserver, installed from a package
//! registry, running here with its own accounts, read and written through MCP.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::time::{sleep, timeout};

use super::exchange::{PlainClient, exchange};
use super::installed::{Peers, finish, own_file};
use super::process::{Product, free_address};

const START: Duration = Duration::from_secs(90);

#[tokio::test]
async fn a_matrix_homeserver_is_read_and_written_through_mcp() {
    let Some(peers) = Peers::installed("the real application") else { return };
    let matrix = Homeserver::start(&peers).await;
    let token = matrix.sign_in(&peers, "alice").await;
    let product = Product::start(&[
        ("PERMALLOY_CONNECTORS_DIR", own_file("connectors").to_str().expect("a path of text")),
        ("PERMALLOY_CONNECTORS_MATRIX_BASE_URL", &matrix.url("")),
        ("PERMALLOY_OUTBOUND_ALLOW", "127.0.0.1/32"),
    ])
    .await;
    let mut client = PlainClient::new(&product.create_server(json!({ "name": "Matrix" })).await.url);

    let credential = json!({
        "connectorId": "matrix", "authenticationType": "bearer", "fields": { "token": token },
    });
    let made = client.call("create_credential_alloy", credential).await;
    assert!(made["structuredContent"]["credentialId"].is_string(), "{made}");
    let me = client.execute("matrix", "whoami", json!({})).await;
    assert_eq!(me["user_id"], "@alice:localhost");

    // Written through MCP, read in the application.
    let created = client.execute("matrix", "createRoom", json!({ "name": "Håndværk & co" })).await;
    let room = created["room_id"].as_str().expect("a room id").to_owned();
    let said =
        json!({ "roomId": room, "transactionId": "1", "msgtype": "m.text", "body": "Said through MCP ✓" });
    let sent = client.execute("matrix", "send", said).await;
    let event = matrix.room(&room, &token, "event", sent["event_id"].as_str().expect("an event id")).await;
    assert_eq!(event["content"], json!({ "msgtype": "m.text", "body": "Said through MCP ✓" }));
    assert_eq!(event["sender"], "@alice:localhost");
    assert_eq!(matrix.room(&room, &token, "state", "m.room.name").await["name"], "Håndværk & co");

    // Written in the application, read through MCP.
    matrix.say(&room, &token, "Said in the application").await;
    let wanted = json!({ "roomId": room, "dir": "b", "limit": 2 });
    let messages = client.execute("matrix", "messages", wanted).await;
    let bodies: Vec<_> = items(&messages).iter().map(|event| event["content"]["body"].clone()).collect();
    assert_eq!(bodies, ["Said in the application", "Said through MCP ✓"], "{messages}");
}

#[tokio::test]
async fn what_the_application_refuses_reaches_the_client_as_the_application_said_it() {
    let Some(peers) = Peers::installed("the real application") else { return };
    let matrix = Homeserver::start(&peers).await;
    let token = matrix.sign_in(&peers, "bob").await;
    let product = Product::start(&[
        ("PERMALLOY_CONNECTORS_DIR", own_file("connectors").to_str().expect("a path of text")),
        ("PERMALLOY_CONNECTORS_MATRIX_BASE_URL", &matrix.url("")),
        ("PERMALLOY_OUTBOUND_ALLOW", "127.0.0.1/32"),
    ])
    .await;
    let mut client = PlainClient::new(&product.create_server(json!({ "name": "Matrix" })).await.url);
    let credential = json!({ "authenticationType": "bearer", "data": { "token": token } });
    product.managed(Method::POST, "/api/connectors/matrix/credentials", &credential).await;

    let wanted = json!({ "roomId": "!nowhere:localhost", "dir": "b" });
    let asked = json!({ "connectorId": "matrix", "actionId": "messages", "parameters": wanted });
    let refused = client.call("execute_action_alloy", asked).await;

    assert_eq!(refused["isError"], true, "{refused}");
    let error = &refused["structuredContent"]["error"];
    assert_eq!(error["upstreamStatus"], 403, "{refused}");
    assert!(error.to_string().contains("M_FORBIDDEN"), "{refused}");
    assert!(!refused.to_string().contains(&token), "no secret comes back");
}

/// A list action answers its items, at the place where the platform has them or alone.
fn items(result: &Value) -> &[Value] {
    let list = if result.is_array() { result } else { &result["chunk"] };
    list.as_array().unwrap_or_else(|| panic!("a list in {result}"))
}

struct Homeserver {
    listen: SocketAddr,
    // In this order: the process ends before its directory goes.
    _process: Child,
    directory: TempDir,
}

impl Homeserver {
    async fn start(peers: &Peers) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let listen = free_address();
        let settings = settings(directory.path(), listen);
        std::fs::write(directory.path().join("homeserver.yaml"), settings.to_string()).expect("written");
        let homeserver = || {
            let mut command = peers.python();
            command.args(["-m", "synapse.app.homeserver", "--config-path", "homeserver.yaml"]);
            command.current_dir(directory.path());
            command
        };
        let keys = finish(homeserver().arg("--generate-keys")).await;
        assert!(keys.status.success(), "{}", String::from_utf8_lossy(&keys.stderr));
        let process = homeserver().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let started = Self { listen, _process: process, directory };
        let ready = async {
            let url = format!("http://{listen}/health");
            while !exchange(Method::GET, &url, &[], Vec::new()).await.is_ok_and(|it| it.status == 200) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(START, ready).await.expect("the homeserver starts");
        started
    }

    /// Makes an account with the application's own tool, and signs in as a person would.
    async fn sign_in(&self, peers: &Peers, name: &str) -> String {
        let password = ["not", "a", "secret"].join("-");
        let mut register = peers.python_tool("register_new_matrix_user");
        register.args(["--user", name, "--password", &password, "--no-admin", "--config", "homeserver.yaml"]);
        register.arg(format!("http://{}", self.listen)).current_dir(self.directory.path());
        let output = finish(&mut register).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let identifier = json!({ "type": "m.id.user", "user": name });
        let login = json!({ "type": "m.login.password", "identifier": identifier, "password": password });
        let answer = self.ask(Method::POST, "/login", None, &login).await;
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    async fn say(&self, room: &str, token: &str, text: &str) {
        let path = format!("/rooms/{room}/send/m.room.message/here");
        let message = json!({ "msgtype": "m.text", "body": text });
        self.ask(Method::PUT, &path, Some(token), &message).await;
    }

    async fn room(&self, room: &str, token: &str, kind: &str, id: &str) -> Value {
        self.ask(Method::GET, &format!("/rooms/{room}/{kind}/{id}"), Some(token), &Value::Null).await
    }

    async fn ask(&self, method: Method, path: &str, token: Option<&str>, body: &Value) -> Value {
        let authorization = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("Content-Type", "application/json")];
        headers.extend(authorization.as_deref().map(|value| ("Authorization", value)));
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer = exchange(method, &self.url(path), &headers, body).await.expect("the homeserver answers");
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/_matrix/client/v3{path}", self.listen)
    }
}

/// The smallest homeserver: no federation, no reports, one database file. YAML reads JSON.
fn settings(directory: &Path, listen: SocketAddr) -> Value {
    let file = |name: &str| directory.join(name).to_str().expect("a path of text").to_owned();
    let made_up = |what: &str| ["not", "a", "secret", what].join("-");
    json!({
        "server_name": "localhost",
        "report_stats": false,
        "pid_file": file("pid"),
        "listeners": [{
            "port": listen.port(),
            "bind_addresses": [listen.ip()],
            "type": "http",
            "tls": false,
            "resources": [{ "names": ["client"] }],
        }],
        "database": { "name": "sqlite3", "args": { "database": file("homeserver.db") } },
        "media_store_path": file("media"),
        "signing_key_path": file("signing.key"),
        "trusted_key_servers": [],
        "registration_shared_secret": made_up("registration"),
        "macaroon_secret_key": made_up("macaroon"),
        "form_secret": made_up("form"),
        "enable_registration": false,
        "bcrypt_rounds": 4,
    })
}
