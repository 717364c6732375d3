//! `acceptInvitation`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::accept_invitation as action;
use tenure_core::rejection::{Code, Failure, Rejection};

use crate::graphql::error::Result;
use crate::graphql::operation::Operation;
use crate::graphql::types::Session;
use crate::identity::SESSION_LIFETIME_SECONDS;

use super::outcome::perform_anonymously;
use super::payload::{Payload, payload};

/// Input of `acceptInvitation`.
#[derive(InputObject, Debug, Clone)]
pub struct AcceptInvitationInput {
    /// Token of the link.
    pub token: String,
    /// Password, 12 to 256 characters.
    pub password: String,
    /// Given name, when it should differ.
    pub first_name: Option<String>,
    /// Family name, when it should differ.
    pub last_name: Option<String>,
}

payload! {
    accept_invitation, tenure_core::actions::accept_invitation::AcceptInvitation;
    /// Outcome of `acceptInvitation`. When `userErrors` is not empty, nothing was changed.
    AcceptInvitationPayload {
        /// The first session.
        session: Session,
    }
    /// An expected failure of `acceptInvitation`.
    AcceptInvitationError,
    /// Codes of `AcceptInvitationError`. Codes may be added: treat an unknown one as a generic failure.
    AcceptInvitationErrorCode {
        /// Unknown, used, expired or taken back; always this one code.
        InvitationInvalid,
        /// The password is shorter than 12 or longer than 256 characters, or easy to guess.
        PasswordTooWeak,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
    }
}

/// Performs it. The password is judged and hashed before the transaction.
pub async fn run(ctx: &Context<'_>, input: AcceptInvitationInput) -> Result<AcceptInvitationPayload> {
    let operation = Operation::of(ctx)?;
    let (engine, identity) = (operation.engine(), operation.identity());
    let chosen = [input.first_name.clone().unwrap_or_default(), input.last_name.clone().unwrap_or_default()];
    let shape = action::AcceptInvitationInput { token: input.token, first_name: input.first_name, last_name: input.last_name };
    let action = match action::AcceptInvitation::parse(shape) {
        Ok(action) => action,
        Err(refusal) => return AcceptInvitationPayload::refused(&refusal),
    };
    let invited = match action.invited(&**engine.storage(), engine.clock().now()).await {
        Ok(invited) => invited,
        Err(Failure::Refused(refusal)) => return AcceptInvitationPayload::refused(&refusal),
        Err(failure) => return Err(failure.into()),
    };
    let address = invited.login_email.as_ref().map(|e| e.address().to_owned()).unwrap_or_default();
    // The names that were given by the inviter, and those that are chosen now.
    let [first, last] = chosen.each_ref().map(String::as_str);
    let hints = [invited.first_name.as_str(), invited.last_name.as_str(), first, last, address.as_str()];
    let strong = identity.password_is_strong(&input.password, &hints).await?;
    if !strong {
        let weak = Rejection::at(Code::PasswordTooWeak, "password", "Choose 12 to 256 characters that are not easy to guess.");
        return AcceptInvitationPayload::refused(&weak.into());
    }
    let password = identity.hash_password(&input.password).await?;
    let (refresh, hash) = identity.new_refresh_secret()?;
    match perform_anonymously(ctx, Ok(action.ready(password, hash, SESSION_LIFETIME_SECONDS))).await? {
        Ok(done) => Ok(AcceptInvitationPayload {
            session: Some(Session::open(operation, &done.session, refresh).await?),
            ..AcceptInvitationPayload::done()
        }),
        Err(refusal) => AcceptInvitationPayload::refused(&refusal),
    }
}
