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
mod listen;
mod migrate;
mod outbox;
mod page;
mod patience;
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

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, QueryResult, Statement};
use tenure_core::account::Share;
use tenure_core::deadline;
use tenure_core::storage::{EventListener, Result, Storage, StorageError, Transaction};

pub use connect::{ConnectError, Pages, SeaOptions};
pub use migrate::MigrationState;

use connect::Pools;
use error::failure;
use listen::Bell;
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

    /// Waits for its turn to read; what it gives is held until the statement has ended.
    fn turn(&self) -> impl Future<Output = Result<Option<Share>>> + Send;

    /// Runs a statement and gives its rows.
    fn query_all(&self, statement: Statement) -> impl Future<Output = Result<Vec<QueryResult>, DbErr>> + Send;

    /// Runs a statement and gives its first row.
    fn query_one(&self, statement: Statement) -> impl Future<Output = Result<Option<QueryResult>, DbErr>> + Send;

    /// Takes note that a statement failed.
    fn note_failure(&self) {}
}

impl Source for Pools {
    type Connection = DatabaseConnection;

    fn connection(&self) -> &DatabaseConnection {
        self.reader()
    }

    async fn turn(&self) -> Result<Option<Share>> {
        deadline::check_statement()?;
        Ok(self.share().await?)
    }

    async fn query_all(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.reading(|reader| async move { reader.query_all_raw(statement).await }).await
    }

    async fn query_one(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.reading(|reader| async move { reader.query_one_raw(statement).await }).await
    }
}

/// A unit of work under way.
#[derive(Debug)]
pub struct Working {
    transaction: DatabaseTransaction,
    bell: Bell,
    /// Whether it appended events, of which the bell tells.
    has_events: bool,
    /// Whether a statement failed. PostgreSQL then answers COMMIT with an undone transaction and no error, and SQLite may have undone it
    /// already: what was done would be acknowledged and lost.
    has_failed: AtomicBool,
}

impl Source for Working {
    type Connection = DatabaseTransaction;

    fn connection(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    async fn turn(&self) -> Result<Option<Share>> {
        deadline::check_statement()?;
        Ok(None)
    }

    async fn query_all(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.transaction.query_all_raw(statement).await
    }

    async fn query_one(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.transaction.query_one_raw(statement).await
    }

    fn note_failure(&self) {
        self.has_failed.store(true, Ordering::Relaxed);
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

    /// Takes note that a statement failed, and says how.
    fn failure(&self, error: DbErr) -> StorageError {
        self.source.note_failure();
        failure(error)
    }

    /// Runs a statement and reads its rows.
    async fn rows<T>(&self, sql: Sql, read: fn(&mut Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let _turn = self.source.turn().await?;
        let rows = self.source.query_all(sql.statement()).await.map_err(|error| self.failure(error))?;
        rows.iter().map(|row| read(&mut Row::new(row))).collect()
    }

    /// Runs a statement that has one row at most.
    async fn row<T>(&self, sql: Sql, read: fn(&mut Row<'_>) -> Result<T>) -> Result<Option<T>> {
        let _turn = self.source.turn().await?;
        let row = self.source.query_one(sql.statement()).await.map_err(|error| self.failure(error))?;
        row.map(|row| read(&mut Row::new(&row))).transpose()
    }

    /// Runs a statement that counts.
    async fn count(&self, sql: Sql) -> Result<u64> {
        Ok(self.row(sql, |row| row.count()).await?.unwrap_or_default())
    }

    /// Runs a statement; returns how many rows it touched.
    async fn execute(&self, sql: Sql) -> Result<u64> {
        deadline::check_statement()?;
        Ok(self.source.connection().execute_raw(sql.statement()).await.map_err(|error| self.failure(error))?.rows_affected())
    }
}

#[async_trait]
impl Storage for SeaStorage {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        deadline::check_statement()?;
        Ok(Box::new(Sea {
            source: Working {
                transaction: self.source.begin().await?,
                bell: self.source.bell().clone(),
                has_events: false,
                has_failed: AtomicBool::new(false),
            },
        }))
    }

    async fn ping(&self) -> Result<()> {
        match self.pending_migrations().await?.as_slice() {
            [] => Ok(()),
            [first, ..] => Err(StorageError::Outdated(format!("migration {first} is pending"))),
        }
    }

    async fn events_listener(&self) -> Result<Box<dyn EventListener>> {
        listen::listener(&self.source).await
    }
}

#[async_trait]
impl Transaction for Sea<Working> {
    async fn commit(self: Box<Self>) -> Result<()> {
        if self.source.has_failed.load(Ordering::Relaxed) {
            return Err(error::other("a unit of work in which a statement failed cannot be committed"));
        }
        dies_at!("before-commit");
        // In a task of its own: whoever waits for it may be dropped (a client that hangs up), and half a commit is none.
        let Working { transaction, bell, has_events, .. } = self.source;
        let commit = tokio::spawn(async move {
            transaction.commit().await?;
            if has_events {
                bell.ring();
            }
            Ok::<_, sea_orm::DbErr>(())
        });
        commit.await.map_err(error::other)?.map_err(failure)?;
        dies_at!("after-commit");
        Ok(())
    }
}
