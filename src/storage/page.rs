//! Keyset pages, written once: rows are compared with the key as a whole, never skipped by number.

use sea_orm::Value;
use tenure_core::page::{Bound, PageRequest, Side, Slice, SortValue};
use tenure_core::time::Timestamp;
use uuid::Uuid;

use super::sql::Sql;

/// What a list is ordered by.
pub(super) struct Order {
    /// Column that it is ordered by first, with its alias.
    pub(super) sort: &'static str,
    /// Whether that is a text, else an instant or another number.
    pub(super) is_text: bool,
    /// Column with the kind of a record, for lists of records.
    pub(super) kind: Option<&'static str>,
    /// Column with the identifier.
    pub(super) id: &'static str,
    /// Largest first.
    pub(super) descending: bool,
}

impl Order {
    /// Writes which rows lie between the bounds of a page, in which order, and how many are read: one more than asked for, which says
    /// whether there are more.
    pub(super) fn cut(&self, sql: &mut Sql, page: &PageRequest) {
        if let Some(bound) = &page.after {
            self.bound(sql, bound, !self.descending);
        }
        if let Some(bound) = &page.before {
            self.bound(sql, bound, self.descending);
        }
        sql.push(" ORDER BY ").push(&self.columns(page)).push(" LIMIT ").bind(i64::from(page.limit) + 1);
    }

    /// What is written behind ORDER BY, in the direction in which the page is read.
    pub(super) fn columns(&self, page: &PageRequest) -> String {
        let direction = if self.descending == (page.side == Side::Start) { " DESC" } else { "" };
        let columns = [Some(self.sort), self.kind, Some(self.id)];
        columns.into_iter().flatten().map(|column| format!("{column}{direction}")).collect::<Vec<_>>().join(", ")
    }

    fn bound(&self, sql: &mut Sql, bound: &Bound, greater: bool) {
        let sort = match (&bound.key.sort, self.is_text) {
            (SortValue::Time(Timestamp(number)) | SortValue::Number(number), false) => Value::from(*number),
            (SortValue::Text(text), true) => Value::from(text.as_str()),
            // A key of another list: all instants and numbers come before all texts.
            (SortValue::Time(_) | SortValue::Number(_), true) => {
                sql.push(if greater { " AND TRUE" } else { " AND FALSE" });
                return;
            }
            (SortValue::Text(_), false) => {
                sql.push(if greater { " AND FALSE" } else { " AND TRUE" });
                return;
            }
        };
        let comparison = match (greater, bound.inclusive) {
            (true, false) => ">",
            (true, true) => ">=",
            (false, false) => "<",
            (false, true) => "<=",
        };
        let columns = [Some(self.sort), self.kind, Some(self.id)].into_iter().flatten().collect::<Vec<_>>().join(", ");
        sql.push(&format!(" AND ({columns}) {comparison} (")).bind(sort);
        if self.kind.is_some() {
            sql.push(", ").bind(bound.key.kind);
        }
        sql.push(", ").bind(bound.key.id).push(")");
    }
}

/// Deals rows, numbered from 1 by group, out to as many pages.
pub(super) fn slices<T>(groups: usize, rows: Vec<(i64, T)>, page: &PageRequest) -> Vec<Slice<T>> {
    let mut lists: Vec<Vec<T>> = Vec::new();
    lists.resize_with(groups, Vec::new);
    for (number, row) in rows {
        if let Some(list) = usize::try_from(number - 1).ok().and_then(|position| lists.get_mut(position)) {
            list.push(row);
        }
    }
    lists.into_iter().map(|rows| Slice::from_surplus(rows, page)).collect()
}

/// The UUIDs of identifiers.
pub(super) fn uuids<T: Copy>(ids: &[T], uuid: fn(T) -> Uuid) -> Vec<Uuid> {
    ids.iter().copied().map(uuid).collect()
}
