//! `cargo xtask tidy`: the house rules that no compiler checks. Each finding says where, which rule, and
//! what to do. It reads files and nothing else; the rules work on a tree in memory, so their tests do too.

mod connectors;
mod edges;
mod exceptions;
mod lexer;
mod sql;
mod store;
mod text;
mod tree;

use anyhow::{Result, bail};

use crate::shell;
use tree::Tree;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Below the workspace root, with `/`.
    path: String,
    /// From 1; 0 when the whole file is meant.
    line: usize,
    rule: &'static str,
    /// What to do, in words.
    advice: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line.max(1), self.rule, self.advice)
    }
}

/// One house rule: what it finds in the tree.
type Rule = fn(&Tree, &mut Vec<Finding>);

/// Every rule, in reading order.
const RULES: &[Rule] = &[
    text::length,
    text::head,
    text::skipped_tests,
    text::open_ends,
    text::places,
    text::secrets,
    edges::modules,
    edges::crates,
    sql::home,
    sql::accounts,
    store::migrations,
    store::tested,
    connectors::complete,
];

/// Checks the workspace.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read(&shell::root())?;
    let found = check(&tree);
    for finding in &found {
        println!("{finding}");
    }
    match found.len() {
        0 => Ok(()),
        1 => bail!("1 house rule is broken"),
        several => bail!("{several} house rules are broken"),
    }
}

fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for rule in RULES {
        rule(tree, &mut found);
    }
    let mut left = exceptions::apply(exceptions::EXCEPTIONS, found);
    left.sort();
    left
}

#[cfg(test)]
mod tests;
