//! What can go wrong in a storage.

use crate::deadline::Passed;

/// Uniqueness constraints, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unique {
    /// One address, one holder (rule I3).
    Address,
    /// Identifier of any row.
    Id,
    /// Sort key of a department under its parent.
    DepartmentName,
    /// Sort key of a workgroup.
    WorkgroupName,
    /// External ID of a record within its kind.
    ExternalId,
    /// Hash of a secret: refresh token, access token, invitation, link.
    Secret,
}

impl From<Passed> for StorageError {
    fn from(_: Passed) -> StorageError {
        StorageError::TimedOut
    }
}

/// A failure of the storage. Sources are for the log, never for the client.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A value is taken.
    #[error("taken: {0:?}")]
    Taken(Unique),
    /// A race was lost (deadlock, serialization, lock timeout): the unit of work may be tried again from the start.
    #[error("conflict with another unit of work")]
    Conflict,
    /// It cannot be reached now.
    #[error("storage is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The request has taken as long as it may (see [`crate::deadline`]); nothing was asked.
    #[error("the request has taken too long")]
    TimedOut,
    /// It is there, but its schema is not complete: migrations are to be applied. Here is what it lacks.
    #[error("the schema is not complete: {0}")]
    Outdated(String),
    /// A row cannot be what it says.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// Anything else.
    #[error("storage failed")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}
