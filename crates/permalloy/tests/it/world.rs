//! The world of the front-door tests: a product that runs, accounts with keys, and how they call. Everything goes
//! through the real binary: over HTTP, or as a command on its host. It must not know what the answers should be.

#![expect(clippy::panic, reason = "what is not a test function here serves one: it fails by panicking")]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, Method, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::exchange::{Begun, begin};
use crate::process::Product;

/// Tests provoke more refusals in a minute than any honest client.
const MANY_FAILURES: (&str, &str) = ("PERMALLOY_LIMITS_FAILED_AUTHENTICATIONS_PER_MINUTE", "100000");
/// The account of a first start.
pub(crate) const DEFAULT: &str = "default";
/// The user whom the key of a first start belongs to.
pub(crate) const FIRST_USER: &str = "admin";

/// `_meta` of a request of 2026-07-28.
const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const STATELESS: &str = "2026-07-28";

/// A product that runs.
pub(crate) struct World {
    pub(crate) product: Product,
}

/// How many notes the platform has, which are more than one answer shows.
pub(crate) const NOTES: usize = 60;

/// Stands in for the platform of the connector `sample`, and counts what reaches it.
pub(crate) struct Platform {
    base_url: String,
    calls: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let notes: Vec<_> = (0..NOTES).map(|number| json!({ "id": format!("note-{number}") })).collect();
        let answer = json!({ "notes": notes, "people": [], "total": NOTES, "n": 1 }).to_string();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let router = Router::new().fallback(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            std::future::ready(([(header::CONTENT_TYPE, "application/json")], answer.clone()))
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.expect("the platform serves") });
        Self { base_url, calls, _tasks: tasks }
    }

    /// How many requests reached it.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// A product whose connector `sample` leads here.
    pub(crate) async fn world(&self) -> World {
        self.world_with(&[]).await
    }

    /// The same with more settings.
    pub(crate) async fn world_with(&self, settings: &[(&str, &str)]) -> World {
        let mut all = vec![
            ("PERMALLOY_CONNECTORS_SAMPLE_BASE_URL", self.base_url.as_str()),
            ("PERMALLOY_OUTBOUND_ALLOW", "127.0.0.1/32"),
        ];
        all.extend_from_slice(settings);
        World::start_with(&all).await
    }
}

/// An API key as `POST /api/keys` and `permalloy key create` answer.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// A server as `POST /api/servers` answers.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Server {
    /// The path that is all a client needs.
    pub(crate) fn path(&self) -> String {
        format!("/mcp/{}/{}", self.id, self.token)
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    /// The body as JSON; `null` where there is none.
    pub(crate) fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    /// The body where the call worked.
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.text);
        self.json()
    }

    /// A response header, empty where it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header of text"))
    }
}

/// One request, as it will stand on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: Method,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let method = method.parse().expect("a method");
        Self { method, target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, secret: &str) -> Self {
        self.header("authorization", &format!("Bearer {secret}"))
    }

    /// A body as it stands, without a media type.
    pub(crate) fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").bytes(body.to_string())
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a product with these settings beside those that every test needs.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let mut all = vec![MANY_FAILURES];
        all.extend_from_slice(settings);
        Self { product: Product::start(&all).await }
    }

    pub(crate) async fn send(&self, call: Call) -> Reply {
        let place = call.target.clone();
        let begun = self.begin(call).await;
        let (head, body) = begun.answer.into_parts();
        let body = body.collect().await.unwrap_or_else(|error| panic!("{place}: {error}")).to_bytes();
        let text = String::from_utf8(body.to_vec()).expect("an answer in UTF-8");
        Reply { status: head.status.as_u16(), headers: head.headers, text }
    }

    /// Sends a request and waits for the head of its answer only.
    pub(crate) async fn begin(&self, call: Call) -> Begun {
        let headers: Vec<_> =
            call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let place = (self.product.authority(), call.target);
        let begun = begin(call.method, (&place.0, &place.1), &headers, call.body).await;
        begun.unwrap_or_else(|error| panic!("{}: {error:#}", place.1))
    }

    /// One call of the management API with this key; `null` is no body.
    pub(crate) async fn manage(&self, key: &Key, method: &str, target: &str, body: &Value) -> Reply {
        let call = Call::new(method, target).bearer(&key.secret);
        self.send(if body.is_null() { call } else { call.json(body) }).await
    }

    /// The key that the first start printed.
    pub(crate) fn first_key(&self) -> Key {
        Key { id: String::new(), secret: self.product.api_key().to_owned() }
    }

    /// Runs a command on the host, and gives back its answer as JSON.
    pub(crate) async fn host(&self, arguments: &[&str]) -> Value {
        let data_dir = self.product.data_dir();
        let output = Command::new(env!("CARGO_BIN_EXE_permalloy"))
            .args(arguments)
            .args([OsStr::new("--json"), OsStr::new("--data-dir"), data_dir.as_os_str()])
            .env_clear()
            .env("HOME", &data_dir)
            .stdin(Stdio::null())
            .output()
            .await
            .expect("the command runs");
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {talk}");
        serde_json::from_slice(&output.stdout).expect("the answer of --json is JSON")
    }

    /// Creates an account on the host, with a key of its first admin; gives back the account's id too.
    pub(crate) async fn account(&self, name: &str) -> (String, Key) {
        let made = self.host(&["account", "create", name]).await;
        (text(&made, "accountId"), self.host_key(name, "admin", FIRST_USER).await)
    }

    /// Makes a key on the host.
    pub(crate) async fn host_key(&self, account: &str, role: &str, user: &str) -> Key {
        let arguments = ["key", "create", "test", "--account", account, "--role", role, "--user", user];
        key(&self.host(&arguments).await)
    }

    /// Makes a key over HTTP.
    pub(crate) async fn key(&self, by: &Key, role: &str, user: &str) -> Key {
        let body = json!({ "name": format!("{role} {user}"), "role": role, "userId": user });
        key(&self.manage(by, "POST", "/api/keys", &body).await.ok())
    }

    /// Makes a server over HTTP, whose rate limit no test reaches unless it says so.
    pub(crate) async fn server(&self, by: &Key, mut wanted: Value) -> Server {
        if wanted.get("rateLimit").is_none() {
            wanted["rateLimit"] = json!({ "requestsPerMinute": 100_000 });
        }
        let made = self.manage(by, "POST", "/api/servers", &wanted).await.ok();
        Server { id: text(&made, "serverId"), token: text(&made, "accessToken") }
    }

    /// Stores a credential for the connector `sample`; gives back its id.
    pub(crate) async fn credential(&self, by: &Key, user: &str) -> String {
        let body = json!({
            "userId": user, "authenticationType": "bearer", "name": format!("of {user}"),
            "data": { "token": concat!("not", "-a-secret") },
        });
        let made = self.manage(by, "POST", "/api/connectors/sample/credentials", &body).await;
        text(&made.ok(), "credentialId")
    }

    /// One MCP request in this era.
    pub(crate) async fn mcp(&self, era: Era, path: &str, method: &str, params: Value) -> Reply {
        self.send(era.call(path, method, params)).await
    }
}

/// The two ways of speaking MCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    Legacy,
    Stateless,
}

impl Era {
    pub(crate) const BOTH: [Self; 2] = [Self::Legacy, Self::Stateless];

    /// The request that a well-behaved client of this era sends.
    pub(crate) fn call(self, path: &str, method: &str, params: Value) -> Call {
        let call = Call::new("POST", path).header("accept", "application/json, text/event-stream");
        let Value::Object(mut params) = params else { panic!("parameters are an object: {params}") };
        let call = match self {
            Self::Legacy => call.header("mcp-protocol-version", "2025-11-25"),
            Self::Stateless => {
                let mut call = call.header("mcp-protocol-version", STATELESS).header("mcp-method", method);
                let named = match method {
                    "tools/call" | "prompts/get" => params.get("name"),
                    "resources/read" => params.get("uri"),
                    _ => None,
                };
                if let Some(named) = named.and_then(Value::as_str) {
                    call = call.header("mcp-name", named);
                }
                let meta = json!({ META_VERSION: STATELESS, META_CAPABILITIES: {} });
                params.insert("_meta".to_owned(), meta);
                call
            }
        };
        call.json(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
    }
}

fn key(made: &Value) -> Key {
    Key { id: text(made, "keyId"), secret: text(made, "key") }
}

/// A member that is a text.
pub(crate) fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("{member} is a text in {value}")).to_owned()
}

/// A value in the place of one query parameter or path segment.
pub(crate) fn escaped(value: &str) -> String {
    value.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a String takes any text");
        }
        escaped
    })
}
