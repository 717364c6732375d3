use std::sync::Arc;

use super::fixtures::*;
use super::{begin, commit};
use crate::email::EmailRole;
use crate::id::AccessTokenId;
use crate::record::{Record, RecordKind};
use crate::secret::LinkPurpose;
use crate::storage::{Result, Storage, StorageError, Unique};
use crate::structure::Department;
use crate::user::Actor;

#[track_caller]
fn assert_taken<T: std::fmt::Debug>(result: Result<T>, unique: Unique, what: &str) {
    assert!(matches!(&result, Err(StorageError::Taken(taken)) if *taken == unique), "{what}: expected Taken({unique:?}), got {result:?}");
}

/// Rule I3: whatever the role and the spelling, dismissed holders included.
pub async fn an_address_has_one_holder(storage: Arc<dyn Storage>) {
    let users = vec![dismissed(1, "Ann Lee", at(0)), user(2, "Bob Ray")];
    let addresses = vec![held(user_id(1), "Ann@BÜCHER.example", &[EmailRole::PendingLogin])];
    Seed { users, addresses, ..Seed::default() }.sow(&storage).await;
    for role in EmailRole::ALL {
        let mut tx = begin(&storage).await;
        let put = tx.addresses_put(&[held(user_id(2), "ann@xn--bcher-kva.example", &[role])]).await;
        assert_taken(put, Unique::Address, "an address that somebody else holds");
    }
    let mut tx = begin(&storage).await;
    tx.addresses_remove(&["ann@xn--bcher-kva.example".into()]).await.expect("remove");
    tx.addresses_put(&[held(user_id(2), "ann@bücher.example", &[EmailRole::Login])]).await.expect("a freed address can be taken at once");
    commit(tx).await;
}

/// Rule I3, under concurrency: of two who take an address at the same time, one gets it and the other hears why not.
pub async fn two_rivals_for_an_address_get_one_winner(storage: Arc<dyn Storage>) {
    Seed { users: (1..=8).map(|n| user(n, "Rival")).collect(), ..Seed::default() }.sow(&storage).await;
    let rivals: Vec<_> = (1..=8)
        .map(|n| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move {
                loop {
                    let mut tx = begin(&storage).await;
                    match tx.addresses_put(&[held(user_id(n), "prize@example.com", &[EmailRole::Login])]).await {
                        Ok(()) => match tx.commit().await {
                            Ok(()) => return true,
                            Err(StorageError::Conflict) => {}
                            Err(error) => panic!("commit: {error:?}"),
                        },
                        Err(StorageError::Taken(Unique::Address)) => return false,
                        Err(StorageError::Conflict) => {}
                        Err(error) => panic!("expected Taken(Address), got {error:?}"),
                    }
                }
            })
        })
        .collect();
    let mut winners = 0;
    for rival in rivals {
        winners += u32::from(rival.await.expect("a rival"));
    }
    assert_eq!(winners, 1, "one address, one holder");
    let holders = storage.addresses_by_key(&["prize@example.com".into()]).await.expect("read");
    assert_eq!(holders.len(), 1, "the winner holds it");
}

/// Every table that names `Taken(Id)`.
pub async fn identifiers_are_taken_once(storage: Arc<dyn Storage>) {
    let ann = user(1, "Ann Lee");
    let task = record(RecordKind::Task, 1, "Call", ann.id);
    let seed = Seed {
        users: vec![ann.clone()],
        departments: vec![department(1, "Sales")],
        workgroups: vec![workgroup(1, "Fair")],
        records: vec![task],
        sessions: vec![session(1, &ann)],
        access_tokens: vec![access_token(1, ann.id)],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    assert_taken(begin(&storage).await.users_insert(&[user(1, "Other")]).await, Unique::Id, "a user's ID");
    assert_taken(begin(&storage).await.departments_insert(&[department(1, "Other")]).await, Unique::Id, "a department's ID");
    assert_taken(begin(&storage).await.workgroups_insert(&[workgroup(1, "Other")]).await, Unique::Id, "a workgroup's ID");
    let other = record(RecordKind::Task, 1, "Other", ann.id);
    assert_taken(begin(&storage).await.records_insert(&[other]).await, Unique::Id, "a record's ID");
    assert_taken(begin(&storage).await.session_insert(&session(1, &ann)).await, Unique::Id, "a session's ID");
    let token = crate::credential::AccessToken { hash: hash(9), ..access_token(1, ann.id) };
    assert_taken(begin(&storage).await.access_token_insert(&token).await, Unique::Id, "an access token's ID");
    // Within one call, too.
    let twins = [user(2, "Twin"), user(2, "Twin")];
    assert_taken(begin(&storage).await.users_insert(&twins).await, Unique::Id, "two users of one call");
}

/// By sort key: case and accents make no difference, signs and spaces do. The top is a parent like any other.
pub async fn a_department_name_is_unique_under_its_parent(storage: Arc<dyn Storage>) {
    let below = |n, name: &str, parent| Department { parent: Some(department_id(parent)), ..department(n, name) };
    let departments = vec![department(1, "Sales"), department(2, "Research"), below(3, "Team-A", 1)];
    Seed { departments, ..Seed::default() }.sow(&storage).await;
    let top = begin(&storage).await.departments_insert(&[department(4, "SALÈS")]).await;
    assert_taken(top, Unique::DepartmentName, "a name at the top");
    let same = begin(&storage).await.departments_insert(&[below(4, "team-a", 1)]).await;
    assert_taken(same, Unique::DepartmentName, "a name under a parent");
    let mut tx = begin(&storage).await;
    let others = [below(4, "Team-A", 2), below(5, "Team A", 1), below(6, "TeamA", 1), department(7, "Team-A")];
    tx.departments_insert(&others).await.expect("other names, and the same name elsewhere");
    commit(tx).await;
}

/// By sort key.
pub async fn a_workgroup_name_is_unique(storage: Arc<dyn Storage>) {
    Seed { workgroups: vec![workgroup(1, "Trade fair")], ..Seed::default() }.sow(&storage).await;
    let same = begin(&storage).await.workgroups_insert(&[extranet(2, "TRADE Fáir")]).await;
    assert_taken(same, Unique::WorkgroupName, "a name that differs in case and accents only");
    let mut tx = begin(&storage).await;
    tx.workgroups_insert(&[workgroup(2, "Trade-fair"), workgroup(3, "Tradefair")]).await.expect("names that differ in their bytes");
    commit(tx).await;
}

/// Byte by byte; nothing is unique about having none.
pub async fn an_external_id_is_unique_within_its_kind(storage: Arc<dyn Storage>) {
    let with = |kind, n, id: Option<&str>| Record { external_id: id.map(Into::into), ..record(kind, n, "Acme", user_id(1)) };
    let records = vec![with(RecordKind::Deal, 1, Some("crm-1")), with(RecordKind::Deal, 2, None)];
    Seed { users: vec![user(1, "Ann Lee")], records, ..Seed::default() }.sow(&storage).await;
    let inserted = begin(&storage).await.records_insert(&[with(RecordKind::Deal, 3, Some("crm-1"))]).await;
    assert_taken(inserted, Unique::ExternalId, "an external ID on insert");
    let updated = begin(&storage).await.records_update(&[with(RecordKind::Deal, 2, Some("crm-1"))]).await;
    assert_taken(updated, Unique::ExternalId, "an external ID on update");
    let mut tx = begin(&storage).await;
    let others = [
        with(RecordKind::Lead, 3, Some("crm-1")),
        with(RecordKind::Deal, 4, Some("CRM-1")),
        with(RecordKind::Deal, 5, Some("crm-1 ")),
        with(RecordKind::Deal, 6, Some("crm-¹")),
        with(RecordKind::Deal, 7, None),
    ];
    tx.records_insert(&others).await.expect("other kinds, other bytes, and none");
    tx.records_update(&[with(RecordKind::Deal, 1, Some("crm-1"))]).await.expect("one's own external ID");
    commit(tx).await;
}

/// Refresh tokens, access tokens, invitations, links: each among its own.
pub async fn a_secret_is_unique(storage: Arc<dyn Storage>) {
    let ann = user(1, "Ann Lee");
    let seed = Seed {
        users: vec![ann.clone(), invited(2, "Bob Ray"), invited(3, "Cleo Fox")],
        sessions: vec![session(1, &ann)],
        refresh_tokens: vec![refresh_token(1, session(1, &ann).id)],
        access_tokens: vec![access_token(1, ann.id)],
        invitations: vec![invitation(1, user_id(2), Actor::User(ann.id))],
        links: vec![link(1, ann.id, LinkPurpose::LoginEmail)],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let refresh = begin(&storage).await.refresh_token_insert(&refresh_token(1, session(1, &ann).id)).await;
    assert_taken(refresh, Unique::Secret, "a refresh token");
    let token = crate::credential::AccessToken { id: AccessTokenId(uuid(2)), ..access_token(1, ann.id) };
    assert_taken(begin(&storage).await.access_token_insert(&token).await, Unique::Secret, "an access token");
    let invitation = begin(&storage).await.invitation_put(&invitation(1, user_id(3), Actor::User(ann.id))).await;
    assert_taken(invitation, Unique::Secret, "an invitation");
    for taken in [link(1, ann.id, LinkPurpose::PasswordReset), link(1, user_id(2), LinkPurpose::LoginEmail)] {
        assert_taken(begin(&storage).await.link_put(&taken).await, Unique::Secret, "a link");
    }
}
