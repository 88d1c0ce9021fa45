//! What a server allows: which connectors, which actions, which users. [`Restrictions::decide`] is the one
//! function that answers, and every path asks it: lists, search, details, execution, credentials.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::error::{Detail, Error};

/// The longest list of a restriction, in entries.
const MAX_ENTRIES: usize = 1_000;
/// The longest entry, in characters.
const MAX_ENTRY_CHARS: usize = 256;

/// A restriction as a caller writes it and as the database keeps it (`restrictions` in the contract).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connectors: Option<Ids>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actions: Option<Actions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) users: Option<Ids>,
    /// The short form, turned into `connectors` and `actions` by [`Written::normalise`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) permissions: Option<Vec<Permission>>,
}

/// Which way a list works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    Allowlist,
    Blocklist,
}

/// The lists of `connectors` and of `users`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Ids {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<Mode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allowed_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blocked_ids: Option<Vec<String>>,
}

/// The lists of `actions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Actions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<Mode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allowed_actions: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blocked_actions: Option<Vec<String>>,
}

/// One entry of the short form: this connector, and only these actions of it (without `actions`: all).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Permission {
    connector: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Vec<String>>,
}

impl Written {
    /// Checks the bounds and gives the one form that is stored and shown.
    pub(crate) fn normalise(mut self) -> Result<Self, Error> {
        let mut details = Vec::new();
        if let Some(permissions) = self.permissions.take() {
            if self.connectors.is_some() || self.actions.is_some() {
                details.push(Detail {
                    field: "restrictions.permissions".into(),
                    problem: "cannot be combined with connectors or actions; give one form".into(),
                });
            }
            let (connectors, actions) = from_permissions(permissions);
            (self.connectors, self.actions) = (Some(connectors), Some(actions));
        }
        self.connectors = self.connectors.map(Ids::normalise).filter(|part| part.mode.is_some());
        self.users = self.users.map(Ids::normalise).filter(|part| part.mode.is_some());
        self.actions = self.actions.map(Actions::normalise).filter(|part| part.mode.is_some());
        for (field, list) in self.lists() {
            check_list(field, list, &mut details);
        }
        if details.is_empty() { Ok(self) } else { Err(Error::invalid(details)) }
    }

    /// Whether anything is restricted at all (`hasRestrictions`).
    pub(crate) fn is_active(&self) -> bool {
        let compiled = Restrictions::new(self);
        compiled.connectors.restricts() || compiled.actions.restricts() || compiled.users.restricts()
    }

    fn lists(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        let connectors = self.connectors.iter().flat_map(|part| {
            [
                ("restrictions.connectors.allowedIds", part.allowed_ids.as_deref()),
                ("restrictions.connectors.blockedIds", part.blocked_ids.as_deref()),
            ]
        });
        let actions = self.actions.iter().flat_map(|part| {
            [
                ("restrictions.actions.allowedActions", part.allowed_actions.as_deref()),
                ("restrictions.actions.blockedActions", part.blocked_actions.as_deref()),
            ]
        });
        let users = self.users.iter().flat_map(|part| {
            [
                ("restrictions.users.allowedIds", part.allowed_ids.as_deref()),
                ("restrictions.users.blockedIds", part.blocked_ids.as_deref()),
            ]
        });
        connectors.chain(actions).chain(users).filter_map(|(field, list)| Some((field, list?)))
    }

    /// Connector and action entries that `known_connector` and `known_action` have never heard of. They are
    /// accepted, since a connector may be added later, and named in the answer's `warnings`.
    pub(crate) fn warnings(
        &self,
        known_connector: impl Fn(&str) -> bool,
        known_action: impl Fn(&Pattern) -> bool,
    ) -> Vec<String> {
        let mut warnings = Vec::new();
        for (field, list) in self.lists() {
            for entry in list {
                let known = if field.contains("connectors") {
                    known_connector(entry)
                } else if field.contains("actions") {
                    known_action(&Pattern::new(entry))
                } else {
                    true
                };
                if !known {
                    warnings.push(format!("{field}: no connector here has \"{entry}\" yet"));
                }
            }
        }
        warnings
    }
}

fn from_permissions(permissions: Vec<Permission>) -> (Ids, Actions) {
    let (mut ids, mut actions) = (Vec::new(), Vec::new());
    for permission in permissions {
        match permission.actions {
            None => actions.push(format!("{}.*", permission.connector)),
            Some(list) => {
                actions.extend(list.into_iter().map(|action| format!("{}.{action}", permission.connector)));
            }
        }
        if !ids.contains(&permission.connector) {
            ids.push(permission.connector);
        }
    }
    let ids = Ids { mode: Some(Mode::Allowlist), allowed_ids: Some(ids), blocked_ids: None };
    (ids, Actions { mode: Some(Mode::Allowlist), allowed_actions: Some(actions), blocked_actions: None })
}

/// `mode` absent: inferred from the list that is present; no list either: the part says nothing.
fn infer(mode: Option<Mode>, allowed: bool, blocked: bool) -> Option<Mode> {
    mode.or(match (allowed, blocked) {
        (true, _) => Some(Mode::Allowlist),
        (false, true) => Some(Mode::Blocklist),
        (false, false) => None,
    })
}

impl Ids {
    fn normalise(self) -> Self {
        Self { mode: infer(self.mode, self.allowed_ids.is_some(), self.blocked_ids.is_some()), ..self }
    }
}

impl Actions {
    fn normalise(self) -> Self {
        Self {
            mode: infer(self.mode, self.allowed_actions.is_some(), self.blocked_actions.is_some()),
            ..self
        }
    }
}

fn check_list(field: &str, list: &[String], details: &mut Vec<Detail>) {
    if list.len() > MAX_ENTRIES {
        details.push(Detail {
            field: field.into(),
            problem: format!("has {} entries, at most {MAX_ENTRIES}", list.len()),
        });
    }
    for (index, entry) in list.iter().enumerate().take(MAX_ENTRIES) {
        let length = entry.chars().count();
        if length == 0 || length > MAX_ENTRY_CHARS {
            details.push(Detail {
                field: format!("{field}[{index}]"),
                problem: format!("has {length} characters, expected 1 to {MAX_ENTRY_CHARS}"),
            });
        }
    }
}

/// What is asked of a server's restrictions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Question<'a> {
    /// May this end user use the server?
    User(&'a str),
    /// May this connector be seen and used?
    Connector(&'a str),
    /// May this action of this connector be seen and used?
    Action { connector: &'a str, action: &'a str },
}

/// A refusal, and which kind of list it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denied(Mode);

impl Denied {
    /// The contract's sentence.
    pub(crate) fn sentence(self) -> &'static str {
        match self.0 {
            Mode::Allowlist => "Access denied: restricted by allowlist",
            Mode::Blocklist => "Access denied: restricted by blocklist",
        }
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Self::forbidden(denied.sentence())
    }
}

/// Restrictions ready to be asked: exact entries in sets, patterns apart.
#[derive(Debug, Default)]
pub(crate) struct Restrictions {
    connectors: Rule,
    actions: Rule,
    users: Rule,
}

#[derive(Debug, Default)]
struct Rule {
    allowed: Option<List>,
    blocked: List,
}

#[derive(Debug, Default)]
struct List {
    exact: HashSet<Box<str>>,
    patterns: Vec<Pattern>,
}

/// An action entry with `*` for any run of characters, or without one.
#[derive(Debug)]
pub(crate) struct Pattern {
    parts: Vec<Box<str>>,
}

impl Restrictions {
    /// Compiles the stored form.
    pub(crate) fn new(written: &Written) -> Self {
        let ids = |part: &Option<Ids>| {
            part.as_ref().map_or_else(Rule::default, |part| {
                Rule::new(part.mode, part.allowed_ids.as_deref(), part.blocked_ids.as_deref(), List::exact)
            })
        };
        let actions = written.actions.as_ref().map_or_else(Rule::default, |part| {
            let (allowed, blocked) = (part.allowed_actions.as_deref(), part.blocked_actions.as_deref());
            Rule::new(part.mode, allowed, blocked, List::patterns)
        });
        Self { connectors: ids(&written.connectors), actions, users: ids(&written.users) }
    }

    /// The one decision of the product about what a server allows. Block always wins; a part that is absent
    /// restricts nothing; an action is allowed only when its connector is.
    pub(crate) fn decide(&self, question: Question<'_>) -> Result<(), Denied> {
        match question {
            Question::User(user) => self.users.decide(|list| list.has(user)),
            Question::Connector(connector) => self.connectors.decide(|list| list.has(connector)),
            Question::Action { connector, action } => {
                self.connectors.decide(|list| list.has(connector))?;
                if !self.actions.restricts() {
                    return Ok(());
                }
                let full = format!("{connector}.{action}");
                self.actions.decide(|list| list.has(action) || list.has(&full))
            }
        }
    }
}

impl Rule {
    fn new(
        mode: Option<Mode>,
        allowed: Option<&[String]>,
        blocked: Option<&[String]>,
        compile: impl Fn(&[String]) -> List,
    ) -> Self {
        let blocked = compile(blocked.unwrap_or_default());
        let allowed = match infer(mode, allowed.is_some(), !blocked.is_empty()) {
            Some(Mode::Allowlist) => Some(compile(allowed.unwrap_or_default())),
            // Both lists present: allowed minus blocked, whatever the mode says.
            Some(Mode::Blocklist) => allowed.filter(|list| !list.is_empty()).map(compile),
            None => None,
        };
        Self { allowed, blocked }
    }

    fn restricts(&self) -> bool {
        self.allowed.is_some() || !self.blocked.is_empty()
    }

    fn decide(&self, has: impl Fn(&List) -> bool) -> Result<(), Denied> {
        if has(&self.blocked) {
            return Err(Denied(Mode::Blocklist));
        }
        match &self.allowed {
            Some(allowed) if !has(allowed) => Err(Denied(Mode::Allowlist)),
            Some(_) | None => Ok(()),
        }
    }
}

impl List {
    fn exact(entries: &[String]) -> Self {
        Self { exact: entries.iter().map(|entry| entry.as_str().into()).collect(), patterns: Vec::new() }
    }

    fn patterns(entries: &[String]) -> Self {
        let (patterns, exact): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.contains('*'));
        Self {
            exact: exact.into_iter().map(|entry| entry.as_str().into()).collect(),
            patterns: patterns.into_iter().map(|entry| Pattern::new(entry)).collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.patterns.is_empty()
    }

    fn has(&self, id: &str) -> bool {
        self.exact.contains(id) || self.patterns.iter().any(|pattern| pattern.matches(id))
    }
}

impl Pattern {
    pub(crate) fn new(entry: &str) -> Self {
        Self { parts: entry.split('*').map(Into::into).collect() }
    }

    /// Whether the whole of `text` fits. Linear in `text` for each part, no backtracking.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|only| **only == *text);
        };
        let Some(mut rest) = text.strip_prefix(&**first) else { return false };
        for part in middle {
            let Some((_, after)) = rest.split_once(&**part) else { return false };
            rest = after;
        }
        rest.ends_with(&**last)
    }
}

#[cfg(test)]
mod tests;
