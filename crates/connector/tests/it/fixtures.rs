//! Every fixture of every connector, run through the engine. Adding a connector adds no Rust.

use std::fs;
use std::path::{Path, PathBuf};

use connector::{Connector, check_fixture};

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors");
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn load(folder: &Path) -> Result<Connector, Vec<String>> {
    let text = fs::read_to_string(folder.join("definition.yaml")).map_err(|error| vec![error.to_string()])?;
    Connector::parse(&text).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_definition_loads_and_its_folder_is_complete() {
    let mut wrong = Vec::new();
    for folder in folders() {
        match load(&folder) {
            Ok(connector) if connector.id() != name(&folder) => {
                wrong.push(format!("{}: another id", name(&folder)));
            }
            Ok(_) => {}
            Err(problems) => {
                wrong.extend(problems.into_iter().map(|problem| format!("{}: {problem}", name(&folder))));
            }
        }
        if !folder.join("icon.svg").is_file() {
            wrong.push(format!("{}: no icon.svg", name(&folder)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fixture_holds() {
    let mut wrong = Vec::new();
    for folder in folders() {
        let Ok(connector) = load(&folder) else { continue };
        let fixtures =
            fs::read_dir(folder.join("fixtures")).into_iter().flatten().map(|entry| entry.unwrap().path());
        let mut count = 0;
        for fixture in fixtures.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")) {
            count += 1;
            if let Err(different) = check_fixture(&connector, &fs::read_to_string(&fixture).unwrap()) {
                let place = format!("{}/{}", name(&folder), name(&fixture));
                wrong.extend(different.into_iter().map(|sentence| format!("{place}: {sentence}")));
            }
        }
        if count < 3 {
            wrong.push(format!("{}: {count} fixtures, at least three are wanted", name(&folder)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
