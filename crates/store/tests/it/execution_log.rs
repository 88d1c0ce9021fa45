//! The group-commit writer.

use store::{Account, Db, Error, Execution, ExecutionFilter, ExecutionLog, ExecutionRecord, ExecutionStatus};

use crate::databases::{at, on_each_db};

/// An opening record.
pub(crate) fn opening(account_id: &str, execution_id: &str) -> ExecutionRecord {
    ExecutionRecord {
        account_id: account_id.into(),
        execution_id: execution_id.into(),
        server_id: Some("server-1".into()),
        token_id: Some("token-1".into()),
        key_id: None,
        user_id: "ada".into(),
        surface: "mcp".into(),
        connector_id: "slack".into(),
        action_id: "chat_postMessage".into(),
        credential_id: None,
        read_only: false,
        status: ExecutionStatus::Running,
        error_code: None,
        upstream_status: None,
        started_at: at(10),
        finished_at: None,
        duration_us: None,
        attempts: 0,
        request_bytes: 0,
        response_bytes: 0,
        arguments: None,
        result: None,
        idempotency_key: Some("key".into()),
        cache: None,
        request_id: Some("request-1".into()),
    }
}

/// The closing record of the same execution.
pub(crate) fn closing(opening: &ExecutionRecord) -> ExecutionRecord {
    ExecutionRecord {
        credential_id: Some("credential-1".into()),
        status: ExecutionStatus::Failed,
        error_code: Some("UPSTREAM_ERROR".into()),
        upstream_status: Some(502),
        finished_at: Some(at(11)),
        duration_us: Some(1_000_000),
        attempts: 2,
        request_bytes: 1024,
        response_bytes: 2048,
        arguments: Some("{\"text\":\"hi\"}".into()),
        result: Some("{}".into()),
        cache: Some("miss".into()),
        ..opening.clone()
    }
}

/// Runs with a log on each database, and waits for its writer to end.
pub(crate) async fn with_log(test: impl AsyncFn(&Db, &ExecutionLog)) {
    on_each_db(async |db| {
        let (log, writer) = ExecutionLog::new(db.clone());
        let test = async {
            test(db, &log).await;
            log.close().await;
        };
        tokio::join!(test, writer);
    })
    .await;
}

#[tokio::test]
async fn what_was_recorded_is_found_with_every_field() {
    with_log(async |db, log| {
        let open = opening("acc", "e1");
        log.record(open.clone()).await.unwrap();
        let stored = db.account("acc").find_execution("e1").await.unwrap().unwrap();
        assert_eq!((stored.status, stored.finished_at), (ExecutionStatus::Running, None));
        assert_eq!(
            (stored.server_id.as_deref(), stored.token_id.as_deref()),
            (Some("server-1"), Some("token-1"))
        );
        assert_eq!((stored.user_id.as_str(), stored.surface.as_str()), ("ada", "mcp"));
        assert_eq!((stored.idempotency_key.as_deref(), stored.key_id), (Some("key"), None));
        assert_eq!((stored.request_id.as_deref(), stored.started_at), (Some("request-1"), at(10)));

        log.record(closing(&open)).await.unwrap();
        let stored = db.account("acc").find_execution("e1").await.unwrap().unwrap();
        assert_eq!((stored.status, stored.finished_at), (ExecutionStatus::Failed, Some(at(11))));
        assert_eq!((stored.upstream_status, stored.duration_us), (Some(502), Some(1_000_000)));
        assert_eq!(stored.error_code.as_deref(), Some("UPSTREAM_ERROR"));
        assert_eq!((stored.attempts, stored.request_bytes, stored.response_bytes), (2, 1024, 2048));
        assert_eq!(stored.credential_id.as_deref(), Some("credential-1"));
        assert_eq!(
            (stored.arguments.as_deref(), stored.result.as_deref()),
            (Some("{\"text\":\"hi\"}"), Some("{}"))
        );
        assert_eq!((stored.cache.as_deref(), stored.read_only), (Some("miss"), false));
        assert_eq!((stored.connector_id.as_str(), stored.action_id.as_str()), ("slack", "chat_postMessage"));
        assert_eq!(stored.execution_id, "e1");
    })
    .await;
}

#[tokio::test]
async fn many_callers_at_once_all_get_their_records_written() {
    with_log(async |db, log| {
        let records: Vec<_> = (0..700).map(|number| opening("acc", &format!("e{number:04}"))).collect();
        let written =
            futures_util::future::join_all(records.iter().map(|record| log.record(record.clone()))).await;
        assert!(written.iter().all(Result::is_ok), "{:?}", written.iter().find(|result| result.is_err()));
        let listed = db.account("acc").list_executions(ExecutionFilter::default(), 1000, None).await.unwrap();
        assert_eq!(listed.len(), 700);
        assert_eq!((listed[0].execution_id.as_str(), listed[699].execution_id.as_str()), ("e0699", "e0000"));
    })
    .await;
}

#[tokio::test]
async fn an_opening_and_a_closing_record_in_one_batch_leave_the_closing_one() {
    with_log(async |db, log| {
        let open = opening("acc", "e1");
        let (one, other, two) = tokio::join!(
            log.record(open.clone()),
            log.record(opening("acc", "e2")),
            log.record(closing(&open))
        );
        for written in [one, other, two] {
            written.unwrap();
        }
        let stored = db.account("acc").find_execution("e1").await.unwrap().unwrap();
        assert_eq!(stored.status, ExecutionStatus::Failed);
    })
    .await;
}

#[tokio::test]
async fn a_closing_record_alone_in_a_batch_and_without_its_opening_store_the_same() {
    with_log(async |db, log| {
        let records = ["e1", "e2", "e3", "e4"].map(|id| opening("acc", id));
        for opening in &records[..3] {
            log.record(opening.clone()).await.unwrap();
        }
        let [alone, one, other, unopened] = records.map(|record| closing(&record));
        log.record(alone).await.unwrap();
        let (one, other) = tokio::join!(log.record(one), log.record(other));
        one.unwrap();
        other.unwrap();
        log.record(unopened).await.unwrap();

        let listed = db.account("acc").list_executions(ExecutionFilter::default(), 10, None).await.unwrap();
        assert_eq!(listed.len(), 4);
        for row in &listed {
            assert_eq!(Execution { execution_id: "e4".into(), ..row.clone() }, listed[0]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_record_that_cannot_be_stored_fails_alone_and_the_writer_goes_on() {
    on_each_db(async |db| {
        let Db::Postgres(_) = db else { return };
        let (log, writer) = ExecutionLog::new(db.clone());
        let test = async {
            // PostgreSQL has no text with a zero byte.
            let bad = ExecutionRecord { result: Some("\0".into()), ..opening("acc", "bad") };
            let (good, bad) = tokio::join!(log.record(opening("acc", "good")), log.record(bad));
            good.unwrap();
            assert!(matches!(bad, Err(Error::Record(_))), "{bad:?}");
            log.record(opening("acc", "later")).await.unwrap();
            assert!(db.account("acc").find_execution("later").await.unwrap().is_some());
            log.close().await;
        };
        tokio::join!(test, writer);
    })
    .await;
}

#[tokio::test]
async fn a_failed_batch_is_told_to_every_waiter_and_the_writer_goes_on() {
    with_log(async |db, log| {
        match db {
            Db::Sqlite { .. } => rename(db, "alter table execution_journal rename to hidden").await,
            Db::Postgres(_) => rename(db, "alter table executions rename to hidden").await,
        }
        let (one, two) = tokio::join!(log.record(opening("acc", "e1")), log.record(opening("acc", "e2")));
        for failed in [one, two] {
            assert!(matches!(failed, Err(Error::Record(_))), "{failed:?}");
        }
        match db {
            Db::Sqlite { .. } => rename(db, "alter table hidden rename to execution_journal").await,
            Db::Postgres(_) => rename(db, "alter table hidden rename to executions").await,
        }
        log.record(opening("acc", "e3")).await.unwrap();
    })
    .await;
}

async fn rename(db: &Db, sql: &'static str) {
    match db {
        Db::Sqlite { write, .. } => drop(sqlx::raw_sql(sql).execute(write).await.unwrap()),
        Db::Postgres(pool) => drop(sqlx::raw_sql(sql).execute(pool).await.unwrap()),
    }
}

#[tokio::test]
async fn a_lost_connection_costs_no_record() {
    on_each_db(async |db| {
        let Db::Postgres(pool) = db else { return };
        let (log, writer) = ExecutionLog::new(db.clone());
        let test = async {
            log.record(opening("acc", "e1")).await.unwrap();
            let ended = sqlx::query(
                "select pg_terminate_backend(pid) from pg_stat_activity
                 where pid <> pg_backend_pid() and application_name = current_schema()
                   and query like 'insert into executions %'",
            )
            .execute(pool)
            .await
            .unwrap();
            assert_eq!(ended.rows_affected(), 1);
            log.record(opening("acc", "e2")).await.unwrap();
            log.close().await;
        };
        tokio::join!(test, writer);
    })
    .await;
}

#[tokio::test]
async fn closing_writes_what_was_handed_over_and_refuses_the_rest() {
    on_each_db(async |db| {
        let (log, writer) = ExecutionLog::new(db.clone());
        let late = log.clone();
        let test = async {
            let (written, ()) = tokio::join!(log.record(opening("acc", "e1")), log.close());
            written.unwrap();
        };
        tokio::join!(test, writer);
        assert!(matches!(late.record(opening("acc", "e2")).await, Err(Error::LogClosed)));
        assert!(db.account("acc").find_execution("e1").await.unwrap().is_some());
        assert_eq!(db.account("acc").find_execution("e2").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn the_writer_ends_when_all_handles_are_gone_and_keeps_what_nobody_waits_for() {
    on_each_db(async |db| {
        let (log, writer) = ExecutionLog::new(db.clone());
        let mut abandoned = Box::pin(log.record(opening("acc", "e1")));
        assert!(futures_util::poll!(&mut abandoned).is_pending());
        drop(abandoned);
        drop(log);
        writer.await;
        assert!(db.account("acc").find_execution("e1").await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn management_changes_get_their_turn_while_the_log_is_busy() {
    on_each_db(async |db| {
        let account = crate::databases::account(db, "acme").await;
        let (log, writer) = ExecutionLog::new(db.clone());
        let load = async {
            futures_util::future::join_all((0..32).map(|number| record_many(&log, number))).await;
            log.close().await;
        };
        tokio::join!(load, change_many(&account), writer);
        assert_eq!(account.setting("number").await.unwrap().as_deref(), Some("19"));
    })
    .await;
}

async fn record_many(log: &ExecutionLog, number: u32) {
    for turn in 0..20 {
        log.record(opening("acc-acme", &format!("e{number}-{turn}"))).await.unwrap();
    }
}

async fn change_many(account: &Account) {
    for number in 0..20 {
        let mut tx = account.begin().await.unwrap();
        tx.put_setting("number", &number.to_string()).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Rows in SQLite's table of executions and in the journal, as they are, without folding.
async fn counts(db: &Db) -> (i64, i64) {
    let Db::Sqlite { read, .. } = db else { panic!("only SQLite has a journal") };
    sqlx::query_as("select (select count(*) from executions), (select count(*) from execution_journal)")
        .fetch_one(read)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_a_lost_process_left_in_the_journal_is_read_and_found_interrupted() {
    on_each_db(async |db| {
        let Db::Sqlite { .. } = db else { return };
        let (log, writer) = ExecutionLog::new(db.clone());
        let test = async {
            let open = opening("acc", "e1");
            log.record(open.clone()).await.unwrap();
            log.record(closing(&open)).await.unwrap();
            log.record(opening("acc", "e2")).await.unwrap();
        };
        // The writer goes without a farewell.
        tokio::select! { () = test => {} () = writer => panic!("the writer ended") }
        assert_eq!(counts(db).await, (0, 3));

        let listed = db.account("acc").list_executions(ExecutionFilter::default(), 10, None).await.unwrap();
        let seen: Vec<_> = listed.iter().map(|row| (row.execution_id.as_str(), row.status)).collect();
        assert_eq!(seen, [("e2", ExecutionStatus::Running), ("e1", ExecutionStatus::Failed)]);
        assert_eq!(counts(db).await, (2, 0));
        assert_eq!(db.mark_interrupted_if_alone(at(99)).await.unwrap(), Some(1));
    })
    .await;
}

#[tokio::test]
async fn interruption_is_noticed_in_the_journal_too() {
    on_each_db(async |db| {
        let (log, writer) = ExecutionLog::new(db.clone());
        let test = log.record(opening("acc", "e1"));
        tokio::select! { written = test => written.unwrap(), () = writer => panic!("the writer ended") }
        assert_eq!(db.mark_interrupted_executions(at(99)).await.unwrap(), 1);
        let found = db.account("acc").find_execution("e1").await.unwrap().unwrap();
        assert_eq!(found.status, ExecutionStatus::Unknown);
    })
    .await;
}

#[tokio::test]
async fn a_journal_that_has_grown_or_whose_writer_ends_is_folded() {
    on_each_db(async |db| {
        let Db::Sqlite { .. } = db else { return };
        let (log, writer) = ExecutionLog::new(db.clone());
        let test = async {
            let records: Vec<_> = (0..2500).map(|number| opening("acc", &format!("e{number:04}"))).collect();
            let written = records.iter().map(|record| log.record(record.clone()));
            for written in futures_util::future::join_all(written).await {
                written.unwrap();
            }
            let (rows, batches) = counts(db).await;
            assert!(
                (2048..2500).contains(&rows) && batches > 0,
                "{rows} folded, {batches} batches in the journal"
            );
            log.close().await;
        };
        tokio::join!(test, writer);
        assert_eq!(counts(db).await, (2500, 0));
    })
    .await;
}

#[tokio::test]
async fn a_damaged_batch_stays_in_the_journal_and_keeps_nobody_from_reading_the_rest() {
    on_each_db(async |db| {
        let Db::Sqlite { write, .. } = db else { return };
        let (log, writer) = ExecutionLog::new(db.clone());
        let test = async {
            log.record(opening("acc", "e1")).await.unwrap();
            let damaged = sqlx::query("insert into execution_journal (records) values ($1)");
            damaged.bind(b"not records".to_vec()).execute(write).await.unwrap();
            log.record(opening("acc", "e2")).await.unwrap();
            for id in ["e1", "e2"] {
                assert!(db.account("acc").find_execution(id).await.unwrap().is_some(), "{id}");
            }
            assert_eq!(db.mark_interrupted_if_alone(at(20)).await.unwrap(), Some(2));
            assert_eq!(counts(db).await, (2, 1));
            log.close().await;
        };
        tokio::join!(test, writer);
    })
    .await;
}
