//! `confirmLoginEmailChange`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::confirm_login_email_change as action;

use crate::graphql::error::Result;
use crate::graphql::operation::Operation;
use crate::graphql::types::User;

use super::outcome::{self, perform_anonymously};
use super::payload::{Payload, payload};

/// Input of `confirmLoginEmailChange`.
#[derive(InputObject, Debug, Clone)]
pub struct ConfirmLoginEmailChangeInput {
    /// Token of the link.
    pub token: String,
}

payload! {
    confirm_login_email_change, tenure_core::actions::confirm_login_email_change::ConfirmLoginEmailChange;
    /// Outcome of `confirmLoginEmailChange`. When `userErrors` is not empty, nothing was changed.
    ConfirmLoginEmailChangePayload {
        /// The user.
        user: User,
    }
    /// An expected failure of `confirmLoginEmailChange`.
    ConfirmLoginEmailChangeError,
    /// Codes of `ConfirmLoginEmailChangeError`. Codes may be added: treat an unknown one as a generic failure.
    ConfirmLoginEmailChangeErrorCode {
        /// Unknown, used, expired or overtaken; always this one code.
        TokenInvalid,
    }
}

/// Performs it, for whoever holds the token; who is not signed in is shown nobody.
pub async fn run(ctx: &Context<'_>, input: ConfirmLoginEmailChangeInput) -> Result<ConfirmLoginEmailChangePayload> {
    let viewer = Operation::of(ctx)?.viewer();
    let action = action::ConfirmLoginEmailChange::new(&input.token, viewer.and_then(|by| by.access().session()));
    match perform_anonymously(ctx, Ok(action)).await? {
        Ok(done) => {
            let user = match viewer {
                Some(by) => outcome::user(by, done.user).await?,
                None => None,
            };
            Ok(ConfirmLoginEmailChangePayload { user, ..ConfirmLoginEmailChangePayload::done() })
        }
        Err(refusal) => ConfirmLoginEmailChangePayload::refused(&refusal),
    }
}
