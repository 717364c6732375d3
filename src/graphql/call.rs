//! What an operation is told about the request it belongs to.

use std::net::IpAddr;

use tenure_core::account::Account;
use tenure_core::time::Timestamp;

use crate::identity::Caller;

/// Who asks, from where, under which name, and at which price.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who.
    pub caller: Caller,
    /// The name of the request, for the history and for support.
    pub request_id: String,
    /// From where, if that is known.
    pub peer: Option<IpAddr>,
    /// At which price.
    pub bill: Bill,
}

impl Call {
    /// On whose account it is.
    pub fn account(&self) -> Account {
        Account::of(self.caller.access(), self.peer)
    }
}

/// What an operation was charged, and what is left of its caller's budget; `rateLimit` and the header of that name show it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bill {
    /// Points charged for this operation.
    pub cost: u32,
    /// Nodes that it could return at most.
    pub nodes: u32,
    /// The caller's budget; None when there is no limit.
    pub budget: Option<Budget>,
}

/// A caller's budget as it stands after the charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Points in a window.
    pub limit: u32,
    /// Points left in this window.
    pub remaining: u32,
    /// When the window starts afresh.
    pub resets_at: Timestamp,
}
