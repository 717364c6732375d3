//! The one place where tests touch the way in which the server is put together.

use std::sync::Arc;

use tenure::identity::Identity;
use tenure_core::clock::SystemClock;
use tenure_core::credential::PasswordHash;
use tenure_core::storage::Storage;
use tenure_migration::{Migrator, MigratorTrait};

use super::server::{Running, Wish};

/// Brings the database at that URL up to date.
pub async fn migrate(url: &str) {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let connection = sea_orm::Database::connect(options).await.expect("the database");
    Migrator::up(&connection, None).await.expect("the migrations");
    connection.close().await.expect("an end");
}

/// The storage over the database at that URL.
pub async fn storage(url: &str) -> Arc<dyn Storage> {
    let _ = url;
    panic!("to be filled when the storage is merged");
}

/// The hash that the server would store for a password.
pub async fn password_hash(password: &str) -> PasswordHash {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let identity = Identity::open(&folder.path().join("keys.json"), Arc::new(SystemClock)).expect("keys");
    identity.hash_password(password).await.expect("a hash")
}

/// Starts a server in this process.
pub async fn serve(wish: Wish) -> Running {
    let _ = wish;
    panic!("to be filled when the server is merged");
}
