//! Finds the built-in connector definitions and writes the list of them, so that a new folder under
//! `connectors/` is part of the program without a line of Rust.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = manifest.join("../../connectors").canonicalize()?;
    println!("cargo::rerun-if-changed={}", root.display());
    let mut folders: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&root)? {
        let folder = entry?.path();
        if folder.join("definition.yaml").is_file() {
            folders.push(folder);
        }
    }
    folders.sort();
    let mut list = String::from("&[\n");
    for folder in &folders {
        list.push_str(&entry(folder));
    }
    list.push_str("]\n");
    fs::write(Path::new(&variable("OUT_DIR")?).join("built_in_connectors.rs"), list)
}

/// One element of the list: the folder's name, the definition, and the icon where there is one.
fn entry(folder: &Path) -> String {
    let definition = folder.join("definition.yaml");
    let icon = folder.join("icon.svg");
    println!("cargo::rerun-if-changed={}", definition.display());
    println!("cargo::rerun-if-changed={}", icon.display());
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let icon = if icon.is_file() {
        format!("Some(include_str!({:?}))", icon.display().to_string())
    } else {
        "None".into()
    };
    let path = definition.display().to_string();
    format!("    BuiltIn {{ folder: {name:?}, definition: include_str!({path:?}), icon: {icon} }},\n")
}

#[expect(clippy::disallowed_methods, reason = "Cargo speaks to build scripts through the environment")]
fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}
