//! Rate limits as clients meet them: per server and end user, and of failed authentication per client address.

use serde_json::{Value, json};

use crate::world::{Call, Era, Reply, World};

/// The contract's body, or what carries it, and the headers that say when to come back.
fn assert_over(reply: &Reply, members: &Value) {
    assert_eq!(reply.status, 429, "{}", reply.text);
    assert_eq!(
        (&members["error"], &members["code"]),
        (&json!("Rate limit exceeded"), &json!("RATE_LIMITED"))
    );
    assert_eq!(members["requestId"], reply.header("x-request-id"));
    let seconds: u64 = reply.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn each_user_of_a_server_has_its_own_bucket_and_is_told_when_it_is_empty() {
    const LIMIT: u64 = 3;
    let world = World::start().await;
    let admin = world.first_key();
    let wanted = json!({ "name": "Slow", "rateLimit": { "requestsPerMinute": LIMIT } });
    let server = world.server(&admin, wanted).await;
    let ask = |era: Era, user: &str| {
        era.call(&server.path(), "tools/list", json!({})).header("x-alloy-userid", user)
    };
    for era in Era::BOTH {
        let user = format!("user of {era:?}");
        for taken in 1..=LIMIT {
            let reply = world.send(ask(era, &user)).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            assert_eq!(reply.header("ratelimit-limit"), LIMIT.to_string());
            assert_eq!(reply.header("ratelimit-remaining"), (LIMIT - taken).to_string());
            let reset: u64 = reply.header("ratelimit-reset").parse().expect("seconds");
            assert!((1..=60).contains(&reset), "{reset}");
        }
        let over = world.send(ask(era, &user)).await;
        assert_eq!((over.header("ratelimit-limit"), over.header("ratelimit-remaining")), ("3", "0"));
        let message = over.json();
        assert_eq!(
            (&message["id"], &message["error"]["message"]),
            (&json!(1), &json!("Rate limit exceeded"))
        );
        assert_over(&over, &message["error"]["data"]);
        let unreadable = world.send(ask(era, &user).bytes("{")).await;
        assert_over(&unreadable, &unreadable.json());
    }
    let other = world.send(ask(Era::Legacy, "another")).await;
    assert_eq!(other.status, 200, "another user has a bucket of its own");
    let path = format!("/api/servers/{}", server.id);
    let more = json!({ "rateLimit": { "requestsPerMinute": 100 } });
    world.manage(&admin, "PUT", &path, &more).await.ok();
    let reply = world.send(ask(Era::Legacy, "another")).await;
    assert_eq!((reply.status, reply.header("ratelimit-limit")), (200, "100"), "a new limit binds at once");
}

#[tokio::test]
async fn an_address_that_fails_too_often_has_to_wait_and_good_credentials_do_not() {
    let limit = ("PERMALLOY_LIMITS_FAILED_AUTHENTICATIONS_PER_MINUTE", "3");
    let world = World::start_with(&[limit]).await;
    let admin = world.first_key();
    let server = world.server(&admin, json!({ "name": "Guessed at" })).await;
    let guess = format!("/mcp/{}/mcp_token_{}", server.id, "0".repeat(40));
    for call in [
        Call::new("GET", "/api/servers"),
        Era::Legacy.call(&guess, "ping", json!({})),
        Call::new("GET", "/api/servers").bearer("ak_none"),
    ] {
        assert_eq!(world.send(call).await.status, 401);
    }
    for call in [
        Call::new("GET", "/api/servers"),
        Era::Legacy.call(&guess, "ping", json!({})),
        Era::Stateless.call("/mcp", "tools/list", json!({})),
        Call::new("GET", &guess).header("accept", "text/event-stream"),
    ] {
        let reply = world.send(call).await;
        assert_over(&reply, &reply.json());
    }
    world.manage(&admin, "GET", "/api/servers", &Value::Null).await.ok();
    world.mcp(Era::Legacy, &server.path(), "ping", json!({})).await.ok();
    assert_eq!(world.send(Call::new("GET", "/health")).await.status, 200);
}

#[tokio::test]
async fn answers_of_the_api_say_how_much_is_left() {
    let world = World::start().await;
    let reply = world.manage(&world.first_key(), "GET", "/api/servers", &Value::Null).await;
    let number = |name: &str| reply.header(name).parse::<u64>().expect("a number");
    assert!(number("ratelimit-remaining") < number("ratelimit-limit"), "one was taken");
    assert!(number("ratelimit-reset") <= 60);
}
