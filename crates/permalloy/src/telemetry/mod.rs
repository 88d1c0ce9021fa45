//! Logs and metrics. A log line never waits for a slow reader: it goes into a bounded buffer that one thread
//! writes out, and is dropped and counted when there is no room. Holds no secret: callers pass names, not values.

pub(crate) mod metrics;
mod panic;
mod queue;
pub(crate) mod request_line;
mod subscriber;

#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use self::metrics::Metrics;
use self::queue::Queue;
use self::request_line::RequestLine;
use crate::config::log::{Format, Log};

/// What the process tells about itself. Lives as long as the process; `flush` before leaving.
pub(crate) struct Telemetry {
    pub(crate) metrics: Arc<Metrics>,
    queue: Arc<Queue>,
    json: bool,
    requests: bool,
}

/// Sets up logging to stderr for the whole process, and the panic hook. Once, at start.
pub(crate) fn init(log: &Log) -> io::Result<Telemetry> {
    let terminal = io::stderr().is_terminal();
    let json = match log.format {
        Format::Json => true,
        Format::Text => false,
        Format::Auto => !terminal,
    };
    let queue = Queue::start(Box::new(io::stderr()))?;
    subscriber::install(&log.filter, json, terminal, &queue)?;
    panic::install_hook(Arc::clone(&queue));
    Ok(Telemetry::new(queue, json, subscriber::lets_requests_pass()))
}

impl Telemetry {
    /// Metrics without a log, for commands that answer on stdout only, and for tests.
    pub(crate) fn silent() -> io::Result<Telemetry> {
        Ok(Telemetry::new(Queue::start(Box::new(io::sink()))?, true, false))
    }

    fn new(queue: Arc<Queue>, json: bool, requests: bool) -> Telemetry {
        Telemetry { metrics: Arc::new(Metrics::new()), queue, json, requests }
    }

    /// Logs one request, if the filter lets the target `permalloy::request` pass at level info.
    pub(crate) fn request_line(&self, line: &RequestLine<'_>) {
        if self.requests {
            self.queue.add(|buffer| line.write(buffer, self.json));
        }
    }

    /// The metrics in Prometheus' text format, version 0.0.4.
    pub(crate) fn render_metrics(&self) -> String {
        self.metrics.render(self.queue.dropped())
    }

    /// Waits, at most so long, until every line logged so far is written. Before leaving the process.
    pub(crate) fn flush(&self, at_most: Duration) {
        self.queue.flush(at_most);
    }
}
