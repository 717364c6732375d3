//! `tenure serve`.

use clap::{Args, ValueEnum};

use super::database::Database;
use super::problem::Problem;
use crate::config::Config;

/// How `serve` begins.
#[derive(Args, Debug)]
pub struct Serve {
    /// Whether pending migrations are applied first.
    #[arg(long, value_enum, default_value = "auto")]
    migrate: Migrate,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
enum Migrate {
    /// They are; nodes that start at once take turns.
    Auto,
    /// They are not; the server is not ready until somebody else has applied them.
    Off,
}

/// Serves until the process is asked to end.
pub async fn run(command: Serve, config: Config) -> Result<(), Problem> {
    let database = Database::connect(&config).await?;
    match command.migrate {
        Migrate::Auto => drop(database.migrate().await?),
        Migrate::Off => {}
    }
    database.tell_metrics();
    crate::serve(config, database.storage()).await?;
    database.close().await;
    Ok(())
}
