//! The fields of one JSON object, taken out one by one with the type that each must have; what is left over is unknown.

use rust_decimal::Decimal;
use serde_json::{Map, Value};
use tenure_core::email::Email;
use tenure_core::steps::input::Patch;
use tenure_core::text;
use tenure_core::time::{Date, Timestamp, parse_date};

use super::line::PersonName;

/// What is wrong with a line, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Path of the field, e.g. `participants.2.role`; [`WHOLE`] for the line as such.
    pub field: String,
    /// Text for people.
    pub message: String,
}

/// Stands for the line as such where there is no field to name.
pub const WHOLE: &str = "(line)";

impl Fault {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>) -> Fault {
        Fault { field: field.into(), message: message.into() }
    }
}

/// An object on its way out of JSON.
pub(super) struct Fields<'f> {
    object: Map<String, Value>,
    path: String,
    faults: &'f mut Vec<Fault>,
}

impl<'f> Fields<'f> {
    /// The object; faults are named below `path`, which is empty or ends with a dot.
    pub(super) fn of(object: Map<String, Value>, path: &str, faults: &'f mut Vec<Fault>) -> Fields<'f> {
        Fields { object, path: path.to_owned(), faults }
    }

    pub(super) fn fault(&mut self, name: &str, message: impl Into<String>) {
        let field = format!("{}{name}", self.path);
        // One for each field: the first says what to do.
        if !self.faults.iter().any(|fault| fault.field == field) {
            self.faults.push(Fault::new(field, message));
        }
    }

    fn checked<T>(&mut self, name: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|expected| self.fault(name, expected)).ok()
    }

    /// A value of any type: left out, null, or something that `read` takes.
    fn take<T>(&mut self, name: &str, expected: &str, read: impl FnOnce(&Value) -> Option<T>) -> Patch<T> {
        match self.object.remove(name) {
            None => Patch::Keep,
            Some(Value::Null) => Patch::Clear,
            Some(value) => match read(&value) {
                Some(value) => Patch::Set(value),
                None => {
                    self.fault(name, format!("must be {expected}"));
                    Patch::Keep
                }
            },
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Patch<String> {
        self.take(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.take(name, "true or false", Value::as_bool).value().copied()
    }

    /// One of several names.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Patch<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let expected = format!("one of {}", names.join(", "));
        self.take(name, &expected, |value| choices.iter().find(|(name, _)| value.as_str() == Some(*name)).map(|(_, choice)| *choice))
    }

    /// An exact number: as a text, or a whole number of JSON. Fractions of JSON are none: they are rounded on their way.
    pub(super) fn decimal(&mut self, name: &str) -> Patch<Decimal> {
        self.take(name, "a decimal number as a text, like \"1250.00\"", |value| match value {
            Value::String(text) if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+')) => {
                Decimal::from_str_exact(text).ok()
            }
            Value::Number(number) => number.as_i64().map(Decimal::from),
            _ => None,
        })
    }

    pub(super) fn instant(&mut self, name: &str) -> Patch<Timestamp> {
        self.take(name, "an instant like \"2026-11-22T09:30:00Z\"", |value| value.as_str().and_then(Timestamp::parse_rfc3339))
    }

    pub(super) fn date(&mut self, name: &str) -> Patch<Date> {
        self.take(name, "a date like \"2026-11-22\"", |value| value.as_str().and_then(parse_date))
    }

    /// A text of one line that must be there.
    pub(super) fn line(&mut self, name: &str, max: usize) -> Option<String> {
        let before = self.faults.len();
        match self.text(name) {
            Patch::Set(value) => self.checked(name, text::line(&value, max)),
            Patch::Keep | Patch::Clear => {
                if self.faults.len() == before {
                    self.fault(name, "is missing");
                }
                None
            }
        }
    }

    /// A text of one line that may be left out.
    pub(super) fn optional_line(&mut self, name: &str, max: usize) -> Option<String> {
        let value = self.text(name).value().cloned()?;
        self.checked(name, text::line(&value, max))
    }

    /// A text of several lines that may be left out.
    pub(super) fn optional_paragraph(&mut self, name: &str, max: usize) -> Option<String> {
        let value = self.text(name).value().cloned()?;
        self.checked(name, text::paragraph(&value, max))
    }

    /// An address that must be there.
    pub(super) fn email(&mut self, name: &str) -> Option<Email> {
        let before = self.faults.len();
        let email = self.optional_email(name);
        if email.is_none() && self.faults.len() == before {
            self.fault(name, "is missing");
        }
        email
    }

    fn optional_email(&mut self, name: &str) -> Option<Email> {
        let value = self.text(name).value().cloned()?;
        self.checked(name, Email::parse(&value).ok_or_else(|| "is not a well-formed email address".to_owned()))
    }

    /// Somebody, by `…ExternalId` or `…Email`, whichever is given. The field that named them comes along.
    pub(super) fn person(&mut self, stem: &str, is_needed: bool) -> Option<(String, PersonName)> {
        let (by_key, by_email) = (format!("{stem}ExternalId"), format!("{stem}Email"));
        let before = self.faults.len();
        let key = self.optional_line(&by_key, text::EXTERNAL_ID_MAX);
        let email = self.optional_email(&by_email);
        match (key, email) {
            (Some(_), Some(_)) => {
                self.fault(&by_email, format!("give `{by_key}` or `{by_email}`, not both"));
                None
            }
            (Some(key), None) => Some((format!("{}{by_key}", self.path), PersonName::Key(key))),
            (None, Some(email)) => Some((format!("{}{by_email}", self.path), PersonName::Email(email))),
            (None, None) => {
                if is_needed && self.faults.len() == before {
                    self.fault(&by_email, format!("is missing: give `{by_key}` or `{by_email}`"));
                }
                None
            }
        }
    }

    /// A list; left out is an empty one.
    pub(super) fn list(&mut self, name: &str, max: usize) -> Patch<Vec<Value>> {
        let list = self.take(name, "a list", |value| value.as_array().cloned());
        if list.value().is_some_and(|list| list.len() > max) {
            self.fault(name, format!("must hold at most {max} values"));
            return Patch::Keep;
        }
        list
    }

    /// An object within.
    pub(super) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        self.take(name, "an object", |value| value.as_object().cloned()).value().cloned()
    }

    /// Whether a field was given and not taken yet.
    pub(super) fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// Faults of others about this object.
    pub(super) fn faults(&mut self) -> &mut Vec<Fault> {
        self.faults
    }

    /// Nothing may be left over.
    pub(super) fn finish(mut self) {
        for name in std::mem::take(&mut self.object).keys() {
            self.fault(&shown(name), "is no field of this kind");
        }
    }
}

/// A name from outside, fit to be shown: without anything that a terminal might obey, and not at any length.
pub(super) fn shown(name: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = name.chars().take(SHOWN).map(|c| if text::is_forbidden(c) { '\u{FFFD}' } else { c }).collect();
    if name.chars().count() > SHOWN {
        shown.push('…');
    }
    shown
}
