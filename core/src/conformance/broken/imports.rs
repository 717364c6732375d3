//! A storage in memory with one fault: keys of imports.

use super::Fault;
use super::forward::forward;
use crate::storage::{ImportRead, ImportWrite, Result};
use crate::structure::{ImportKey, ImportKind};

fn folded(key: &str) -> String {
    crate::text::fold(key.trim())
}

forward! { read ImportRead {} {
    async fn import_keys(&self, keys: &[(ImportKind, String)]) -> Result<Vec<ImportKey>> {
        if self.has(Fault::FoldsImportKeys) {
            let keys: Vec<_> = keys.iter().map(|(kind, key)| (*kind, folded(key))).collect();
            return self.read().import_keys(&keys).await;
        }
        self.read().import_keys(keys).await
    }
}}

forward! { write ImportWrite {} {
    async fn import_keys_put(&mut self, keys: &[ImportKey]) -> Result<()> {
        if self.has(Fault::FoldsImportKeys) {
            let keys: Vec<_> = keys.iter().map(|k| ImportKey { key: folded(&k.key), ..k.clone() }).collect();
            return self.tx().import_keys_put(&keys).await;
        }
        if self.has(Fault::KeepsFormerImportKeys) {
            let named: Vec<_> = keys.iter().map(|k| (k.kind, k.key.clone())).collect();
            let there = self.tx().import_keys(&named).await?;
            let new: Vec<_> = keys.iter().filter(|k| !there.iter().any(|t| (t.kind, &t.key) == (k.kind, &k.key))).cloned().collect();
            return self.tx().import_keys_put(&new).await;
        }
        self.tx().import_keys_put(keys).await
    }
}}
