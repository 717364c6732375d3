//! WebSockets from the other end: `graphql-transport-ws`, word by word.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::person::Person;

/// Nobody waits longer than this for a word.
const PATIENCE: Duration = Duration::from_secs(20);

/// A socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What comes over a socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    Said(Value),
    Closed(u16, String),
    /// Broken off without a word.
    Gone,
}

impl Person {
    /// A socket, introduced as this person.
    pub async fn socket(&self) -> Socket {
        let mut socket = Socket::open(self.url(), &[]).await.expect("an upgrade");
        socket.introduce(self.authorization().as_deref()).await;
        socket
    }
}

impl Socket {
    /// Opens one; Err is the answer that refuses it.
    pub async fn open(url: &str, headers: &[(&'static str, &str)]) -> Result<Socket, Box<Response<Option<Vec<u8>>>>> {
        let mut request = url.replacen("http", "ws", 1).into_client_request().expect("a request");
        let with = headers.iter().copied().chain([("sec-websocket-protocol", "graphql-transport-ws")]);
        for (name, value) in with {
            let (name, value) = (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"));
            request.headers_mut().entry(name).or_insert(value);
        }
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Socket { stream }),
            Err(Error::Http(response)) => Err(response),
            Err(error) => panic!("no socket: {error}"),
        }
    }

    /// Says who is there, and waits for the acknowledgement.
    pub async fn introduce(&mut self, authorization: Option<&str>) {
        match authorization {
            Some(authorization) => self.say(json!({"type": "connection_init", "payload": {"authorization": authorization}})).await,
            None => self.say(json!({"type": "connection_init"})).await,
        }
        assert_eq!(self.hear().await, Heard::Said(json!({"type": "connection_ack"})));
    }

    /// Says something.
    pub async fn say(&mut self, message: Value) {
        self.say_text(&message.to_string()).await;
    }

    /// Says anything.
    pub async fn say_text(&mut self, text: &str) {
        self.send(Message::Text(text.into())).await;
    }

    /// Sends any frame. What comes of it is heard.
    pub async fn send(&mut self, message: Message) {
        let _ = self.stream.send(message).await;
    }

    /// Asks for an operation.
    pub async fn subscribe(&mut self, id: &str, document: &str, variables: Value) {
        self.say(json!({"id": id, "type": "subscribe", "payload": {"query": document, "variables": variables}})).await;
    }

    /// The next word.
    pub async fn hear(&mut self) -> Heard {
        self.hear_within(PATIENCE).await.expect("a word in time")
    }

    /// The next word; None when there is none in that time.
    pub async fn hear_within(&mut self, patience: Duration) -> Option<Heard> {
        let heard = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Text(text))) => return Heard::Said(serde_json::from_str(&text).expect("JSON")),
                    Some(Ok(Message::Close(Some(frame)))) => return Heard::Closed(frame.code.into(), frame.reason.as_str().to_owned()),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(other)) => panic!("unexpected {other:?}"),
                    Some(Err(_)) | None => return Heard::Gone,
                }
            }
        };
        tokio::time::timeout(patience, heard).await.ok()
    }

    /// The payload of the next message, which must be of that kind and operation.
    pub async fn expect(&mut self, kind: &str, id: &str) -> Value {
        match self.hear().await {
            Heard::Said(message) if message["type"] == kind && message["id"] == id => message["payload"].clone(),
            other => panic!("expected {kind} of {id}, not {other:?}"),
        }
    }

    /// The data of the next result of that operation.
    pub async fn data(&mut self, id: &str) -> Value {
        let payload = self.expect("next", id).await;
        assert!(payload.get("errors").is_none(), "{payload}");
        payload["data"].clone()
    }

    /// The codes of the errors by which that operation ends next.
    pub async fn error_codes(&mut self, id: &str) -> Vec<String> {
        let payload = self.expect("error", id).await;
        let errors = payload.as_array().expect("a list of errors");
        errors.iter().map(|e| e["extensions"]["code"].as_str().expect("a code").to_owned()).collect()
    }

    /// Waits for the end; whatever is said before is not listened to. None: broken off.
    pub async fn closed(&mut self) -> Option<(u16, String)> {
        loop {
            match self.hear().await {
                Heard::Said(_) => {}
                Heard::Closed(code, reason) => return Some((code, reason)),
                Heard::Gone => return None,
            }
        }
    }

    /// Fails the test unless the next thing is the end, with that code.
    pub async fn closes(&mut self, code: u16, reason: &str) {
        assert_eq!(self.hear().await, Heard::Closed(code, reason.to_owned()));
    }

    /// What the server says of itself: pings.
    pub async fn pinged(&mut self) {
        let pinged = async {
            loop {
                match self.stream.next().await.expect("a frame").expect("well formed") {
                    Message::Ping(_) => return,
                    other => drop(other),
                }
            }
        };
        tokio::time::timeout(PATIENCE, pinged).await.expect("a ping in time");
    }
}
