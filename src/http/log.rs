//! One line in the log, and one count, for each request, each operation on a socket or a stream, and each socket: what was asked for in kind, and what came of it. Nothing that a caller has written
//! gets in here but their request's id, which is letters and digits: paths and methods are told by a list, queries and bodies not at all.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, Method, Request, StatusCode};
use axum::response::Response;
use tokio::time::Instant;

use super::accept::Media;
use super::adapter::Kind;
use super::answer::{Fault, Outcome};
use super::request_id::RequestId;
use crate::telemetry::metrics::{self, Inside, Level};

/// The paths that are told by name.
const PATHS: [&str; 8] =
    ["/graphql", "/graphiql", "/schema.graphql", "/health/live", "/health/ready", "/.well-known/jwks.json", "/metrics", "/"];

/// What an answer says of itself, for the log: the code of its first error. It goes with the answer, and not to the client.
#[derive(Debug, Clone)]
pub struct FirstCode(pub Option<String>);

/// What an answer says of itself, for the log: it goes on as a stream, whose operation has a line of its own when it is over.
#[derive(Debug, Clone, Copy)]
pub struct GoesOn;

/// What was heard of a request on its way: it goes with the request, and the log looks at it in the end.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<OnceLock<&'static str>>);

impl Heard {
    /// What the operation does.
    pub fn note(request: &Extensions, kind: Option<Kind>) {
        if let (Some(Heard(place)), Some(kind)) = (request.get::<Heard>(), kind) {
            // It is noted once: an operation has one kind.
            let _ = place.set(name_of(kind));
        }
    }
}

/// The name of a kind of operation in the log and in metrics.
pub fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Query => "query",
        Kind::Mutation => "mutation",
        Kind::Subscription => "subscription",
    }
}

/// What is told of a request, kept until it is answered.
#[derive(Debug)]
pub struct Asked {
    method: &'static str,
    path: &'static str,
    peer: Option<IpAddr>,
    id: String,
    heard: Heard,
}

impl Asked {
    /// Of a request, which carries [`Heard`] from then on.
    pub fn of<B>(request: &mut Request<B>, peer: Option<IpAddr>, id: &RequestId) -> Asked {
        let path = request.uri().path();
        let path = match path.strip_prefix("/graphiql/") {
            Some(_) => "/graphiql/…",
            None => PATHS.into_iter().find(|known| *known == path).unwrap_or("other"),
        };
        let method = name_of_method(request.method());
        let heard = Heard::default();
        request.extensions_mut().insert(heard.clone());
        Asked { method, path, peer, id: id.as_str().to_owned(), heard }
    }

    /// Of a request whose head could not be read.
    pub fn unread(peer: IpAddr, id: &RequestId) -> Asked {
        Asked { method: "unread", path: "unread", peer: Some(peer), id: id.as_str().to_owned(), heard: Heard::default() }
    }

    /// Writes the line.
    pub fn answered(self, response: &Response, took: Duration) {
        let code = response.extensions().get::<FirstCode>().and_then(|first| first.0.clone());
        let kind = self.heard.0.get().copied();
        let status = response.status();
        metrics::request(self.path, self.method, status.as_u16(), took);
        let goes_on = status == StatusCode::SWITCHING_PROTOCOLS || response.extensions().get::<GoesOn>().is_some();
        if self.path == "/graphql" && !goes_on {
            let is_stream = response.headers().get(CONTENT_TYPE) == Some(&Media::EventStream.content_type());
            metrics::operation(if is_stream { "sse" } else { "http" }, kind, code.as_deref(), took);
        }
        let line = Line {
            code: code.as_deref().unwrap_or_default(),
            kind: kind.unwrap_or_default(),
            milliseconds: milliseconds(took),
            peer: written(self.peer),
        };
        // Probes come every few seconds, and say nothing as long as all is well.
        let is_probe = self.path.starts_with("/health/") || self.path == "/metrics";
        match is_probe && status.is_success() {
            true => line.debug(&self, status),
            false => line.info(&self, status),
        }
    }
}

struct Line<'a> {
    code: &'a str,
    kind: &'a str,
    milliseconds: f64,
    peer: String,
}

/// The level of an event cannot be a variable.
macro_rules! tell {
    ($level:ident, $line:expr, $asked:expr, $status:expr) => {
        tracing::$level!(
            http.method = $asked.method,
            http.path = $asked.path,
            http.status = $status.as_u16(),
            error.code = $line.code,
            operation.kind = $line.kind,
            duration.ms = $line.milliseconds,
            request.id = $asked.id,
            peer = $line.peer,
            "request"
        )
    };
}

impl Line<'_> {
    fn info(&self, asked: &Asked, status: StatusCode) {
        tell!(info, self, asked, status);
    }

    fn debug(&self, asked: &Asked, status: StatusCode) {
        tell!(debug, self, asked, status);
    }
}

/// An operation on a socket, or a stream: told of when it is over, however it ends. Until then it may be dropped at any moment.
#[derive(Debug)]
pub struct Underway {
    transport: &'static str,
    id: String,
    peer: Option<IpAddr>,
    kind: Option<&'static str>,
    code: Option<String>,
    started: Instant,
    subscription: Option<Inside>,
}

impl Underway {
    /// Something that was asked for on a WebSocket.
    pub fn on_socket(peer: Option<IpAddr>, id: &RequestId) -> Underway {
        Underway::on("websocket", peer, id)
    }

    /// A subscription over server-sent events.
    pub fn on_stream(peer: Option<IpAddr>, id: &RequestId) -> Underway {
        let mut underway = Underway::on("sse", peer, id);
        underway.is(Some(Kind::Subscription));
        underway
    }

    fn on(transport: &'static str, peer: Option<IpAddr>, id: &RequestId) -> Underway {
        let id = id.as_str().to_owned();
        Underway { transport, id, peer, kind: None, code: None, started: Instant::now(), subscription: None }
    }

    /// What the operation does.
    pub fn is(&mut self, kind: Option<Kind>) {
        self.kind = kind.map(name_of);
        self.subscription = (kind == Some(Kind::Subscription)).then(|| Level::Subscriptions.enter());
    }

    /// What came of it so far. The first code counts.
    pub fn came_to(&mut self, outcome: &Outcome) {
        self.failed(outcome.faults());
    }

    /// What went wrong. The first code counts.
    pub fn failed(&mut self, faults: &[Fault]) {
        if let (None, Some(fault)) = (&self.code, faults.first()) {
            self.code = Some(fault.code.clone());
        }
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        metrics::operation(self.transport, self.kind, self.code.as_deref(), took);
        tracing::info!(
            transport = self.transport,
            error.code = self.code.as_deref().unwrap_or_default(),
            operation.kind = self.kind.unwrap_or_default(),
            duration.ms = milliseconds(took),
            request.id = self.id,
            peer = written(self.peer),
            "operation"
        );
    }
}

/// A WebSocket: told of when it is closed.
#[derive(Debug)]
pub struct OpenSocket {
    id: String,
    peer: Option<IpAddr>,
    started: Instant,
    _inside: Inside,
}

impl OpenSocket {
    /// Of the request that opened it.
    pub fn of(peer: Option<IpAddr>, id: &RequestId) -> OpenSocket {
        OpenSocket { id: id.as_str().to_owned(), peer, started: Instant::now(), _inside: Level::WebSockets.enter() }
    }

    /// By us, with that code, or by the other side.
    pub fn closed(self, code: Option<u16>) {
        metrics::socket_closed(code);
        tracing::info!(
            transport = "websocket",
            socket.code = code,
            closed.by = if code.is_some() { "server" } else { "peer" },
            duration.ms = milliseconds(self.started.elapsed()),
            request.id = self.id,
            peer = written(self.peer),
            "socket closed"
        );
    }
}

fn milliseconds(took: Duration) -> f64 {
    took.as_micros() as f64 / 1000.0
}

fn written(peer: Option<IpAddr>) -> String {
    peer.map(|peer| peer.to_string()).unwrap_or_default()
}

/// Methods can be any word; what is no method of HTTP is not repeated.
fn name_of_method(method: &Method) -> &'static str {
    let known = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callers_write_is_not_repeated() {
        let id = RequestId::of_caller("request-1").expect("well formed");
        let asked = |method: &str, uri: &str| {
            let mut request = Request::builder().method(method).uri(uri).body(()).expect("a request");
            let asked = Asked::of(&mut request, None, &id);
            (asked.method, asked.path)
        };
        assert_eq!(asked("POST", "/graphql?query=secret"), ("POST", "/graphql"));
        assert_eq!(asked("SECRET", "/secret"), ("other", "other"));
        assert_eq!(asked("GET", "/graphiql/secret"), ("GET", "/graphiql/…"));
    }
}
