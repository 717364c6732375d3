use std::sync::Arc;

use uuid::Uuid;

use super::fixtures::*;
use super::pages::{Direction, Listed, assert_cut, hidden_patterns};
use super::{begin, commit};
use crate::id::{AccessTokenId, RecordId, UserId};
use crate::page::{Key, PageRequest, Slice, SortValue};
use crate::policy::{RecordScope, for_suite};
use crate::record::{ParticipantRole, Record, RecordFilter, RecordGroups, RecordKind, RecordOrder, RecordOrderField, TaskRole};
use crate::storage::Storage;
use crate::structure::Membership;
use crate::user::Actor;

const FIELDS: [RecordOrderField; 3] = [RecordOrderField::UpdatedAt, RecordOrderField::CreatedAt, RecordOrderField::Title];

fn order(field: RecordOrderField, direction: Direction) -> RecordOrder {
    RecordOrder { field, descending: direction.is_descending() }
}

fn key(record: &Record, field: RecordOrderField) -> Key {
    let sort = match field {
        RecordOrderField::UpdatedAt => SortValue::Time(record.updated_at),
        RecordOrderField::CreatedAt => SortValue::Time(record.created_at),
        RecordOrderField::Title => SortValue::Text(record.sort_key()),
    };
    Key::of_record(sort, record.id)
}

/// Records are told apart by kind and UUID: as one UUID for the pages.
fn tag(id: RecordId) -> Uuid {
    Uuid::from_u128(id.uuid.as_u128() ^ (id.kind.code() as u128) << 96)
}

fn listed(records: &[Record], field: RecordOrderField, shown: impl Fn(&Record) -> bool) -> Vec<Listed> {
    records.iter().map(|r| Listed { key: key(r, field), id: tag(r.id), shown: shown(r) }).collect()
}

async fn assert_records(what: &str, storage: &Arc<dyn Storage>, scope: RecordScope, order: RecordOrder, rows: Vec<Listed>) {
    let direction = if order.descending { Direction::Descending } else { Direction::Ascending };
    let count = storage.records_count(&scope, &RecordFilter::default()).await.expect("count");
    assert_eq!(count, rows.iter().filter(|r| r.shown).count() as u64, "{what}: the count");
    assert_cut(&format!("{what}, {order:?}"), rows, direction, |request| async move {
        let slice = storage.records_page(&scope, &RecordFilter::default(), order, &request).await.expect("page");
        (slice.rows.iter().map(|r| tag(r.id)).collect(), slice.has_more)
    })
    .await;
}

/// Seven records of several kinds with ties in every order; UUIDs run against kinds, so that only the text of the ID breaks ties rightly.
fn seven(responsible: UserId) -> Vec<Record> {
    let rows = [
        (RecordKind::Task, 1, "Same", 1, 2),
        (RecordKind::Activity, 7, "same", 2, 1),
        (RecordKind::Lead, 3, "SÂME", 1, 2),
        (RecordKind::Deal, 5, "A-b", 1, 3),
        (RecordKind::Deal, 4, "A b", 2, 2),
        (RecordKind::Company, 6, "ab", 3, 2),
        (RecordKind::File, 2, "Ωmega", 3, 1),
    ];
    rows.map(|(kind, n, title, created, updated)| Record {
        created_at: at(created),
        updated_at: at(updated),
        ..record(kind, n, title, responsible)
    })
    .to_vec()
}

/// Promise 5: three orders, both directions.
pub async fn records_are_paged_in_every_order(storage: Arc<dyn Storage>) {
    let records = seven(user_id(1));
    Seed { users: vec![user(1, "Ann Lee")], records: records.clone(), ..Seed::default() }.sow(&storage).await;
    for field in FIELDS {
        for direction in Direction::BOTH {
            assert_records("all", &storage, RecordScope::everything(), order(field, direction), listed(&records, field, |_| true)).await;
        }
    }
}

/// Rule H8: kind first, as the prefixes are ordered, then the UUID.
pub async fn ties_between_records_are_broken_by_the_text_of_the_id(storage: Arc<dyn Storage>) {
    // One UUID for all kinds, too.
    let numbers = [9, 9, 8, 7, 6, 5, 4, 9, 2];
    let records: Vec<Record> = RecordKind::ALL.into_iter().zip(numbers).map(|(kind, n)| record(kind, n, "Same", user_id(1))).collect();
    Seed { users: vec![user(1, "Ann Lee")], records: records.clone(), ..Seed::default() }.sow(&storage).await;
    let mut texts: Vec<String> = records.iter().map(|r| r.id.to_string()).collect();
    texts.sort();
    for field in FIELDS {
        for direction in Direction::BOTH {
            let request = PageRequest::first(20);
            let slice = storage
                .records_page(&RecordScope::everything(), &RecordFilter::default(), order(field, direction), &request)
                .await
                .expect("page");
            let mut read: Vec<String> = slice.rows.iter().map(|r| r.id.to_string()).collect();
            if direction.is_descending() {
                read.reverse();
            }
            assert_eq!(read, texts, "{field:?}, {direction:?}");
        }
    }
}

/// Promise 4, in both directions: hidden at either end, in between, and all.
pub async fn hidden_records_take_no_place_on_a_page(storage: Arc<dyn Storage>) {
    let mut records = seven(user_id(1));
    records.sort_by_key(|r| key(r, RecordOrderField::Title));
    Seed { users: vec![user(1, "Ann Lee"), user(2, "Viewer")], records: records.clone(), ..Seed::default() }.sow(&storage).await;
    for (position, (what, pattern)) in hidden_patterns(records.len()).into_iter().enumerate() {
        for (record, hidden) in records.iter_mut().zip(&pattern) {
            record.responsible = if *hidden { user_id(1) } else { user_id(2) };
        }
        let mut tx = begin(&storage).await;
        tx.records_update(&records).await.expect("update");
        commit(tx).await;
        let scope = for_suite::records(user_id(2), true);
        for (field, direction) in
            [(RecordOrderField::Title, Direction::BOTH[position % 2]), (RecordOrderField::UpdatedAt, Direction::BOTH[(position + 1) % 2])]
        {
            assert_records(what, &storage, scope, order(field, direction), listed(&records, field, |r| r.responsible == user_id(2))).await;
        }
        let locked = begin(&storage).await.records_lock_matching(&scope, &RecordFilter::default(), 2).await.expect("lock");
        let mut seen: Vec<RecordId> = records.iter().filter(|r| r.responsible == user_id(2)).map(|r| r.id).collect();
        seen.sort();
        seen.truncate(2);
        assert_eq!(locked.iter().map(|l| l.id).collect::<Vec<_>>(), seen, "{what}: hidden records take no place in a lock either");
    }
}

/// Rule V6: responsible, made it (TASK, FILE), has a part (TASK), belongs to the workgroup; CRM kinds for insiders alone.
pub async fn taking_part_is_what_brings_a_record_into_the_scope(storage: Arc<dyn Storage>) {
    use RecordKind::{Activity, Deal, File, Task};
    let (viewer, other) = (user_id(1), user_id(2));
    let by_token = Actor::Token { owner: viewer, token: AccessTokenId(uuid(5)), name: "Sync".into() };
    let others = |kind, n| record(kind, n, "Title", other);
    let made = |r: Record| Record { created_by: Actor::User(viewer), ..r };
    let within = |r: Record, n| Record { workgroup: Some(workgroup_id(n)), ..r };
    let seed = Seed {
        users: vec![user(1, "Viewer"), user(2, "Other")],
        workgroups: vec![workgroup(1, "Own"), workgroup(2, "Left"), workgroup(3, "Other's")],
        memberships: vec![
            member(workgroup_id(1), viewer),
            Membership { left_at: Some(at(1)), ..member(workgroup_id(2), viewer) },
            member(workgroup_id(3), other),
        ],
        records: vec![
            record(Deal, 1, "Responsible", viewer),
            made(others(Deal, 2)),
            made(others(Task, 3)),
            Record { created_by: by_token, ..others(File, 4) },
            others(Task, 5),
            others(Task, 6),
            others(Task, 7),
            within(others(Task, 8), 1),
            within(others(File, 9), 1),
            within(others(Task, 10), 2),
            within(others(File, 11), 3),
            Record { responsible: viewer, ..others(Activity, 12) },
            Record { responsible: viewer, ..others(Task, 13) },
        ],
        participants: vec![
            part(record_id(Task, 5), viewer, ParticipantRole::Participant),
            part(record_id(Task, 6), viewer, ParticipantRole::Observer),
            part(record_id(Task, 6), viewer, ParticipantRole::Participant),
            part(record_id(Task, 7), other, ParticipantRole::Participant),
        ],
        ..Seed::default()
    };
    let ids: Vec<RecordId> = seed.records.iter().map(|r| r.id).collect();
    seed.sow(&storage).await;
    let insider = (for_suite::records(viewer, true), vec![1, 3, 4, 5, 6, 8, 9, 12, 13]);
    let outsider = (for_suite::records(viewer, false), vec![3, 4, 5, 6, 8, 9, 13]);
    for (scope, expected) in [insider, outsider] {
        let numbers = |ids: Vec<RecordId>| {
            let mut numbers: Vec<u64> = ids.into_iter().map(|id| number(id.uuid)).collect();
            numbers.sort();
            numbers
        };
        let read = storage.records_by_id(&ids, &scope).await.expect("read");
        assert_eq!(numbers(read.iter().map(|r| r.id).collect()), expected, "by ID, {scope:?}");
        let by_creation = order(RecordOrderField::CreatedAt, Direction::Ascending);
        let slice = storage.records_page(&scope, &RecordFilter::default(), by_creation, &PageRequest::first(50)).await.expect("page");
        assert_eq!(numbers(slice.rows.iter().map(|r| r.id).collect()), expected, "in a list, {scope:?}");
        assert_eq!(storage.records_count(&scope, &RecordFilter::default()).await.expect("count"), expected.len() as u64, "{scope:?}");
        let locked = begin(&storage).await.records_lock_by_id(&ids, &scope).await.expect("lock");
        assert_eq!(numbers(locked.iter().map(|l| l.id).collect()), expected, "locked, {scope:?}");
    }
}

/// Promise 5: what was there all the time is shown once, however the rest changes between pages.
pub async fn records_that_come_and_go_between_pages_do_no_harm(storage: Arc<dyn Storage>) {
    let records: Vec<Record> =
        (1..=12).map(|n| Record { updated_at: at(n / 4), ..record(RecordKind::Lead, n as u64 * 10, "Same", user_id(1)) }).collect();
    Seed { users: vec![user(1, "Ann Lee")], records: records.clone(), ..Seed::default() }.sow(&storage).await;
    let steady: Vec<RecordId> = records.iter().map(|r| r.id).filter(|id| !number(id.uuid).is_multiple_of(40)).collect();
    for direction in Direction::BOTH {
        let mut seen = Vec::new();
        let mut request = PageRequest::last(2);
        for round in 0..100u64 {
            let by_change = order(RecordOrderField::UpdatedAt, direction);
            let slice =
                storage.records_page(&RecordScope::everything(), &RecordFilter::default(), by_change, &request).await.expect("page");
            seen.extend(slice.rows.iter().rev().map(|r| r.id).filter(|id| steady.contains(id)));
            let Some(first) = slice.rows.first().filter(|_| slice.has_more) else { break };
            request = PageRequest::last(2).before(key(first, RecordOrderField::UpdatedAt));
            let mut tx = begin(&storage).await;
            if round < 6 {
                let base = 1000 * (round + 1) + if direction.is_descending() { 500 } else { 0 };
                let newcomer = |n, updated| Record { updated_at: at(updated), ..record(RecordKind::Lead, base + n, "New", user_id(1)) };
                tx.records_insert(&[newcomer(0, -5), newcomer(1, 1), newcomer(2, 9)]).await.expect("insert");
            }
            if !steady.contains(&first.id) {
                tx.records_delete(&[first.id]).await.expect("delete");
            }
            commit(tx).await;
        }
        let mut expected = steady.clone();
        if !direction.is_descending() {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{direction:?}, from the end: each that was there all the time, once and in order");
    }
}

/// One entry for each group in the order given, empty and repeated ones too; within the scope and the filter.
pub async fn records_are_paged_in_groups(storage: Arc<dyn Storage>) {
    let (ann, bob) = (user_id(1), user_id(2));
    let deal = record_id(RecordKind::Deal, 90);
    let mut records = seven(ann);
    records.extend(seven(ann).into_iter().map(|r| Record {
        id: record_id(RecordKind::File, 10 + number(r.id.uuid)),
        detail: detail(RecordKind::File),
        workgroup: Some(workgroup_id(1)),
        created_by: Actor::User(bob),
        ..r
    }));
    records.push(record(deal.kind, 90, "Acme", bob));
    records.extend(seven(ann).into_iter().map(|r| Record {
        id: record_id(RecordKind::Activity, 20 + number(r.id.uuid)),
        detail: detail(RecordKind::Activity),
        subject: Some(deal),
        ..r
    }));
    records.push(Record { workgroup: Some(workgroup_id(1)), ..record(RecordKind::Task, 95, "Task of the group", bob) });
    let workgroups = vec![workgroup(1, "Many"), workgroup(2, "Empty")];
    Seed { users: vec![user(1, "Ann"), user(2, "Bob")], workgroups, records: records.clone(), ..Seed::default() }.sow(&storage).await;

    let belongs = |groups: &RecordGroups, group: usize, r: &Record| match groups {
        RecordGroups::Responsible(ids) => r.responsible == ids[group],
        RecordGroups::TasksOf(ids, _) => r.id.kind == RecordKind::Task && r.responsible == ids[group],
        RecordGroups::FilesCreatedBy(ids) => r.id.kind == RecordKind::File && r.created_by.person() == ids[group],
        RecordGroups::InWorkgroup(ids, kind) => r.id.kind == *kind && r.workgroup == Some(ids[group]),
        RecordGroups::ActivitiesOf(ids) => r.subject == Some(ids[group]),
    };
    let all_groups = [
        RecordGroups::Responsible([ann, user_id(9), ann, bob].to_vec()),
        RecordGroups::TasksOf([bob, user_id(9), ann, bob].to_vec(), vec![TaskRole::Responsible]),
        RecordGroups::FilesCreatedBy([bob, user_id(9), ann, bob].to_vec()),
        RecordGroups::InWorkgroup([1, 2, 1, 9].map(workgroup_id).to_vec(), RecordKind::File),
        RecordGroups::ActivitiesOf(vec![deal, record_id(RecordKind::Deal, 5), deal, record_id(RecordKind::Lead, 3)]),
    ];
    let filters = [RecordFilter::default(), RecordFilter { words: vec!["same".into()], ..RecordFilter::default() }];
    // Each grouping with each filter, one after the other.
    for n in 0..all_groups.len() * filters.len() {
        let (groups, filter) = (&all_groups[n / filters.len()], &filters[n % filters.len()]);
        let matches = |r: &&Record| filter.words.is_empty() || crate::text::fold(&r.title) == "same";
        let group_of = |group: usize| records.iter().filter(|r| belongs(groups, group, r)).filter(matches).cloned().collect::<Vec<_>>();
        for (scope, everything) in [(RecordScope::everything(), true), (for_suite::records(user_id(9), true), false)] {
            let what = format!("{groups:?}, {filter:?}, {scope:?}");
            let expected: Vec<u64> = (0..4).map(|g| if everything { group_of(g).len() as u64 } else { 0 }).collect();
            assert_eq!(storage.records_count_in_groups(groups, &scope, filter).await.expect("counts"), expected, "{what}: counts");
            let (field, direction) = (RecordOrderField::Title, Direction::Ascending);
            if !everything {
                let request = PageRequest::first(2);
                let slices =
                    storage.records_page_in_groups(groups, &scope, filter, order(field, direction), &request).await.expect("pages");
                assert_eq!(slices, vec![Slice::default(); groups.len()], "{what}: hidden records take no place");
                continue;
            }
            assert_cut(&what, listed(&group_of(0), field, |_| true), direction, |request| {
                let (storage, what, expected) = (&storage, &what, &expected);
                async move {
                    let slices =
                        storage.records_page_in_groups(groups, &scope, filter, order(field, direction), &request).await.expect("pages");
                    assert_eq!(slices.len(), groups.len(), "{what}: one entry for each group");
                    assert!(slices[1].rows.is_empty() && !slices[1].has_more, "{what}: an empty group is empty");
                    for (group, slice) in slices.iter().enumerate() {
                        assert!(slice.rows.iter().all(|r| belongs(groups, group, r)), "{what}: groups are answered in order");
                        let is_bounded = request.after.is_some() || request.before.is_some();
                        let whole = expected[group].min(u64::from(request.limit));
                        assert!(is_bounded || slice.rows.len() as u64 == whole, "{what}: each group has a page of its own: {request:?}");
                    }
                    (slices[0].rows.iter().map(|r| tag(r.id)).collect(), slices[0].has_more)
                }
            })
            .await;
        }
    }
    let none = RecordGroups::Responsible(vec![]);
    let by_title = order(RecordOrderField::Title, Direction::Ascending);
    let slices = storage
        .records_page_in_groups(&none, &RecordScope::everything(), &filters[0], by_title, &PageRequest::first(1))
        .await
        .expect("none");
    assert_eq!(slices, [], "no group, no answer");
}

/// RESPONSIBLE and CREATOR follow from the record, the others are stored; a task is listed once, however many roles somebody has.
pub async fn roles_on_tasks_make_groups(storage: Arc<dyn Storage>) {
    use TaskRole::{Creator, Observer, Participant, Responsible};
    let (ann, bob) = (user_id(1), user_id(2));
    let task = |n, responsible, creator| Record { created_by: Actor::User(creator), ..record(RecordKind::Task, n, "Task", responsible) };
    let by_token = Actor::Token { owner: ann, token: AccessTokenId(uuid(5)), name: "Sync".into() };
    let id = |n| record_id(RecordKind::Task, n);
    let seed = Seed {
        users: vec![user(1, "Ann"), user(2, "Bob")],
        records: vec![
            task(1, ann, bob),
            task(2, bob, ann),
            Record { created_by: by_token, ..task(3, bob, bob) },
            task(4, bob, bob),
            task(5, bob, bob),
            task(6, ann, ann),
            record(RecordKind::File, 7, "No task", ann),
        ],
        participants: vec![
            part(id(4), ann, ParticipantRole::Participant),
            part(id(5), ann, ParticipantRole::Observer),
            part(id(6), ann, ParticipantRole::Participant),
            part(id(6), ann, ParticipantRole::Observer),
        ],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let cases: [(Vec<TaskRole>, &[u64]); 6] = [
        (vec![Responsible], &[1, 6]),
        (vec![Creator], &[2, 3, 6]),
        (vec![Participant], &[4, 6]),
        (vec![Observer], &[5, 6]),
        (vec![Observer, Responsible], &[1, 5, 6]),
        (vec![Responsible, Creator, Participant, Observer], &[1, 2, 3, 4, 5, 6]),
    ];
    for (roles, expected) in cases {
        let groups = RecordGroups::TasksOf(vec![ann], roles.clone());
        let by_creation = order(RecordOrderField::CreatedAt, Direction::Ascending);
        let everything = RecordScope::everything();
        let slices = storage
            .records_page_in_groups(&groups, &everything, &RecordFilter::default(), by_creation, &PageRequest::first(20))
            .await
            .expect("pages");
        let numbers: Vec<u64> = slices[0].rows.iter().map(|r| number(r.id.uuid)).collect();
        assert_eq!(numbers, expected, "{roles:?}");
        let counts = storage.records_count_in_groups(&groups, &everything, &RecordFilter::default()).await.expect("counts");
        assert_eq!(counts, [expected.len() as u64], "{roles:?}");
    }
}
