//! Pools: how many connections there are, what they are told at the start, and how a unit of work begins.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait, sqlx,
};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tenure_core::account::{Account, Share, Shares};
use tenure_core::deadline::{self, Passed};
use tenure_core::storage::{Result, StorageError};

use super::error::{failure, other};
use super::listen::Bell;
use super::patience::{Patience, handed_out};
use super::{Sea, SeaStorage};

/// How a database is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeaOptions {
    /// Connections for reading PostgreSQL at most.
    pub max_connections: u32,
    /// Connections for writing PostgreSQL at most: units of work at once.
    pub max_writers: u32,
    /// Connections for reading SQLite; there is one more, for writing.
    pub readers: u32,
    /// How much of the connections for reading one account may have at once, in percent; more waits for its own to be free again.
    pub account_percent: usize,
    /// How long to wait while nobody gets a connection before the database counts as unavailable. Those who write wait longer, as they wait
    /// for each other, see `TURN_TIMEOUT`.
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
        SeaOptions {
            max_connections: 16,
            max_writers: 8,
            readers: 4,
            account_percent: 50,
            acquire_timeout: ACQUIRE_TIMEOUT,
            pages: Pages::OfRequests,
        }
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

/// How long a request waits for a connection while nobody gets one: who waits longer is told to come again.
const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(500);
/// How long the database may take to let a connection in.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// A connection that was idle for so long is tried before it is used: the database may have been restarted meanwhile.
const TRIED_AFTER: Duration = Duration::from_secs(1);
/// How long a unit of work waits for its turn to write: in SQLite for the one that writes, before the race counts as lost; in PostgreSQL for
/// one of the connections for writing, while nobody gets one. A crowd that changes the same rows has all of them for a while, and is no sign
/// of a database that is gone; where it moves, everybody waits this much longer, for reading, too.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);
/// PostgreSQL ends statements that run longer.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// What PostgreSQL is told when a connection is opened. A transaction that nobody goes on with must not hold its locks for good, and
/// short statements only lose by being compiled.
const POSTGRES_SETTINGS: [(&str, &str); 3] = [("lock_timeout", "2000"), ("idle_in_transaction_session_timeout", "10000"), ("jit", "off")];
/// Reading happens outside of transactions, where a write would be one of its own; it belongs into a unit of work, and fails here.
const POSTGRES_READS: (&str, &str) = ("default_transaction_read_only", "on");
/// Whether a connection is outside of every transaction: the transaction of a single statement begins with it. In a transaction that failed,
/// the question itself fails.
const POSTGRES_GUARD: &str = "SELECT now() = statement_timestamp()";
/// How much of the file SQLite maps into memory, in bytes.
const SQLITE_MMAP: &str = "1073741824";
/// How much a writer of many rows keeps in memory at most: 64 MiB, in KiB, which the sign says.
const SQLITE_BULK_CACHE: &str = "-65536";

/// How many statements were run so far.
#[derive(Debug, Default)]
struct Statements {
    all: AtomicU64,
    for_callers: AtomicU64,
}

impl Statements {
    fn count_one(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
        if Account::present().is_some() {
            self.for_callers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The connections of a storage.
#[derive(Debug, Clone)]
pub struct Pools {
    reader: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
    statements: Arc<Statements>,
    bell: Bell,
    /// Of those who read and those who write PostgreSQL.
    patience: Option<[Patience; 2]>,
    /// Of the connections for reading.
    shares: Option<Shares>,
}

impl SeaStorage {
    /// Connects to `sqlite://path?mode=rwc` or `postgres://…`. The schema is made by [`SeaStorage::migrate`].
    pub async fn connect(url: &str, options: &SeaOptions) -> Result<SeaStorage, ConnectError> {
        let statements = Arc::<Statements>::default();
        let open = |options: ConnectOptions| {
            let statements = Arc::clone(&statements);
            async move {
                let connected = tokio::time::timeout(CONNECT_PATIENCE, Database::connect(options)).await;
                let mut connection = connected.map_err(|_| ConnectError::Silent)?.map_err(connect_error)?;
                connection.set_metric_callback(move |_| statements.count_one());
                Ok::<_, ConnectError>(connection)
            }
        };
        let (reader, writer) = match backend_of(url)? {
            DbBackend::Postgres => (open(postgres_readers(url, options)).await?, open(postgres_writers(url, options)).await?),
            _ => {
                make_private(url);
                // The writer first: it makes what is in the file.
                let writer = open(sqlite_writer(url, options)).await?;
                (open(sqlite_readers(url, options)).await?, writer)
            }
        };
        let is_postgres = reader.get_database_backend() == DbBackend::Postgres;
        let patience = is_postgres.then(|| {
            let writers = options.acquire_timeout.max(TURN_TIMEOUT);
            [options.acquire_timeout, writers].map(|limit| Patience::of(limit, limit + TURN_TIMEOUT))
        });
        let readers = if is_postgres { options.max_connections } else { options.readers };
        let shares = Shares::of(readers as usize, options.account_percent);
        Ok(Sea { source: Pools { reader, writer, statements, bell: Bell::default(), patience, shares } })
    }

    /// How many statements were run so far, for tests that hold queries to a budget. Begin and commit do not count.
    pub fn statements(&self) -> u64 {
        self.source.statements.all.load(Ordering::Relaxed)
    }

    /// Those of them that read on somebody's account ([`Account::doing`]), and none of what the server does for all beside it.
    pub fn statements_for_callers(&self) -> u64 {
        self.source.statements.for_callers.load(Ordering::Relaxed)
    }

    /// Connections that are in use, and those that wait for work; for reading and for writing.
    pub fn connections(&self) -> (u32, u32) {
        let pools = [&self.source.reader, &self.source.writer];
        let counts = pools.map(|pool| match pool.get_database_backend() {
            DbBackend::Postgres => {
                let pool = pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            }
            _ => {
                let pool = pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            }
        });
        let open = counts.iter().map(|(open, _)| open).sum();
        let idle = counts.iter().map(|(_, idle)| u32::try_from(*idle).unwrap_or(u32::MAX)).fold(0, u32::saturating_add).min(open);
        (open - idle, idle)
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

    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.reader.get_database_backend()
    }

    /// Waits until the account that something is read for has less than its share of the connections; for as long as there may be statements,
    /// as it waits for what it asked for itself. None when there is nothing to hold.
    pub(super) async fn share(&self) -> Result<Option<Share>, Passed> {
        match (&self.shares, Account::present()) {
            (Some(shares), Some(account)) => deadline::in_time(shares.take(account)).await.map(Some),
            (None, _) | (_, None) => Ok(None),
        }
    }

    /// Reads outside of units of work.
    pub(super) async fn reading<T: Send + 'static, F>(&self, work: impl FnOnce(DatabaseConnection) -> F) -> Result<T, DbErr>
    where
        F: Future<Output = Result<T, DbErr>> + Send + 'static,
    {
        let work = work(self.reader.clone());
        match &self.patience {
            Some([patience, _]) => patience.with(work).await,
            None => work.await,
        }
    }

    /// Begins a unit of work: READ COMMITTED in PostgreSQL, the only one that writes in SQLite.
    ///
    /// Whoever waits for this may be dropped (a client that hangs up). In sqlx 0.9 a BEGIN that is not waited for leaves its connection
    /// in a transaction that nobody knows of, and writes on it are acknowledged and lost. So BEGIN runs in a task of its own, to its end;
    /// a unit of work that nobody takes is dropped there, which undoes it. Besides, there are no writes outside a unit of work (connections
    /// for reading refuse them), each connection for writing is asked whether it is outside of every transaction before it is handed out,
    /// and PostgreSQL ends connections that stay in a transaction without doing anything.
    pub(super) async fn begin(&self) -> Result<DatabaseTransaction> {
        let writer = self.writer.clone();
        // IMMEDIATE takes the lock for writing now. A deferred transaction takes it with the first write, after reads that may be stale
        // by then, and half of them fail.
        let options = TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
        let (patience, deadline) = (self.patience.clone(), deadline::statements_until());
        let begin = tokio::spawn(async move {
            let begin = async move { writer.begin_with_options(options).await };
            match patience {
                Some([_, patience]) => patience.with_until(deadline, begin).await,
                None => begin.await,
            }
        });
        begin.await.map_err(other)?.map_err(|error| match (self.writer.get_database_backend(), &error) {
            // In SQLite there is one connection to write with: who waits too long for it has lost a race.
            (DbBackend::Sqlite, DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout)) => StorageError::Conflict,
            _ => failure(error),
        })
    }
}

/// Makes the file of an SQLite database that is to be made, for its owner alone: SQLite itself would let everybody read it whom the umask
/// lets. The files beside it (`-wal`, `-shm`) take after it. What goes wrong here SQLite meets, too, and says.
fn make_private(url: &str) {
    let is_to_be_made = url.split_once('?').is_some_and(|(_, options)| options.split('&').any(|option| option == "mode=rwc"));
    let Ok(options) = url.parse::<SqliteConnectOptions>() else { return };
    if is_to_be_made {
        let mut file = std::fs::OpenOptions::new();
        file.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
        let _ = file.open(options.get_filename());
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
    // Who waits has less patience than the pool, see `patience.rs`.
    connect.acquire_timeout(TURN_TIMEOUT + TURN_TIMEOUT.max(options.acquire_timeout)).test_before_acquire_if_idle_for(TRIED_AFTER);
    connect.set_application_name("tenure").statement_timeout(STATEMENT_TIMEOUT);
    connect.map_sqlx_postgres_pool_opts(|pool| {
        pool.after_connect(|_, _| {
            Box::pin(async {
                handed_out();
                Ok(())
            })
        })
    });
    connect
}

fn postgres_readers(url: &str, options: &SeaOptions) -> ConnectOptions {
    let mut connect = postgres(url, options);
    connect.max_connections(options.max_connections);
    connect.map_sqlx_postgres_opts(|connect| connect.options(POSTGRES_SETTINGS).options([POSTGRES_READS]));
    connect.map_sqlx_postgres_before_acquire(|_, _| {
        Box::pin(async {
            handed_out();
            Ok(true)
        })
    });
    connect
}

fn postgres_writers(url: &str, options: &SeaOptions) -> ConnectOptions {
    let mut connect = postgres(url, options);
    connect.max_connections(options.max_writers);
    connect.map_sqlx_postgres_opts(|connect| connect.options(POSTGRES_SETTINGS));
    connect.map_sqlx_postgres_before_acquire(|connection, _| {
        Box::pin(async move {
            let is_outside: bool = sqlx::raw_sql(POSTGRES_GUARD).fetch_one(connection).await?.try_get(0)?;
            if is_outside {
                handed_out();
            } else {
                tracing::error!("a connection was left in a transaction; it is closed, which undoes what was done there");
            }
            Ok(is_outside)
        })
    });
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
