//! Clients that hang up: what was acknowledged is there, nothing is there by halves, and no connection is left in a transaction.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tenure_core::event::EventKind;
use tenure_core::storage::Storage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::adapter;
use crate::support::audit;
use crate::support::company::{Company, Member, Traits};
use crate::support::dice::Dice;
use crate::support::invariants::Books;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::promise::promise;

/// Clients at once.
const CLIENTS: usize = 6;

/// How many requests are cancelled: 1,000, or what `TENURE_TEST_CANCELLED` says (scripts/nightly sets it).
fn requests() -> usize {
    crate::support::number("TENURE_TEST_CANCELLED").unwrap_or(1_000)
}

/// How a client hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Some time after the request was sent.
    AnyTime,
    /// In the middle of the body of the request.
    InTheBody,
    /// When the answer has begun to come: then it was done.
    InTheAnswer,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It was cancelled, and nobody knows.
    Cancelled,
    /// It was cancelled when it had been done.
    Done,
    /// It was answered: not now, come again. That happens on a busy machine.
    TurnedAway,
}

/// One mutation, which leaves a mark that no other leaves.
struct Request {
    mutation: &'static str,
    input: Value,
    selection: &'static str,
    mark: String,
}

impl Request {
    fn new(number: usize, person: &Member, company: &Company) -> Request {
        let mark = format!("m{number:06}");
        let (mutation, input, selection) = match number % 5 {
            0 => ("updateUser", json!({"userId": person.id, "jobTitle": mark}), "user { id }"),
            1 => {
                let deal = json!({"kind": "DEAL", "externalId": mark, "title": "New", "responsibleId": company.ben.id});
                ("upsertOwnedEntities", json!({"entities": [deal]}), "createdCount")
            }
            2 => ("sendMessage", json!({"toUserId": company.emma.id, "text": mark}), "message { id }"),
            3 => {
                let email = format!("{mark}@example.com");
                ("invite", json!({"email": email, "kind": "INTRANET", "firstName": "New", "lastName": "Face"}), "user { id }")
            }
            _ => ("dismiss", json!({"userId": person.id, "reason": mark, "handover": {"toUserIds": [company.ben.id]}}), "user { id }"),
        };
        Request { mutation, input, selection, mark }
    }

    fn body(&self) -> Value {
        let mut input_type = self.mutation.to_owned();
        input_type[..1].make_ascii_uppercase();
        let (mutation, selection) = (self.mutation, self.selection);
        let query = format!("mutation($input: {input_type}Input!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ code }} }} }}");
        json!({"query": query, "variables": {"input": self.input}})
    }

    /// Sends it by hand, and hangs up as wished.
    async fn by_hand(&self, by: &Person, address: &str, cut: Cut, dice: &mut Dice) -> Fate {
        let body = self.body().to_string();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            by.token(),
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("the head");
        if cut == Cut::InTheBody {
            let part = usize::try_from(dice.within(body.len() as u64)).expect("a length");
            stream.write_all(&body.as_bytes()[..part]).await.expect("a part of the body");
            // Sometimes the server has read that much by then.
            tokio::time::sleep(Duration::from_micros(dice.within(3_000))).await;
            return Fate::Cancelled;
        }
        stream.write_all(body.as_bytes()).await.expect("the body");
        let done = format!("\"{}\":{{", self.mutation);
        let (mut answer, mut part) = (String::new(), [0; 64]);
        while !answer.contains(&done) {
            let read = stream.read(&mut part).await.expect("an answer");
            assert!(read > 0, "{} was answered {answer}", self.mutation);
            answer.push_str(&String::from_utf8_lossy(&part[..read]));
            if answer.contains("SERVICE_UNAVAILABLE") {
                return Fate::TurnedAway;
            }
        }
        Fate::Done
    }
}

/// What all clients share.
struct Bench {
    company: Company,
    address: String,
    url: String,
    people: Vec<Member>,
    next: AtomicUsize,
    cancelled: AtomicUsize,
    /// In microseconds: about half of the requests are to be cut short, however fast the machine is.
    patience: AtomicU64,
}

impl Bench {
    /// Sends requests until enough were cancelled; the marks of those that were acknowledged.
    async fn work(self: Arc<Self>, client: usize, by: Person) -> BTreeSet<String> {
        let by = by.at(self.url.clone());
        let mut dice = Dice::new(0xCA11 + client as u64);
        let mut acknowledged = BTreeSet::new();
        while self.cancelled.load(Ordering::Relaxed) < requests() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            // Two of five requests are about somebody.
            let person = self.people.get(number / 5 * 2 + usize::from(number % 5 == 4));
            let person = person.expect("no more than half of the requests are answered before they are cancelled");
            let request = Request::new(number, person, &self.company);
            let cut = [Cut::AnyTime, Cut::AnyTime, Cut::AnyTime, Cut::InTheBody, Cut::InTheAnswer][dice.within(5) as usize];
            let fate = match cut {
                Cut::AnyTime => {
                    let patience = self.patience.load(Ordering::Relaxed);
                    let sent =
                        async { by.request(reqwest::Method::POST).json(&request.body()).send().await.expect("an answer").text().await };
                    // Dropping the request closes its connection.
                    match tokio::time::timeout(Duration::from_micros(dice.within(patience)), sent).await {
                        Ok(answer) => {
                            let answer = answer.expect("a body");
                            self.patience.store((patience * 9 / 10).max(4_000), Ordering::Relaxed);
                            if !answer.contains("SERVICE_UNAVAILABLE") {
                                let answer: Value = serde_json::from_str(&answer).expect("JSON");
                                let is_done = answer["data"][request.mutation]["userErrors"] == json!([]) && answer.get("errors").is_none();
                                assert!(is_done, "{} was answered {answer:#}", request.mutation);
                                acknowledged.insert(request.mark);
                            }
                            continue;
                        }
                        Err(_) => {
                            self.patience.store((patience * 11 / 10).min(400_000), Ordering::Relaxed);
                            Fate::Cancelled
                        }
                    }
                }
                Cut::InTheBody | Cut::InTheAnswer => request.by_hand(&by, &self.address, cut, &mut dice).await,
            };
            if fate != Fate::TurnedAway {
                self.cancelled.fetch_add(1, Ordering::Relaxed);
            }
            if fate == Fate::Done {
                acknowledged.insert(request.mark);
            }
        }
        acknowledged
    }
}

on_both! {
    /// The server finishes what it began, or none of it: whoever hangs up leaves nothing half done.
    async fn clients_hang_up_at_any_moment(db: Backend) {
        let Office { company, server, storage, mail: _mail, database, .. } = Office::open(db).await;
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            let member = company.add("Client", &format!("No{number}"), Traits { is_administrator: true, ..Traits::default() }).await;
            clients.push(server.sign_in(&member.email, crate::support::office::PASSWORD).await);
        }
        // Somebody of their own for each request about somebody: no later one hides what became of it.
        let people = company.add_many(requests() * 6 / 5, "Changed", Traits::default()).await;
        let late = company.add_many(20, "Late", Traits::default()).await;
        let (url, hr) = (server.url("/graphql"), server.sign_in(&company.hr.email, crate::support::office::PASSWORD).await);
        let address = url.trim_start_matches("http://").trim_end_matches("/graphql").to_owned();
        let (next, cancelled, patience) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicU64::new(40_000));
        let bench = Arc::new(Bench { company, address, url, people, next, cancelled, patience });
        let working: Vec<_> = clients.into_iter().enumerate().map(|(n, by)| tokio::spawn(Arc::clone(&bench).work(n, by))).collect();
        let mut acknowledged = BTreeSet::new();
        for client in working {
            acknowledged.append(&mut client.await.expect("a client"));
        }
        assert!(acknowledged.len() > requests() / 4, "{} acknowledged", acknowledged.len());

        // The server still answers, and on every connection of its pool what it acknowledges is there. In SQLite, the writer is free.
        let changes = late.iter().map(|member| hr.run("updateUser", json!({"userId": member.id, "jobTitle": "Late"}), "user { jobTitle }"));
        for outcome in futures_util::future::join_all(changes).await {
            outcome.ok();
        }
        if db == Backend::Postgres {
            let idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
            let mut left = database.number(idle).await;
            for _ in 0..20 {
                if left == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
                left = database.number(idle).await;
            }
            assert_eq!(left, 0, "connections are left in a transaction");
        }
        let beside = adapter::connect(&database.url).await;
        beside.begin().await.expect("somebody else's turn to write").commit().await.expect("a commit");

        // Read over other connections than the server's: one that is stuck in a transaction would see its own writes.
        let books = Books::checked(&beside, None).await;
        audit::nothing_by_halves(&beside, &books, &database).await;
        let mut there: BTreeSet<String> = books.records.iter().filter_map(|record| record.external_id.clone()).collect();
        there.extend(books.addresses.iter().filter_map(|held| held.email.address().strip_suffix("@example.com").map(str::to_owned)));
        let titles = bench.people.iter().filter_map(|member| books.users[&member.id].job_title.clone());
        there.extend(titles.filter(|title| title.starts_with('m')));
        there.extend(books.users.values().filter_map(|user| user.dismissal.as_ref()?.reason.clone()));
        let messages = database.texts("SELECT text FROM message").await;
        let _kept = promise("what was acknowledged is there, once");
        let different: BTreeSet<String> = messages.iter().cloned().collect();
        assert_eq!(different.len(), messages.len(), "a message was sent twice");
        there.extend(different);
        let lost: Vec<&String> = acknowledged.difference(&there).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        let told: BTreeSet<_> =
            books.events.iter().filter(|e| e.event.body.kind() == EventKind::UserUpdated).map(|e| e.event.subject).collect();
        for member in &bench.people {
            let is_changed = books.users[&member.id].job_title.as_deref() != Some("Colleague");
            assert_eq!(told.contains(&member.id), is_changed, "I7: {}", member.name);
        }
        assert!(late.iter().all(|member| books.users[&member.id].job_title.as_deref() == Some("Late")));
        eprintln!("{db:?}: {} cancelled, {} acknowledged, 0 lost", bench.cancelled.load(Ordering::Relaxed), acknowledged.len());
        drop(storage);
    }
}
