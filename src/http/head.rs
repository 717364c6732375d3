//! What must hold of every request, whatever it asks for: one host, one length of its body, and no header twice that says one thing.

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, ORIGIN, TRANSFER_ENCODING};
use axum::http::{HeaderName, Request, Version};

use super::answer::Refusal;
use super::framing::Framing;
use super::host::is_host;

/// Of two of these, a proxy in front may have gone by the other one. Two times chunked are chunks within chunks, which nobody may send.
const ONCE: [HeaderName; 5] = [HOST, CONTENT_TYPE, CONTENT_ENCODING, ORIGIN, TRANSFER_ENCODING];

/// Refuses a request that two readers could understand in two ways.
pub fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    if request.extensions().get::<Framing>().is_some_and(|framing| framing.is_ambiguous) {
        let text = "The body has two lengths: send Content-Length once, or Transfer-Encoding, not both.";
        return Err(Refusal::bad_request(text).closing());
    }
    if let Some(name) = ONCE.iter().find(|name| request.headers().get_all(*name).iter().nth(1).is_some()) {
        return Err(Refusal::bad_request(format!("The header `{name}` was sent twice.")).closing());
    }
    // Any other coding would have to be undone, which a proxy in front may have done or not.
    if request.headers().get_all(TRANSFER_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Err(Refusal::bad_request("The only Transfer-Encoding that is read here is chunked.").closing());
    }
    match request.headers().get(HOST) {
        None if request.version() == Version::HTTP_11 => Err(Refusal::bad_request("The header `host` is missing.").closing()),
        Some(host) if !is_host(host.as_bytes()) => {
            Err(Refusal::bad_request("The header `host` is malformed: a name or an address is expected, and perhaps a port.").closing())
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fine(version: Version, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).expect("a request")).is_ok()
    }

    #[test]
    fn what_says_one_thing_is_said_once() {
        assert!(is_fine(Version::HTTP_11, &[("host", "x"), ("accept", "a/b"), ("accept", "c/d")]));
        assert!(is_fine(Version::HTTP_10, &[]));
        assert!(!is_fine(Version::HTTP_11, &[]));
        assert!(is_fine(Version::HTTP_11, &[("host", "x"), ("transfer-encoding", "Chunked")]));
        assert!(!is_fine(Version::HTTP_11, &[("host", "x"), ("transfer-encoding", "gzip, chunked")]));
        assert!(!is_fine(Version::HTTP_11, &[("host", "x"), ("transfer-encoding", "gzip"), ("transfer-encoding", "chunked")]));
        for name in ["host", "content-type", "content-encoding", "origin"] {
            assert!(!is_fine(Version::HTTP_11, &[("host", "x"), (name, "x"), (name, "x")]), "{name}");
        }
        assert!(!is_fine(Version::HTTP_11, &[("host", "x"), ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")]));
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert!(is_fine(version, &[("host", "")]));
            assert!(!is_fine(version, &[("host", "a b")]));
        }
    }
}
