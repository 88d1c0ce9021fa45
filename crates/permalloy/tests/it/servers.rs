//! The life of a server over the management API: made, listed, changed, given tokens, deleted; each change seen by
//! the very next MCP request.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{Call, Era, Key, Platform, World, text};

/// The status of a ping through a token URL.
async fn ping(world: &World, path: &str) -> u16 {
    world.mcp(Era::Stateless, path, "tools/list", json!({})).await.status
}

/// The path of an `accessUrl`.
fn path_of(url: &Value) -> String {
    let url = url::Url::parse(url.as_str().expect("a URL")).expect("a URL");
    url.path().to_owned()
}

async fn get(world: &World, key: &Key, path: &str) -> Value {
    world.manage(key, "GET", path, &Value::Null).await.ok()
}

#[tokio::test]
async fn a_new_server_has_the_defaults_of_the_contract() {
    let world = World::start().await;
    let admin = world.first_key();
    let wanted = json!({ "name": "My  Server & Co.", "isPublic": false });
    let made = world.manage(&admin, "POST", "/api/servers", &wanted).await;
    assert_eq!(made.status, 201);
    let mut made = made.json();
    let id = text(&made, "serverId");
    let (slug, random) = id.rsplit_once('-').expect("a slug and a random part");
    assert_eq!((slug, random.len()), ("my-server-co", 8));
    assert!(
        random.chars().all(|letter| letter.is_ascii_digit() || ('a'..='f').contains(&letter)),
        "{random}"
    );
    let token = text(&made, "accessToken");
    let secret = token.strip_prefix("mcp_token_").expect("the prefix of tokens");
    assert!(secret.len() >= 32 && secret.chars().all(|letter| letter.is_ascii_alphanumeric()), "{secret}");
    for (member, expected) in [
        ("name", json!("My  Server & Co.")),
        ("description", json!("")),
        ("customInstructions", json!("")),
        ("restrictions", json!({})),
        ("hasRestrictions", json!(false)),
        ("toolMode", json!("dynamic")),
        ("identity", json!("header")),
        ("rateLimit", json!({ "requestsPerMinute": 100 })),
    ] {
        assert_eq!(made[member], expected, "{member}");
    }
    let time = |member: &str| chrono::DateTime::parse_from_rfc3339(made[member].as_str().unwrap()).unwrap();
    assert_eq!((time("tokenExpiresAt") - time("createdAt")).num_days(), 90);

    made.as_object_mut().unwrap().remove("accessToken");
    assert_eq!(
        get(&world, &admin, &format!("/api/servers/{id}")).await,
        made,
        "the same, without the token alone"
    );
}

#[tokio::test]
async fn urls_are_made_from_the_configured_address_whatever_the_host_header_says() {
    let world = World::start_with(&[("PERMALLOY_PUBLIC_URL", "https://mcp.example.test/base")]).await;
    let key = world.first_key();
    let call = Call::new("POST", "/api/servers").bearer(&key.secret).header("host", "localhost:1");
    let made = world.send(call.json(&json!({ "name": "Named" }))).await.ok();
    let id = text(&made, "serverId");
    assert_eq!(made["url"], format!("https://mcp.example.test/base/mcp/{id}"));
    assert_eq!(
        made["accessUrl"],
        format!("https://mcp.example.test/base/mcp/{id}/{}", text(&made, "accessToken"))
    );
    let ours = Call::new("GET", "/api/servers").bearer(&key.secret).header("host", "mcp.example.test");
    assert_eq!(world.send(ours).await.status, 200, "the public name is served");
}

#[tokio::test]
async fn without_revealing_the_url_is_shown_at_creation_only() {
    let world = World::start_with(&[("PERMALLOY_SERVERS_REVEAL_ACCESS_URL", "false")]).await;
    let admin = world.first_key();
    let made = world.manage(&admin, "POST", "/api/servers", &json!({ "name": "Once" })).await.ok();
    assert_eq!(ping(&world, &path_of(&made["accessUrl"])).await, 200);
    let path = format!("/api/servers/{}", text(&made, "serverId"));
    assert_eq!(get(&world, &admin, &path).await.get("accessUrl"), None);
    let listed = get(&world, &admin, "/api/servers").await;
    assert!(listed["servers"].as_array().unwrap().iter().all(|server| server.get("accessUrl").is_none()));
}

#[tokio::test]
async fn present_members_replace_and_absent_ones_stay() {
    let world = World::start().await;
    let admin = world.first_key();
    let restrictions = json!({
        "connectors": { "mode": "allowlist", "allowedIds": ["slack"] },
        "users": { "mode": "blocklist", "blockedIds": ["u9"] },
    });
    let wanted = json!({
        "name": "Before", "description": "d", "customInstructions": "Be kind.", "restrictions": restrictions,
    });
    let server = world.server(&admin, wanted).await;
    let path = format!("/api/servers/{}", server.id);
    let before = get(&world, &admin, &path).await;
    let change =
        json!({ "name": "After", "restrictions": { "actions": { "blockedActions": ["nothing.*"] } } });
    let after = world.manage(&admin, "PUT", &path, &change).await.ok();
    assert_eq!((&after["name"], &after["description"]), (&json!("After"), &json!("d")));
    assert_eq!(after["customInstructions"], "Be kind.");
    let whole = json!({ "actions": { "mode": "blocklist", "blockedActions": ["nothing.*"] } });
    assert_eq!(after["restrictions"], whole, "replaced whole, with the mode that was meant");
    assert!(after["warnings"].to_string().contains("nothing.*"), "{}", after["warnings"]);
    assert_eq!((&after["serverId"], &after["createdAt"]), (&before["serverId"], &before["createdAt"]));
    assert_ne!(after["updatedAt"], before["updatedAt"]);
    assert_eq!(after["accessUrl"], before["accessUrl"], "the token stays");
    assert_eq!(get(&world, &admin, &path).await, after);

    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" } });
    let hello = world.mcp(Era::Legacy, &server.path(), "initialize", params).await.ok()["result"].clone();
    assert_eq!(
        (&hello["serverInfo"]["title"], &hello["protocolVersion"]),
        (&json!("After"), &json!("2025-11-25"))
    );
    assert_eq!(hello["serverInfo"]["name"], "Alloy Connectivity MCP Server");
    assert!(text(&hello, "instructions").starts_with("Be kind."), "{hello}");

    let short =
        json!({ "restrictions": { "permissions": [{ "connector": "slack", "actions": ["users_list"] }] } });
    let normal = world.manage(&admin, "PUT", &path, &short).await.ok()["restrictions"].clone();
    assert_eq!(normal["connectors"], json!({ "mode": "allowlist", "allowedIds": ["slack"] }));
    assert_eq!(normal["actions"], json!({ "mode": "allowlist", "allowedActions": ["slack.users_list"] }));
    assert_eq!(normal.get("permissions"), None);
}

#[tokio::test]
async fn pages_hold_every_server_once_newest_first() {
    let world = World::start().await;
    let key = world.key(&world.first_key(), "member", "collector").await;
    let mut made = Vec::new();
    for number in 0..7 {
        made.push(world.server(&key, json!({ "name": format!("Server {number}") })).await.id);
    }
    made.reverse();
    for limit in [1, 2, 3, 7, 8] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = get(&world, &key, &format!("/api/servers?limit={limit}&cursor={cursor}")).await;
            let servers = page["servers"].as_array().unwrap();
            assert!(servers.len() <= limit && page["count"] == 7, "{page}");
            seen.extend(servers.iter().map(|server| text(server, "serverId")));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, made, "in pages of {limit}");
    }
}

#[tokio::test]
async fn tokens_come_and_go_without_disturbing_each_other() {
    let world = World::start().await;
    let admin = world.first_key();
    let server = world.server(&admin, json!({ "name": "Rotating" })).await;
    let (path, first) = (format!("/api/servers/{}", server.id), server.path());
    let tokens = format!("{path}/tokens");
    let make = async |body: Value| world.manage(&admin, "POST", &tokens, &body).await.ok();

    let extra = make(json!({ "name": "laptop", "expiresInDays": 1 })).await;
    let extra_path = path_of(&extra["accessUrl"]);
    assert_eq!((ping(&world, &first).await, ping(&world, &extra_path).await), (200, 200));
    let graceful = make(json!({ "replacesPrimary": true, "graceSeconds": 604_800 })).await;
    let second = path_of(&graceful["accessUrl"]);
    assert_eq!((ping(&world, &first).await, ping(&world, &second).await), (200, 200), "the grace period");
    assert_eq!(get(&world, &admin, &path).await["accessUrl"], graceful["accessUrl"], "the new one is shown");
    let sudden = make(json!({ "replacesPrimary": true })).await;
    let third = path_of(&sudden["accessUrl"]);
    assert_eq!((ping(&world, &second).await, ping(&world, &third).await), (401, 200), "ended at once");
    assert_eq!(ping(&world, &first).await, 200, "still in its grace period");

    let listed = get(&world, &admin, &tokens).await;
    let all = listed["tokens"].as_array().unwrap();
    for secret in [&server.token, &text(&extra, "accessToken"), &text(&sudden, "accessToken")] {
        assert!(!listed.to_string().contains(secret.as_str()), "no list shows a secret");
    }
    let primaries: Vec<_> = all.iter().filter(|token| token["primary"] == true).collect();
    assert_eq!(primaries.len(), 1);
    assert_eq!(primaries[0]["tokenId"], sudden["tokenId"]);
    world.manage(&admin, "DELETE", &format!("{tokens}/{}", text(&extra, "tokenId")), &Value::Null).await.ok();
    assert_eq!((ping(&world, &extra_path).await, ping(&world, &third).await), (401, 200));

    let gone = world.manage(&admin, "DELETE", &path, &Value::Null).await.ok();
    assert_eq!(gone, json!({ "message": "Server deleted", "serverId": server.id }));
    assert_eq!((ping(&world, &first).await, ping(&world, &third).await), (401, 401));
    assert_eq!(world.manage(&admin, "GET", &path, &Value::Null).await.status, 404);
}

#[tokio::test]
async fn users_are_made_at_first_sight_and_leave_with_all_that_is_theirs() {
    let platform = Platform::start().await;
    let world = platform.world().await;
    let admin = world.first_key();
    let server = world.server(&admin, json!({ "name": "Shared" })).await;
    let user = "Zoë / 7 €";
    let call = Era::Stateless.call(&server.path(), "tools/list", json!({})).header("x-alloy-userid", user);
    assert_eq!(world.send(call).await.status, 200);
    let users = async || -> BTreeSet<String> {
        let listed = get(&world, &admin, "/api/users").await;
        listed["data"].as_array().unwrap().iter().map(|user| text(user, "userId")).collect()
    };
    assert!(users().await.contains(user), "{:?}", users().await);
    let credential = world.credential(&admin, user).await;
    let own = world.key(&admin, "member", user).await;
    let theirs = world.server(&own, json!({ "name": "Theirs" })).await;
    let path = format!("/api/users/{}", crate::world::escaped(user));
    assert_eq!(
        get(&world, &admin, &format!("{path}/credentials")).await["credentials"][0]["credentialId"],
        credential
    );

    world.manage(&admin, "DELETE", &path, &Value::Null).await.ok();
    assert!(!users().await.contains(user));
    assert_eq!(ping(&world, &theirs.path()).await, 401);
    assert_eq!(world.manage(&own, "GET", "/api/servers", &Value::Null).await.status, 401);
    let gone = world.manage(&admin, "GET", &format!("/api/credentials/{credential}"), &Value::Null).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn no_admin_deletes_the_user_of_its_own_key_not_even_on_behalf_of_another() {
    let world = World::start().await;
    let admin = world.first_key();
    for acting_for in [None, Some("u1")] {
        let call = Call::new("DELETE", "/api/users/admin").bearer(&admin.secret);
        let call =
            acting_for.map_or_else(|| call.clone(), |user| call.clone().header("x-alloy-userid", user));
        let refused = world.send(call).await;
        assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("CONFLICT")), "{acting_for:?}");
    }
    get(&world, &admin, "/api/keys").await;
}
