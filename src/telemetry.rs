//! The log: to stderr, so that stdout belongs to what commands answer.

pub mod metrics;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a server does.
    Server,
    /// What goes wrong: a command's own lines are enough.
    Command,
}

/// Starts logging: lines for people on a terminal, JSON elsewhere. Does nothing when somebody has started logging before.
pub fn start(detail: Detail) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new(match detail {
            Detail::Server => "info,sea_orm_migration=warn,sqlx=warn",
            Detail::Command => "warn",
        })
    });
    // It tells the values of parameters of a URL that it does not know: a password behind a misspelt name among them.
    let filter = match "sqlx_postgres::options=off".parse() {
        Ok(never) => filter.add_directive(never),
        Err(_) => filter,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match std::io::stderr().is_terminal() {
        true => builder.try_init(),
        false => builder.json().with_ansi(false).flatten_event(true).try_init(),
    };
}

/// An error with its causes, in one line: a log in JSON keeps no causes of its own. Causes of the storage carry no secrets: URLs with
/// passwords are kept out of them.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors repeat their cause.
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Layered {
        #[error("no bread")]
        Says(#[source] std::io::Error),
        #[error("no butter: {0}")]
        Repeats(#[source] std::io::Error),
    }

    #[test]
    fn causes_are_told_once() {
        let cause = || std::io::Error::other("no money");
        assert_eq!(chain(&Layered::Says(cause())), "no bread: no money");
        assert_eq!(chain(&Layered::Repeats(cause())), "no butter: no money");
    }
}
