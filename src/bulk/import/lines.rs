//! The lines of a file, one after the other, none longer than it may be: what is too long is passed over and never held.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Longest line, in bytes, without its end. What is longer is reported and not read.
pub const LINE_MAX: usize = 1024 * 1024;

/// A line, as far as it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw<'a> {
    /// Without its end.
    Text(&'a str),
    /// Not UTF-8.
    NotText,
    /// Longer than [`LINE_MAX`].
    TooLong,
}

/// Reads a file line by line.
pub(super) struct Lines {
    input: BufReader<File>,
    line: Vec<u8>,
    number: u64,
    bytes: u64,
    digest: Sha256,
}

impl Lines {
    /// From the beginning of the file.
    pub(super) fn of(path: &Path) -> io::Result<Lines> {
        let input = BufReader::with_capacity(256 * 1024, File::open(path)?);
        Ok(Lines { input, line: Vec::new(), number: 0, bytes: 0, digest: Sha256::new() })
    }

    /// How many bytes were read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What tells this content from any other, once it was read to its end.
    pub(super) fn fingerprint(self) -> [u8; 32] {
        self.digest.finalize().into()
    }

    /// The next line that is not blank, with its number from 1; None at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Raw<'_>)>> {
        loop {
            self.line.clear();
            let mut is_too_long = false;
            let mut is_open = false;
            loop {
                let part = self.input.fill_buf()?;
                if part.is_empty() {
                    break;
                }
                is_open = true;
                let end = part.iter().position(|byte| *byte == b'\n');
                let taken = end.map_or(part.len(), |end| end + 1);
                self.digest.update(&part[..taken]);
                is_too_long = is_too_long || self.line.len() + end.unwrap_or(taken) > LINE_MAX;
                if !is_too_long {
                    self.line.extend_from_slice(&part[..end.unwrap_or(taken)]);
                }
                self.input.consume(taken);
                self.bytes += taken as u64;
                if end.is_some() {
                    break;
                }
            }
            if !is_open {
                return Ok(None);
            }
            self.number += 1;
            if self.number == 1 && self.line.starts_with(b"\xEF\xBB\xBF") {
                self.line.drain(..3);
            }
            if is_too_long {
                return Ok(Some((self.number, Raw::TooLong)));
            }
            if self.line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
                continue;
            }
            let raw = std::str::from_utf8(&self.line).map_or(Raw::NotText, Raw::Text);
            return Ok(Some((self.number, raw)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_are_numbered_and_long_ones_passed_over() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let long = vec![b'x'; LINE_MAX + 1];
        let most = vec![b'y'; LINE_MAX];
        for part in [b"\xEF\xBB\xBFone\r\n\n  \n\xFF\n", &long[..], b"\n", &most[..], b"\nlast"] {
            file.write_all(part).unwrap();
        }
        let mut lines = Lines::of(file.path()).unwrap();
        assert_eq!(lines.next().unwrap(), Some((1, Raw::Text("one\r"))));
        assert_eq!(lines.next().unwrap(), Some((4, Raw::NotText)));
        assert_eq!(lines.next().unwrap(), Some((5, Raw::TooLong)));
        assert!(lines.line.capacity() <= 2 * LINE_MAX, "what is too long is not held");
        assert!(matches!(lines.next().unwrap(), Some((6, Raw::Text(text))) if text.len() == LINE_MAX));
        assert_eq!(lines.next().unwrap(), Some((7, Raw::Text("last"))));
        assert_eq!(lines.next().unwrap(), None);
        assert_eq!(lines.bytes(), std::fs::metadata(file.path()).unwrap().len());
    }
}
