//! Writing what people and integrations prove themselves with.

use async_trait::async_trait;
use tenure_core::credential::{AccessToken, Invitation, PasswordHash, PendingLink, RefreshToken, SecretHash, Session};
use tenure_core::id::{AccessTokenId, SessionId, UserId};
use tenure_core::secret::LinkPurpose;
use tenure_core::storage::{CredentialWrite, Result};
use tenure_core::time::Timestamp;
use tenure_entity::{access_token, invitation, link, password, refresh_token, session};
use uuid::Uuid;

use super::row::{access_token_model, invitation_model, link_model, purpose_code, session_model};
use crate::storage::error::corrupt;
use crate::storage::{Sea, Working};

fn number(count: u64) -> Result<u32> {
    u32::try_from(count).map_err(|_| corrupt("number of credentials"))
}

impl Sea<Working> {
    async fn refresh_tokens_remove(&self, sessions: &[Uuid]) -> Result<()> {
        if sessions.is_empty() {
            return Ok(());
        }
        let mut sql = self.sql("DELETE FROM refresh_token WHERE ");
        sql.among("session_id", sessions.iter().copied());
        self.execute(sql).await.map(drop)
    }
}

#[async_trait]
impl CredentialWrite for Sea<Working> {
    async fn session_insert(&mut self, session: &Session) -> Result<()> {
        self.insert::<session::Entity>(&[session_model(session)], "").await.map(drop)
    }

    async fn session_extend(&mut self, session: SessionId, expires_at: Timestamp) -> Result<()> {
        let mut sql = self.sql("UPDATE session SET expires_at = ");
        sql.bind(expires_at.0).push(" WHERE id = ").bind(session.0);
        self.execute(sql).await.map(drop)
    }

    async fn session_lift(&mut self, session: SessionId, epoch: i32) -> Result<()> {
        let mut sql = self.sql("UPDATE session SET epoch = ");
        sql.bind(epoch).push(" WHERE id = ").bind(session.0);
        self.execute(sql).await.map(drop)
    }

    async fn sessions_end(&mut self, sessions: &[SessionId], at: Timestamp) -> Result<u32> {
        if sessions.is_empty() {
            return Ok(0);
        }
        let ids: Vec<Uuid> = sessions.iter().map(|id| id.0).collect();
        let mut sql = self.sql("UPDATE session SET ended_at = ");
        sql.bind(at.0).push(" WHERE ended_at IS NULL AND ").among("id", ids.iter().copied());
        let ended = number(self.execute(sql).await?)?;
        self.refresh_tokens_remove(&ids).await?;
        Ok(ended)
    }

    async fn sessions_end_of(&mut self, user: UserId, except: Option<SessionId>, at: Timestamp) -> Result<u32> {
        let mut sql = self.sql("SELECT u.epoch FROM app_user u WHERE u.id = ");
        sql.bind(user.0);
        let epoch: Option<i32> = self.row(sql, |row| row.take()).await?;
        let mut sql = self.sql("UPDATE session SET ended_at = ");
        sql.bind(at.0).push(" WHERE ended_at IS NULL AND user_id = ").bind(user.0);
        if let Some(except) = except {
            sql.push(" AND id <> ").bind(except.0);
        }
        sql.push(" RETURNING id, epoch, expires_at");
        let ended = self.rows(sql, |row| Ok((row.uuid()?, row.take::<i32>()?, row.time()?))).await?;
        let worked = ended.iter().filter(|(_, of, expires_at)| Some(*of) == epoch && *expires_at > at).count();
        self.refresh_tokens_remove(&ended.iter().map(|(id, ..)| *id).collect::<Vec<_>>()).await?;
        number(worked as u64)
    }

    async fn refresh_token_insert(&mut self, token: &RefreshToken) -> Result<()> {
        let model =
            refresh_token::Model { hash: token.hash.0.to_vec(), session_id: token.session.0, used_at: token.used_at.map(|at| at.0) };
        self.insert::<refresh_token::Entity>(&[model], "").await.map(drop)
    }

    async fn refresh_token_use(&mut self, hash: SecretHash, at: Timestamp) -> Result<bool> {
        // The condition decides: of two that try, the second waits for the first and then finds nothing.
        let mut sql = self.sql("UPDATE refresh_token SET used_at = ");
        sql.bind(at.0).push(" WHERE used_at IS NULL AND hash = ").bind(hash.0.to_vec());
        Ok(self.execute(sql).await? > 0)
    }

    async fn access_token_insert(&mut self, token: &AccessToken) -> Result<()> {
        self.insert::<access_token::Entity>(&[access_token_model(token)], "").await.map(drop)
    }

    async fn access_tokens_revoke(&mut self, ids: &[AccessTokenId], at: Timestamp) -> Result<u32> {
        if ids.is_empty() {
            return Ok(0);
        }
        let mut sql = self.sql("UPDATE access_token SET revoked_at = ");
        sql.bind(at.0).push(" WHERE revoked_at IS NULL AND ").among("id", ids.iter().map(|id| id.0));
        number(self.execute(sql).await?)
    }

    async fn access_tokens_revoke_of(&mut self, owner: UserId, at: Timestamp) -> Result<u32> {
        let mut sql = self.sql("UPDATE access_token SET revoked_at = ");
        sql.bind(at.0).push(" WHERE revoked_at IS NULL AND owner_id = ").bind(owner.0).push(" RETURNING expires_at");
        let expiring = self.rows(sql, |row| row.time()).await?;
        number(expiring.iter().filter(|expires_at| **expires_at > at).count() as u64)
    }

    async fn access_token_touch(&mut self, id: AccessTokenId, at: Timestamp) -> Result<()> {
        let mut sql = self.sql("UPDATE access_token SET last_used_at = ");
        sql.bind(at.0).push(" WHERE id = ").bind(id.0);
        self.execute(sql).await.map(drop)
    }

    async fn password_set(&mut self, user: UserId, password: Option<&PasswordHash>) -> Result<()> {
        let Some(password) = password else {
            let mut sql = self.sql("DELETE FROM password WHERE user_id = ");
            sql.bind(user.0);
            return self.execute(sql).await.map(drop);
        };
        let model = password::Model { user_id: user.0, hash: password.0.clone() };
        self.insert::<password::Entity>(&[model], "ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash").await.map(drop)
    }

    async fn invitation_put(&mut self, invitation: &Invitation) -> Result<()> {
        let tail = "ON CONFLICT (user_id) DO UPDATE SET address = excluded.address, address_key = excluded.address_key, \
            invited_by_kind = excluded.invited_by_kind, invited_by_person = excluded.invited_by_person, \
            invited_by_token = excluded.invited_by_token, invited_by_name = excluded.invited_by_name, \
            token_hash = excluded.token_hash, sent_at = excluded.sent_at, expires_at = excluded.expires_at";
        self.insert::<invitation::Entity>(&[invitation_model(invitation)], tail).await.map(drop)
    }

    async fn invitation_remove(&mut self, user: UserId) -> Result<()> {
        let mut sql = self.sql("DELETE FROM invitation WHERE user_id = ");
        sql.bind(user.0);
        self.execute(sql).await.map(drop)
    }

    async fn link_put(&mut self, link: &PendingLink) -> Result<()> {
        let tail = "ON CONFLICT (user_id, purpose) DO UPDATE SET address = excluded.address, address_key = excluded.address_key, \
            token_hash = excluded.token_hash, sent_at = excluded.sent_at, expires_at = excluded.expires_at";
        self.insert::<link::Entity>(&[link_model(link)], tail).await.map(drop)
    }

    async fn links_remove(&mut self, user: UserId, purposes: &[LinkPurpose]) -> Result<()> {
        if purposes.is_empty() {
            return Ok(());
        }
        // A handful of constants at most.
        let codes: Vec<String> = purposes.iter().map(|p| purpose_code(*p).to_string()).collect();
        let mut sql = self.sql(format!("DELETE FROM link WHERE purpose IN ({}) AND user_id = ", codes.join(", ")));
        sql.bind(user.0);
        self.execute(sql).await.map(drop)
    }
}
