//! Who somebody is: passwords, session tokens, access tokens, the key file, limits on attempts. Knows nothing of HTTP and GraphQL.

pub mod attempts;
mod authenticate;
pub mod jwt;
pub mod keys;
pub mod password;
mod resets;
pub mod secret;

use std::path::Path;
use std::sync::Arc;

use tenure_core::clock::Clock;
use tenure_core::credential::{PasswordHash, SecretHash, Session};
use tenure_core::secret::LinkKey;
use tenure_core::time::Timestamp;

pub use attempts::{Attempt, Attempts};
pub use authenticate::{AuthenticationError, Caller};
pub use resets::{ResetRequest, Resets, key_of};
pub use secret::NewAccessToken;

use keys::{KeyError, KeyRing};
use password::{HashingError, Passwords};
use secret::RandomError;

/// How long a session lasts after its last refresh, in seconds: 30 days.
pub const SESSION_LIFETIME_SECONDS: i64 = 30 * 24 * 3600;

/// Something that is nobody's fault but the server's.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The key file cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The machine gives no random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A session token could not be signed.
    #[error("a session token could not be signed")]
    Signing,
}

/// Makes and checks all that people and integrations prove themselves with.
pub struct Identity {
    keys: KeyRing,
    passwords: Passwords,
    attempts: Attempts,
    resets: Resets,
    clock: Arc<dyn Clock>,
}

impl Identity {
    /// With the keys of that file, which is made when there is none.
    pub fn open(key_file: &Path, clock: Arc<dyn Clock>) -> Result<Identity, IdentityError> {
        Ok(Identity {
            keys: KeyRing::open(key_file, clock.clone())?,
            passwords: Passwords::new()?,
            attempts: Attempts::new(clock.clone()),
            resets: Resets::new(clock.clone()),
            clock,
        })
    }

    /// With room for so many passwords that wait, beside those that are looked at.
    pub fn with_passwords_waiting(self, maximum: usize) -> Identity {
        Identity { passwords: self.passwords.with_waiting(maximum), ..self }
    }

    /// The hash of a password, to be stored.
    pub async fn hash_password(&self, password: &str) -> Result<PasswordHash, IdentityError> {
        Ok(self.passwords.hash(password).await?)
    }

    /// Whether it is the password; without a hash it is not, after the same work (rule S3).
    pub async fn verify_password(&self, stored: Option<&PasswordHash>, password: &str) -> Result<bool, IdentityError> {
        Ok(self.passwords.verify(stored, password).await?)
    }

    /// Whether a password is strong enough (rule S3); `hints`: name and address of whom it is for.
    pub async fn password_is_strong(&self, password: &str, hints: &[&str]) -> Result<bool, IdentityError> {
        Ok(self.passwords.is_strong(password, hints).await?)
    }

    /// A token for a session, under the epoch it carries, and when it expires.
    pub fn session_jwt(&self, session: &Session) -> Result<(String, Timestamp), IdentityError> {
        jwt::sign(&self.keys.newest(), session, self.clock.now()).ok_or(IdentityError::Signing)
    }

    /// Looks at a token of a session.
    pub fn verify_session_jwt(&self, token: &str) -> jwt::Verification {
        let keys = jwt::key_id(token).map_or_else(|| self.keys.current(), |kid| self.keys.with_key(&kid));
        jwt::verify(&keys, token, self.clock.now())
    }

    /// A new refresh token: the secret, given away once, and its hash, stored.
    pub fn new_refresh_secret(&self) -> Result<(String, SecretHash), IdentityError> {
        Ok(secret::new_refresh_token()?)
    }

    /// A new access token of an integration.
    pub fn new_access_token(&self) -> Result<NewAccessToken, IdentityError> {
        Ok(NewAccessToken::random()?)
    }

    /// The limits on wrong passwords.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// Requests for new passwords.
    pub fn resets(&self) -> &Resets {
        &self.resets
    }

    /// The key of the links in mails.
    pub fn link_key(&self) -> LinkKey {
        self.keys.current().link().clone()
    }

    /// The public keys as a JSON Web Key Set.
    pub fn jwks(&self) -> serde_json::Value {
        jwt::jwks(&self.keys.current(), self.clock.now())
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
