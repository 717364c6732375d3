//! A storage in memory with one fault: the outbox.

use uuid::Uuid;

use super::Fault;
use super::forward::forward;
use crate::storage::{ClaimedMail, NewMail, OutboxRead, OutboxWrite, Result};
use crate::time::Timestamp;

forward! { read OutboxRead {
    fn mails_next_due() -> Option<Timestamp>;
    fn mails_count() -> (u64, u64);
} {}}

forward! { write OutboxWrite {
    fn mails_insert(mails: &[NewMail]) -> ();
    fn mails_remove(ids: &[Uuid]) -> ();
} {
    async fn mails_claim(&mut self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<ClaimedMail>> {
        let until = match self.fault {
            Fault::ClaimsTwice => now,
            Fault::ClaimsForEver => Timestamp(i64::MAX),
            _ => until,
        };
        self.tx().mails_claim(now, until, limit).await
    }

    async fn mail_postpone(&mut self, claim: &ClaimedMail, due_at: Timestamp) -> Result<bool> {
        if self.has(Fault::LosesWaitingMails) {
            self.tx().mails_remove(&[claim.id()]).await?;
            return Ok(true);
        }
        let mut claim = claim.clone();
        if self.has(Fault::HeedsOldClaims) {
            claim.tries += 1;
        }
        self.tx().mail_postpone(&claim, due_at).await
    }

    async fn mail_give_up(&mut self, claim: &ClaimedMail, at: Timestamp) -> Result<bool> {
        match self.fault {
            Fault::SendsWhatWasGivenUp => self.tx().mail_postpone(claim, at).await,
            Fault::ForgetsMails => {
                self.tx().mails_remove(&[claim.id()]).await?;
                Ok(true)
            }
            _ => self.tx().mail_give_up(claim, at).await,
        }
    }

    async fn mails_forget(&mut self, before: Timestamp) -> Result<u64> {
        self.tx().mails_forget(before).await
    }
}}
