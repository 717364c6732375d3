//! How much the bodies of all requests may take in memory together while they arrive and are read: whoever sends many large ones, slowly,
//! would hold as much as a connection may send, times the connections.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::Refusal;
use crate::config::Limits;

/// The beginning of a body is not counted: most requests are no longer, and never wait.
pub const FREE: usize = 8 * 1024;

/// Room for the bodies of requests.
pub struct Bodies {
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

impl Bodies {
    /// As the settings say.
    pub fn of(limits: &Limits) -> Bodies {
        // Whoever may send a body at all is to get room at some time.
        let all = limits.body_bytes_at_once.max(limits.body_bytes).min(Semaphore::MAX_PERMITS).min(u32::MAX as usize);
        Bodies { all, room: Arc::new(Semaphore::new(all)), patience: Duration::from_millis(limits.queue_milliseconds as u64) }
    }

    /// Room for a body of at most so many bytes. 503 when there is none in time.
    pub async fn hold(&self, bytes: usize) -> Result<Held, Refusal> {
        let wanted = u32::try_from(bytes.min(self.all)).unwrap_or(u32::MAX);
        match tokio::time::timeout(self.patience, Arc::clone(&self.room).acquire_many_owned(wanted)).await {
            Ok(Ok(room)) => Ok(Held { _room: room }),
            Ok(Err(_)) | Err(_) => {
                let maximum = self.all;
                let text = format!("Bodies of {maximum} bytes are on their way already, which is the limit: try again in a moment.");
                Err(Refusal::busy(text).with("limit", "bodyBytesAtOnce").with("maximum", maximum))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn there_is_room_for_so_much_and_it_is_given_back() {
        let bodies = Bodies::of(&Limits { body_bytes: 100, body_bytes_at_once: 250, queue_milliseconds: 20, ..Limits::default() });
        let one = bodies.hold(100).await.expect("room");
        let two = bodies.hold(100).await.expect("room");
        assert!(bodies.hold(51).await.is_err());
        let three = bodies.hold(50).await.expect("room");
        drop(one);
        let four = bodies.hold(100).await.expect("room");
        drop((two, three, four));
        assert_eq!(bodies.room.available_permits(), 250);
    }

    #[tokio::test]
    async fn whoever_may_send_finds_room_at_some_time() {
        let bodies = Bodies::of(&Limits { body_bytes: 100, body_bytes_at_once: 1, ..Limits::default() });
        assert!(bodies.hold(100).await.is_ok());
    }
}
