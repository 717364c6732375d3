//! Sends what is in the outbox, in the background: at once after a commit of this server, and now and then what others left there.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenure_core::engine::{Engine, Fate};
use tenure_core::mail::Outbox;
use tenure_core::storage::{ClaimedMail, StorageError};
use tenure_core::time::Timestamp;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{MailError, Mailer};
use crate::telemetry::metrics;

/// Mails that are claimed, and sent, at once. Those to one recipient are sent one after the other.
const BATCH: u32 = 8;
/// How often it is tried to note what became of a mail, and how long to wait in between.
const NOTE_ATTEMPTS: u32 = 20;
const NOTE_PAUSE: Duration = Duration::from_millis(250);
/// How often mails that were given up long ago, and outcomes of operations that are remembered no longer, are removed, in seconds.
const FORGET_SECONDS: i64 = 3600;

/// Wakes the worker of this server.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Outbox for Bell {
    fn wake(&self) {
        // Rung while the worker is busy, it is heard afterwards.
        self.0.notify_one();
    }
}

/// Sends mails until it is asked to end.
pub struct Worker {
    desk: Arc<Desk>,
    bell: Bell,
    poll: Duration,
    forget_at: Timestamp,
    is_cut_off: bool,
}

/// What all that is sent at once shares.
struct Desk {
    engine: Arc<Engine>,
    mailer: Mailer,
    /// Sent, but not noted in the storage yet: not to be sent again.
    sent: Mutex<HashSet<Uuid>>,
}

impl Worker {
    /// A worker over the outbox of an engine. It looks every `poll`, and when the bell rings.
    pub fn new(engine: Arc<Engine>, mailer: Mailer, bell: Bell, poll: Duration) -> Worker {
        let desk = Desk { engine, mailer, sent: Mutex::default() };
        Worker { desk: Arc::new(desk), bell, poll, forget_at: Timestamp(i64::MIN), is_cut_off: false }
    }

    /// Sends until `end` comes; then what is due once more, one batch at most, and to its end.
    pub async fn run(mut self, end: impl Future<Output = ()>) {
        let mut end = pin!(end);
        let mut is_last = false;
        while !is_last {
            let has_more = self.round().await;
            is_last = tokio::select! {
                biased;
                () = &mut end => true,
                () = std::future::ready(()), if has_more => false,
                () = self.bell.0.notified() => false,
                () = tokio::time::sleep(self.poll) => false,
            };
        }
        self.round().await;
    }

    /// Sends one batch. Whether there was something to send.
    async fn round(&mut self) -> bool {
        let claimed = match self.claim().await {
            Ok(claimed) => claimed,
            Err(error) => {
                // Said once: the readiness of the server tells the rest.
                if !std::mem::replace(&mut self.is_cut_off, true) {
                    tracing::warn!(error = &error as &dyn std::error::Error, "mails wait: the outbox cannot be read");
                }
                return false;
            }
        };
        if std::mem::replace(&mut self.is_cut_off, false) {
            tracing::info!("the outbox can be read again");
        }
        let has_more = !claimed.is_empty();
        let mut by_recipient: HashMap<String, Vec<ClaimedMail>> = HashMap::new();
        for claim in claimed {
            by_recipient.entry(claim.mail.mail.to().key().to_owned()).or_default().push(claim);
        }
        // Tasks, so that a fault in one mail does not end the worker; dropped with it.
        let mut running = JoinSet::new();
        for mails in by_recipient.into_values() {
            let desk = Arc::clone(&self.desk);
            running.spawn(async move {
                for claim in mails {
                    desk.send(&claim).await;
                }
            });
        }
        while let Some(done) = running.join_next().await {
            if let Err(error) = done {
                tracing::error!(%error, "sending a mail failed; it is tried again when its claim ends");
            }
        }
        has_more
    }

    async fn claim(&mut self) -> Result<Vec<ClaimedMail>, StorageError> {
        let engine = &self.desk.engine;
        let now = engine.clock().now();
        // Before anything is claimed: a claim that is dropped for a failure here would keep its mails waiting until it ends.
        if now >= self.forget_at {
            engine.forget_mails().await?;
            engine.forget_outcomes().await?;
            self.forget_at = now.plus_seconds(FORGET_SECONDS);
        }
        engine.claim_mails(BATCH).await
    }
}

impl Desk {
    async fn send(&self, claim: &ClaimedMail) {
        let id = claim.id();
        let is_sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).contains(&id);
        if !is_sent && let Err(error) = self.mailer.send(&claim.mail).await {
            return self.failed(claim, &error).await;
        }
        dies_at!("mail-sent");
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        metrics::mail(metrics::Mail::Sent);
        match noted(|| self.engine.mail_sent(id)).await {
            Ok(()) => {
                self.sent.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, mail.id = %id, "a mail was sent, but is still in the outbox");
            }
        }
    }

    /// The log tells no addresses: of the recipient only the domain, which says whose mail server to look at.
    async fn failed(&self, claim: &ClaimedMail, error: &MailError) {
        let (id, mail, tries) = (claim.id(), &claim.mail.mail, claim.tries);
        let kind = mail.kind();
        let domain = mail.to().key().rsplit_once('@').map_or("", |(_, domain)| domain);
        match noted(|| self.engine.mail_failed(claim, error.outlook())).await {
            Ok(Fate::TriedAgain(at)) => {
                metrics::mail(metrics::Mail::Failed);
                let again_at = at.to_rfc3339();
                tracing::warn!(%error, mail.id = %id, mail.kind = kind, mail.domain = domain, mail.tries = tries, again_at, "a mail could not be sent yet");
            }
            Ok(Fate::GivenUp) => {
                metrics::mail(metrics::Mail::GivenUp);
                tracing::error!(%error, mail.id = %id, mail.kind = kind, mail.domain = domain, mail.tries = tries, "a mail was given up");
            }
            Ok(Fate::OutOfHand) => tracing::warn!(%error, mail.id = %id, "a mail took longer than its claim"),
            Err(failure) => {
                tracing::warn!(error = &failure as &dyn std::error::Error, mail.id = %id, "a mail could not be sent, nor was that noted");
            }
        }
    }
}

/// Notes what became of a mail, even when the storage is busy just now: else it would be sent twice.
async fn noted<T, F: Future<Output = Result<T, StorageError>>>(mut note: impl FnMut() -> F) -> Result<T, StorageError> {
    let mut tries = 1;
    loop {
        match note().await {
            Err(StorageError::Conflict | StorageError::Unavailable(_)) if tries < NOTE_ATTEMPTS => tries += 1,
            result => return result,
        }
        tokio::time::sleep(NOTE_PAUSE).await;
    }
}
