//! `refreshSession`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::refresh_session as action;
use tenure_core::credential::SecretHash;

use crate::graphql::error::Result;
use crate::graphql::operation::Operation;
use crate::graphql::types::Session;
use crate::identity::SESSION_LIFETIME_SECONDS;

use super::outcome::perform_anonymously;
use super::payload::{Payload, payload};

/// Input of `refreshSession`.
#[derive(InputObject, Debug, Clone)]
pub struct RefreshSessionInput {
    /// The secret of the session.
    pub refresh_token: String,
}

payload! {
    refresh_session, tenure_core::actions::refresh_session::RefreshSession;
    /// Outcome of `refreshSession`. When `userErrors` is not empty, nothing was changed.
    RefreshSessionPayload {
        /// The session, with a new refresh token.
        session: Session,
    }
    /// An expected failure of `refreshSession`.
    RefreshSessionError,
    /// Codes of `RefreshSessionError`. Codes may be added: treat an unknown one as a generic failure.
    RefreshSessionErrorCode {
        /// Unknown, used, expired or revoked.
        SessionEnded,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: RefreshSessionInput) -> Result<RefreshSessionPayload> {
    let operation = Operation::of(ctx)?;
    let (refresh, next) = operation.identity().new_refresh_secret()?;
    let action = action::RefreshSession { token: SecretHash::of(&input.refresh_token), next, lifetime_seconds: SESSION_LIFETIME_SECONDS };
    match perform_anonymously(ctx, Ok(action)).await? {
        Ok(action::Refreshed::Prolonged { session }) => {
            Ok(RefreshSessionPayload { session: Some(Session::open(operation, &session, refresh).await?), ..RefreshSessionPayload::done() })
        }
        Ok(action::Refreshed::Ended) => RefreshSessionPayload::refused(&action::ended().into()),
        Err(refusal) => RefreshSessionPayload::refused(&refusal),
    }
}
