//! The reference storage passes the suite.
#![cfg(feature = "conformance")]

use std::sync::Arc;

use tenure_core::memory::MemoryStorage;
use tenure_core::storage::Storage;

async fn fresh() -> Arc<dyn Storage> {
    Arc::new(MemoryStorage::new())
}

tenure_core::storage_conformance!(fresh());
