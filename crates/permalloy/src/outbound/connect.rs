//! Makes connections: resolves a name, refuses addresses that are not allowed, connects to one that was checked
//! (never to a name, so a second look-up cannot change it), speaks TLS with ALPN.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use hyper::http::Uri;
use hyper::http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::address::AddressRule;
use super::failure::Kind;
use crate::config;

/// Cheap to clone; the client clones it for every connection.
#[derive(Clone)]
pub(super) struct Connector {
    shared: Arc<Shared>,
}

struct Shared {
    rule: AddressRule,
    tls: TlsConnector,
    timeout: Duration,
}

/// A connection, plain or secure.
pub(super) enum Stream {
    Plain(TokioIo<TcpStream>),
    Secure(Box<TokioIo<TlsStream<TcpStream>>>),
}

#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("no host to connect to")]
    NoHost,
    #[error("the name does not resolve")]
    Resolve(#[source] io::Error),
    #[error("every address is refused by the address rule")]
    Refused,
    #[error("no address accepts a connection")]
    Connect(#[source] io::Error),
    #[error("no TLS")]
    Tls(#[source] io::Error),
    #[error("no connection in time")]
    Timeout,
}

/// How long one address may keep the next from being tried (RFC 8305, section 5).
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);
/// A name with more addresses than this is not helped by trying them all.
const MAX_ADDRESSES: usize = 8;

impl Connector {
    pub(super) fn new(config: &config::outbound::Outbound) -> Result<Connector, rustls::Error> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in &config.extra_roots {
            roots.add(root.clone())?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let rule = AddressRule::new(config.allow.clone());
        let shared = Shared { rule, tls: TlsConnector::from(Arc::new(tls)), timeout: config.connect_timeout };
        Ok(Connector { shared: Arc::new(shared) })
    }
}

impl tower::Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let connecting = connect(&shared, &url);
            tokio::time::timeout(shared.timeout, connecting).await.unwrap_or(Err(ConnectError::Timeout))
        })
    }
}

async fn connect(shared: &Shared, url: &Uri) -> Result<Stream, ConnectError> {
    let secure = url.scheme() == Some(&Scheme::HTTPS);
    let host = url.host().ok_or(ConnectError::NoHost)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let addresses = allowed_addresses(&shared.rule, host, port).await?;
    let tcp = first_to_accept(&addresses).await.map_err(ConnectError::Connect)?;
    tcp.set_nodelay(true).map_err(ConnectError::Connect)?;
    if !secure {
        return Ok(Stream::Plain(TokioIo::new(tcp)));
    }
    let name =
        ServerName::try_from(host.to_owned()).map_err(|error| ConnectError::Tls(io::Error::other(error)))?;
    let tls = shared.tls.connect(name, tcp).await.map_err(ConnectError::Tls)?;
    Ok(Stream::Secure(Box::new(TokioIo::new(tls))))
}

/// The addresses of a name (or the one of a literal, in whatever spelling the resolver reads) that may be reached.
async fn allowed_addresses(
    rule: &AddressRule,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, ConnectError> {
    let resolved = tokio::net::lookup_host((host, port)).await.map_err(ConnectError::Resolve)?;
    let allowed: Vec<SocketAddr> =
        resolved.filter(|address| rule.allows(address.ip())).take(MAX_ADDRESSES).collect();
    if allowed.is_empty() { Err(ConnectError::Refused) } else { Ok(allowed) }
}

/// The first connection that is accepted. The next address is tried when one fails or hesitates.
async fn first_to_accept(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut waiting = addresses.iter();
    let mut connecting = FuturesUnordered::new();
    loop {
        if let Some(address) = waiting.next() {
            connecting.push(TcpStream::connect(*address));
        } else if connecting.is_empty() {
            return Err(failure);
        }
        let hesitation = async {
            if waiting.len() == 0 {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(NEXT_ADDRESS_AFTER).await;
        };
        tokio::select! {
            outcome = connecting.next() => match outcome {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => failure = error,
                None => {}
            },
            () = hesitation => {}
        }
    }
}

impl ConnectError {
    pub(super) fn kind(&self) -> Kind {
        match self {
            ConnectError::NoHost => Kind::InvalidUrl,
            ConnectError::Refused => Kind::Refused,
            ConnectError::Resolve(_) | ConnectError::Connect(_) => Kind::Connect,
            ConnectError::Tls(_) => Kind::Tls,
            ConnectError::Timeout => Kind::Timeout,
        }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Stream::Secure(tls) if tls.inner().get_ref().1.alpn_protocol() == Some(b"h2") => {
                Connected::new().negotiated_h2()
            }
            Stream::Secure(_) | Stream::Plain(_) => Connected::new(),
        }
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(io) => Pin::new(io).poll_read(context, buffer),
            Stream::Secure(io) => Pin::new(io.as_mut()).poll_read(context, buffer),
        }
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(io) => Pin::new(io).poll_write(context, bytes),
            Stream::Secure(io) => Pin::new(io.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(io) => Pin::new(io).poll_flush(context),
            Stream::Secure(io) => Pin::new(io.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(io) => Pin::new(io).poll_shutdown(context),
            Stream::Secure(io) => Pin::new(io.as_mut()).poll_shutdown(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(io) => io.is_write_vectored(),
            Stream::Secure(io) => io.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(io) => Pin::new(io).poll_write_vectored(context, buffers),
            Stream::Secure(io) => Pin::new(io.as_mut()).poll_write_vectored(context, buffers),
        }
    }
}
