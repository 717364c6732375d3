//! The bytes of a connection, with a limit to everything a slow or silent peer could hold on to. hyper has a timer for heads alone, which
//! runs between requests, too, and none for who takes nothing of an answer; and what it says by itself about a malformed head is a bare
//! status. So all of that happens here, where the bytes go by.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::arrivals::{self, Arrivals, Held};
use super::framing::{Framing, Scanner, Stage};
use super::linger::LINGER;
use crate::config::ConnectionLimits;

/// How HTTP/2 begins when it is not asked for.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n";

/// How much is read at once: a little less than what makes hyper try with twice as much the next time, so that a peer who sends faster than
/// it is served fills no more than a few such pieces.
const AT_ONCE: usize = 8 * 1024 - 1;

const QUIET: u8 = 0;
const ANSWERING: u8 = 1;
const UPGRADED: u8 = 2;

/// What the connection and those who answer on it tell each other.
#[derive(Debug, Clone, Default)]
pub struct Exchange(Arc<Inside>);

#[derive(Debug, Default)]
struct Inside {
    /// Of the heads that came in and are not answered yet.
    framings: Mutex<VecDeque<Framing>>,
    state: AtomicU8,
    /// The request that was taken last has been answered, though what it is answered may go on.
    is_answered: AtomicBool,
    /// It was refused before it was a request: nothing of it is read any more.
    is_refused: AtomicBool,
}

impl Exchange {
    /// The framing of the next request: they are taken in the order in which they came in.
    pub fn next(&self) -> Framing {
        self.0.framings.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or_default()
    }

    /// A request is being answered from now on, until the turn ends.
    pub fn turn(&self) -> Turn {
        self.0.state.store(ANSWERING, Ordering::Relaxed);
        self.0.is_answered.store(false, Ordering::Relaxed);
        Turn { exchange: self.clone(), ends_in: QUIET }
    }

    /// Whether another protocol is spoken now.
    pub fn is_upgraded(&self) -> bool {
        self.state() == UPGRADED
    }

    /// Whether what the peer says is not read any more, though it may go on.
    pub fn is_refused(&self) -> bool {
        self.0.is_refused.load(Ordering::Relaxed)
    }

    fn is_answered(&self) -> bool {
        self.0.is_answered.load(Ordering::Relaxed)
    }

    fn found(&self, framing: Framing) {
        self.0.framings.lock().unwrap_or_else(PoisonError::into_inner).push_back(framing);
    }

    fn state(&self) -> u8 {
        self.0.state.load(Ordering::Relaxed)
    }
}

/// An answer under way; timers of requests wait until it is dropped.
#[derive(Debug)]
pub struct Turn {
    exchange: Exchange,
    ends_in: u8,
}

impl Turn {
    /// The connection changes its protocol: whoever speaks the other one keeps time from then on.
    pub fn upgrade(&mut self) {
        self.ends_in = UPGRADED;
    }

    /// Goes with the body of the answer, to its end.
    pub fn until_written(self, body: Body) -> Answering {
        self.exchange.0.is_answered.store(true, Ordering::Relaxed);
        Answering { body, turn: Some(self) }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.exchange.0.state.store(self.ends_in, Ordering::Relaxed);
    }
}

/// The body of an answer under way.
#[derive(Debug)]
pub struct Answering {
    body: Body,
    turn: Option<Turn>,
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) {
            self.turn = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A whole answer, as bytes, to a request that never got as far as a request.
pub type Refuse = Box<dyn Fn(StatusCode) -> Vec<u8> + Send>;

/// What a connection is held to, and by whom it is told.
pub struct Access {
    pub limits: ConnectionLimits,
    pub arrivals: Arrivals,
    pub refuse: Refuse,
}

/// What a connection does, with its limits. `P` is its place among the connections, kept as long as the connection lives, whatever is
/// spoken on it.
pub struct Wire<S, P> {
    inner: S,
    scanner: Scanner,
    exchange: Exchange,
    limits: ConnectionLimits,
    refuse: Refuse,
    /// Waits for bytes of the peer, for what is written here.
    patience: Timer<Stage>,
    /// Waits for the peer to take bytes.
    stall: Timer<()>,
    /// Waits for the peer to stop sending.
    linger: Timer<()>,
    /// Nothing of a request has come yet.
    is_fresh: bool,
    /// What is written before anything else.
    ahead: VecDeque<u8>,
    arrivals: Arrivals,
    /// Room for a long head, until its request is answered.
    room: Option<Held>,
    _place: P,
}

impl<S, P> Wire<S, P> {
    /// From the first byte of a connection on.
    pub fn new(inner: S, exchange: Exchange, access: Access, place: P) -> Wire<S, P> {
        let Access { limits, arrivals, refuse } = access;
        Wire {
            inner,
            scanner: Scanner::default(),
            exchange,
            limits,
            refuse,
            patience: Timer::default(),
            stall: Timer::default(),
            linger: Timer::default(),
            is_fresh: true,
            ahead: VecDeque::new(),
            arrivals,
            room: None,
            _place: place,
        }
    }
}

/// A timer that begins anew with each reason to wait.
struct Timer<R> {
    sleep: Option<Pin<Box<Sleep>>>,
    reason: Option<R>,
}

impl<R> Default for Timer<R> {
    fn default() -> Self {
        Timer { sleep: None, reason: None }
    }
}

impl<R: PartialEq> Timer<R> {
    /// Whether that has been waited for so long; begins to wait if it has not.
    fn is_over(&mut self, cx: &mut Context<'_>, reason: R, patience: Duration) -> bool {
        let is_new = self.reason.as_ref() != Some(&reason);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        if is_new {
            sleep.as_mut().reset(Instant::now() + patience);
            self.reason = Some(reason);
        }
        sleep.as_mut().poll(cx).is_ready()
    }

    fn stop(&mut self) {
        self.reason = None;
    }
}

fn too_slow(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<S: AsyncRead + AsyncWrite + Unpin, P> Wire<S, P> {
    /// Whether what is waited for is overdue.
    fn is_overdue(&mut self, cx: &mut Context<'_>) -> Option<Stage> {
        if self.exchange.state() != QUIET {
            self.patience.stop();
            return None;
        }
        let stage = self.scanner.stage();
        let patience = match stage {
            Stage::Between if !self.is_fresh => self.limits.idle,
            Stage::Between | Stage::Head => self.limits.head,
            Stage::Body => self.limits.body,
        };
        self.patience.is_over(cx, stage, patience).then_some(stage)
    }

    /// Whether a head may go on: a long one needs room among all that are on their way.
    fn has_room(&mut self) -> bool {
        if self.scanner.head() > arrivals::FREE && self.room.is_none() {
            self.room = self.arrivals.try_hold(self.limits.head_bytes);
            return self.room.is_some();
        }
        true
    }

    /// Whoever is answered has no use for the head of their request any more, however long the answer goes on: a stream of events or a socket
    /// goes on for hours. (`100 Continue` is written, too, and is no answer.)
    fn give_room_back(&mut self) {
        if self.exchange.is_answered() {
            self.room = None;
        }
    }

    /// Says why the connection ends, as far as that can be said without waiting.
    fn say(&mut self, cx: &mut Context<'_>, status: StatusCode) {
        let answer = (self.refuse)(status);
        let _ = Pin::new(&mut self.inner).poll_write(cx, &answer);
    }

    /// Writes what goes before anything else.
    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.ahead.is_empty() {
            let (bytes, _) = self.ahead.as_slices();
            let Poll::Ready(written) = Pin::new(&mut self.inner).poll_write(cx, bytes) else { return self.stalled(cx) };
            self.stall.stop();
            match written? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                taken => drop(self.ahead.drain(..taken)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Nothing can be written just now: is that to go on?
    fn stalled<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        match self.stall.is_over(cx, (), self.limits.stall) {
            true => Poll::Ready(Err(too_slow("the other end takes nothing"))),
            false => Poll::Pending,
        }
    }

    /// What hyper says by itself about a head it cannot read is said by us instead, with all that belongs to an answer.
    fn dressed(&mut self, bytes: &[u8]) -> bool {
        let Some(status) = bare_status(bytes) else { return false };
        self.ahead.extend((self.refuse)(status));
        true
    }
}

/// The status of an answer that hyper has made by itself: a head with nothing in it. Answers of ours carry the id of their request.
fn bare_status(bytes: &[u8]) -> Option<StatusCode> {
    let head = bytes.strip_prefix(b"HTTP/1.1 4")?.strip_suffix(b"\r\n\r\n")?;
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let rest = lines.next()?.get(..2)?;
    let is_bare = lines.all(|line| ["connection: ", "content-length: 0", "date: "].iter().any(|start| line.starts_with(start)));
    is_bare.then(|| format!("4{rest}").parse().ok()).flatten()
}

impl<S: AsyncRead + AsyncWrite + Unpin, P: Unpin> AsyncRead for Wire<S, P> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let most = buffer.remaining().min(AT_ONCE);
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        if let Poll::Ready(result) = Pin::new(&mut this.inner).poll_read(cx, &mut part) {
            let bytes = part.filled();
            if this.is_fresh && bytes.starts_with(HTTP2) {
                this.say(cx, StatusCode::HTTP_VERSION_NOT_SUPPORTED);
                return Poll::Ready(Err(io::ErrorKind::Unsupported.into()));
            }
            // Blank lines before a request are no part of it.
            this.is_fresh &= bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
            let read = bytes.len();
            if this.exchange.state() != UPGRADED {
                this.scanner.feed(bytes, |framing| this.exchange.found(framing));
                if !this.has_room() {
                    // Behind an answer that is under way nothing else can be said.
                    if this.exchange.state() == QUIET {
                        this.say(cx, StatusCode::SERVICE_UNAVAILABLE);
                        this.exchange.0.is_refused.store(true, Ordering::Relaxed);
                    }
                    return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
                }
            }
            buffer.advance(read);
            return Poll::Ready(result);
        }
        match this.is_overdue(cx) {
            None => Poll::Pending,
            Some(stage) => {
                // Who has begun to say something hears why it is over.
                if stage != Stage::Between {
                    this.say(cx, StatusCode::REQUEST_TIMEOUT);
                }
                Poll::Ready(Err(too_slow("nothing came in for too long")))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, P: Unpin> AsyncWrite for Wire<S, P> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        std::task::ready!(this.poll_ahead(cx))?;
        if this.dressed(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        match Pin::new(&mut this.inner).poll_write(cx, bytes) {
            Poll::Pending => this.stalled(cx),
            ready => {
                this.stall.stop();
                this.give_room_back();
                ready
            }
        }
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        std::task::ready!(this.poll_ahead(cx))?;
        if let [only] = slices
            && this.dressed(only)
        {
            return Poll::Ready(Ok(only.len()));
        }
        match Pin::new(&mut this.inner).poll_write_vectored(cx, slices) {
            Poll::Pending => this.stalled(cx),
            ready => {
                this.stall.stop();
                this.give_room_back();
                ready
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_ahead(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        std::task::ready!(this.poll_ahead(cx))?;
        if this.linger.reason.is_none() {
            std::task::ready!(Pin::new(&mut this.inner).poll_shutdown(cx))?;
        }
        if this.exchange.state() == UPGRADED || this.scanner.stage() == Stage::Between {
            return Poll::Ready(Ok(()));
        }
        // The rest of what was refused: closing a socket with bytes unread makes the system tell the other end to forget the answer.
        let mut scrap = [0u8; 4096];
        loop {
            let mut scrap = ReadBuf::new(&mut scrap);
            match Pin::new(&mut this.inner).poll_read(cx, &mut scrap) {
                Poll::Ready(Ok(())) if !scrap.filled().is_empty() => {
                    if this.linger.is_over(cx, (), LINGER) {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending if this.linger.is_over(cx, (), LINGER) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_hyper_says_by_itself_is_said_anew() {
        let date = "date: Thu, 26 Nov 2026 20:00:00 GMT\r\n";
        for (text, expected) in [
            (format!("HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n{date}\r\n"), Some(431)),
            (format!("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n{date}\r\n"), Some(400)),
            (format!("HTTP/1.1 400 Bad Request\r\nx-request-id: abc\r\ncontent-length: 0\r\n{date}\r\n"), None),
            (format!("HTTP/1.1 400 Bad Request\r\ncontent-length: 7\r\n{date}\r\n"), None),
            (format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{date}\r\n"), None),
            (format!("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n{date}"), None),
            ("HTTP/1.1 4\r\n\r\n".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(bare_status(text.as_bytes()).map(|s| s.as_u16()), expected, "{text}");
        }
    }
}
