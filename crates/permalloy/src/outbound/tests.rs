//! The client against real sockets on loopback, and the rules as tables.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::address::AddressRule;
use super::*;

/// A platform that answers each request with the next of its answers, byte for byte.
struct Platform {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<String>,
}

#[derive(Clone)]
enum Answer {
    Keep(String),
    Close(String),
    /// Says this much and then nothing.
    Stall(String),
}

impl Platform {
    async fn start(answers: impl IntoIterator<Item = Answer>) -> Platform {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let answers = Arc::new(Mutex::new(answers.into_iter().collect::<Vec<_>>().into_iter()));
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&seen);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                connections.spawn(serve(stream, Arc::clone(&shared), Arc::clone(&answers)));
            }
        });
        Platform { address, seen, _tasks: tasks }
    }

    fn url(&self, path: &str) -> Uri {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }

    fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: Arc<Mutex<Seen>>,
    answers: Arc<Mutex<std::vec::IntoIter<Answer>>>,
) {
    while let Some(request) = read_request(&mut stream).await {
        seen.lock().unwrap().requests.push(request);
        let answer = answers.lock().unwrap().next();
        match answer {
            Some(Answer::Keep(text)) => stream.write_all(text.as_bytes()).await.unwrap(),
            Some(Answer::Close(text)) => return stream.write_all(text.as_bytes()).await.unwrap(),
            Some(Answer::Stall(text)) => {
                stream.write_all(text.as_bytes()).await.unwrap();
                std::future::pending::<()>().await;
            }
            None => return,
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut text = String::new();
    let mut piece = [0; 4096];
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        text.push_str(std::str::from_utf8(piece.get(..count)?).ok()?);
    }
}

fn answer(status: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    Answer::Keep(format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}"))
}

fn ok(body: &str) -> Answer {
    answer("200 OK", "", body)
}

fn configured(allow: &[&str]) -> config::outbound::Outbound {
    config::outbound::Outbound {
        allow: allow.iter().map(|network| network.parse().unwrap()).collect(),
        extra_roots: Vec::new(),
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_mins(1),
        max_response_bytes: 64 * 1024,
        calls_per_host: 8,
    }
}

fn client() -> Outbound {
    Outbound::seeded(&configured(&["127.0.0.1/32"]), 7).unwrap()
}

fn get(url: Uri) -> Call {
    Call { idempotent: true, timeout: Duration::from_secs(10), ..Call::new(Method::GET, url) }
}

fn post(url: Uri, body: &'static str) -> Call {
    Call { body: Bytes::from_static(body.as_bytes()), idempotent: false, method: Method::POST, ..get(url) }
}

async fn failure_of(outbound: &Outbound, call: Call) -> Failure {
    outbound.send(call).await.map(|response| response.status).unwrap_err()
}

#[test]
fn only_public_addresses_are_reached() {
    let rule = AddressRule::new(Vec::new());
    let refused = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.0.1 \
        168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 \
        192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 \
        240.0.0.1 255.255.255.255 \
        :: ::1 ::2 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 \
        ::ffff:0:10.0.0.1 64:ff9b::10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::808:808 100::1 \
        2001::1 2001:0:808:808:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 \
        2002:c0a8:101:: 2002:a9fe:a9fe:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1 febf::1 \
        fec0::1 ff02::1 ff0e::1 2606:4700::5efe:10.0.0.1 2606:4700::200:5efe:192.168.0.1";
    let reached = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 168.63.129.17 172.15.0.1 172.32.0.1 192.0.1.1 \
        192.167.1.1 198.17.1.1 198.20.0.1 203.0.114.1 223.255.255.255 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 \
        2001:4860:4860::8888 2002:808:808::1 2606:4700::1111 2a00:1450::1";
    let judged = |text: &str, expected: bool| {
        let wrong = text.split_whitespace().filter(|text| rule.allows(text.parse().unwrap()) != expected);
        wrong.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(judged(refused, false), Vec::<String>::new());
    assert_eq!(judged(reached, true), Vec::<String>::new());
}

#[test]
fn an_allowed_network_is_reached_in_every_spelling_and_nothing_beside_it() {
    let rule = AddressRule::new(vec!["10.1.0.0/16".parse().unwrap(), "fd00::/64".parse().unwrap()]);
    let allows = |text: &str| rule.allows(text.parse::<IpAddr>().unwrap());
    assert!(allows("10.1.2.3") && allows("::ffff:10.1.2.3") && allows("fd00::1"));
    assert!(
        !allows("10.2.0.1") && !allows("fd01::1") && !allows("127.0.0.1") && !allows("64:ff9b::10.1.2.3")
    );
}

#[tokio::test]
async fn a_loopback_platform_is_refused_in_every_spelling_and_never_reached() {
    let platform = Platform::start([ok("{}")]).await;
    let outbound = Outbound::seeded(&configured(&[]), 7).unwrap();
    let port = platform.address.port();
    for host in
        ["127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "0"]
    {
        let url = format!("http://{host}:{port}/").parse().unwrap();
        let failure = failure_of(&outbound, get(url)).await;
        assert_eq!(failure, Failure { kind: Kind::Refused, attempts: 1, reached: false }, "{host}");
    }
    assert_eq!(platform.connections(), 0);
}

#[tokio::test]
async fn a_name_is_judged_by_the_address_it_leads_to() {
    let platform = Platform::start([ok("{}")]).await;
    let url: Uri = format!("http://localhost:{}/", platform.address.port()).parse().unwrap();
    assert!(client().send(get(url.clone())).await.is_ok());
    let elsewhere = Outbound::seeded(&configured(&["10.0.0.0/8"]), 7).unwrap();
    assert_eq!(failure_of(&elsewhere, get(url)).await.kind, Kind::Refused);
}

#[tokio::test]
async fn what_is_no_plain_web_url_is_not_called() {
    for url in
        ["ftp://127.0.0.1/", "http://user:pass@127.0.0.1/", "http://user@127.0.0.1/", "http://:80/", "/path"]
    {
        let failure = failure_of(&client(), get(url.parse().unwrap())).await;
        assert_eq!(failure, Failure { kind: Kind::InvalidUrl, attempts: 0, reached: false }, "{url}");
    }
}

#[tokio::test]
async fn a_call_arrives_as_it_was_made_and_connections_are_reused() {
    let platform = Platform::start([ok("one"), ok("two")]).await;
    let outbound = client();
    let mut call = post(platform.url("/a%20b?q=1"), "{\"x\":1}");
    call.headers.insert("authorization", HeaderValue::from_static("Bearer t"));
    call.headers.insert("host", HeaderValue::from_static("elsewhere"));
    call.headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
    let first = outbound.send(call.clone()).await.unwrap();
    let second = outbound.send(call).await.unwrap();
    assert_eq!((first.status, first.body.as_ref(), first.attempts), (StatusCode::OK, b"one".as_ref(), 1));
    assert_eq!((second.body.as_ref(), platform.connections()), (b"two".as_ref(), 1));
    let request = platform.requests().swap_remove(0);
    assert!(request.starts_with("POST /a%20b?q=1 HTTP/1.1\r\n"), "{request}");
    for part in ["authorization: Bearer t\r\n", "accept-encoding: identity\r\n", "user-agent: permalloy/"] {
        assert!(request.contains(part), "{request}");
    }
    assert!(request.contains(&format!("host: {}\r\n", platform.address)), "{request}");
    assert!(!request.contains("elsewhere") && !request.contains("chunked"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"x\":1}"), "{request}");
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed_with_its_method() {
    let moved = |code: &str| answer(code, "location: ../there?p=2#part\r\n", "");
    let platform =
        Platform::start([moved("302 Found"), ok("got"), moved("307 Temporary"), ok("posted")]).await;
    let outbound = client();
    let got = outbound.send(get(platform.url("/x/here"))).await.unwrap();
    let posted = outbound.send(post(platform.url("/x/here"), "body")).await.unwrap();
    assert_eq!(
        (got.body.as_ref(), got.attempts, posted.body.as_ref()),
        (b"got".as_ref(), 1, b"posted".as_ref())
    );
    let requests = platform.requests();
    assert!(requests[1].starts_with("GET /there?p=2 HTTP/1.1\r\n"), "{requests:?}");
    let repeated = &requests[3];
    assert!(repeated.starts_with("POST /there?p=2 ") && repeated.ends_with("body"), "{requests:?}");
}

#[tokio::test]
async fn a_redirect_that_leaves_the_origin_or_changes_the_method_is_not_followed() {
    let elsewhere = Platform::start([ok("secret")]).await;
    let other_port = format!("http://{}/", elsewhere.address);
    let targets = [
        other_port.as_str(),
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/",
        "//example.com/",
        "http://user@127.0.0.1/",
        "file:///etc/passwd",
        "http://[broken",
    ];
    for target in targets {
        let moved = answer("302 Found", &format!("location: {target}\r\n"), "");
        let platform = Platform::start([moved]).await;
        let failure = failure_of(&client(), get(platform.url("/"))).await;
        assert_eq!(failure, Failure { kind: Kind::Redirect, attempts: 1, reached: true }, "{target}");
    }
    assert_eq!(elsewhere.connections(), 0);
    let platform = Platform::start([answer("303 See Other", "location: /done\r\n", "")]).await;
    assert_eq!(failure_of(&client(), post(platform.url("/"), "x")).await.kind, Kind::Redirect);
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let platform = Platform::start(vec![answer("301 Moved", "location: /\r\n", ""); 9]).await;
    assert_eq!(failure_of(&client(), get(platform.url("/"))).await.kind, Kind::Redirect);
    assert_eq!(platform.requests().len(), 4);
}

#[tokio::test]
async fn an_answer_without_a_place_to_go_is_an_answer() {
    let platform = Platform::start([answer("304 Not Modified", "", ""), answer("302 Found", "", "")]).await;
    let outbound = client();
    for status in [304, 302] {
        assert_eq!(outbound.send(get(platform.url("/"))).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn a_slow_body_ends_with_the_time() {
    let platform =
        Platform::start([Answer::Stall("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc".into())]).await;
    let call = Call { timeout: Duration::from_millis(100), ..post(platform.url("/"), "x") };
    let failure = failure_of(&client(), call).await;
    assert_eq!(failure, Failure { kind: Kind::Timeout, attempts: 1, reached: true });
}

#[tokio::test]
async fn a_silent_platform_ends_with_the_time() {
    let platform = Platform::start([Answer::Stall(String::new())]).await;
    let call = Call { timeout: Duration::from_millis(100), ..get(platform.url("/")) };
    assert_eq!(
        failure_of(&client(), call).await,
        Failure { kind: Kind::Timeout, attempts: 1, reached: true }
    );
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read_whether_it_says_so_or_not() {
    let large = "x".repeat(70_000);
    let chunk = format!("{:x}\r\n{}\r\n", 30_000, "x".repeat(30_000));
    let chunked =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{chunk}{chunk}0\r\n\r\n");
    for answer in
        [ok(&large), Answer::Keep(chunked), Answer::Close(format!("HTTP/1.1 200 OK\r\n\r\n{large}"))]
    {
        let platform = Platform::start([answer]).await;
        let failure = failure_of(&client(), get(platform.url("/"))).await;
        assert_eq!(failure, Failure { kind: Kind::TooLarge, attempts: 1, reached: true });
    }
    let platform = Platform::start([ok("12345")]).await;
    let call = Call { max_response_bytes: 4, ..get(platform.url("/")) };
    assert_eq!(failure_of(&client(), call).await.kind, Kind::TooLarge);
}

#[tokio::test]
async fn an_answer_in_many_pieces_is_whole() {
    let chunk = format!("{:x}\r\n{}\r\n", 20_000, "x".repeat(20_000));
    let chunked =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{chunk}{chunk}0\r\n\r\n");
    let platform = Platform::start([Answer::Keep(chunked), ok(&"y".repeat(60_000)), ok("")]).await;
    let outbound = client();
    for (expected, letter) in [(60_000, b'x'), (60_000, b'y'), (0, b'z')] {
        let body = outbound.send(get(platform.url("/"))).await.unwrap().body;
        assert_eq!((body.len(), body.iter().all(|byte| *byte == letter)), (expected, true));
    }
}

#[tokio::test]
async fn what_may_be_repeated_is_repeated_three_times_at_most() {
    let busy = || answer("503 Unavailable", "", "");
    let platform =
        Platform::start([busy(), answer("429 Slow down", "retry-after: 0\r\n", ""), ok("at last")]).await;
    let response = client().send(get(platform.url("/"))).await.unwrap();
    assert_eq!((response.body.as_ref(), response.attempts), (b"at last".as_ref(), 3));
    let platform = Platform::start([busy(), busy(), busy(), ok("never")]).await;
    let response = client().send(get(platform.url("/"))).await.unwrap();
    assert_eq!((response.status.as_u16(), response.attempts, platform.requests().len()), (503, 3, 3));
}

#[tokio::test]
async fn what_may_not_be_repeated_is_sent_once() {
    for failing in [answer("503 Unavailable", "", ""), answer("429 Slow down", "", "")] {
        let platform = Platform::start([failing, ok("never")]).await;
        let response = client().send(post(platform.url("/"), "x")).await.unwrap();
        assert_eq!((response.status.is_success(), response.attempts), (false, 1));
        assert_eq!(platform.requests().len(), 1);
    }
    let platform = Platform::start([Answer::Close(String::new()), ok("never")]).await;
    let failure = failure_of(&client(), post(platform.url("/"), "x")).await;
    assert_eq!(failure, Failure { kind: Kind::Closed, attempts: 1, reached: true });
    assert_eq!(platform.requests().len(), 1);
}

#[tokio::test]
async fn other_failures_of_the_platform_are_answers() {
    let platform = Platform::start([answer("500 Oops", "", "no"), ok("never")]).await;
    let response = client().send(get(platform.url("/"))).await.unwrap();
    assert_eq!(
        (response.status.as_u16(), response.body.as_ref(), response.attempts),
        (500, b"no".as_ref(), 1)
    );
}

#[tokio::test]
async fn a_connection_closed_amid_the_answer_is_tried_again_when_that_is_safe() {
    let cut = || Answer::Close("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc".into());
    let platform = Platform::start([cut(), ok("whole")]).await;
    let response = client().send(get(platform.url("/"))).await.unwrap();
    assert_eq!((response.body.as_ref(), response.attempts), (b"whole".as_ref(), 2));
    let platform = Platform::start([cut(), ok("never")]).await;
    let failure = failure_of(&client(), post(platform.url("/"), "x")).await;
    assert_eq!(failure, Failure { kind: Kind::Closed, attempts: 1, reached: true });
}

#[tokio::test]
async fn a_platform_that_is_not_there_was_not_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Uri = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let failure = failure_of(&client(), get(url.clone())).await;
    assert_eq!(failure, Failure { kind: Kind::Connect, attempts: 3, reached: false });
    let failure = failure_of(&client(), post(url, "x")).await;
    assert_eq!(failure, Failure { kind: Kind::Connect, attempts: 1, reached: false });
}

#[tokio::test]
async fn a_wait_that_does_not_fit_into_the_time_is_not_begun() {
    let platform = Platform::start([answer("429 Slow down", "retry-after: 60\r\n", "later")]).await;
    let response = client().send(get(platform.url("/"))).await.unwrap();
    assert_eq!(
        (response.status.as_u16(), response.body.as_ref(), response.attempts),
        (429, b"later".as_ref(), 1)
    );
}

#[tokio::test]
async fn what_is_not_http_is_a_failure_of_the_protocol() {
    let platform = Platform::start([Answer::Keep("SSH-2.0-OpenSSH_9.9\r\n\r\n".into())]).await;
    assert_eq!(failure_of(&client(), get(platform.url("/"))).await.kind, Kind::Protocol);
}

#[tokio::test]
async fn a_platform_without_tls_gets_nothing_over_https() {
    let platform = Platform::start([Answer::Keep("HTTP/1.1 400 Bad Request\r\n\r\n".into())]).await;
    let url = format!("https://{}/", platform.address).parse().unwrap();
    let mut call = post(url, "x");
    call.timeout = Duration::from_millis(500);
    let failure = failure_of(&client(), call).await;
    assert!(matches!(failure.kind, Kind::Tls | Kind::Timeout), "{failure:?}");
    assert_eq!(platform.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_slow_platform_keeps_no_other_call_from_its_platform() {
    let slow = Platform::start(vec![Answer::Stall(String::new()); 2]).await;
    let quick = Platform::start([ok("quick")]).await;
    let mut config = configured(&["127.0.0.1/32"]);
    config.calls_per_host = 1;
    let outbound = Outbound::seeded(&config, 7).unwrap();
    let call = |timeout| Call { timeout: Duration::from_millis(timeout), ..get(slow.url("/")) };
    let (first, second, third) =
        tokio::join!(outbound.send(call(300)), outbound.send(call(100)), outbound.send(get(quick.url("/"))));
    assert!(first.unwrap_err().reached);
    assert_eq!(second.unwrap_err(), Failure { kind: Kind::Timeout, attempts: 0, reached: false });
    assert_eq!(third.unwrap().body.as_ref(), b"quick");
}

#[test]
fn delays_grow_are_spread_and_follow_the_platform() {
    let jitter = Jitter::new(1);
    for (attempts, low, high) in [(1, 100, 200), (2, 200, 400), (3, 400, 800)] {
        for _ in 0..50 {
            let delay = jitter.delay(attempts, None).as_millis();
            assert!((low..=high).contains(&delay), "{attempts}: {delay}");
        }
    }
    let asked = |pairs: &[(&'static str, &'static str)]| {
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        jitter.delay(1, Some(&headers.collect())).as_secs()
    };
    assert_eq!(asked(&[("retry-after", "7")]), 7);
    let later = ("retry-after", "Sun, 06 Nov 1994 08:50:00 GMT");
    assert_eq!(asked(&[("date", "Sun, 06 Nov 1994 08:49:37 GMT"), later]), 23);
    assert_eq!(asked(&[later]), 0);
    assert_eq!(asked(&[("retry-after", "-5")]), 0);
}

#[test]
fn a_failure_says_nothing_of_addresses() {
    let failure = Failure { kind: Kind::Refused, attempts: 1, reached: false };
    assert_eq!(failure.to_string(), "the platform's address is not allowed for outgoing calls");
}
