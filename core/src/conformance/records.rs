use std::sync::Arc;

use super::fixtures::*;
use super::{begin, commit};
use crate::id::{AccessTokenId, RecordId, UserId};
use crate::page::PageRequest;
use crate::policy::{RecordScope, for_suite};
use crate::record::{
    ActivityType, ParticipantRole, Record, RecordCount, RecordDetail, RecordFilter, RecordKind, RecordOrder, RecordOrderField,
};
use crate::storage::{Storage, StorageError};
use crate::time::TimeRange;
use crate::user::{Actor, User, UserStatus};

async fn matching(storage: &Arc<dyn Storage>, filter: &RecordFilter) -> Vec<RecordId> {
    let order = RecordOrder { field: RecordOrderField::CreatedAt, descending: false };
    let slice = storage.records_page(&RecordScope::everything(), filter, order, &PageRequest::first(100)).await.expect("page");
    let count = storage.records_count(&RecordScope::everything(), filter).await.expect("count");
    assert_eq!(count, slice.rows.len() as u64, "rows and count of {filter:?}");
    slice.rows.iter().map(|r| r.id).collect()
}

/// A company with everything that can refer to something: company, contact, deal, activity, estimate, invoice.
fn linked() -> Vec<Record> {
    let of = |kind, detail| Record { detail, ..record(kind, 1, "Acme", user_id(1)) };
    let (company, contact, deal) = (record_id(RecordKind::Company, 1), record_id(RecordKind::Contact, 1), record_id(RecordKind::Deal, 1));
    vec![
        record(RecordKind::Company, 1, "Acme", user_id(1)),
        of(RecordKind::Contact, RecordDetail::Contact { email: None, phone: None, company: Some(company) }),
        of(RecordKind::Deal, RecordDetail::Deal { stage: None, value: None, company: Some(company), contact: Some(contact) }),
        of(RecordKind::Estimate, RecordDetail::Estimate { value: None, deal: Some(deal), valid_until: None }),
        of(RecordKind::Invoice, RecordDetail::Invoice { value: None, deal: Some(deal), due_on: None }),
        Record { subject: Some(deal), ..record(RecordKind::Activity, 1, "Call", user_id(1)) },
    ]
}

/// All nine, with every detail, with none, and with every reference.
pub async fn records_of_all_kinds_come_back_as_they_were_written(storage: Arc<dyn Storage>) {
    let mut records: Vec<Record> = RecordKind::ALL
        .into_iter()
        .map(|kind| Record {
            version: 3,
            created_by: Actor::Token { owner: user_id(2), token: AccessTokenId(uuid(5)), name: "CRM „sync“".into() },
            is_closed: true,
            external_id: Some(format!("ext/{kind:?} ")),
            created_at: at(10),
            updated_at: at(20),
            provenance: Some(user_id(77)),
            workgroup: (!kind.is_crm()).then(|| workgroup_id(1)),
            ..record(kind, 2, "Ünïcode 中 🦀 'quoted' \"twice\"", user_id(1))
        })
        .collect();
    records.extend(linked());
    records.extend([
        Record {
            created_by: Actor::System,
            detail: RecordDetail::Company { website: None, industry: None },
            ..record(RecordKind::Company, 3, "Bare", user_id(1))
        },
        Record { detail: RecordDetail::Lead { source: None, value: None }, ..record(RecordKind::Lead, 3, "Bare", user_id(1)) },
        Record { detail: RecordDetail::Task { due_at: None }, ..record(RecordKind::Task, 3, "Bare", user_id(1)) },
        Record {
            detail: RecordDetail::Activity { activity_type: ActivityType::Other, due_at: None },
            ..record(RecordKind::Activity, 3, "Bare", user_id(1))
        },
    ]);
    Seed {
        users: vec![user(1, "Ann Lee"), user(2, "Bob Ray")],
        workgroups: vec![workgroup(1, "Fair")],
        records: records.clone(),
        ..Seed::default()
    }
    .sow(&storage)
    .await;
    records.sort_by_key(|r| r.id);
    let mut ids: Vec<RecordId> = records.iter().map(|r| r.id).collect();
    ids.extend([ids[0], record_id(RecordKind::Deal, 99)]);
    let mut read = storage.records_by_id(&ids, &RecordScope::everything()).await.expect("read");
    read.sort_by_key(|r| r.id);
    assert_eq!(read.len(), records.len(), "each once, unknown ones left out");
    for (read, written) in read.iter().zip(&records) {
        assert_eq!(read, written);
        assert_eq!(format!("{:?}", read.detail), format!("{:?}", written.detail), "amounts keep their scale");
    }
    assert_eq!(storage.records_by_id(&[], &RecordScope::everything()).await.expect("none"), []);
}

/// By kind and ID, within the scope.
pub async fn records_are_found_by_external_id(storage: Arc<dyn Storage>) {
    let with = |kind, n, id: &str, responsible| Record { external_id: Some(id.into()), ..record(kind, n, "Acme", user_id(responsible)) };
    let records = vec![
        with(RecordKind::Deal, 1, "a", 1),
        with(RecordKind::Lead, 1, "a", 1),
        with(RecordKind::Deal, 2, "A", 2),
        with(RecordKind::Lead, 2, "b", 1),
    ];
    Seed { users: vec![user(1, "Ann Lee"), user(2, "Bob Ray")], records: records.clone(), ..Seed::default() }.sow(&storage).await;
    let keys = [
        (RecordKind::Deal, "a".to_owned()),
        (RecordKind::Deal, "A".to_owned()),
        (RecordKind::Deal, "b".to_owned()),
        (RecordKind::Lead, "b".to_owned()),
    ];
    let mut read = storage.records_by_external_id(&keys, &RecordScope::everything()).await.expect("read");
    read.sort_by_key(|r| r.id);
    assert_eq!(read, [records[0].clone(), records[2].clone(), records[3].clone()], "pairs of kind and ID, byte by byte");
    let own = storage.records_by_external_id(&keys[..2], &for_suite::records(user_id(2), true)).await.expect("read");
    assert_eq!(own, [records[2].clone()], "within the scope");
}

/// Rule I6; everything else is replaced.
pub async fn an_update_leaves_creation_alone(storage: Arc<dyn Storage>) {
    let users = vec![user(1, "Ann Lee"), user(2, "Bob Ray")];
    let old = Record { external_id: Some("a".into()), ..record(RecordKind::Lead, 1, "Old title", user_id(1)) };
    let other = Record { external_id: Some("b".into()), ..record(RecordKind::Lead, 2, "Other", user_id(1)) };
    Seed { users, records: vec![old.clone(), other.clone()], ..Seed::default() }.sow(&storage).await;
    let new = Record {
        version: 2,
        title: "New title".into(),
        responsible: user_id(2),
        is_closed: true,
        external_id: None,
        updated_at: at(30),
        provenance: Some(user_id(1)),
        detail: RecordDetail::Lead { source: None, value: None },
        ..old.clone()
    };
    let given = Record { created_by: Actor::System, created_at: at(99), ..new.clone() };
    let mut tx = begin(&storage).await;
    tx.records_update(&[given]).await.expect("update");
    commit(tx).await;
    assert_eq!(storage.records_by_id(&[new.id], &RecordScope::everything()).await.expect("read"), std::slice::from_ref(&new));
    let words = |query| RecordFilter { words: crate::text::words(query), ..RecordFilter::default() };
    assert_eq!(matching(&storage, &words("old")).await, [], "a former title is not found");
    assert_eq!(matching(&storage, &words("new")).await, [new.id], "the new one is");
    let missing = begin(&storage).await.records_update(&[other, record(RecordKind::Lead, 9, "Nowhere", user_id(1))]).await;
    assert!(matches!(missing, Err(StorageError::Conflict)), "expected Conflict, got {missing:?}");
}

/// Details, parts, ownership changes; those that existed, ascending.
pub async fn deleted_records_take_what_is_theirs_along(storage: Arc<dyn Storage>) {
    let (one, two, deal) = (record_id(RecordKind::Task, 1), record_id(RecordKind::Task, 2), record_id(RecordKind::Deal, 5));
    let seed = Seed {
        users: vec![user(1, "Ann Lee"), user(2, "Bob Ray")],
        records: [one, two, deal].map(|id| record(id.kind, number(id.uuid), "Title", user_id(1))).to_vec(),
        participants: [one, two].map(|task| part(task, user_id(2), ParticipantRole::Observer)).to_vec(),
        ownership_changes: vec![ownership_change(1, one, user_id(2), user_id(1)), ownership_change(2, two, user_id(2), user_id(1))],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let mut tx = begin(&storage).await;
    let deleted = tx.records_delete(&[one, record_id(RecordKind::Lead, 9), deal, one]).await.expect("delete");
    assert_eq!(deleted, [deal, one], "those that existed, ascending, each once");
    commit(tx).await;
    assert_eq!(matching(&storage, &RecordFilter::default()).await, [two]);
    let parts = storage.participants_by_task(&[one, two]).await.expect("parts");
    assert_eq!(parts, [part(two, user_id(2), ParticipantRole::Observer)], "parts go along");
    assert_eq!(storage.ownership_changes_count(&[one, two]).await.expect("changes"), [0, 1], "ownership changes go along");
    let mut tx = begin(&storage).await;
    tx.records_insert(&[record(RecordKind::Task, 1, "Again", user_id(1))]).await.expect("nothing of it stands in the way");
}

/// Ordered by task, role and user; only the tasks named are touched.
pub async fn participants_are_replaced(storage: Arc<dyn Storage>) {
    use ParticipantRole::{Observer, Participant};
    let task = |n| record_id(RecordKind::Task, n);
    let records = (1..=3).map(|n| record(RecordKind::Task, n, "Task", user_id(1))).collect();
    let participants =
        vec![part(task(2), user_id(3), Participant), part(task(1), user_id(2), Observer), part(task(1), user_id(3), Participant)];
    Seed { users: (1..=3).map(|n| user(n, "Ann Lee")).collect(), records, participants, ..Seed::default() }.sow(&storage).await;
    let all = [task(3), task(2), task(1)];
    let read = storage.participants_by_task(&all).await.expect("parts");
    assert_eq!(read, [part(task(1), user_id(3), Participant), part(task(1), user_id(2), Observer), part(task(2), user_id(3), Participant)]);
    let mut tx = begin(&storage).await;
    // Both roles at once, and none at all for a task that had some.
    let parts = [part(task(3), user_id(2), Observer), part(task(3), user_id(2), Participant), part(task(3), user_id(1), Participant)];
    tx.participants_replace(&[task(1), task(3)], &parts).await.expect("replace");
    commit(tx).await;
    let read = storage.participants_by_task(&all).await.expect("parts");
    let expected = [
        part(task(2), user_id(3), Participant),
        part(task(3), user_id(1), Participant),
        part(task(3), user_id(2), Participant),
        part(task(3), user_id(2), Observer),
    ];
    assert_eq!(read, expected);
}

/// As company, contact, deal and subject; references among those asked for do not count.
pub async fn references_from_others_are_found(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann Lee")], records: linked(), ..Seed::default() }.sow(&storage).await;
    let id = |kind| record_id(kind, 1);
    let (company, contact, deal) = (id(RecordKind::Company), id(RecordKind::Contact), id(RecordKind::Deal));
    let all = [company, contact, deal, id(RecordKind::Estimate), id(RecordKind::Invoice), id(RecordKind::Activity)];
    let cases: [(&[RecordId], &[RecordId]); 8] = [
        (&[company], &[company]),
        (&[contact], &[contact]),
        (&[deal], &[deal]),
        (&[company, deal], &[company, deal]),
        (&[company, contact, deal], &[deal]),
        (&all[2..], &[]),
        (&all, &[]),
        (&all[3..], &[]),
    ];
    for (ids, expected) in cases {
        let mut referenced = storage.records_referenced(ids).await.expect("referenced");
        referenced.sort();
        assert_eq!(referenced, expected, "of {ids:?}");
    }
    let mut tx = begin(&storage).await;
    tx.records_delete(&all[3..5]).await.expect("delete");
    assert_eq!(tx.records_referenced(&[deal]).await.expect("referenced"), [deal], "by an activity alone");
    tx.records_delete(&all[5..]).await.expect("delete");
    assert_eq!(tx.records_referenced(&[deal]).await.expect("referenced"), [], "by nothing any more");
}

/// By kind ascending, kinds without any left out, one entry for each person.
pub async fn records_of_people_are_counted_by_kind(storage: Arc<dyn Storage>) {
    let closed = |r: Record| Record { is_closed: true, ..r };
    let records = vec![
        record(RecordKind::Task, 1, "Task", user_id(1)),
        closed(record(RecordKind::Task, 2, "Task", user_id(1))),
        record(RecordKind::Task, 3, "Task", user_id(1)),
        closed(record(RecordKind::Company, 1, "Acme", user_id(1))),
        record(RecordKind::Lead, 1, "Lead", UserId::SYSTEM),
    ];
    Seed { users: vec![user(1, "Ann Lee"), user(2, "Bob Ray")], records, ..Seed::default() }.sow(&storage).await;
    let counts =
        storage.record_counts_by_responsible(&[user_id(2), user_id(1), UserId::SYSTEM, user_id(9), user_id(1)]).await.expect("counts");
    let ann =
        vec![RecordCount { kind: RecordKind::Company, open: 0, closed: 1 }, RecordCount { kind: RecordKind::Task, open: 2, closed: 1 }];
    assert_eq!(counts, [vec![], ann.clone(), vec![RecordCount { kind: RecordKind::Lead, open: 1, closed: 0 }], vec![], ann]);
}

/// Each condition alone, and together; an empty list matches nothing.
pub async fn records_are_filtered(storage: Arc<dyn Storage>) {
    let (deal, task, lead) = (record_id(RecordKind::Deal, 1), record_id(RecordKind::Task, 1), record_id(RecordKind::Lead, 1));
    let records = vec![
        Record { is_closed: true, external_id: Some("x-1".into()), updated_at: at(100), ..record(deal.kind, 1, "Deal", user_id(1)) },
        Record { provenance: Some(user_id(9)), updated_at: at(200), ..record(task.kind, 1, "Task", UserId::SYSTEM) },
        Record { external_id: Some("X-1".into()), updated_at: at(300), ..record(lead.kind, 1, "Lead", user_id(2)) },
    ];
    Seed { users: vec![user(1, "Ann Lee"), user(2, "Bob Ray")], records, ..Seed::default() }.sow(&storage).await;
    let all = RecordFilter::default;
    let period = |from, until| TimeRange { from: Some(at(from)), until: Some(at(until)) };
    let cases: Vec<(RecordFilter, Vec<RecordId>)> = vec![
        (all(), vec![deal, lead, task]),
        (RecordFilter { kinds: Some(vec![task.kind, deal.kind]), ..all() }, vec![deal, task]),
        (RecordFilter { kinds: Some(vec![]), ..all() }, vec![]),
        (RecordFilter { is_closed: Some(true), ..all() }, vec![deal]),
        (RecordFilter { is_closed: Some(false), ..all() }, vec![lead, task]),
        (RecordFilter { responsible: Some(vec![user_id(2), user_id(9)]), ..all() }, vec![lead]),
        (RecordFilter { responsible: Some(vec![]), ..all() }, vec![]),
        (RecordFilter { responsible: Some(vec![UserId::SYSTEM]), ..all() }, vec![task]),
        (RecordFilter { former_responsible: Some(vec![user_id(9)]), ..all() }, vec![task]),
        (RecordFilter { former_responsible: Some(vec![]), ..all() }, vec![]),
        (RecordFilter { external_ids: Some(vec!["x-1".into(), "y".into()]), ..all() }, vec![deal]),
        (RecordFilter { external_ids: Some(vec![]), ..all() }, vec![]),
        (RecordFilter { updated_at: period(100, 300), ..all() }, vec![deal, task]),
        (RecordFilter { updated_at: TimeRange { from: Some(at(200)), until: None }, ..all() }, vec![lead, task]),
        (RecordFilter { is_closed: Some(false), responsible: Some(vec![user_id(1)]), ..all() }, vec![]),
        (RecordFilter { is_closed: Some(true), responsible: Some(vec![user_id(1)]), kinds: Some(vec![deal.kind]), ..all() }, vec![deal]),
    ];
    for (filter, expected) in cases {
        assert_eq!(matching(&storage, &filter).await, expected, "{filter:?}");
        let mut tx = begin(&storage).await;
        let locked = tx.records_lock_matching(&RecordScope::everything(), &filter, 10).await.expect("lock");
        assert_eq!(locked.iter().map(|l| l.id).collect::<Vec<_>>(), expected, "locked by {filter:?}");
    }
}

/// Rule H6: for each status and kind of the responsible person and each kind of record, as [`User::leaves_orphaned`] says.
pub async fn orphaned_records_are_found(storage: Arc<dyn Storage>) {
    let users = vec![
        user(1, "Employee"),
        external(2, "External"),
        dismissed(3, "Leaver", at(0)),
        User { status: UserStatus::Dismissed, ..external(4, "External leaver") },
        User { was_active: true, ..invited(5, "Invited again") },
    ];
    let responsible: Vec<UserId> = users.iter().map(|u| u.id).chain([UserId::SYSTEM]).collect();
    let owned = |(n, id): (u64, UserId)| RecordKind::ALL.into_iter().map(move |kind| record(kind, n, "Title", id)).collect::<Vec<_>>();
    let records: Vec<Record> = (1..).zip(responsible).flat_map(owned).collect();
    Seed { users: users.clone(), records: records.clone(), ..Seed::default() }.sow(&storage).await;
    let is_orphaned = |r: &&Record| users.iter().find(|u| u.id == r.responsible).is_some_and(|u| u.leaves_orphaned(r.id.kind));
    for wanted in [true, false] {
        let mut expected: Vec<RecordId> = records.iter().filter(|r| is_orphaned(r) == wanted).map(|r| r.id).collect();
        expected.sort();
        let found = matching(&storage, &RecordFilter { is_orphaned: Some(wanted), ..RecordFilter::default() }).await;
        assert_eq!(found, expected, "is_orphaned: {wanted}");
    }
}

/// Each word begins a word of the title, folded; no order, no middle.
pub async fn records_are_found_by_the_beginnings_of_words(storage: Arc<dyn Storage>) {
    let titles = ["Élan O'Neil-Ström", "elanor Neilson", "Melange", "100%_x 2026", "中村 straße"];
    let records = (1..).zip(titles).map(|(n, title)| record(RecordKind::Lead, n, title, user_id(1))).collect();
    Seed { users: vec![user(1, "Ann Lee")], records, ..Seed::default() }.sow(&storage).await;
    let cases: [(&str, &[u64]); 12] = [
        ("elan", &[1, 2]),
        ("ÉLAN", &[1, 2]),
        ("elanor", &[2]),
        ("elanorx", &[]),
        ("lan", &[]),
        ("neil elan", &[1, 2]),
        ("neil str", &[1]),
        ("o", &[1]),
        ("100%", &[4]),
        ("x 20", &[4]),
        ("中", &[5]),
        ("村", &[]),
    ];
    for (query, expected) in cases {
        let filter = RecordFilter { words: crate::text::words(query), ..RecordFilter::default() };
        let found: Vec<u64> = matching(&storage, &filter).await.into_iter().map(|id| number(id.uuid)).collect();
        assert_eq!(found, expected, "{query:?}");
    }
}
