//! Moments of the company's past, counted back from now, and identifiers that were made at them.

use tenure_core::clock::{Clock, FixedClock};
use tenure_core::time::{Date, Timestamp};
use uuid::Uuid;

use super::dice::Dice;

/// Tells the company's time.
pub(crate) struct Calendar {
    now: Timestamp,
    ids: FixedClock,
}

impl Calendar {
    pub(crate) fn new(now: Timestamp) -> Calendar {
        Calendar { now, ids: FixedClock::new(now) }
    }

    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// The day so many days ago (at least 1) at nine o'clock.
    pub(crate) fn day(&self, days_ago: i64) -> Timestamp {
        let midnight = self.now.0.div_euclid(Timestamp::DAY) - days_ago.max(1);
        Timestamp(midnight * Timestamp::DAY).plus_seconds(9 * 3600)
    }

    /// Some moment of the working hours of that day.
    pub(crate) fn moment(&self, days_ago: i64, dice: &mut Dice) -> Timestamp {
        self.day(days_ago).plus_seconds(dice.between(-3600, 8 * 3600))
    }

    /// Some moment of the working hours between both instants, as far as there is one; never later than yesterday.
    pub(crate) fn moment_between(&self, from: Timestamp, until: Timestamp, dice: &mut Dice) -> Timestamp {
        let days_ago = |at: Timestamp| self.now.0.div_euclid(Timestamp::DAY) - at.0.div_euclid(Timestamp::DAY);
        let drawn = dice.between(days_ago(until).max(1), days_ago(from).max(2));
        self.moment(drawn, dice).clamp(from, until.max(from))
    }

    /// A new identifier made at that instant.
    pub(crate) fn id_at(&self, at: Timestamp) -> Uuid {
        self.ids.set(at);
        self.ids.new_uuid()
    }

    /// The date so many days after an instant.
    pub(crate) fn date_after(at: Timestamp, days: i64) -> Option<Date> {
        time::OffsetDateTime::from_unix_timestamp(at.plus_seconds(days * 86_400).unix_seconds()).ok().map(time::OffsetDateTime::date)
    }

    /// A full hour of the working day, one to four days after an instant.
    pub(crate) fn hour_after(at: Timestamp, dice: &mut Dice) -> Timestamp {
        let day = at.0.div_euclid(Timestamp::DAY) + dice.between(1, 5);
        Timestamp(day * Timestamp::DAY).plus_seconds(dice.between(8, 17) * 3600)
    }
}
