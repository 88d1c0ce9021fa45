//! Who the end user is: the contract's table of identity modes and headers, and what a member may say.

use serde_json::{Value, json};

use crate::authority::{Refusal, assert_refused};
use crate::world::{Call, Era, FIRST_USER, World, text};

const MEMBER: &str = "mia";

/// Whom the server takes the client for: the owner of the credentials that it shows.
async fn seen_as(world: &World, call: Call) -> Result<String, u16> {
    let reply = world.send(call).await;
    if reply.status != 200 {
        let code = reply.json()["code"].as_str().map(str::to_owned);
        let expected = if reply.status == 401 { "UNAUTHORIZED" } else { "FORBIDDEN" };
        assert_eq!(code.as_deref(), Some(expected), "{}", reply.text);
        return Err(reply.status);
    }
    let credentials = reply.json()["result"]["structuredContent"]["credentials"].clone();
    assert_eq!(credentials.as_array().map(Vec::len), Some(1), "{credentials}");
    Ok(text(&credentials[0], "userId"))
}

fn who_am_i(era: Era, path: &str) -> Call {
    era.call(path, "tools/call", json!({ "name": "get_credentials_alloy", "arguments": {} }))
}

#[tokio::test]
async fn the_end_user_is_who_the_identity_mode_says() {
    const JWT: (&str, &str) = ("x-alloy-user-token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSJ9.");
    const USER: (&str, &str) = ("x-alloy-userid", "u1");
    let world = World::start().await;
    let admin = world.first_key();
    for user in [FIRST_USER, "u1", "u2"] {
        world.credential(&admin, user).await;
    }
    let owner = || Ok(FIRST_USER.to_owned());
    // No issuer is trusted, so no JWT is valid.
    let table = [
        ("header", vec![JWT], Err(401)),
        ("header", vec![USER], Ok("u1".to_owned())),
        ("header", vec![], owner()),
        ("header", vec![JWT, USER], Err(401)),
        ("jwt", vec![JWT], Err(401)),
        ("jwt", vec![USER], Err(403)),
        ("jwt", vec![], Err(401)),
        ("jwt", vec![JWT, USER], Err(403)),
        ("owner", vec![JWT], Err(403)),
        ("owner", vec![USER], Err(403)),
        ("owner", vec![], owner()),
        ("owner", vec![JWT, USER], Err(403)),
    ];
    for (mode, headers, expected) in table {
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let wanted = json!({ "name": format!("{mode} {}", names.join(" ")).trim(), "identity": mode });
        let server = world.server(&admin, wanted).await;
        for era in Era::BOTH {
            for call in [
                who_am_i(era, &server.path()),
                who_am_i(era, &format!("/mcp/{}", server.id)).bearer(&admin.secret),
            ] {
                let call = headers.iter().fold(call, |call, (name, value)| call.header(name, value));
                assert_eq!(seen_as(&world, call).await, expected, "{mode} with {headers:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_members_key_speaks_for_its_own_user_only() {
    let world = World::start().await;
    let admin = world.first_key();
    let mia = world.key(&admin, "member", MEMBER).await;
    for user in [MEMBER, "u1"] {
        world.credential(&admin, user).await;
    }
    // Made by an admin for her, so that it trusts the header.
    let wanted = json!({ "name": "For her", "rateLimit": { "requestsPerMinute": 1000 } });
    let call = Call::new("POST", "/api/servers").bearer(&admin.secret).header("x-alloy-userid", MEMBER);
    let server = world.send(call.json(&wanted)).await.ok();
    assert_eq!((&server["identity"], &server["ownerUserId"]), (&json!("header"), &json!(MEMBER)));
    let path = format!("/mcp/{}", text(&server, "serverId"));
    for (key, user, expected) in [
        (&mia, None, Ok(MEMBER)),
        (&mia, Some(MEMBER), Ok(MEMBER)),
        (&mia, Some("u1"), Err(403)),
        (&admin, None, Ok(MEMBER)),
        (&admin, Some("u1"), Ok("u1")),
    ] {
        let call = who_am_i(Era::Stateless, &path).bearer(&key.secret);
        let call = user.map_or_else(|| call.clone(), |user| call.clone().header("x-alloy-userid", user));
        assert_eq!(seen_as(&world, call).await, expected.map(str::to_owned), "{user:?}");
    }
}

#[tokio::test]
async fn a_member_cannot_choose_the_identity_that_speaks_for_anybody() {
    const SENTENCE: &str = "identity header speaks for any user; it needs an API key with the role admin";
    let world = World::start().await;
    let member = world.key(&world.first_key(), "member", MEMBER).await;
    let header = json!({ "name": "Everybody", "identity": "header" });
    let refused = world.manage(&member, "POST", "/api/servers", &header).await;
    assert_refused("create", &refused, Refusal(403, "FORBIDDEN", SENTENCE));
    let made = world.manage(&member, "POST", "/api/servers", &json!({ "name": "Mine" })).await.ok();
    assert_eq!(made["identity"], "owner", "the default of a member's server");
    let path = format!("/api/servers/{}", text(&made, "serverId"));
    let refused = world.manage(&member, "PUT", &path, &json!({ "identity": "header" })).await;
    assert_refused("update", &refused, Refusal(403, "FORBIDDEN", SENTENCE));
    let made = world.manage(&member, "GET", &path, &Value::Null).await.ok();
    assert_eq!(made["identity"], "owner", "nothing changed");
}
