//! Where settings are read from: the process's environment and files, or, in tests, what a test says they are.
//! The only place that touches the environment.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
#[cfg(test)]
use std::path::PathBuf;

/// A snapshot of the environment, and a way to read files.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    environment: BTreeMap<String, String>,
    files: Files,
}

#[derive(Debug, Clone)]
enum Files {
    Disk,
    #[cfg(test)]
    Given(BTreeMap<PathBuf, Vec<u8>>),
}

/// Larger configuration and certificate files are refused.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

impl Source {
    /// The environment of this process as it is now. Names and values that are not UTF-8 are read with
    /// replacement characters, so that a setting made unreadable is found wrong and not overlooked.
    pub(crate) fn process() -> Source {
        let environment = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        Source { environment, files: Files::Disk }
    }

    /// Nothing from the environment: for what must not depend on where it runs.
    pub(crate) fn empty() -> Source {
        Source { environment: BTreeMap::new(), files: Files::Disk }
    }

    /// A source with this environment and these files only.
    #[cfg(test)]
    pub(crate) fn given<const V: usize, const F: usize>(
        environment: [(&str, &str); V],
        files: [(&str, &str); F],
    ) -> Source {
        Source {
            environment: environment.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            files: Files::Given(files.into_iter().map(|(k, v)| (PathBuf::from(k), v.into())).collect()),
        }
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }

    /// All variables, sorted by name.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match &self.files {
            Files::Disk if std::fs::metadata(path)?.len() > MAX_FILE_BYTES => {
                Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than 4 MiB"))
            }
            Files::Disk => std::fs::read(path),
            #[cfg(test)]
            Files::Given(files) => {
                files.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
            }
        }
    }
}
