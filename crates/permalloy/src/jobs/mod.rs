//! Background work: when it is done and what happens if it fails. What is done is in `ops::upkeep`.

use std::{sync::Arc, time::Duration};

use crate::{app::App, error::Error, ops::upkeep};

/// Between two looks at the change number: a change made by another process binds here within one second.
const LOOK: Duration = Duration::from_millis(300);
/// Between two flushes of last uses.
const FLUSH: Duration = Duration::from_secs(5);
/// Between two purges.
const PURGE: Duration = Duration::from_mins(5);

/// Starts all jobs of a serving process.
pub(crate) fn start(app: &Arc<App>) {
    app.tasks.spawn(notice_changes(Arc::clone(app)));
    app.tasks.spawn(every(Arc::clone(app), FLUSH, "flush last uses", upkeep::flush_used));
    app.tasks.spawn(every(Arc::clone(app), PURGE, "purge what is over", upkeep::purge));
}

/// Runs `job` again and again, and once more when the process ends. A failure is logged and the job tried again
/// at its time.
async fn every<J>(app: Arc<App>, period: Duration, name: &'static str, job: J)
where
    J: AsyncFn(&App) -> Result<(), Error>,
{
    loop {
        tokio::select! {
            () = app.tasks.stop.cancelled() => break,
            () = tokio::time::sleep(period) => {}
        }
        report(name, job(&app).await);
    }
    report(name, job(&app).await);
}

fn report(name: &str, outcome: Result<(), Error>) {
    if let Err(error) = outcome {
        tracing::warn!(job = name, error.cause = format!("{error:?}"), "a job failed");
    }
}

/// Forgets look-ups when another process, such as a command on the host or a replica, changed management data.
async fn notice_changes(app: Arc<App>) {
    let mut known = None;
    let mut failing = false;
    loop {
        match upkeep::change_number(&app).await {
            Ok(number) => {
                // The first look forgets too: what was looked up before it may be older than the number.
                if known != Some(number) {
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
