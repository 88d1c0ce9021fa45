//! `permalloy connect`: the configuration of an MCP client for a server.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::{
    Call, Outcome,
    context::{Host, told},
    say, tell,
};
use crate::ops::{accounts, servers};

#[derive(Args)]
pub(super) struct Connect {
    /// The server's id or name
    server: String,
    /// Which client
    #[arg(long, value_enum)]
    client: Client,
    /// Merge into the client's configuration file instead of printing
    #[arg(long)]
    write: bool,
    #[arg(long, default_value = accounts::DEFAULT)]
    account: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Client {
    Claude,
    ClaudeCode,
    Cursor,
    Vscode,
    Windsurf,
    Chatgpt,
    Inspector,
}

pub(super) async fn run(call: Call, connect: Connect) -> Outcome {
    let host = Host::open(&call).await?;
    let outcome = act(&host, &connect).await;
    host.close().await?;
    outcome
}

async fn act(host: &Host, connect: &Connect) -> Outcome {
    let by = host.admin(&connect.account, accounts::HOST_USER).await?;
    let page = servers::list(&host.app, &by, true, 1_000, None).await.map_err(told)?;
    let named = |server: &&servers::View| server.server_id == connect.server || server.name == connect.server;
    let Some(server) = page.servers.iter().find(named) else {
        bail!("there is no server {}; permalloy server list shows them", connect.server);
    };
    let url = server.access_url.as_deref().ok_or_else(|| {
        anyhow!("the token URL is not kept (servers.reveal_access_url is off); permalloy server rotate makes a new one")
    })?;
    let name = servers::slug(&server.name);
    if connect.write { write(connect.client, &name, url) } else { tell(&shown(connect.client, &name, url)?) }
}

/// What a person copies.
fn shown(client: Client, name: &str, url: &str) -> anyhow::Result<String> {
    Ok(match client {
        Client::ClaudeCode => format!("claude mcp add --transport http {name} {url}"),
        Client::Inspector => format!("npx @modelcontextprotocol/inspector --cli {url} --method tools/list"),
        Client::Chatgpt => format!(
            "In ChatGPT: Settings, Connectors, Create. Name: {name}. MCP server URL: {url}. Authentication: none, the \
             URL is the credential. ChatGPT reaches only public HTTPS URLs."
        ),
        Client::Claude | Client::Cursor | Client::Vscode | Client::Windsurf => {
            let (member, entry) = entry(client, url).context("this client has a configuration file")?;
            serde_json::to_string_pretty(&json!({ member: { name: entry } }))?
        }
    })
}

/// The member of the client's file that holds servers, and what stands in it for one.
fn entry(client: Client, url: &str) -> Option<(&'static str, Value)> {
    match client {
        // Claude Desktop's file knows only commands; this one bridges to a URL.
        Client::Claude => {
            Some(("mcpServers", json!({ "command": "npx", "args": ["-y", "mcp-remote", url] })))
        }
        Client::ClaudeCode => Some(("mcpServers", json!({ "type": "http", "url": url }))),
        Client::Cursor => Some(("mcpServers", json!({ "url": url }))),
        Client::Vscode => Some(("servers", json!({ "type": "http", "url": url }))),
        Client::Windsurf => Some(("mcpServers", json!({ "serverUrl": url }))),
        Client::Chatgpt | Client::Inspector => None,
    }
}

/// Where the client keeps its configuration.
fn file(client: Client) -> anyhow::Result<Option<PathBuf>> {
    let home = || std::env::home_dir().context("there is no home directory");
    Ok(match client {
        Client::Claude if cfg!(target_os = "macos") => {
            Some(home()?.join("Library/Application Support/Claude/claude_desktop_config.json"))
        }
        Client::Claude => Some(home()?.join(".config/Claude/claude_desktop_config.json")),
        Client::ClaudeCode => Some(PathBuf::from(".mcp.json")),
        Client::Cursor => Some(home()?.join(".cursor/mcp.json")),
        Client::Vscode => Some(PathBuf::from(".vscode/mcp.json")),
        Client::Windsurf => Some(home()?.join(".codeium/windsurf/mcp_config.json")),
        Client::Chatgpt | Client::Inspector => None,
    })
}

fn write(client: Client, name: &str, url: &str) -> Outcome {
    let (Some(path), Some((member, entry))) = (file(client)?, entry(client, url)) else {
        bail!("this client has no configuration file; call without --write to see what to do");
    };
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "{}".to_owned(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let merged = merge(&before, member, name, entry)
        .with_context(|| format!("{} was left as it is", path.display()))?;
    replace(&path, &merged)?;
    say(&format!("wrote {name} into {}; restart the client if it does not notice", path.display()));
    tell(&path.display().to_string())
}

/// The file with the server in it; everything else stays.
fn merge(before: &str, member: &str, name: &str, entry: Value) -> anyhow::Result<String> {
    let mut root: Map<String, Value> = serde_json::from_str(before).context("it is not a JSON object")?;
    let servers = root.entry(member).or_insert_with(|| json!({}));
    let servers = servers.as_object_mut().with_context(|| format!("its member {member} is not an object"))?;
    servers.insert(name.to_owned(), entry);
    Ok(format!("{}\n", serde_json::to_string_pretty(&root)?))
}

/// Writes beside and renames, so that a half-written file is never seen. The file holds a secret: only its owner
/// may read it.
fn replace(path: &Path, text: &str) -> Outcome {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("json.new");
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_keeps_everything_else() {
        let before = r#"{"theme":"dark","mcpServers":{"other":{"url":"u"}}}"#;
        let merged = merge(before, "mcpServers", "mine", json!({ "url": "v" })).unwrap();
        let value: Value = serde_json::from_str(&merged).unwrap();
        assert_eq!(
            value,
            json!({ "theme": "dark", "mcpServers": { "other": { "url": "u" }, "mine": { "url": "v" } } })
        );
        assert!(merge("[]", "mcpServers", "mine", json!({})).is_err());
        assert!(merge(r#"{"mcpServers":3}"#, "mcpServers", "mine", json!({})).is_err());
    }

    #[test]
    fn every_client_is_told_something() {
        for client in Client::value_variants() {
            assert!(
                shown(*client, "mine", "http://localhost/mcp/a/b")
                    .unwrap()
                    .contains("http://localhost/mcp/a/b")
            );
        }
    }
}
