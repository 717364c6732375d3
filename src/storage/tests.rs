//! The suite of `tenure-core` on both databases, and what is promised beyond it.
//!
//! `TENURE_TEST_POSTGRES_URL` names a PostgreSQL on which databases may be made; without it these tests fail, none is skipped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend};
use tempfile::TempDir;
use tenure_core::conformance::CASES;
use tenure_core::event::{EventBody, NewEvent};
use tenure_core::id::{EventId, UserId};
use tenure_core::storage::{HistoryRead, PeopleRead, Storage};
use tenure_core::time::Timestamp;
use tenure_core::user::Actor;
use uuid::Uuid;

use super::{SeaOptions, SeaStorage, Source};

/// A database of its own, gone with this.
struct Fresh {
    storage: SeaStorage,
    url: String,
    _home: Option<TempDir>,
    admin: Option<(DatabaseConnection, String)>,
}

async fn sqlite() -> Fresh {
    let home = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/tenure.db?mode=rwc", home.path().display());
    let storage = SeaStorage::connect(&url, &SeaOptions::default()).await.unwrap();
    Fresh { storage, url, _home: Some(home), admin: None }
}

async fn postgres() -> Fresh {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let admin_url = std::env::var("TENURE_TEST_POSTGRES_URL").expect(
        "TENURE_TEST_POSTGRES_URL is not set, and these tests are never skipped: run scripts/test, which starts a PostgreSQL for them",
    );
    let name = format!("tenure_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let admin = Database::connect(&admin_url).await.unwrap();
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (server, _) = admin_url.rsplit_once('/').unwrap();
    let url = format!("{server}/{name}");
    let storage = SeaStorage::connect(&url, &SeaOptions::default()).await.unwrap();
    Fresh { storage, url, _home: None, admin: Some((admin, name)) }
}

impl Fresh {
    async fn end(self) {
        self.storage.close().await.unwrap();
        if let Some((admin, name)) = self.admin {
            admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
        }
    }
}

/// One of each database there is.
async fn both() -> Vec<Fresh> {
    let databases = vec![sqlite().await, postgres().await];
    for database in &databases {
        database.storage.migrate().await.unwrap();
    }
    databases
}

async fn conform(make: impl AsyncFn() -> Fresh) {
    let only = std::env::var("TENURE_TEST_CASE").ok();
    let mut failed = Vec::new();
    for case in CASES.iter().filter(|case| only.as_ref().is_none_or(|only| case.name.contains(only.as_str()))) {
        let fresh = make().await;
        fresh.storage.migrate().await.unwrap();
        if tokio::spawn((case.run)(Arc::new(fresh.storage.clone()))).await.is_err() {
            failed.push(case.name);
        }
        fresh.end().await;
    }
    assert!(failed.is_empty(), "{} of {} cases failed: {failed:#?}", failed.len(), CASES.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_keeps_what_is_promised() {
    conform(sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_keeps_what_is_promised() {
    conform(postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_together_migrate_once() {
    for fresh in [sqlite().await, postgres().await] {
        assert!(!fresh.storage.pending_migrations().await.unwrap().is_empty());
        assert!(fresh.storage.ping().await.is_err());
        let mut nodes = Vec::new();
        for _ in 0..6 {
            let node = SeaStorage::connect(&fresh.url, &SeaOptions::default()).await.unwrap();
            nodes.push(tokio::spawn(async move { node.migrate().await }));
        }
        for node in nodes {
            node.await.unwrap().unwrap();
        }
        fresh.storage.ping().await.unwrap();
        assert!(fresh.storage.migration_status().await.unwrap().iter().all(|step| step.applied));
        assert_eq!(fresh.storage.users_by_id(&[UserId::SYSTEM]).await.unwrap().len(), 1);
        fresh.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_database_refuses_to_change_history() {
    for fresh in both().await {
        let mut tx = fresh.storage.begin().await.unwrap();
        let event = NewEvent {
            id: EventId(Uuid::from_u128(7)),
            occurred_at: Timestamp(1),
            actor: Actor::System,
            subject: UserId::SYSTEM,
            request_id: None,
            body: EventBody::UserHired,
        };
        tx.events_append(&[event]).await.unwrap();
        tx.commit().await.unwrap();
        let transaction = fresh.storage.source.begin().await.unwrap();
        assert!(transaction.execute_unprepared("UPDATE event SET occurred_at = 2").await.is_err());
        drop(transaction);
        let transaction = fresh.storage.source.begin().await.unwrap();
        assert!(transaction.execute_unprepared("DELETE FROM event").await.is_err());
        drop(transaction);
        assert_eq!(fresh.storage.events_after(0, 10).await.unwrap().len(), 1);
        fresh.end().await;
    }
}

/// In sqlx 0.9 a BEGIN that nobody waits for leaves its connection in a transaction, and what is written on it is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cancelled_units_of_work_lose_nothing_of_others() {
    for fresh in both().await {
        let storage = Arc::new(fresh.storage.clone());
        let mut acknowledged = 0;
        for n in 0..600u64 {
            let rival = Arc::clone(&storage);
            let cancelled = tokio::spawn(async move {
                let mut tx = rival.begin().await?;
                let settings = tx.settings_lock().await?;
                tx.settings_update(&settings).await?;
                tx.commit().await
            });
            // Somewhere between BEGIN and COMMIT.
            tokio::time::sleep(std::time::Duration::from_micros(n % 40 * 40)).await;
            cancelled.abort();
            let mut tx = storage.begin().await.unwrap();
            let mut settings = tx.settings_lock().await.unwrap();
            settings.version += 1;
            tx.settings_update(&settings).await.unwrap();
            tx.commit().await.unwrap();
            acknowledged += 1;
        }
        assert_eq!(storage.settings().await.unwrap().version, 1 + acknowledged);
        if let Some((admin, name)) = &fresh.admin {
            // Nothing but units of work that are given up while they begin, and nobody after them who would end what they left behind.
            for n in 0..400u64 {
                let rivals: Vec<_> =
                    (0..8).map(|_| Arc::clone(&storage)).map(|s| tokio::spawn(async move { s.begin().await.map(drop) })).collect();
                tokio::time::sleep(std::time::Duration::from_micros(n % 40 * 25)).await;
                rivals.iter().for_each(tokio::task::JoinHandle::abort);
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND state LIKE 'idle in transaction%'");
            let row = admin.query_one_raw(super::sql::Sql::new(DbBackend::Postgres, sql).statement()).await.unwrap().unwrap();
            assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 0, "no connection stays in a transaction");
        }
        drop(storage);
        fresh.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn statements_are_counted_outside_and_inside_of_units_of_work() {
    for fresh in both().await {
        let before = fresh.storage.statements();
        fresh.storage.settings().await.unwrap();
        let tx = fresh.storage.begin().await.unwrap();
        tx.settings().await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(fresh.storage.statements() - before, 2);
        fresh.end().await;
    }
}

#[tokio::test]
async fn sqlite_is_told_what_it_needs() {
    let fresh = sqlite().await;
    let transaction = fresh.storage.source.begin().await.unwrap();
    for (pragma, value) in [("synchronous", 2), ("foreign_keys", 1)] {
        let sql = super::sql::Sql::new(transaction.get_database_backend(), format!("PRAGMA {pragma}"));
        let row = transaction.query_one_raw(sql.statement()).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<i32>(0).unwrap(), value, "{pragma}");
    }
    drop(transaction);
    assert!(fresh.storage.source.connection().execute_unprepared("CREATE TABLE stray (n int)").await.is_err(), "readers never write");
    fresh.end().await;
}
