//! Reading, closing and purging executions.

use std::time::Duration;

use chrono::{DateTime, Utc};
use store::{Account, Db, ExecutionFilter, ExecutionLog, ExecutionRecord, ExecutionStatus};

use crate::databases::{at, on_each_db};
use crate::execution_log::{closing, opening, with_log};

async fn ids(
    account: &Account,
    filter: ExecutionFilter<'_>,
    limit: i64,
    before: Option<&str>,
) -> Vec<String> {
    let rows = account.list_executions(filter, limit, before).await.unwrap();
    rows.into_iter().map(|row| row.execution_id).collect()
}

#[tokio::test]
async fn executions_are_listed_newest_first_in_pages_of_their_account_only() {
    with_log(async |db, log| {
        for id in ["e1", "e2", "e3", "e4"] {
            log.record(opening("acc", id)).await.unwrap();
        }
        log.record(opening("other", "e9")).await.unwrap();
        let account = db.account("acc");
        assert_eq!(ids(&account, ExecutionFilter::default(), 10, None).await, ["e4", "e3", "e2", "e1"]);
        assert_eq!(ids(&account, ExecutionFilter::default(), 2, Some("e4")).await, ["e3", "e2"]);
        assert_eq!(account.find_execution("e9").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn each_filter_narrows_the_list() {
    with_log(async |db, log| {
        let base = opening("acc", "e1");
        let other = ExecutionRecord {
            server_id: None,
            user_id: "bob".into(),
            connector_id: "github".into(),
            action_id: "repos_list".into(),
            started_at: at(20),
            ..closing(&opening("acc", "e2"))
        };
        log.record(base).await.unwrap();
        log.record(other).await.unwrap();
        let account = db.account("acc");
        let all = ExecutionFilter::default();
        let only_first = [
            ExecutionFilter { server_id: Some("server-1"), ..all },
            ExecutionFilter { user_id: Some("ada"), ..all },
            ExecutionFilter { connector_id: Some("slack"), ..all },
            ExecutionFilter { action_id: Some("chat_postMessage"), ..all },
            ExecutionFilter { status: Some(ExecutionStatus::Running), ..all },
            ExecutionFilter { to: Some(at(20)), ..all },
        ];
        for filter in only_first {
            assert_eq!(ids(&account, filter, 10, None).await, ["e1"], "{filter:?}");
        }
        let mine = ExecutionFilter { user_id: Some("ada"), ..all };
        for filter in [
            ExecutionFilter { server_id: Some("server-2"), ..mine },
            ExecutionFilter { connector_id: Some("github"), ..mine },
            ExecutionFilter { action_id: Some("repos_list"), ..mine },
            ExecutionFilter { status: Some(ExecutionStatus::Failed), ..mine },
            ExecutionFilter { from: Some(at(11)), ..mine },
            ExecutionFilter { to: Some(at(10)), ..mine },
        ] {
            assert!(ids(&account, filter, 10, None).await.is_empty(), "{filter:?}");
        }
        assert!(ids(&account, mine, 10, Some("e1")).await.is_empty());
        let only_second = ExecutionFilter { from: Some(at(20)), user_id: Some("bob"), ..all };
        assert_eq!(ids(&account, only_second, 10, None).await, ["e2"]);
    })
    .await;
}

#[tokio::test]
async fn what_an_earlier_process_left_open_becomes_unknown() {
    with_log(async |db, log| {
        log.record(ExecutionRecord { started_at: at(1), ..opening("acc", "old") }).await.unwrap();
        log.record(ExecutionRecord { started_at: at(1), ..closing(&opening("acc", "done")) }).await.unwrap();
        log.record(ExecutionRecord { started_at: at(5), ..opening("acc", "new") }).await.unwrap();
        assert_eq!(db.mark_interrupted_executions(at(5)).await.unwrap(), 1);
        let account = db.account("acc");
        for (id, status) in [
            ("old", ExecutionStatus::Unknown),
            ("done", ExecutionStatus::Failed),
            ("new", ExecutionStatus::Running),
        ] {
            assert_eq!(account.find_execution(id).await.unwrap().map(|row| row.status), Some(status), "{id}");
        }
    })
    .await;
}

/// What PostgreSQL answers once it has noticed that the writer's connection is closed, which takes it a moment.
async fn once_alone(db: &Db, now: DateTime<Utc>) -> u64 {
    for _ in 0..500 {
        if let Some(interrupted) = db.mark_interrupted_if_alone(now).await.unwrap() {
            return interrupted;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the writer's lock outlives its connection");
}

#[tokio::test]
async fn what_is_running_is_interrupted_only_when_no_process_writes_any_more() {
    on_each_db(async |db| {
        let (log, writer) = ExecutionLog::new(db.clone());
        let open = async {
            log.record(opening("acc", "e1")).await.unwrap();
            let while_writing = db.mark_interrupted_if_alone(at(99)).await.unwrap();
            // A SQLite file has one process, and what that one opened it did not open before it started.
            let expected = matches!(db, Db::Sqlite { .. }).then_some(1);
            assert_eq!(while_writing, expected);
            log.close().await;
        };
        tokio::join!(open, writer);
        assert_eq!(once_alone(db, at(0)).await, 0);
        once_alone(db, at(99)).await;
        let execution = db.account("acc").find_execution("e1").await.unwrap().unwrap();
        assert_eq!(execution.status, ExecutionStatus::Unknown);
    })
    .await;
}

#[tokio::test]
async fn old_executions_of_every_account_are_purged() {
    with_log(async |db, log| {
        let ids_of = ["acme", "other"].map(|name| crate::databases::account(db, name));
        for account in futures_util::future::join_all(ids_of).await {
            for (id, seconds) in [("e1", 1), ("e2", 5)] {
                let record = ExecutionRecord { started_at: at(seconds), ..opening(account.id(), id) };
                log.record(record).await.unwrap();
            }
        }
        assert_eq!(db.purge_executions(at(5)).await.unwrap(), 2);
        assert_eq!(ids(&db.account("acc-acme"), ExecutionFilter::default(), 10, None).await, ["e2"]);
    })
    .await;
}

#[tokio::test]
async fn more_old_executions_than_one_statement_removes_are_purged() {
    with_log(async |db, log| {
        let account = crate::databases::account(db, "acme").await;
        let records: Vec<_> =
            (0..2500).map(|number| opening(account.id(), &format!("e{number:04}"))).collect();
        futures_util::future::join_all(records.into_iter().map(|record| log.record(record))).await;
        assert_eq!(db.purge_executions(at(11)).await.unwrap(), 2500);
    })
    .await;
}
