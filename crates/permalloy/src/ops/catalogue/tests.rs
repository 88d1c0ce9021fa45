//! What the catalogue shows, to whom, and what it says about definitions it cannot read.

use std::{collections::HashSet, fs};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::access::restrictions::Written;
use crate::config::{Config, Flags, source::Source};

fn built_in() -> Catalogue {
    let config = Config::load(&Flags::default(), &Source::given([], [])).unwrap();
    Catalogue::load(&config.connectors).unwrap()
}

fn load_from(dir: &TempDir) -> anyhow::Result<Catalogue> {
    let path = dir.path().display().to_string();
    let config =
        Config::load(&Flags::default(), &Source::given([("PERMALLOY_CONNECTORS_DIR", &*path)], [])).unwrap();
    Catalogue::load(&config.connectors)
}

fn restrictions(json: &Value) -> Restrictions {
    let written: Written = serde_json::from_value(json.clone()).unwrap();
    Restrictions::new(&written.normalise().unwrap())
}

#[test]
fn every_built_in_connector_is_there_in_the_order_of_its_id() {
    let catalogue = built_in();
    let ids: Vec<&str> = catalogue.iter().map(|entry| &*entry.id).collect();
    assert!(ids.is_sorted());
    for id in ["github", "hackernews", "notion", "openmeteo", "sample", "slack", "stripe"] {
        let entry = catalogue.connector(id).unwrap();
        assert!(entry.icon.as_deref().unwrap().starts_with("data:image/svg+xml;base64,"), "{id}");
        assert!(!entry.actions().is_empty(), "{id}");
    }
}

#[test]
fn what_a_server_does_not_allow_is_absent_and_refused() {
    let catalogue = built_in();
    let rules = restrictions(&json!({
        "connectors": { "allowedIds": ["slack", "sample"] },
        "actions": { "blockedActions": ["sample.notes_*", "chat_delete"] },
    }));
    let sight = Sight::Through(&rules);
    let seen: Vec<String> =
        briefs(&catalogue, sight, None, &HashSet::new()).iter().map(|brief| brief.id.to_owned()).collect();
    assert_eq!(seen, ["sample", "slack"]);
    let sample = catalogue.find(sight, "sample").unwrap();
    let groups = serde_json::to_value(resources(sample, sight)).unwrap();
    let ids: Vec<&str> =
        groups["resources"].as_array().unwrap().iter().map(|group| group["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["people", "diagnostics"], "a group of which nothing may be seen is left out");
    let denied = catalogue.find(sight, "github").err().unwrap();
    assert_eq!(denied.public(), "Access denied: restricted by allowlist");
    let denied = catalogue.find_action(sight, "sample", "notes_get").err().unwrap();
    assert_eq!(denied.public(), "Access denied: restricted by blocklist");
    let found = discover(&catalogue, sight, "delete a note", None, 20, &HashSet::new()).unwrap();
    let found = serde_json::to_value(found).unwrap();
    let matches = found["matches"].as_array().unwrap();
    assert!(
        matches.iter().all(|one| one["connectorId"] == "slack" || one["connectorId"] == "sample"),
        "{found}"
    );
    assert!(matches.iter().all(|one| !one["actionId"].as_str().unwrap().starts_with("notes_")), "{found}");
}

#[test]
fn a_misspelt_name_is_answered_with_the_nearest_that_may_be_seen() {
    let catalogue = built_in();
    let error = catalogue.find(Sight::All, "slak").err().unwrap();
    assert_eq!(error.kind().code(), "CONNECTOR_NOT_FOUND");
    assert!(error.details().first().unwrap().problem.contains("did you mean slack"), "{:?}", error.details());
    let rules = restrictions(&json!({ "connectors": { "blockedIds": ["slack"] } }));
    let error = catalogue.find(Sight::Through(&rules), "slak").err().unwrap();
    assert!(!error.details().first().unwrap().problem.contains("slack"), "{:?}", error.details());
    let error = catalogue.find_action(Sight::All, "sample", "notes_gett").err().unwrap();
    assert_eq!(error.kind().code(), "ACTION_NOT_FOUND");
    assert!(error.details().first().unwrap().problem.contains("notes_get"), "{:?}", error.details());
}

#[test]
fn an_action_is_shown_with_everything_the_contract_names() {
    let catalogue = built_in();
    let found = catalogue.find_action(Sight::All, "sample", "notes_create").unwrap();
    let shown: Value = serde_json::from_slice(found.detail()).unwrap();
    let action = &shown["action"];
    assert_eq!((&action["httpMethod"], &action["path"]), (&json!("POST"), &json!("/notes")));
    assert_eq!(action["parameters"][0]["name"], "title", "required ones first");
    assert_eq!(action["parameters"][0]["in"], "body");
    assert_eq!(action["inputSchema"]["required"], json!(["title"]));
    assert_eq!(action["annotations"]["readOnlyHint"], false);
    assert_eq!(action["requestBody"]["required"], true);
    assert_eq!(action["example"]["title"], "Shopping");
    assert!(action["scopes"].is_array() && action["resource"] == "notes");
}

#[test]
fn connectors_are_listed_by_category_and_by_words() {
    let catalogue = built_in();
    let ids = |category: Option<&str>, words: Option<&str>| -> Vec<String> {
        summaries(&catalogue, Sight::All, category, words).iter().map(|one| one.id.to_owned()).collect()
    };
    assert!(ids(Some("Communication"), None).contains(&"slack".to_owned()));
    assert!(!ids(Some("communication"), None).contains(&"stripe".to_owned()));
    assert_eq!(ids(None, Some("SLACK")), ["slack"]);
    assert!(ids(None, Some("slack nothing-like-this")).is_empty());
}

#[test]
fn every_problem_of_every_file_is_told_at_once_with_its_place() {
    let dir = TempDir::new().unwrap();
    for (folder, definition) in [("broken", "id: broken\nname: 5\n"), ("other", "id: [")] {
        fs::create_dir(dir.path().join(folder)).unwrap();
        fs::write(dir.path().join(folder).join("definition.yaml"), definition).unwrap();
    }
    fs::write(dir.path().join("README.md"), "not a connector").unwrap();
    let error = load_from(&dir).err().unwrap().to_string();
    assert!(error.contains("broken/definition.yaml: line 2"), "{error}");
    assert!(error.contains("other/definition.yaml: "), "{error}");
    assert!(error.lines().count() > 3, "{error}");
}

#[test]
fn a_definition_of_the_installation_takes_the_place_of_a_built_in_one() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("sample");
    fs::create_dir(&folder).unwrap();
    let own =
        include_str!("../../../../../connectors/sample/definition.yaml").replace("Sample Notes", "Our Notes");
    fs::write(folder.join("definition.yaml"), own).unwrap();
    let catalogue = load_from(&dir).unwrap();
    assert_eq!(catalogue.connector("sample").unwrap().name(), "Our Notes");
    assert!(catalogue.connector("slack").is_some());
}

#[test]
fn entries_of_restrictions_are_known_by_bare_id_full_id_and_pattern() {
    let catalogue = built_in();
    for known in ["chat_postMessage", "sample.notes_get", "stripe.*", "*_list"] {
        assert!(catalogue.known_action(&Pattern::new(known)), "{known}");
    }
    assert!(!catalogue.known_action(&Pattern::new("nobody.*")));
}
