//! `tenure keys rotate`: a new signing key, beside running servers.

use std::io::Write;

use clap::Subcommand;
use tenure_core::clock::SystemClock;

use super::problem::Problem;
use crate::config::Config;
use crate::identity::keys::rotate;

/// What to do about signing keys.
#[derive(Subcommand, Debug)]
pub enum KeysCommand {
    /// Make a new signing key in the key file. Servers sign with it within a second; the former key is accepted until its tokens have
    /// expired, ten minutes. Stdout carries the name of the new key and nothing else.
    Rotate,
}

/// Does it.
pub fn run(command: KeysCommand, config: &Config) -> Result<(), Problem> {
    match command {
        KeysCommand::Rotate => {
            let kid = rotate(&config.key_file, &SystemClock).map_err(|e| Problem::failed(format!("TENURE_KEY_FILE (--key-file): {e}")))?;
            writeln!(std::io::stdout(), "{kid}").map_err(|e| Problem::failed(e.to_string()))
        }
    }
}
