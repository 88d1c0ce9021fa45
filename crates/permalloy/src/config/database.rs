//! Sections `database` and `redis`: where state is kept, and what replicas share.

use std::path::Path;

use super::Secret;
use super::reader::{Reader, number};
use super::settings::{Secrecy, Setting};

#[derive(Debug, Clone)]
pub(crate) struct Database {
    /// `sqlite:…` or `postgres://…`; may hold a password.
    pub(crate) url: Secret,
    pub(crate) max_connections: u32,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "database.url",
        "PERMALLOY_DATABASE",
        "sqlite:PATH or postgres://USER@HOST/NAME",
        "sqlite:{server.data_dir}/permalloy.db",
        "The database. SQLite for one process, PostgreSQL for any number of replicas.",
    )
    .with_flag("--database")
    .with_secrecy(Secrecy::Password),
    Setting::new(
        "database.max_connections",
        "PERMALLOY_DATABASE_MAX_CONNECTIONS",
        "a number from 1 to 1000",
        "16",
        "How many connections one process opens at most.",
    ),
    Setting::new(
        "redis.url",
        "PERMALLOY_REDIS",
        "redis://HOST or rediss://HOST",
        "",
        "Redis, so that replicas share rate limits. Not used yet: limits are per replica.",
    )
    .with_flag("--redis")
    .with_secrecy(Secrecy::Password),
];

pub(super) fn read(reader: &mut Reader<'_>, data_dir: &Path) -> Database {
    let url = reader.optional("database.url", database_url).unwrap_or_else(|| {
        let url = format!("sqlite:{}", data_dir.join("permalloy.db").display());
        reader.computed("database.url", &url);
        Secret::new(url)
    });
    Database { url, max_connections: reader.value("database.max_connections", number(1..=1000)) }
}

pub(super) fn read_redis(reader: &mut Reader<'_>) -> Option<Secret> {
    reader.optional("redis.url", |text| {
        let url = url::Url::parse(text).ok()?;
        (matches!(url.scheme(), "redis" | "rediss") && url.has_host()).then(|| Secret::new(text))
    })
}

fn database_url(text: &str) -> Option<Secret> {
    let known = match text.split_once(':')? {
        ("sqlite", rest) => !rest.trim_start_matches('/').is_empty(),
        ("postgres" | "postgresql", _) => url::Url::parse(text).is_ok(),
        _other => false,
    };
    known.then(|| Secret::new(text))
}
