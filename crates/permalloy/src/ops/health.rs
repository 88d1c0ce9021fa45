//! Whether the process can serve.

use crate::app::App;

/// Ready means: not shutting down, the database answers and has the schema of this program.
pub(crate) async fn ready(app: &App) -> Result<(), &'static str> {
    if app.tasks.stop.is_cancelled() {
        return Err("shutting down");
    }
    match app.db.pending_migrations().await {
        Ok(pending) if pending.is_empty() => Ok(()),
        Ok(_) => Err("the database schema is not up to date"),
        Err(error) => {
            tracing::warn!(error.cause = format!("{:#}", anyhow::Error::from(error)), "not ready");
            Err("the database does not answer")
        }
    }
}
