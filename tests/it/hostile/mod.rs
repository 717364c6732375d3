//! Hostile documents against the program itself, over everything that it takes documents by: it lives, its memory stays small, each answer
//! has a code, and who asks something good beside them is answered all the time.

mod documents;
mod ways;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::dice::Dice;
use crate::support::documents;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::process::{Served, tenure};
use documents::Hostile;
use ways::Way;

/// Documents of a run on both databases together.
const DOCUMENTS: usize = 1_000;
/// How many are under way at once.
const SENDERS: usize = 4;
/// What the process may take, in KiB.
const MEMORY_MAX: usize = 200 * 1024;
/// How long a good query may take beside them.
const PATIENCE: Duration = Duration::from_secs(15);
/// A session's token works ten minutes.
const SIGN_IN_EVERY: usize = 500;

async fn served(office: &Office) -> Served {
    let folder = office.database.folder.path();
    let mut command = tenure(folder, &["serve"]);
    command
        .env("TENURE_DATABASE_URL", &office.database.url)
        .env("TENURE_KEY_FILE", folder.join("keys.json"))
        .env("TENURE_MAIL", format!("file:{}", folder.join("mail").display()))
        .env("TENURE_PROFILE", "development")
        // Every document is to be looked at.
        .env("TENURE_RATE_LIMIT", "off");
    Served::start(command).await
}

/// Has as many connections to the database opened as will be needed: with much else to do, a machine takes longer for that than a request
/// waits.
async fn warm(ann: &Person) {
    for _ in 0..40 {
        let ask = || ann.query("{ users(first: 100) { nodes { id displayName } } }", json!({}));
        let answers = futures_util::future::join_all((0..12).map(|_| ask())).await;
        if answers.iter().all(|answer| answer.error_codes().is_empty()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("the server does not get its connections");
}

/// Memory of a process, in KiB: now, and at most so far.
fn memory(process: u32) -> (usize, usize) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process lives");
    let figure = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}"));
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
    };
    (figure("VmRSS:"), figure("VmHWM:"))
}

/// Sends every fourth document, from that one on; gives their kinds, and what the process had behind each, in KiB.
async fn send(url: String, email: String, process: u32, first: usize, total: usize) -> Vec<(&'static str, usize)> {
    let stranger = Person::anonymous(url.clone());
    let mut ann = Person::sign_in(url.clone(), &email, PASSWORD).await;
    let mut kinds = Vec::new();
    for (round, number) in (first..total).step_by(SENDERS).enumerate() {
        if round % SIGN_IN_EVERY == SIGN_IN_EVERY - 1 {
            ann = Person::sign_in(url.clone(), &email, PASSWORD).await;
        }
        let mut dice = Dice::new(number as u64);
        let document = Hostile::draw(&mut dice);
        let way = *dice.pick(&Way::ALL);
        let sender = if dice.one_in(3) { &stranger } else { &ann };
        way.send(sender, &document, number).await;
        kinds.push((document.kind, memory(process).0));
    }
    kinds
}

/// Bodies that are as long, or have as many values, as they may: what a few bytes are in memory differs most among these.
fn large_bodies() -> [String; 6] {
    let body =
        |variables: &str| format!(r#"{{"query":"query($x: [ID!]!) {{ nodes(ids: $x) {{ id }} }}","variables":{{"x":{variables}}}}}"#);
    let list = |item: &str, count: usize| format!("[{}]", vec![item; count].join(","));
    [
        body(&list("1", 19_900)),
        body(&list(r#"{"a":1}"#, 9_900)),
        body(&list("[[]]", 6_600)),
        body(&list(&format!("{}1{}", r#"{"a":"#.repeat(90), "}".repeat(90)), 200)),
        body(&list(r#""\u0061bcdefgh""#, 16_000)),
        body(&format!("[\"{}\"]", "x".repeat(255_000))),
    ]
}

on_both! {
    /// Many at once of the requests that take most memory.
    async fn a_crowd_of_large_bodies_takes_little_memory(db: Backend) {
        let office = Office::open(db).await;
        let mut server = served(&office).await;
        let url = format!("{}/graphql", server.base);
        let ann = Person::sign_in(url.clone(), &office.company.ann.email, PASSWORD).await;
        warm(&ann).await;
        let before = memory(server.number());
        let stranger = Person::anonymous(url);
        let bodies = large_bodies();
        for round in 0..3 {
            let requests = (0..100).map(|n| {
                let sender = if n % 2 == 0 { &ann } else { &stranger };
                let request = sender.request(Method::POST).body(bodies[(n + round) % bodies.len()].clone());
                async move {
                    let response = request.header("content-type", "application/json").send().await.expect("an answer");
                    let status = response.status().as_u16();
                    let body: Value = response.json().await.expect("JSON");
                    let code = body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
                    let is_told = matches!((status, code.as_str()), (200, "COST_LIMIT_EXCEEDED" | "BAD_USER_INPUT" | "UNAUTHENTICATED") | (503, "SERVICE_UNAVAILABLE"));
                    assert!(is_told, "{status} {body:#}");
                    status
                }
            });
            let statuses = futures_util::future::join_all(requests).await;
            let served = statuses.iter().filter(|status| **status == 200).count();
            assert!(served >= 10, "room is given back: {statuses:?}");
            println!("{served} of {} were served, KiB now and at most: {before:?}, then {:?}", statuses.len(), memory(server.number()));
            ann.query("{ viewer { user { id } } }", json!({})).await.ok();
        }
        let after = memory(server.number());
        assert!(server.is_alive() && after.1 < MEMORY_MAX, "the process had {} KiB", after.1);
        server.end().await;
    }

    async fn hostile_documents_harm_nobody(db: Backend) {
        let office = Office::open(db).await;
        let mut server = served(&office).await;
        let url = format!("{}/graphql", server.base);
        let (process, email) = (server.number(), office.company.ann.email.clone());
        let ann = Person::sign_in(url.clone(), &email, PASSWORD).await;
        warm(&ann).await;
        let before = memory(process);

        let is_over = Arc::new(AtomicBool::new(false));
        let good = Arc::new(AtomicUsize::new(0));
        let beside = tokio::spawn({
            let (is_over, good, url, email) = (is_over.clone(), good.clone(), url.clone(), email.clone());
            async move {
                let mut ben = Person::sign_in(url.clone(), &email, PASSWORD).await;
                while !is_over.load(Ordering::Relaxed) {
                    let count = good.fetch_add(1, Ordering::Relaxed);
                    if count % 5_000 == 4_999 {
                        ben = Person::sign_in(url.clone(), &email, PASSWORD).await;
                    }
                    let answer = tokio::time::timeout(PATIENCE, ben.query("{ viewer { user { id } } }", json!({}))).await;
                    answer.expect("a good query is answered in time").ok();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        });
        let total = documents(DOCUMENTS).div_ceil(2);
        let senders: Vec<_> = (0..SENDERS).map(|first| tokio::spawn(send(url.clone(), email.clone(), process, first, total))).collect();
        let mut kinds = std::collections::BTreeMap::new();
        for sender in senders {
            for (kind, memory) in sender.await.expect("all were answered") {
                let (count, most) = kinds.entry(kind).or_insert((0usize, 0usize));
                (*count, *most) = (*count + 1, memory.max(*most));
            }
        }
        is_over.store(true, Ordering::Relaxed);
        beside.await.expect("good queries were answered");
        let after = memory(process);
        let count = good.load(Ordering::Relaxed);
        println!("{total} documents, {count} good queries beside them, KiB now and at most: {before:?}, then {after:?}; {kinds:?}");
        assert!(server.is_alive(), "the process lives");
        assert!(after.1 < MEMORY_MAX, "the process had {} KiB", after.1);
        assert!(count >= total / 50, "{count} good queries");
        assert!(total < 300 || kinds.len() == Hostile::KINDS, "{kinds:?}");
        server.end().await;
    }
}
