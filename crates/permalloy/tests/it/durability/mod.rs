//! What is left when something ends in the middle: the product, killed or asked to stop; a replica; the database.
//!
//! The product runs as its own process, is used as a client uses it, and acts on a platform of the test that
//! counts every request that reached it. Nothing here looks into the database.
#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "what is not a test function here serves one: it fails by panicking and says how much it met"
)]

mod client;
mod database;
mod gone;
mod killed;
mod platform;
mod proxy;
mod replicas;
mod stopped;
mod world;
