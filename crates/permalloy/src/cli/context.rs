//! What commands on the host share: the configuration, and the product opened without its HTTP side.

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;

use super::Call;
use crate::{
    access::Admin,
    app::App,
    config::{Config, source::Source},
    error::Error,
    ops::accounts,
    telemetry::Telemetry,
};

/// How long what a command started may take to end.
const DRAIN: Duration = Duration::from_secs(10);

/// The configuration of this call; all problems at once.
pub(super) fn config(call: &Call) -> anyhow::Result<Config> {
    Config::load(&call.flags, &Source::process()).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(|problem| format!("  {problem}")).collect();
        anyhow!("the configuration has {} problem(s):\n{}", problems.len(), lines.join("\n"))
    })
}

/// The product, opened for one command.
pub(super) struct Host {
    pub(super) app: Arc<App>,
}

impl Host {
    /// Opens the database and everything else the configuration names.
    pub(super) async fn open(call: &Call) -> anyhow::Result<Self> {
        let config = config(call)?;
        let base_url = config.server.base_url(config.server.listen);
        Ok(Self { app: App::build(config, base_url, Telemetry::silent()?).await? })
    }

    /// The authority over an account; an installation without any account gets the default one first.
    pub(super) async fn admin(&self, account: &str, user: &str) -> anyhow::Result<Admin> {
        if account == accounts::DEFAULT && self.app.db.list_accounts().await?.is_empty() {
            accounts::create(&self.app, accounts::DEFAULT).await.map_err(told)?;
        }
        accounts::host(&self.app, account, user).await.map_err(told)
    }

    /// Ends what the command started.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        if !self.app.close(DRAIN).await {
            return Err(anyhow!("some work did not end in time"));
        }
        Ok(())
    }
}

/// The product's error as the command line tells it: on the host, the cause may be seen.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
pub(super) fn told(error: Error) -> anyhow::Error {
    let mut text = error.public().to_owned();
    if error.details().len() > 1 {
        for detail in error.details() {
            text.push_str(&format!("\n  {}: {}", detail.field, detail.problem));
        }
    }
    if let Some(cause) = error.cause() {
        text.push_str(&format!(" ({cause:#})"));
    }
    anyhow!(text)
}
