//! Watches how requests are framed. hyper drops `Content-Length` beside `Transfer-Encoding`, and the second of two that are alike, before
//! anybody can see that there were both, so the bytes are looked at as they come in.

/// How the body of a request is said to end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Framing {
    /// Two lengths for one body are how requests are smuggled past a proxy.
    pub is_ambiguous: bool,
    /// The body comes in chunks. The connection must end after the answer, as what follows is not watched.
    pub is_chunked: bool,
}

/// How far the bytes have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing of the next request is there.
    Between,
    /// A part of a head is there.
    Head,
    /// A part of a body may be missing.
    Body,
}

/// Longest name of a header that is told apart.
const NAME_MAX: usize = 32;

/// Where the bytes stand.
#[derive(Debug)]
enum State {
    /// Before the first line of a request; blank lines there count for nothing.
    Start,
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

/// Follows the bytes of a connection from the first one on.
#[derive(Debug)]
pub struct Scanner {
    state: State,
    length: Option<u64>,
    lengths: u32,
    has_encoding: bool,
    /// Bytes of the head that has begun, blank lines before it included: they are kept with it.
    head: usize,
    /// The longest head that ended among the bytes that were read last.
    ended: usize,
}

impl Default for Scanner {
    fn default() -> Scanner {
        Scanner { state: State::Start, length: None, lengths: 0, has_encoding: false, head: 0, ended: 0 }
    }
}

impl Scanner {
    /// Reads on; `found` is told of every head that is whole now.
    pub fn feed(&mut self, mut bytes: &[u8], mut found: impl FnMut(Framing)) {
        self.ended = 0;
        while let Some((&byte, rest)) = bytes.split_first() {
            if !matches!(self.state, State::Body(_) | State::Blind) {
                self.head = self.head.saturating_add(1);
            }
            match &mut self.state {
                State::Blind => return,
                State::Body(left) => {
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= skipped as u64;
                    bytes = &bytes[skipped..];
                    if *left == 0 {
                        self.state = State::Start;
                    }
                    continue;
                }
                State::Start if matches!(byte, b'\r' | b'\n') => {}
                State::Start => self.state = State::RequestLine,
                State::RequestLine if byte == b'\n' => {
                    self.state = State::Name(Vec::new());
                }
                State::RequestLine => {}
                State::Name(name) => match byte {
                    b'\n' if name.is_empty() => found(self.end_of_head()),
                    b'\n' => self.state = State::Name(Vec::new()),
                    b':' => {
                        let is_length = name == b"content-length";
                        self.lengths += u32::from(is_length);
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

    /// Bytes of the longest head, or part of one, that the bytes that were read last belong to.
    pub fn head(&self) -> usize {
        self.head.max(self.ended)
    }

    /// How far it has come.
    pub fn stage(&self) -> Stage {
        match self.state {
            State::Start => Stage::Between,
            State::RequestLine | State::Name(_) | State::Value { .. } => Stage::Head,
            State::Body(_) | State::Blind => Stage::Body,
        }
    }

    fn end_of_head(&mut self) -> Framing {
        let framing = Framing { is_ambiguous: self.lengths > 1 || (self.has_encoding && self.lengths > 0), is_chunked: self.has_encoding };
        self.state = match self.length.take() {
            _ if self.has_encoding => State::Blind,
            Some(length) if length > 0 => State::Body(length),
            _ => State::Start,
        };
        self.lengths = 0;
        self.has_encoding = false;
        self.ended = self.ended.max(std::mem::take(&mut self.head));
        framing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pieces: &[&[u8]]) -> Vec<(bool, bool)> {
        let (mut scanner, mut heads) = (Scanner::default(), Vec::new());
        pieces.iter().for_each(|piece| scanner.feed(piece, |f| heads.push((f.is_ambiguous, f.is_chunked))));
        heads
    }

    #[test]
    fn two_lengths_are_seen_in_either_order_and_in_pieces() {
        let text = b"POST /graphql HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(seen(&[text]), [(true, true)]);
        assert_eq!(seen(&text.chunks(1).collect::<Vec<_>>()), [(true, true)]);
        assert_eq!(seen(&[b"POST / HTTP/1.1\nTransfer-Encoding: chunked\nContent-Length: 5\n\n"]), [(true, true)]);
        assert_eq!(seen(&[b"POST / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"]), [(true, false)]);
    }

    #[test]
    fn one_length_is_fine_and_bodies_are_not_heads() {
        let head = "POST /graphql HTTP/1.1\r\nContent-Length: 62\r\n\r\n";
        let body = "x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1234567890";
        assert_eq!(body.len(), 62);
        let twice = [head, body, head, body].concat();
        assert_eq!(seen(&[twice.as_bytes()]), [(false, false); 2]);
        assert_eq!(seen(&[b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]), [(false, true)]);
        let second = [head, body, "\r\n\r\nPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"].concat();
        assert_eq!(seen(&[second.as_bytes()]), [(false, false), (true, true)], "blank lines before a request count for nothing");
    }

    #[test]
    fn it_tells_how_long_heads_are() {
        let mut scanner = Scanner::default();
        let mut after = |piece: &str| {
            scanner.feed(piece.as_bytes(), |_| {});
            scanner.head()
        };
        assert_eq!(after("\r\n\r\n"), 4);
        assert_eq!(after("GET / HTTP/1.1\r\n"), 20);
        assert_eq!(after("Content-Length: 3\r\n\r\nabcGET"), 41, "the body is no part of it");
        assert_eq!(after(" / HTTP/1.1\r\n\r\nGET /"), 18, "each for itself");
        assert_eq!(after(" HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"), 46);
        assert_eq!(after("\r\n"), 0, "nothing is watched any more");
    }

    #[test]
    fn it_tells_how_far_the_bytes_have_come() {
        let mut scanner = Scanner::default();
        for (piece, stage) in [
            ("", Stage::Between),
            ("\r\n", Stage::Between),
            ("G", Stage::Head),
            ("ET / HTTP/1.1\r\nContent-Length: 3\r\n", Stage::Head),
            ("\r\n", Stage::Body),
            ("abc", Stage::Between),
        ] {
            scanner.feed(piece.as_bytes(), |_| {});
            assert_eq!(scanner.stage(), stage, "{piece:?}");
        }
    }
}
