//! `releaseEmail`: an address is free in all its roles and can be invited at once (rules E3–E5, X5).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::email::{Email, EmailRole, EmailRoles};
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::permission::Permission;
use crate::policy::{Ability, Deny, Verdict};
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::addresses::{AddressBook, settle_login};
use crate::storage::{Read, StorageError};
use crate::user::UserStatus;

/// Frees an address.
#[derive(Debug, Clone)]
pub struct ReleaseEmail {
    address: Email,
    replacement: Option<Email>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Released {
    /// The former holder.
    pub from: Option<FreshUser>,
    /// Roles that were freed.
    pub freed: EmailRoles,
}

impl Outcome for Released {
    fn keep_for_dry_run(&mut self) {
        self.from = None;
    }
}

impl ReleaseEmail {
    /// Checks the shape.
    pub fn parse(address: &str, replacement: Option<&str>) -> Result<ReleaseEmail, Refusal> {
        let mut faults = Faults::new();
        let address = faults.email("address", address);
        let replacement = replacement.and_then(|e| faults.email("replacementLoginEmail", e));
        if let (Some(address), Some(replacement)) = (&address, &replacement)
            && address.is_same(replacement)
        {
            faults.input("replacementLoginEmail", "The replacement must be another address.");
        }
        faults.finish()?;
        let Some(address) = address else { return Err(Refusal::default()) };
        Ok(ReleaseEmail { address, replacement })
    }
}

#[async_trait]
impl Action for ReleaseEmail {
    type Output = Released;
    const NAME: &'static str = "releaseEmail";
    const REQUIRES: &'static [Permission] = &[Permission::EmailsManage];
    const CODES: &'static [Code] = &[
        Code::AddressNotHeld,
        Code::HolderInvited,
        Code::ReplacementRequired,
        Code::EmailInvalid,
        Code::EmailTaken,
        Code::TargetIsAdministrator,
        Code::InputInvalid,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
    ];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        let holder = read.addresses_by_key(&[self.address.key().to_owned()]).await?.pop().map(|h| h.holder);
        Ok(holder.into_iter().fold(Locks::new(), Locks::exclusive))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Released, Failure> {
        let Some(held) = change.read().addresses_by_key(&[self.address.key().to_owned()]).await?.pop() else {
            return Err(Rejection::at(Code::AddressNotHeld, "address", "Nobody holds this address.").into());
        };
        // Somebody else holds it since we looked: the race is run again.
        let Some(mut holder) = change.held(held.holder).cloned() else { return Err(StorageError::Conflict.into()) };
        let mut reasons = Reasons::new();
        // Who holds an address is no secret to who manages them, so the holder is not hidden here.
        let protected = change.access()?.verdict(Ability::ManageAddresses, &holder, false) == Verdict::Deny(Deny::TargetIsAdministrator);
        reasons.add_if(protected, || crate::engine::deny_reason(Deny::TargetIsAdministrator, "address"));
        reasons.add_if(holder.status == UserStatus::Invited, || {
            Rejection::at(Code::HolderInvited, "address", "The holder is invited: take the invitation back instead.")
        });
        let loses_login = held.roles.has(EmailRole::Login);
        reasons.add_if(holder.status == UserStatus::Active && loses_login && self.replacement.is_none(), || {
            Rejection::at(
                Code::ReplacementRequired,
                "replacementLoginEmail",
                "The holder is active and signs in with the address: give a replacement.",
            )
        });
        reasons.add_if(self.replacement.is_some() && !loses_login, || {
            Rejection::at(Code::InputInvalid, "replacementLoginEmail", "The holder keeps their login address: leave the replacement out.")
        });
        let mut book = AddressBook::of(change, &[holder.id]).await?;
        book.free(&self.address);
        if let Some(replacement) = &self.replacement {
            if book.is_taken(change, replacement, holder.id).await? {
                reasons.add_taken("replacementLoginEmail", replacement.key());
            } else {
                book.give(replacement, holder.id, EmailRole::Login);
            }
        }
        reasons.check(Self::CODES, None)?;

        let login = book.with_role(holder.id, EmailRole::Login).cloned();
        book.save(change).await?;
        change.event(holder.id, EventBody::EmailReleased { roles: held.roles.iter().collect() });
        settle_login(change, &mut holder, login).await?;
        Ok(Released { from: Some(change.fresh_user(holder.id).await?), freed: held.roles })
    }
}
