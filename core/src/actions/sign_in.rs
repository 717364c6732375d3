//! `signIn`: the password was compared before, outside the transaction; here it is made sure that it still is the one (rules S3, I4).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::credential::{PasswordHash, RefreshToken, SecretHash, Session};
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::id::{SessionId, UserId};
use crate::rejection::{Code, Failure, Rejection};
use crate::storage::Read;
use crate::user::UserStatus;

/// Opens a session.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Whose password was right.
    pub user: UserId,
    /// Key of the login address given.
    pub login_key: String,
    /// The hash that the password was compared with.
    pub password: PasswordHash,
    /// Hash of the first refresh token.
    pub refresh: SecretHash,
    /// How long the session lasts without being refreshed.
    pub lifetime_seconds: i64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignedIn {
    /// The person.
    pub user: FreshUser,
    /// The session.
    pub session: Session,
}

impl Outcome for SignedIn {}

/// The one answer to everybody who cannot sign in.
pub fn refused() -> Rejection {
    Rejection::new(Code::InvalidCredentials, "Address or password is wrong, or the person may not sign in.")
}

#[async_trait]
impl Action for SignIn {
    type Output = SignedIn;
    const NAME: &'static str = "signIn";
    const CODES: &'static [Code] = &[Code::InvalidCredentials, Code::RateLimited];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().shared(self.user))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<SignedIn, Failure> {
        let login = change.read().login_by_key(&self.login_key).await?;
        let same =
            login.filter(|l| l.user.id == self.user && l.user.status == UserStatus::Active && l.password.as_ref() == Some(&self.password));
        let Some(login) = same else { return Err(refused().into()) };
        let session = Session {
            id: SessionId(change.new_uuid()),
            user: self.user,
            epoch: login.user.epoch,
            created_at: change.now(),
            expires_at: change.now().plus_seconds(self.lifetime_seconds),
            ended_at: None,
        };
        change.tx().session_insert(&session).await?;
        change.tx().refresh_token_insert(&RefreshToken { hash: self.refresh, session: session.id, used_at: None }).await?;
        Ok(SignedIn { user: FreshUser { id: self.user, row: Some(login.user) }, session })
    }
}
