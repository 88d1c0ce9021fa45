//! Where SQL may stand, and that a statement about one account's rows says whose.

use std::collections::BTreeSet;

use super::{Finding, text::has_word, tree::Tree};

/// SQL lives in the store, and only as static text.
pub(crate) fn home(tree: &Tree, found: &mut Vec<Finding>) {
    for (file, source) in tree.rust("crates/") {
        if file.path.starts_with("crates/store/") {
            for (line, _) in source.lines().filter(|(_, code)| has_word(code, "AssertSqlSafe")) {
                let advice = "statements are static text; bind what varies".to_owned();
                found.push(Finding { path: file.path.clone(), line, rule: "sql", advice });
            }
            continue;
        }
        for string in source.strings.iter().filter(|string| is_statement(&string.text)) {
            let advice = "SQL belongs into the store crate, as a method that names what it does".to_owned();
            found.push(Finding { path: file.path.clone(), line: string.line, rule: "sql", advice });
        }
    }
}

/// Every statement about an account's rows mentions the account.
pub(crate) fn accounts(tree: &Tree, found: &mut Vec<Finding>) {
    let tables = account_tables(tree);
    for (file, source) in tree.rust("crates/store/src/").filter(|(file, _)| !file.is_test()) {
        for string in source.strings.iter().filter(|string| is_statement(&string.text)) {
            let table = tables.iter().find(|table| has_word(&string.text, table));
            let Some(table) = table.filter(|_| !has_word(&string.text, "account_id")) else { continue };
            if source.is_test_line(string.line) {
                continue;
            }
            let advice = format!("`{table}` belongs to accounts: the statement must bind `account_id`");
            found.push(Finding { path: file.path.clone(), line: string.line, rule: "account", advice });
        }
    }
}

/// The tables that migrations make with an `account_id`.
fn account_tables(tree: &Tree) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for file in tree.below("crates/store/migrations/") {
        for statement in file.text.split(';') {
            let lower = statement.to_lowercase();
            let Some((_, after)) = lower.split_once("create table ") else { continue };
            let after = after.trim_start_matches("if not exists ");
            let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            // The accounts themselves are the installation's, not an account's.
            if has_word(after, "account_id") && name != "accounts" {
                tables.insert(name);
            }
        }
    }
    tables
}

/// How statements begin, and a word that must follow for it not to be prose.
const STATEMENTS: [(&str, &str); 10] = [
    ("select ", " from "),
    ("insert into ", "("),
    ("insert or ", " into "),
    ("update ", " set "),
    ("delete from ", ""),
    ("create table ", "("),
    ("create index ", " on "),
    ("alter table ", ""),
    ("drop table ", ""),
    ("with ", " as ("),
];

fn is_statement(literal: &str) -> bool {
    let text = literal.replace(['\n', '\\'], " ").to_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    STATEMENTS.iter().any(|(start, follows)| text.starts_with(start) && text.contains(follows))
}
