//! The only way out: one HTTP client with address rules, time and size limits, redirects within one origin, and
//! retries where they are safe. Knows nothing of connectors; opens no secret; has no cookies and no proxies.

mod address;
mod body;
mod connect;
pub(crate) mod failure;
mod hosts;
mod redirect;
mod retry;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
    USER_AGENT,
};
use hyper::http::uri::{Authority, Scheme};
use hyper::http::{HeaderMap, Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;

use self::connect::Connector;
use self::failure::{Failure, Kind};
use self::hosts::Hosts;
use self::retry::Jitter;
use crate::{chance, config};

/// The client. One for the process; keeps connections open between calls.
pub(crate) struct Outbound {
    client: Client<Connector, Full<Bytes>>,
    hosts: Hosts,
    jitter: Jitter,
    max_response_bytes: usize,
}

/// How far a call has come, kept outside the work so that a time-out can tell.
#[derive(Debug, Default)]
struct Progress {
    attempts: u32,
    /// An attempt may have reached the platform.
    reached: bool,
    /// The answer was cut off by our own clock while an attempt was on its way.
    in_flight: bool,
}

/// What one attempt leads to.
enum Step {
    Done(Response),
    Redirect(Uri),
    Retry(Duration),
    Fail(Kind),
}

/// One request, as the platform is to see it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Absolute, `http` or `https`, without user and password.
    pub(crate) url: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// For everything: waiting, connecting, every attempt and redirect, and reading the answer.
    pub(crate) timeout: Duration,
    /// Whether doing it twice does no more than doing it once, so that it may be repeated.
    pub(crate) idempotent: bool,
    /// Larger answers fail; the configured limit holds as well.
    pub(crate) max_response_bytes: usize,
}

/// A complete answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Requests sent, redirects not counted.
    pub(crate) attempts: u32,
}

const PRODUCT: HeaderValue = HeaderValue::from_static(concat!("permalloy/", env!("CARGO_PKG_VERSION")));
/// A compressed answer could be a thousand times larger than it looks.
const UNCOMPRESSED: HeaderValue = HeaderValue::from_static("identity");
const MAX_IDLE_PER_HOST: usize = 1024;
const MAX_REDIRECTS: u32 = 3;

impl Outbound {
    /// Fails when a configured certificate authority cannot be used.
    pub(crate) fn new(config: &config::outbound::Outbound) -> Result<Outbound, rustls::Error> {
        let mut seed = [0; 8];
        chance::fill(&mut seed);
        Outbound::seeded(config, u64::from_le_bytes(seed))
    }

    /// `seed` decides how the retries of this process are spread.
    fn seeded(config: &config::outbound::Outbound, seed: u64) -> Result<Outbound, rustls::Error> {
        let connector = Connector::new(config)?;
        #[expect(clippy::disallowed_methods, reason = "the one client of the product")]
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
            .pool_idle_timeout(config.idle_timeout)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .build(connector);
        Ok(Outbound {
            client,
            hosts: Hosts::new(config.calls_per_host),
            jitter: Jitter::new(seed),
            max_response_bytes: config.max_response_bytes,
        })
    }

    /// Sends the call and reads the whole answer. Answers of every status are `Ok`, except redirects that may
    /// not be followed.
    pub(crate) async fn send(&self, call: Call) -> Result<Response, Failure> {
        let mut progress = Progress::default();
        let deadline = Instant::now() + call.timeout;
        let kind = match tokio::time::timeout_at(deadline, self.run(call, deadline, &mut progress)).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(kind)) => kind,
            Err(_elapsed) => Kind::Timeout,
        };
        Err(Failure { kind, attempts: progress.attempts, reached: progress.reached || progress.in_flight })
    }

    async fn run(
        &self,
        mut call: Call,
        deadline: Instant,
        progress: &mut Progress,
    ) -> Result<Response, Kind> {
        let _permit = self.hosts.enter(checked_authority(&call.url)?).await;
        prepare(&mut call.headers);
        let mut redirects = 0;
        loop {
            progress.attempts += u32::from(redirects == 0);
            match self.attempt(&call, deadline, progress).await {
                Step::Done(response) => return Ok(response),
                Step::Redirect(_) if redirects == MAX_REDIRECTS => return Err(Kind::Redirect),
                Step::Redirect(url) => {
                    redirects += 1;
                    call.url = url;
                }
                Step::Retry(delay) => {
                    redirects = 0;
                    tokio::time::sleep(delay).await;
                }
                Step::Fail(kind) => return Err(kind),
            }
        }
    }

    /// One request, and what to do about its outcome.
    async fn attempt(&self, call: &Call, deadline: Instant, progress: &mut Progress) -> Step {
        progress.in_flight = true;
        let outcome = self.client.request(request(call)).await;
        progress.in_flight = false;
        let attempts = progress.attempts;
        let delay = |headers: Option<&HeaderMap>| {
            let delay = self.jitter.delay(attempts, headers);
            let possible = call.idempotent && attempts < retry::MAX_ATTEMPTS;
            (possible && Instant::now() + delay < deadline).then_some(delay)
        };
        let failed = match outcome {
            Ok(answer) => {
                progress.reached = true;
                let (head, incoming) = answer.into_parts();
                match redirect::target(call, head.status, &head.headers) {
                    Ok(None) => {}
                    Ok(Some(url)) => return Step::Redirect(url),
                    Err(kind) => return Step::Fail(kind),
                }
                if retry::is_worth_it(head.status)
                    && let Some(delay) = delay(Some(&head.headers))
                {
                    return Step::Retry(delay);
                }
                match body::read(incoming, self.max_response_bytes.min(call.max_response_bytes)).await {
                    Ok(body) => {
                        let (status, headers) = (head.status, head.headers);
                        return Step::Done(Response { status, headers, body, attempts });
                    }
                    Err(kind) => kind,
                }
            }
            Err(error) => {
                let (kind, reached) = failure::classify(&error);
                progress.reached |= reached;
                failure::log(call.url.host(), &error);
                kind
            }
        };
        match delay(None) {
            Some(delay) if failed.is_of_connection() => Step::Retry(delay),
            Some(_) | None => Step::Fail(failed),
        }
    }
}

/// The request is made anew for each attempt: the client consumes it.
fn request(call: &Call) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(call.body.clone()));
    *request.method_mut() = call.method.clone();
    *request.uri_mut() = call.url.clone();
    *request.headers_mut() = call.headers.clone();
    request
}

impl Call {
    /// A call that reads at most 10 MiB, waits at most 30 seconds, and is not repeated.
    pub(crate) fn new(method: Method, url: Uri) -> Call {
        Call {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: Duration::from_secs(30),
            idempotent: false,
            max_response_bytes: 10 * 1024 * 1024,
        }
    }
}

/// Only `http` and `https` with a plain authority: no user and password, which would be sent or shown somewhere.
fn checked_authority(url: &Uri) -> Result<&Authority, Kind> {
    let web = url.scheme() == Some(&Scheme::HTTPS) || url.scheme() == Some(&Scheme::HTTP);
    url.authority()
        .filter(|authority| web && !authority.as_str().starts_with(':') && !authority.as_str().contains('@'))
        .ok_or(Kind::InvalidUrl)
}

/// Framing and host are ours to say; names of the product and of the only encoding we read are added.
fn prepare(headers: &mut HeaderMap) {
    const OURS: [HeaderName; 5] = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE];
    if headers.keys().any(|name| OURS.contains(name)) {
        for name in OURS {
            headers.remove(name);
        }
    }
    headers.insert(ACCEPT_ENCODING, UNCOMPRESSED);
    headers.entry(USER_AGENT).or_insert(PRODUCT);
}
