//! People, departments, workgroups and records from a file, one JSON object a line (`docs/import.md` says how they look).
//!
//! The file is read several times instead of being kept: once to learn what it holds, then to judge each line together with what it
//! refers to, until no more lines turn out bad, then to write. All is written in one transaction, which judges again what it writes:
//! what somebody else changed meanwhile makes it begin again. Memory grows with people, departments and workgroups, and by some hundred
//! bytes for each record.

mod catalogue;
mod fields;
mod line;
mod lines;
mod records;
mod stored;
mod structure;
mod write;

use std::io;
use std::path::Path;

use tenure_core::clock::Clock;
use tenure_core::id::{RecordId, WorkgroupId};
use tenure_core::policy::Access;
use tenure_core::record::RecordKind;
use tenure_core::storage::{Read, Storage, StorageError, Transaction};
use tenure_core::structure::ImportKind;
use tenure_core::time::Timestamp;

use super::Progress;
use catalogue::{Catalogue, Standing};
pub use fields::{Fault, WHOLE};
use line::{BadLine, Entry};
pub use lines::LINE_MAX;
use lines::Lines;
use records::{Court, Facts, Outcome};
use stored::Stored;
use structure::{Stand, Stands, Surroundings};

/// An example of every kind of line, as the documentation shows it.
pub const EXAMPLE: &str = include_str!("example.ndjson");

/// At most so many lines, and about so many bytes, are looked at at once.
const BATCH_LINES: usize = 2_000;
const BATCH_BYTES: u64 = 4 * 1024 * 1024;
/// How often it is tried when somebody else changes what it stands on.
const ATTEMPTS: u32 = 4;

/// What happens to a file with bad lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadLines {
    /// Nothing of it is imported.
    Refuse,
    /// The others are imported, unless they refer to bad ones.
    Skip,
}

/// How it is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// What happens to bad lines.
    pub bad_lines: BadLines,
    /// Seats of the licence (rule I2); None for any number.
    pub seat_limit: Option<u32>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Lines that are not blank.
    pub lines: u64,
    /// Departments created.
    pub departments: u64,
    /// Workgroups created.
    pub workgroups: u64,
    /// People created.
    pub people: u64,
    /// Records created.
    pub records: u64,
    /// Lines whose external ID is in the database already: they were left alone.
    pub present: u64,
    /// Those of them that say something else than the database.
    pub differing: u64,
    /// Bad lines.
    pub bad: u64,
}

/// Who is told what happens.
pub trait Listener: Progress {
    /// A line is bad: called once for each fault, lines ascending.
    fn bad(&mut self, line: u64, fault: &Fault);
    /// A line was left alone and says something else than the database in these fields.
    fn differs(&mut self, line: u64, fields: &[&str]);
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    File(#[from] io::Error),
    /// It is read several times.
    #[error("expected a regular file: it is read several times")]
    NotAFile,
    /// Somebody writes to it.
    #[error("the file changed while it was read")]
    Changed,
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Imports a file.
///
/// # Errors
/// See [`ImportError`]; bad lines are none: they are told and counted.
pub async fn run(
    storage: &dyn Storage,
    clock: &dyn Clock,
    path: &Path,
    options: Options,
    listener: &mut dyn Listener,
) -> Result<Imported, ImportError> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(ImportError::NotAFile);
    }
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        let import = Import { clock, path, now: clock.now(), options };
        match import.attempt(storage, listener).await {
            // Somebody else took a name, an address or an external ID, or changed what was named: what is bad is judged anew.
            Err(ImportError::Storage(StorageError::Conflict | StorageError::Taken(_))) if left > 0 => {}
            ended => return ended,
        }
    }
}

struct Import<'a> {
    clock: &'a dyn Clock,
    path: &'a Path,
    now: Timestamp,
    options: Options,
}

/// What is known before anything is written.
struct Judged {
    catalogue: Catalogue,
    fingerprint: [u8; 32],
    stored: Stored,
    stands: Stands,
}

type Parsed = Vec<(u64, Result<Entry, BadLine>)>;

impl Judged {
    fn has_bad_lines(&self) -> bool {
        self.catalogue.has_bad_lines || self.stands.has_bad_lines()
    }
}

/// Lines that hold records.
fn records_of(batch: &Parsed) -> Vec<records::Line> {
    let line = |(number, parsed): &(u64, Result<Entry, BadLine>)| match parsed {
        Ok(Entry::Record(line)) => Some((*number, (**line).clone())),
        Ok(Entry::Department(_) | Entry::Workgroup(_) | Entry::Person(_)) | Err(_) => None,
    };
    batch.iter().filter_map(line).collect()
}

impl Import<'_> {
    async fn attempt(&self, storage: &dyn Storage, listener: &mut dyn Listener) -> Result<Imported, ImportError> {
        let (catalogue, fingerprint) = self.learn(storage, listener).await?;
        let (stored, stands) = self.stands(storage, &catalogue).await?;
        let mut judged = Judged { catalogue, fingerprint, stored, stands };
        // A record that refers to a bad one is bad, and is found in the next round at the latest.
        while self.spoil(storage, &mut judged, listener).await? {}
        let is_written = !judged.has_bad_lines() || self.options.bad_lines == BadLines::Skip;
        let mut imported = Imported::default();
        if is_written {
            imported = self.write(storage, &judged, listener).await?;
        }
        self.report(storage, &judged, &mut imported, listener).await?;
        Ok(imported)
    }

    /// The next lines, parsed; empty at the end.
    fn next_lines(&self, lines: &mut Lines) -> io::Result<Parsed> {
        let mut batch = Vec::new();
        let start = lines.bytes();
        while batch.len() < BATCH_LINES && lines.bytes() - start < BATCH_BYTES {
            let Some((number, raw)) = lines.next()? else { break };
            batch.push((number, line::parse(raw, self.now)));
        }
        Ok(batch)
    }

    /// Reads the file for the first time.
    async fn learn(&self, read: &dyn Read, progress: &mut dyn Listener) -> Result<(Catalogue, [u8; 32]), ImportError> {
        let mut catalogue = Catalogue::default();
        let mut lines = Lines::of(self.path)?;
        progress.begin("KiB read", std::fs::metadata(self.path)?.len() / 1024);
        let mut kib = 0;
        loop {
            let batch = self.next_lines(&mut lines)?;
            if batch.is_empty() {
                break;
            }
            let mut keys: Vec<(RecordKind, String)> = Vec::new();
            for (number, parsed) in &batch {
                catalogue.add(*number, parsed, self.clock);
                if let Ok(Entry::Record(line)) = parsed {
                    keys.push((line.patch.kind, line.patch.external_id.clone()));
                }
            }
            for there in read.records_by_external_id(&keys, &Access::system().record_scope()).await? {
                catalogue.found(there.external_id.as_deref().unwrap_or_default(), there.id);
            }
            progress.advance(lines.bytes() / 1024 - kib);
            kib = lines.bytes() / 1024;
        }
        Ok((catalogue, lines.fingerprint()))
    }

    /// Judges departments, workgroups and people.
    async fn stands(&self, read: &dyn Read, catalogue: &Catalogue) -> Result<(Stored, Stands), ImportError> {
        let mut stored = Stored::look_up(read, structure::named(catalogue)).await?;
        stored.look_up_names(read).await?;
        let seats = match self.options.seat_limit {
            Some(limit) => Some(limit.saturating_sub(read.seat_counts().await?.used())),
            None => None,
        };
        let stands = structure::judge(catalogue, &stored, seats);
        Ok((stored, stands))
    }

    /// Judges all records; whether one turned out bad that was not known to be.
    async fn spoil(&self, read: &dyn Read, judged: &mut Judged, progress: &mut dyn Listener) -> Result<bool, ImportError> {
        let mut lines = Lines::of(self.path)?;
        progress.begin("lines checked", judged.catalogue.lines);
        let mut has_spoilt = false;
        loop {
            let batch = self.next_lines(&mut lines)?;
            if batch.is_empty() {
                break;
            }
            let records = records_of(&batch);
            let facts = Facts::look_up(read, &judged.catalogue, &records).await?;
            let mut spoilt = Vec::new();
            let court = Court::new(&judged.catalogue, (&judged.stands, &judged.stored), &facts, self.now);
            for line in &records {
                let patch = &line.1.patch;
                let is_new = judged.catalogue.record(patch.kind, &patch.external_id).is_some_and(|slot| {
                    // A line that says again what another said does not spoil that one.
                    slot.line == line.0 && slot.standing == Standing::New
                });
                if is_new && matches!(court.judge(line), Outcome::Bad(_)) {
                    spoilt.push((patch.kind, patch.external_id.clone()));
                }
            }
            has_spoilt |= !spoilt.is_empty();
            spoilt.iter().for_each(|(kind, key)| judged.catalogue.spoil(*kind, key));
            progress.advance(batch.len() as u64);
        }
        self.ended(lines, judged)?;
        Ok(has_spoilt)
    }

    fn ended(&self, lines: Lines, judged: &Judged) -> Result<(), ImportError> {
        if lines.fingerprint() == judged.fingerprint { Ok(()) } else { Err(ImportError::Changed) }
    }

    /// Writes everything that is not bad, in one transaction.
    async fn write(&self, storage: &dyn Storage, judged: &Judged, progress: &mut dyn Listener) -> Result<Imported, ImportError> {
        let Judged { catalogue, stands, .. } = judged;
        let mut tx = storage.begin().await?;
        // Held to the end: nobody changes status, kind or seats meanwhile (rules I2, I5, I10).
        tx.settings_lock().await?;
        let (stored, now) = self.stands(&*tx, catalogue).await?;
        if now != *stands {
            return Err(StorageError::Conflict.into());
        }
        let around = Surroundings { catalogue, stands, stored: &stored, further: &stored };
        hold(&mut *tx, stored.workgroups.keys().copied(), &[]).await?;
        let events = write::structure(&mut *tx, around, self.clock, self.now).await?;
        let created = |stands: &[Stand]| stands.iter().filter(|stand| **stand == Stand::New).count() as u64;
        let mut imported = Imported {
            departments: created(&stands.departments),
            workgroups: created(&stands.workgroups),
            people: created(&stands.people),
            ..Imported::default()
        };
        let mut lines = Lines::of(self.path)?;
        progress.begin("lines written", catalogue.lines);
        loop {
            let batch = self.next_lines(&mut lines)?;
            if batch.is_empty() {
                break;
            }
            imported.records += self.write_records(&mut *tx, judged, &stored, &batch).await?;
            progress.advance(batch.len() as u64);
        }
        self.ended(lines, judged)?;
        for batch in events.chunks(BATCH_LINES) {
            tx.events_append(batch).await?;
        }
        tx.commit().await?;
        Ok(imported)
    }

    async fn write_records(&self, tx: &mut dyn Transaction, judged: &Judged, stored: &Stored, batch: &Parsed) -> Result<u64, ImportError> {
        let lines = records_of(batch);
        let named = Facts::look_up(&*tx, &judged.catalogue, &lines).await?;
        // What is referred to must be there when this is committed: look again under the locks.
        hold(tx, named.workgroups(), &named.records()).await?;
        let facts = Facts::look_up(&*tx, &judged.catalogue, &lines).await?;
        let court = Court::new(&judged.catalogue, (&judged.stands, stored), &facts, self.now);
        let (mut rows, mut parts) = (Vec::new(), Vec::new());
        for line in &lines {
            let patch = &line.1.patch;
            let slot = judged.catalogue.record(patch.kind, &patch.external_id);
            if slot.is_none_or(|slot| slot.line != line.0 || slot.standing != Standing::New) {
                continue;
            }
            match court.judge(line) {
                Outcome::New(record, people) => {
                    rows.push(*record);
                    parts.extend(people);
                }
                Outcome::There(_) | Outcome::Bad(_) | Outcome::Written => return Err(StorageError::Conflict.into()),
            }
        }
        tx.records_insert(&rows).await?;
        let tasks: Vec<RecordId> = parts.iter().map(|part| part.task).collect();
        if !tasks.is_empty() {
            tx.participants_replace(&tasks, &parts).await?;
        }
        Ok(rows.len() as u64)
    }

    /// Reads the file for the last time: tells what is bad, line by line, and counts.
    async fn report(
        &self,
        read: &dyn Read,
        judged: &Judged,
        imported: &mut Imported,
        listener: &mut dyn Listener,
    ) -> Result<(), ImportError> {
        let mut lines = Lines::of(self.path)?;
        imported.lines = judged.catalogue.lines;
        loop {
            let batch = self.next_lines(&mut lines)?;
            if batch.is_empty() {
                break;
            }
            let records = records_of(&batch);
            let facts = Facts::look_up(read, &judged.catalogue, &records).await?;
            let court = Court::new(&judged.catalogue, (&judged.stands, &judged.stored), &facts, self.now);
            let mut records = records.iter();
            for (number, parsed) in &batch {
                let verdict = match parsed {
                    Err(bad) => Outcome::Bad(both(&bad.faults, judged.catalogue.doubled(*number))),
                    Ok(Entry::Record(_)) => match records.next() {
                        Some(line) => court.judge(line),
                        None => continue,
                    },
                    Ok(Entry::Department(_) | Entry::Workgroup(_) | Entry::Person(_)) => structure_outcome(judged, *number),
                };
                match verdict {
                    Outcome::Bad(faults) => {
                        imported.bad += 1;
                        faults.iter().for_each(|fault| listener.bad(*number, fault));
                    }
                    Outcome::There(fields) => {
                        imported.present += 1;
                        if !fields.is_empty() {
                            imported.differing += 1;
                            listener.differs(*number, &fields);
                        }
                    }
                    Outcome::New(..) | Outcome::Written => {}
                }
            }
        }
        self.ended(lines, judged)
    }
}

fn both(faults: &[Fault], doubled: Option<&[Fault]>) -> Vec<Fault> {
    faults.iter().chain(doubled.unwrap_or_default()).cloned().collect()
}

/// What became of a department, a workgroup or a person.
fn structure_outcome(judged: &Judged, number: u64) -> Outcome {
    let Judged { catalogue, stands, .. } = judged;
    let Some((kind, place)) = catalogue.place(number) else {
        return Outcome::Bad(catalogue.doubled(number).unwrap_or_default().to_vec());
    };
    let stand = match kind {
        ImportKind::Department => &stands.departments[place],
        ImportKind::Workgroup => &stands.workgroups[place],
        ImportKind::Person => &stands.people[place],
    };
    match stand {
        Stand::New => Outcome::Written,
        Stand::There(_, fields) => Outcome::There(fields.clone()),
        Stand::Bad(faults) => Outcome::Bad(faults.clone()),
    }
}

/// Holds what is referred to, in the order of locks.
async fn hold(tx: &mut dyn Transaction, workgroups: impl Iterator<Item = WorkgroupId>, records: &[RecordId]) -> Result<(), StorageError> {
    let workgroups: Vec<WorkgroupId> = workgroups.collect();
    tx.workgroups_lock(&workgroups).await?;
    tx.records_lock_by_id(records, &Access::system().record_scope()).await?;
    Ok(())
}
