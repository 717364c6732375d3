//! `transferEmail`.

use async_graphql::{Context, Enum, InputObject};
use tenure_core::actions::transfer_email as action;
use tenure_core::id::UserId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::scalars::EmailAddress;
use crate::graphql::types::{EmailRole, EmailUsage, User};

use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// What becomes of the address a transfer pushes out.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "action::Displaced")]
pub enum DisplacedEmailAction {
    /// It is freed in the roles taken.
    Release,
    /// It goes to the former holder of the other one, dismissed or not: the two swap, role by role. It leaves the receiver in every role; where it was their contact address too, the transferred address takes its place.
    GiveToFormerHolder,
}

/// Input of `transferEmail`.
#[derive(InputObject, Debug, Clone)]
pub struct TransferEmailInput {
    /// The address to move.
    pub address: EmailAddress,
    /// Who receives it.
    pub to_user_id: Given<UserId>,
    /// Roles the receiver takes, of LOGIN and CONTACT; those that the address has when left out. It leaves its former holder in every role: those not taken are freed.
    pub roles: Option<Vec<EmailRole>>,
    /// Login address for the present holder; needed when an active person loses their login and does not get the receiver's by GIVE_TO_FORMER_HOLDER; an error when they do.
    pub replacement_login_email: Option<EmailAddress>,
    /// What becomes of the address that the receiver had in the roles taken. RELEASE when left out.
    pub displaced: Option<DisplacedEmailAction>,
    /// Check everything and report what would happen, but change nothing: objects in the payload are null, counts and user errors are filled.
    pub dry_run: Option<bool>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    transfer_email, tenure_core::actions::transfer_email::TransferEmail;
    /// Outcome of `transferEmail`. When `userErrors` is not empty, nothing was changed.
    TransferEmailPayload {
        /// The former holder.
        from_user: User,
        /// The new holder.
        to_user: User,
        /// Roles that the receiver took, a contact address that followed a swap included.
        moved_roles: Vec<EmailRole>,
        /// Roles of the former holder that were freed without moving.
        freed_roles: Vec<EmailRole>,
        /// Who holds the address, with EMAIL_TAKEN. Null without EMAILS_MANAGE.
        email_usage: EmailUsage,
    }
    /// An expected failure of `transferEmail`.
    TransferEmailError,
    /// Codes of `TransferEmailError`. Codes may be added: treat an unknown one as a generic failure.
    TransferEmailErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// Nobody holds the address as LOGIN, CONTACT or INVITATION.
        AddressNotHeld,
        /// The holder is invited: take the invitation back instead.
        HolderInvited,
        /// The holder is active and signs in with the address: give a replacement.
        ReplacementRequired,
        /// The address is malformed.
        EmailInvalid,
        /// The address is held by somebody, dismissed people included; see `emailUsage`.
        EmailTaken,
        /// The receiver is not active, or is the holder.
        RecipientNotEligible,
        /// Only an administrator may do this to an administrator.
        TargetIsAdministrator,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// The key was used with other input.
        IdempotencyKeyReused,
        /// The first attempt with this key is still running; retry later.
        IdempotencyInProgress,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: TransferEmailInput) -> Result<TransferEmailPayload> {
    let by = view(ctx)?;
    let manner = Manner { dry_run: input.dry_run, idempotency_key: input.idempotency_key };
    let action = action::TransferEmail::parse(action::TransferEmailInput {
        address: input.address.0,
        to_user_id: input.to_user_id.read("input.toUserId")?,
        roles: input.roles.map(|roles| roles.into_iter().map(Into::into).collect()),
        replacement_login_email: input.replacement_login_email.map(|email| email.0),
        displaced: input.displaced.unwrap_or(DisplacedEmailAction::Release).into(),
    });
    match perform(ctx, action, manner).await? {
        Ok(done) => Ok(TransferEmailPayload {
            from_user: outcome::user(by, done.from).await?,
            to_user: outcome::user(by, done.to).await?,
            moved_roles: Some(done.moved.iter().map(EmailRole::from).collect()),
            freed_roles: Some(done.freed.iter().map(EmailRole::from).collect()),
            ..TransferEmailPayload::done()
        }),
        Err(refusal) => Ok(TransferEmailPayload {
            email_usage: outcome::taken_address(by, &refusal).await?,
            ..TransferEmailPayload::refused(&refusal)?
        }),
    }
}
