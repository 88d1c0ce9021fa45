//! Under which names requests may arrive, and from which web origins: what keeps a page in somebody's browser
//! from reaching this process through DNS rebinding (MCP transports, "Security Warning").

use std::net::IpAddr;

use axum::http::{HeaderMap, Uri, header};

use crate::{config::Config, error::Error};

/// The names and origins that are ours.
pub(crate) struct Hosts {
    names: Vec<String>,
    origins: Vec<String>,
    /// Listening on all addresses of the machine: then any literal address may be the Host.
    any_address: bool,
}

impl Hosts {
    /// From the configured lists, the public URL and the listening address.
    pub(crate) fn new(config: &Config, base_url: &str) -> Self {
        let mut names = config.access.allowed_hosts.clone();
        names.extend(["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()]);
        let listen = config.server.listen.ip();
        names.push(bracketed(listen));
        names.extend(base_url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_lowercase)));
        let mut origins = config.access.allowed_origins.clone();
        if let Some(origin) = origin_of(base_url) {
            origins.push(origin);
        }
        Self { names, origins, any_address: listen.is_unspecified() }
    }

    /// Refuses a request that came under a foreign name or from a foreign web page (403).
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        let host = match headers.get(header::HOST) {
            Some(value) => value.to_str().unwrap_or_default(),
            None => uri.authority().map_or("", |authority| authority.as_str()),
        };
        if !self.admits_host(host) {
            return Err(Error::forbidden(
                "This Host is not served here; add it to access.allowed_hosts if it should be",
            ));
        }
        match headers.get(header::ORIGIN) {
            None => Ok(()),
            Some(origin) if self.admits_origin(origin.to_str().unwrap_or_default()) => Ok(()),
            Some(_) => Err(Error::forbidden(
                "This Origin may not call here; add it to access.allowed_origins if it should",
            )),
        }
    }

    fn admits_host(&self, host: &str) -> bool {
        let name = without_port(host);
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
            || (self.any_address && name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok())
    }

    /// Our own origins on loopback count with any port: they are the same machine.
    fn admits_origin(&self, origin: &str) -> bool {
        if self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin)) {
            return true;
        }
        let Some((_, authority)) = origin.split_once("://") else { return false };
        ["localhost", "127.0.0.1", "[::1]"].contains(&without_port(authority))
    }
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

fn without_port(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or(host);
    }
    host.split(':').next().unwrap_or(host)
}

fn origin_of(base_url: &str) -> Option<String> {
    let uri: Uri = base_url.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Hosts {
        Hosts {
            names: vec!["localhost".into(), "127.0.0.1".into(), "mcp.example.com".into(), "[::1]".into()],
            origins: vec!["https://mcp.example.com".into()],
            any_address: false,
        }
    }

    #[test]
    fn only_our_names_are_hosts() {
        for (host, expected) in [
            ("localhost:3000", true),
            ("LOCALHOST", true),
            ("[::1]:3000", true),
            ("mcp.example.com", true),
            ("evil.example.com", false),
            ("mcp.example.com.evil.test", false),
            ("10.0.0.1", false),
            ("", false),
        ] {
            assert_eq!(ours().admits_host(host), expected, "{host}");
        }
        assert!(Hosts { any_address: true, ..ours() }.admits_host("10.0.0.1:80"));
    }

    #[test]
    fn only_our_origins_may_call() {
        for (origin, expected) in [
            ("https://mcp.example.com", true),
            ("http://mcp.example.com", false),
            ("http://localhost:6274", true),
            ("http://127.0.0.1", true),
            ("http://localhost.evil.test", false),
            ("https://evil.example.com", false),
            ("null", false),
        ] {
            assert_eq!(ours().admits_origin(origin), expected, "{origin}");
        }
    }
}
