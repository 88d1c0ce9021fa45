//! The store's own promises: both databases get the same migrations, and every public function is tested.

use std::collections::BTreeSet;

use super::{Finding, tree::Tree};

const FOLDERS: [&str; 2] = ["crates/store/migrations/sqlite/", "crates/store/migrations/postgres/"];

/// The same numbers and names for both databases, without a gap.
pub(crate) fn migrations(tree: &Tree, found: &mut Vec<Finding>) {
    let [sqlite, postgres] = FOLDERS.map(|folder| names(tree, folder));
    let mut report = |path: String, advice: String| {
        found.push(Finding { path, line: 0, rule: "migration", advice });
    };
    let [sqlite_folder, postgres_folder] = FOLDERS;
    for name in sqlite.difference(&postgres) {
        report(format!("{sqlite_folder}{name}"), format!("write its twin {postgres_folder}{name}"));
    }
    for name in postgres.difference(&sqlite) {
        report(format!("{postgres_folder}{name}"), format!("write its twin {sqlite_folder}{name}"));
    }
    for (index, name) in sqlite.union(&postgres).enumerate() {
        let number = format!("{:04}_", index + 1);
        let words = name.strip_prefix(&number).and_then(|rest| rest.strip_suffix(".sql"));
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !words.is_some_and(|words| !words.is_empty() && words.chars().all(is_word)) {
            report(
                format!("{sqlite_folder}{name}"),
                format!("name it {number}what_it_does.sql: numbers have no gap"),
            );
        }
    }
}

fn names(tree: &Tree, folder: &str) -> BTreeSet<String> {
    tree.below(folder).filter_map(|file| file.path.strip_prefix(folder)).map(str::to_owned).collect()
}

/// The compiler does not check SQL, so every public function of the store is named in a test.
pub(crate) fn tested(tree: &Tree, found: &mut Vec<Finding>) {
    let mut used = BTreeSet::new();
    for (file, source) in tree.rust("crates/store/") {
        for (line, code) in source.lines() {
            if file.is_test() || source.is_test_line(line) {
                used.extend(code.split(|c: char| !(c.is_alphanumeric() || c == '_')));
            }
        }
    }
    for (file, source) in tree.rust("crates/store/src/").filter(|(file, _)| !file.is_test()) {
        for (line, code) in source.lines().filter(|(line, _)| !source.is_test_line(*line)) {
            if let Some(name) = public_function(code).filter(|name| !used.contains(name)) {
                let advice = format!("`{name}` is in no test of the store: its statement has never run");
                found.push(Finding { path: file.path.clone(), line, rule: "untested", advice });
            }
        }
    }
}

fn public_function(code: &str) -> Option<&str> {
    let rest = code.trim_start().strip_prefix("pub ")?;
    let rest = rest.trim_start_matches("const ").trim_start_matches("async ").strip_prefix("fn ")?;
    rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()
}
