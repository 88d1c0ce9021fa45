//! Taking a mapping apart: every member is asked for by name, every problem is kept with its place, and what
//! nobody asked for is reported at the end.

use super::Problem;
use super::node::{Data, Key, Node};
use crate::nearest::nearest;

/// A mapping being read.
pub(crate) struct Members<'n> {
    pub(crate) node: &'n Node,
    pub(crate) path: String,
    entries: &'n [(Key, Node)],
    asked: Vec<&'static str>,
}

impl<'n> Members<'n> {
    /// Opens a mapping; anything else is a problem.
    pub(crate) fn open(node: &'n Node, path: impl Into<String>, problems: &mut Vec<Problem>) -> Option<Self> {
        let path = path.into();
        let Data::Map(entries) = &node.data else {
            problems.push(node.spot.problem(&path, format!("expected a mapping, found {}", node.kind())));
            return None;
        };
        Some(Self { node, path, entries, asked: Vec::new() })
    }

    /// The pointer of a member.
    pub(crate) fn at(&self, name: &str) -> String {
        format!("{}/{}", self.path, escape(name))
    }

    /// A member; null counts as absent.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<&'n Node> {
        self.asked.push(name);
        let (_, node) = self.entries.iter().find(|(key, _)| key.text == name)?;
        (!matches!(node.data, Data::Null)).then_some(node)
    }

    /// A member that must be there.
    pub(crate) fn must(&mut self, name: &'static str, problems: &mut Vec<Problem>) -> Option<&'n Node> {
        let found = self.take(name);
        if found.is_none() {
            problems.push(self.node.spot.problem(&self.path, format!("{name} is missing")));
        }
        found
    }

    /// A string, if there is one.
    pub(crate) fn text(&mut self, name: &'static str, problems: &mut Vec<Problem>) -> Option<&'n str> {
        let node = self.take(name)?;
        text(node, &self.at(name), problems)
    }

    /// A string that must be there and not be blank.
    pub(crate) fn must_text(&mut self, name: &'static str, problems: &mut Vec<Problem>) -> Option<&'n str> {
        let node = self.must(name, problems)?;
        let found = text(node, &self.at(name), problems)?;
        if found.trim().is_empty() {
            problems.push(node.spot.problem(&self.at(name), "must not be empty"));
        }
        Some(found)
    }

    /// A boolean.
    pub(crate) fn flag(&mut self, name: &'static str, absent: bool, problems: &mut Vec<Problem>) -> bool {
        let Some(node) = self.take(name) else { return absent };
        if let Data::Bool(flag) = node.data {
            return flag;
        }
        problems.push(
            node.spot.problem(&self.at(name), format!("expected true or false, found {}", node.kind())),
        );
        absent
    }

    /// A list's entries with their pointers; an absent list is empty.
    pub(crate) fn list(
        &mut self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'n Node, String)> {
        let Some(node) = self.take(name) else { return Vec::new() };
        let path = self.at(name);
        let Data::List(items) = &node.data else {
            problems.push(node.spot.problem(&path, format!("expected a list, found {}", node.kind())));
            return Vec::new();
        };
        items.iter().enumerate().map(|(index, item)| (item, format!("{path}/{index}"))).collect()
    }

    /// A list of strings.
    pub(crate) fn texts(&mut self, name: &'static str, problems: &mut Vec<Problem>) -> Vec<String> {
        let items = self.list(name, problems);
        items.into_iter().filter_map(|(item, path)| text(item, &path, problems).map(str::to_owned)).collect()
    }

    /// A mapping of names to anything, with the pointers of its members.
    pub(crate) fn map(
        &mut self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'n Key, &'n Node, String)> {
        let Some(node) = self.take(name) else { return Vec::new() };
        let path = self.at(name);
        let Data::Map(entries) = &node.data else {
            problems.push(node.spot.problem(&path, format!("expected a mapping, found {}", node.kind())));
            return Vec::new();
        };
        entries.iter().map(|(key, value)| (key, value, format!("{path}/{}", escape(&key.text)))).collect()
    }

    /// One of several words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&'static str, T)],
        problems: &mut Vec<Problem>,
    ) -> Option<T> {
        let node = self.take(name)?;
        let path = self.at(name);
        let word = text(node, &path, problems)?;
        let found = choices.iter().find(|(choice, _)| *choice == word).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
            let message = format!("{word:?} is not one of {}", names.join(", "));
            problems.push(node.spot.problem(&path, message));
        }
        found
    }

    /// A problem at a member, or at the mapping where the member is absent.
    pub(crate) fn complain(&self, name: &str, message: impl Into<String>, problems: &mut Vec<Problem>) {
        let place = self.entries.iter().find(|(key, _)| key.text == name);
        match place {
            Some((_, node)) => problems.push(node.spot.problem(&self.at(name), message)),
            None => problems.push(self.node.spot.problem(&self.path, message)),
        }
    }

    /// Reports members that nobody asked for.
    pub(crate) fn close(self, problems: &mut Vec<Problem>) {
        for (key, _) in self.entries {
            if self.asked.contains(&key.text.as_str()) {
                continue;
            }
            let near = nearest(&key.text, self.asked.iter().copied());
            let hint = near.map_or_else(String::new, |name| format!("; did you mean {name}?"));
            let path = format!("{}/{}", self.path, escape(&key.text));
            problems.push(key.spot.problem(&path, format!("unknown member {:?}{hint}", key.text)));
        }
    }
}

/// A string; numbers and booleans are not taken for one.
pub(crate) fn text<'n>(node: &'n Node, path: &str, problems: &mut Vec<Problem>) -> Option<&'n str> {
    if let Data::Text(text) = &node.data {
        return Some(text);
    }
    problems.push(node.spot.problem(path, format!("expected a string, found {}", node.kind())));
    None
}

/// A token of a JSON pointer (RFC 6901, section 3).
pub(crate) fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}
