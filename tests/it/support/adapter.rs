//! The one place where tests touch the way in which the server is put together.

use std::sync::Arc;

use tenure::Server;
use tenure::identity::Identity;
use tenure::storage::{SeaOptions, SeaStorage};
use tenure_core::clock::SystemClock;
use tenure_core::credential::PasswordHash;
use tenure_core::storage::Storage;
use tokio::sync::oneshot;

use super::server::{Running, Wish};

/// Brings the database at that URL up to date.
pub async fn migrate(url: &str) {
    let storage = connect(url).await;
    storage.migrate().await.expect("the migrations");
    storage.close().await.expect("an end");
}

/// A connection of its own to the database at that URL.
pub async fn connect(url: &str) -> SeaStorage {
    // Many tests run at once on one cluster, and few processors.
    let patience = std::time::Duration::from_secs(2);
    let options = SeaOptions { max_connections: 6, max_writers: 6, acquire_timeout: patience, ..SeaOptions::default() };
    SeaStorage::connect(url, &options).await.expect("the database")
}

/// The hash that the server would store for a password.
pub async fn password_hash(password: &str) -> PasswordHash {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let identity = Identity::open(&folder.path().join("keys.json"), Arc::new(SystemClock)).expect("keys");
    identity.hash_password(password).await.expect("a hash")
}

/// Starts a server in this process, over a storage.
pub async fn serve(wish: Wish, storage: Arc<dyn Storage>) -> Running {
    let server = Server::bind(wish.config, storage, wish.clock).await.expect("a server");
    let address = server.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(server.run(async move {
        let _ = stopped.await;
    }));
    Running { address, stop, task }
}
