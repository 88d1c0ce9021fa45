//! Migrations: embedded, numbered, applied in order, each once and each in a transaction of its own.

use crate::db::{Tx, in_time};
use crate::{Db, Error, Result};

/// A migration of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number; they count up from 1 without gaps.
    pub number: i64,
    /// Its name.
    pub name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "foundation",
    sqlite: include_str!("../migrations/sqlite/0001_foundation.sql"),
    postgres: include_str!("../migrations/postgres/0001_foundation.sql"),
}];

/// Any number, as long as it is ours: two processes that migrate wait for each other.
const POSTGRES_LOCK: i64 = 7_308_604_759_846_152;

impl Db {
    /// Applies what is pending and answers what was applied. Two processes may do this at once.
    pub async fn migrate(&self) -> Result<Vec<Migration>> {
        let mut applied = Vec::new();
        while let Some(migration) = self.apply_next().await? {
            tracing::info!(migration.number, migration.name, "applied a migration");
            applied.push(migration);
        }
        Ok(applied)
    }

    /// What [`Db::migrate`] would apply. A database that a newer program migrated is
    /// [`crate::Error::NewerSchema`].
    pub async fn pending_migrations(&self) -> Result<Vec<Migration>> {
        let exists: bool = match self {
            Db::Sqlite { read, .. } => {
                sqlx::query_scalar(
                    "select exists (select 1 from sqlite_master where type = 'table' and name = 'schema_migrations')",
                )
                .fetch_one(read)
                .await?
            }
            Db::Postgres(pool) => {
                let exists = sqlx::query_scalar("select to_regclass('schema_migrations') is not null");
                in_time(Box::pin(exists.fetch_one(pool))).await?
            }
        };
        if !exists {
            return Ok(MIGRATIONS.to_vec());
        }
        let newest = on!(read self, db => sqlx::query_scalar(
            "select coalesce(max(number), 0) from schema_migrations").fetch_one(db).await)?;
        Ok(after(newest)?.to_vec())
    }

    async fn apply_next(&self) -> Result<Option<Migration>> {
        let mut tx = self.begin().await?;
        match &mut tx {
            Tx::Sqlite(..) => {}
            Tx::Postgres(tx) => {
                sqlx::query("select pg_advisory_xact_lock($1)")
                    .bind(POSTGRES_LOCK)
                    .execute(&mut **tx)
                    .await?;
            }
        }
        in_tx!(&mut tx, db => sqlx::query(
            "create table if not exists schema_migrations (number bigint not null primary key, name text not null)")
            .execute(db).await.map(|_| ()))?;
        let newest = in_tx!(&mut tx, db => sqlx::query_scalar(
            "select coalesce(max(number), 0) from schema_migrations").fetch_one(db).await)?;
        let Some(&migration) = after(newest)?.first() else {
            tx.commit().await?;
            return Ok(None);
        };
        match &mut tx {
            Tx::Sqlite(tx, _turn) => {
                sqlx::raw_sql(migration.sqlite).execute(&mut **tx).await?;
            }
            Tx::Postgres(tx) => {
                sqlx::raw_sql(migration.postgres).execute(&mut **tx).await?;
            }
        }
        in_tx!(&mut tx, db => sqlx::query("insert into schema_migrations (number, name) values ($1, $2)")
            .bind(migration.number).bind(migration.name).execute(db).await.map(|_| ()))?;
        tx.commit().await?;
        Ok(Some(migration))
    }
}

/// The migrations after that number.
fn after(newest: i64) -> Result<&'static [Migration]> {
    let known = MIGRATIONS.last().map_or(0, |migration| migration.number);
    if newest > known {
        return Err(Error::NewerSchema { found: newest, known });
    }
    let applied = MIGRATIONS.iter().take_while(|migration| migration.number <= newest).count();
    Ok(MIGRATIONS.get(applied..).unwrap_or_default())
}
