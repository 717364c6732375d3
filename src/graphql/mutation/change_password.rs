//! `changePassword`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::change_password as action;
use tenure_core::steps::checks;

use crate::graphql::error::Result;
use crate::graphql::operation::Operation;
use crate::graphql::types::int;

use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};
use super::present_password::{Compared, compare, is_strong_for};

/// Input of `changePassword`.
#[derive(InputObject, Debug, Clone)]
pub struct ChangePasswordInput {
    /// Present password.
    pub current_password: String,
    /// New password, 12 to 256 characters.
    pub new_password: String,
}

payload! {
    change_password, tenure_core::actions::change_password::ChangePassword;
    /// Outcome of `changePassword`. When `userErrors` is not empty, nothing was changed.
    ChangePasswordPayload {
        /// Number of other sessions ended.
        ended_count: i32,
    }
    /// An expected failure of `changePassword`.
    ChangePasswordError,
    /// Codes of `ChangePasswordError`. Codes may be added: treat an unknown one as a generic failure.
    ChangePasswordErrorCode {
        /// The present password is wrong.
        InvalidCredentials,
        /// The password is shorter than 12 or longer than 256 characters, or easy to guess.
        PasswordTooWeak,
        /// The caller came with an access token.
        NotASession,
        /// Too many attempts; retry later.
        RateLimited,
    }
}

/// Performs it. Passwords are compared, judged and hashed before the transaction; a token's are not looked at.
pub async fn run(ctx: &Context<'_>, input: ChangePasswordInput) -> Result<ChangePasswordPayload> {
    let operation = Operation::of(ctx)?;
    let access = operation.view()?.access();
    if access.session().is_none() {
        return ChangePasswordPayload::refused(&checks::not_a_session().into());
    }
    let (person, verified) = match compare(operation, access, &input.current_password).await? {
        Compared::Right(person, stored) => (person, stored),
        Compared::Wrong => return ChangePasswordPayload::refused(&checks::wrong_password("currentPassword").into()),
        Compared::Limited => return ChangePasswordPayload::refused(&checks::limited().into()),
    };
    if !is_strong_for(operation, &person, &input.new_password).await? {
        return ChangePasswordPayload::refused(&checks::too_weak("newPassword").into());
    }
    let password = operation.identity().hash_password(&input.new_password).await?;
    match perform(ctx, Ok(action::ChangePassword { user: person.id, verified, password }), Manner::default()).await? {
        Ok(done) => Ok(ChangePasswordPayload { ended_count: Some(int(done.ended.into())), ..ChangePasswordPayload::done() }),
        Err(refusal) => ChangePasswordPayload::refused(&refusal),
    }
}
