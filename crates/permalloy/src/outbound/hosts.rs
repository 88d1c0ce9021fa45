//! A bulkhead per host: a slow platform can hold only so many calls, and harms only the calls to it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use hyper::http::uri::Authority;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

#[derive(Debug)]
pub(super) struct Hosts {
    calls_per_host: usize,
    /// By text: `Authority` hashes a letter at a time. Another spelling of a host is a place of its own.
    by_authority: RwLock<HashMap<Box<str>, Arc<Semaphore>>>,
}

/// Beyond this many hosts, those without a call are forgotten.
const REMEMBERED: usize = 4096;

impl Hosts {
    pub(super) fn new(calls_per_host: usize) -> Hosts {
        Hosts { calls_per_host, by_authority: RwLock::default() }
    }

    /// Waits for a place; the caller's own time limit bounds the wait.
    pub(super) async fn enter(&self, authority: &Authority) -> OwnedSemaphorePermit {
        let semaphore = self.semaphore(authority);
        match Arc::clone(&semaphore).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_busy) => semaphore.acquire_owned().await.expect("these semaphores are never closed"),
        }
    }

    fn semaphore(&self, authority: &Authority) -> Arc<Semaphore> {
        let known = self.by_authority.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(semaphore) = known.get(authority.as_str()) {
            return Arc::clone(semaphore);
        }
        drop(known);
        let mut known = self.by_authority.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            // Who else holds a semaphore is inside a call or waiting for one.
            known.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        }
        let fresh = || Arc::new(Semaphore::new(self.calls_per_host));
        Arc::clone(known.entry(authority.as_str().into()).or_insert_with(fresh))
    }
}
