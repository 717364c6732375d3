//! Mails that wait to be sent.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::tables::{WaitingMail, insert};
use super::{Memory, Source, Working};
use crate::storage::{ClaimedMail, NewMail, OutboxRead, OutboxWrite, Result};
use crate::time::Timestamp;

#[async_trait]
impl<S: Source> OutboxRead for Memory<S> {
    async fn mails_next_due(&self) -> Result<Option<Timestamp>> {
        let tables = self.tables();
        Ok(tables.mails.values().filter(|m| m.given_up_at.is_none()).map(|m| m.due_at).min())
    }

    async fn mails_count(&self) -> Result<(u64, u64)> {
        let tables = self.tables();
        let given_up = tables.mails.values().filter(|m| m.given_up_at.is_some()).count();
        Ok(((tables.mails.len() - given_up) as u64, given_up as u64))
    }
}

impl Memory<Working> {
    /// Changes a claimed mail, unless the claim is over.
    fn with_claimed(&mut self, claim: &ClaimedMail, change: impl FnOnce(&mut WaitingMail)) -> bool {
        let table = Arc::make_mut(&mut self.tables_mut().mails);
        let claimed = table.get_mut(&claim.id()).filter(|m| m.tries == claim.tries && m.given_up_at.is_none());
        claimed.map(change).is_some()
    }
}

#[async_trait]
impl OutboxWrite for Memory<Working> {
    async fn mails_insert(&mut self, mails: &[NewMail]) -> Result<()> {
        for mail in mails {
            let waiting = WaitingMail { mail: mail.clone(), due_at: mail.written_at, tries: 0, given_up_at: None };
            insert(&mut self.tables_mut().mails, mail.id, waiting)?;
        }
        Ok(())
    }

    async fn mails_claim(&mut self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<ClaimedMail>> {
        let table = Arc::make_mut(&mut self.tables_mut().mails);
        let mut due: Vec<&mut WaitingMail> = table.values_mut().filter(|m| m.given_up_at.is_none() && m.due_at <= now).collect();
        due.sort_by_key(|m| (m.due_at, m.mail.id));
        due.truncate(limit as usize);
        due.sort_by_key(|m| m.mail.id);
        let claim = |waiting: &mut WaitingMail| {
            waiting.due_at = until;
            waiting.tries += 1;
            ClaimedMail { mail: waiting.mail.clone(), tries: waiting.tries }
        };
        Ok(due.into_iter().map(claim).collect())
    }

    async fn mails_remove(&mut self, ids: &[Uuid]) -> Result<()> {
        let table = Arc::make_mut(&mut self.tables_mut().mails);
        ids.iter().for_each(|id| drop(table.remove(id)));
        Ok(())
    }

    async fn mail_postpone(&mut self, claim: &ClaimedMail, due_at: Timestamp) -> Result<bool> {
        Ok(self.with_claimed(claim, |mail| mail.due_at = due_at))
    }

    async fn mail_give_up(&mut self, claim: &ClaimedMail, at: Timestamp) -> Result<bool> {
        Ok(self.with_claimed(claim, |mail| mail.given_up_at = Some(at)))
    }

    async fn mails_forget(&mut self, before: Timestamp) -> Result<u64> {
        let table = Arc::make_mut(&mut self.tables_mut().mails);
        let all = table.len();
        table.retain(|_, mail| mail.given_up_at.is_none_or(|at| at >= before));
        Ok((all - table.len()) as u64)
    }
}
