//! Pools: how many connections there are, what they are told at the start, and how a unit of work begins.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait, sqlx,
};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use tenure_core::storage::{Result, StorageError};

use super::error::{failure, other};
use super::{Sea, SeaStorage};

/// How a database is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeaOptions {
    /// Connections to PostgreSQL at most.
    pub max_connections: u32,
    /// Connections for reading SQLite; there is one more, for writing.
    pub readers: u32,
    /// How long to wait for a connection before the database counts as unavailable.
    pub acquire_timeout: Duration,
    /// What SQLite keeps in memory.
    pub pages: Pages,
}

/// What SQLite keeps of its file in memory. PostgreSQL has memory of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// For many requests that touch a little each: a small cache for each connection, and the file mapped into memory.
    OfRequests,
    /// For one unit of work that writes much: pages that no longer fit are written and read again, over and over, so the writer keeps
    /// more of them. Nothing is mapped: what a process has read of a mapped file counts as its memory, and grows with the file.
    OfOneWriter,
}

impl SeaOptions {
    /// For commands that write much at once.
    pub fn bulk() -> SeaOptions {
        SeaOptions { pages: Pages::OfOneWriter, ..SeaOptions::default() }
    }
}

impl Default for SeaOptions {
    fn default() -> Self {
        SeaOptions { max_connections: 16, readers: 4, acquire_timeout: Duration::from_secs(2), pages: Pages::OfRequests }
    }
}

/// Why a storage could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The data would be gone with the process, and each connection would have its own.
    #[error("a database in memory is not supported: name a file, e.g. sqlite://tenure.db?mode=rwc")]
    InMemory,
    /// Neither SQLite nor PostgreSQL.
    #[error("the URL of the database must begin with sqlite:// or postgres://")]
    UnknownScheme,
    /// An option of the URL is not what it may be.
    #[error("the URL of the database is malformed: {0}")]
    Malformed(String),
    /// Nobody answers there.
    #[error("the database does not answer: expected a server at its host and port")]
    Silent,
    /// It cannot be reached, or does not let us in.
    #[error("the database cannot be opened")]
    Unreachable(#[source] DbErr),
}

/// How long a unit of work waits for its turn to write in SQLite before the race counts as lost.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);
/// PostgreSQL ends statements that run longer.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// What PostgreSQL is told when a connection is opened. A transaction that nobody goes on with must not hold its locks for good, and
/// short statements only lose by being compiled.
const POSTGRES_SETTINGS: [(&str, &str); 3] = [("lock_timeout", "2000"), ("idle_in_transaction_session_timeout", "10000"), ("jit", "off")];
/// How much of the file SQLite maps into memory, in bytes.
const SQLITE_MMAP: &str = "1073741824";
/// How much a writer of many rows keeps in memory at most: 64 MiB, in KiB, which the sign says.
const SQLITE_BULK_CACHE: &str = "-65536";

/// The connections of a storage.
#[derive(Debug, Clone)]
pub struct Pools {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    statements: Arc<AtomicU64>,
}

impl SeaStorage {
    /// Connects to `sqlite://path?mode=rwc` or `postgres://…`. The schema is made by [`SeaStorage::migrate`].
    pub async fn connect(url: &str, options: &SeaOptions) -> Result<SeaStorage, ConnectError> {
        let statements = Arc::new(AtomicU64::new(0));
        let open = |options: ConnectOptions| {
            let statements = Arc::clone(&statements);
            async move {
                let mut connection = Database::connect(options).await.map_err(connect_error)?;
                connection.set_metric_callback(move |_| {
                    statements.fetch_add(1, Ordering::Relaxed);
                });
                Ok::<_, ConnectError>(connection)
            }
        };
        let (reader, writer) = match backend_of(url)? {
            DbBackend::Postgres => {
                let pool = open(postgres(url, options)).await?;
                (pool.clone(), pool)
            }
            _ => {
                // The writer first: it makes the file.
                let writer = open(sqlite_writer(url, options)).await?;
                (open(sqlite_readers(url, options)).await?, writer)
            }
        };
        Ok(Sea { source: Pools { reader, writer, statements } })
    }

    /// How many statements were run so far, for tests that hold queries to a budget. Begin and commit do not count.
    pub fn statements(&self) -> u64 {
        self.source.statements.load(Ordering::Relaxed)
    }

    /// Ends all connections; units of work under way are waited for.
    pub async fn close(&self) -> Result<()> {
        self.source.writer.close_by_ref().await.map_err(failure)?;
        self.source.reader.close_by_ref().await.map_err(failure)
    }
}

impl Pools {
    pub(super) fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Begins a unit of work: READ COMMITTED in PostgreSQL, the only one that writes in SQLite.
    ///
    /// Whoever waits for this may be dropped (a client that hangs up). In sqlx 0.9 a BEGIN that is not waited for leaves its connection
    /// in a transaction that nobody knows of, and writes on it are acknowledged and lost. So BEGIN runs in a task of its own, to its end;
    /// a unit of work that nobody takes is dropped there, which undoes it. Besides, there are no writes outside a unit of work, and
    /// PostgreSQL ends connections that stay in a transaction without doing anything.
    pub(super) async fn begin(&self) -> Result<DatabaseTransaction> {
        let writer = self.writer.clone();
        // IMMEDIATE takes the lock for writing now. A deferred transaction takes it with the first write, after reads that may be stale
        // by then, and half of them fail.
        let options = TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
        let begin = tokio::spawn(async move { writer.begin_with_options(options).await });
        begin.await.map_err(other)?.map_err(|error| match (self.writer.get_database_backend(), &error) {
            // In SQLite there is one connection to write with: who waits too long for it has lost a race.
            (DbBackend::Sqlite, DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout)) => StorageError::Conflict,
            _ => failure(error),
        })
    }
}

fn connect_error(error: DbErr) -> ConnectError {
    let DbErr::Conn(RuntimeErr::SqlxError(cause)) = &error else { return ConnectError::Unreachable(error) };
    match &**cause {
        sqlx::Error::Configuration(fault) => {
            // Says so of itself, at times twice.
            let text = fault.to_string();
            ConnectError::Malformed(text.trim_start_matches("error with configuration: ").to_owned())
        }
        // A refused connection is tried again until the time is over.
        sqlx::Error::PoolTimedOut => ConnectError::Silent,
        _ => ConnectError::Unreachable(error),
    }
}

fn backend_of(url: &str) -> Result<DbBackend, ConnectError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(DbBackend::Postgres);
    }
    let rest = url.strip_prefix("sqlite:").ok_or(ConnectError::UnknownScheme)?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = path.trim_start_matches("//");
    if path.is_empty() || path == ":memory:" || query.split('&').any(|option| option == "mode=memory") {
        return Err(ConnectError::InMemory);
    }
    Ok(DbBackend::Sqlite)
}

fn common(url: &str) -> ConnectOptions {
    let mut connect = ConnectOptions::new(url);
    connect.sqlx_logging(false).record_stmt_in_spans(false);
    // A ping before each statement costs a fifth; what it would find, the statement finds.
    connect.test_before_acquire(false);
    connect
}

fn postgres(url: &str, options: &SeaOptions) -> ConnectOptions {
    let mut connect = common(url);
    connect.max_connections(options.max_connections).acquire_timeout(options.acquire_timeout);
    connect.set_application_name("tenure").statement_timeout(STATEMENT_TIMEOUT);
    connect.map_sqlx_postgres_opts(|connect| connect.options(POSTGRES_SETTINGS));
    connect
}

fn sqlite(url: &str) -> ConnectOptions {
    let mut connect = common(url);
    connect.idle_timeout(None).max_lifetime(None);
    connect
}

fn sqlite_writer(url: &str, options: &SeaOptions) -> ConnectOptions {
    let pages = options.pages;
    let mut connect = sqlite(url);
    connect.max_connections(1).acquire_timeout(TURN_TIMEOUT);
    connect.map_sqlx_sqlite_opts(move |connect| {
        // FULL: what was acknowledged survives a power cut, too.
        let connect =
            connect.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full).foreign_keys(true).busy_timeout(TURN_TIMEOUT);
        match pages {
            Pages::OfRequests => connect.pragma("mmap_size", SQLITE_MMAP),
            Pages::OfOneWriter => connect.pragma("cache_size", SQLITE_BULK_CACHE),
        }
    });
    connect
}

fn sqlite_readers(url: &str, options: &SeaOptions) -> ConnectOptions {
    let mut connect = sqlite(url);
    connect.max_connections(options.readers).acquire_timeout(options.acquire_timeout);
    let pages = options.pages;
    connect.map_sqlx_sqlite_opts(move |connect| {
        // Writing belongs to the one writer: a statement that strays here fails instead of making everybody wait.
        let connect = connect.busy_timeout(TURN_TIMEOUT).pragma("query_only", "ON");
        match pages {
            Pages::OfRequests => connect.pragma("mmap_size", SQLITE_MMAP),
            Pages::OfOneWriter => connect,
        }
    });
    connect
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_in_memory_are_refused() {
        for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite://", "sqlite://x?mode=memory", "sqlite://x?cache=shared&mode=memory"] {
            assert!(matches!(backend_of(url), Err(ConnectError::InMemory)), "{url}");
        }
        assert!(matches!(backend_of("mysql://x"), Err(ConnectError::UnknownScheme)));
        assert!(matches!(backend_of("sqlite://tenure.db?mode=rwc"), Ok(DbBackend::Sqlite)));
        assert!(matches!(backend_of("sqlite:///var/tenure.db"), Ok(DbBackend::Sqlite)));
        assert!(matches!(backend_of("postgresql://h/d"), Ok(DbBackend::Postgres)));
    }
}
