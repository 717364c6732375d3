use std::sync::Arc;

use uuid::Uuid;

use super::fixtures::*;
use super::pages::{Direction, Listed, assert_cut, hidden_patterns};
use super::{begin, commit};
use crate::event::{Event, EventBody, EventFilter, EventKind, NewEvent};
use crate::id::{AccessTokenId, EventId, UserId};
use crate::page::{Key, PageRequest, SortValue};
use crate::policy::{ActiveReach, EventReach, EventScope, for_suite};
use crate::storage::Storage;
use crate::time::TimeRange;
use crate::user::Actor;

/// Appends them, some in one transaction, some in the next; returns them with their numbers, the earliest first.
async fn append(storage: &Arc<dyn Storage>, events: &[NewEvent]) -> Vec<Event> {
    let last = storage.events_after(0, 10_000).await.expect("read").len() as i64;
    for some in events.chunks(3) {
        let mut tx = begin(storage).await;
        tx.events_append(some).await.expect("append");
        commit(tx).await;
    }
    storage.events_after(last, 10_000).await.expect("read")
}

fn listed(events: &[Event], shown: impl Fn(&Event) -> bool) -> Vec<Listed> {
    let row = |e: &Event| Listed { key: Key::new(SortValue::Number(e.sequence), Uuid::nil()), id: e.event.id.0, shown: shown(e) };
    events.iter().map(row).collect()
}

async fn assert_listed(
    storage: &Arc<dyn Storage>,
    what: &str,
    scope: EventScope,
    filter: &EventFilter,
    rows: Vec<Listed>,
) {
    let mut ids: Vec<EventId> = rows.iter().filter(|r| r.shown).map(|r| EventId(r.id)).collect();
    assert_eq!(storage.events_count(&scope, filter).await.expect("count"), ids.len() as u64, "{what}: the count");
    if *filter == EventFilter::default() {
        let all: Vec<EventId> = rows.iter().map(|r| EventId(r.id)).collect();
        let mut found: Vec<EventId> = storage.events_by_id(&all, &scope).await.expect("by ID").iter().map(|e| e.event.id).collect();
        found.sort();
        ids.sort();
        assert_eq!(found, ids, "{what}: by ID");
    }
    assert_cut(what, rows, Direction::Descending, |request| async move {
        let slice = storage.events_page(&scope, filter, &request).await.expect("page");
        (slice.rows.iter().map(|e| e.event.id.0).collect(), slice.has_more)
    })
    .await;
}

fn history() -> Vec<NewEvent> {
    let token = Actor::Token { owner: user_id(1), token: AccessTokenId(uuid(5)), name: "Sync".into() };
    let of = |n: u64, subject: u64, actor: Actor, time: i64, body: EventBody| NewEvent {
        occurred_at: at(time),
        actor,
        body,
        ..event(n, user_id(subject))
    };
    // Times do not ascend with the numbers, nor do the identifiers.
    vec![
        of(9, 1, Actor::System, 10, EventBody::UserInvited { email: "a@example.com".into() }),
        of(8, 2, Actor::User(user_id(1)), 12, EventBody::UserHired),
        of(7, 1, token.clone(), 11, EventBody::UserHired),
        of(3, 3, Actor::User(user_id(2)), 30, EventBody::UserDismissed { reason: Some("Left".into()) }),
        of(6, 3, token, 13, EventBody::PasswordChanged),
        of(5, 2, Actor::User(user_id(3)), 5, EventBody::UserDeleted { recipient: UserId::SYSTEM }),
        of(4, 1, Actor::User(user_id(1)), 40, EventBody::UserHired),
        of(2, 2, Actor::User(user_id(2)), 12, EventBody::PasswordChanged),
    ]
}

/// Each condition alone and with others; several values of one mean any of them, given twice or not.
pub async fn events_are_filtered_and_paged_latest_first(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann"), user(2, "Bob"), user(3, "Cleo")], ..Seed::default() }.sow(&storage).await;
    let events = append(&storage, &history()).await;
    let kinds = |kinds: &[EventKind]| EventFilter { kinds: Some(kinds.to_vec()), ..EventFilter::default() };
    let subjects = |ns: &[u64]| EventFilter { subjects: Some(ns.iter().map(|n| user_id(*n)).collect()), ..EventFilter::default() };
    let actors = |ns: &[u64]| EventFilter { actors: Some(ns.iter().map(|n| user_id(*n)).collect()), ..EventFilter::default() };
    let period = |from: Option<i64>, until: Option<i64>| TimeRange { from: from.map(at), until: until.map(at) };
    let within = |range| EventFilter { occurred_at: range, ..EventFilter::default() };
    let filters = [
        EventFilter::default(),
        kinds(&[EventKind::UserHired]),
        kinds(&[EventKind::PasswordChanged, EventKind::UserDeleted, EventKind::PasswordChanged]),
        kinds(&[EventKind::SettingsChanged]),
        kinds(&[EventKind::SettingsChanged, EventKind::AccessChanged]),
        subjects(&[2]),
        subjects(&[3, 1, 3]),
        subjects(&[99]),
        subjects(&[]),
        actors(&[1]),
        actors(&[2, 1, 2]),
        EventFilter { actors: Some(vec![UserId::SYSTEM]), ..EventFilter::default() },
        within(period(Some(12), None)),
        within(period(None, Some(12))),
        within(period(Some(11), Some(13))),
        within(period(Some(13), Some(11))),
        EventFilter { kinds: Some(vec![EventKind::UserHired]), ..subjects(&[1, 2]) },
        EventFilter { actors: Some(vec![user_id(1)]), ..subjects(&[1, 3]) },
        EventFilter { kinds: Some(vec![EventKind::UserHired, EventKind::PasswordChanged]), ..actors(&[1, 2]) },
        EventFilter { occurred_at: period(Some(11), Some(31)), ..subjects(&[1, 2, 3]) },
        EventFilter { occurred_at: period(Some(12), Some(13)), ..kinds(&[EventKind::UserHired, EventKind::PasswordChanged]) },
        EventFilter { actors: Some(vec![user_id(1)]), occurred_at: period(None, Some(20)), ..kinds(&[EventKind::UserHired]) },
    ];
    for filter in &filters {
        let rows = listed(&events, |e| filter.admits(&e.event));
        assert_listed(&storage, &format!("{filter:?}"), EventScope::everything(), filter, rows).await;
    }
    let all = storage.events_page(&EventScope::everything(), &EventFilter::default(), &PageRequest::first(50)).await.expect("page");
    let mut expected = events.clone();
    expected.reverse();
    assert_eq!(all.rows, expected, "field by field");
}

/// Those of other people, and deletions.
pub async fn hidden_events_take_no_place_on_a_page(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann"), user(2, "Bob")], ..Seed::default() }.sow(&storage).await;
    let all = EventFilter::default();
    let mut events = Vec::new();
    for (round, (what, pattern)) in (0u64..).zip(hidden_patterns(7)) {
        // History only grows: one subject for each pattern.
        let (viewer, other) = (user_id(100 + round), user_id(200 + round));
        let of = |(n, hidden): (u64, &bool)| event(round * 10 + n, if *hidden { other } else { viewer });
        let appended = append(&storage, &(1..).zip(&pattern).map(of).collect::<Vec<_>>()).await;
        events.extend(appended);
        let scope = EventScope::for_suite(EventReach::Oneself(viewer), false, false);
        assert_listed(&storage, what, scope, &all, listed(&events, |e| e.event.subject == viewer)).await;
    }
    let nobody = EventScope::for_suite(EventReach::Nobody, true, true);
    assert_listed(&storage, "none", nobody, &all, listed(&events, |_| false)).await;
    let deletion = |n: u64| NewEvent { body: EventBody::UserDeleted { recipient: user_id(1) }, ..event(n, user_id(100)) };
    events.extend(append(&storage, &[deletion(901), event(902, user_id(2)), deletion(903), deletion(904)]).await);
    let is_deletion = |e: &Event| e.event.body.kind() == EventKind::UserDeleted;
    for deletions in [false, true] {
        let scope = EventScope::for_suite(EventReach::Everybody, deletions, true);
        let shown = |e: &Event| deletions || !is_deletion(e);
        assert_listed(&storage, "deletions", scope, &all, listed(&events, shown)).await;
        let only = EventFilter { kinds: Some(vec![EventKind::UserDeleted]), ..EventFilter::default() };
        let rows = listed(&events, |e| deletions && is_deletion(e));
        assert_listed(&storage, "deletions alone", scope, &only, rows).await;
    }
}

/// Whether the subject lies in the scope is looked at now, not when it happened; who is gone lies in none.
pub async fn events_of_people_in_a_scope_are_listed(storage: Arc<dyn Storage>) {
    let users = vec![user(1, "Ann"), user(2, "Bob"), external(3, "Eve"), dismissed(4, "Leo", at(0)), invited(5, "Ida")];
    Seed { users, ..Seed::default() }.sow(&storage).await;
    let events = append(&storage, &(1..=12).map(|n| event(n, user_id(n % 6 + 1))).collect::<Vec<_>>()).await;
    for (active, invited, dismissed, seen) in [
        (ActiveReach::Everybody, false, true, vec![1, 2, 3, 4]),
        (ActiveReach::Everybody, true, false, vec![1, 2, 3, 5]),
        (ActiveReach::Nobody, false, false, vec![1]),
        (ActiveReach::Nobody, true, true, vec![1, 4, 5]),
    ] {
        let people = for_suite::users(user_id(1), active, invited, false, dismissed);
        let scope = EventScope::for_suite(EventReach::People(people), false, true);
        let rows = listed(&events, |e| seen.contains(&number(e.event.subject.0)));
        assert_listed(&storage, &format!("{seen:?}"), scope, &EventFilter::default(), rows).await;
        let filter = EventFilter { subjects: Some(vec![user_id(2), user_id(5), user_id(6)]), ..EventFilter::default() };
        let rows = listed(&events, |e| seen.contains(&number(e.event.subject.0)) && filter.admits(&e.event));
        assert_listed(&storage, &format!("{seen:?}, some of them"), scope, &filter, rows).await;
    }
}

/// One entry for each, in the order given, empty ones too.
pub async fn events_are_paged_by_subject(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann"), user(2, "Bob"), user(3, "Cleo")], ..Seed::default() }.sow(&storage).await;
    let events = append(&storage, &history()).await;
    let subjects = [user_id(3), user_id(99), user_id(1), user_id(2)];
    let hired = EventFilter { kinds: Some(vec![EventKind::UserHired, EventKind::UserDeleted]), ..EventFilter::default() };
    for filter in [EventFilter::default(), hired, EventFilter { subjects: Some(vec![user_id(1)]), ..EventFilter::default() }] {
        let scope = EventScope::for_suite(EventReach::Everybody, false, true);
        let shown = |e: &Event, subject: UserId| {
            e.event.subject == subject && e.event.body.kind() != EventKind::UserDeleted && filter.admits(&e.event)
        };
        let counts: Vec<u64> = subjects.iter().map(|s| events.iter().filter(|e| shown(e, *s)).count() as u64).collect();
        assert_eq!(storage.events_count_by_subject(&subjects, &scope, &filter).await.expect("counts"), counts, "{filter:?}");
        for (place, subject) in subjects.iter().enumerate() {
            let rows = listed(&events, |e| shown(e, *subject));
            let (storage, filter) = (&storage, &filter);
            assert_cut(&format!("{filter:?} of {subject}"), rows, Direction::Descending, |request| async move {
                let slices = storage.events_page_by_subject(&subjects, &scope, filter, &request).await.expect("pages");
                assert_eq!(slices.len(), subjects.len(), "one entry for each");
                let slice = &slices[place];
                (slice.rows.iter().map(|e| e.event.id.0).collect(), slice.has_more)
            })
            .await;
        }
    }
    let scope = EventScope::everything();
    assert!(storage.events_page_by_subject(&[], &scope, &EventFilter::default(), &PageRequest::first(5)).await.expect("pages").is_empty());
}

/// Rule R6: it is the system that did it, for conditions as for rows; other events are found by who did them.
pub async fn who_dismissed_somebody_is_not_told_by_a_condition(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann"), user(2, "Bob")], ..Seed::default() }.sow(&storage).await;
    let by = |n: u64, body: EventBody| NewEvent { actor: Actor::User(user_id(2)), body, ..event(n, user_id(1)) };
    let dismissed = || EventBody::UserDismissed { reason: None };
    let events = append(&storage, &[by(1, dismissed()), by(2, EventBody::UserHired), event(3, user_id(1)), by(4, dismissed())]).await;
    for reach in [EventReach::Oneself(user_id(1)), EventReach::Everybody] {
        for (actors, told, kept) in [
            (vec![user_id(2)], vec![1, 2, 4], vec![2]),
            (vec![UserId::SYSTEM], vec![3], vec![1, 3, 4]),
            (vec![UserId::SYSTEM, user_id(2)], vec![1, 2, 3, 4], vec![1, 2, 3, 4]),
            (vec![user_id(1), user_id(7)], vec![], vec![]),
        ] {
            for (dismissers, found) in [(true, told), (false, kept)] {
                let scope = EventScope::for_suite(reach, false, dismissers);
                let filter = EventFilter { actors: Some(actors.clone()), ..EventFilter::default() };
                let rows = listed(&events, |e| found.contains(&number(e.event.id.0)));
                assert_listed(&storage, &format!("{scope:?} {actors:?}"), scope, &filter, rows).await;
                let count = storage.events_count_by_subject(&[user_id(1)], &scope, &filter).await.expect("counts");
                assert_eq!(count, [found.len() as u64], "{scope:?} {actors:?}");
            }
        }
    }
}
