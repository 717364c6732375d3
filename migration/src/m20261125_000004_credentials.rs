//! What people and integrations prove themselves with. Secrets are here as hashes only.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["invitation", "access_token", "refresh_token", "session", "password"] {
            run(manager, &[&format!("DROP TABLE {table}")]).await?;
        }
        Ok(())
    }
}

const TABLES: &[&str] = &[
    "CREATE TABLE password (
        user_id {uuid} NOT NULL,
        hash text NOT NULL,
        CONSTRAINT password_pk PRIMARY KEY (user_id),
        CONSTRAINT password_user FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE CASCADE
    )",
    "CREATE TABLE session (
        id {uuid} NOT NULL,
        user_id {uuid} NOT NULL,
        epoch integer NOT NULL,
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL,
        ended_at bigint,
        CONSTRAINT session_pk PRIMARY KEY (id),
        CONSTRAINT session_owner FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE CASCADE
    )",
    "CREATE INDEX session_by_user ON session (user_id)",
    "CREATE TABLE refresh_token (
        hash {bytes} NOT NULL,
        session_id {uuid} NOT NULL,
        used_at bigint,
        CONSTRAINT refresh_token_secret PRIMARY KEY (hash),
        CONSTRAINT refresh_token_session FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE
    )",
    "CREATE INDEX refresh_token_by_session ON refresh_token (session_id)",
    "CREATE TABLE access_token (
        id {uuid} NOT NULL,
        owner_id {uuid} NOT NULL,
        name text NOT NULL,
        prefix text NOT NULL,
        hash {bytes} NOT NULL,
        permissions integer NOT NULL,
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL,
        last_used_at bigint,
        revoked_at bigint,
        CONSTRAINT access_token_secret UNIQUE (hash),
        CONSTRAINT access_token_pk PRIMARY KEY (id),
        CONSTRAINT access_token_owner FOREIGN KEY (owner_id) REFERENCES app_user (id) ON DELETE CASCADE
    )",
    "CREATE INDEX access_token_by_creation ON access_token (created_at, id)",
    "CREATE INDEX access_token_by_owner ON access_token (owner_id, created_at, id)",
    "CREATE TABLE invitation (
        user_id {uuid} NOT NULL,
        address text NOT NULL,
        address_key {key} NOT NULL,
        invited_by_kind smallint NOT NULL,
        invited_by_person {uuid} NOT NULL,
        invited_by_token {uuid},
        invited_by_name text,
        token_hash {bytes} NOT NULL,
        sent_at bigint NOT NULL,
        expires_at bigint NOT NULL,
        CONSTRAINT invitation_secret UNIQUE (token_hash),
        CONSTRAINT invitation_pk PRIMARY KEY (user_id),
        CONSTRAINT invitation_user FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE CASCADE
    )",
    "CREATE INDEX invitation_by_inviter ON invitation (invited_by_person)",
];
