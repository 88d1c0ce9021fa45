//! All SQL and all migrations, for SQLite and PostgreSQL with one text.
//!
//! [`Db`] has the global methods: look-ups by hash, jobs, migrations. Everything that belongs to an account is
//! a method of [`Account`], which binds the account id itself, and changes go through [`AccountTx`]. Nothing
//! here decides who may do what, reads the clock, or makes an id.
#![warn(missing_docs)]

#[macro_use]
mod db;

mod access_tokens;
mod account;
mod accounts;
mod api_keys;
mod audit;
mod auth_configs;
mod changes;
mod connectors;
mod credentials;
mod data_keys;
mod error;
mod execution_bytes;
mod execution_journal;
mod execution_log;
mod execution_writer;
mod executions;
mod idempotency;
mod issuers;
mod kept_results;
mod last_used;
mod migrate;
mod server_prompts;
mod server_resources;
mod servers;
mod settings;
mod users;
mod words;

pub use access_tokens::{AccessToken, FoundAccessToken};
pub use account::{Account, AccountTx};
pub use accounts::AccountRow;
pub use api_keys::{ApiKey, FoundApiKey};
pub use audit::{AuditCheck, AuditEntry, NewAuditEntry};
pub use auth_configs::AuthConfig;
pub use connectors::CustomConnector;
pub use credentials::{Credential, CredentialChange, CredentialFilter, SealedCredential};
pub use data_keys::{AccountDataKey, StoredDataKey};
pub use db::{Db, OpenOptions};
pub use error::{Error, Result, Unique};
pub use execution_log::ExecutionLog;
pub use executions::{Execution, ExecutionFilter, ExecutionRecord};
pub use idempotency::{Claim, IdempotencyKey, IdempotencyScope};
pub use issuers::Issuers;
pub use kept_results::KeptResult;
pub use last_used::LastUsed;
pub use migrate::Migration;
pub use server_prompts::ServerPrompt;
pub use server_resources::ServerResource;
pub use servers::{Server, ServerCursor};
pub use users::User;
pub use words::{CredentialStatus, ExecutionStatus, Identity, Role, ToolMode, UnknownWord};

/// Rows that a purge removes in one statement: others get their turn in between.
const PURGED_AT_ONCE: i64 = 1000;
