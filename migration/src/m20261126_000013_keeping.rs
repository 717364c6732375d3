//! Keeping what must be kept, and dropping what need not be: SQLite refuses events that would replace others, and outcomes of operations
//! are found by their age.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &["CREATE INDEX idempotency_taken ON idempotency (taken_at)"]).await?;
        match manager.get_database_backend() {
            DbBackend::Sqlite => run(manager, SQLITE_GUARD).await,
            _ => Ok(()),
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &["DROP INDEX idempotency_taken"]).await?;
        match manager.get_database_backend() {
            DbBackend::Sqlite => run(manager, &["DROP TRIGGER event_is_new"]).await,
            _ => Ok(()),
        }
    }
}

const SQLITE_GUARD: &[&str] = &[
    // REPLACE removes the row in its way without a word to the trigger on DELETE, unless `recursive_triggers` is on, which each connection
    // says for itself. PostgreSQL has no such statement: there an UPDATE comes of it, which is refused.
    "CREATE TRIGGER event_is_new BEFORE INSERT ON event
     WHEN EXISTS (SELECT 1 FROM event WHERE sequence = NEW.sequence) OR EXISTS (SELECT 1 FROM event WHERE id = NEW.id)
     BEGIN SELECT RAISE(ABORT, 'this event is there already, and events are neither changed nor removed'); END",
];
