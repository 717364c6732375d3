//! Opaque cursors: they name their list, its ordering and the key of a row, nothing else (rule V8). Bound to no viewer and no filter.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenure_core::page::{Key, SortValue};
use tenure_core::time::Timestamp;
use uuid::Uuid;

/// Version of what is encoded.
const VERSION: u8 = 1;
/// Version, list, ordering, kind of record, identifier.
const HEAD: usize = 4 + 16;

/// The lists of the API, by the number in their cursors: never reused for another list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum ListName {
    Users = 1,
    DirectReports = 2,
    DepartmentMembers = 3,
    Departments = 4,
    Workgroups = 5,
    OwnedEntities = 6,
    OwnedEntitiesOfUser = 7,
    TasksOfUser = 8,
    FilesOfUser = 9,
    WorkgroupsOfUser = 10,
    MembersOfWorkgroup = 11,
    TasksOfWorkgroup = 12,
    FilesOfWorkgroup = 13,
    ActivitiesOfEntity = 14,
    OwnershipChanges = 15,
    Reassignments = 16,
    AccessTokens = 17,
    MeetingsOfUser = 30,
    FeedPostsOfUser = 31,
    FeedPostsOfWorkgroup = 32,
    CompanyFeed = 33,
    Conversations = 34,
    MessagesOfConversation = 35,
    MessagesWithUser = 36,
    UserEvents = 40,
    EventsOfUser = 41,
}

/// Whether rows are ordered by an instant, a number or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortKind {
    /// [`SortValue::Time`].
    Time,
    /// [`SortValue::Number`].
    Number,
    /// [`SortValue::Text`].
    Text,
}

/// What a cursor belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ordering {
    /// Which list.
    pub list: ListName,
    /// Which of its orderings: number of the field, doubled, plus one when descending.
    pub order: u8,
    /// What its keys are made of.
    pub sort: SortKind,
}

impl Ordering {
    /// Of a list that has one ordering.
    pub fn only(list: ListName, sort: SortKind) -> Ordering {
        Ordering { list, order: 0, sort }
    }
}

/// The cursor of a row.
pub fn encode(ordering: Ordering, key: &Key) -> String {
    let mut bytes = Vec::with_capacity(HEAD + 32);
    // Kinds of record are numbered from 1 to 9.
    bytes.extend_from_slice(&[VERSION, ordering.list as u8, ordering.order, key.kind as u8]);
    bytes.extend_from_slice(key.id.as_bytes());
    match &key.sort {
        SortValue::Time(Timestamp(number)) | SortValue::Number(number) => bytes.extend_from_slice(&number.to_be_bytes()),
        SortValue::Text(text) => bytes.extend_from_slice(text.as_bytes()),
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The key that a cursor of this list and ordering names; None for anything else.
pub fn decode(ordering: Ordering, cursor: &str) -> Option<Key> {
    // The longest sort key has 240 bytes.
    if cursor.len() > 512 {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (head, sort) = bytes.split_at_checked(HEAD)?;
    let (names, id) = head.split_at(4);
    if names[..3] != [VERSION, ordering.list as u8, ordering.order] {
        return None;
    }
    let sort = match ordering.sort {
        SortKind::Time => SortValue::Time(Timestamp(i64::from_be_bytes(sort.try_into().ok()?))),
        SortKind::Number => SortValue::Number(i64::from_be_bytes(sort.try_into().ok()?)),
        SortKind::Text => SortValue::Text(String::from_utf8(sort.to_vec()).ok().filter(|text| !text.contains('\0'))?),
    };
    Some(Key { sort, kind: i16::from(names[3]), id: Uuid::from_slice(id).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY_NAME: Ordering = Ordering { list: ListName::Users, order: 0, sort: SortKind::Text };
    const BY_TIME: Ordering = Ordering { list: ListName::Users, order: 2, sort: SortKind::Time };

    #[test]
    fn v8_a_cursor_comes_back_and_fits_its_list_and_ordering_only() {
        let by_name = Key { sort: SortValue::Text("ann lée".into()), kind: 4, id: Uuid::from_u128(7) };
        let by_time = Key { sort: SortValue::Time(Timestamp(-5)), kind: 0, id: Uuid::from_u128(u128::MAX) };
        assert_eq!(decode(BY_NAME, &encode(BY_NAME, &by_name)), Some(by_name.clone()));
        assert_eq!(decode(BY_TIME, &encode(BY_TIME, &by_time)), Some(by_time));
        let (in_order, by_number) =
            (Ordering::only(ListName::UserEvents, SortKind::Number), Key::new(SortValue::Number(i64::MAX - 1), Uuid::nil()));
        assert_eq!(decode(in_order, &encode(in_order, &by_number)), Some(by_number));
        assert_eq!(decode(BY_TIME, &encode(BY_NAME, &by_name)), None);
        assert_eq!(decode(Ordering { order: 1, ..BY_NAME }, &encode(BY_NAME, &by_name)), None);
        assert_eq!(decode(Ordering { list: ListName::DirectReports, ..BY_NAME }, &encode(BY_NAME, &by_name)), None);
    }

    #[test]
    fn other_texts_are_no_cursors() {
        let good = encode(BY_NAME, &Key { sort: SortValue::Text("ann".into()), kind: 0, id: Uuid::nil() });
        for bad in ["", "x", "AQEA", "====", &good[1..], &format!("{good}="), &"A".repeat(600)] {
            assert_eq!(decode(BY_NAME, bad), None, "{bad}");
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(&good).expect("base64");
        bytes[0] = 2;
        assert_eq!(decode(BY_NAME, &URL_SAFE_NO_PAD.encode(&bytes)), None, "another version");
        bytes[0] = VERSION;
        bytes.push(0xFF);
        assert_eq!(decode(BY_NAME, &URL_SAFE_NO_PAD.encode(&bytes)), None, "not UTF-8");
    }
}
