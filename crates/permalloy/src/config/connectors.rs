//! Section `connectors`: further definitions, and what an installation says about a platform.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Secret;
use super::reader::{Reader, path, web_base};
use super::settings::{Secrecy, Setting};

#[derive(Debug, Clone)]
pub(crate) struct Connectors {
    /// A directory of more definitions, laid out as `<id>/definition.yaml`.
    pub(crate) dir: Option<PathBuf>,
    pub(crate) by_id: BTreeMap<String, Connector>,
}

/// What is configured for one connector.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Connector {
    /// Instead of the definition's base URL, without a trailing slash.
    pub(crate) base_url: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<Secret>,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "connectors.dir",
        "PERMALLOY_CONNECTORS_DIR",
        "a directory",
        "",
        "Directory with more connector definitions, laid out as `<id>/definition.yaml`.",
    ),
    Setting::new(
        "connectors.<id>.base_url",
        "PERMALLOY_CONNECTORS_<ID>_BASE_URL",
        "an http or https URL without user, query and fragment",
        "",
        "The platform's address, for self-hosted editions, proxies and tests.",
    ),
    Setting::new(
        "connectors.<id>.client_id",
        "PERMALLOY_CONNECTORS_<ID>_CLIENT_ID",
        "the client id of an OAuth application",
        "",
        "OAuth application for this platform.",
    ),
    Setting::new(
        "connectors.<id>.client_secret",
        "PERMALLOY_CONNECTORS_<ID>_CLIENT_SECRET",
        "the client secret of an OAuth application",
        "",
        "Its secret.",
    )
    .with_secrecy(Secrecy::Whole),
];

pub(super) fn read(reader: &mut Reader<'_>) -> Connectors {
    let dir = reader.optional("connectors.dir", path);
    let mut by_id = BTreeMap::new();
    for id in reader.connector_ids() {
        let key = |name| format!("connectors.{id}.{name}");
        let connector = Connector {
            base_url: reader.optional(&key("base_url"), web_base),
            client_id: reader.optional(&key("client_id"), text),
            client_secret: reader.optional(&key("client_secret"), |value| text(value).map(Secret)),
        };
        by_id.insert(id, connector);
    }
    Connectors { dir, by_id }
}

fn text(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}
