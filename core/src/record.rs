//! Records: what somebody is responsible for. One shape for all nine kinds, and the details of each.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::email::Email;
use crate::id::{ReassignmentId, RecordId, UserId, WorkgroupId};
use crate::text;
use crate::time::{Date, TimeRange, Timestamp};
use crate::user::Actor;

/// The kinds of record, ordered like the prefixes of their IDs (rule H8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RecordKind {
    /// `act_`
    Activity,
    /// `com_`
    Company,
    /// `con_`
    Contact,
    /// `dea_`
    Deal,
    /// `est_`
    Estimate,
    /// `fil_`
    File,
    /// `inv_`
    Invoice,
    /// `led_`
    Lead,
    /// `tsk_`
    Task,
}

impl RecordKind {
    /// All kinds, ascending.
    pub const ALL: [RecordKind; 9] = [
        RecordKind::Activity,
        RecordKind::Company,
        RecordKind::Contact,
        RecordKind::Deal,
        RecordKind::Estimate,
        RecordKind::File,
        RecordKind::Invoice,
        RecordKind::Lead,
        RecordKind::Task,
    ];

    /// Prefix of its IDs, without the underscore.
    pub fn prefix(self) -> &'static str {
        match self {
            RecordKind::Activity => "act",
            RecordKind::Company => "com",
            RecordKind::Contact => "con",
            RecordKind::Deal => "dea",
            RecordKind::Estimate => "est",
            RecordKind::File => "fil",
            RecordKind::Invoice => "inv",
            RecordKind::Lead => "led",
            RecordKind::Task => "tsk",
        }
    }

    /// The number to store: ascending like the kind, so that `(kind, id)` orders like the text of the ID.
    pub fn code(self) -> i16 {
        self as i16 + 1
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<RecordKind> {
        RecordKind::ALL.into_iter().find(|k| k.code() == code)
    }

    /// Its name in the API, e.g. `DEAL`.
    pub fn name(self) -> &'static str {
        match self {
            RecordKind::Activity => "ACTIVITY",
            RecordKind::Company => "COMPANY",
            RecordKind::Contact => "CONTACT",
            RecordKind::Deal => "DEAL",
            RecordKind::Estimate => "ESTIMATE",
            RecordKind::File => "FILE",
            RecordKind::Invoice => "INVOICE",
            RecordKind::Lead => "LEAD",
            RecordKind::Task => "TASK",
        }
    }

    /// Whether it belongs to the CRM: no external person may be responsible for it (rule I5) or see it (V3).
    pub fn is_crm(self) -> bool {
        !matches!(self, RecordKind::Task | RecordKind::File)
    }
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// The amount, exactly as given (scale kept).
    pub amount: Decimal,
    /// ISO 4217 code.
    pub currency: String,
}

/// What an activity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ActivityType {
    Call,
    Meeting,
    Email,
    Other,
}

impl ActivityType {
    /// The number to store.
    pub fn code(self) -> i16 {
        self as i16 + 1
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<ActivityType> {
        [ActivityType::Call, ActivityType::Meeting, ActivityType::Email, ActivityType::Other].into_iter().find(|t| t.code() == code)
    }
}

/// What only one kind has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RecordDetail {
    Activity { activity_type: ActivityType, due_at: Option<Timestamp> },
    Company { website: Option<String>, industry: Option<String> },
    Contact { email: Option<Email>, phone: Option<String>, company: Option<RecordId> },
    Deal { stage: Option<String>, value: Option<Money>, company: Option<RecordId>, contact: Option<RecordId> },
    Estimate { value: Option<Money>, deal: Option<RecordId>, valid_until: Option<Date> },
    File { size_in_bytes: i64, media_type: String },
    Invoice { value: Option<Money>, deal: Option<RecordId>, due_on: Option<Date> },
    Lead { source: Option<String>, value: Option<Money> },
    Task { due_at: Option<Timestamp> },
}

impl RecordDetail {
    /// The kind it belongs to.
    pub fn kind(&self) -> RecordKind {
        match self {
            RecordDetail::Activity { .. } => RecordKind::Activity,
            RecordDetail::Company { .. } => RecordKind::Company,
            RecordDetail::Contact { .. } => RecordKind::Contact,
            RecordDetail::Deal { .. } => RecordKind::Deal,
            RecordDetail::Estimate { .. } => RecordKind::Estimate,
            RecordDetail::File { .. } => RecordKind::File,
            RecordDetail::Invoice { .. } => RecordKind::Invoice,
            RecordDetail::Lead { .. } => RecordKind::Lead,
            RecordDetail::Task { .. } => RecordKind::Task,
        }
    }

    /// The records that it refers to (the subject of an activity is in [`Record`]).
    pub fn references(&self) -> Vec<RecordId> {
        match self {
            RecordDetail::Contact { company, .. } => company.iter().copied().collect(),
            RecordDetail::Deal { company, contact, .. } => company.iter().chain(contact).copied().collect(),
            RecordDetail::Estimate { deal, .. } | RecordDetail::Invoice { deal, .. } => deal.iter().copied().collect(),
            RecordDetail::Activity { .. }
            | RecordDetail::Company { .. }
            | RecordDetail::File { .. }
            | RecordDetail::Lead { .. }
            | RecordDetail::Task { .. } => Vec::new(),
        }
    }
}

/// A record as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Identifier, kind included.
    pub id: RecordId,
    /// Increases by one at each change.
    pub version: i32,
    /// Title to display.
    pub title: String,
    /// Who answers for it now. Exactly one, always (rule I5).
    pub responsible: UserId,
    /// Who made it; never changes (rule I6).
    pub created_by: Actor,
    /// Won, lost, paid, done.
    pub is_closed: bool,
    /// Key in the system it came from; unique for each kind.
    pub external_id: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed, its responsible person included.
    pub updated_at: Timestamp,
    /// Who it was recorded for before the owner's account was deleted (rule L3).
    pub provenance: Option<UserId>,
    /// The workgroup of a task or file.
    pub workgroup: Option<WorkgroupId>,
    /// What an activity is linked to; never another activity.
    pub subject: Option<RecordId>,
    /// What only its kind has.
    pub detail: RecordDetail,
}

impl Record {
    /// What lists of records are ordered by.
    pub fn sort_key(&self) -> String {
        text::sort_key(&self.title)
    }

    /// Words of the title, for free text.
    pub fn words(&self) -> Vec<String> {
        text::words(&self.title)
    }
}

/// Somebody's part in a task, in a role that is stored: RESPONSIBLE and CREATOR follow from the record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TaskParticipant {
    /// The task.
    pub task: RecordId,
    /// Who.
    pub user: UserId,
    /// PARTICIPANT or OBSERVER.
    pub role: ParticipantRole,
}

/// Roles on a task that are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ParticipantRole {
    /// Helps.
    Participant,
    /// Is kept informed.
    Observer,
}

impl ParticipantRole {
    /// The number to store.
    pub fn code(self) -> i16 {
        match self {
            ParticipantRole::Participant => 1,
            ParticipantRole::Observer => 2,
        }
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<ParticipantRole> {
        match code {
            1 => Some(ParticipantRole::Participant),
            2 => Some(ParticipantRole::Observer),
            _ => None,
        }
    }
}

/// All roles on a task, those that follow from the record included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum TaskRole {
    Responsible,
    Creator,
    Participant,
    Observer,
}

/// Conditions on records; all given must hold. An empty list matches nothing (the API refuses it before).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RecordFilter {
    /// Any of these kinds.
    pub kinds: Option<Vec<RecordKind>>,
    /// Only closed or only open ones.
    pub is_closed: Option<bool>,
    /// Each of these folded words begins a word of the title.
    pub words: Vec<String>,
    /// Responsible is any of these.
    pub responsible: Option<Vec<UserId>>,
    /// Whether the responsible person may hold the record now; see [`crate::user::User::leaves_orphaned`].
    pub is_orphaned: Option<bool>,
    /// Recorded for any of these before the account was deleted.
    pub former_responsible: Option<Vec<UserId>>,
    /// External ID is any of these.
    pub external_ids: Option<Vec<String>>,
    /// Last changed in this period.
    pub updated_at: TimeRange,
}

/// What records can be ordered by. Ties are broken by ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RecordOrderField {
    /// Last change; a time key.
    UpdatedAt,
    /// Creation; a time key.
    CreatedAt,
    /// [`Record::sort_key`]; a text key.
    Title,
}

/// An ordering of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RecordOrder {
    /// By what.
    pub field: RecordOrderField,
    /// Largest, newest or Z first.
    pub descending: bool,
}

/// Lists of records below something; the answer has one entry for each member, in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RecordGroups {
    /// Records that each of these people is responsible for.
    Responsible(Vec<UserId>),
    /// Tasks that each of these people takes part in, in any of the roles.
    TasksOf(Vec<UserId>, Vec<TaskRole>),
    /// Files that each of these people created (by themself or with a token).
    FilesCreatedBy(Vec<UserId>),
    /// Records of that kind (TASK or FILE) in each of these workgroups.
    InWorkgroup(Vec<WorkgroupId>, RecordKind),
    /// Activities linked to each of these records.
    ActivitiesOf(Vec<RecordId>),
}

impl RecordGroups {
    /// How many lists are asked for.
    pub fn len(&self) -> usize {
        match self {
            RecordGroups::Responsible(ids) | RecordGroups::TasksOf(ids, _) | RecordGroups::FilesCreatedBy(ids) => ids.len(),
            RecordGroups::InWorkgroup(ids, _) => ids.len(),
            RecordGroups::ActivitiesOf(ids) => ids.len(),
        }
    }

    /// Whether none is asked for.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A change of the responsible person of one record (rule H10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnershipChange {
    /// Identifier (UUIDv7), for order and cursors; not shown.
    pub id: uuid::Uuid,
    /// The record.
    pub record: RecordId,
    /// Who handed over.
    pub from: UserId,
    /// Who took over.
    pub to: UserId,
    /// Who decided it.
    pub actor: Actor,
    /// When.
    pub changed_at: Timestamp,
    /// The reassignment it was part of.
    pub reassignment: Option<ReassignmentId>,
    /// The version that the record had afterwards: undo compares it (rule H9).
    pub record_version: i32,
}

/// How many records of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordCount {
    /// The kind.
    pub kind: RecordKind,
    /// Not closed.
    pub open: u32,
    /// Closed.
    pub closed: u32,
}

/// One record that changes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handover {
    /// The record.
    pub record: RecordId,
    /// Who has it now.
    pub from: UserId,
    /// Who gets it.
    pub to: UserId,
    /// Identifier of the ownership change to be written.
    pub change_id: uuid::Uuid,
}

/// What all the changes of one [`crate::storage::RecordWrite::records_reassign`] have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverContext {
    /// Who decided it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// As part of what.
    pub reassignment: Option<ReassignmentId>,
}
