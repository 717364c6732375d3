//! Who calls: one read of the storage for each request (rules I4, S4, S5).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tenure_core::credential::{AccessToken, SecretHash};
use tenure_core::engine::{Action, Attempt, Change, Engine, Locks};
use tenure_core::id::AccessTokenId;
use tenure_core::policy::Access;
use tenure_core::rejection::{Code, Failure};
use tenure_core::storage::{Read, StorageError};
use tenure_core::time::Timestamp;

use super::Identity;
use super::jwt::Verification;
use super::secret::{ACCESS_TOKEN_PREFIX, is_access_token};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular.
    Anonymous,
    /// Somebody signed in, or an integration.
    Signed(Access),
    /// Who was signed in and comes to prolong the session: counts as anonymous, and is let in to `refreshSession` alone.
    ExpiredSession,
}

impl Caller {
    /// The caller's access; None for who is not signed in.
    pub fn access(&self) -> Option<&Access> {
        match self {
            Caller::Signed(access) => Some(access),
            Caller::Anonymous | Caller::ExpiredSession => None,
        }
    }
}

/// Why a caller is turned away.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// The credential is not, or no longer, good for anything.
    #[error("bad credential")]
    BadCredential,
    /// The storage could not be asked.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// How exactly the last use of an access token is kept, in seconds.
const TOUCH_SECONDS: i64 = 3600;
/// How long a request waits for that note to be taken.
const TOUCH_PATIENCE: Duration = Duration::from_millis(250);

impl Identity {
    /// Who calls, by the value of the `Authorization` header (None: there was none).
    pub async fn authenticate(&self, engine: &Arc<Engine>, authorization: Option<&str>) -> Result<Caller, AuthenticationError> {
        let Some(value) = authorization else { return Ok(Caller::Anonymous) };
        let credential = bearer(value).ok_or(AuthenticationError::BadCredential)?;
        if credential.starts_with(ACCESS_TOKEN_PREFIX) {
            return self.authenticate_token(engine, credential).await;
        }
        let claims = match self.verify_session_jwt(credential) {
            Verification::Valid(claims) => claims,
            Verification::Expired => return Ok(Caller::ExpiredSession),
            Verification::Bad => return Err(AuthenticationError::BadCredential),
        };
        let principal = engine.storage().session_principal(claims.session).await?.ok_or(AuthenticationError::BadCredential)?;
        // The row of the session decides, not the epoch in the claims: a session that survives a change of password is lifted to the new
        // epoch together with the tokens that were signed before (rule I4).
        let access = Access::of_session(&principal, self.now()).filter(|access| access.person() == claims.user);
        access.map(Caller::Signed).ok_or(AuthenticationError::BadCredential)
    }

    /// When the credential in that header ends by itself at the latest, as far as it says so: access tokens do not.
    pub fn ends_at(&self, authorization: &str) -> Option<Timestamp> {
        match self.verify_session_jwt(bearer(authorization)?) {
            Verification::Valid(claims) => Some(claims.ends_at),
            Verification::Expired | Verification::Bad => None,
        }
    }

    async fn authenticate_token(&self, engine: &Arc<Engine>, secret: &str) -> Result<Caller, AuthenticationError> {
        if !is_access_token(secret) {
            return Err(AuthenticationError::BadCredential);
        }
        let principal = engine.storage().token_principal(SecretHash::of(secret)).await?.ok_or(AuthenticationError::BadCredential)?;
        let now = self.now();
        let access = Access::of_token(&principal, now).ok_or(AuthenticationError::BadCredential)?;
        if is_touch_due(&principal.token, now) {
            note_use(engine.clone(), NoteTokenUse { token: principal.token.id, at: now }).await;
        }
        Ok(Caller::Signed(access))
    }
}

/// The credential of `Bearer …`; other schemes are unknown here.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, credential) = value.trim().split_once(' ')?;
    let credential = credential.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !credential.is_empty()).then_some(credential)
}

fn is_touch_due(token: &AccessToken, now: Timestamp) -> bool {
    token.last_used_at.is_none_or(|last| last.plus_seconds(TOUCH_SECONDS) <= now)
}

/// Notes the use of a token; whatever comes of it, the request goes on. In a task of its own, so that no transaction is dropped halfway.
async fn note_use(engine: Arc<Engine>, action: NoteTokenUse) {
    let task = tokio::spawn(async move {
        if let Err(error) = engine.perform(None, &Attempt::default(), &action).await {
            tracing::warn!(%error, token.id = %action.token, "the use of an access token could not be noted");
        }
    });
    let _ = tokio::time::timeout(TOUCH_PATIENCE, task).await;
}

/// An access token was used (rule S4).
#[derive(Debug)]
struct NoteTokenUse {
    token: AccessTokenId,
    at: Timestamp,
}

#[async_trait]
impl Action for NoteTokenUse {
    type Output = ();
    const NAME: &'static str = "noteTokenUse";
    const CODES: &'static [Code] = &[];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new())
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<(), Failure> {
        change.tx().access_token_touch(self.token, self.at).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bearer_credentials_are_known() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for bad in ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"] {
            assert_eq!(bearer(bad), None, "{bad:?}");
        }
    }
}
