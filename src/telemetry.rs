//! The log: to stderr, so that stdout belongs to what commands answer.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging: lines for people on a terminal, JSON elsewhere. `RUST_LOG` says what is logged, `info` without it. Does nothing when
/// somebody has started logging before.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match std::io::stderr().is_terminal() {
        true => builder.try_init(),
        false => builder.json().with_ansi(false).flatten_event(true).try_init(),
    };
}
