//! Watches how bodies are framed. hyper drops `Content-Length` beside `Transfer-Encoding` before anybody can see that there were both,
//! so the bytes are looked at as they come in.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What was seen on a connection.
#[derive(Debug, Clone, Default)]
pub struct Framing(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    ambiguous: AtomicBool,
    chunked: AtomicBool,
}

impl Framing {
    /// Whether a request had both lengths.
    pub fn is_ambiguous(&self) -> bool {
        self.0.ambiguous.load(Ordering::Relaxed)
    }

    /// Whether a body came in chunks. The connection must end after the answer, as what follows is not watched.
    pub fn is_chunked(&self) -> bool {
        self.0.chunked.load(Ordering::Relaxed)
    }
}

/// Longest name of a header that is told apart.
const NAME_MAX: usize = 32;

/// Where the bytes stand.
#[derive(Debug)]
enum State {
    /// In the first line of a request.
    RequestLine,
    /// In the name of a header: its lower-case letters so far.
    Name(Vec<u8>),
    /// In a value: that of `Content-Length`, as far as it is a number.
    Value { length: Option<u64> },
    /// In a body of known length.
    Body(u64),
    /// Watching no longer.
    Blind,
}

struct Scanner {
    framing: Framing,
    state: State,
    length: Option<u64>,
    has_length: bool,
    has_encoding: bool,
}

impl Scanner {
    fn feed(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            match &mut self.state {
                State::Blind => return,
                State::Body(left) => {
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= skipped as u64;
                    bytes = &bytes[skipped..];
                    if *left == 0 {
                        self.state = State::RequestLine;
                    }
                    continue;
                }
                State::RequestLine if byte == b'\n' => {
                    self.state = State::Name(Vec::new());
                }
                State::RequestLine => {}
                State::Name(name) => match byte {
                    b'\n' if name.is_empty() => self.end_of_head(),
                    b'\n' => self.state = State::Name(Vec::new()),
                    b':' => {
                        let is_length = name == b"content-length";
                        self.has_length |= is_length;
                        self.has_encoding |= name == b"transfer-encoding";
                        self.state = State::Value { length: is_length.then_some(0) };
                    }
                    b'\r' => {}
                    _ if name.len() < NAME_MAX => name.push(byte.to_ascii_lowercase()),
                    _ => {}
                },
                State::Value { length } => match byte {
                    b'\n' => {
                        self.length = length.or(self.length);
                        self.state = State::Name(Vec::new());
                    }
                    b'0'..=b'9' => *length = length.map(|l| l.saturating_mul(10).saturating_add(u64::from(byte - b'0'))),
                    _ => {}
                },
            }
            bytes = rest;
        }
    }

    fn end_of_head(&mut self) {
        if self.has_encoding {
            self.framing.0.chunked.store(true, Ordering::Relaxed);
            self.framing.0.ambiguous.fetch_or(self.has_length, Ordering::Relaxed);
        }
        self.state = match self.length.take() {
            _ if self.has_encoding => State::Blind,
            Some(length) if length > 0 => State::Body(length),
            _ => State::RequestLine,
        };
        self.has_length = false;
        self.has_encoding = false;
    }
}

/// A connection whose requests are watched.
pub struct Watched<S> {
    inner: S,
    scanner: Scanner,
}

impl<S> Watched<S> {
    /// Watches a connection from its first byte on.
    pub fn new(inner: S, framing: Framing) -> Watched<S> {
        let scanner = Scanner { framing, state: State::RequestLine, length: None, has_length: false, has_encoding: false };
        Watched { inner, scanner }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if result.is_ready() {
            self.scanner.feed(buffer.filled().get(before..).unwrap_or_default());
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pieces: &[&[u8]]) -> (bool, bool) {
        let framing = Framing::default();
        let mut watched = Watched::new((), framing.clone());
        pieces.iter().for_each(|piece| watched.scanner.feed(piece));
        (framing.is_ambiguous(), framing.is_chunked())
    }

    #[test]
    fn two_lengths_are_seen_in_either_order_and_in_pieces() {
        let text = b"POST /graphql HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(seen(&[text]), (true, true));
        assert_eq!(seen(&text.chunks(1).collect::<Vec<_>>()), (true, true));
        assert_eq!(seen(&[b"POST / HTTP/1.1\nTransfer-Encoding: chunked\nContent-Length: 5\n\n"]), (true, true));
    }

    #[test]
    fn one_length_is_fine_and_bodies_are_not_heads() {
        let head = "POST /graphql HTTP/1.1\r\nContent-Length: 62\r\n\r\n";
        let body = "x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1234567890";
        assert_eq!(body.len(), 62);
        let twice = [head, body, head, body].concat();
        assert_eq!(seen(&[twice.as_bytes()]), (false, false));
        assert_eq!(seen(&[b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]), (false, true));
        let second = [head, body, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"].concat();
        assert_eq!(seen(&[second.as_bytes()]), (true, true));
    }
}
