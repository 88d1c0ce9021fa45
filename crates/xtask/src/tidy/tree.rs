//! The files that the rules are about, read once. It knows what is ours and what is built or installed.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use super::lexer::{self, Source};

/// Folders that hold nothing of ours, wherever they are.
const FOREIGN: &[&str] = &[".git", "target", "node_modules", "permalloy-data", "__pycache__", "artifacts"];

/// Endings that no rule about text can say anything about.
const BINARY: &[&str] = &["png", "ico", "gz", "zip", "wasm", "woff2", "bin", "db"];

/// One file of the repository.
pub(crate) struct File {
    /// Below the workspace root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Taken apart, for Rust files.
    pub(crate) rust: Option<Source>,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let rust = has_ending(path, "rs").then(|| lexer::split(text));
        Self { path: path.to_owned(), text: text.to_owned(), rust }
    }

    /// Whether the path ends in a dot and this.
    pub(crate) fn ends_in(&self, ending: &str) -> bool {
        has_ending(&self.path, ending)
    }

    /// Whether the file is nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }
}

/// All files, ordered by path.
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

impl Tree {
    /// Reads the folder and everything below it that is ours.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect(root, root, &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    /// The Rust files below a folder, with their parts.
    pub(crate) fn rust<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a File, &'a Source)> {
        self.below(folder).filter_map(|file| Some((file, file.rust.as_ref()?)))
    }

    /// The files below a folder (`""`: all).
    pub(crate) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.path.starts_with(folder))
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| File::new(path, text)).collect() }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    let listing = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in listing {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if kind.is_dir() && !FOREIGN.contains(&&*name) && !is_corpus(&path) {
            collect(root, &path, files)?;
        }
        if !kind.is_file() || path.extension().is_some_and(|e| BINARY.iter().any(|b| e == *b)) {
            continue;
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let below = path.strip_prefix(root).expect("it was found below the root");
        files.push(File::new(&below.to_string_lossy().replace('\\', "/"), &String::from_utf8_lossy(&bytes)));
    }
    Ok(())
}

fn has_ending(path: &str, ending: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, last)| last == ending)
}

/// Fuzzing inputs are bytes, not prose.
fn is_corpus(path: &Path) -> bool {
    path.ends_with("fuzz/corpus")
}
