//! Mails that wait to be sent.

use async_trait::async_trait;
use tenure_core::engine::PATIENCE_SECONDS;
use tenure_core::mail::Mail;
use tenure_core::storage::{ClaimedMail, NewMail, OutboxRead, OutboxWrite, Result};
use tenure_core::time::Timestamp;
use tenure_entity::mail_outbox;
use uuid::Uuid;

use super::error::{corrupt, other};
use super::row::Row;
use super::{Sea, Source, Working};

fn model(mail: &NewMail) -> Result<mail_outbox::Model> {
    Ok(mail_outbox::Model {
        id: mail.id,
        body: serde_json::to_string(&mail.mail).map_err(other)?,
        written_at: mail.written_at.0,
        due_at: mail.written_at.0,
        tries: 0,
        given_up_at: None,
    })
}

/// A row of the outbox that was claimed.
enum Claimed {
    Mail(Box<ClaimedMail>),
    /// Cannot be read, as a later version of the program may have written it: it must not hold up all others. It stays claimed, and whoever
    /// gets it next may know better; but not for ever.
    Unreadable {
        id: Uuid,
        written_at: Timestamp,
        tries: u32,
    },
}

fn claimed(row: &mut Row<'_>) -> Result<Claimed> {
    let (id, body) = (row.uuid()?, row.take::<String>()?);
    let written_at = row.time()?;
    let tries = u32::try_from(row.take::<i32>()?).map_err(|_| corrupt("attempts at a mail"))?;
    Ok(match serde_json::from_str::<Mail>(&body) {
        Ok(mail) => Claimed::Mail(Box::new(ClaimedMail { mail: NewMail { id, mail, written_at }, tries })),
        Err(_) => Claimed::Unreadable { id, written_at, tries },
    })
}

#[async_trait]
impl<S: Source> OutboxRead for Sea<S> {
    async fn mails_next_due(&self) -> Result<Option<Timestamp>> {
        let sql = self.sql("SELECT min(due_at) FROM mail_outbox WHERE given_up_at IS NULL");
        Ok(self.row(sql, |row| row.optional_time()).await?.flatten())
    }

    async fn mails_count(&self) -> Result<(u64, u64)> {
        let sql = self.sql(
            "SELECT (SELECT count(*) FROM mail_outbox WHERE given_up_at IS NULL), \
             (SELECT count(*) FROM mail_outbox WHERE given_up_at IS NOT NULL)",
        );
        Ok(self.row(sql, |row| Ok((row.count()?, row.count()?))).await?.unwrap_or_default())
    }
}

impl Sea<Working> {
    /// Changes a claimed mail, unless the claim is over.
    async fn end_claim(&self, claim: &ClaimedMail, column: &str, at: Timestamp) -> Result<bool> {
        let mut sql = self.sql(format!("UPDATE mail_outbox SET {column} = "));
        sql.bind(at.0).push(" WHERE given_up_at IS NULL AND id = ").bind(claim.id());
        // The number of the attempt names the claim: a later one has another.
        sql.push(" AND tries = ").bind(i32::try_from(claim.tries).map_err(other)?);
        Ok(self.execute(sql).await? > 0)
    }
}

#[async_trait]
impl OutboxWrite for Sea<Working> {
    async fn mails_insert(&mut self, mails: &[NewMail]) -> Result<()> {
        let models: Vec<mail_outbox::Model> = mails.iter().map(model).collect::<Result<_>>()?;
        self.insert::<mail_outbox::Entity>(&models, "").await.map(drop)
    }

    async fn mails_claim(&mut self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<ClaimedMail>> {
        // MATERIALIZED: the rows are looked for once. Without SKIP LOCKED two nodes would wait for each other, and the second would find
        // that what it waited for is claimed.
        let mut sql = self.sql("WITH due AS MATERIALIZED (SELECT id FROM mail_outbox WHERE given_up_at IS NULL AND due_at <= ");
        sql.bind(now.0).push(" ORDER BY due_at, id LIMIT ").bind(i64::from(limit)).lock("UPDATE SKIP LOCKED");
        sql.push(") UPDATE mail_outbox SET tries = tries + 1, due_at = ").bind(until.0);
        sql.push(" WHERE id IN (SELECT id FROM due) RETURNING id, body, written_at, tries");
        let mut mails: Vec<ClaimedMail> = Vec::new();
        let mut in_vain = Vec::new();
        for row in self.rows(sql, claimed).await? {
            match row {
                Claimed::Mail(mail) => mails.push(*mail),
                Claimed::Unreadable { id, written_at, .. } if written_at.plus_seconds(PATIENCE_SECONDS) <= now => in_vain.push(id),
                Claimed::Unreadable { id, tries, .. } => {
                    // Said once: it comes again with the end of each claim.
                    if tries == 1 {
                        tracing::error!(mail.id = %id, "a mail in the outbox cannot be read; it is given up when it is three days old");
                    }
                }
            }
        }
        if !in_vain.is_empty() {
            tracing::error!(mail.ids = ?in_vain, "mails in the outbox that cannot be read were given up");
            let mut sql = self.sql("UPDATE mail_outbox SET given_up_at = ");
            sql.bind(now.0).push(" WHERE ").among("id", in_vain);
            self.execute(sql).await?;
        }
        mails.sort_by_key(ClaimedMail::id);
        Ok(mails)
    }

    async fn mails_remove(&mut self, ids: &[Uuid]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut sql = self.sql("DELETE FROM mail_outbox WHERE ");
        sql.among("id", ids.iter().copied());
        self.execute(sql).await.map(drop)
    }

    async fn mail_postpone(&mut self, claim: &ClaimedMail, due_at: Timestamp) -> Result<bool> {
        self.end_claim(claim, "due_at", due_at).await
    }

    async fn mail_give_up(&mut self, claim: &ClaimedMail, at: Timestamp) -> Result<bool> {
        self.end_claim(claim, "given_up_at", at).await
    }

    async fn mails_forget(&mut self, before: Timestamp) -> Result<u64> {
        let mut sql = self.sql("DELETE FROM mail_outbox WHERE given_up_at < ");
        sql.bind(before.0);
        self.execute(sql).await
    }
}
