//! Loads the vault's root keys from where the configuration says, and makes the first one in the data directory.
//! Never has a default key, never overwrites one, never prints one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use ::vault::{RootKey, RootKeyError};
use zeroize::Zeroizing;

use super::vault::{KeySource, Vault};
use crate::chance;

/// The root keys, and whether the current one was made just now.
pub(crate) struct Keys {
    pub(crate) current: RootKey,
    pub(crate) previous: Vec<RootKey>,
    /// The file that was made: an operator should be told to keep a copy.
    pub(crate) created: Option<PathBuf>,
}

/// Why there is no key. Says where it was looked for, never what was found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyProblem {
    #[error("vault key: cannot use {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("vault key: vault.key_command did not run")]
    CommandStart(#[source] io::Error),
    #[error("vault key: vault.key_command ended with {status}")]
    Command { status: std::process::ExitStatus },
    #[error("vault key: {place} does not hold base64 of 32 bytes")]
    Malformed { place: String, source: RootKeyError },
}

/// Loads the keys; a missing generated key is made, readable by its owner only.
pub(crate) fn load_or_create(vault: &Vault) -> Result<Keys, KeyProblem> {
    let (current, created) = match &vault.key {
        KeySource::Generated(path) => generated(path)?,
        KeySource::File(path) => (from_file(path)?, None),
        KeySource::Environment { variable, value } => (parse(variable, value.expose())?, None),
        KeySource::Command(command) => (from_command(command)?, None),
    };
    let previous = vault.previous_key_files.iter().map(|path| from_file(path)).collect::<Result<_, _>>()?;
    Ok(Keys { current, previous, created })
}

fn generated(path: &Path) -> Result<(RootKey, Option<PathBuf>), KeyProblem> {
    let fail = |source| KeyProblem::File { path: path.to_owned(), source };
    if path.try_exists().map_err(fail)? {
        return Ok((from_file(path)?, None));
    }
    match create(path, &RootKey::generate().expose_base64()) {
        Ok(()) => Ok((from_file(path)?, Some(path.to_owned()))),
        // Another process was first: its key is the key.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok((from_file(path)?, None)),
        Err(error) => Err(fail(error)),
    }
}

/// Appears under its name only when it is whole and on disk; fails if the name is taken.
fn create(path: &Path, key: &str) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_directory(directory)?;
    // A name of its own: a process that was killed may have left its draft, and in containers all have one number.
    let draft = path.with_extension(format!("key.{}", chance::hex(8)));
    let written = write_draft(&draft, key).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    written.and(removed)?;
    fs::File::open(directory)?.sync_all()
}

fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

fn write_draft(draft: &Path, key: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.write(true).create_new(true).open(draft)?;
    file.write_all(key.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn from_file(path: &Path) -> Result<RootKey, KeyProblem> {
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|source| KeyProblem::File { path: path.to_owned(), source })?;
    parse(&path.display().to_string(), &text)
}

fn from_command(command: &str) -> Result<RootKey, KeyProblem> {
    let output = Command::new("sh")
        .args(["-c", command])
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(KeyProblem::CommandStart)?;
    if !output.status.success() {
        return Err(KeyProblem::Command { status: output.status });
    }
    let text = Zeroizing::new(String::from_utf8_lossy(&output.stdout).into_owned());
    parse("the output of vault.key_command", &text)
}

fn parse(place: &str, text: &str) -> Result<RootKey, KeyProblem> {
    RootKey::parse(text.trim()).map_err(|source| KeyProblem::Malformed { place: place.to_owned(), source })
}
