//! The product as an operator starts it: the real binary, an empty data directory, and what it printed.

#![expect(clippy::panic, reason = "what is not a test function here serves one: it fails by panicking")]

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::exchange::{Answer, exchange};

/// From an empty directory to the first answer; generous, because an unoptimised build shares two cores.
const START: Duration = Duration::from_secs(90);

pub(crate) struct Product {
    api_key: String,
    listen: SocketAddr,
    // In this order: the process ends before its directory goes.
    _process: Child,
    _drain: JoinSet<()>,
    directory: TempDir,
}

impl Product {
    /// Starts the product with these settings on top of its defaults, and waits until it answers.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let listen = free_address();
        let log = File::create(directory.path().join("log")).expect("a log file");
        let mut process = Command::new(env!("CARGO_BIN_EXE_permalloy"))
            .args(["serve", "--listen", &listen.to_string(), "--data-dir"])
            .arg(directory.path().join("data"))
            // The product refuses settings it does not know, and those of the tests are not its own.
            .env_clear()
            .env("HOME", directory.path())
            .envs(settings.iter().copied())
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(log))
            .kill_on_drop(true)
            .spawn()
            .expect("the product starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let api_key = timeout(START, api_key(&mut lines)).await.ok().flatten();
        let mut drain = JoinSet::new();
        drain.spawn(async move { while matches!(lines.next_line().await, Ok(Some(_))) {} });
        let mut product =
            Self { api_key: String::new(), listen, _process: process, _drain: drain, directory };
        product.api_key =
            api_key.unwrap_or_else(|| panic!("no API key was printed; the log says:\n{}", product.log()));
        product.wait_until_healthy().await;
        product
    }

    /// Where the product keeps its state, for commands on the host.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Where the product listens: `address:port`.
    pub(crate) fn authority(&self) -> String {
        self.listen.to_string()
    }

    /// The printed admin key.
    pub(crate) fn api_key(&self) -> &str {
        &self.api_key
    }

    /// What the product wrote to its log so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.listen)
    }

    /// The value of the header that proves the printed admin key.
    pub(crate) fn authorization(&self) -> String {
        format!("Bearer {}", self.api_key)
    }

    /// One call of the management API with the printed admin key.
    pub(crate) async fn manage(&self, method: Method, path: &str, body: &Value) -> Answer {
        let authorization = self.authorization();
        let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        exchange(method, &self.url(path), &headers, body).await.expect("the product answers")
    }

    /// The same, for a call that must succeed.
    pub(crate) async fn managed(&self, method: Method, path: &str, body: &Value) -> Value {
        let answer = self.manage(method.clone(), path, body).await;
        let text = String::from_utf8_lossy(&answer.body);
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {text}", answer.status);
        answer.json()
    }

    /// Creates a server like this, whose rate limit no suite reaches.
    pub(crate) async fn create_server(&self, mut wanted: Value) -> Server {
        wanted["rateLimit"] = json!({ "requestsPerMinute": 100_000 });
        let server = self.managed(Method::POST, "/api/servers", &wanted).await;
        let member = |name: &str| server[name].as_str().expect("a string").to_owned();
        Server { id: member("serverId"), url: member("accessUrl") }
    }

    async fn wait_until_healthy(&self) {
        let url = self.url("/health");
        let healthy = async {
            while !exchange(Method::GET, &url, &[], Vec::new()).await.is_ok_and(|it| it.status == 200) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(START, healthy)
            .await
            .unwrap_or_else(|_| panic!("not healthy; the log says:\n{}", self.log()));
    }
}

/// A server of the product, and the URL that is all a client needs.
pub(crate) struct Server {
    pub(crate) id: String,
    pub(crate) url: String,
}

/// An address nobody listens on at this moment.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address")
}

async fn api_key(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    while let Ok(Some(line)) = lines.next_line().await {
        let key = line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').find(|word| {
            word.strip_prefix("ak_").is_some_and(|random| random.len() >= 32 && !random.contains('_'))
        });
        if let Some(key) = key {
            return Some(key.to_owned());
        }
    }
    None
}
