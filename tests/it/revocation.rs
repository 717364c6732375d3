//! The proof of I4: a leaver's credentials are used by sixteen clients at once, on every transport and node, while the dismissal commits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tenure_core::event::EventBody;
use tenure_core::id::UserId;
use tenure_core::permission::Permission;
use tenure_core::storage::Storage;
use tokio::time::Instant;

use crate::support::adapter;
use crate::support::history::append;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::promise::promise;
use crate::support::race_rounds;
use crate::support::socket::{Heard, Socket};
use crate::support::sse::{Events, Piece};

const VIEWER: &str = "{ viewer { user { id } } }";
const TAIL: &str = "subscription { userEvents { sequence } }";
/// How long clients go on behind the dismissal.
const AFTERWARDS: Duration = Duration::from_millis(250);
/// By when sockets are closed.
const WITHIN: Duration = Duration::from_secs(1);

/// When the dismissal was answered.
type Answered = Arc<OnceLock<Instant>>;

/// How many listeners have heard of something.
type Hearing = Arc<AtomicUsize>;
/// How many there are.
const LISTENERS: usize = 5;

/// What a client was served.
#[derive(Default)]
struct Served {
    /// Answers to requests that began before the dismissal was answered.
    before: usize,
    /// Answers to requests that began behind it: there must be none.
    behind: usize,
    /// The numbers of events.
    events: Vec<i64>,
    /// How long after the answer what was open was closed.
    closed_after: Option<Duration>,
}

impl Served {
    fn note(&mut self, begun: Instant, answered: &Answered) {
        match answered.get() {
            Some(at) if begun > *at => self.behind += 1,
            _ => self.before += 1,
        }
    }
}

fn is_over(answered: &Answered) -> bool {
    answered.get().is_some_and(|at| at.elapsed() > AFTERWARDS)
}

async fn asks(person: Person, answered: Answered) -> Served {
    let mut served = Served::default();
    while !is_over(&answered) {
        let begun = Instant::now();
        let answer = person.query(VIEWER, json!({})).await;
        if answer.status == 200 && !answer.body["data"]["viewer"].is_null() {
            served.note(begun, &answered);
        }
    }
    served
}

async fn refreshes(person: Person, mut token: String, answered: Answered) -> Served {
    let mut served = Served::default();
    let document = "mutation($t: String!) { refreshSession(input: {refreshToken: $t}) { session { refreshToken } } }";
    while !is_over(&answered) {
        let begun = Instant::now();
        let answer = person.query(document, json!({"t": token})).await;
        if let Some(next) = answer.body["data"]["refreshSession"]["session"]["refreshToken"].as_str() {
            served.note(begun, &answered);
            token = next.to_owned();
        }
    }
    served
}

async fn asks_by_socket(mut socket: Socket, answered: Answered) -> Served {
    let mut served = Served::default();
    let mut n = 0u64;
    loop {
        n += 1;
        let begun = Instant::now();
        socket.subscribe(&n.to_string(), VIEWER, json!({})).await;
        loop {
            match socket.hear().await {
                Heard::Said(message) if message["type"] == "next" => {
                    if !message["payload"]["data"]["viewer"].is_null() {
                        served.note(begun, &answered);
                    }
                }
                Heard::Said(_) => break,
                Heard::Closed(code, _) => {
                    assert_eq!(code, 4403);
                    served.closed_after = Some(answered.get().map_or(Duration::ZERO, Instant::elapsed));
                    return served;
                }
                Heard::Gone => panic!("broken off without a word"),
            }
        }
    }
}

async fn listens_by_socket(mut socket: Socket, answered: Answered, hearing: Hearing) -> Served {
    let mut served = Served::default();
    loop {
        match socket.hear().await {
            Heard::Said(message) => {
                hearing.fetch_add(usize::from(served.events.is_empty()), Ordering::Relaxed);
                served.events.extend(message["payload"]["data"]["userEvents"]["sequence"].as_i64());
            }
            Heard::Closed(code, _) => {
                assert_eq!(code, 4403);
                served.closed_after = Some(answered.get().map_or(Duration::ZERO, Instant::elapsed));
                return served;
            }
            Heard::Gone => panic!("broken off without a word"),
        }
    }
}

async fn listens_by_stream(mut stream: Events, answered: Answered, hearing: Hearing) -> Served {
    let mut served = Served::default();
    loop {
        match stream.next().await {
            Piece::Next(payload) => {
                hearing.fetch_add(usize::from(served.events.is_empty()), Ordering::Relaxed);
                served.events.extend(payload["data"]["userEvents"]["sequence"].as_i64());
            }
            Piece::End => {
                served.closed_after = Some(answered.get().map_or(Duration::ZERO, Instant::elapsed));
                return served;
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Something happens all the time, before and behind the dismissal.
async fn happens(storage: Arc<dyn Storage>, subject: UserId, answered: Answered) -> Served {
    while !is_over(&answered) {
        append(&*storage, subject, vec![EventBody::PasswordChanged]).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Served::default()
}

on_both! {
    /// I4, R2: nothing served to a request that began behind the answer, no event behind the dismissal's own, all closed within a second.
    async fn nothing_is_served_behind_a_dismissal(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let other = match db {
            Backend::Postgres => Some(office.another_server().await),
            Backend::Sqlite => None,
        };
        let (one, two) = (office.server.url("/graphql"), other.as_ref().unwrap_or(&office.server).url("/graphql"));
        let mut hr = office.sign_in(&company.hr).await;
        // With SQLite by way of the server's own storage, which tells it at once.
        let beside: Arc<dyn Storage> = match db {
            Backend::Postgres => Arc::new(adapter::connect(&office.database.url).await),
            Backend::Sqlite => Arc::new(office.storage.clone()),
        };
        // Opening connections takes its time; nobody is to wait for that in the races.
        let openers = (0..24).map(|n| hr.at([&one, &two][n % 2].clone()));
        join_all(openers.map(|person| async move { person.query(VIEWER, json!({})).await })).await;
        let (mut before, mut slowest) = (0, Duration::ZERO);
        for round in 0..race_rounds() {
            if round % 100 == 99 {
                // A JWT works ten minutes.
                hr = office.sign_in(&company.hr).await;
            }
            let leaver = company.holder(&format!("Round{round}"), "Leaver", &[Permission::AuditRead]).await;
            let session = office.sign_in(&leaver).await;
            let secret = session.run("createAccessToken", json!({"name": "sync", "permissions": ["USERS_READ", "AUDIT_READ"]}), "secret").await.ok().text("secret");
            let token = office.server.with_token(&secret);
            let (first, second) = tokio::join!(office.sign_in(&leaver), office.sign_in(&leaver));
            let answered = Answered::default();
            let hearing = Hearing::default();
            let mut clients = tokio::task::JoinSet::new();
            for (url, credential) in [(&one, &session), (&two, &session), (&two, &token)] {
                let mut socket = credential.at(url.clone()).socket().await;
                socket.subscribe("1", TAIL, json!({})).await;
                clients.spawn(listens_by_socket(socket, answered.clone(), hearing.clone()));
            }
            for (url, credential) in [(&one, &session), (&two, &token)] {
                let stream = credential.at(url.clone()).listen(TAIL, json!({})).await;
                clients.spawn(listens_by_stream(stream, answered.clone(), hearing.clone()));
            }
            for (url, credential) in [(&one, &token), (&two, &session)] {
                let socket = credential.at(url.clone()).socket().await;
                clients.spawn(asks_by_socket(socket, answered.clone()));
            }
            for (url, credential) in [(&one, &session), (&one, &session), (&two, &session), (&two, &session), (&one, &token), (&two, &token)] {
                clients.spawn(asks(credential.at(url.clone()), answered.clone()));
            }
            for (url, session) in [(&one, &first), (&two, &second)] {
                let stranger = Person::anonymous(url.clone());
                clients.spawn(refreshes(stranger, session.refresh_token().to_owned(), answered.clone()));
            }
            clients.spawn(happens(beside.clone(), company.emma.id, answered.clone()));
            assert_eq!(clients.len(), 16);
            let all_hear = async {
                while hearing.load(Ordering::Relaxed) < LISTENERS {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), all_hear).await.expect("all hear of something");
            tokio::time::sleep(Duration::from_millis(20 + 7 * (round as u64 % 10))).await;

            let dismiss = "mutation($id: ID!) { dismiss(input: {userId: $id}) { user { status } userErrors { code } } }";
            let answer = hr.query(dismiss, json!({"id": leaver.id})).await.ok();
            answered.set(Instant::now()).expect("set once");
            assert_eq!(answer.text("dismiss.user.status"), "DISMISSED");
            let of_leaver = "query($s: [ID!]) { userEvents(first: 1, filter: {kinds: [USER_DISMISSED], subjectIds: $s}) { nodes { sequence } } }";
            let told = hr.query(of_leaver, json!({"s": [leaver.id]})).await.ok();
            let dismissal = told.at("userEvents.nodes.0.sequence").as_i64().expect("a number");
            let (mut events, mut behind, mut late) = (0, 0, Vec::new());
            for served in clients.join_all().await {
                before += served.before;
                behind += served.behind;
                events += served.events.len();
                late.extend(served.events.into_iter().filter(|n| *n > dismissal));
                slowest = slowest.max(served.closed_after.unwrap_or_default());
            }
            let kept = promise("I4: nothing is served behind a dismissal");
            assert_eq!(behind, 0, "round {round}: answers to requests that began behind the dismissal");
            assert!(late.is_empty(), "round {round}: events {late:?} behind the dismissal {dismissal}");
            drop(kept);
            assert!(slowest <= WITHIN, "round {round}: something was open for {slowest:?}");
            assert!(events > 0, "round {round}: nothing was listened to");
        }
        assert!(before > race_rounds() * 10, "only {before} answers: nobody was in a hurry");
        println!("{} rounds, {before} answers before, closed within {slowest:?}", race_rounds());
        join_all(other.map(|server| server.stop())).await;
    }
}
