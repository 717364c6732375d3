//! Bringing the schema up to date.

use sea_orm::{ConnectionTrait, DbBackend};
use tenure_core::storage::{Result, StorageError};
use tenure_migration::{MigrationStatus, Migrator, MigratorTrait};

use super::SeaStorage;
use super::error::failure;

/// How often another node that migrates is waited for, five seconds each.
const ATTEMPTS: u32 = 12;
/// What nodes that migrate a PostgreSQL database take turns by; any number that nobody else uses.
const TURN: i64 = 0x7465_6e75_7265;

/// A step of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

impl SeaStorage {
    /// Applies all pending migrations, at once or not at all. Nodes that start together take turns: the first one migrates, the others
    /// find nothing left to do.
    pub async fn migrate(&self) -> Result<()> {
        let mut tries = 1;
        loop {
            match self.migrate_once().await {
                Err(StorageError::Conflict) if tries < ATTEMPTS => tries += 1,
                result => return result,
            }
        }
    }

    async fn migrate_once(&self) -> Result<()> {
        // In SQLite this holds the lock for writing already.
        let transaction = self.source.begin().await?;
        if transaction.get_database_backend() == DbBackend::Postgres {
            // Waiting for the other node, and building an index, may take longer than a request.
            let turn = format!("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({TURN})");
            transaction.execute_unprepared(&turn).await.map_err(failure)?;
        }
        Migrator::up(&transaction, None).await.map_err(failure)?;
        transaction.commit().await.map_err(failure)
    }

    /// All migrations, in order. Changes nothing in the database.
    pub async fn migration_status(&self) -> Result<Vec<MigrationState>> {
        let steps = self.source.reading(|reader| async move { Migrator::get_migration_with_status_read_only(&reader).await }).await;
        let steps = steps.map_err(failure)?;
        let state = |step: &sea_orm_migration::Migration| MigrationState {
            name: step.name().to_owned(),
            applied: step.status() == MigrationStatus::Applied,
        };
        Ok(steps.iter().map(state).collect())
    }

    /// The names of the migrations that the database does not have, in order.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        Ok(self.migration_status().await?.into_iter().filter(|step| !step.applied).map(|step| step.name).collect())
    }
}
