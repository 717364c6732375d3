//! `refreshSession`: a refresh token works once; using it twice ends the session.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::credential::{RefreshToken, SecretHash, Session};
use crate::engine::{Action, Change, Locks, Outcome};
use crate::policy::Access;
use crate::rejection::{Code, Failure, Rejection};
use crate::storage::{Read, StorageError};

/// Prolongs a session.
#[derive(Debug, Clone)]
pub struct RefreshSession {
    /// Hash of the token given.
    pub token: SecretHash,
    /// Hash of the next one.
    pub next: SecretHash,
    /// How long the session lasts from now on without being refreshed.
    pub lifetime_seconds: i64,
}

/// What came of it. The end of a session that was refreshed twice is committed, so it is an outcome and not a refusal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Refreshed {
    /// It goes on.
    Prolonged {
        /// The session.
        session: Session,
    },
    /// The token was used before: the session is over.
    Ended,
}

impl Outcome for Refreshed {}

/// The one answer to every token that does not work.
pub fn ended() -> Rejection {
    Rejection::at(Code::SessionEnded, "refreshToken", "The session is over: sign in again.")
}

#[async_trait]
impl Action for RefreshSession {
    type Output = Refreshed;
    const NAME: &'static str = "refreshSession";
    const CODES: &'static [Code] = &[Code::SessionEnded];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        let Some(token) = read.refresh_token_by_hash(self.token).await? else { return Err(ended().into()) };
        let person = read.session_principal(token.session).await?.map(|p| p.user.id);
        // A token that was used ends the session: what is under way with that is finished first (rule I4).
        Ok(person.into_iter().fold(Locks::new(), |locks, person| match token.used_at {
            None => locks.shared(person),
            Some(_) => locks.exclusive(person),
        }))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Refreshed, Failure> {
        let Some(token) = change.read().refresh_token_by_hash(self.token).await? else { return Err(ended().into()) };
        let now = change.now();
        if !change.tx().refresh_token_use(self.token, now).await? {
            let person = change.read().session_principal(token.session).await?.map(|p| p.user.id);
            if person.is_some_and(|person| !change.holds_exclusively(person)) {
                // Somebody else used it since we looked.
                return Err(StorageError::Conflict.into());
            }
            change.tx().sessions_end(&[token.session], now).await?;
            return Ok(Refreshed::Ended);
        }
        let principal = change.read().session_principal(token.session).await?;
        let lasting = principal.filter(|p| Access::of_session(p, now).is_some());
        let Some(principal) = lasting else { return Err(ended().into()) };
        let session = principal.session;
        let expires_at = now.plus_seconds(self.lifetime_seconds);
        change.tx().session_extend(session.id, expires_at).await?;
        change.tx().refresh_token_insert(&RefreshToken { hash: self.next, session: session.id, used_at: None }).await?;
        Ok(Refreshed::Prolonged { session: Session { expires_at, ..session } })
    }
}
