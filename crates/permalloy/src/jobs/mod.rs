//! Background work: noticing what other processes changed, writing down last uses, forgetting what is over.

use std::{sync::Arc, time::Duration};

use store::LastUsed;

use crate::{access::lookup::Used, app::App};

/// Between two looks at the change number: a change made by another process binds here within one second.
const LOOK: Duration = Duration::from_millis(300);
/// Between two flushes of last uses.
const FLUSH: Duration = Duration::from_secs(5);
/// Between two purges.
const PURGE: Duration = Duration::from_secs(300);

/// Starts all jobs of a serving process.
pub(crate) fn start(app: &Arc<App>) {
    app.tasks.spawn(notice_changes(Arc::clone(app)));
    app.tasks.spawn(every(Arc::clone(app), FLUSH, "flush last uses", async |app| flush_used(app).await));
    app.tasks.spawn(every(Arc::clone(app), PURGE, "purge what is over", async |app| purge(app).await));
}

/// Runs `job` again and again until the process ends. A failure is logged and the job tried again at its time.
async fn every(app: Arc<App>, period: Duration, name: &str, job: impl AsyncFn(&App) -> store::Result<()>) {
    loop {
        tokio::select! {
            () = app.tasks.stop.cancelled() => break,
            () = tokio::time::sleep(period) => {}
        }
        report(name, job(&app).await);
    }
    report(name, job(&app).await);
}

fn report(name: &str, outcome: store::Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(job = name, error.cause = format!("{:#}", anyhow::Error::from(error)), "a job failed");
    }
}

/// Forgets look-ups when another process, such as a command on the host or a replica, changed management data.
async fn notice_changes(app: Arc<App>) {
    let mut known = None;
    let mut failing = false;
    loop {
        match app.db.change_number().await {
            Ok(number) => {
                if known.is_some_and(|known| known != number) {
                    app.lookup.forget();
                }
                known = Some(number);
                failing = false;
            }
            Err(error) => {
                if !failing {
                    report("notice changes", Err(error));
                }
                // What another process changes meanwhile is not known: nothing old is believed.
                failing = true;
                app.lookup.forget();
            }
        }
        tokio::select! {
            () = app.tasks.stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn flush_used(app: &App) -> store::Result<()> {
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

async fn purge(app: &App) -> store::Result<()> {
    let now = app.clock.now();
    app.rates.forget_idle();
    app.db.purge_kept_results(now).await?;
    app.db.purge_idempotency_keys(now).await?;
    let kept = chrono::TimeDelta::from_std(app.config.retention.executions).unwrap_or(chrono::TimeDelta::MAX);
    if let Some(before) = now.checked_sub_signed(kept) {
        app.db.purge_executions(before).await?;
    }
    Ok(())
}
