//! Watches over the sign-in of everybody with an open connection (rules I4, R2): a statement or two for all of them, a few times a second
//! and whenever something was committed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenure_core::clock::Clock;
use tenure_core::time::Timestamp;
use tokio::sync::{Notify, watch};

use super::feed::Feed;
use super::principals::{Credential, Principals};

/// How often to look, whatever is heard: signing out writes no event, and time passes by itself.
const TICK: Duration = Duration::from_millis(400);
/// How often to look at most, however much happens.
const GAP: Duration = Duration::from_millis(25);

pub(super) struct Watch {
    clock: Arc<dyn Clock>,
    watched: Mutex<HashMap<u64, Watched>>,
    next: AtomicU64,
    wanted: Notify,
}

struct Watched {
    credential: Credential,
    ends_at: Option<Timestamp>,
    is_lost: watch::Sender<bool>,
}

/// Somebody's sign-in is watched over as long as this lives.
pub struct Vigil {
    number: u64,
    is_lost: watch::Receiver<bool>,
    watch: Arc<Watch>,
}

impl Vigil {
    /// Waits until the sign-in is lost.
    pub async fn lost(&mut self) {
        if self.is_lost.wait_for(|is_lost| *is_lost).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Vigil {
    fn drop(&mut self) {
        self.watch.watched.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

impl Watch {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Watch {
        Watch { clock, watched: Mutex::default(), next: AtomicU64::new(0), wanted: Notify::new() }
    }

    pub(super) fn over(self: &Arc<Self>, credential: Credential, ends_at: Option<Timestamp>) -> Vigil {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, is_lost) = watch::channel(false);
        let watched = Watched { credential, ends_at, is_lost: sender };
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).insert(number, watched);
        self.wanted.notify_one();
        Vigil { number, is_lost, watch: self.clone() }
    }

    /// Looks as long as somebody is to be watched over.
    pub(super) async fn run(&self, feed: &Feed, principals: &Principals) {
        loop {
            while self.is_idle() {
                self.wanted.notified().await;
            }
            let mut follower = feed.follow();
            while !self.is_idle() {
                let known = follower.known();
                self.look(principals).await;
                tokio::time::sleep(GAP).await;
                tokio::select! {
                    () = tokio::time::sleep(TICK) => {}
                    () = follower.beyond(known) => {}
                }
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    async fn look(&self, principals: &Principals) {
        let watched: Vec<(u64, Credential)> = {
            let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
            watched.iter().map(|(number, w)| (*number, w.credential)).collect()
        };
        let credentials: Vec<Credential> = watched.iter().map(|(_, credential)| *credential).collect();
        // A storage that is away serves nobody anything: there is nothing to be kept from anybody until it is back.
        let signed_in = principals.many(&credentials).await.ok();
        let now = self.clock.now();
        let all = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, credential) in watched {
            let Some(entry) = all.get(&number) else { continue };
            let is_signed_in = signed_in.as_ref().is_none_or(|signed_in| signed_in.contains_key(&credential));
            if !is_signed_in || entry.ends_at.is_some_and(|ends_at| ends_at <= now) {
                entry.is_lost.send_replace(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_core::clock::SystemClock;
    use tenure_core::id::SessionId;
    use tenure_core::memory::MemoryStorage;
    use tenure_core::storage::Storage;

    #[tokio::test]
    async fn a_session_that_is_not_there_is_lost_at_once() {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let watch = Arc::new(Watch::new(clock.clone()));
        let mut vigil = watch.over(Credential::Session(SessionId(clock.new_uuid())), None);
        let (feed, principals) = (Feed::new(storage.clone(), Duration::from_secs(3600)), Principals::new(storage, clock));
        tokio::select! {
            () = watch.run(&feed, &principals) => {}
            () = vigil.lost() => {}
            () = tokio::time::sleep(Duration::from_secs(5)) => panic!("not noticed"),
        }
        drop(vigil);
        assert!(watch.is_idle(), "who is watched over no longer is forgotten");
    }
}
