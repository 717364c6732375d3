//! Departments and workgroups.

use serde::{Deserialize, Serialize};

use crate::id::{DepartmentId, UserId, WorkgroupId};
use crate::text;
use crate::time::Timestamp;

/// A department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// Identifier.
    pub id: DepartmentId,
    /// Name; its sort key is unique under its parent.
    pub name: String,
    /// Parent; None at the top.
    pub parent: Option<DepartmentId>,
    /// Head.
    pub head: Option<UserId>,
}

impl Department {
    /// What lists are ordered by, and what is unique under a parent.
    pub fn sort_key(&self) -> String {
        text::sort_key(&self.name)
    }
}

/// A workgroup or project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workgroup {
    /// Identifier.
    pub id: WorkgroupId,
    /// Name; its sort key is unique.
    pub name: String,
    /// Whether external people may belong to it.
    pub is_extranet: bool,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Workgroup {
    /// What lists are ordered by, and what is unique.
    pub fn sort_key(&self) -> String {
        text::sort_key(&self.name)
    }
}

/// Roles in a workgroup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WorkgroupRole {
    /// Owns it.
    Owner,
    /// Moderates it.
    Moderator,
    /// Takes part.
    Member,
}

impl WorkgroupRole {
    /// The number to store.
    pub fn code(self) -> i16 {
        match self {
            WorkgroupRole::Owner => 1,
            WorkgroupRole::Moderator => 2,
            WorkgroupRole::Member => 3,
        }
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<WorkgroupRole> {
        match code {
            1 => Some(WorkgroupRole::Owner),
            2 => Some(WorkgroupRole::Moderator),
            3 => Some(WorkgroupRole::Member),
            _ => None,
        }
    }
}

/// Somebody's place in a workgroup: one row for each pair, ended and revived, never doubled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The workgroup.
    pub workgroup: WorkgroupId,
    /// The member.
    pub user: UserId,
    /// Role.
    pub role: WorkgroupRole,
    /// Since when.
    pub joined_at: Timestamp,
    /// Until when; None while it lasts.
    pub left_at: Option<Timestamp>,
    /// Whether a dismissal ended it, so that `hire` revives it (rule R5).
    pub ended_by_dismissal: bool,
}

/// Lists of memberships below something; the answer has one entry for each member, in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MembershipGroups {
    /// All memberships of each of these people, ended ones included, latest joined first: key (joined_at, workgroup).
    OfUser(Vec<UserId>),
    /// Lasting memberships of ACTIVE people in each of these workgroups, first joined first: key (joined_at, user).
    OfWorkgroup(Vec<WorkgroupId>),
}

/// What an import knows by a key of the system that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ImportKind {
    /// A department.
    Department,
    /// A workgroup.
    Workgroup,
    /// A person.
    Person,
}

impl ImportKind {
    /// All of them.
    pub const ALL: [ImportKind; 3] = [ImportKind::Department, ImportKind::Workgroup, ImportKind::Person];

    /// The number to store.
    pub fn code(self) -> i16 {
        self as i16 + 1
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<ImportKind> {
        ImportKind::ALL.into_iter().find(|k| k.code() == code)
    }
}

/// The key by which the system that it came from knows something; unique for each kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImportKey {
    /// What it is.
    pub kind: ImportKind,
    /// The key, compared as bytes.
    pub key: String,
    /// The identifier that it has here.
    pub id: uuid::Uuid,
}
