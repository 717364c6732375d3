//! What is answered: our own serialiser, as the library writes `data` where there must be none.

use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value};

use super::accept::Media;
use super::log::FirstCode;
use super::request_id::RequestId;

/// What is left of a caller's budget.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What a credential is asked for with, where the one that came is no good.
const CHALLENGE: &str = "Bearer realm=\"tenure\", error=\"invalid_token\"";
/// The same where none came: nothing is said to be wrong with it (RFC 6750 §3.1).
const BARE_CHALLENGE: &str = "Bearer realm=\"tenure\"";
/// Errors in one answer.
const ERRORS_MAX: usize = 10;
/// Longest message, in bytes.
const MESSAGE_MAX: usize = 200;

/// Codes of request errors (PLATFORM §3).
pub mod code {
    #![allow(missing_docs)]
    pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
    pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
    pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    pub const OPERATION_RESOLUTION_FAILURE: &str = "OPERATION_RESOLUTION_FAILURE";
    pub const FORBIDDEN: &str = "FORBIDDEN";
    pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
    pub const COST_LIMIT_EXCEEDED: &str = "COST_LIMIT_EXCEEDED";
    pub const RATE_LIMITED: &str = "RATE_LIMITED";
    pub const SERVICE_UNAVAILABLE: &str = "SERVICE_UNAVAILABLE";
    pub const TIMEOUT: &str = "TIMEOUT";
    pub const INTERNAL_SERVER_ERROR: &str = "INTERNAL_SERVER_ERROR";
}

/// What is said about everything unexpected; the rest is in the log.
pub const INTERNAL_TEXT: &str = "An unexpected error occurred.";

/// A place in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Location {
    /// Line, from 1 on.
    pub line: usize,
    /// Column, from 1 on.
    pub column: usize,
}

/// One entry of `errors`.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Text for people.
    pub message: String,
    /// Stable code.
    pub code: String,
    /// Where in the document.
    pub locations: Vec<Location>,
    /// Where in the answer: names and indexes. Empty for request errors.
    pub path: Vec<Value>,
    /// What else is in `extensions`.
    pub extra: Map<String, Value>,
}

impl Fault {
    /// Without a place.
    pub fn new(code: &str, message: impl Into<String>) -> Fault {
        Fault { message: message.into(), code: code.to_owned(), locations: Vec::new(), path: Vec::new(), extra: Map::new() }
    }

    /// Over a limit: which one, and what it allows.
    pub fn over_limit(limit: &str, maximum: usize, message: impl Into<String>) -> Fault {
        let mut fault = Fault::new(code::VALIDATION_FAILED, message);
        fault.extra.insert("limit".into(), limit.into());
        fault.extra.insert("maximum".into(), maximum.into());
        fault
    }
}

/// What became of an operation.
#[derive(Debug)]
pub enum Outcome {
    /// It could not be executed.
    NotExecutable(Vec<Fault>),
    /// It was; `data` is JSON.
    Executed {
        /// The data, perhaps `null`.
        data: Vec<u8>,
        /// What failed in it.
        faults: Vec<Fault>,
    },
}

/// A request that is turned away before GraphQL has a say.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    allow: Option<&'static str>,
    retry_after: Option<u32>,
    budget: Option<Box<HeaderValue>>,
    extra: Map<String, Value>,
    closes: bool,
    /// What goes with a 401.
    challenge: &'static str,
}

impl Refusal {
    /// With a code and a text.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            code,
            message: message.into(),
            allow: None,
            retry_after: None,
            budget: None,
            extra: Map::new(),
            closes: false,
            challenge: CHALLENGE,
        }
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, code::BAD_USER_INPUT, message)
    }

    /// 401.
    pub fn unauthenticated() -> Refusal {
        Refusal::new(StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, "The credential is not, or no longer, valid.")
    }

    /// 401 to who shows no credential at all.
    pub fn anonymous() -> Refusal {
        Refusal { challenge: BARE_CHALLENGE, ..Refusal::new(StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, "Sign in first.") }
    }

    /// 405, with the methods that are allowed.
    pub fn method(allow: &'static str, message: &str) -> Refusal {
        Refusal { allow: Some(allow), ..Refusal::new(StatusCode::METHOD_NOT_ALLOWED, code::BAD_USER_INPUT, message) }
    }

    /// 503.
    pub fn unavailable() -> Refusal {
        Refusal::busy("The service is unavailable for the moment; retry later.")
    }

    /// 503, with a text.
    pub fn busy(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::SERVICE_UNAVAILABLE, message).after(1)
    }

    /// To be tried again in so many seconds.
    pub fn after(self, seconds: u32) -> Refusal {
        Refusal { retry_after: Some(seconds), ..self }
    }

    /// With something more in `extensions`.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Refusal {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// With the figures of a budget in the head.
    pub fn with_budget(self, budget: Option<HeaderValue>) -> Refusal {
        Refusal { budget: budget.map(Box::new), ..self }
    }

    /// The same as an entry of `errors`, for transports without a status.
    pub fn fault(&self) -> Fault {
        Fault { extra: self.extra.clone(), ..Fault::new(self.code, self.message.as_str()) }
    }

    /// Ends the connection after the answer.
    pub fn closing(self) -> Refusal {
        Refusal { closes: true, ..self }
    }

    /// The answer.
    pub fn answer(self, media: Media, id: &RequestId) -> Response {
        let (mut response, body) = self.in_parts(media, id);
        *response.body_mut() = Body::from(body);
        response
    }

    /// The answer, and its body apart.
    pub fn in_parts(self, media: Media, id: &RequestId) -> (Response, Vec<u8>) {
        // Whoever is turned away listens to nothing.
        let media = if media == Media::EventStream { Media::Json } else { media };
        let faults = [self.fault()];
        let mut response = respond(self.status, media, Vec::new(), &faults);
        let headers = response.headers_mut();
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(self.challenge));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(budget) = self.budget {
            headers.insert(RATE_LIMIT, *budget);
        }
        if self.status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if self.closes {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        (response, body(None, &faults, id))
    }
}

impl Outcome {
    /// The answer as JSON, for transports without a status.
    pub fn body(&self, id: &RequestId) -> Vec<u8> {
        match self {
            Outcome::Executed { data, faults } => body(Some(data), faults, id),
            Outcome::NotExecutable(faults) => body(None, faults, id),
        }
    }

    /// What failed.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Outcome::Executed { faults, .. } | Outcome::NotExecutable(faults) => faults,
        }
    }

    /// Whether there is nothing in it: the last thing that a subscription brings.
    pub fn is_empty(&self) -> bool {
        match self {
            Outcome::Executed { data, .. } => data == b"null",
            Outcome::NotExecutable(_) => true,
        }
    }

    /// Whether something in it has this code.
    pub fn has(&self, code: &str) -> bool {
        self.faults().iter().any(|fault| fault.code == code)
    }

    /// The answer: what was executed is 200 with `data`, even null; what was not has none, and its status depends on the media type.
    pub fn answer(self, media: Media, id: &RequestId) -> Response {
        match self {
            Outcome::Executed { data, faults } => respond(StatusCode::OK, media, body(Some(&data), &faults, id), &faults),
            Outcome::NotExecutable(faults) => {
                let (status, media) = match media {
                    Media::Json => (StatusCode::OK, media),
                    Media::GraphqlResponse => (StatusCode::BAD_REQUEST, media),
                    Media::EventStream => (StatusCode::BAD_REQUEST, Media::Json),
                };
                respond(status, media, body(None, &faults, id), &faults)
            }
        }
    }
}

fn respond(status: StatusCode, media: Media, bytes: Vec<u8>, faults: &[Fault]) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.extensions_mut().insert(FirstCode(faults.first().map(|fault| fault.code.clone())));
    response.headers_mut().insert(CONTENT_TYPE, media.content_type());
    response
}

#[derive(Serialize)]
struct Entry<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    locations: &'a [Location],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    path: &'a [Value],
    extensions: Map<String, Value>,
}

/// The list of errors, as JSON.
pub fn errors(faults: &[Fault], id: &RequestId) -> Vec<u8> {
    let entry = |fault: &'_ Fault| {
        let mut extensions = fault.extra.clone();
        extensions.insert("code".into(), fault.code.as_str().into());
        extensions.insert("requestId".into(), id.as_str().into());
        extensions
    };
    let entries: Vec<Entry> = faults
        .iter()
        .take(ERRORS_MAX)
        .map(|f| Entry { message: cut(&f.message), locations: &f.locations, path: &f.path, extensions: entry(f) })
        .collect();
    // Maps with text keys and numbers: this cannot fail.
    serde_json::to_vec(&entries).unwrap_or_else(|_| b"[]".to_vec())
}

fn body(data: Option<&[u8]>, faults: &[Fault], id: &RequestId) -> Vec<u8> {
    let mut out = vec![b'{'];
    if !faults.is_empty() {
        out.extend_from_slice(b"\"errors\":");
        out.extend_from_slice(&errors(faults, id));
        if data.is_some() {
            out.push(b',');
        }
    }
    if let Some(data) = data {
        out.extend_from_slice(b"\"data\":");
        out.extend_from_slice(data);
    }
    out.push(b'}');
    out
}

fn cut(message: &str) -> &str {
    let mut end = message.len().min(MESSAGE_MAX);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data: Option<&[u8]>, faults: &[Fault]) -> String {
        String::from_utf8(body(data, faults, &RequestId::of_caller("request-1").expect("well formed"))).expect("text")
    }

    #[test]
    fn request_errors_have_no_data() {
        assert_eq!(
            text(None, &[Fault::over_limit("depth", 15, "Too deep.")]),
            r#"{"errors":[{"message":"Too deep.","extensions":{"code":"GRAPHQL_VALIDATION_FAILED","limit":"depth","maximum":15,"requestId":"request-1"}}]}"#
        );
        assert_eq!(text(Some(b"null"), &[]), r#"{"data":null}"#);
    }

    #[test]
    fn few_errors_and_short_messages() {
        let faults = vec![Fault::new("X", "é".repeat(300)); 40];
        let value: Value = serde_json::from_str(&text(Some(b"null"), &faults)).expect("json");
        assert_eq!(value["errors"].as_array().map(Vec::len), Some(10));
        assert_eq!(value["errors"][0]["message"].as_str().map(str::len), Some(200));
    }
}
