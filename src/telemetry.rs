//! The log: to stderr, so that stdout belongs to what commands answer.

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
            Detail::Server => "info,sea_orm_migration=warn",
            Detail::Command => "warn",
        })
    });
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match std::io::stderr().is_terminal() {
        true => builder.try_init(),
        false => builder.json().with_ansi(false).flatten_event(true).try_init(),
    };
}
