//! `requestPasswordReset`.

use async_graphql::{Context, InputObject};
use tenure_core::steps::checks;

use crate::graphql::error::Result;
use crate::graphql::operation::Operation;
use crate::graphql::scalars::EmailAddress;
use crate::identity::ResetRequest;

use super::payload::{Payload, payload};

/// Input of `requestPasswordReset`.
#[derive(InputObject, Debug, Clone)]
pub struct RequestPasswordResetInput {
    /// Login address.
    pub email: EmailAddress,
}

payload! {
    request_password_reset, tenure_core::actions::request_password_reset::RequestPasswordReset;
    /// Outcome of `requestPasswordReset`. When `userErrors` is not empty, nothing was changed.
    RequestPasswordResetPayload {
        /// Whether the request was taken; true for every address.
        accepted: bool,
    }
    /// An expected failure of `requestPasswordReset`.
    RequestPasswordResetError,
    /// Codes of `RequestPasswordResetError`. Codes may be added: treat an unknown one as a generic failure.
    RequestPasswordResetErrorCode {
        /// Too many attempts; retry later.
        RateLimited,
    }
}

/// Takes the request. It is worked off behind the answer, which would tell by its time who signs in here otherwise (rule E8).
pub async fn run(ctx: &Context<'_>, input: RequestPasswordResetInput) -> Result<RequestPasswordResetPayload> {
    let operation = Operation::of(ctx)?;
    let request = ResetRequest { address: input.email.0, peer: operation.peer(), request_id: operation.request_id().to_owned() };
    if !operation.identity().resets().accept(operation.engine(), request) {
        return RequestPasswordResetPayload::refused(&checks::limited().into());
    }
    Ok(RequestPasswordResetPayload { accepted: Some(true), ..RequestPasswordResetPayload::done() })
}
