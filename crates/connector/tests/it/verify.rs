//! Every definition against its platform's own API description, where that is at hand. The descriptions are test
//! data and no part of this repository: they are looked for in the folder `PERMALLOY_SPECS`, else in
//! `../shared/specs` beside the workspace. Without them nothing can be checked; with
//! `PERMALLOY_TEST_REQUIRE_SPECS=1`, as in CI, that is a failure.

use std::fs;
use std::path::{Path, PathBuf};

use connector::{Connector, Differences};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folder with the descriptions, if it is there.
fn descriptions() -> Option<PathBuf> {
    let folder = match std::env::var_os("PERMALLOY_SPECS") {
        Some(folder) => PathBuf::from(folder),
        None => workspace().join("../shared/specs"),
    };
    let required = std::env::var_os("PERMALLOY_TEST_REQUIRE_SPECS").is_some_and(|value| value == "1");
    let present = folder.is_dir();
    assert!(
        present || !required,
        "the platforms' descriptions are required, but {} is no folder",
        folder.display()
    );
    if !present {
        println!("not run: {} is no folder, so there are no descriptions to compare with", folder.display());
    }
    present.then_some(folder)
}

fn description(folder: &Path, id: &str) -> Option<PathBuf> {
    let official = folder.join(format!("{id}.json"));
    let unofficial = folder.join("unofficial").join(format!("{id}.json"));
    [official, unofficial].into_iter().find(|file| file.is_file())
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// One sentence for everything that keeps a connector from agreeing with its description.
fn disagreements(folder: &Path, description: &Path) -> Vec<String> {
    let connector = Connector::parse(&read(&folder.join("definition.yaml"))).unwrap();
    let listed = folder.join("differences.yaml");
    let differences =
        if listed.is_file() { Differences::parse(&read(&listed)).unwrap() } else { Differences::default() };
    let outcome = connector::verify(&connector, &read(description), &differences).unwrap();
    let id = connector.id();
    let mut wrong = Vec::new();
    if outcome.checked != connector.actions().len() || outcome.found != outcome.checked {
        wrong.push(format!("{id}: {} of {} actions found", outcome.found, connector.actions().len()));
    }
    wrong.extend(
        outcome.problems.iter().map(|difference| format!("{id}.{}: {}", difference.action, difference.what)),
    );
    let outdated = outcome.outdated.iter();
    wrong.extend(
        outdated
            .map(|difference| format!("{id}.{}: no longer differs: {}", difference.action, difference.what)),
    );
    wrong
}

#[test]
fn every_definition_agrees_with_its_platforms_description() {
    let Some(descriptions) = descriptions() else { return };
    let mut wrong = Vec::new();
    let mut compared = Vec::new();
    for entry in fs::read_dir(workspace().join("connectors")).unwrap() {
        let folder = entry.unwrap().path();
        let id = folder.file_name().unwrap().to_string_lossy().into_owned();
        if let Some(description) = description(&descriptions, &id) {
            wrong.extend(disagreements(&folder, &description));
            compared.push(id);
        }
    }
    for id in ["github", "notion", "slack", "stripe"] {
        assert!(
            compared.iter().any(|compared| compared == id),
            "{id} was not compared: its description is missing"
        );
    }
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_platform_that_renamed_a_method_and_a_parameter_is_noticed() {
    let Some(descriptions) = descriptions() else { return };
    let definition = read(&workspace().join("connectors/slack/definition.yaml"));
    let drifted = definition
        .replace("path: /chat.postMessage", "path: /chat.sendMessage")
        .replace("name: message_ts", "name: message_time");
    let connector = Connector::parse(&drifted.replace("message_ts:", "message_time:")).unwrap();
    let listed = Differences::parse(&read(&workspace().join("connectors/slack/differences.yaml"))).unwrap();
    let outcome = connector::verify(&connector, &read(&descriptions.join("slack.json")), &listed).unwrap();
    let mut noticed: Vec<&str> =
        outcome.problems.iter().map(|difference| difference.action.as_str()).collect();
    noticed.dedup();
    assert_eq!(noticed, ["chat_postMessage", "chat_getPermalink"], "{:?}", outcome.problems);
    assert_eq!(outcome.found, outcome.checked - 1);
    let gone: Vec<&str> = outcome.outdated.iter().map(|difference| difference.action.as_str()).collect();
    assert_eq!(gone, ["chat_postMessage", "chat_postMessage"]);
}
