//! Finding actions by what they do: a small in-memory index over ids, names, descriptions and parameters.

use crate::definition::{Action, Connector};

/// The index. Rebuilt when the catalogue changes; a build reads every text once.
#[derive(Debug, Default)]
pub struct Index {}

/// One hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match<'a> {
    /// Connector id.
    pub connector: &'a str,
    /// Action id.
    pub action: &'a str,
    /// 0 to 1, relative to the best possible match of the goal.
    pub score: f32,
}

impl Index {
    /// Reads all texts.
    pub fn build<'a>(actions: impl Iterator<Item = (&'a Connector, &'a Action)>) -> Self {
        todo!("{}", actions.count())
    }

    /// The best actions for a goal in words, best first; `allowed(connector, action)` decides what may be found.
    pub fn search(&self, goal: &str, allowed: impl Fn(&str, &str) -> bool, limit: usize) -> Vec<Match<'_>> {
        todo!("{goal} {} {limit}", allowed("", ""))
    }
}
