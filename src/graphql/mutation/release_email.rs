//! `releaseEmail`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::release_email as action;

use crate::graphql::error::Result;
use crate::graphql::operation::view;
use crate::graphql::scalars::EmailAddress;
use crate::graphql::types::{EmailRole, EmailUsage, User};

use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `releaseEmail`.
#[derive(InputObject, Debug, Clone)]
pub struct ReleaseEmailInput {
    /// The address.
    pub address: EmailAddress,
    /// Login address for the holder; needed when an active person's login is freed.
    pub replacement_login_email: Option<EmailAddress>,
    /// Check everything and report what would happen, but change nothing: objects in the payload are null, counts and user errors are filled.
    pub dry_run: Option<bool>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    release_email, tenure_core::actions::release_email::ReleaseEmail;
    /// Outcome of `releaseEmail`. When `userErrors` is not empty, nothing was changed.
    ReleaseEmailPayload {
        /// The former holder.
        from_user: User,
        /// Roles that were freed; a login change that awaited confirmation is cancelled.
        freed_roles: Vec<EmailRole>,
        /// Who holds the address, with EMAIL_TAKEN. Null without EMAILS_MANAGE.
        email_usage: EmailUsage,
    }
    /// An expected failure of `releaseEmail`.
    ReleaseEmailError,
    /// Codes of `ReleaseEmailError`. Codes may be added: treat an unknown one as a generic failure.
    ReleaseEmailErrorCode {
        /// Nobody holds the address.
        AddressNotHeld,
        /// The holder is invited: take the invitation back instead.
        HolderInvited,
        /// The holder is active and signs in with the address: give a replacement.
        ReplacementRequired,
        /// The address is malformed.
        EmailInvalid,
        /// The address is held by somebody, dismissed people included; see `emailUsage`.
        EmailTaken,
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
pub async fn run(ctx: &Context<'_>, input: ReleaseEmailInput) -> Result<ReleaseEmailPayload> {
    let by = view(ctx)?;
    let manner = Manner { dry_run: input.dry_run, idempotency_key: input.idempotency_key };
    let replacement = input.replacement_login_email.as_ref().map(|email| email.0.as_str());
    match perform(ctx, action::ReleaseEmail::parse(&input.address.0, replacement), manner).await? {
        Ok(done) => Ok(ReleaseEmailPayload {
            from_user: outcome::user(by, done.from).await?,
            freed_roles: Some(done.freed.iter().map(EmailRole::from).collect()),
            ..ReleaseEmailPayload::done()
        }),
        Err(refusal) => {
            Ok(ReleaseEmailPayload { email_usage: outcome::taken_address(by, &refusal).await?, ..ReleaseEmailPayload::refused(&refusal)? })
        }
    }
}
