//! Where the time comes from. Nothing else in the product reads the system's clock.

use chrono::{DateTime, Utc};

/// The source of the present moment: the machine's own clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock;

impl Clock {
    /// The present moment, truncated to microseconds: both databases give back exactly what they got.
    #[expect(clippy::unused_self, reason = "who has no clock has no time")]
    pub(crate) fn now(self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the clock's one home")]
        let now = Utc::now();
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }
}
