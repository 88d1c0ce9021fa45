//! `permalloy server`: MCP servers, on the host.

use clap::Subcommand;

use super::{
    Call, Outcome,
    context::{Host, told},
    table, tell, tell_json,
};
use crate::{
    access::restrictions::Written,
    ops::{accounts, servers, tokens},
};

#[derive(Subcommand)]
pub(super) enum Server {
    /// Create an MCP server and show its token URL
    Create {
        name: String,
        #[arg(long, default_value = "")]
        description: String,
        /// What assistants should know, beside how the tools are used
        #[arg(long, default_value = "")]
        instructions: String,
        /// Only these connectors, comma-separated
        #[arg(long, value_delimiter = ',')]
        connectors: Option<Vec<String>>,
        /// `dynamic`, `direct` or `both`
        #[arg(long)]
        tool_mode: Option<String>,
        /// `header`, `jwt` or `owner`
        #[arg(long)]
        identity: Option<String>,
        /// Days until the token stops working
        #[arg(long)]
        expires_in_days: Option<u32>,
        /// The user who owns it
        #[arg(long, default_value = accounts::HOST_USER)]
        owner: String,
        #[arg(long, default_value = accounts::DEFAULT)]
        account: String,
    },
    /// List MCP servers
    List {
        #[arg(long, default_value = accounts::DEFAULT)]
        account: String,
    },
    /// Show one MCP server with its token URL
    Show {
        server_id: String,
        #[arg(long, default_value = accounts::DEFAULT)]
        account: String,
    },
    /// Replace a server's token; the old one works for the grace period
    Rotate {
        server_id: String,
        #[arg(long, default_value_t = 0)]
        grace_seconds: u32,
        #[arg(long, default_value = accounts::DEFAULT)]
        account: String,
    },
    /// Delete an MCP server; its token URLs stop working
    Delete {
        server_id: String,
        #[arg(long, default_value = accounts::DEFAULT)]
        account: String,
    },
}

pub(super) async fn run(call: Call, server: Server) -> Outcome {
    let host = Host::open(&call).await?;
    let outcome = Box::pin(act(&host, call.json, server)).await;
    host.close().await?;
    outcome
}

async fn act(host: &Host, json: bool, server: Server) -> Outcome {
    let app = &host.app;
    match server {
        Server::Create {
            name,
            description,
            instructions,
            connectors,
            tool_mode,
            identity,
            expires_in_days,
            owner,
            account,
        } => {
            let by = host.admin(&account, &owner).await?;
            let restrictions = connectors.map(only).unwrap_or_default();
            let request = servers::Create {
                name,
                description,
                custom_instructions: instructions,
                token_expires_in_days: expires_in_days,
                restrictions,
                tool_mode,
                identity,
                rate_limit: None,
                is_public: None,
            };
            show(json, &servers::create(app, &by, request).await.map_err(told)?)
        }
        Server::List { account } => {
            let by = host.admin(&account, accounts::HOST_USER).await?;
            let page = servers::list(app, &by, true, 1_000, None).await.map_err(told)?;
            if json {
                return tell_json(&page);
            }
            let rows: Vec<_> = page.servers.into_iter().map(row).collect();
            tell(&table(&["SERVER", "NAME", "OWNER", "TOOLS", "IDENTITY", "RESTRICTED"], &rows))
        }
        Server::Show { server_id, account } => {
            let by = host.admin(&account, accounts::HOST_USER).await?;
            show(json, &servers::get(app, &by, &server_id).await.map_err(told)?)
        }
        Server::Rotate { server_id, grace_seconds, account } => {
            let by = host.admin(&account, accounts::HOST_USER).await?;
            let request =
                tokens::Create { name: None, expires_in_days: None, replaces_primary: true, grace_seconds };
            let token = tokens::create(app, &by, &server_id, request).await.map_err(told)?;
            if json { tell_json(&token) } else { tell(token.access_url.as_deref().unwrap_or_default()) }
        }
        Server::Delete { server_id, account } => {
            let by = host.admin(&account, accounts::HOST_USER).await?;
            servers::delete(app, &by, &server_id).await.map_err(told)?;
            if json {
                tell_json(&serde_json::json!({ "serverId": server_id, "deleted": true }))
            } else {
                tell("deleted")
            }
        }
    }
}

fn only(connectors: Vec<String>) -> Written {
    use crate::access::restrictions::{Ids, Mode};
    let ids = Ids { mode: Some(Mode::Allowlist), allowed_ids: Some(connectors), blocked_ids: None };
    Written { connectors: Some(ids), ..Written::default() }
}

fn show(json: bool, server: &servers::View) -> Outcome {
    if json {
        return tell_json(server);
    }
    let mut lines = vec![
        format!("server       {}", server.server_id),
        format!("name         {}", server.name),
        format!(
            "token URL    {}",
            server.access_url.as_deref().unwrap_or("(not kept: servers.reveal_access_url is off)")
        ),
        format!("URL          {}", server.url),
        format!("tools        {}", server.tool_mode),
        format!("identity     {}", server.identity),
    ];
    if let Some(at) = server.token_expires_at {
        lines.push(format!("token until  {}", at.format("%F %R UTC")));
    }
    lines.extend(server.warnings.iter().map(|warning| format!("warning      {warning}")));
    tell(&lines.join("\n"))
}

fn row(server: servers::View) -> Vec<String> {
    let restricted = if server.has_restrictions { "yes" } else { "no" };
    vec![
        server.server_id,
        server.name,
        server.owner_user_id,
        server.tool_mode.to_owned(),
        server.identity.to_owned(),
        restricted.to_owned(),
    ]
}
