//! The same document in the words of the parser's grammar, which is older than the specification: it reads block strings wrongly (an escaped
//! `"""` keeps its backslash, short blank lines keep their blanks; GraphQL, §2.9.4), knows neither `\u{…}` nor pairs of surrogates, no
//! descriptions of operations and variables, no comment behind `on`, and no blanks within a type. Everything stays at its line and column,
//! but for what stands behind a string that had to grow.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::Objection;
use super::lexer::{Kind, Lexer, Token};
use crate::config::Limits;

/// A document that was let through, for the parser.
pub fn plain<'d>(document: &'d str, limits: &Limits) -> Result<Cow<'d, str>, Objection> {
    if !is_odd(document) {
        return Ok(Cow::Borrowed(document));
    }
    let mut lexer = Lexer::new(document, limits);
    let mut writer = Writer { document, out: String::with_capacity(document.len() + 16), blanks: String::new(), end: 0 };
    let (mut before, mut open) = (None, Vec::new());
    let mut token = lexer.next()?;
    while let Some(current) = token {
        let next = lexer.next()?;
        match current.kind {
            Kind::Sign(sign @ (b'(' | b'[' | b'{')) => open.push(sign),
            Kind::Sign(b')' | b']' | b'}') => _ = open.pop(),
            _ => {}
        }
        let is_string = current.text.starts_with('"');
        let is_glued = matches!(current.kind, Kind::Sign(b'!' | b']')) || before == Some(Kind::Sign(b'['));
        if is_string && is_description(&open, before, next) {
            writer.leave_out(current);
        } else {
            let text = if is_string { string(current.text) } else { Cow::Borrowed(current.text) };
            writer.write(current, &text, is_glued);
        }
        (before, token) = (Some(current.kind), next);
    }
    Ok(Cow::Owned(writer.out))
}

/// Whether there might be anything that the parser does not know.
fn is_odd(document: &str) -> bool {
    let is_blank = |byte: u8| matches!(byte, b' ' | b'\t' | b',' | b'\n' | b'\r');
    document.contains(['#', '\\'])
        || document.as_bytes().windows(2).any(|pair| match *pair {
            [before, b'!' | b']'] => is_blank(before),
            [b'[', behind] => is_blank(behind),
            // A block string; a description.
            [b'"', behind] => is_blank(behind) || behind == b'$' || behind == b'"' || behind.is_ascii_lowercase(),
            _ => false,
        })
}

/// A string at the top of the document, or before a variable that is defined.
fn is_description(open: &[u8], before: Option<Kind>, next: Option<Token<'_>>) -> bool {
    match open {
        [] => true,
        [b'('] => !matches!(before, Some(Kind::Sign(b':' | b'='))) && next.is_some_and(|token| token.kind == Kind::Sign(b'$')),
        _ => false,
    }
}

struct Writer<'d> {
    document: &'d str,
    out: String,
    /// What stands between the last token and the next.
    blanks: String,
    /// Where the last token ended, in bytes.
    end: usize,
}

impl Writer<'_> {
    fn write(&mut self, token: Token<'_>, text: &str, is_glued: bool) {
        self.skip_to(token.at);
        if !is_glued {
            self.out.push_str(&self.blanks);
            self.blanks.clear();
        }
        self.out.push_str(text);
        self.end = token.at + token.text.len();
        if text != token.text {
            self.make_up(token.text, text.chars().count());
        }
    }

    fn leave_out(&mut self, token: Token<'_>) {
        self.skip_to(token.at);
        self.end = token.at + token.text.len();
        self.make_up(token.text, 0);
    }

    /// Blanks and line ends as they are, everything else as blanks.
    fn skip_to(&mut self, at: usize) {
        let between = self.document.get(self.end..at).unwrap_or_default();
        self.blanks.extend(between.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { c } else { ' ' }));
    }

    /// As many lines and columns as something shorter takes less.
    fn make_up(&mut self, instead_of: &str, written: usize) {
        match instead_of.rsplit_once('\n') {
            Some((lines, last)) => {
                self.blanks.extend(std::iter::repeat_n('\n', lines.matches('\n').count() + 1));
                self.blanks.extend(std::iter::repeat_n(' ', last.chars().count()));
            }
            None => self.blanks.extend(std::iter::repeat_n(' ', instead_of.chars().count().saturating_sub(written))),
        }
    }
}

/// A string as the parser reads it.
fn string(token: &str) -> Cow<'_, str> {
    if let Some(raw) = token.strip_prefix("\"\"\"").and_then(|rest| rest.strip_suffix("\"\"\"")).filter(|_| token.len() >= 6) {
        return Cow::Owned(quoted(&block_value(&raw.replace("\\\"\"\"", "\"\"\""))));
    }
    if !token.contains("\\u") {
        return Cow::Borrowed(token);
    }
    let mut out = String::with_capacity(token.len());
    let mut rest = token;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match super::lexer::unicode_escape(rest.as_bytes()) {
            Some((character, length)) => {
                push_quoted(&mut out, character);
                rest = &rest[length..];
            }
            None => {
                let (escape, behind) = rest.split_at(rest.len().min(2));
                out.push_str(escape);
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    value.chars().for_each(|c| push_quoted(&mut out, c));
    out.push('"');
    out
}

fn push_quoted(out: &mut String, character: char) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        c if c.is_control() && (c as u32) < 0x100 => _ = write!(out, "\\u{:04x}", c as u32),
        c => out.push(c),
    }
}

/// The value of a block string: without the indentation that its lines share (the first one aside), and without blank lines around it
/// (GraphQL, §2.9.4 BlockStringValue).
fn block_value(raw: &str) -> String {
    let lines: Vec<&str> = raw.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r')).collect();
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let is_blank = |line: &&str| indent(line) == line.len();
    let common = lines.iter().skip(1).filter(|line| !is_blank(line)).map(|line| indent(line)).min().unwrap_or(0);
    let lines: Vec<&str> =
        lines.iter().enumerate().map(|(n, line)| if n == 0 { *line } else { line.get(common..).unwrap_or_default() }).collect();
    let first = lines.iter().position(|line| !is_blank(line)).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !is_blank(line)).map_or(first, |last| last + 1);
    lines[first..end].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::adapter::library::parse_query;

    fn made_plain(document: &str) -> String {
        plain(document, &Limits::default()).expect("lets through").into_owned()
    }

    #[test]
    fn block_strings_have_their_values() {
        for (raw, value) in [
            ("x\\\"\"\"y", "x\"\"\"y"),
            ("", ""),
            ("a\\b", "a\\b"),
            ("\n    Hello,\n      World!\n\n    Yours,\n      GraphQL.\n  ", "Hello,\n  World!\n\nYours,\n  GraphQL."),
            ("a\n    b\n  \n    c", "a\nb\n\nc"),
            ("a\r\n  b\r  c", "a\nb\nc"),
            ("\n \n\t\n", ""),
        ] {
            let document = format!("{{ a(x: \"\"\"{raw}\"\"\") }}");
            let text = format!("{:?}", parse_query(made_plain(&document)).expect("parses"));
            assert!(text.contains(&format!("String({value:?})")), "{document:?}: {text}");
        }
    }

    #[test]
    fn everything_else_stays_where_it_is() {
        let document = "# é\n\"Asks.\" query Q(\"\"\"The\nfirst.\"\"\" $a: [ ID! , ]! \"b\" $b : Int ! = 2) {\n  a(x: \"\"\"\n  long\n  \"\"\") ... on # here\n T { b } }";
        let out = made_plain(document);
        let parsed = parse_query(&out).unwrap_or_else(|error| panic!("{out}: {error}"));
        assert!(!out.contains("first") && out.contains("[ID!]!"), "{out}");
        assert_eq!(out.lines().count(), document.lines().count());
        let text = format!("{parsed:?}");
        // The field `b` of the last line.
        assert!(text.contains("Pos(7:6)"), "{out}\n{text}");
    }

    #[test]
    fn characters_by_number_are_written_out() {
        let out = made_plain(r#"{ a(x: "\u{1F600}\uD83D\uDE00\u00e9\u000a\\u0041\u0022") }"#);
        assert_eq!(out.split_whitespace().collect::<Vec<_>>().join(" "), r#"{ a(x: "😀😀é\n\\u0041\"" ) }"#);
    }

    #[test]
    fn what_is_plain_is_left_alone() {
        for document in ["{ a }", "query($a: [ID!]!) { a(x: [1, 2], y: \"Z\") { b } }"] {
            assert!(matches!(plain(document, &Limits::default()), Ok(Cow::Borrowed(_))), "{document}");
        }
    }
}
