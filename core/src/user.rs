//! People.

use serde::{Deserialize, Serialize};

use crate::email::Email;
use crate::id::{AccessTokenId, DepartmentId, UserId};
use crate::permission::PermissionSet;
use crate::text;
use crate::time::Timestamp;

/// Where somebody is in the employee lifecycle. `System` is the System User alone and never leaves the server as a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum UserStatus {
    /// The System User: a container for the records of deleted people. In no list, filter or count.
    System,
    /// Invited, has not accepted yet. Holds a seat.
    Invited,
    /// Works here and may sign in. Holds a seat.
    Active,
    /// Works here no longer. Everything is kept, no seat is held.
    Dismissed,
}

impl UserStatus {
    /// All of them.
    pub const ALL: [UserStatus; 4] = [UserStatus::System, UserStatus::Invited, UserStatus::Active, UserStatus::Dismissed];

    /// The number to store.
    pub fn code(self) -> i16 {
        match self {
            UserStatus::System => 0,
            UserStatus::Invited => 1,
            UserStatus::Active => 2,
            UserStatus::Dismissed => 3,
        }
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<UserStatus> {
        UserStatus::ALL.into_iter().find(|s| s.code() == code)
    }

    /// Whether it holds a seat (rule I2).
    pub fn holds_seat(self) -> bool {
        match self {
            UserStatus::Invited | UserStatus::Active => true,
            UserStatus::System | UserStatus::Dismissed => false,
        }
    }
}

/// Inside or outside the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum UserKind {
    /// An employee.
    Intranet,
    /// An external participant, limited to the extranet workgroups they belong to.
    Extranet,
}

impl UserKind {
    /// The number to store.
    pub fn code(self) -> i16 {
        match self {
            UserKind::Intranet => 1,
            UserKind::Extranet => 2,
        }
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<UserKind> {
        match code {
            1 => Some(UserKind::Intranet),
            2 => Some(UserKind::Extranet),
            _ => None,
        }
    }
}

/// Who did something: for the history, for bylines, for ownership changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Actor {
    /// A person in a session of theirs.
    User(UserId),
    /// An integration with an access token.
    Token {
        /// For whom it acts.
        owner: UserId,
        /// Which token.
        token: AccessTokenId,
        /// Its name at the time.
        name: String,
    },
    /// The system itself: the command line, the scheduler.
    System,
}

impl Actor {
    /// The person behind it; the System User for the system.
    pub fn person(&self) -> UserId {
        match self {
            Actor::User(user) => *user,
            Actor::Token { owner, .. } => *owner,
            Actor::System => UserId::SYSTEM,
        }
    }
}

/// A dismissal. In force while the person's status is DISMISSED; kept while a former employee is invited to the extranet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissal {
    /// When.
    pub dismissed_at: Timestamp,
    /// By whom.
    pub dismissed_by: Actor,
    /// Short reason.
    pub reason: Option<String>,
    /// Note: for administrators and its author.
    pub note: Option<String>,
}

/// A person as stored, with nothing hidden: only `policy` may turn it into what a viewer sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// Increases by one with each operation that changes name, title, picture, department, manager, kind, status, addresses or rights.
    pub version: i32,
    /// Raised by everything that ends sessions (rule I4); never lowered.
    pub epoch: i32,
    /// Lifecycle status.
    pub status: UserStatus,
    /// Inside or outside.
    pub kind: UserKind,
    /// Whether they administer the account.
    pub is_administrator: bool,
    /// What was granted in person.
    pub personal_permissions: PermissionSet,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Job title.
    pub job_title: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
    /// Department; a leaver keeps theirs, external people have none.
    pub department: Option<DepartmentId>,
    /// Manager; a leaver keeps theirs, so that `hire` can give them back (rule R7).
    pub manager: Option<UserId>,
    /// The address with the role LOGIN. Read from the address rows; written there only.
    pub login_email: Option<Email>,
    /// The address with the role CONTACT. Read from the address rows; written there only.
    pub contact_email: Option<Email>,
    /// Whether they were ever ACTIVE: an invited person with history is a former employee (DOMAIN §1).
    pub was_active: bool,
    /// The dismissal; see its type for when it is in force.
    pub dismissal: Option<Dismissal>,
    /// When the account was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Somebody whose row is gone: what bylines go on saying (rule L2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerPerson {
    /// Identifier; never given to anybody else.
    pub id: UserId,
    /// Full name, as it was when the row was removed.
    pub display_name: String,
}

impl User {
    /// Full name to display.
    pub fn display_name(&self) -> String {
        match (self.first_name.is_empty(), self.last_name.is_empty()) {
            (_, true) => self.first_name.clone(),
            (true, false) => self.last_name.clone(),
            (false, false) => format!("{} {}", self.first_name, self.last_name),
        }
    }

    /// What lists of people are ordered by.
    pub fn sort_key(&self) -> String {
        text::sort_key(&self.display_name())
    }

    /// Words of name and job title, for free text.
    pub fn name_words(&self) -> Vec<String> {
        text::words(&format!("{} {} {}", self.first_name, self.last_name, self.job_title.as_deref().unwrap_or_default()))
    }

    /// Words of the contact address, for free text by those who see it.
    pub fn address_words(&self) -> Vec<String> {
        self.contact_email.as_ref().map(|e| text::words(e.address())).unwrap_or_default()
    }

    /// ACTIVE and INTRANET: may be made responsible, head or manager, and holds what every employee holds.
    pub fn is_active_employee(&self) -> bool {
        self.status == UserStatus::Active && self.kind == UserKind::Intranet
    }

    /// ACTIVE, INTRANET and administrator: what rule I1 counts.
    pub fn is_active_administrator(&self) -> bool {
        self.is_active_employee() && self.is_administrator
    }

    /// Whether a record of that kind waits for a new owner while this person is responsible ("orphaned" in DOMAIN).
    pub fn leaves_orphaned(&self, kind: crate::record::RecordKind) -> bool {
        match (self.status, self.kind) {
            (UserStatus::System, _) => false,
            (UserStatus::Dismissed | UserStatus::Invited, _) => true,
            (UserStatus::Active, UserKind::Extranet) => kind.is_crm(),
            (UserStatus::Active, UserKind::Intranet) => false,
        }
    }
}

/// Conditions on people; all given must hold. Which statuses a list without them shows is decided by `policy`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct UserFilter {
    /// Each of these folded words begins a word of name, job title or visible contact address.
    pub words: Vec<String>,
    /// Any of these statuses.
    pub statuses: Option<Vec<UserStatus>>,
    /// Any of these kinds.
    pub kinds: Option<Vec<UserKind>>,
    /// Of any of these departments.
    pub departments: Option<Vec<DepartmentId>>,
    /// Responsible for at least one record of any of these kinds; empty means any kind at all.
    pub owns_kinds: Option<Vec<crate::record::RecordKind>>,
    /// Dismissed in this period (people whose status is DISMISSED).
    pub dismissed_at: Option<crate::time::TimeRange>,
}

/// What people can be ordered by. Ties are broken by ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UserOrderField {
    /// [`User::sort_key`]; a text key.
    DisplayName,
    /// Creation; a time key.
    CreatedAt,
    /// Time of the dismissal; a time key; only people whose status is DISMISSED.
    DismissedAt,
}

/// An ordering of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserOrder {
    /// By what.
    pub field: UserOrderField,
    /// Largest, newest or Z first.
    pub descending: bool,
}

/// Lists of people below something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UserGroups {
    /// ACTIVE people who report to each of these.
    DirectReports(Vec<UserId>),
    /// ACTIVE members of each of these departments.
    DepartmentMembers(Vec<DepartmentId>),
}
