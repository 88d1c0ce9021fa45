//! Every path of one server that could show or do what is not allowed, each compared with the model.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::model::{Denied, Model};
use super::subject::{Subject, Way};
use crate::world::{Era, Key, World, text};

const META_TOOLS: usize = 8;
/// Actions that are tried in every way; all others take turns.
const PROBES: [(&str, &str); 8] = [
    ("sample", "notes_list"),
    ("sample", "notes_get"),
    ("sample", "notes_delete"),
    ("sample", "echo"),
    ("sample", "people_list"),
    ("slack", "chat_postMessage"),
    ("stripe", "GetCustomers"),
    ("hackernews", "items_get"),
];

/// One action of the catalogue.
struct Action {
    connector: String,
    id: String,
    name: String,
    example: Value,
    /// As a direct tool.
    tool: String,
}

/// Everything there is, as the management API shows it, where no server restricts it.
pub(super) struct Catalogue {
    connectors: Vec<String>,
    actions: Vec<Action>,
    /// Connectors that the user has a credential for.
    connected: BTreeSet<String>,
}

impl Catalogue {
    pub(super) async fn read(world: &World, admin: &Key, user: &str) -> Self {
        let listed = world.manage(admin, "GET", "/api/connectors", &Value::Null).await.ok();
        let ids = |list: &Value| -> Vec<String> {
            list.as_array().expect("a list").iter().map(|entry| text(entry, "id")).collect()
        };
        let connectors = ids(&listed["connectors"]);
        let wanted = json!({ "name": "Everything", "toolMode": "both" });
        let server = world.server(admin, wanted).await;
        let open = Subject { world, admin: admin.clone(), server, user };
        let mut tools = open.tools(Way::Rest).await.split_off(META_TOOLS).into_iter();
        let mut catalogue = Self { connectors, actions: Vec::new(), connected: BTreeSet::new() };
        for connector in catalogue.connectors.clone() {
            let path = format!("/api/connectors/{connector}");
            let listed = world.manage(admin, "GET", &format!("{path}/actions"), &Value::Null).await.ok();
            for id in ids(&listed["actions"]) {
                let path = format!("{path}/actions/{id}");
                let action = world.manage(admin, "GET", &path, &Value::Null).await.ok()["action"].clone();
                let tool = tools.next().expect("a tool for each action");
                assert_eq!(tool, format!("{connector}_{id}"), "no name here has to be changed");
                let (name, example) = (text(&action, "displayName"), action["example"].clone());
                catalogue.actions.push(Action { connector: connector.clone(), id, name, example, tool });
            }
            if connect(world, admin, user, &path).await {
                catalogue.connected.insert(connector);
            }
        }
        assert_eq!(tools.next(), None, "an action for each tool");
        assert!(catalogue.connected.len() >= 3, "{:?}", catalogue.connected);
        catalogue
    }

    /// The ids of a connector's actions that are allowed.
    fn allowed<'c>(&'c self, model: &Model, connector: &str) -> Vec<&'c str> {
        let own = self.actions.iter().filter(|action| action.connector == connector);
        own.filter(|action| model.action(connector, &action.id).is_ok())
            .map(|action| action.id.as_str())
            .collect()
    }

    fn allowed_connectors(&self, model: &Model) -> Vec<&str> {
        let ids = self.connectors.iter().map(String::as_str);
        ids.filter(|connector| model.connector(connector).is_ok()).collect()
    }
}

/// Stores a credential of the first type that needs no browser; false where there is none.
async fn connect(world: &World, admin: &Key, user: &str, path: &str) -> bool {
    let listed = world.manage(admin, "GET", &format!("{path}/credentials/metadata"), &Value::Null).await.ok();
    let all = listed["metadata"].as_array().expect("a list");
    let Some(way) = all.iter().find(|way| way["authenticationType"] != "oauth2") else { return false };
    let body = json!({
        "userId": user, "authenticationType": way["authenticationType"], "data": way["sampleInput"],
    });
    world.manage(admin, "POST", &format!("{path}/credentials"), &body).await.ok();
    true
}

/// Asserts that a use was refused as the model says, or, where it is allowed, that nobody refused it. Gives back
/// whether it worked.
fn agrees<T: std::fmt::Debug>(
    place: &str,
    verdict: Result<(), Denied>,
    outcome: &Result<T, (String, String)>,
) -> bool {
    match (verdict, outcome) {
        (Err(denied), Err((code, message))) => {
            assert_eq!((code.as_str(), message.as_str()), ("FORBIDDEN", denied.sentence()), "{place}");
            false
        }
        (Err(denied), Ok(answer)) => panic!("{place}: should be {denied:?}, is {answer:?}"),
        (Ok(()), Err((code, message))) => {
            assert_ne!(code, "FORBIDDEN", "{place}: {message}");
            false
        }
        (Ok(()), Ok(_)) => true,
    }
}

/// Compares every path with the model. Gives back how many calls should have reached the platform of `sample`.
pub(super) async fn check(subject: &Subject<'_>, model: &Model, catalogue: &Catalogue, turn: usize) -> usize {
    let mut sent = 0;
    for way in Way::ALL {
        lists(subject, model, catalogue, way).await;
        searches(subject, model, catalogue, way).await;
        credentials(subject, model, catalogue, way).await;
        for (connector, id) in PROBES {
            let found =
                catalogue.actions.iter().find(|action| action.connector == connector && action.id == id);
            let action = found.unwrap_or_else(|| panic!("{connector} has no {id}"));
            sent += uses(subject, model, action, way).await;
        }
    }
    for era in Era::BOTH {
        completions(subject, model, catalogue, era).await;
    }
    for (place, action) in catalogue.actions.iter().enumerate() {
        sent += uses(subject, model, action, Way::ALL[(place + turn) % Way::ALL.len()]).await;
    }
    sent
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|entry| entry["id"].as_str().expect("an id")).collect()
}

/// `resources` with their `actions`, as one list of action ids.
fn action_ids(resources: &Value) -> Vec<&str> {
    let resources = resources.as_array().expect("a list");
    let lists: Vec<_> = resources.iter().map(|resource| ids(&resource["actions"])).collect();
    assert!(lists.iter().all(|list| !list.is_empty()), "a resource of nothing is not shown");
    lists.concat()
}

async fn lists(subject: &Subject<'_>, model: &Model, catalogue: &Catalogue, way: Way) {
    let expected = catalogue.allowed_connectors(model);
    let listed = subject.tool(way, "list_connectors_alloy", json!({})).await.expect("a list");
    assert_eq!(ids(&listed["connectors"]), expected, "{way:?}");
    assert_eq!(listed["count"], expected.len());
    let resource = subject.resource(way, "alloy://connectors").await.expect("the resource");
    let resource: Value = serde_json::from_str(&resource).expect("JSON");
    assert_eq!(ids(&resource["connectors"]), expected, "{way:?}");

    let allowed =
        catalogue.actions.iter().filter(|action| model.action(&action.connector, &action.id).is_ok());
    let expected: Vec<_> = allowed.map(|action| action.tool.as_str()).collect();
    assert_eq!(subject.tools(way).await.split_off(META_TOOLS), expected, "{way:?}");

    for connector in &catalogue.connectors {
        let place = format!("{way:?} {connector}");
        let expected = catalogue.allowed(model, connector);
        let arguments = json!({ "connectorId": connector });
        let shown = subject.tool(way, "get_connector_resources_alloy", arguments).await;
        if agrees(&place, model.connector(connector), &shown) {
            assert_eq!(action_ids(&shown.expect("seen")["resources"]), expected, "{place}");
        }
        let resource = subject.resource(way, &format!("alloy://connectors/{connector}")).await;
        assert_eq!(resource.is_some(), model.connector(connector).is_ok(), "{place}");
        if let Some(resource) = resource {
            let resource: Value = serde_json::from_str(&resource).expect("JSON");
            assert_eq!(action_ids(&resource["resources"]), expected, "{place}");
        }
    }
}

async fn searches(subject: &Subject<'_>, model: &Model, catalogue: &Catalogue, way: Way) {
    for goal in
        ["list notes", "send a message to a channel", "delete", "everything about weather, charges, issues"]
    {
        let arguments = json!({ "goal": goal, "limit": 20 });
        let found = subject.tool(way, "discover_action_path_alloy", arguments).await.expect("an answer");
        for hit in found["matches"].as_array().expect("matches") {
            let (connector, action) = (text(hit, "connectorId"), text(hit, "actionId"));
            assert_eq!(model.action(&connector, &action), Ok(()), "{way:?} {goal}: {connector}.{action}");
        }
        let steps = found["steps"].to_string();
        for action in &catalogue.actions {
            let told = steps.contains(&format!("\\\"{}\\\"", action.id))
                && steps.contains(&format!("\\\"{}\\\"", action.connector));
            assert!(!told || model.action(&action.connector, &action.id).is_ok(), "{way:?} {goal}: {steps}");
        }
    }
    for action in catalogue.actions.iter().filter(|action| action.connector == "sample") {
        let arguments = json!({ "goal": action.name, "connectorId": "sample", "limit": 20 });
        let found = subject.tool(way, "discover_action_path_alloy", arguments).await;
        let place = format!("{way:?} {}", action.name);
        if agrees(&place, model.connector("sample"), &found) {
            let found = found.expect("seen");
            let mut hits = found["matches"].as_array().expect("matches").iter();
            let is_found = hits.any(|hit| hit["actionId"] == action.id);
            assert_eq!(is_found, model.action("sample", &action.id).is_ok(), "{place}: {found}");
        }
    }
}

async fn completions(subject: &Subject<'_>, model: &Model, catalogue: &Catalogue, era: Era) {
    let expected = catalogue.allowed_connectors(model);
    assert_eq!(subject.completions(era, "connectorId", None).await, expected, "{era:?}");
    for connector in &catalogue.connectors {
        let expected = catalogue.allowed(model, connector);
        assert_eq!(
            subject.completions(era, "actionId", Some(connector)).await,
            expected,
            "{era:?} {connector}"
        );
    }
}

async fn credentials(subject: &Subject<'_>, model: &Model, catalogue: &Catalogue, way: Way) {
    let connected =
        |connector: &str| catalogue.connected.contains(connector) && model.connector(connector).is_ok();
    let listed = subject.tool(way, "get_credentials_alloy", json!({})).await.expect("a list");
    let mut shown: Vec<_> = listed["credentials"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| text(one, "connectorId"))
        .collect();
    shown.sort_unstable();
    let expected: Vec<_> =
        catalogue.connectors.iter().filter(|connector| connected(connector)).cloned().collect();
    assert_eq!(shown, expected, "{way:?}");
    for connector in &catalogue.connectors {
        let verdict = model.connector(connector);
        let arguments = json!({ "connectorId": connector });
        for tool in ["get_credentials_alloy", "get_credential_metadata_alloy"] {
            let answer = subject.tool(way, tool, arguments.clone()).await;
            assert_eq!(agrees(&format!("{way:?} {tool} {connector}"), verdict, &answer), verdict.is_ok());
        }
        // Nothing that could be stored, so that what is allowed changes nothing either.
        let arguments = json!({ "connectorId": connector, "authenticationType": "none", "fields": {} });
        let stored = subject.tool(way, "create_credential_alloy", arguments).await;
        assert!(!agrees(&format!("{way:?} create {connector}"), verdict, &stored), "nothing can be stored");
    }
}

/// Looks at one action and runs it, as a tool of its own too. Gives back how many calls should have been sent.
async fn uses(subject: &Subject<'_>, model: &Model, action: &Action, way: Way) -> usize {
    let Action { connector, id, tool, .. } = action;
    let (place, verdict) = (format!("{way:?} {connector}.{id}"), model.action(connector, id));
    let arguments = json!({ "connectorId": connector, "actionId": id });
    let details = subject.tool(way, "get_action_details_alloy", arguments).await;
    assert_eq!(agrees(&format!("{place}: details"), verdict, &details), verdict.is_ok());
    let page = subject.resource(way, &format!("alloy://connectors/{connector}/actions/{id}")).await;
    assert_eq!(page.is_some(), verdict.is_ok(), "{place}: resource");

    // Only the platform of `sample` is here; of the others, arguments are sent that reach no platform.
    let can_be_sent = connector == "sample";
    let parameters = if can_be_sent { action.example.clone() } else { json!({ "no_such_argument": 1 }) };
    let arguments = json!({ "connectorId": connector, "actionId": id, "parameters": parameters });
    let ran = subject.tool(way, "execute_action_alloy", arguments).await;
    let worked = agrees(&format!("{place}: execute"), verdict, &ran);
    assert_eq!(worked, can_be_sent && verdict.is_ok(), "{place}: {ran:?}");
    let ran = subject.tool(way, tool, parameters).await;
    let worked = agrees(&format!("{place}: direct"), verdict, &ran);
    assert_eq!(worked, can_be_sent && verdict.is_ok(), "{place}: {ran:?}");
    if worked { 2 } else { 0 }
}
