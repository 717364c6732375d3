//! Reading and writing what imports remember: by which key a person, a department or a workgroup is known to the system it came from.
//! Records carry their external ID themselves.

use async_trait::async_trait;

use super::Result;
use crate::structure::{ImportKey, ImportKind};

/// Reading keys of imports.
#[async_trait]
pub trait ImportRead: Send + Sync {
    /// The rows of these keys, in any order, each once; unknown ones are left out. What a row names may be gone by now.
    async fn import_keys(&self, keys: &[(ImportKind, String)]) -> Result<Vec<ImportKey>>;
}

/// Writing keys of imports.
#[async_trait]
pub trait ImportWrite: Send + Sync {
    /// Writes rows: adds, or replaces the row of the same kind and key. No key is named twice.
    async fn import_keys_put(&mut self, keys: &[ImportKey]) -> Result<()>;
}
