//! Runs a test on a fresh SQLite file and on a fresh PostgreSQL schema.
//!
//! PostgreSQL is taken from `PERMALLOY_TEST_POSTGRES`. Without it that half is left out, unless
//! `PERMALLOY_TEST_REQUIRE_POSTGRES=1` says that leaving it out is a failure.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use store::{Account, AccountRow, Db, OpenOptions, User};

/// Numbers the schemas of this process.
static SCHEMAS: AtomicU32 = AtomicU32::new(0);

/// Runs the test on each database, migrated and empty.
pub(crate) async fn on_each_db(test: impl AsyncFn(&Db)) {
    on_each_empty_db(async |db| {
        db.migrate().await.expect("migrations apply");
        test(db).await;
    })
    .await;
}

/// Runs the test on each database before any migration.
pub(crate) async fn on_each_empty_db(test: impl AsyncFn(&Db)) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite:{}", directory.path().join("test.db").display());
    let db = Db::open(&url, OpenOptions::default()).await.expect("SQLite opens");
    test(&db).await;
    db.close().await;

    let Some(postgres) = postgres_url() else { return };
    let schema = format!("it_{}_{}", std::process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed));
    let separator = if postgres.contains('?') { '&' } else { '?' };
    let url = format!(
        "{postgres}{separator}options=-c%20search_path%3D{schema}%20-c%20client_min_messages%3Dwarning\
         &application_name={schema}"
    );
    let admin = sqlx::PgPool::connect(&url).await.expect("PostgreSQL answers");
    let make = "do $$ begin execute format('create schema %I', current_setting('search_path')); end $$";
    sqlx::raw_sql(make).execute(&admin).await.expect("the schema is new");
    let options = OpenOptions { max_connections: 4, ..OpenOptions::default() };
    let db = Db::open(&url, options).await.expect("PostgreSQL opens");
    test(&db).await;
    db.close().await;
    let unmake =
        "do $$ begin execute format('drop schema %I cascade', current_setting('search_path')); end $$";
    sqlx::raw_sql(unmake).execute(&admin).await.expect("the schema goes");
    admin.close().await;
}

#[expect(clippy::disallowed_methods, reason = "tests are told where PostgreSQL is by the environment")]
fn postgres_url() -> Option<String> {
    let url = std::env::var("PERMALLOY_TEST_POSTGRES").ok();
    let required = std::env::var("PERMALLOY_TEST_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
    assert!(url.is_some() || !required, "PERMALLOY_TEST_POSTGRES is not set but required");
    url
}

/// A time with microseconds, that many seconds after a fixed one.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    let start = DateTime::from_timestamp_micros(1_800_000_000_123_456).expect("in range");
    start + TimeDelta::seconds(seconds)
}

/// An account with the users `ada` and `bob`.
pub(crate) async fn account(db: &Db, name: &str) -> Account {
    let row = AccountRow { account_id: format!("acc-{name}"), name: name.to_owned(), created_at: at(0) };
    db.create_account(&row).await.expect("the account is new");
    let account = db.account(row.account_id);
    let mut tx = account.begin().await.expect("begins");
    for user in ["ada", "bob"] {
        tx.create_user(&user_row(user)).await.expect("the user is new");
    }
    tx.commit().await.expect("commits");
    account
}

pub(crate) fn user_row(user_id: &str) -> User {
    User {
        user_id: user_id.to_owned(),
        username: user_id.to_owned(),
        full_name: Some(format!("{user_id} of the test")),
        created_at: at(0),
    }
}
