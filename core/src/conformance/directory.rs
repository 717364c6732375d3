use std::sync::Arc;

use uuid::Uuid;

use super::fixtures::*;
use super::pages::{Direction, Listed, assert_cut, hidden_patterns};
use super::{begin, commit};
use crate::email::EmailRole;
use crate::id::UserId;
use crate::page::{Key, PageRequest, SortValue};
use crate::policy::{ActiveReach, UserScope, for_suite};
use crate::record::RecordKind;
use crate::storage::Storage;
use crate::structure::Membership;
use crate::time::TimeRange;
use crate::user::{User, UserFilter, UserGroups, UserKind, UserOrder, UserOrderField, UserStatus};

fn order(field: UserOrderField, direction: Direction) -> UserOrder {
    UserOrder { field, descending: direction.is_descending() }
}

/// The key by definition. None for who has no place in that order.
fn key(user: &User, field: UserOrderField) -> Option<Key> {
    let sort = match field {
        UserOrderField::DisplayName => SortValue::Text(user.sort_key()),
        UserOrderField::CreatedAt => SortValue::Time(user.created_at),
        UserOrderField::DismissedAt if user.status == UserStatus::Dismissed => SortValue::Time(user.dismissal.as_ref()?.dismissed_at),
        UserOrderField::DismissedAt => return None,
    };
    Some(Key::new(sort, user.id.0))
}

fn listed(users: &[User], field: UserOrderField, shown: impl Fn(&User) -> bool) -> Vec<Listed> {
    users.iter().filter_map(|u| Some(Listed { key: key(u, field)?, id: u.id.0, shown: shown(u) })).collect()
}

async fn page(storage: &Arc<dyn Storage>, scope: UserScope, filter: UserFilter, order: UserOrder, page: PageRequest) -> (Vec<Uuid>, bool) {
    let slice = storage.users_page(&scope, &filter, order, &page).await.expect("page");
    (slice.rows.iter().map(|u| u.id.0).collect(), slice.has_more)
}

async fn assert_directory(what: &str, storage: &Arc<dyn Storage>, scope: UserScope, order: UserOrder, rows: Vec<Listed>) {
    let direction = if order.descending { Direction::Descending } else { Direction::Ascending };
    assert_cut(&format!("{what}, {order:?}"), rows, direction, |request| page(storage, scope, UserFilter::default(), order, request)).await;
}

async fn ids(storage: &Arc<dyn Storage>, scope: &UserScope, filter: &UserFilter) -> Vec<u64> {
    let by_creation = order(UserOrderField::CreatedAt, Direction::Ascending);
    let slice = storage.users_page(scope, filter, by_creation, &PageRequest::first(100)).await.expect("page");
    assert_eq!(storage.users_count(scope, filter).await.expect("count"), slice.rows.len() as u64, "rows and count of {filter:?}");
    slice.rows.iter().map(|u| number(u.id.0)).collect()
}

/// Seven people with ties in every order, and their IDs in another order than their names.
fn seven() -> Vec<User> {
    let names = ["Mia Lou", "Ann Lee", "ann LÉE", "Zed", "Bob Ray", "Ann Lee", "Bob-Ray"];
    (1..).zip(names).map(|(n, name)| User { created_at: at([5, 1, 5, 3, 5, 1, 2][n as usize - 1]), ..user(n, name) }).collect()
}

/// Promise 5: by name and by creation, in both directions; with ties, inclusive bounds, both sides.
pub async fn people_are_paged_in_every_order(storage: Arc<dyn Storage>) {
    let mut users = seven();
    // Two of them without a place in the order of dismissals.
    for (n, user) in users.iter_mut().enumerate().filter(|(n, _)| n % 4 != 3) {
        *user = User { created_at: user.created_at, ..dismissed(n as u64 + 1, &user.display_name(), at([9, 7, 9][n % 3])) };
    }
    // Invited again: a dismissal that is not in force has no place either.
    users[4].status = UserStatus::Invited;
    Seed { users: users.clone(), ..Seed::default() }.sow(&storage).await;
    for field in [UserOrderField::DisplayName, UserOrderField::CreatedAt, UserOrderField::DismissedAt] {
        for direction in Direction::BOTH {
            let rows = listed(&users, field, |_| true);
            assert_directory("everybody", &storage, UserScope::everybody(), order(field, direction), rows).await;
        }
    }
}

/// Promise 4: wherever they stand, in both directions, in rows, `has_more` and counts. The viewer is in their own scope, whatever hides
/// others.
pub async fn hidden_people_take_no_place_on_a_page(storage: Arc<dyn Storage>) {
    let mut users = seven();
    users.sort_by_key(|u| key(u, UserOrderField::DisplayName));
    Seed { users: users.clone(), ..Seed::default() }.sow(&storage).await;
    let nobody = UserId::SYSTEM;
    for (position, (what, pattern)) in hidden_patterns(users.len()).into_iter().enumerate() {
        // Another kind of hiding each time.
        let hide = |user: &User, n: u64| match position % 3 {
            0 => dismissed(n, &user.display_name(), at(1)),
            1 => invited(n, &user.display_name()),
            _ => User { status: UserStatus::Invited, ..dismissed(n, &user.display_name(), at(1)) },
        };
        let scope = for_suite::users(nobody, ActiveReach::Everybody, position % 3 == 2, position % 3 == 1, false);
        let rows: Vec<User> = users
            .iter()
            .zip(&pattern)
            .map(|(user, hidden)| {
                let n = number(user.id.0);
                if *hidden { User { created_at: user.created_at, ..hide(user, n) } } else { user.clone() }
            })
            .collect();
        let mut tx = begin(&storage).await;
        for row in &rows {
            tx.user_update(row).await.expect("update");
        }
        commit(tx).await;
        let shown = |u: &User| u.status == UserStatus::Active;
        for (field, direction) in
            [(UserOrderField::DisplayName, Direction::BOTH[position % 2]), (UserOrderField::CreatedAt, Direction::BOTH[(position + 1) % 2])]
        {
            assert_directory(what, &storage, scope, order(field, direction), listed(&rows, field, shown)).await;
        }
        let count = storage.users_count(&scope, &UserFilter::default()).await.expect("count");
        assert_eq!(count, rows.iter().filter(|u| shown(u)).count() as u64, "{what}: the count");
        let hidden = rows.iter().find(|u| !shown(u));
        if let Some(viewer) = hidden {
            let own = for_suite::users(viewer.id, ActiveReach::Everybody, position % 3 == 2, position % 3 == 1, false);
            let rows = listed(&rows, UserOrderField::DisplayName, |u| shown(u) || u.id == viewer.id);
            assert_directory("with the viewer", &storage, own, order(UserOrderField::DisplayName, Direction::Ascending), rows).await;
        }
    }
}

/// Rule V3: an external viewer lists companions and themself, each once, however many workgroups they share.
pub async fn companions_alone_are_listed(storage: Arc<dyn Storage>) {
    let users = seven();
    let memberships = vec![
        member(workgroup_id(1), user_id(1)),
        member(workgroup_id(2), user_id(1)),
        member(workgroup_id(1), user_id(2)),
        member(workgroup_id(2), user_id(2)),
        member(workgroup_id(2), user_id(5)),
        member(workgroup_id(3), user_id(1)),
        member(workgroup_id(3), user_id(6)),
        Membership { left_at: Some(at(3)), ..member(workgroup_id(1), user_id(7)) },
    ];
    let workgroups = vec![extranet(1, "One"), extranet(2, "Two"), workgroup(3, "Inside")];
    Seed { users: users.clone(), workgroups, memberships, ..Seed::default() }.sow(&storage).await;
    let scope = for_suite::users(user_id(1), ActiveReach::Companions, false, false, false);
    let shown = |u: &User| [1, 2, 5].map(user_id).contains(&u.id);
    let rows = listed(&users, UserOrderField::DisplayName, shown);
    assert_directory("companions", &storage, scope, order(UserOrderField::DisplayName, Direction::Ascending), rows).await;
    assert_eq!(storage.users_count(&scope, &UserFilter::default()).await.expect("count"), 3);
    let alone = for_suite::users(user_id(7), ActiveReach::Companions, false, false, false);
    assert_eq!(ids(&storage, &alone, &UserFilter::default()).await, [7], "without companions there is the viewer");
    let nobody = for_suite::users(user_id(1), ActiveReach::Nobody, true, true, true);
    assert_eq!(ids(&storage, &nobody, &UserFilter::default()).await, [1], "a scope without others has the viewer");
}

/// Promise 4, for people who are named: those in the scope come back as they are, each once, and nobody else; unknown ones are left out.
pub async fn people_are_found_by_id_within_the_scope(storage: Arc<dyn Storage>) {
    let former = |n, name| User { status: UserStatus::Invited, ..dismissed(n, name, at(1)) };
    let users = vec![
        external(1, "Viewer"),
        user(2, "Companion"),
        user(3, "Stranger"),
        invited(4, "Guest"),
        former(5, "Guest again"),
        dismissed(6, "Leaver", at(1)),
        dismissed(7, "Leaver of the workgroup", at(1)),
        user(8, "Who left the workgroup"),
    ];
    let left = Membership { left_at: Some(at(9)), ..member(workgroup_id(1), user_id(8)) };
    let memberships = [1, 2, 4, 7].map(|n| member(workgroup_id(1), user_id(n))).into_iter().chain([left]).collect();
    Seed { users: users.clone(), workgroups: vec![extranet(1, "One")], memberships, ..Seed::default() }.sow(&storage).await;
    let named: Vec<UserId> = (1..=9).map(user_id).chain([user_id(2), UserId::SYSTEM]).collect();
    for active in [ActiveReach::Nobody, ActiveReach::Companions, ActiveReach::Everybody] {
        for flags in 0..8_u8 {
            let has = |bit: u8| flags & (1 << bit) != 0;
            for viewer in [1, 6, 8, 9].map(user_id) {
                let scope = for_suite::users(viewer, active, has(0), has(1), has(2));
                let companion = |user: &User| viewer == user_id(1) && [1, 2].map(user_id).contains(&user.id);
                let expected: Vec<&User> = users.iter().filter(|user| scope.includes(user, companion(user))).collect();
                let mut found = storage.users_seen_by_id(&named, &scope).await.expect("people");
                found.sort_by_key(|user| user.id);
                assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{scope:?}");
                for user in &users {
                    let alone = storage.users_seen_by_id(&[user.id], &scope).await.expect("people");
                    assert_eq!(alone.len(), usize::from(expected.contains(&user)), "{} in {scope:?}", user.display_name());
                }
            }
        }
    }
    let everybody = UserScope::everybody();
    assert_eq!(storage.users_seen_by_id(&[], &everybody).await.expect("nobody"), []);
    assert_eq!(storage.users_seen_by_id(&[UserId::SYSTEM, user_id(9)], &everybody).await.expect("nobody"), [], "the System User is in no scope");
}

/// Promise 5: who was there all the time is shown once, in both directions, whoever comes and goes before and behind the cursor.
pub async fn people_who_come_and_go_between_pages_do_no_harm(storage: Arc<dyn Storage>) {
    let users: Vec<User> = (1..=12).map(|n| user(n * 10, &format!("Same {}", n / 4))).collect();
    Seed { users: users.clone(), ..Seed::default() }.sow(&storage).await;
    let steady: Vec<Uuid> = users.iter().map(|u| u.id.0).filter(|id| !number(*id).is_multiple_of(40)).collect();
    for direction in Direction::BOTH {
        let by_name = order(UserOrderField::DisplayName, direction);
        let mut seen = Vec::new();
        let mut request = PageRequest::first(2);
        for round in 0..100 {
            let slice = storage.users_page(&UserScope::everybody(), &UserFilter::default(), by_name, &request).await.expect("page");
            seen.extend(slice.rows.iter().map(|u| u.id.0).filter(|id| steady.contains(id)));
            let Some(last) = slice.rows.last().filter(|_| slice.has_more) else { break };
            request = PageRequest::first(2).after(key(last, UserOrderField::DisplayName).expect("a key"));
            // Between two pages: a few come at both ends and between ties, and every fourth of the old ones goes, the one at the
            // cursor among them.
            let mut tx = begin(&storage).await;
            let base = 1000 * (round + 1) + if direction.is_descending() { 500 } else { 0 };
            if round < 6 {
                let newcomers = [user(base, "Aaa"), user(base + 1, "Same 1"), user(base + 2, "Zzz")];
                tx.users_insert(&newcomers).await.expect("insert");
            }
            if !steady.contains(&last.id.0) {
                tx.user_delete(last.id).await.expect("delete");
            }
            commit(tx).await;
        }
        let mut expected = steady.clone();
        if direction.is_descending() {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{direction:?}: each who was there all the time, once and in order");
    }
}

/// Promise 7: keys are compared as bytes; a collation would put signs, accents and scripts elsewhere.
pub async fn names_are_ordered_as_bytes(storage: Arc<dyn Storage>) {
    // Ascending by the bytes of their sort keys, against what a collation likes: signs count, and letters beyond ASCII follow `z`.
    let ascending =
        ["'t Hooft", "1st", "A b", "A-b", "A.b", "Ab", "ABA", "a_b", "Ähre", "Zeta", "ßeta", "Ørsted", "Œuvre", "Ωmega", "Жук", "中", "🦀"];
    let mut expected: Vec<User> = (1..).zip(ascending).map(|(n, name)| User { created_at: at(0), ..user(100 - n, name) }).collect();
    expected.sort_by(|a, b| a.sort_key().as_bytes().cmp(b.sort_key().as_bytes()));
    Seed { users: expected.clone(), ..Seed::default() }.sow(&storage).await;
    for direction in Direction::BOTH {
        let by_name = order(UserOrderField::DisplayName, direction);
        let slice =
            storage.users_page(&UserScope::everybody(), &UserFilter::default(), by_name, &PageRequest::first(50)).await.expect("page");
        let names: Vec<String> = slice.rows.iter().map(User::display_name).collect();
        let mut wanted: Vec<String> = expected.iter().map(User::display_name).collect();
        if direction.is_descending() {
            wanted.reverse();
        }
        assert_eq!(names, wanted, "{direction:?}: by the bytes of the sort keys");
        assert_directory("as bytes", &storage, UserScope::everybody(), by_name, listed(&expected, UserOrderField::DisplayName, |_| true))
            .await;
    }
}

/// One entry for each group in the order given, empty and repeated groups too; ACTIVE people alone, bounded by the scope.
pub async fn reports_and_members_are_paged_in_groups(storage: Arc<dyn Storage>) {
    let placed = |user: User| User { manager: Some(user_id(50)), department: Some(department_id(1)), ..user };
    let mut users: Vec<User> = seven().into_iter().map(placed).collect();
    users.push(User { manager: Some(user_id(51)), department: Some(department_id(2)), ..user(8, "Only one") });
    let others = vec![placed(invited(20, "Invited")), placed(dismissed(21, "Gone", at(0)))];
    let seed = Seed {
        departments: vec![department(1, "Sales"), department(2, "Research"), department(3, "Empty")],
        users: [vec![user(50, "Manager"), user(51, "Other")], users.clone(), others].concat(),
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let managers = UserGroups::DirectReports([51, 99, 50, 51].map(user_id).to_vec());
    let departments = UserGroups::DepartmentMembers([2, 3, 1, 2].map(department_id).to_vec());
    let visible = for_suite::users(user_id(1), ActiveReach::Nobody, true, true, true);
    for (what, groups) in [("reports", managers), ("members", departments)] {
        let scope = UserScope::everybody();
        assert_eq!(storage.users_count_in_groups(&groups, &scope).await.expect("counts"), [1, 0, 7, 1], "{what}: counts");
        assert_eq!(storage.users_count_in_groups(&groups, &visible).await.expect("counts"), [0, 0, 1, 0], "{what}: counts in a scope");
        let rows = listed(&users[..7], UserOrderField::DisplayName, |_| true);
        assert_cut(what, rows, Direction::Ascending, |request| {
            let (storage, groups) = (&storage, &groups);
            async move {
                let slices = storage.users_page_in_groups(groups, &scope, &request).await.expect("pages");
                assert_eq!(slices.len(), 4, "{what}: one entry for each group");
                assert!(slices[1].rows.is_empty() && !slices[1].has_more, "{what}: an empty group is empty");
                assert_eq!(slices[0], slices[3], "{what}: a group asked for twice is answered twice");
                assert!(slices[0].rows.iter().all(|u| u.id == user_id(8)), "{what}: groups are answered in order");
                (slices[2].rows.iter().map(|u| u.id.0).collect(), slices[2].has_more)
            }
        })
        .await;
        let slices = storage.users_page_in_groups(&groups, &scope, &PageRequest::first(1)).await.expect("pages");
        assert_eq!(
            slices.iter().map(|s| (s.rows.len(), s.has_more)).collect::<Vec<_>>(),
            [(1, false), (0, false), (1, true), (1, false)],
            "{what}"
        );
        let slices = storage.users_page_in_groups(&groups, &visible, &PageRequest::first(1)).await.expect("pages");
        assert_eq!(slices[2].rows.iter().map(|u| u.id).collect::<Vec<_>>(), [user_id(1)], "{what}: hidden people take no place");
        assert!(!slices[2].has_more, "{what}: hidden people are no surplus");
    }
    assert_eq!(storage.users_page_in_groups(&UserGroups::DirectReports(vec![]), &visible, &PageRequest::first(1)).await.expect("none"), []);
}

/// Each condition alone, and together.
pub async fn people_are_filtered(storage: Arc<dyn Storage>) {
    let users = vec![
        User { department: Some(department_id(1)), ..user(1, "Ann") },
        User { department: Some(department_id(2)), ..user(2, "Bob") },
        external(3, "Cleo"),
        invited(4, "Dan"),
        dismissed(5, "Eve", at(100)),
        User { department: Some(department_id(1)), ..dismissed(6, "Fay", at(200)) },
        User { status: UserStatus::Invited, kind: UserKind::Extranet, ..dismissed(7, "Gil", at(150)) },
    ];
    let records = vec![
        record(RecordKind::Deal, 1, "Deal", user_id(1)),
        record(RecordKind::Task, 1, "Task", user_id(5)),
        record(RecordKind::Task, 2, "Task", user_id(5)),
    ];
    let departments = vec![department(1, "Sales"), department(2, "Research")];
    Seed { users, departments, records, ..Seed::default() }.sow(&storage).await;
    let all = UserFilter::default;
    let period = |from, until| Some(TimeRange { from: Some(at(from)), until: Some(at(until)) });
    let cases: Vec<(UserFilter, &[u64])> = vec![
        (all(), &[1, 2, 3, 4, 5, 6, 7]),
        (UserFilter { statuses: Some(vec![UserStatus::Dismissed, UserStatus::Invited]), ..all() }, &[4, 5, 6, 7]),
        (UserFilter { statuses: Some(vec![UserStatus::System]), ..all() }, &[]),
        (UserFilter { statuses: Some(vec![]), ..all() }, &[]),
        (UserFilter { kinds: Some(vec![UserKind::Extranet]), ..all() }, &[3, 7]),
        (UserFilter { departments: Some(vec![department_id(1), department_id(3)]), ..all() }, &[1, 6]),
        (UserFilter { owns_kinds: Some(vec![RecordKind::Task]), ..all() }, &[5]),
        (UserFilter { owns_kinds: Some(vec![]), ..all() }, &[1, 5]),
        (UserFilter { dismissed_at: period(100, 200), ..all() }, &[5]),
        (UserFilter { dismissed_at: period(100, 201), ..all() }, &[5, 6]),
        (UserFilter { dismissed_at: Some(TimeRange::default()), ..all() }, &[5, 6]),
        (UserFilter { departments: Some(vec![department_id(1)]), statuses: Some(vec![UserStatus::Active]), ..all() }, &[1]),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&storage, &UserScope::everybody(), &filter).await, expected, "{filter:?}");
    }
    let colleagues = for_suite::users(user_id(1), ActiveReach::Everybody, false, false, false);
    let leavers = UserFilter { statuses: Some(vec![UserStatus::Dismissed]), ..all() };
    assert_eq!(ids(&storage, &colleagues, &leavers).await, [0u64; 0], "a filter brings nobody into the scope");
}

/// Each word begins a word of name or job title, folded; no order, no middle.
pub async fn people_are_found_by_the_beginnings_of_words(storage: Arc<dyn Storage>) {
    let users = vec![
        User { job_title: Some("Head of Sales".into()), ..user(1, "Élodie O'Neil-Ström") },
        User { job_title: Some("Salesperson 2026".into()), ..user(2, "Ann Elo") },
        user(3, "中村 Ann"),
        user(4, "100%_x Percent"),
    ];
    Seed { users, ..Seed::default() }.sow(&storage).await;
    let cases: [(&str, &[u64]); 13] = [
        ("elo", &[1, 2]),
        ("ÉLO", &[1, 2]),
        ("elodie", &[1]),
        ("elodiea", &[]),
        ("lodie", &[]),
        ("neil str", &[1]),
        ("sal", &[1, 2]),
        ("sal ann", &[2]),
        ("20", &[2]),
        ("中", &[3]),
        ("村", &[]),
        ("100%", &[4]),
        ("per x", &[4]),
    ];
    for (query, expected) in cases {
        let filter = UserFilter { words: crate::text::words(query), ..UserFilter::default() };
        assert_eq!(ids(&storage, &UserScope::everybody(), &filter).await, expected, "{query:?}");
    }
    let mut tx = begin(&storage).await;
    tx.user_update(&user(1, "Renamed Person")).await.expect("update");
    commit(tx).await;
    let filter = |query| UserFilter { words: crate::text::words(query), ..UserFilter::default() };
    assert_eq!(ids(&storage, &UserScope::everybody(), &filter("elo")).await, [2], "a former name is not found");
    assert_eq!(ids(&storage, &UserScope::everybody(), &filter("renamed")).await, [1], "the new one is");
}

/// The scope says whose contact address free text may match; other roles it never matches.
pub async fn addresses_are_searched_as_far_as_the_scope_allows(storage: Arc<dyn Storage>) {
    let seed = Seed {
        users: vec![user(1, "Ann"), dismissed(2, "Bob", at(0)), user(3, "Cleo"), invited(4, "Dan")],
        addresses: vec![
            held(user_id(1), "needle.one@example.com", &[EmailRole::Contact]),
            held(user_id(2), "needle.two@example.com", &[EmailRole::Contact]),
            held(user_id(3), "needle.three@example.com", &[EmailRole::Login]),
            held(user_id(4), "needle.four@example.com", &[EmailRole::Contact, EmailRole::Invitation]),
        ],
        ..Seed::default()
    };
    seed.sow(&storage).await;
    let words = |query| UserFilter { words: crate::text::words(query), ..UserFilter::default() };
    let some = for_suite::users(user_id(9), ActiveReach::Everybody, true, true, true);
    assert_eq!(ids(&storage, &UserScope::everybody(), &words("needle")).await, [1, 2, 4], "all contact addresses");
    assert_eq!(ids(&storage, &some, &words("needle")).await, [1, 4], "contact addresses of those who are not dismissed");
    assert_eq!(ids(&storage, &some, &words("bob")).await, [2], "a leaver's name is found all the same");
    assert_eq!(ids(&storage, &UserScope::everybody(), &words("ann one")).await, [1], "a word of the name and one of the address");
    let mut tx = begin(&storage).await;
    tx.addresses_remove(&["needle.one@example.com".into()]).await.expect("remove");
    tx.addresses_put(&[held(user_id(3), "needle.three@example.com", &[EmailRole::Contact])]).await.expect("put");
    commit(tx).await;
    assert_eq!(ids(&storage, &some, &words("needle")).await, [3, 4], "as the addresses stand now");
}
