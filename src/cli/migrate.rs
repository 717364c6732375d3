//! `tenure migrate up|status`.

use std::io::Write;

use clap::Subcommand;

use super::database::Database;
use super::problem::Problem;
use crate::config::Config;

/// What to do about migrations.
#[derive(Subcommand, Debug)]
pub enum Migrate {
    /// Apply what is pending.
    Up,
    /// Say what is applied and what is pending.
    Status,
}

/// Does it; one line for each migration on stdout.
pub async fn run(command: Migrate, config: &Config) -> Result<(), Problem> {
    let database = Database::connect(config).await?;
    let lines: Vec<String> = match command {
        Migrate::Up => database.migrate().await?.into_iter().map(|name| format!("applied {name}")).collect(),
        Migrate::Status => database
            .migration_status()
            .await?
            .into_iter()
            .map(|(name, is_applied)| format!("{} {name}", if is_applied { "applied" } else { "pending" }))
            .collect(),
    };
    database.close().await;
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}").map_err(|e| Problem::failed(e.to_string()))?;
    }
    Ok(())
}
