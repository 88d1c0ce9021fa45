//! Accounts and the change counter.

use store::{AccountRow, Db, Error, OpenOptions, Unique};

use crate::databases::{account, at, on_each_db, user_row};

fn row(id: &str, name: &str) -> AccountRow {
    AccountRow { account_id: id.to_owned(), name: name.to_owned(), created_at: at(1) }
}

#[tokio::test]
async fn an_account_is_found_by_id_and_by_name() {
    on_each_db(async |db| {
        let (one, two) = (row("a1", "one"), row("a2", "two"));
        db.create_account(&two).await.unwrap();
        db.create_account(&one).await.unwrap();
        assert_eq!(db.find_account("a1").await.unwrap(), Some(one.clone()));
        assert_eq!(db.find_account_by_name("two").await.unwrap(), Some(two.clone()));
        assert_eq!(db.find_account("a3").await.unwrap(), None);
        assert_eq!(db.find_account_by_name("One").await.unwrap(), None);
        assert_eq!(db.list_accounts().await.unwrap(), [one, two]);
    })
    .await;
}

#[tokio::test]
async fn a_taken_account_name_is_told_apart_from_a_taken_id() {
    on_each_db(async |db| {
        db.create_account(&row("a1", "one")).await.unwrap();
        let name = db.create_account(&row("a2", "one")).await;
        assert!(matches!(name, Err(Error::Conflict(Unique::AccountName))), "{name:?}");
        let id = db.create_account(&row("a1", "two")).await;
        assert!(matches!(id, Err(Error::Conflict(Unique::Identifier))), "{id:?}");
    })
    .await;
}

#[tokio::test]
async fn every_committed_change_raises_the_change_number_and_a_dropped_one_does_not() {
    on_each_db(async |db| {
        let before = db.change_number().await.unwrap();
        let account = account(db, "acme").await;
        let after = db.change_number().await.unwrap();
        assert_eq!(after, before + 2);

        let mut tx = account.begin().await.unwrap();
        tx.create_user(&user_row("carol")).await.unwrap();
        drop(tx);
        assert_eq!(db.change_number().await.unwrap(), after);
        assert_eq!(account.find_user("carol").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_commit_is_announced_to_postgres_listeners() {
    on_each_db(async |db| {
        let Db::Postgres(pool) = db else { return };
        let mut listener = sqlx::postgres::PgListener::connect_with(pool).await.unwrap();
        listener.listen("permalloy_change").await.unwrap();
        account(db, "acme").await;
        let heard = tokio::time::timeout(std::time::Duration::from_secs(5), listener.recv()).await;
        assert_eq!(heard.expect("in time").expect("connected").channel(), "permalloy_change");
    })
    .await;
}

#[tokio::test]
async fn a_database_answers_a_ping_until_it_is_closed() {
    on_each_db(async |db| {
        db.ping().await.unwrap();
        let other = db.clone();
        other.close().await;
        let gone = db.ping().await.expect_err("closed");
        assert!(gone.is_unavailable(), "{gone:?}");
        assert!(!Error::NotFound.is_unavailable());
    })
    .await;
}

#[tokio::test]
async fn an_address_of_no_database_is_refused() {
    for url in ["", "mysql://x", "sqlite::memory:", "sqlite:", "nonsense", "sqlite:file?mode=ro"] {
        let opened = Db::open(url, OpenOptions::default()).await;
        assert!(matches!(opened, Err(Error::Address)), "{url}: {opened:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("postgres:///nothing?host={}", directory.path().display());
    let opened = Db::open(&url, OpenOptions::default()).await;
    assert!(matches!(opened, Err(Error::Unavailable(_))), "{opened:?}");
}
