//! How long the work on a request may take: looked at between statements, never in the middle of one, and never between a commit and what is
//! told of it.
//!
//! Two times, because a change that is committed must be answered: from then on what is left is reading, for as long again.

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    static DEADLINE: Deadline;
}

struct Deadline {
    length: Duration,
    /// Until when changes may begin and commit.
    changes: Instant,
    /// Until when there may be statements.
    statements: Cell<Instant>,
}

/// The time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed;

/// Runs something that may take so long. Whatever is spawned within it has no deadline.
pub async fn within<F: Future>(length: Duration, work: F) -> F::Output {
    let at = Instant::now() + length;
    DEADLINE.scope(Deadline { length, changes: at, statements: Cell::new(at) }, work).await
}

/// To be asked before each statement.
pub fn check_statement() -> Result<(), Passed> {
    passed(|deadline| deadline.statements.get())
}

/// To be asked before a change begins, and before it commits.
pub fn check_change() -> Result<(), Passed> {
    passed(|deadline| deadline.changes)
}

/// Until when there may be statements; None: for ever.
pub fn statements_until() -> Option<Instant> {
    DEADLINE.try_with(|deadline| deadline.statements.get()).ok()
}

/// Waits for something, for as long as there may be statements.
pub async fn in_time<F: Future>(wait: F) -> Result<F::Output, Passed> {
    match statements_until() {
        Some(at) => tokio::time::timeout_at(at, wait).await.map_err(|_| Passed),
        None => Ok(wait.await),
    }
}

/// A change is committed: what is left is to tell of it.
pub fn committed() {
    let _ = DEADLINE.try_with(|deadline| deadline.statements.set(Instant::now() + deadline.length));
}

fn passed(at: impl FnOnce(&Deadline) -> Instant) -> Result<(), Passed> {
    match DEADLINE.try_with(|deadline| Instant::now() >= at(deadline)) {
        Ok(true) => Err(Passed),
        // Without a deadline: work of the server's own.
        Ok(false) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn time_runs_out_for_statements_and_changes_and_comes_back_for_reading_after_a_commit() {
        assert_eq!((check_statement(), check_change()), (Ok(()), Ok(())));
        within(Duration::from_millis(80), async {
            assert_eq!((check_statement(), check_change()), (Ok(()), Ok(())));
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!((check_statement(), check_change()), (Err(Passed), Err(Passed)));
            assert_eq!(in_time(std::future::pending::<()>()).await, Err(Passed));
            committed();
            assert_eq!(in_time(std::future::ready(7)).await, Ok(7));
            assert_eq!((check_statement(), check_change()), (Ok(()), Err(Passed)));
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(check_statement(), Err(Passed));
        })
        .await;
    }
}
