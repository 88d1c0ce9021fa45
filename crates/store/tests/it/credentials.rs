//! Credentials and data keys.

use store::{
    Account, Credential, CredentialChange, CredentialFilter, CredentialStatus, Error, LastUsed, StoredDataKey,
};

use crate::databases::{account, at, on_each_db};

fn credential(id: &str, user: &str, seconds: i64) -> Credential {
    Credential {
        credential_id: id.to_owned(),
        user_id: user.to_owned(),
        connector_id: "slack".to_owned(),
        name: "work".to_owned(),
        credential_type: "bearer".to_owned(),
        status: CredentialStatus::Active,
        status_reason: None,
        sealed: vec![1, 2, 3],
        public_fields: "{\"team\":\"T1\"}".to_owned(),
        scopes: "[]".to_owned(),
        expires_at: Some(at(500)),
        created_at: at(seconds),
        updated_at: at(seconds),
        last_used_at: None,
    }
}

async fn insert(account: &Account, credential: &Credential) -> Result<(), Error> {
    let mut tx = account.begin().await?;
    tx.insert_credential(credential).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_credential_comes_back_as_it_was_stored() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        let stored = credential("c1", "ada", 1);
        insert(&account, &stored).await.unwrap();
        assert_eq!(account.find_credential("c1").await.unwrap(), Some(stored));
        assert_eq!(db.account("acc-other").find_credential("c1").await.unwrap(), None);
        let refused = insert(&account, &credential("c2", "nobody", 1)).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn the_newest_active_credential_of_user_and_connector_is_chosen() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        let others = [
            credential("c1", "ada", 1),
            credential("c2", "ada", 2),
            Credential { status: CredentialStatus::Revoked, ..credential("c3", "ada", 3) },
            Credential { connector_id: "github".into(), ..credential("c4", "ada", 4) },
            credential("c5", "bob", 5),
        ];
        for each in &others {
            insert(&account, each).await.unwrap();
        }
        let newest = account.newest_active_credential("ada", "slack").await.unwrap();
        assert_eq!(newest.map(|found| found.credential_id).as_deref(), Some("c2"));
        assert_eq!(account.newest_active_credential("bob", "github").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn credentials_are_listed_by_user_and_connector_in_pages() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        for each in [
            credential("c1", "ada", 3),
            Credential { connector_id: "github".into(), ..credential("c2", "ada", 2) },
            credential("c3", "bob", 1),
        ] {
            insert(&account, &each).await.unwrap();
        }
        let ids = async |filter, limit, after| {
            let rows = account.list_credentials(filter, limit, after).await.unwrap();
            rows.into_iter().map(|row| row.credential_id).collect::<Vec<_>>()
        };
        let all = CredentialFilter::default();
        assert_eq!(ids(all, 10, None).await, ["c1", "c2", "c3"]);
        assert_eq!(ids(all, 1, Some("c1")).await, ["c2"]);
        assert_eq!(ids(CredentialFilter { user_id: Some("ada"), ..all }, 10, None).await, ["c1", "c2"]);
        assert_eq!(
            ids(CredentialFilter { connector_id: Some("slack"), ..all }, 10, None).await,
            ["c1", "c3"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_change_touches_the_given_fields_only() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &credential("c1", "ada", 1)).await.unwrap();
        let change = async |change| {
            let mut tx = account.begin().await.unwrap();
            tx.update_credential("c1", change, at(9)).await.unwrap();
            tx.commit().await.unwrap();
            account.find_credential("c1").await.unwrap().unwrap()
        };
        let mut expected = Credential { updated_at: at(9), ..credential("c1", "ada", 1) };
        assert_eq!(change(CredentialChange::default()).await, expected);

        expected.status = CredentialStatus::Error;
        expected.status_reason = Some("refused".into());
        let status = Some((CredentialStatus::Error, Some("refused")));
        assert_eq!(change(CredentialChange { status, ..CredentialChange::default() }).await, expected);

        expected.status = CredentialStatus::Active;
        expected.status_reason = None;
        expected.name = "home".into();
        expected.sealed = vec![9];
        expected.public_fields = "{}".into();
        expected.scopes = "[\"read\"]".into();
        expected.expires_at = None;
        let everything = CredentialChange {
            name: Some("home"),
            status: Some((CredentialStatus::Active, None)),
            sealed: Some(&[9]),
            public_fields: Some("{}"),
            scopes: Some("[\"read\"]"),
            expires_at: Some(None),
        };
        assert_eq!(change(everything).await, expected);
        let later = CredentialChange { expires_at: Some(Some(at(77))), ..CredentialChange::default() };
        assert_eq!(change(later).await.expires_at, Some(at(77)));
    })
    .await;
}

#[tokio::test]
async fn a_missing_credential_is_neither_changed_nor_deleted() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &credential("c1", "ada", 1)).await.unwrap();
        let mut tx = account.begin().await.unwrap();
        let changed = tx.update_credential("c2", CredentialChange::default(), at(9)).await;
        assert!(matches!(changed, Err(Error::NotFound)));
        tx.delete_credential("c1").await.unwrap();
        assert!(matches!(tx.delete_credential("c1").await, Err(Error::NotFound)));
        tx.commit().await.unwrap();
        assert_eq!(account.find_credential("c1").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn resealing_succeeds_only_for_who_read_the_present_value() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &credential("c1", "ada", 1)).await.unwrap();
        assert!(account.reseal_credential("c1", &[1, 2, 3], &[4]).await.unwrap());
        assert!(!account.reseal_credential("c1", &[1, 2, 3], &[5]).await.unwrap());
        assert!(!db.account("acc-other").reseal_credential("c1", &[4], &[5]).await.unwrap());
        assert_eq!(account.find_credential("c1").await.unwrap().map(|row| row.sealed), Some(vec![4]));
    })
    .await;
}

#[tokio::test]
async fn a_rotation_walks_the_sealed_values_of_all_accounts() {
    on_each_db(async |db| {
        for name in ["one", "two"] {
            let account = account(db, name).await;
            insert(&account, &credential("c1", "ada", 1)).await.unwrap();
            insert(&account, &credential("c2", "ada", 1)).await.unwrap();
        }
        let mut seen = Vec::new();
        let mut page = db.list_sealed_credentials(None, 3).await.unwrap();
        while let Some(last) = page.last().cloned() {
            seen.extend(page.into_iter().map(|row| (row.account_id, row.credential_id, row.sealed)));
            page =
                db.list_sealed_credentials(Some((&last.account_id, &last.credential_id)), 3).await.unwrap();
        }
        let expected = [("acc-one", "c1"), ("acc-one", "c2"), ("acc-two", "c1"), ("acc-two", "c2")]
            .map(|(account, id)| (account.to_owned(), id.to_owned(), vec![1, 2, 3]));
        assert_eq!(seen, expected);
    })
    .await;
}

#[tokio::test]
async fn the_last_use_of_a_credential_is_written_down() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &credential("c1", "ada", 1)).await.unwrap();
        let used = |seconds| LastUsed { account_id: "acc-acme".into(), id: "c1".into(), at: at(seconds) };
        db.touch_credentials(&[used(8), used(3)]).await.unwrap();
        assert_eq!(
            account.find_credential("c1").await.unwrap().and_then(|row| row.last_used_at),
            Some(at(8))
        );
    })
    .await;
}

fn data_key(id: &str, seconds: i64) -> StoredDataKey {
    StoredDataKey { key_id: id.to_owned(), wrapped: id.as_bytes().to_vec(), created_at: at(seconds) }
}

#[tokio::test]
async fn of_two_first_data_keys_one_wins_and_both_callers_get_it() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        assert_eq!(account.current_data_key().await.unwrap(), None);
        let (first, second) = (data_key("k1", 1), data_key("k2", 2));
        let (one, two) = tokio::join!(account.ensure_data_key(&first), account.ensure_data_key(&second));
        let winner = one.unwrap();
        assert_eq!(two.unwrap(), winner);
        assert!(winner == first || winner == second);
        assert_eq!(account.current_data_key().await.unwrap(), Some(winner.clone()));
        assert_eq!(account.find_data_key(&winner.key_id).await.unwrap(), Some(winner));
        assert_eq!(account.find_data_key("k3").await.unwrap(), None);
        assert_eq!(db.list_data_keys().await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_data_key_is_rewrapped_only_by_who_read_the_present_form() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        account.ensure_data_key(&data_key("k1", 1)).await.unwrap();
        assert!(account.rewrap_data_key("k1", b"k1", b"new").await.unwrap());
        assert!(!account.rewrap_data_key("k1", b"k1", b"newer").await.unwrap());
        let listed = db.list_data_keys().await.unwrap();
        assert_eq!(
            (listed[0].account_id.as_str(), listed[0].key.wrapped.as_slice()),
            ("acc-acme", &b"new"[..])
        );
    })
    .await;
}
