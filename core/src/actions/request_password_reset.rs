//! `requestPasswordReset`: a link for whoever is active and signs in with the address (rule E8). The caller has been answered by then, and
//! learns nothing of what came of it.

use async_trait::async_trait;

use uuid::Uuid;

use crate::email::Email;
use crate::engine::{Action, Change, Locks};
use crate::id::UserId;
use crate::mail::Mail;
use crate::rejection::{Code, Failure};
use crate::secret::LinkPurpose;
use crate::steps::links;
use crate::storage::{Read, StorageError};
use crate::user::UserStatus;

/// Sends a link to choose a password.
#[derive(Debug, Clone)]
pub struct RequestPasswordReset {
    /// The address given.
    pub email: Email,
}

#[async_trait]
impl Action for RequestPasswordReset {
    type Output = ();
    const NAME: &'static str = "requestPasswordReset";
    const CODES: &'static [Code] = &[Code::RateLimited];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        let login = read.login_by_key(self.email.key()).await?;
        // In place of nobody, somebody is looked for who is not there: it costs what a leaver does (rule E8).
        Ok(Locks::new().exclusive(login.map_or(UserId(Uuid::nil()), |login| login.user.id)))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<(), Failure> {
        let Some(login) = change.read().login_by_key(self.email.key()).await? else { return Ok(()) };
        // Somebody else signs in with it since we looked: the race is run again.
        let Some(user) = change.held(login.user.id).cloned() else { return Err(StorageError::Conflict.into()) };
        let Some(to) = user.login_email.clone().filter(|_| user.status == UserStatus::Active) else { return Ok(()) };
        let (link, expires_at) = links::renew(change, user.id, LinkPurpose::PasswordReset, &to).await?;
        change.mail(Mail::PasswordReset { to, name: user.display_name(), link, expires_at });
        Ok(())
    }
}
