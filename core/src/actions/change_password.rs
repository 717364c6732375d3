//! `changePassword`: one's own, by who knows the present one; other sessions end (rules S3, E8, I4).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::credential::PasswordHash;
use crate::engine::{Action, Change, Locks, Outcome};
use crate::id::UserId;
use crate::rejection::{Code, Failure};
use crate::steps::{checks, links};
use crate::storage::Read;

/// Changes a password. It was compared, judged and hashed before: hashing takes long, never inside the transaction.
#[derive(Debug, Clone)]
pub struct ChangePassword {
    /// Whose.
    pub user: UserId,
    /// The hash that the present password fits.
    pub verified: PasswordHash,
    /// The new one, hashed.
    pub password: PasswordHash,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// Other sessions ended.
    pub ended: u32,
}

impl Outcome for PasswordChanged {}

#[async_trait]
impl Action for ChangePassword {
    type Output = PasswordChanged;
    const NAME: &'static str = "changePassword";
    const CODES: &'static [Code] = &[Code::InvalidCredentials, Code::PasswordTooWeak, Code::NotASession, Code::RateLimited];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().exclusive(self.user))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<PasswordChanged, Failure> {
        let access = change.access()?.clone();
        let Some(session) = access.session().filter(|_| access.person() == self.user) else { return Err(checks::not_a_session().into()) };
        let Some(mut user) = change.held(self.user).cloned() else { return Err(Failure::Unauthenticated) };
        if change.read().password_by_user(user.id).await?.as_ref() != Some(&self.verified) {
            return Err(checks::wrong_password("currentPassword").into());
        }
        let ended = links::set_password(change, &mut user, &self.password, Some(session)).await?;
        Ok(PasswordChanged { ended })
    }
}
