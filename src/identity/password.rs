//! Passwords: Argon2id, a bounded number of hashings at once, the same work for everybody (rule S3).

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tenure_core::credential::PasswordHash;
use tokio::sync::{Semaphore, oneshot};

use crate::telemetry::metrics::Level;

/// Shortest password, in characters.
pub const LENGTH_MIN: usize = 12;
/// Longest password, in characters.
pub const LENGTH_MAX: usize = 256;

/// Every password that this process has hashed, compared or weighed.
static WORKED: AtomicU64 = AtomicU64::new(0);

/// How many passwords this process has hashed, compared or weighed so far: what is answered alike must have cost alike (rule S3).
pub fn worked() -> u64 {
    WORKED.load(Ordering::Relaxed)
}
/// Passwords that may wait, unless somebody says otherwise.
const WAITING_MAX: usize = 64;

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many wait already: whoever comes now would have waited for nothing.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// It failed.
    #[error("a password could not be hashed: {0}")]
    Failed(String),
}

impl HashingError {
    fn failed(cause: impl ToString) -> HashingError {
        HashingError::Failed(cause.to_string())
    }
}

/// Hashes and checks passwords.
pub struct Passwords {
    /// As many at once as there are cores: each takes 19 MiB and a core for some 20 ms.
    permits: Arc<Semaphore>,
    /// Those under way, and those that wait.
    places: Arc<Semaphore>,
    /// What the work is done by.
    threads: Threads,
    /// Checked in place of the password that an unknown account does not have.
    decoy: PasswordHash,
}

impl Passwords {
    /// Ready to hash.
    pub fn new() -> Result<Passwords, HashingError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut nobody = [0u8; 32];
        getrandom::fill(&mut nobody).map_err(HashingError::failed)?;
        let permits = Arc::new(Semaphore::new(cores));
        let threads = Threads::start(cores).map_err(HashingError::failed)?;
        Ok(Passwords { permits, places: places(cores, WAITING_MAX), threads, decoy: hash(&nobody)? })
    }

    /// With room for so many that wait, beside those under way.
    pub fn with_waiting(self, maximum: usize) -> Passwords {
        Passwords { places: places(self.permits.available_permits(), maximum), ..self }
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
        let place = self.places.clone().try_acquire_owned().map_err(|_| HashingError::Busy)?;
        WORKED.fetch_add(1, Ordering::Relaxed);
        let waiting = Level::PasswordsWaiting.enter();
        let permit = self.permits.clone().acquire_owned().await.map_err(HashingError::failed)?;
        drop(waiting);
        let running = Level::PasswordsRunning.enter();
        let (done, result) = oneshot::channel();
        self.threads.run(Box::new(move || {
            let result = work();
            drop((permit, place, running));
            let _ = done.send(result);
        }));
        result.await.map_err(HashingError::failed)
    }
}

/// Threads that hash, for as long as this lives. Always the same ones: an allocator keeps for each thread what was allocated on it, and of
/// threads that come and go each would leave the 19 MiB of a hashing behind.
struct Threads {
    work: mpsc::Sender<Work>,
}

type Work = Box<dyn FnOnce() + Send>;

impl Threads {
    fn start(count: usize) -> std::io::Result<Threads> {
        let (work, asked) = mpsc::channel::<Work>();
        let asked = Arc::new(Mutex::new(asked));
        for _ in 0..count {
            let asked = asked.clone();
            std::thread::Builder::new().name("passwords".to_owned()).spawn(move || {
                loop {
                    let next = asked.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(work) = next else { return };
                    // Whoever waits for it hears that it came to nothing; the thread goes on.
                    if std::panic::catch_unwind(AssertUnwindSafe(work)).is_err() {
                        tracing::error!("hashing a password panicked");
                    }
                }
            })?;
        }
        Ok(Threads { work })
    }

    fn run(&self, work: Work) {
        // There are threads as long as there is somebody to ask them.
        let _ = self.work.send(work);
    }
}

fn places(at_once: usize, waiting: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(at_once.saturating_add(waiting).min(Semaphore::MAX_PERMITS)))
}

fn hash(password: &[u8]) -> Result<PasswordHash, HashingError> {
    Argon2::default().hash_password(password).map(|h| PasswordHash(h.to_string())).map_err(HashingError::failed)
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

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn s3_who_comes_when_too_many_wait_hears_so_at_once() {
        let passwords = Arc::new(Passwords::new().expect("ready").with_waiting(3));
        let at_once = passwords.permits.available_permits();
        let (begun, asked) = (std::time::Duration::from_secs(20), at_once + 3 + 5);
        let all = (0..asked).map(|_| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.hash("correct horse battery").await })
        });
        let results = tokio::time::timeout(begun, futures_util::future::join_all(all)).await.expect("all are answered");
        let busy = results.into_iter().filter(|r| matches!(r, Ok(Err(HashingError::Busy)))).count();
        assert!((1..=5).contains(&busy), "{busy} of {asked}");
        passwords.hash("correct horse battery").await.expect("there is room again");
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
