//! Keys by which other systems know people, departments and workgroups that were imported.

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
        run(manager, &["DROP TABLE import_key"]).await
    }
}

// No foreign key: `id` is that of one of three tables, and whoever looks a key up looks whether that row is still there.
const TABLES: &[&str] = &["CREATE TABLE import_key (
        kind smallint NOT NULL,
        key {key} NOT NULL,
        id {uuid} NOT NULL,
        CONSTRAINT import_key_pk PRIMARY KEY (kind, key)
    ) {narrow}"];
