//! Searching, by table.

use std::fmt::Write as _;

use super::*;
use crate::Connector;

fn connector(id: &str, actions: &[(&str, &str, &str)]) -> Connector {
    let mut text = format!(
        "id: {id}\nname: {id}\ndescription: d\ncategories: [test]\nbaseUrl: https://example.com\nauth: []\n\
         resources:\n- id: all\n  name: All\n  actions:\n"
    );
    for (action, name, description) in actions {
        writeln!(
            text,
            "  - {{ id: {action}, displayName: {name:?}, description: {description:?}, method: GET, path: /x }}"
        )
        .unwrap();
    }
    Connector::parse(&text).unwrap()
}

fn catalogue() -> Vec<Connector> {
    vec![
        connector(
            "slack",
            &[
                ("chat_postMessage", "Send a message", "Posts a text to a channel or person."),
                ("conversations_list", "List channels", "Lists the channels of a workspace."),
                ("chat_delete", "Delete a message", "Removes a message for everybody."),
            ],
        ),
        connector(
            "github",
            &[
                ("issues_create", "Create an issue", "Opens an issue in a repository."),
                ("pulls_list", "List pull requests", "Lists pull requests of a repository."),
                ("search_code", "Search code", "Finds code in files."),
            ],
        ),
    ]
}

fn index(connectors: &[Connector]) -> Index {
    Index::build(
        connectors
            .iter()
            .flat_map(|connector| connector.actions().iter().map(move |action| (connector, action))),
    )
}

#[test]
fn a_goal_in_other_words_finds_the_action_first() {
    let connectors = catalogue();
    let index = index(&connectors);
    let cases = [
        ("send a message to a channel", "chat_postMessage"),
        ("post in slack", "chat_postMessage"),
        ("which rooms are there", "conversations_list"),
        ("remove a chat message", "chat_delete"),
        ("file a bug in a repo", "issues_create"),
        ("show me the PRs", "pulls_list"),
        ("serch code", "search_code"),
        ("listing pull requests", "pulls_list"),
    ];
    for (goal, expected) in cases {
        let found = index.search(goal, |_, _| true, 5);
        assert_eq!(found.first().map(|hit| hit.action), Some(expected), "{goal}: {found:?}");
        assert!(found.iter().all(|hit| hit.score > 0.0 && hit.score <= 1.0), "{goal}: {found:?}");
    }
}

#[test]
fn what_is_not_allowed_is_not_found_and_leaves_no_gap() {
    let connectors = catalogue();
    let index = index(&connectors);
    let found =
        index.search("message", |connector, action| connector == "slack" && action != "chat_postMessage", 1);
    assert_eq!(found.iter().map(|hit| hit.action).collect::<Vec<_>>(), ["chat_delete"]);
    assert_eq!(index.search("message", |_, _| false, 5), []);
}

#[test]
fn a_goal_without_meaning_finds_nothing() {
    let connectors = catalogue();
    for goal in ["", "the of and", "!!! ???", "\u{0}\u{1F600}"] {
        assert_eq!(index(&connectors).search(goal, |_, _| true, 5), [], "{goal:?}");
    }
    assert_eq!(Index::default().search("message", |_, _| true, 5), []);
}
