//! Departments with their heads, workgroups with their members.

use tenure_core::id::{DepartmentId, WorkgroupId};
use tenure_core::structure::{Department, Membership, Workgroup, WorkgroupRole};
use tenure_core::time::Timestamp;

use super::calendar::Calendar;
use super::dice::Dice;
use super::people::{People, Place};

use WorkgroupRole::{Member, Moderator, Owner};

const DEPARTMENTS: &[(&str, Place, &str)] = &[
    ("Company Office", Place::Office, "Brandt"),
    ("Sales", Place::Sales, "Lindgren"),
    ("Customer Service", Place::Service, "Solberg"),
    ("Warehouse & Shipping", Place::Warehouse, "Kowalski"),
    ("Finance", Place::Finance, "Hughes"),
];

/// Name, whether it is an extranet one, days since it was created, members by last name with role and days since they joined.
type WorkgroupLine = (&'static str, bool, i64, &'static [(&'static str, WorkgroupRole, i64)]);

const WORKGROUPS: &[WorkgroupLine] = &[
    (
        "Spring Catalogue",
        false,
        352,
        &[
            ("Laurent", Owner, 352),
            ("Tanaka", Moderator, 351),
            ("Haddad", Member, 351),
            ("Herrera", Member, 340),
            ("Keller", Member, 339),
            ("Bianchi", Member, 300),
            ("Novak", Member, 212),
            ("Berg", Member, 160),
            ("Sommer", Member, 338),
        ],
    ),
    (
        "Warehouse Move",
        false,
        344,
        &[
            ("Kowalski", Owner, 344),
            ("Mbeki", Moderator, 344),
            ("Nowak", Member, 343),
            ("Nguyễn", Member, 341),
            ("Dvořák", Member, 341),
            ("Farouk", Member, 320),
            ("Zieliński", Member, 210),
            ("Costa", Member, 182),
            ("Popescu", Member, 115),
        ],
    ),
    (
        "Lindqvist Joinery Rollout",
        true,
        329,
        &[
            ("Benali", Owner, 329),
            ("Holm", Moderator, 329),
            ("Novak", Moderator, 322),
            ("Weber", Member, 318),
            ("Bello", Member, 318),
            ("Lindqvist", Member, 328),
            ("Park", Member, 200),
            ("Whitfield", Member, 128),
            ("Sharma", Member, 90),
            ("Walsh", Member, 4),
        ],
    ),
    (
        "Dealer Portal",
        true,
        312,
        &[
            ("Rossi", Owner, 312),
            ("Menon", Moderator, 311),
            ("Almeida", Member, 300),
            ("Karimi", Member, 299),
            ("Delgado", Member, 305),
            ("Aalto", Member, 240),
            ("Laurent", Member, 238),
            ("Tamm", Member, 180),
        ],
    ),
];

/// Who left a workgroup without leaving the company.
const LEFT: (&str, &str, i64) = ("Spring Catalogue", "Bianchi", 76);

/// Departments, workgroups and memberships.
pub(super) struct Structure {
    pub(super) departments: Vec<Department>,
    pub(super) workgroups: Vec<Workgroup>,
    pub(super) memberships: Vec<Membership>,
}

impl Structure {
    /// Draws the structure up, and gives people their departments.
    pub(super) fn draw(people: &mut People, calendar: &Calendar, dice: &mut Dice) -> Structure {
        let founded = calendar.day(1495);
        let mut departments: Vec<Department> = Vec::new();
        for (name, place, head) in DEPARTMENTS {
            let id = DepartmentId(calendar.id_at(founded));
            // The office is the root, the others are below it.
            let parent = departments.first().map(|office| office.id);
            departments.push(Department { id, name: (*name).to_owned(), parent, head: Some(people.named(head).user.id) });
            for person in people.0.iter_mut().filter(|p| p.place == *place) {
                person.user.department = Some(id);
            }
        }
        let mut structure = Structure { departments, workgroups: Vec::new(), memberships: Vec::new() };
        for (name, is_extranet, days_ago, members) in WORKGROUPS {
            let created_at = calendar.day(*days_ago);
            let id = WorkgroupId(calendar.id_at(created_at));
            structure.workgroups.push(Workgroup { id, name: (*name).to_owned(), is_extranet: *is_extranet, created_at });
            for (last_name, role, days_ago) in *members {
                let person = people.named(last_name);
                let joined_at = calendar.moment(*days_ago, dice).max(created_at).max(person.accepted_at.unwrap_or(person.invited_at));
                let hand_made = ((*name, *last_name) == (LEFT.0, LEFT.1)).then(|| calendar.day(LEFT.2));
                let left_at = person.dismissed_at.or(hand_made);
                let ended_by_dismissal = person.dismissed_at.is_some();
                structure.memberships.push(Membership {
                    workgroup: id,
                    user: person.user.id,
                    role: *role,
                    joined_at,
                    left_at,
                    ended_by_dismissal,
                });
            }
        }
        structure
    }

    /// Memberships that last at an instant.
    pub(super) fn members_at(&self, workgroup: WorkgroupId, at: Timestamp) -> impl Iterator<Item = &Membership> {
        self.memberships.iter().filter(move |m| m.workgroup == workgroup && m.joined_at <= at && m.left_at.is_none_or(|left| left > at))
    }

    /// Who owns a workgroup.
    pub(super) fn owner_of(&self, workgroup: WorkgroupId) -> Option<&Membership> {
        self.memberships.iter().find(|m| m.workgroup == workgroup && m.role == Owner)
    }
}
