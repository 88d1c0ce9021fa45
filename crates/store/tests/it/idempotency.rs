//! Idempotency keys.

use store::{Account, Claim, Error, IdempotencyScope};

use crate::databases::{at, on_each_db};

const SCOPE: IdempotencyScope<'static> =
    IdempotencyScope { user_id: "ada", connector_id: "slack", action_id: "chat_postMessage", key: "k" };

async fn claim(account: &Account, scope: IdempotencyScope<'_>, execution: &str, seconds: i64) -> Claim {
    account.claim_idempotency_key(scope, b"digest", execution, at(seconds), at(seconds + 100)).await.unwrap()
}

fn holder(claim: Claim) -> Option<String> {
    match claim {
        Claim::Claimed => None,
        Claim::Taken(key) => Some(key.execution_id),
    }
}

#[tokio::test]
async fn the_first_claim_wins_and_later_ones_see_its_outcome() {
    on_each_db(async |db| {
        let account = db.account("acc");
        assert_eq!(claim(&account, SCOPE, "e1", 0).await, Claim::Claimed);
        let Claim::Taken(key) = claim(&account, SCOPE, "e2", 1).await else { panic!("the key is taken") };
        assert_eq!((key.execution_id.as_str(), key.outcome, key.digest), ("e1", None, b"digest".to_vec()));
        assert_eq!((key.created_at, key.expires_at), (at(0), at(100)));
        account.complete_idempotency_key(SCOPE, "e1", "{\"ok\":true}").await.unwrap();
        let key = account.find_idempotency_key(SCOPE).await.unwrap().unwrap();
        assert_eq!(key.outcome.as_deref(), Some("{\"ok\":true}"));
    })
    .await;
}

#[tokio::test]
async fn of_many_claims_at_once_exactly_one_wins() {
    on_each_db(async |db| {
        let account = db.account("acc");
        let ids: Vec<String> = (0..16).map(|number| format!("e{number}")).collect();
        let claims = futures_util::future::join_all(ids.iter().map(|id| claim(&account, SCOPE, id, 0))).await;
        let winners = claims.iter().filter(|claim| matches!(claim, Claim::Claimed)).count();
        assert_eq!(winners, 1);
    })
    .await;
}

#[tokio::test]
async fn another_account_user_or_action_has_keys_of_its_own() {
    on_each_db(async |db| {
        let account = db.account("acc");
        assert_eq!(claim(&account, SCOPE, "e1", 0).await, Claim::Claimed);
        assert_eq!(claim(&db.account("other"), SCOPE, "e1", 0).await, Claim::Claimed);
        let scopes = [
            IdempotencyScope { user_id: "bob", ..SCOPE },
            IdempotencyScope { connector_id: "github", ..SCOPE },
            IdempotencyScope { action_id: "chat_delete", ..SCOPE },
            IdempotencyScope { key: "k2", ..SCOPE },
        ];
        for scope in scopes {
            assert_eq!(claim(&account, scope, "e1", 0).await, Claim::Claimed, "{scope:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_expired_key_is_claimed_anew_and_its_old_holder_cannot_complete_it() {
    on_each_db(async |db| {
        let account = db.account("acc");
        assert_eq!(claim(&account, SCOPE, "e1", 0).await, Claim::Claimed);
        account.complete_idempotency_key(SCOPE, "e1", "old").await.unwrap();
        assert_eq!(holder(claim(&account, SCOPE, "e2", 99).await).as_deref(), Some("e1"));
        assert_eq!(claim(&account, SCOPE, "e3", 100).await, Claim::Claimed);
        let key = account.find_idempotency_key(SCOPE).await.unwrap().unwrap();
        assert_eq!((key.execution_id.as_str(), key.outcome), ("e3", None));
        let late = account.complete_idempotency_key(SCOPE, "e1", "late").await;
        assert!(matches!(late, Err(Error::NotFound)), "{late:?}");
    })
    .await;
}

#[tokio::test]
async fn only_the_holder_releases_a_key() {
    on_each_db(async |db| {
        let account = db.account("acc");
        assert_eq!(claim(&account, SCOPE, "e1", 0).await, Claim::Claimed);
        account.release_idempotency_key(SCOPE, "e2").await.unwrap();
        assert!(account.find_idempotency_key(SCOPE).await.unwrap().is_some());
        account.release_idempotency_key(SCOPE, "e1").await.unwrap();
        assert_eq!(claim(&account, SCOPE, "e2", 1).await, Claim::Claimed);
    })
    .await;
}

#[tokio::test]
async fn expired_keys_are_purged() {
    on_each_db(async |db| {
        let account = db.account("acc");
        claim(&account, SCOPE, "e1", 0).await;
        claim(&account, IdempotencyScope { key: "k2", ..SCOPE }, "e2", 1).await;
        assert_eq!(db.purge_idempotency_keys(at(100)).await.unwrap(), 1);
        assert!(account.find_idempotency_key(SCOPE).await.unwrap().is_none());
    })
    .await;
}
