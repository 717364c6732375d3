//! Bytes on the wire: requests that no client would send, and answers to the letter.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
pub struct Wire {
    stream: TcpStream,
    /// What came in and was not read as an answer yet.
    rest: Vec<u8>,
}

/// An answer, as it came in.
#[derive(Debug, Clone)]
pub struct Said {
    pub version: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Said {
    /// The values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header that is there once; empty when it is not.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let all = self.all(name);
        assert!(all.len() <= 1, "{name} is there more than once: {self:?}");
        all.first().copied().unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The code of the first error.
    pub fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Fails the test unless it has what every answer has.
    #[track_caller]
    pub fn dressed(self) -> Said {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("server", ""),
            ("x-powered-by", ""),
        ] {
            assert_eq!(self.header(name), value, "{name}: {self:?}");
        }
        assert!(self.all("vary").contains(&"Accept"), "{self:?}");
        let id = self.header("x-request-id");
        assert!(id.len() >= 8, "{self:?}");
        let json = self.json();
        if let Some(error) = json["errors"].get(0) {
            assert_eq!(error["extensions"]["requestId"], id, "{self:?}");
            assert!(json.get("data").is_none_or(|_| self.status == 200), "{self:?}");
        }
        self
    }
}

impl Wire {
    /// To a server at `http://…`.
    pub async fn to(base: &str) -> Wire {
        let address = base.trim_start_matches("http://").trim_end_matches('/');
        Wire { stream: TcpStream::connect(address).await.expect("a connection"), rest: Vec::new() }
    }

    /// Sends bytes; who has hung up already is no matter.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await.expect("the other end takes the bytes");
    }

    /// Sends no more.
    pub async fn hang_up(&mut self) {
        self.stream.shutdown().await.expect("half of the connection ends");
    }

    /// Reads one answer; None when the connection ends without one.
    pub async fn hear(&mut self) -> Option<Said> {
        timeout(PATIENCE, self.answer()).await.expect("an answer in time")
    }

    async fn answer(&mut self) -> Option<Said> {
        let end = loop {
            if let Some(end) = self.rest.windows(4).position(|w| w == b"\r\n\r\n") {
                break end;
            }
            if !self.more().await {
                assert!(self.rest.is_empty(), "half an answer: {:?}", String::from_utf8_lossy(&self.rest));
                return None;
            }
        };
        let head = String::from_utf8(self.rest.drain(..end + 4).collect()).expect("text");
        let mut lines = head.trim_end().split("\r\n");
        let mut first = lines.next().expect("a first line").splitn(3, ' ');
        let (version, status) = (first.next().expect("a version").to_owned(), first.next().expect("a status").parse().expect("a number"));
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())).expect("a header");
        let headers: Vec<_> = lines.map(header).collect();
        let mut said = Said { version, status, headers, body: Vec::new() };
        let length: usize = said.header("content-length").parse().unwrap_or_default();
        while self.rest.len() < length {
            assert!(self.more().await, "half a body: {said:?}");
        }
        said.body = self.rest.drain(..length).collect();
        Some(said)
    }

    async fn more(&mut self) -> bool {
        let mut buffer = [0u8; 16 * 1024];
        let count = self.stream.read(&mut buffer).await.unwrap_or(0);
        self.rest.extend_from_slice(&buffer[..count]);
        count > 0
    }

    /// Whatever comes in within that time.
    pub async fn everything_within(&mut self, patience: Duration) -> Vec<u8> {
        let _ = timeout(patience, async { while self.more().await {} }).await;
        std::mem::take(&mut self.rest)
    }

    /// Whether something has come in by now.
    pub async fn has_word(&mut self) -> bool {
        self.has_word_within(Duration::from_millis(1)).await
    }

    /// Whether something comes in within that time, be it the end.
    pub async fn has_word_within(&mut self, patience: Duration) -> bool {
        !self.rest.is_empty() || timeout(patience, self.more()).await.is_ok()
    }

    /// Whether the other end has closed, or does within that time, without another word.
    pub async fn is_closed_within(&mut self, patience: Duration) -> bool {
        assert!(self.rest.is_empty(), "more was said: {:?}", String::from_utf8_lossy(&self.rest));
        match timeout(patience, self.more()).await {
            Ok(more) => !more,
            Err(_) => false,
        }
    }
}

/// A POST of a body to `/graphql`, with more headers, each with its line end.
pub fn post(body: impl AsRef<[u8]>, headers: &str) -> Vec<u8> {
    let body = body.as_ref();
    let kind = if headers.to_lowercase().contains("content-type:") { "" } else { "Content-Type: application/json\r\n" };
    let head = format!("POST /graphql HTTP/1.1\r\nHost: tenure\r\n{kind}Content-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A request for a WebSocket, with more headers, each with its line end.
pub fn upgrade(headers: &str) -> Vec<u8> {
    const ASKED: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n";
    request("GET /graphql", &format!("{ASKED}{headers}"))
}

/// A request without a body, with more headers, each with its line end.
pub fn request(line: &str, headers: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nHost: tenure\r\n{headers}\r\n").into_bytes()
}
