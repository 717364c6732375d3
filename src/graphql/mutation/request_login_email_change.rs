//! `requestLoginEmailChange`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::request_login_email_change as action;
use tenure_core::steps::checks;

use crate::graphql::error::Result;
use crate::graphql::operation::Operation;
use crate::graphql::scalars::{DateTime, EmailAddress};

use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};
use super::present_password::{Compared, compare};

/// Input of `requestLoginEmailChange`.
#[derive(InputObject, Debug, Clone)]
pub struct RequestLoginEmailChangeInput {
    /// The new address.
    pub address: EmailAddress,
    /// Present password.
    pub password: String,
}

payload! {
    request_login_email_change, tenure_core::actions::request_login_email_change::RequestLoginEmailChange;
    /// Outcome of `requestLoginEmailChange`. When `userErrors` is not empty, nothing was changed.
    RequestLoginEmailChangePayload {
        /// When the link stops working.
        expires_at: DateTime,
    }
    /// An expected failure of `requestLoginEmailChange`.
    RequestLoginEmailChangeError,
    /// Codes of `RequestLoginEmailChangeError`. Codes may be added: treat an unknown one as a generic failure.
    RequestLoginEmailChangeErrorCode {
        /// The address is malformed.
        EmailInvalid,
        /// The address is held by somebody, dismissed people included; see `emailUsage`.
        EmailTaken,
        /// The password is wrong.
        InvalidCredentials,
        /// The caller came with an access token.
        NotASession,
        /// Too many attempts; retry later.
        RateLimited,
    }
}

/// Performs it. The password is compared before the transaction; a token's is not looked at.
pub async fn run(ctx: &Context<'_>, input: RequestLoginEmailChangeInput) -> Result<RequestLoginEmailChangePayload> {
    let operation = Operation::of(ctx)?;
    let access = operation.view()?.access();
    let action = match action::RequestLoginEmailChange::parse(access.person(), &input.address.0) {
        Ok(action) => action,
        Err(refusal) => return RequestLoginEmailChangePayload::refused(&refusal),
    };
    if access.session().is_none() {
        return RequestLoginEmailChangePayload::refused(&checks::not_a_session().into());
    }
    let verified = match compare(operation, access, &input.password).await? {
        Compared::Right(_, stored) => Some(stored),
        Compared::Wrong => None,
        Compared::Limited => return RequestLoginEmailChangePayload::refused(&checks::limited().into()),
    };
    match perform(ctx, Ok(action.verified(verified)), Manner::default()).await? {
        Ok(done) => {
            Ok(RequestLoginEmailChangePayload { expires_at: Some(done.expires_at.into()), ..RequestLoginEmailChangePayload::done() })
        }
        Err(refusal) => RequestLoginEmailChangePayload::refused(&refusal),
    }
}
