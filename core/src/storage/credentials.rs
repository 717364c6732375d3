//! Reading and writing what people and integrations prove themselves with.

use async_trait::async_trait;

use super::Result;
use crate::credential::{
    AccessToken, EndedCredentials, Invitation, Login, PasswordHash, PendingLink, RefreshToken, SecretHash, Session, SessionPrincipal,
    TokenPrincipal,
};
use crate::id::{AccessTokenId, SessionId, UserId};
use crate::page::{PageRequest, Slice};
use crate::policy::TokenScope;
use crate::secret::LinkPurpose;
use crate::time::Timestamp;

/// Reading credentials.
#[async_trait]
pub trait CredentialRead: Send + Sync {
    /// The session, even one that ended, with its person and the settings, from the primary: one statement for each request (rule I4).
    async fn session_principal(&self, session: SessionId) -> Result<Option<SessionPrincipal>>;

    /// The access token of that hash, even a revoked one, with its owner and the settings, from the primary.
    async fn token_principal(&self, hash: SecretHash) -> Result<Option<TokenPrincipal>>;

    /// The same as [`CredentialRead::session_principal`] for many, in any order; unknown ones are left out.
    async fn session_principals(&self, sessions: &[SessionId]) -> Result<Vec<SessionPrincipal>>;

    /// The same as [`CredentialRead::token_principal`] for many, by their identifiers, in any order; unknown ones are left out.
    async fn token_principals(&self, tokens: &[AccessTokenId]) -> Result<Vec<TokenPrincipal>>;

    /// Who signs in with the address of that key, of any status.
    async fn login_by_key(&self, key: &str) -> Result<Option<Login>>;

    /// The password of a person.
    async fn password_by_user(&self, user: UserId) -> Result<Option<PasswordHash>>;

    /// The refresh token of that hash.
    async fn refresh_token_by_hash(&self, hash: SecretHash) -> Result<Option<RefreshToken>>;

    /// How many sessions and access tokens of each of these people work at `now`, in the order given. A session works while it is
    /// neither ended nor expired (`expires_at` > `now`) and its epoch is the person's; a token while it is neither revoked nor expired.
    async fn live_credentials(&self, users: &[UserId], now: Timestamp) -> Result<Vec<EndedCredentials>>;

    /// These access tokens, as far as they are in the scope, in any order.
    async fn access_tokens_by_id(&self, ids: &[AccessTokenId], scope: &TokenScope) -> Result<Vec<AccessToken>>;

    /// A page of the access tokens in the scope, latest first: key (created_at, id), descending.
    async fn access_tokens_page(&self, scope: &TokenScope, page: &PageRequest) -> Result<Slice<AccessToken>>;

    /// How many access tokens are in the scope.
    async fn access_tokens_count(&self, scope: &TokenScope) -> Result<u64>;

    /// The invitations of these people, in any order.
    async fn invitations_by_user(&self, users: &[UserId]) -> Result<Vec<Invitation>>;

    /// The invitation whose token has that hash.
    async fn invitation_by_hash(&self, hash: SecretHash) -> Result<Option<Invitation>>;

    /// Invitations that this person sent (by themself or with a token) and that nobody accepted, ascending by who is invited.
    async fn invitations_by_inviter(&self, inviter: UserId) -> Result<Vec<Invitation>>;

    /// The pending link whose token has that hash, even an expired one.
    async fn link_by_hash(&self, hash: SecretHash) -> Result<Option<PendingLink>>;

    /// The pending links of these people, even expired ones, in any order.
    async fn links_by_user(&self, users: &[UserId]) -> Result<Vec<PendingLink>>;

    /// Those of these hashes that are of the token of an invitation or of a pending link, even an expired one, in any order.
    async fn hashes_of_links(&self, hashes: &[SecretHash]) -> Result<Vec<SecretHash>>;
}

/// Writing credentials.
#[async_trait]
pub trait CredentialWrite: Send + Sync {
    /// Adds a session. Taken(Id).
    async fn session_insert(&mut self, session: &Session) -> Result<()>;

    /// Sets when a session ends unless it is refreshed.
    async fn session_extend(&mut self, session: SessionId, expires_at: Timestamp) -> Result<()>;

    /// Sets the epoch that a session is under, so that it survives a rise of the person's (rule I4).
    async fn session_lift(&mut self, session: SessionId, epoch: i32) -> Result<()>;

    /// Ends sessions that last; returns how many. Their refresh tokens are removed.
    async fn sessions_end(&mut self, sessions: &[SessionId], at: Timestamp) -> Result<u32>;

    /// Ends all lasting sessions of a person but `except`; returns how many of them still worked at `at` (see
    /// [`CredentialRead::live_credentials`]: with the person's epoch as it stands now, so end sessions before raising it). Their refresh
    /// tokens are removed.
    async fn sessions_end_of(&mut self, user: UserId, except: Option<SessionId>, at: Timestamp) -> Result<u32>;

    /// Adds a refresh token. Taken(Secret).
    async fn refresh_token_insert(&mut self, token: &RefreshToken) -> Result<()>;

    /// Marks a refresh token as used. False when it was used before or is unknown: of two that try, one succeeds.
    async fn refresh_token_use(&mut self, hash: SecretHash, at: Timestamp) -> Result<bool>;

    /// Adds an access token. Taken(Secret), Taken(Id).
    async fn access_token_insert(&mut self, token: &AccessToken) -> Result<()>;

    /// Revokes access tokens that are not revoked; returns how many.
    async fn access_tokens_revoke(&mut self, ids: &[AccessTokenId], at: Timestamp) -> Result<u32>;

    /// Revokes all access tokens of a person that are not revoked; returns how many of them still worked at `at`.
    async fn access_tokens_revoke_of(&mut self, owner: UserId, at: Timestamp) -> Result<u32>;

    /// Notes that a token was used.
    async fn access_token_touch(&mut self, id: AccessTokenId, at: Timestamp) -> Result<()>;

    /// Sets or removes the password of a person.
    async fn password_set(&mut self, user: UserId, password: Option<&PasswordHash>) -> Result<()>;

    /// Writes the invitation of a person, in place of a former one. Taken(Secret).
    async fn invitation_put(&mut self, invitation: &Invitation) -> Result<()>;

    /// Removes the invitation of a person, if there is one.
    async fn invitation_remove(&mut self, user: UserId) -> Result<()>;

    /// Writes the link of a person and purpose, in place of a former one. Taken(Secret).
    async fn link_put(&mut self, link: &PendingLink) -> Result<()>;

    /// Removes the links of a person that are good for any of these purposes.
    async fn links_remove(&mut self, user: UserId, purposes: &[LinkPurpose]) -> Result<()>;
}
