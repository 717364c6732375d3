//! Server-sent events from the other end.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::person::Person;

/// Nobody waits longer than this for a word.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream of events.
pub struct Events {
    response: reqwest::Response,
    text: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
}

/// What comes over a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Next(Value),
    Complete,
    Comment,
    /// The end of the stream.
    End,
}

impl Person {
    /// Asks for an operation by server-sent events.
    pub async fn listen(&self, document: &str, variables: Value) -> Events {
        let request = self.request(Method::POST).header("accept", "text/event-stream");
        let response = request.json(&json!({"query": document, "variables": variables})).send().await.expect("an answer");
        Events { status: response.status(), headers: response.headers().clone(), response, text: String::new() }
    }
}

impl Events {
    /// What comes next, comments included; the text of it must be exactly as the protocol has it.
    pub async fn piece(&mut self) -> Piece {
        let piece = async {
            loop {
                if let Some((piece, rest)) = self.text.split_once("\n\n") {
                    let piece = match piece {
                        ":" => Piece::Comment,
                        "event: complete\ndata:" => Piece::Complete,
                        other => match other.strip_prefix("event: next\ndata: ") {
                            Some(data) => Piece::Next(serde_json::from_str(data).expect("JSON")),
                            None => panic!("unexpected {other:?}"),
                        },
                    };
                    self.text = rest.to_owned();
                    return piece;
                }
                match self.response.chunk().await {
                    Ok(Some(bytes)) => self.text.push_str(std::str::from_utf8(&bytes).expect("text in whole characters")),
                    Ok(None) | Err(_) => return Piece::End,
                }
            }
        };
        tokio::time::timeout(PATIENCE, piece).await.expect("a word in time")
    }

    /// What comes next besides comments.
    pub async fn next(&mut self) -> Piece {
        loop {
            match self.piece().await {
                Piece::Comment => {}
                piece => return piece,
            }
        }
    }

    /// The data of the next result.
    pub async fn data(&mut self) -> Value {
        match self.next().await {
            Piece::Next(payload) if payload.get("errors").is_none() => payload["data"].clone(),
            other => panic!("expected data, not {other:?}"),
        }
    }

    /// The rest as JSON, for an answer that is no stream.
    pub async fn json(self) -> Value {
        self.response.json().await.expect("JSON")
    }
}
