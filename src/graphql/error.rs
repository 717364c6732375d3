//! Request errors: the one type that resolvers fail with. It has no `Display`, so nothing becomes one by accident of a `?`.

use std::sync::Arc;

use async_graphql::{Error, ErrorExtensionValues, Value};
use tenure_core::permission::Permission;
use tenure_core::rejection::Failure;
use tenure_core::storage::StorageError;

use crate::identity::IdentityError;
use crate::identity::password::HashingError;

/// Why a field has no answer. What the client is told is decided in `From<Fault> for Error`; causes go to the log only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An argument cannot be what was given.
    BadInput {
        /// Name of the argument, with dots and indexes below it, e.g. `filter.departmentIds.2`.
        argument: String,
        /// What is wrong, as a sentence.
        message: String,
    },
    /// Nobody is signed in.
    Unauthenticated,
    /// One of these permissions is needed; none: it is not open to access tokens (rule S4).
    Forbidden(Arc<[Permission]>),
    /// The storage cannot be reached now.
    Unavailable,
    /// The operation has taken as long as it may.
    TimedOut,
    /// Anything unexpected; it is in the log.
    Internal,
}

/// What resolvers return.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    /// About one argument.
    pub fn input(argument: impl Into<String>, message: impl Into<String>) -> Fault {
        Fault::BadInput { argument: argument.into(), message: message.into() }
    }

    /// A bug: `cause` goes to the log.
    pub fn internal(cause: &str) -> Fault {
        tracing::error!(error.cause = cause, "a resolver failed");
        Fault::Internal
    }

    /// Its code in `extensions`.
    pub fn code(&self) -> &'static str {
        match self {
            Fault::BadInput { .. } => "BAD_USER_INPUT",
            Fault::Unauthenticated => "UNAUTHENTICATED",
            Fault::Forbidden(_) => "FORBIDDEN",
            Fault::Unavailable => "SERVICE_UNAVAILABLE",
            Fault::TimedOut => "TIMEOUT",
            Fault::Internal => "INTERNAL_SERVER_ERROR",
        }
    }
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Fault {
        let cause = chain(&error);
        match error {
            // A race that was lost again and again: the caller may try later.
            StorageError::Unavailable(_) | StorageError::Conflict => {
                tracing::warn!(error.cause = cause, "the storage is unavailable");
                Fault::Unavailable
            }
            // Until somebody applies what is pending: nobody would be served better by hearing of a fault of ours.
            StorageError::Outdated(_) => {
                tracing::error!(error.cause = cause, "migrations are pending: `tenure migrate up` applies them");
                Fault::Unavailable
            }
            StorageError::TimedOut => Fault::TimedOut,
            StorageError::Taken(_) | StorageError::Corrupt(_) | StorageError::Other(_) => {
                tracing::error!(error.cause = cause, "the storage failed");
                Fault::Internal
            }
        }
    }
}

impl From<IdentityError> for Fault {
    fn from(error: IdentityError) -> Fault {
        match error {
            IdentityError::Hashing(HashingError::Busy) => {
                tracing::warn!("too many passwords wait to be hashed: one was refused");
                Fault::Unavailable
            }
            other => Fault::internal(&other.to_string()),
        }
    }
}

/// A failure of an action that is no refusal; a refusal becomes `userErrors` before (`mutation::payload`).
impl From<Failure> for Fault {
    fn from(failure: Failure) -> Fault {
        match failure {
            Failure::Unauthenticated => Fault::Unauthenticated,
            Failure::Forbidden(any_of) => Fault::Forbidden(any_of.into()),
            Failure::Storage(error) => error.into(),
            Failure::Internal(cause) => Fault::internal(&cause),
            Failure::Refused(refusal) => Fault::internal(&format!("a refusal was not answered as user errors: {refusal:?}")),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", fault.code());
        let message = match fault {
            Fault::BadInput { argument, message } => {
                let message = format!("`{argument}`: {message}");
                extensions.set("argument", argument);
                message
            }
            Fault::Unauthenticated => "Sign in first.".to_owned(),
            Fault::Forbidden(any_of) => {
                let names: Vec<&str> = any_of.iter().map(|p| p.name()).collect();
                extensions.set("requiredPermissions", Value::List(names.iter().map(|n| Value::from(*n)).collect()));
                match names.as_slice() {
                    [] => "This is personal: it needs a session, an access token will not do.".to_owned(),
                    [one] => format!("This needs the permission {one}."),
                    many => format!("This needs one of the permissions {}.", many.join(", ")),
                }
            }
            Fault::Unavailable => "The service is unavailable for the moment; retry later.".to_owned(),
            Fault::TimedOut => {
                "The operation took too long, and this part of it was given up: ask for less at once, or try again.".to_owned()
            }
            Fault::Internal => "An unexpected error occurred.".to_owned(),
        };
        let mut error = Error::new(message);
        error.extensions = Some(extensions);
        error
    }
}

/// An error with its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
