//! Each request has an identifier: the caller's own, or one of ours.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tenure_core::clock::Clock;

/// The header it comes and goes in.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The identifier of a request: `[A-Za-z0-9_-]{8,64}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The caller's, if well formed, else a new one.
    pub fn of(headers: &HeaderMap, clock: &dyn Clock) -> RequestId {
        let given = headers.get(HEADER).and_then(|v| v.to_str().ok()).and_then(RequestId::of_caller);
        given.unwrap_or_else(|| RequestId::new(clock))
    }

    /// One of ours.
    pub fn new(clock: &dyn Clock) -> RequestId {
        RequestId(clock.new_uuid().to_string())
    }

    /// A caller's, if well formed.
    pub fn of_caller(text: &str) -> Option<RequestId> {
        let is_fine = (8..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        is_fine.then(|| RequestId(text.to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the value of a header.
    pub fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static("unknown"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_identifiers_are_taken() {
        assert!(RequestId::of_caller("abcDEF_-09").is_some());
        for bad in ["", "short", "with space", "newline\n1", "ünïcödë12", &"a".repeat(65)] {
            assert_eq!(RequestId::of_caller(bad), None, "{bad:?}");
        }
    }
}
