//! Everything that lives as long as the process, in one struct with plain fields. Made once from the
//! configuration by [`App::build`]; no globals, no container.

use std::{
    os::unix::fs::DirBuilderExt as _,
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::Context as _;
use store::{Db, ExecutionLog, OpenOptions};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access::{hosts::Hosts, lookup::Lookup, rate::Rates},
    clock::Clock,
    config::{Config, vault_key},
    error::Error,
    http::body::Schemas,
    ops::{catalogue::Catalogue, sealing::Sealing, surface::direct::Names},
    outbound::Outbound,
    telemetry::Telemetry,
};

/// Event streams open at once in one process.
const MAX_STREAMS: usize = 4_096;
/// How long a request may wait for a database connection before it is answered with 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the execution log may take to write what it was handed.
const LOG_DEADLINE: Duration = Duration::from_secs(10);

/// The process: state, doors to the outside, and the tasks that run beside the requests.
pub(crate) struct App {
    pub(crate) config: Config,
    /// The URL under which clients reach this process, without a trailing slash.
    pub(crate) base_url: String,
    pub(crate) hosts: Hosts,
    pub(crate) db: Db,
    pub(crate) log: ExecutionLog,
    pub(crate) sealing: Sealing,
    pub(crate) catalogue: Catalogue,
    pub(crate) outbound: Outbound,
    pub(crate) clock: Clock,
    pub(crate) lookup: Lookup,
    pub(crate) rates: Rates,
    pub(crate) schemas: Schemas,
    direct: OnceLock<Names>,
    /// Room for open event streams.
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) telemetry: Telemetry,
    pub(crate) tasks: Tasks,
}

/// The tasks of the process: spawned here and nowhere else, so that a shutdown can wait for them.
#[derive(Clone, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    /// What the others write to until they end.
    last: TaskTracker,
    /// Cancelled when the process is to end.
    pub(crate) stop: CancellationToken,
}

impl Tasks {
    /// Runs `task` beside the requests.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }
}

/// Waits for all tasks, at most `deadline`. Whether all ended.
async fn ended(tasks: &TaskTracker, deadline: Duration) -> bool {
    tasks.close();
    timeout(deadline, tasks.wait()).await.is_ok()
}

impl App {
    /// Opens everything that `config` names. `base_url` is the URL that clients use, once the port is known.
    pub(crate) async fn build(
        config: Config,
        base_url: String,
        telemetry: Telemetry,
    ) -> anyhow::Result<Arc<Self>> {
        make_data_directory(&config)?;
        let keys = vault_key::load_or_create(&config.vault)?;
        if let Some(path) = &keys.created {
            tracing::info!(path = %path.display(), "made a vault key; keep a copy, credentials cannot be read without it");
        }
        let catalogue = Catalogue::load(&config.connectors)?;
        let db = open(&config).await?;
        let tasks = Tasks::default();
        let (log, writer) = ExecutionLog::new(db.clone());
        tasks.last.spawn(writer);
        Ok(Arc::new(Self {
            hosts: Hosts::new(&config, &base_url),
            base_url,
            log,
            sealing: Sealing::new(vault::Vault::new(&keys.current, &keys.previous)),
            catalogue,
            outbound: Outbound::new(&config.outbound)?,
            clock: Clock,
            lookup: Lookup::new(),
            rates: Rates::new(&config.limits),
            schemas: Schemas::new(),
            direct: OnceLock::new(),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            telemetry,
            tasks,
            db,
            config,
        }))
    }

    /// Ends everything in order: the tasks, which have `deadline` to finish what they began, then the log to which
    /// they write outcomes, then the database. Whether all ended in time.
    pub(crate) async fn close(&self, deadline: Duration) -> bool {
        self.tasks.stop.cancel();
        let tasks_ended = ended(&self.tasks.tracker, deadline).await;
        let log_ended = timeout(LOG_DEADLINE, self.log.close()).await.is_ok()
            && ended(&self.tasks.last, LOG_DEADLINE).await;
        if !(tasks_ended && log_ended) {
            tracing::warn!("some work did not end in time");
        }
        self.db.close().await;
        tasks_ended && log_ended
    }

    /// From the names of direct tools to actions; made when a server in direct mode is first used.
    pub(crate) fn direct_names(&self) -> &Names {
        self.direct.get_or_init(|| Names::new(self.catalogue.iter().map(|entry| &entry.connector)))
    }
}

/// Makes the data directory if it is not there, for its owner only: it holds the database and the vault's key.
pub(crate) fn make_data_directory(config: &Config) -> anyhow::Result<()> {
    let path = &config.server.data_dir;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("cannot make the data directory {}", path.display()))
}

/// Opens the database and brings its schema up to date.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Db> {
    let options =
        OpenOptions { max_connections: config.database.max_connections, acquire_timeout: ACQUIRE_TIMEOUT };
    let db = Db::open(config.database.url.expose(), options).await.context("cannot open the database")?;
    db.migrate().await.context("cannot bring the database schema up to date")?;
    Ok(db)
}

/// Everything unknown from the store is the product's own fault; what a caller can act on is named.
impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        use crate::error::{Kind, Noun};
        match error {
            store::Error::NotFound => Self::not_found(Noun::Path),
            store::Error::Conflict(store::Unique::ServerName) => Self::conflict("Server name already exists"),
            store::Error::Conflict(store::Unique::Username) => Self::conflict("Username already exists"),
            store::Error::Conflict(_) => Self::conflict("Already exists").because(error),
            store::Error::Unavailable(_) => {
                Self::plain(Kind::Unavailable, "The database does not answer; try again").because(error)
            }
            store::Error::ZeroByte => {
                Self::invalid_field("", "holds a zero byte (U+0000), which cannot be stored")
            }
            store::Error::Record(_) | store::Error::LogClosed => {
                Self::plain(Kind::Unavailable, "The execution could not be recorded; try again")
                    .because(error)
            }
            store::Error::Address | store::Error::Internal(_) | store::Error::NewerSchema { .. } => {
                Self::internal(error)
            }
        }
    }
}
