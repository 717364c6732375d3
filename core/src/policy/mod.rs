//! Who may see and do what: the one place that decides it (rule V4).
//!
//! [`verdict`] is the table. [`Access`] is a caller as they stand now. Scopes carry the table's answer into the queries of a storage, and
//! [`Visible`] is the proof that somebody was looked at through it: nothing else turns a stored person into one that a viewer can see.

mod access;
mod history;
mod remedy;
mod scope;
mod verdict;
mod view;
mod work;

pub use access::{Access, effective_permissions};
pub use history::{EventReach, EventScope};
pub use remedy::{EmailRemedy, email_remedies};
#[cfg(feature = "conformance")]
pub(crate) use scope::for_suite;
pub use scope::{
    ActiveReach, ConversationScope, FeedScope, MeetingScope, ReassignmentScope, RecordScope, TokenScope, UserScope, WorkgroupScope,
};
pub use verdict::{Ability, Deny, LeaversShown, Standing, TargetState, Verdict, matrix, verdict};
pub use view::Visible;
