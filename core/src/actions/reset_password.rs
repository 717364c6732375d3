//! `resetPassword`: a new password with the token of a link; all sessions end, and one begins (rules E8, I4).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::credential::{PasswordHash, PendingLink, RefreshToken, SecretHash, Session};
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::id::SessionId;
use crate::rejection::{Code, Failure};
use crate::secret::LinkPurpose;
use crate::steps::links;
use crate::storage::Read;
use crate::time::Timestamp;
use crate::user::User;

/// Chooses a new password.
#[derive(Debug, Clone)]
pub struct ResetPassword {
    token: SecretHash,
    password: Option<PasswordHash>,
    refresh: Option<SecretHash>,
    lifetime_seconds: i64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordReset {
    /// The person.
    pub user: Option<FreshUser>,
    /// The session.
    pub session: Session,
}

impl Outcome for PasswordReset {}

impl ResetPassword {
    /// With the token of the link. Before it runs, [`ResetPassword::ready`] adds what takes hashing.
    pub fn new(token: &str) -> ResetPassword {
        ResetPassword { token: SecretHash::of(token), password: None, refresh: None, lifetime_seconds: 0 }
    }

    /// Whose password it would be, if the link works now: their name and address are hints for the strength of the new one. The link is
    /// not used up by looking. Err: TOKEN_INVALID.
    pub async fn person(&self, read: &dyn Read, now: Timestamp) -> Result<User, Failure> {
        let found = links::find(read, self.token, LinkPurpose::PasswordReset, now).await?;
        found.filter(|(link, user)| is_good(link, user)).map(|(_, user)| user).ok_or_else(|| links::invalid().into())
    }

    /// Adds the password, hashed, and the first refresh token. Hashing takes long: never inside the transaction.
    pub fn ready(self, password: PasswordHash, refresh: SecretHash, lifetime_seconds: i64) -> ResetPassword {
        ResetPassword { password: Some(password), refresh: Some(refresh), lifetime_seconds, ..self }
    }
}

/// Whether the person still signs in with the address that the link was sent to.
fn is_good(link: &PendingLink, user: &User) -> bool {
    user.login_email.as_ref().is_some_and(|login| login.is_same(&link.email))
}

#[async_trait]
impl Action for ResetPassword {
    type Output = PasswordReset;
    const NAME: &'static str = "resetPassword";
    const CODES: &'static [Code] = &[Code::TokenInvalid, Code::PasswordTooWeak];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        match read.link_by_hash(self.token).await? {
            None => Err(links::invalid().into()),
            Some(link) => Ok(Locks::new().exclusive(link.user)),
        }
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<PasswordReset, Failure> {
        let id = self.person(change.read(), change.now()).await?.id;
        let Some(mut user) = change.held(id).cloned() else { return Err(links::invalid().into()) };
        let (Some(password), Some(refresh)) = (&self.password, self.refresh) else {
            return Err(Failure::Internal("a reset without a password".into()));
        };
        links::set_password(change, &mut user, password, None).await?;
        let session = Session {
            id: SessionId(change.new_uuid()),
            user: user.id,
            epoch: user.epoch,
            created_at: change.now(),
            expires_at: change.now().plus_seconds(self.lifetime_seconds),
            ended_at: None,
        };
        change.tx().session_insert(&session).await?;
        change.tx().refresh_token_insert(&RefreshToken { hash: refresh, session: session.id, used_at: None }).await?;
        Ok(PasswordReset { user: Some(change.fresh_user(user.id).await?), session })
    }
}
