//! `signOut`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::sign_out as action;

use crate::graphql::error::Result;
use crate::graphql::operation::view;
use crate::graphql::types::int;

use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `signOut`.
#[derive(InputObject, Debug, Clone)]
pub struct SignOutInput {
    /// End all sessions of the caller.
    pub everywhere: Option<bool>,
}

payload! {
    sign_out, tenure_core::actions::sign_out::SignOut;
    /// Outcome of `signOut`. When `userErrors` is not empty, nothing was changed.
    SignOutPayload {
        /// Number of sessions ended.
        ended_count: i32,
    }
    /// An expected failure of `signOut`.
    SignOutError,
    /// Codes of `SignOutError`. Codes may be added: treat an unknown one as a generic failure.
    SignOutErrorCode {
        /// The caller came with an access token.
        NotASession,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: SignOutInput) -> Result<SignOutPayload> {
    view(ctx)?;
    let action = action::SignOut { everywhere: input.everywhere.unwrap_or(false) };
    match perform(ctx, Ok(action), Manner::default()).await? {
        Ok(done) => Ok(SignOutPayload { ended_count: Some(int(done.ended.into())), ..SignOutPayload::done() }),
        Err(refusal) => SignOutPayload::refused(&refusal),
    }
}
