//! Mails that wait to be sent: written together with the change that causes them, taken out by whoever sends them.

use async_trait::async_trait;
use uuid::Uuid;

use super::Result;
use crate::mail::Mail;
use crate::time::Timestamp;

/// A mail as it is written. It holds names and addresses, but no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// Identifier, ascending in the order of writing; receivers tell doubles by it.
    pub id: Uuid,
    /// The mail.
    pub mail: Mail,
    /// When it was written; it is due from then on.
    pub written_at: Timestamp,
}

/// A mail that was taken, to be sent until the claim ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedMail {
    /// The mail.
    pub mail: NewMail,
    /// How often it was taken, this time included: names the claim.
    pub tries: u32,
}

impl ClaimedMail {
    /// Identifier of the mail.
    pub fn id(&self) -> Uuid {
        self.mail.id
    }
}

/// Reading the outbox.
#[async_trait]
pub trait OutboxRead: Send + Sync {
    /// When the first of the mails that wait is due: those that are claimed, when their claim ends. None when nothing waits.
    async fn mails_next_due(&self) -> Result<Option<Timestamp>>;

    /// How many mails wait, claimed ones included; and how many were given up and are still kept.
    async fn mails_count(&self) -> Result<(u64, u64)>;
}

/// Writing the outbox.
#[async_trait]
pub trait OutboxWrite: Send + Sync {
    /// Adds mails, due at once. Taken(Id).
    async fn mails_insert(&mut self, mails: &[NewMail]) -> Result<()>;

    /// Claims mails that are due at `now`, those first that are due longest, at most `limit`: until `until` nobody else gets them. Of two
    /// units of work that claim at once, each gets mails that the other does not. Ascending by identifier.
    async fn mails_claim(&mut self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<ClaimedMail>>;

    /// Removes mails: they were sent, or need not be sent any more.
    async fn mails_remove(&mut self, ids: &[Uuid]) -> Result<()>;

    /// Ends a claim: the mail is due again at `due_at`. False, and nothing changes, when somebody else has claimed it since, or it is gone.
    async fn mail_postpone(&mut self, claim: &ClaimedMail, due_at: Timestamp) -> Result<bool>;

    /// Ends a claim: the mail is kept, but not sent any more. False, and nothing changes, when somebody else has claimed it since, or it
    /// is gone.
    async fn mail_give_up(&mut self, claim: &ClaimedMail, at: Timestamp) -> Result<bool>;

    /// Removes mails that were given up before `before`; returns how many.
    async fn mails_forget(&mut self, before: Timestamp) -> Result<u64>;
}
