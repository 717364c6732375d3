use std::sync::Arc;

use super::fixtures::*;
use super::{begin, commit};
use crate::email::{EmailRole, HeldAddress};
use crate::id::{AccessTokenId, UserId};
use crate::permission::{Permission, PermissionSet};
use crate::policy::UserScope;
use crate::record::{ParticipantRole, RecordKind};
use crate::settings::{SeatCounts, Settings};
use crate::secret::LinkPurpose;
use crate::storage::{Storage, StorageError};
use crate::structure::{Department, Membership};
use crate::time::Timestamp;
use crate::user::{Actor, Dismissal, FormerPerson, User, UserFilter, UserKind, UserStatus};

/// What is there after the first start; it can be reached, and empty questions have empty answers.
pub async fn a_fresh_storage_holds_settings_and_system_user(storage: Arc<dyn Storage>) {
    storage.ping().await.expect("ping");
    assert_eq!(storage.settings().await.expect("settings"), Settings::initial());
    let users = storage.users_by_id(&[UserId::SYSTEM, UserId::SYSTEM, user_id(1)]).await.expect("users");
    assert_eq!(users.len(), 1, "each person once, unknown ones left out");
    assert_eq!((users[0].id, users[0].status, users[0].display_name()), (UserId::SYSTEM, UserStatus::System, "System".into()));
    assert_eq!(storage.users_by_id(&[]).await.expect("nobody"), []);
    assert_eq!(
        storage.users_count(&UserScope::everybody(), &UserFilter::default()).await.expect("count"),
        0,
        "the System User is in no count"
    );
    assert_eq!(storage.seat_counts().await.expect("seats").used(), 0, "the System User holds no seat");
    assert_eq!(storage.administrators_count().await.expect("administrators"), 0);
}

/// Field by field; addresses come from their own rows, by role.
pub async fn people_come_back_as_they_were_written(storage: Arc<dyn Storage>) {
    let dismissal = Dismissal {
        dismissed_at: Timestamp(1_767_225_600_123_000),
        dismissed_by: Actor::Token { owner: user_id(1), token: AccessTokenId(uuid(7)), name: "HR „sync“".into() },
        reason: Some("Left".into()),
        note: Some("Two\nlines".into()),
    };
    let full = User {
        version: 41,
        epoch: 5,
        status: UserStatus::Dismissed,
        kind: UserKind::Extranet,
        is_administrator: true,
        personal_permissions: [Permission::UsersDismiss, Permission::Administrate].into_iter().collect(),
        job_title: Some("Ünïcode 中 🦀".into()),
        avatar_url: Some("https://example.com/a.png".into()),
        department: Some(department_id(1)),
        manager: Some(user_id(1)),
        dismissal: Some(dismissal),
        created_at: Timestamp::MIN,
        updated_at: Timestamp::MAX,
        ..user(2, "Élodie van der Berg")
    };
    // Written here they must be passed over.
    let given = User { login_email: Some(email("wrong@example.com")), ..full.clone() };
    let addresses = vec![
        held(full.id, "Elodie@Example.com", &[EmailRole::Login]),
        held(full.id, "e.berg@bücher.example", &[EmailRole::Contact]),
        held(full.id, "new@example.com", &[EmailRole::PendingLogin]),
    ];
    let departments = vec![department(1, "Sales")];
    Seed { users: vec![user(1, "Ann Lee"), given], departments, addresses, ..Seed::default() }.sow(&storage).await;
    let full = User { login_email: Some(email("Elodie@Example.com")), contact_email: Some(email("e.berg@bücher.example")), ..full };
    let read = storage.users_by_id(&[full.id]).await.expect("read");
    assert_eq!(read, std::slice::from_ref(&full), "what was inserted");

    let plain = User {
        version: 42,
        personal_permissions: PermissionSet::NONE,
        job_title: None,
        avatar_url: None,
        department: None,
        manager: None,
        was_active: false,
        dismissal: None,
        status: UserStatus::Invited,
        ..full.clone()
    };
    let mut tx = begin(&storage).await;
    tx.user_update(&User { login_email: None, contact_email: None, ..plain.clone() }).await.expect("update");
    commit(tx).await;
    assert_eq!(storage.users_by_id(&[full.id]).await.expect("read"), [plain], "what was updated, with the addresses left alone");
}

/// Every field, read back in and outside the transaction.
pub async fn settings_are_replaced(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann Lee")], ..Seed::default() }.sow(&storage).await;
    let settings = Settings {
        version: 9,
        show_dismissed_users: true,
        employee_permissions: [Permission::AuditRead].into_iter().collect(),
        updated_at: at(5),
        updated_by: Actor::User(user_id(1)),
    };
    let mut tx = begin(&storage).await;
    assert_eq!(tx.settings_lock().await.expect("lock"), Settings::initial());
    tx.settings_update(&settings).await.expect("update");
    assert_eq!(tx.settings().await.expect("read"), settings);
    commit(tx).await;
    assert_eq!(storage.settings().await.expect("read"), settings);
}

/// A row that is gone was lost in a race.
pub async fn a_person_who_is_not_there_cannot_be_updated(storage: Arc<dyn Storage>) {
    let updated = begin(&storage).await.user_update(&user(1, "Nobody")).await;
    assert!(matches!(updated, Err(StorageError::Conflict)), "expected Conflict, got {updated:?}");
    let mut tx = begin(&storage).await;
    tx.user_delete(user_id(1)).await.expect("deleting nobody is nothing");
    commit(tx).await;
}

/// Rules I1 and I2.
pub async fn seats_and_administrators_are_counted(storage: Arc<dyn Storage>) {
    let administrator = |user| User { is_administrator: true, ..user };
    let users = vec![
        administrator(user(1, "A")),
        administrator(user(2, "B")),
        user(3, "C"),
        administrator(external(4, "D")),
        administrator(invited(5, "E")),
        User { kind: UserKind::Extranet, ..invited(6, "F") },
        administrator(dismissed(7, "G", at(0))),
    ];
    Seed { users, ..Seed::default() }.sow(&storage).await;
    let seats = SeatCounts { active_intranet: 3, active_extranet: 1, invited: 2 };
    assert_eq!(storage.seat_counts().await.expect("seats"), seats);
    assert_eq!(storage.administrators_count().await.expect("administrators"), 2, "ACTIVE INTRANET administrators alone");
    let mut tx = begin(&storage).await;
    tx.user_update(&dismissed(2, "B", at(1))).await.expect("update");
    assert_eq!(tx.administrators_count().await.expect("administrators"), 1, "a transaction counts what it wrote");
}

/// Rule V3: both lasting members, both of an extranet workgroup, the other one ACTIVE.
pub async fn companions_share_an_extranet_workgroup(storage: Arc<dyn Storage>) {
    let (outside, other, inside) = (workgroup_id(1), workgroup_id(2), workgroup_id(3));
    let left = |membership| Membership { left_at: Some(at(9)), ..membership };
    let seed = Seed {
        users: vec![
            external(1, "Viewer"),
            user(2, "Companion"),
            external(3, "Of another group"),
            user(4, "Inside only"),
            dismissed(5, "Leaver", at(0)),
            user(6, "Who left"),
            invited(7, "Guest"),
            user(8, "Twice"),
        ],
        workgroups: vec![extranet(1, "One"), extranet(2, "Two"), workgroup(3, "Inside"), extranet(4, "Left by the viewer")],
        memberships: vec![
            member(outside, user_id(1)),
            member(other, user_id(1)),
            member(inside, user_id(1)),
            left(member(workgroup_id(4), user_id(1))),
            member(outside, user_id(2)),
            member(workgroup_id(4), user_id(3)),
            member(inside, user_id(4)),
            member(outside, user_id(5)),
            left(member(outside, user_id(6))),
            member(outside, user_id(7)),
            member(outside, user_id(8)),
            member(other, user_id(8)),
        ],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let ids: Vec<UserId> = (2..=9).map(user_id).collect();
    let mut companions = storage.user_companions(user_id(1), &ids).await.expect("companions");
    companions.sort();
    assert_eq!(companions, [user_id(2), user_id(8)], "companions of the viewer");
    assert_eq!(storage.user_companions(user_id(1), &[user_id(4)]).await.expect("companions"), [], "nobody but those asked for");
    assert_eq!(storage.user_companions(user_id(4), &ids).await.expect("companions"), [], "an inside workgroup makes no companions");
}

/// Rule R4.
pub async fn reports_move_to_the_new_manager(storage: Arc<dyn Storage>) {
    let below = |user: User, manager| User { manager: Some(user_id(manager)), ..user };
    let users = vec![
        user(1, "Leaver"),
        below(user(2, "Successor"), 1),
        below(user(3, "Report"), 1),
        below(external(4, "Outside"), 1),
        below(dismissed(5, "Gone", at(0)), 1),
        below(user(6, "Indirect"), 3),
        below(invited(7, "Guest"), 1),
    ];
    Seed { users, ..Seed::default() }.sow(&storage).await;
    let mut tx = begin(&storage).await;
    assert_eq!(tx.users_move_reports(user_id(1), Some(user_id(2)), at(50)).await.expect("move"), [user_id(3), user_id(4), user_id(7)], "who moved");
    commit(tx).await;
    let managers = |users: &[User]| users.iter().map(|u| (u.manager.map(|m| number(m.0)), u.version)).collect::<Vec<_>>();
    let ids: Vec<UserId> = (2..=7).map(user_id).collect();
    let mut read = storage.users_by_id(&ids).await.expect("read");
    read.sort_by_key(|u| u.id);
    let expected = [(Some(1), 1), (Some(2), 2), (Some(2), 2), (Some(1), 1), (Some(3), 1), (Some(2), 2)];
    assert_eq!(managers(&read), expected, "manager and version of successor, report, external report, leaver, indirect report, guest");
    assert_eq!((read[1].updated_at, read[3].updated_at), (at(50), at(0)), "who moved was changed then");
    let mut tx = begin(&storage).await;
    assert_eq!(tx.users_move_reports(user_id(2), None, at(51)).await.expect("move"), [user_id(3), user_id(4), user_id(7)], "to nobody");
    assert_eq!(tx.users_by_id(&[user_id(3)]).await.expect("read")[0].manager, None);
}

/// Nearest first, and never the same person twice.
pub async fn managers_above_end_before_a_circle(storage: Arc<dyn Storage>) {
    let below = |user: User, manager| User { manager: Some(user_id(manager)), ..user };
    let users = vec![
        user(1, "Top"),
        below(dismissed(2, "Middle", at(0)), 1),
        below(user(3, "Bottom"), 2),
        user(4, "A"),
        below(user(5, "B"), 4),
        below(user(6, "C"), 5),
    ];
    Seed { users, ..Seed::default() }.sow(&storage).await;
    let mut tx = begin(&storage).await;
    tx.user_update(&below(user(4, "A"), 5)).await.expect("close the circle");
    commit(tx).await;
    assert_eq!(storage.users_above(user_id(3)).await.expect("above"), [user_id(2), user_id(1)], "nearest first, whatever the status");
    assert_eq!(storage.users_above(user_id(1)).await.expect("above"), [], "nobody above the top");
    assert_eq!(storage.users_above(user_id(4)).await.expect("above"), [user_id(5)], "within a circle");
    assert_eq!(storage.users_above(user_id(6)).await.expect("above"), [user_id(5), user_id(4)], "below a circle");
    assert_eq!(storage.users_above(user_id(99)).await.expect("above"), [], "of nobody");
}

/// Rows by key; a put replaces roles and spelling of one's own.
pub async fn addresses_are_put_replaced_and_removed(storage: Arc<dyn Storage>) {
    let (ann, bob) = (user_id(1), user_id(2));
    let addresses = vec![
        held(bob, "bob@example.com", &[EmailRole::Login, EmailRole::Contact]),
        held(ann, "z@example.com", &[EmailRole::Login]),
        held(ann, "A@example.com", &[EmailRole::Contact]),
    ];
    Seed { users: vec![user(1, "Ann Lee"), user(2, "Bob Ray")], addresses: addresses.clone(), ..Seed::default() }.sow(&storage).await;
    let read = storage.addresses_by_user(&[bob, ann, user_id(9)]).await.expect("read");
    assert_eq!(read, [addresses[2].clone(), addresses[1].clone(), addresses[0].clone()], "ordered by holder and key");
    let keys = ["a@example.com".to_owned(), "nobody@example.com".to_owned(), "a@example.com".to_owned()];
    assert_eq!(storage.addresses_by_key(&keys).await.expect("read"), [addresses[2].clone()], "by key, each once");

    let replaced: HeldAddress = held(ann, "a@EXAMPLE.com", &[EmailRole::Login, EmailRole::Invitation]);
    let mut tx = begin(&storage).await;
    tx.addresses_remove(&["z@example.com".into(), "nobody@example.com".into()]).await.expect("remove");
    tx.addresses_put(&[replaced.clone(), held(bob, "z@example.com", &[EmailRole::PendingLogin])]).await.expect("put");
    commit(tx).await;
    assert_eq!(
        storage.addresses_by_user(&[ann]).await.expect("read"),
        std::slice::from_ref(&replaced),
        "replaced, with the new spelling and roles"
    );
    let ann = storage.users_by_id(&[ann]).await.expect("read").pop().expect("Ann");
    assert_eq!((ann.login_email, ann.contact_email), (Some(replaced.email), None), "a person shows their addresses by role");
    let bob = storage.users_by_id(&[bob]).await.expect("read").pop().expect("Bob");
    assert_eq!(bob.login_email.map(|e| e.key().to_owned()), Some("bob@example.com".into()));
}

/// Rule L1: addresses are free in the same transaction, credentials are gone, and nobody reports to a hole.
pub async fn a_deleted_person_leaves_nothing_behind(storage: Arc<dyn Storage>) {
    let (ann, bob) = (user(1, "Ann Lee"), user(2, "Bob Ray"));
    let task = record(RecordKind::Task, 1, "Task", bob.id);
    let seed = Seed {
        users: vec![ann.clone(), User { manager: Some(ann.id), ..bob.clone() }],
        addresses: vec![held(ann.id, "ann@example.com", &[EmailRole::Login]), held(bob.id, "bob@example.com", &[EmailRole::Login])],
        workgroups: vec![workgroup(1, "Fair")],
        memberships: vec![member(workgroup_id(1), ann.id), member(workgroup_id(1), bob.id)],
        participants: vec![part(task.id, ann.id, ParticipantRole::Observer), part(task.id, bob.id, ParticipantRole::Participant)],
        records: vec![task.clone()],
        sessions: vec![session(1, &ann), session(2, &bob)],
        refresh_tokens: vec![refresh_token(1, session(1, &ann).id), refresh_token(2, session(2, &bob).id)],
        access_tokens: vec![access_token(1, ann.id), access_token(2, bob.id)],
        invitations: vec![invitation(1, ann.id, Actor::System), invitation(2, bob.id, Actor::System)],
        links: vec![link(1, ann.id, LinkPurpose::LoginEmail), link(2, bob.id, LinkPurpose::LoginEmail)],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let mut tx = begin(&storage).await;
    tx.departments_insert(&[Department { head: Some(ann.id), ..department(1, "Sales") }]).await.expect("department");
    tx.password_set(ann.id, Some(&password("a"))).await.expect("password");
    tx.password_set(bob.id, Some(&password("b"))).await.expect("password");
    tx.user_delete(ann.id).await.expect("delete");
    tx.addresses_put(&[held(bob.id, "ann@example.com", &[EmailRole::Contact])]).await.expect("the address is free at once");
    commit(tx).await;

    let both = [ann.id, bob.id];
    let users = storage.users_by_id(&both).await.expect("users");
    assert_eq!(users.iter().map(|u| (u.id, u.manager)).collect::<Vec<_>>(), [(bob.id, None)], "the person, and who reported to them");
    assert_eq!(storage.departments_by_id(&[department_id(1)]).await.expect("department")[0].head, None, "the department's head");
    assert!(storage.addresses_by_user(&both).await.expect("addresses").iter().all(|a| a.holder == bob.id), "addresses");
    assert_eq!(storage.memberships_by_user(&both).await.expect("memberships"), [member(workgroup_id(1), bob.id)], "memberships");
    let parts = storage.participants_by_task(&[task.id]).await.expect("parts");
    assert_eq!(parts, [part(task.id, bob.id, ParticipantRole::Participant)], "parts in tasks");
    assert_eq!(storage.password_by_user(ann.id).await.expect("password"), None, "password");
    assert_eq!(storage.password_by_user(bob.id).await.expect("password"), Some(password("b")), "other people's password");
    assert_eq!(storage.session_principal(session(1, &ann).id).await.expect("session"), None, "sessions");
    assert_eq!(storage.refresh_token_by_hash(hash(1)).await.expect("refresh token"), None, "refresh tokens");
    assert_eq!(storage.token_principal(hash(1)).await.expect("token"), None, "access tokens");
    let tokens = storage.access_tokens_count(&crate::policy::TokenScope::everything()).await.expect("tokens");
    assert_eq!(tokens, 1, "access tokens in lists");
    let invitations = storage.invitations_by_user(&both).await.expect("invitations");
    assert_eq!(invitations.iter().map(|i| i.user).collect::<Vec<_>>(), [bob.id], "invitations");
    assert_eq!(storage.link_by_hash(hash(1)).await.expect("link"), None, "links");
    assert!(storage.link_by_hash(hash(2)).await.expect("link").is_some(), "other people's links stay");
    assert!(storage.session_principal(session(2, &bob).id).await.expect("session").is_some(), "other people's sessions stay");
    assert!(storage.refresh_token_by_hash(hash(2)).await.expect("refresh token").is_some(), "other people's refresh tokens stay");
    assert!(storage.token_principal(hash(2)).await.expect("token").is_some(), "other people's tokens stay");
}

/// Rule L2: the name as it was then, kept in the same transaction, and for nobody whose row is there.
pub async fn a_deleted_person_leaves_a_name(storage: Arc<dyn Storage>) {
    let users = vec![user(1, "Élodie Lee"), invited(2, "Bob Ray"), user(3, "Cy Young")];
    Seed { users, ..Seed::default() }.sow(&storage).await;
    let ids: Vec<UserId> = [3, 2, 1, 9, 1].into_iter().map(user_id).collect();
    assert_eq!(storage.former_people_by_id(&ids).await.expect("names"), [], "all are there");
    let mut tx = begin(&storage).await;
    tx.user_update(&user(1, "Élodie Ray")).await.expect("renamed");
    tx.user_delete(user_id(1)).await.expect("delete");
    tx.user_delete(user_id(2)).await.expect("delete");
    tx.user_delete(user_id(9)).await.expect("nobody");
    let former = |n, name: &str| FormerPerson { id: user_id(n), display_name: name.into() };
    let mut names = tx.former_people_by_id(&ids).await.expect("names");
    names.sort_by_key(|f| f.id);
    assert_eq!(names, [former(1, "Élodie Ray"), former(2, "Bob Ray")], "the names as they were then, each once");
    assert_eq!(storage.former_people_by_id(&ids).await.expect("names"), [], "not before the commit");
    commit(tx).await;
    assert_eq!(storage.former_people_by_id(&ids).await.expect("names").len(), 2);
    assert_eq!(storage.former_people_by_id(&[user_id(2)]).await.expect("names"), [former(2, "Bob Ray")], "only those asked for");
    assert_eq!(storage.former_people_by_id(&[]).await.expect("names"), []);
}
