//! The first stage: what was written, where, by key. Flags stand above the environment, the environment above
//! the file. Finds unknown names and unreadable files; knows nothing of what a value means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::Flags;
use super::problem::{Origin, Problem};
use super::settings;
use super::source::Source;

/// Everything that was written, the winner for each key, and what was wrong with it already.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) written: BTreeMap<String, Written>,
    pub(super) problems: Vec<Problem>,
}

/// One value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
}

/// Variables that configure our tests and not the server.
const TEST_PREFIX: &str = "PERMALLOY_TEST_";
const PREFIX: &str = "PERMALLOY_";
const FILE_VARIABLE: &str = "PERMALLOY_CONFIG";

/// Reads the file, then the environment, then the flags, each over what stood before.
pub(super) fn gather(flags: &Flags, source: &Source) -> Raw {
    let mut raw = Raw::default();
    let from_variable = source.variable(FILE_VARIABLE).map(PathBuf::from);
    if let Some(path) = &flags.config {
        raw.read_file(path, &Origin::Flag("--config"), source);
    } else if let Some(path) = from_variable {
        raw.read_file(&path, &Origin::Environment(FILE_VARIABLE.to_owned()), source);
    }
    raw.read_environment(source);
    raw.read_flags(flags);
    raw
}

impl Raw {
    fn read_file(&mut self, path: &Path, named_by: &Origin, source: &Source) {
        let bytes = match source.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let expected = format!("a file that can be read ({error})");
                return self.unreadable(path.display().to_string(), expected, named_by.clone());
            }
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return self.unreadable(path.display().to_string(), "UTF-8".to_owned(), named_by.clone());
        };
        let place = |offset| Origin::File(path.to_owned(), line_of(&text, offset));
        let (table, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            let origin = place(error.span().map_or(0, |span| span.start));
            self.unreadable(String::new(), format!("TOML: {}", error.message()), origin);
        }
        self.read_table("", table.get_ref(), &place);
    }

    fn unreadable(&mut self, value: String, expected: String, origin: Origin) {
        self.problems.push(Problem { key: "config".to_owned(), value, expected, origin });
    }

    fn read_table(&mut self, prefix: &str, table: &DeTable<'_>, place: &dyn Fn(usize) -> Origin) {
        for (name, value) in table {
            let name_text: &str = name.get_ref();
            let key = if prefix.is_empty() { name_text.to_owned() } else { format!("{prefix}.{name_text}") };
            let origin = place(name.span().start);
            // Three levels are the deepest there are: connectors.<id>.name.
            match value.get_ref().as_table() {
                Some(inner) if key.split('.').count() < 3 => self.read_table(&key, inner, place),
                Some(_) | None => self.read_value(key, value.get_ref(), origin),
            }
        }
    }

    fn read_value(&mut self, key: String, value: &DeValue<'_>, origin: Origin) {
        let Some(setting) = settings::by_key(&key) else {
            return self.unknown_key(key, origin);
        };
        let value = match value.as_array() {
            Some(items) => {
                items.iter().map(|item| scalar(item.get_ref())).collect::<Option<_>>().map(Value::List)
            }
            None => scalar(value).map(Value::Text),
        };
        match value {
            Some(value) => {
                self.written.insert(key, Written { value, origin });
            }
            None => self.problems.push(Problem {
                key,
                value: "…".to_owned(),
                expected: setting.expected.to_owned(),
                origin,
            }),
        }
    }

    fn read_environment(&mut self, source: &Source) {
        for (variable, value) in source.variables() {
            if !variable.starts_with(PREFIX) || variable.starts_with(TEST_PREFIX) || variable == FILE_VARIABLE
            {
                continue;
            }
            // A variable set to nothing is how shells and compose files say "not set".
            if value.is_empty() {
                continue;
            }
            let origin = Origin::Environment(variable.to_owned());
            if let Some(key) = settings::key_of_variable(variable) {
                self.written.insert(key, Written { value: Value::Text(value.to_owned()), origin });
            } else {
                let expected = known_name(settings::nearest_variable(variable));
                let (key, value) = (variable.to_owned(), "***".to_owned());
                self.problems.push(Problem { key, value, expected, origin });
            }
        }
    }

    fn read_flags(&mut self, flags: &Flags) {
        let named = [
            ("server.listen", "--listen", &flags.listen),
            ("server.public_url", "--public-url", &flags.public_url),
            ("server.data_dir", "--data-dir", &flags.data_dir),
            ("database.url", "--database", &flags.database),
            ("redis.url", "--redis", &flags.redis),
            ("log.filter", "--log", &flags.log),
            ("log.format", "--log-format", &flags.log_format),
            ("outbound.allow", "--outbound-allow", &flags.outbound_allow),
        ];
        for (key, flag, value) in named {
            if let Some(value) = value {
                self.flag(key.to_owned(), value.clone(), flag);
            }
        }
        for assignment in &flags.set {
            match assignment.split_once('=') {
                Some((key, value)) if settings::by_key(key.trim()).is_some() => {
                    self.flag(key.trim().to_owned(), value.to_owned(), "--set");
                }
                Some((key, _)) => self.unknown_key(key.trim().to_owned(), Origin::Flag("--set")),
                None => self.problems.push(Problem {
                    key: assignment.clone(),
                    value: String::new(),
                    expected: "KEY=VALUE".to_owned(),
                    origin: Origin::Flag("--set"),
                }),
            }
        }
    }

    fn flag(&mut self, key: String, value: String, flag: &'static str) {
        self.written.insert(key, Written { value: Value::Text(value), origin: Origin::Flag(flag) });
    }

    /// Its value may be a secret under a wrong name, so it is not shown.
    fn unknown_key(&mut self, key: String, origin: Origin) {
        let expected = known_name(settings::nearest_key(&key));
        self.problems.push(Problem { key, value: "***".to_owned(), expected, origin });
    }
}

fn known_name(nearest: Option<String>) -> String {
    match nearest {
        Some(name) => format!("the name of a setting; did you mean {name}?"),
        None => "the name of a setting; docs/reference/config.md lists them".to_owned(),
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(integer) if integer.radix() == 10 => Some(integer.as_str().replace('_', "")),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
