//! What is answered: our own serialiser, as the library writes `data` where there must be none.

use axum::body::Body;
use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value};

use super::accept::Media;
use super::request_id::RequestId;

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
    pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
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
    closes: bool,
}

impl Refusal {
    /// With a code and a text.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, code, message: message.into(), allow: None, closes: false }
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, code::BAD_USER_INPUT, message)
    }

    /// 401.
    pub fn unauthenticated() -> Refusal {
        Refusal::new(StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, "The credential is not, or no longer, valid.")
    }

    /// 405, with the methods that are allowed.
    pub fn method(allow: &'static str, message: &str) -> Refusal {
        Refusal { allow: Some(allow), ..Refusal::new(StatusCode::METHOD_NOT_ALLOWED, code::BAD_USER_INPUT, message) }
    }

    /// 503.
    pub fn unavailable() -> Refusal {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::SERVICE_UNAVAILABLE, "The service is unavailable for the moment; retry later.")
    }

    /// Ends the connection after the answer.
    pub fn closing(self) -> Refusal {
        Refusal { closes: true, ..self }
    }

    /// The answer.
    pub fn answer(self, media: Media, id: &RequestId) -> Response {
        let mut response = respond(self.status, media, body(None, &[Fault::new(self.code, self.message)], id));
        let headers = response.headers_mut();
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tenure\", error=\"invalid_token\""));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.closes {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl Outcome {
    /// The answer: what was executed is 200 with `data`, even null; what was not has none, and its status depends on the media type.
    pub fn answer(self, media: Media, id: &RequestId) -> Response {
        match self {
            Outcome::Executed { data, faults } => respond(StatusCode::OK, media, body(Some(&data), &faults, id)),
            Outcome::NotExecutable(faults) => {
                let status = match media {
                    Media::Json => StatusCode::OK,
                    Media::GraphqlResponse => StatusCode::BAD_REQUEST,
                };
                respond(status, media, body(None, &faults, id))
            }
        }
    }
}

fn respond(status: StatusCode, media: Media, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
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

fn body(data: Option<&[u8]>, faults: &[Fault], id: &RequestId) -> Vec<u8> {
    let mut out = vec![b'{'];
    if !faults.is_empty() {
        let entries: Vec<Entry> = faults
            .iter()
            .take(ERRORS_MAX)
            .map(|fault| {
                let mut extensions = fault.extra.clone();
                extensions.insert("code".into(), fault.code.as_str().into());
                extensions.insert("requestId".into(), id.as_str().into());
                Entry { message: cut(&fault.message), locations: &fault.locations, path: &fault.path, extensions }
            })
            .collect();
        out.extend_from_slice(b"\"errors\":");
        // Maps with text keys and numbers: this cannot fail.
        out.extend_from_slice(&serde_json::to_vec(&entries).unwrap_or_else(|_| b"[]".to_vec()));
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
