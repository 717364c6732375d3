//! Keys of imports.

use async_trait::async_trait;
use tenure_core::storage::{ImportRead, ImportWrite, Result};
use tenure_core::structure::{ImportKey, ImportKind};
use tenure_entity::import_key;

use super::error::corrupt;
use super::row::Row;
use super::{Sea, Source, Working};

fn import_key(row: &mut Row<'_>) -> Result<ImportKey> {
    let kind = ImportKind::from_code(row.take()?).ok_or_else(|| corrupt("kind of a key of an import"))?;
    Ok(ImportKey { kind, key: row.take()?, id: row.uuid()? })
}

#[async_trait]
impl<S: Source> ImportRead for Sea<S> {
    async fn import_keys(&self, keys: &[(ImportKind, String)]) -> Result<Vec<ImportKey>> {
        let mut sql = self.sql("");
        // One condition for each kind: there are three, and both databases read the primary key for each.
        for kind in ImportKind::ALL {
            let of_kind: Vec<String> = keys.iter().filter(|(k, _)| *k == kind).map(|(_, key)| key.clone()).collect();
            if of_kind.is_empty() {
                continue;
            }
            sql.push(if sql.is_empty() { "" } else { " UNION ALL " });
            sql.push("SELECT k.kind, k.key, k.id FROM import_key k WHERE k.kind = ").push(&kind.code().to_string()).push(" AND ");
            sql.among_texts("k.key", &of_kind);
        }
        if sql.is_empty() {
            return Ok(Vec::new());
        }
        self.rows(sql, import_key).await
    }
}

#[async_trait]
impl ImportWrite for Sea<Working> {
    async fn import_keys_put(&mut self, keys: &[ImportKey]) -> Result<()> {
        let model = |k: &ImportKey| import_key::Model { kind: k.kind.code(), key: k.key.clone(), id: k.id };
        let tail = "ON CONFLICT (kind, key) DO UPDATE SET id = excluded.id";
        self.insert::<import_key::Entity>(&keys.iter().map(model).collect::<Vec<_>>(), tail).await.map(drop)
    }
}
