//! `permalloy serve`.

use std::{
    fs::{File, TryLockError},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use serde_json::json;
use tokio::net::TcpListener;

use super::{Call, Outcome, context, tell};
use crate::{
    app::App,
    http, jobs,
    ops::{
        accounts::{self, FirstStart},
        executions, servers,
    },
    telemetry,
};

/// How long jobs and calls may take to end once the connections are closed.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT.
pub(super) async fn run(call: Call) -> Outcome {
    let config = context::config(&call)?;
    let telemetry = telemetry::init(&config.log)?;
    for notice in config.notices() {
        tracing::warn!("{notice}");
    }
    let listener = TcpListener::bind(config.server.listen).await.with_context(|| {
        format!("cannot listen on {}; choose another address with --listen", config.server.listen)
    })?;
    let base_url = config.server.base_url(listener.local_addr()?);
    let app = App::build(config, base_url, telemetry).await?;
    let sole = SoleProcess::take(&app)?;
    if sole.is_some() {
        executions::recover(&app).await.map_err(context::told)?;
    } else {
        tracing::warn!("another process serves on this database; what it is running stays its own");
        executions::close_abandoned(&app).await.map_err(context::told)?;
    }
    let first = accounts::first_start(&app).await.map_err(context::told)?;
    tell(&banner(&app, first.as_ref()))?;
    stop_on_signal(&app)?;
    jobs::start(&app);
    let served = http::serve(Arc::clone(&app), listener).await;
    drain(&app).await;
    served
}

/// The proof that no other process serves on this SQLite file: a lock beside the data, held as long as this lives
/// and let go by the system however the process ends. PostgreSQL has a lock of its own.
struct SoleProcess(#[expect(dead_code, reason = "holding it is its use")] Option<File>);

impl SoleProcess {
    fn take(app: &App) -> anyhow::Result<Option<Self>> {
        if matches!(app.db, store::Db::Postgres(_)) {
            return Ok(Some(Self(None)));
        }
        let path = app.config.server.data_dir.join("serve.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(Some(file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

fn stop_on_signal(app: &Arc<App>) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = app.tasks.stop.clone();
    app.tasks.spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = stop.cancelled() => {}
        }
        tracing::info!("stopping: finishing what was begun");
        stop.cancel();
    });
    Ok(())
}

async fn drain(app: &App) {
    app.close(DRAIN).await;
    app.telemetry.flush(Duration::from_secs(2));
}

/// What a person sees at the start; the secrets of a first start this once.
fn banner(app: &App, first: Option<&FirstStart>) -> String {
    let base = &app.base_url;
    let Some(first) = first else {
        return format!("Permalloy is running on {base}  (API reference: {base}/docs)\n");
    };
    let server = &first.server;
    let url = server.access_url.as_deref().unwrap_or(&server.url);
    let name = servers::slug(&server.name);
    let client = json!({ "mcpServers": { name.as_str(): { "type": "http", "url": url } } });
    let client = serde_json::to_string_pretty(&client).unwrap_or_default();
    format!(
        "Permalloy is running on {base}\n\n\
         These secrets are shown once:\n\n  \
         API key (admin)    {key}\n  \
         Token URL          {url}\n\n\
         Connect a client, for example:\n\n  \
         claude mcp add --transport http {name} {url}\n\n\
         or with this configuration:\n\n{client}\n\n\
         API reference      {base}/docs\n\
         Make a server      curl {base}/api/servers -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{{\"name\":\"My server\"}}'\n\
         All commands       permalloy --help\n",
        key = first.key,
    )
}
