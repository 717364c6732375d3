//! The pluggable part: what a storage must be able to do, and promises.
//!
//! Implement the traits, run `tenure_core::storage_conformance!`, hand the storage to the server. The promises, each of which has cases
//! in the suite (`conformance`):
//!
//! 1. **Atomic**: what a transaction wrote is seen by others after `commit` and not before; dropping it undoes everything.
//! 2. **Unique by name**: a write that breaks a uniqueness says which, as [`Unique`]; nobody has to look before writing.
//! 3. **Locks**: `settings_lock`, `users_lock`, `workgroups_lock`, `reassignments_lock`, `conversations_hold` and the `records_lock_…`
//!    methods return rows as they stand *now* and
//!    hold them until the end of the transaction; locks are taken in ascending order of ID. [`LockMode::Shared`] locks of two
//!    transactions coexist. Who would wait too long, or in a circle, gets [`StorageError::Conflict`].
//! 4. **Scopes**: a row outside the scope takes no place on a page and in no count, in either direction.
//! 5. **Keyset pages**: a list with ties and with rows coming and going between pages shows each row that was there all the time once.
//! 6. **Set-based**: a method that takes many rows costs a bounded number of statements, however many they are.
//! 7. **Text is bytes**: sort keys and words are compared as bytes; no collation is involved.
//! 8. **History**: events get sequence numbers without gaps in the order of commits.
//! 9. **Outbox**: of all who claim mails at once, one gets each, until the claim ends.
//!
//! Order of locks everywhere: settings → users ascending → workgroups → tokens → reassignments → records ascending →
//! conversations ascending → events.

mod credentials;
mod error;
mod history;
mod imports;
mod outbox;
mod people;
mod records;
mod structure;
mod work;

use async_trait::async_trait;

pub use credentials::{CredentialRead, CredentialWrite};
pub use error::{StorageError, Unique};
pub use history::{HistoryRead, HistoryWrite, IdempotencyKey, IdempotencyState};
pub use imports::{ImportRead, ImportWrite};
pub use outbox::{ClaimedMail, NewMail, OutboxRead, OutboxWrite};
pub use people::{LockMode, PeopleRead, PeopleWrite};
pub use records::{RecordLine, RecordRead, RecordWrite};
pub use structure::{StructureRead, StructureWrite};
pub use work::{WorkRead, WorkWrite};

/// Shorthand for what every method returns.
pub type Result<T, E = StorageError> = std::result::Result<T, E>;

/// Everything that can be read: outside a transaction as of the last commit, inside one with what it wrote itself.
pub trait Read: PeopleRead + StructureRead + RecordRead + CredentialRead + WorkRead + HistoryRead + OutboxRead + ImportRead {}
impl<T: PeopleRead + StructureRead + RecordRead + CredentialRead + WorkRead + HistoryRead + OutboxRead + ImportRead + ?Sized> Read for T {}

/// Everything that can be written: in a transaction only.
pub trait Write:
    PeopleWrite + StructureWrite + RecordWrite + CredentialWrite + WorkWrite + HistoryWrite + OutboxWrite + ImportWrite
{
}
impl<T: PeopleWrite + StructureWrite + RecordWrite + CredentialWrite + WorkWrite + HistoryWrite + OutboxWrite + ImportWrite + ?Sized> Write
    for T
{
}

/// A storage.
#[async_trait]
pub trait Storage: Read + 'static {
    /// Begins a unit of work. Dropping it undoes everything.
    async fn begin(&self) -> Result<Box<dyn Transaction>>;

    /// Whether it can be reached and its schema is complete.
    async fn ping(&self) -> Result<()>;

    /// Somebody who hears of events as they are committed. A storage without such a thing hears of nothing: whoever waits for events looks
    /// for them now and then besides.
    async fn events_listener(&self) -> Result<Box<dyn EventListener>> {
        Ok(Box::new(Deaf))
    }
}

/// Hears that events were committed, here or by another server.
#[async_trait]
pub trait EventListener: Send {
    /// Waits until something may have been committed since the last call, or since this was made. May speak up for nothing, and may miss
    /// something: it is there to be quick, and nobody relies on it. After an error it is of no use any more.
    async fn heard(&mut self) -> Result<()>;
}

/// Hears of nothing.
#[derive(Debug, Clone, Copy)]
pub struct Deaf;

#[async_trait]
impl EventListener for Deaf {
    async fn heard(&mut self) -> Result<()> {
        std::future::pending().await
    }
}

/// A unit of work.
#[async_trait]
pub trait Transaction: Read + Write {
    /// Makes everything visible and durable at once.
    async fn commit(self: Box<Self>) -> Result<()>;
}
