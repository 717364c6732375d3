//! `signOut`: ends this session, or all of one's sessions; their JWTs end with them (rule I4).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::rejection::{Code, Failure, Rejection};
use crate::storage::Read;

/// Ends sessions of the caller.
#[derive(Debug, Clone)]
pub struct SignOut {
    /// All of them, not just this one.
    pub everywhere: bool,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignedOut {
    /// Sessions ended.
    pub ended: u32,
}

impl Outcome for SignedOut {}

#[async_trait]
impl Action for SignOut {
    type Output = SignedOut;
    const NAME: &'static str = "signOut";
    const CODES: &'static [Code] = &[Code::NotASession];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        // What is under way with the session is finished first (rule I4).
        Ok(Locks::new().caller_exclusive())
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<SignedOut, Failure> {
        let access = change.access()?.clone();
        let Some(session) = access.session() else {
            return Err(Rejection::new(Code::NotASession, "An access token has no session: revoke it instead.").into());
        };
        let now = change.now();
        let ended = if self.everywhere {
            change.tx().sessions_end_of(access.person(), None, now).await?
        } else {
            change.tx().sessions_end(&[session], now).await?
        };
        Ok(SignedOut { ended })
    }
}
