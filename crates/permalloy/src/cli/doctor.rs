//! `permalloy doctor`: whether this installation can work, and what to do where it cannot. Changes nothing but
//! what every start does.

use std::net::SocketAddr;

use anyhow::bail;
use serde::Serialize;

use super::{Call, Outcome, context, tell, tell_json};
use crate::{
    config::{Config, vault_key},
    ops::catalogue::Catalogue,
};

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    Warning,
    Bad,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    said: String,
}

pub(super) async fn run(call: Call) -> Outcome {
    let config = context::config(&call)?;
    let mut findings = vec![Finding { what: "configuration", state: State::Good, said: "valid".into() }];
    findings.extend([data_directory(&config), vault(&config), connectors(&config)]);
    findings.push(database(&config).await);
    findings.push(listening(config.server.listen).await);
    findings.push(public_url(&config));
    let bad = findings.iter().filter(|finding| finding.state == State::Bad).count();
    if call.json {
        tell_json(&findings)?;
    } else {
        for finding in &findings {
            let mark = match finding.state {
                State::Good => "ok  ",
                State::Warning => "warn",
                State::Bad => "BAD ",
            };
            tell(&format!("{mark}  {:<15} {}", finding.what, finding.said))?;
        }
    }
    if bad > 0 {
        bail!("{bad} thing(s) keep this installation from working")
    }
    Ok(())
}

fn finding(what: &'static str, outcome: Result<String, String>) -> Finding {
    match outcome {
        Ok(said) => Finding { what, state: State::Good, said },
        Err(said) => Finding { what, state: State::Bad, said },
    }
}

fn data_directory(config: &Config) -> Finding {
    let path = &config.server.data_dir;
    let outcome = crate::app::make_data_directory(config).and_then(|()| {
        let probe = path.join(".doctor");
        std::fs::write(&probe, b"probe")?;
        Ok(std::fs::remove_file(&probe)?)
    });
    let outcome = outcome.map(|()| format!("{} can be written", path.display()));
    finding(
        "data directory",
        outcome.map_err(|error| format!("{}: {error}; choose another with --data-dir", path.display())),
    )
}

fn vault(config: &Config) -> Finding {
    let outcome = vault_key::load_or_create(&config.vault);
    let outcome = outcome.map(|keys| format!("root key {}", keys.current.id()));
    finding("vault", outcome.map_err(|problem| format!("{:#}", anyhow::Error::from(problem))))
}

fn connectors(config: &Config) -> Finding {
    let outcome = Catalogue::load(&config.connectors);
    let outcome = outcome.map(|catalogue| format!("{} definitions are usable", catalogue.iter().count()));
    finding("connectors", outcome.map_err(|error| format!("{error:#}")))
}

async fn database(config: &Config) -> Finding {
    let options = store::OpenOptions { max_connections: 1, ..store::OpenOptions::default() };
    let outcome = async {
        let db = store::Db::open(config.database.url.expose(), options).await?;
        db.ping().await?;
        let pending = db.pending_migrations().await?.len();
        db.close().await;
        Ok::<_, store::Error>(pending)
    };
    let outcome = match outcome.await {
        Ok(0) => Ok("answers, and its schema is up to date".to_owned()),
        Ok(pending) => Ok(format!("answers; the next start brings {pending} change(s) of the schema")),
        Err(error) => Err(format!("{:#}", anyhow::Error::from(error))),
    };
    finding("database", outcome)
}

async fn listening(address: SocketAddr) -> Finding {
    match tokio::net::TcpListener::bind(address).await {
        Ok(_) => finding("address", Ok(format!("{address} is free"))),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Finding {
            what: "address",
            state: State::Warning,
            said: format!("{address} is in use: by a running Permalloy, or choose another with --listen"),
        },
        Err(error) => finding("address", Err(format!("{address}: {error}"))),
    }
}

fn public_url(config: &Config) -> Finding {
    let url = config.server.base_url(config.server.listen);
    let local =
        ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|local| url.starts_with(local));
    if url.starts_with("https://") || local {
        return finding("public URL", Ok(url));
    }
    Finding {
        what: "public URL",
        state: State::Warning,
        said: format!("{url} is not HTTPS: tokens travel in clear; set server.tls or put a proxy in front"),
    }
}
