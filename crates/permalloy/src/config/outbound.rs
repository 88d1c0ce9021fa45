//! Section `outbound`: which networks calls to platforms may reach, whom they trust, how long they may take.

use std::time::Duration;

use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::reader::{Reader, network, number, path};
use super::settings::Setting;

#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    /// Networks that may be reached although they are private.
    pub(crate) allow: Vec<IpNet>,
    /// Roots to trust beside the built-in ones.
    pub(crate) extra_roots: Vec<CertificateDer<'static>>,
    /// For one connection, from name look-up to the end of the TLS handshake.
    pub(crate) connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub(crate) idle_timeout: Duration,
    /// Largest answer that is read.
    pub(crate) max_response_bytes: usize,
    /// Calls to one host at the same time; more wait within their own time.
    pub(crate) calls_per_host: usize,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "outbound.allow",
        "PERMALLOY_OUTBOUND_ALLOW",
        "networks such as 10.1.0.0/16 or 127.0.0.1/32",
        "",
        "Private networks that calls to platforms may reach. All other private, loopback, link-local and metadata addresses are refused.",
    )
    .with_flag("--outbound-allow"),
    Setting::new(
        "outbound.ca_file",
        "PERMALLOY_OUTBOUND_CA_FILE",
        "a PEM file with certificates",
        "",
        "Certificate authorities to trust beside the built-in ones.",
    ),
    Setting::new(
        "outbound.connect_timeout_ms",
        "PERMALLOY_OUTBOUND_CONNECT_TIMEOUT_MS",
        "a number from 100 to 60000",
        "10000",
        "Time for one connection to a platform, look-up and TLS included, in milliseconds.",
    ),
    Setting::new(
        "outbound.idle_timeout_seconds",
        "PERMALLOY_OUTBOUND_IDLE_TIMEOUT_SECONDS",
        "a number from 1 to 3600",
        "60",
        "How long an unused connection is kept, in seconds.",
    ),
    Setting::new(
        "outbound.max_response_bytes",
        "PERMALLOY_OUTBOUND_MAX_RESPONSE_BYTES",
        "a number from 1024 to 10485760",
        "10485760",
        "Largest answer of a platform that is read, in bytes.",
    ),
    Setting::new(
        "outbound.calls_per_host",
        "PERMALLOY_OUTBOUND_CALLS_PER_HOST",
        "a number from 1 to 65535",
        "256",
        "Calls to one host at the same time, so that a slow platform harms only the calls to it.",
    ),
];

pub(super) fn read(reader: &mut Reader<'_>) -> Outbound {
    Outbound {
        allow: reader.list("outbound.allow", network),
        extra_roots: extra_roots(reader),
        connect_timeout: Duration::from_millis(
            reader.value("outbound.connect_timeout_ms", number(100..=60_000)),
        ),
        idle_timeout: Duration::from_secs(reader.value("outbound.idle_timeout_seconds", number(1..=3600))),
        max_response_bytes: reader.value("outbound.max_response_bytes", number(1024..=10_485_760)),
        calls_per_host: reader.value("outbound.calls_per_host", number(1..=65_535)),
    }
}

fn extra_roots(reader: &mut Reader<'_>) -> Vec<CertificateDer<'static>> {
    let Some(file) = reader.optional("outbound.ca_file", path) else { return Vec::new() };
    let pem = match reader.source().read(&file) {
        Ok(pem) => pem,
        Err(error) => {
            reader.complain("outbound.ca_file", &format!("a file that can be read ({error})"));
            return Vec::new();
        }
    };
    let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let roots = roots.unwrap_or_default();
    if roots.is_empty() {
        reader.complain("outbound.ca_file", "a PEM file with at least one certificate");
    }
    roots
}
