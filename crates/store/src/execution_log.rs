//! The execution log's writer: many callers, one writer, group commit.
//!
//! Records that arrive while a batch is being committed make up the next batch, together with those that the
//! tasks ready to run hand over before it begins; nobody waits for a timer. A caller's `record` ends when its record is committed. The opening and the closing record
//! of an execution are the same upsert.
//!
//! An outcome that the database cannot take is told to its caller, and written when the database is back.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::execution_writer::Writer;
use crate::executions::ExecutionRecord;
use crate::{Db, Error, Result};

/// Records that may wait to be taken into a batch; beyond that, callers wait to hand theirs over.
const WAITING: usize = 4096;

/// When nothing came for this long, outcomes that the database could not take are tried again, and the journal is
/// folded.
const SILENCE: Duration = Duration::from_secs(1);

/// How often the others are let go first at most while a batch still grows.
const ROUNDS: u32 = 16;

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
    let mut late = Vec::new();
    loop {
        let next = receiver.recv_many(&mut messages, writer.batch());
        let idle = late.is_empty() && !writer.has_unfolded();
        let taken = if idle { Ok(next.await) } else { timeout(SILENCE, next).await };
        match taken {
            Ok(0) => break,
            Err(_silence) => {
                write_late(&mut writer, &mut late).await;
                writer.fold().await;
            }
            Ok(_) => {
                gather(&mut receiver, &mut messages, writer.batch()).await;
                let (records, waiters) = unpack(&mut messages, &mut receiver);
                if records.is_empty() {
                    continue;
                }
                let failed = write(&mut writer, records, waiters).await;
                if failed.is_empty() {
                    write_late(&mut writer, &mut late).await;
                }
                late.extend(failed);
                writer.fold_when_large().await;
            }
        }
    }
    write_late(&mut writer, &mut late).await;
    if !late.is_empty() {
        tracing::error!(records = late.len(), "the outcomes of executions are not recorded");
    }
    writer.fold().await;
    writer.close().await;
}

/// Adds what the tasks hand over that can run right now. The writer's own task runs as soon as the first record
/// is there, and a commit costs much more than a row: who is ready is let go first. It waits for nobody.
async fn gather(receiver: &mut mpsc::Receiver<Message>, messages: &mut Vec<Message>, batch: usize) {
    for _ in 0..ROUNDS {
        let before = messages.len();
        if before >= batch {
            break;
        }
        yield_now().await;
        while messages.len() < batch
            && let Ok(message) = receiver.try_recv()
        {
            messages.push(message);
        }
        if messages.len() == before {
            break;
        }
    }
}

type Waiter = oneshot::Sender<Result<()>>;

fn unpack(
    messages: &mut Vec<Message>,
    receiver: &mut mpsc::Receiver<Message>,
) -> (Vec<ExecutionRecord>, Vec<Waiter>) {
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
    (records, waiters)
}

/// Writes a batch and answers its waiters, of whom some may have left. Answers the records that the database is
/// to get later.
async fn write(
    writer: &mut Writer,
    records: Vec<ExecutionRecord>,
    waiters: Vec<Waiter>,
) -> Vec<ExecutionRecord> {
    let Err(error) = writer.write(&records).await else {
        for waiter in waiters {
            waiter.send(Ok(())).unwrap_or_default();
        }
        return Vec::new();
    };
    tracing::error!(
        records = records.len(),
        error = &error as &dyn std::error::Error,
        "a batch was not written"
    );
    let unavailable = error.is_unavailable();
    if unavailable || records.len() == 1 {
        let error = Arc::new(error);
        for waiter in waiters {
            waiter.send(Err(Error::Record(error.clone()))).unwrap_or_default();
        }
        return records.into_iter().filter(|record| unavailable && record.finished_at.is_some()).collect();
    }
    // One record may be at fault; it must not take the others with it.
    for (record, waiter) in records.into_iter().zip(waiters) {
        let written = writer.write(&[record]).await.map_err(|error| Error::Record(Arc::new(error)));
        waiter.send(written).unwrap_or_default();
    }
    Vec::new()
}

/// Writes what the database did not take before, as far as it takes it now.
async fn write_late(writer: &mut Writer, late: &mut Vec<ExecutionRecord>) {
    while !late.is_empty() {
        let batch = late.split_off(late.len().saturating_sub(writer.batch()));
        match writer.write(&batch).await {
            Ok(()) => {}
            Err(error) if error.is_unavailable() => return late.extend(batch),
            Err(error) => tracing::error!(
                records = batch.len(),
                error = &error as &dyn std::error::Error,
                "the outcomes of executions are not recorded"
            ),
        }
    }
}
