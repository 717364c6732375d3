//! `tenure generate`: a company of any size, for demos and benchmarks.

use std::io::Write;

use clap::Args;

use super::database::Database;
use super::problem::Problem;
use super::progress::Shown;
use crate::bulk::generate::{self, GenerateError, Order, PEOPLE_MAX, RECORDS_MAX};
use crate::config::Config;

/// How large a company, and which one.
#[derive(Args, Debug)]
pub struct Generate {
    /// People, 1 to 1000000: employees, a tenth of them leavers, and external people.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(PEOPLE_MAX)))]
    people: u32,
    /// Records, 0 to 100000000: the sum over all nine kinds.
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(0..=i64::from(RECORDS_MAX)))]
    records: u32,
    /// Which of the companies of that size: the same seed gives the same one, identifiers included.
    #[arg(long, value_name = "S")]
    seed: u64,
}

/// Fills the database; one line on stdout says with what.
pub async fn run(command: Generate, config: &Config) -> Result<(), Problem> {
    let Generate { people, records, seed } = command;
    let database = Database::connect_for_bulk(config).await?;
    database.migrate().await?;
    let mut progress = Shown::new();
    let filled = generate::fill(&*database.storage(), Order { people, records, seed }, &mut progress).await;
    progress.end();
    database.close().await;
    let written = filled.map_err(|error| match error {
        GenerateError::NotEmpty => Problem::failed(error.to_string()),
        GenerateError::Storage(error) => error.into(),
    })?;
    writeln!(
        std::io::stdout(),
        "generated {} departments, {} workgroups, {} people ({} leavers), {} records, {} ownership changes, {} meetings, {} posts, {} messages, {} events",
        written.departments,
        written.workgroups,
        written.people,
        written.leavers,
        written.records,
        written.ownership_changes,
        written.meetings,
        written.posts,
        written.messages,
        written.events
    )
    .map_err(|e| Problem::failed(e.to_string()))
}
