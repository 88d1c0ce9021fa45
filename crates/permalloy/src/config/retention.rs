//! Section `retention`: how long things are kept.

use std::time::Duration;

use super::reader::{Reader, boolean, number};
use super::settings::Setting;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Retention {
    pub(crate) executions: Duration,
    /// Keep arguments and results of executions, secrets removed.
    pub(crate) keep_bodies: bool,
    /// How long a repeated idempotency key answers with the first outcome.
    pub(crate) idempotency: Duration,
    /// How long the rest of a large result can be fetched by cursor.
    pub(crate) results: Duration,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "retention.executions_days",
        "PERMALLOY_RETENTION_EXECUTIONS_DAYS",
        "a number from 1 to 3650",
        "90",
        "How many days records of executions are kept.",
    ),
    Setting::new(
        "retention.keep_bodies",
        "PERMALLOY_RETENTION_KEEP_BODIES",
        "true or false",
        "false",
        "Keep arguments and results of executions, with secrets removed.",
    ),
    Setting::new(
        "retention.idempotency_hours",
        "PERMALLOY_RETENTION_IDEMPOTENCY_HOURS",
        "a number from 1 to 720",
        "24",
        "How many hours a repeated idempotency key answers with the first outcome.",
    ),
    Setting::new(
        "retention.results_minutes",
        "PERMALLOY_RETENTION_RESULTS_MINUTES",
        "a number from 1 to 10080",
        "60",
        "How many minutes the rest of a large result can be fetched.",
    ),
];

pub(super) fn read(reader: &mut Reader<'_>) -> Retention {
    let days: u64 = reader.value("retention.executions_days", number(1..=3650));
    let hours: u64 = reader.value("retention.idempotency_hours", number(1..=720));
    let minutes: u64 = reader.value("retention.results_minutes", number(1..=10_080));
    Retention {
        executions: Duration::from_secs(days * DAY),
        keep_bodies: reader.value("retention.keep_bodies", boolean),
        idempotency: Duration::from_secs(hours * HOUR),
        results: Duration::from_secs(minutes * MINUTE),
    }
}
