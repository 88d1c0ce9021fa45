//! Section `server`: where we listen, what we are called from outside, where state is kept.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::reader::{Reader, path, web_base};
use super::settings::Setting;

#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// Port 0 means any free one.
    pub(crate) listen: SocketAddr,
    /// What was configured, without a trailing slash; `base_url` also covers the default.
    pub(crate) public_url: Option<String>,
    pub(crate) data_dir: PathBuf,
    pub(crate) tls: Option<Tls>,
}

/// PEM files for HTTPS.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "server.listen",
        "PERMALLOY_LISTEN",
        "an address and port such as 127.0.0.1:3000, [::]:3000 or localhost:3000",
        "127.0.0.1:3000",
        "Address and port to listen on. Port 0 takes any free one.",
    )
    .with_flag("--listen"),
    Setting::new(
        "server.public_url",
        "PERMALLOY_PUBLIC_URL",
        "an http or https URL without user, query and fragment",
        "http://{server.listen}",
        "Under what URL clients reach this installation. It stands in every URL that is handed out; the `Host` of a request never does.",
    )
    .with_flag("--public-url"),
    Setting::new(
        "server.data_dir",
        "PERMALLOY_DATA_DIR",
        "a directory",
        "permalloy-data",
        "Where the embedded database and the vault's key are kept.",
    )
    .with_flag("--data-dir"),
    Setting::new(
        "server.tls_certificate",
        "PERMALLOY_SERVER_TLS_CERTIFICATE",
        "a PEM file, together with server.tls_key",
        "",
        "Certificate chain for HTTPS. Without it the server speaks HTTP, for use behind a proxy.",
    ),
    Setting::new(
        "server.tls_key",
        "PERMALLOY_SERVER_TLS_KEY",
        "a PEM file, together with server.tls_certificate",
        "",
        "Private key of the certificate.",
    ),
];

pub(super) fn read(reader: &mut Reader<'_>) -> Server {
    let listen = reader.value("server.listen", listen_address);
    let certificate = reader.optional("server.tls_certificate", path);
    let key = reader.optional("server.tls_key", path);
    let tls = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
        (None, None) => None,
        (Some(_), None) => {
            reader.complain("server.tls_key", "a PEM file, because server.tls_certificate is set");
            None
        }
        (None, Some(_)) => {
            reader.complain("server.tls_certificate", "a PEM file, because server.tls_key is set");
            None
        }
    };
    let server = Server {
        listen,
        public_url: reader.optional("server.public_url", web_base),
        data_dir: reader.value("server.data_dir", path),
        tls,
    };
    reader.computed("server.public_url", &server.base_url(listen));
    server
}

impl Server {
    /// What stands before `/mcp/…` in the URLs we hand out, without a trailing slash: the configured public
    /// URL, or one made from the address that was really bound.
    pub(crate) fn base_url(&self, bound: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let ip = if bound.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { bound.ip() };
        format!("{scheme}://{}", SocketAddr::new(ip, bound.port()))
    }
}

fn listen_address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port.parse().ok()?)),
        None => text.parse().ok(),
    }
}
