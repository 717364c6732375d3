use std::sync::Arc;
use std::time::Duration;

use super::fixtures::*;
use super::{begin, commit};
use crate::event::{Event, EventBody, NewEvent};
use crate::id::{AccessTokenId, EventId};
use crate::storage::{IdempotencyKey, IdempotencyState, Storage, StorageError};
use crate::user::Actor;

fn sequences(events: &[Event]) -> Vec<i64> {
    events.iter().map(|e| e.sequence).collect()
}

/// From 1, field by field, at most as many as asked for.
pub async fn events_are_numbered_without_gaps(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann")], ..Seed::default() }.sow(&storage).await;
    let full = NewEvent {
        id: EventId(uuid(1)),
        occurred_at: at(7),
        actor: Actor::Token { owner: user_id(1), token: AccessTokenId(uuid(5)), name: "Sync".into() },
        subject: user_id(1),
        request_id: None,
        body: EventBody::UserDismissed { reason: Some("Left".into()) },
    };
    // IDs descend: it is the order of appending that counts.
    let events = [full, event(9, user_id(1)), event(8, user_id(99)), event(3, user_id(1))];
    let mut tx = begin(&storage).await;
    tx.events_append(&events[..3]).await.expect("append");
    tx.events_append(&[]).await.expect("append nothing");
    assert_eq!(tx.events_after(0, 10).await.expect("read").len(), 3, "a transaction reads what it wrote");
    commit(tx).await;
    let mut tx = begin(&storage).await;
    tx.events_append(&events[3..]).await.expect("append");
    commit(tx).await;
    let read = storage.events_after(0, 10).await.expect("read");
    assert_eq!(sequences(&read), [1, 2, 3, 4], "numbers without gaps, in order");
    assert_eq!(read.into_iter().map(|e| e.event).collect::<Vec<_>>(), events, "as they were written");
    assert_eq!(sequences(&storage.events_after(1, 2).await.expect("read")), [2, 3], "behind a number, at most so many");
    assert_eq!(storage.events_after(4, 10).await.expect("read"), [], "nothing behind the end");
}

/// What was committed, and nothing else.
pub async fn the_last_number_is_told(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann")], ..Seed::default() }.sow(&storage).await;
    assert_eq!(storage.events_last().await.expect("read"), 0, "before the first");
    let mut tx = begin(&storage).await;
    tx.events_append(&[event(1, user_id(1)), event(2, user_id(1))]).await.expect("append");
    assert_eq!(storage.events_last().await.expect("read"), 0, "not committed yet");
    commit(tx).await;
    assert_eq!(storage.events_last().await.expect("read"), 2);
    let mut tx = begin(&storage).await;
    tx.events_append(&[event(3, user_id(1))]).await.expect("append");
    drop(tx);
    assert_eq!(storage.events_last().await.expect("read"), 2, "rolled back");
}

/// A number that was given to nobody is a gap.
pub async fn rolled_back_events_take_no_number(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann")], ..Seed::default() }.sow(&storage).await;
    for n in 1..=6 {
        let mut tx = begin(&storage).await;
        tx.events_append(&[event(2 * n, user_id(1)), event(2 * n + 1, user_id(1))]).await.expect("append");
        if n % 2 == 0 {
            commit(tx).await;
        }
    }
    assert_eq!(sequences(&storage.events_after(0, 20).await.expect("read")), [1, 2, 3, 4, 5, 6]);
}

/// Promise 8, under concurrency: who follows the history by its numbers misses nothing and sees nothing twice.
pub async fn events_of_rivals_follow_the_order_of_commits(storage: Arc<dyn Storage>) {
    const RIVALS: u64 = 20;
    Seed { users: vec![user(1, "Ann")], ..Seed::default() }.sow(&storage).await;
    let rivals: Vec<_> = (1..=RIVALS)
        .map(|n| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move {
                for attempt in 0..50 {
                    let outcome = async {
                        let mut tx = storage.begin().await?;
                        tx.events_append(&[event(10 * n, user_id(1)), event(10 * n + 1, user_id(1))]).await?;
                        // Whoever was given a number first commits last, if the end of the history is not held.
                        tokio::time::sleep(Duration::from_millis((RIVALS - n) % 4 * 2)).await;
                        if n % 5 == 0 {
                            return Ok(());
                        }
                        tx.commit().await
                    };
                    match outcome.await {
                        Ok(()) => return,
                        Err(StorageError::Conflict) => tokio::time::sleep(Duration::from_millis(5 * (attempt + n))).await,
                        Err(error) => panic!("a lost race is a Conflict, not {error:?}"),
                    }
                }
                panic!("lost the race 50 times");
            })
        })
        .collect();
    // Follows while they write, as a subscription does: only ever asks for what is behind the last number seen.
    let mut followed: Vec<Event> = Vec::new();
    let expected = 2 * (RIVALS - RIVALS / 5) as usize;
    while followed.len() < expected {
        let last = followed.last().map_or(0, |e| e.sequence);
        let more = storage.events_after(last, 7).await.expect("read");
        if more.is_empty() && rivals.iter().all(|r| r.is_finished()) {
            followed.extend(storage.events_after(last, 1000).await.expect("read"));
            break;
        }
        if more.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        followed.extend(more);
    }
    for rival in rivals {
        rival.await.expect("a rival");
    }
    assert_eq!(sequences(&followed), (1..=expected as i64).collect::<Vec<_>>(), "a follower sees each number once, in order, without gaps");
    assert_eq!(followed, storage.events_after(0, 1000).await.expect("read"), "and what it saw is the history");
    for pair in followed.chunks(2) {
        let ids = pair.iter().map(|e| number(e.event.id.0)).collect::<Vec<_>>();
        assert!(ids[0] % 10 == 0 && ids[1] == ids[0] + 1, "what was appended together stays together: {ids:?}");
    }
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey { person: user_id(1), mutation: "dismiss", key: text.into() }
}

/// Fresh, then Done with input and outcome. A key belongs to a person and a mutation (rule I8).
pub async fn an_outcome_is_remembered(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann"), user(2, "Bob")], ..Seed::default() }.sow(&storage).await;
    let mut tx = begin(&storage).await;
    assert_eq!(tx.idempotency_begin(&key("a"), [7; 32], at(10), at(0)).await.expect("begin"), IdempotencyState::Fresh);
    tx.idempotency_finish(&key("a"), "{\"n\":1}").await.expect("finish");
    commit(tx).await;
    let done = IdempotencyState::Done { fingerprint: [7; 32], outcome: "{\"n\":1}".into() };
    let mut tx = begin(&storage).await;
    assert_eq!(tx.idempotency_begin(&key("a"), [8; 32], at(20), at(5)).await.expect("begin"), done, "with the input of the first");
    let others =
        [IdempotencyKey { person: user_id(2), ..key("a") }, IdempotencyKey { mutation: "hire", ..key("a") }, key("A"), key("a "), key("á")];
    for other in others {
        let state = tx.idempotency_begin(&other, [7; 32], at(20), at(5)).await.expect("begin");
        assert_eq!(state, IdempotencyState::Fresh, "{other:?} is another key");
    }
}

/// Older than asked for is forgotten, and taken anew.
pub async fn an_outcome_is_forgotten_after_its_time(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann")], ..Seed::default() }.sow(&storage).await;
    for (now, since, outcome) in [(10, 0, "first"), (110, 10, "second")] {
        let mut tx = begin(&storage).await;
        let state = tx.idempotency_begin(&key("a"), [7; 32], at(now), at(since)).await.expect("begin");
        assert_eq!(state, IdempotencyState::Fresh, "{outcome}");
        tx.idempotency_finish(&key("a"), outcome).await.expect("finish");
        commit(tx).await;
    }
    let mut tx = begin(&storage).await;
    let state = tx.idempotency_begin(&key("a"), [9; 32], at(150), at(109)).await.expect("begin");
    assert_eq!(state, IdempotencyState::Done { fingerprint: [7; 32], outcome: "second".into() }, "it is the new time that counts");
}

/// At most so many at once, the oldest first; never one that is still remembered.
pub async fn old_outcomes_are_removed(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann")], ..Seed::default() }.sow(&storage).await;
    for n in [4, 2, 5, 1, 3] {
        let mut tx = begin(&storage).await;
        tx.idempotency_begin(&key(&n.to_string()), [7; 32], at(n), at(0)).await.expect("begin");
        tx.idempotency_finish(&key(&n.to_string()), "done").await.expect("finish");
        commit(tx).await;
    }
    for expected in [2, 1, 0] {
        let mut tx = begin(&storage).await;
        assert_eq!(tx.idempotency_forget(at(3), 2).await.expect("forget"), expected, "at most so many, and what is later stays");
        commit(tx).await;
        if expected == 2 {
            let mut tx = begin(&storage).await;
            let third = tx.idempotency_begin(&key("3"), [7; 32], at(9), at(0)).await.expect("begin");
            assert!(matches!(third, IdempotencyState::Done { .. }), "the oldest first: {third:?}");
            // Not left to its own end, which may come later: whatever it holds is passed over until then.
            commit(tx).await;
        }
    }
    let mut tx = begin(&storage).await;
    for (n, is_left) in [(1, false), (2, false), (3, false), (4, true), (5, true)] {
        let state = tx.idempotency_begin(&key(&n.to_string()), [7; 32], at(9), at(0)).await.expect("begin");
        assert_eq!(matches!(state, IdempotencyState::Done { .. }), is_left, "{n}: {state:?}");
    }
}

/// Only committed outcomes are stored.
pub async fn a_rolled_back_operation_is_forgotten(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann")], ..Seed::default() }.sow(&storage).await;
    for finishes in [false, true, true] {
        let mut tx = begin(&storage).await;
        let state = tx.idempotency_begin(&key("a"), [7; 32], at(10), at(0)).await.expect("begin");
        assert_eq!(state, IdempotencyState::Fresh, "a rolled back operation was remembered");
        if finishes {
            tx.idempotency_finish(&key("a"), "lost").await.expect("finish");
        }
        drop(tx);
    }
}

/// Rule I8: a repeat while the first runs waits for it, and then sees what came of it; of many at once, one runs.
pub async fn a_repeat_waits_for_the_first_to_end(storage: Arc<dyn Storage>) {
    Seed { users: vec![user(1, "Ann")], ..Seed::default() }.sow(&storage).await;
    let repeats: Vec<_> = (0..6u64)
        .map(|n| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move {
                for attempt in 0..50 {
                    let outcome = async {
                        let mut tx = storage.begin().await?;
                        match tx.idempotency_begin(&key("a"), [7; 32], at(10), at(0)).await? {
                            IdempotencyState::Done { outcome, .. } => Ok((false, outcome)),
                            IdempotencyState::Fresh => {
                                tokio::time::sleep(Duration::from_millis(20)).await;
                                tx.idempotency_finish(&key("a"), &n.to_string()).await?;
                                tx.commit().await.map(|()| (true, n.to_string()))
                            }
                        }
                    };
                    match outcome.await {
                        Ok(answer) => return answer,
                        Err(StorageError::Conflict) => tokio::time::sleep(Duration::from_millis(5 * (attempt + n))).await,
                        Err(error) => panic!("a lost race is a Conflict, not {error:?}"),
                    }
                }
                panic!("lost the race 50 times");
            })
        })
        .collect();
    let mut answers = Vec::new();
    for repeat in repeats {
        answers.push(repeat.await.expect("a repeat"));
    }
    assert_eq!(answers.iter().filter(|(ran, _)| *ran).count(), 1, "of many repeats one runs: {answers:?}");
    assert!(answers.iter().all(|(_, outcome)| *outcome == answers[0].1), "all answer with the first outcome: {answers:?}");
}
