//! The door: HTTP in, HTTP out. [`routes`] is the route table and the first file to read; this file accepts
//! connections, wraps every request in what all of them get (an id, the Host and Origin check, the panic catcher,
//! common headers, one log line) and hands it to the router. No SQL, no outside call, no connector logic here.

pub(crate) mod answer;
mod api;
pub(crate) mod body;
mod docs;
mod mcp;
pub(crate) mod openapi;
pub(crate) mod query;
pub(crate) mod routes;
mod tls;

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, header},
    response::IntoResponse as _,
};
use futures_util::FutureExt as _;
use hyper::body::{Body as _, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use crate::{
    app::App,
    chance,
    error::{Error, Noun},
    scope::Scope,
    telemetry::{metrics::Surface, request_line::RequestLine},
};

/// How long a client may take to send its request head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long open connections may take to finish when the process is to end.
const DRAIN: Duration = Duration::from_secs(25);

/// What answers requests.
struct Service {
    app: Arc<App>,
    router: Router,
    ids: Ids,
}

/// Request ids: a random beginning for the process and a counter.
struct Ids {
    process: String,
    next: AtomicU64,
}

impl Ids {
    fn next(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut id = String::with_capacity(self.process.len() + 14);
        id.push_str("req_");
        id.push_str(&self.process);
        for place in (0..10).rev() {
            let digit = u8::try_from(number >> (4 * place) & 15).unwrap_or(0);
            id.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
        }
        id
    }
}

/// Accepts connections until `app.tasks.stop`, then lets the open ones finish.
pub(crate) async fn serve(app: Arc<App>, listener: TcpListener) -> anyhow::Result<()> {
    let tls = tls::Acceptor::new(&app)?;
    let service = Arc::new(Service {
        router: router(&app),
        ids: Ids { process: chance::hex(6), next: AtomicU64::new(1) },
        app: Arc::clone(&app),
    });
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = app.tasks.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => accept(&service, &graceful, tls.clone(), stream, peer),
            // Out of file descriptors, most likely: wait for some to close instead of spinning.
            Err(error) => {
                tracing::warn!(error = %error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("closed connections that did not finish in time");
    }
    Ok(())
}

fn accept(
    service: &Arc<Service>,
    graceful: &GracefulShutdown,
    tls: Option<tls::Acceptor>,
    stream: TcpStream,
    peer: SocketAddr,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "cannot set TCP_NODELAY");
    }
    let (service, watcher) = (Arc::clone(service), graceful.watcher());
    let tasks = service.app.tasks.clone();
    tasks.spawn(async move {
        let answering = hyper::service::service_fn({
            let service = Arc::clone(&service);
            move |request| {
                let service = Arc::clone(&service);
                async move { Ok::<_, Infallible>(service.answer(request, peer.ip()).await) }
            }
        });
        let ended = match tls {
            None => watcher.watch(builder(false).serve_connection(TokioIo::new(stream), answering)).await,
            Some(tls) => match tls.accept(stream).await {
                Ok(stream) => {
                    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    watcher.watch(builder(is_http2).serve_connection(TokioIo::new(stream), answering)).await
                }
                Err(error) => return tracing::debug!(error = %error, "TLS handshake failed"),
            },
        };
        if let Err(error) = ended {
            tracing::debug!(error = %error, "connection ended");
        }
    });
}

/// HTTP/1.1 in clear, over TLS what was agreed on (ALPN): so the clock for the request head runs from the first
/// moment, and nobody keeps a connection without sending anything.
fn builder(is_http2: bool) -> auto::Builder<TokioExecutor> {
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut builder = if is_http2 { builder.http2_only() } else { builder.http1_only() };
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Some(Duration::from_mins(1)));
    builder
}

/// The router, made from the route table.
fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for route in routes::table() {
        router = router.route(route.path, route.handler);
    }
    mcp::extra_routes(router).with_state(Arc::clone(app))
}

impl Service {
    async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Response<Body> {
        let begin = Instant::now();
        let is_mcp = request.uri().path().starts_with("/mcp");
        let scope =
            Arc::new(Scope::new(self.ids.next(), self.client_address(peer, request.headers()), is_mcp));
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let request_bytes = request.body().size_hint().lower();
        let metrics = &self.app.telemetry.metrics;
        metrics.request_started();
        let answered = AssertUnwindSafe(self.dispatch(request, &scope)).catch_unwind().await;
        let response = answered
            .unwrap_or_else(|_| Error::internal(anyhow::anyhow!("a handler panicked")).into_response());
        let mut response = answer::finish(response, &scope.request_id);
        common_headers(response.headers_mut(), &uri, &scope);
        let took = begin.elapsed();
        metrics.request_ended();
        metrics.http_request(surface(&uri), response.status().as_u16(), took);
        self.log(&scope, &method, &uri, &response, (request_bytes, took));
        response
    }

    /// Where a request came from: the peer, or where the peer is a trusted proxy, the nearest address in
    /// `X-Forwarded-For` that is not one.
    fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let proxies = &self.app.config.access.trusted_proxies;
        let trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
        if proxies.is_empty() || !trusted(&peer) {
            return peer;
        }
        let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
        let mut nearest = peer;
        for hop in hops.iter().rev() {
            let Ok(address) = hop.trim().parse() else { break };
            nearest = address;
            if !trusted(&address) {
                break;
            }
        }
        nearest
    }

    async fn dispatch(&self, request: Request<Incoming>, scope: &Arc<Scope>) -> Response<Body> {
        let path = request.uri().path();
        let speaks_mcp = path.starts_with("/mcp");
        if (speaks_mcp || path.starts_with("/api/"))
            && let Err(error) = self.app.hosts.check(request.uri(), request.headers())
        {
            return error.into_response();
        }
        let mut request = request.map(Body::new);
        if speaks_mcp && request.method() == Method::POST {
            // The busiest path needs no router.
            return mcp::post(&self.app, scope, request).await;
        }
        request.extensions_mut().insert(Arc::clone(scope));
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    fn log(
        &self,
        scope: &Scope,
        method: &Method,
        uri: &Uri,
        response: &Response<Body>,
        sizes: (u64, Duration),
    ) {
        let (target, tool) = scope.target.get().map_or(("", ""), |target| {
            target.strip_prefix("tools/call ").map_or((target.as_str(), ""), |tool| ("tools/call", tool))
        });
        self.app.telemetry.request_line(&RequestLine {
            at_unix_us: self.app.clock.now().timestamp_micros(),
            request_id: &scope.request_id,
            method: method.as_str(),
            path: uri.path(),
            status: response.status().as_u16(),
            duration_us: u64::try_from(sizes.1.as_micros()).unwrap_or(u64::MAX),
            account: scope.account_id.get().map_or("", |id| id),
            server: scope.server_id.get().map_or("", |id| id),
            user: scope.user_id.get().map_or("", |id| id),
            mcp_method: target,
            mcp_tool: tool,
            request_bytes: sizes.0,
            response_bytes: response.body().size_hint().lower(),
        });
    }
}

fn surface(uri: &Uri) -> Surface {
    let path = uri.path();
    if path.starts_with("/mcp") {
        Surface::Mcp
    } else if path.starts_with("/api/") {
        Surface::Api
    } else {
        Surface::Service
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

fn common_headers(headers: &mut HeaderMap, uri: &Uri, scope: &Scope) {
    if let Ok(id) = HeaderValue::from_str(&scope.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(allowance) = scope.allowance.get() {
        headers.insert(LIMIT, allowance.limit.into());
        headers.insert(REMAINING, allowance.remaining.into());
        headers.insert(RESET, allowance.reset.as_secs().into());
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if surface(uri) != Surface::Service && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The answer to a path that no route has.
pub(crate) async fn unknown_path() -> Error {
    Error::not_found(Noun::Path)
}
