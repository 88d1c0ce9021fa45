//! User-space instructions of one request: callgrind counts a run of N requests and one of 2 N; the
//! difference has neither the start nor the end of the process in it.

use std::{net::SocketAddr, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, Result};

use crate::{
    load::Target,
    operation::Operation,
    process::{Process, SUBJECT_CORE},
};

/// Everything is some fifty times slower under callgrind.
const PATIENCE: Duration = Duration::from_mins(2);

/// Requests before those that are counted, so that pools and caches are filled in both runs.
const WARMING: u32 = 200;

/// Instructions of one request. The profile of the longer run is left in `profile`, for `callgrind_annotate`.
pub(crate) async fn per_request(
    subject: &Command,
    address: SocketAddr,
    operation: Operation,
    path: &str,
    requests: u32,
    profile: &Path,
) -> Result<f64> {
    let once = count(subject, address, operation, path, requests, profile).await?;
    let twice = count(subject, address, operation, path, requests * 2, profile).await?;
    Ok((twice - once) / f64::from(requests))
}

async fn count(
    subject: &Command,
    address: SocketAddr,
    operation: Operation,
    path: &str,
    requests: u32,
    profile: &Path,
) -> Result<f64> {
    let mut watched = Command::new("valgrind");
    watched.arg("--tool=callgrind");
    watched.arg(format!("--callgrind-out-file={}", profile.display()));
    watched.arg(subject.get_program()).args(subject.get_args());
    watched.envs(subject.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let log = profile.with_extension("log");
    let mut process = Process::start(SUBJECT_CORE, &watched, &log)?;
    process.listening(address, PATIENCE).await?;
    let (target, _) = Target::learn(operation, address, path).await?;
    target.send(WARMING + requests).await?;
    process.stop(PATIENCE).await?;
    collected(&std::fs::read_to_string(log.with_extension("err"))?)
}

fn collected(said: &str) -> Result<f64> {
    let line = said.lines().find_map(|line| line.split_once("Collected : "));
    let (_, total) = line.with_context(|| format!("callgrind gave no total: {said}"))?;
    Ok(total.trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_what_callgrind_says() {
        assert!((collected("==1== \n==1== Collected : 123456\n").unwrap() - 123_456.0).abs() < 0.5);
        assert!(collected("==1== killed").is_err());
    }
}
