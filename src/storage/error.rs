//! What the databases say went wrong, in the words of the storage traits. What they say literally goes to the log only.

use sea_orm::{DbErr, RuntimeErr, sqlx};
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::sqlite::SqliteError;
use tenure_core::storage::{StorageError, Unique};

/// Translates an error of sea-orm.
pub(super) fn failure(error: DbErr) -> StorageError {
    let translated = match &error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => None,
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => match &**inner {
            sqlx::Error::Database(database) => match said(&**database) {
                Said::Taken(unique) => Some(StorageError::Taken(unique)),
                Said::LostRace => Some(StorageError::Conflict),
                Said::Away => None,
                Said::Lacks => Some(StorageError::Outdated(database.message().to_owned())),
                Said::Else => return other(error),
            },
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                None
            }
            _ => return other(error),
        },
        DbErr::Type(_) => Some(StorageError::Corrupt("a column holds something else than it should".into())),
        _ => return other(error),
    };
    translated.unwrap_or_else(|| unavailable(error))
}

/// It cannot be reached now.
pub(super) fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StorageError {
    StorageError::Unavailable(error.into())
}

/// Anything else.
pub(super) fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StorageError {
    StorageError::Other(error.into())
}

/// A row that cannot be what it says.
pub(super) fn corrupt(what: &str) -> StorageError {
    StorageError::Corrupt(what.to_owned())
}

enum Said {
    Taken(Unique),
    LostRace,
    Away,
    /// A table or a column is not there.
    Lacks,
    Else,
}

fn said(error: &dyn DatabaseError) -> Said {
    if error.kind() == ErrorKind::UniqueViolation {
        // PostgreSQL names the constraint, SQLite the columns.
        let unique = match error.constraint() {
            Some(constraint) => taken_constraint(constraint),
            None => taken_columns(error.message()),
        };
        return unique.map_or(Said::Else, Said::Taken);
    }
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        // The trigger that keeps events from being replaced comes before the constraint.
        if error.message().starts_with("this event is there already") {
            return Said::Taken(Unique::Id);
        }
        // The lowest byte says what kind it is: BUSY, LOCKED; IOERR, FULL, CANTOPEN.
        return match code.parse::<u32>().map(|number| number & 0xff) {
            Ok(5 | 6) => Said::LostRace,
            Ok(10 | 13 | 14) => Said::Away,
            // ERROR: anything, so its words tell.
            Ok(1) if is_lack(error.message()) => Said::Lacks,
            _ => Said::Else,
        };
    }
    match &*code {
        // Serialization failure, deadlock, lock timeout.
        "40001" | "40P01" | "55P03" => Said::LostRace,
        // Statement timeout, too many connections, idle in transaction for too long; 57P…: shutting down; 08…: connection.
        "57014" | "53300" | "25P03" => Said::Away,
        // Undefined table, undefined column.
        "42P01" | "42703" => Said::Lacks,
        code if code.starts_with("57P") || code.starts_with("08") => Said::Away,
        _ => Said::Else,
    }
}

/// How SQLite says that a table or a column is not there. Statements are texts of ours, so this is never about what a caller wrote.
fn is_lack(message: &str) -> bool {
    message.starts_with("no such table: ") || message.starts_with("no such column: ") || message.contains(" has no column named ")
}

fn taken_constraint(constraint: &str) -> Option<Unique> {
    match constraint {
        "address_key" => Some(Unique::Address),
        "department_name" => Some(Unique::DepartmentName),
        "workgroup_name" => Some(Unique::WorkgroupName),
        "record_external_id" => Some(Unique::ExternalId),
        "refresh_token_secret" | "access_token_secret" | "invitation_secret" | "link_secret" => Some(Unique::Secret),
        name if name.ends_with("_pk") => Some(Unique::Id),
        _ => None,
    }
}

/// `UNIQUE constraint failed: department.parent_key, department.sort_key`
fn taken_columns(message: &str) -> Option<Unique> {
    let (_, columns) = message.split_once(": ")?;
    Some(match columns {
        "address.key" => Unique::Address,
        "department.parent_key, department.sort_key" => Unique::DepartmentName,
        "workgroup.sort_key" => Unique::WorkgroupName,
        "record.kind, record.external_id" => Unique::ExternalId,
        "refresh_token.hash" | "access_token.hash" | "invitation.token_hash" | "link.token_hash" => Unique::Secret,
        // All others are primary keys and the identifier of events.
        _ => Unique::Id,
    })
}
