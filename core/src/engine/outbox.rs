//! Handing out the mails of committed changes, to whoever sends them; and removing what is remembered no longer.
//!
//! A mail is claimed for a while, sent, and removed. When it could not be sent it waits, longer each time; when it never can be, it is
//! given up. Whoever dies in between leaves a claim that ends by itself: so a mail is sent at least once, and exactly once as long as
//! nobody dies.

use std::collections::{BTreeSet, HashSet};

use uuid::Uuid;

use super::{Engine, REMEMBERED_SECONDS};
use crate::credential::SecretHash;
use crate::id::UserId;
use crate::secret::LinkKey;
use crate::storage::{ClaimedMail, Read, StorageError};
use crate::time::Timestamp;
use crate::user::UserStatus;

/// How long a claim lasts, in seconds: whoever sends a batch must be done with it by then.
pub const CLAIM_SECONDS: i64 = 600;
/// How long to wait after the first, second, … attempt that failed, in seconds; after all others as long as after the last of these.
const PAUSES_SECONDS: [i64; 6] = [5, 30, 120, 600, 1_800, 3_600];
/// How long after it was written a mail is given up, in seconds: 3 days.
pub const PATIENCE_SECONDS: i64 = 3 * 24 * 3600;
/// How long mails that were given up are kept for the operator, in seconds: 7 days. They hold names and addresses.
const KEPT_SECONDS: i64 = 7 * 24 * 3600;

/// How many outcomes of operations are removed at once: whoever writes meanwhile is held up no longer than by a small change.
const FORGOTTEN_AT_ONCE: u32 = 500;
/// How often that is done in a row; what is left then waits for the next time.
const FORGOTTEN_IN_A_ROW: u32 = 100;

/// Why a mail was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undelivered {
    /// It may work another time.
    ForNow,
    /// It will never work.
    ForGood,
}

/// What becomes of a mail that was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is tried again at that time.
    TriedAgain(Timestamp),
    /// It is not sent.
    GivenUp,
    /// Somebody else has it by now: the claim was over.
    OutOfHand,
}

impl Engine {
    /// Claims mails that are due, at most `limit`, for [`CLAIM_SECONDS`]; ascending by identifier, so roughly in the order of writing. Those
    /// whose link is dead by now are dropped: they would help nobody. So are those that are for people who work here, when they left.
    pub async fn claim_mails(&self, limit: u32) -> Result<Vec<ClaimedMail>, StorageError> {
        // Looked at first, without a unit of work: with one writer, everybody who asks in vain would hold up the others.
        loop {
            let now = self.clock.now();
            if self.storage.mails_next_due().await?.is_none_or(|due| due > now) {
                return Ok(Vec::new());
            }
            let mut tx = self.storage.begin().await?;
            let claimed = tx.mails_claim(now, now.plus_seconds(CLAIM_SECONDS), limit).await?;
            if claimed.is_empty() {
                // Somebody else was faster; or what was claimed cannot be read, and stays claimed.
                tx.commit().await?;
                return Ok(claimed);
            }
            let mut dead = dead_links(&*tx, &self.links, &claimed, now).await?;
            dead.extend(for_leavers(&*tx, &claimed).await?);
            if !dead.is_empty() {
                tx.mails_remove(&dead.iter().copied().collect::<Vec<_>>()).await?;
            }
            tx.commit().await?;
            let alive: Vec<ClaimedMail> = claimed.into_iter().filter(|mail| !dead.contains(&mail.id())).collect();
            if !alive.is_empty() {
                return Ok(alive);
            }
        }
    }

    /// A mail was sent.
    pub async fn mail_sent(&self, id: Uuid) -> Result<(), StorageError> {
        let mut tx = self.storage.begin().await?;
        tx.mails_remove(&[id]).await?;
        tx.commit().await
    }

    /// A mail could not be sent: it is tried again later, or given up.
    pub async fn mail_failed(&self, claim: &ClaimedMail, why: Undelivered) -> Result<Fate, StorageError> {
        let now = self.clock.now();
        let step = usize::try_from(claim.tries.saturating_sub(1)).unwrap_or(usize::MAX).min(PAUSES_SECONDS.len() - 1);
        let due_at = now.plus_seconds(PAUSES_SECONDS[step]);
        let in_vain = why == Undelivered::ForGood || due_at > claim.mail.written_at.plus_seconds(PATIENCE_SECONDS);
        let mut tx = self.storage.begin().await?;
        let (is_ours, fate) = match in_vain {
            true => (tx.mail_give_up(claim, now).await?, Fate::GivenUp),
            false => (tx.mail_postpone(claim, due_at).await?, Fate::TriedAgain(due_at)),
        };
        tx.commit().await?;
        Ok(if is_ours { fate } else { Fate::OutOfHand })
    }

    /// Removes outcomes of operations that are remembered no longer (rule I8), in small units of work; returns how many.
    pub async fn forget_outcomes(&self) -> Result<u64, StorageError> {
        let until = self.clock.now().plus_seconds(-REMEMBERED_SECONDS);
        let mut forgotten = 0;
        for _ in 0..FORGOTTEN_IN_A_ROW {
            let mut tx = self.storage.begin().await?;
            let removed = tx.idempotency_forget(until, FORGOTTEN_AT_ONCE).await?;
            if removed == 0 {
                break;
            }
            tx.commit().await?;
            forgotten += removed;
            if removed < u64::from(FORGOTTEN_AT_ONCE) {
                break;
            }
        }
        Ok(forgotten)
    }

    /// Removes mails that were given up long ago; returns how many.
    pub async fn forget_mails(&self) -> Result<u64, StorageError> {
        if self.storage.mails_count().await?.1 == 0 {
            return Ok(0);
        }
        let mut tx = self.storage.begin().await?;
        let forgotten = tx.mails_forget(self.clock.now().plus_seconds(-KEPT_SECONDS)).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

/// Those of the mails whose link does not work any more: expired, taken back, or replaced by a later one.
async fn dead_links(read: &dyn Read, key: &LinkKey, mails: &[ClaimedMail], now: Timestamp) -> Result<HashSet<Uuid>, StorageError> {
    let linked: Vec<(Uuid, SecretHash, Timestamp)> = mails
        .iter()
        .filter_map(|mail| mail.mail.mail.link().map(|(link, expires_at)| (mail.id(), SecretHash::of(&key.token(link)), expires_at)))
        .collect();
    let hashes: Vec<SecretHash> = linked.iter().map(|(_, hash, _)| *hash).collect();
    let working = read.hashes_of_links(&hashes).await?;
    Ok(linked.iter().filter(|(_, hash, expires_at)| *expires_at <= now || !working.contains(hash)).map(|(id, ..)| *id).collect())
}

/// Those of the mails that are of use only to who works here, and are for somebody who does not any more.
async fn for_leavers(read: &dyn Read, mails: &[ClaimedMail]) -> Result<Vec<Uuid>, StorageError> {
    let people: Vec<(Uuid, UserId)> =
        mails.iter().filter_map(|mail| mail.mail.mail.only_while_active().map(|person| (mail.id(), person))).collect();
    let ids: BTreeSet<UserId> = people.iter().map(|(_, person)| *person).collect();
    let found = read.users_by_id(&ids.into_iter().collect::<Vec<_>>()).await?;
    let active: HashSet<UserId> = found.into_iter().filter(|user| user.status == UserStatus::Active).map(|user| user.id).collect();
    Ok(people.into_iter().filter(|(_, person)| !active.contains(person)).map(|(mail, _)| mail).collect())
}
