//! What open connections stand on: hearing of events as they are committed, and of who loses sign-in. One for each server, however many
//! connections there are; while there are none, nothing is asked of the storage.

mod feed;
mod principals;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use tenure_core::clock::Clock;
use tenure_core::policy::Access;
use tenure_core::storage::{Storage, StorageError};
use tenure_core::time::Timestamp;

pub use feed::Follower;
pub use watch::Vigil;

use feed::Feed;
use principals::{Credential, Principals};
use watch::Watch;

/// Hears of events, and of who loses sign-in.
pub struct Live {
    feed: Feed,
    principals: Principals,
    watch: Arc<Watch>,
}

impl Live {
    /// Over a storage. `poll`: how often to look for events that nobody told of.
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>, poll: Duration) -> Live {
        let principals = Principals::new(storage.clone(), clock.clone());
        Live { feed: Feed::new(storage, poll), principals, watch: Arc::new(Watch::new(clock)) }
    }

    /// Works until it is dropped.
    pub async fn run(&self) {
        tokio::join!(self.feed.run(), self.watch.run(&self.feed, &self.principals));
    }

    /// Somebody who is woken by events.
    pub fn follow(&self) -> Follower {
        self.feed.follow()
    }

    /// A caller as they stand now, read from the storage after this was asked (rules I4, S5); None: signed in no longer. Many who ask at
    /// once cost one statement for each kind of credential.
    pub async fn again(&self, access: &Access) -> Result<Option<Access>, Arc<StorageError>> {
        match Credential::of(access) {
            Some(credential) => self.principals.one(credential).await,
            None => Ok(None),
        }
    }

    /// Watches over somebody's sign-in, which ends by itself at `ends_at` at the latest. None: nobody is signed in.
    pub fn watch(&self, access: Option<&Access>, ends_at: Option<Timestamp>) -> Option<Vigil> {
        let credential = access.and_then(Credential::of)?;
        Some(self.watch.over(credential, ends_at))
    }
}
