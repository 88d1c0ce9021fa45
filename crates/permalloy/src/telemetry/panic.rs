//! Says where the process panicked, in the log. A message made at run time may hold a value, and a value may be a
//! secret, so only literal messages are written.

use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::time::Duration;

use super::queue::Queue;

/// Long enough to be seen when the panic ends the process.
const FLUSH: Duration = Duration::from_millis(200);

pub(super) fn install_hook(queue: Arc<Queue>) {
    std::panic::set_hook(Box::new(move |panic| {
        let (file, line) = panic.location().map_or(("", 0), |location| (location.file(), location.line()));
        tracing::error!(panic.file = file, panic.line = line, "panicked: {}", message(panic));
        queue.flush(FLUSH);
    }));
}

fn message(panic: &PanicHookInfo<'_>) -> &'static str {
    panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(a message with values)")
}
