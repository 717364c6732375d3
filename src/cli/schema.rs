//! `tenure schema`: the schema as text.

use std::io::Write;

use super::problem::Problem;

/// Prints it. Needs no database and no keys.
pub fn run() -> Result<(), Problem> {
    write!(std::io::stdout(), "{}", crate::graphql::sdl()).map_err(|e| Problem::failed(e.to_string()))
}
