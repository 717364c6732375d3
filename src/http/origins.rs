//! Browsers on other sites: an allow-list, and no word to anybody else.

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use axum::response::Response;

use crate::config::Config;

/// The origins that may call.
#[derive(Debug, Clone)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Those of the setting, of the public URL, and the server's own.
    pub fn of(config: &Config) -> Origins {
        let mut list = config.allowed_origins.clone();
        list.extend(config.public_url.as_ref().map(|url| url.origin().ascii_serialization()));
        list.push(config.own_origin());
        if config.listen.ip().is_loopback() || config.listen.ip().is_unspecified() {
            list.push(format!("http://localhost:{}", config.listen.port()));
        }
        Origins(list)
    }

    /// The caller's origin, if it is on the list.
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        self.0.iter().any(|o| o.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }

    /// Whether a WebSocket may be opened. Browsers say from where; who says nothing is no browser.
    pub fn may_open_sockets(&self, headers: &HeaderMap) -> bool {
        !headers.contains_key(ORIGIN) || self.allowed(headers).is_some()
    }

    /// The answer to a question that a browser asks before the request itself; None for any other request.
    pub fn preflight(&self, request: &Request<Body>) -> Option<Response> {
        let headers = request.headers();
        let is_preflight =
            request.method() == Method::OPTIONS && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        is_preflight.then(|| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            if self.allowed(headers).is_some() {
                let out = response.headers_mut();
                out.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
                out.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type, x-request-id"));
                out.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
            }
            response
        })
    }

    /// Lets the page that asked read the answer, if its origin is on the list.
    pub fn admit(&self, asked: &HeaderMap, answer: &mut HeaderMap) {
        answer.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = self.allowed(asked) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("x-request-id, retry-after, ratelimit"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_off_the_list_get_no_header() {
        let config = Config { public_url: url::Url::parse("https://tenure.example.com/app").ok(), ..Config::default() };
        let origins = Origins::of(&config);
        let answer = |origin: &str| {
            let asked = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_str(origin).expect("header"))]);
            let mut out = HeaderMap::new();
            origins.admit(&asked, &mut out);
            out.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN)
        };
        for good in ["https://tenure.example.com", "http://127.0.0.1:8080", "http://localhost:8080"] {
            assert!(answer(good), "{good}");
        }
        for bad in [
            "https://evil.example",
            "null",
            "https://tenure.example.com.evil.example",
            "http://tenure.example.com",
            "http://127.0.0.1:8081",
        ] {
            assert!(!answer(bad), "{bad}");
        }
    }
}
