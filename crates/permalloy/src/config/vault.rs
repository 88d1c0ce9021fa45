//! Section `vault`: where the root key comes from. There is no default key.

use std::path::{Path, PathBuf};

use super::Secret;
use super::reader::{Reader, path};
use super::settings::Setting;

#[derive(Debug, Clone)]
pub(crate) struct Vault {
    pub(crate) key: KeySource,
    /// Files with keys used before, still needed to open what they sealed.
    pub(crate) previous_key_files: Vec<PathBuf>,
}

/// Where the root key, base64 of 32 bytes, is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// In the data directory, made on first start.
    Generated(PathBuf),
    /// A file that must exist.
    File(PathBuf),
    /// What the named variable held.
    Environment { variable: String, value: Secret },
    /// What this shell command prints.
    Command(String),
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "vault.key_file",
        "PERMALLOY_VAULT_KEY_FILE",
        "a file with base64 of 32 bytes",
        "{server.data_dir}/vault.key",
        "File with the root key of the vault. The default is generated on first start, readable by its owner only. Keep a copy: without it stored credentials are lost.",
    ),
    Setting::new(
        "vault.key_env",
        "PERMALLOY_VAULT_KEY_ENV",
        "the name of a variable that is set, and no other vault.key_… beside it",
        "",
        "Name of an environment variable with the root key, instead of a file.",
    ),
    Setting::new(
        "vault.key_command",
        "PERMALLOY_VAULT_KEY_COMMAND",
        "a shell command, and no other vault.key_… beside it",
        "",
        "Command that prints the root key, such as one of a key management service, instead of a file.",
    ),
    Setting::new(
        "vault.previous_key_files",
        "PERMALLOY_VAULT_PREVIOUS_KEY_FILES",
        "files with base64 of 32 bytes",
        "",
        "Keys used before, kept until `permalloy vault rotate` has sealed everything with the current one.",
    ),
];

pub(super) fn read(reader: &mut Reader<'_>, data_dir: &Path) -> Vault {
    let file = reader.optional("vault.key_file", path);
    let variable = reader.optional("vault.key_env", name);
    let command = reader.optional("vault.key_command", name);
    let key = match (file, variable, command) {
        (None, None, None) => {
            let path = data_dir.join("vault.key");
            reader.computed("vault.key_file", &path.display().to_string());
            KeySource::Generated(path)
        }
        (Some(path), None, None) => KeySource::File(path),
        (None, Some(variable), None) => environment(reader, variable),
        (None, None, Some(command)) => KeySource::Command(command),
        (_, Some(_), _) => {
            reader.complain("vault.key_env", "no other vault.key_… beside it");
            KeySource::Generated(data_dir.join("vault.key"))
        }
        (_, _, Some(_)) => {
            reader.complain("vault.key_command", "no other vault.key_… beside it");
            KeySource::Generated(data_dir.join("vault.key"))
        }
    };
    Vault { key, previous_key_files: reader.list("vault.previous_key_files", path) }
}

fn environment(reader: &mut Reader<'_>, variable: String) -> KeySource {
    let value = reader.source().variable(&variable).filter(|value| !value.is_empty()).map(Secret::new);
    if value.is_none() {
        reader.complain("vault.key_env", "the name of a variable that is set");
    }
    KeySource::Environment { variable, value: value.unwrap_or_else(|| Secret::new("")) }
}

fn name(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}
