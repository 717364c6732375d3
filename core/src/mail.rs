//! What is written to people by mail. An action says what; the server says how (texts, transport).

use serde::{Deserialize, Serialize};

use crate::email::Email;
use crate::id::{ReassignmentId, UserId};
use crate::record::RecordCount;
use crate::secret::Link;
use crate::time::Timestamp;

/// A mail to be sent once the change that caused it is committed. Holds no secret: what a link's token is, is computed when it is sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Mail {
    /// An invitation with its link (rule S2).
    Invitation {
        /// The address.
        to: Email,
        /// Name of who is invited.
        name: String,
        /// Name of who invites.
        inviter: String,
        /// The link.
        link: Link,
        /// When it stops working.
        expires_at: Timestamp,
    },
    /// Somebody wants to sign in with this address from now on: the link confirms it (rule E6).
    LoginEmailConfirmation {
        /// The new address.
        to: Email,
        /// Name of whose login it would be.
        name: String,
        /// The link.
        link: Link,
        /// When it stops working.
        expires_at: Timestamp,
    },
    /// The same, told to the present login address (rule E6).
    LoginEmailRequested {
        /// The present address.
        to: Email,
        /// Name of whose login it is.
        name: String,
        /// The address that waits to be confirmed.
        login: Email,
    },
    /// The login address was changed: told to the former and to the new address (rules E6, E7).
    LoginEmailChanged {
        /// The address that this copy goes to.
        to: Email,
        /// Name of whose login it is.
        name: String,
        /// The address to sign in with from now on.
        login: Email,
        /// Who changed it.
        by: ChangedBy,
    },
    /// A link to choose a new password (rule E8).
    PasswordReset {
        /// The login address.
        to: Email,
        /// Name of whose it is.
        name: String,
        /// The link.
        link: Link,
        /// When it stops working.
        expires_at: Timestamp,
    },
    /// A handover ended, and this person received something (rule H13).
    HandoverReceived {
        /// The address.
        to: Email,
        /// Who received it: the mail is dropped when they leave before it could be sent. None in mails of earlier versions.
        #[serde(default)]
        successor: Option<UserId>,
        /// Name of the successor.
        name: String,
        /// Name of who handed over.
        by: String,
        /// The reassignment, for the link.
        reassignment: ReassignmentId,
        /// What they received, by kind.
        counts: Vec<RecordCount>,
    },
}

/// Who changed a login address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangedBy {
    /// The person, by confirming it.
    Themself,
    /// Somebody else.
    SomebodyElse,
}

impl Mail {
    /// Where it goes.
    pub fn to(&self) -> &Email {
        match self {
            Mail::Invitation { to, .. }
            | Mail::LoginEmailConfirmation { to, .. }
            | Mail::LoginEmailRequested { to, .. }
            | Mail::LoginEmailChanged { to, .. }
            | Mail::PasswordReset { to, .. }
            | Mail::HandoverReceived { to, .. } => to,
        }
    }

    /// Its link, and when that stops working.
    pub fn link(&self) -> Option<(&Link, Timestamp)> {
        match self {
            Mail::Invitation { link, expires_at, .. }
            | Mail::LoginEmailConfirmation { link, expires_at, .. }
            | Mail::PasswordReset { link, expires_at, .. } => Some((link, *expires_at)),
            Mail::LoginEmailRequested { .. } | Mail::LoginEmailChanged { .. } | Mail::HandoverReceived { .. } => None,
        }
    }

    /// Whom it is of use to only as long as they work here: nothing is queued for a leaver (rules H13, S6). Notices of a changed login go to
    /// their addresses whoever has left meanwhile (rules E6, E7); mails with a link die with the link.
    pub fn only_while_active(&self) -> Option<UserId> {
        match self {
            Mail::HandoverReceived { successor, .. } => *successor,
            Mail::Invitation { .. }
            | Mail::LoginEmailConfirmation { .. }
            | Mail::LoginEmailRequested { .. }
            | Mail::LoginEmailChanged { .. }
            | Mail::PasswordReset { .. } => None,
        }
    }

    /// What it is, for the log: nothing of whom it goes to.
    pub fn kind(&self) -> &'static str {
        match self {
            Mail::Invitation { .. } => "invitation",
            Mail::LoginEmailConfirmation { .. } => "login email confirmation",
            Mail::LoginEmailRequested { .. } => "login email requested",
            Mail::LoginEmailChanged { .. } => "login email changed",
            Mail::PasswordReset { .. } => "password reset",
            Mail::HandoverReceived { .. } => "handover received",
        }
    }
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mail({})", self.kind())
    }
}

/// Told after a commit that mails wait in the outbox. A hint and no more: whoever sends them looks by themself now and then.
pub trait Outbox: Send + Sync + 'static {
    /// There is something to send.
    fn wake(&self);
}

/// Sends nothing: for commands beside the server, for embedding without mail, and for tests of the rules. What is written stays in the
/// outbox, for a server on the same storage.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoMail;

impl Outbox for NoMail {
    fn wake(&self) {}
}
