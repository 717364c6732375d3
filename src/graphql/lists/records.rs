//! Lists of records.

use std::sync::Arc;

use tenure_core::id::{RecordId, UserId, WorkgroupId};
use tenure_core::page::{Key, PageRequest, Slice, SortValue};
use tenure_core::record::{Record, RecordFilter, RecordGroups, RecordKind, RecordOrder, RecordOrderField, TaskRole};

use crate::graphql::cursor::{ListName, Ordering, SortKind};
use crate::graphql::error::Result;
use crate::graphql::loaders::Reader;

use super::{List, map_rows};

/// Whose records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RecordsOf {
    /// All that the viewer can see.
    Everybody,
    /// What somebody is responsible for.
    Responsible(UserId),
    /// Tasks that somebody takes part in, in any of the roles.
    TasksOf(UserId, Arc<[TaskRole]>),
    /// Files that somebody created.
    FilesCreatedBy(UserId),
    /// Tasks or files of a workgroup.
    Workgroup(WorkgroupId, RecordKind),
    /// Activities linked to a record.
    ActivitiesOf(RecordId),
    /// None: a list that the viewer cannot see, where the contract wants an empty one.
    Nobody(ListName),
}

/// A list of records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordList {
    /// Whose.
    pub of: RecordsOf,
    /// Which of them.
    pub filter: Arc<RecordFilter>,
    /// In which order.
    pub order: RecordOrder,
}

/// Last changed first.
pub const LAST_CHANGED_FIRST: RecordOrder = RecordOrder { field: RecordOrderField::UpdatedAt, descending: true };
/// Latest first.
pub const LATEST_FIRST: RecordOrder = RecordOrder { field: RecordOrderField::CreatedAt, descending: true };

impl RecordList {
    /// All of somebody's, in an order.
    pub fn new(of: RecordsOf, order: RecordOrder) -> RecordList {
        RecordList { of, filter: Arc::default(), order }
    }

    /// Last changed first.
    pub fn last_changed_first(of: RecordsOf) -> RecordList {
        RecordList::new(of, LAST_CHANGED_FIRST)
    }

    /// Latest first.
    pub fn latest_first(of: RecordsOf) -> RecordList {
        RecordList::new(of, LATEST_FIRST)
    }

    fn name(&self) -> ListName {
        match &self.of {
            RecordsOf::Everybody => ListName::OwnedEntities,
            RecordsOf::Responsible(_) => ListName::OwnedEntitiesOfUser,
            RecordsOf::TasksOf(..) => ListName::TasksOfUser,
            RecordsOf::FilesCreatedBy(_) => ListName::FilesOfUser,
            RecordsOf::Workgroup(_, RecordKind::File) => ListName::FilesOfWorkgroup,
            RecordsOf::Workgroup(..) => ListName::TasksOfWorkgroup,
            RecordsOf::ActivitiesOf(_) => ListName::ActivitiesOfEntity,
            RecordsOf::Nobody(name) => *name,
        }
    }
}

/// What lists of records have in common: the name says what they are grouped by.
type Question = (ListName, Option<Arc<[TaskRole]>>, bool, Arc<RecordFilter>, RecordOrder);

/// The groups of lists that share a question; None where there is nothing to group.
fn groups(lists: &[&RecordList]) -> Option<RecordGroups> {
    let users = || -> Vec<UserId> {
        let id = |list: &&RecordList| match &list.of {
            RecordsOf::Responsible(id) | RecordsOf::TasksOf(id, _) | RecordsOf::FilesCreatedBy(id) => Some(*id),
            RecordsOf::Everybody | RecordsOf::Workgroup(..) | RecordsOf::ActivitiesOf(_) | RecordsOf::Nobody(_) => None,
        };
        lists.iter().filter_map(id).collect()
    };
    match &lists[0].of {
        RecordsOf::Everybody | RecordsOf::Nobody(_) => None,
        RecordsOf::Responsible(_) => Some(RecordGroups::Responsible(users())),
        RecordsOf::TasksOf(_, roles) => Some(RecordGroups::TasksOf(users(), roles.to_vec())),
        RecordsOf::FilesCreatedBy(_) => Some(RecordGroups::FilesCreatedBy(users())),
        RecordsOf::Workgroup(_, kind) => {
            let ids = lists.iter().filter_map(|list| if let RecordsOf::Workgroup(id, _) = &list.of { Some(*id) } else { None });
            Some(RecordGroups::InWorkgroup(ids.collect(), *kind))
        }
        RecordsOf::ActivitiesOf(_) => {
            let ids = lists.iter().filter_map(|list| if let RecordsOf::ActivitiesOf(id) = &list.of { Some(*id) } else { None });
            Some(RecordGroups::ActivitiesOf(ids.collect()))
        }
    }
}

impl List for RecordList {
    type Row = Arc<Record>;
    type Question = Question;

    fn ordering(&self) -> Ordering {
        let (field, sort) = match self.order.field {
            RecordOrderField::UpdatedAt => (0, SortKind::Time),
            RecordOrderField::CreatedAt => (1, SortKind::Time),
            RecordOrderField::Title => (2, SortKind::Text),
        };
        Ordering { list: self.name(), order: field * 2 + u8::from(self.order.descending), sort }
    }

    fn key(&self, row: &Arc<Record>) -> Key {
        let sort = match self.order.field {
            RecordOrderField::UpdatedAt => SortValue::Time(row.updated_at),
            RecordOrderField::CreatedAt => SortValue::Time(row.created_at),
            RecordOrderField::Title => SortValue::Text(row.sort_key()),
        };
        Key::of_record(sort, row.id)
    }

    fn question(&self) -> Question {
        let roles = if let RecordsOf::TasksOf(_, roles) = &self.of { Some(roles.clone()) } else { None };
        (self.name(), roles, matches!(self.of, RecordsOf::Nobody(_)), self.filter.clone(), self.order)
    }

    async fn pages(reader: &Reader, lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Arc<Record>>>> {
        let scope = reader.access().record_scope();
        let RecordList { of, filter, order } = lists[0];
        let slices = match (of, groups(lists)) {
            (_, Some(groups)) => reader.storage().records_page_in_groups(&groups, &scope, filter, *order, page).await?,
            (RecordsOf::Nobody(_), None) => lists.iter().map(|_| Slice::default()).collect(),
            (_, None) => vec![reader.storage().records_page(&scope, filter, *order, page).await?],
        };
        Ok(slices.into_iter().map(|slice| map_rows(slice, Arc::new)).collect())
    }

    async fn counts(reader: &Reader, lists: &[&Self]) -> Result<Vec<u64>> {
        let scope = reader.access().record_scope();
        let RecordList { of, filter, .. } = lists[0];
        Ok(match (of, groups(lists)) {
            (_, Some(groups)) => reader.storage().records_count_in_groups(&groups, &scope, filter).await?,
            (RecordsOf::Nobody(_), None) => lists.iter().map(|_| 0).collect(),
            (_, None) => vec![reader.storage().records_count(&scope, filter).await?],
        })
    }
}
