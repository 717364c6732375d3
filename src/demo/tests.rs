use std::collections::{BTreeMap, HashMap, HashSet};

use tenure_core::id::UserId;
use tenure_core::memory::MemoryStorage;
use tenure_core::page::PageRequest;
use tenure_core::record::{Record, RecordFilter, RecordGroups, RecordOrder, RecordOrderField};
use tenure_core::storage::{CredentialRead, HistoryRead, PeopleRead, RecordRead, StructureRead, WorkRead};
use tenure_core::structure::{Membership, MembershipGroups};
use tenure_core::user::{User, UserKind, UserOrder, UserOrderField};

use super::*;

const NOW: Timestamp = Timestamp(1_795_000_000 * Timestamp::SECOND);

/// Everything that was written, as it reads.
struct Written {
    company: Company,
    users: Vec<User>,
    memberships: Vec<Membership>,
    records: Vec<Record>,
    storage: MemoryStorage,
}

async fn written() -> Written {
    written_at(NOW).await
}

async fn written_at(now: Timestamp) -> Written {
    let storage = MemoryStorage::new();
    assert!(is_empty(&storage).await.unwrap());
    let company = fill(&storage, now, &PasswordHash("$argon2id$…".into())).await.unwrap();
    assert!(!is_empty(&storage).await.unwrap());
    let access = Access::system();
    let order = UserOrder { field: UserOrderField::CreatedAt, descending: false };
    let everybody =
        UserFilter { statuses: Some(vec![UserStatus::Invited, UserStatus::Active, UserStatus::Dismissed]), ..UserFilter::default() };
    let users = storage.users_page(&access.user_scope(), &everybody, order, &PageRequest::first(1000)).await.unwrap().rows;
    let ids: Vec<UserId> = users.iter().map(|u| u.id).collect();
    let memberships = storage.memberships_by_user(&ids).await.unwrap();
    let order = RecordOrder { field: RecordOrderField::CreatedAt, descending: false };
    let records =
        storage.records_page(&access.record_scope(), &RecordFilter::default(), order, &PageRequest::first(5000)).await.unwrap().rows;
    Written { company, users, memberships, records, storage }
}

fn with_status(users: &[User], status: UserStatus) -> Vec<&User> {
    users.iter().filter(|u| u.status == status).collect()
}

#[tokio::test]
async fn it_is_as_large_as_promised() {
    let Written { company, users, records, storage, .. } = written().await;
    assert_eq!(users.len(), 60);
    assert_eq!(with_status(&users, UserStatus::Invited).len(), 2);
    assert_eq!(with_status(&users, UserStatus::Dismissed).len(), 6);
    assert_eq!(users.iter().filter(|u| u.kind == UserKind::Extranet && u.status == UserStatus::Active).count(), 5);
    assert_eq!(storage.departments_count().await.unwrap(), 5);
    let scope = Access::system().workgroup_scope();
    assert_eq!(storage.workgroups_count(&scope, None).await.unwrap(), 4);
    assert_eq!(storage.workgroups_count(&scope, Some(true)).await.unwrap(), 2);
    assert_eq!(records.len(), 1500);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for record in &records {
        *kinds.entry(record.id.kind.name()).or_default() += 1;
    }
    assert_eq!(kinds.len(), 9);
    assert!(kinds.values().all(|n| *n >= 70), "{kinds:?}");
    let changes = storage.ownership_changes_count(&records.iter().map(|r| r.id).collect::<Vec<_>>()).await.unwrap();
    assert!(changes.iter().sum::<u64>() > 250, "{}", changes.iter().sum::<u64>());
    assert!(storage.reassignments_count(&Access::system().reassignment_scope()).await.unwrap() >= 10);
    assert!(storage.events_after(0, 10_000).await.unwrap().len() > 150);

    for sign_in in [&company.administrator, &company.hr_manager, &company.employee, &company.external] {
        let key = tenure_core::email::Email::parse(sign_in.email).unwrap();
        let login = storage.login_by_key(key.key()).await.unwrap().unwrap();
        assert_eq!((login.user.id, login.user.status), (sign_in.user, UserStatus::Active));
        assert!(login.password.is_some());
    }
    assert_eq!(storage.administrators_count().await.unwrap(), 1);
}

#[tokio::test]
async fn it_comes_out_the_same_every_time() {
    let (one, two) = (written().await, written().await);
    assert_eq!(one.company, two.company);
    assert_eq!(one.users, two.users);
    assert_eq!(one.records, two.records);
    let events = |w: Written| async move { w.storage.events_after(0, 10_000).await.unwrap() };
    assert_eq!(events(one).await, events(two).await);
}

#[tokio::test]
async fn only_dates_depend_on_when_it_is_made() {
    let story = |w: Written| {
        let mut names: HashMap<UserId, String> = w.users.iter().map(|u| (u.id, u.display_name())).collect();
        names.insert(UserId::SYSTEM, "-".to_owned());
        let tell = |r: &Record| (r.title.clone(), names[&r.responsible].clone(), r.is_closed, r.version, r.external_id.clone());
        let mut records: Vec<_> = w.records.iter().map(tell).collect();
        records.sort();
        records
    };
    // 103 days, 4 hours and some seconds later: another year, month, weekday and time of day.
    let later = Timestamp(NOW.0 + 103 * Timestamp::DAY + 14_521 * Timestamp::SECOND);
    assert_eq!(story(written_at(NOW).await), story(written_at(later).await));
}

#[tokio::test]
async fn i9_i10_r5_people_stand_where_they_may() {
    let Written { users, memberships, records, storage, .. } = written().await;
    let by_id: HashMap<UserId, &User> = users.iter().map(|u| (u.id, u)).collect();
    let extranet: HashSet<_> = storage
        .workgroups_page(&Access::system().workgroup_scope(), Some(true), &PageRequest::first(100))
        .await
        .unwrap()
        .rows
        .into_iter()
        .map(|w| w.id)
        .collect();
    for user in &users {
        let lasting: Vec<&Membership> = memberships.iter().filter(|m| m.user == user.id && m.left_at.is_none()).collect();
        match (user.status, user.kind) {
            (UserStatus::Active, UserKind::Intranet) => {
                let manager = user.manager.map(|m| by_id[&m]);
                assert!(manager.is_none_or(User::is_active_employee), "I10: {} reports to {manager:?}", user.display_name());
                assert!(user.department.is_some());
                assert_eq!(user.manager.is_none(), user.last_name == "Brandt", "{}", user.display_name());
            }
            (UserStatus::Active | UserStatus::Invited, UserKind::Extranet) => {
                assert!(lasting.iter().any(|m| extranet.contains(&m.workgroup)), "I9: {}", user.display_name());
                assert!(lasting.iter().all(|m| extranet.contains(&m.workgroup)));
                assert!(user.department.is_none() && user.manager.is_none() && user.personal_permissions.is_empty());
                assert!(!records.iter().any(|r| r.responsible == user.id && r.id.kind.is_crm()), "I9");
            }
            (UserStatus::Dismissed, _) => {
                assert!(lasting.is_empty(), "R5");
                assert!(memberships.iter().filter(|m| m.user == user.id).all(|m| m.ended_by_dismissal && m.left_at.is_some()));
                assert!(user.dismissal.is_some() && user.login_email.is_some());
                assert!(records.iter().any(|r| r.responsible == user.id), "{} holds records", user.display_name());
                assert!(storage.departments_headed_by(user.id).await.unwrap().is_empty(), "R4");
            }
            (UserStatus::Invited, UserKind::Intranet) => assert!(user.login_email.is_none()),
            (UserStatus::System, _) => unreachable!("the System User is in no list"),
        }
        assert!(user.updated_at >= user.created_at && user.updated_at <= NOW);
    }
    let of_workgroups = MembershipGroups::OfWorkgroup(extranet.into_iter().collect());
    let pages =
        storage.memberships_page_in_groups(&of_workgroups, &Access::system().workgroup_scope(), &PageRequest::first(50)).await.unwrap();
    for page in pages {
        assert!(page.rows.iter().any(|m| by_id[&m.user].kind == UserKind::Extranet), "external people are in it");
        assert!(page.rows.iter().any(|m| m.role == tenure_core::structure::WorkgroupRole::Owner));
    }
}

#[tokio::test]
async fn i5_h3_leavers_hold_records_of_all_kinds_open_and_closed() {
    let Written { users, records, .. } = written().await;
    let leavers: HashSet<UserId> = with_status(&users, UserStatus::Dismissed).iter().map(|u| u.id).collect();
    let mut seen: HashSet<(RecordKind, bool)> = HashSet::new();
    let mut external_ids = HashSet::new();
    let by_id: HashMap<_, &Record> = records.iter().map(|r| (r.id, r)).collect();
    for record in &records {
        if leavers.contains(&record.responsible) {
            seen.insert((record.id.kind, record.is_closed));
        }
        assert!(record.updated_at >= record.created_at && record.updated_at <= NOW, "{record:?}");
        for referred in record.detail.references().into_iter().chain(record.subject) {
            assert!(by_id[&referred].created_at <= record.created_at, "{referred} is older than {}", record.id);
        }
        if let Some(external_id) = &record.external_id {
            assert!(external_ids.insert((record.id.kind, external_id.clone())));
        }
        assert!(users.iter().any(|u| u.id == record.responsible), "I5");
    }
    assert_eq!(seen.len(), 18, "nine kinds, open and closed");
}

#[tokio::test]
async fn h10_ownership_changes_form_chains() {
    let Written { records, storage, users, .. } = written().await;
    let employees: HashSet<UserId> = users.iter().filter(|u| u.kind == UserKind::Intranet).map(|u| u.id).collect();
    let ids: Vec<_> = records.iter().map(|r| r.id).collect();
    let pages = storage.ownership_changes_page(&ids, &PageRequest::first(100)).await.unwrap();
    for (record, page) in records.iter().zip(pages) {
        let mut owner = record.created_by.person();
        let mut version = 1;
        for change in page.rows.iter().rev() {
            assert_eq!(change.from, owner, "{}", record.id);
            assert!(change.changed_at >= record.created_at && change.changed_at <= NOW);
            assert!(employees.contains(&change.to), "I5");
            assert!(change.record_version > version);
            (owner, version) = (change.to, change.record_version);
        }
        assert_eq!(owner, record.responsible, "the last one has it: {}", record.id);
        assert!(record.version >= version);
    }
}

#[tokio::test]
async fn activities_are_mostly_of_who_has_the_record() {
    let Written { records, storage, .. } = written().await;
    let by_id: HashMap<_, &Record> = records.iter().map(|r| (r.id, r)).collect();
    let linked: Vec<(&Record, &Record)> = records.iter().filter_map(|r| Some((r, *by_id.get(&r.subject?)?))).collect();
    let same = linked.iter().filter(|(activity, subject)| activity.responsible == subject.responsible).count();
    assert!(linked.len() > 200 && same * 2 > linked.len() && same < linked.len(), "{same} of {}", linked.len());
    let subjects: Vec<_> = linked.iter().map(|(_, subject)| subject.id).collect();
    let order = RecordOrder { field: RecordOrderField::UpdatedAt, descending: true };
    let scope = Access::system().record_scope();
    let pages = storage
        .records_page_in_groups(&RecordGroups::ActivitiesOf(subjects), &scope, &RecordFilter::default(), order, &PageRequest::first(5))
        .await
        .unwrap();
    assert!(pages.iter().all(|page| !page.rows.is_empty()));
}

/// R3, V3, V6, S6: of leavers too, each only while they belonged.
#[tokio::test]
async fn s6_people_talk_while_they_are_there() {
    let Written { users, memberships, storage, .. } = written().await;
    let by_id: HashMap<UserId, &User> = users.iter().map(|u| (u.id, u)).collect();
    let ids: Vec<UserId> = users.iter().map(|u| u.id).collect();
    let there = |id: UserId, at: Timestamp| {
        let user = by_id[&id];
        user.created_at <= at && user.dismissal.as_ref().is_none_or(|d| at < d.dismissed_at)
    };
    let page = PageRequest::first(1000);
    let meetings = storage.meetings_page_in_groups(&ids, &Access::system().meeting_scope(), &page).await.unwrap();
    let meetings: HashMap<_, _> = meetings.into_iter().flat_map(|slice| slice.rows).map(|m| (m.id, m)).collect();
    assert!(meetings.len() > 80, "{}", meetings.len());
    assert!(meetings.values().any(|m| m.starts_at > NOW) && meetings.values().all(|m| m.created_at < NOW && m.ends_at > m.starts_at));
    let all: Vec<_> = meetings.keys().copied().collect();
    for attendance in storage.attendees_by_meeting(&all).await.unwrap() {
        assert!(there(attendance.user, meetings[&attendance.meeting].created_at));
    }
    let posts = storage
        .feed_posts_page_in_groups(&tenure_core::work::FeedGroups::By(ids.clone()), &Access::system().feed_scope(), &page)
        .await
        .unwrap();
    let posts: Vec<_> = posts.into_iter().flat_map(|slice| slice.rows).collect();
    assert!(posts.len() > 80 && posts.iter().any(|p| p.workgroup.is_none()) && posts.iter().any(|p| p.workgroup.is_some()));
    for post in &posts {
        assert!(there(post.author, post.created_at));
        let belongs = |w| memberships.iter().any(|m| m.user == post.author && m.workgroup == w && m.joined_at <= post.created_at);
        assert!(post.workgroup.map_or(by_id[&post.author].kind == UserKind::Intranet, belongs));
    }
    let leavers: Vec<UserId> = with_status(&users, UserStatus::Dismissed).iter().map(|u| u.id).collect();
    assert!(meetings.values().any(|m| leavers.contains(&m.organizer)) && posts.iter().any(|p| leavers.contains(&p.author)));
}
