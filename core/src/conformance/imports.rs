//! Keys of imports.

use std::sync::Arc;

use super::fixtures::*;
use super::{begin, commit};
use crate::storage::Storage;
use crate::structure::{ImportKey, ImportKind};

fn key(kind: ImportKind, key: &str, n: u64) -> ImportKey {
    ImportKey { kind, key: key.to_owned(), id: uuid(n) }
}

async fn found(storage: &Arc<dyn Storage>, keys: &[(ImportKind, &str)]) -> Vec<ImportKey> {
    let keys: Vec<(ImportKind, String)> = keys.iter().map(|(kind, key)| (*kind, (*key).to_owned())).collect();
    let mut found = storage.import_keys(&keys).await.expect("read");
    found.sort();
    found
}

/// Each kind has keys of its own, and keys are bytes: neither case nor accents nor spaces make two of them one.
pub async fn keys_of_imports_come_back_as_they_were_written(storage: Arc<dyn Storage>) {
    let rows = [
        key(ImportKind::Department, "D 1", 1),
        key(ImportKind::Department, "d 1", 2),
        key(ImportKind::Workgroup, "D 1", 3),
        key(ImportKind::Person, "D 1", 4),
        key(ImportKind::Person, "D 1 ", 5),
        key(ImportKind::Person, "é\"\\", 6),
    ];
    let mut tx = begin(&storage).await;
    tx.import_keys_put(&rows).await.expect("put");
    tx.import_keys_put(&[]).await.expect("put nothing");
    assert_eq!(tx.import_keys(&[(ImportKind::Person, "D 1".to_owned())]).await.expect("read").len(), 1, "a transaction reads its own");
    assert_eq!(found(&storage, &[(ImportKind::Person, "D 1")]).await, [], "nothing before the commit");
    commit(tx).await;
    for row in &rows {
        let twice = [(row.kind, row.key.as_str()), (row.kind, row.key.as_str())];
        assert_eq!(found(&storage, &twice).await, std::slice::from_ref(row), "each once");
    }
    let mixed = [(ImportKind::Department, "D 1"), (ImportKind::Person, "nobody"), (ImportKind::Workgroup, "D 1")];
    assert_eq!(found(&storage, &mixed).await, [rows[0].clone(), rows[2].clone()], "unknown ones are left out");
    assert_eq!(found(&storage, &[(ImportKind::Workgroup, "d 1"), (ImportKind::Department, "e\"\\")]).await, []);
    assert_eq!(found(&storage, &[]).await, []);
}

/// Whatever a key meant before, it means the last that was said.
pub async fn a_key_of_an_import_is_replaced(storage: Arc<dyn Storage>) {
    let mut tx = begin(&storage).await;
    tx.import_keys_put(&[key(ImportKind::Person, "7", 1), key(ImportKind::Person, "8", 2)]).await.expect("put");
    commit(tx).await;
    let mut tx = begin(&storage).await;
    tx.import_keys_put(&[key(ImportKind::Person, "7", 3)]).await.expect("put");
    commit(tx).await;
    let after = found(&storage, &[(ImportKind::Person, "7"), (ImportKind::Person, "8")]).await;
    assert_eq!(after, [key(ImportKind::Person, "7", 3), key(ImportKind::Person, "8", 2)]);
    let many: Vec<ImportKey> = (0..5_000).map(|n| key(ImportKind::Workgroup, &n.to_string(), n)).collect();
    let mut tx = begin(&storage).await;
    tx.import_keys_put(&many).await.expect("put many at once");
    commit(tx).await;
    let keys: Vec<(ImportKind, String)> = many.iter().map(|k| (k.kind, k.key.clone())).collect();
    assert_eq!(storage.import_keys(&keys).await.expect("read many at once").len(), 5_000);
}
