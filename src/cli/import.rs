//! `tenure import`: people, departments, workgroups and records from a file.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use tenure_core::clock::SystemClock;

use super::database::Database;
use super::problem::Problem;
use super::progress::Shown;
use crate::bulk::Progress;
use crate::bulk::import::{self, BadLines, EXAMPLE, Fault, ImportError, Imported, Listener, Options};
use crate::config::Config;
use crate::telemetry::chain;

/// What is imported.
#[derive(Args, Debug)]
#[command(after_long_help = format!("{FORMAT}\n{EXAMPLE}"))]
pub struct Import {
    /// The file: one JSON object a line, in UTF-8. It is read several times, so it must be a regular file.
    #[arg(value_name = "FILE.ndjson")]
    file: PathBuf,
    /// Import the good lines of a file that has bad ones; lines that refer to bad ones are bad. Without it such a file changes nothing.
    #[arg(long)]
    skip_bad_lines: bool,
}

const FORMAT: &str = "\
Each line has a kind and an externalId. A line whose kind and externalId are in the database already is left alone: importing a file
again changes nothing. Lines refer to one another by external ID, to people also by address (…Email instead of …ExternalId), in any
order, and to what was imported before. People are ACTIVE and choose their first password with `requestPasswordReset`, or DISMISSED; no
mails are sent. Bad lines are reported on stderr with line number and field, the summary goes to stdout. Exit status: 0 when all lines
were good, 1 when some were bad or the import failed, 2 for wrong usage. docs/import.md says more. An example of every kind:
";

/// Imports the file; one line on stdout says what came of it.
pub async fn run(command: Import, config: &Config) -> Result<(), Problem> {
    let readable = std::fs::File::open(&command.file).and_then(|file| file.metadata());
    match readable {
        Err(error) => return Err(Problem::usage(format!("{}: {error}", command.file.display()))),
        Ok(metadata) if !metadata.is_file() => {
            return Err(Problem::usage(format!("{}: {}", command.file.display(), ImportError::NotAFile)));
        }
        Ok(_) => {}
    }
    let database = Database::connect_for_bulk(config).await?;
    database.migrate().await?;
    let bad_lines = if command.skip_bad_lines { BadLines::Skip } else { BadLines::Refuse };
    let options = Options { bad_lines, seat_limit: config.seat_limit };
    let mut told = Told { shown: Shown::new() };
    let ended = import::run(&*database.storage(), &SystemClock, &command.file, options, &mut told).await;
    told.shown.end();
    database.close().await;
    let imported = ended.map_err(|error| match error {
        ImportError::Storage(error) => error.into(),
        error => Problem::failed(format!("{}: {}", command.file.display(), chain(&error))),
    })?;
    say(&imported).map_err(|e| Problem::failed(e.to_string()))?;
    match (imported.bad, bad_lines) {
        (0, _) => Ok(()),
        (bad, BadLines::Refuse) => Err(Problem::failed(format!("{bad} of {} lines are bad: nothing was imported", imported.lines))),
        (bad, BadLines::Skip) => Err(Problem::failed(format!("{bad} of {} lines are bad and were skipped", imported.lines))),
    }
}

fn say(imported: &Imported) -> std::io::Result<()> {
    let Imported { lines, departments, workgroups, people, records, present, differing, bad } = imported;
    writeln!(
        std::io::stdout(),
        "lines {lines}; created {departments} departments, {workgroups} workgroups, {people} people, {records} records; left alone {present} \
         ({differing} differ); bad {bad}"
    )
}

/// Tells it on stderr.
struct Told {
    shown: Shown,
}

impl Progress for Told {
    fn begin(&mut self, what: &'static str, total: u64) {
        self.shown.begin(what, total);
    }

    fn advance(&mut self, parts: u64) {
        self.shown.advance(parts);
    }
}

impl Listener for Told {
    fn bad(&mut self, line: u64, fault: &Fault) {
        self.shown.end();
        eprintln!("line {line}: {}: {}", fault.field, fault.message);
    }

    fn differs(&mut self, line: u64, fields: &[&str]) {
        self.shown.end();
        eprintln!("line {line}: left alone: the database says something else of {}", fields.join(", "));
    }
}
