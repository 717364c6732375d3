//! A fresh database for each test.

use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tempfile::TempDir;

use super::adapter;
use super::cluster::Cluster;

/// The databases that every test of the API runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A database that is gone when this is dropped.
pub struct Database {
    pub backend: Backend,
    /// What `TENURE_DATABASE_URL` would be.
    pub url: String,
    /// For files beside the database: keys, mails.
    pub folder: TempDir,
    name: Option<String>,
}

const TEMPLATE: &str = "tenure_template";
/// Any number will do; all test processes use this one.
const TEMPLATE_LOCK: i64 = 7_368_001;

impl Database {
    /// A new database, migrated and empty.
    pub async fn new(backend: Backend) -> Database {
        let database = Database::unmigrated(backend, Start::FromTemplate).await;
        if backend == Backend::Sqlite {
            adapter::migrate(&database.url).await;
        }
        database
    }

    /// A new database without any table.
    pub async fn blank(backend: Backend) -> Database {
        Database::unmigrated(backend, Start::Blank).await
    }

    /// A database of a PostgreSQL that the test has started itself, migrated and empty.
    pub async fn of(cluster: &Cluster) -> Database {
        let folder = tempfile::Builder::new().prefix("tenure-it-").tempdir().expect("a temporary folder");
        let database = Database { backend: Backend::Postgres, url: cluster.url(), folder, name: None };
        adapter::migrate(&database.url).await;
        database
    }

    async fn unmigrated(backend: Backend, start: Start) -> Database {
        let folder = tempfile::Builder::new().prefix("tenure-it-").tempdir().expect("a temporary folder");
        match backend {
            Backend::Sqlite => {
                let url = format!("sqlite://{}?mode=rwc", folder.path().join("tenure.db").display());
                Database { backend, url, folder, name: None }
            }
            Backend::Postgres => {
                let name = format!("it_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
                let admin = connect(&cluster_url()).await;
                let template = match start {
                    Start::FromTemplate => {
                        make_template(&admin).await;
                        TEMPLATE
                    }
                    Start::Blank => "template0",
                };
                // A process of an earlier run may have had the same number.
                execute(&admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                execute(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                Database { backend, url: url_of(&name), folder, name: Some(name) }
            }
        }
    }

    /// An identifier, as it is written in a statement.
    pub fn literal(&self, id: uuid::Uuid) -> String {
        match self.backend {
            Backend::Sqlite => format!("x'{}'", id.simple()),
            Backend::Postgres => format!("'{id}'"),
        }
    }

    /// Runs one statement on the database itself, past the server.
    pub async fn execute(&self, sql: &str) {
        execute(&connect(&self.url).await, sql).await;
    }

    /// Fails the test unless the database refuses a statement; returns what it says.
    pub async fn refuses(&self, sql: &str) -> String {
        match connect(&self.url).await.execute_unprepared(sql).await {
            Ok(_) => panic!("the database took: {sql}"),
            Err(error) => error.to_string(),
        }
    }

    /// All that is stored: the files of an SQLite database, with what was written last beside them, or every row of every table as text.
    pub async fn contents(&self) -> Vec<u8> {
        if self.backend == Backend::Sqlite {
            let files = std::fs::read_dir(self.folder.path()).expect("the folder").map(|e| e.expect("an entry").path());
            let files = files.filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("tenure.db")));
            return files.flat_map(|path| std::fs::read(path).expect("a file of the database")).collect();
        }
        let connection = connect(&self.url).await;
        let rows = async |sql: String| {
            let rows = connection.query_all_raw(Statement::from_string(DbBackend::Postgres, sql.as_str())).await;
            let rows = rows.unwrap_or_else(|e| panic!("{sql}: {e}"));
            rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")).collect::<Vec<_>>()
        };
        let mut all = Vec::new();
        for table in rows("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'".into()).await {
            for row in rows(format!("SELECT t::text FROM \"{table}\" t")).await {
                all.extend_from_slice(row.as_bytes());
                all.push(b'\n');
            }
        }
        all
    }

    /// The first column of the first row of a query, as a number, past the server.
    pub async fn number(&self, sql: &str) -> i64 {
        let connection = connect(&self.url).await;
        let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await;
        let row = row.unwrap_or_else(|e| panic!("{sql}: {e}")).unwrap_or_else(|| panic!("no row: {sql}"));
        row.try_get_by_index::<i64>(0).or_else(|_| row.try_get_by_index::<i32>(0).map(i64::from)).expect("a number")
    }
}

static COUNTER: AtomicU64 = AtomicU64::new(0);

enum Start {
    FromTemplate,
    Blank,
}

impl Drop for Database {
    fn drop(&mut self) {
        // Whatever cannot be dropped here goes with the cluster.
        let Some(name) = self.name.take() else { return };
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let admin = sea_orm::Database::connect(options(&cluster_url())).await.map_err(std::io::Error::other)?;
                admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.map_err(std::io::Error::other)
            })
        });
        let _ = dropped.join();
    }
}

/// The maintenance database of the throw-away cluster.
fn cluster_url() -> String {
    std::env::var("TENURE_TEST_POSTGRES_URL").expect(
        "TENURE_TEST_POSTGRES_URL is not set, and these tests are never skipped: run scripts/test, which starts a PostgreSQL for them",
    )
}

fn url_of(database: &str) -> String {
    let cluster = cluster_url();
    let (base, _) = cluster.rsplit_once('/').expect("TENURE_TEST_POSTGRES_URL ends in /postgres");
    format!("{base}/{database}")
}

/// Each test is a process of its own under cargo-nextest: whoever comes first migrates the template, the others wait.
async fn make_template(admin: &DatabaseConnection) {
    let exists = format!("SELECT count(*) FROM pg_database WHERE datname = '{TEMPLATE}'");
    execute(admin, &format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    let row = admin.query_one_raw(Statement::from_string(DbBackend::Postgres, exists)).await.expect("pg_database").expect("a count");
    if row.try_get_by_index::<i64>(0).expect("a count") == 0 {
        // Built under another name: a template that bears its name is complete.
        let building = format!("{TEMPLATE}_building");
        execute(admin, &format!("DROP DATABASE IF EXISTS {building} WITH (FORCE)")).await;
        execute(admin, &format!("CREATE DATABASE {building} TEMPLATE template0")).await;
        adapter::migrate(&url_of(&building)).await;
        // The pool of the migration may be closing still, and a database in use cannot be renamed.
        execute(admin, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{building}'")).await;
        execute(admin, &format!("ALTER DATABASE {building} RENAME TO {TEMPLATE}")).await;
    }
    execute(admin, &format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await;
}

/// One connection, so that a lock of the session stays where it was taken.
fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    options
}

pub(super) async fn connect(url: &str) -> DatabaseConnection {
    sea_orm::Database::connect(options(url)).await.unwrap_or_else(|e| panic!("cannot connect to the test database: {e}"))
}

/// Runs statements on the database at that URL.
pub async fn run(url: &str, sql: &str) {
    execute(&connect(url).await, sql).await;
}

async fn execute(connection: &DatabaseConnection, sql: &str) {
    connection.execute_unprepared(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

super::on_both! {
    async fn a_fresh_database_is_migrated_and_one_s_own(db: Backend) {
        let (one, two) = (Database::new(db).await, Database::new(db).await);
        one.execute("UPDATE settings SET version = 7").await;
        assert_eq!(one.number("SELECT version FROM settings").await, 7);
        assert_eq!(two.number("SELECT version FROM settings").await, 1);
        assert_eq!(two.number("SELECT count(*) FROM app_user WHERE status <> 0").await, 0);
    }
}
