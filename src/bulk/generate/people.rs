//! Who works there, who has left, and who takes part from outside. Only what others depend on is kept of everybody; the rest is drawn
//! when they are written.

use std::ops::Range;

use tenure_core::email::{Email, EmailRole, EmailRoles, HeldAddress};
use tenure_core::id::UserId;
use tenure_core::permission::{Permission, PermissionSet};
use tenure_core::text;
use tenure_core::time::Timestamp;
use tenure_core::user::{Actor, Dismissal, User, UserKind, UserStatus};

use super::structure::Structure;
use super::{Chance, uuid_at};
use crate::demo::calendar::Calendar;
use crate::demo::dice::Dice;
use crate::demo::words;

/// How many report to one manager.
const SPAN: usize = 8;
/// Names their dice.
const PERSON: u64 = 1;
const NAMES: u64 = 2;

/// The managing director is the first, the HR manager the second (or the first, where there is nobody else).
const DIRECTOR: usize = 0;

const TITLES: &[&str] = &[
    "Account Manager",
    "Service Technician",
    "Warehouse Clerk",
    "Bookkeeper",
    "Inside Sales",
    "Mechanic",
    "Dispatcher",
    "Purchaser",
    "Controller",
    "IT Technician",
];

const REASONS: &[&str] = &["Moved to another employer", "Retired", "End of fixed-term contract", "Relocated abroad", "Resigned"];

/// What the HR manager holds.
const HR_PERMISSIONS: &[Permission] = &[
    Permission::UsersInvite,
    Permission::UsersDismiss,
    Permission::UsersUpdate,
    Permission::EntitiesReassign,
    Permission::EmailsManage,
    Permission::AuditRead,
    Permission::StructureManage,
];

/// What is kept of a person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) invited_at: Timestamp,
    pub(super) accepted_at: Timestamp,
    pub(super) dismissed_at: Option<Timestamp>,
}

impl Person {
    /// Whether they were ACTIVE then.
    pub(super) fn works_at(&self, at: Timestamp) -> bool {
        self.accepted_at <= at && self.dismissed_at.is_none_or(|dismissed| dismissed > at)
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::User(self.id)
    }
}

/// Everybody, by number: first those who stay, then leavers, then external people.
pub(super) struct People {
    seed: Chance,
    all: Vec<Person>,
    stay: usize,
    leave: usize,
    /// Employees in the order of how much they own, and the sums of their shares.
    order: Vec<u32>,
    shares: Vec<u64>,
}

impl People {
    pub(super) fn draw(count: u32, calendar: &Calendar, chance: &Chance) -> People {
        let count = count.max(1) as usize;
        // A tenth has left, a twentieth is external.
        let (leave, outside) = (count / 10, count / 20);
        let stay = count - leave - outside;
        let mut all = Vec::with_capacity(count);
        for number in 0..count {
            let dice = &mut chance.of(PERSON, number);
            let days_ago = match number {
                DIRECTOR => 1_500,
                1 => 1_495,
                n if n < stay => dice.between(30, 1_490),
                n if n < stay + leave => dice.between(500, 1_400),
                _ => dice.between(60, 700),
            };
            let invited_at = calendar.moment(days_ago, dice);
            let accepted_at = invited_at.plus_seconds(dice.between(1, 30) * 3_000);
            let has_left = (stay..stay + leave).contains(&number);
            let dismissed_at = has_left.then(|| calendar.moment(dice.between(5, 360), dice));
            all.push(Person { id: UserId(uuid_at(invited_at, dice)), invited_at, accepted_at, dismissed_at });
        }
        // Who owns much and who little has nothing to do with the place in the company.
        let mut order: Vec<u32> = (0..u32::try_from(stay + leave).unwrap_or(u32::MAX)).collect();
        let dice = &mut chance.of(PERSON, usize::MAX);
        for place in (1..order.len()).rev() {
            order.swap(place, dice.below(place + 1));
        }
        // Zipf: the second owns half as much as the first, the third a third, …
        let mut sum = 0;
        let shares = (0..order.len() as u64).map(|rank| {
            sum += 1_000_000_000 / (rank + 1);
            sum
        });
        let shares = shares.collect();
        People { seed: Chance { seed: chance.seed }, all, stay, leave, order, shares }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Somebody by number.
    pub(super) fn person(&self, number: usize) -> &Person {
        &self.all[number]
    }

    pub(super) fn staying(&self) -> Range<usize> {
        0..self.stay
    }

    pub(super) fn leavers(&self) -> Range<usize> {
        self.stay..self.stay + self.leave
    }

    pub(super) fn outside(&self) -> Range<usize> {
        self.stay + self.leave..self.all.len()
    }

    pub(super) fn is_outside(&self, number: usize) -> bool {
        self.outside().contains(&number)
    }

    /// Who invites, dismisses and hands over.
    pub(super) fn hr(&self) -> usize {
        usize::from(self.stay > 1)
    }

    /// An employee at that time; some are met far more often than others. The director, where there is nobody else.
    pub(super) fn colleague(&self, at: Timestamp, dice: &mut Dice) -> usize {
        let total = self.shares.last().copied().unwrap_or(1);
        for _ in 0..12 {
            let drawn = dice.next() % total;
            let rank = self.shares.partition_point(|sum| *sum <= drawn);
            let number = self.order.get(rank).map_or(DIRECTOR, |n| *n as usize);
            if self.all[number].works_at(at) {
                return number;
            }
        }
        DIRECTOR
    }

    /// Whether somebody has reports.
    fn leads(&self, number: usize) -> bool {
        number < self.stay && number * SPAN + 1 < self.stay
    }

    fn manager(&self, number: usize, dice: &mut Dice) -> Option<usize> {
        match number {
            DIRECTOR => None,
            n if n < self.stay => Some((n - 1) / SPAN),
            // Leavers keep whom they reported to (rule R7); external people report to nobody.
            n if n < self.stay + self.leave => Some(dice.below(self.stay.div_ceil(SPAN))),
            _ => None,
        }
    }

    fn names(&self, number: usize) -> (&'static str, &'static str) {
        let dice = &mut self.seed.of(NAMES, number);
        (*dice.pick(words::FIRST_NAMES), *dice.pick(words::SURNAMES))
    }

    /// The address somebody signs in with and is written to.
    pub(super) fn email(&self, number: usize) -> Option<Email> {
        let (first, last) = self.names(number);
        let part = |name: &str| text::fold(name).chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let domain = if self.is_outside(number) { "partners.example" } else { "example.com" };
        Email::parse(&format!("{}.{}.{}@{domain}", part(first), part(last), number + 1))
    }

    /// The row of the address.
    pub(super) fn address(&self, number: usize) -> Option<HeldAddress> {
        let roles = [EmailRole::Login, EmailRole::Contact].into_iter().collect::<EmailRoles>();
        self.email(number).map(|email| HeldAddress { email, holder: self.all[number].id, roles })
    }

    /// The row of the person.
    pub(super) fn user(&self, number: usize, structure: &Structure) -> User {
        let person = &self.all[number];
        let dice = &mut self.seed.of(NAMES, number + self.all.len());
        let (first_name, last_name) = self.names(number);
        let is_hr = number == self.hr();
        let title = match number {
            DIRECTOR => "Managing Director",
            _ if is_hr => "HR Manager",
            n if self.is_outside(n) => "Partner",
            n if self.leads(n) => "Team Manager",
            _ => dice.pick(TITLES),
        };
        let manager = self.manager(number, dice).map(|m| self.all[m].id);
        let dismissal = person.dismissed_at.map(|dismissed_at| Dismissal {
            dismissed_at,
            dismissed_by: self.all[self.hr()].actor(),
            reason: Some((*dice.pick(REASONS)).to_owned()),
            note: None,
        });
        let is_outside = self.is_outside(number);
        User {
            id: person.id,
            // Invited, accepted, and what came later.
            version: 2 + i32::from(is_hr) + i32::from(dismissal.is_some()),
            epoch: 1 + i32::from(dismissal.is_some()),
            status: if dismissal.is_some() { UserStatus::Dismissed } else { UserStatus::Active },
            kind: if is_outside { UserKind::Extranet } else { UserKind::Intranet },
            is_administrator: false,
            personal_permissions: if is_hr { hr_permissions() } else { PermissionSet::NONE },
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            job_title: Some(title.to_owned()),
            avatar_url: None,
            department: (!is_outside).then(|| structure.department_of(number)),
            manager,
            login_email: None,
            contact_email: None,
            was_active: true,
            dismissal,
            created_at: person.invited_at,
            updated_at: person.dismissed_at.unwrap_or(person.accepted_at),
        }
    }
}

/// What the HR manager holds.
pub(super) fn hr_permissions() -> PermissionSet {
    HR_PERMISSIONS.iter().copied().collect()
}
