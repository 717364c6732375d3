//! Passwords: Argon2id, a bounded number of hashings at once, the same work for everybody (rule S3).

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tenure_core::credential::PasswordHash;
use tokio::sync::Semaphore;

/// Shortest password, in characters.
pub const LENGTH_MIN: usize = 12;
/// Longest password, in characters.
pub const LENGTH_MAX: usize = 256;

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed: {0}")]
pub struct HashingError(String);

/// Hashes and checks passwords.
pub struct Passwords {
    /// As many at once as there are cores: each takes 19 MiB and a core for some 20 ms.
    permits: Arc<Semaphore>,
    /// Checked in place of the password that an unknown account does not have.
    decoy: PasswordHash,
}

impl Passwords {
    /// Ready to hash.
    pub fn new() -> Result<Passwords, HashingError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut nobody = [0u8; 32];
        getrandom::fill(&mut nobody).map_err(|e| HashingError(e.to_string()))?;
        Ok(Passwords { permits: Arc::new(Semaphore::new(cores)), decoy: hash(&nobody)? })
    }

    /// The hash to store.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, HashingError> {
        let password = SecretString::from(password);
        self.work(move || hash(password.expose_secret().as_bytes())).await?
    }

    /// Whether it is the password. Without a hash it is not, after the same work.
    pub async fn verify(&self, stored: Option<&PasswordHash>, password: &str) -> Result<bool, HashingError> {
        let is_known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).clone();
        let password = SecretString::from(password);
        let fits = self
            .work(move || {
                Phc::new(&stored.0)
                    .is_ok_and(|stored| Argon2::default().verify_password(password.expose_secret().as_bytes(), &stored).is_ok())
            })
            .await?;
        Ok(fits && is_known)
    }

    /// Whether a password is strong enough; `hints` are what a guesser would try first: names, address.
    pub async fn is_strong(&self, password: &str, hints: &[&str]) -> Result<bool, HashingError> {
        let password = SecretString::from(password);
        let hints: Vec<String> = hints.iter().map(|h| (*h).to_owned()).collect();
        self.work(move || is_strong(password.expose_secret(), &hints)).await
    }

    /// The permit goes with the work, not with who waits for it: who hangs up frees nothing.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashingError> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|e| HashingError(e.to_string()))?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await
        .map_err(|e| HashingError(e.to_string()))
    }
}

fn hash(password: &[u8]) -> Result<PasswordHash, HashingError> {
    Argon2::default().hash_password(password).map(|h| PasswordHash(h.to_string())).map_err(|e| HashingError(e.to_string()))
}

fn is_strong(password: &str, hints: &[String]) -> bool {
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&password.chars().count()) {
        return false;
    }
    // A name counts as a whole and word by word, an address by its parts too.
    let words = hints.iter().flat_map(|h| h.split(|c: char| !c.is_alphanumeric()).chain([h.as_str()]));
    let words: Vec<&str> = words.filter(|w| w.chars().count() > 1).collect();
    // Blanks between known words are no secret: what is weak without them is weak.
    let joined: String = password.chars().filter(|c| !c.is_whitespace()).collect();
    [password, &joined].into_iter().all(|p| zxcvbn::zxcvbn(p, &words).score() >= zxcvbn::Score::Three)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn s3_a_password_is_recognised_and_nobody_has_none() {
        let passwords = Passwords::new().expect("ready");
        let stored = passwords.hash("correct horse battery").await.expect("hashes");
        assert!(stored.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored.0);
        assert!(passwords.verify(Some(&stored), "correct horse battery").await.expect("works"));
        assert!(!passwords.verify(Some(&stored), "correct horse batterx").await.expect("works"));
        assert!(!passwords.verify(None, "correct horse battery").await.expect("works"));
        assert!(!passwords.verify(Some(&PasswordHash("?".into())), "").await.expect("works"));
    }

    #[test]
    fn s3_weak_passwords_are_known_as_such() {
        let hints = ["Josephine Bartholomew".to_owned(), "josephine.bartholomew@example.com".to_owned()];
        for weak in ["", "kT9#xw", "password1234", "aaaaaaaaaaaaaaaa", "josephinebartholomew", "Bartholomew1"] {
            assert!(!is_strong(weak, &hints), "{weak}");
        }
        assert!(is_strong("plum-otter-vivid-93", &hints));
        assert!(is_strong(&"kT9#xw2Q".repeat(4), &[]));
        assert!(!is_strong(&"plum-otter-vivid-93".repeat(14), &[]), "longer than 256");
    }
}
