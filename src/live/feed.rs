//! How far the history has come, as far as this server has heard. Only the number is passed on: events themselves are read from the
//! storage by whoever waits for them, so that a number that came late, or twice, does no harm.

use std::sync::Arc;
use std::time::Duration;

use tenure_core::storage::{EventListener, Storage};
use tokio::sync::{Notify, watch};

use crate::telemetry::chain;

/// How long to wait after the storage failed.
const PAUSE: Duration = Duration::from_millis(200);

/// Hears of events for everybody on this server.
pub(super) struct Feed {
    storage: Arc<dyn Storage>,
    last: watch::Sender<i64>,
    poll: Duration,
    wanted: Notify,
}

/// Somebody who is woken by events.
#[derive(Debug, Clone)]
pub struct Follower(watch::Receiver<i64>);

impl Follower {
    /// A number up to which the history is known to be committed. The history may have come further.
    pub fn known(&self) -> i64 {
        *self.0.borrow()
    }

    /// Waits until something was committed behind that number.
    pub async fn beyond(&mut self, sequence: i64) {
        if self.0.wait_for(|last| *last > sequence).await.is_err() {
            // The server ends, and whoever waits with it.
            std::future::pending::<()>().await;
        }
    }
}

impl Feed {
    pub(super) fn new(storage: Arc<dyn Storage>, poll: Duration) -> Feed {
        Feed { storage, last: watch::Sender::new(0), poll, wanted: Notify::new() }
    }

    pub(super) fn follow(&self) -> Follower {
        let follower = Follower(self.last.subscribe());
        self.wanted.notify_one();
        follower
    }

    /// Listens as long as somebody follows.
    pub(super) async fn run(&self) {
        loop {
            while self.last.receiver_count() == 0 {
                self.wanted.notified().await;
            }
            self.listen().await;
        }
    }

    async fn listen(&self) {
        let mut listener: Option<Box<dyn EventListener>> = None;
        let mut is_cut_off = false;
        while self.last.receiver_count() > 0 {
            let mut failure = None;
            if listener.is_none() {
                match self.storage.events_listener().await {
                    Ok(opened) => listener = Some(opened),
                    Err(error) => failure = Some(error),
                }
            }
            // With or without a listener: commands beside the server write events, too, and what was told may have been missed.
            match self.storage.events_last().await {
                Ok(last) => {
                    self.last.send_if_modified(|known| last > std::mem::replace(known, last.max(*known)));
                }
                Err(error) => failure = Some(error),
            }
            match &failure {
                Some(error) if !is_cut_off => tracing::warn!(error = chain(error), "events are heard of late: the storage is away"),
                None if is_cut_off => tracing::info!("events are heard of again"),
                Some(_) | None => {}
            }
            is_cut_off = failure.is_some();
            if !self.wait(&mut listener, if is_cut_off { PAUSE } else { self.poll }).await {
                listener = None;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Waits until it is time to look. False when the listener is of no use any more.
    async fn wait(&self, listener: &mut Option<Box<dyn EventListener>>, patience: Duration) -> bool {
        let heard = async {
            match listener {
                Some(listener) => listener.heard().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            heard = heard => heard.is_ok(),
            () = tokio::time::sleep(patience) => true,
            () = self.last.closed() => true,
        }
    }
}
