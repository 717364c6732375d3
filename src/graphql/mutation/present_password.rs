//! The present password that a mutation asks for: compared before the transaction, wrong ones counted against the limits (rule S3).

use tenure_core::credential::PasswordHash;
use tenure_core::policy::Access;
use tenure_core::user::User;

use crate::graphql::error::{Fault, Result};
use crate::graphql::operation::Operation;

/// What became of comparing.
pub enum Compared {
    /// It fits this hash, and is this person's.
    Right(Box<User>, PasswordHash),
    /// It does not.
    Wrong,
    /// Nothing was compared: too many wrong ones lately, by anybody who tried this person's address.
    Limited,
}

/// Compares a password with the caller's own.
pub async fn compare(operation: &Operation, access: &Access, given: &str) -> Result<Compared> {
    let (storage, identity) = (operation.engine().storage(), operation.identity());
    let user = storage.users_by_id(&[access.person()]).await?.pop().ok_or(Fault::Unauthenticated)?;
    // Whoever is active signs in with some address (rule E4).
    let login = user.login_email.as_ref().ok_or_else(|| Fault::internal("a session of somebody without a login"))?;
    // Before the attempt: one that a database cut short would count as failed.
    let stored = storage.password_by_user(user.id).await?;
    let Some(attempt) = identity.attempts().begin_in_turn(login.key(), operation.peer()).await else { return Ok(Compared::Limited) };
    let right = match identity.verify_password(stored.as_ref(), given).await {
        Ok(right) => right,
        Err(error) => {
            // Nothing was compared, so nobody was wrong.
            attempt.withdrawn();
            return Err(error.into());
        }
    };
    match stored.filter(|_| right) {
        Some(stored) => {
            attempt.succeeded();
            Ok(Compared::Right(Box::new(user), stored))
        }
        None => {
            attempt.failed();
            Ok(Compared::Wrong)
        }
    }
}

/// Whether a new password is strong enough for somebody: their name and address are what a guesser would try first.
pub async fn is_strong_for(operation: &Operation, user: &User, password: &str) -> Result<bool> {
    let address = user.login_email.as_ref().map(|e| e.address()).unwrap_or_default();
    let hints = [user.first_name.as_str(), user.last_name.as_str(), address];
    Ok(operation.identity().password_is_strong(password, &hints).await?)
}
