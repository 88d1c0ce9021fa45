//! How management data changes: in one transaction with its audit entry, after which nothing that was looked up
//! before is believed any more.

use serde_json::Value;
use store::{AccountTx, NewAuditEntry};

use crate::{access::Member, app::App, error::Error};

/// Writes the audit entry into `tx`, makes the change durable, and tells this process and the others.
pub(crate) async fn commit(
    app: &App,
    by: &Member,
    mut tx: AccountTx,
    action: &str,
    target: &str,
    details: &Value,
) -> Result<(), Error> {
    let (actor, details) = (by.actor().to_string(), details.to_string());
    tx.audit(NewAuditEntry { at: app.clock.now(), actor: &actor, action, target, details: &details }).await?;
    tx.commit().await?;
    app.lookup.forget();
    Ok(())
}
