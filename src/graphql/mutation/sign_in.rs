//! `signIn`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::sign_in as action;
use tenure_core::email::Email;
use tenure_core::rejection::{Code, Rejection};
use tenure_core::user::UserStatus;

use crate::graphql::error::Result;
use crate::graphql::operation::Operation;
use crate::graphql::scalars::EmailAddress;
use crate::graphql::types::Session;
use crate::identity::{SESSION_LIFETIME_SECONDS, key_of};
use crate::telemetry::metrics::{self, SignIn};

use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `signIn`.
#[derive(InputObject, Debug, Clone)]
pub struct SignInInput {
    /// Login address.
    pub email: EmailAddress,
    /// Password.
    pub password: String,
}

payload! {
    sign_in, tenure_core::actions::sign_in::SignIn;
    /// Outcome of `signIn`. When `userErrors` is not empty, nothing was changed.
    SignInPayload {
        /// The session.
        session: Session,
    }
    /// An expected failure of `signIn`.
    SignInError,
    /// Codes of `SignInError`. Codes may be added: treat an unknown one as a generic failure.
    SignInErrorCode {
        /// Address or password is wrong, or the person may not sign in.
        InvalidCredentials,
        /// Too many attempts; retry later.
        RateLimited,
    }
}

/// Performs it. The password is compared before the transaction, with the same work for every address (rule S3).
pub async fn run(ctx: &Context<'_>, input: SignInInput) -> Result<SignInPayload> {
    let operation = Operation::of(ctx)?;
    let identity = operation.identity();
    let email = Email::parse(&input.email.0);
    let key = key_of(email.as_ref(), &input.email.0);
    let Some(attempt) = identity.attempts().begin_in_turn(&key, operation.peer()).await else {
        metrics::sign_in(SignIn::Limited);
        let limited = Rejection::new(Code::RateLimited, "Too many attempts: try again in a quarter of an hour.");
        return SignInPayload::refused(&limited.into());
    };
    let login = match &email {
        Some(email) => match operation.engine().storage().login_by_key(email.key()).await {
            Ok(login) => login,
            Err(error) => {
                // Else people would be kept out for a quarter of an hour by a database that was away for a minute.
                attempt.came_to_nothing();
                return Err(error.into());
            }
        },
        None => None,
    };
    let stored =
        login.as_ref().and_then(|l| l.password.as_ref()).filter(|_| login.as_ref().is_some_and(|l| l.user.status == UserStatus::Active));
    let right = match identity.verify_password(stored, &input.password).await {
        Ok(right) => right,
        Err(error) => {
            // Nothing was compared, so nobody was wrong.
            attempt.withdrawn();
            return Err(error.into());
        }
    };
    let (Some(login), Some(password), true) = (&login, stored, right) else {
        attempt.failed();
        metrics::sign_in(SignIn::Refused);
        return SignInPayload::refused(&action::refused().into());
    };
    attempt.succeeded();
    let (refresh, hash) = identity.new_refresh_secret()?;
    let action = action::SignIn {
        user: login.user.id,
        login_key: key,
        password: password.clone(),
        refresh: hash,
        lifetime_seconds: SESSION_LIFETIME_SECONDS,
    };
    match perform(ctx, Ok(action), Manner::default()).await? {
        Ok(done) => {
            metrics::sign_in(SignIn::Succeeded);
            Ok(SignInPayload { session: Some(Session::open(operation, &done.session, refresh).await?), ..SignInPayload::done() })
        }
        Err(refusal) => SignInPayload::refused(&refusal),
    }
}
