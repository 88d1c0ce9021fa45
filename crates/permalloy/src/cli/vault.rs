//! `permalloy vault`.

use clap::Subcommand;

use super::{
    Call, Outcome,
    context::{Host, told},
    say, tell, tell_json,
};

#[derive(Subcommand)]
pub(super) enum Vault {
    /// Wrap every account's data key with the current root key
    ///
    /// To change the root key: move the old key file aside and name it in `vault.previous_key_files`, start with
    /// the new one, run this command, then drop the old file. It can be interrupted and run again.
    Rotate,
}

pub(super) async fn run(call: Call, vault: Vault) -> Outcome {
    let host = Host::open(&call).await?;
    let outcome = match vault {
        Vault::Rotate => rotate(&host, call.json).await,
    };
    host.close().await?;
    outcome
}

async fn rotate(host: &Host, json: bool) -> Outcome {
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let progress = |done: usize, total: usize| {
        if terminal && (done == total || done.is_multiple_of(100)) {
            say(&format!("{done} of {total}"));
        }
    };
    let rotated = host.app.sealing.rotate(&host.app.db, progress).await.map_err(told)?;
    if json {
        return tell_json(&serde_json::json!({ "total": rotated.total, "rewrapped": rotated.rewrapped }));
    }
    tell(&format!(
        "{} of {} keys were wrapped anew; the others already had the current root key",
        rotated.rewrapped, rotated.total
    ))
}
