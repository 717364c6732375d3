//! Secrets that the rules deal with: hashes of them, and the tokens of links in mails.
//!
//! A link's token is an HMAC under a key of the server, so that it can be computed when the mail is sent; only its hash is stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::credential::SecretHash;
use crate::id::UserId;

impl SecretHash {
    /// SHA-256 of a secret.
    pub fn of(secret: &str) -> SecretHash {
        SecretHash(Sha256::digest(secret.as_bytes()).into())
    }
}

/// SHA-256 of a text, e.g. of the input of an operation that may be repeated.
pub fn fingerprint(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// What a link in a mail is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LinkPurpose {
    /// Accepting an invitation (rule S2).
    Invitation,
    /// Confirming a login address (rule E6).
    LoginEmail,
    /// Choosing a new password (rule E8).
    PasswordReset,
}

impl LinkPurpose {
    /// What links other than invitations are good for: those that end with any change of login or password.
    pub const PENDING: [LinkPurpose; 2] = [LinkPurpose::LoginEmail, LinkPurpose::PasswordReset];
}

/// Which link a mail carries: everything but the secret, which is computed when the mail is sent ([`LinkKey::token`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it is good for.
    pub purpose: LinkPurpose,
    /// For whom.
    pub user: UserId,
    /// Which attempt: each has a token of its own.
    pub attempt: Uuid,
}

/// The server's key for the tokens of links. Not printed.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl LinkKey {
    /// From 32 random bytes.
    pub fn new(key: [u8; 32]) -> LinkKey {
        LinkKey(key)
    }

    /// The token for one attempt: 256 bits in base64url, 43 characters.
    pub fn token(&self, link: &Link) -> String {
        let purpose: &[u8] = match link.purpose {
            LinkPurpose::Invitation => b"invitation",
            LinkPurpose::LoginEmail => b"login-email",
            LinkPurpose::PasswordReset => b"password-reset",
        };
        // HMAC takes keys of any length, so this cannot fail; an empty MAC would be refused everywhere.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(purpose);
        mac.update(link.user.0.as_bytes());
        mac.update(link.attempt.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(…)")
    }
}
