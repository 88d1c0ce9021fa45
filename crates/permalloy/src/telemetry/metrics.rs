//! Counters and histograms with labels that are fixed when the process starts: counting is one atomic addition,
//! nothing is hashed and nothing grows. Rendered in Prometheus' text format.

use std::fmt::{self, Display, Write as _};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    http_requests: [[AtomicU64; STATUS_CLASSES.len()]; SURFACES.len()],
    http_seconds: [Histogram; SURFACES.len()],
    mcp_failures: [AtomicU64; MCP_METHODS.len()],
    mcp_seconds: [Histogram; MCP_METHODS.len()],
    executions: [AtomicU64; OUTCOMES.len()],
    execution_seconds: Histogram,
    outbound_calls: [AtomicU64; OUTBOUND_OUTCOMES.len()],
    outbound_attempts: AtomicU64,
    outbound_seconds: Histogram,
    rate_limited: [AtomicU64; LIMITS.len()],
    in_flight: AtomicI64,
}

/// Which door a request came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    Mcp,
    Api,
    /// Health, readiness, metrics, documents.
    Service,
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Succeeded,
    /// The platform said no, or could not be reached.
    Failed,
    /// Refused before anything was sent.
    Refused,
    /// Answered from an earlier execution with the same idempotency key.
    Repeated,
}

/// How a call to a platform ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutboundOutcome {
    Answered,
    Timeout,
    Refused,
    Failed,
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Requests,
    FailedAuthentications,
}

const SURFACES: [&str; 3] = ["mcp", "api", "service"];
const STATUS_CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const OUTCOMES: [&str; 4] = ["succeeded", "failed", "refused", "repeated"];
const OUTBOUND_OUTCOMES: [&str; 4] = ["answered", "timeout", "refused", "failed"];
const LIMITS: [&str; 2] = ["requests", "failed_authentications"];
/// The methods that are told apart; the last stands for all others.
const MCP_METHODS: [&str; 14] = [
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "initialize",
    "ping",
    "server/discover",
    "logging/setLevel",
    "subscriptions/listen",
    "other",
];

/// Upper bounds in microseconds, from 50 µs to 60 s.
const BOUNDS_US: [u64; 19] = [
    50, 100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
    1_000_000, 2_000_000, 5_000_000, 20_000_000, 60_000_000,
];

/// How many took how long.
#[derive(Debug)]
struct Histogram {
    /// One for each bound, and one for what is above all of them.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Metrics {
    pub(super) fn new() -> Metrics {
        Metrics {
            http_requests: std::array::from_fn(|_| zeros()),
            http_seconds: std::array::from_fn(|_| Histogram::new()),
            mcp_failures: zeros(),
            mcp_seconds: std::array::from_fn(|_| Histogram::new()),
            executions: zeros(),
            execution_seconds: Histogram::new(),
            outbound_calls: zeros(),
            outbound_attempts: AtomicU64::new(0),
            outbound_seconds: Histogram::new(),
            rate_limited: zeros(),
            in_flight: AtomicI64::new(0),
        }
    }

    pub(crate) fn http_request(&self, surface: Surface, status: u16, took: Duration) {
        let class = usize::from(status / 100).clamp(1, STATUS_CLASSES.len()) - 1;
        if let Some(counter) = self.http_requests.get(surface as usize).and_then(|row| row.get(class)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        observe(&self.http_seconds, surface as usize, took);
    }

    /// `method` as in the request; unknown ones are counted together.
    pub(crate) fn mcp_request(&self, method: &str, failed: bool, took: Duration) {
        let other = MCP_METHODS.len() - 1;
        let place = MCP_METHODS.iter().position(|known| *known == method).unwrap_or(other);
        observe(&self.mcp_seconds, place, took);
        if failed {
            count(&self.mcp_failures, place);
        }
    }

    pub(crate) fn execution(&self, outcome: Outcome, took: Duration) {
        count(&self.executions, outcome as usize);
        self.execution_seconds.observe(took);
    }

    pub(crate) fn outbound_call(&self, outcome: OutboundOutcome, attempts: u32, took: Duration) {
        count(&self.outbound_calls, outcome as usize);
        self.outbound_attempts.fetch_add(u64::from(attempts), Ordering::Relaxed);
        self.outbound_seconds.observe(took);
    }

    pub(crate) fn rate_limited(&self, limit: Limit) {
        count(&self.rate_limited, limit as usize);
    }

    pub(crate) fn request_started(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn request_ended(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Prometheus' text format, version 0.0.4.
    pub(super) fn render(&self, log_lines_dropped: u64) -> String {
        let mut page = Page::default();
        page.head("permalloy_http_requests_total", "counter", "Requests answered.");
        for (surface, row) in SURFACES.iter().zip(&self.http_requests) {
            for (class, counter) in STATUS_CLASSES.iter().zip(row) {
                let labels = format!("surface=\"{surface}\",status=\"{class}\"");
                page.sample("permalloy_http_requests_total", &labels, load(counter));
            }
        }
        page.histograms(
            "permalloy_http_request_seconds",
            "Time to answer a request.",
            "surface",
            SURFACES.iter().zip(&self.http_seconds),
        );
        let methods = MCP_METHODS.iter().zip(&self.mcp_seconds);
        page.histograms("permalloy_mcp_request_seconds", "Time to answer an MCP method.", "method", methods);
        page.counters(
            "permalloy_mcp_failures_total",
            "MCP methods answered with an error.",
            "method",
            MCP_METHODS.iter().zip(&self.mcp_failures),
        );
        page.counters(
            "permalloy_executions_total",
            "Executions of actions.",
            "outcome",
            OUTCOMES.iter().zip(&self.executions),
        );
        page.histogram("permalloy_execution_seconds", "Time an execution takes.", &self.execution_seconds);
        page.counters(
            "permalloy_outbound_calls_total",
            "Calls to platforms.",
            "outcome",
            OUTBOUND_OUTCOMES.iter().zip(&self.outbound_calls),
        );
        page.single(
            "permalloy_outbound_attempts_total",
            "counter",
            "Requests sent.",
            load(&self.outbound_attempts),
        );
        page.histogram(
            "permalloy_outbound_seconds",
            "Time a call takes, with retries.",
            &self.outbound_seconds,
        );
        page.counters(
            "permalloy_rate_limited_total",
            "Requests refused by a limit.",
            "limit",
            LIMITS.iter().zip(&self.rate_limited),
        );
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        page.single("permalloy_http_requests_in_flight", "gauge", "Requests not answered yet.", in_flight);
        page.single(
            "permalloy_log_lines_dropped_total",
            "counter",
            "Log lines that found no room.",
            log_lines_dropped,
        );
        page.text
    }
}

impl Histogram {
    fn new() -> Histogram {
        Histogram { buckets: zeros(), sum_us: AtomicU64::new(0) }
    }

    fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        count(&self.buckets, BOUNDS_US.partition_point(|bound| *bound < micros));
        self.sum_us.fetch_add(micros, Ordering::Relaxed);
    }
}

/// The text being rendered.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.push(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        if labels.is_empty() {
            self.push(format_args!("{name} {value}\n"));
        } else {
            self.push(format_args!("{name}{{{labels}}} {value}\n"));
        }
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.sample(name, "", value);
    }

    fn counters<'a>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        counters: impl Iterator<Item = (&'a &'a str, &'a AtomicU64)>,
    ) {
        self.head(name, "counter", help);
        for (value, counter) in counters {
            self.sample(name, &format!("{label}=\"{value}\""), load(counter));
        }
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, "histogram", help);
        self.buckets(name, "", histogram);
    }

    fn histograms<'a>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        histograms: impl Iterator<Item = (&'a &'a str, &'a Histogram)>,
    ) {
        self.head(name, "histogram", help);
        for (value, histogram) in histograms {
            self.buckets(name, &format!("{label}=\"{value}\""), histogram);
        }
    }

    fn buckets(&mut self, name: &str, labels: &str, histogram: &Histogram) {
        let comma = if labels.is_empty() { "" } else { "," };
        let mut below = 0;
        for (bound, bucket) in BOUNDS_US.iter().zip(&histogram.buckets) {
            below += load(bucket);
            let seconds = Seconds(*bound);
            self.push(format_args!("{name}_bucket{{{labels}{comma}le=\"{seconds}\"}} {below}\n"));
        }
        below += histogram.buckets.last().map_or(0, load);
        self.push(format_args!("{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {below}\n"));
        self.sample(&format!("{name}_sum"), labels, Seconds(load(&histogram.sum_us)));
        self.sample(&format!("{name}_count"), labels, below);
    }

    fn push(&mut self, text: fmt::Arguments<'_>) {
        self.text.write_fmt(text).expect("a String takes every write");
    }
}

/// Microseconds, written as seconds without a rounding error.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

fn zeros<const N: usize>() -> [AtomicU64; N] {
    std::array::from_fn(|_| AtomicU64::new(0))
}

fn load(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn count(counters: &[AtomicU64], place: usize) {
    if let Some(counter) = counters.get(place) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn observe(histograms: &[Histogram], place: usize, took: Duration) {
    if let Some(histogram) = histograms.get(place) {
        histogram.observe(took);
    }
}
