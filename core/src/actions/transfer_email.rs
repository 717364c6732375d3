//! `transferEmail`: an address moves from whoever holds it to somebody else, in one step and without temporary addresses (rules E3–E7, X5).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::email::{Email, EmailRole, EmailRoles};
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::UserId;
use crate::permission::Permission;
use crate::policy::{Ability, Deny, Verdict};
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::addresses::{AddressBook, settle_login};
use crate::steps::checks;
use crate::storage::{Read, StorageError};
use crate::user::{User, UserStatus};

/// What becomes of the address that a transfer pushes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Displaced {
    /// It is freed in the roles taken.
    Release,
    /// It goes to the former holder of the other one: the two swap.
    GiveToFormerHolder,
}

/// Input of `transferEmail`, as given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct TransferEmailInput {
    pub address: String,
    pub to_user_id: UserId,
    pub roles: Option<Vec<EmailRole>>,
    pub replacement_login_email: Option<String>,
    pub displaced: Displaced,
}

/// Transfers an address.
#[derive(Debug, Clone)]
pub struct TransferEmail {
    address: Email,
    to: UserId,
    roles: Option<EmailRoles>,
    replacement: Option<Email>,
    displaced: Displaced,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Transferred {
    /// The former holder.
    pub from: Option<FreshUser>,
    /// The new holder.
    pub to: Option<FreshUser>,
    /// Roles that the receiver took.
    pub moved: EmailRoles,
    /// Roles of the former holder that were freed without moving.
    pub freed: EmailRoles,
}

impl Outcome for Transferred {
    fn keep_for_dry_run(&mut self) {
        self.from = None;
        self.to = None;
    }
}

impl TransferEmail {
    /// Checks the shape.
    pub fn parse(input: TransferEmailInput) -> Result<TransferEmail, Refusal> {
        let mut faults = Faults::new();
        let address = faults.email("address", &input.address);
        let replacement = input.replacement_login_email.and_then(|e| faults.email("replacementLoginEmail", &e));
        if let Some(roles) = &input.roles
            && (roles.is_empty() || roles.iter().any(|r| !matches!(r, EmailRole::Login | EmailRole::Contact)))
        {
            faults.input("roles", "Give LOGIN, CONTACT or both, or leave it out.");
        }
        if let (Some(address), Some(replacement)) = (&address, &replacement)
            && address.is_same(replacement)
        {
            faults.input("replacementLoginEmail", "The replacement must be another address.");
        }
        faults.finish()?;
        let Some(address) = address else { return Err(Refusal::default()) };
        let roles = input.roles.map(|r| r.into_iter().collect());
        Ok(TransferEmail { address, to: input.to_user_id, roles, replacement, displaced: input.displaced })
    }
}

/// Who gets what, worked out before anything is written.
struct Deal {
    /// Roles that the receiver takes.
    moved: EmailRoles,
    /// Roles of the former holder that are freed.
    freed: EmailRoles,
    /// Addresses that come back to the former holder, with the role.
    back: Vec<(Email, EmailRole)>,
    /// Addresses that leave the receiver altogether.
    displaced: Vec<Email>,
}

impl TransferEmail {
    fn deal(&self, book: &AddressBook, holder: UserId) -> Deal {
        let had = book.roles(holder, &self.address);
        let wanted = self.roles.unwrap_or_else(|| [EmailRole::Login, EmailRole::Contact].into_iter().filter(|r| had.has(*r)).collect());
        let mut deal = Deal { moved: wanted, freed: EmailRoles::NONE, back: Vec::new(), displaced: Vec::new() };
        if self.displaced == Displaced::GiveToFormerHolder {
            for role in wanted.iter() {
                if let Some(other) = book.with_role(self.to, role).filter(|o| !deal.displaced.contains(o)) {
                    deal.displaced.push(other.clone());
                }
            }
            // What is pushed out leaves the receiver in every role; the transferred address takes its place there.
            for other in &deal.displaced {
                let its_roles = book.roles(self.to, other);
                for role in [EmailRole::Login, EmailRole::Contact].into_iter().filter(|r| its_roles.has(*r)) {
                    deal.moved = deal.moved.with(role);
                    if had.has(role) {
                        deal.back.push((other.clone(), role));
                    }
                }
            }
        }
        deal.freed = had.iter().filter(|r| !deal.moved.has(*r)).collect();
        deal
    }

    fn check_parties(&self, change: &Change<'_>, holder: &User, receiver: Option<&User>, reasons: &mut Reasons) -> Result<(), Failure> {
        let access = change.access()?;
        match receiver.map(|r| (r, access.verdict(Ability::ManageAddresses, r, false))) {
            None | Some((_, Verdict::Hide)) => reasons.add(Rejection::at(Code::UserNotFound, "toUserId", "No such user.")),
            Some((receiver, verdict)) => {
                checks::add_denial(verdict, "toUserId", reasons);
                let eligible = receiver.status == UserStatus::Active && receiver.id != holder.id;
                reasons.add_if(!eligible, || {
                    Rejection::at(Code::RecipientNotEligible, "toUserId", "The receiver must be active, and not the holder.")
                });
            }
        }
        // Who holds an address is no secret to who manages them, so the holder is not hidden here.
        let protected = access.verdict(Ability::ManageAddresses, holder, false) == Verdict::Deny(Deny::TargetIsAdministrator);
        reasons.add_if(protected, || crate::engine::deny_reason(Deny::TargetIsAdministrator, "address"));
        reasons.add_if(holder.status == UserStatus::Invited, || {
            Rejection::at(Code::HolderInvited, "address", "The holder is invited: take the invitation back instead.")
        });
        Ok(())
    }
}

#[async_trait]
impl Action for TransferEmail {
    type Output = Transferred;
    const NAME: &'static str = "transferEmail";
    const REQUIRES: &'static [Permission] = &[Permission::EmailsManage];
    const CODES: &'static [Code] = &[
        Code::UserNotFound,
        Code::AddressNotHeld,
        Code::HolderInvited,
        Code::ReplacementRequired,
        Code::EmailInvalid,
        Code::EmailTaken,
        Code::RecipientNotEligible,
        Code::TargetIsAdministrator,
        Code::InputInvalid,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
    ];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        let holder = read.addresses_by_key(&[self.address.key().to_owned()]).await?.pop().map(|h| h.holder);
        let locks = Locks::new().settings().exclusive(self.to);
        Ok(holder.into_iter().fold(locks, Locks::exclusive))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Transferred, Failure> {
        let mut reasons = Reasons::new();
        let receiver = change.held(self.to).cloned();
        let held = change.read().addresses_by_key(&[self.address.key().to_owned()]).await?.pop();
        let held = held.filter(|h| [EmailRole::Login, EmailRole::Contact, EmailRole::Invitation].into_iter().any(|r| h.roles.has(r)));
        let Some(held) = held else {
            let access = change.access()?;
            let hidden = receiver.as_ref().is_none_or(|r| access.verdict(Ability::ManageAddresses, r, false) == Verdict::Hide);
            reasons.add_if(hidden, || Rejection::at(Code::UserNotFound, "toUserId", "No such user."));
            reasons.add(Rejection::at(Code::AddressNotHeld, "address", "Nobody holds this address."));
            reasons.check(Self::CODES, None)?;
            return Err(Failure::Internal("an address without a holder".into()));
        };
        // Somebody else holds it since we looked: the race is run again.
        let Some(mut holder) = change.held(held.holder).cloned() else { return Err(StorageError::Conflict.into()) };

        let mut book = AddressBook::of(change, &[holder.id, self.to]).await?;
        let deal = self.deal(&book, holder.id);
        let loses_login = held.roles.has(EmailRole::Login);
        let gets_login = deal.back.iter().any(|(_, role)| *role == EmailRole::Login);
        self.check_parties(change, &holder, receiver.as_ref(), &mut reasons)?;
        // Who would give an address to themself loses nothing by it: RECIPIENT_NOT_ELIGIBLE says what is wrong.
        let loses_access = holder.status == UserStatus::Active && loses_login && !gets_login && holder.id != self.to;
        reasons.add_if(loses_access && self.replacement.is_none(), || {
            Rejection::at(
                Code::ReplacementRequired,
                "replacementLoginEmail",
                "The holder is active and signs in with the address: give a replacement.",
            )
        });
        reasons.add_if(self.replacement.is_some() && (gets_login || !loses_login), || {
            Rejection::at(
                Code::InputInvalid,
                "replacementLoginEmail",
                "The holder keeps or gets another login address: leave the replacement out.",
            )
        });
        // From here on the book is what will be; nothing is written while there are reasons.
        book.free(&self.address);
        for other in &deal.displaced {
            book.free(other);
        }
        for (other, role) in &deal.back {
            book.give(other, holder.id, *role);
        }
        for role in deal.moved.iter() {
            book.give(&self.address, self.to, role);
        }
        if let Some(replacement) = &self.replacement {
            if book.is_taken(change, replacement, holder.id).await? {
                reasons.add_taken("replacementLoginEmail", replacement.key());
            } else {
                book.give(replacement, holder.id, EmailRole::Login);
            }
        }
        reasons.check(Self::CODES, None)?;
        let Some(mut receiver) = receiver else { return Err(Failure::Internal("a receiver without reasons".into())) };

        let logins = (book.with_role(holder.id, EmailRole::Login).cloned(), book.with_role(receiver.id, EmailRole::Login).cloned());
        let had = (held.roles, holder.contact_email.clone(), receiver.contact_email.clone());
        let contacts = (book.with_role(holder.id, EmailRole::Contact).cloned(), book.with_role(receiver.id, EmailRole::Contact).cloned());
        let freed_of_receiver = self.freed_of_receiver(&book, &receiver);
        book.save(change).await?;

        change.event(holder.id, EventBody::EmailTransferred { recipient: receiver.id, roles: deal.moved.iter().collect() });
        if !deal.freed.is_empty() {
            change.event(holder.id, EventBody::EmailReleased { roles: deal.freed.iter().collect() });
        }
        if !freed_of_receiver.is_empty() {
            change.event(receiver.id, EventBody::EmailReleased { roles: freed_of_receiver.iter().collect() });
        }
        for (user, contact, former) in [(&holder, &contacts.0, &had.1), (&receiver, &contacts.1, &had.2)] {
            if contact.is_some() && contact.as_ref().map(Email::key) != former.as_ref().map(Email::key) {
                change.event(user.id, EventBody::EmailChanged { role: EmailRole::Contact });
            }
        }
        settle_login(change, &mut holder, logins.0).await?;
        settle_login(change, &mut receiver, logins.1).await?;
        Ok(Transferred {
            from: Some(change.fresh_user(holder.id).await?),
            to: Some(change.fresh_user(receiver.id).await?),
            moved: deal.moved,
            freed: deal.freed,
        })
    }
}

impl TransferEmail {
    /// Roles of the receiver's former addresses that nobody has now.
    fn freed_of_receiver(&self, book: &AddressBook, receiver: &User) -> EmailRoles {
        let former = [(EmailRole::Login, &receiver.login_email), (EmailRole::Contact, &receiver.contact_email)];
        former
            .into_iter()
            .filter(|(role, email)| {
                email.as_ref().is_some_and(|e| {
                    let still = book.with_role(receiver.id, *role).is_some_and(|now| now.is_same(e));
                    !still && !book.is_held(e)
                })
            })
            .map(|(role, _)| role)
            .collect()
    }
}
