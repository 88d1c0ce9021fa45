//! The second stage's tool: hands each section its values, parsed, and collects every problem and what is in
//! force. A wrong value is noted and replaced by the default, so that reading goes on to find the others.

use std::fmt::Display;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;
use url::Url;

use super::Effective;
use super::problem::{Origin, Problem};
use super::raw::{Raw, Value, Written};
use super::settings::{self, Setting};
use super::source::Source;

pub(super) struct Reader<'a> {
    raw: Raw,
    source: &'a Source,
    /// What is in force beside what was written and the table's defaults.
    computed: Vec<(&'static str, String)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(raw: Raw, source: &'a Source) -> Reader<'a> {
        Reader { raw, source, computed: Vec::new() }
    }

    pub(super) fn source(&self) -> &'a Source {
        self.source
    }

    /// The value, or the default that stands in the table.
    pub(super) fn value<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Option<T>) -> T {
        match self.optional(key, &parse) {
            Some(value) => value,
            None => {
                parse(setting(key).default).expect("the table's defaults are readable; a test loads them")
            }
        }
    }

    /// The value, if one was written and can be read.
    pub(super) fn optional<T>(&mut self, key: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let written = self.raw.written.get(key)?;
        let value = match &written.value {
            Value::Text(text) => parse(text.trim()),
            Value::List(_) => None,
        };
        if value.is_none() {
            self.complain(key, setting(key).expected);
        }
        value
    }

    /// The values, separated by commas or written as an array; none when nothing was written.
    pub(super) fn list<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let Some(written) = self.raw.written.get(key) else { return Vec::new() };
        let texts: Vec<&str> = match &written.value {
            Value::Text(text) => text.split(',').collect(),
            Value::List(list) => list.iter().map(String::as_str).collect(),
        };
        let mut values = Vec::new();
        let mut wrong = Vec::new();
        for text in texts.into_iter().map(str::trim).filter(|text| !text.is_empty()) {
            match parse(text) {
                Some(value) => values.push(value),
                None => wrong.push(text.to_owned()),
            }
        }
        let origin = written.origin.clone();
        for value in wrong {
            self.raw.problems.push(Problem {
                key: key.to_owned(),
                value,
                expected: setting(key).expected.to_owned(),
                origin: origin.clone(),
            });
        }
        values
    }

    /// Notes a problem with a value that can be read alone but not with its surroundings.
    pub(super) fn complain(&mut self, key: &str, expected: &str) {
        let (value, origin) = match self.raw.written.get(key) {
            Some(written) => (setting(key).shown(&written.text()), written.origin.clone()),
            None => (String::new(), Origin::Default),
        };
        self.raw.problems.push(Problem { key: key.to_owned(), value, expected: expected.to_owned(), origin });
    }

    /// Notes what is in force for a setting whose default is made from others.
    pub(super) fn computed(&mut self, key: &'static str, value: &str) {
        self.computed.push((key, value.to_owned()));
    }

    /// The ids of the connectors for which something was written.
    pub(super) fn connector_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.raw.written.keys().filter_map(|key| connector_id(key)).collect();
        ids.dedup();
        ids
    }

    /// All problems, or what is in force.
    pub(super) fn finish(self) -> Result<Vec<Effective>, Vec<Problem>> {
        if !self.raw.problems.is_empty() {
            return Err(self.raw.problems);
        }
        let mut effective = Vec::new();
        for setting in settings::all().filter(|setting| !setting.key.contains("<id>")) {
            effective.push(self.effective(setting));
        }
        for (key, written) in &self.raw.written {
            if let Some(setting) = settings::by_key(key).filter(|setting| setting.key.contains("<id>")) {
                let value = setting.shown(&written.text());
                effective.push(Effective { key: key.clone(), value, origin: written.origin.clone() });
            }
        }
        Ok(effective)
    }

    fn effective(&self, setting: &'static Setting) -> Effective {
        let computed = || self.computed.iter().find(|(key, _)| *key == setting.key);
        let (value, origin) = match self.raw.written.get(setting.key) {
            Some(written) => (setting.shown(&written.text()), written.origin.clone()),
            None => (computed().map_or(setting.default, |(_, value)| value).to_owned(), Origin::Default),
        };
        Effective { key: setting.key.to_owned(), value, origin }
    }
}

impl Written {
    fn text(&self) -> String {
        match &self.value {
            Value::Text(text) => text.clone(),
            Value::List(list) => list.join(","),
        }
    }
}

fn setting(key: &str) -> &'static Setting {
    settings::by_key(key).expect("every key that is read stands in the table; a test loads them all")
}

/// `connectors.slack.base_url` → `slack`.
fn connector_id(key: &str) -> Option<String> {
    let (id, _) = key.strip_prefix("connectors.")?.split_once('.')?;
    Some(id.to_owned())
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    text.parse().ok()
}

pub(super) fn number<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Option<T>
where
    T: FromStr + PartialOrd + Display,
{
    move |text| text.parse().ok().filter(|number| range.contains(number))
}

pub(super) fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}

/// A network, or one address.
pub(super) fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// `http(s)://host[:port][/path]`, without its trailing slash.
pub(super) fn web_base(text: &str) -> Option<String> {
    let url = web_url(text)?;
    (url.query().is_none()).then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// `http(s)://host[:port]`.
pub(super) fn web_origin(text: &str) -> Option<String> {
    let url = web_url(text)?;
    (url.path() == "/" && url.query().is_none()).then(|| url.origin().ascii_serialization())
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && plain).then_some(url)
}
