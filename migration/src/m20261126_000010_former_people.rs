//! Names of people whose row is gone: bylines go on saying them.

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
        run(manager, &["DROP TABLE former_person"]).await
    }
}

const TABLES: &[&str] = &["CREATE TABLE former_person (
        id {uuid} NOT NULL,
        display_name text NOT NULL,
        CONSTRAINT former_person_pk PRIMARY KEY (id)
    ) {narrow}"];
