//! HTTPS with the configured certificate, read again when its file changes.

use std::{io, path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{app::App, config::server::Tls};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(30);
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Accepts TLS connections with the certificate of the moment.
#[derive(Clone)]
pub(super) struct Acceptor(Arc<ArcSwap<ServerConfig>>);

impl Acceptor {
    /// Nothing when no certificate is configured.
    pub(super) fn new(app: &Arc<App>) -> anyhow::Result<Option<Self>> {
        let Some(tls) = app.config.server.tls.clone() else { return Ok(None) };
        let current = Arc::new(ArcSwap::from_pointee(load(&tls)?));
        let (kept, tasks) = (Arc::clone(&current), app.tasks.clone());
        tasks.clone().spawn(async move {
            let mut seen = modified(&tls);
            loop {
                tokio::select! {
                    () = tasks.stop.cancelled() => return,
                    () = tokio::time::sleep(LOOK) => {}
                }
                let now = modified(&tls);
                if now == seen {
                    continue;
                }
                match load(&tls) {
                    Ok(config) => kept.store(Arc::new(config)),
                    Err(error) => {
                        tracing::error!(
                            error.cause = format!("{error:#}"),
                            "the new certificate is not usable; the old one stays"
                        );
                    }
                }
                seen = now;
            }
        });
        Ok(Some(Self(current)))
    }

    /// Shakes hands.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(self.0.load_full());
        tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await?
    }
}

fn modified(tls: &Tls) -> [Option<std::time::SystemTime>; 2] {
    let of = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    [of(&tls.certificate), of(&tls.key)]
}

fn load(tls: &Tls) -> anyhow::Result<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read the certificate {}", tls.certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key)
        .with_context(|| format!("cannot read the key {}", tls.key.display()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
