//! `revokeAccessToken`: one's own, or anybody's with TOKENS_MANAGE; repeating it changes nothing.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::credential::AccessToken;
use crate::engine::{Action, Change, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{AccessTokenId, UserId};
use crate::policy::TokenScope;
use crate::rejection::{Code, Failure, Rejection};
use crate::storage::Read;

/// Revokes an access token.
#[derive(Debug, Clone)]
pub struct RevokeAccessToken {
    /// Which.
    pub token: AccessTokenId,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessTokenRevoked {
    /// The token.
    #[serde(skip)]
    pub token: Option<AccessToken>,
}

impl Outcome for AccessTokenRevoked {}

#[async_trait]
impl Action for RevokeAccessToken {
    type Output = AccessTokenRevoked;
    const NAME: &'static str = "revokeAccessToken";
    const CODES: &'static [Code] = &[Code::AccessTokenNotFound];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        // What is under way with the token, for its owner, is finished first (rule I4).
        let token = read.access_tokens_by_id(&[self.token], &TokenScope::everything()).await?.pop();
        // For a token that is not there somebody is looked for who is not there: a hidden one must not take another statement (§5).
        Ok(Locks::new().exclusive(token.map_or(UserId(self.token.0), |token| token.owner)))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<AccessTokenRevoked, Failure> {
        let scope = change.access()?.token_scope();
        let Some(token) = change.read().access_tokens_by_id(&[self.token], &scope).await?.pop() else {
            return Err(Rejection::at(Code::AccessTokenNotFound, "accessTokenId", "No such token.").into());
        };
        let now = change.now();
        // Of two that try at once, one finds it not revoked and writes the event.
        if change.tx().access_tokens_revoke(&[self.token], now).await? > 0 {
            change.event(token.owner, EventBody::AccessTokenRevoked { token_name: token.name });
        }
        Ok(AccessTokenRevoked { token: change.read().access_tokens_by_id(&[self.token], &scope).await?.pop() })
    }
}
