//! Requests for a new password: limited like wrong passwords, answered before anything is looked up, worked off behind the answer (rule E8).

use std::net::IpAddr;
use std::sync::Arc;

use tenure_core::actions::request_password_reset::RequestPasswordReset;
use tenure_core::clock::Clock;
use tenure_core::email::Email;
use tenure_core::engine::{Attempt, Engine};
use tokio::sync::Semaphore;

use super::attempts::Attempts;

/// Requests that wait or are under way; more are dropped, and their senders ask again.
const WAITING_MAX: u32 = 1_000;
/// Requests under way at once: they must not keep others from the database.
const AT_ONCE: usize = 2;

/// Takes requests for a new password.
pub struct Resets {
    /// Not those of wrong passwords: who has forgotten theirs, and tried, still gets a link.
    attempts: Attempts,
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// A request for a new password.
#[derive(Debug, Clone)]
pub struct ResetRequest {
    /// The address, as given.
    pub address: String,
    /// From where it came.
    pub peer: Option<IpAddr>,
    /// The request, for the history.
    pub request_id: String,
}

impl Resets {
    /// None so far.
    pub fn new(clock: Arc<dyn Clock>) -> Resets {
        let places = Arc::new(Semaphore::new(WAITING_MAX as usize));
        Resets { attempts: Attempts::new(clock), places, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Takes a request, whatever the address; false while it, or the peer, is limited. Nothing is read or written before this returns.
    pub fn accept(&self, engine: &Arc<Engine>, request: ResetRequest) -> bool {
        let email = Email::parse(&request.address);
        let key = key_of(email.as_ref(), &request.address);
        let Some(attempt) = self.attempts.begin(&key, request.peer) else { return false };
        attempt.failed();
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            tracing::warn!("too many requests for new passwords at once: one was dropped");
            return true;
        };
        let (engine, turns) = (engine.clone(), self.turns.clone());
        tokio::spawn(async move {
            // The semaphore is never closed.
            let _turn = turns.acquire_owned().await;
            if let Some(email) = email {
                let attempt = Attempt { request_id: Some(request.request_id), ..Attempt::default() };
                if let Err(error) = engine.perform(None, &attempt, &RequestPasswordReset { email }).await {
                    tracing::error!(%error, "a link for a new password was not made");
                }
            }
            drop(place);
        });
        true
    }

    /// Waits for those under way; to be called when no more can come.
    pub async fn end(&self) {
        drop(self.places.acquire_many(WAITING_MAX).await);
    }
}

/// What limits are counted by. What is no address is limited like one, by its text.
pub fn key_of(email: Option<&Email>, text: &str) -> String {
    email.map_or_else(|| text.trim().to_lowercase(), |e| e.key().to_owned())
}
