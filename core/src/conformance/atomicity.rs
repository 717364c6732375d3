use std::sync::Arc;

use super::fixtures::*;
use super::{begin, commit};
use crate::credential::EndedCredentials;
use crate::email::EmailRole;
use crate::id::UserId;
use crate::policy::{RecordScope, UserScope, WorkgroupScope};
use crate::record::RecordKind;
use crate::settings::Settings;
use crate::storage::{Storage, StorageError, Transaction, Unique};
use crate::user::UserFilter;

/// Writes something of everything.
async fn write_everything(tx: &mut dyn Transaction) {
    let mut ann = user(1, "Ann Lee");
    ann.is_administrator = true;
    let task = record(RecordKind::Task, 1, "Call back", ann.id);
    tx.settings_update(&Settings { version: 2, ..Settings::initial() }).await.expect("settings");
    tx.departments_insert(&[department(1, "Sales")]).await.expect("department");
    tx.users_insert(std::slice::from_ref(&ann)).await.expect("user");
    tx.addresses_put(&[held(ann.id, "ann@example.com", &[EmailRole::Login])]).await.expect("address");
    tx.workgroups_insert(&[workgroup(1, "Fair")]).await.expect("workgroup");
    tx.memberships_put(&[member(workgroup_id(1), ann.id)]).await.expect("membership");
    tx.records_insert(std::slice::from_ref(&task)).await.expect("record");
    tx.reassignment_insert(&reassignment(1, ann.id)).await.expect("reassignment");
    tx.records_reassign(&[handover(1, task.id, ann.id, UserId::SYSTEM)], &handed_over_at(at(1))).await.expect("handover");
    tx.session_insert(&session(1, &ann)).await.expect("session");
    tx.access_token_insert(&access_token(1, ann.id)).await.expect("token");
    tx.password_set(ann.id, Some(&password("x"))).await.expect("password");
    tx.mails_insert(&[mail(1)]).await.expect("mail");
    tx.events_append(&[event(1, ann.id)]).await.expect("event");
}

/// How much of [`write_everything`] can be seen, as one number for each kind of row.
async fn traces(read: &dyn crate::storage::Read) -> Vec<u64> {
    let ann = user_id(1);
    let groups = crate::structure::MembershipGroups::OfUser(vec![ann]);
    let EndedCredentials { sessions, tokens } = read.live_credentials(&[ann], at(1)).await.expect("credentials")[0];
    vec![
        u64::from(read.settings().await.expect("settings").version == 2),
        read.departments_count().await.expect("departments"),
        read.users_by_id(&[ann]).await.expect("users").len() as u64,
        read.users_count(&UserScope::everybody(), &UserFilter::default()).await.expect("users"),
        u64::from(read.administrators_count().await.expect("administrators")),
        u64::from(read.seat_counts().await.expect("seats").used()),
        read.addresses_by_user(&[ann]).await.expect("addresses").len() as u64,
        read.workgroups_count(&WorkgroupScope::everything(), None).await.expect("workgroups"),
        read.memberships_count_in_groups(&groups, &WorkgroupScope::everything()).await.expect("memberships")[0],
        read.records_count(&RecordScope::everything(), &Default::default()).await.expect("records"),
        read.ownership_changes_count(&[record_id(RecordKind::Task, 1)]).await.expect("changes")[0],
        read.reassignments_count(&crate::policy::ReassignmentScope::everything()).await.expect("reassignments"),
        u64::from(sessions),
        u64::from(tokens),
        u64::from(read.password_by_user(ann).await.expect("password").is_some()),
        read.mails_count().await.expect("mails").0,
        read.events_after(0, 10).await.expect("events").len() as u64,
    ]
}

/// Promise 1: dropping undoes everything.
pub async fn a_dropped_transaction_leaves_nothing(storage: Arc<dyn Storage>) {
    let before = traces(&*storage).await;
    let mut tx = begin(&storage).await;
    write_everything(&mut *tx).await;
    drop(tx);
    assert_eq!(traces(&*storage).await, before, "a dropped transaction left something");
    // Nothing that was undone stands in the way.
    let mut tx = begin(&storage).await;
    write_everything(&mut *tx).await;
    commit(tx).await;
    assert_eq!(traces(&*storage).await, vec![1; before.len()], "the same writes, committed");
}

/// Promise 1: nothing is visible to others before the commit, everything after it.
pub async fn a_commit_shows_everything_at_once(storage: Arc<dyn Storage>) {
    let before = traces(&*storage).await;
    let mut tx = begin(&storage).await;
    write_everything(&mut *tx).await;
    assert_eq!(traces(&*storage).await, before, "others saw something before the commit");
    commit(tx).await;
    assert_eq!(traces(&*storage).await, vec![1; before.len()], "others missed something after the commit");
}

/// Promise 1: inside, one sees what one wrote oneself.
pub async fn a_transaction_reads_what_it_wrote(storage: Arc<dyn Storage>) {
    let mut tx = begin(&storage).await;
    write_everything(&mut *tx).await;
    let seen = traces(&*tx).await;
    assert_eq!(seen, vec![1; seen.len()], "a transaction missed what it wrote itself");
}

/// Promises 1 and 2: what a unit of work wrote before it was refused is gone with it.
pub async fn a_refused_write_leaves_nothing_after_rollback(storage: Arc<dyn Storage>) {
    let seed = Seed {
        users: vec![user(1, "Ann Lee")],
        addresses: vec![held(user_id(1), "ann@example.com", &[EmailRole::Login])],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let mut tx = begin(&storage).await;
    tx.users_insert(&[user(2, "Bob Ray")]).await.expect("insert");
    let refused = tx.addresses_put(&[held(user_id(2), "ANN@example.com", &[EmailRole::Contact])]).await;
    assert!(matches!(refused, Err(StorageError::Taken(Unique::Address))), "expected Taken(Address), got {refused:?}");
    drop(tx);
    assert_eq!(storage.users_by_id(&[user_id(2)]).await.expect("read"), [], "the rest of a refused unit of work stayed");
}
