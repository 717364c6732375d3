//! The ways by which documents come in, as a client has them, with what must be true of every answer.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::documents::Hostile;
use crate::support::person::Person;

/// Longest target of a request that is worth sending: hyper answers longer ones by itself, without a body.
const TARGET_MAX: usize = 60_000;
/// Nobody waits longer than this for the end of an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to listen to what stays open.
const LISTENED: Duration = Duration::from_millis(300);
/// Longest answer, in bytes.
const ANSWER_MAX: usize = 4 * 1024 * 1024;

/// A way in.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    Post,
    Get,
    EventStream,
    Socket,
}

impl Way {
    pub const ALL: [Way; 4] = [Way::Post, Way::Get, Way::EventStream, Way::Socket];

    /// Sends a document and looks at its answer.
    pub async fn send(self, sender: &Person, document: &Hostile, number: usize) {
        let answered = async {
            match self {
                Way::Post => post(sender, document, number, None).await,
                Way::Get => get(sender, document, number).await,
                Way::EventStream => post(sender, document, number, Some("text/event-stream")).await,
                Way::Socket => socket(sender, document, number).await,
            }
        };
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        answered.unwrap_or_else(|_| panic!("no answer to {} {number} by {self:?}: {}", document.kind, document.shown()));
    }
}

fn body(document: &Hostile) -> Value {
    json!({"query": document.query, "variables": document.variables})
}

async fn post(sender: &Person, document: &Hostile, number: usize, accept: Option<&str>) {
    let mut request = sender.request(Method::POST).json(&body(document));
    if let Some(accept) = accept {
        request = request.header("accept", accept);
    }
    check(request.send().await.expect("an answer"), document, number).await;
}

async fn get(sender: &Person, document: &Hostile, number: usize) {
    let mut request = sender.request(Method::GET).build().expect("a request");
    let variables = document.variables.to_string();
    request.url_mut().query_pairs_mut().append_pair("query", &document.query).append_pair("variables", &variables);
    if request.url().as_str().len() > TARGET_MAX {
        return post(sender, document, number, None).await;
    }
    check(reqwest::Client::new().execute(request).await.expect("an answer"), document, number).await;
}

/// What must be true of an answer over HTTP.
async fn check(mut response: Response, document: &Hostile, number: usize) {
    let status = response.status().as_u16();
    let is_stream = response.headers().get("content-type").is_some_and(|v| v.as_bytes().starts_with(b"text/event-stream"));
    let mut text = Vec::new();
    loop {
        let chunk = match is_stream {
            // A subscription that is well formed goes on until it is left.
            true => tokio::time::timeout(LISTENED, response.chunk()).await.unwrap_or(Ok(None)),
            false => response.chunk().await,
        };
        match chunk.expect("a whole answer") {
            Some(bytes) => text.extend_from_slice(&bytes),
            None => break,
        }
        assert!(text.len() <= ANSWER_MAX, "{} {number}: a long answer", document.kind);
    }
    let text = String::from_utf8(text).expect("text");
    let what = || format!("{} {number} was answered {status} {}\n{}", document.kind, cut(&text), document.shown());
    assert!(matches!(status, 200 | 400 | 405 | 406 | 413), "{}", what());
    if is_stream {
        for data in text.lines().filter_map(|line| line.strip_prefix("data:")).filter(|data| !data.trim().is_empty()) {
            check_body(&serde_json::from_str(data).unwrap_or_else(|_| panic!("{}", what())), &what);
        }
    } else {
        check_body(&serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}", what())), &what);
    }
}

/// Data, or errors, of which each has a code, and which are few and short.
fn check_body(body: &Value, what: &dyn Fn() -> String) {
    let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert!(!errors.is_empty() || body.get("data").is_some(), "{}", what());
    check_errors(errors, what);
}

fn check_errors(errors: &[Value], what: &dyn Fn() -> String) {
    assert!(errors.len() <= 10, "{}", what());
    for error in errors {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        let is_good = !code.is_empty() && !matches!(code, "INTERNAL_SERVER_ERROR" | "SERVICE_UNAVAILABLE" | "TIMEOUT");
        assert!(is_good && error["message"].as_str().is_some_and(|m| m.len() <= 200), "{}", what());
    }
}

/// One operation on a socket of its own: an answer, or the socket closed with a code.
async fn socket(sender: &Person, document: &Hostile, number: usize) {
    let request = sender.request(Method::GET).build().expect("a request");
    let mut upgrade = request.url().as_str().replacen("http", "ws", 1).into_client_request().expect("a request");
    upgrade.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    let (mut stream, _) = connect_async(upgrade).await.expect("a socket");
    let authorization = request.headers().get("authorization").and_then(|v| v.to_str().ok());
    let init = match authorization {
        Some(authorization) => json!({"type": "connection_init", "payload": {"authorization": authorization}}),
        None => json!({"type": "connection_init"}),
    };
    let subscribe = json!({"type": "subscribe", "id": "1", "payload": body(document)});
    let mut is_acknowledged = false;
    // A message that is too long may have the socket closed before it was sent whole.
    let _ = stream.send(Message::Text(init.to_string().into())).await;
    loop {
        let heard = match is_acknowledged {
            true => tokio::time::timeout(PATIENCE / 2, stream.next()).await.unwrap_or_else(|_| panic!("{number}: silence")),
            false => stream.next().await,
        };
        let what = |text: &str| format!("{} {number} was answered {}\n{}", document.kind, cut(text), document.shown());
        match heard {
            Some(Ok(Message::Text(text))) => {
                let message: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}", what(&text)));
                match message["type"].as_str() {
                    Some("connection_ack") => {
                        is_acknowledged = true;
                        let _ = stream.send(Message::Text(subscribe.to_string().into())).await;
                        if document.stays_open {
                            // It may have nothing to say.
                            let _ = stream.send(Message::Text(json!({"type": "complete", "id": "1"}).to_string().into())).await;
                            return;
                        }
                    }
                    Some("next") => check_body(&message["payload"], &|| what(&text)),
                    Some("error") => {
                        let errors = message["payload"].as_array().unwrap_or_else(|| panic!("{}", what(&text)));
                        assert!(!errors.is_empty(), "{}", what(&text));
                        check_errors(errors, &|| what(&text));
                        return;
                    }
                    Some("complete") => return,
                    _ => {}
                }
            }
            Some(Ok(Message::Close(frame))) => {
                let code = frame.map(|frame| u16::from(frame.code));
                assert!(matches!(code, Some(1009 | 4400..=4499)), "{}", what(&format!("{code:?}")));
                return;
            }
            Some(Ok(_)) => {}
            // Closed while a long message was still on its way.
            Some(Err(error)) => {
                assert!(subscribe.to_string().len() > 60_000, "{}", what(&error.to_string()));
                return;
            }
            None => panic!("{}", what("nothing")),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(600).collect()
}
