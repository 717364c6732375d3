//! Reading what people and integrations prove themselves with.

mod row;
mod write;

use async_trait::async_trait;
use tenure_core::credential::{
    AccessToken, EndedCredentials, Invitation, Login, PasswordHash, PendingLink, RefreshToken, SecretHash, SessionPrincipal, TokenPrincipal,
};
use tenure_core::id::{AccessTokenId, SessionId, UserId};
use tenure_core::page::{PageRequest, Slice};
use tenure_core::policy::TokenScope;
use tenure_core::storage::{CredentialRead, Result};
use tenure_entity::{invitation, link};

use super::error::corrupt;
use super::page::{Order, uuids};
use super::people::row::{ADDRESSES, COLUMNS, SETTINGS_COLUMNS, settings, user};
use super::row::secret_hash;
use super::scope::token_scope;
use super::sql::{Holds, Sql};
use super::{Sea, Source};
use row::{SESSION_COLUMNS, TOKEN_COLUMNS, access_token, refresh_token, session};

const LATEST: Order = Order { sort: "m.created_at", is_text: false, kind: None, id: "m.id", descending: true };

impl<S: Source> Sea<S> {
    async fn invitations(&self, condition: impl FnOnce(&mut Sql) + Send) -> Result<Vec<Invitation>> {
        let mut sql = self.select::<invitation::Entity>();
        sql.push(" WHERE ");
        condition(&mut sql);
        self.models::<invitation::Entity>(sql).await?.into_iter().map(row::invitation).collect()
    }
}

#[async_trait]
impl<S: Source> CredentialRead for Sea<S> {
    async fn session_principal(&self, id: SessionId) -> Result<Option<SessionPrincipal>> {
        let mut sql = self.sql(format!(
            "SELECT {SESSION_COLUMNS}, {COLUMNS}, {SETTINGS_COLUMNS}
             FROM session m JOIN app_user u ON u.id = m.user_id {ADDRESSES} JOIN settings s ON s.id = 1 WHERE m.id = "
        ));
        sql.bind(id.0);
        self.row(sql, |row| Ok(SessionPrincipal { session: session(row)?, user: user(row)?, settings: settings(row)? })).await
    }

    async fn token_principal(&self, hash: SecretHash) -> Result<Option<TokenPrincipal>> {
        let mut sql = self.sql(format!(
            "SELECT {TOKEN_COLUMNS}, {COLUMNS}, {SETTINGS_COLUMNS}
             FROM access_token m JOIN app_user u ON u.id = m.owner_id {ADDRESSES} JOIN settings s ON s.id = 1 WHERE m.hash = "
        ));
        sql.bind(hash.0.to_vec());
        self.row(sql, |row| Ok(TokenPrincipal { token: access_token(row)?, user: user(row)?, settings: settings(row)? })).await
    }

    async fn session_principals(&self, sessions: &[SessionId]) -> Result<Vec<SessionPrincipal>> {
        if sessions.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!(
            "SELECT {SESSION_COLUMNS}, {COLUMNS}, {SETTINGS_COLUMNS}
             FROM session m JOIN app_user u ON u.id = m.user_id {ADDRESSES} JOIN settings s ON s.id = 1 WHERE "
        ));
        sql.among("m.id", sessions.iter().map(|id| id.0));
        self.rows(sql, |row| Ok(SessionPrincipal { session: session(row)?, user: user(row)?, settings: settings(row)? })).await
    }

    async fn token_principals(&self, tokens: &[AccessTokenId]) -> Result<Vec<TokenPrincipal>> {
        if tokens.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!(
            "SELECT {TOKEN_COLUMNS}, {COLUMNS}, {SETTINGS_COLUMNS}
             FROM access_token m JOIN app_user u ON u.id = m.owner_id {ADDRESSES} JOIN settings s ON s.id = 1 WHERE "
        ));
        sql.among("m.id", tokens.iter().map(|id| id.0));
        self.rows(sql, |row| Ok(TokenPrincipal { token: access_token(row)?, user: user(row)?, settings: settings(row)? })).await
    }

    async fn login_by_key(&self, key: &str) -> Result<Option<Login>> {
        let mut sql = self.sql(format!(
            "SELECT {COLUMNS}, p.hash FROM address held JOIN app_user u ON u.id = held.user_id {ADDRESSES}
             LEFT JOIN password p ON p.user_id = u.id WHERE (held.roles & 1) <> 0 AND held.key = "
        ));
        sql.bind(key);
        self.row(sql, |row| Ok(Login { user: user(row)?, password: row.take::<Option<String>>()?.map(PasswordHash) })).await
    }

    async fn password_by_user(&self, user: UserId) -> Result<Option<PasswordHash>> {
        let mut sql = self.sql("SELECT p.hash FROM password p WHERE p.user_id = ");
        sql.bind(user.0);
        self.row(sql, |row| row.take().map(PasswordHash)).await
    }

    async fn refresh_token_by_hash(&self, hash: SecretHash) -> Result<Option<RefreshToken>> {
        let mut sql = self.sql("SELECT m.hash, m.session_id, m.used_at FROM refresh_token m WHERE m.hash = ");
        sql.bind(hash.0.to_vec());
        self.row(sql, refresh_token).await
    }

    async fn live_credentials(&self, users: &[UserId], now: tenure_core::time::Timestamp) -> Result<Vec<EndedCredentials>> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql("SELECT (SELECT count(*) FROM session m WHERE m.user_id = g.id AND m.epoch = u.epoch AND ");
        let now = sql.parameter(now.0);
        sql.push(&format!("m.ended_at IS NULL AND m.expires_at > {now}), "));
        sql.push(&format!(
            "(SELECT count(*) FROM access_token m WHERE m.owner_id = g.id AND m.revoked_at IS NULL AND m.expires_at > {now})"
        ));
        sql.push(" FROM ").groups(&uuids(users, |id| id.0)).push(" LEFT JOIN app_user u ON u.id = g.id ORDER BY g.n");
        let count = |count: u64| u32::try_from(count).map_err(|_| corrupt("number of credentials"));
        let rows = self.rows(sql, |row| Ok((row.count()?, row.count()?))).await?;
        rows.into_iter().map(|(sessions, tokens)| Ok(EndedCredentials { sessions: count(sessions)?, tokens: count(tokens)? })).collect()
    }

    async fn access_tokens_by_id(&self, ids: &[AccessTokenId], scope: &TokenScope) -> Result<Vec<AccessToken>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT {TOKEN_COLUMNS} FROM access_token m WHERE "));
        sql.among("m.id", ids.iter().map(|id| id.0)).push(" AND ");
        token_scope(&mut sql, scope);
        self.rows(sql, access_token).await
    }

    async fn access_tokens_page(&self, scope: &TokenScope, page: &PageRequest) -> Result<Slice<AccessToken>> {
        let mut sql = self.sql(format!("SELECT {TOKEN_COLUMNS} FROM access_token m WHERE "));
        token_scope(&mut sql, scope);
        LATEST.cut(&mut sql, page);
        Ok(Slice::from_surplus(self.rows(sql, access_token).await?, page))
    }

    async fn access_tokens_count(&self, scope: &TokenScope) -> Result<u64> {
        let mut sql = self.sql("SELECT count(*) FROM access_token m WHERE ");
        token_scope(&mut sql, scope);
        self.count(sql).await
    }

    async fn invitations_by_user(&self, users: &[UserId]) -> Result<Vec<Invitation>> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let ids = uuids(users, |id| id.0);
        self.invitations(|sql| {
            sql.among("m.user_id", ids);
        })
        .await
    }

    async fn invitation_by_hash(&self, hash: SecretHash) -> Result<Option<Invitation>> {
        Ok(self
            .invitations(|sql| {
                sql.push("m.token_hash = ").bind(hash.0.to_vec());
            })
            .await?
            .pop())
    }

    async fn invitations_by_inviter(&self, inviter: UserId) -> Result<Vec<Invitation>> {
        self.invitations(|sql| {
            sql.push("m.invited_by_person = ").bind(inviter.0).push(" ORDER BY m.user_id");
        })
        .await
    }

    async fn link_by_hash(&self, hash: SecretHash) -> Result<Option<PendingLink>> {
        let mut sql = self.select::<link::Entity>();
        sql.push(" WHERE m.token_hash = ").bind(hash.0.to_vec());
        self.models::<link::Entity>(sql).await?.pop().map(row::link).transpose()
    }

    async fn links_by_user(&self, users: &[UserId]) -> Result<Vec<PendingLink>> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.select::<link::Entity>();
        sql.push(" WHERE ").among("m.user_id", uuids(users, |id| id.0));
        self.models::<link::Entity>(sql).await?.into_iter().map(row::link).collect()
    }

    async fn hashes_of_links(&self, hashes: &[SecretHash]) -> Result<Vec<SecretHash>> {
        if hashes.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql("SELECT m.token_hash FROM ");
        let rows = || hashes.iter().map(|hash| vec![hash.0.to_vec().into()]);
        sql.set("v", &[("hash", Holds::Bytes)], rows())
            .push(" JOIN invitation m ON m.token_hash = v.hash UNION ALL SELECT m.token_hash FROM ");
        sql.set("v", &[("hash", Holds::Bytes)], rows()).push(" JOIN link m ON m.token_hash = v.hash");
        self.rows(sql, |row| secret_hash(row.take()?)).await
    }
}
