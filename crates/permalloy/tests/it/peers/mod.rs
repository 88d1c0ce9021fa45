//! The product judged by programs that nobody here wrote: the official conformance suite, the official
//! clients, Inspector, rmcp, a plain HTTP client, and a real application behind a connector.
//!
//! Everything runs against the real binary over real sockets on this machine. The programs are installed by
//! `cargo xtask peers`; see [`installed`] for what happens when they are not.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "what is not a test function here serves one: it fails by panicking and says what did not run"
)]

mod application;
mod catalogue;
mod clients;
mod conformance;
mod description;
mod fixtures;
mod github;
mod installed;
mod notified;

// Shared with the front-door tests: one door up.
use crate::{exchange, process};
