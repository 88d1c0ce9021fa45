//! `permalloy key`: API keys, on the host.

use clap::Subcommand;

use super::{
    Call, Outcome,
    context::{Host, told},
    table, tell, tell_json,
};
use crate::ops::{accounts, keys};

#[derive(Subcommand)]
pub(super) enum Key {
    /// Create an API key; its secret is shown once
    Create {
        /// What the key is for
        #[arg(default_value = "key")]
        name: String,
        /// `admin` or `member`
        #[arg(long, default_value = "admin")]
        role: String,
        /// The user the key acts as
        #[arg(long, default_value = accounts::HOST_USER)]
        user: String,
        /// Days until it stops working [default: never]
        #[arg(long)]
        expires_in_days: Option<u32>,
        #[arg(long, default_value = accounts::DEFAULT)]
        account: String,
    },
    /// List API keys, without secrets
    List {
        #[arg(long, default_value = accounts::DEFAULT)]
        account: String,
    },
    /// Revoke an API key at once
    Revoke {
        key_id: String,
        #[arg(long, default_value = accounts::DEFAULT)]
        account: String,
    },
}

pub(super) async fn run(call: Call, key: Key) -> Outcome {
    let host = Host::open(&call).await?;
    let outcome = act(&host, call.json, key).await;
    host.close().await?;
    outcome
}

async fn act(host: &Host, json: bool, key: Key) -> Outcome {
    match key {
        Key::Create { name, role, user, expires_in_days, account } => {
            let by = host.admin(&account, accounts::HOST_USER).await?;
            let request = keys::Create { name, role: Some(role), user_id: Some(user), expires_in_days };
            let made = keys::create(&host.app, &by, request).await.map_err(told)?;
            if json { tell_json(&made) } else { tell(made.key.as_deref().unwrap_or_default()) }
        }
        Key::List { account } => {
            let by = host.admin(&account, accounts::HOST_USER).await?;
            let keys = keys::list(&by).await.map_err(told)?;
            if json {
                return tell_json(&keys);
            }
            let rows: Vec<_> = keys.into_iter().map(row).collect();
            tell(&table(&["KEY", "NAME", "ROLE", "USER", "BEGINS WITH", "STATE"], &rows))
        }
        Key::Revoke { key_id, account } => {
            let by = host.admin(&account, accounts::HOST_USER).await?;
            keys::revoke(&host.app, &by, &key_id).await.map_err(told)?;
            if json {
                tell_json(&serde_json::json!({ "keyId": key_id, "revoked": true }))
            } else {
                tell("revoked")
            }
        }
    }
}

fn row(key: keys::View) -> Vec<String> {
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", at.format("%F %R")),
        (None, Some(at)) => format!("until {}", at.format("%F %R")),
        (None, None) => "active".to_owned(),
    };
    vec![key.key_id, key.name, key.role.to_owned(), key.user_id, format!("{}…", key.prefix), state]
}
