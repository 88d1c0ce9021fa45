//! What is wrong with a setting, said so that it can be corrected: key, value, what was expected, where it stands.
//! Values of secret settings are already masked when they get here.

use std::fmt;
use std::path::PathBuf;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    Environment(String),
    /// The line counts from 1.
    File(PathBuf, usize),
    Default,
}

/// One thing wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) key: String,
    /// As written, or masked.
    pub(crate) value: String,
    pub(crate) expected: String,
    pub(crate) origin: Origin,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(flag) => formatter.write_str(flag),
            Origin::Environment(variable) => formatter.write_str(variable),
            Origin::File(path, line) => write!(formatter, "{}:{line}", path.display()),
            Origin::Default => formatter.write_str("default"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} = {:?} ({}): expected {}", self.key, self.value, self.origin, self.expected)
    }
}
