//! Sessions, access tokens, passwords, invitations and links.

use std::sync::Arc;

use async_trait::async_trait;

use super::tables::{Tables, insert};
use super::{Memory, Source, Working, page};
use crate::credential::{
    AccessToken, EndedCredentials, Invitation, Login, PasswordHash, PendingLink, RefreshToken, SecretHash, Session, SessionPrincipal,
    TokenPrincipal,
};
use crate::email::EmailRole;
use crate::id::{AccessTokenId, SessionId, UserId};
use crate::page::{Key, PageRequest, Slice, SortValue};
use crate::policy::TokenScope;
use crate::secret::LinkPurpose;
use crate::storage::{CredentialRead, CredentialWrite, Result, StorageError, Unique};
use crate::time::Timestamp;

impl Tables {
    fn session_works(&self, session: &Session, now: Timestamp) -> bool {
        let epoch = self.users.get(&session.user).map(|u| u.epoch);
        session.ended_at.is_none() && session.expires_at > now && epoch == Some(session.epoch)
    }

    fn access_tokens_in(&self, scope: &TokenScope) -> Vec<AccessToken> {
        let seen = |t: &&AccessToken| match scope {
            TokenScope::Everything(_) => true,
            TokenScope::Of(viewer, _) => t.owner == *viewer,
        };
        self.access_tokens.values().filter(seen).cloned().collect()
    }

    /// Ends lasting sessions and kills their refresh tokens.
    fn end_sessions(&mut self, ids: &[SessionId], at: Timestamp) -> u32 {
        let mut ended = 0;
        let sessions = Arc::make_mut(&mut self.sessions);
        for id in ids {
            if let Some(session) = sessions.get_mut(id).filter(|s| s.ended_at.is_none()) {
                session.ended_at = Some(at);
                ended += 1;
            }
        }
        Arc::make_mut(&mut self.refresh_tokens).retain(|_, t| !ids.contains(&t.session));
        ended
    }
}

fn token_works(token: &AccessToken, now: Timestamp) -> bool {
    token.revoked_at.is_none() && token.expires_at > now
}

#[async_trait]
impl<S: Source> CredentialRead for Memory<S> {
    async fn session_principal(&self, session: SessionId) -> Result<Option<SessionPrincipal>> {
        let tables = self.tables();
        let Some(session) = tables.sessions.get(&session).cloned() else { return Ok(None) };
        let user = tables.user(session.user);
        Ok(user.map(|user| SessionPrincipal { session, user, settings: tables.settings }))
    }

    async fn token_principal(&self, hash: SecretHash) -> Result<Option<TokenPrincipal>> {
        let tables = self.tables();
        let Some(token) = tables.access_tokens.values().find(|t| t.hash == hash).cloned() else { return Ok(None) };
        let user = tables.user(token.owner);
        Ok(user.map(|user| TokenPrincipal { token, user, settings: tables.settings }))
    }

    async fn session_principals(&self, sessions: &[SessionId]) -> Result<Vec<SessionPrincipal>> {
        let tables = self.tables();
        let found = tables.sessions.values().filter(|s| sessions.contains(&s.id));
        let principal = |session: &Session| {
            let user = tables.user(session.user)?;
            Some(SessionPrincipal { session: session.clone(), user, settings: tables.settings.clone() })
        };
        Ok(found.filter_map(principal).collect())
    }

    async fn token_principals(&self, tokens: &[AccessTokenId]) -> Result<Vec<TokenPrincipal>> {
        let tables = self.tables();
        let found = tables.access_tokens.values().filter(|t| tokens.contains(&t.id));
        let principal = |token: &AccessToken| {
            let user = tables.user(token.owner)?;
            Some(TokenPrincipal { token: token.clone(), user, settings: tables.settings.clone() })
        };
        Ok(found.filter_map(principal).collect())
    }

    async fn login_by_key(&self, key: &str) -> Result<Option<Login>> {
        let tables = self.tables();
        let holder = tables.addresses.get(key).filter(|a| a.roles.has(EmailRole::Login)).map(|a| a.holder);
        let user = holder.and_then(|id| tables.user(id));
        Ok(user.map(|user| Login { password: tables.passwords.get(&user.id).cloned(), user }))
    }

    async fn password_by_user(&self, user: UserId) -> Result<Option<PasswordHash>> {
        Ok(self.tables().passwords.get(&user).cloned())
    }

    async fn refresh_token_by_hash(&self, hash: SecretHash) -> Result<Option<RefreshToken>> {
        Ok(self.tables().refresh_tokens.get(&hash.0).cloned())
    }

    async fn live_credentials(&self, users: &[UserId], now: Timestamp) -> Result<Vec<EndedCredentials>> {
        let tables = self.tables();
        let of = |user: &UserId| EndedCredentials {
            sessions: tables.sessions.values().filter(|s| s.user == *user && tables.session_works(s, now)).count() as u32,
            tokens: tables.access_tokens.values().filter(|t| t.owner == *user && token_works(t, now)).count() as u32,
        };
        Ok(users.iter().map(of).collect())
    }

    async fn access_tokens_by_id(&self, ids: &[AccessTokenId], scope: &TokenScope) -> Result<Vec<AccessToken>> {
        let mut tokens = self.tables().access_tokens_in(scope);
        tokens.retain(|t| ids.contains(&t.id));
        Ok(tokens)
    }

    async fn access_tokens_page(&self, scope: &TokenScope, page: &PageRequest) -> Result<Slice<AccessToken>> {
        let tokens = self.tables().access_tokens_in(scope);
        Ok(page::cut(tokens.into_iter().map(|t| (Key::new(SortValue::Time(t.created_at), t.id.0), t)), true, page))
    }

    async fn access_tokens_count(&self, scope: &TokenScope) -> Result<u64> {
        Ok(self.tables().access_tokens_in(scope).len() as u64)
    }

    async fn invitations_by_user(&self, users: &[UserId]) -> Result<Vec<Invitation>> {
        Ok(self.tables().invitations.values().filter(|i| users.contains(&i.user)).cloned().collect())
    }

    async fn invitation_by_hash(&self, hash: SecretHash) -> Result<Option<Invitation>> {
        Ok(self.tables().invitations.values().find(|i| i.token_hash == hash).cloned())
    }

    async fn invitations_by_inviter(&self, inviter: UserId) -> Result<Vec<Invitation>> {
        // The table is ordered by who is invited. Accepting removes the row.
        Ok(self.tables().invitations.values().filter(|i| i.invited_by.person() == inviter).cloned().collect())
    }

    async fn link_by_hash(&self, hash: SecretHash) -> Result<Option<PendingLink>> {
        Ok(self.tables().links.values().find(|l| l.token_hash == hash).cloned())
    }

    async fn links_by_user(&self, users: &[UserId]) -> Result<Vec<PendingLink>> {
        Ok(self.tables().links.values().filter(|link| users.contains(&link.user)).cloned().collect())
    }

    async fn hashes_of_links(&self, hashes: &[SecretHash]) -> Result<Vec<SecretHash>> {
        let tables = self.tables();
        let stored = tables.invitations.values().map(|i| i.token_hash).chain(tables.links.values().map(|l| l.token_hash));
        Ok(stored.filter(|hash| hashes.contains(hash)).collect())
    }
}

#[async_trait]
impl CredentialWrite for Memory<Working> {
    async fn session_insert(&mut self, session: &Session) -> Result<()> {
        insert(&mut self.tables_mut().sessions, session.id, session.clone())
    }

    async fn session_extend(&mut self, session: SessionId, expires_at: Timestamp) -> Result<()> {
        if let Some(session) = Arc::make_mut(&mut self.tables_mut().sessions).get_mut(&session) {
            session.expires_at = expires_at;
        }
        Ok(())
    }

    async fn session_lift(&mut self, session: SessionId, epoch: i32) -> Result<()> {
        if let Some(session) = Arc::make_mut(&mut self.tables_mut().sessions).get_mut(&session) {
            session.epoch = epoch;
        }
        Ok(())
    }

    async fn sessions_end(&mut self, sessions: &[SessionId], at: Timestamp) -> Result<u32> {
        Ok(self.tables_mut().end_sessions(sessions, at))
    }

    async fn sessions_end_of(&mut self, user: UserId, except: Option<SessionId>, at: Timestamp) -> Result<u32> {
        let tables = self.tables_mut();
        let ending = tables.sessions.values().filter(|s| s.user == user && s.ended_at.is_none() && Some(s.id) != except);
        let (ids, worked): (Vec<SessionId>, Vec<bool>) = ending.map(|s| (s.id, tables.session_works(s, at))).unzip();
        tables.end_sessions(&ids, at);
        Ok(worked.into_iter().filter(|w| *w).count() as u32)
    }

    async fn refresh_token_insert(&mut self, token: &RefreshToken) -> Result<()> {
        insert(&mut self.tables_mut().refresh_tokens, token.hash.0, token.clone()).map_err(|_| StorageError::Taken(Unique::Secret))
    }

    async fn refresh_token_use(&mut self, hash: SecretHash, at: Timestamp) -> Result<bool> {
        let unused = Arc::make_mut(&mut self.tables_mut().refresh_tokens).get_mut(&hash.0).filter(|t| t.used_at.is_none());
        Ok(unused.map(|token| token.used_at = Some(at)).is_some())
    }

    async fn access_token_insert(&mut self, token: &AccessToken) -> Result<()> {
        let tables = self.tables_mut();
        if tables.access_tokens.values().any(|t| t.id != token.id && t.hash == token.hash) {
            return Err(StorageError::Taken(Unique::Secret));
        }
        insert(&mut tables.access_tokens, token.id, token.clone())
    }

    async fn access_tokens_revoke(&mut self, ids: &[AccessTokenId], at: Timestamp) -> Result<u32> {
        let mut revoked = 0;
        for token in Arc::make_mut(&mut self.tables_mut().access_tokens).values_mut() {
            if ids.contains(&token.id) && token.revoked_at.is_none() {
                token.revoked_at = Some(at);
                revoked += 1;
            }
        }
        Ok(revoked)
    }

    async fn access_tokens_revoke_of(&mut self, owner: UserId, at: Timestamp) -> Result<u32> {
        let mut worked = 0;
        for token in Arc::make_mut(&mut self.tables_mut().access_tokens).values_mut() {
            if token.owner == owner && token.revoked_at.is_none() {
                worked += u32::from(token_works(token, at));
                token.revoked_at = Some(at);
            }
        }
        Ok(worked)
    }

    async fn access_token_touch(&mut self, id: AccessTokenId, at: Timestamp) -> Result<()> {
        if let Some(token) = Arc::make_mut(&mut self.tables_mut().access_tokens).get_mut(&id) {
            token.last_used_at = Some(at);
        }
        Ok(())
    }

    async fn password_set(&mut self, user: UserId, password: Option<&PasswordHash>) -> Result<()> {
        let passwords = Arc::make_mut(&mut self.tables_mut().passwords);
        match password {
            Some(password) => passwords.insert(user, password.clone()),
            None => passwords.remove(&user),
        };
        Ok(())
    }

    async fn invitation_put(&mut self, invitation: &Invitation) -> Result<()> {
        let invitations = Arc::make_mut(&mut self.tables_mut().invitations);
        if invitations.values().any(|i| i.user != invitation.user && i.token_hash == invitation.token_hash) {
            return Err(StorageError::Taken(Unique::Secret));
        }
        invitations.insert(invitation.user, invitation.clone());
        Ok(())
    }

    async fn invitation_remove(&mut self, user: UserId) -> Result<()> {
        Arc::make_mut(&mut self.tables_mut().invitations).remove(&user);
        Ok(())
    }

    async fn link_put(&mut self, link: &PendingLink) -> Result<()> {
        let links = Arc::make_mut(&mut self.tables_mut().links);
        let place = (link.user, link.purpose);
        if links.iter().any(|(other, l)| *other != place && l.token_hash == link.token_hash) {
            return Err(StorageError::Taken(Unique::Secret));
        }
        links.insert(place, link.clone());
        Ok(())
    }

    async fn links_remove(&mut self, user: UserId, purposes: &[LinkPurpose]) -> Result<()> {
        Arc::make_mut(&mut self.tables_mut().links).retain(|(of, purpose), _| *of != user || !purposes.contains(purpose));
        Ok(())
    }
}
