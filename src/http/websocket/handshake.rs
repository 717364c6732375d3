//! What a request for a WebSocket must say of itself (RFC 6455 §4.2.1), as far as the library does not look.

use axum::http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::accept::Media;
use crate::http::answer::{Refusal, code};
use crate::http::request_id::RequestId;

/// The only version.
const VERSION: &str = "13";
/// Of two of these, a proxy in front may have gone by the other one.
const ONCE: [HeaderName; 2] = [SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION];
/// Length of a key, in bytes.
const KEY_BYTES: usize = 16;

/// What is wrong with a request for a WebSocket.
#[derive(Debug, PartialEq, Eq)]
pub enum Objection {
    /// A header is there twice.
    Twice(HeaderName),
    /// Another version.
    Version,
    /// The key is none.
    Key,
}

/// Looks at the headers. One that is missing is the library's business.
pub fn check(headers: &HeaderMap) -> Result<(), Objection> {
    if let Some(name) = ONCE.into_iter().find(|name| headers.get_all(name).iter().nth(1).is_some()) {
        return Err(Objection::Twice(name));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version != VERSION) {
        return Err(Objection::Version);
    }
    match headers.get(SEC_WEBSOCKET_KEY) {
        Some(key) if STANDARD.decode(key).ok().is_none_or(|bytes| bytes.len() != KEY_BYTES) => Err(Objection::Key),
        Some(_) | None => Ok(()),
    }
}

impl Objection {
    /// What the client is told.
    pub fn answer(self, id: &RequestId) -> Response {
        match self {
            Objection::Twice(name) => Refusal::bad_request(format!("The header `{name}` was sent twice.")).answer(Media::Json, id),
            Objection::Key => Refusal::bad_request("The header `sec-websocket-key` must be 16 bytes in base64.").answer(Media::Json, id),
            Objection::Version => {
                let refusal = Refusal::new(StatusCode::UPGRADE_REQUIRED, code::BAD_USER_INPUT, "WebSockets of version 13 are served here.");
                let mut response = refusal.answer(Media::Json, id);
                // Whoever is told to upgrade is told to what (RFC 9110 §15.5.22), and in which version.
                let headers = response.headers_mut();
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
                response
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(headers: &[(&'static str, &'static str)]) -> Result<(), Objection> {
        let pair = |&(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let mut map = HeaderMap::new();
        for (name, value) in headers.iter().map(pair) {
            map.append(name, value);
        }
        check(&map)
    }

    #[test]
    fn a_key_is_sixteen_bytes_and_the_version_is_thirteen() {
        const KEY: (&str, &str) = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        const VERSION: (&str, &str) = ("sec-websocket-version", "13");
        assert_eq!(checked(&[KEY, VERSION]), Ok(()));
        for key in ["", "x", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZSE=", "dGhlIHNhbXBsZSBub25jZR=="] {
            assert_eq!(checked(&[("sec-websocket-key", key), VERSION]), Err(Objection::Key), "{key}");
        }
        for version in ["8", "", "13, 8", "013"] {
            assert_eq!(checked(&[KEY, ("sec-websocket-version", version)]), Err(Objection::Version), "{version}");
        }
        assert_eq!(checked(&[KEY, KEY, VERSION]), Err(Objection::Twice(SEC_WEBSOCKET_KEY)));
        assert_eq!(checked(&[KEY, VERSION, VERSION]), Err(Objection::Twice(SEC_WEBSOCKET_VERSION)));
    }
}
