//! Lists of ownership changes, reassignments and access tokens: latest first.

use std::sync::Arc;

use tenure_core::credential::AccessToken;
use tenure_core::id::RecordId;
use tenure_core::page::{Key, PageRequest, Slice, SortValue};
use tenure_core::reassignment::Reassignment;
use tenure_core::record::OwnershipChange;

use crate::graphql::cursor::{ListName, Ordering, SortKind};
use crate::graphql::error::Result;
use crate::graphql::loaders::Reader;

use super::{List, map_rows};

/// The ownership changes of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChangeList(pub RecordId);

impl List for ChangeList {
    type Row = Arc<OwnershipChange>;
    type Question = ();

    fn ordering(&self) -> Ordering {
        // The version of the record: clocks of two nodes may disagree about what came first.
        Ordering::only(ListName::OwnershipChanges, SortKind::Number)
    }

    fn key(&self, row: &Arc<OwnershipChange>) -> Key {
        Key::new(SortValue::Number(row.record_version.into()), row.id)
    }

    fn question(&self) {}

    async fn pages(reader: &Reader, lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Arc<OwnershipChange>>>> {
        let records: Vec<RecordId> = lists.iter().map(|list| list.0).collect();
        let slices = reader.storage().ownership_changes_page(&records, page).await?;
        Ok(slices.into_iter().map(|slice| map_rows(slice, Arc::new)).collect())
    }

    async fn counts(reader: &Reader, lists: &[&Self]) -> Result<Vec<u64>> {
        let records: Vec<RecordId> = lists.iter().map(|list| list.0).collect();
        Ok(reader.storage().ownership_changes_count(&records).await?)
    }
}

/// The reassignments that the viewer can see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReassignmentList;

impl List for ReassignmentList {
    type Row = Arc<Reassignment>;
    type Question = ();

    fn ordering(&self) -> Ordering {
        Ordering::only(ListName::Reassignments, SortKind::Time)
    }

    fn key(&self, row: &Arc<Reassignment>) -> Key {
        Key::new(SortValue::Time(row.created_at), row.id.0)
    }

    fn question(&self) {}

    async fn pages(reader: &Reader, _lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Arc<Reassignment>>>> {
        Ok(vec![map_rows(reader.storage().reassignments_page(&reader.access().reassignment_scope(), page).await?, Arc::new)])
    }

    async fn counts(reader: &Reader, _lists: &[&Self]) -> Result<Vec<u64>> {
        Ok(vec![reader.storage().reassignments_count(&reader.access().reassignment_scope()).await?])
    }
}

/// The access tokens that the viewer can see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenList;

impl List for TokenList {
    type Row = Arc<AccessToken>;
    type Question = ();

    fn ordering(&self) -> Ordering {
        Ordering::only(ListName::AccessTokens, SortKind::Time)
    }

    fn key(&self, row: &Arc<AccessToken>) -> Key {
        Key::new(SortValue::Time(row.created_at), row.id.0)
    }

    fn question(&self) {}

    async fn pages(reader: &Reader, _lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Arc<AccessToken>>>> {
        Ok(vec![map_rows(reader.storage().access_tokens_page(&reader.access().token_scope(), page).await?, Arc::new)])
    }

    async fn counts(reader: &Reader, _lists: &[&Self]) -> Result<Vec<u64>> {
        Ok(vec![reader.storage().access_tokens_count(&reader.access().token_scope()).await?])
    }
}
