//! The pass in front of the parser: reads a document once, from left to right, without recursion, and refuses what would cost the parser,
//! the validation or the execution more than it may. Time and memory are linear in the length of the document, whatever it says.
//!
//! It knows no schema and no library. What it lets through has brackets, selections and expanded fragments within bounds, so that whatever
//! comes behind it may recurse. Introspection counts towards tokens, brackets and definitions only; expanded, it has its own account of the
//! same size, and at most three of its lists lie within one another.

mod lexer;
mod plain;
mod shape;
#[cfg(test)]
mod tests;
mod weight;

use crate::config::Limits;

pub use plain::plain;

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// It cannot be read; the parser would say the same.
    Syntax(Position),
    /// A field of an input object stands there twice (GraphQL, §5.6.3). Of the two the parser would keep one, and say nothing.
    Twice {
        /// Its name.
        field: String,
        /// Where it stands for the second time.
        at: Position,
    },
    /// It is over a limit.
    Over {
        /// Which, as it stands in `extensions`.
        limit: &'static str,
        /// What it allows.
        maximum: usize,
        /// What to do about it.
        message: String,
    },
}

/// A place in a document, both from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

impl Position {
    fn of(text: &str, at: usize) -> Position {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

impl Objection {
    fn over(limit: &'static str, maximum: usize, message: String) -> Objection {
        Objection::Over { limit, maximum, message }
    }

    fn too_deep(maximum: usize) -> Objection {
        let message = format!("Brackets or selections are nested deeper than {maximum} levels: ask for less at once, or use variables.");
        Objection::over("bracketDepth", maximum, message)
    }
}

/// Looks at a document before anybody else does.
pub fn check(document: &str, limits: &Limits) -> Result<(), Objection> {
    if document.len() > limits.document_bytes {
        let maximum = limits.document_bytes;
        let message = format!("The document is longer than {maximum} bytes: move values into variables, or send it in parts.");
        return Err(Objection::over("documentBytes", maximum, message));
    }
    let shape = shape::read(document, limits)?;
    weight::check(&shape, limits)
}
