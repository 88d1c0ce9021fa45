//! What can go wrong here, as far as a caller acts differently.

/// The result of every store function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The row to change, or a row that the new one refers to, is not in this account.
    #[error("there is no such row")]
    NotFound,
    /// Another row already has this value.
    #[error("{0} is already taken")]
    Conflict(Unique),
    /// The database cannot be reached, is busy or full; the same call may succeed later.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The database was migrated by a newer program than this one.
    #[error("the database has schema {found}, this program knows up to {known}")]
    NewerSchema {
        /// The newest migration in the database.
        found: i64,
        /// The newest migration this program has.
        known: i64,
    },
    /// The address names no database that this program can open.
    #[error("the database address must begin with sqlite: or postgres: and name a file or a server")]
    Address,
    /// A text holds a zero byte, which PostgreSQL cannot keep.
    #[error("a text holds a zero byte")]
    ZeroByte,
    /// A mistake in this program, or a damaged database.
    #[error("the database refused the statement")]
    Internal(#[source] sqlx::Error),
    /// The execution log was shut down, or its task ended.
    #[error("the execution log is closed")]
    LogClosed,
    /// The batch that a record was part of was not written. All its waiters share the cause.
    #[error("the execution record was not written")]
    Record(#[source] std::sync::Arc<Error>),
}

impl Error {
    /// Whether the same call may succeed later.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Error::Unavailable(_) => true,
            Error::Record(cause) => cause.is_unavailable(),
            Error::NotFound
            | Error::Conflict(_)
            | Error::NewerSchema { .. }
            | Error::Address
            | Error::ZeroByte
            | Error::Internal(_)
            | Error::LogClosed => false,
        }
    }
}

/// A value that may exist only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// `accounts.name`
    AccountName,
    /// `users.username` in its account, or the user's id
    Username,
    /// `servers.name` of its owner
    ServerName,
    /// `servers.server_id`
    ServerId,
    /// The hash of a key or token
    SecretHash,
    /// Any other identifier
    Identifier,
}

impl std::fmt::Display for Unique {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Unique::AccountName => "the account name",
            Unique::Username => "the user name",
            Unique::ServerName => "the server name",
            Unique::ServerId => "the server id",
            Unique::SecretHash => "the hash",
            Unique::Identifier => "the identifier",
        })
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Error {
        let sqlx::Error::Database(database) = &error else {
            return if is_connection_trouble(&error) {
                Error::Unavailable(error)
            } else {
                Error::Internal(error)
            };
        };
        if database.is_unique_violation() {
            Error::Conflict(violated(database.as_ref()))
        } else if database.is_foreign_key_violation() {
            Error::NotFound
        } else if database.code().as_deref() == Some(ZERO_BYTE) {
            Error::ZeroByte
        } else if is_passing(database.code().as_deref()) {
            Error::Unavailable(error)
        } else {
            Error::Internal(error)
        }
    }
}

/// PostgreSQL's `character_not_in_repertoire`: a Rust text is always UTF-8, so only a zero byte causes it.
const ZERO_BYTE: &str = "22021";

/// Which unique constraint: PostgreSQL tells its name, SQLite the columns.
fn violated(database: &dyn sqlx::error::DatabaseError) -> Unique {
    let text = database.constraint().unwrap_or_else(|| database.message());
    let any = |names: &[&str]| names.iter().any(|name| text.ends_with(name));
    if any(&["accounts.name", "accounts_name"]) {
        Unique::AccountName
    } else if any(&["users.username", "users.user_id", "users_username", "users_pkey"]) {
        Unique::Username
    } else if any(&["servers.owner_user_id, servers.name", "servers_name"]) {
        Unique::ServerName
    } else if any(&["servers.server_id", "servers_server_id", "servers_pkey"]) {
        Unique::ServerId
    } else if any(&["keys.hash", "tokens.hash", "_hash"]) {
        Unique::SecretHash
    } else {
        Unique::Identifier
    }
}

fn is_connection_trouble(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
    )
}

/// Codes that may pass: SQLite `SQLITE_BUSY` 5, `LOCKED` 6, `IOERR` 10, `FULL` 13, `CANTOPEN` 14 (the low byte of
/// the extended code); PostgreSQL classes 08 connection, 53 resources, 57 operator, 40 rollback, 55P03 lock.
fn is_passing(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    if code.len() == 5 {
        return ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class)) || code == "55P03";
    }
    code.parse::<u32>().is_ok_and(|number| [5, 6, 10, 13, 14].contains(&(number & 0xff)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_full_and_lost_databases_may_come_back_and_mistakes_do_not() {
        // SQLite: busy, busy snapshot, I/O error on write, full. PostgreSQL: shutdown, disk full, deadlock, lock.
        for code in ["5", "517", "778", "13", "57P01", "53100", "40P01", "55P03"] {
            assert!(is_passing(Some(code)), "{code}");
        }
        for code in ["1", "1299", "11", "26", "42P01", "23502", "22021", ""] {
            assert!(!is_passing(Some(code)), "{code}");
        }
        assert!(!is_passing(None));
        assert!(Error::from(sqlx::Error::PoolTimedOut).is_unavailable());
        assert!(!Error::from(sqlx::Error::RowNotFound).is_unavailable());
    }
}
