//! What people and integrations prove themselves with: sessions, access tokens, invitations, links. Secrets are here as hashes only.

use serde::{Deserialize, Serialize};

use crate::email::Email;
use crate::id::{AccessTokenId, SessionId, UserId};
use crate::permission::PermissionSet;
use crate::secret::LinkPurpose;
use crate::settings::Settings;
use crate::time::Timestamp;
use crate::user::{Actor, User};

/// SHA-256 of a secret of at least 256 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub [u8; 32]);

/// An Argon2id hash in PHC form. Not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A session of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Identifier; `sid` of its JWTs.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The epoch of the person that it was opened under; another one ends it (rule I4).
    pub epoch: i32,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it ends for good unless it is refreshed.
    pub expires_at: Timestamp,
    /// When it was ended; None while it lasts.
    pub ended_at: Option<Timestamp>,
}

/// A refresh token: works once; the second use ends the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Hash of the secret; unique.
    pub hash: SecretHash,
    /// The session it prolongs.
    pub session: SessionId,
    /// When it was used; None while it was not.
    pub used_at: Option<Timestamp>,
}

/// An access token of an integration (rule S4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// Identifier.
    pub id: AccessTokenId,
    /// For whom it acts.
    pub owner: UserId,
    /// Name.
    pub name: String,
    /// First characters of the secret.
    pub prefix: String,
    /// SHA-256 of the secret; unique.
    pub hash: SecretHash,
    /// What it was given, as given.
    pub permissions: PermissionSet,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was last used, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A pending invitation; one for each invited person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Who is invited.
    pub user: UserId,
    /// The address it was sent to.
    pub email: Email,
    /// Who invited; who sent it again becomes the inviter (rule S2).
    pub invited_by: Actor,
    /// Hash of the token in the link; sending again replaces it.
    pub token_hash: SecretHash,
    /// When it was last sent.
    pub sent_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// A link in a mail that confirms a login address or lets its holder choose a password (rules E6, E8); one for each person and purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingLink {
    /// For whom it is good.
    pub user: UserId,
    /// What for.
    pub purpose: LinkPurpose,
    /// The address it was sent to: the one to confirm, or the login address.
    pub email: Email,
    /// Hash of the token in the link; unique.
    pub token_hash: SecretHash,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// What a JWT of a session is held against, read in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPrincipal {
    /// The session.
    pub session: Session,
    /// The person as they stand now.
    pub user: User,
    /// The settings as they stand now.
    pub settings: Settings,
}

/// What an access token is held against, read in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPrincipal {
    /// The token.
    pub token: AccessToken,
    /// Its owner as they stand now.
    pub user: User,
    /// The settings as they stand now.
    pub settings: Settings,
}

/// What a sign-in is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The person who holds the address as LOGIN.
    pub user: User,
    /// Their password; None when they never chose one.
    pub password: Option<PasswordHash>,
}

/// What ended when somebody lost access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EndedCredentials {
    /// Sessions that worked.
    pub sessions: u32,
    /// Access tokens that worked.
    pub tokens: u32,
}
