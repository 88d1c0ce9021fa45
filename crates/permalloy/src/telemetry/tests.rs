//! Lines as they are written, the queue under pressure, and the page of metrics.

use std::io::Write;
use std::sync::{Condvar, Mutex};

use super::metrics::{Limit, Outcome, Surface};
use super::*;

const LINE: RequestLine<'_> = RequestLine {
    at_unix_us: 1_709_210_096_007_008,
    request_id: "r1",
    method: "POST",
    path: "/mcp/prod-1a2b3c4d/mcp_token_abc?x=1",
    status: 200,
    duration_us: 142,
    account: "acme",
    server: "prod-1a2b3c4d",
    user: "u1",
    mcp_method: "tools/call",
    mcp_tool: "execute_action_alloy",
    request_bytes: 1024,
    response_bytes: 0,
};

fn written(line: &RequestLine<'_>, json: bool) -> String {
    let mut out = Vec::new();
    line.write(&mut out, json);
    String::from_utf8(out).unwrap()
}

fn field(line: &RequestLine<'_>, name: &str) -> serde_json::Value {
    let mut object: serde_json::Value = serde_json::from_str(&written(line, true)).unwrap();
    object.get_mut(name).map(serde_json::Value::take).unwrap_or_default()
}

/// A writer that holds everything up until it is let go.
#[derive(Clone, Default)]
struct Pipe(Arc<Held>);

#[derive(Default)]
struct Held {
    state: Mutex<(bool, Vec<u8>)>,
    opened: Condvar,
}

impl Pipe {
    fn open(&self) {
        self.0.state.lock().unwrap().0 = true;
        self.0.opened.notify_all();
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.state.lock().unwrap().1.clone()).unwrap()
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.opened.wait_while(self.0.state.lock().unwrap(), |state| !state.0).unwrap();
        state.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_request_is_one_line_of_text_or_json() {
    assert_eq!(
        written(&LINE, false),
        "2024-02-29T12:34:56.007008Z  INFO permalloy::request: request http.method=\"POST\" \
         http.path=\"/mcp/prod-1a2b3c4d/***\" http.status=200 duration_us=142 request.id=\"r1\" \
         account.id=\"acme\" server.id=\"prod-1a2b3c4d\" user.id=\"u1\" mcp.method=\"tools/call\" \
         mcp.tool=\"execute_action_alloy\" request.bytes=1024 response.bytes=0\n"
    );
    assert_eq!(
        written(&LINE, true),
        "{\"timestamp\":\"2024-02-29T12:34:56.007008Z\",\"level\":\"INFO\",\"target\":\"permalloy::request\",\
         \"message\":\"request\",\"http.method\":\"POST\",\"http.path\":\"/mcp/prod-1a2b3c4d/***\",\
         \"http.status\":200,\"duration_us\":142,\"request.id\":\"r1\",\"account.id\":\"acme\",\
         \"server.id\":\"prod-1a2b3c4d\",\"user.id\":\"u1\",\"mcp.method\":\"tools/call\",\
         \"mcp.tool\":\"execute_action_alloy\",\"request.bytes\":1024,\"response.bytes\":0}\n"
    );
}

#[test]
fn no_token_stands_in_a_logged_path() {
    let token = concat!("mcp_token_", "x");
    let cases = [
        ("/mcp/s1/anything", "/mcp/s1/***"),
        ("/mcp/s1/anything/more/of/it", "/mcp/s1/***"),
        ("/mcp/s1", "/mcp/s1"),
        ("/base/mcp/s1/anything", "/base/mcp/s1/***"),
        ("/mcp//anything/x", "/mcp//***"),
        ("/mcp", "/mcp"),
        ("/", "/"),
        ("", "/"),
        ("/api/keys/ak_0123", "/api/keys/***"),
        ("/api/servers?key=ak_1", "/api/servers"),
        ("/api/eyJhbGciOi/x", "/api/***/x"),
        ("/health#x", "/health"),
    ];
    for (path, expected) in cases {
        assert_eq!(field(&RequestLine { path, ..LINE }, "http.path"), expected, "{path}");
    }
    let path = format!("/mcp/{token}");
    assert_eq!(field(&RequestLine { path: &path, ..LINE }, "http.path"), "/mcp/***");
}

#[test]
fn no_value_forges_a_line_or_a_field() {
    let user = "a\"}\n{\"level\":\"\\\u{7f}\u{0}ü";
    let line = RequestLine { user, ..LINE };
    assert_eq!(field(&line, "user.id"), user);
    for json in [false, true] {
        assert_eq!(written(&line, json).matches('\n').count(), 1);
    }
    let long = "ü".repeat(1000);
    let kept = field(&RequestLine { user: &long, ..LINE }, "user.id");
    assert_eq!(kept.as_str().unwrap().chars().count(), 128);
    let path = format!("/{}", "/a".repeat(1000));
    assert!(field(&RequestLine { path: &path, ..LINE }, "http.path").as_str().unwrap().len() < 300);
}

#[test]
fn times_are_those_of_the_calendar() {
    for seconds in
        [0, 951_782_399, 951_782_400, 1_709_251_199, 4_107_542_399, 253_402_300_799, -1, -62_135_596_800]
    {
        let at_unix_us = seconds * 1_000_000 + 123_456;
        let expected = chrono::DateTime::from_timestamp_micros(at_unix_us).unwrap();
        let expected = expected.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        assert_eq!(field(&RequestLine { at_unix_us, ..LINE }, "timestamp"), expected);
    }
    for at_unix_us in [i64::MAX, i64::MIN] {
        assert!(written(&RequestLine { at_unix_us, ..LINE }, true).ends_with("}\n"));
    }
}

#[test]
fn numbers_are_written_in_full() {
    for number in [0, 9, 10, 12_345, u64::MAX] {
        assert_eq!(field(&RequestLine { request_bytes: number, ..LINE }, "request.bytes"), number);
    }
}

#[test]
fn a_flush_waits_for_every_line_in_order() {
    let pipe = Pipe::default();
    pipe.open();
    let queue = Queue::start(Box::new(pipe.clone())).unwrap();
    let mut expected = String::new();
    for number in 0..1000 {
        let line = format!("{number}\n");
        expected.push_str(&line);
        queue.add(|buffer| buffer.extend_from_slice(line.as_bytes()));
    }
    queue.flush(Duration::from_secs(10));
    assert_eq!(pipe.text(), expected);
    queue.flush(Duration::from_secs(10));
}

#[test]
fn a_writer_that_hangs_holds_nobody_up_and_what_is_lost_is_counted() {
    let pipe = Pipe::default();
    let queue = Queue::start(Box::new(pipe.clone())).unwrap();
    let line = [b'x'; 1024];
    for _ in 0..20_000 {
        queue.add(|buffer| buffer.extend_from_slice(&line));
    }
    let dropped = queue.dropped();
    assert!((8_000..20_000).contains(&dropped), "{dropped}");
    pipe.open();
    queue.flush(Duration::from_secs(10));
    assert_eq!(pipe.text().len() as u64, (20_000 - dropped) * 1024);
}

#[test]
fn requests_are_logged_only_where_the_filter_lets_them_pass() {
    let pipe = Pipe::default();
    pipe.open();
    let queue = Queue::start(Box::new(pipe.clone())).unwrap();
    Telemetry::new(Arc::clone(&queue), true, false).request_line(&LINE);
    Telemetry::new(Arc::clone(&queue), true, true).request_line(&LINE);
    queue.flush(Duration::from_secs(10));
    assert_eq!(pipe.text(), written(&LINE, true));
}

#[test]
fn metrics_are_counted_under_fixed_labels() {
    let telemetry = Telemetry::silent().unwrap();
    let metrics = &telemetry.metrics;
    metrics.http_request(Surface::Mcp, 200, Duration::from_micros(50));
    metrics.http_request(Surface::Mcp, 200, Duration::from_micros(51));
    metrics.http_request(Surface::Api, 999, Duration::from_secs(100));
    metrics.mcp_request("tools/list", false, Duration::from_micros(10));
    metrics.mcp_request("made/up\"\n", true, Duration::from_micros(10));
    metrics.execution(Outcome::Repeated, Duration::from_millis(1));
    metrics.rate_limited(Limit::Requests);
    metrics.request_started();
    let page = telemetry.render_metrics();
    let lines = [
        "permalloy_http_requests_total{surface=\"mcp\",status=\"2xx\"} 2",
        "permalloy_http_requests_total{surface=\"api\",status=\"5xx\"} 1",
        "permalloy_http_request_seconds_bucket{surface=\"mcp\",le=\"0.000050\"} 1",
        "permalloy_http_request_seconds_bucket{surface=\"mcp\",le=\"0.000100\"} 2",
        "permalloy_http_request_seconds_bucket{surface=\"api\",le=\"60.000000\"} 0",
        "permalloy_http_request_seconds_bucket{surface=\"api\",le=\"+Inf\"} 1",
        "permalloy_http_request_seconds_sum{surface=\"mcp\"} 0.000101",
        "permalloy_http_request_seconds_count{surface=\"mcp\"} 2",
        "permalloy_mcp_request_seconds_count{method=\"tools/list\"} 1",
        "permalloy_mcp_failures_total{method=\"other\"} 1",
        "permalloy_executions_total{outcome=\"repeated\"} 1",
        "permalloy_execution_seconds_bucket{le=\"0.001000\"} 1",
        "permalloy_rate_limited_total{limit=\"requests\"} 1",
        "permalloy_http_requests_in_flight 1",
        "permalloy_log_lines_dropped_total 0",
    ];
    let missing: Vec<_> = lines.iter().filter(|line| !page.lines().any(|found| found == **line)).collect();
    assert_eq!(missing, Vec::<&&str>::new(), "{page}");
    assert!(!page.contains("made/up"));
}

#[test]
fn every_sample_belongs_to_a_described_metric() {
    let page = Telemetry::silent().unwrap().render_metrics();
    let mut described = "";
    for line in page.lines() {
        match line.strip_prefix("# TYPE ") {
            Some(kind) => described = kind.split(' ').next().unwrap(),
            None => assert!(line.starts_with("# HELP ") || line.starts_with(described), "{line}"),
        }
    }
}
