//! Keys of imports.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Memory, Source, Working};
use crate::storage::{ImportRead, ImportWrite, Result};
use crate::structure::{ImportKey, ImportKind};

#[async_trait]
impl<S: Source> ImportRead for Memory<S> {
    async fn import_keys(&self, keys: &[(ImportKind, String)]) -> Result<Vec<ImportKey>> {
        let table = self.tables().import_keys;
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        let found = distinct.into_iter().filter_map(|key| Some((key, *table.get(key)?)));
        Ok(found.map(|((kind, key), id)| ImportKey { kind: *kind, key: key.clone(), id }).collect())
    }
}

#[async_trait]
impl ImportWrite for Memory<Working> {
    async fn import_keys_put(&mut self, keys: &[ImportKey]) -> Result<()> {
        let table = Arc::make_mut(&mut self.tables_mut().import_keys);
        table.extend(keys.iter().map(|key| ((key.kind, key.key.clone()), key.id)));
        Ok(())
    }
}
