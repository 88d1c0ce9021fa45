//! The product under measurement, set up as its user would: through its command line and its HTTP API, with
//! authentication, restrictions, vault, rate limit and record on.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    client::{self, Call},
    load::Target,
    operation::{Operation, USERS},
    process::{Process, SUBJECT_CORE, free_address},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// Where the product is and what it keeps.
pub(crate) struct Product {
    program: PathBuf,
    folder: PathBuf,
    platform: SocketAddr,
}

/// What setting up has made.
pub(crate) struct Account {
    pub(crate) key: String,
    /// The server's token URL, without scheme and host.
    pub(crate) path: String,
}

impl Product {
    pub(crate) fn new(program: &Path, folder: &Path, platform: SocketAddr) -> Self {
        Self { program: program.to_path_buf(), folder: folder.to_path_buf(), platform }
    }

    /// The command that serves on this address.
    pub(crate) fn command(&self, address: SocketAddr) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["serve", "--listen", &address.to_string()]);
        command.arg("--data-dir").arg(self.folder.join("data"));
        command.env("PERMALLOY_CONNECTORS_SAMPLE_BASE_URL", format!("http://{}", self.platform));
        command.env("PERMALLOY_OUTBOUND_ALLOW", "127.0.0.1/32");
        command
    }

    /// Starts it on core 1 and waits until it listens.
    pub(crate) async fn start(&self) -> Result<(Process, SocketAddr)> {
        let address = free_address()?;
        let mut process =
            Process::start(SUBJECT_CORE, &self.command(address), &self.folder.join("product.log"))?;
        process.listening(address, PATIENCE).await.context("the product")?;
        Ok((process, address))
    }

    /// From the start of the process to the first `tools/list` answered, on data that is there already.
    pub(crate) async fn start_to_answer(&self, path: &str) -> Result<Duration> {
        let start = Instant::now();
        let (process, address) = self.start().await?;
        let learnt = Target::learn(Operation::List, address, path).await;
        let taken = start.elapsed();
        learnt?;
        process.stop(PATIENCE).await?;
        Ok(taken)
    }

    /// The first start of an empty installation, and what the bench needs in it.
    pub(crate) async fn set_up(&self) -> Result<Account> {
        let (process, address) = self.start().await?;
        let key = first_key(&process).await?;
        let server = json!({
            "name": "Bench",
            "rateLimit": { "requestsPerMinute": 100_000 },
            "restrictions": {
                "connectors": { "mode": "allowlist", "allowedIds": ["sample", "hackernews", "openmeteo"] },
                "actions": { "mode": "blocklist", "blockedActions": ["*_delete", "sample.people_*"] },
            },
        });
        let made = post(address, "/api/servers", &key, &server).await?;
        let url = made.get("accessUrl").and_then(Value::as_str).context("no accessUrl in the answer")?;
        let at = url.find("/mcp/").context("accessUrl has another form")?;
        let path = url.split_at(at).1.to_owned();
        for user in 0..USERS {
            let credential = json!({
                "userId": format!("u{user:03}"),
                "authenticationType": "bearer",
                "data": { "token": format!("not-a-secret-{user:03}") },
            });
            post(address, "/api/connectors/sample/credentials", &key, &credential).await?;
        }
        process.stop(PATIENCE).await?;
        Ok(Account { key, path })
    }
}

/// The administrator's key, which the first start prints.
async fn first_key(process: &Process) -> Result<String> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let printed = process.printed()?;
        let word = |text: &str| text.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
        let key = printed.split("ak_").skip(1).map(word).find(|rest| rest.len() >= 32);
        if let Some(rest) = key {
            return Ok(format!("ak_{rest}"));
        }
        sleep(Duration::from_millis(10)).await;
    }
    bail!("the first start printed no API key: {}", process.printed()?)
}

/// A call that makes something; waits where the product's own rate limit says so.
async fn post(address: SocketAddr, path: &str, key: &str, body: &Value) -> Result<Value> {
    let start = Instant::now();
    loop {
        let call = Call { method: "POST", path, key, body: Some(body) };
        let (status, answer) = client::call(address, &call).await?;
        match status {
            201 => return Ok(answer),
            429 if start.elapsed() < Duration::from_mins(2) => sleep(Duration::from_secs(1)).await,
            _ => bail!("POST {path}: status {status}: {answer}"),
        }
    }
}
