//! What every transport does with an operation that was read, before it runs: may it be asked at all, what does it cost, has its caller
//! got that much left, and is there room for it now.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use tenure_core::account::{Account, Share, Shares};
use tenure_core::time::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::adapter::Document;
use super::answer::{Fault, INTERNAL_TEXT, Outcome, RATE_LIMIT, Refusal, code};
use super::budget::Budgets;
use super::volume::Held;
use super::{App, SharedApp};
use crate::config::Config;
use crate::graphql::{Bill, Budget, Call};
use crate::telemetry::metrics::{Inside, Level};

/// What callers may spend, and how many operations may run.
pub struct Allowance {
    budgets: Option<Budgets>,
    places: Arc<Semaphore>,
    /// Of the places.
    shares: Option<Shares>,
    patience: Duration,
}

/// Why there was no place in time.
enum Full {
    /// Everybody's together.
    All,
    /// The account's own, which are so many.
    Own(usize),
}

impl Allowance {
    /// As the settings say.
    pub fn of(config: &Config) -> Allowance {
        let limits = &config.limits;
        Allowance {
            budgets: config.rate_limit.map(Budgets::new),
            places: Arc::new(Semaphore::new(limits.concurrency.min(Semaphore::MAX_PERMITS))),
            shares: Shares::of(limits.concurrency, limits.account_percent),
            patience: Duration::from_millis(limits.queue_milliseconds as u64),
        }
    }

    /// A place among those that run, of which each account has its share.
    async fn place(&self, account: Account) -> Result<Place, Full> {
        if let Some(place) = self.place_at_once(account) {
            return Ok(place);
        }
        let waiting = Level::OperationsWaiting.enter();
        let until = tokio::time::Instant::now() + self.patience;
        let share = match &self.shares {
            Some(shares) => Some(tokio::time::timeout_at(until, shares.take(account)).await.map_err(|_| Full::Own(shares.each()))?),
            None => None,
        };
        let permit = tokio::time::timeout_at(until, self.places.clone().acquire_owned()).await;
        let permit = permit.ok().and_then(Result::ok).ok_or(Full::All)?;
        drop(waiting);
        Ok(Place { _permit: permit, _share: share, _inside: Level::OperationsRunning.enter(), was_waited_for: true })
    }

    fn place_at_once(&self, account: Account) -> Option<Place> {
        let share = match &self.shares {
            Some(shares) => Some(shares.try_take(account)?),
            None => None,
        };
        let permit = self.places.clone().try_acquire_owned().ok()?;
        Some(Place { _permit: permit, _share: share, _inside: Level::OperationsRunning.enter(), was_waited_for: false })
    }
}

/// A place among the operations that run, until it is dropped.
struct Place {
    _permit: OwnedSemaphorePermit,
    _share: Option<Share>,
    _inside: Inside,
    was_waited_for: bool,
}

/// An operation that may run. Keeps its place among those that run at once until it is dropped.
#[must_use = "the operation has its place only as long as this lives"]
pub struct Admission {
    /// What it was charged.
    pub bill: Bill,
    /// Given back when this is dropped.
    place: Place,
    /// The same.
    _volume: Held,
}

/// Why an operation may not run.
pub enum Denial {
    /// It cannot be executed, whoever asks.
    NotExecutable(Vec<Fault>),
    /// Not for this caller, or not now.
    Refused(Refusal),
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Denial {
        Denial::Refused(refusal)
    }
}

impl Admission {
    /// With the room that the values of its variables take.
    pub fn holding(self, volume: Held) -> Admission {
        Admission { _volume: volume, ..self }
    }

    /// Whether it had to wait for its turn. Then its caller must be looked at again: they may have lost sign-in or rights meanwhile, by what
    /// another node committed (rule I4).
    pub fn was_waited_for(&self) -> bool {
        self.place.was_waited_for
    }
}

/// Lets an operation in, or not.
pub async fn admit(app: &App, document: &Document, call: &Call) -> Result<Admission, Denial> {
    check_introspection(app, document, call)?;
    let price = document.price().map_err(|fault| Denial::NotExecutable(vec![fault.clone()]))?;
    let points = |points: u64| u32::try_from(points).unwrap_or(u32::MAX);
    let (cost, nodes) = (points(price.cost.max(1)), points(price.nodes));
    let account = call.account();
    let now = app.clock.now();
    let budget = match &app.allowance.budgets {
        None => None,
        Some(budgets) => Some(budgets.charge(account, cost, now).map_err(|budget| {
            let seconds = seconds_until(budget.resets_at, now).max(1);
            let text = format!(
                "This costs {cost} points, and {} of your {} a minute are left: try again in {seconds} s, or ask for less.",
                budget.remaining, budget.limit
            );
            let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, code::RATE_LIMITED, text).after(seconds);
            let refusal = refusal.with_budget(figures(&budget, cost, nodes, now));
            refusal.with("limit", budget.limit).with("resetAt", budget.resets_at.to_rfc3339())
        })?),
    };
    let full = match app.allowance.place(account).await {
        Ok(place) => return Ok(Admission { bill: Bill { cost, nodes, budget }, place, _volume: Held::default() }),
        Err(full) => full,
    };
    if let Some(budgets) = &app.allowance.budgets {
        budgets.refund(account, cost, now);
    }
    Err(full.refusal(app).into())
}

impl Full {
    fn refusal(self, app: &App) -> Refusal {
        let limit = app.config.limits.concurrency;
        match self {
            Full::All => {
                let text = format!("{limit} operations run already, which is the limit, and none ended in time: try again in a moment.");
                Refusal::busy(text).with("limit", limit)
            }
            Full::Own(share) => {
                let text = format!(
                    "{share} of your operations run already, which is one caller's share of {limit}, and none ended in time: wait for them."
                );
                Refusal::busy(text).with("limit", share)
            }
        }
    }
}

/// Runs an operation that was let in. In a task of its own: the place belongs to the work, which goes on when the client hangs up.
pub async fn run(app: &SharedApp, document: Document, call: Call, admission: Admission) -> Outcome {
    let (app, id) = (app.clone(), call.request_id.clone());
    let work = tokio::spawn(async move {
        let outcome = app.adapter.run(document, call).await;
        drop(admission);
        outcome
    });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, request.id = id, "a request panicked");
        Outcome::Executed { data: b"null".to_vec(), faults: vec![Fault::new(code::INTERNAL_SERVER_ERROR, INTERNAL_TEXT)] }
    })
}

/// Whole seconds, the last one begun included.
fn seconds_until(at: Timestamp, now: Timestamp) -> u32 {
    let micros = at.0.saturating_sub(now.0).max(0);
    u32::try_from(micros.saturating_add(Timestamp::SECOND - 1) / Timestamp::SECOND).unwrap_or(u32::MAX)
}

/// Says in the head of an answer what its operation was charged; nothing when there is no limit.
pub fn show(bill: &Bill, now: Timestamp, response: &mut Response) {
    if let Some(value) = bill.budget.and_then(|budget| figures(&budget, bill.cost, bill.nodes, now)) {
        response.headers_mut().insert(RATE_LIMIT, value);
    }
}

fn figures(budget: &Budget, cost: u32, nodes: u32, now: Timestamp) -> Option<HeaderValue> {
    let reset = seconds_until(budget.resets_at, now);
    HeaderValue::from_str(&format!("limit={}, remaining={}, reset={reset}, cost={cost}, nodes={nodes}", budget.limit, budget.remaining))
        .ok()
}

/// In production the schema is for those who are signed in.
fn check_introspection(app: &App, document: &Document, call: &Call) -> Result<(), Denial> {
    let is_allowed = app.config.is_development() || call.caller.access().is_some();
    match document.introspects() && !is_allowed {
        true => Err(Denial::NotExecutable(vec![Fault::new(code::VALIDATION_FAILED, "Introspection is for signed-in callers.")])),
        false => Ok(()),
    }
}
