//! Lists of people. Rows come out of a storage that was given the viewer's scope, and are admitted by it.

use std::sync::Arc;

use tenure_core::id::{DepartmentId, UserId};
use tenure_core::page::{Key, PageRequest, Slice, SortValue};
use tenure_core::policy::Visible;
use tenure_core::time::Timestamp;
use tenure_core::user::{User, UserFilter, UserGroups, UserOrder, UserOrderField};

use crate::graphql::cursor::{ListName, Ordering, SortKind};
use crate::graphql::error::Result;
use crate::graphql::loaders::Reader;

use super::List;

/// A list of people.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UserList {
    /// Those who match.
    Matching(Arc<UserFilter>, UserOrder),
    /// Who reports to somebody.
    DirectReports(UserId),
    /// Active members of a department.
    DepartmentMembers(DepartmentId),
}

/// What lists of people have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UserQuestion {
    Matching(Arc<UserFilter>, UserOrder),
    DirectReports,
    DepartmentMembers,
}

fn groups(lists: &[&UserList]) -> UserGroups {
    let reports: Vec<UserId> =
        lists.iter().filter_map(|list| if let UserList::DirectReports(id) = list { Some(*id) } else { None }).collect();
    if reports.is_empty() {
        UserGroups::DepartmentMembers(
            lists.iter().filter_map(|list| if let UserList::DepartmentMembers(id) = list { Some(*id) } else { None }).collect(),
        )
    } else {
        UserGroups::DirectReports(reports)
    }
}

/// Rows of a list whose storage was given the scope.
fn admitted(reader: &Reader, slice: Slice<User>) -> Slice<Arc<Visible<User>>> {
    let scope = reader.access().user_scope();
    Slice { rows: slice.rows.into_iter().filter_map(|row| scope.admit(row, true)).map(Arc::new).collect(), has_more: slice.has_more }
}

impl List for UserList {
    type Row = Arc<Visible<User>>;
    type Question = UserQuestion;

    fn ordering(&self) -> Ordering {
        match self {
            UserList::Matching(_, order) => {
                let (field, sort) = match order.field {
                    UserOrderField::DisplayName => (0, SortKind::Text),
                    UserOrderField::CreatedAt => (1, SortKind::Time),
                    UserOrderField::DismissedAt => (2, SortKind::Time),
                };
                Ordering { list: ListName::Users, order: field * 2 + u8::from(order.descending), sort }
            }
            UserList::DirectReports(_) => Ordering::only(ListName::DirectReports, SortKind::Text),
            UserList::DepartmentMembers(_) => Ordering::only(ListName::DepartmentMembers, SortKind::Text),
        }
    }

    fn key(&self, row: &Self::Row) -> Key {
        let user = row.user();
        let field = match self {
            UserList::Matching(_, order) => order.field,
            UserList::DirectReports(_) | UserList::DepartmentMembers(_) => UserOrderField::DisplayName,
        };
        let sort = match field {
            UserOrderField::DisplayName => SortValue::Text(user.sort_key()),
            UserOrderField::CreatedAt => SortValue::Time(user.created_at),
            UserOrderField::DismissedAt => SortValue::Time(user.dismissal.as_ref().map_or(Timestamp(0), |d| d.dismissed_at)),
        };
        Key::new(sort, user.id.0)
    }

    fn question(&self) -> UserQuestion {
        match self {
            UserList::Matching(filter, order) => UserQuestion::Matching(filter.clone(), *order),
            UserList::DirectReports(_) => UserQuestion::DirectReports,
            UserList::DepartmentMembers(_) => UserQuestion::DepartmentMembers,
        }
    }

    async fn pages(reader: &Reader, lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Self::Row>>> {
        let scope = reader.access().user_scope();
        let slices = match lists[0] {
            // Equal lists are one key.
            UserList::Matching(filter, order) => vec![reader.storage().users_page(&scope, filter, *order, page).await?],
            UserList::DirectReports(_) | UserList::DepartmentMembers(_) => {
                reader.storage().users_page_in_groups(&groups(lists), &scope, page).await?
            }
        };
        Ok(slices.into_iter().map(|slice| admitted(reader, slice)).collect())
    }

    async fn counts(reader: &Reader, lists: &[&Self]) -> Result<Vec<u64>> {
        let scope = reader.access().user_scope();
        Ok(match lists[0] {
            UserList::Matching(filter, _) => vec![reader.storage().users_count(&scope, filter).await?],
            UserList::DirectReports(_) | UserList::DepartmentMembers(_) => {
                reader.storage().users_count_in_groups(&groups(lists), &scope).await?
            }
        })
    }
}
