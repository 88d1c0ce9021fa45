//! The migrations: what they make, and that both databases have the same.

use std::collections::BTreeSet;

use sqlx::Row;
use store::{Account, AccountRow, CredentialFilter, Db, Error, ExecutionFilter};

use crate::databases::{at, on_each_db, on_each_empty_db};

/// (table, column, may be null) of every column.
async fn catalog(db: &Db) -> BTreeSet<(String, String, bool)> {
    match db {
        Db::Sqlite { read, .. } => {
            let rows = sqlx::query(
                "select m.name, c.name, c.\"notnull\" = 0 from sqlite_master m, pragma_table_info(m.name) c
                 where m.type = 'table' and m.name not like 'sqlite_%' and m.name <> 'execution_journal'",
            )
            .fetch_all(read)
            .await
            .unwrap();
            rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
        }
        Db::Postgres(pool) => {
            let rows = sqlx::query(
                "select table_name::text, column_name::text, is_nullable::text = 'YES'
                 from information_schema.columns where table_schema = current_schema()",
            )
            .fetch_all(pool)
            .await
            .unwrap();
            rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
        }
    }
}

/// The columns of every primary key, in order.
async fn primary_keys(db: &Db) -> BTreeSet<(String, Vec<String>)> {
    let rows: Vec<(String, String)> = match db {
        Db::Sqlite { read, .. } => sqlx::query_as(
            "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c
             where m.type = 'table' and m.name not like 'sqlite_%' and m.name <> 'execution_journal' and c.pk > 0 order by m.name, c.pk",
        )
        .fetch_all(read)
        .await
        .unwrap(),
        Db::Postgres(pool) => sqlx::query_as(
            "select k.table_name::text, k.column_name::text from information_schema.key_column_usage k
             join information_schema.table_constraints t using (constraint_schema, constraint_name)
             where t.constraint_type = 'PRIMARY KEY' and k.table_schema = current_schema()
             order by 1, k.ordinal_position",
        )
        .fetch_all(pool)
        .await
        .unwrap(),
    };
    let mut keys: BTreeSet<(String, Vec<String>)> = BTreeSet::new();
    for chunk in rows.chunk_by(|one, next| one.0 == next.0) {
        let columns = chunk.iter().map(|(_, column)| column.clone()).collect();
        keys.insert((chunk[0].0.clone(), columns));
    }
    keys
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_keys() {
    let seen = std::sync::Mutex::new(Vec::new());
    on_each_db(async |db| {
        let found = (catalog(db).await, primary_keys(db).await);
        seen.lock().unwrap().push(found);
    })
    .await;
    let seen = seen.into_inner().unwrap();
    let (columns, _) = &seen[0];
    assert!(columns.contains(&("executions".into(), "request_id".into(), true)), "{columns:?}");
    for other in &seen[1..] {
        assert_eq!(&seen[0], other);
    }
}

#[tokio::test]
async fn every_account_table_has_account_id_first_in_its_primary_key() {
    on_each_db(async |db| {
        let global = ["changes", "schema_migrations"];
        for (table, columns) in primary_keys(db).await {
            assert_eq!(columns[0] == "account_id", !global.contains(&table.as_str()), "{table}: {columns:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn migrations_are_applied_once_and_keep_the_data() {
    on_each_empty_db(async |db| {
        let pending = db.pending_migrations().await.unwrap();
        assert_eq!(pending.first().map(|first| (first.number, first.name)), Some((1, "foundation")));
        assert_eq!(db.migrate().await.unwrap(), pending);
        let row = AccountRow { account_id: "a".into(), name: "acme".into(), created_at: at(0) };
        db.create_account(&row).await.unwrap();
        assert!(db.pending_migrations().await.unwrap().is_empty());
        assert!(db.migrate().await.unwrap().is_empty());
        assert_eq!(db.list_accounts().await.unwrap(), [row]);
    })
    .await;
}

/// What a database of each migration's time held: SQLite's text and PostgreSQL's.
const SAMPLE: &str = include_str!("samples/0001_foundation.sql");

async fn load(db: &Db) {
    for statement in SAMPLE.split_inclusive(";\n") {
        let bytes = statement.contains("$1").then_some([0_u8, 255]);
        match db {
            Db::Sqlite { write, .. } => {
                let query = sqlx::query(statement);
                let query = if let Some(bytes) = bytes { query.bind(bytes.to_vec()) } else { query };
                query.execute(write).await.expect(statement);
            }
            Db::Postgres(pool) => {
                let query = sqlx::query(statement);
                let query = if let Some(bytes) = bytes { query.bind(bytes.to_vec()) } else { query };
                query.execute(pool).await.expect(statement);
            }
        }
    }
}

/// The one row of each table that an account's lists show.
async fn counts(account: &Account) -> [usize; 10] {
    let users = account.list_users(9, None).await.unwrap().len();
    let keys = account.list_api_keys().await.unwrap().len();
    let servers = account.list_servers(None, 9, None).await.unwrap().len();
    let tokens = account.list_access_tokens("server-1").await.unwrap().len();
    let prompts = account.list_server_prompts("server-1").await.unwrap().len();
    let resources = account.list_server_resources("server-1").await.unwrap().len();
    let connectors = account.list_connectors().await.unwrap().len();
    let credentials = account.list_credentials(CredentialFilter::default(), 9, None).await.unwrap().len();
    let executions = account.list_executions(ExecutionFilter::default(), 9, None).await.unwrap().len();
    let audit = account.list_audit_entries(9, None).await.unwrap().len();
    [users, keys, servers, tokens, prompts, resources, connectors, credentials, executions, audit]
}

#[tokio::test]
async fn the_sample_has_a_row_for_every_table_and_is_read_back() {
    on_each_db(async |db| {
        load(db).await;
        for (table, _) in primary_keys(db).await {
            let inserted = SAMPLE.contains(&format!("insert into {table} "));
            assert!(
                inserted || ["changes", "schema_migrations"].contains(&table.as_str()),
                "{table} has no sample"
            );
        }
        assert!(db.pending_migrations().await.unwrap().is_empty());
        let account = db.account("acc-s");
        assert_eq!(counts(&account).await, [1; 10]);
        let row = db.find_account("acc-s").await.unwrap().unwrap();
        assert_eq!(row.created_at.timestamp_subsec_micros(), 123_456);
        let resource = account.find_server_resource("server-1", "x:1").await.unwrap().unwrap();
        assert_eq!(resource.blob, Some(vec![0, 255]));
    })
    .await;
}

#[tokio::test]
async fn two_processes_may_migrate_at_once() {
    on_each_empty_db(async |db| {
        let (one, two) = tokio::join!(db.migrate(), db.migrate());
        let applied = one.unwrap().len() + two.unwrap().len();
        assert_eq!(applied, 1);
    })
    .await;
}

#[tokio::test]
async fn a_database_from_a_newer_program_is_refused() {
    on_each_db(async |db| {
        let sql = "insert into schema_migrations (number, name) values (9000, 'later')";
        match db {
            Db::Sqlite { write, .. } => drop(sqlx::query(sql).execute(write).await.unwrap()),
            Db::Postgres(pool) => drop(sqlx::query(sql).execute(pool).await.unwrap()),
        }
        for refused in [db.pending_migrations().await, db.migrate().await] {
            assert!(matches!(refused, Err(Error::NewerSchema { found: 9000, .. })), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn sqlite_lists_a_users_executions_through_the_index() {
    on_each_db(async |db| {
        let Db::Sqlite { read, .. } = db else { return };
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(
            "explain query plan select * from executions
             where account_id = $1 and user_id = $2 and ($3 is null or execution_id < $3)
             order by execution_id desc limit $4",
        )
        .fetch_all(read)
        .await
        .unwrap();
        let steps: Vec<_> = plan.into_iter().map(|(.., step)| step).collect();
        assert_eq!(steps, ["SEARCH executions USING INDEX executions_by_user (account_id=? AND user_id=?)"]);
    })
    .await;
}
