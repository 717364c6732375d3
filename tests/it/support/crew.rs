//! Clients that write all the time, remember what they were told, and say in the end whether it is so.
//!
//! A client does one thing after the other, each to its end: whoever gets no answer asks again, with the same idempotency key or expected
//! version, as the contract says. So in the end there is no doubt about what must be in the database: exactly what was acknowledged, once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::RwLock;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::audit;
use super::backend::Database;
use super::company::{Company, Traits};
use super::dice::Dice;
use super::journal::{Journal, Step, What};
use super::mail::Mailbox;
use super::office::PASSWORD;
use super::person::Person;

/// How long anybody asks for the same thing again and again.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long an answer is waited for.
const ANSWER_PATIENCE: Duration = Duration::from_secs(15);

/// How clients behave.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    pub clients: usize,
    /// What each does between two things.
    pub pause: Duration,
    /// One request in so many is dropped before its answer came; 0 for none.
    pub hangs_up_once_in: u64,
}

/// What they did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub acknowledged: u64,
    /// Requests without an answer, or with the answer that the server cannot serve now.
    pub unanswered: u64,
}

/// The clients; they stop when this is dropped.
pub struct Crew {
    desk: Arc<Desk>,
    clients: Vec<JoinHandle<()>>,
}

struct Desk {
    url: String,
    habits: Habits,
    journals: Vec<Mutex<Journal>>,
    /// Held for reading while something is done: who holds it for writing finds everything at its end.
    gate: RwLock<()>,
    is_over: AtomicBool,
    acknowledged: AtomicU64,
    unanswered: AtomicU64,
}

impl Crew {
    /// Hires clients and sets them to work at a server.
    pub async fn at_work(company: &Company, url: String, habits: Habits) -> Crew {
        let administrators = company.add_many(habits.clients, "Actor", Traits { is_administrator: true, ..Traits::default() }).await;
        let others = company.add_many(habits.clients * 4, "Other", Traits::default()).await;
        let journals = administrators.into_iter().zip(others.chunks(4)).enumerate();
        let journals = journals.map(|(number, (actor, others))| Mutex::new(Journal::new(number, actor, others))).collect();
        let desk = Arc::new(Desk {
            url,
            habits,
            journals,
            gate: RwLock::default(),
            is_over: AtomicBool::new(false),
            acknowledged: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
        });
        let clients = (0..habits.clients).map(|number| tokio::spawn(Arc::clone(&desk).work(number))).collect();
        Crew { desk, clients }
    }

    /// Waits until everybody has come to the end of what they are at, and fails the test unless the database holds exactly what was
    /// acknowledged, and nothing by halves; then they go on.
    pub async fn audit(&self, database: &Database, mail: &Mailbox) -> Tally {
        let closed = tokio::time::timeout(PATIENCE, self.desk.gate.write()).await;
        if let Some(client) = self.clients.iter().position(JoinHandle::is_finished) {
            panic!("client {client} has given up");
        }
        let _closed = closed.expect("everybody comes to the end of what they are at");
        let journals: Vec<Journal> = (0..self.clients.len()).map(|number| self.desk.journal(number).clone()).collect();
        audit::check(&journals, database, mail).await;
        self.tally()
    }

    /// Waits until so much more was acknowledged.
    pub async fn gets_on(&self, changes: u64) {
        let (started, goal) = (Instant::now(), self.tally().acknowledged + changes);
        while self.tally().acknowledged < goal {
            assert!(started.elapsed() < PATIENCE, "the clients do not get anywhere: {:?}", self.tally());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub fn tally(&self) -> Tally {
        let number = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Tally { acknowledged: number(&self.desk.acknowledged), unanswered: number(&self.desk.unanswered) }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.desk.is_over.store(true, Ordering::Relaxed);
        self.clients.iter().for_each(JoinHandle::abort);
    }
}

/// What became of a request.
enum Told {
    Done(Value),
    /// Nobody knows whether it was done.
    Nothing,
    SignedOut,
}

impl Desk {
    fn journal(&self, number: usize) -> MutexGuard<'_, Journal> {
        self.journals[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn work(self: Arc<Self>, number: usize) {
        let mut dice = Dice::new(0x7E40 + number as u64);
        let mut person = None;
        while !self.is_over.load(Ordering::Relaxed) {
            let turn = self.gate.read().await;
            let step = self.journal(number).next(&mut dice);
            let payload = self.insist(&mut person, number, &step, &mut dice).await;
            self.journal(number).note(&step, &payload);
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
            drop(turn);
            tokio::time::sleep(self.habits.pause).await;
        }
    }

    /// Asks until there is an answer.
    async fn insist(&self, person: &mut Option<Person>, number: usize, step: &Step, dice: &mut Dice) -> Value {
        let started = Instant::now();
        loop {
            assert!(started.elapsed() < PATIENCE, "client {number} is not answered: {step:?}");
            let Some(signed_in) = person.as_ref() else {
                *person = self.sign_in(number).await;
                continue;
            };
            let hangs_up = self.habits.hangs_up_once_in > 0 && dice.one_in(self.habits.hangs_up_once_in);
            let patience = if hangs_up { Duration::from_micros(dice.within(30_000)) } else { ANSWER_PATIENCE };
            // Dropping the request closes its connection.
            match tokio::time::timeout(patience, ask(signed_in, step)).await.unwrap_or(Told::Nothing) {
                Told::Done(payload) => return payload,
                Told::SignedOut => *person = None,
                Told::Nothing => {
                    self.unanswered.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20 + dice.within(60))).await;
                }
            }
        }
    }

    async fn sign_in(&self, number: usize) -> Option<Person> {
        let email = self.journal(number).actor.email.clone();
        let input = json!({"email": email, "password": PASSWORD});
        let step = Step { mutation: "signIn", input, selection: "session { accessToken }", what: What::SignIn };
        let asked = tokio::time::timeout(ANSWER_PATIENCE, ask(&Person::anonymous(self.url.clone()), &step)).await;
        if let Ok(Told::Done(payload)) = asked {
            return Some(Person::with_token(self.url.clone(), payload["session"]["accessToken"].as_str().expect("a token")));
        }
        self.unanswered.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(50)).await;
        None
    }
}

/// Sends one request.
async fn ask(person: &Person, step: &Step) -> Told {
    let response = match person.request(reqwest::Method::POST).json(&step.document()).send().await {
        Ok(response) => response,
        Err(_) => return Told::Nothing,
    };
    let status = response.status().as_u16();
    let Ok(text) = response.text().await else { return Told::Nothing };
    match status {
        401 => return Told::SignedOut,
        408 | 429 | 503 | 504 => return Told::Nothing,
        _ => {}
    }
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{} was answered {status} {text}", step.mutation));
    let codes: Vec<&str> = body["errors"].as_array().into_iter().flatten().filter_map(|e| e["extensions"]["code"].as_str()).collect();
    if codes.contains(&"UNAUTHENTICATED") {
        return Told::SignedOut;
    }
    if codes.iter().any(|code| ["SERVICE_UNAVAILABLE", "TIMEOUT", "RATE_LIMITED"].contains(code)) {
        return Told::Nothing;
    }
    let payload = body["data"][step.mutation].clone();
    let reasons: Vec<&str> = payload["userErrors"].as_array().into_iter().flatten().filter_map(|e| e["code"].as_str()).collect();
    match reasons.as_slice() {
        [] if payload.is_object() && codes.is_empty() => Told::Done(payload),
        ["IDEMPOTENCY_IN_PROGRESS"] => Told::Nothing,
        // An attempt before this one has done it, whose answer did not come.
        ["VERSION_CONFLICT"] if step.is_done(&payload) => Told::Done(payload),
        _ => panic!("{} was answered {status} {body:#}", step.mutation),
    }
}
