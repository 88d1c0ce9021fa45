//! Every store function, on both databases.
//!
//! The modules are marked as tests, which an integration test is anyway, so that the lints see it.

#[cfg(test)]
mod databases;

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod execution_log;
#[cfg(test)]
mod executions;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod kept_results;
#[cfg(test)]
mod keys_and_tokens;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod users;
#[cfg(test)]
mod words;
