//! Where the time comes from. Nothing else in the product reads the system's clock.

use chrono::{DateTime, Utc};

/// The source of the present moment, so that tests can stand still in time.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    /// The machine's own clock.
    System,
    /// A moment that does not move.
    #[cfg(test)]
    Fixed(DateTime<Utc>),
}

impl Clock {
    /// The present moment, truncated to microseconds: both databases give back exactly what they got.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let now = match self {
            Self::System =>
            {
                #[expect(clippy::disallowed_methods, reason = "this is the clock's one home")]
                Utc::now()
            }
            #[cfg(test)]
            Self::Fixed(at) => *at,
        };
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }
}
