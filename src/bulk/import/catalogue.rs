//! What the file holds: departments, workgroups and people as a whole (there are few), and of each record only where it stands.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use tenure_core::clock::Clock;
use tenure_core::email::Email;
use tenure_core::id::RecordId;
use tenure_core::record::RecordKind;
use tenure_core::structure::ImportKind;
use uuid::Uuid;

use super::fields::Fault;
use super::line::{BadLine, DepartmentLine, Entry, LineKind, PersonLine, WorkgroupLine};

/// A line that is right by itself, and the identifier that it brings.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    pub(super) number: u64,
    pub(super) id: Uuid,
    pub(super) line: T,
}

/// What a key of the file leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The line of that place in its list.
    Line(usize),
    /// A line that cannot be read.
    Bad(u64),
}

/// How a record of the file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    New,
    /// It is in the database already.
    There,
    Bad,
}

/// A record of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) id: Uuid,
    pub(super) line: u64,
    pub(super) standing: Standing,
}

/// Stands for kind and external ID of a record: texts of millions of records would not fit anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct RecordKey([u8; 16]);

impl RecordKey {
    fn of(kind: RecordKind, external_id: &str) -> RecordKey {
        let digest = Sha256::new().chain_update(kind.code().to_be_bytes()).chain_update(external_id).finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        RecordKey(key)
    }
}

/// What the file holds.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) departments: Vec<Numbered<DepartmentLine>>,
    pub(super) workgroups: Vec<Numbered<WorkgroupLine>>,
    pub(super) people: Vec<Numbered<PersonLine>>,
    keys: HashMap<(ImportKind, String), (u64, Known)>,
    emails: HashMap<String, (u64, Known)>,
    records: HashMap<RecordKey, Slot>,
    /// Lines that say again what another one said.
    doubled: HashMap<u64, Vec<Fault>>,
    /// Where departments, workgroups and people are, by line.
    places: HashMap<u64, (ImportKind, usize)>,
    pub(super) lines: u64,
    pub(super) has_bad_lines: bool,
}

impl Catalogue {
    /// Notes a line.
    pub(super) fn add(&mut self, number: u64, parsed: &Result<Entry, BadLine>, clock: &dyn Clock) {
        self.lines += 1;
        match parsed {
            Ok(Entry::Record(record)) => self.add_record(number, (record.patch.kind, &record.patch.external_id), Standing::New, clock),
            Ok(Entry::Department(line)) => {
                if self.add_key(number, (ImportKind::Department, &line.key), Known::Line(self.departments.len())) {
                    self.places.insert(number, (ImportKind::Department, self.departments.len()));
                    self.departments.push(Numbered { number, id: clock.new_uuid(), line: line.clone() });
                }
            }
            Ok(Entry::Workgroup(line)) => {
                if self.add_key(number, (ImportKind::Workgroup, &line.key), Known::Line(self.workgroups.len())) {
                    self.places.insert(number, (ImportKind::Workgroup, self.workgroups.len()));
                    self.workgroups.push(Numbered { number, id: clock.new_uuid(), line: line.clone() });
                }
            }
            Ok(Entry::Person(line)) => {
                let known = Known::Line(self.people.len());
                let is_new = self.add_key(number, (ImportKind::Person, &line.key), known);
                if is_new && self.add_email(number, &line.email, known) {
                    self.places.insert(number, (ImportKind::Person, self.people.len()));
                    self.people.push(Numbered { number, id: clock.new_uuid(), line: line.clone() });
                } else if is_new {
                    // Whoever refers to it by its key refers to a bad line.
                    self.keys.insert((ImportKind::Person, line.key.clone()), (number, Known::Bad(number)));
                }
            }
            Err(bad) => self.add_bad(number, bad, clock),
        }
    }

    fn add_bad(&mut self, number: u64, bad: &BadLine, clock: &dyn Clock) {
        self.has_bad_lines = true;
        match &bad.key {
            Some((LineKind::Record(kind), key)) => self.add_record(number, (*kind, key), Standing::Bad, clock),
            Some((LineKind::Department, key)) => drop(self.add_key(number, (ImportKind::Department, key), Known::Bad(number))),
            Some((LineKind::Workgroup, key)) => drop(self.add_key(number, (ImportKind::Workgroup, key), Known::Bad(number))),
            Some((LineKind::Person, key)) => drop(self.add_key(number, (ImportKind::Person, key), Known::Bad(number))),
            None => {}
        }
        if let Some(email) = &bad.email {
            self.emails.entry(email.key().to_owned()).or_insert((number, Known::Bad(number)));
        }
    }

    fn double(&mut self, number: u64, field: &str, first: u64, what: &str) {
        self.has_bad_lines = true;
        self.doubled.entry(number).or_default().push(Fault::new(field, format!("line {first} has this {what} already")));
    }

    fn add_key(&mut self, number: u64, (kind, key): (ImportKind, &str), known: Known) -> bool {
        if let Some((first, _)) = self.keys.get(&(kind, key.to_owned())) {
            self.double(number, "externalId", *first, "external ID");
            return false;
        }
        self.keys.insert((kind, key.to_owned()), (number, known));
        true
    }

    fn add_email(&mut self, number: u64, email: &Email, known: Known) -> bool {
        if let Some((first, _)) = self.emails.get(email.key()) {
            self.double(number, "email", *first, "address");
            return false;
        }
        self.emails.insert(email.key().to_owned(), (number, known));
        true
    }

    fn add_record(&mut self, number: u64, (kind, key): (RecordKind, &str), standing: Standing, clock: &dyn Clock) {
        match self.records.entry(RecordKey::of(kind, key)) {
            std::collections::hash_map::Entry::Occupied(first) => {
                let first = first.get().line;
                self.double(number, "externalId", first, "external ID");
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(Slot { id: clock.new_uuid(), line: number, standing });
            }
        }
    }

    /// What a line says again, if it does.
    pub(super) fn doubled(&self, number: u64) -> Option<&[Fault]> {
        self.doubled.get(&number).map(Vec::as_slice)
    }

    /// What the key of a department, workgroup or person leads to.
    pub(super) fn key(&self, kind: ImportKind, key: &str) -> Option<Known> {
        self.keys.get(&(kind, key.to_owned())).map(|(_, known)| *known)
    }

    /// Whom an address leads to.
    pub(super) fn email(&self, email: &Email) -> Option<Known> {
        self.emails.get(email.key()).map(|(_, known)| *known)
    }

    /// Where the department, workgroup or person of a line is.
    pub(super) fn place(&self, number: u64) -> Option<(ImportKind, usize)> {
        self.places.get(&number).copied()
    }

    /// The record of the file that has this key.
    pub(super) fn record(&self, kind: RecordKind, key: &str) -> Option<Slot> {
        self.records.get(&RecordKey::of(kind, key)).copied()
    }

    /// A record is in the database already.
    pub(super) fn found(&mut self, key: &str, id: RecordId) {
        if let Some(slot) = self.records.get_mut(&RecordKey::of(id.kind, key)).filter(|slot| slot.standing == Standing::New) {
            (slot.id, slot.standing) = (id.uuid, Standing::There);
        }
    }

    /// A record turned out bad.
    pub(super) fn spoil(&mut self, kind: RecordKind, key: &str) {
        if let Some(slot) = self.records.get_mut(&RecordKey::of(kind, key)) {
            slot.standing = Standing::Bad;
        }
        self.has_bad_lines = true;
    }
}
