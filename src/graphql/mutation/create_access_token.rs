//! `createAccessToken`.

use std::sync::Arc;

use async_graphql::{Context, InputObject};
use tenure_core::actions::create_access_token as action;
use tenure_core::permission::Permission as Right;

use crate::graphql::error::Result;
use crate::graphql::operation::{Operation, view};
use crate::graphql::scalars::DateTime;
use crate::graphql::types::{AccessToken, Permission};

use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `createAccessToken`.
#[derive(InputObject, Debug, Clone)]
pub struct CreateAccessTokenInput {
    /// Name, 1 to 100 characters.
    pub name: String,
    /// At least one, none beyond the caller's own.
    pub permissions: Vec<Permission>,
    /// When it stops working, at most one year ahead; 90 days when left out.
    pub expires_at: Option<DateTime>,
}

payload! {
    create_access_token, tenure_core::actions::create_access_token::CreateAccessToken;
    /// Outcome of `createAccessToken`. When `userErrors` is not empty, nothing was changed.
    CreateAccessTokenPayload {
        /// The token.
        access_token: AccessToken,
        /// The secret; shown this once.
        secret: String,
    }
    /// An expected failure of `createAccessToken`.
    CreateAccessTokenError,
    /// Codes of `CreateAccessTokenError`. Codes may be added: treat an unknown one as a generic failure.
    CreateAccessTokenErrorCode {
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// A permission the caller does not hold.
        NotGrantable,
        /// A token cannot create tokens.
        NotASession,
    }
}

/// Performs it. The secret is made here and shown this once; its hash is stored.
pub async fn run(ctx: &Context<'_>, input: CreateAccessTokenInput) -> Result<CreateAccessTokenPayload> {
    let by = view(ctx)?;
    let made = Operation::of(ctx)?.identity().new_access_token()?;
    let shape = action::CreateAccessTokenInput {
        name: input.name,
        permissions: input.permissions.into_iter().map(Right::from).collect(),
        expires_at: input.expires_at.map(|at| at.0),
        owner: by.access().person(),
        prefix: made.prefix.clone(),
        hash: made.hash,
    };
    match perform(ctx, action::CreateAccessToken::parse(shape, by.now()), Manner::default()).await? {
        Ok(done) => Ok(CreateAccessTokenPayload {
            access_token: done.token.map(|row| AccessToken::new(by, Arc::new(row))),
            secret: Some(made.secret),
            ..CreateAccessTokenPayload::done()
        }),
        Err(refusal) => CreateAccessTokenPayload::refused(&refusal),
    }
}
