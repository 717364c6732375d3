//! Events are read in lists: by subject, by actor, by kind, each in the order of commits, and by time.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(
            manager,
            &[
                "CREATE INDEX event_by_subject ON event (subject_id, sequence)",
                "CREATE INDEX event_by_actor ON event (actor_person, sequence)",
                "CREATE INDEX event_by_kind ON event (kind, sequence)",
                "CREATE INDEX event_by_time ON event (occurred_at)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &["DROP INDEX event_by_time", "DROP INDEX event_by_kind", "DROP INDEX event_by_actor", "DROP INDEX event_by_subject"])
            .await
    }
}
