//! The one place that knows there are two databases.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgPool, SqlitePool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::{Account, Error, Result};

/// An open database. Cloning is cheap and shares the connections.
#[derive(Clone, Debug)]
pub enum Db {
    /// One file. Many readers, and one writer at a time.
    Sqlite {
        /// Connections that only read.
        read: SqlitePool,
        /// The one connection that writes, but for the execution log's own.
        write: SqlitePool,
        /// Who writes holds the one permit. Writers so queue in order; SQLite itself would let them poll, and
        /// the execution log would starve the others.
        turn: Arc<Semaphore>,
    },
    /// A server.
    Postgres(PgPool),
}

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// Connections at most (of readers, for SQLite); at least 1.
    pub max_connections: u32,
    /// How long a call waits for a connection before the database counts as unavailable.
    pub acquire_timeout: Duration,
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions { max_connections: 8, acquire_timeout: Duration::from_secs(5) }
    }
}

/// How long SQLite waits for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a PostgreSQL may take to answer before it counts as gone: where the network swallows everything, no
/// connection tells that it is dead for many minutes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pages in the write-ahead log, of 4 KiB each, after which they are moved into the file. A page that changes often
/// is then moved once for many changes.
const CHECKPOINT_PAGES: &str = "4000";

/// Prepared statements kept per connection; more than there are statements in this crate.
const STATEMENTS_KEPT: usize = 256;

/// Runs one query text against whichever database is open; `read` or `write` chooses SQLite's connection.
macro_rules! on {
    (read $db:expr, $executor:ident => $body:expr) => {
        match $db {
            $crate::Db::Sqlite { read: $executor, .. } => $body,
            $crate::Db::Postgres($executor) => $crate::db::in_time(Box::pin(async { $body })).await,
        }
    };
    (write $db:expr, $executor:ident => $body:expr) => {
        match $db {
            $crate::Db::Sqlite { write: $executor, turn, .. } => {
                let _turn = turn.acquire().await.expect("the turn is never closed");
                $body
            }
            $crate::Db::Postgres($executor) => $crate::db::in_time(Box::pin(async { $body })).await,
        }
    };
}

/// Runs one query text inside a transaction.
macro_rules! in_tx {
    ($tx:expr, $executor:ident => $body:expr) => {
        match $tx {
            $crate::db::Tx::Sqlite(tx, _turn) => {
                let $executor = &mut **tx;
                $body
            }
            $crate::db::Tx::Postgres(tx) => {
                let $executor = &mut **tx;
                $crate::db::in_time(Box::pin(async { $body })).await
            }
        }
    };
}

/// What PostgreSQL answers to this, unless it takes too long. Best handed over in a box: it would be in the
/// future twice.
pub(crate) async fn in_time<T, E: From<sqlx::Error>>(
    statement: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    timeout(PATIENCE, statement).await.unwrap_or_else(|_elapsed| Err(sqlx::Error::PoolTimedOut.into()))
}

/// A transaction that writes. Dropped without commit, it changes nothing.
pub(crate) enum Tx {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>, OwnedSemaphorePermit),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Tx::Sqlite(tx, _turn) => tx.commit().await?,
            Tx::Postgres(tx) => in_time(Box::pin(tx.commit())).await?,
        }
        Ok(())
    }
}

impl Db {
    /// Opens `sqlite:path`, `sqlite://path` (the file is made when it is absent) or `postgres://…`. For a unix
    /// socket: `postgres:///database?host=/directory`. Does not migrate.
    pub async fn open(url: &str, options: OpenOptions) -> Result<Db> {
        match url.split_once(':') {
            Some(("sqlite", path)) => open_sqlite(path.strip_prefix("//").unwrap_or(path), options).await,
            Some(("postgres" | "postgresql", _)) => open_postgres(url, options).await,
            _ => Err(Error::Address),
        }
    }

    /// The handle through which an account's rows are reached. It does not check that the account exists.
    pub fn account(&self, account_id: impl Into<Arc<str>>) -> Account {
        Account { db: self.clone(), account_id: account_id.into() }
    }

    /// Asks the database for nothing, to see whether it answers.
    pub async fn ping(&self) -> Result<()> {
        on!(read self, db => sqlx::query("select 1").execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Waits for running statements and closes all connections.
    pub async fn close(&self) {
        match self {
            Db::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }

    pub(crate) async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Db::Sqlite { write, turn, .. } => {
                let turn = turn.clone().acquire_owned().await.expect("the turn is never closed");
                Tx::Sqlite(write.begin_with("begin immediate").await?, turn)
            }
            Db::Postgres(pool) => Tx::Postgres(in_time(Box::pin(pool.begin())).await?),
        })
    }
}

async fn open_sqlite(path: &str, options: OpenOptions) -> Result<Db> {
    if path.is_empty() || path.starts_with(":memory:") || path.contains('?') {
        return Err(Error::Address);
    }
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .statement_cache_capacity(STATEMENTS_KEPT);
    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
    };
    // The writer opens first: it makes the file and switches it to WAL. A commit that failed (a full disk) has
    // ended the transaction in SQLite, but sqlx believes it open and would never begin another on that connection.
    let write = pool()
        .max_connections(1)
        .min_connections(1)
        .before_acquire(|connection, _| {
            let usable = !connection.is_in_transaction();
            Box::pin(async move { Ok(usable) })
        })
        .connect_with(connect.clone())
        .await?;
    let read = pool().max_connections(options.max_connections).connect_with(connect.read_only(true)).await?;
    Ok(Db::Sqlite { read, write, turn: Arc::new(Semaphore::new(1)) })
}

async fn open_postgres(url: &str, options: OpenOptions) -> Result<Db> {
    let mut connect = PgConnectOptions::from_str(url)
        .map_err(|_reason| Error::Address)?
        .statement_cache_capacity(STATEMENTS_KEPT);
    if connect.get_application_name().is_none() {
        connect = connect.application_name("permalloy");
    }
    let pool = PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false);
    Ok(Db::Postgres(pool.connect_with(connect).await?))
}
