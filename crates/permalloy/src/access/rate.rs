//! Rate limits: per server and end user for MCP, per key and user for the management API, per client address for
//! failed authentication. In the process's memory.

use std::{
    hash::Hash as StdHash,
    net::IpAddr,
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use moka::sync::Cache;

use crate::{config::limits::Limits, error::Error};

/// Requests a minute of one key and user on the management API.
const API_PER_MINUTE: u32 = 6_000;
/// Servers whose limiters are kept.
const MAX_SERVERS: u64 = 100_000;

type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The limit of one server, for each of its end users.
pub(crate) type ServerLimiter = Limiter<Arc<str>>;

/// All limits of the process.
pub(crate) struct Rates {
    clock: DefaultClock,
    servers: Cache<(Arc<str>, u32), Arc<ServerLimiter>>,
    api: Limiter<(Arc<str>, Arc<str>)>,
    failures: Limiter<IpAddr>,
}

/// One limit, counted for each key apart: a token bucket with a burst of the same size.
pub(crate) struct Limiter<K: StdHash + Eq + Clone> {
    per_minute: u32,
    keyed: Keyed<K>,
}

/// What an answer says about the limit (`RateLimit-*` headers).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Until the bucket is full again.
    pub(crate) reset: Duration,
}

/// Over the limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exceeded {
    pub(crate) limit: u32,
    pub(crate) retry_after: Duration,
}

impl Exceeded {
    /// What the answer's headers say.
    pub(crate) fn allowance(self) -> Allowance {
        Allowance { limit: self.limit, remaining: 0, reset: self.retry_after }
    }
}

impl From<Exceeded> for Error {
    fn from(exceeded: Exceeded) -> Self {
        Self::too_many(exceeded.retry_after)
    }
}

impl<K: StdHash + Eq + Clone> Limiter<K> {
    fn new(per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        let keyed = RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>();
        Self { per_minute, keyed }
    }

    /// Takes one request of `key` from its bucket.
    pub(crate) fn take(&self, key: &K, clock: &DefaultClock) -> Result<Allowance, Exceeded> {
        match self.keyed.check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = self.per_minute.saturating_sub(remaining);
                let reset =
                    Duration::from_mins(1).mul_f64(f64::from(used) / f64::from(self.per_minute.max(1)));
                Ok(Allowance { limit: self.per_minute, remaining, reset })
            }
            Err(not_until) => {
                Err(Exceeded { limit: self.per_minute, retry_after: not_until.wait_time_from(clock.now()) })
            }
        }
    }
}

impl Rates {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            clock: DefaultClock::default(),
            servers: Cache::builder().max_capacity(MAX_SERVERS).build(),
            api: Limiter::new(API_PER_MINUTE),
            failures: Limiter::new(limits.failed_authentications_per_minute),
        }
    }

    /// The limiter of a server; the same one for as long as its limit stays the same.
    pub(crate) fn of_server(&self, server_id: &Arc<str>, per_minute: u32) -> Arc<Limiter<Arc<str>>> {
        self.servers.get_with((Arc::clone(server_id), per_minute), || Arc::new(Limiter::new(per_minute)))
    }

    /// Takes one MCP request of `user` on a server.
    pub(crate) fn take(&self, limiter: &Limiter<Arc<str>>, user: &Arc<str>) -> Result<Allowance, Exceeded> {
        limiter.take(user, &self.clock)
    }

    /// Takes one request of the management API.
    pub(crate) fn take_api(&self, key_id: &Arc<str>, user_id: &Arc<str>) -> Result<Allowance, Exceeded> {
        self.api.take(&(Arc::clone(key_id), Arc::clone(user_id)), &self.clock)
    }

    /// Counts a failed authentication of `address`. Over the limit the answer is 429 instead of 401.
    pub(crate) fn failed(&self, address: IpAddr) -> Result<(), Exceeded> {
        self.failures.take(&address, &self.clock).map(|_| ())
    }

    /// Forgets buckets that are full again. A job calls it now and then.
    pub(crate) fn forget_idle(&self) {
        let begin = Instant::now();
        self.api.keyed.retain_recent();
        self.failures.keyed.retain_recent();
        for (_, limiter) in &self.servers {
            limiter.keyed.retain_recent();
        }
        tracing::debug!(duration_us = begin.elapsed().as_micros(), "forgot idle rate limits");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_one_minute_and_users_do_not_share_it() {
        let limits = Limits {
            requests_per_minute: 100,
            failed_authentications_per_minute: 2,
            body_bytes: 1,
            mcp_body_bytes: 1,
        };
        let rates = Rates::new(&limits);
        let limiter = rates.of_server(&"s".into(), 3);
        let (one, two): (Arc<str>, Arc<str>) = ("one".into(), "two".into());
        let remaining: Vec<_> = (0..3).map(|_| rates.take(&limiter, &one).unwrap().remaining).collect();
        assert_eq!(remaining, [2, 1, 0]);
        let exceeded = rates.take(&limiter, &one).unwrap_err();
        assert!(
            exceeded.retry_after > Duration::from_secs(1) && exceeded.retry_after <= Duration::from_secs(20)
        );
        assert!(rates.take(&limiter, &two).is_ok());
        let address = IpAddr::from([127, 0, 0, 1]);
        assert!(
            rates.failed(address).is_ok() && rates.failed(address).is_ok() && rates.failed(address).is_err()
        );
    }
}
