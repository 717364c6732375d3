//! `changeContactEmail`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::change_contact_email as action;
use tenure_core::id::UserId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::scalars::EmailAddress;
use crate::graphql::types::{EmailRole, EmailUsage, User};

use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `changeContactEmail`.
#[derive(InputObject, Debug, Clone)]
pub struct ChangeContactEmailInput {
    /// Whose.
    pub user_id: Given<UserId>,
    /// The new address; null removes it.
    pub address: Option<EmailAddress>,
    /// Fail with VERSION_CONFLICT unless the user still has this version.
    pub expected_version: Option<i32>,
}

payload! {
    change_contact_email, tenure_core::actions::change_contact_email::ChangeContactEmail;
    /// Outcome of `changeContactEmail`. When `userErrors` is not empty, nothing was changed.
    ChangeContactEmailPayload {
        /// The user.
        user: User,
        /// Roles in which the user still holds the former address.
        remaining_roles: Vec<EmailRole>,
        /// Who holds the address, with EMAIL_TAKEN. Null without EMAILS_MANAGE.
        email_usage: EmailUsage,
    }
    /// An expected failure of `changeContactEmail`.
    ChangeContactEmailError,
    /// Codes of `ChangeContactEmailError`. Codes may be added: treat an unknown one as a generic failure.
    ChangeContactEmailErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// The address is malformed.
        EmailInvalid,
        /// The address is held by somebody, dismissed people included; see `emailUsage`.
        EmailTaken,
        /// Somebody changed the object meanwhile; the payload carries it as it stands, on a dry run too.
        VersionConflict,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: ChangeContactEmailInput) -> Result<ChangeContactEmailPayload> {
    let by = view(ctx)?;
    let user = input.user_id.read("input.userId")?;
    let address = input.address.as_ref().map(|email| email.0.as_str());
    match perform(ctx, action::ChangeContactEmail::parse(user, address, input.expected_version), Manner::default()).await? {
        Ok(done) => Ok(ChangeContactEmailPayload {
            user: outcome::user(by, done.user).await?,
            remaining_roles: Some(done.remaining.iter().map(EmailRole::from).collect()),
            ..ChangeContactEmailPayload::done()
        }),
        Err(refusal) => Ok(ChangeContactEmailPayload {
            user: outcome::conflicting_user(by, &refusal).await?,
            email_usage: outcome::taken_address(by, &refusal).await?,
            ..ChangeContactEmailPayload::refused(&refusal)?
        }),
    }
}
