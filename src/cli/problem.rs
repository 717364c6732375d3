//! Why a command failed: one line, and the exit status.

use std::process::ExitCode;

use tenure_core::rejection::Failure;
use tenure_core::storage::StorageError;

use crate::config::ConfigError;
use crate::http::ServeError;
use crate::identity::IdentityError;
use crate::telemetry::chain;

/// Why a command failed.
#[derive(Debug)]
pub struct Problem {
    text: String,
    status: u8,
}

impl Problem {
    /// Something is set up or asked for wrongly: exit status 2.
    pub fn usage(text: impl Into<String>) -> Problem {
        Problem { text: text.into(), status: 2 }
    }

    /// Something could not be done: exit status 1.
    pub fn failed(text: impl Into<String>) -> Problem {
        Problem { text: text.into(), status: 1 }
    }

    /// Writes the line and gives the status.
    pub fn report(self) -> ExitCode {
        eprintln!("tenure: {}", self.text.replace(['\n', '\r'], " "));
        ExitCode::from(self.status)
    }
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Problem {
        Problem::usage(error.to_string())
    }
}

impl From<ServeError> for Problem {
    fn from(error: ServeError) -> Problem {
        match error {
            ServeError::Listen { .. }
            | ServeError::ListenMetrics { .. }
            | ServeError::Mail(_)
            | ServeError::Identity(IdentityError::Keys(_)) => Problem::usage(error.to_string()),
            ServeError::Identity(_) | ServeError::Io(_) => Problem::failed(error.to_string()),
        }
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Problem {
        Problem::failed(error.to_string())
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Problem {
        Problem::failed(chain(&error))
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        match failure {
            Failure::Refused(refusal) => {
                let reasons: Vec<String> = refusal.rejections.iter().map(|r| format!("{}: {}", r.code.name(), r.message)).collect();
                Problem::failed(reasons.join("; "))
            }
            Failure::Storage(error) => error.into(),
            other => Problem::failed(other.to_string()),
        }
    }
}
