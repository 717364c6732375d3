//! How many values JSON may have: in one request, and in all those that are worked on at once. A value of two or three bytes takes hundreds
//! of them in memory, so that a limit on bytes alone limits little.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tenure_core::account::{Account, Share, Shares};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::{Refusal, code};
use crate::config::Limits;

/// Requests with no more values than these are usual, are not counted, and never wait.
const FREE: usize = 64;
/// What a subscription may have: it keeps them as long as it lasts.
const LASTING: usize = 1_000;

/// Room for values.
pub struct Volume {
    each: usize,
    all: usize,
    room: Arc<Semaphore>,
    /// Of the room.
    shares: Option<Shares>,
    patience: Duration,
}

/// Room that is taken, until this is dropped.
#[derive(Debug, Default)]
#[must_use = "the room is taken only as long as this lives"]
pub struct Held {
    room: Option<OwnedSemaphorePermit>,
    _share: Option<Share>,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRoom {
    /// More values than one request may have, which are so many.
    TooMany(usize),
    /// Others have all of it, which is so much, and none of them ended in time.
    Taken(usize),
    /// The caller has their share of it, which is so much.
    Own(usize),
}

impl Volume {
    /// As the settings say.
    pub fn of(limits: &Limits) -> Volume {
        // Whoever may ask at all is to get room at some time.
        let all = limits.values_at_once.max(limits.values).min(Semaphore::MAX_PERMITS).min(u32::MAX as usize);
        let percent = limits.account_percent.max(limits.values.saturating_mul(100).div_ceil(all));
        let patience = Duration::from_millis(limits.queue_milliseconds as u64);
        Volume { each: limits.values, all, room: Arc::new(Semaphore::new(all)), shares: Shares::of(all, percent), patience }
    }

    /// Room for texts that are to be read as JSON.
    pub async fn hold(&self, texts: &[&[u8]]) -> Result<Held, NoRoom> {
        let values: usize = texts.iter().map(|text| count(text)).sum();
        if values > self.each {
            return Err(NoRoom::TooMany(self.each));
        }
        if values <= FREE {
            return Ok(Held::default());
        }
        let wanted = u32::try_from(values).unwrap_or(u32::MAX);
        match tokio::time::timeout(self.patience, Arc::clone(&self.room).acquire_many_owned(wanted)).await {
            Ok(Ok(room)) => Ok(Held { room: Some(room), _share: None }),
            Ok(Err(_)) | Err(_) => Err(NoRoom::Taken(self.all)),
        }
    }

    /// Keeps as much of it as is still needed, for a caller, of whom each has a share.
    pub fn keep(&self, mut held: Held, values: usize, is_lasting: bool, account: Account) -> Result<Held, NoRoom> {
        if is_lasting && values > LASTING {
            return Err(NoRoom::TooMany(LASTING));
        }
        let Some(room) = held.room.as_mut().filter(|_| values > FREE) else { return Ok(Held::default()) };
        drop(room.num_permits().checked_sub(values).and_then(|spare| room.split(spare)));
        let wanted = u32::try_from(room.num_permits()).unwrap_or(u32::MAX);
        let share = match &self.shares {
            Some(shares) => Some(shares.try_take_many(account, wanted).ok_or(NoRoom::Own(shares.each()))?),
            None => None,
        };
        Ok(Held { _share: share, ..held })
    }
}

impl From<NoRoom> for Refusal {
    fn from(no_room: NoRoom) -> Refusal {
        match no_room {
            NoRoom::TooMany(maximum) => {
                let text = format!("The request has more than {maximum} values in JSON, which is the limit: send less at once.");
                Refusal::new(StatusCode::BAD_REQUEST, code::BAD_USER_INPUT, text).with("limit", "values").with("maximum", maximum)
            }
            NoRoom::Taken(maximum) => {
                let text = format!("Requests with {maximum} values are worked on already, which is the limit: try again in a moment.");
                Refusal::busy(text).with("limit", "valuesAtOnce").with("maximum", maximum)
            }
            NoRoom::Own(maximum) => {
                let text = format!("Your requests with {maximum} values are worked on, which is one caller's share: wait for them.");
                Refusal::busy(text).with("limit", "valuesAtOnce").with("maximum", maximum)
            }
        }
    }
}

/// How many values there are in a text, if it is JSON: one at the start, and one behind each comma, colon and opening bracket. Names count
/// with their objects, so that it is at least as many as there are.
fn count(text: &[u8]) -> usize {
    let (mut count, mut is_string, mut is_escaped) = (1usize, false, false);
    for byte in text {
        match (is_string, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_string = !is_string,
            (false, b',' | b'[' | b'{') => count += 1,
            (true | false, _) => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use tenure_core::id::UserId;
    use uuid::Uuid;

    use super::*;

    fn volume(values: usize, values_at_once: usize) -> Volume {
        Volume::of(&Limits { values, values_at_once, queue_milliseconds: 50, ..Limits::default() })
    }

    fn list(length: usize) -> Vec<u8> {
        format!("[{}]", vec!["1"; length].join(",")).into_bytes()
    }

    #[test]
    fn values_are_counted_and_what_is_in_strings_is_not() {
        for (text, expected) in [
            ("1", 1),
            ("[]", 2),
            ("[1,2]", 3),
            ("{\"a\":1}", 2),
            ("{\"a\":[1,{}],\"b\":\"x,[{\"}", 6),
            ("\"\\\",[\\\\\"", 1),
            ("\"open, [", 1),
            ("", 1),
        ] {
            assert_eq!(count(text.as_bytes()), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn one_request_has_an_end_and_so_have_all_together() {
        let volume = volume(1_000, 1_500);
        let hold = async |length: usize| volume.hold(&[&list(length)]).await;
        assert_eq!(hold(1_000).await.err(), Some(NoRoom::TooMany(1_000)));
        assert_eq!(volume.hold(&[&list(600), &list(600)]).await.err(), Some(NoRoom::TooMany(1_000)));
        let first = hold(900).await.expect("room");
        let second = hold(580).await.expect("room");
        assert_eq!(hold(100).await.err(), Some(NoRoom::Taken(1_500)));
        assert!(hold(60).await.is_ok(), "small ones need no room");
        drop(first);
        assert!(hold(900).await.is_ok());
        drop(second);
        assert_eq!(volume.room.available_permits(), 1_500);
    }

    #[tokio::test]
    async fn what_is_needed_no_longer_is_given_back_and_each_caller_has_a_share() {
        let volume = volume(1_000, 4_000);
        let [one, other] = [1, 2].map(|n| Account::Person(UserId(Uuid::from_u128(n))));
        let hold = async |length: usize| volume.hold(&[&list(length)]).await.expect("room");
        let kept = volume.keep(hold(999).await, 300, false, one).expect("a share");
        assert_eq!(volume.room.available_permits(), 3_700);
        assert!(volume.keep(hold(999).await, 3, false, one).expect("nothing to share").room.is_none());
        assert_eq!(volume.room.available_permits(), 3_700);
        let more = volume.keep(hold(999).await, 1_000, true, one).expect("a share");
        assert_eq!(volume.keep(hold(999).await, 800, false, one).err(), Some(NoRoom::Own(2_000)));
        let others = volume.keep(hold(999).await, 800, false, other).expect("a share");
        drop((kept, more, others));
        assert!(volume.keep(hold(999).await, 800, false, one).is_ok());
        assert_eq!(volume.keep(hold(999).await, 1_001, true, one).err(), Some(NoRoom::TooMany(1_000)), "what listens keeps them");
        assert_eq!(volume.room.available_permits(), 4_000);
    }

    #[tokio::test]
    async fn whoever_may_ask_finds_room_at_some_time() {
        let volume = volume(1_000, 1);
        let held = volume.hold(&[&list(999)]).await.expect("room");
        assert!(volume.keep(held, 1_000, false, Account::Peer(None)).is_ok());
    }
}
