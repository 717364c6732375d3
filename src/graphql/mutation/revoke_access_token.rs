//! `revokeAccessToken`.

use std::sync::Arc;

use async_graphql::{Context, InputObject};
use tenure_core::actions::revoke_access_token as action;
use tenure_core::id::AccessTokenId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::types::AccessToken;

use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `revokeAccessToken`.
#[derive(InputObject, Debug, Clone)]
pub struct RevokeAccessTokenInput {
    /// Which.
    pub access_token_id: Given<AccessTokenId>,
}

payload! {
    revoke_access_token, tenure_core::actions::revoke_access_token::RevokeAccessToken;
    /// Outcome of `revokeAccessToken`. When `userErrors` is not empty, nothing was changed.
    RevokeAccessTokenPayload {
        /// The token.
        access_token: AccessToken,
    }
    /// An expected failure of `revokeAccessToken`.
    RevokeAccessTokenError,
    /// Codes of `RevokeAccessTokenError`. Codes may be added: treat an unknown one as a generic failure.
    RevokeAccessTokenErrorCode {
        /// No such token, or not visible to the viewer.
        AccessTokenNotFound,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: RevokeAccessTokenInput) -> Result<RevokeAccessTokenPayload> {
    let by = view(ctx)?;
    let action = action::RevokeAccessToken { token: input.access_token_id.read("input.accessTokenId")? };
    match perform(ctx, Ok(action), Manner::default()).await? {
        Ok(done) => Ok(RevokeAccessTokenPayload {
            access_token: done.token.map(|row| AccessToken::new(by, Arc::new(row))),
            ..RevokeAccessTokenPayload::done()
        }),
        Err(refusal) => RevokeAccessTokenPayload::refused(&refusal),
    }
}
