//! Reading the definitions: all of them, in parallel, with every problem of every file.

use std::{
    fmt::Write as _,
    fs, io,
    path::Path,
    sync::{Arc, OnceLock},
    thread,
};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use connector::{BaseUrl, Connector, Problem};

use super::{Catalogue, Entry};
use crate::config::connectors::Connectors;

/// The largest icon of `connectors.dir` that is read, in bytes.
const MAX_ICON_BYTES: usize = 64 * 1024;

/// A folder of `connectors/`, as it was when the program was built.
struct BuiltIn {
    folder: &'static str,
    definition: &'static str,
    icon: Option<&'static str>,
}

const BUILT_IN: &[BuiltIn] = include!(concat!(env!("OUT_DIR"), "/built_in_connectors.rs"));

/// A definition to be read.
struct Text {
    /// For messages: a path, or the built-in folder.
    file: String,
    folder: String,
    definition: String,
    icon: Option<String>,
}

impl Catalogue {
    /// Reads the built-in definitions and those of `connectors.dir`; one of the latter takes the place of a
    /// built-in one with the same id.
    ///
    /// # Errors
    /// Every problem of every file with its line and path, and every configured address that cannot be used.
    pub(crate) fn load(config: &Connectors) -> anyhow::Result<Self> {
        let mut problems = String::new();
        let own = match &config.dir {
            Some(dir) => read_folder(dir)?,
            None => Vec::new(),
        };
        let built_in =
            BUILT_IN.iter().filter(|built_in| own.iter().all(|text| text.folder != built_in.folder));
        let mut texts: Vec<Text> = built_in.map(Text::from).collect();
        texts.extend(own);
        let mut connectors: Vec<(Text, Connector)> = Vec::with_capacity(texts.len());
        for (text, parsed) in parse_all(texts) {
            match parsed {
                Ok(connector) if connector.id() == text.folder => connectors.push((text, connector)),
                Ok(connector) => {
                    let id = connector.id();
                    writeln!(problems, "{}: /id: {id:?} is not the folder's name", text.file)?;
                }
                Err(found) => {
                    for problem in found {
                        writeln!(problems, "{}: {problem}", text.file)?;
                    }
                }
            }
        }
        let mut entries = Vec::with_capacity(connectors.len());
        for (text, connector) in connectors {
            let written =
                config.by_id.get(connector.id()).and_then(|configured| configured.base_url.as_deref());
            match written.map(BaseUrl::parse).transpose() {
                Ok(base_url) => {
                    let icon = text.icon.as_deref().map(data_url);
                    entries.push(Arc::new(Entry::new(connector, base_url, icon)));
                }
                Err(error) => writeln!(problems, "connectors.{}.base_url: {error}", connector.id())?,
            }
        }
        anyhow::ensure!(
            problems.is_empty(),
            "the connector definitions have problems:\n{}",
            problems.trim_end()
        );
        for id in config.by_id.keys().filter(|id| entries.iter().all(|entry| *entry.id != ***id)) {
            tracing::warn!(connector.id = id, "a connector is configured that does not exist");
        }
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        let by_id = entries.iter().enumerate().map(|(place, entry)| (Arc::clone(&entry.id), place)).collect();
        Ok(Self { entries, by_id, index: OnceLock::new() })
    }
}

impl From<&BuiltIn> for Text {
    fn from(built_in: &BuiltIn) -> Self {
        Self {
            file: format!("built-in connector {}", built_in.folder),
            folder: built_in.folder.to_owned(),
            definition: built_in.definition.to_owned(),
            icon: built_in.icon.map(str::to_owned),
        }
    }
}

/// Parses with as many threads as help; the order stays.
fn parse_all(texts: Vec<Text>) -> Vec<(Text, Result<Connector, Vec<Problem>>)> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(texts.len()).max(1);
    let parse = |text: &Text| Connector::parse(&text.definition);
    let mut parsed: Vec<Option<Result<Connector, Vec<Problem>>>> = texts.iter().map(|_| None).collect();
    let per_thread = texts.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        for (texts, places) in texts.chunks(per_thread).zip(parsed.chunks_mut(per_thread)) {
            scope.spawn(move || {
                for (text, place) in texts.iter().zip(places) {
                    *place = Some(parse(text));
                }
            });
        }
    });
    let done = |result: Option<_>| result.expect("every place was filled by its thread");
    texts.into_iter().zip(parsed.into_iter().map(done)).collect()
}

/// `<id>/definition.yaml` and `<id>/icon.svg` of every folder in `dir`.
fn read_folder(dir: &Path) -> anyhow::Result<Vec<Text>> {
    let listed =
        fs::read_dir(dir).with_context(|| format!("connectors.dir: cannot list {}", dir.display()))?;
    let mut folders = Vec::new();
    for entry in listed {
        folders.push(entry.with_context(|| format!("connectors.dir: cannot list {}", dir.display()))?.path());
    }
    folders.sort();
    let mut texts = Vec::new();
    for folder in folders {
        let path = folder.join("definition.yaml");
        let definition = match fs::read_to_string(&path) {
            Ok(definition) => definition,
            // A file, or a folder of something else.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                continue;
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let icon =
            fs::read_to_string(folder.join("icon.svg")).ok().filter(|icon| icon.len() <= MAX_ICON_BYTES);
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        texts.push(Text { file: path.display().to_string(), folder: name, definition, icon });
    }
    Ok(texts)
}

/// A data URL of an SVG image (RFC 2397).
fn data_url(svg: &str) -> String {
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg))
}
