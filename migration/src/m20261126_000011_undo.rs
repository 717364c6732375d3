//! Ownership changes by what made them, for giving back; and by version of the record, which is their order.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await
    }
}

const UP: &[&str] = &[
    "CREATE INDEX ownership_change_by_reassignment ON ownership_change (reassignment_id, record_kind, record_id, id)
        WHERE reassignment_id IS NOT NULL",
    "DROP INDEX ownership_change_by_record",
    "CREATE INDEX ownership_change_by_record ON ownership_change (record_id, record_version, id)",
];

const DOWN: &[&str] = &[
    "DROP INDEX ownership_change_by_record",
    "CREATE INDEX ownership_change_by_record ON ownership_change (record_id, changed_at, id)",
    "DROP INDEX ownership_change_by_reassignment",
];
