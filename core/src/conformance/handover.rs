use std::sync::Arc;

use uuid::Uuid;

use super::fixtures::*;
use super::pages::{Direction, Listed, assert_cut, hidden_patterns};
use super::{begin, commit};
use crate::id::{AccessTokenId, ReassignmentId, RecordId, UserId};
use crate::page::{Key, PageRequest, SortValue};
use crate::policy::{ReassignmentScope, RecordScope, for_suite};
use crate::reassignment::{Reassignment, ReassignmentFailure, ReassignmentLists, ReassignmentStatus, Share, SkipReason, Skipped};
use crate::record::{Handover, HandoverContext, OwnershipChange, Record, RecordCount, RecordFilter, RecordKind};
use crate::storage::{Storage, StorageError};
use crate::user::Actor;

/// Rule H10: responsible, version and time of the record, and who, from whom, to whom, when, in which reassignment, with which version.
pub async fn records_change_hands_with_their_history(storage: Arc<dyn Storage>) {
    let (ann, bob, cleo) = (user_id(1), user_id(2), user_id(3));
    let (deal, task, lead) = (record_id(RecordKind::Deal, 1), record_id(RecordKind::Task, 1), record_id(RecordKind::Lead, 1));
    let deal_row = Record { version: 4, ..record(deal.kind, 1, "Deal", ann) };
    let seed = Seed {
        users: (1..=3).map(|n| user(n, "Ann Lee")).collect(),
        records: vec![deal_row.clone(), record(task.kind, 1, "Task", bob), record(lead.kind, 1, "Lead", ann)],
        reassignments: vec![reassignment(1, ann)],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let actor = Actor::Token { owner: ann, token: AccessTokenId(uuid(5)), name: "Sync".into() };
    let context = HandoverContext { actor: actor.clone(), at: at(50), reassignment: Some(ReassignmentId(uuid(1))) };
    let mut tx = begin(&storage).await;
    let moved = tx.records_reassign(&[handover(1, deal, ann, cleo), handover(2, task, bob, ann)], &context).await.expect("reassign");
    assert_eq!(moved, 2, "how many were moved, from several people to several");
    commit(tx).await;
    let read = storage.records_by_id(&[deal], &RecordScope::everything()).await.expect("read");
    assert_eq!(read, [Record { responsible: cleo, version: 5, updated_at: at(50), ..deal_row }], "nothing else changes");
    let slices = storage.ownership_changes_page(&[task, lead, deal], &PageRequest::first(5)).await.expect("changes");
    let change = |n, record, from, to, record_version| OwnershipChange {
        id: uuid(n),
        record,
        from,
        to,
        actor: actor.clone(),
        changed_at: at(50),
        reassignment: context.reassignment,
        record_version,
    };
    let rows: Vec<Vec<OwnershipChange>> = slices.into_iter().map(|s| s.rows).collect();
    assert_eq!(
        rows,
        [vec![change(2, task, bob, ann, 2)], vec![], vec![change(1, deal, ann, cleo, 5)]],
        "one list for each record, in order"
    );
    let mut tx = begin(&storage).await;
    assert_eq!(tx.records_reassign(&[], &context).await.expect("nothing"), 0, "nothing to hand over");
}

/// Two overlapping handovers never move a record twice (rule H7).
pub async fn a_record_that_changed_hands_before_is_left_alone(storage: Arc<dyn Storage>) {
    let (ann, bob, cleo) = (user_id(1), user_id(2), user_id(3));
    let records: Vec<Record> = vec![record(RecordKind::Deal, 1, "Mine", ann), record(RecordKind::Deal, 2, "Another's", bob)];
    Seed { users: (1..=3).map(|n| user(n, "Ann Lee")).collect(), records: records.clone(), ..Seed::default() }.sow(&storage).await;
    let ids: Vec<RecordId> = (1..=3).map(|n| record_id(RecordKind::Deal, n)).collect();
    let handovers: Vec<Handover> = (1..).zip(&ids).map(|(n, id)| handover(n, *id, ann, cleo)).collect();
    let mut tx = begin(&storage).await;
    let moved = tx.records_reassign(&handovers, &handed_over_at(at(9))).await.expect("reassign");
    assert_eq!(moved, 1, "another's and missing records are not counted");
    commit(tx).await;
    let read = storage.records_by_id(&ids[1..], &RecordScope::everything()).await.expect("read");
    assert_eq!(read, records[1..], "another's record stays as it was");
    assert_eq!(storage.ownership_changes_count(&ids).await.expect("changes"), [1, 0, 0], "and nothing is written of it");
}

/// Promise 6: rule H7's limit in one call; what changed owner in between is left alone among them.
pub async fn five_thousand_records_change_hands_at_once(storage: Arc<dyn Storage>) {
    const MANY: u64 = 5_000;
    let (ann, bob, cleo) = (user_id(1), user_id(2), user_id(3));
    let kind = |n: u64| RecordKind::ALL[(n % 9) as usize];
    let owner = |n: u64| if n % 1000 == 7 { bob } else { ann };
    let records: Vec<Record> = (1..=MANY).map(|n| record(kind(n), n, &format!("Record {n}"), owner(n))).collect();
    let ids: Vec<RecordId> = records.iter().map(|r| r.id).collect();
    Seed { users: (1..=3).map(|n| user(n, "Ann Lee")).collect(), records, ..Seed::default() }.sow(&storage).await;
    let of = |user: UserId| RecordFilter { responsible: Some(vec![user]), ..RecordFilter::default() };

    let mut tx = begin(&storage).await;
    let lines = tx.records_lock_matching(&RecordScope::everything(), &of(ann), MANY as u32 + 1).await.expect("lock");
    assert_eq!(lines.len() as u64, MANY - 5, "all that match are locked");
    assert!(lines.windows(2).all(|pair| pair[0].id < pair[1].id), "ascending by ID");
    let handovers: Vec<Handover> = (1..).zip(&ids).map(|(n, id)| handover(n, *id, ann, cleo)).collect();
    let moved = tx.records_reassign(&handovers, &handed_over_at(at(9))).await.expect("reassign");
    assert_eq!(u64::from(moved), MANY - 5, "how many were moved");
    commit(tx).await;

    let everything = RecordScope::everything();
    assert_eq!(storage.records_count(&everything, &of(cleo)).await.expect("count"), MANY - 5, "each has its new owner");
    assert_eq!(storage.records_count(&everything, &of(bob)).await.expect("count"), 5, "those that changed owner before stayed");
    let changes = storage.ownership_changes_count(&ids).await.expect("changes");
    assert_eq!(changes.iter().sum::<u64>(), MANY - 5, "each with one ownership change");
    assert!(changes.iter().zip(1..=MANY).all(|(count, n)| *count == u64::from(owner(n) == ann)), "of the right records");
    let read = storage.records_by_id(&ids, &everything).await.expect("many by ID");
    assert!(read.iter().all(|r| r.version == if r.responsible == cleo { 2 } else { 1 }), "version + 1 for those that were moved");
    assert_eq!(read.len() as u64, MANY, "many by ID");

    let mut tx = begin(&storage).await;
    assert_eq!(tx.records_lock_by_id(&ids, &everything).await.expect("lock").len() as u64, MANY, "many locked by ID");
    let mut updated = read;
    updated.iter_mut().for_each(|r| r.is_closed = true);
    tx.records_update(&updated).await.expect("many updated");
    let closed = RecordFilter { is_closed: Some(true), ..RecordFilter::default() };
    assert_eq!(tx.records_count(&everything, &closed).await.expect("count"), MANY, "many updated");
    assert_eq!(tx.records_referenced(&ids).await.expect("referenced"), []);
    assert_eq!(tx.records_delete(&ids).await.expect("delete").len() as u64, MANY, "many deleted");
    commit(tx).await;
    assert_eq!(storage.records_count(&everything, &RecordFilter::default()).await.expect("count"), 0);
}

/// By version of the record and ID descending, whatever the clocks said; one list for each record in the order given.
pub async fn ownership_changes_are_paged_latest_first(storage: Arc<dyn Storage>) {
    let id = |n| record_id(RecordKind::Deal, n);
    let versions = [3, 1, 3, 2, 3, 1, 5];
    let changes: Vec<OwnershipChange> = (1..)
        .zip(versions)
        .map(|(n, record_version)| OwnershipChange {
            record_version,
            changed_at: at(-i64::from(record_version)),
            ..ownership_change(n, id(1), user_id(1), user_id(2))
        })
        .collect();
    let seed = Seed {
        users: vec![user(1, "Ann"), user(2, "Bob")],
        records: (1..=3).map(|n| record(RecordKind::Deal, n, "Deal", user_id(2))).collect(),
        ownership_changes: [changes.clone(), vec![ownership_change(50, id(3), user_id(1), user_id(2))]].concat(),
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let groups = [id(3), id(2), id(1), id(3)];
    assert_eq!(storage.ownership_changes_count(&groups).await.expect("counts"), [1, 0, 7, 1]);
    let slices = storage.ownership_changes_page(&[id(1)], &PageRequest::first(50)).await.expect("page");
    let mut latest_first = changes.clone();
    latest_first.sort_by_key(|c| std::cmp::Reverse((c.record_version, c.id)));
    assert_eq!(slices[0].rows, latest_first, "as they were written");
    let rows = changes.iter().map(|c| Listed { key: Key::new(SortValue::Number(c.record_version.into()), c.id), id: c.id, shown: true }).collect();
    assert_cut("ownership changes", rows, Direction::Descending, |request| {
        let storage = &storage;
        async move {
            let slices = storage.ownership_changes_page(&groups, &request).await.expect("pages");
            assert_eq!(slices.len(), 4, "one entry for each record");
            assert!(slices[1].rows.is_empty() && !slices[1].has_more, "an empty list is empty");
            assert_eq!(slices[0], slices[3], "a record asked for twice is answered twice");
            (slices[2].rows.iter().map(|c| c.id).collect(), slices[2].has_more)
        }
    })
    .await;
}

/// Rule H9: what is to be given back, what was deleted since included; ascending by record, no more than asked for.
pub async fn what_a_reassignment_moved_is_found(storage: Arc<dyn Storage>) {
    let (ann, bob, cleo) = (user_id(1), user_id(2), user_id(3));
    let (deal, task, lead) = (record_id(RecordKind::Deal, 9), record_id(RecordKind::Task, 1), record_id(RecordKind::Lead, 5));
    let seed = Seed {
        users: (1..=3).map(|n| user(n, "Ann Lee")).collect(),
        records: vec![record(task.kind, 1, "Task", ann), record(deal.kind, 9, "Deal", bob), record(lead.kind, 5, "Lead", ann)],
        reassignments: (1..=2).map(|n| reassignment(n, ann)).collect(),
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let (this, other, none) = (ReassignmentId(uuid(1)), ReassignmentId(uuid(2)), ReassignmentId(uuid(7)));
    let context = |id| HandoverContext { reassignment: Some(id), ..handed_over_at(at(9)) };
    let mut tx = begin(&storage).await;
    let first = [handover(1, task, ann, cleo), handover(2, deal, bob, cleo), handover(3, lead, ann, bob)];
    assert_eq!(tx.records_reassign(&first, &context(this)).await.expect("reassign"), 3);
    assert_eq!(tx.records_reassign(&[handover(4, deal, cleo, ann)], &context(other)).await.expect("reassign"), 1);
    commit(tx).await;
    let found = |changes: Vec<OwnershipChange>| changes.iter().map(|c| (c.record, c.from, c.to, c.record_version)).collect::<Vec<_>>();
    let mut expected = [(task, ann, cleo, 2), (deal, bob, cleo, 2), (lead, ann, bob, 2)];
    expected.sort();
    assert_eq!(found(storage.ownership_changes_by_reassignment(this, 9).await.expect("changes")), expected, "ascending by record");
    assert_eq!(found(storage.ownership_changes_by_reassignment(this, 2).await.expect("changes")), expected[..2], "at most two");
    assert_eq!(found(storage.ownership_changes_by_reassignment(other, 9).await.expect("changes")), [(deal, cleo, ann, 3)]);
    assert_eq!(storage.ownership_changes_by_reassignment(none, 9).await.expect("changes"), []);
    let mut tx = begin(&storage).await;
    tx.records_delete(&[task]).await.expect("delete");
    let mut inside = found(tx.ownership_changes_by_reassignment(this, 9).await.expect("changes"));
    assert_eq!(inside, expected, "of a deleted record, too");
    commit(tx).await;
    inside = found(storage.ownership_changes_by_reassignment(this, 9).await.expect("changes"));
    assert_eq!(inside, expected, "of a deleted record, too");
}

/// Field by field, before and after.
pub async fn reassignments_come_back_and_are_replaced(storage: Arc<dyn Storage>) {
    let ann = user_id(1);
    let first = reassignment(1, ann);
    let counts = vec![RecordCount { kind: RecordKind::Deal, open: 2, closed: 1 }];
    let full = Reassignment {
        status: ReassignmentStatus::Failed,
        planned_count: 9,
        moved_count: 3,
        skipped_count: 1,
        remaining_count: Some(4),
        failure: Some(ReassignmentFailure::SuccessorNotEligible),
        lists: ReassignmentLists {
            moved_counts: counts.clone(),
            shares: vec![Share { successor: user_id(3), counts }],
            sources: vec![ann],
            skipped: vec![Skipped { record: record_id(RecordKind::Task, 1), reason: SkipReason::NotOwned }],
            successors: vec![user_id(3), user_id(2)],
        },
        requested_by: Actor::Token { owner: ann, token: AccessTokenId(uuid(5)), name: "Sync".into() },
        note: None,
        undoes: Some(first.id),
        finished_at: Some(at(70)),
        ..reassignment(2, ann)
    };
    let users = (1..=3).map(|n| user(n, "Ann")).collect();
    Seed { users, reassignments: vec![first.clone(), reassignment(2, ann)], ..Seed::default() }.sow(&storage).await;
    let everything = ReassignmentScope::everything();
    let ids = [2, 1, 9, 2].map(|n| ReassignmentId(uuid(n)));
    let mut read = storage.reassignments_by_id(&ids, &everything).await.expect("read");
    read.sort_by_key(|r| r.id);
    assert_eq!(read, [first, reassignment(2, ann)], "as inserted, each once");
    let mut tx = begin(&storage).await;
    tx.reassignment_update(&full).await.expect("update");
    commit(tx).await;
    assert_eq!(storage.reassignments_by_id(&ids[..1], &everything).await.expect("read"), [full], "as updated");
    let missing = begin(&storage).await.reassignment_update(&reassignment(9, ann)).await;
    assert!(matches!(missing, Err(StorageError::Conflict)), "expected Conflict, got {missing:?}");
}

/// Promise 4: asked for by the viewer, with a token of theirs, or to their benefit.
pub async fn hidden_reassignments_take_no_place_on_a_page(storage: Arc<dyn Storage>) {
    let created = [3, 1, 3, 2, 3, 1, 5];
    let (viewer, other) = (user_id(1), user_id(2));
    let mut rows: Vec<Reassignment> =
        (1..).zip(created).map(|(n, created)| Reassignment { created_at: at(created), ..reassignment(n, other) }).collect();
    Seed { users: vec![user(1, "Viewer"), user(2, "Other")], reassignments: rows.clone(), ..Seed::default() }.sow(&storage).await;
    rows.sort_by_key(|r| (r.created_at, r.id));
    for (what, pattern) in hidden_patterns(rows.len()) {
        for (n, (row, hidden)) in rows.iter_mut().zip(&pattern).enumerate() {
            row.lists.successors = if !hidden && n % 3 == 0 { vec![other, viewer] } else { vec![other] };
            row.requested_by = match n % 3 {
                1 if !hidden => Actor::User(viewer),
                2 if !hidden => Actor::Token { owner: viewer, token: AccessTokenId(uuid(5)), name: "Sync".into() },
                _ => Actor::User(other),
            };
            let mut tx = begin(&storage).await;
            tx.reassignment_update(row).await.expect("update");
            commit(tx).await;
        }
        let scope = for_suite::own_reassignments(viewer);
        let listed = |(r, hidden): (&Reassignment, &bool)| Listed {
            key: Key::new(SortValue::Time(r.created_at), r.id.0),
            id: r.id.0,
            shown: !hidden,
        };
        assert_cut(what, rows.iter().zip(&pattern).map(listed).collect(), Direction::Descending, |request| {
            let storage = &storage;
            async move {
                let slice = storage.reassignments_page(&scope, &request).await.expect("page");
                (slice.rows.iter().map(|r| r.id.0).collect(), slice.has_more)
            }
        })
        .await;
        let shown: Vec<Uuid> = rows.iter().zip(&pattern).filter(|(_, hidden)| !**hidden).map(|(r, _)| r.id.0).collect();
        assert_eq!(storage.reassignments_count(&scope).await.expect("count"), shown.len() as u64, "{what}: the count");
        let ids: Vec<ReassignmentId> = rows.iter().map(|r| r.id).collect();
        assert_eq!(storage.reassignments_by_id(&ids, &scope).await.expect("by ID").len(), shown.len(), "{what}: by ID");
    }
    let nothing = ReassignmentScope::Nothing;
    assert_eq!(storage.reassignments_count(&nothing).await.expect("count"), 0);
    assert_eq!(storage.reassignments_page(&nothing, &PageRequest::first(3)).await.expect("page").rows, []);
    assert_eq!(storage.reassignments_count(&ReassignmentScope::everything()).await.expect("count"), 7);
}

/// Rules L2, L3: like a handover, but the time of the last change stays, and the latest one whose account was deleted is noted.
pub async fn bequeathed_records_keep_their_place_and_tell_whose_they_were(storage: Arc<dyn Storage>) {
    let (ann, bob, cleo) = (user_id(1), user_id(2), user_id(3));
    let records = vec![
        Record { version: 4, ..record(RecordKind::Deal, 1, "Deal", ann) },
        Record { provenance: Some(cleo), ..record(RecordKind::Task, 1, "Task", ann) },
        Record { provenance: Some(cleo), ..record(RecordKind::Task, 2, "Another's", bob) },
    ];
    Seed { users: (1..=3).map(|n| user(n, "Ann Lee")).collect(), records: records.clone(), ..Seed::default() }.sow(&storage).await;
    let ids: Vec<RecordId> = records.iter().map(|r| r.id).collect();
    let context = HandoverContext { actor: Actor::User(cleo), at: at(50), reassignment: None };
    let handovers: Vec<Handover> = (1..).zip(&ids).map(|(n, id)| handover(n, *id, ann, UserId::SYSTEM)).collect();
    let mut tx = begin(&storage).await;
    assert_eq!(tx.records_bequeath(&[], &context).await.expect("nothing"), 0, "nothing to hand over");
    assert_eq!(tx.records_bequeath(&handovers, &context).await.expect("bequeath"), 2, "another's record is left alone");
    commit(tx).await;
    let mut read = storage.records_by_id(&ids, &RecordScope::everything()).await.expect("read");
    read.sort_by_key(|r| r.id);
    let moved = |r: &Record| Record { responsible: UserId::SYSTEM, provenance: Some(ann), version: r.version + 1, ..r.clone() };
    assert_eq!(read, [moved(&records[0]), moved(&records[1]), records[2].clone()], "nothing else changes");
    let changes = storage.ownership_changes_page(&ids, &PageRequest::first(5)).await.expect("changes");
    let told: Vec<_> =
        changes.iter().flat_map(|s| &s.rows).map(|c| (c.record, c.from, c.to, c.changed_at, c.reassignment, c.record_version)).collect();
    let change = |id, version| (id, ann, UserId::SYSTEM, at(50), None, version);
    assert_eq!(told, [change(ids[0], 5), change(ids[1], 2)], "with their history");
    let filter = RecordFilter { former_responsible: Some(vec![ann]), ..RecordFilter::default() };
    assert_eq!(storage.records_count(&RecordScope::everything(), &filter).await.expect("count"), 2, "found by whose they were");
}
