//! A connector's folder is complete: a connector is data, and this is all of it.

use std::collections::BTreeSet;

use super::{Finding, tree::Tree};

/// Most bytes of an icon: a simple drawing.
const MOST_ICON_BYTES: usize = 2048;

/// Each folder has a definition, an icon and at least three fixtures.
pub(crate) fn complete(tree: &Tree, found: &mut Vec<Finding>) {
    let folder_of =
        |path: &str| path.strip_prefix("connectors/")?.split_once('/').map(|(id, _)| id.to_owned());
    let folders: BTreeSet<String> = tree.files.iter().filter_map(|file| folder_of(&file.path)).collect();
    for id in folders {
        let folder = format!("connectors/{id}/");
        let has = |name: &str| tree.below(&folder).any(|file| file.path.strip_prefix(&folder) == Some(name));
        let mut report = |name: &str, advice: String| {
            found.push(Finding { path: format!("{folder}{name}"), line: 0, rule: "connector", advice });
        };
        if !has("definition.yaml") {
            report("definition.yaml", "the definition is missing".to_owned());
        }
        if !has("icon.svg") {
            report("icon.svg", "draw a simple icon".to_owned());
        }
        let icon = tree.below(&folder).find(|file| file.path.ends_with("/icon.svg"));
        if icon.is_some_and(|icon| icon.text.len() > MOST_ICON_BYTES) {
            report("icon.svg", format!("simplify it to at most {MOST_ICON_BYTES} bytes"));
        }
        let fixtures = tree.below(&folder).filter(|file| file.path.contains("/fixtures/")).count();
        if fixtures < 3 {
            report(
                "fixtures",
                "write at least three, one of them a failure as the platform says it".to_owned(),
            );
        }
    }
}
