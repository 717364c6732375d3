//! A table that a person can review: fields that are answered alike to everybody share one line.

use std::fmt::Write as _;

use serde_json::Value;

use super::scene::PERSONAS;
use crate::support::answer::Answer;

/// How wide the column of the fields is.
const FIELDS_WIDTH: usize = 58;

/// One part of the picture.
pub struct Section {
    pub title: String,
    /// What the row is called, and a cell for each persona.
    pub rows: Vec<(String, Vec<String>)>,
}

impl Section {
    /// Aligned, with rows of equal cells drawn together.
    pub fn write(&self, out: &mut String) {
        let mut groups: Vec<(Vec<&str>, &Vec<String>)> = Vec::new();
        for (name, cells) in &self.rows {
            match groups.iter_mut().find(|(_, known)| *known == cells) {
                Some((names, _)) => names.push(name),
                None => groups.push((vec![name], cells)),
            }
        }
        let width = |column: usize| {
            let longest = groups.iter().map(|(_, cells)| cells[column].len()).max().unwrap_or_default();
            longest.max(PERSONAS[column].len()) + 2
        };
        let widths: Vec<usize> = (0..PERSONAS.len()).map(width).collect();
        let _ = writeln!(out, "== {}", self.title);
        write_line(out, "", PERSONAS.iter().copied(), &widths);
        for (names, cells) in groups {
            let mut lines = wrap(&names).into_iter();
            write_line(out, &lines.next().unwrap_or_default(), cells.iter().map(String::as_str), &widths);
            for line in lines {
                let _ = writeln!(out, "{line}");
            }
        }
        out.push('\n');
    }
}

fn write_line<'a>(out: &mut String, label: &str, cells: impl Iterator<Item = &'a str>, widths: &[usize]) {
    let mut line = format!("{label:<FIELDS_WIDTH$}");
    for (cell, width) in cells.zip(widths) {
        let _ = write!(line, "{cell:<width$}");
    }
    let _ = writeln!(out, "{}", line.trim_end());
}

fn wrap(names: &[&str]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (n, name) in names.iter().enumerate() {
        let text = if n + 1 < names.len() { format!("{name},") } else { (*name).to_owned() };
        let last = lines.last_mut().expect("a line");
        if last.is_empty() {
            *last = text;
        } else if last.len() + 1 + text.len() < FIELDS_WIDTH {
            let _ = write!(last, " {text}");
        } else {
            lines.push(text);
        }
    }
    lines
}

/// What an answer tells, in a word.
pub fn word(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Array(list) if list.is_empty() => "empty".to_owned(),
        Value::Array(list) => list.iter().map(word).find(|w| w == "name").unwrap_or_else(|| "value".to_owned()),
        Value::Object(fields) => match (fields.get("totalCount"), fields.get("user")) {
            (Some(count), _) if *count == 0 => "empty".to_owned(),
            (Some(count), _) => count.to_string(),
            // A byline always has a name; who it is only for who sees them.
            (None, Some(Value::Null)) => "name".to_owned(),
            (None, _) => "value".to_owned(),
        },
        Value::String(_) | Value::Number(_) => "value".to_owned(),
    }
}

/// Reasons: the first, and how many more there are.
pub fn reasons(value: &Value) -> String {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    match list {
        [] => "empty".to_owned(),
        [only] => only.as_str().unwrap_or_default().to_owned(),
        [first, more @ ..] => format!("{}+{}", first.as_str().unwrap_or_default(), more.len()),
    }
}

/// The code of the error at that very path, below `data`.
pub fn error_at(answer: &Answer, path: &[&str]) -> Option<String> {
    let errors = answer.body["errors"].as_array()?;
    let is_there = |error: &&Value| {
        let at = error["path"].as_array().into_iter().flatten();
        let at: Vec<String> = at.map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned)).collect();
        at == path
    };
    errors.iter().find(is_there).map(|error| error["extensions"]["code"].as_str().unwrap_or("?").to_owned())
}
