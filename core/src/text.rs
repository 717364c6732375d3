//! Texts from outside: lengths, forbidden characters, the key that lists are ordered by, and the words that free text is found by.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest given or family name, in characters.
pub const NAME_MAX: usize = 100;
/// Longest job title, department or workgroup name, token name, in characters.
pub const LABEL_MAX: usize = 100;
/// Longest title of a record, in characters.
pub const TITLE_MAX: usize = 500;
/// Longest title of a meeting, in characters.
pub const MEETING_TITLE_MAX: usize = 255;
/// Longest text of a message or post, in characters.
pub const TEXT_MAX: usize = 10_000;
/// Longest short detail of a record (stage, source, industry, telephone number, media type), in characters.
pub const DETAIL_MAX: usize = 200;
/// Longest external ID, in characters.
pub const EXTERNAL_ID_MAX: usize = 255;
/// Longest URL, in characters.
pub const URL_MAX: usize = 2_000;
/// Longest reason of a dismissal, in characters.
pub const REASON_MAX: usize = 200;
/// Longest note, in characters.
pub const NOTE_MAX: usize = 2_000;
/// Longest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_MAX: usize = 255;
/// Longest free text to search for, in characters.
pub const QUERY_MAX: usize = 200;

/// Control characters and those that override the direction of text: never part of a name or title.
pub fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}')
}

/// Characters that leave nothing to be seen: a text of them alone is empty.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{00AD}' | '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}')
}

/// Whether two texts are the same to who reads them: an accent may be a character of its own.
pub fn reads_the_same(one: &str, other: &str) -> bool {
    one.trim().nfc().eq(other.trim().nfc())
}

/// A text of one line: trimmed, 1 to `max` characters, none forbidden. The error says what was expected.
pub fn line(text: &str, max: usize) -> Result<String, String> {
    let trimmed = text.trim();
    if trimmed.chars().any(is_forbidden) {
        return Err("must not contain control characters or characters that override the direction of text".into());
    }
    if trimmed.chars().all(is_invisible) {
        return Err("must not be empty".into());
    }
    match trimmed.chars().count() {
        n if n > max => Err(format!("must be at most {max} characters long, not {n}")),
        _ => Ok(trimmed.to_owned()),
    }
}

/// A text of several lines: like [`line()`], but line breaks and tabs are allowed.
pub fn paragraph(text: &str, max: usize) -> Result<String, String> {
    let trimmed = text.trim();
    if trimmed.chars().any(|c| is_forbidden(c) && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("must not contain control characters or characters that override the direction of text".into());
    }
    match trimmed.chars().count() {
        0 => Err("must not be empty".into()),
        n if n > max => Err(format!("must be at most {max} characters long, not {n}")),
        _ => Ok(trimmed.to_owned()),
    }
}

/// Case and accents folded away: `Élodie ÅS` becomes `elodie as`.
pub fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).nfc().collect()
}

/// Case folded away in full (Unicode's `C + F`) from a text that [`fold`] made: what has the same capitals is the same, so `straße` becomes
/// `strasse`, and a final sigma any other. A dotless i is a letter of its own, although its capital is an I.
fn case_fold(folded: &str) -> String {
    let mut text = String::with_capacity(folded.len());
    for c in folded.chars() {
        match c {
            'ı' => text.push(c),
            c => text.extend(c.to_uppercase().flat_map(char::to_lowercase)),
        }
    }
    text
}

/// Longest sort key, in bytes; what differs only behind it is ordered by ID.
pub const SORT_KEY_MAX: usize = 240;

/// What names and titles are ordered by, compared as bytes: the same on every storage (rule V8).
pub fn sort_key(text: &str) -> String {
    cut(fold(text), SORT_KEY_MAX)
}

/// Longest word that is told apart, in bytes.
const WORD_MAX: usize = 64;

/// The distinct words of a text, folded, in ascending order: letters and digits are kept together, everything else parts them.
pub fn words(text: &str) -> Vec<String> {
    let folded = case_fold(&fold(text));
    let mut words: Vec<String> =
        folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(|w| cut(w.to_owned(), WORD_MAX)).collect();
    words.sort();
    words.dedup();
    words
}

/// The first text, as bytes, that is greater than everything that begins with `prefix`: the end of the range of a prefix search.
pub fn prefix_end(prefix: &str) -> String {
    // U+10FFFF is greater than every character that a word can hold.
    format!("{prefix}\u{10FFFF}")
}

/// One or two capitals for a fallback picture.
pub fn initials(display_name: &str) -> String {
    let mut parts = display_name.split_whitespace().filter_map(|w| w.chars().find(|c| c.is_alphanumeric()));
    let first = parts.next();
    let last = parts.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        let mut end = max;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_distinct() {
        assert_eq!(words("Élodie's O'Neil-Ström, élodie 2026"), ["2026", "elodie", "neil", "o", "s", "strom"]);
        for spelling in ["Große Straße", "GROSSE STRASSE", "GROẞE STRAẞE", "grosse strasse"] {
            assert_eq!(words(spelling), ["grosse", "strasse"]);
        }
        assert_eq!(words("ΣΟΦΟΣ"), words("σοφός"));
        assert_eq!(words("Işık ılık"), ["isık", "ılık"]);
        assert_eq!(sort_key("Straße"), "straße", "the order of names is left alone");
        assert_eq!(initials("Ann Marie Lee"), "AL");
        assert_eq!(sort_key("Ärger"), "arger");
    }

    #[test]
    fn control_characters_are_refused() {
        assert!(line("a\u{202e}b", 10).is_err());
        assert!(line("a\nb", 10).is_err());
        assert!(paragraph("a\nb", 10).is_ok());
        assert!(line("  ", 10).is_err());
        assert!(line("\u{200b}\u{2060}", 10).is_err());
        assert!(line("\u{0e01}\u{200b}\u{0e02}", 10).is_ok());
        assert!(reads_the_same("Jose\u{301} ", "Jos\u{e9}") && !reads_the_same("Jose", "Jos\u{e9}"));
        assert!(line("elevenchars", 10).is_err());
    }
}
