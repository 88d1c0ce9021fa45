//! Goals as people say them, against the real catalogue.

use std::fs;
use std::path::Path;

use connector::{Connector, Index};

fn catalogue() -> Vec<Connector> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors");
    let mut files: Vec<_> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path().join("definition.yaml")).collect();
    files.sort();
    files.iter().map(|file| Connector::parse(&fs::read_to_string(file).unwrap()).unwrap()).collect()
}

#[test]
fn goals_find_their_action_among_the_first_three() {
    let connectors = catalogue();
    let index = Index::build(
        connectors
            .iter()
            .flat_map(|connector| connector.actions().iter().map(move |action| (connector, action))),
    );
    let goals = [
        ("send a message to a slack channel", "slack", "chat_postMessage"),
        ("list all channels in our workspace", "slack", "conversations_list"),
        ("who is the slack user with this email address", "slack", "users_lookupByEmail"),
        ("delete a message in slack", "slack", "chat_delete"),
        ("react with a thumbs up", "slack", "reactions_add"),
        ("create a github issue", "github", "issues_create"),
        ("open a ticket for a bug", "github", "issues_create"),
        ("list my repositories", "github", "repos_list-for-authenticated-user"),
        ("open a pull request", "github", "pulls_create"),
        ("comment on an issue", "github", "issues_create-comment"),
        ("find code that uses a function", "github", "search_code"),
        ("refund a payment", "stripe", "PostRefunds"),
        ("create a customer in stripe", "stripe", "PostCustomers"),
        ("how much money is on the account", "stripe", "GetBalance"),
        ("search notion pages", "notion", "post-search"),
        ("weather forecast for tomorrow", "openmeteo", "forecast"),
        ("search hacker news stories", "hackernews", "search"),
        ("write a new note", "sample", "notes_create"),
    ];
    let mut wrong = Vec::new();
    for (goal, connector, action) in goals {
        let found = index.search(goal, |_, _| true, 3);
        if !found.iter().any(|hit| hit.connector == connector && hit.action == action) {
            wrong.push(format!("{goal}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
