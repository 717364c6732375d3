//! Keyset pages: cut by the key of a row, never by a number of rows to skip.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::RecordId;
use crate::time::Timestamp;

/// What a list is ordered by first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SortValue {
    /// An instant.
    Time(Timestamp),
    /// A number that grows from row to row: a version, the place of an event in the order of commits.
    Number(i64),
    /// A text made by [`crate::text::sort_key`], compared as bytes.
    Text(String),
}

/// The key of a row in a list: what it is ordered by, then its ID. Both run in the direction of the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// What the list is ordered by.
    pub sort: SortValue,
    /// [`crate::record::RecordKind::code`] for records, else 0: so that ties are broken by the text of the ID.
    pub kind: i16,
    /// The identifier.
    pub id: Uuid,
}

impl Key {
    /// The key of anything but a record.
    pub fn new(sort: SortValue, id: Uuid) -> Key {
        Key { sort, kind: 0, id }
    }

    /// The key of a record.
    pub fn of_record(sort: SortValue, id: RecordId) -> Key {
        Key { sort, kind: id.kind.code(), id: id.uuid }
    }
}

/// One end of a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bound {
    /// The key; its row need not exist.
    pub key: Key,
    /// Whether a row with this very key lies within.
    pub inclusive: bool,
}

/// From which end of the (bounded) list the rows are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The first rows.
    Start,
    /// The last rows.
    End,
}

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// Only rows behind this one, in the order of the list.
    pub after: Option<Bound>,
    /// Only rows before this one, in the order of the list.
    pub before: Option<Bound>,
    /// At most so many rows; at least 1.
    pub limit: u32,
    /// From which end.
    pub side: Side,
}

impl PageRequest {
    /// The first `limit` rows.
    pub fn first(limit: u32) -> PageRequest {
        PageRequest { after: None, before: None, limit, side: Side::Start }
    }

    /// The last `limit` rows.
    pub fn last(limit: u32) -> PageRequest {
        PageRequest { after: None, before: None, limit, side: Side::End }
    }

    /// With only rows behind `key`.
    pub fn after(mut self, key: Key) -> PageRequest {
        self.after = Some(Bound { key, inclusive: false });
        self
    }

    /// With only rows before `key`.
    pub fn before(mut self, key: Key) -> PageRequest {
        self.before = Some(Bound { key, inclusive: false });
        self
    }
}

/// A part of a list: the rows in the order of the list whatever the side, and whether more lie beyond on that side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Start: whether rows follow (within `before`). End: whether rows precede (within `after`).
    pub has_more: bool,
}

impl<T> Default for Slice<T> {
    fn default() -> Self {
        Slice { rows: Vec::new(), has_more: false }
    }
}

impl<T> Slice<T> {
    /// From up to `limit + 1` rows, read in the direction of the side: the surplus row says that there are more.
    pub fn from_surplus(mut rows: Vec<T>, request: &PageRequest) -> Slice<T> {
        let limit = request.limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        if request.side == Side::End {
            rows.reverse();
        }
        Slice { rows, has_more }
    }
}
