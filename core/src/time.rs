//! Instants and dates. All instants are UTC, with the precision that the API shows (milliseconds), stored as microseconds.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

pub use time::Date;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Microseconds in one second.
    pub const SECOND: i64 = 1_000_000;
    /// Microseconds in one day.
    pub const DAY: i64 = 86_400 * Self::SECOND;
    /// First instant that the API takes: 0001-01-01T00:00:00Z.
    pub const MIN: Timestamp = Timestamp(-62_135_596_800 * Self::SECOND);
    /// Last instant that the API takes: 9999-12-31T23:59:59.999Z.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999_000);

    /// This instant and `seconds` more.
    pub fn plus_seconds(self, seconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(seconds.saturating_mul(Self::SECOND)))
    }

    /// Whole seconds since 1970, as JWTs count.
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(Self::SECOND)
    }

    /// Reads RFC 3339 with any offset and any number of digits; cuts to milliseconds. None for anything else.
    pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
        let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let millis = instant.unix_timestamp_nanos().div_euclid(1_000_000);
        let stamp = Timestamp(i64::try_from(millis).ok()?.checked_mul(1000)?);
        (Self::MIN..=Self::MAX).contains(&stamp).then_some(stamp)
    }

    /// RFC 3339 in UTC with `Z` and exactly three digits, e.g. `2026-11-22T09:30:00.000Z`.
    pub fn to_rfc3339(self) -> String {
        let clamped = self.clamp(Self::MIN, Self::MAX);
        let instant = OffsetDateTime::from_unix_timestamp_nanos(i128::from(clamped.0) * 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        instant.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z")).unwrap_or_default()
    }
}

/// Reads `2026-11-22`. None for anything else.
pub fn parse_date(text: &str) -> Option<Date> {
    if text.len() != 10 {
        return None;
    }
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

/// Writes `2026-11-22`.
pub fn format_date(date: Date) -> String {
    date.format(format_description!("[year]-[month]-[day]")).unwrap_or_default()
}

/// A half-open period; a bound that is None is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct TimeRange {
    /// First instant included.
    pub from: Option<Timestamp>,
    /// First instant excluded.
    pub until: Option<Timestamp>,
}

impl TimeRange {
    /// Whether the instant lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_with_three_digits() {
        let at = Timestamp::parse_rfc3339("2026-11-22T10:30:00.123456+01:00").expect("valid");
        assert_eq!(at.to_rfc3339(), "2026-11-22T09:30:00.123Z");
        assert_eq!(Timestamp::parse_rfc3339("2026-11-22"), None);
        assert_eq!(parse_date("2026-02-30"), None);
        assert_eq!(Timestamp::MAX.to_rfc3339(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::MIN.to_rfc3339(), "0001-01-01T00:00:00.000Z");
    }
}
