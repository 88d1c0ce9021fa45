//! A way to PostgreSQL that can be cut, as if the server had been stopped, or swallow everything, as a broken
//! network does.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use url::Url;

pub(super) struct Proxy {
    address: SocketAddr,
    target: Target,
    flowing: watch::Sender<bool>,
    serving: JoinSet<()>,
}

#[derive(Clone)]
enum Target {
    Socket(String),
    Address(String),
}

impl Proxy {
    /// In front of the server that this URL names.
    pub(super) async fn before(url: &Url) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let folder =
            url.query_pairs().find(|(name, _)| name == "host").map(|(_, folder)| folder.into_owned());
        let port = url.port().unwrap_or(5432);
        let target = match folder {
            Some(folder) if folder.starts_with('/') => Target::Socket(format!("{folder}/.s.PGSQL.{port}")),
            Some(host) => Target::Address(format!("{host}:{port}")),
            None => Target::Address(format!("{}:{port}", url.host_str().unwrap_or("localhost"))),
        };
        let mut serving = JoinSet::new();
        let flowing = watch::Sender::new(true);
        serving.spawn(serve(listener, target.clone(), flowing.subscribe()));
        Self { address, target, flowing, serving }
    }

    /// The same database, through here.
    pub(super) fn url(&self, of: &Url) -> Url {
        let mut url = of.clone();
        let kept: Vec<(String, String)> =
            of.query_pairs().filter(|(name, _)| name != "host").map(|(a, b)| (a.into(), b.into())).collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
        url.set_host(Some(&self.address.ip().to_string())).expect("a host can be set");
        url.set_port(Some(self.address.port())).expect("a port can be set");
        url
    }

    /// Ends every connection and refuses new ones.
    pub(super) async fn cut(&mut self) {
        self.serving.shutdown().await;
    }

    /// Lets connections through again.
    pub(super) async fn restore(&mut self) {
        let listener = loop {
            match TcpListener::bind(self.address).await {
                Ok(listener) => break listener,
                // Another program's passing connection has the port.
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        };
        self.serving.spawn(serve(listener, self.target.clone(), self.flowing.subscribe()));
    }

    /// Lets nothing through any more, while all connections stand and new ones are accepted.
    pub(super) fn freeze(&self) {
        self.flowing.send_replace(false);
    }

    /// Lets through what was held back, and everything after it.
    pub(super) fn thaw(&self) {
        self.flowing.send_replace(true);
    }
}

async fn serve(listener: TcpListener, target: Target, flowing: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        connections.spawn(pipe(stream, target.clone(), flowing.clone()));
    }
}

async fn pipe(stream: TcpStream, target: Target, flowing: watch::Receiver<bool>) {
    match target {
        Target::Socket(path) => couple(stream, UnixStream::connect(path).await, flowing).await,
        Target::Address(address) => couple(stream, TcpStream::connect(address).await, flowing).await,
    }
}

/// Until either side ends.
async fn couple(
    near: TcpStream,
    far: std::io::Result<impl AsyncRead + AsyncWrite>,
    flowing: watch::Receiver<bool>,
) {
    let Ok(far) = far else { return };
    let ((near_read, near_write), (far_read, far_write)) = (split(near), split(far));
    tokio::select! {
        () = copy(near_read, far_write, flowing.clone()) => {}
        () = copy(far_read, near_write, flowing) => {}
    }
}

/// Until it ends; how it ended does not matter here.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut flowing: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 8192];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let part = buffer.get(..length).unwrap_or_default();
        if flowing.wait_for(|flowing| *flowing).await.is_err() || to.write_all(part).await.is_err() {
            return;
        }
    }
}
