//! Who may call what: every path and method of `/openapi.json`, called as everybody who may not, and as the one who
//! may; the ways in which a token URL or a key ends.
//!
//! The expectations stand here by hand. A route without a row fails, and so does a row without a route.

#![expect(
    clippy::panic,
    clippy::disallowed_methods,
    reason = "what is not a test function here serves one, and what expired yesterday needs to know today"
)]

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use store::{AccessToken, Account, ApiKey, Db, OpenOptions, Role};

use crate::world::{Call, DEFAULT, Era, FIRST_USER, Key, Platform, Reply, Server, World, escaped, text};

const RESOURCE: &str = "note://one";
const UNAUTHORIZED: Refusal = Refusal(401, "UNAUTHORIZED", "Unauthorized: no valid credentials");

/// Status, code and sentence of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) u16, pub(crate) &'static str, pub(crate) &'static str);

/// What a caller gets who is not the one that a thing belongs to.
#[derive(Clone, Copy, Debug)]
enum Gets {
    /// This status, and nothing of anybody else's in the body: the route is about the caller's own things.
    Own(u16),
    Refused(Refusal),
}
use Gets::{Own, Refused};

const SERVER_NOT_FOUND: Refusal = Refusal(404, "SERVER_NOT_FOUND", "Server not found");
const NO_SERVER: Gets = Refused(SERVER_NOT_FOUND);
const NO_USER: Gets = Refused(Refusal(404, "USER_NOT_FOUND", "User not found"));
const NO_KEY: Gets = Refused(Refusal(404, "NOT_FOUND", "API key not found"));
const NO_CREDENTIAL: Gets = Refused(Refusal(404, "CREDENTIAL_NOT_FOUND", "Credential not found"));
const NO_EXECUTION: Gets = Refused(Refusal(404, "NOT_FOUND", "Execution not found"));
const ADMINS_ONLY: Gets = Refused(Refusal(403, "FORBIDDEN", "This needs an API key with the role admin"));
const NOTHING_TO_ACT_WITH: Gets =
    Refused(Refusal(400, "CREDENTIAL_NOT_FOUND", "The named credential does not exist for this user"));
const OWN_USER_ONLY: Refusal = Refusal(403, "FORBIDDEN", "A member key acts only as its own user");

/// One operation: what a member of another account gets, an admin of another account, another member of the same
/// account; and the status for the one who may.
struct Row(&'static str, Gets, Gets, Gets, u16);

const ROWS: &[Row] = &[
    Row("create-server", Own(201), Own(201), Own(201), 201),
    Row("list-servers", Own(200), Own(200), Own(200), 200),
    Row("get-server", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("update-server", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("delete-server", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("list-tokens", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("create-token", NO_SERVER, NO_SERVER, NO_SERVER, 201),
    Row("delete-token", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("list-tools", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("call-tool", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("list-resources", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("read-resource", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("put-resource", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("delete-resource", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("list-prompts", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("get-prompt", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("put-prompt", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("delete-prompt", NO_SERVER, NO_SERVER, NO_SERVER, 200),
    Row("create-user", ADMINS_ONLY, Own(201), ADMINS_ONLY, 201),
    Row("list-users", ADMINS_ONLY, Own(200), ADMINS_ONLY, 200),
    Row("delete-user", ADMINS_ONLY, NO_USER, ADMINS_ONLY, 200),
    Row("list-keys", ADMINS_ONLY, Own(200), ADMINS_ONLY, 200),
    Row("create-key", ADMINS_ONLY, Own(201), ADMINS_ONLY, 201),
    Row("revoke-key", ADMINS_ONLY, NO_KEY, ADMINS_ONLY, 200),
    Row("list-connectors", Own(200), Own(200), Own(200), 200),
    Row("get-connector", Own(200), Own(200), Own(200), 200),
    Row("get-connector-resources", Own(200), Own(200), Own(200), 200),
    Row("list-actions", Own(200), Own(200), Own(200), 200),
    Row("get-action", Own(200), Own(200), Own(200), 200),
    Row("execute-action", NOTHING_TO_ACT_WITH, NOTHING_TO_ACT_WITH, NOTHING_TO_ACT_WITH, 200),
    Row("get-credential-metadata", Own(200), Own(200), Own(200), 200),
    Row("create-credential", Own(201), Own(201), Own(201), 201),
    Row("list-connector-credentials", Own(200), Own(200), Own(200), 200),
    Row("list-user-credentials", NO_USER, NO_USER, NO_USER, 200),
    Row("get-credential", NO_CREDENTIAL, NO_CREDENTIAL, NO_CREDENTIAL, 200),
    Row("update-credential", NO_CREDENTIAL, NO_CREDENTIAL, NO_CREDENTIAL, 200),
    Row("delete-credential", NO_CREDENTIAL, NO_CREDENTIAL, NO_CREDENTIAL, 200),
    Row("test-credential", NO_CREDENTIAL, NO_CREDENTIAL, NO_CREDENTIAL, 200),
    Row("list-executions", Own(200), Own(200), Own(200), 200),
    Row("get-execution", NO_EXECUTION, NO_EXECUTION, NO_EXECUTION, 200),
    Row("list-audit", ADMINS_ONLY, Own(200), ADMINS_ONLY, 200),
    Row("verify-audit", ADMINS_ONLY, Own(200), ADMINS_ONLY, 200),
];

/// Operations that everybody may call.
const OPEN: [&str; 5] = ["health", "ready", "metrics", "openapi", "docs"];
/// Operations whose callers are clients of one server.
const CLIENTS: [&str; 3] = ["mcp-token", "mcp-key", "mcp-header"];

/// A member of the first account, and everything that is hers.
struct Victim {
    key: Key,
    server: Server,
    token_id: String,
    credential: String,
    execution: String,
    /// A key of hers beside the one she calls with.
    other_key: Key,
}

const VICTIM: &str = "victim-mia";

impl Victim {
    async fn new(world: &World, admin: &Key) -> Self {
        let key = world.key(admin, "member", VICTIM).await;
        let other_key = world.key(admin, "member", VICTIM).await;
        let server = world.server(&key, json!({ "name": "Hers" })).await;
        let base = format!("/api/servers/{}", server.id);
        let token =
            world.manage(&key, "POST", &format!("{base}/tokens"), &json!({ "name": "second" })).await.ok();
        let prompt = json!({ "template": "Hello" });
        world.manage(&key, "PUT", &format!("{base}/prompts/hello"), &prompt).await.ok();
        let resource = format!("{base}/resources?uri={}", escaped(RESOURCE));
        world.manage(&key, "PUT", &resource, &json!({ "text": "secret of hers" })).await.ok();
        let credential = world.credential(&key, VICTIM).await;
        let run = "/api/connectors/sample/actions/people_list/execute";
        let ran = world.manage(&key, "POST", run, &json!({})).await.ok();
        Self {
            token_id: text(&token, "tokenId"),
            execution: text(&ran, "executionId"),
            key,
            server,
            credential,
            other_key,
        }
    }

    /// The path with what is hers in its places, and a query where one is needed.
    fn fill(&self, id: &str, path: &str) -> String {
        let path = [
            ("{serverId}", self.server.id.as_str()),
            ("{tokenId}", &self.token_id),
            ("{toolName}", "list_connectors_alloy"),
            ("{name}", "hello"),
            ("{userId}", VICTIM),
            ("{keyId}", &self.other_key.id),
            ("{connectorId}", "sample"),
            ("{actionId}", "people_list"),
            ("{credentialId}", &self.credential),
            ("{executionId}", &self.execution),
        ]
        .iter()
        .fold(path.to_owned(), |path, (place, value)| path.replace(place, value));
        assert!(!path.contains('{'), "{path} has a place that this test does not know");
        let needs_uri = ["read-resource", "put-resource", "delete-resource"].contains(&id);
        if needs_uri { format!("{path}?uri={}", escaped(RESOURCE)) } else { path }
    }

    /// A body that would do.
    fn body(&self, id: &str) -> Value {
        match id {
            "create-server" => json!({ "name": "Another" }),
            "update-server" => json!({ "description": "changed" }),
            "create-token" | "call-tool" | "get-prompt" => json!({}),
            "put-prompt" => json!({ "template": "Changed" }),
            "put-resource" => json!({ "text": "changed" }),
            "create-user" => json!({ "username": "newcomer" }),
            "create-key" => json!({ "name": "another" }),
            "execute-action" => json!({ "credentialId": self.credential }),
            "create-credential" => json!({ "authenticationType": "bearer", "data": { "token": "t" } }),
            "update-credential" => json!({ "name": "changed" }),
            _ => Value::Null,
        }
    }

    /// What no answer to a stranger may show.
    fn secrets(&self) -> [&str; 6] {
        [&self.server.id, &self.server.token, &self.token_id, &self.credential, &self.execution, VICTIM]
    }
}

/// One operation of `/openapi.json`.
#[derive(Clone, Debug)]
struct Route {
    id: String,
    method: String,
    path: String,
    authority: String,
}

async fn routes(world: &World) -> Vec<Route> {
    let document = world.send(Call::new("GET", "/openapi.json")).await.ok();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let (id, authority) = (text(operation, "operationId"), text(operation, "x-authority"));
            routes.push(Route { id, method: method.to_uppercase(), path: path.clone(), authority });
        }
    }
    routes
}

fn row(route: &Route) -> &'static Row {
    let found = ROWS.iter().find(|row| row.0 == route.id);
    found.unwrap_or_else(|| panic!("nobody said who may call {} {} ({})", route.method, route.path, route.id))
}

/// Asserts the contract's error body with exactly this content.
pub(crate) fn assert_refused(place: &str, reply: &Reply, Refusal(status, code, sentence): Refusal) {
    assert_eq!(reply.status, status, "{place}: {}", reply.text);
    let body = reply.json();
    assert_eq!((body["code"].as_str(), body["error"].as_str()), (Some(code), Some(sentence)), "{place}");
    assert_eq!(body["requestId"], reply.header("x-request-id"), "{place}");
    let members = body.as_object().expect("an object").keys();
    let known = ["error", "code", "details", "requestId"];
    assert!(members.into_iter().all(|member| known.contains(&member.as_str())), "{place}: {body}");
    assert_eq!(reply.header("www-authenticate"), if status == 401 { "Bearer" } else { "" }, "{place}");
}

impl Route {
    fn is_management(&self) -> bool {
        ["member", "admin"].contains(&self.authority.as_str())
    }

    fn call(&self, victim: &Victim) -> Call {
        let call = Call::new(&self.method, &victim.fill(&self.id, &self.path));
        let body = victim.body(&self.id);
        if body.is_null() { call } else { call.json(&body) }
    }

    async fn assert(&self, world: &World, who: (&str, &Key), victim: &Victim, gets: Gets) {
        let place = format!("{} as {}", self.id, who.0);
        let reply = world.send(self.call(victim).bearer(&who.1.secret)).await;
        match gets {
            Refused(refusal) => assert_refused(&place, &reply, refusal),
            Own(status) => assert_eq!(reply.status, status, "{place}: {}", reply.text),
        }
        for secret in victim.secrets() {
            assert!(!reply.text.contains(secret), "{place} shows {secret}: {}", reply.text);
        }
    }
}

/// The account that the first start made, through the store: what the product refuses to make, such as a key
/// that has expired, is written into the same file.
async fn stored(world: &World) -> Account {
    let url = format!("sqlite:{}", world.product.data_dir().join("permalloy.db").display());
    let db = Db::open(&url, OpenOptions::default()).await.expect("the database opens");
    let found = db.find_account_by_name(DEFAULT).await.expect("the database answers");
    db.account(found.expect("the account of the first start").account_id)
}

fn hash(secret: &str) -> Vec<u8> {
    digest(&SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// An admin's key that was good until a moment ago.
async fn expired_key(world: &World) -> Key {
    let secret = format!("ak_{}", "Expired0".repeat(5));
    let (account, now) = (stored(world).await, Utc::now());
    let key = ApiKey {
        key_id: "key_expired".to_owned(),
        user_id: FIRST_USER.to_owned(),
        role: Role::Admin,
        name: "expired".to_owned(),
        hash: hash(&secret),
        prefix: "ak_Expire".to_owned(),
        created_at: now - TimeDelta::days(1),
        expires_at: Some(now - TimeDelta::seconds(1)),
        last_used_at: None,
        revoked_at: None,
    };
    let mut tx = account.begin().await.expect("a transaction");
    tx.insert_api_key(&key).await.expect("the key is stored");
    tx.commit().await.expect("a commit");
    Key { id: key.key_id, secret }
}

/// A token of this server that ends then.
async fn stored_token(world: &World, server: &Server, ends: TimeDelta) -> Server {
    let secret = format!("mcp_token_{}", format!("{:08}", ends.num_seconds().unsigned_abs()).repeat(5));
    let (account, now) = (stored(world).await, Utc::now());
    let token = AccessToken {
        token_id: format!("tok_{}", ends.num_seconds()),
        server_id: server.id.clone(),
        name: "stored".to_owned(),
        hash: hash(&secret),
        sealed: None,
        is_primary: false,
        created_at: now - TimeDelta::days(1),
        expires_at: now + ends,
        last_used_at: None,
    };
    let mut tx = account.begin().await.expect("a transaction");
    tx.insert_access_token(&token).await.expect("the token is stored");
    tx.commit().await.expect("a commit");
    Server { id: server.id.clone(), token: secret }
}

/// A key that worked until it was revoked.
async fn revoked_key(world: &World, admin: &Key) -> Key {
    let key = world.key(admin, "admin", "leaver").await;
    world.manage(&key, "GET", "/api/keys", &Value::Null).await.ok();
    world.manage(admin, "DELETE", &format!("/api/keys/{}", key.id), &Value::Null).await.ok();
    key
}

#[tokio::test]
async fn every_route_has_a_row_and_every_row_a_route() {
    let world = World::start().await;
    let mut routes: Vec<_> = routes(&world).await.into_iter().map(|route| route.id).collect();
    let mut rows: Vec<_> = ROWS.iter().map(|row| row.0).chain(OPEN).chain(CLIENTS).collect();
    routes.sort_unstable();
    rows.sort_unstable();
    assert_eq!(routes, rows);
}

#[tokio::test]
async fn without_a_valid_key_every_route_answers_the_same_401() {
    let platform = Platform::start().await;
    let world = platform.world().await;
    let admin = world.first_key();
    let victim = Victim::new(&world, &admin).await;
    let (revoked, expired) = (revoked_key(&world, &admin).await, expired_key(&world).await);
    let calls = platform.calls();
    let ways: Vec<(&str, Vec<(&str, String)>)> = vec![
        ("nobody", vec![]),
        ("garbage", vec![("authorization", format!("Bearer ak_{}", "0".repeat(40)))]),
        ("a JWT", vec![("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.".to_owned())]),
        ("an empty token", vec![("authorization", "Bearer ".to_owned())]),
        ("another scheme", vec![("authorization", format!("Basic {}", admin.secret))]),
        ("half a key", vec![("authorization", format!("Bearer {}", &admin.secret.split_at(20).0))]),
        ("a token URL's secret", vec![("authorization", format!("Bearer {}", victim.server.token))]),
        ("a revoked key", vec![("authorization", format!("Bearer {}", revoked.secret))]),
        ("an expired key", vec![("authorization", format!("Bearer {}", expired.secret))]),
        ("a user only", vec![("x-alloy-userid", VICTIM.to_owned())]),
        (
            "a JWT that nobody issued, beside a good key",
            vec![
                ("authorization", format!("Bearer {}", admin.secret)),
                ("x-alloy-user-token", "eyJhbGciOiJub25lIn0.e30.".to_owned()),
            ],
        ),
    ];
    for route in routes(&world).await.iter().filter(|route| route.is_management()) {
        for (who, headers) in &ways {
            let call =
                headers.iter().fold(route.call(&victim), |call, (name, value)| call.header(name, value));
            let reply = world.send(call).await;
            assert_refused(&format!("{} as {who}", route.id), &reply, UNAUTHORIZED);
            assert!(reply.json().get("details").is_none(), "it is not said what was wrong: {}", reply.text);
        }
    }
    for route in routes(&world).await.iter().filter(|route| route.authority == "nobody") {
        assert!(OPEN.contains(&route.id.as_str()), "{} is open to everybody", route.id);
        assert_eq!(world.send(Call::new(&route.method, &route.path)).await.status, 200, "{}", route.id);
    }
    assert_eq!(platform.calls(), calls, "nothing was sent for any of them");
}

#[tokio::test]
async fn strangers_find_nothing_members_only_their_own_and_owners_everything() {
    let platform = Platform::start().await;
    let world = platform.world().await;
    let admin = world.first_key();
    let victim = Victim::new(&world, &admin).await;
    let bystander = world.key(&admin, "member", "bystander").await;
    let (_, strange_admin) = world.account("other").await;
    let stranger = world.host_key("other", "member", "stranger").await;
    let calls = platform.calls();
    let mut routes = routes(&world).await;
    routes.retain(Route::is_management);
    for route in &routes {
        let row = row(route);
        let member_gets = |gets| if route.authority == "admin" { ADMINS_ONLY } else { gets };
        route.assert(&world, ("a member of another account", &stranger), &victim, member_gets(row.1)).await;
        route.assert(&world, ("an admin of another account", &strange_admin), &victim, row.2).await;
        route.assert(&world, ("another member", &bystander), &victim, member_gets(row.3)).await;
        let spoofed = route.call(&victim).bearer(&bystander.secret).header("x-alloy-userid", VICTIM);
        assert_refused(&format!("{} as somebody else", route.id), &world.send(spoofed).await, OWN_USER_ONLY);
    }
    assert_eq!(platform.calls(), calls, "nothing was sent for any of them");

    // The one who may, with the same paths and bodies: so what was refused above is really there, untouched.
    let hers =
        world.manage(&victim.key, "GET", &format!("/api/servers/{}", victim.server.id), &Value::Null).await;
    assert_eq!(hers.ok()["description"], "");
    let order = |route: &Route| {
        let last = ["delete-server", "revoke-key", "delete-user"].contains(&route.id.as_str());
        (last, route.id == "delete-user", route.method == "DELETE", route.method != "GET")
    };
    routes.sort_by_key(order);
    for route in &routes {
        let key = if route.authority == "admin" { &admin } else { &victim.key };
        let reply = world.send(route.call(&victim).bearer(&key.secret)).await;
        assert_eq!(reply.status, row(route).4, "{} as the one who may: {}", route.id, reply.text);
    }
    let gone = world.manage(&victim.key, "GET", "/api/servers", &Value::Null).await;
    assert_refused("the key of a deleted user", &gone, UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_url_that_does_not_work_says_never_why() {
    let world = World::start().await;
    let admin = world.first_key();
    let (one, two) = (
        world.server(&admin, json!({ "name": "One" })).await,
        world.server(&admin, json!({ "name": "Two" })).await,
    );
    let deleted = world.server(&admin, json!({ "name": "Deleted" })).await;
    let replaced = world.server(&admin, json!({ "name": "Replaced" })).await;
    let ended = world.server(&admin, json!({ "name": "Ended" })).await;
    for server in [&one, &two, &deleted, &replaced, &ended] {
        world.mcp(Era::Legacy, &server.path(), "ping", json!({})).await.ok();
    }
    world.manage(&admin, "DELETE", &format!("/api/servers/{}", deleted.id), &Value::Null).await.ok();
    let tokens = format!("/api/servers/{}/tokens", replaced.id);
    world.manage(&admin, "POST", &tokens, &json!({ "replacesPrimary": true })).await.ok();
    let tokens = format!("/api/servers/{}/tokens", ended.id);
    let listed = world.manage(&admin, "GET", &tokens, &Value::Null).await.ok();
    let token_id = text(&listed["tokens"][0], "tokenId");
    world.manage(&admin, "DELETE", &format!("{tokens}/{token_id}"), &Value::Null).await.ok();
    let expired = stored_token(&world, &one, TimeDelta::seconds(-1)).await;
    let valid = stored_token(&world, &one, TimeDelta::days(1)).await;
    world.mcp(Era::Legacy, &valid.path(), "ping", json!({})).await.ok();

    let mut bodies = BTreeSet::new();
    for (which, path) in [
        ("wrong", format!("/mcp/{}/mcp_token_{}", one.id, "0".repeat(40))),
        ("not a token", format!("/mcp/{}/x", one.id)),
        ("a key", format!("/mcp/{}/{}", one.id, admin.secret)),
        ("of another server", format!("/mcp/{}/{}", one.id, two.token)),
        ("of no server", format!("/mcp/none-00000000/{}", one.token)),
        ("half of it", format!("/mcp/{}/{}", one.id, one.token.split_at(30).0)),
        ("expired", expired.path()),
        ("of a deleted server", deleted.path()),
        ("replaced", replaced.path()),
        ("deleted", ended.path()),
    ] {
        for era in Era::BOTH {
            for method in ["initialize", "ping", "tools/list", "tools/call", "server/discover", "nonsense"] {
                // A good key does not help: the URL is the whole credential.
                let params = json!({ "name": "list_connectors_alloy", "protocolVersion": "2025-11-25" });
                let call = era.call(&path, method, params).bearer(&admin.secret);
                let reply = world.send(call).await;
                assert_refused(&format!("{which}: {method}"), &reply, UNAUTHORIZED);
                let mut body = reply.json();
                body["requestId"] = "redacted".into();
                bodies.insert(body.to_string());
            }
        }
        let stream = world.send(Call::new("GET", &path).header("accept", "text/event-stream")).await;
        assert_refused(&format!("{which}: GET"), &stream, UNAUTHORIZED);
    }
    assert_eq!(bodies.len(), 1, "one and the same body: {bodies:?}");
}

#[tokio::test]
async fn a_server_is_used_with_a_key_of_its_account_only() {
    let world = World::start().await;
    let admin = world.first_key();
    let victim = world.key(&admin, "member", VICTIM).await;
    let bystander = world.key(&admin, "member", "bystander").await;
    let (_, strange_admin) = world.account("other").await;
    let (revoked, expired) = (revoked_key(&world, &admin).await, expired_key(&world).await);
    let server = world.server(&victim, json!({ "name": "Hers" })).await;
    let metadata = format!(
        "Bearer resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp/{}\"",
        world.product.url(""),
        server.id
    );
    let ways = [(format!("/mcp/{}", server.id), None), ("/mcp".to_owned(), Some(server.id.as_str()))];
    for (path, header) in &ways {
        for era in Era::BOTH {
            let call = |secret: Option<&str>| {
                let call = era.call(path, "tools/list", json!({}));
                let call =
                    header.map_or_else(|| call.clone(), |id| call.clone().header("x-mcp-server-id", id));
                secret.map_or_else(|| call.clone(), |secret| call.clone().bearer(secret))
            };
            let garbage = format!("ak_{}", "0".repeat(40));
            for secret in
                [None, Some(&*garbage), Some(&*server.token), Some(&*revoked.secret), Some(&*expired.secret)]
            {
                let reply = world.send(call(secret)).await;
                assert_eq!((reply.status, reply.header("www-authenticate")), (401, &*metadata), "{path}");
                assert_eq!(reply.json()["error"], UNAUTHORIZED.2, "{path}");
                assert_eq!(reply.json()["code"], UNAUTHORIZED.1, "{path}");
            }
            for key in [&bystander, &strange_admin] {
                let reply = world.send(call(Some(&key.secret))).await;
                assert_refused(path, &reply, SERVER_NOT_FOUND);
            }
            for key in [&victim, &admin] {
                let reply = world.send(call(Some(&key.secret))).await;
                assert_eq!(reply.ok()["result"]["tools"].as_array().map(Vec::len), Some(8), "{path}");
            }
        }
    }
    let nameless = world.send(Era::Legacy.call("/mcp", "ping", json!({})).bearer(&admin.secret)).await;
    assert_eq!((nameless.status, &nameless.json()["code"]), (404, &json!("SERVER_NOT_FOUND")));
}

#[tokio::test]
async fn what_an_admin_made_for_a_member_is_seen_and_used_by_it_but_changed_by_admins_only() {
    const SENTENCE: &str = "This server was made by an admin and is changed by admins only";
    let world = World::start().await;
    let admin = world.first_key();
    let member = world.key(&admin, "member", VICTIM).await;
    let call = Call::new("POST", "/api/servers").bearer(&admin.secret).header("x-alloy-userid", VICTIM);
    let made = world.send(call.json(&json!({ "name": "Given", "identity": "owner" }))).await.ok();
    let path = format!("/api/servers/{}", text(&made, "serverId"));
    let tokens = world.manage(&admin, "GET", &format!("{path}/tokens"), &Value::Null).await.ok();
    let token_path = format!("/tokens/{}", text(&tokens["tokens"][0], "tokenId"));
    let resource = format!("/resources?uri={}", escaped(RESOURCE));
    for (method, rest, body) in [
        ("PUT", "", json!({ "restrictions": {} })),
        ("DELETE", "", Value::Null),
        ("GET", "/tokens", Value::Null),
        ("POST", "/tokens", json!({})),
        ("DELETE", &token_path, Value::Null),
        ("PUT", "/prompts/mine", json!({ "template": "x" })),
        ("DELETE", "/prompts/mine", Value::Null),
        ("PUT", &resource, json!({ "text": "x" })),
        ("DELETE", &resource, Value::Null),
    ] {
        let reply = world.manage(&member, method, &format!("{path}{rest}"), &body).await;
        assert_refused(&format!("{method} {rest}"), &reply, Refusal(403, "FORBIDDEN", SENTENCE));
    }
    let seen = world.manage(&member, "GET", &path, &Value::Null).await.ok();
    assert_eq!((&seen["name"], seen.get("accessUrl")), (&json!("Given"), None), "seen, without the URL");
    let listed = world.manage(&member, "GET", "/api/servers", &Value::Null).await.ok();
    assert_eq!(listed["servers"], json!([seen]));
    let used = world.manage(&member, "GET", &format!("{path}/tools"), &Value::Null).await.ok();
    assert_eq!(used["tools"].as_array().map(Vec::len), Some(8));
    let renamed = world.manage(&admin, "PUT", &path, &json!({ "name": "Taken" })).await.ok();
    assert_eq!(renamed["name"], "Taken");
}

#[tokio::test]
async fn members_see_only_their_own_and_admins_the_whole_account() {
    let platform = Platform::start().await;
    let world = platform.world().await;
    let admin = world.first_key();
    let victim = Victim::new(&world, &admin).await;
    let bystander = world.key(&admin, "member", "bystander").await;
    world.server(&bystander, json!({ "name": "His" })).await;
    let names = |listed: Value| -> Vec<String> {
        listed["servers"].as_array().unwrap().iter().map(|server| text(server, "name")).collect()
    };
    for (key, query, expected) in [
        (&victim.key, "", vec!["Hers"]),
        (&bystander, "", vec!["His"]),
        (&admin, "", vec!["Quickstart"]),
        (&admin, "?all=true", vec!["His", "Hers", "Quickstart"]),
    ] {
        let listed = world.manage(key, "GET", &format!("/api/servers{query}"), &Value::Null).await.ok();
        assert_eq!(listed["count"], expected.len());
        assert_eq!(names(listed), expected, "{query}");
    }
    let call = Call::new("GET", "/api/servers").bearer(&admin.secret).header("x-alloy-userid", VICTIM);
    assert_eq!(names(world.send(call).await.ok()), ["Hers"], "as the user an admin acts for");
    let all = world.manage(&bystander, "GET", "/api/servers?all=true", &Value::Null).await;
    let sentence = "all=true needs an API key with the role admin";
    assert_refused("all=true", &all, Refusal(403, "FORBIDDEN", sentence));

    let runs = |listed: Value| listed["executions"].as_array().unwrap().len();
    for (key, query, expected) in [
        (&victim.key, "", 1),
        (&bystander, "", 0),
        (&admin, "", 1),
        (&admin, "?userId=bystander", 0),
        (&admin, "?userId=victim-mia", 1),
    ] {
        let listed = world.manage(key, "GET", &format!("/api/executions{query}"), &Value::Null).await.ok();
        assert_eq!(runs(listed), expected, "{query}");
    }
    let others = world.manage(&bystander, "GET", "/api/executions?userId=victim-mia", &Value::Null).await;
    let sentence = "A member sees only its own user's executions";
    assert_refused("executions of others", &others, Refusal(403, "FORBIDDEN", sentence));
    let for_other = json!({ "userId": VICTIM, "authenticationType": "bearer", "data": { "token": "t" } });
    let refused = world.manage(&bystander, "POST", "/api/connectors/sample/credentials", &for_other).await;
    let sentence = "A member stores credentials for its own user only";
    assert_refused("credentials for others", &refused, Refusal(403, "FORBIDDEN", sentence));
}
