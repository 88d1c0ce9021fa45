//! What has to be done now and then: writing down last uses, forgetting what is over. The jobs call these.

use store::LastUsed;

use super::executions;
use crate::{access::lookup::Used, app::App, error::Error};

/// How many changes of management data there have been, in all processes.
pub(crate) async fn change_number(app: &App) -> Result<i64, Error> {
    Ok(app.db.change_number().await?)
}

/// Writes down when keys, tokens and credentials were last used.
pub(crate) async fn flush_used(app: &App) -> Result<(), Error> {
    let (mut keys, mut tokens, mut credentials) = (Vec::new(), Vec::new(), Vec::new());
    for (what, account_id, id, at) in app.lookup.take_used() {
        let used = LastUsed { account_id: account_id.to_string(), id: id.to_string(), at };
        match what {
            Used::Key => keys.push(used),
            Used::Token => tokens.push(used),
            Used::Credential => credentials.push(used),
        }
    }
    if !keys.is_empty() {
        app.db.touch_api_keys(&keys).await?;
    }
    if !tokens.is_empty() {
        app.db.touch_access_tokens(&tokens).await?;
    }
    if !credentials.is_empty() {
        app.db.touch_credentials(&credentials).await?;
    }
    Ok(())
}

/// Deletes kept results and idempotency keys that are over, and executions older than the retention setting;
/// gives up on executions that a process left open while others went on.
pub(crate) async fn purge(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    executions::close_abandoned(app).await?;
    app.rates.forget_idle();
    app.db.purge_kept_results(now).await?;
    app.db.purge_idempotency_keys(now).await?;
    let kept = chrono::TimeDelta::from_std(app.config.retention.executions).unwrap_or(chrono::TimeDelta::MAX);
    if let Some(before) = now.checked_sub_signed(kept) {
        app.db.purge_executions(before).await?;
    }
    Ok(())
}
