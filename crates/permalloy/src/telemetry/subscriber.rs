//! Connects `tracing` with the queue: filter, format, writer.

use std::io::{self, Write};
use std::sync::Arc;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::queue::Queue;
use super::request_line::TARGET;

/// Installs the process's subscriber. Fails on a second one.
pub(super) fn install(filter: &str, json: bool, terminal: bool, queue: &Arc<Queue>) -> io::Result<()> {
    let filter = EnvFilter::builder().parse(filter).map_err(io::Error::other)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(Lines(Arc::clone(queue)));
    let lines = if json {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
    } else {
        lines.with_ansi(terminal).boxed()
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init().map_err(io::Error::other)
}

/// Whether the installed filter lets the line of a request pass. Filters do not change, so once is enough.
pub(super) fn lets_requests_pass() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::INFO)
}

struct Lines(Arc<Queue>);

/// `tracing` writes each event with one call.
struct Line<'a>(&'a Queue);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.add(|buffer| buffer.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
