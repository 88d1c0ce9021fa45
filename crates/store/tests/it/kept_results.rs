//! Kept results.

use store::KeptResult;

use crate::databases::{at, on_each_db};

fn kept(id: &str, user: &str) -> KeptResult {
    KeptResult {
        result_id: id.into(),
        user_id: user.into(),
        server_id: Some("s1".into()),
        connector_id: "slack".into(),
        action_id: "users_list".into(),
        body: "[1,2,3]".into(),
        created_at: at(0),
        expires_at: at(100),
    }
}

#[tokio::test]
async fn a_kept_result_is_found_by_its_user_until_it_expires_or_is_deleted() {
    on_each_db(async |db| {
        let account = db.account("acc");
        account.put_kept_result(&kept("r1", "ada")).await.unwrap();
        assert_eq!(account.find_kept_result("ada", "r1", at(99)).await.unwrap(), Some(kept("r1", "ada")));
        assert_eq!(account.find_kept_result("ada", "r1", at(100)).await.unwrap(), None);
        assert_eq!(account.find_kept_result("bob", "r1", at(1)).await.unwrap(), None);
        assert_eq!(db.account("other").find_kept_result("ada", "r1", at(1)).await.unwrap(), None);
        account.delete_kept_result("r1").await.unwrap();
        account.delete_kept_result("r1").await.unwrap();
        assert_eq!(account.find_kept_result("ada", "r1", at(1)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_kept_result_is_replaced_by_its_own_user_only() {
    on_each_db(async |db| {
        let account = db.account("acc");
        account.put_kept_result(&kept("r1", "ada")).await.unwrap();
        let theirs = KeptResult { body: "theirs".into(), ..kept("r1", "bob") };
        account.put_kept_result(&theirs).await.unwrap();
        assert_eq!(account.find_kept_result("ada", "r1", at(1)).await.unwrap(), Some(kept("r1", "ada")));
        let ours = KeptResult { body: "ours".into(), expires_at: at(200), ..kept("r1", "ada") };
        account.put_kept_result(&ours).await.unwrap();
        assert_eq!(account.find_kept_result("ada", "r1", at(150)).await.unwrap(), Some(ours));
    })
    .await;
}

#[tokio::test]
async fn expired_results_are_purged() {
    on_each_db(async |db| {
        let account = db.account("acc");
        account.put_kept_result(&kept("r1", "ada")).await.unwrap();
        account.put_kept_result(&KeptResult { expires_at: at(200), ..kept("r2", "ada") }).await.unwrap();
        assert_eq!(db.purge_kept_results(at(100)).await.unwrap(), 1);
        assert!(account.find_kept_result("ada", "r2", at(100)).await.unwrap().is_some());
    })
    .await;
}
