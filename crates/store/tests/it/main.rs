//! Every store function, on both databases.

mod databases;

mod accounts;
mod audit;
mod credentials;
mod execution_log;
mod executions;
mod idempotency;
mod kept_results;
mod keys_and_tokens;
mod schema;
mod servers;
mod settings;
mod users;
