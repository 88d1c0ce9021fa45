//! The audit log and its chain.

use store::{Account, AuditCheck, Db, NewAuditEntry};

use crate::databases::{account, at, on_each_db};

async fn append(account: &Account, target: &str) {
    let mut tx = account.begin().await.unwrap();
    tx.audit(NewAuditEntry {
        at: at(3),
        actor: "{\"userId\":\"ada\"}",
        action: "server.create",
        target,
        details: "{}",
    })
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

async fn execute(db: &Db, sql: &'static str) {
    match db {
        Db::Sqlite { write, .. } => drop(sqlx::raw_sql(sql).execute(write).await.unwrap()),
        Db::Postgres(pool) => drop(sqlx::raw_sql(sql).execute(pool).await.unwrap()),
    }
}

#[tokio::test]
async fn entries_count_up_in_their_account_and_carry_the_hash_before() {
    on_each_db(async |db| {
        let (acme, other) = (account(db, "acme").await, account(db, "other").await);
        for target in ["s1", "s2", "s3"] {
            append(&acme, target).await;
        }
        append(&other, "s9").await;
        let entries = acme.list_audit_entries(10, None).await.unwrap();
        let seen: Vec<_> = entries.iter().map(|entry| (entry.number, entry.target.as_str())).collect();
        assert_eq!(seen, [(3, "s3"), (2, "s2"), (1, "s1")]);
        assert_eq!(entries[0].previous_hash, entries[1].hash);
        assert!(entries[2].previous_hash.is_empty());
        assert_eq!((entries[0].at, entries[0].action.as_str()), (at(3), "server.create"));
        assert_eq!((entries[0].actor.as_str(), entries[0].details.as_str()), ("{\"userId\":\"ada\"}", "{}"));
        let page = acme.list_audit_entries(1, Some(3)).await.unwrap();
        assert_eq!(page[0].number, 2);
        assert_eq!(acme.verify_audit_entries().await.unwrap(), AuditCheck { entries: 3, broken_at: None });
        assert_eq!(other.verify_audit_entries().await.unwrap(), AuditCheck { entries: 1, broken_at: None });
    })
    .await;
}

#[tokio::test]
async fn an_entry_of_a_dropped_change_is_not_kept() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        let mut tx = account.begin().await.unwrap();
        tx.audit(NewAuditEntry { at: at(3), actor: "{}", action: "a", target: "t", details: "{}" })
            .await
            .unwrap();
        drop(tx);
        assert_eq!(account.verify_audit_entries().await.unwrap(), AuditCheck { entries: 0, broken_at: None });
    })
    .await;
}

#[tokio::test]
async fn changes_made_at_once_make_one_chain() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        futures_util::future::join_all(["a", "b", "c", "d", "e"].map(|target| append(&account, target)))
            .await;
        assert_eq!(account.verify_audit_entries().await.unwrap(), AuditCheck { entries: 5, broken_at: None });
    })
    .await;
}

#[tokio::test]
async fn a_changed_entry_and_a_missing_entry_are_found() {
    on_each_db(async |db| {
        let (acme, other) = (account(db, "acme").await, account(db, "other").await);
        for target in ["s1", "s2", "s3"] {
            append(&acme, target).await;
            append(&other, target).await;
        }
        execute(db, "update audit_entries set target = 's8' where account_id = 'acc-acme' and number = 2")
            .await;
        execute(db, "delete from audit_entries where account_id = 'acc-other' and number = 1").await;
        assert_eq!(acme.verify_audit_entries().await.unwrap(), AuditCheck { entries: 3, broken_at: Some(2) });
        assert_eq!(
            other.verify_audit_entries().await.unwrap(),
            AuditCheck { entries: 2, broken_at: Some(1) }
        );
    })
    .await;
}
