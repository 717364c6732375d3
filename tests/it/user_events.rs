//! `subscription userEvents`: as they are committed, no gap and no repetition, to who may see them (I4, V7).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tenure_core::event::EventBody;
use tenure_core::permission::Permission;
use tenure_core::storage::Storage;

use crate::support::adapter;
use crate::support::backend::Backend;
use crate::support::company::Traits;
use crate::support::history::{EVENT, append, events_behind, latest};
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::server::{Server, Wish};
use crate::support::socket::{Heard, Socket};
use crate::support::sse::Piece;

const TAIL: &str = "subscription($after: Int) { userEvents(afterSequence: $after) { sequence } }";
const SILENCE: Duration = Duration::from_millis(400);

fn sequence(data: &Value) -> i64 {
    data["userEvents"]["sequence"].as_i64().unwrap_or_else(|| panic!("no number in {data}"))
}

/// No server looks by itself: what arrives was told of.
fn told_only(mut wish: Wish) -> Wish {
    wish.config.event_poll = Duration::from_secs(3600);
    wish
}

on_both! {
    /// From now on, or from a number on, with the fields and conditions of the list.
    async fn events_are_sent_as_they_are_committed(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        hr.run("updateUser", json!({"userId": company.ben.id, "jobTitle": "Before"}), "user { id }").await.ok();
        let before = latest(&ann).await;
        let mut socket = ann.socket().await;
        socket.subscribe("now", &format!("subscription {{ userEvents {{ {EVENT} }} }}"), json!({})).await;
        socket.subscribe("all", TAIL, json!({"after": 0})).await;
        for n in 1..=before {
            assert_eq!(sequence(&socket.data("all").await), n, "0 sends all");
        }
        socket.say(json!({"id": "all", "type": "complete"})).await;
        let filtered = "subscription($s: [ID!]) { userEvents(filter: {subjectIds: $s, kinds: [USER_DISMISSED]}) { sequence } }";
        let mut few = ann.listen(filtered, json!({"s": [company.emma.id]})).await;
        tokio::time::sleep(SILENCE).await;
        assert_eq!(socket.hear_within(Duration::from_millis(1)).await, None, "from now on");
        hr.run("updateUser", json!({"userId": company.emma.id, "jobTitle": "Lead"}), "user { id }").await.ok();
        hr.run("dismiss", json!({"userId": company.emma.id, "reason": "Gone"}), "user { id }").await.ok();
        hr.run("updateUser", json!({"userId": company.ben.id, "jobTitle": "After"}), "user { id }").await.ok();
        let expected = events_behind(&ann, before).await;
        for event in &expected {
            assert_eq!(&socket.data("now").await["userEvents"], event, "as the list shows it");
        }
        assert_eq!(socket.hear_within(SILENCE).await, None);
        let dismissed = expected.iter().find(|e| e["__typename"] == "UserDismissedEvent").expect("told");
        assert_eq!(few.data().await["userEvents"]["sequence"], dismissed["sequence"]);
        // Behind the end there is nothing yet.
        socket.subscribe("later", TAIL, json!({"after": latest(&ann).await})).await;
        assert_eq!(socket.hear_within(SILENCE).await, None);
        hr.run("updateUser", json!({"userId": company.ben.id, "jobTitle": "Later"}), "user { id }").await.ok();
        let mut heard = BTreeSet::new();
        for _ in 0..2 {
            let Heard::Said(message) = socket.hear().await else { panic!("closed") };
            heard.insert(message["id"].as_str().expect("an id").to_owned());
        }
        assert_eq!(heard.into_iter().collect::<Vec<_>>(), ["later", "now"]);
    }

    /// Clients that write everything in fragments listen like others; faults in there are told as ever.
    async fn the_root_field_may_stand_in_a_fragment(db: Backend) {
        let office = Office::open(db).await;
        let ann = office.sign_in(&office.company.ann).await;
        ann.run("updateUser", json!({"userId": office.company.ben.id, "jobTitle": "Told"}), "user { id }").await.ok();
        let in_fragments = "subscription Tail($after: Int) { ... on Subscription { ...Root } }
            fragment Root on Subscription { userEvents(afterSequence: $after) { ...Line } } fragment Line on UserEvent { sequence }";
        let mut socket = ann.socket().await;
        socket.subscribe("fragments", in_fragments, json!({"after": 0})).await;
        assert_eq!(sequence(&socket.data("fragments").await), 1);
        assert_eq!(sequence(&ann.listen(in_fragments, json!({"after": 0})).await.data().await), 1);
        for broken in [
            in_fragments.replace("sequence", "nothing"),
            in_fragments.replace("...Root }", "...Root @include(if: false) }"),
            in_fragments.replace("fragment Line", "fragment Unused on UserEvent { sequence } fragment Line"),
        ] {
            socket.subscribe("broken", &broken, json!({})).await;
            assert_eq!(socket.error_codes("broken").await, ["GRAPHQL_VALIDATION_FAILED"], "{broken}");
        }
    }

    /// V7, V3: AUDIT_READ, to people and tokens alike; deletions to administrators alone.
    async fn events_are_for_who_may_read_them(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        for member in [&company.emma, &company.ben, &company.eva] {
            let mut socket = office.sign_in(member).await.socket().await;
            socket.subscribe("1", TAIL, json!({})).await;
            let errors = socket.expect("error", "1").await;
            assert_eq!(errors[0]["extensions"]["code"], "FORBIDDEN");
            assert_eq!(errors[0]["extensions"]["requiredPermissions"], json!(["AUDIT_READ"]));
        }
        let token = |permissions: &[&str]| hr.run("createAccessToken", json!({"name": "sync", "permissions": permissions}), "secret");
        let reader = office.server.with_token(&token(&["AUDIT_READ"]).await.ok().text("secret"));
        let other = office.server.with_token(&token(&["USERS_READ"]).await.ok().text("secret"));
        let mut socket = other.socket().await;
        socket.subscribe("1", TAIL, json!({})).await;
        assert_eq!(socket.error_codes("1").await, ["FORBIDDEN"]);
        let (mut of_ann, mut of_hr, mut of_token) = (ann.socket().await, hr.socket().await, reader.socket().await);
        let kinds = "subscription { userEvents { __typename } }";
        for socket in [&mut of_ann, &mut of_hr, &mut of_token] {
            socket.subscribe("1", kinds, json!({})).await;
        }
        tokio::time::sleep(SILENCE).await;
        let gone = company.employee("Gone", "Soon").await;
        ann.run("deleteUser", json!({"userId": gone.id, "confirmation": gone.name}), "deletedUserId").await.ok();
        ann.run("updateUser", json!({"userId": company.emma.id, "jobTitle": "Lead"}), "user { id }").await.ok();
        assert_eq!(of_ann.data("1").await["userEvents"]["__typename"], "UserDeletedEvent");
        for socket in [&mut of_ann, &mut of_hr, &mut of_token] {
            assert_eq!(socket.data("1").await["userEvents"]["__typename"], "UserUpdatedEvent");
        }
    }

    /// S5: who loses the right loses that operation, even when no event is for them; the socket and the rest of it stay.
    async fn loss_of_the_right_ends_that_operation(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let reader = company.holder("Rita", "Reader", &[Permission::AuditRead]).await;
        let rita = office.sign_in(&reader).await;
        let mut socket = rita.socket().await;
        socket.subscribe("all", TAIL, json!({})).await;
        socket.subscribe("none", "subscription { userEvents(filter: {kinds: [USER_HIRED]}) { sequence } }", json!({})).await;
        let mut stream = rita.listen(TAIL, json!({})).await;
        tokio::time::sleep(SILENCE).await;
        ann.run("setAccess", json!({"userId": reader.id, "permissions": ["USERS_INVITE"]}), "user { id }").await.ok();
        let mut ended = BTreeSet::new();
        for _ in 0..2 {
            let Heard::Said(message) = socket.hear().await else { panic!("closed") };
            assert_eq!((&message["type"], &message["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("FORBIDDEN")), "{message}");
            assert_eq!(message["payload"][0]["extensions"]["requiredPermissions"], json!(["AUDIT_READ"]));
            ended.insert(message["id"].as_str().expect("an id").to_owned());
        }
        assert_eq!(ended.len(), 2);
        match stream.next().await {
            Piece::Next(payload) => assert_eq!(payload["errors"][0]["extensions"]["code"], "FORBIDDEN"),
            other => panic!("{other:?}"),
        }
        assert_eq!((stream.next().await, stream.next().await), (Piece::Complete, Piece::End));
        socket.subscribe("q", "{ viewer { user { id } } }", json!({})).await;
        assert_eq!(socket.data("q").await["viewer"]["user"]["id"], json!(reader.id));
    }

    /// Nodes tell each other (on SQLite: the one server itself), long before anybody would look; commands beside are found by looking.
    async fn nodes_wake_each_other(db: Backend) {
        let office = Office::open_with(db, told_only).await;
        let hr = office.sign_in(&office.company.hr).await;
        let other = match db {
            Backend::Postgres => Some(office.another_server().await),
            Backend::Sqlite => None,
        };
        let url = other.as_ref().unwrap_or(&office.server).url("/graphql");
        let elsewhere = hr.at(url.clone());
        let (mut here, mut there) = (hr.socket().await, elsewhere.socket().await);
        for socket in [&mut here, &mut there] {
            socket.subscribe("1", TAIL, json!({})).await;
        }
        tokio::time::sleep(SILENCE).await;
        for (n, by) in [&hr, &elsewhere, &hr].into_iter().enumerate() {
            by.run("updateUser", json!({"userId": office.company.emma.id, "jobTitle": format!("Title {n}")}), "user { id }").await.ok();
            assert_eq!(sequence(&here.data("1").await), sequence(&there.data("1").await));
        }
        let office = Office::open(db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let mut socket = hr.socket().await;
        socket.subscribe("1", TAIL, json!({})).await;
        tokio::time::sleep(SILENCE).await;
        let beside = adapter::connect(&office.database.url).await;
        append(&beside, office.company.emma.id, vec![EventBody::PasswordChanged; 3]).await;
        for _ in 0..3 {
            socket.data("1").await;
        }
    }

    /// No gap and no repetition, whatever breaks off in between: the socket, the stream, the server, all connections to the database.
    async fn whoever_resumes_misses_nothing_and_hears_nothing_twice(db: Backend) {
        let office = Office::open(db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let start = latest(&hr).await;
        let storage: Arc<dyn Storage> = Arc::new(adapter::connect(&office.database.url).await);
        let ended = Arc::new(AtomicBool::new(false));
        let writer = tokio::spawn({
            let (storage, ended, subject) = (storage.clone(), ended.clone(), office.company.emma.id);
            async move {
                let mut written = 0;
                while !ended.load(Ordering::Relaxed) {
                    let batch = written % 7 + 1;
                    append(&*storage, subject, vec![EventBody::PasswordChanged; batch]).await;
                    written += batch;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        });
        let mut seen: Vec<i64> = Vec::new();
        let mut server: Server = office.another_server().await;
        for round in 0..8 {
            let after = seen.last().copied().unwrap_or(start);
            let person = hr.at(server.url("/graphql"));
            let wanted = 10 + round * 9;
            if round % 2 == 0 {
                let mut socket = person.socket().await;
                socket.subscribe("1", TAIL, json!({"after": after})).await;
                for n in 0..wanted {
                    if round == 2 && n == 10 && db == Backend::Postgres {
                        // All connections of all servers: the socket stays, and goes on where it was.
                        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
                        assert!(office.database.number(cut).await > 0);
                    }
                    seen.push(sequence(&socket.data("1").await));
                }
            } else {
                let mut stream = person.listen(TAIL, json!({"after": after})).await;
                for _ in 0..wanted {
                    seen.push(sequence(&stream.data().await));
                }
            }
            if round == 2 {
                // Whoever gets a connection that was cut is told to come again; then there is none any more.
                for _ in 0..3 {
                    join_all((0..8).map(|_| person.query("{ viewer { user { id } } }", json!({})))).await;
                }
            }
            if round == 4 {
                server.stop().await;
                server = office.another_server().await;
            }
        }
        ended.store(true, Ordering::Relaxed);
        writer.await.expect("all were written");
        let last = storage.events_last().await.expect("a number");
        let mut socket = hr.at(server.url("/graphql")).socket().await;
        socket.subscribe("1", TAIL, json!({"after": seen.last()})).await;
        while seen.last() != Some(&last) {
            seen.push(sequence(&socket.data("1").await));
        }
        assert!(seen.iter().copied().eq(start + 1..=last), "{seen:?}");
    }

    /// Who takes nothing in is left, with nothing kept for them, and finds the rest later.
    async fn a_slow_reader_is_closed_and_resumes(db: Backend) {
        let office = Office::open_with(db, |mut wish| {
            wish.config.limits.listener_stall_seconds = 1;
            wish
        }).await;
        let hr = office.sign_in(&office.company.hr).await;
        let start = latest(&hr).await;
        // More than the system keeps for a connection: some 40 MB.
        let bodies = vec![EventBody::UserDismissed { reason: Some("x".repeat(4_000)) }; 500];
        append(&office.storage, office.company.leo.id, bodies).await;
        let long: String = (0..20).map(|n| format!("r{n}: reason ")).collect();
        let document = format!("subscription($after: Int) {{ userEvents(afterSequence: $after) {{ sequence ... on UserDismissedEvent {{ {long} }} }} }}");
        let mut socket = hr.socket().await;
        let mut stream = hr.listen(&document, json!({"after": start})).await;
        socket.subscribe("1", &document, json!({"after": start})).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        let mut seen = Vec::new();
        let end = loop {
            match socket.hear().await {
                Heard::Said(message) => seen.push(sequence(&message["payload"]["data"])),
                other => break other,
            }
        };
        assert_eq!(end, Heard::Closed(4508, "Too slow: resume with afterSequence".to_owned()), "after {} events", seen.len());
        assert!(seen.len() < 500, "it could not have been sent all");
        resume(&hr, &mut seen, start + 500).await;
        assert!(seen.iter().copied().eq(start + 1..=start + 500), "{seen:?}");
        let mut seen = Vec::new();
        loop {
            match stream.next().await {
                Piece::Next(payload) => seen.push(sequence(&payload["data"])),
                Piece::End => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(seen.len() < 500, "it could not have been sent all");
        resume(&hr, &mut seen, start + 500).await;
        assert!(seen.iter().copied().eq(start + 1..=start + 500), "{seen:?}");
    }
}

async fn resume(person: &Person, seen: &mut Vec<i64>, last: i64) {
    let mut socket: Socket = person.socket().await;
    socket.subscribe("1", TAIL, json!({"after": seen.last()})).await;
    while seen.last() != Some(&last) {
        seen.push(sequence(&socket.data("1").await));
    }
}

/// Who waits costs nothing by themself: the server looks a few times a second for all of them, and not at all while nobody waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_costs_nothing_of_their_own() {
    let office = Office::open_with(Backend::Sqlite, Wish::without_polling).await;
    let hr = office.sign_in(&office.company.hr).await;
    let before = office.storage.statements();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(office.storage.statements(), before, "nothing is asked while nobody listens");
    let member = office.company.add("Idle", "Listener", Traits { permissions: vec![Permission::AuditRead], ..Traits::default() }).await;
    let idle = office.sign_in(&member).await;
    let mut socket = idle.socket().await;
    for n in 0..20 {
        socket.subscribe(&n.to_string(), TAIL, json!({})).await;
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let before = office.storage.statements();
    tokio::time::sleep(Duration::from_millis(2000)).await;
    let cost = office.storage.statements() - before;
    assert!(cost <= 12, "twenty who wait cost {cost} statements in two seconds: the watch and the look for events, whoever waits");
    drop((socket, hr));
}
