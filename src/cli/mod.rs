//! The commands: one file for each.

mod database;
mod demo;
mod generate;
mod import;
mod keys;
mod migrate;
mod problem;
mod progress;
mod schema;
mod serve;
mod token;
mod user;

use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{Config, OnCommandLine, Purpose, Settings, check_environment};
use crate::telemetry::Detail;
use problem::Problem;

/// A GraphQL API server for what happens to people at work: who works here, who has left, and who answers for what they left behind.
#[derive(Parser, Debug)]
#[command(name = "tenure", version, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Action,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Apply pending migrations and serve HTTP.
    Serve(serve::Serve),
    /// Serve a throw-away demo company on loopback, from a database file in the current directory.
    Demo,
    /// Apply migrations, or say which are pending.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// People.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Access tokens of integrations.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Import people, departments, workgroups and records from a file, one JSON object a line.
    Import(import::Import),
    /// Fill an empty database with a company of any size, for demos and benchmarks; the same seed gives the same company.
    Generate(generate::Generate),
    /// The keys that session tokens are signed with.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Print the schema.
    Schema,
}

impl Action {
    fn purpose(&self) -> Purpose {
        match self {
            Action::Serve(_) => Purpose::Serve,
            Action::Demo => Purpose::Demo,
            Action::Migrate(_)
            | Action::User(_)
            | Action::Token(_)
            | Action::Import(_)
            | Action::Generate(_)
            | Action::Keys(_)
            | Action::Schema => Purpose::Tool,
        }
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let command = Cli::command();
    let matches = match command.clone().try_get_matches() {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => match check_environment(&command, std::env::vars_os()) {
            Ok(()) => error.exit(),
            Err(fault) => return Problem::from(fault).report(),
        },
    };
    match run(&command, &matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => problem.report(),
    }
}

fn run(command: &Command, matches: &ArgMatches) -> Result<(), Problem> {
    check_environment(command, std::env::vars_os())?;
    let cli = Cli::from_arg_matches(matches).map_err(|error| error.exit()).unwrap_or_else(|never: std::convert::Infallible| match never {});
    let is_flag = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
    let on_command_line = OnCommandLine { database_url: is_flag("database_url"), mail: is_flag("mail") };
    let config = cli.settings.into_config(cli.command.purpose(), on_command_line)?;
    crate::telemetry::start(match cli.command {
        Action::Serve(_) => Detail::Server,
        Action::Demo
        | Action::Migrate(_)
        | Action::User(_)
        | Action::Token(_)
        | Action::Import(_)
        | Action::Generate(_)
        | Action::Keys(_)
        | Action::Schema => Detail::Command,
    });
    let runtime = tokio::runtime::Runtime::new().map_err(|e| Problem::failed(format!("no runtime: {e}")))?;
    let result = runtime.block_on(perform(cli.command, config));
    // Hashing that nobody waits for any more must not hold up the end.
    runtime.shutdown_background();
    result
}

async fn perform(action: Action, config: Config) -> Result<(), Problem> {
    match action {
        Action::Serve(command) => serve::run(command, config).await,
        Action::Demo => demo::run(config).await,
        Action::Migrate(command) => migrate::run(command, &config).await,
        Action::User(command) => user::run(command, &config).await,
        Action::Token(command) => token::run(command, &config).await,
        Action::Import(command) => import::run(command, &config).await,
        Action::Generate(command) => generate::run(command, &config).await,
        Action::Keys(command) => keys::run(command, &config),
        Action::Schema => schema::run(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_is_documented_with_its_variable_and_default() {
        for path in [vec![], vec!["serve"]] {
            let mut command = Cli::command();
            command.build();
            let command = path.iter().fold(command, |c, name| c.find_subcommand(name).expect("there").clone());
            let help = command.clone().render_long_help().to_string();
            let settings: Vec<_> = command.get_arguments().filter(|a| a.get_env().is_some()).collect();
            assert_eq!(settings.len(), 50, "{path:?}");
            for setting in settings {
                let variable = setting.get_env().expect("has one").to_string_lossy().into_owned();
                assert!(variable.starts_with("TENURE_") && help.contains(&format!("[env: {variable}]")), "{variable}");
                assert!(setting.get_help().expect("documented").to_string().contains("[default: "), "{variable}");
            }
        }
    }
}
