//! Looks over the shoulder of every mutation that a test runs: one that is refused has changed nothing (I7), and each code that was
//! answered is written down, so that `scripts/codes` can tell which were never produced.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::Value;

use super::answer::Outcome;
use super::backend::{Backend, Database};

/// Where codes are written down: one file for each process.
const CODES: &str = "TENURE_TEST_CODES";

/// The database of the test that runs in this process; None when there are several.
static WATCHED: Mutex<Option<Arc<Watched>>> = Mutex::new(None);
/// Counts mutations as they begin and end: two at once cannot be told apart.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);

struct Watched {
    backend: Backend,
    url: String,
    connection: tokio::sync::OnceCell<DatabaseConnection>,
}

/// From now on, mutations are watched on this database.
pub fn over(database: &Database) {
    let watched = Watched { backend: database.backend, url: database.url.clone(), connection: tokio::sync::OnceCell::new() };
    *WATCHED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(watched));
}

/// A mutation under way.
pub struct Watch {
    watched: Option<Arc<Watched>>,
    number: u64,
    before: Option<String>,
}

impl Watch {
    /// Before it is sent.
    pub async fn begin(mutation: &str) -> Watch {
        let number = BEGUN.fetch_add(1, Ordering::SeqCst) + 1;
        let is_alone = ENDED.load(Ordering::SeqCst) + 1 == number;
        let watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A refresh token that is used twice is refused and ends its session, as the contract says; and a reset that was asked for before
        // may be under way behind its answer.
        let before = match &watched {
            Some(watched) if is_alone && !["refreshSession", "requestPasswordReset"].contains(&mutation) => Some(watched.state().await),
            _ => None,
        };
        Watch { watched, number, before }
    }

    /// When it was answered.
    pub async fn end(self, outcome: &Outcome) {
        let was_alone = BEGUN.load(Ordering::SeqCst) == self.number;
        let codes = outcome.user_codes();
        if let Some(watched) = &self.watched {
            for code in &codes {
                note(&format!("{:?} {} {code}", watched.backend, outcome.mutation));
            }
            if let Some(before) = self.before.filter(|_| was_alone && !codes.is_empty()) {
                let after = watched.state().await;
                let differing = before.lines().zip(after.lines()).find(|(a, b)| a != b);
                assert!(differing.is_none(), "I7: {} was refused with {codes:?} and changed {differing:?}", outcome.mutation);
            }
        }
        ENDED.fetch_add(1, Ordering::SeqCst);
    }
}

/// Writes down the reasons that an answer to a query gives.
pub fn note_reasons(body: &Value) {
    if std::env::var_os(CODES).is_none() {
        return;
    }
    let Some(watched) = WATCHED.lock().unwrap_or_else(PoisonError::into_inner).clone() else { return };
    let mut waiting = vec![body];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    let mutation = match name.as_str() {
                        "viewerCannotDismissReasons" => Some("dismiss"),
                        "viewerCannotHireReasons" => Some("hire"),
                        "viewerCannotMoveToExtranetReasons" => Some("moveToExtranet"),
                        _ => None,
                    };
                    if let Some(mutation) = mutation {
                        let codes = inner.as_array().into_iter().flatten().filter_map(Value::as_str);
                        codes.for_each(|code| note(&format!("{:?} {mutation} {code}", watched.backend)));
                    }
                    waiting.push(inner);
                }
            }
            Value::Array(inner) => waiting.extend(inner),
            _ => {}
        }
    }
}

fn note(line: &str) {
    let Some(folder) = std::env::var_os(CODES) else { return };
    let path = std::path::Path::new(&folder).join(std::process::id().to_string());
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("a file for codes");
    writeln!(file, "{line}").expect("a line");
}

/// What changes by itself: mails on their way, the last use of a token, outcomes that are remembered.
const RESTLESS: [&str; 3] = ["mail_outbox", "seaql_migrations", "idempotency"];

impl Watched {
    /// A line for each table that is different after any change to it.
    async fn state(&self) -> String {
        let connect = || async {
            let mut options = sea_orm::ConnectOptions::new(&self.url);
            options.max_connections(1).sqlx_logging(false);
            sea_orm::Database::connect(options).await.expect("the database of the test")
        };
        let connection = self.connection.get_or_init(connect).await;
        let tables = match self.backend {
            Backend::Postgres => "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
            Backend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1",
        };
        let query = |sql: String| Statement::from_string(connection.get_database_backend(), sql);
        let rows = connection.query_all_raw(query(tables.to_owned())).await.expect("the tables");
        let tables: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).expect("a name")).collect();
        let mut parts = Vec::new();
        for table in tables.iter().filter(|t| !RESTLESS.contains(&t.as_str())) {
            // PostgreSQL tells by which transaction each row was written; SQLite has versions and counters.
            let written = match (self.backend, table.as_str()) {
                (_, "access_token") => "count(revoked_at)".to_owned(),
                (Backend::Postgres, _) => "coalesce(sum(xmin::text::bigint), 0)".to_owned(),
                (Backend::Sqlite, "app_user") => "coalesce(sum(version * 1000 + epoch + status), 0)".to_owned(),
                (Backend::Sqlite, "record" | "settings") => "coalesce(sum(version), 0)".to_owned(),
                (Backend::Sqlite, "event_counter") => "sum(last)".to_owned(),
                (Backend::Sqlite, "session") => "count(ended_at)".to_owned(),
                (Backend::Sqlite, _) => "0".to_owned(),
            };
            parts.push(format!("SELECT '{table}' AS name, CAST(count(*) AS text) AS n, CAST({written} AS text) AS w FROM {table}"));
        }
        let rows = connection.query_all_raw(query(parts.join(" UNION ALL "))).await.expect("the state of the tables");
        let text = |row: &sea_orm::QueryResult, n: usize| row.try_get_by_index::<String>(n).expect("a text");
        rows.iter().map(|row| format!("{} {} {}\n", text(row, 0), text(row, 1), text(row, 2))).collect()
    }
}
