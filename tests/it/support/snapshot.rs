//! The whole database as text: whoever was refused has changed nothing.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::backend::{Backend, Database, connect};

/// All rows of all tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(BTreeSet<String>);

impl Database {
    /// Reads everything but the mails on their way, past the server.
    pub async fn snapshot(&self) -> Snapshot {
        let connection = connect(&self.url).await;
        let tables = match self.backend {
            Backend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'mail_outbox'",
            Backend::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'mail_outbox'",
        };
        let mut rows = BTreeSet::new();
        for table in texts(&connection, tables).await {
            let columns = match self.backend {
                Backend::Sqlite => {
                    let names = texts(&connection, &format!("SELECT name FROM pragma_table_info('{table}')")).await;
                    names.iter().map(|name| format!("quote(t.{name})")).collect::<Vec<_>>().join(" || ', ' || ")
                }
                Backend::Postgres => "t::text".to_owned(),
            };
            for row in texts(&connection, &format!("SELECT {columns} FROM {table} AS t")).await {
                rows.insert(format!("{table}: {row}"));
            }
        }
        assert!(rows.len() > 20, "the tables are not where they were");
        Snapshot(rows)
    }

    /// The first column of the rows of a query, as text, past the server.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        texts(&connect(&self.url).await, sql).await
    }

    /// Fails the test unless the database is as it was then.
    pub async fn is_still(&self, before: &Snapshot) {
        let after = self.snapshot().await;
        let gone: Vec<_> = before.0.difference(&after.0).collect();
        let new: Vec<_> = after.0.difference(&before.0).collect();
        assert!(gone.is_empty() && new.is_empty(), "changed: gone {gone:#?}, new {new:#?}");
    }
}

async fn texts(connection: &DatabaseConnection, sql: &str) -> Vec<String> {
    let backend: DbBackend = connection.get_database_backend();
    let rows = connection.query_all_raw(Statement::from_string(backend, sql)).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap_or_else(|e| panic!("{sql}: {e}"))).collect()
}
