//! The suite of `tenure-core` on both databases, and what is promised beyond it.
//!
//! `TENURE_TEST_POSTGRES_URL` names a PostgreSQL on which databases may be made; without it these tests fail, none is skipped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, sqlx};
use tempfile::TempDir;
use tenure_core::account::Account;
use tenure_core::conformance::CASES;
use tenure_core::deadline;
use tenure_core::event::{EventBody, NewEvent};
use tenure_core::id::{EventId, FeedPostId, UserId};
use tenure_core::policy::Access;
use tenure_core::storage::{HistoryRead, PeopleRead, Storage, StorageError, Unique, WorkRead};
use tenure_core::time::Timestamp;
use tenure_core::user::Actor;
use tenure_core::work::FeedPost;
use tenure_migration::{Migrator, MigratorTrait};
use tokio::time::Instant;
use uuid::Uuid;

use super::{SeaOptions, SeaStorage, Source};

/// The machine that tests run on is busy with others: who waits here for a connection has time.
fn patient() -> SeaOptions {
    SeaOptions { acquire_timeout: Duration::from_secs(10), ..SeaOptions::default() }
}

/// A database of its own, gone with this.
struct Fresh {
    storage: SeaStorage,
    url: String,
    home: Option<TempDir>,
    admin: Option<(DatabaseConnection, String)>,
}

async fn sqlite() -> Fresh {
    let home = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/tenure.db?mode=rwc", home.path().display());
    let storage = SeaStorage::connect(&url, &patient()).await.unwrap();
    Fresh { storage, url, home: Some(home), admin: None }
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
    let storage = SeaStorage::connect(&url, &patient()).await.unwrap();
    Fresh { storage, url, home: None, admin: Some((admin, name)) }
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
            let node = SeaStorage::connect(&fresh.url, &patient()).await.unwrap();
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
        if fresh.storage.backend() == DbBackend::Sqlite {
            // As a statement may be typed by somebody: what is in its way, SQLite would remove without asking the trigger on DELETE.
            let columns = "occurred_at, actor_kind, actor_person, actor_token, actor_name, subject_id, request_id, kind, body";
            for verb in ["INSERT OR REPLACE", "REPLACE"] {
                for (sequence, id) in [("sequence", "zeroblob(16)"), ("sequence + 1", "id"), ("sequence", "id")] {
                    let typed = format!("{verb} INTO event (sequence, id, {columns}) SELECT {sequence}, {id}, {columns} FROM event");
                    let transaction = fresh.storage.source.begin().await.unwrap();
                    assert!(transaction.execute_unprepared(&typed).await.is_err(), "{typed}");
                }
            }
        }
        let event = fresh.storage.events_after(0, 10).await.unwrap().remove(0);
        assert_eq!((event.sequence, event.event.id, event.event.occurred_at), (1, EventId(Uuid::from_u128(7)), Timestamp(1)));
        fresh.end().await;
    }
}

/// PostgreSQL answers COMMIT with an undone transaction and no error where a statement has failed: nobody may take that for done.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_unit_of_work_in_which_a_statement_failed_is_not_committed() {
    for fresh in both().await {
        let post = |n: u128| FeedPost {
            id: FeedPostId(Uuid::from_u128(n)),
            author: UserId::SYSTEM,
            workgroup: None,
            text: "Hello".into(),
            created_at: Timestamp(1),
        };
        let mut tx = fresh.storage.begin().await.unwrap();
        tx.feed_posts_insert(&[post(1)]).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = fresh.storage.begin().await.unwrap();
        tx.feed_posts_insert(&[post(2)]).await.unwrap();
        assert!(matches!(tx.feed_posts_insert(&[post(1)]).await, Err(StorageError::Taken(Unique::Id))));
        assert!(matches!(tx.commit().await, Err(StorageError::Other(_))));
        let left = fresh.storage.feed_posts_by_id(&[post(1).id, post(2).id], &Access::system().feed_scope()).await.unwrap();
        assert_eq!(left, [post(1)]);
        fresh.end().await;
    }
}

/// What a statement says, as text.
async fn text(connection: &impl ConnectionTrait, sql: &str) -> String {
    let row = connection.query_one_raw(super::sql::Sql::new(DbBackend::Postgres, sql).statement()).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_is_told_what_it_needs() {
    let fresh = postgres().await;
    let transaction = fresh.storage.source.begin().await.unwrap();
    for (setting, reading, writing) in [
        ("statement_timeout", "5s", "5s"),
        ("lock_timeout", "2s", "2s"),
        ("idle_in_transaction_session_timeout", "10s", "10s"),
        ("default_transaction_read_only", "on", "off"),
    ] {
        let show = format!("SHOW {setting}");
        assert_eq!(text(fresh.storage.source.connection(), &show).await, reading, "{setting}");
        assert_eq!(text(&transaction, &show).await, writing, "{setting}");
    }
    drop(transaction);
    assert!(fresh.storage.source.connection().execute_unprepared("CREATE TABLE stray (n int)").await.is_err(), "readers never write");
    assert_eq!(SeaOptions::default().acquire_timeout, Duration::from_millis(500));
    fresh.end().await;
}

/// As sqlx 0.9 leaves one behind when a BEGIN is not waited for: what is written on it later would be acknowledged and lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_that_was_left_in_a_transaction_is_not_handed_out() {
    let fresh = postgres().await;
    fresh.storage.migrate().await.unwrap();
    let one = SeaStorage::connect(&fresh.url, &SeaOptions { max_writers: 1, ..patient() }).await.unwrap();
    let pool = one.source.writer.get_postgres_connection_pool();
    for left_behind in ["BEGIN", "BEGIN; SELECT 1 FROM nowhere"] {
        let before = one.settings().await.unwrap().version;
        let mut connection = pool.acquire().await.unwrap();
        let process: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *connection).await.unwrap();
        let _ = sqlx::raw_sql(left_behind).execute(&mut *connection).await;
        drop(connection);
        let mut tx = one.begin().await.unwrap();
        let mut settings = tx.settings_lock().await.unwrap();
        settings.version += 1;
        tx.settings_update(&settings).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(fresh.storage.settings().await.unwrap().version, before + 1, "{left_behind}");
        let now: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(pool).await.unwrap();
        assert_ne!(now, process, "another connection took its place: {left_behind}");
    }
    one.close().await.unwrap();
    fresh.end().await;
}

/// Who waits too long for a connection is told to come again, on time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_waits_for_a_connection_for_long() {
    let fresh = postgres().await;
    let one = SeaStorage::connect(&fresh.url, &SeaOptions { max_connections: 1, max_writers: 1, ..SeaOptions::default() }).await.unwrap();
    let held = loop {
        // Opening a connection may take longer than that on a busy machine.
        if let Ok(held) = one.begin().await {
            break held;
        }
    };
    // Those who write wait for each other.
    let began = Instant::now();
    assert!(matches!(one.begin().await, Err(StorageError::Unavailable(_))));
    assert!((Duration::from_millis(4_950)..Duration::from_secs(8)).contains(&began.elapsed()), "{:?}", began.elapsed());
    drop(held);
    let held = one.source.reader().get_postgres_connection_pool().acquire().await.unwrap();
    let began = Instant::now();
    assert!(matches!(one.settings().await, Err(StorageError::Unavailable(_))));
    assert!((Duration::from_millis(450)..Duration::from_millis(1_950)).contains(&began.elapsed()), "{:?}", began.elapsed());
    drop(held);
    one.close().await.unwrap();
    fresh.end().await;
}

/// Who asks for much at once waits for what they asked for themselves, however long that takes; others find a connection free.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_reads_with_all_connections() {
    for fresh in both().await {
        let options = SeaOptions { acquire_timeout: Duration::from_secs(1), ..SeaOptions::default() };
        let storage = SeaStorage::connect(&fresh.url, &options).await.unwrap();
        let (dear, readers) = match storage.backend() {
            DbBackend::Postgres => ("SELECT count(*) FROM pg_sleep(0.6)", options.max_connections),
            // Some time, too.
            _ => (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT count(*) FROM n",
                options.readers,
            ),
        };
        let [ann, ben] = [1, 2].map(|n| Account::Person(UserId(Uuid::from_u128(n))));
        let asked: Vec<_> = (0..readers * 3)
            .map(|_| {
                let storage = storage.clone();
                tokio::spawn(ann.doing(async move { storage.count(storage.sql(dear)).await }))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(200)).await;
        for _ in 0..3 {
            let cheap = storage.sql("SELECT count(*) FROM app_user");
            let began = Instant::now();
            ben.doing(storage.count(cheap)).await.unwrap();
            assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
        }
        assert!(!asked.iter().all(|asked| asked.is_finished()), "nobody waited for anybody");
        let late = ann.doing(deadline::within(Duration::from_millis(50), storage.count(storage.sql(dear)))).await;
        assert!(matches!(late, Err(StorageError::TimedOut)), "{late:?}");
        for asked in asked {
            asked.await.unwrap().unwrap();
        }
        storage.close().await.unwrap();
        fresh.end().await;
    }
}

/// Names, addresses and hashes of passwords are nobody else's business, whatever the umask says.
#[cfg(unix)]
#[tokio::test]
async fn sqlite_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let fresh = sqlite().await;
    fresh.storage.migrate().await.unwrap();
    let home = fresh.home.as_ref().unwrap().path();
    for file in ["tenure.db", "tenure.db-wal", "tenure.db-shm"] {
        let mode = std::fs::metadata(home.join(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file}");
    }
    fresh.end().await;
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
            tokio::time::sleep(Duration::from_micros(n % 40 * 40)).await;
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
                tokio::time::sleep(Duration::from_micros(n % 40 * 25)).await;
                rivals.iter().for_each(tokio::task::JoinHandle::abort);
            }
            let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND state LIKE 'idle in transaction%'");
            let mut left = 1;
            // Those that wait for their turn to begin still do, and are undone then.
            for _ in 0..200 {
                let row = admin.query_one_raw(super::sql::Sql::new(DbBackend::Postgres, &sql).statement()).await.unwrap().unwrap();
                left = row.try_get_by_index::<i64>(0).unwrap();
                if left == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(left, 0, "no connection stays in a transaction");
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
        assert_eq!((fresh.storage.statements() - before, fresh.storage.statements_for_callers()), (2, 0));
        Account::Peer(None).doing(fresh.storage.settings()).await.unwrap();
        assert_eq!((fresh.storage.statements() - before, fresh.storage.statements_for_callers()), (3, 1));
        fresh.end().await;
    }
}

/// Migration 14: what was written with the former folding is found with the present one, and what both wrote is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn words_of_a_filled_database_are_folded_anew() {
    for fresh in both().await {
        let connection = &fresh.storage.source.writer;
        let record = match fresh.storage.backend() {
            DbBackend::Postgres => "'01a21cfa-2c27-7292-b33b-878bfb9c8880'",
            _ => "x'01a21cfa2c277292b33b878bfb9c8880'",
        };
        let words = ["straße", "strasse", "λόγος", "plain"];
        let rows: Vec<String> = words.iter().map(|word| format!("(1, {record}, '{word}')")).collect();
        // The step takes nothing back but that it was applied.
        Migrator::down(connection, Some(1)).await.unwrap();
        assert_eq!(fresh.storage.pending_migrations().await.unwrap().len(), 1);
        let insert = format!("INSERT INTO record_word (kind, id, word) VALUES {}", rows.join(", "));
        connection.execute_unprepared(&insert).await.unwrap();
        fresh.storage.migrate().await.unwrap();
        let select = super::sql::Sql::new(fresh.storage.backend(), "SELECT word FROM record_word ORDER BY word".to_owned());
        let found = connection.query_all_raw(select.statement()).await.unwrap();
        let found: Vec<String> = found.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        assert_eq!(found, ["plain", "strasse", "λόγοσ"]);
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
