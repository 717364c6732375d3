//! What is written to people by mail. An action says what; the server says how (texts, transport).

use async_trait::async_trait;

use crate::email::Email;
use crate::time::Timestamp;

/// A mail to be sent once the change that caused it is committed.
#[derive(Clone, PartialEq, Eq)]
pub enum Mail {
    /// An invitation with its link (rule S2).
    Invitation {
        /// The address.
        to: Email,
        /// Name of who is invited.
        name: String,
        /// Name of who invites.
        inviter: String,
        /// Token of the link; secret.
        token: String,
        /// When it stops working.
        expires_at: Timestamp,
    },
    /// The login address was set by somebody else: told to the former and to the new address (rule E7).
    LoginEmailChanged {
        /// The address that this copy goes to.
        to: Email,
        /// Name of whose login it is.
        name: String,
        /// The address to sign in with from now on; None when the login was taken away.
        login: Option<Email>,
    },
}

impl Mail {
    /// Where it goes.
    pub fn to(&self) -> &Email {
        match self {
            Mail::Invitation { to, .. } | Mail::LoginEmailChanged { to, .. } => to,
        }
    }
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Mail::Invitation { .. } => f.write_str("Mail::Invitation(…)"),
            Mail::LoginEmailChanged { .. } => f.write_str("Mail::LoginEmailChanged(…)"),
        }
    }
}

/// Takes mails of committed changes. Must not fail the change: what cannot be sent is logged (and later kept in an outbox).
#[async_trait]
pub trait Postman: Send + Sync + 'static {
    /// Sends them, in order.
    async fn send(&self, mails: Vec<Mail>);
}

/// Sends nothing: for embedding without mail, and for tests of the rules.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoMail;

#[async_trait]
impl Postman for NoMail {
    async fn send(&self, _mails: Vec<Mail>) {}
}
