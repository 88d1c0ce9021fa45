//! Settings, connectors, OAuth applications and issuers of an account.

use store::{AuthConfig, CustomConnector, Error, Issuers};

use crate::databases::{account, at, on_each_db};

#[tokio::test]
async fn a_setting_is_put_replaced_and_deleted_in_its_account_only() {
    on_each_db(async |db| {
        let (acme, other) = (account(db, "acme").await, account(db, "other").await);
        let mut tx = acme.begin().await.unwrap();
        assert_eq!(tx.id(), "acc-acme");
        for (key, value) in [("retention", "7"), ("colour", "\"red\""), ("retention", "30")] {
            tx.put_setting(key, value).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(acme.id(), "acc-acme");
        assert_eq!(acme.setting("retention").await.unwrap().as_deref(), Some("30"));
        assert_eq!(other.setting("retention").await.unwrap(), None);
        let listed = acme.list_settings().await.unwrap();
        assert_eq!(listed, [("colour", "\"red\""), ("retention", "30")].map(|(k, v)| (k.into(), v.into())));
        let mut tx = acme.begin().await.unwrap();
        assert!(tx.delete_setting("colour").await.unwrap());
        assert!(!tx.delete_setting("colour").await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(acme.setting("colour").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_connector_is_put_replaced_and_deleted() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        let first = CustomConnector {
            connector_id: "crm".into(),
            definition: "id: crm".into(),
            source_format: "definition".into(),
            created_at: at(1),
            updated_at: at(1),
        };
        let second = CustomConnector {
            definition: "id: crm # 2".into(),
            created_at: at(2),
            updated_at: at(2),
            ..first.clone()
        };
        let mut tx = account.begin().await.unwrap();
        tx.put_connector(&first).await.unwrap();
        tx.put_connector(&second).await.unwrap();
        tx.commit().await.unwrap();
        let stored = CustomConnector { created_at: at(1), ..second };
        assert_eq!(account.find_connector("crm").await.unwrap(), Some(stored.clone()));
        assert_eq!(account.list_connectors().await.unwrap(), [stored]);
        assert!(db.account("acc-other").list_connectors().await.unwrap().is_empty());
        let mut tx = account.begin().await.unwrap();
        tx.delete_connector("crm").await.unwrap();
        assert!(matches!(tx.delete_connector("crm").await, Err(Error::NotFound)));
        tx.commit().await.unwrap();
        assert_eq!(account.find_connector("crm").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn an_oauth_application_is_put_replaced_and_deleted() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        let first = AuthConfig {
            connector_id: "slack".into(),
            client_id: "id-1".into(),
            sealed_client_secret: Some(vec![1]),
            scopes: "[\"read\"]".into(),
            extra: "{}".into(),
            created_at: at(1),
            updated_at: at(1),
        };
        let second = AuthConfig {
            client_id: "id-2".into(),
            sealed_client_secret: None,
            created_at: at(2),
            updated_at: at(2),
            ..first.clone()
        };
        let mut tx = account.begin().await.unwrap();
        tx.put_auth_config(&first).await.unwrap();
        tx.put_auth_config(&second).await.unwrap();
        tx.commit().await.unwrap();
        let stored = AuthConfig { created_at: at(1), ..second };
        assert_eq!(account.find_auth_config("slack").await.unwrap(), Some(stored.clone()));
        assert_eq!(account.list_auth_configs().await.unwrap(), [stored]);
        assert_eq!(db.account("acc-other").find_auth_config("slack").await.unwrap(), None);
        let mut tx = account.begin().await.unwrap();
        tx.delete_auth_config("slack").await.unwrap();
        assert!(matches!(tx.delete_auth_config("slack").await, Err(Error::NotFound)));
        tx.commit().await.unwrap();
        assert!(account.list_auth_configs().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn issuers_are_replaced_whole() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        assert_eq!(account.issuers().await.unwrap(), None);
        let first = Issuers { issuers: "[]".into(), sealed_secrets: Some(vec![1]), updated_at: at(1) };
        let second = Issuers { issuers: "[{}]".into(), sealed_secrets: None, updated_at: at(2) };
        for issuers in [&first, &second] {
            let mut tx = account.begin().await.unwrap();
            tx.put_issuers(issuers).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(account.issuers().await.unwrap().as_ref(), Some(issuers));
        }
    })
    .await;
}
