//! The reference storage: everything in memory, for tests and for embedding. It defines by example what the traits of
//! [`crate::storage`] mean, and would rather be easy to read than fast.
//!
//! One unit of work runs at a time: it works on a copy of the tables (cheap: a table is copied when it is first written to), which
//! takes the place of the committed ones at the end. Holding the turn to write is holding every row, so locks need nothing more.

mod credentials;
mod history;
mod imports;
mod outbox;
mod page;
mod people;
mod records;
mod structure;
mod tables;
mod work;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use crate::storage::{EventListener, Result, Storage, StorageError, Transaction};
use tables::Tables;

/// How long a unit of work waits for its turn before the race counts as lost.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// A storage in memory. Clones show the same tables.
pub type MemoryStorage = Memory<Committed>;

/// Reads and writes once for both: the storage (`Memory<Committed>`) and a unit of work (`Memory<Working>`).
#[derive(Debug, Clone)]
pub struct Memory<S> {
    source: S,
}

/// Where tables come from.
pub trait Source: Send + Sync {
    /// The tables as they can be seen from here, now.
    fn tables(&self) -> Tables;
}

/// The tables as of the last commit.
#[derive(Debug, Clone)]
pub struct Committed {
    home: Arc<Home>,
}

/// The tables of a unit of work under way.
#[derive(Debug)]
pub struct Working {
    tables: Tables,
    home: Arc<Home>,
    _turn: OwnedMutexGuard<()>,
}

#[derive(Debug)]
struct Home {
    committed: RwLock<Tables>,
    turn: Arc<Mutex<()>>,
    bell: watch::Sender<()>,
}

impl Source for Committed {
    fn tables(&self) -> Tables {
        self.home.committed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Source for Working {
    fn tables(&self) -> Tables {
        self.tables.clone()
    }
}

impl<S: Source> Memory<S> {
    fn tables(&self) -> Tables {
        self.source.tables()
    }
}

impl Memory<Working> {
    fn tables_mut(&mut self) -> &mut Tables {
        &mut self.source.tables
    }
}

impl MemoryStorage {
    /// A storage as after the first start: the settings and the System User, and nothing else.
    pub fn new() -> MemoryStorage {
        let home = Home { committed: RwLock::new(Tables::initial()), turn: Arc::default(), bell: watch::Sender::new(()) };
        Memory { source: Committed { home: Arc::new(home) } }
    }
}

#[cfg(all(test, feature = "conformance"))]
impl MemoryStorage {
    /// A unit of work that waits for nobody and overwrites what others committed meanwhile: what locks are there to prevent.
    pub(crate) fn begin_without_turn(&self) -> Box<dyn Transaction> {
        let turn = Arc::new(Mutex::new(())).try_lock_owned().expect("a mutex of one's own");
        Box::new(Memory { source: Working { tables: self.tables(), home: Arc::clone(&self.source.home), _turn: turn } })
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        MemoryStorage::new()
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        let home = Arc::clone(&self.source.home);
        let turn = tokio::time::timeout(TURN_TIMEOUT, Arc::clone(&home.turn).lock_owned()).await.map_err(|_| StorageError::Conflict)?;
        // Only now: what was committed while we waited must be seen.
        let tables = self.tables();
        Ok(Box::new(Memory { source: Working { tables, home, _turn: turn } }))
    }

    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn events_listener(&self) -> Result<Box<dyn EventListener>> {
        Ok(Box::new(Listener(self.source.home.bell.subscribe())))
    }
}

#[async_trait]
impl Transaction for Memory<Working> {
    async fn commit(self: Box<Self>) -> Result<()> {
        let Working { tables, home, _turn } = self.source;
        *home.committed.write().unwrap_or_else(PoisonError::into_inner) = tables;
        home.bell.send_replace(());
        Ok(())
    }
}

/// Hears of every commit.
struct Listener(watch::Receiver<()>);

#[async_trait]
impl EventListener for Listener {
    async fn heard(&mut self) -> Result<()> {
        self.0.changed().await.map_err(|error| StorageError::Unavailable(Box::new(error)))
    }
}
