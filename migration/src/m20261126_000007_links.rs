//! Links in mails that confirm a login address or let somebody choose a password: hashes of their tokens only.

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
        run(manager, &["DROP TABLE link"]).await
    }
}

const TABLES: &[&str] = &["CREATE TABLE link (
        user_id {uuid} NOT NULL,
        purpose smallint NOT NULL,
        address text NOT NULL,
        address_key {key} NOT NULL,
        token_hash {bytes} NOT NULL,
        sent_at bigint NOT NULL,
        expires_at bigint NOT NULL,
        CONSTRAINT link_secret UNIQUE (token_hash),
        CONSTRAINT link_pk PRIMARY KEY (user_id, purpose),
        CONSTRAINT link_user FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE CASCADE
    )"];
