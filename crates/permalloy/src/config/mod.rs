//! Configuration in two stages: what was written (`raw`: flags, environment, file) becomes what it means
//! (`Config`: parsed, bounded, no `Option` that means "default"). Every problem is reported at once.
//!
//! The environment is read here and nowhere else, once, through [`source::Source`]. Nothing here starts anything.

pub(crate) mod access;
pub(crate) mod connectors;
pub(crate) mod database;
pub(crate) mod limits;
pub(crate) mod log;
pub(crate) mod outbound;
pub(crate) mod problem;
mod raw;
mod reader;
pub(crate) mod reference;
pub(crate) mod retention;
pub(crate) mod server;
pub(crate) mod servers;
pub(crate) mod settings;
pub(crate) mod source;
pub(crate) mod vault;
pub(crate) mod vault_key;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

use self::problem::{Origin, Problem};
use self::reader::Reader;
use self::source::Source;

/// Everything that was configured, checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) server: server::Server,
    pub(crate) database: database::Database,
    /// Parsed and kept; nothing uses it yet, which `notices` says.
    pub(crate) redis: Option<Secret>,
    pub(crate) vault: vault::Vault,
    pub(crate) access: access::Access,
    pub(crate) servers: servers::Servers,
    pub(crate) limits: limits::Limits,
    pub(crate) outbound: outbound::Outbound,
    pub(crate) retention: retention::Retention,
    pub(crate) log: log::Log,
    pub(crate) connectors: connectors::Connectors,
    effective: Vec<Effective>,
}

/// One setting as it is in force. `value` is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effective {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) origin: Origin,
}

/// A text that is never printed, such as a client secret or a URL with a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

/// Flags every command takes; they stand above the environment and the file.
#[derive(Debug, Default, Clone, clap::Args)]
pub(crate) struct Flags {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", global = true, help_heading = "Settings")]
    pub(crate) config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS", global = true, help_heading = "Settings")]
    pub(crate) listen: Option<String>,
    /// URL under which clients reach this installation [default: made from the address]
    #[arg(long, value_name = "URL", global = true, help_heading = "Settings")]
    pub(crate) public_url: Option<String>,
    /// Where state is kept [default: ./permalloy-data]
    #[arg(long, value_name = "DIR", global = true, help_heading = "Settings")]
    pub(crate) data_dir: Option<String>,
    /// Database [default: sqlite:{data-dir}/permalloy.db]
    #[arg(long, value_name = "URL", global = true, help_heading = "Settings")]
    pub(crate) database: Option<String>,
    /// Redis, for limits shared between replicas
    #[arg(long, value_name = "URL", global = true, help_heading = "Settings")]
    pub(crate) redis: Option<String>,
    /// What is logged, such as `info` or `warn,permalloy=debug` [default: info]
    #[arg(long, value_name = "FILTER", global = true, help_heading = "Settings")]
    pub(crate) log: Option<String>,
    /// `text`, `json` or `auto` [default: auto]
    #[arg(long, value_name = "FORMAT", global = true, help_heading = "Settings")]
    pub(crate) log_format: Option<String>,
    /// Private networks that calls to platforms may reach, comma-separated
    #[arg(long, value_name = "CIDR", global = true, help_heading = "Settings")]
    pub(crate) outbound_allow: Option<String>,
    /// Any other setting by its name in the file, such as `limits.requests_per_minute=200`
    #[arg(long, value_name = "KEY=VALUE", global = true, help_heading = "Settings")]
    pub(crate) set: Vec<String>,
}

impl Config {
    /// Reads flags, environment and file, checks everything, and answers with all problems or none.
    pub(crate) fn load(flags: &Flags, source: &Source) -> Result<Config, Vec<Problem>> {
        let mut reader = Reader::new(raw::gather(flags, source), source);
        let server = server::read(&mut reader);
        let database = database::read(&mut reader, &server.data_dir);
        let config = Config {
            redis: database::read_redis(&mut reader),
            vault: vault::read(&mut reader, &server.data_dir),
            access: access::read(&mut reader),
            servers: servers::read(&mut reader),
            limits: limits::read(&mut reader),
            outbound: outbound::read(&mut reader),
            retention: retention::read(&mut reader),
            log: log::read(&mut reader),
            connectors: connectors::read(&mut reader),
            server,
            database,
            effective: Vec::new(),
        };
        let effective = reader.finish()?;
        Ok(Config { effective, ..config })
    }

    /// Every setting in force with where it came from, secrets as `***`, in the order of the reference page.
    pub(crate) fn show(&self) -> &[Effective] {
        &self.effective
    }

    /// What an operator should be told at start: settings that are accepted but not served yet.
    pub(crate) fn notices(&self) -> Vec<&'static str> {
        let mut notices = Vec::new();
        if self.redis.is_some() {
            notices.push("redis.url is set but not used yet: rate limits are per replica");
        }
        if self.log.otlp_endpoint.is_some() {
            notices.push("log.otlp_endpoint is set but not used yet: no traces are exported");
        }
        notices
    }
}

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}
