//! What the contract says about restrictions, said once more and differently: a small model that the product is
//! held against. It shares nothing with the product's own decision.

use serde_json::Value;

/// A refusal by which kind of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    Allowlist,
    Blocklist,
}

impl Denied {
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Allowlist => "Access denied: restricted by allowlist",
            Self::Blocklist => "Access denied: restricted by blocklist",
        }
    }
}

/// `connectors`, `actions` or `users`.
#[derive(Default)]
struct Part {
    mode: Option<String>,
    allowed: Option<Vec<String>>,
    blocked: Vec<String>,
}

impl Part {
    fn read(restrictions: &Value, name: &str, suffix: &str) -> Self {
        let part = &restrictions[name];
        let list = |which: &str| {
            let list = part[format!("{which}{suffix}")].as_array()?;
            Some(list.iter().map(|entry| entry.as_str().expect("an entry is a text").to_owned()).collect())
        };
        Self {
            mode: part["mode"].as_str().map(str::to_owned),
            allowed: list("allowed"),
            blocked: list("blocked").unwrap_or_default(),
        }
    }

    /// Whether only what is listed is allowed.
    fn is_closed(&self) -> bool {
        match self.mode.as_deref() {
            Some("allowlist") => true,
            Some(_) => self.allowed.as_ref().is_some_and(|list| !list.is_empty()),
            None => self.allowed.is_some(),
        }
    }

    fn decide(&self, matches: impl Fn(&str) -> bool) -> Result<(), Denied> {
        if self.blocked.iter().any(|entry| matches(entry)) {
            return Err(Denied::Blocklist);
        }
        let listed = self.allowed.iter().flatten().any(|entry| matches(entry));
        if self.is_closed() && !listed { Err(Denied::Allowlist) } else { Ok(()) }
    }
}

/// The restrictions of one server, as they were written.
pub(super) struct Model {
    connectors: Part,
    actions: Part,
    users: Part,
    permissions: Option<Vec<Value>>,
}

impl Model {
    pub(super) fn read(restrictions: &Value) -> Self {
        Self {
            connectors: Part::read(restrictions, "connectors", "Ids"),
            actions: Part::read(restrictions, "actions", "Actions"),
            users: Part::read(restrictions, "users", "Ids"),
            permissions: restrictions["permissions"].as_array().cloned(),
        }
    }

    pub(super) fn user(&self, user: &str) -> Result<(), Denied> {
        self.users.decide(|entry| entry == user)
    }

    pub(super) fn connector(&self, connector: &str) -> Result<(), Denied> {
        if let Some(permissions) = &self.permissions {
            let named = permissions.iter().any(|permission| permission["connector"] == connector);
            return if named { Ok(()) } else { Err(Denied::Allowlist) };
        }
        self.connectors.decide(|entry| entry == connector)
    }

    pub(super) fn action(&self, connector: &str, action: &str) -> Result<(), Denied> {
        self.connector(connector)?;
        if let Some(permissions) = &self.permissions {
            let permits = |permission: &Value| {
                permission["connector"] == connector
                    && permission["actions"].as_array().is_none_or(|actions| {
                        actions.iter().any(|entry| fits(entry.as_str().expect("a text"), action))
                    })
            };
            return if permissions.iter().any(permits) { Ok(()) } else { Err(Denied::Allowlist) };
        }
        let full = format!("{connector}.{action}");
        self.actions.decide(|entry| fits(entry, action) || fits(entry, &full))
    }
}

/// Whether `*` in the pattern can stand for runs of characters so that it is the text.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    let mut characters = text.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            fits(rest.as_str(), text) || (characters.next().is_some() && fits(pattern, characters.as_str()))
        }
        Some(wanted) => characters.next() == Some(wanted) && fits(rest.as_str(), characters.as_str()),
    }
}
