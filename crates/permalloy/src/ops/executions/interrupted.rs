//! What processes that ended in the middle left open gets an outcome: unknown.

use std::time::Duration;

use chrono::TimeDelta;

use crate::{app::App, error::Error};

/// An execution that has been running for this long belongs to no living process: the longest one takes five
/// minutes.
const ABANDONED: TimeDelta = TimeDelta::minutes(10);
/// How often a process that starts looks whether it is alone, and how long it waits in between. The database may
/// notice the end of a killed process a moment after the next one has started.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// For a process that starts, before it serves: what is still open is nobody's, unless other processes write to
/// this database, and then may be theirs; [`close_abandoned`] finds the rest.
pub(crate) async fn recover(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    for _ in 0..LOOKS {
        if let Some(interrupted) = app.db.mark_interrupted_if_alone(now).await? {
            tell(interrupted);
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    close_abandoned(app).await
}

/// What has been running for longer than any execution may.
pub(crate) async fn close_abandoned(app: &App) -> Result<(), Error> {
    tell(app.db.mark_interrupted_executions(app.clock.now() - ABANDONED).await?);
    Ok(())
}

fn tell(interrupted: u64) {
    if interrupted > 0 {
        tracing::warn!(
            executions = interrupted,
            "executions were interrupted by the end of a process; their outcome is unknown"
        );
    }
}
