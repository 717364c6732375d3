use std::sync::Arc;
use std::time::Duration;

use super::fixtures::*;
use super::{begin, commit};
use crate::id::ReassignmentId;
use crate::policy::{ReassignmentScope, RecordScope, for_suite};
use crate::record::{Record, RecordFilter, RecordKind};
use crate::storage::{LockMode, Result, Storage, StorageError, Transaction};
use crate::user::User;

const RIVALS: u64 = 20;

/// One try of a unit of work.
type Attempt<'a> = std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// Performs a unit of work in each of many tasks at once; a lost race is tried again.
async fn race(storage: &Arc<dyn Storage>, rivals: u64, work: for<'a> fn(&'a mut dyn Transaction, u64) -> Attempt<'a>) {
    let tasks: Vec<_> = (0..rivals)
        .map(|n| {
            let storage = Arc::clone(storage);
            tokio::spawn(async move {
                for attempt in 0..50 {
                    let outcome = async {
                        let mut tx = storage.begin().await?;
                        work(&mut *tx, n).await?;
                        tx.commit().await
                    };
                    match outcome.await {
                        Ok(()) => return,
                        Err(StorageError::Conflict) => tokio::time::sleep(Duration::from_millis(5 * (attempt + n))).await,
                        Err(error) => panic!("a lost race is a Conflict, not {error:?}"),
                    }
                }
                panic!("lost the race 50 times");
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a rival");
    }
}

/// A little time between looking and writing, for others to come in between if they can.
async fn dawdle() {
    tokio::time::sleep(Duration::from_millis(3)).await;
}

/// Promise 3: rows come back in the order in which they are locked, each once, unknown ones left out.
pub async fn locks_return_rows_in_ascending_order(storage: Arc<dyn Storage>) {
    // The second call is somebody else's.
    let caller = |n| user_id(if n == 2 { 2 } else { 1 });
    let activity = |n| Record { subject: Some(record_id(RecordKind::Deal, 1)), ..record(RecordKind::Activity, n, "Call", caller(n)) };
    let deals = (1..=3).map(|n| record(RecordKind::Deal, n, "Deal", user_id(1)));
    let seed = Seed {
        users: (1..=4).map(|n| user(n, "Ann Lee")).collect(),
        workgroups: (1..=3).map(|n| workgroup(n, &format!("Group {n}"))).collect(),
        records: deals.chain([record(RecordKind::Task, 1, "Task", user_id(1))]).chain((1..=3).map(activity)).collect(),
        reassignments: (1..=3).map(|n| reassignment(n, caller(n))).collect(),
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let mut tx = begin(&storage).await;
    let exclusive = |n| (user_id(n), LockMode::Exclusive);
    let users =
        tx.users_lock(&[exclusive(3), exclusive(1), (user_id(3), LockMode::Shared), exclusive(99), exclusive(2)]).await.expect("users");
    assert_eq!(users.iter().map(|u| u.id).collect::<Vec<_>>(), [user_id(1), user_id(2), user_id(3)], "users_lock");
    let workgroups = tx.workgroups_lock(&[workgroup_id(3), workgroup_id(1), workgroup_id(99), workgroup_id(3)]).await.expect("workgroups");
    assert_eq!(workgroups.iter().map(|w| w.id).collect::<Vec<_>>(), [workgroup_id(1), workgroup_id(3)], "workgroups_lock");

    let (task, deal) = (record_id(RecordKind::Task, 1), |n| record_id(RecordKind::Deal, n));
    let ids = [task, deal(3), deal(1), deal(3), deal(99)];
    let lines = tx.records_lock_by_id(&ids, &RecordScope::everything()).await.expect("records");
    assert_eq!(lines.iter().map(|l| l.id).collect::<Vec<_>>(), [deal(1), deal(3), task], "records_lock_by_id");
    let kinds = RecordFilter { kinds: Some(vec![RecordKind::Task, RecordKind::Deal]), ..RecordFilter::default() };
    let lines = tx.records_lock_matching(&RecordScope::everything(), &kinds, 10).await.expect("records");
    assert_eq!(lines.iter().map(|l| l.id).collect::<Vec<_>>(), [deal(1), deal(2), deal(3), task], "records_lock_matching");
    let lines = tx.records_lock_matching(&RecordScope::everything(), &kinds, 2).await.expect("records");
    assert_eq!(lines.iter().map(|l| l.id).collect::<Vec<_>>(), [deal(1), deal(2)], "records_lock_matching, at most two");
    let lines = tx.records_lock_activities_of(&[deal(2), deal(1)], 2).await.expect("activities");
    let activity = |n| record_id(RecordKind::Activity, n);
    assert_eq!(lines.iter().map(|l| l.id).collect::<Vec<_>>(), [activity(1), activity(3)], "records_lock_activities_of, two of the same person");
    let lines = tx.records_lock_activities_of(&[deal(1)], 1).await.expect("activities");
    assert_eq!(lines.iter().map(|l| l.id).collect::<Vec<_>>(), [activity(1)], "records_lock_activities_of, at most one");
    assert_eq!(lines[0].subject, Some(deal(1)));

    let job = |n| ReassignmentId(uuid(n));
    let everything = ReassignmentScope::everything();
    let jobs = tx.reassignments_lock(&[job(3), job(1), job(3), job(99)], &everything).await.expect("reassignments");
    assert_eq!(jobs.iter().map(|r| r.id).collect::<Vec<_>>(), [job(1), job(3)], "reassignments_lock");
    let own = for_suite::own_reassignments(user_id(2));
    let jobs = tx.reassignments_lock(&[job(3), job(2), job(1)], &own).await.expect("reassignments");
    assert_eq!(jobs.iter().map(|r| r.id).collect::<Vec<_>>(), [job(2)], "reassignments_lock, within the scope");
}

/// Promise 3, for reassignments: of two who give the same one back, the second finds it given back (rule H9).
pub async fn a_reassignment_is_held_by_one_at_a_time(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann Lee")], reassignments: vec![reassignment(1, user_id(1))], ..Seed::default() }.sow(&storage).await;
    race(&storage, RIVALS, |tx, _| {
        Box::pin(async move {
            let everything = ReassignmentScope::everything();
            let mut job = tx.reassignments_lock(&[ReassignmentId(uuid(1))], &everything).await?.pop().expect("the reassignment");
            dawdle().await;
            job.moved_count += 1;
            tx.reassignment_update(&job).await
        })
    })
    .await;
    let read = storage.reassignments_by_id(&[ReassignmentId(uuid(1))], &ReassignmentScope::everything()).await.expect("read");
    assert_eq!(u64::from(read[0].moved_count), RIVALS, "an increment was lost");
}

/// Promise 3: who gets the lock sees what the one before them committed.
pub async fn twenty_increments_of_a_person_are_twenty(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann Lee")], ..Seed::default() }.sow(&storage).await;
    race(&storage, RIVALS, |tx, _| {
        Box::pin(async move {
            let mut ann = tx.users_lock(&[(user_id(1), LockMode::Exclusive)]).await?.pop().expect("Ann");
            dawdle().await;
            ann.version += 1;
            tx.user_update(&ann).await
        })
    })
    .await;
    let ann = storage.users_by_id(&[user_id(1)]).await.expect("read").pop().expect("Ann");
    assert_eq!(ann.version, 1 + RIVALS as i32, "an increment was lost");
}

/// Promise 3, for the row that counting depends on (rules I1, I2).
pub async fn twenty_increments_of_the_settings_are_twenty(storage: Arc<dyn Storage>) {
    race(&storage, RIVALS, |tx, _| {
        Box::pin(async move {
            let mut settings = tx.settings_lock().await?;
            dawdle().await;
            settings.version += 1;
            tx.settings_update(&settings).await
        })
    })
    .await;
    assert_eq!(storage.settings().await.expect("read").version, 1 + RIVALS as i32, "an increment was lost");
}

/// Promise 3, for records.
pub async fn twenty_increments_of_a_record_are_twenty(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann Lee")], records: vec![record(RecordKind::Deal, 1, "Deal", user_id(1))], ..Seed::default() }
        .sow(&storage)
        .await;
    race(&storage, RIVALS, |tx, _| {
        Box::pin(async move {
            let line = tx.records_lock_by_id(&[record_id(RecordKind::Deal, 1)], &RecordScope::everything()).await?.pop().expect("the deal");
            dawdle().await;
            let version = line.version + 1;
            tx.records_update(&[Record { version, ..record(RecordKind::Deal, 1, "Deal", user_id(1)) }]).await
        })
    })
    .await;
    let deal =
        storage.records_by_id(&[record_id(RecordKind::Deal, 1)], &RecordScope::everything()).await.expect("read").pop().expect("the deal");
    assert_eq!(deal.version, 1 + RIVALS as i32, "an increment was lost");
}

/// Promise 3, for workgroups, whose memberships are counted under their lock (rule R4).
pub async fn a_workgroup_is_held_by_one_at_a_time(storage: Arc<dyn Storage>) {
    let users = (1..=RIVALS).map(|n| user(n, "Rival")).collect();
    Seed { users, workgroups: vec![workgroup(1, "Fair")], ..Seed::default() }.sow(&storage).await;
    race(&storage, RIVALS, |tx, n| {
        Box::pin(async move {
            assert_eq!(tx.workgroups_lock(&[workgroup_id(1)]).await?.len(), 1);
            // Everybody puts themself behind those who are there: two who looked at the same time would stand in the same place.
            let groups = crate::structure::MembershipGroups::OfWorkgroup(vec![workgroup_id(1)]);
            let there = tx.memberships_count_in_groups(&groups, &crate::policy::WorkgroupScope::everything()).await?[0];
            dawdle().await;
            let joined_at = at(there as i64);
            tx.memberships_put(&[crate::structure::Membership { joined_at, ..member(workgroup_id(1), user_id(n + 1)) }]).await
        })
    })
    .await;
    let ids: Vec<_> = (1..=RIVALS).map(user_id).collect();
    let mut places: Vec<_> = storage.memberships_by_user(&ids).await.expect("read").into_iter().map(|m| m.joined_at).collect();
    places.sort();
    assert_eq!(places, (0..RIVALS as i64).map(at).collect::<Vec<_>>(), "two held the workgroup at the same time");
}

/// Promise 3, for the activities that follow a record (rule H4).
pub async fn activities_are_held_by_one_at_a_time(storage: Arc<dyn Storage>) {
    let deal = record(RecordKind::Deal, 1, "Deal", user_id(1));
    let call = Record { subject: Some(deal.id), ..record(RecordKind::Activity, 1, "Call", user_id(1)) };
    Seed { users: vec![user(1, "Ann Lee")], records: vec![deal, call], ..Seed::default() }.sow(&storage).await;
    race(&storage, RIVALS, |tx, _| {
        Box::pin(async move {
            let subject = record_id(RecordKind::Deal, 1);
            let version = tx.records_lock_activities_of(&[subject], 10).await?.pop().expect("the call").version + 1;
            dawdle().await;
            let call = Record { subject: Some(subject), version, ..record(RecordKind::Activity, 1, "Call", user_id(1)) };
            tx.records_update(&[call]).await
        })
    })
    .await;
    let call = storage
        .records_by_id(&[record_id(RecordKind::Activity, 1)], &RecordScope::everything())
        .await
        .expect("read")
        .pop()
        .expect("the call");
    assert_eq!(call.version, 1 + RIVALS as i32, "an increment was lost");
}

/// Promise 3: a row that matched before one waited for it, and does not any more, is not handed out (rule H7: no record is moved twice).
pub async fn records_locked_by_a_filter_are_as_they_stand_now(storage: Arc<dyn Storage>) {
    let users = (1..=RIVALS + 1).map(|n| user(n, "Rival")).collect();
    let records = (1..=5).map(|n| record(RecordKind::Lead, n, "Lead", user_id(RIVALS + 1))).collect();
    Seed { users, records, ..Seed::default() }.sow(&storage).await;
    race(&storage, RIVALS, |tx, n| {
        Box::pin(async move {
            let source = user_id(RIVALS + 1);
            let theirs = RecordFilter { responsible: Some(vec![source]), ..RecordFilter::default() };
            let lines = tx.records_lock_matching(&RecordScope::everything(), &theirs, 2).await?;
            dawdle().await;
            assert!(lines.iter().all(|l| l.responsible == source), "a row was handed out that does not match any more");
            let handovers: Vec<_> = (100 * (n + 1)..).zip(&lines).map(|(id, l)| handover(id, l.id, source, user_id(n + 1))).collect();
            let moved = tx.records_reassign(&handovers, &handed_over_at(at(1))).await?;
            assert_eq!(moved as usize, lines.len(), "a locked record was moved by somebody else");
            Ok(())
        })
    })
    .await;
    let ids: Vec<_> = (1..=5).map(|n| record_id(RecordKind::Lead, n)).collect();
    let changes = storage.ownership_changes_count(&ids).await.expect("read");
    assert_eq!(changes, [1, 1, 1, 1, 1], "each record is moved exactly once");
}

/// Promise 3: two may hold a row together as long as neither changes it; who wants to change it waits for both.
pub async fn shared_locks_coexist_and_keep_changes_out(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann Lee")], ..Seed::default() }.sow(&storage).await;
    let version = |users: Vec<User>| users.first().map(|u| u.version);
    let mut first = begin(&storage).await;
    let before = version(first.users_lock(&[(user_id(1), LockMode::Shared)]).await.expect("a shared lock"));
    // A storage that lets one write at a time makes the second wait for the first; both ways are right, a Conflict is not.
    let second = tokio::spawn({
        let storage = Arc::clone(&storage);
        async move {
            let mut tx = begin(&storage).await;
            let ann = tx.users_lock(&[(user_id(1), LockMode::Shared)]).await.expect("shared locks of two transactions coexist");
            assert_eq!(ann.len(), 1);
            commit(tx).await;
        }
    });
    let changer = tokio::spawn({
        let storage = Arc::clone(&storage);
        async move {
            let mut tx = begin(&storage).await;
            let mut ann = tx.users_lock(&[(user_id(1), LockMode::Exclusive)]).await.expect("an exclusive lock").pop().expect("Ann");
            ann.version += 1;
            tx.user_update(&ann).await.expect("update");
            commit(tx).await;
        }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let now = version(first.users_by_id(&[user_id(1)]).await.expect("read"));
    assert_eq!(now, before, "a row changed under a shared lock");
    let outside = version(storage.users_by_id(&[user_id(1)]).await.expect("read"));
    assert_eq!(outside, before, "a change was committed under a shared lock of somebody else");
    commit(first).await;
    second.await.expect("the second holder");
    changer.await.expect("the changer");
    assert_eq!(version(storage.users_by_id(&[user_id(1)]).await.expect("read")), before.map(|v| v + 1), "the change came after all");
}

/// Promise 3: nobody waits for ever; the race counts as lost.
pub async fn who_waits_too_long_loses_the_race(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann Lee")], ..Seed::default() }.sow(&storage).await;
    let mut holder = begin(&storage).await;
    holder.users_lock(&[(user_id(1), LockMode::Exclusive)]).await.expect("lock");
    let waiting = async {
        let mut tx = storage.begin().await?;
        tx.users_lock(&[(user_id(1), LockMode::Exclusive)]).await
    };
    let outcome = tokio::time::timeout(Duration::from_secs(12), waiting).await.expect("who waits for a lock is told after a while");
    assert!(matches!(outcome, Err(StorageError::Conflict)), "expected Conflict, got {outcome:?}");
    commit(holder).await;
}

/// Promise 3: a circle is broken, and the loser can try again.
pub async fn two_who_lock_crosswise_both_finish(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann Lee"), user(2, "Bob Ray")], ..Seed::default() }.sow(&storage).await;
    race(&storage, 2, |tx, n| {
        Box::pin(async move {
            for id in [user_id(1 + n), user_id(2 - n)] {
                let mut user = tx.users_lock(&[(id, LockMode::Exclusive)]).await?.pop().expect("somebody");
                tokio::time::sleep(Duration::from_millis(50)).await;
                user.version += 1;
                tx.user_update(&user).await?;
            }
            Ok(())
        })
    })
    .await;
    let users = storage.users_by_id(&[user_id(1), user_id(2)]).await.expect("read");
    assert!(users.iter().all(|u| u.version == 3), "each was changed twice: {users:?}");
}
