//! The buffer between whoever logs and the one thread that writes. Adding never waits for the writing.

use std::io::{self, Write};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Lines not yet written.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Signalled when the buffer stops being empty, and when a flush is wanted.
    filled: Condvar,
    /// Signalled when everything added so far is written.
    drained: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    buffer: Vec<u8>,
    writing: bool,
    /// Somebody waits: do not gather further lines first.
    flush: bool,
}

/// Room for lines that are not written yet; beyond it they are dropped and counted.
const MAX_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// How long lines are gathered before they are written together.
const GATHER: Duration = Duration::from_millis(20);
/// A buffer that grew beyond this is given back after it was written.
const KEPT_BUFFER_BYTES: usize = 256 * 1024;

impl Queue {
    /// Starts the thread that writes; it ends with the process.
    pub(super) fn start(writer: Box<dyn Write + Send>) -> io::Result<Arc<Queue>> {
        let queue = Arc::new(Queue {
            state: Mutex::default(),
            filled: Condvar::new(),
            drained: Condvar::new(),
            dropped: AtomicU64::new(0),
        });
        let shared = Arc::clone(&queue);
        drop(thread::Builder::new().name("log".to_owned()).spawn(move || shared.write_out(writer))?);
        Ok(queue)
    }

    /// Adds what `format` appends, or counts it as dropped when there is no room.
    pub(super) fn add(&self, format: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.lock();
        if state.buffer.len() >= MAX_BUFFER_BYTES {
            drop(state);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_empty = state.buffer.is_empty();
        format(&mut state.buffer);
        drop(state);
        if was_empty {
            self.filled.notify_one();
        }
    }

    /// Lines that found no room since the start.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits, at most so long, until everything added so far is written.
    pub(super) fn flush(&self, at_most: Duration) {
        let mut state = self.lock();
        state.flush = true;
        self.filled.notify_one();
        let busy = |state: &mut State| state.writing || !state.buffer.is_empty();
        drop(self.drained.wait_timeout_while(state, at_most, busy).unwrap_or_else(PoisonError::into_inner));
    }

    fn write_out(&self, mut writer: Box<dyn Write + Send>) -> ! {
        let mut batch = Vec::new();
        loop {
            self.take(&mut batch);
            // Where logs cannot be written there is nowhere to say so.
            drop(writer.write_all(&batch).and_then(|()| writer.flush()));
            batch.clear();
            batch.shrink_to(KEPT_BUFFER_BYTES);
            let mut state = self.lock();
            state.writing = false;
            if state.buffer.is_empty() {
                state.flush = false;
                self.drained.notify_all();
            }
        }
    }

    /// Waits for lines, gathers a little longer, and swaps them out.
    fn take(&self, batch: &mut Vec<u8>) {
        let state = self.lock();
        let empty = |state: &mut State| state.buffer.is_empty();
        let state = self.filled.wait_while(state, empty).unwrap_or_else(PoisonError::into_inner);
        let unhurried = |state: &mut State| !state.flush && state.buffer.len() < KEPT_BUFFER_BYTES;
        let (mut state, _) =
            self.filled.wait_timeout_while(state, GATHER, unhurried).unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut state.buffer, batch);
        state.writing = true;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
