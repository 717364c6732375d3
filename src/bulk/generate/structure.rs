//! Departments with their heads, workgroups with their members.

use tenure_core::id::{DepartmentId, WorkgroupId};
use tenure_core::structure::{Department, Membership, Workgroup, WorkgroupRole};
use tenure_core::time::Timestamp;

use super::people::People;
use super::{Chance, uuid_at};
use crate::demo::calendar::Calendar;
use crate::demo::dice::Dice;
use crate::demo::words;

/// So many people share a department, and a workgroup.
const PER_DEPARTMENT: usize = 40;
const PER_WORKGROUP: usize = 25;
/// Names their dice.
const DEPARTMENT: u64 = 3;
const WORKGROUP: u64 = 4;

const DEPARTMENTS: &[&str] = &["Company Office", "Sales", "Customer Service", "Warehouse & Shipping", "Finance"];

/// Somebody's place in a workgroup, by numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) workgroup: usize,
    pub(super) person: usize,
    pub(super) role: WorkgroupRole,
    pub(super) joined_at: Timestamp,
}

/// Departments, workgroups and who belongs to them.
pub(super) struct Structure {
    pub(super) departments: Vec<Department>,
    pub(super) workgroups: Vec<Workgroup>,
    /// By workgroup.
    pub(super) memberships: Vec<Place>,
    /// Where the memberships of each workgroup begin; one more than there are workgroups.
    starts: Vec<usize>,
}

impl Structure {
    pub(super) fn draw(people: &People, calendar: &Calendar, chance: &Chance) -> Structure {
        let mut structure = Structure { departments: Vec::new(), workgroups: Vec::new(), memberships: Vec::new(), starts: Vec::new() };
        structure.draw_departments(people, calendar, chance);
        let open_ones = usize::from(!people.outside().is_empty());
        let count = (people.len() / PER_WORKGROUP + 1).max(2 * open_ones);
        for number in 0..count {
            structure.draw_workgroup((number, count), people, calendar, chance);
        }
        structure.starts.push(structure.memberships.len());
        structure
    }

    fn draw_departments(&mut self, people: &People, calendar: &Calendar, chance: &Chance) {
        let founded = calendar.day(1_495);
        let staying = people.staying().len();
        for number in 0..staying / PER_DEPARTMENT + 1 {
            let id = DepartmentId(uuid_at(founded, &mut chance.of(DEPARTMENT, number)));
            let (name, parent) = match (DEPARTMENTS.get(number), number % (DEPARTMENTS.len() - 1) + 1) {
                (Some(name), _) => ((*name).to_owned(), (number > 0).then_some(0)),
                // Larger companies have teams below all but the office.
                (None, above) => (format!("{}, team {}", DEPARTMENTS[above], number + 1), Some(above)),
            };
            // Those with the lowest numbers lead, and each is in the department of the same number.
            let head = Some(people.person(number).id);
            self.departments.push(Department { id, name, parent: parent.map(|p: usize| self.departments[p].id), head });
        }
    }

    fn draw_workgroup(&mut self, (number, count): (usize, usize), people: &People, calendar: &Calendar, chance: &Chance) {
        let dice = &mut chance.of(WORKGROUP, number);
        let created_at = calendar.day(dice.between(200, 560));
        let is_extranet = is_open(number);
        let name = format!("{} {} {}", dice.pick(words::SURNAMES), dice.pick(words::TRADES), number + 1);
        self.workgroups.push(Workgroup { id: WorkgroupId(uuid_at(created_at, dice)), name, is_extranet, created_at });
        self.starts.push(self.memberships.len());
        let start = self.memberships.len();
        let staying = people.staying().len();
        self.join(start, people, (number, number * 7 % staying, WorkgroupRole::Owner), dice);
        self.join(start, people, (number, dice.below(staying), WorkgroupRole::Moderator), dice);
        for _ in 0..dice.between(3, 11) {
            let employee = dice.below(people.outside().start);
            self.join(start, people, (number, employee, WorkgroupRole::Member), dice);
        }
        if is_extranet {
            // Every external person has a place in one of the open ones.
            let (open, nth) = ((count + 1) / 3, number / 3);
            for person in people.outside().filter(|p| p % open == nth) {
                self.join(start, people, (number, person, WorkgroupRole::Member), dice);
            }
        }
    }

    fn join(&mut self, start: usize, people: &People, (workgroup, person, role): (usize, usize, WorkgroupRole), dice: &mut Dice) {
        let created_at = self.workgroups[workgroup].created_at;
        let somebody = people.person(person);
        let joined_at = created_at.max(somebody.accepted_at).plus_seconds(dice.between(0, 20) * 3_600);
        let is_there = self.memberships[start..].iter().any(|place| place.person == person);
        if !is_there && somebody.works_at(joined_at) {
            self.memberships.push(Place { workgroup, person, role, joined_at });
        }
    }

    /// The department of an employee.
    pub(super) fn department_of(&self, person: usize) -> DepartmentId {
        self.departments[person % self.departments.len()].id
    }

    /// The places in a workgroup.
    pub(super) fn places(&self, workgroup: usize) -> &[Place] {
        &self.memberships[self.starts[workgroup]..self.starts[workgroup + 1]]
    }

    /// The row of a place: the dismissal of its holder ended it (rule R5).
    pub(super) fn membership(&self, place: &Place, people: &People) -> Membership {
        let person = people.person(place.person);
        Membership {
            workgroup: self.workgroups[place.workgroup].id,
            user: person.id,
            role: place.role,
            joined_at: place.joined_at,
            left_at: person.dismissed_at,
            ended_by_dismissal: person.dismissed_at.is_some(),
        }
    }
}

/// Every third workgroup is open to the extranet.
fn is_open(number: usize) -> bool {
    number % 3 == 1
}
