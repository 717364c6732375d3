//! Who reads what happened, in which lists (DOMAIN §5, R6, V3, V7, V8, I7, I11).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::event::{Event, EventBody, NewEvent};
use tenure_core::id::{EventId, UserId};
use tenure_core::permission::Permission;
use tenure_core::storage::{HistoryRead, Storage};
use tenure_core::time::Timestamp;
use tenure_core::user::{Actor, UserStatus};

use crate::support::company::Traits;
use crate::support::history::latest;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::server::Wish;
use crate::support::{adapter, rounds, rows};

const OF_USER: &str = "query($id: ID!, $filter: UserEventFilter) { node(id: $id) { ... on User { events(first: 50, filter: $filter) { totalCount nodes { __typename id actor { kind displayName } subject { displayName user { id } } ... on UserDismissedEvent { reason } } } } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id } }";

/// What somebody reads of what happened to a person; null where they may not.
async fn events_of(reader: &Person, id: UserId, filter: Value) -> Value {
    let answer = reader.query(OF_USER, json!({"id": id, "filter": filter})).await.ok();
    let node = answer.at("node");
    if node.is_null() { json!("hidden") } else { node["events"].clone() }
}

fn happened(subject: UserId, actor: Actor, at: Timestamp, body: EventBody) -> NewEvent {
    NewEvent { id: EventId(SystemClock.new_uuid()), occurred_at: at, actor, subject, request_id: None, body }
}

async fn append(office: &Office, events: &[NewEvent]) {
    let mut tx = office.storage.begin().await.expect("a transaction");
    tx.events_append(events).await.expect("events");
    tx.commit().await.expect("a commit");
}

on_both! {
    /// DOMAIN §5, R6, V3, V7: each persona, each list, and each event by its ID.
    async fn r6_events_are_shown_to_whom_they_may_be_shown(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        hr.run("dismiss", json!({"userId": company.emma.id, "reason": "Secret reason"}), "user { id }").await.ok();
        hr.run("hire", json!({"userId": company.emma.id}), "user { id }").await.ok();
        hr.run("dismiss", json!({"userId": company.emma.id, "reason": "Secret reason"}), "user { id }").await.ok();
        hr.run("hire", json!({"userId": company.emma.id}), "user { id }").await.ok();
        hr.run("updateUser", json!({"userId": company.ben.id, "jobTitle": "Head"}), "user { id }").await.ok();
        hr.run("updateUser", json!({"userId": company.eva.id, "jobTitle": "Guest"}), "user { id }").await.ok();
        let auditor = company.holder("Ada", "Auditor", &[Permission::AuditRead]).await;
        let dismisser = company.holder("Dora", "Dismisser", &[Permission::UsersDismiss]).await;
        let (emma, ben, eva) = (office.sign_in(&company.emma).await, office.sign_in(&company.ben).await, office.sign_in(&company.eva).await);
        let (ada, dora) = (office.sign_in(&auditor).await, office.sign_in(&dismisser).await);
        let all = ann.query("{ userEvents(first: 100) { totalCount nodes { id subject { user { id } } } } }", json!({})).await.ok();
        let count = all.at("userEvents.totalCount").clone();

        let own = events_of(&emma, company.emma.id, Value::Null).await;
        let kinds: Vec<&str> = own["nodes"].as_array().expect("a list").iter().filter_map(|e| e["__typename"].as_str()).collect();
        assert_eq!(kinds, ["UserHiredEvent", "UserDismissedEvent", "UserHiredEvent", "UserDismissedEvent"]);
        assert_eq!(own["nodes"][0]["actor"]["displayName"], "Hana Reed");
        assert_eq!((&own["nodes"][1]["reason"], &own["nodes"][1]["actor"]), (&Value::Null, &json!({"kind": "SYSTEM", "displayName": "System"})), "neither why nor by whom");
        for (by, found) in [(company.hr.id, 2), (UserId::SYSTEM, 2), (company.ann.id, 0)] {
            assert_eq!(events_of(&emma, company.emma.id, json!({"actorIds": [by]})).await["totalCount"], found, "{by}");
        }
        let colleague = events_of(&emma, company.ben.id, Value::Null).await;
        assert_eq!((colleague, events_of(&ben, company.emma.id, Value::Null).await), (Value::Null, Value::Null), "null without an error");

        for (reader, reason) in [(&ann, json!("Secret reason")), (&hr, json!("Secret reason")), (&dora, json!("Secret reason")), (&ada, Value::Null)] {
            let seen = events_of(reader, company.emma.id, Value::Null).await;
            assert_eq!((&seen["totalCount"], &seen["nodes"][1]["reason"], &seen["nodes"][1]["actor"]["displayName"]), (&json!(4), &reason, &json!("Hana Reed")));
            assert_eq!(events_of(reader, company.emma.id, json!({"actorIds": [company.hr.id]})).await["totalCount"], 4);
        }
        assert_eq!(events_of(&eva, company.eva.id, Value::Null).await, Value::Null, "V3: no event, not even their own");
        assert_eq!(events_of(&eva, company.ben.id, Value::Null).await, Value::Null);
        assert_eq!(events_of(&ada, company.eva.id, Value::Null).await["totalCount"], 1);

        for (reader, code) in [(&emma, "FORBIDDEN"), (&dora, "FORBIDDEN"), (&eva, "FORBIDDEN"), (&office.server.anonymous(), "UNAUTHENTICATED")] {
            let refused = reader.query("{ userEvents { totalCount } }", json!({})).await.fails(code);
            assert!(refused.body["data"]["userEvents"].is_null());
        }
        for reader in [&ann, &hr, &ada] {
            assert_eq!(reader.query("{ userEvents { totalCount } }", json!({})).await.ok().at("userEvents.totalCount"), &count);
        }
        // A token: its permissions and its owner's, both.
        for (owner, permissions, code) in [(&hr, json!(["AUDIT_READ"]), None), (&hr, json!(["USERS_DISMISS"]), Some("FORBIDDEN"))] {
            let token = owner.run("createAccessToken", json!({"name": "t", "permissions": permissions}), "secret").await.ok();
            let answer = office.server.with_token(&token.text("secret")).query("{ userEvents { totalCount } }", json!({})).await;
            assert_eq!(answer.error_codes().first().map(String::as_str), code);
        }
        // V7: by ID, as in the lists.
        for event in all.list("userEvents.nodes") {
            let about_emma = event["subject"]["user"]["id"] == json!(company.emma.id);
            for (reader, shown) in [(&ann, true), (&ada, true), (&dora, true), (&emma, about_emma), (&ben, event["subject"]["user"]["id"] == json!(company.ben.id)), (&eva, false)] {
                let found = reader.query(NODE, json!({"id": event["id"]})).await.ok();
                assert_eq!(!found.at("node").is_null(), shown, "{event}");
            }
        }
        let missing = EventId(SystemClock.new_uuid()).to_string();
        assert!(ann.query(NODE, json!({"id": missing})).await.ok().at("node").is_null());
        // USERS_DISMISS reads of those whom it sees: people who were never active are not among them.
        let ida = hr.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "Ida", "lastName": "N"}), "user { id }").await.ok();
        let invited = ada.query("query($of: [ID!]) { userEvents(filter: {subjectIds: $of}) { nodes { id subject { displayName user { id } } } } }", json!({"of": [ida.at("user.id")]})).await.ok();
        assert_eq!(invited.at("userEvents.nodes.0.subject"), &json!({"displayName": "Ida N", "user": null}));
        let id = invited.at("userEvents.nodes.0.id");
        assert!(dora.query(NODE, json!({"id": id})).await.ok().at("node").is_null());
        assert!(!ada.query(NODE, json!({"id": id})).await.ok().at("node").is_null());
    }

    /// DOMAIN §5: to who reads only their own, somebody hidden and somebody who never was are the same in a condition.
    async fn conditions_do_not_tell_hidden_people_from_missing_ones(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        append(&office, &[happened(company.emma.id, Actor::User(company.leo.id), SystemClock.now(), EventBody::PasswordChanged)]).await;
        let emma = office.sign_in(&company.emma).await;
        assert_eq!(events_of(&emma, company.emma.id, Value::Null).await["totalCount"], 1);
        let missing = UserId(SystemClock.new_uuid());
        for id in [company.leo.id, missing] {
            assert_eq!(events_of(&emma, company.emma.id, json!({"actorIds": [id]})).await, json!({"totalCount": 0, "nodes": []}));
            assert_eq!(events_of(&emma, company.emma.id, json!({"subjectIds": [id]})).await, json!({"totalCount": 0, "nodes": []}));
        }
        let ann = office.sign_in(&company.ann).await;
        assert_eq!(events_of(&ann, company.emma.id, json!({"actorIds": [company.leo.id]})).await["totalCount"], 1);
    }

    /// V8, I11: each condition alone and together, pages in both directions, exact counts and neighbours.
    async fn v8_events_are_filtered_and_paged(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let before = latest(&hr).await;
        assert_eq!(before, 0, "founding a company over the storage tells nothing");
        let (subjects, actors) = ([company.ben.id, company.emma.id, company.leo.id], [company.ann.id, company.hr.id]);
        let day = |n: usize| Timestamp(1_790_000_000 * Timestamp::SECOND).plus_seconds(n as i64 * 86_400);
        let events: Vec<NewEvent> = (0..60)
            .map(|n| {
                let body = [EventBody::UserHired, EventBody::PasswordChanged, EventBody::MovedToIntranet, EventBody::InvitationAccepted][n % 4].clone();
                happened(subjects[n % 3], Actor::User(actors[n / 3 % 2]), day((n * 7) % 60), body)
            })
            .collect();
        append(&office, &events).await;
        let text = |at: Timestamp| at.to_rfc3339();
        let (from, until) = (text(day(10)), text(day(31)));
        let filters = [
            json!(null),
            json!({}),
            json!({"kinds": ["USER_HIRED"]}),
            json!({"kinds": ["PASSWORD_CHANGED", "MOVED_TO_INTRANET"]}),
            json!({"subjectIds": [company.ben.id]}),
            json!({"subjectIds": [company.ben.id, company.leo.id]}),
            json!({"actorIds": [company.hr.id]}),
            json!({"actorIds": [company.hr.id, company.ann.id, company.ben.id]}),
            json!({"occurredAt": {"from": from}}),
            json!({"occurredAt": {"until": until}}),
            json!({"occurredAt": {"from": from, "until": until}}),
            json!({"kinds": ["USER_HIRED", "PASSWORD_CHANGED"], "subjectIds": [company.emma.id], "actorIds": [company.hr.id]}),
            json!({"kinds": ["USER_HIRED", "INVITATION_ACCEPTED"], "actorIds": [company.ann.id], "occurredAt": {"from": from, "until": until}}),
            json!({"kinds": ["SETTINGS_CHANGED"]}),
        ];
        let ask = "query($filter: UserEventFilter, $first: Int, $last: Int, $after: String, $before: String) { userEvents(filter: $filter, first: $first, last: $last, after: $after, before: $before) { totalCount edges { cursor node { sequence } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
        for filter in &filters {
            let has = |key: &str, value: &str| filter[key].as_array().is_none_or(|list| list.iter().any(|v| v == value));
            let mut expected: Vec<i64> = (1..)
                .zip(&events)
                .filter(|(_, e)| {
                    let kind = match e.body {
                        EventBody::UserHired => "USER_HIRED",
                        EventBody::PasswordChanged => "PASSWORD_CHANGED",
                        EventBody::MovedToIntranet => "MOVED_TO_INTRANET",
                        _ => "INVITATION_ACCEPTED",
                    };
                    let at = text(e.occurred_at);
                    has("kinds", kind)
                        && has("subjectIds", &e.subject.to_string())
                        && has("actorIds", &e.actor.person().to_string())
                        && filter["occurredAt"]["from"].as_str().is_none_or(|from| at.as_str() >= from)
                        && filter["occurredAt"]["until"].as_str().is_none_or(|until| at.as_str() < until)
                })
                .map(|(n, _)| n)
                .collect();
            expected.reverse();
            for (size, cursor, next, end) in [("first", "after", "hasNextPage", "endCursor"), ("last", "before", "hasPreviousPage", "startCursor")] {
                let (mut seen, mut at): (Vec<i64>, Value) = (Vec::new(), Value::Null);
                loop {
                    let answer = hr.query(ask, json!({"filter": filter, size: 7, cursor: at})).await.ok();
                    let page: Vec<i64> = answer.list("userEvents.edges").iter().filter_map(|e| e["node"]["sequence"].as_i64()).collect();
                    assert_eq!(answer.at("userEvents.totalCount"), expected.len() as i64, "{filter}");
                    let other = if next == "hasNextPage" { "hasPreviousPage" } else { "hasNextPage" };
                    assert_eq!(answer.at("userEvents.pageInfo")[other], !at.is_null(), "{filter}");
                    if size == "first" { seen.extend(page) } else { seen.splice(0..0, page); }
                    at = answer.at("userEvents.pageInfo")[end].clone();
                    if answer.at("userEvents.pageInfo")[next] == json!(false) {
                        break;
                    }
                }
                assert_eq!(seen, expected, "{filter} {size}");
            }
        }
        // Bad input.
        let many: Vec<UserId> = (0..501).map(|_| company.ben.id).collect();
        for bad in [json!({"kinds": []}), json!({"subjectIds": []}), json!({"actorIds": []}), json!({"actorIds": [company.sales]}), json!({"subjectIds": ["nonsense"]}), json!({"actorIds": many})] {
            hr.query(ask, json!({"filter": bad})).await.fails("BAD_USER_INPUT");
        }
        let cursor = hr.query(ask, json!({"first": 1})).await.ok().text("userEvents.edges.0.cursor");
        let of_user = "query($id: ID!, $after: String) { user(id: $id) { events(after: $after) { nodes { id } } } }";
        hr.query(of_user, json!({"id": company.ben.id, "after": cursor})).await.fails("BAD_USER_INPUT");
        let users = hr.query("{ users(first: 1) { edges { cursor } } }", json!({})).await.ok().text("users.edges.0.cursor");
        hr.query(ask, json!({"after": users})).await.fails("BAD_USER_INPUT");
        for size in [0, 101] {
            hr.query(ask, json!({"first": size})).await.fails("BAD_USER_INPUT");
        }
    }

    /// A list of people with their events costs the same number of statements for few people and for many, and so does a list of events.
    async fn events_of_many_people_cost_a_bounded_number_of_statements(db: Backend) {
        let office = Office::open_with(db, Wish::without_polling).await;
        let hr = office.sign_in(&office.company.hr).await;
        let mut costs = Vec::new();
        for count in [3, 40] {
            let people = office.company.add_many(count, &format!("Worker{count}"), Traits::default()).await;
            let events: Vec<NewEvent> = people
                .iter()
                .flat_map(|p| (0..3).map(|_| happened(p.id, Actor::User(office.company.ann.id), SystemClock.now(), EventBody::UserHired)))
                .collect();
            append(&office, &events).await;
            let mut cost = Vec::new();
            for document in [
                "{ users(first: 100) { nodes { events(first: 2) { totalCount nodes { actor { displayName } subject { user { id } } } pageInfo { hasNextPage } } } } }",
                "{ userEvents(first: 100) { totalCount nodes { actor { displayName } subject { user { id } } } } }",
            ] {
                office.quiet().await;
                let before = office.storage.statements();
                hr.query(document, json!({})).await.ok();
                cost.push(office.storage.statements() - before);
            }
            costs.push(cost);
        }
        // Who calls, the people (or the page and its length), pages and lengths of events, who did it and to whom.
        assert_eq!(costs[0], costs[1]);
        assert_eq!(costs[0], [5, 4]);
    }

    /// I11: pages deep in a long history, by each of the ways in which they are found.
    async fn i11_pages_deep_in_a_long_history_are_exact(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        for _ in 0..rows(5_000) / 1000 {
            let subjects = [company.ben.id, company.emma.id];
            let kinds = [EventBody::UserHired, EventBody::MovedToIntranet, EventBody::PasswordChanged];
            let event = |n: usize| happened(subjects[n % 2], Actor::User(company.ann.id), SystemClock.now(), kinds[n % 3].clone());
            append(&office, &(0..1000).map(event).collect::<Vec<_>>()).await;
        }
        let ask = "query($filter: UserEventFilter, $before: String) { userEvents(last: 100, before: $before, filter: $filter) { nodes { sequence } pageInfo { startCursor hasPreviousPage } } }";
        // All of them find everything, each in its own way.
        let filters = [
            Value::Null,
            json!({"subjectIds": [company.ben.id, company.emma.id]}),
            json!({"actorIds": [company.ann.id]}),
            json!({"actorIds": [company.ann.id, company.hr.id]}),
            json!({"kinds": ["USER_HIRED", "MOVED_TO_INTRANET", "PASSWORD_CHANGED"]}),
            json!({"occurredAt": {"from": "2000-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z"}}),
        ];
        for filter in filters {
            let mut before = Value::Null;
            for page in 0..10 {
                let answer = hr.query(ask, json!({"filter": filter, "before": before})).await.ok();
                let found: Vec<i64> = answer.list("userEvents.nodes").iter().filter_map(|e| e["sequence"].as_i64()).collect();
                assert_eq!(found, (page * 100 + 1..=page * 100 + 100).rev().collect::<Vec<_>>(), "{filter}");
                assert_eq!(answer.at("userEvents.pageInfo.hasPreviousPage"), &json!(true));
                before = answer.at("userEvents.pageInfo.startCursor").clone();
            }
        }
    }

    /// I7: the database refuses to change or remove what happened, whoever asks.
    async fn i7_the_database_refuses_to_rewrite_history(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        hr.run("updateUser", json!({"userId": company.ben.id, "jobTitle": "Head"}), "user { id }").await.ok();
        let history = office.storage.events_after(0, 10).await.expect("events");
        assert_eq!(history.len(), 1);
        for statement in ["UPDATE event SET body = '{}'", "UPDATE event SET sequence = sequence + 1", "DELETE FROM event", "DELETE FROM event WHERE sequence = 1"] {
            let said = office.database.refuses(statement).await;
            assert!(said.contains("events are neither changed nor removed"), "{said}");
        }
        if db == Backend::Postgres {
            for statement in ["TRUNCATE event", "TRUNCATE event CASCADE"] {
                let said = office.database.refuses(statement).await;
                assert!(said.contains("events are neither changed nor removed"), "{said}");
            }
        }
        assert_eq!(office.storage.events_after(0, 10).await.expect("events"), history);
    }

    /// I7: while twenty write, a reader who only asks for what is behind the last number seen misses nothing: no gap is filled later.
    async fn i7_numbers_follow_the_order_of_commits(db: Backend) {
        let office = Office::open(db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let people = office.company.add_many(20, "Writer", Traits { status: UserStatus::Active, ..Traits::default() }).await;
        let elsewhere = adapter::connect(&office.database.url).await;
        let done = Arc::new(AtomicBool::new(false));
        let follower = {
            let done = done.clone();
            tokio::spawn(async move {
                let mut followed: Vec<Event> = Vec::new();
                loop {
                    let ended = done.load(Ordering::SeqCst);
                    let last = followed.last().map_or(0, |e| e.sequence);
                    let more = elsewhere.events_after(last, 3).await.expect("events");
                    if more.is_empty() && ended {
                        return followed;
                    }
                    if more.is_empty() {
                        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                    }
                    followed.extend(more);
                }
            })
        };
        let rounds = rounds(5);
        let writers: Vec<_> = people
            .iter()
            .map(|person| {
                let (hr, id) = (hr.clone(), person.id);
                tokio::spawn(async move {
                    for round in 0..rounds {
                        hr.run("updateUser", json!({"userId": id, "jobTitle": format!("Title {round}")}), "user { id }").await.ok();
                        // A change that is refused or tried dry takes no number.
                        hr.run("updateUser", json!({"userId": id, "jobTitle": "x", "expectedVersion": 99_999}), "user { id }").await.refused("VERSION_CONFLICT");
                        hr.run("dismiss", json!({"userId": id, "dryRun": true}), "user { id }").await.ok();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.expect("a writer");
        }
        done.store(true, Ordering::SeqCst);
        let followed = follower.await.expect("a follower");
        let numbers: Vec<i64> = followed.iter().map(|e| e.sequence).collect();
        assert_eq!(numbers, (1..=20 * rounds as i64).collect::<Vec<_>>(), "each number once, in order");
        assert_eq!(followed, office.storage.events_after(0, 10_000).await.expect("events"), "and what was followed is the history");
    }
}
