//! What a connection, and whoever waits at the other end of it, may hold on to.

use std::time::Duration;

use clap::Args;

use super::ConfigError;
use super::parse;
use super::settings::optional;

/// How many connections there are, and how long each of them may take over what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections at once, WebSockets and streams included; more wait in the system's queue.
    pub connections: usize,
    /// Longest head of a request (its first line and headers), in bytes; more is 431.
    pub head_bytes: usize,
    /// How long the head of a request may take to arrive; longer is 408.
    pub head: Duration,
    /// How long the body of a request may take to arrive; longer is 408.
    pub body: Duration,
    /// How long a connection may be idle between two requests.
    pub idle: Duration,
    /// How long the other end may take nothing of what is written to it.
    pub stall: Duration,
    /// How long requests under way may take after the end was announced.
    pub drain: Duration,
    /// Passwords that may wait to be hashed or compared, beside those under way; more are refused.
    pub passwords_waiting: usize,
}

impl Default for ConnectionLimits {
    fn default() -> ConnectionLimits {
        ConnectionLimits {
            connections: 2_048,
            head_bytes: 64 * 1024,
            head: Duration::from_secs(10),
            body: Duration::from_secs(15),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            passwords_waiting: 64,
        }
    }
}

/// The settings for them, as given.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Limits of connections (flag or environment variable)")]
pub struct ConnectionSettings {
    /// Connections at once, WebSockets and streams included; more wait [default: 2048].
    #[arg(long, global = true, env = "TENURE_LIMIT_CONNECTIONS", hide_env_values = true, value_name = "NUMBER")]
    pub limit_connections: Option<String>,

    /// Longest head of a request (first line and headers), in bytes, 8192 at least; more is answered 431 [default: 65536].
    #[arg(long, global = true, env = "TENURE_LIMIT_HEAD_BYTES", hide_env_values = true, value_name = "BYTES")]
    pub limit_head_bytes: Option<String>,

    /// Seconds that the head of a request may take to arrive; more is answered 408 [default: 10].
    #[arg(long, global = true, env = "TENURE_LIMIT_HEAD_SECONDS", hide_env_values = true, value_name = "SECONDS")]
    pub limit_head_seconds: Option<String>,

    /// Seconds that the body of a request may take to arrive; more is answered 408 [default: 15].
    #[arg(long, global = true, env = "TENURE_LIMIT_BODY_SECONDS", hide_env_values = true, value_name = "SECONDS")]
    pub limit_body_seconds: Option<String>,

    /// Seconds that a connection may be idle between two requests; then it is closed [default: 75].
    #[arg(long, global = true, env = "TENURE_LIMIT_IDLE_SECONDS", hide_env_values = true, value_name = "SECONDS")]
    pub limit_idle_seconds: Option<String>,

    /// Seconds that a client may take nothing of what is sent to it; then the connection is closed [default: 30].
    #[arg(long, global = true, env = "TENURE_LIMIT_STALL_SECONDS", hide_env_values = true, value_name = "SECONDS")]
    pub limit_stall_seconds: Option<String>,

    /// Seconds that requests under way may take after the server was asked to end [default: 10].
    #[arg(long, global = true, env = "TENURE_LIMIT_DRAIN_SECONDS", hide_env_values = true, value_name = "SECONDS")]
    pub limit_drain_seconds: Option<String>,

    /// Passwords that may wait to be hashed or compared, beside those under way; more are answered SERVICE_UNAVAILABLE [default: 64].
    #[arg(long, global = true, env = "TENURE_LIMIT_PASSWORDS_WAITING", hide_env_values = true, value_name = "NUMBER")]
    pub limit_passwords_waiting: Option<String>,
}

impl ConnectionSettings {
    pub(super) fn read(self) -> Result<ConnectionLimits, ConfigError> {
        let standard = ConnectionLimits::default();
        let number = |name: &str, given: Option<String>, standard: usize| {
            optional(name, given.as_deref(), parse::limit).map(|limit| limit.unwrap_or(standard))
        };
        let seconds = |name: &str, given: Option<String>, standard: Duration| {
            optional(name, given.as_deref(), parse::limit)
                .map(|limit| limit.map_or(standard, |seconds| Duration::from_secs(seconds as u64)))
        };
        Ok(ConnectionLimits {
            connections: number("LIMIT_CONNECTIONS", self.limit_connections, standard.connections)?,
            head_bytes: optional("LIMIT_HEAD_BYTES", self.limit_head_bytes.as_deref(), parse::head_bytes)?.unwrap_or(standard.head_bytes),
            head: seconds("LIMIT_HEAD_SECONDS", self.limit_head_seconds, standard.head)?,
            body: seconds("LIMIT_BODY_SECONDS", self.limit_body_seconds, standard.body)?,
            idle: seconds("LIMIT_IDLE_SECONDS", self.limit_idle_seconds, standard.idle)?,
            stall: seconds("LIMIT_STALL_SECONDS", self.limit_stall_seconds, standard.stall)?,
            drain: seconds("LIMIT_DRAIN_SECONDS", self.limit_drain_seconds, standard.drain)?,
            passwords_waiting: number("LIMIT_PASSWORDS_WAITING", self.limit_passwords_waiting, standard.passwords_waiting)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_read() {
        let settings = ConnectionSettings {
            limit_connections: Some("7".into()),
            limit_head_bytes: Some("8192".into()),
            limit_head_seconds: Some("1".into()),
            limit_body_seconds: Some("2".into()),
            limit_idle_seconds: Some("3".into()),
            limit_stall_seconds: Some("4".into()),
            limit_drain_seconds: Some("5".into()),
            limit_passwords_waiting: Some("6".into()),
        };
        let second = Duration::from_secs(1);
        assert_eq!(
            settings.read().expect("fine"),
            ConnectionLimits {
                connections: 7,
                head_bytes: 8192,
                head: second,
                body: 2 * second,
                idle: 3 * second,
                stall: 4 * second,
                drain: 5 * second,
                passwords_waiting: 6,
            }
        );
        assert_eq!(ConnectionSettings::default().read().expect("fine"), ConnectionLimits::default());
        for bad in ["0", "8191", "-1", "many", "99999999999"] {
            let fault = ConnectionSettings { limit_head_bytes: Some(bad.into()), ..ConnectionSettings::default() }.read().expect_err(bad);
            assert!(fault.to_string().contains("TENURE_LIMIT_HEAD_BYTES") && fault.to_string().contains("expected"), "{fault}");
        }
        for bad in ["0", "1.5", "soon"] {
            let fault = ConnectionSettings { limit_idle_seconds: Some(bad.into()), ..ConnectionSettings::default() }.read().expect_err(bad);
            assert!(fault.to_string().contains("TENURE_LIMIT_IDLE_SECONDS"), "{fault}");
        }
    }
}
