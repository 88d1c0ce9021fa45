//! The execution log's writer: many callers, one writer, group commit.
//!
//! Records that arrive while a batch is being committed make up the next batch, which begins at once; nobody
//! waits for a timer. A caller's `record` ends when its record is committed. The opening and the closing record
//! of an execution are the same upsert.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::execution_writer::Writer;
use crate::executions::ExecutionRecord;
use crate::{Db, Error, Result};

/// Records that may wait to be taken into a batch; beyond that, callers wait to hand theirs over.
const WAITING: usize = 4096;

/// The way to the writer. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct ExecutionLog {
    sender: mpsc::Sender<Message>,
}

/// One box a message: the channel's blocks stay small, and a message moves as a pointer.
enum Message {
    Record(Box<(ExecutionRecord, oneshot::Sender<Result<()>>)>),
    Close,
}

impl ExecutionLog {
    /// The handle, and the writer as a future that the caller must spawn. The writer ends after
    /// [`ExecutionLog::close`], or when all handles are gone, and not before all records handed over are
    /// written.
    pub fn new(db: Db) -> (ExecutionLog, impl Future<Output = ()> + Send + 'static) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (ExecutionLog { sender }, run(Writer::new(db), receiver))
    }

    /// Writes a record, new or changed. When this answers `Ok`, the record survives the end of the process. A
    /// record that was handed over is written also when the caller stops waiting.
    pub async fn record(&self, record: ExecutionRecord) -> Result<()> {
        let (done, written) = oneshot::channel();
        let message = Message::Record(Box::new((record, done)));
        self.sender.send(message).await.map_err(|_unsent| Error::LogClosed)?;
        written.await.map_err(|_gone| Error::LogClosed)?
    }

    /// Ends the writer once everything handed over is written. Later records are [`Error::LogClosed`].
    pub async fn close(&self) {
        // A writer that is gone is closed already.
        self.sender.send(Message::Close).await.unwrap_or_default();
    }
}

async fn run(mut writer: Writer, mut receiver: mpsc::Receiver<Message>) {
    let mut messages = Vec::new();
    while receiver.recv_many(&mut messages, writer.batch()).await > 0 {
        let mut records = Vec::with_capacity(messages.len());
        let mut waiters = Vec::with_capacity(messages.len());
        for message in messages.drain(..) {
            match message {
                Message::Record(handed_over) => {
                    let (record, done) = *handed_over;
                    records.push(record);
                    waiters.push(done);
                }
                // What was handed over before is still in the channel, and still comes.
                Message::Close => receiver.close(),
            }
        }
        if !records.is_empty() {
            write(&mut writer, records, waiters).await;
        }
    }
    writer.close().await;
}

/// Writes a batch and answers its waiters, of whom some may have left.
async fn write(
    writer: &mut Writer,
    records: Vec<ExecutionRecord>,
    waiters: Vec<oneshot::Sender<Result<()>>>,
) {
    let Err(error) = writer.write(&records).await else {
        for waiter in waiters {
            waiter.send(Ok(())).unwrap_or_default();
        }
        return;
    };
    tracing::error!(
        records = records.len(),
        error = &error as &dyn std::error::Error,
        "a batch was not written"
    );
    if error.is_unavailable() || records.len() == 1 {
        let error = Arc::new(error);
        for waiter in waiters {
            waiter.send(Err(Error::Record(error.clone()))).unwrap_or_default();
        }
        return;
    }
    // One record may be at fault; it must not take the others with it.
    for (record, waiter) in records.into_iter().zip(waiters) {
        let written = writer.write(&[record]).await.map_err(|error| Error::Record(Arc::new(error)));
        waiter.send(written).unwrap_or_default();
    }
}
