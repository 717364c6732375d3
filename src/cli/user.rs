//! `tenure user create`: how the first administrator comes in.

use std::io::{BufRead, Read, Write};

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use tenure_core::actions::create_user::{CreateUser, CreateUserInput};
use tenure_core::engine::Attempt;
use tenure_core::id::DepartmentId;
use tenure_core::policy::Access;
use tenure_core::rejection::Failure;

use super::database::Database;
use super::problem::Problem;
use crate::config::Config;
use crate::identity::password::Passwords;

/// What to do about people.
#[derive(Subcommand, Debug)]
pub enum UserCommand {
    /// Create an active person. Stdout carries the ID and nothing else.
    Create(Create),
}

/// The person.
#[derive(Args, Debug)]
pub struct Create {
    /// Address to sign in with.
    #[arg(long)]
    email: String,
    /// Given name.
    #[arg(long)]
    first_name: String,
    /// Family name.
    #[arg(long)]
    last_name: String,
    /// Make them an administrator.
    #[arg(long)]
    administrator: bool,
    /// ID of their department (dep_…).
    #[arg(long)]
    department: Option<DepartmentId>,
    /// Read the password from stdin: arguments can be read by everybody on the machine.
    #[arg(long, required = true)]
    password_stdin: bool,
}

/// Longest password that is read, in bytes: 256 characters of UTF-8 and a line break.
const INPUT_MAX: u64 = 4 * 256 + 2;

/// Creates the person.
pub async fn run(command: UserCommand, config: &Config) -> Result<(), Problem> {
    let UserCommand::Create(person) = command;
    let password = read_password()?;
    let passwords = Passwords::new().map_err(|e| Problem::failed(e.to_string()))?;
    let hints = [person.first_name.as_str(), person.last_name.as_str(), person.email.as_str()];
    let is_strong = passwords.is_strong(password.expose_secret(), &hints).await.map_err(|e| Problem::failed(e.to_string()))?;
    if !is_strong {
        return Err(Problem::failed("PASSWORD_TOO_WEAK: expected 12 to 256 characters that are hard to guess, without name and address"));
    }
    let hash = passwords.hash(password.expose_secret()).await.map_err(|e| Problem::failed(e.to_string()))?;
    let input = CreateUserInput {
        email: person.email,
        first_name: person.first_name,
        last_name: person.last_name,
        is_administrator: person.administrator,
        department: person.department,
        password: hash,
    };
    let action = CreateUser::parse(input).map_err(Failure::from)?;
    let database = Database::connect(config).await?;
    database.migrate().await?;
    let created = database.engine(config).perform(Some(&Access::system()), &Attempt::default(), &action).await;
    database.close().await;
    let created = created?;
    writeln!(std::io::stdout(), "{}", created.user.id).map_err(|e| Problem::failed(e.to_string()))
}

/// The first line of stdin, without its line break. Nothing beyond it is waited for: somebody at a terminal ends it with Enter.
fn read_password() -> Result<SecretString, Problem> {
    let mut line = String::new();
    let read = std::io::stdin().lock().take(INPUT_MAX).read_line(&mut line);
    read.map_err(|_| Problem::failed("the password on stdin is not text in UTF-8"))?;
    Ok(SecretString::from(line.trim_end_matches(['\n', '\r'])))
}
