//! How much all requests may take in memory together while they arrive and are read: whoever sends many large ones, slowly, would hold as much
//! as a connection may send, times the connections.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::Refusal;
use crate::config::Limits;

/// The beginning of a head and of a body is not counted: most are no longer, and never wait.
pub const FREE: usize = 8 * 1024;

/// Room for heads and bodies of requests.
#[derive(Debug, Clone)]
pub struct Arrivals {
    all: usize,
    room: Arc<Semaphore>,
    patience: Duration,
}

/// Room that is taken, until this is dropped.
#[derive(Debug)]
#[must_use = "the room is taken only as long as this lives"]
pub struct Held {
    _room: OwnedSemaphorePermit,
}

impl Arrivals {
    /// As the settings say; `head_bytes` is the longest head.
    pub fn of(limits: &Limits, head_bytes: usize) -> Arrivals {
        // Whoever may send a request at all is to get room at some time.
        let all = limits.request_bytes_at_once.max(limits.body_bytes.saturating_add(head_bytes));
        let all = all.min(Semaphore::MAX_PERMITS).min(u32::MAX as usize);
        Arrivals { all, room: Arc::new(Semaphore::new(all)), patience: Duration::from_millis(limits.queue_milliseconds as u64) }
    }

    /// Room for a body of at most so many bytes, which is waited for. 503 when there is none in time.
    pub async fn hold(&self, bytes: usize) -> Result<Held, Refusal> {
        match tokio::time::timeout(self.patience, Arc::clone(&self.room).acquire_many_owned(self.wanted(bytes))).await {
            Ok(Ok(room)) => Ok(Held { _room: room }),
            Ok(Err(_)) | Err(_) => Err(self.refusal()),
        }
    }

    /// Room for a head of at most so many bytes, if there is some now.
    pub fn try_hold(&self, bytes: usize) -> Option<Held> {
        Arc::clone(&self.room).try_acquire_many_owned(self.wanted(bytes)).ok().map(|room| Held { _room: room })
    }

    /// What is answered when there is none.
    pub fn refusal(&self) -> Refusal {
        let maximum = self.all;
        let text = format!("Requests of {maximum} bytes are on their way already, which is the limit: try again in a moment.");
        Refusal::busy(text).with("limit", "requestBytesAtOnce").with("maximum", maximum)
    }

    fn wanted(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.all)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn there_is_room_for_so_much_and_it_is_given_back() {
        let limits = Limits { body_bytes: 100, request_bytes_at_once: 250, queue_milliseconds: 20, ..Limits::default() };
        let arrivals = Arrivals::of(&limits, 50);
        let one = arrivals.hold(100).await.expect("room");
        let two = arrivals.try_hold(100).expect("room");
        assert!(arrivals.hold(51).await.is_err() && arrivals.try_hold(51).is_none());
        let three = arrivals.hold(50).await.expect("room");
        drop(one);
        let four = arrivals.hold(100).await.expect("room");
        drop((two, three, four));
        assert_eq!(arrivals.room.available_permits(), 250);
    }

    #[tokio::test]
    async fn whoever_may_send_finds_room_at_some_time() {
        let arrivals = Arrivals::of(&Limits { body_bytes: 100, request_bytes_at_once: 1, ..Limits::default() }, 50);
        let _head = arrivals.try_hold(50).expect("room for the head");
        assert!(arrivals.hold(100).await.is_ok());
    }
}
