//! Execution records as bytes, for the journal: fields one after the other, lengths before texts, integers in
//! little-endian order. A record begins with its own length and its key, so that one which a later one replaces is
//! passed over unread. Bytes that end too early or say nonsense are an error, never a panic.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::ExecutionStatus;
use crate::executions::ExecutionRecord;

/// The first byte of a batch; another layout has another number.
const LAYOUT: u8 = 1;
/// The length of a text that is absent.
const ABSENT: u32 = u32::MAX;

/// A batch of the journal is not what this program writes, or a record is too long for it.
#[derive(Debug, thiserror::Error)]
#[error("a batch of the journal of executions cannot be {0}")]
pub(crate) struct Malformed(&'static str);

const UNREADABLE: Malformed = Malformed("read");
const UNWRITABLE: Malformed = Malformed("written");

/// A record that is still bytes.
#[derive(Clone, Copy)]
pub(crate) struct Packed<'a> {
    /// Account and execution.
    pub(crate) key: (&'a str, &'a str),
    rest: &'a [u8],
}

/// The batch as bytes.
pub(crate) fn pack(records: &[ExecutionRecord]) -> Result<Vec<u8>, Malformed> {
    let mut bytes = Vec::with_capacity(records.len() * 512);
    bytes.push(LAYOUT);
    let mut one = Vec::with_capacity(512);
    for record in records {
        one.clear();
        put(&mut one, record)?;
        bytes.extend(u32::try_from(one.len()).map_err(|_long| UNWRITABLE)?.to_le_bytes());
        bytes.extend_from_slice(&one);
    }
    Ok(bytes)
}

/// The records of the batch, in order.
pub(crate) fn split(batch: &[u8]) -> Result<Vec<Packed<'_>>, Malformed> {
    let (&layout, bytes) = batch.split_first().ok_or(UNREADABLE)?;
    if layout != LAYOUT {
        return Err(UNREADABLE);
    }
    let mut reader = Reader(bytes);
    let mut records = Vec::new();
    while !reader.0.is_empty() {
        let length = reader.length()?;
        let mut record = Reader(reader.take(length)?);
        let key = (record.text()?.ok_or(UNREADABLE)?, record.text()?.ok_or(UNREADABLE)?);
        records.push(Packed { key, rest: record.0 });
    }
    Ok(records)
}

fn put(bytes: &mut Vec<u8>, record: &ExecutionRecord) -> Result<(), Malformed> {
    let required = |text: &'_ Arc<str>| Some(Arc::clone(text));
    put_text(bytes, Some(&record.account_id))?;
    put_text(bytes, Some(&record.execution_id))?;
    for text in [&record.server_id, &record.token_id, &record.key_id, &required(&record.user_id)] {
        put_text(bytes, text.as_deref())?;
    }
    for text in [&record.surface, &record.connector_id, &record.action_id] {
        put_text(bytes, Some(text))?;
    }
    put_text(bytes, record.credential_id.as_deref())?;
    bytes.push(u8::from(record.read_only));
    put_text(bytes, Some(record.status.as_str()))?;
    put_text(bytes, record.error_code.as_deref())?;
    put_number(bytes, record.upstream_status);
    put_time(bytes, Some(record.started_at));
    put_time(bytes, record.finished_at);
    for number in [record.duration_us, Some(record.attempts)] {
        put_number(bytes, number);
    }
    for number in [record.request_bytes, record.response_bytes] {
        put_number(bytes, Some(number));
    }
    for text in
        [&record.arguments, &record.result, &record.idempotency_key, &record.cache, &record.request_id]
    {
        put_text(bytes, text.as_deref())?;
    }
    Ok(())
}

fn put_text(bytes: &mut Vec<u8>, text: Option<&str>) -> Result<(), Malformed> {
    let Some(text) = text else {
        bytes.extend(ABSENT.to_le_bytes());
        return Ok(());
    };
    let length = u32::try_from(text.len()).ok().filter(|length| *length != ABSENT).ok_or(UNWRITABLE)?;
    bytes.extend(length.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    Ok(())
}

fn put_number(bytes: &mut Vec<u8>, number: Option<i64>) {
    bytes.push(u8::from(number.is_some()));
    bytes.extend(number.unwrap_or(0).to_le_bytes());
}

fn put_time(bytes: &mut Vec<u8>, time: Option<DateTime<Utc>>) {
    put_number(bytes, time.map(|time| time.timestamp()));
    bytes.extend(time.map_or(0, |time| time.timestamp_subsec_nanos()).to_le_bytes());
}

impl Packed<'_> {
    /// The record.
    pub(crate) fn unpack(self) -> Result<ExecutionRecord, Malformed> {
        let mut from = Reader(self.rest);
        Ok(ExecutionRecord {
            account_id: self.key.0.into(),
            execution_id: self.key.1.into(),
            server_id: from.shared()?,
            token_id: from.shared()?,
            key_id: from.shared()?,
            user_id: from.shared()?.ok_or(UNREADABLE)?,
            surface: from.shared()?.ok_or(UNREADABLE)?,
            connector_id: from.shared()?.ok_or(UNREADABLE)?,
            action_id: from.shared()?.ok_or(UNREADABLE)?,
            credential_id: from.shared()?,
            read_only: from.array::<1>()? != [0],
            status: from.text()?.and_then(ExecutionStatus::parse).ok_or(UNREADABLE)?,
            error_code: from.shared()?,
            upstream_status: from.number()?,
            started_at: from.time()?.ok_or(UNREADABLE)?,
            finished_at: from.time()?,
            duration_us: from.number()?,
            attempts: from.number()?.ok_or(UNREADABLE)?,
            request_bytes: from.number()?.ok_or(UNREADABLE)?,
            response_bytes: from.number()?.ok_or(UNREADABLE)?,
            arguments: from.shared()?,
            result: from.shared()?,
            idempotency_key: from.shared()?,
            cache: from.shared()?,
            request_id: from.shared()?,
        })
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(UNREADABLE)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Malformed> {
        let (taken, rest) = self.0.split_first_chunk::<LENGTH>().ok_or(UNREADABLE)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn length(&mut self) -> Result<usize, Malformed> {
        usize::try_from(u32::from_le_bytes(self.array()?)).map_err(|_wide| UNREADABLE)
    }

    fn text(&mut self) -> Result<Option<&'a str>, Malformed> {
        let length = u32::from_le_bytes(self.array()?);
        if length == ABSENT {
            return Ok(None);
        }
        let bytes = self.take(usize::try_from(length).map_err(|_wide| UNREADABLE)?)?;
        std::str::from_utf8(bytes).map(Some).map_err(|_bytes| UNREADABLE)
    }

    fn shared(&mut self) -> Result<Option<Arc<str>>, Malformed> {
        Ok(self.text()?.map(Arc::from))
    }

    fn number(&mut self) -> Result<Option<i64>, Malformed> {
        let present = self.array::<1>()? != [0];
        let number = i64::from_le_bytes(self.array()?);
        Ok(present.then_some(number))
    }

    fn time(&mut self) -> Result<Option<DateTime<Utc>>, Malformed> {
        let seconds = self.number()?;
        let nanos = u32::from_le_bytes(self.array()?);
        seconds.map(|seconds| DateTime::from_timestamp(seconds, nanos).ok_or(UNREADABLE)).transpose()
    }
}

#[cfg(test)]
mod tests;
