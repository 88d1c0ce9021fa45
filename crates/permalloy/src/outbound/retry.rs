//! When to try again, and when not before. Decides nothing about whether a repeat is safe.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::DateTime;
use hyper::http::header::{DATE, RETRY_AFTER};
use hyper::http::{HeaderMap, StatusCode};

/// Requests for one call at most, the first included.
pub(super) const MAX_ATTEMPTS: u32 = 3;
const FIRST_DELAY: Duration = Duration::from_millis(200);

/// Spreads retries, so that callers that failed together do not return together.
#[derive(Debug)]
pub(super) struct Jitter {
    state: AtomicU64,
}

/// 429 and 503 ask to come back; other failures are answers.
pub(super) fn is_worth_it(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}

impl Jitter {
    pub(super) fn new(seed: u64) -> Jitter {
        Jitter { state: AtomicU64::new(seed) }
    }

    /// Doubles with each attempt made so far, between half and all of it; never less than `Retry-After` says.
    pub(super) fn delay(&self, attempts: u32, headers: Option<&HeaderMap>) -> Duration {
        let full = FIRST_DELAY * 2_u32.saturating_pow(attempts.saturating_sub(1)).min(64);
        let half = full / 2;
        let spread_micros = u64::try_from(half.as_micros()).unwrap_or(u64::MAX).max(1);
        let chosen = half + Duration::from_micros(self.next() % spread_micros);
        headers.and_then(retry_after).map_or(chosen, |asked| asked.max(chosen))
    }

    /// `SplitMix64` (Steele, Lea, Flood 2014).
    fn next(&self) -> u64 {
        const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut mixed = self.state.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// RFC 9110, 10.2.3: seconds, or a date, which is measured from the answer's own `Date` so that clocks need not
/// agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    let from = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some((until - from).to_std().unwrap_or_default().min(LONGEST))
}

/// A platform that asks for more is not waited for anyway; and a time too far away cannot be reckoned with.
const LONGEST: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_asks_for_a_wait_that_cannot_be_reckoned_with() {
        for text in ["18446744073709551615", "999999999999"] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            assert_eq!(retry_after(&headers), Some(LONGEST), "{text}");
        }
    }
}
