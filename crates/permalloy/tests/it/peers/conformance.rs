//! The official conformance suite, both requirement sets, scenario by scenario and check by check.
//!
//! What cannot pass is listed in `tests/peers/conformance-expected.toml`, each with its reason. The list is
//! exact: a check that fails or warns without being listed fails the test, and so does a listed one that
//! passes or no longer exists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use tempfile::TempDir;

use super::fixtures::Fixtures;
use super::installed::{Peers, finish, own_file};
use super::process::Product;

/// The check that the suite adds to each scenario: every message the product sent fits the specification's
/// own JSON Schema.
const WIRE_SCHEMA: &str = "wire-schema-valid";

/// What a scenario without that check is found guilty of: the suite saw no message of the product's.
const WIRE_SCHEMA_UNSEEN: &str = "wire-schema-unseen";

#[tokio::test]
async fn the_stateless_revision_conforms_but_for_what_is_listed() {
    let must_pass = [
        "tools-list",
        "prompts-list",
        "resources-list",
        "caching",
        "dns-rebinding-protection",
        "http-header-validation",
        "sep-2164-resource-not-found",
        "prompts-get-simple",
        "prompts-get-with-args",
        "completion-complete",
        "resources-read-text",
        "resources-read-binary",
        "resources-templates-read",
    ];
    conforms("2026-07-28", &must_pass).await;

    // Of the scenario that is most of this revision, only what needs a tool that wants the client's model.
    let expected = Expected::read("2026-07-28");
    let needs_a_model =
        ["sep-2575-missing-capability-http-400", "sep-2575-server-rejects-undeclared-capability"];
    assert_eq!(expected.checks_of("server-stateless"), needs_a_model);
}

#[tokio::test]
async fn the_last_revision_with_a_handshake_conforms_but_for_what_is_listed() {
    let must_pass = [
        "server-initialize",
        "ping",
        "logging-set-level",
        "tools-list",
        "prompts-list",
        "resources-list",
        "dns-rebinding-protection",
        "prompts-get-simple",
        "prompts-get-with-args",
        "completion-complete",
        "resources-read-text",
        "resources-read-binary",
        "resources-templates-read",
    ];
    conforms("2025-11-25", &must_pass).await;
}

async fn conforms(revision: &str, must_pass: &[&str]) {
    let Some(peers) = Peers::installed("the conformance suite") else { return };
    let fixtures = Fixtures::start().await;
    let product = Product::start(&[
        ("PERMALLOY_CONNECTORS_DIR", own_file("connectors").to_str().expect("a path of text")),
        ("PERMALLOY_CONNECTORS_TEST_BASE_URL", &fixtures.base_url),
        ("PERMALLOY_OUTBOUND_ALLOW", "127.0.0.1/32"),
    ])
    .await;
    let server = fixtures.provide(&product).await;

    let scenarios = run(&peers, &server.url, revision).await;

    assert!(scenarios.len() >= 30, "only {} scenarios ran", scenarios.len());
    let expected = Expected::read(revision);
    for scenario in must_pass {
        assert!(scenarios.contains_key(*scenario), "{scenario} is not in the suite");
        let listed = expected.checks_of(scenario);
        assert!(
            listed.is_empty(),
            "{scenario} must pass, and cannot be listed as expected to fail: {listed:?}"
        );
    }
    let problems = compare(&scenarios, &expected);
    assert!(problems.is_empty(), "revision {revision}:\n{}", problems.join("\n"));
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Skipped,
    Info,
    Success,
    Warning,
    Failure,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    id: String,
    status: Status,
    error_message: Option<String>,
}

/// Check id → its worst occurrence, and what the suite said about that.
type Checks = BTreeMap<String, (Status, String)>;

async fn run(peers: &Peers, url: &str, revision: &str) -> BTreeMap<String, Checks> {
    let results = TempDir::new().expect("a temporary directory");
    let mut command = peers.node(Path::new("@modelcontextprotocol/conformance/dist/index.js"));
    command.args(["server", "--url", url, "--requirements", revision, "--output-dir"]).arg(results.path());
    let output = finish(command.current_dir(results.path())).await;

    let talk = String::from_utf8_lossy(&output.stdout);
    let mut scenarios: BTreeMap<String, Checks> = talk
        .lines()
        .filter_map(|line| line.strip_prefix("=== Running scenario: ")?.strip_suffix(" ==="))
        .map(|name| (name.to_owned(), Checks::new()))
        .collect();
    assert!(!scenarios.is_empty(), "{talk}\n{}", String::from_utf8_lossy(&output.stderr));
    for entry in std::fs::read_dir(results.path()).expect("results").flatten() {
        let folder = entry.file_name().into_string().expect("a name of ASCII letters");
        let name = scenario_of(&folder).unwrap_or_else(|| panic!("{folder} names no scenario"));
        let Ok(text) = std::fs::read_to_string(entry.path().join("checks.json")) else { continue };
        let checks: Vec<Check> = serde_json::from_str(&text).expect("the suite's form of results");
        scenarios.insert(name.to_owned(), worst_of_each(checks));
    }
    for checks in scenarios.values_mut().filter(|checks| !checks.contains_key(WIRE_SCHEMA)) {
        checks.insert(WIRE_SCHEMA_UNSEEN.to_owned(), (Status::Warning, String::new()));
    }
    scenarios
}

/// The scenario in a results folder's name: `server-{scenario}-{time}`, the time being 24 characters.
fn scenario_of(folder: &str) -> Option<&str> {
    let rest = folder.strip_prefix("server-")?;
    rest.get(..rest.len().checked_sub("-2026-01-01T00-00-00-000Z".len())?)
}

fn worst_of_each(checks: Vec<Check>) -> Checks {
    let mut worst = Checks::new();
    for check in checks {
        let found = (check.status, check.error_message.unwrap_or_default());
        let known = worst.entry(check.id).or_insert_with(|| found.clone());
        if found.0 > known.0 {
            *known = found;
        }
    }
    worst
}

/// What is listed for one revision: (scenario, check).
struct Expected(BTreeSet<(String, String)>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    expected: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    revisions: Vec<String>,
    scenario: String,
    checks: Vec<String>,
    reason: String,
}

impl Expected {
    fn read(revision: &str) -> Self {
        let text = std::fs::read_to_string(own_file("conformance-expected.toml")).expect("the list");
        let table: Table = toml::from_str(&text).expect("a well-formed list");
        let mut listed = BTreeSet::new();
        for entry in table.expected {
            assert!(entry.reason.len() > 20, "{}: give a reason", entry.scenario);
            if !entry.revisions.iter().any(|it| it == revision) {
                continue;
            }
            for check in entry.checks {
                assert!(
                    listed.insert((entry.scenario.clone(), check.clone())),
                    "{} {check} is listed twice",
                    entry.scenario
                );
            }
        }
        Self(listed)
    }

    /// The listed checks of a scenario that the suite could make.
    fn checks_of(&self, scenario: &str) -> Vec<&str> {
        let of_scenario = self.0.iter().filter(|(it, check)| it == scenario && check != WIRE_SCHEMA_UNSEEN);
        of_scenario.map(|(_, check)| check.as_str()).collect()
    }
}

fn compare(scenarios: &BTreeMap<String, Checks>, expected: &Expected) -> Vec<String> {
    let mut problems = Vec::new();
    let mut found = BTreeSet::new();
    for (scenario, checks) in scenarios {
        for (id, (status, message)) in checks {
            if *status < Status::Warning {
                continue;
            }
            let key = (scenario.clone(), id.clone());
            if !expected.0.contains(&key) {
                problems.push(format!("not listed: {scenario} {id}: {status:?}: {message}"));
            }
            found.insert(key);
        }
    }
    for (scenario, id) in expected.0.difference(&found) {
        problems.push(format!("listed but passing or gone: {scenario} {id}"));
    }
    problems
}

#[test]
fn a_check_that_fails_unlisted_is_a_problem_and_so_is_a_listed_one_that_passes() {
    let failing = (Status::Failure, "broken".to_owned());
    let passing = (Status::Success, String::new());
    let checks = Checks::from([("fails".to_owned(), failing), ("passes".to_owned(), passing)]);
    let scenarios = BTreeMap::from([("scenario".to_owned(), checks)]);
    let listed =
        |ids: &[&str]| Expected(ids.iter().map(|id| ("scenario".to_owned(), (*id).into())).collect());

    assert_eq!(compare(&scenarios, &listed(&["fails"])), Vec::<String>::new());
    assert_eq!(compare(&scenarios, &listed(&[])), ["not listed: scenario fails: Failure: broken"]);
    assert_eq!(
        compare(&scenarios, &listed(&["fails", "passes", "gone"])),
        ["listed but passing or gone: scenario gone", "listed but passing or gone: scenario passes"]
    );
}

#[test]
fn the_scenario_is_read_from_the_name_of_its_results() {
    assert_eq!(scenario_of("server-tools-list-2026-11-23T22-22-03-746Z"), Some("tools-list"));
    assert_eq!(scenario_of("server-server-stateless-2026-11-23T22-22-03-746Z"), Some("server-stateless"));
    assert_eq!(scenario_of("client-initialize"), None);
}
