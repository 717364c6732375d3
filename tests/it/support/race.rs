//! Many callers at once, and what each of them was told.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Barrier;

use super::answer::Outcome;
use super::backend::Backend;
use super::office::Office;
use super::person::Person;
use super::promise::promise;
use super::server::Server;

/// How many callers a race has.
pub const CALLERS: usize = 20;
/// Nobody waits longer than this for an answer, whatever it is.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one caller asks for.
pub struct Call {
    by: Person,
    mutation: &'static str,
    input: Value,
    selection: &'static str,
    delay: Duration,
}

impl Call {
    pub fn new(by: &Person, mutation: &'static str, input: Value, selection: &'static str) -> Call {
        Call { by: by.clone(), mutation, input, selection, delay: Duration::ZERO }
    }

    /// A head start for the others, who have more to do before it comes to the race.
    pub fn after(mut self, delay: Duration) -> Call {
        self.delay = delay;
        self
    }
}

/// The servers that callers take turns at: one on SQLite, two on PostgreSQL.
pub struct Nodes {
    urls: Vec<String>,
    other: Option<Server>,
}

impl Nodes {
    /// Of an office.
    pub async fn of(office: &Office, db: Backend) -> Nodes {
        let mut nodes = Nodes { urls: vec![office.server.url("/graphql")], other: None };
        if db == Backend::Postgres {
            let other = office.another_server().await;
            nodes.urls.push(other.url("/graphql"));
            nodes.other = Some(other);
        }
        nodes
    }

    /// Runs all calls at once. Who comes first differs from round to round. Fails the test when somebody waits for long, or is told of a
    /// failure that is not theirs.
    pub async fn at_once(&self, round: usize, mut calls: Vec<Call>) -> Tally {
        let count = calls.len();
        calls.rotate_left(round * 7 % count);
        let start = Arc::new(Barrier::new(count));
        let callers: Vec<_> = calls
            .into_iter()
            .enumerate()
            .map(|(n, call)| {
                // Turns of two: calls that alternate would all go to a server of their own otherwise.
                let (by, start) = (call.by.at(self.urls[n / 2 % self.urls.len()].clone()), Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    tokio::time::sleep(call.delay).await;
                    let outcome = tokio::time::timeout(PATIENCE, by.run(call.mutation, call.input, call.selection)).await;
                    outcome.unwrap_or_else(|_| panic!("{} is not answered", call.mutation))
                })
            })
            .collect();
        let mut tally = Tally { told: Vec::with_capacity(count) };
        for caller in callers {
            let outcome = caller.await.expect("an answer");
            tally.told.push((outcome.verdict(), outcome));
        }
        tally
    }
}

/// What the callers were told: `OK`, or a code.
pub struct Tally {
    told: Vec<(String, Outcome)>,
}

impl Tally {
    /// How many callers of that mutation got it done.
    pub fn won(&self, mutation: &str) -> usize {
        self.winners(mutation).len()
    }

    /// What those who got it done were answered.
    pub fn winners(&self, mutation: &str) -> Vec<&Outcome> {
        self.told.iter().filter(|(verdict, outcome)| verdict == "OK" && outcome.mutation == mutation).map(|(_, outcome)| outcome).collect()
    }

    /// Fails the test unless exactly so many got something done, of all mutations.
    #[track_caller]
    pub fn winners_are(&self, count: usize) -> &Tally {
        let winners = self.told.iter().filter(|(verdict, _)| verdict == "OK").count();
        let kept = promise("nobody wins what somebody else has won");
        assert!(winners <= count, "{winners} instead of {count}\n{}", self.summary());
        drop(kept);
        assert_eq!(winners, count, "{}", self.summary());
        self
    }

    /// Fails the test unless whoever did not get that mutation done was told one of these codes.
    #[track_caller]
    pub fn losers(&self, mutation: &str, codes: &[&str]) -> &Tally {
        let strange = self.told.iter().find(|(v, o)| o.mutation == mutation && v != "OK" && !codes.contains(&v.as_str()));
        if let Some((_, outcome)) = strange {
            panic!("{mutation} was answered {} {:#}\n{}", outcome.answer.status, outcome.answer.body, self.summary());
        }
        self
    }

    /// Who was told what, for messages.
    pub fn summary(&self) -> String {
        let mut lines: Vec<String> = self.told.iter().map(|(verdict, outcome)| format!("{} {verdict}", outcome.mutation)).collect();
        lines.sort();
        lines.chunk_by(|a, b| a == b).map(|same| format!("{} x {}\n", same.len(), same[0])).collect()
    }
}
