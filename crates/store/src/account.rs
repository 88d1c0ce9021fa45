//! An account's handle, and the transaction that changes what belongs to it.

use std::sync::Arc;

use crate::db::Tx;
use crate::{Db, Result, changes};

/// All rows of one account. It binds the account id to every statement itself. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Account {
    pub(crate) db: Db,
    pub(crate) account_id: Arc<str>,
}

impl Account {
    /// The account's id.
    pub fn id(&self) -> &str {
        &self.account_id
    }

    /// Begins a change of the account's rows.
    pub async fn begin(&self) -> Result<AccountTx> {
        Ok(AccountTx { tx: self.db.begin().await?, account_id: self.account_id.clone() })
    }
}

/// A change of one account's rows: all of it happens, or none. Dropped without [`AccountTx::commit`], none.
pub struct AccountTx {
    pub(crate) tx: Tx,
    pub(crate) account_id: Arc<str>,
}

impl AccountTx {
    /// The account's id.
    pub fn id(&self) -> &str {
        &self.account_id
    }

    /// Makes the change durable and tells every process that management data changed.
    pub async fn commit(mut self) -> Result<()> {
        changes::bump(&mut self.tx).await?;
        self.tx.commit().await
    }
}
