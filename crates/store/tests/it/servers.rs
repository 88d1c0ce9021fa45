//! Servers, their prompts and their resources.

use store::{Account, Error, Identity, Server, ServerCursor, ServerPrompt, ServerResource, ToolMode, Unique};

use crate::databases::{account, at, on_each_db};

pub(crate) fn server(id: &str, owner: &str, seconds: i64) -> Server {
    Server {
        server_id: id.to_owned(),
        owner_user_id: owner.to_owned(),
        made_by_admin: true,
        name: format!("Server {id}"),
        description: "For the test".to_owned(),
        custom_instructions: "Be brief".to_owned(),
        restrictions: "{\"users\":{\"mode\":\"allowlist\"}}".to_owned(),
        tool_mode: ToolMode::Both,
        identity: Identity::Header,
        requests_per_minute: 100,
        created_at: at(seconds),
        updated_at: at(seconds),
    }
}

pub(crate) async fn insert(account: &Account, server: &Server) -> Result<(), Error> {
    let mut tx = account.begin().await?;
    tx.insert_server(server).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_server_is_found_changed_and_deleted() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        let made = server("s1", "ada", 1);
        insert(&account, &made).await.unwrap();
        assert_eq!(account.find_server("s1").await.unwrap(), Some(made.clone()));

        let changed = Server {
            name: "Renamed".into(),
            description: String::new(),
            custom_instructions: "Be long".into(),
            restrictions: "{}".into(),
            tool_mode: ToolMode::Direct,
            identity: Identity::Owner,
            requests_per_minute: 7,
            updated_at: at(9),
            ..made
        };
        let mut tx = account.begin().await.unwrap();
        tx.update_server(&changed).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(account.find_server("s1").await.unwrap(), Some(changed.clone()));

        let mut tx = account.begin().await.unwrap();
        tx.delete_server("s1").await.unwrap();
        assert!(matches!(tx.delete_server("s1").await, Err(Error::NotFound)));
        assert!(matches!(tx.update_server(&changed).await, Err(Error::NotFound)));
        tx.commit().await.unwrap();
        assert_eq!(account.find_server("s1").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_server_name_is_unique_for_its_owner_and_its_id_everywhere() {
    on_each_db(async |db| {
        let (acme, other) = (account(db, "acme").await, account(db, "other").await);
        insert(&acme, &server("s1", "ada", 1)).await.unwrap();
        let same_name = Server { name: "Server s1".into(), ..server("s2", "ada", 2) };
        let taken = insert(&acme, &same_name).await;
        assert!(matches!(taken, Err(Error::Conflict(Unique::ServerName))), "{taken:?}");
        insert(&acme, &Server { owner_user_id: "bob".into(), ..same_name }).await.unwrap();

        let taken = insert(&other, &server("s1", "ada", 1)).await;
        assert!(matches!(taken, Err(Error::Conflict(Unique::ServerId))), "{taken:?}");
        let taken = insert(&acme, &Server { name: "Another".into(), ..server("s1", "ada", 1) }).await;
        assert!(matches!(taken, Err(Error::Conflict(Unique::ServerId))), "{taken:?}");
    })
    .await;
}

#[tokio::test]
async fn renaming_to_a_taken_name_is_a_conflict() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &server("s1", "ada", 1)).await.unwrap();
        insert(&account, &server("s2", "ada", 2)).await.unwrap();
        let mut tx = account.begin().await.unwrap();
        let taken = tx.update_server(&Server { name: "Server s1".into(), ..server("s2", "ada", 2) }).await;
        assert!(matches!(taken, Err(Error::Conflict(Unique::ServerName))), "{taken:?}");
    })
    .await;
}

#[tokio::test]
async fn an_owner_that_the_account_does_not_have_is_refused() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        let refused = insert(&account, &server("s1", "nobody", 1)).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn servers_are_listed_newest_first_in_pages() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        for (id, owner, seconds) in [("a", "ada", 1), ("b", "bob", 2), ("c", "ada", 2), ("d", "ada", 3)] {
            insert(&account, &server(id, owner, seconds)).await.unwrap();
        }
        let ids = async |owner, limit, after| {
            let servers = account.list_servers(owner, limit, after).await.unwrap();
            servers.into_iter().map(|server| server.server_id).collect::<Vec<_>>()
        };
        assert_eq!(ids(None, 10, None).await, ["d", "c", "b", "a"]);
        assert_eq!(ids(None, 2, Some(ServerCursor { created_at: at(2), server_id: "c" })).await, ["b", "a"]);
        assert_eq!(ids(Some("ada"), 10, None).await, ["d", "c", "a"]);
        assert_eq!(account.count_servers(None).await.unwrap(), 4);
        assert_eq!(account.count_servers(Some("bob")).await.unwrap(), 1);
        let stranger = db.account("acc-other");
        assert_eq!(stranger.find_server("a").await.unwrap(), None);
        assert!(stranger.list_servers(None, 10, None).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_user_takes_its_servers_along() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &server("s1", "ada", 1)).await.unwrap();
        insert(&account, &server("s2", "bob", 1)).await.unwrap();
        let mut tx = account.begin().await.unwrap();
        tx.delete_user("ada").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(account.find_server("s1").await.unwrap(), None);
        assert!(account.find_server("s2").await.unwrap().is_some());
    })
    .await;
}

fn prompt(name: &str) -> ServerPrompt {
    ServerPrompt {
        server_id: "s1".into(),
        name: name.into(),
        title: Some("Title".into()),
        description: None,
        arguments: "[{\"name\":\"who\"}]".into(),
        template: "Hello {{who}}".into(),
    }
}

#[tokio::test]
async fn prompts_are_put_replaced_and_deleted_with_their_server() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &server("s1", "ada", 1)).await.unwrap();
        let replaced = ServerPrompt { template: "Bye".into(), title: None, ..prompt("greet") };
        let mut tx = account.begin().await.unwrap();
        for each in [&prompt("greet"), &prompt("ask"), &replaced] {
            tx.put_server_prompt(each).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(account.list_server_prompts("s1").await.unwrap(), [prompt("ask"), replaced.clone()]);
        assert_eq!(account.find_server_prompt("s1", "greet").await.unwrap(), Some(replaced));
        assert_eq!(account.find_server_prompt("s1", "none").await.unwrap(), None);

        let mut tx = account.begin().await.unwrap();
        tx.delete_server_prompt("s1", "greet").await.unwrap();
        assert!(matches!(tx.delete_server_prompt("s1", "greet").await, Err(Error::NotFound)));
        tx.delete_server("s1").await.unwrap();
        tx.commit().await.unwrap();
        assert!(account.list_server_prompts("s1").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_prompt_or_resource_of_another_accounts_server_is_refused() {
    on_each_db(async |db| {
        insert(&account(db, "acme").await, &server("s1", "ada", 1)).await.unwrap();
        let other = account(db, "other").await;
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.put_server_prompt(&prompt("greet")).await, Err(Error::NotFound)));
        drop(tx);
        let mut tx = other.begin().await.unwrap();
        assert!(matches!(tx.put_server_resource(&resource("a:b")).await, Err(Error::NotFound)));
    })
    .await;
}

fn resource(uri: &str) -> ServerResource {
    ServerResource {
        server_id: "s1".into(),
        uri: uri.into(),
        name: "Read me".into(),
        description: Some("What it is".into()),
        mime_type: Some("text/plain".into()),
        text: Some("Hello".into()),
        blob: None,
    }
}

#[tokio::test]
async fn resources_are_put_replaced_and_deleted_with_their_server() {
    on_each_db(async |db| {
        let account = account(db, "acme").await;
        insert(&account, &server("s1", "ada", 1)).await.unwrap();
        let bytes = ServerResource { text: None, blob: Some(vec![0, 255]), ..resource("x:1") };
        let mut tx = account.begin().await.unwrap();
        for each in [&resource("x:1"), &resource("x:0"), &bytes] {
            tx.put_server_resource(each).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(account.list_server_resources("s1").await.unwrap(), [resource("x:0"), bytes.clone()]);
        assert_eq!(account.find_server_resource("s1", "x:1").await.unwrap(), Some(bytes));
        assert_eq!(account.find_server_resource("s1", "x:2").await.unwrap(), None);

        let mut tx = account.begin().await.unwrap();
        tx.delete_server_resource("s1", "x:1").await.unwrap();
        assert!(matches!(tx.delete_server_resource("s1", "x:1").await, Err(Error::NotFound)));
        tx.delete_server("s1").await.unwrap();
        tx.commit().await.unwrap();
        assert!(account.list_server_resources("s1").await.unwrap().is_empty());
    })
    .await;
}
