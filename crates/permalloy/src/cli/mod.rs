//! The command line: one file for each command. stdout is the answer, stderr is talk; `--json` is for programs.
//! Exit codes: 0, 1 (failed), 64 (the command line itself is wrong).

mod account;
mod config;
mod connect;
mod connector;
mod context;
mod demo;
mod doctor;
mod key;
mod migrate;
mod serve;
mod server;
mod vault;

use std::{io::Write as _, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::config::Flags;

/// The exit code for a wrong command line (`EX_USAGE`).
const USAGE: u8 = 64;

/// MCP servers for AI assistants that act on other platforms: self-hosted, multi-tenant, one binary.
#[derive(Parser)]
#[command(name = "permalloy", version, max_term_width = 110, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    /// Answer as JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Show the whole story offline: server, sample platform, an assistant that acts, the record
    Demo(demo::Demo),
    /// API keys
    #[command(subcommand)]
    Key(key::Key),
    /// Accounts of this installation
    #[command(subcommand)]
    Account(account::Account),
    /// MCP servers
    #[command(subcommand)]
    Server(server::Server),
    /// Connector definitions
    #[command(subcommand)]
    Connector(connector::Connector),
    /// Configure an MCP client for a server
    Connect(connect::Connect),
    /// Bring the database schema up to date
    Migrate,
    /// The vault's keys
    #[command(subcommand)]
    Vault(vault::Vault),
    /// Look whether this installation can work, and say what to do where not
    Doctor,
    /// The configuration in force
    #[command(subcommand)]
    Config(config::Config),
}

/// What a command answers with: an error is shown on stderr, and the process ends with 1.
type Outcome = anyhow::Result<()>;

/// How a command was called.
struct Call {
    flags: Flags,
    json: bool,
}

/// Runs the command line of this process.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr();
            // Nothing can be said if the terminal itself is gone.
            error.print().unwrap_or_default();
            return if wrong { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let call = Call { flags: cli.flags, json: cli.json };
    let outcome = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(Box::pin(dispatch(call, cli.command))),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(call: Call, command: Command) -> Outcome {
    match command {
        Command::Serve => serve::run(call).await,
        Command::Demo(demo) => demo::run(call, demo).await,
        Command::Key(key) => key::run(call, key).await,
        Command::Account(account) => account::run(call, account).await,
        Command::Server(server) => server::run(call, server).await,
        Command::Connector(connector) => connector::run(&call, connector),
        Command::Connect(connect) => connect::run(call, connect).await,
        Command::Migrate => migrate::run(call).await,
        Command::Vault(vault) => vault::run(call, vault).await,
        Command::Doctor => doctor::run(call).await,
        Command::Config(config) => config::run(&call, &config),
    }
}

/// Writes an answer to stdout.
fn tell(text: &str) -> Outcome {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()?;
    Ok(())
}

/// Writes an answer to stdout as JSON.
fn tell_json(value: &impl serde::Serialize) -> Outcome {
    tell(&serde_json::to_string_pretty(value)?)
}

/// Writes talk to stderr; when even that is gone, there is nobody to talk to.
fn say(text: &str) {
    std::io::stderr().lock().write_all(format!("{text}\n").as_bytes()).unwrap_or_default();
}

/// A table with columns as wide as they need to be.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut text = line(head.to_vec());
    for row in rows {
        text.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn tables_line_up() {
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec!["longer".to_owned(), String::new()]];
        assert_eq!(table(&["ID", "NAME"], &rows), "ID      NAME\na       b\nlonger\n");
    }
}
