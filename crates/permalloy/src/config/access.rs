//! Section `access`: which hosts, origins, redirect URIs and proxies are ours.

use ipnet::IpNet;

use super::reader::{Reader, network, web_origin};
use super::settings::Setting;

#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// Host names, in lower case, without port; beside those of the public URL and the listening address.
    pub(crate) allowed_hosts: Vec<String>,
    /// `scheme://host[:port]`, beside our own.
    pub(crate) allowed_origins: Vec<String>,
    /// Exact URIs, or with a final `*` any that begin so.
    pub(crate) allowed_redirect_uris: Vec<String>,
    /// Whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "access.allowed_hosts",
        "PERMALLOY_ACCESS_ALLOWED_HOSTS",
        "host names without scheme and port",
        "",
        "Further names under which requests may arrive, beside those of the public URL and the listening address. Others get 403.",
    ),
    Setting::new(
        "access.allowed_origins",
        "PERMALLOY_ACCESS_ALLOWED_ORIGINS",
        "origins such as https://app.example.com",
        "",
        "Web origins whose pages may call this server, beside its own. Others get 403.",
    ),
    Setting::new(
        "access.allowed_redirect_uris",
        "PERMALLOY_ACCESS_ALLOWED_REDIRECT_URIS",
        "absolute URIs; a final * stands for any ending",
        "",
        "Where a finished OAuth flow may return to, for accounts without a list of their own.",
    ),
    Setting::new(
        "access.trusted_proxies",
        "PERMALLOY_ACCESS_TRUSTED_PROXIES",
        "networks such as 10.0.0.0/8",
        "",
        "Proxies whose X-Forwarded-For names the client.",
    ),
];

pub(super) fn read(reader: &mut Reader<'_>) -> Access {
    Access {
        allowed_hosts: reader.list("access.allowed_hosts", host),
        allowed_origins: reader.list("access.allowed_origins", web_origin),
        allowed_redirect_uris: reader.list("access.allowed_redirect_uris", redirect_uri),
        trusted_proxies: reader.list("access.trusted_proxies", network),
    }
}

fn host(text: &str) -> Option<String> {
    match url::Host::parse(text).ok()? {
        url::Host::Domain(name) => Some(name),
        ip @ (url::Host::Ipv4(_) | url::Host::Ipv6(_)) => Some(ip.to_string()),
    }
}

/// A star may not stand for a part of the host, so there must be a path before it.
fn redirect_uri(text: &str) -> Option<String> {
    let fixed = text.strip_suffix('*').unwrap_or(text);
    let url = url::Url::parse(fixed).ok()?;
    let bounded =
        fixed.len() == text.len() || fixed.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    (bounded && !fixed.contains('*') && url.fragment().is_none()).then(|| text.to_owned())
}
