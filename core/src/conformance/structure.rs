use std::sync::Arc;

use uuid::Uuid;

use super::fixtures::*;
use super::pages::{Direction, Listed, assert_cut, hidden_patterns};
use super::{begin, commit};
use crate::id::UserId;
use crate::page::{Key, PageRequest, SortValue};
use crate::policy::{WorkgroupScope, for_suite};
use crate::storage::Storage;
use crate::structure::{Department, Membership, MembershipGroups, Workgroup, WorkgroupRole};

/// By sort key; a tie needs two parents.
pub async fn departments_come_back_and_are_paged_by_name(storage: Arc<dyn Storage>) {
    let below = |n, name: &str| Department { parent: Some(department_id(3)), ..department(n, name) };
    let departments = vec![
        department(3, "Sales"),
        department(1, "éclair"),
        below(5, "Éclair"),
        below(2, "Team-A"),
        below(4, "Team A"),
        department(6, "Zebra"),
    ];
    Seed { departments: departments.clone(), ..Seed::default() }.sow(&storage).await;
    let mut read = storage.departments_by_id(&[5, 3, 9, 5].map(department_id)).await.expect("read");
    read.sort_by_key(|d| d.id);
    assert_eq!(read, [departments[0].clone(), departments[2].clone()], "by ID, each once");
    assert_eq!(storage.departments_count().await.expect("count"), 6);
    let rows =
        departments.iter().map(|d| Listed { key: Key::new(SortValue::Text(d.sort_key()), d.id.0), id: d.id.0, shown: true }).collect();
    assert_cut("departments", rows, Direction::Ascending, |request| {
        let storage = &storage;
        async move {
            let slice = storage.departments_page(&request).await.expect("page");
            (slice.rows.iter().map(|d| d.id.0).collect(), slice.has_more)
        }
    })
    .await;
}

/// Rule R4.
pub async fn headship_moves(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann Lee"), user(2, "Bob Ray")], ..Seed::default() }.sow(&storage).await;
    let headed = |n, head: Option<u64>| Department { head: head.map(user_id), ..department(n, &format!("Department {n}")) };
    let mut tx = begin(&storage).await;
    tx.departments_insert(&[headed(1, Some(1)), headed(2, Some(1)), headed(3, Some(2)), headed(4, None)]).await.expect("departments");
    commit(tx).await;
    let numbers = |departments: Vec<Department>| {
        let mut numbers: Vec<u64> = departments.into_iter().map(|d| number(d.id.0)).collect();
        numbers.sort();
        numbers
    };
    assert_eq!(numbers(storage.departments_headed_by(user_id(1)).await.expect("headed")), [1, 2]);
    let mut tx = begin(&storage).await;
    assert_eq!(tx.departments_move_head(user_id(1), Some(user_id(2))).await.expect("move"), 2, "how many moved");
    assert_eq!(numbers(tx.departments_headed_by(user_id(2)).await.expect("headed")), [1, 2, 3]);
    assert_eq!(tx.departments_move_head(user_id(2), None).await.expect("move"), 3, "to nobody");
    commit(tx).await;
    assert_eq!(numbers(storage.departments_headed_by(user_id(2)).await.expect("headed")), [0u64; 0]);
    assert_eq!(storage.departments_by_id(&[department_id(3)]).await.expect("read"), [headed(3, None)]);
}

/// Rule V7: all, extranet ones and one's own, one's own.
pub async fn workgroups_come_back_within_the_scope(storage: Arc<dyn Storage>) {
    let workgroups =
        vec![workgroup(1, "Inside"), extranet(2, "Outside"), workgroup(3, "Own"), extranet(4, "Own outside"), workgroup(5, "Left")];
    let memberships = vec![
        member(workgroup_id(3), user_id(1)),
        member(workgroup_id(4), user_id(1)),
        Membership { left_at: Some(at(5)), ..member(workgroup_id(5), user_id(1)) },
        member(workgroup_id(1), user_id(2)),
    ];
    Seed { users: vec![user(1, "Ann Lee"), user(2, "Bob Ray")], workgroups: workgroups.clone(), memberships, ..Seed::default() }
        .sow(&storage)
        .await;
    let ids = [1, 2, 3, 4, 5, 9, 3].map(workgroup_id);
    let scopes: [(WorkgroupScope, &[u64]); 3] = [
        (WorkgroupScope::everything(), &[1, 2, 3, 4, 5]),
        (for_suite::extranet_workgroups(user_id(1)), &[2, 3, 4]),
        (for_suite::own_workgroups(user_id(1)), &[3, 4]),
    ];
    for (scope, expected) in scopes {
        let mut read = storage.workgroups_by_id(&ids, &scope).await.expect("read");
        read.sort_by_key(|w| w.id);
        let wanted: Vec<Workgroup> = expected.iter().map(|n| workgroups[*n as usize - 1].clone()).collect();
        assert_eq!(read, wanted, "{scope:?}");
        assert_eq!(storage.workgroups_count(&scope, None).await.expect("count"), expected.len() as u64, "{scope:?}");
        for is_extranet in [false, true] {
            let wanted = wanted.iter().filter(|w| w.is_extranet == is_extranet).count() as u64;
            assert_eq!(storage.workgroups_count(&scope, Some(is_extranet)).await.expect("count"), wanted, "{scope:?}, {is_extranet}");
            let slice = storage.workgroups_page(&scope, Some(is_extranet), &PageRequest::first(9)).await.expect("page");
            assert_eq!(slice.rows.len() as u64, wanted, "{scope:?}, {is_extranet}");
            assert!(slice.rows.iter().all(|w| w.is_extranet == is_extranet), "{scope:?}, {is_extranet}");
        }
    }
}

/// Promise 4.
pub async fn hidden_workgroups_take_no_place_on_a_page(storage: Arc<dyn Storage>) {
    let names = ["A b", "A-b", "Ab", "Äc", "Zeta", "ßeta", "Ω"];
    let workgroups: Vec<Workgroup> = (1..).zip(names).map(|(n, name)| workgroup(100 - n, name)).collect();
    Seed { users: vec![user(1, "Ann Lee")], workgroups: workgroups.clone(), ..Seed::default() }.sow(&storage).await;
    for (what, pattern) in hidden_patterns(workgroups.len()) {
        let mut tx = begin(&storage).await;
        let membership = |(w, hidden): (&Workgroup, &bool)| Membership { left_at: hidden.then(|| at(1)), ..member(w.id, user_id(1)) };
        let memberships: Vec<Membership> = workgroups.iter().zip(&pattern).map(membership).collect();
        tx.memberships_put(&memberships).await.expect("memberships");
        commit(tx).await;
        let listed =
            |(w, hidden): (&Workgroup, &bool)| Listed { key: Key::new(SortValue::Text(w.sort_key()), w.id.0), id: w.id.0, shown: !hidden };
        let rows = workgroups.iter().zip(&pattern).map(listed).collect();
        let scope = for_suite::own_workgroups(user_id(1));
        assert_cut(what, rows, Direction::Ascending, |request| {
            let storage = &storage;
            async move {
                let slice = storage.workgroups_page(&scope, None, &request).await.expect("page");
                (slice.rows.iter().map(|w| w.id.0).collect(), slice.has_more)
            }
        })
        .await;
        let count = pattern.iter().filter(|hidden| !**hidden).count() as u64;
        assert_eq!(storage.workgroups_count(&scope, None).await.expect("count"), count, "{what}: the count");
    }
}

/// One row for each pair.
pub async fn memberships_are_replaced_never_doubled(storage: Arc<dyn Storage>) {
    let seed = Seed {
        users: vec![user(1, "Ann Lee"), user(2, "Bob Ray")],
        workgroups: vec![workgroup(1, "Fair"), workgroup(2, "Other")],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let first = member(workgroup_id(1), user_id(1));
    let ended =
        Membership { role: WorkgroupRole::Owner, joined_at: at(2), left_at: Some(at(7)), ended_by_dismissal: true, ..first.clone() };
    let mut tx = begin(&storage).await;
    tx.memberships_put(&[first, member(workgroup_id(2), user_id(2))]).await.expect("put");
    commit(tx).await;
    let mut tx = begin(&storage).await;
    tx.memberships_put(std::slice::from_ref(&ended)).await.expect("put again");
    commit(tx).await;
    assert_eq!(storage.memberships_by_user(&[user_id(1)]).await.expect("read"), [ended], "replaced, ended ones included");
    assert_eq!(storage.memberships_by_user(&[user_id(2), user_id(1), user_id(2)]).await.expect("read").len(), 2, "of both, each once");
}

/// Rule R4: who may follow the last owner.
pub async fn active_leaders_of_workgroups_are_found(storage: Arc<dyn Storage>) {
    let with = |user, role| Membership { role, ..member(workgroup_id(1), user_id(user)) };
    let seed = Seed {
        users: vec![user(1, "A"), user(2, "B"), user(3, "C"), dismissed(4, "D", at(0)), user(5, "E")],
        workgroups: vec![workgroup(1, "One"), workgroup(2, "Two")],
        memberships: vec![
            with(1, WorkgroupRole::Owner),
            with(2, WorkgroupRole::Moderator),
            with(3, WorkgroupRole::Member),
            with(4, WorkgroupRole::Owner),
            Membership { left_at: Some(at(3)), ..with(5, WorkgroupRole::Owner) },
            Membership { role: WorkgroupRole::Owner, ..member(workgroup_id(2), user_id(5)) },
        ],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let mut leaders = storage.memberships_leading(&[workgroup_id(1)]).await.expect("leaders");
    leaders.sort_by_key(|m| m.user);
    assert_eq!(leaders, [with(1, WorkgroupRole::Owner), with(2, WorkgroupRole::Moderator)], "lasting, ACTIVE, above MEMBER");
    assert_eq!(storage.memberships_leading(&[workgroup_id(1), workgroup_id(2)]).await.expect("leaders").len(), 3);
}

/// The four lists: asked for, empty, the one with many rows, asked for again.
async fn assert_groups(what: &str, storage: &Arc<dyn Storage>, groups: &MembershipGroups, scope: WorkgroupScope, rows: Vec<Listed>) {
    let by_user = matches!(groups, MembershipGroups::OfWorkgroup(_));
    let direction = if by_user { Direction::Ascending } else { Direction::Descending };
    let shown = rows.iter().filter(|r| r.shown).count() as u64;
    let counts = storage.memberships_count_in_groups(groups, &scope).await.expect("counts");
    assert_eq!((counts.len(), counts[1], counts[2]), (4, 0, shown), "{what}: counts");
    assert_eq!(counts[0], counts[3], "{what}: a group asked for twice is counted twice");
    assert_cut(what, rows, direction, |request| async move {
        let slices = storage.memberships_page_in_groups(groups, &scope, &request).await.expect("pages");
        assert_eq!(slices.len(), 4, "{what}: one entry for each group");
        assert!(slices[1].rows.is_empty() && !slices[1].has_more, "{what}: an empty group is empty");
        assert_eq!(slices[0], slices[3], "{what}: a group asked for twice is answered twice");
        let ids: Vec<Uuid> = slices[2].rows.iter().map(|m| if by_user { m.user.0 } else { m.workgroup.0 }).collect();
        (ids, slices[2].has_more)
    })
    .await;
}

/// Ended ones included, bounded by the scope.
pub async fn memberships_of_people_are_paged_latest_first(storage: Arc<dyn Storage>) {
    let joined = [3, 1, 3, 2, 3, 1, 5];
    let memberships: Vec<Membership> = (1..)
        .zip(joined)
        .map(|(n, joined)| Membership {
            joined_at: at(joined),
            left_at: (n % 3 == 0).then(|| at(9)),
            ..member(workgroup_id(n), user_id(1))
        })
        .collect();
    let mut workgroups: Vec<Workgroup> = (1..=7).map(|n| workgroup(n, &format!("Group {n}"))).collect();
    workgroups.push(workgroup(8, "Other"));
    let others = vec![member(workgroup_id(8), user_id(2))];
    Seed {
        users: (1..=3).map(|n| user(n, "Ann Lee")).collect(),
        workgroups,
        memberships: [memberships.clone(), others].concat(),
        ..Seed::default()
    }
    .sow(&storage)
    .await;
    let groups = MembershipGroups::OfUser([2, 99, 1, 2].map(user_id).to_vec());
    let listed = |shown: &dyn Fn(usize) -> bool| {
        let row = |(i, m): (usize, &Membership)| Listed {
            key: Key::new(SortValue::Time(m.joined_at), m.workgroup.0),
            id: m.workgroup.0,
            shown: shown(i),
        };
        memberships.iter().enumerate().map(row).collect::<Vec<_>>()
    };
    assert_groups("of people", &storage, &groups, WorkgroupScope::everything(), listed(&|_| true)).await;
    // The viewer is the third person, who belongs to some of the workgroups.
    for (what, pattern) in hidden_patterns(7) {
        let membership = |i: usize| Membership { left_at: pattern[i].then(|| at(1)), ..member(memberships[i].workgroup, user_id(3)) };
        let mut tx = begin(&storage).await;
        tx.memberships_put(&(0..7).map(membership).collect::<Vec<_>>()).await.expect("put");
        commit(tx).await;
        assert_groups(what, &storage, &groups, for_suite::own_workgroups(user_id(3)), listed(&|i| !pattern[i])).await;
    }
}

/// Lasting ones of ACTIVE people alone; a hidden workgroup shows none.
pub async fn memberships_of_workgroups_are_paged_first_joined_first(storage: Arc<dyn Storage>) {
    let joined = [3, 1, 3, 2, 3, 1, 5];
    let rows: Vec<Membership> =
        (1..).zip(joined).map(|(n, joined)| Membership { joined_at: at(joined), ..member(workgroup_id(1), user_id(n)) }).collect();
    let others = vec![
        Membership { left_at: Some(at(2)), ..member(workgroup_id(1), user_id(8)) },
        member(workgroup_id(1), user_id(9)),
        member(workgroup_id(1), user_id(10)),
        member(workgroup_id(2), user_id(1)),
    ];
    let users = (1..=8).map(|n| user(n, "Ann Lee")).chain([dismissed(9, "Gone", at(0)), invited(10, "Guest")]).collect();
    let workgroups = vec![workgroup(1, "Many"), workgroup(2, "One"), workgroup(3, "Empty")];
    Seed { users, workgroups, memberships: [rows.clone(), others].concat(), ..Seed::default() }.sow(&storage).await;
    let groups = MembershipGroups::OfWorkgroup([2, 3, 1, 2].map(workgroup_id).to_vec());
    let listed =
        |shown| rows.iter().map(|m| Listed { key: Key::new(SortValue::Time(m.joined_at), m.user.0), id: m.user.0, shown }).collect();
    assert_groups("of workgroups", &storage, &groups, WorkgroupScope::everything(), listed(true)).await;
    assert_groups("of own workgroups", &storage, &groups, for_suite::own_workgroups(user_id(2)), listed(true)).await;
    let stranger: UserId = user_id(8);
    assert_groups("of hidden workgroups", &storage, &groups, for_suite::own_workgroups(stranger), listed(false)).await;
}
