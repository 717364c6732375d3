//! `resetPassword`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::reset_password as action;
use tenure_core::rejection::Failure;
use tenure_core::steps::checks;

use crate::graphql::error::Result;
use crate::graphql::operation::Operation;
use crate::graphql::types::Session;
use crate::identity::SESSION_LIFETIME_SECONDS;

use super::outcome::perform_anonymously;
use super::payload::{Payload, payload};
use super::present_password::is_strong_for;

/// Input of `resetPassword`.
#[derive(InputObject, Debug, Clone)]
pub struct ResetPasswordInput {
    /// Token of the link.
    pub token: String,
    /// New password, 12 to 256 characters.
    pub new_password: String,
}

payload! {
    reset_password, tenure_core::actions::reset_password::ResetPassword;
    /// Outcome of `resetPassword`. When `userErrors` is not empty, nothing was changed.
    ResetPasswordPayload {
        /// The first session.
        session: Session,
    }
    /// An expected failure of `resetPassword`.
    ResetPasswordError,
    /// Codes of `ResetPasswordError`. Codes may be added: treat an unknown one as a generic failure.
    ResetPasswordErrorCode {
        /// Unknown, used, expired or overtaken; always this one code.
        TokenInvalid,
        /// The password is shorter than 12 or longer than 256 characters, or easy to guess.
        PasswordTooWeak,
    }
}

/// Performs it. The password is judged and hashed before the transaction; one that is too weak does not use the link up.
pub async fn run(ctx: &Context<'_>, input: ResetPasswordInput) -> Result<ResetPasswordPayload> {
    let operation = Operation::of(ctx)?;
    let (engine, identity) = (operation.engine(), operation.identity());
    let action = action::ResetPassword::new(&input.token);
    let person = match action.person(&**engine.storage(), engine.clock().now()).await {
        Ok(person) => person,
        Err(Failure::Refused(refusal)) => return ResetPasswordPayload::refused(&refusal),
        Err(failure) => return Err(failure.into()),
    };
    if !is_strong_for(operation, &person, &input.new_password).await? {
        return ResetPasswordPayload::refused(&checks::too_weak("newPassword").into());
    }
    let password = identity.hash_password(&input.new_password).await?;
    let (refresh, hash) = identity.new_refresh_secret()?;
    match perform_anonymously(ctx, Ok(action.ready(password, hash, SESSION_LIFETIME_SECONDS))).await? {
        Ok(done) => Ok(ResetPasswordPayload {
            session: Some(Session::open(operation, &done.session, refresh).await?),
            ..ResetPasswordPayload::done()
        }),
        Err(refusal) => ResetPasswordPayload::refused(&refusal),
    }
}
