//! Makes actions happen: one transaction each, with the caller looked at again inside it, locks in order, events in the same commit.
//!
//! The only place (with `engine/outbox.rs`, which hands out mails) outside the suite and tests that begins and commits.

mod outbox;
mod underway;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::clock::Clock;
use crate::deadline;
use crate::event::{EventBody, NewEvent};
use crate::id::{EventId, UserId};
use crate::mail::{Mail, Outbox};
use crate::permission::Permission;
use crate::policy::{Ability, Access, Deny, Verdict};
use crate::rejection::{Code, Failure, Reasons, Refusal, Rejection};
use crate::secret::{LinkKey, fingerprint};
use crate::settings::Settings;
use crate::steps::links;
use crate::storage::{IdempotencyKey, IdempotencyState, LockMode, NewMail, Read, Storage, StorageError, Transaction};
use crate::time::Timestamp;
use crate::user::{Actor, User};

use underway::{Place, Underway};

pub use outbox::{CLAIM_SECONDS, Fate, PATIENCE_SECONDS, Undelivered};

/// How often a unit of work that lost a race is tried before the race is given up.
const ATTEMPTS: u32 = 8;
/// How long the outcome of an operation is remembered under its idempotency key, in seconds (rule I8).
const REMEMBERED_SECONDS: i64 = 24 * 3600;

/// What the configuration says that rules depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// Number of seats; None for unlimited.
    pub seat_limit: Option<u32>,
    /// Name of the plan.
    pub plan: String,
}

/// How an action is to be performed.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// Request that causes it, for the history.
    pub request_id: Option<String>,
    /// Roll back at the end (rule R8).
    pub dry_run: bool,
    /// Key of the attempt (rule I8).
    pub idempotency_key: Option<String>,
}

/// The rows that an action needs to hold.
#[derive(Debug, Clone, Default)]
pub struct Locks {
    settings: bool,
    users: HashMap<UserId, LockMode>,
    caller_exclusively: bool,
}

impl Locks {
    /// None.
    pub fn new() -> Locks {
        Locks::default()
    }

    /// The settings row: for whoever changes status, kind, rights or seats.
    pub fn settings(mut self) -> Locks {
        self.settings = true;
        self
    }

    /// A person who is changed.
    pub fn exclusive(mut self, user: UserId) -> Locks {
        self.users.insert(user, LockMode::Exclusive);
        self
    }

    /// A person who must stay as they are: successor, manager, head.
    pub fn shared(mut self, user: UserId) -> Locks {
        self.users.entry(user).or_insert(LockMode::Shared);
        self
    }

    /// Whoever calls, as somebody who is changed: for who ends what they came with. All others who call as this person hold the row, too,
    /// so that this waits for what they have begun, and they look at what they came with again behind it (rule I4).
    pub fn caller_exclusive(mut self) -> Locks {
        self.caller_exclusively = true;
        self
    }

    /// Several people who must stay as they are.
    pub fn shared_all(self, users: impl IntoIterator<Item = UserId>) -> Locks {
        users.into_iter().fold(self, Locks::shared)
    }
}

/// What comes out of an action: ids, counts and roles, which a repeat returns as they were, and rows that are read afresh then.
pub trait Outcome: Serialize + DeserializeOwned + Send {
    /// Drops objects, for a dry run (rule R8).
    fn keep_for_dry_run(&mut self) {}
    /// Drops what only a dry run answers (rule R8).
    fn keep_in_earnest(&mut self) {}
}

impl Outcome for () {}

/// A person in an outcome: the row as the transaction left it, or, in a repeat, only who it was.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
pub struct FreshUser {
    /// Who.
    pub id: UserId,
    /// The row; None in a repeat, which reads it afresh (rule I8).
    #[serde(skip)]
    pub row: Option<User>,
}

/// One thing that happens to people. The file it lives in is named after it.
#[async_trait]
pub trait Action: std::fmt::Debug + Send + Sync {
    /// What comes out.
    type Output: Outcome;
    /// Name of the mutation.
    const NAME: &'static str;
    /// Any one of these is needed; empty for none. Printed as `@requiresPermission`.
    const REQUIRES: &'static [Permission] = &[];
    /// Whether it is personal: then access tokens are FORBIDDEN it, whatever they hold (rule S4).
    const PERSONAL: bool = false;
    /// The codes of the contract, in its order.
    const CODES: &'static [Code];

    /// The rows to hold. May look (without holding anything yet) to find out which; `run` must not trust what was seen here.
    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure>;

    /// Does it. What fails is rolled back.
    async fn run(&self, change: &mut Change<'_>) -> Result<Self::Output, Failure>;
}

/// One of the tries that an attempt takes.
struct Round<'r> {
    attempt: &'r Attempt,
    /// The attempt among those with its key.
    place: Option<&'r Place<'r>>,
    /// Whose login change is ended before, as nobody confirmed it in time.
    overdue: Option<UserId>,
}

/// Performs actions on a storage.
pub struct Engine {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    outbox: Arc<dyn Outbox>,
    links: LinkKey,
    licence: Licence,
    underway: Underway,
}

impl Engine {
    /// An engine over a storage.
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>, outbox: Arc<dyn Outbox>, links: LinkKey, licence: Licence) -> Engine {
        Engine { storage, clock, outbox, links, licence, underway: Underway::default() }
    }

    /// The storage, for reading.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Seats and plan.
    pub fn licence(&self) -> &Licence {
        &self.licence
    }

    /// Performs an action for a caller (None: anonymous). Tried again when a race was lost.
    pub async fn perform<A: Action>(&self, caller: Option<&Access>, attempt: &Attempt, action: &A) -> Result<A::Output, Failure> {
        let place = match (&attempt.idempotency_key, caller) {
            (Some(key), Some(access)) if !attempt.dry_run => {
                Some(self.underway.enter(IdempotencyKey { person: access.person(), mutation: A::NAME, key: key.clone() }))
            }
            _ => None,
        };
        let mut tries = 0;
        let mut round = Round { attempt, place: place.as_ref(), overdue: None };
        loop {
            tries += 1;
            match self.attempt(caller, &round, action).await {
                Err(Failure::Storage(StorageError::Conflict | StorageError::Taken(_))) if tries < ATTEMPTS => {
                    tracing::debug!(action.name = A::NAME, action.tries = tries, "lost a race, trying again");
                    // Spread the rivals without a clock: the one that comes later gives way longer.
                    tokio::time::sleep(std::time::Duration::from_millis(u64::from(tries * tries) * 3)).await;
                }
                // Taken by a login change that nobody confirmed in time? Then it is ended along with this change (rule E6).
                Err(Failure::Refused(Refusal { taken_address: Some(key), rejections, conflicting_user })) if round.overdue.is_none() => {
                    round.overdue = links::overdue_holder(&*self.storage, &key, self.clock.now()).await?;
                    if round.overdue.is_none() {
                        return Err(Refusal { taken_address: Some(key), rejections, conflicting_user }.into());
                    }
                }
                result => return result,
            }
        }
    }

    async fn attempt<A: Action>(&self, caller: Option<&Access>, round: &Round<'_>, action: &A) -> Result<A::Output, Failure> {
        let Round { attempt, place, overdue } = *round;
        deadline::check_change().map_err(StorageError::from)?;
        let now = self.clock.now();
        // A storage with one writer makes the next one wait here. Who waited in vain does not start over: the queue would only grow.
        let mut tx = match self.storage.begin().await {
            Ok(tx) => tx,
            Err(StorageError::Conflict) if place.is_some_and(|place| place.is_repeat) => return Err(in_progress().into()),
            // Nobody has looked at the key yet: it may never have been used.
            Err(StorageError::Conflict) => return Err(StorageError::Unavailable("no turn to write came in time".into()).into()),
            Err(error) => return Err(error.into()),
        };
        // Before anything else is held: a repeat waits here for the first attempt, and nowhere else (rule I8).
        let print = fingerprint(&format!("{action:?}"));
        let known = match place {
            None => IdempotencyState::Fresh,
            Some(Place { key, .. }) => match tx.idempotency_begin(key, print, now, now.plus_seconds(-REMEMBERED_SECONDS)).await {
                Ok(state) => state,
                Err(StorageError::Conflict) => return Err(in_progress().into()),
                Err(error) => return Err(error.into()),
            },
        };
        let mut locks = action.locks(&*tx).await?;
        if let Some(access) = caller.filter(|a| a.actor() != &Actor::System) {
            locks = if locks.caller_exclusively { locks.exclusive(access.person()) } else { locks.shared(access.person()) };
        }
        if let Some(holder) = overdue {
            locks = locks.exclusive(holder);
        }
        // Order of locks: settings, then people ascending (the storage sorts). See `storage`.
        let settings = if locks.settings { tx.settings_lock().await? } else { tx.settings().await? };
        let list: Vec<(UserId, LockMode)> = locks.users.iter().map(|(id, mode)| (*id, *mode)).collect();
        let users = tx.users_lock(&list).await?.into_iter().map(|u| (u.id, u)).collect();

        // Again, behind the waiting: what is written after somebody else's change must not bear an earlier time than that.
        let now = self.clock.now();
        let access = match caller {
            None => None,
            Some(caller) => Some(recheck(&*tx, caller, now).await?),
        };
        if let Some(access) = &access
            && !A::REQUIRES.is_empty()
            && !access.permissions().has_any(A::REQUIRES)
        {
            return Err(Failure::Forbidden(A::REQUIRES));
        }
        if A::PERSONAL && access.as_ref().is_some_and(|access| !access.is_in_person()) {
            return Err(Failure::Forbidden(&[]));
        }
        match known {
            IdempotencyState::Fresh => {}
            IdempotencyState::Done { fingerprint, .. } if fingerprint != print => {
                return Err(Rejection::at(Code::IdempotencyKeyReused, "idempotencyKey", "This key was used with other input.").into());
            }
            IdempotencyState::Done { outcome, .. } => {
                return serde_json::from_str(&outcome).map_err(|e| Failure::Internal(format!("stored outcome of {}: {e}", A::NAME)));
            }
        }

        let mut change = Change {
            tx,
            access,
            now,
            settings,
            locked: users,
            modes: locks.users,
            settings_locked: locks.settings,
            events: Vec::new(),
            mails: Vec::new(),
            request_id: attempt.request_id.clone(),
            engine: self,
        };
        if let Some(holder) = overdue {
            links::end_overdue(&mut change, holder).await?;
        }
        let mut output = action.run(&mut change).await?;
        let Change { mut tx, events, mails, .. } = change;
        if !attempt.dry_run {
            tx.mails_insert(&mails).await?;
        }
        // Last of all: whoever appends holds up everybody else who does.
        if !events.is_empty() {
            tx.events_append(&events).await?;
        }
        if attempt.dry_run {
            output.keep_for_dry_run();
            return Ok(output);
        }
        output.keep_in_earnest();
        if let Some(Place { key, .. }) = place {
            let outcome = serde_json::to_string(&output).map_err(|e| Failure::Internal(format!("outcome of {}: {e}", A::NAME)))?;
            tx.idempotency_finish(key, &outcome).await?;
        }
        // The last chance: from here on it happens, and is answered.
        deadline::check_change().map_err(StorageError::from)?;
        tx.commit().await?;
        deadline::committed();
        if !mails.is_empty() {
            self.outbox.wake();
        }
        Ok(output)
    }
}

/// The first attempt with this key is still under way (rule I8).
fn in_progress() -> Rejection {
    Rejection::at(Code::IdempotencyInProgress, "idempotencyKey", "The first attempt with this key is still running.")
}

/// Who the caller is by now (rule I4): inside the transaction, their row held. It stays so until the commit, however long the action waits
/// for other rows: whatever ends a session or an access token holds the person's row exclusively ([`Locks::caller_exclusive`]).
///
/// What all employees may do comes from the settings, which only those hold who change status, kind, rights or seats: a default right that is
/// taken away counts from the next mutation on, not for one that was under way.
async fn recheck(read: &dyn Read, caller: &Access, now: Timestamp) -> Result<Access, Failure> {
    if caller.actor() == &Actor::System {
        return Ok(caller.clone());
    }
    let fresh = match (caller.session(), caller.token()) {
        (Some(session), _) => read.session_principal(session).await?.and_then(|p| Access::of_session(&p, now)),
        (None, Some(token)) => {
            let scope = crate::policy::TokenScope::everything();
            let token = read.access_tokens_by_id(&[token], &scope).await?.pop();
            match token {
                Some(token) => read.token_principal(token.hash).await?.and_then(|p| Access::of_token(&p, now)),
                None => None,
            }
        }
        (None, None) => None,
    };
    fresh.ok_or(Failure::Unauthenticated)
}

/// A unit of work under way.
pub struct Change<'e> {
    tx: Box<dyn Transaction>,
    access: Option<Access>,
    now: Timestamp,
    settings: Settings,
    locked: HashMap<UserId, User>,
    modes: HashMap<UserId, LockMode>,
    settings_locked: bool,
    events: Vec<NewEvent>,
    mails: Vec<NewMail>,
    request_id: Option<String>,
    engine: &'e Engine,
}

impl Change<'_> {
    /// The transaction.
    pub fn tx(&mut self) -> &mut dyn Transaction {
        &mut *self.tx
    }

    /// The transaction, for reading.
    pub fn read(&self) -> &dyn Read {
        &*self.tx
    }

    /// The caller as they stand now; an anonymous one is refused.
    pub fn access(&self) -> Result<&Access, Failure> {
        self.access.as_ref().ok_or(Failure::Unauthenticated)
    }

    /// Now: one instant for the whole change, at which everything was held.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// To be called when records were locked, before anything is written: moves [`Change::now`] behind the waiting for them. The ownership
    /// changes of a record, latest first, would be out of order otherwise (rule H10).
    pub fn records_are_held(&mut self) {
        self.now = self.now.max(self.engine.clock.now());
    }

    /// To be called when a conversation was held, before a message is written to it: moves [`Change::now`] behind the waiting for it, so that
    /// messages are sent in the order in which they were written.
    pub fn conversation_is_held(&mut self) {
        self.records_are_held();
    }

    /// The settings as they stand; held when the action asked for them.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Seats and plan.
    pub fn licence(&self) -> &Licence {
        &self.engine.licence
    }

    /// A new identifier.
    pub fn new_uuid(&self) -> Uuid {
        self.engine.clock.new_uuid()
    }

    /// The server's key for links.
    pub fn links(&self) -> &LinkKey {
        &self.engine.links
    }

    /// Whether somebody's row is held exclusively.
    pub fn holds_exclusively(&self, id: UserId) -> bool {
        self.modes.get(&id) == Some(&LockMode::Exclusive)
    }

    /// Somebody whose row is held, whatever the caller may see: for successors, managers, heads, whose faults have codes that tell no more
    /// of hidden people than of missing ones.
    pub fn held(&self, id: UserId) -> Option<&User> {
        self.locked.get(&id)
    }

    /// The row to change, if policy hands it out: adds USER_NOT_FOUND, NOT_PERMITTED, SYSTEM_USER_PROTECTED or TARGET_IS_ADMINISTRATOR to
    /// the reasons otherwise. The row comes back whenever the caller may know of the person, so that other reasons can be looked for.
    pub async fn target(&mut self, id: UserId, ability: Ability, path: &str, reasons: &mut Reasons) -> Result<Option<User>, Failure> {
        let access = self.access()?.clone();
        debug_assert!(
            !self.locked.contains_key(&id) || self.modes.get(&id) == Some(&LockMode::Exclusive),
            "a target is locked exclusively"
        );
        // Asked for missing people too: the cost must not tell them from hidden ones.
        let companion = access.user_scope().needs_companions() && !self.tx.user_companions(access.person(), &[id]).await?.is_empty();
        let Some(user) = self.locked.get(&id).cloned() else {
            reasons.add(Rejection::at(Code::UserNotFound, path, "No such user."));
            return Ok(None);
        };
        Ok(match access.verdict(ability, &user, companion) {
            Verdict::Allow => Some(user),
            Verdict::Hide => {
                reasons.add(Rejection::at(Code::UserNotFound, path, "No such user."));
                None
            }
            Verdict::Deny(deny) => {
                reasons.add(deny_reason(deny, path));
                Some(user)
            }
        })
    }

    /// Notes what happened; appended with the commit, as done by the caller.
    pub fn event(&mut self, subject: UserId, body: EventBody) {
        let actor = self.access.as_ref().map_or(Actor::User(subject), |a| a.actor().clone());
        self.event_by(actor, subject, body);
    }

    /// Notes what happened, done by somebody else than the caller.
    pub fn event_by(&mut self, actor: Actor, subject: UserId, body: EventBody) {
        let id = EventId(self.new_uuid());
        self.events.push(NewEvent { id, occurred_at: self.now, actor, subject, request_id: self.request_id.clone(), body });
    }

    /// Has a mail sent once the change is committed: it is written into the outbox together with it.
    pub fn mail(&mut self, mail: Mail) {
        let id = self.new_uuid();
        self.mails.push(NewMail { id, mail, written_at: self.now });
    }

    /// Writes a changed person: version + 1, `updated_at` now.
    pub async fn save_user(&mut self, user: &mut User) -> Result<(), Failure> {
        debug_assert!(self.modes.get(&user.id) == Some(&LockMode::Exclusive), "only a held row is written");
        user.version += 1;
        user.updated_at = self.now;
        self.tx.user_update(user).await?;
        self.locked.insert(user.id, user.clone());
        Ok(())
    }

    /// Raises the epoch of somebody whose row is held: none of their sessions works any more (rule I4). Sessions are no part of what has a
    /// version.
    pub async fn raise_epoch(&mut self, user: &mut User) -> Result<(), Failure> {
        debug_assert!(self.modes.get(&user.id) == Some(&LockMode::Exclusive), "only a held row is written");
        user.epoch += 1;
        self.tx.user_update(user).await?;
        self.locked.insert(user.id, user.clone());
        Ok(())
    }

    /// Whether `extra` more seats are free (rule I2). The settings row must be held.
    pub async fn seats_free(&self, extra: u32) -> Result<bool, Failure> {
        debug_assert!(self.settings_locked, "seats are counted under the lock of the settings");
        match self.engine.licence.seat_limit {
            None => Ok(true),
            Some(limit) => Ok(self.tx.seat_counts().await?.used().saturating_add(extra) <= limit),
        }
    }

    /// Whether the account keeps an active administrator without this one (rule I1). The settings row must be held.
    pub async fn is_last_administrator(&self, user: &User) -> Result<bool, Failure> {
        debug_assert!(self.settings_locked, "administrators are counted under the lock of the settings");
        Ok(user.is_active_administrator() && self.tx.administrators_count().await? <= 1)
    }

    /// A person as this transaction left them, for the payload (what a mutation returns was read in its own transaction).
    pub async fn fresh_user(&self, id: UserId) -> Result<FreshUser, Failure> {
        Ok(FreshUser { id, row: self.tx.users_by_id(&[id]).await?.pop() })
    }
}

/// The reason that goes with a denial.
pub fn deny_reason(deny: Deny, path: &str) -> Rejection {
    match deny {
        Deny::NotPermitted => Rejection::at(Code::NotPermitted, path, "You may not do this."),
        Deny::TargetIsAdministrator => {
            Rejection::at(Code::TargetIsAdministrator, path, "Only an administrator may do this to an administrator.")
        }
        Deny::SystemUserProtected => Rejection::at(Code::SystemUserProtected, path, "The System User cannot be changed."),
    }
}
