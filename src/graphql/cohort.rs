//! Batches without timers: keys are collected until no resolver can go on without an answer, then everything is asked at once.
//!
//! An operation runs as one future. [`Cohort::run`] polls it until it is stuck; what its loaders have been asked for by then is the whole
//! next level, so siblings are always in one batch and the number of batches depends on the query alone, never on the scheduler or on
//! how fast the storage is. All batches of a level are answered before the operation goes on, for the same reason.
//!
//! Reads of an operation must go through its loaders: whatever it awaits besides is not woken for while a level is being answered.
//! (A mutation's transaction runs while no level is.)

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_graphql::runtime::Timer;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::task::{AtomicWaker, FutureObj, Spawn, SpawnError};
use tenure_core::account::Account;

/// The batches that one operation waits for. Clones are the same cohort; a loader takes one as its spawner.
#[derive(Clone, Default)]
pub struct Cohort {
    account: Option<Account>,
    waiting: Arc<Mutex<Vec<FutureObj<'static, ()>>>>,
}

impl Spawn for Cohort {
    fn spawn_obj(&self, batch: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
        Ok(())
    }
}

/// The timer of loaders in a cohort: a batch is not dispatched before the operation is stuck, so it waits no longer then.
pub struct AtOnce;

impl Timer for AtOnce {
    fn delay(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Whether the operation can go on.
struct Signal {
    woken: AtomicBool,
    parent: AtomicWaker,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.parent.wake();
    }
}

impl Cohort {
    /// A cohort without batches, on whose account everything is asked.
    pub fn on(account: Account) -> Cohort {
        Cohort { account: Some(account), ..Cohort::default() }
    }

    fn take(&self) -> Vec<FutureObj<'static, ()>> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs an operation whose loaders spawn into this cohort. Dropping the future drops the batches under way.
    pub async fn run<F: Future>(&self, operation: F) -> F::Output {
        match self.account {
            Some(account) => account.doing(self.run_through(operation)).await,
            None => self.run_through(operation).await,
        }
    }

    async fn run_through<F: Future>(&self, operation: F) -> F::Output {
        let signal = Arc::new(Signal { woken: AtomicBool::new(true), parent: AtomicWaker::new() });
        let waker = Waker::from(signal.clone());
        let mut operation = pin!(operation);
        let mut asked: FuturesUnordered<FutureObj<'static, ()>> = FuturesUnordered::new();
        poll_fn(|context| {
            signal.parent.register(context.waker());
            loop {
                if asked.is_empty() {
                    // Polled until it is really stuck: large joins give way in between, which is no reason to ask yet.
                    if signal.woken.swap(false, Ordering::AcqRel) {
                        match operation.as_mut().poll(&mut Context::from_waker(&waker)) {
                            Poll::Ready(output) => return Poll::Ready(output),
                            Poll::Pending => continue,
                        }
                    }
                    asked.extend(self.take());
                    if asked.is_empty() {
                        return Poll::Pending;
                    }
                }
                match asked.poll_next_unpin(context) {
                    Poll::Ready(_) => {}
                    Poll::Pending => {
                        // A batch may itself ask a loader.
                        let more = self.take();
                        if more.is_empty() {
                            return Poll::Pending;
                        }
                        asked.extend(more);
                    }
                }
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::AtomicUsize;

    use async_graphql::dataloader::{DataLoader, Loader};
    use futures_util::future::join_all;

    use super::*;

    /// Answers keys, counts batches, and is sometimes slow.
    #[derive(Default)]
    struct Counting {
        batches: Arc<AtomicUsize>,
    }

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Key(usize, usize);

    impl Loader<Key> for Counting {
        type Value = usize;
        type Error = ();

        async fn load(&self, keys: &[Key]) -> Result<HashMap<Key, usize>, ()> {
            let batch = self.batches.fetch_add(1, Ordering::SeqCst);
            match batch % 3 {
                0 => tokio::task::yield_now().await,
                1 => drop(tokio::spawn(tokio::task::yield_now()).await),
                _ => tokio::time::sleep(Duration::from_micros(50)).await,
            }
            Ok(keys.iter().map(|k| (k.clone(), k.1)).collect())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn three_levels_of_a_hundred_siblings_are_three_batches() {
        for _ in 0..200 {
            let batches = Arc::new(AtomicUsize::new(0));
            let cohort = Cohort::default();
            let loader =
                Arc::new(DataLoader::new(Counting { batches: batches.clone() }, cohort.clone(), AtOnce).max_batch_size(usize::MAX));
            let operation = join_all((0..100).map(|sibling| {
                let loader = loader.clone();
                async move {
                    let mut sum = 0;
                    for level in 0..3 {
                        sum += loader.load_one(Key(level, sibling)).await?.unwrap_or_default();
                    }
                    Ok::<usize, ()>(sum)
                }
            }));
            let task = tokio::spawn(async move { cohort.run(operation).await });
            let sums = task.await.expect("the operation does not panic");
            assert_eq!(sums.into_iter().map(|s| s.unwrap_or_default()).sum::<usize>(), 3 * (0..100).sum::<usize>());
            assert_eq!(batches.load(Ordering::SeqCst), 3);
        }
    }

    #[tokio::test]
    async fn an_operation_may_wait_for_other_things_while_nothing_is_asked() {
        let cohort = Cohort::default();
        let answer = cohort
            .run(async {
                tokio::spawn(async {
                    tokio::task::yield_now().await;
                    7
                })
                .await
            })
            .await;
        assert_eq!(answer.ok(), Some(7));
    }
}
