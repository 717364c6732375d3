//! The one place that time, identifiers and randomness come from, so that tests and the demo can fix them.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::time::Timestamp;

/// Says what time it is and makes identifiers.
pub trait Clock: Send + Sync + 'static {
    /// Now, cut to milliseconds.
    fn now(&self) -> Timestamp;
    /// A new UUIDv7: later ones are greater, within one process.
    fn new_uuid(&self) -> Uuid;
}

/// The clock of the machine.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX / 1000) * 1000)
    }

    fn new_uuid(&self) -> Uuid {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        Uuid::now_v7()
    }
}

/// A clock that stands until it is told to move, with identifiers that repeat from run to run.
#[derive(Debug)]
pub struct FixedClock {
    state: Mutex<(Timestamp, u64)>,
}

impl FixedClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        FixedClock { state: Mutex::new((now, 0)) }
    }

    /// Sets the clock.
    pub fn set(&self, now: Timestamp) {
        self.state.lock().unwrap_or_else(|e| e.into_inner()).0 = now;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.state.lock().unwrap_or_else(|e| e.into_inner()).0
    }

    fn new_uuid(&self) -> Uuid {
        let mut state = self.state.lock().unwrap_or_else(|e| e.into_inner());
        state.1 += 1;
        let millis = (state.0.0 / 1000) as u128 & 0xFFFF_FFFF_FFFF;
        // A multiplicative hash spreads the low bits, so that neighbours do not look alike; the counter keeps them in order.
        let counter = u128::from(state.1);
        let spread = u128::from((state.1 as u32).wrapping_mul(0x9E37_79B9));
        Uuid::from_u128(millis << 80 | 0x7 << 76 | ((counter >> 24) & 0xFFF) << 64 | 0x2 << 62 | (counter & 0xFF_FFFF) << 32 | spread)
    }
}
