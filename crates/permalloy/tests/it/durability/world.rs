//! An installation of the product that can be killed, stopped and started again on the same data.

use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::client::{Answer, Client};
use super::platform::Platform;

/// From the start of a process to its being ready, on an empty database or after any end.
const START: Duration = Duration::from_secs(5);

/// What stands before the address, and before the first key, on the screen.
const RUNNING: &str = "Permalloy is running on";
const API_KEY: &str = "API key (admin)";

/// The product's data, whichever processes run on it.
pub(super) struct World {
    pub(super) platform: Platform,
    pub(super) process: Process,
    /// The printed admin key.
    pub(super) api_key: String,
    /// The path of the token URL of a server without restrictions.
    pub(super) path: String,
    pub(super) server_id: String,
    database: Option<String>,
    directory: TempDir,
}

/// One running process.
pub(super) struct Process {
    child: Child,
    /// `http://127.0.0.1:port`
    pub(super) base: String,
    printed: Printed,
    readers: JoinSet<()>,
}

/// What a process printed so far, both streams.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<String>>);

impl World {
    /// A new installation on SQLite, or on this database, with a credential for the platform.
    pub(super) async fn start(database: Option<&str>) -> Self {
        let platform = Platform::start().await;
        let directory = TempDir::new().expect("a temporary directory");
        let process = Process::start(&directory, database, &platform).await;
        let api_key = process.printed.wait_for(API_KEY).await;
        Self::on(process, platform, directory, (api_key, database)).await
    }

    /// A new installation on SQLite whose first starts are killed, each a little later, until one was ready.
    pub(super) async fn start_interrupted() -> Self {
        let platform = Platform::start().await;
        let directory = TempDir::new().expect("a temporary directory");
        let mut told = String::new();
        let mut moment = Duration::ZERO;
        while !told.contains(RUNNING) && moment < START {
            let mut process = Process::spawn(&directory, None, &platform);
            sleep(moment).await;
            process.child.kill().await.expect("it was running");
            while process.readers.join_next().await.is_some() {}
            told.push_str(&process.printed());
            moment += Duration::from_millis(5);
        }
        let process = Process::start(&directory, None, &platform).await;
        told.push_str(&process.printed());
        let mut api_key = word_after(&told, API_KEY).unwrap_or_default().to_owned();
        if api_key.is_empty() {
            // Killed after the key was made and before it was shown: an operator makes another.
            let made = on_the_host(&directory, &["key", "create"]).await;
            made["key"].as_str().expect("a key").clone_into(&mut api_key);
        }
        Self::on(process, platform, directory, (api_key, None)).await
    }

    async fn on(
        process: Process,
        platform: Platform,
        directory: TempDir,
        (api_key, database): (String, Option<&str>),
    ) -> Self {
        let mut world = Self {
            platform,
            process,
            api_key,
            path: String::new(),
            server_id: String::new(),
            database: database.map(str::to_owned),
            directory,
        };
        let server = json!({ "name": "Load", "rateLimit": { "requestsPerMinute": 100_000 } });
        let server = world.managed(Method::POST, "/api/servers", &server).await;
        world.server_id = server["serverId"].as_str().expect("an id").to_owned();
        let url = server["accessUrl"].as_str().expect("a URL");
        world.path = url.strip_prefix(&world.process.base).expect("on this process").to_owned();
        let token = concat!("sample", "-not-a-secret");
        let credential = json!({ "authenticationType": "bearer", "data": { "token": token } });
        world.managed(Method::POST, "/api/connectors/sample/credentials", &credential).await;
        world
    }

    /// One more process on the same data.
    pub(super) async fn another_process(&self) -> Process {
        Process::start(&self.directory, self.database.as_deref(), &self.platform).await
    }

    /// `kill -9`, at once.
    pub(super) async fn kill(&mut self) {
        self.process.child.kill().await.expect("it was running");
    }

    /// Starts the process anew after its end.
    pub(super) async fn restart(&mut self) {
        self.process = self.another_process().await;
    }

    /// Runs a command on the host, beside the process that serves.
    pub(super) async fn command(&self, arguments: &[&str]) -> Value {
        on_the_host(&self.directory, arguments).await
    }

    /// A client without a key.
    pub(super) fn client(&self) -> Client {
        Client::new(&self.process.base, None)
    }

    /// One call of the management API with the admin key.
    pub(super) async fn manage(&self, method: Method, path: &str, body: &Value) -> Answer {
        let mut client = Client::new(&self.process.base, Some(&self.api_key));
        client.send(method.clone(), path, body).await.unwrap_or_else(|error| {
            panic!("{method} {path}: {error:#}; the product said:\n{}", self.process.printed())
        })
    }

    /// The same, for a call that must succeed.
    pub(super) async fn managed(&self, method: Method, path: &str, body: &Value) -> Value {
        let answer = self.manage(method.clone(), path, body).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.body);
        answer.body
    }

    /// All records of executions after this one (or all), newest first.
    pub(super) async fn executions(&self, after: &str) -> Vec<Value> {
        let mut records = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/executions?limit=1000{cursor}");
            let mut page = self.managed(Method::GET, &path, &Value::Null).await;
            let Value::Array(executions) = page["executions"].take() else { panic!("{page}") };
            let before = records.len();
            let new = |record: &Value| record["executionId"].as_str().expect("an id") > after;
            records.extend(executions.into_iter().filter(new));
            let Some(next) = page["nextCursor"].as_str().filter(|_| records.len() > before) else {
                return records;
            };
            cursor = format!("&cursor={next}");
        }
    }
}

impl Process {
    /// Starts one and waits until it is ready.
    async fn start(directory: &TempDir, database: Option<&str>, platform: &Platform) -> Self {
        let begun = Instant::now();
        let mut process = Self::spawn(directory, database, platform);
        let ready = timeout(START, process.ready()).await.is_ok();
        assert!(ready, "not ready after {:?}; the product said:\n{}", begun.elapsed(), process.printed());
        process
    }

    fn spawn(directory: &TempDir, database: Option<&str>, platform: &Platform) -> Self {
        // A file that may not grow is to answer with an error, as a full disk does, not with a signal.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_permalloy")]);
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--set",
            "retention.keep_bodies=true",
            "--data-dir",
        ]);
        command.arg(directory.path().join("data"));
        if let Some(database) = database {
            command.args(["--database", database]);
        }
        // The product refuses settings it does not know, and those of the tests are not its own.
        command.env_clear().env("HOME", directory.path());
        command.env("PERMALLOY_OUTBOUND_ALLOW", "127.0.0.1/32");
        command.env("PERMALLOY_CONNECTORS_SAMPLE_BASE_URL", platform.url());
        command.env("PERMALLOY_LOG", "warn");
        command.current_dir(directory.path()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the product starts");
        let printed = Printed::default();
        let mut readers = JoinSet::new();
        readers.spawn(printed.clone().read(child.stdout.take().expect("a pipe")));
        readers.spawn(printed.clone().read(child.stderr.take().expect("a pipe")));
        Self { child, base: String::new(), printed, readers }
    }

    /// What it printed so far.
    pub(super) fn printed(&self) -> String {
        self.printed.text()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(super) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent =
            std::process::Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &pid]).status();
        assert!(sent.expect("there is a shell").success(), "kill -s {name} {pid}");
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id().expect("it is running")
    }

    /// `kill -9`, at once.
    pub(super) async fn kill(mut self) {
        self.child.kill().await.expect("it was running");
    }

    /// Waits for its end.
    pub(super) async fn ended(&mut self, within: Duration) -> ExitStatus {
        let ended = timeout(within, self.child.wait()).await;
        let ended = ended.unwrap_or_else(|_elapsed| {
            panic!("still running after {within:?}; the product said:\n{}", self.printed())
        });
        ended.expect("it can be waited for")
    }

    /// The status of `/ready`; none where nobody answers.
    pub(super) async fn readiness(&self) -> Option<u16> {
        let asked = Client::new(&self.base, None).send(Method::GET, "/ready", &Value::Null).await;
        asked.ok().map(|answer| answer.status)
    }

    async fn ready(&mut self) {
        self.base = self.printed.wait_for(RUNNING).await;
        while self.readiness().await != Some(200) {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Printed {
    async fn read(self, stream: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            text.push_str(&line);
            text.push('\n');
        }
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The word after this label, as soon as it is there.
    async fn wait_for(&self, label: &str) -> String {
        loop {
            if let Some(word) = word_after(&self.text(), label) {
                return word.to_owned();
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Runs a command beside the processes, on the same SQLite data, and gives back its answer.
async fn on_the_host(directory: &TempDir, arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_permalloy"));
    command.args(arguments).args(["--json", "--data-dir"]).arg(directory.path().join("data"));
    let output = command.env_clear().output().await.expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The word after this label, once its line is there.
fn word_after<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let (line, _) = text.split_once(label)?.1.split_once('\n')?;
    line.split_whitespace().next()
}
