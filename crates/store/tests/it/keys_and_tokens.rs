//! API keys, access tokens, and when they were last used.

use store::{AccessToken, Account, ApiKey, Error, FoundAccessToken, FoundApiKey, LastUsed, Role, Unique};

use crate::databases::{account, at, on_each_db};
use crate::servers::{insert, server};

fn key(id: &str, user: &str) -> ApiKey {
    ApiKey {
        key_id: id.to_owned(),
        user_id: user.to_owned(),
        role: Role::Member,
        name: "ci".to_owned(),
        hash: id.as_bytes().to_vec(),
        prefix: "ak_".to_owned(),
        created_at: at(1),
        expires_at: Some(at(100)),
        last_used_at: None,
        revoked_at: None,
    }
}

fn token(id: &str, is_primary: bool) -> AccessToken {
    AccessToken {
        token_id: id.to_owned(),
        server_id: "s1".to_owned(),
        name: "laptop".to_owned(),
        hash: id.as_bytes().to_vec(),
        sealed: Some(vec![1, 2, 3]),
        is_primary,
        created_at: at(1),
        expires_at: at(1000),
        last_used_at: None,
    }
}

async fn insert_key(account: &Account, key: &ApiKey) -> Result<(), Error> {
    let mut tx = account.begin().await?;
    tx.insert_api_key(key).await?;
    tx.commit().await
}

async fn insert_token(account: &Account, token: &AccessToken) -> Result<(), Error> {
    let mut tx = account.begin().await?;
    tx.insert_access_token(token).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_key_is_found_by_its_hash_with_its_account() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert_key(&account, &key("k1", "ada")).await.unwrap();
        insert_key(&account, &ApiKey { role: Role::Admin, ..key("k2", "bob") }).await.unwrap();
        let found = FoundApiKey { account_id: "acc-acme".into(), key: key("k1", "ada") };
        assert_eq!(db.find_api_key(b"k1").await.unwrap(), Some(found));
        assert_eq!(db.find_api_key(b"k3").await.unwrap(), None);
        assert_eq!(account.find_api_key("k1").await.unwrap(), Some(key("k1", "ada")));
        assert_eq!(account.find_api_key("k2").await.unwrap().map(|key| key.role), Some(Role::Admin));
        assert_eq!(account.list_api_keys().await.unwrap().len(), 2);
        assert!(db.account("acc-other").list_api_keys().await.unwrap().is_empty());
        assert_eq!(db.account("acc-other").find_api_key("k1").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_revoked_key_stays_revoked_at_the_first_time() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert_key(&account, &key("k1", "ada")).await.unwrap();
        let mut tx = account.begin().await.unwrap();
        tx.revoke_api_key("k1", at(7)).await.unwrap();
        tx.revoke_api_key("k1", at(8)).await.unwrap();
        assert!(matches!(tx.revoke_api_key("k2", at(7)).await, Err(Error::NotFound)));
        tx.commit().await.unwrap();
        assert_eq!(account.find_api_key("k1").await.unwrap().and_then(|key| key.revoked_at), Some(at(7)));
    })
    .await;
}

#[tokio::test]
async fn the_same_secret_twice_is_a_conflict_even_across_accounts() {
    on_each_db(async |db| {
        let (acme, other) = (account(db, "acme").await, account(db, "other").await);
        insert_key(&acme, &key("k1", "ada")).await.unwrap();
        let again = insert_key(&other, &ApiKey { key_id: "k9".into(), ..key("k1", "ada") }).await;
        assert!(matches!(again, Err(Error::Conflict(Unique::SecretHash))), "{again:?}");
        let same_id = insert_key(&acme, &ApiKey { hash: vec![9], ..key("k1", "ada") }).await;
        assert!(matches!(same_id, Err(Error::Conflict(Unique::Identifier))), "{same_id:?}");

        insert(&acme, &server("s1", "ada", 1)).await.unwrap();
        insert_token(&acme, &token("t1", true)).await.unwrap();
        let again = insert_token(&acme, &AccessToken { token_id: "t9".into(), ..token("t1", false) }).await;
        assert!(matches!(again, Err(Error::Conflict(Unique::SecretHash))), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn a_token_is_found_by_its_hash_and_gone_when_deleted() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &server("s1", "ada", 1)).await.unwrap();
        insert_token(&account, &token("t1", true)).await.unwrap();
        let found = FoundAccessToken { account_id: "acc-acme".into(), token: token("t1", true) };
        assert_eq!(db.find_access_token(b"t1").await.unwrap(), Some(found));
        assert_eq!(db.find_access_token(b"t2").await.unwrap(), None);

        let mut tx = account.begin().await.unwrap();
        assert!(matches!(tx.delete_access_token("s2", "t1").await, Err(Error::NotFound)));
        tx.delete_access_token("s1", "t1").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(db.find_access_token(b"t1").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_demoted_primary_works_for_the_grace_period_and_never_longer_than_before() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &server("s1", "ada", 1)).await.unwrap();
        insert_token(&account, &token("t1", true)).await.unwrap();
        let second = insert_token(&account, &token("t2", true)).await;
        assert!(matches!(second, Err(Error::Conflict(Unique::Identifier))), "{second:?}");

        for (old, new, until, expected) in [("t1", "t2", at(50), at(50)), ("t2", "t3", at(9999), at(1000))] {
            let mut tx = account.begin().await.unwrap();
            tx.demote_primary_access_token("s1", until).await.unwrap();
            tx.insert_access_token(&token(new, true)).await.unwrap();
            tx.commit().await.unwrap();
            let tokens = account.list_access_tokens("s1").await.unwrap();
            let old = tokens.iter().find(|token| token.token_id == old).unwrap();
            assert_eq!((old.is_primary, old.expires_at), (false, expected));
            let primary = account.primary_access_token("s1").await.unwrap().unwrap();
            assert_eq!((primary.token_id.as_str(), primary.expires_at), (new, at(1000)));
        }
        assert_eq!(account.primary_access_token("s2").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn tokens_go_with_their_server_and_keys_with_their_user() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &server("s1", "ada", 1)).await.unwrap();
        insert_token(&account, &token("t1", true)).await.unwrap();
        insert_key(&account, &key("k1", "bob")).await.unwrap();
        let mut tx = account.begin().await.unwrap();
        tx.delete_server("s1").await.unwrap();
        tx.delete_user("bob").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(db.find_access_token(b"t1").await.unwrap(), None);
        assert_eq!(db.find_api_key(b"k1").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn the_last_use_moves_forward_only_and_in_its_account_only() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &server("s1", "ada", 1)).await.unwrap();
        insert_token(&account, &token("t1", true)).await.unwrap();
        insert_key(&account, &key("k1", "ada")).await.unwrap();
        let before = db.change_number().await.unwrap();
        let uses = |account_id: &str, id: &str, seconds| {
            vec![LastUsed { account_id: account_id.to_owned(), id: id.to_owned(), at: at(seconds) }]
        };
        for (account_id, seconds) in [("acc-acme", 20), ("acc-acme", 10), ("acc-other", 30)] {
            db.touch_api_keys(&uses(account_id, "k1", seconds)).await.unwrap();
            db.touch_access_tokens(&uses(account_id, "t1", seconds)).await.unwrap();
        }
        db.touch_api_keys(&uses("acc-acme", "gone", 1)).await.unwrap();
        let key = account.find_api_key("k1").await.unwrap().unwrap();
        let token = account.primary_access_token("s1").await.unwrap().unwrap();
        assert_eq!((key.last_used_at, token.last_used_at), (Some(at(20)), Some(at(20))));
        assert_eq!(db.change_number().await.unwrap(), before);
    })
    .await;
}
