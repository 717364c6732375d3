//! Tokens of a document, as the library's grammar has them: whatever is no token here is none there, so that nothing can hide from the
//! pass in a string or a comment that only one of the two sees.

use super::{Objection, Position};
use crate::config::Limits;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name.
    Name,
    /// A number or a string.
    Value,
    /// `...`
    Spread,
    /// One character of punctuation.
    Sign(u8),
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// As written.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub at: usize,
}

/// Reads tokens, counting them and the brackets that are open.
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: usize,
    open: Vec<u8>,
    limits: &'a Limits,
}

impl<'a> Lexer<'a> {
    /// At the beginning.
    pub fn new(text: &'a str, limits: &'a Limits) -> Lexer<'a> {
        Lexer { text, at: 0, tokens: 0, open: Vec::new(), limits }
    }

    /// The fault of something that cannot stand here.
    pub fn syntax(&self, at: usize) -> Objection {
        Objection::Syntax(Position::of(self.text, at))
    }

    /// The fault of a field of an input object that was there before.
    pub fn twice(&self, field: &str, at: usize) -> Objection {
        Objection::Twice { field: field.to_owned(), at: Position::of(self.text, at) }
    }

    /// The next token; None at the end.
    pub fn next(&mut self) -> Result<Option<Token<'a>>, Objection> {
        self.skip_blanks();
        let bytes = self.text.as_bytes();
        let at = self.at;
        let Some(first) = bytes.get(at).copied() else {
            return if self.open.is_empty() { Ok(None) } else { Err(self.syntax(at)) };
        };
        let (kind, end) = match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => (Kind::Name, self.end_of_name(at)),
            b'-' | b'0'..=b'9' => (Kind::Value, self.end_of_number(at).ok_or_else(|| self.syntax(at))?),
            b'"' => (Kind::Value, self.end_of_string(at).ok_or_else(|| self.syntax(at))?),
            b'.' if bytes[at..].starts_with(b"...") => (Kind::Spread, at + 3),
            b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|' | b'}' => (Kind::Sign(first), at + 1),
            _ => return Err(self.syntax(at)),
        };
        self.at = end;
        self.tokens += 1;
        if self.tokens > self.limits.tokens {
            let text = "send it in parts";
            return Err(Objection::over(
                "tokens",
                self.limits.tokens,
                format!("The document has more than {} tokens: {text}.", self.limits.tokens),
            ));
        }
        if kind == Kind::Name && end - at > self.limits.name_bytes {
            let maximum = self.limits.name_bytes;
            return Err(Objection::over("nameBytes", maximum, format!("A name is longer than {maximum} bytes: use shorter aliases.")));
        }
        self.bracket(kind, at)?;
        Ok(Some(Token { kind, text: &self.text[at..end], at }))
    }

    /// Counts brackets; those that are no pair are a fault of syntax.
    fn bracket(&mut self, kind: Kind, at: usize) -> Result<(), Objection> {
        match kind {
            Kind::Sign(open @ (b'(' | b'[' | b'{')) => {
                if self.open.len() >= self.limits.bracket_depth {
                    return Err(Objection::too_deep(self.limits.bracket_depth));
                }
                self.open.push(open);
            }
            Kind::Sign(close @ (b')' | b']' | b'}')) => {
                let open = match close {
                    b')' => b'(',
                    b']' => b'[',
                    _ => b'{',
                };
                if self.open.pop() != Some(open) {
                    return Err(self.syntax(at));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Blanks, commas, line ends, marks of byte order, comments.
    fn skip_blanks(&mut self) {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\t' | b',' | b'\n' | b'\r') => self.at += 1,
                Some(0xEF) if bytes[self.at..].starts_with("\u{feff}".as_bytes()) => self.at += 3,
                Some(b'#') => {
                    let rest = bytes[self.at..].iter().position(|b| matches!(b, b'\n' | b'\r'));
                    self.at = rest.map_or(bytes.len(), |length| self.at + length);
                }
                _ => return,
            }
        }
    }

    fn end_of_name(&self, at: usize) -> usize {
        let rest = self.text.as_bytes()[at..].iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_'));
        rest.map_or(self.text.len(), |length| at + length)
    }

    fn end_of_digits(&self, at: usize) -> usize {
        let rest = self.text.as_bytes()[at..].iter().position(|b| !b.is_ascii_digit());
        rest.map_or(self.text.len(), |length| at + length)
    }

    /// A number ends behind a leading zero, as it does for the library; what follows must not begin a name.
    fn end_of_number(&self, at: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let digits = if bytes[at] == b'-' { at + 1 } else { at };
        let mut end = match bytes.get(digits)? {
            b'0' => digits + 1,
            b'1'..=b'9' => self.end_of_digits(digits),
            _ => return None,
        };
        if bytes.get(end) == Some(&b'.') {
            let fraction = self.end_of_digits(end + 1);
            end = if fraction > end + 1 { fraction } else { return None };
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = if matches!(bytes.get(end + 1), Some(b'+' | b'-')) { end + 2 } else { end + 1 };
            let exponent = self.end_of_digits(sign);
            end = if exponent > sign { exponent } else { return None };
        }
        match bytes.get(end) {
            Some(b) if b.is_ascii_alphabetic() || *b == b'_' => None,
            _ => Some(end),
        }
    }

    fn end_of_string(&self, at: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        if bytes[at..].starts_with(b"\"\"\"") {
            let mut end = at + 3;
            loop {
                let rest = bytes.get(end..)?;
                end += rest.iter().position(|b| matches!(b, b'"' | b'\\'))?;
                match &bytes[end..] {
                    rest if rest.starts_with(b"\"\"\"") => return Some(end + 3),
                    rest if rest.starts_with(b"\\\"\"\"") => end += 4,
                    _ => end += 1,
                }
            }
        }
        let mut end = at + 1;
        loop {
            match bytes.get(end)? {
                b'"' => return Some(end + 1),
                b'\n' | b'\r' => return None,
                b'\\' => match bytes.get(end + 1)? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => end += 2,
                    b'u' => end += unicode_escape(&bytes[end..])?.1,
                    _ => return None,
                },
                _ => end += 1,
            }
        }
    }
}

/// The character that `\u…` at the beginning stands for, and the length of that: four digits, two times four for a pair of surrogates, or
/// any number of them in curly brackets (GraphQL, §2.9.4). Half of a pair is no character.
pub fn unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let rest = bytes.strip_prefix(b"\\u")?;
    if let Some(rest) = rest.strip_prefix(b"{") {
        let length = rest.iter().position(|byte| *byte == b'}')?;
        return Some((char::from_u32(hexadecimal(&rest[..length])?)?, length + 4));
    }
    let first = hexadecimal(rest.get(..4)?)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let second = hexadecimal(rest.get(4..)?.strip_prefix(b"\\u")?.get(..4)?)?;
    let is_pair = (0xD800..0xDC00).contains(&first) && (0xDC00..0xE000).contains(&second);
    let character = char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second.checked_sub(0xDC00)?))?;
    is_pair.then_some((character, 12))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    // Leading zeros are allowed without end.
    digits.iter().try_fold(0u32, |sum, digit| sum.checked_mul(16)?.checked_add(char::from(*digit).to_digit(16)?))
}
