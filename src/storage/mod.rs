//! The storage traits of `tenure-core` over sea-orm, for SQLite and PostgreSQL: the same promises on both, one file for each aggregate.
//!
//! Reads are written once, for the storage (`Sea<Pools>`) and for a unit of work (`Sea<Working>`); writes exist on a unit of work only.
//! What the two databases say differently is in `sql.rs` and nowhere else.

mod connect;
mod credentials;
mod error;
mod events;
mod history;
mod imports;
mod migrate;
mod outbox;
mod page;
mod people;
mod records;
mod row;
mod scope;
mod sql;
mod structure;
#[cfg(test)]
mod tests;
mod work;
mod write;

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend};
use tenure_core::storage::{Result, Storage, Transaction};

pub use connect::{ConnectError, Pages, SeaOptions};
pub use migrate::MigrationState;

use connect::Pools;
use error::failure;
use row::Row;
use sql::Sql;

/// A storage in SQLite or PostgreSQL.
pub type SeaStorage = Sea<Pools>;

/// Reads and writes once for both: the storage (`Sea<Pools>`) and a unit of work (`Sea<Working>`).
#[derive(Debug, Clone)]
pub struct Sea<S> {
    source: S,
}

/// Where statements go.
pub trait Source: Send + Sync {
    /// What runs them.
    type Connection: ConnectionTrait;

    /// What runs the statements that read.
    fn connection(&self) -> &Self::Connection;
}

impl Source for Pools {
    type Connection = DatabaseConnection;

    fn connection(&self) -> &DatabaseConnection {
        self.reader()
    }
}

/// A unit of work under way.
#[derive(Debug)]
pub struct Working {
    transaction: DatabaseTransaction,
}

impl Source for Working {
    type Connection = DatabaseTransaction;

    fn connection(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

impl<S: Source> Sea<S> {
    fn backend(&self) -> DbBackend {
        self.source.connection().get_database_backend()
    }

    /// The beginning of a statement.
    fn sql(&self, text: impl Into<String>) -> Sql {
        Sql::new(self.backend(), text)
    }

    /// Runs a statement and reads its rows.
    async fn rows<T>(&self, sql: Sql, read: fn(&mut Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let rows = self.source.connection().query_all_raw(sql.statement()).await.map_err(failure)?;
        rows.iter().map(|row| read(&mut Row::new(row))).collect()
    }

    /// Runs a statement that has one row at most.
    async fn row<T>(&self, sql: Sql, read: fn(&mut Row<'_>) -> Result<T>) -> Result<Option<T>> {
        let row = self.source.connection().query_one_raw(sql.statement()).await.map_err(failure)?;
        row.map(|row| read(&mut Row::new(&row))).transpose()
    }

    /// Runs a statement that counts.
    async fn count(&self, sql: Sql) -> Result<u64> {
        Ok(self.row(sql, |row| row.count()).await?.unwrap_or_default())
    }

    /// Runs a statement; returns how many rows it touched.
    async fn execute(&self, sql: Sql) -> Result<u64> {
        Ok(self.source.connection().execute_raw(sql.statement()).await.map_err(failure)?.rows_affected())
    }
}

#[async_trait]
impl Storage for SeaStorage {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(Sea { source: Working { transaction: self.source.begin().await? } }))
    }

    async fn ping(&self) -> Result<()> {
        match self.pending_migrations().await?.as_slice() {
            [] => Ok(()),
            [first, ..] => Err(error::unavailable(format!("migration {first} is pending"))),
        }
    }
}

#[async_trait]
impl Transaction for Sea<Working> {
    async fn commit(self: Box<Self>) -> Result<()> {
        // In a task of its own: whoever waits for it may be dropped (a client that hangs up), and half a commit is none.
        let commit = tokio::spawn(self.source.transaction.commit());
        commit.await.map_err(error::other)?.map_err(failure)
    }
}
