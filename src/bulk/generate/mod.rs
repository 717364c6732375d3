//! A company of any size, for demos and benchmarks: people, a tenth of whom have left and still own records; departments, workgroups,
//! records of all nine kinds that few people own many of; a history of handovers, and the events that tell it; meetings, posts and messages.
//!
//! Everything is drawn from the seed, and each record from its kind and number alone: what it refers to is drawn again where it is
//! needed instead of being kept. Hence the same seed gives the same rows, identifiers and instants included, and memory grows with the
//! number of people only.

mod events;
mod history;
mod people;
mod records;
mod structure;
mod work;

use tenure_core::policy::Access;
use tenure_core::record::{Record, RecordFilter, RecordKind};
use tenure_core::storage::{Read, Storage, StorageError, Transaction};
use tenure_core::time::Timestamp;
use tenure_core::user::{UserFilter, UserStatus};
use uuid::Uuid;

use super::Progress;
use crate::demo::calendar::Calendar;
use crate::demo::dice::Dice;
use history::History;
use people::People;
use records::{Draft, Drawing};
use structure::Structure;

/// Most people of a company.
pub const PEOPLE_MAX: u32 = 1_000_000;
/// Most records of a company.
pub const RECORDS_MAX: u32 = 100_000_000;

/// The company's present: 2026-11-01T00:00:00Z. Fixed, because the same seed gives the same company on any day.
pub const NOW: Timestamp = Timestamp(1_793_491_200 * Timestamp::SECOND);

/// At most so many rows are written at once.
const BATCH: usize = 2_000;

/// How large a company, and which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// People: employees, leavers and external people.
    pub people: u32,
    /// Records, over all nine kinds.
    pub records: u32,
    /// Which of the companies of that size.
    pub seed: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Generated {
    pub departments: u64,
    pub workgroups: u64,
    pub people: u64,
    pub leavers: u64,
    pub records: u64,
    pub ownership_changes: u64,
    pub meetings: u64,
    pub posts: u64,
    pub messages: u64,
    pub events: u64,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// There is something in the storage.
    #[error("the database is not empty: a company is generated into an empty one only")]
    NotEmpty,
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What everything is drawn from, by name: the same name draws the same.
struct Chance {
    seed: u64,
}

impl Chance {
    /// Dice of one thing: a kind of things, and its number.
    fn of(&self, what: u64, number: usize) -> Dice {
        let mut mixed = Dice::new(self.seed ^ what.wrapping_mul(0xA24B_AED4_963E_E407));
        let base = mixed.next();
        Dice::new(base ^ (number as u64).wrapping_mul(0x9FB2_1C65_1E98_DF25))
    }
}

/// A UUIDv7 that was made at that instant.
fn uuid_at(at: Timestamp, dice: &mut Dice) -> Uuid {
    let millis = (at.0.div_euclid(1000)) as u128 & 0xFFFF_FFFF_FFFF;
    let (high, low) = (u128::from(dice.next()), u128::from(dice.next()));
    Uuid::from_u128(millis << 80 | 0x7 << 76 | (high & 0xFFF) << 64 | 0x2 << 62 | (low & 0x3FFF_FFFF_FFFF_FFFF))
}

/// Fills an empty storage, all or nothing. Nobody administers the account afterwards, and nobody has a password.
///
/// # Errors
/// [`GenerateError::NotEmpty`], and those of the storage.
pub async fn fill(storage: &dyn Storage, order: Order, progress: &mut dyn Progress) -> Result<Generated, GenerateError> {
    let mut tx = storage.begin().await?;
    // Held, so that of two who fill the same storage one finds it filled.
    tx.settings_lock().await?;
    if !is_empty(&*tx).await? {
        return Err(GenerateError::NotEmpty);
    }
    let chance = Chance { seed: order.seed };
    let calendar = Calendar::new(NOW);
    let people = People::draw(order.people, &calendar, &chance);
    let structure = Structure::draw(&people, &calendar, &chance);
    let mut history = History::plan(&people, &calendar, &chance);
    let mut written = Generated::default();
    write_people(&mut *tx, &people, &structure, progress, &mut written).await?;
    let drawing = Drawing::new(order.records as usize, &people, &structure, (&calendar, &chance));
    write_records(&mut *tx, &drawing, &mut history, progress, &mut written).await?;
    work::write(&mut *tx, &drawing, progress, &mut written).await?;
    write_history(&mut *tx, &drawing, &history, progress, &mut written).await?;
    tx.commit().await?;
    Ok(written)
}

async fn is_empty(read: &dyn Read) -> Result<bool, StorageError> {
    let all = Access::system();
    let statuses = Some(vec![UserStatus::Invited, UserStatus::Active, UserStatus::Dismissed]);
    Ok(read.users_count(&all.user_scope(), &UserFilter { statuses, ..UserFilter::default() }).await? == 0
        && read.departments_count().await? == 0
        && read.workgroups_count(&all.workgroup_scope(), None).await? == 0
        && read.records_count(&all.record_scope(), &RecordFilter::default()).await? == 0
        && read.events_after(0, 1).await?.is_empty())
}

async fn write_people(
    tx: &mut dyn Transaction,
    people: &People,
    structure: &Structure,
    progress: &mut dyn Progress,
    written: &mut Generated,
) -> Result<(), StorageError> {
    progress.begin("people", people.len() as u64);
    for batch in structure.departments.chunks(BATCH) {
        tx.departments_insert(batch).await?;
    }
    let numbers: Vec<usize> = (0..people.len()).collect();
    for batch in numbers.chunks(BATCH) {
        let users: Vec<_> = batch.iter().map(|n| people.user(*n, structure)).collect();
        tx.users_insert(&users).await?;
        let addresses: Vec<_> = batch.iter().filter_map(|n| people.address(*n)).collect();
        tx.addresses_put(&addresses).await?;
        progress.advance(batch.len() as u64);
    }
    for batch in structure.workgroups.chunks(BATCH) {
        tx.workgroups_insert(batch).await?;
    }
    for batch in structure.memberships.chunks(BATCH) {
        let rows: Vec<_> = batch.iter().map(|place| structure.membership(place, people)).collect();
        tx.memberships_put(&rows).await?;
    }
    written.departments = structure.departments.len() as u64;
    written.workgroups = structure.workgroups.len() as u64;
    written.people = people.len() as u64;
    written.leavers = people.leavers().len() as u64;
    Ok(())
}

async fn write_records(
    tx: &mut dyn Transaction,
    drawing: &Drawing<'_>,
    history: &mut History,
    progress: &mut dyn Progress,
    written: &mut Generated,
) -> Result<(), StorageError> {
    progress.begin("records", drawing.total() as u64);
    for (kind, count) in drawing.counts() {
        let mut next = 0;
        while next < count {
            let end = (next + BATCH).min(count);
            let drafts: Vec<Draft> = (next..end).map(|number| drawing.draft(kind, number)).collect();
            let mut rows: Vec<Record> = Vec::with_capacity(drafts.len());
            let mut changes = Vec::new();
            let mut parts = Vec::new();
            for draft in drafts {
                let (row, moved) = history.pass(&draft, drawing);
                parts.extend(drawing.participants(&row, &draft));
                changes.extend(moved);
                rows.push(row);
            }
            tx.records_insert(&rows).await?;
            tx.ownership_changes_insert(&changes).await?;
            if kind == RecordKind::Task {
                let tasks: Vec<_> = rows.iter().map(|row| row.id).collect();
                tx.participants_replace(&tasks, &parts).await?;
            }
            written.records += rows.len() as u64;
            written.ownership_changes += changes.len() as u64;
            progress.advance(rows.len() as u64);
            next = end;
        }
    }
    Ok(())
}

async fn write_history(
    tx: &mut dyn Transaction,
    drawing: &Drawing<'_>,
    history: &History,
    progress: &mut dyn Progress,
    written: &mut Generated,
) -> Result<(), StorageError> {
    for job in history.jobs.iter().filter(|job| job.moved() > 0) {
        tx.reassignment_insert(&job.reassignment(drawing.people)).await?;
    }
    let told = events::tell(drawing.people, drawing.structure, history);
    progress.begin("events", told.len() as u64);
    for (n, batch) in told.chunks(BATCH).enumerate() {
        let happened: Vec<_> = (n * BATCH..).zip(batch).map(|(n, h)| events::event(n, h, drawing, history)).collect();
        tx.events_append(&happened).await?;
        progress.advance(batch.len() as u64);
    }
    written.events = told.len() as u64;
    Ok(())
}
