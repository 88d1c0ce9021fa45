//! Users.

use store::{Error, Unique, User};

use crate::databases::{account, at, on_each_db, user_row};

#[tokio::test]
async fn a_user_is_made_at_first_sight_only() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        assert!(account.ensure_user("carol", at(5)).await.unwrap());
        assert!(!account.ensure_user("carol", at(6)).await.unwrap());
        let carol = account.find_user("carol").await.unwrap().unwrap();
        assert_eq!((carol.username.as_str(), carol.full_name, carol.created_at), ("carol", None, at(5)));
    })
    .await;
}

#[tokio::test]
async fn a_taken_user_name_or_id_is_a_conflict_in_its_account_only() {
    on_each_db(async |db| {
        let (acme, other) = (account(db, "acme").await, account(db, "other").await);
        let mut tx = acme.begin().await.unwrap();
        let mut same_name = user_row("new");
        same_name.username = "ada".to_owned();
        let taken = tx.create_user(&same_name).await;
        assert!(matches!(taken, Err(Error::Conflict(Unique::Username))), "{taken:?}");
        drop(tx);
        let mut tx = acme.begin().await.unwrap();
        let taken = tx.create_user(&user_row("ada")).await;
        assert!(matches!(taken, Err(Error::Conflict(Unique::Username))), "{taken:?}");
        drop(tx);
        assert!(other.find_user("ada").await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_first_sight_under_another_users_name_is_a_conflict() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        let mut tx = account.begin().await.unwrap();
        tx.create_user(&User { user_id: "user-1".into(), ..user_row("carol") }).await.unwrap();
        tx.commit().await.unwrap();
        let taken = account.ensure_user("carol", at(5)).await;
        assert!(matches!(taken, Err(Error::Conflict(Unique::Username))), "{taken:?}");
    })
    .await;
}

#[tokio::test]
async fn users_are_listed_in_pages_in_byte_order() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        for user in ["Zoe", "a_b", "ab", "é"] {
            account.ensure_user(user, at(1)).await.unwrap();
        }
        let ids = async |limit, after| {
            let users = account.list_users(limit, after).await.unwrap();
            users.into_iter().map(|user| user.user_id).collect::<Vec<_>>()
        };
        assert_eq!(ids(10, None).await, ["Zoe", "a_b", "ab", "ada", "bob", "é"]);
        assert_eq!(ids(2, Some("a_b")).await, ["ab", "ada"]);
        assert_eq!(account.count_users().await.unwrap(), 6);
    })
    .await;
}

#[tokio::test]
async fn another_accounts_users_are_not_seen_and_not_deleted() {
    on_each_db(async |db| {
        let acme = account(db, "acme").await;
        let other = db.account("acc-none");
        assert_eq!(other.find_user("ada").await.unwrap(), None);
        assert!(other.list_users(10, None).await.unwrap().is_empty());
        assert_eq!(other.count_users().await.unwrap(), 0);
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.delete_user("ada").await, Err(Error::NotFound)));
        drop(tx);
        assert!(acme.find_user("ada").await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_user_of_an_account_that_does_not_exist_is_refused() {
    on_each_db(async |db| {
        let nowhere = db.account("acc-none").ensure_user("ada", at(0)).await;
        assert!(matches!(nowhere, Err(Error::NotFound)), "{nowhere:?}");
    })
    .await;
}
