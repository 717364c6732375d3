//! What an operation was charged, and what is left.

use async_graphql::SimpleObject;

use crate::graphql::call::Bill;
use crate::graphql::scalars::DateTime;

/// The caller's budget. The same figures are in the `RateLimit` response header.
#[derive(SimpleObject)]
pub struct RateLimit {
    /// Points per window.
    limit: i32,
    /// Points charged for this operation.
    cost: i32,
    /// Nodes this operation could return at most; 100,000 is the ceiling.
    node_count: i32,
    /// Points left in this window.
    remaining: i32,
    /// When the window starts afresh.
    reset_at: DateTime,
}

impl RateLimit {
    /// What a bill says; None when there is no limit.
    pub fn of(bill: &Bill) -> Option<RateLimit> {
        let budget = bill.budget?;
        let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        Some(RateLimit {
            limit: number(budget.limit),
            cost: number(bill.cost),
            node_count: number(bill.nodes),
            remaining: number(budget.remaining),
            reset_at: budget.resets_at.into(),
        })
    }
}
