//! The database that the settings name.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::engine::{Engine, Licence};
use tenure_core::mail::NoMail;
use tenure_core::secret::LinkKey;
use tenure_core::storage::Storage;

use super::problem::Problem;
use crate::config::Config;
use crate::storage::{ConnectError, SeaOptions, SeaStorage};
use crate::telemetry::{chain, metrics};

/// How long connections may take to close.
const CLOSE_PATIENCE: Duration = Duration::from_millis(500);

/// A database, connected.
pub struct Database {
    storage: SeaStorage,
}

impl Database {
    /// Connects, without looking at migrations.
    pub async fn connect(config: &Config) -> Result<Database, Problem> {
        let account_percent = config.limits.account_percent;
        Database::connect_with(config, &SeaOptions { account_percent, ..SeaOptions::default() }).await
    }

    /// The same for a command that writes much at once.
    pub async fn connect_for_bulk(config: &Config) -> Result<Database, Problem> {
        Database::connect_with(config, &SeaOptions::bulk()).await
    }

    async fn connect_with(config: &Config, options: &SeaOptions) -> Result<Database, Problem> {
        let url = config.database_url.expose_secret();
        match SeaStorage::connect(url, options).await {
            Ok(storage) => Ok(Database { storage }),
            Err(error @ (ConnectError::InMemory | ConnectError::UnknownScheme | ConnectError::Malformed(_))) => {
                Err(Problem::usage(format!("TENURE_DATABASE_URL: {error}")))
            }
            Err(error @ (ConnectError::Silent | ConnectError::Unreachable(_))) => {
                Err(Problem::failed(format!("TENURE_DATABASE_URL: {}", chain(&error))))
            }
        }
    }

    /// Applies what is pending; returns the names of what was applied.
    pub async fn migrate(&self) -> Result<Vec<String>, Problem> {
        let pending = self.storage.pending_migrations().await?;
        self.storage.migrate().await?;
        Ok(pending)
    }

    /// All migrations in their order, and whether each is applied.
    pub async fn migration_status(&self) -> Result<Vec<(String, bool)>, Problem> {
        Ok(self.storage.migration_status().await?.into_iter().map(|step| (step.name, step.applied)).collect())
    }

    /// Tells who collects numbers about it.
    pub fn tell_metrics(&self) {
        let storage = self.storage.clone();
        metrics::watch_database(move || {
            let (busy, idle) = storage.connections();
            metrics::Database { statements: storage.statements(), busy, idle }
        });
    }

    /// Ends all connections. The last one to an SQLite database puts everything into its one file: who copies that has it all.
    pub async fn close(self) {
        // Statements that are under way still are not waited for: nobody waits for what they answer any more.
        match tokio::time::timeout(CLOSE_PATIENCE, self.storage.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = chain(&error), "connections to the database were not closed"),
            Err(_) => tracing::warn!("connections to the database were not closed in time"),
        }
    }

    /// The storage over it.
    pub fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.storage.clone())
    }

    /// An engine for one command: it sends no mails and makes no links.
    pub fn engine(&self, config: &Config) -> Engine {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let licence = Licence { seat_limit: config.seat_limit, plan: config.plan.clone() };
        Engine::new(self.storage(), clock, Arc::new(NoMail), LinkKey::new([0; 32]), licence)
    }
}
