//! The messages of `graphql-transport-ws`, and the codes by which a socket is closed.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::http::json;
use crate::http::volume::NoRoom;

/// Longest reason that fits into a closing frame, in bytes.
const REASON_MAX: usize = 123;

/// Why a socket is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The code.
    pub code: u16,
    /// The reason, for people.
    pub reason: Cow<'static, str>,
}

impl Close {
    /// The server ends: come again, perhaps to another one.
    pub const GOING_AWAY: Close = Close::new(1001, "Going away");
    /// What came is no WebSocket.
    pub const MALFORMED_FRAME: Close = Close::new(1002, "Malformed frame");
    /// Text is no UTF-8.
    pub const NOT_TEXT: Close = Close::new(1007, "Text is not UTF-8");
    /// The storage is away: come again.
    pub const TRY_AGAIN: Close = Close::new(1013, "The service is unavailable for the moment");
    /// Asked for something before the acknowledgement.
    pub const UNAUTHORIZED: Close = Close::new(4401, "Unauthorized");
    /// The token is not, or no longer, good: come again with a fresh one.
    pub const FORBIDDEN: Close = Close::new(4403, "Forbidden");
    /// Another protocol.
    pub const PROTOCOL: Close = Close::new(4406, "Subprotocol not acceptable");
    /// No introduction.
    pub const INIT_TIMEOUT: Close = Close::new(4408, "Connection initialisation timeout");
    /// Two introductions.
    pub const TOO_MANY_INITS: Close = Close::new(4429, "Too many initialisation requests");
    /// Not of the protocol: who takes nothing in. Come again and resume with afterSequence.
    pub const SLOW: Close = Close::new(4508, "Too slow: resume with afterSequence");

    const fn new(code: u16, reason: &'static str) -> Close {
        Close { code, reason: Cow::Borrowed(reason) }
    }

    /// A message that is none.
    pub fn bad_request(reason: impl Into<Cow<'static, str>>) -> Close {
        Close { code: 4400, reason: reason.into() }
    }

    /// A message over the limit.
    pub fn too_long(maximum: usize) -> Close {
        Close { code: 1009, reason: format!("A message may have {maximum} bytes: TENURE_LIMIT_MESSAGE_BYTES").into() }
    }

    /// Two operations of one name at once.
    pub fn already_there(id: &str) -> Close {
        let mut reason = format!("Subscriber for {id} already exists");
        if reason.len() > REASON_MAX {
            reason = "Subscriber already exists".to_owned();
        }
        Close { code: 4409, reason: reason.into() }
    }
}

impl From<NoRoom> for Close {
    fn from(no_room: NoRoom) -> Close {
        match no_room {
            NoRoom::TooMany(maximum) => {
                Close { code: 1009, reason: format!("A message may have {maximum} values: TENURE_LIMIT_VALUES").into() }
            }
            NoRoom::Taken(_) | NoRoom::Own(_) => Close::TRY_AGAIN,
        }
    }
}

/// What a client says.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    /// Who it is.
    Init(Map<String, Value>),
    /// Are you there?
    Ping(Option<Map<String, Value>>),
    /// I am.
    Pong,
    /// Do this.
    Subscribe {
        /// Its name for the operation.
        id: String,
        /// `query`, `operationName`, `variables`, `extensions`.
        payload: Map<String, Value>,
    },
    /// I do not want to hear more of it.
    Complete {
        /// Its name for the operation.
        id: String,
    },
}

impl Incoming {
    /// Reads a message. The error is a sentence.
    pub fn read(text: &str) -> Result<Incoming, &'static str> {
        let mut message = match json::read(text.as_bytes()) {
            Ok(Value::Object(message)) => message,
            Ok(_) | Err(json::Fault::Malformed) => return Err("Invalid message: expected a JSON object"),
            Err(json::Fault::Duplicate) => return Err("Invalid message: an object has a name twice"),
        };
        let kind = message.remove("type");
        match kind.as_ref().and_then(Value::as_str) {
            Some("connection_init") => {
                let payload = payload(&mut message)?.unwrap_or_default();
                check_introduction(&payload)?;
                Ok(Incoming::Init(payload))
            }
            Some("ping") => Ok(Incoming::Ping(payload(&mut message)?)),
            Some("pong") => payload(&mut message).map(|_| Incoming::Pong),
            Some("subscribe") => {
                let id = id(&mut message)?;
                let payload = payload(&mut message)?.ok_or("Invalid message: subscribe needs a payload")?;
                check_shape(&payload)?;
                Ok(Incoming::Subscribe { id, payload })
            }
            Some("complete") => Ok(Incoming::Complete { id: id(&mut message)? }),
            Some(_) => Err("Invalid message: unknown type"),
            None => Err("Invalid message: type is missing"),
        }
    }
}

fn id(message: &mut Map<String, Value>) -> Result<String, &'static str> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err("Invalid message: expected an id"),
    }
}

fn payload(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, &'static str> {
    match message.remove("payload") {
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err("Invalid message: payload must be an object"),
    }
}

/// Like a header, its name is the same in whatever case: it is there once.
fn check_introduction(payload: &Map<String, Value>) -> Result<(), &'static str> {
    match payload.keys().filter(|name| name.eq_ignore_ascii_case("authorization")).count() {
        0 | 1 => Ok(()),
        _ => Err("Invalid message: payload.authorization is there twice"),
    }
}

fn check_shape(payload: &Map<String, Value>) -> Result<(), &'static str> {
    let is_object = |name: &str| matches!(payload.get(name), None | Some(Value::Null | Value::Object(_)));
    if !payload.get("query").is_some_and(Value::is_string) {
        return Err("Invalid message: payload.query must be a string");
    }
    if !matches!(payload.get("operationName"), None | Some(Value::Null | Value::String(_))) {
        return Err("Invalid message: payload.operationName must be a string");
    }
    if !is_object("variables") {
        return Err("Invalid message: payload.variables must be an object");
    }
    if !is_object("extensions") {
        return Err("Invalid message: payload.extensions must be an object");
    }
    Ok(())
}

/// I know who you are.
pub const ACK: &str = r#"{"type":"connection_ack"}"#;

/// I am here, with what was said in the question.
pub fn pong(payload: Option<Map<String, Value>>) -> String {
    match payload {
        Some(payload) => format!(r#"{{"type":"pong","payload":{}}}"#, Value::Object(payload)),
        None => r#"{"type":"pong"}"#.to_owned(),
    }
}

/// A result of an operation; `payload` is JSON.
pub fn next(id: &str, payload: Vec<u8>) -> String {
    with_payload("next", id, payload)
}

/// An operation cannot go on; `payload` is a list of errors in JSON.
pub fn error(id: &str, payload: Vec<u8>) -> String {
    with_payload("error", id, payload)
}

/// The end of an operation.
pub fn complete(id: &str) -> String {
    format!(r#"{{"id":{},"type":"complete"}}"#, Value::from(id))
}

fn with_payload(kind: &str, id: &str, payload: Vec<u8>) -> String {
    // Made by our own serialiser: it is text.
    let payload = String::from_utf8(payload).unwrap_or_else(|_| "null".to_owned());
    format!(r#"{{"id":{},"type":"{kind}","payload":{payload}}}"#, Value::from(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_protocol_are_read() {
        let init = |text| Incoming::read(text).expect("a message");
        assert_eq!(init(r#"{"type":"connection_init"}"#), Incoming::Init(Map::new()));
        assert_eq!(init(r#"{"type":"connection_init","payload":null}"#), Incoming::Init(Map::new()));
        assert_eq!(init(r#"{"type":"ping"}"#), Incoming::Ping(None));
        assert_eq!(init(r#"{"type":"pong","payload":{}}"#), Incoming::Pong);
        assert_eq!(init(r#"{"type":"complete","id":"1"}"#), Incoming::Complete { id: "1".into() });
        let subscribe = init(r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":null,"operationName":null}}"#);
        assert!(matches!(subscribe, Incoming::Subscribe { id, payload } if id == "1" && payload["query"] == "{a}"));
    }

    #[test]
    fn everything_else_is_not() {
        for bad in [
            "",
            "{",
            "[]",
            "1",
            "null",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"connection_init","payload":1}"#,
            r#"{"type":"ping","payload":"x"}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","extensions":"x"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","operationName":{}}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"ping","type":"ping"}"#,
            r#"{"type":"subscribe","id":"1","id":"1","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":{"b":1,"\u0062":2}}}"#,
            r#"{"type":"connection_init","payload":{"authorization":"x","authorization":"x"}}"#,
            r#"{"type":"connection_init","payload":{"authorization":"x","Authorization":"x"}}"#,
        ] {
            assert!(Incoming::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reasons_fit_into_a_frame() {
        for close in [Close::already_there(&"x".repeat(500)), Close::already_there("1"), Close::too_long(usize::MAX), Close::SLOW] {
            assert!(close.reason.len() <= REASON_MAX, "{close:?}");
        }
        assert_eq!(next("a\"b", b"{}".to_vec()), r#"{"id":"a\"b","type":"next","payload":{}}"#);
    }
}
