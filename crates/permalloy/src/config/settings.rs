//! The one table of settings: names, defaults, and what may stand there. Reading, `config show`, the check for
//! unknown names and the reference page all come from it.

use super::{access, connectors, database, limits, log, outbound, retention, server, servers, vault};

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// `section.name`, as in the file. `connectors.<id>.name` stands for one of each connector.
    pub(crate) key: &'static str,
    /// The environment variable. `<ID>` stands for a connector's id in upper case.
    pub(crate) variable: &'static str,
    /// The flag that has a name of its own; every setting can be given as `--set key=value`.
    pub(crate) flag: Option<&'static str>,
    /// What may stand there, as it reads after the word "expected".
    pub(crate) expected: &'static str,
    /// As it would be written. Empty: nothing. With braces: made from other settings.
    pub(crate) default: &'static str,
    pub(crate) secrecy: Secrecy,
    /// What it does, in a sentence or two.
    pub(crate) about: &'static str,
}

/// How much of a value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrecy {
    Open,
    /// A URL whose password is masked.
    Password,
    Whole,
}

/// The sections in the order of the reference page.
const SECTIONS: &[&[Setting]] = &[
    server::SETTINGS,
    database::SETTINGS,
    vault::SETTINGS,
    access::SETTINGS,
    servers::SETTINGS,
    limits::SETTINGS,
    outbound::SETTINGS,
    retention::SETTINGS,
    log::SETTINGS,
    connectors::SETTINGS,
];

/// Every setting in the order of the reference page.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().flat_map(|section| section.iter())
}

/// The setting with this key, as in the file; `connectors.slack.base_url` finds that of every connector.
pub(super) fn by_key(key: &str) -> Option<&'static Setting> {
    all().find(|setting| match setting.key.split_once("<id>") {
        None => setting.key == key,
        Some((head, tail)) => {
            key.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail)).is_some_and(is_connector_id)
        }
    })
}

/// The key of the setting with this environment variable.
pub(super) fn key_of_variable(variable: &str) -> Option<String> {
    all().find_map(|setting| match setting.variable.split_once("<ID>") {
        None => (setting.variable == variable).then(|| setting.key.to_owned()),
        Some((head, tail)) => {
            let id = variable.strip_prefix(head)?.strip_suffix(tail)?.to_ascii_lowercase();
            is_connector_id(&id).then(|| setting.key.replace("<id>", &id))
        }
    })
}

/// The known key nearest to a misspelt one.
pub(super) fn nearest_key(key: &str) -> Option<String> {
    let id = key.split('.').nth(1).unwrap_or("<id>");
    crate::nearest::nearest(key, all().map(|setting| setting.key.replace("<id>", id)))
}

/// The known variable nearest to a misspelt one.
pub(super) fn nearest_variable(variable: &str) -> Option<String> {
    let id = variable.split('_').nth(2).unwrap_or("<ID>");
    crate::nearest::nearest(variable, all().map(|setting| setting.variable.replace("<ID>", id)))
}

fn is_connector_id(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit())
}

impl Setting {
    pub(super) const fn new(
        key: &'static str,
        variable: &'static str,
        expected: &'static str,
        default: &'static str,
        about: &'static str,
    ) -> Setting {
        Setting { key, variable, flag: None, expected, default, secrecy: Secrecy::Open, about }
    }

    pub(super) const fn with_flag(self, flag: &'static str) -> Setting {
        Setting { flag: Some(flag), ..self }
    }

    pub(super) const fn with_secrecy(self, secrecy: Secrecy) -> Setting {
        Setting { secrecy, ..self }
    }

    /// The value as it may be shown.
    pub(super) fn shown(&self, value: &str) -> String {
        match self.secrecy {
            Secrecy::Open => value.to_owned(),
            Secrecy::Whole => "***".to_owned(),
            Secrecy::Password => without_password(value),
        }
    }
}

/// A URL with `***` for its password. What has credentials but is no URL is masked whole.
fn without_password(value: &str) -> String {
    match url::Url::parse(value) {
        Ok(mut url) if url.password().is_some() => match url.set_password(Some("***")) {
            Ok(()) => url.to_string(),
            Err(()) => "***".to_owned(),
        },
        Ok(url) if !url.query().is_some_and(|query| query.contains("password")) => value.to_owned(),
        Ok(_) => "***".to_owned(),
        Err(_) if value.contains('@') => "***".to_owned(),
        Err(_) => value.to_owned(),
    }
}
