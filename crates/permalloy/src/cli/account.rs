//! `permalloy account`: the accounts of the installation.

use clap::Subcommand;

use super::{
    Call, Outcome,
    context::{Host, told},
    table, tell, tell_json,
};
use crate::ops::accounts;

#[derive(Subcommand)]
pub(super) enum Account {
    /// Create an account; then `permalloy key create --account NAME` gives it a key
    Create { name: String },
    /// List accounts
    List,
}

pub(super) async fn run(call: Call, account: Account) -> Outcome {
    let host = Host::open(&call).await?;
    let outcome = act(&host, call.json, account).await;
    host.close().await?;
    outcome
}

async fn act(host: &Host, json: bool, account: Account) -> Outcome {
    match account {
        Account::Create { name } => {
            let made = accounts::create(&host.app, &name).await.map_err(told)?;
            if json { tell_json(&made) } else { tell(&made.account_id) }
        }
        Account::List => {
            let accounts = accounts::list(&host.app).await.map_err(told)?;
            if json {
                return tell_json(&accounts);
            }
            let rows: Vec<_> = accounts
                .into_iter()
                .map(|account| {
                    vec![account.account_id, account.name, account.created_at.format("%F %R").to_string()]
                })
                .collect();
            tell(&table(&["ACCOUNT", "NAME", "MADE"], &rows))
        }
    }
}
