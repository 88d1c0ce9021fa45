//! The audit log: append-only, each entry carrying the hash of the one before, so that a later change shows.

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};

use crate::db::Tx;
use crate::{Account, AccountTx, Result};

/// What to write into the audit log.
#[derive(Clone, Copy, Debug)]
pub struct NewAuditEntry<'a> {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it, JSON text.
    pub actor: &'a str,
    /// What was done, for example `server.create`.
    pub action: &'a str,
    /// The id of what it was done to.
    pub target: &'a str,
    /// What changed, JSON text without secrets.
    pub details: &'a str,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditEntry {
    /// Counts up from 1 in each account, without gaps.
    pub number: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it, JSON text.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// The id of what it was done to.
    pub target: String,
    /// What changed, JSON text.
    pub details: String,
    /// The hash of the entry before; empty for the first.
    pub previous_hash: Vec<u8>,
    /// SHA-256 over the account, the number, the fields above and the previous hash.
    pub hash: Vec<u8>,
}

/// What a check of the whole log found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCheck {
    /// How many entries there are.
    pub entries: i64,
    /// The first number that is missing, or whose entry does not fit the one before; `None` when all is well.
    pub broken_at: Option<i64>,
}

/// Entries read at a time while checking.
const PAGE: i64 = 1000;

impl Account {
    /// At most `limit` entries, newest first, from the one before `before`.
    pub async fn list_audit_entries(&self, limit: i64, before: Option<i64>) -> Result<Vec<AuditEntry>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select * from audit_entries where account_id = $1 and ($2 is null or number < $2)
             order by number desc limit $3")
            .bind(&*self.account_id).bind(before).bind(limit).fetch_all(db).await)?;
        Ok(rows)
    }

    /// Reads the whole log and checks the chain.
    pub async fn verify_audit_entries(&self) -> Result<AuditCheck> {
        let mut check = AuditCheck { entries: 0, broken_at: None };
        let mut previous_hash = Vec::new();
        let mut after = i64::MIN;
        loop {
            let page = self.audit_entries_after(after).await?;
            let Some(last) = page.last() else { return Ok(check) };
            after = last.number;
            for entry in page {
                check.entries += 1;
                let fits = entry.number == check.entries
                    && entry.previous_hash == previous_hash
                    && entry.hash == hash_of(&self.account_id, &entry);
                if !fits && check.broken_at.is_none() {
                    check.broken_at = Some(check.entries);
                }
                previous_hash = entry.hash;
            }
        }
    }

    async fn audit_entries_after(&self, after: i64) -> Result<Vec<AuditEntry>> {
        let rows = on!(read &self.db, db => sqlx::query_as(
            "select * from audit_entries where account_id = $1 and number > $2 order by number limit $3")
            .bind(&*self.account_id).bind(after).bind(PAGE).fetch_all(db).await)?;
        Ok(rows)
    }
}

impl AccountTx {
    /// Writes down what this transaction does. The entry is stored if, and only if, the change is.
    pub async fn audit(&mut self, new: NewAuditEntry<'_>) -> Result<()> {
        match &mut self.tx {
            Tx::Sqlite(..) => {}
            // Two appends to one account would otherwise both follow the same entry.
            Tx::Postgres(tx) => {
                sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
                    .bind(&*self.account_id)
                    .execute(&mut **tx)
                    .await?;
            }
        }
        let last: Option<(i64, Vec<u8>)> = in_tx!(&mut self.tx, db => sqlx::query_as(
            "select number, hash from audit_entries where account_id = $1 order by number desc limit 1")
            .bind(&*self.account_id).fetch_optional(db).await)?;
        let (number, previous_hash) = last.unwrap_or_default();
        let mut entry = AuditEntry {
            number: number + 1,
            at: new.at,
            actor: new.actor.to_owned(),
            action: new.action.to_owned(),
            target: new.target.to_owned(),
            details: new.details.to_owned(),
            previous_hash,
            hash: Vec::new(),
        };
        entry.hash = hash_of(&self.account_id, &entry);
        in_tx!(&mut self.tx, db => sqlx::query(
            "insert into audit_entries (account_id, number, at, actor, action, target, details, previous_hash, hash)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
            .bind(&*self.account_id).bind(entry.number).bind(entry.at).bind(entry.actor).bind(entry.action)
            .bind(entry.target).bind(entry.details).bind(entry.previous_hash).bind(entry.hash)
            .execute(db).await.map(|_| ()))?;
        Ok(())
    }
}

/// SHA-256 over the fields, each preceded by its length as eight bytes, so that no two entries read the same.
fn hash_of(account_id: &str, entry: &AuditEntry) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    let number = entry.number.to_be_bytes();
    let at = entry.at.timestamp_micros().to_be_bytes();
    let parts: [&[u8]; 8] = [
        &entry.previous_hash,
        account_id.as_bytes(),
        &number,
        &at,
        entry.actor.as_bytes(),
        entry.action.as_bytes(),
        entry.target.as_bytes(),
        entry.details.as_bytes(),
    ];
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context.finish().as_ref().to_vec()
}
