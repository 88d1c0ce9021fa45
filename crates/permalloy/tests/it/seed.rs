//! The seed's own description of `POST /api/servers` against `/openapi.json` and against live answers: path, method,
//! parameters, required and bounded fields, every response status, every property of the response schemas.
//!
//! The seed is not part of the repository: `PERMALLOY_SEED` names its file, and `PERMALLOY_TEST_REQUIRE_SPECS=1`
//! makes its absence a failure.

#![expect(
    clippy::panic,
    clippy::print_stderr,
    reason = "what is not a test function here serves one, and says what did not run"
)]

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::world::{Call, World};

const PATH: &str = "/api/servers";
/// Where a body or an answer has its schema.
const SCHEMA: &str = "/content/application~1json/schema";

/// The seed's OpenAPI document; nothing where the seed is not here and need not be.
fn seed() -> Option<Value> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seed/create-server.md");
    let path = std::env::var_os("PERMALLOY_SEED").map_or(beside, PathBuf::from);
    let required = std::env::var_os("PERMALLOY_TEST_REQUIRE_SPECS").is_some_and(|value| value == "1");
    let page = match std::fs::read_to_string(&path) {
        Ok(page) => page,
        Err(error) if required => panic!("the seed at {}: {error}", path.display()),
        Err(_) => {
            eprintln!("not run: there is no seed at {}; set PERMALLOY_SEED", path.display());
            return None;
        }
    };
    let (_, after) = page.split_once("````yaml").expect("the page has a block of YAML");
    let (block, _) = after.split_once("````").expect("the block of YAML ends");
    let (_, yaml) = block.split_once('\n').expect("the block has an information line");
    Some(serde_saphyr::from_str(yaml).expect("the block is YAML"))
}

/// The schema with its references followed and its `allOf` put together.
fn resolved(document: &Value, schema: &Value) -> Value {
    let mut members = Map::new();
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        let target = document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"));
        merge(&mut members, resolved(document, target));
    }
    for (name, value) in schema.as_object().into_iter().flatten() {
        match name.as_str() {
            "$ref" => {}
            "allOf" => {
                for part in value.as_array().into_iter().flatten() {
                    merge(&mut members, resolved(document, part));
                }
            }
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                let properties: Map<_, _> =
                    properties.map(|(name, schema)| (name.clone(), resolved(document, schema))).collect();
                merge(&mut members, json!({ "properties": properties }));
            }
            "items" => merge(&mut members, json!({ "items": resolved(document, value) })),
            _ => merge(&mut members, json!({ name: value })),
        }
    }
    Value::Object(members)
}

fn merge(into: &mut Map<String, Value>, from: Value) {
    let Value::Object(from) = from else { panic!("a schema is an object: {from}") };
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(known)), value @ Value::Object(_)) => merge(known, value),
            (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

/// Asserts that `ours` promises everything about a value that `theirs` does.
fn promises(place: &str, theirs: &Value, ours: &Value) {
    for bound in ["type", "format", "minLength", "maxLength", "minimum", "maximum", "enum"] {
        if let Some(expected) = theirs.get(bound) {
            assert_eq!(ours.get(bound), Some(expected), "{place}: {bound}");
        }
    }
    if let Some(items) = theirs.get("items") {
        promises(&format!("{place}[]"), items, &ours["items"]);
    }
    for required in theirs.get("required").and_then(Value::as_array).into_iter().flatten() {
        let all = ours["required"].as_array().unwrap_or_else(|| panic!("{place} requires nothing"));
        assert!(all.contains(required), "{place}: {required} is not required");
    }
    for (name, theirs) in theirs.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let ours = ours["properties"].get(name).unwrap_or_else(|| panic!("{place} has no {name}"));
        promises(&format!("{place}.{name}"), theirs, ours);
    }
}

fn content<'a>(part: &'a Value, place: &str) -> &'a Value {
    let schema = part.pointer(SCHEMA);
    schema.unwrap_or_else(|| panic!("{place} has no JSON schema: {part}"))
}

/// Asserts that our operation describes every answer that theirs does; each comes with its document.
fn answers((their_document, theirs): (&Value, &Value), (our_document, ours): (&Value, &Value)) {
    for (status, answer) in theirs["responses"].as_object().expect("responses") {
        let our_answer = &ours["responses"][status];
        assert_eq!(our_answer["description"], answer["description"], "{status}");
        // A status without a body in the seed may have any.
        let Some(theirs) = answer.pointer(SCHEMA) else { continue };
        let ours = resolved(our_document, content(our_answer, status));
        promises(status, &resolved(their_document, theirs), &ours);
    }
}

/// Asserts that a live value has every property that the schema names, of the right type.
fn shows(place: &str, schema: &Value, value: &Value) {
    let fits = match schema.get("type").and_then(Value::as_str) {
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        other => panic!("{place} is of the type {other:?}"),
    };
    assert!(fits, "{place} is {value}, and should fit {schema}");
    if schema.get("format").and_then(Value::as_str) == Some("date-time") {
        let time = value.as_str().expect("seen above");
        let parsed = chrono::DateTime::parse_from_rfc3339(time);
        assert!(parsed.is_ok() && time.ends_with('Z'), "{place}: {time} is not a time in UTC");
    }
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        assert!(options.contains(value), "{place} is {value}");
    }
    for item in value.as_array().into_iter().flatten() {
        shows(&format!("{place}[]"), &schema["items"], item);
    }
    for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let value = value.get(name).unwrap_or_else(|| panic!("{place} has no {name}: {value}"));
        shows(&format!("{place}.{name}"), schema, value);
    }
}

/// Every part and every list of the seed's restrictions.
fn everything() -> Value {
    json!({
        "name": "Seed Server",
        "description": "Main production MCP server with restricted access",
        "customInstructions": "Be kind.",
        "tokenExpiresInDays": 30,
        "restrictions": {
            "connectors": { "mode": "allowlist", "allowedIds": ["slack", "sample"], "blockedIds": ["stripe"] },
            "actions": { "mode": "blocklist", "allowedActions": ["chat_*"], "blockedActions": ["chat_delete"] },
            "users": { "mode": "allowlist", "allowedIds": ["u1"], "blockedIds": ["u2"] },
        },
    })
}

#[tokio::test]
async fn the_description_keeps_every_promise_of_the_seed() {
    let Some(seed) = seed() else { return };
    let world = World::start().await;
    let ours = world.send(Call::new("GET", "/openapi.json")).await.ok();
    for (path, methods) in seed["paths"].as_object().expect("paths") {
        for (method, theirs) in methods.as_object().expect("methods") {
            assert_eq!((path.as_str(), method.as_str()), (PATH, "post"), "this test knows one operation");
            let our_operation = &ours["paths"][path][method];
            assert!(our_operation.is_object(), "{method} {path} is described");
            for member in ["operationId", "summary"] {
                assert_eq!(our_operation[member], theirs[member], "{member}");
            }
            assert_eq!(our_operation["tags"], theirs["tags"]);
            for parameter in theirs["parameters"].as_array().expect("parameters") {
                let all = our_operation["parameters"].as_array().expect("parameters");
                let same =
                    |other: &&Value| other["name"] == parameter["name"] && other["in"] == parameter["in"];
                let other = all.iter().find(same).unwrap_or_else(|| panic!("no parameter {parameter}"));
                assert_eq!(other["required"].as_bool().unwrap_or(false), parameter["required"] == true);
                promises(&parameter["name"].to_string(), &parameter["schema"], &other["schema"]);
            }
            let (their_body, our_body) = (&theirs["requestBody"], &our_operation["requestBody"]);
            assert_eq!(our_body["required"], their_body["required"], "whether there has to be a body");
            let their_schema = resolved(&seed, content(their_body, "the seed's body"));
            promises("body", &their_schema, &resolved(&ours, content(our_body, "our body")));
            answers((&seed, theirs), (&ours, our_operation));
        }
    }
    let (theirs, ours) = (&seed["components"]["securitySchemes"], &ours["components"]["securitySchemes"]);
    for member in ["type", "scheme"] {
        assert_eq!(ours["bearerAuth"][member], theirs["bearerAuth"][member]);
    }
}

#[tokio::test]
async fn a_live_answer_has_every_property_of_the_seed() {
    let Some(seed) = seed() else { return };
    let world = World::start().await;
    let key = world.first_key();
    let responses = &seed["paths"][PATH]["post"]["responses"];
    let schema = |status: &str| resolved(&seed, content(&responses[status], status));

    let call = Call::new("POST", PATH).bearer(&key.secret).header("x-alloy-userid", "u1").json(&everything());
    let made = world.send(call.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let server = made.json();
    shows("201", &schema("201"), &server);
    for member in ["name", "description", "customInstructions", "restrictions"] {
        assert_eq!(server[member], everything()[member], "{member} comes back");
    }
    assert_eq!((&server["hasRestrictions"], &server["ownerUserId"]), (&json!(true), &json!("u1")));
    let [id, url, access_url, token] =
        ["serverId", "url", "accessUrl", "accessToken"].map(|member| server[member].as_str().unwrap());
    assert!(id.starts_with("seed-server-"), "{id}");
    assert_eq!(url, world.product.url(&format!("/mcp/{id}")));
    assert_eq!(access_url, format!("{url}/{token}"));
    assert!(token.starts_with("mcp_token_"), "{token}");
    let time = |member: &str| chrono::DateTime::parse_from_rfc3339(server[member].as_str().unwrap()).unwrap();
    assert_eq!((time("tokenExpiresAt") - time("createdAt")).num_days(), 30);

    let duplicate = world.send(call).await;
    assert_eq!((duplicate.status, &duplicate.json()["code"]), (409, &json!("CONFLICT")));
    assert_eq!(duplicate.json()["error"], "Server name already exists");

    let nameless = world.manage(&key, "POST", PATH, &json!({ "description": "who am I?" })).await;
    assert_eq!(nameless.status, 400, "{}", nameless.text);
    shows("400", &schema("400"), &nameless.json());
    assert_eq!(nameless.json()["details"], json!([{ "field": "name", "problem": "is required" }]));

    let nobody = world.send(Call::new("POST", PATH).json(&everything())).await;
    assert_eq!((nobody.status, nobody.header("www-authenticate")), (401, "Bearer"), "{}", nobody.text);

    let documented: Vec<_> = responses.as_object().expect("responses").keys().collect();
    assert_eq!(documented, ["201", "400", "401", "409"], "each was provoked above");
}

#[tokio::test]
async fn fields_are_bounded_as_the_seed_says() {
    let Some(seed) = seed() else { return };
    let world = World::start().await;
    let key = world.first_key();
    let body = &seed["paths"][PATH]["post"]["requestBody"];
    let properties = &resolved(&seed, content(body, "body"))["properties"];
    let bound = |field: &str, bound: &str| {
        properties[field][bound].as_u64().unwrap_or_else(|| panic!("{field} has no {bound}"))
    };
    let letters = |count: u64| "n".repeat(usize::try_from(count).expect("a small number"));
    let shortest = bound("name", "minLength");
    let longest = bound("name", "maxLength");
    let (fewest, most) = (bound("tokenExpiresInDays", "minimum"), bound("tokenExpiresInDays", "maximum"));
    for (name, days, expected) in [
        (letters(shortest), fewest, 201),
        (letters(longest), most, 201),
        (letters(shortest - 1), fewest, 400),
        (letters(longest + 1), most, 400),
        ("below".to_owned(), fewest - 1, 400),
        ("above".to_owned(), most + 1, 400),
    ] {
        let body = json!({ "name": name, "tokenExpiresInDays": days });
        let reply = world.manage(&key, "POST", PATH, &body).await;
        assert_eq!(reply.status, expected, "{body}: {}", reply.text);
    }
}
