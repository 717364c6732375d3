//! How long anybody waits for a connection to PostgreSQL, and what becomes of the connection that they waited for.
//!
//! A pool knows one limit for both waiting and connecting. When connecting takes longer than a request may wait (a database that has just
//! come back, a busy machine), each attempt would be given up and begun anew by the next request: no connection would ever be there again.
//! So pools have more time than requests, and what a request no longer waits for goes on without it, in a few tasks at most.
//!
//! Patience ends when nobody gets a connection any more. Where others get theirs, one after the other, the database is there, and a crowd is
//! waiting for its turn: whoever is in it waits on, up to a greater limit.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnAcquireErr, DbErr};
use tenure_core::deadline;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// How many connections are opened at once for nobody in particular.
const OPENERS: usize = 4;

/// What waits for a connection.
struct Waiting {
    has_connection: AtomicBool,
    handed_out: Arc<AtomicU64>,
}

tokio::task_local! {
    static WAITING: Arc<Waiting>;
}

/// Said by a pool when it hands out a connection that works.
pub(super) fn handed_out() {
    let _ = WAITING.try_with(|waiting| {
        waiting.has_connection.store(true, Ordering::Relaxed);
        waiting.handed_out.fetch_add(1, Ordering::Relaxed);
    });
}

/// The patience of those who want a connection of one pool.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    /// How long to wait while nobody gets a connection.
    limit: Duration,
    /// How long to wait at most.
    most: Duration,
    /// How many connections were handed out so far.
    handed_out: Arc<AtomicU64>,
    openers: Arc<Semaphore>,
}

impl Patience {
    /// So much while nobody gets a connection, and so much at most.
    pub(super) fn of(limit: Duration, most: Duration) -> Patience {
        Patience { limit, most: most.max(limit), handed_out: Arc::default(), openers: Arc::new(Semaphore::new(OPENERS)) }
    }

    /// Does work that begins by taking a connection. When there is none in time, or while there may be statements, it fails; once there is
    /// one, it takes as long as it takes.
    pub(super) async fn with<T: Send + 'static>(&self, work: impl Future<Output = Result<T, DbErr>> + Send + 'static) -> Result<T, DbErr> {
        self.with_until(deadline::statements_until(), work).await
    }

    /// The same in a task of its own, which has no deadline but this.
    pub(super) async fn with_until<T: Send + 'static>(
        &self,
        deadline: Option<Instant>,
        work: impl Future<Output = Result<T, DbErr>> + Send + 'static,
    ) -> Result<T, DbErr> {
        let waiting = Arc::new(Waiting { has_connection: AtomicBool::new(false), handed_out: Arc::clone(&self.handed_out) });
        let mut work = Box::pin(WAITING.scope(Arc::clone(&waiting), work));
        let most = Instant::now() + self.most;
        let last = deadline.map_or(most, |deadline| deadline.min(most));
        loop {
            let before = self.handed_out.load(Ordering::Relaxed);
            let until = last.min(Instant::now() + self.limit);
            if let Ok(result) = tokio::time::timeout_at(until, &mut work).await {
                return result;
            }
            if waiting.has_connection.load(Ordering::Relaxed) {
                return work.await;
            }
            if until == last || self.handed_out.load(Ordering::Relaxed) == before {
                break;
            }
        }
        if let Ok(opener) = Arc::clone(&self.openers).try_acquire_owned() {
            tokio::spawn(async move {
                let _ = work.await;
                drop(opener);
            });
        }
        Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn what_nobody_waits_for_goes_on_until_there_is_a_connection() {
        let patience = Patience::of(LIMIT, LIMIT * 10);
        let (opened, is_open) = tokio::sync::oneshot::channel();
        let slow = patience.with(async move {
            tokio::time::sleep(LIMIT * 4).await;
            handed_out();
            let _ = opened.send(());
            Ok(())
        });
        assert!(matches!(slow.await, Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))));
        is_open.await.expect("it went on without anybody");
    }

    #[tokio::test]
    async fn who_has_a_connection_takes_their_time() {
        let work = async {
            handed_out();
            tokio::time::sleep(LIMIT * 4).await;
            Ok(7)
        };
        assert!(matches!(Patience::of(LIMIT, LIMIT).with(work).await, Ok(7)));
    }

    #[tokio::test]
    async fn who_waits_in_a_crowd_that_moves_waits_on_but_not_for_ever() {
        let patience = Patience::of(LIMIT, LIMIT * 8);
        let moving = tokio::spawn({
            let patience = patience.clone();
            async move {
                loop {
                    let turn = async {
                        handed_out();
                        Ok(())
                    };
                    let _ = patience.with(turn).await;
                    tokio::time::sleep(LIMIT / 4).await;
                }
            }
        });
        let turn = async {
            tokio::time::sleep(LIMIT * 4).await;
            handed_out();
            Ok(7)
        };
        assert!(matches!(patience.with(turn).await, Ok(7)));
        let began = Instant::now();
        assert!(patience.with(std::future::pending::<Result<(), DbErr>>()).await.is_err());
        assert!(began.elapsed() >= LIMIT * 8, "{:?}", began.elapsed());
        moving.abort();
    }

    #[tokio::test]
    async fn nobody_waits_beyond_their_deadline() {
        let patience = Patience::of(LIMIT * 100, LIMIT * 100);
        let began = Instant::now();
        assert!(deadline::within(LIMIT, patience.with(std::future::pending::<Result<(), DbErr>>())).await.is_err());
        assert!(began.elapsed() < LIMIT * 50, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn few_go_on_for_nobody() {
        let patience = Patience::of(LIMIT, LIMIT);
        let waiting: Vec<_> = (0..OPENERS * 3).map(|_| patience.with(std::future::pending::<Result<(), DbErr>>())).collect();
        assert!(futures_util::future::join_all(waiting).await.iter().all(Result::is_err));
        assert_eq!(patience.openers.available_permits(), 0);
    }
}
