//! The database that the settings name.

use std::sync::Arc;

use tenure_core::clock::{Clock, SystemClock};
use tenure_core::engine::{Engine, Licence};
use tenure_core::mail::NoMail;
use tenure_core::memory::MemoryStorage;
use tenure_core::secret::LinkKey;
use tenure_core::storage::Storage;

use super::problem::Problem;
use crate::config::Config;

/// A database, connected.
pub struct Database {
    storage: Arc<dyn Storage>,
}

impl Database {
    /// Connects, without looking at migrations.
    pub async fn connect(config: &Config) -> Result<Database, Problem> {
        let _ = &config.database_url;
        Ok(Database { storage: storage_until_sea_is_merged() })
    }

    /// Applies what is pending; returns the names of what was applied.
    pub async fn migrate(&self) -> Result<Vec<String>, Problem> {
        Ok(Vec::new())
    }

    /// All migrations in their order, and whether each is applied.
    pub async fn migration_status(&self) -> Result<Vec<(String, bool)>, Problem> {
        Ok(Vec::new())
    }

    /// The storage over it.
    pub fn storage(&self) -> Arc<dyn Storage> {
        self.storage.clone()
    }

    /// An engine for one command: it sends no mails and makes no links.
    pub fn engine(&self, config: &Config) -> Engine {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let licence = Licence { seat_limit: config.seat_limit, plan: config.plan.clone() };
        Engine::new(self.storage(), clock, Arc::new(NoMail), LinkKey::new([0; 32]), licence)
    }
}

/// Seam: `tenure::storage::SeaStorage` takes its place.
fn storage_until_sea_is_merged() -> Arc<dyn Storage> {
    Arc::new(MemoryStorage::new())
}
