//! Random sequences of operations by random people, against the storage in memory and each database: the answers are equal step by step,
//! and what must hold at every moment holds after each (DOMAIN §2; I11: lists, counts and pages come from one predicate).
//!
//! A few sequences, the same in every run; with `PROPTEST_CASES` so many, other ones each time.

mod operation;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;

use proptest::collection::vec;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::Value;

use crate::support::adapter;
use crate::support::backend::Backend;
use crate::support::office::PASSWORD;
use operation::Step;
use world::World;

/// Sequences when nobody says how many.
const CASES: u32 = 4;
/// Steps of one sequence.
const STEPS: std::ops::Range<usize> = 90..120;

async fn agree(steps: &[Step], tally: &Tally) -> Result<(), TestCaseError> {
    let hash = adapter::password_hash(PASSWORD).await;
    let mut worlds = [World::in_memory(&hash).await, World::on(Backend::Sqlite, &hash).await, World::on(Backend::Postgres, &hash).await];
    for (number, step) in steps.iter().enumerate() {
        let mut told = Vec::with_capacity(worlds.len());
        for world in &mut worlds {
            told.push(world.perform(step).await);
        }
        if let Some(mutation) = step.what.name() {
            let errors = told[0]["errors"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let refusals = told[0]["data"][mutation]["userErrors"].as_array().into_iter().flatten();
            let codes: Vec<&str> = errors.chain(refusals.filter_map(|e| e["code"].as_str())).collect();
            let verdict = if codes.is_empty() { "OK".to_owned() } else { codes.join(" ") };
            *tally.lock().expect("a tally").entry(mutation).or_default().entry(verdict).or_default() += 1;
        }
        for (world, answer) in worlds.iter().zip(&told).skip(1) {
            if answer != &told[0] {
                let message = format!("step {number}, {step:?}:\nin memory: {:#}\n{}: {answer:#}", told[0], world.name);
                return Err(TestCaseError::fail(message));
            }
        }
        for world in &worlds {
            world.check().await;
        }
    }
    let books = [worlds[0].dump().await, worlds[1].dump().await, worlds[2].dump().await];
    for (world, dump) in worlds.iter().zip(&books).skip(1) {
        if dump != &books[0] {
            let differing = dump.lines().zip(books[0].lines()).find(|(a, b)| a != b);
            return Err(TestCaseError::fail(format!("{} holds other rows in the end: {differing:#?}", world.name)));
        }
    }
    Ok(())
}

/// How often each mutation was answered what: `OK`, or codes.
type Tally = Mutex<BTreeMap<&'static str, BTreeMap<String, usize>>>;

#[test]
fn every_storage_gives_the_same_answers_and_keeps_the_invariants() {
    let wished = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let config = Config { cases: wished.unwrap_or(CASES), max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let sequences = vec(Step::any(), STEPS);
    let mut runner = match wished {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let tally = Tally::default();
    runner.run(&sequences, |steps| runtime.block_on(agree(&steps, &tally))).unwrap_or_else(|error| panic!("{error}"));
    let tally = tally.into_inner().expect("a tally");
    println!("{tally:#?}");
    // Sequences in which nothing works would agree too.
    let done = tally.values().filter(|answers| answers.contains_key("OK")).count();
    assert!(done >= 20, "only {done} mutations were ever done: {tally:#?}");
}
