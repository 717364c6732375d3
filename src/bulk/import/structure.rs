//! Whether the departments, workgroups and people of the file can be there, together with what is there already.

use std::collections::HashSet;

use tenure_core::id::{DepartmentId, UserId, WorkgroupId};
use tenure_core::structure::ImportKind;
use tenure_core::text;
use tenure_core::user::{User, UserKind, UserStatus};
use uuid::Uuid;

use super::catalogue::{Catalogue, Known};
use super::fields::Fault;
use super::line::{DepartmentLine, PersonLine, PersonName, Reference, WorkgroupLine};
use super::stored::{Named, Stored};

/// How a line stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stand {
    New,
    /// It is in the database already, under this identifier; fields that say something else there.
    There(Uuid, Vec<&'static str>),
    Bad(Vec<Fault>),
}

/// How all of them stand, by place in the catalogue.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stands {
    pub(super) departments: Vec<Stand>,
    pub(super) workgroups: Vec<Stand>,
    pub(super) people: Vec<Stand>,
}

impl Stands {
    fn all(&self) -> impl Iterator<Item = &Stand> {
        self.departments.iter().chain(&self.workgroups).chain(&self.people)
    }

    /// Whether a line is bad.
    pub(super) fn has_bad_lines(&self) -> bool {
        self.all().any(|stand| matches!(stand, Stand::Bad(_)))
    }
}

/// Whom a name leads to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Somebody<'a> {
    /// A new person of the file.
    Line(UserId, &'a PersonLine),
    Stored(&'a User),
}

impl Somebody<'_> {
    pub(super) fn id(&self) -> UserId {
        match self {
            Somebody::Line(id, _) => *id,
            Somebody::Stored(user) => user.id,
        }
    }

    fn standing(&self) -> (UserStatus, UserKind) {
        match self {
            Somebody::Line(_, line) => (line.status, line.kind),
            Somebody::Stored(user) => (user.status, user.kind),
        }
    }

    pub(super) fn is_active_employee(&self) -> bool {
        self.standing() == (UserStatus::Active, UserKind::Intranet)
    }

    pub(super) fn is_active_external(&self) -> bool {
        self.standing() == (UserStatus::Active, UserKind::Extranet)
    }
}

/// File and database together.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) stands: &'a Stands,
    /// What is known of departments, workgroups and people of the file.
    pub(super) stored: &'a Stored,
    /// What is known of others that are named.
    pub(super) further: &'a Stored,
}

fn bad_line(number: u64) -> String {
    format!("refers to line {number}, which is bad")
}

impl<'a> Surroundings<'a> {
    fn person_line(&self, known: Known) -> Result<Somebody<'a>, String> {
        let place = match known {
            Known::Line(place) => place,
            Known::Bad(number) => return Err(bad_line(number)),
        };
        let numbered = &self.catalogue.people[place];
        match &self.stands.people[place] {
            Stand::New => Ok(Somebody::Line(UserId(numbered.id), &numbered.line)),
            Stand::There(id, _) => {
                self.stored.user(UserId(*id)).map(Somebody::Stored).ok_or_else(|| "there is nobody like that".to_owned())
            }
            Stand::Bad(_) => Err(bad_line(numbered.number)),
        }
    }

    /// Who is named.
    pub(super) fn person(&self, name: &PersonName) -> Result<Somebody<'a>, String> {
        match name {
            PersonName::Key(key) => match self.catalogue.key(ImportKind::Person, key) {
                Some(known) => self.person_line(known),
                None => {
                    let id = self.further.by_key(ImportKind::Person, key).map(UserId);
                    let user = id.and_then(|id| self.further.user(id)).map(Somebody::Stored);
                    user.ok_or_else(|| "is nobody's external ID".to_owned())
                }
            },
            PersonName::Email(email) => match self.catalogue.email(email) {
                // A bad line does not stand before whoever has the address already.
                Some(known) => self.person_line(known).or_else(|message| self.further.by_email(email).map(Somebody::Stored).ok_or(message)),
                None => self.further.by_email(email).map(Somebody::Stored).ok_or_else(|| "is nobody's address".to_owned()),
            },
        }
    }

    /// Which workgroup is named, and whether it is open to the extranet.
    pub(super) fn workgroup(&self, key: &str) -> Result<(WorkgroupId, bool), String> {
        let stored = |from: &Stored, id: Uuid| from.workgroups.get(&WorkgroupId(id)).map(|w| (w.id, w.is_extranet));
        let unknown = || "is no workgroup's external ID".to_owned();
        match self.catalogue.key(ImportKind::Workgroup, key) {
            Some(Known::Bad(number)) => Err(bad_line(number)),
            Some(Known::Line(place)) => {
                let numbered = &self.catalogue.workgroups[place];
                match &self.stands.workgroups[place] {
                    Stand::New => Ok((WorkgroupId(numbered.id), numbered.line.is_extranet)),
                    Stand::There(id, _) => stored(self.stored, *id).ok_or_else(unknown),
                    Stand::Bad(_) => Err(bad_line(numbered.number)),
                }
            }
            None => self.further.by_key(ImportKind::Workgroup, key).and_then(|id| stored(self.further, id)).ok_or_else(unknown),
        }
    }

    /// Which department is named.
    pub(super) fn department(&self, key: &str) -> Result<DepartmentId, String> {
        match self.catalogue.key(ImportKind::Department, key) {
            Some(Known::Bad(number)) => Err(bad_line(number)),
            Some(Known::Line(place)) => {
                let numbered = &self.catalogue.departments[place];
                match &self.stands.departments[place] {
                    Stand::New => Ok(DepartmentId(numbered.id)),
                    Stand::There(id, _) => Ok(DepartmentId(*id)),
                    Stand::Bad(_) => Err(bad_line(numbered.number)),
                }
            }
            None => self
                .further
                .by_key(ImportKind::Department, key)
                .map(DepartmentId)
                .ok_or_else(|| "is no department's external ID".to_owned()),
        }
    }

    /// Whether somebody will belong to a workgroup.
    pub(super) fn belongs(&self, somebody: Somebody<'_>, workgroup: WorkgroupId) -> bool {
        match somebody {
            Somebody::Line(_, line) => line.workgroups.iter().any(|key| self.workgroup(key).is_ok_and(|(id, _)| id == workgroup)),
            Somebody::Stored(user) => self.stored.belongs(user.id, workgroup) || self.further.belongs(user.id, workgroup),
        }
    }

    fn active_employee(&self, reference: &Reference<PersonName>, faults: &mut Vec<Fault>) {
        match self.person(&reference.1) {
            Ok(somebody) if somebody.is_active_employee() => {}
            Ok(_) => faults.push(Fault::new(&reference.0, "must be an active employee")),
            Err(message) => faults.push(Fault::new(&reference.0, message)),
        }
    }

    fn department_faults(&self, line: &DepartmentLine) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(Err(message)) = line.parent.as_ref().map(|key| self.department(key)) {
            faults.push(Fault::new("parentExternalId", message));
        }
        if let Some(head) = &line.head {
            self.active_employee(head, &mut faults);
        }
        faults
    }

    fn workgroup_faults(&self, line: &WorkgroupLine) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.active_employee(&line.owner, &mut faults);
        faults
    }

    fn person_faults(&self, line: &PersonLine) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(Err(message)) = line.department.as_ref().map(|key| self.department(key)) {
            faults.push(Fault::new("departmentExternalId", message));
        }
        match &line.manager {
            // Nobody ACTIVE reports to somebody who is not (rule I10); leavers keep whom they reported to (R7).
            Some(manager) if line.status == UserStatus::Active => self.active_employee(manager, &mut faults),
            Some((field, name)) => faults.extend(self.person(name).err().map(|message| Fault::new(field, message))),
            None => {}
        }
        for (n, key) in line.workgroups.iter().enumerate() {
            let field = format!("workgroupExternalIds.{n}");
            match self.workgroup(key) {
                Ok((_, is_extranet)) if line.kind == UserKind::Extranet && !is_extranet => {
                    faults.push(Fault::new(field, "is not open to the extranet"));
                }
                Ok(_) => {}
                Err(message) => faults.push(Fault::new(field, message)),
            }
        }
        if self.stored.is_held(&line.email) {
            faults.push(Fault::new("email", "somebody holds this address already"));
        }
        faults
    }
}

/// What departments, workgroups and people of the file name.
pub(super) fn named(catalogue: &Catalogue) -> Named {
    let mut named = Named::default();
    for department in catalogue.departments.iter().map(|d| &d.line) {
        named.key(ImportKind::Department, &department.key);
        department.parent.iter().for_each(|key| named.key(ImportKind::Department, key));
        department.head.iter().for_each(|(_, head)| named.person(head));
    }
    for workgroup in catalogue.workgroups.iter().map(|w| &w.line) {
        named.key(ImportKind::Workgroup, &workgroup.key);
        named.person(&workgroup.owner.1);
    }
    for person in catalogue.people.iter().map(|p| &p.line) {
        named.key(ImportKind::Person, &person.key);
        named.email(&person.email);
        person.department.iter().for_each(|key| named.key(ImportKind::Department, key));
        person.manager.iter().for_each(|(_, manager)| named.person(manager));
        person.workgroups.iter().for_each(|key| named.key(ImportKind::Workgroup, key));
    }
    named
}

/// Judges them. `seats` is how many are free; None for any number.
pub(super) fn judge(catalogue: &Catalogue, stored: &Stored, seats: Option<u32>) -> Stands {
    let mut stands = present(catalogue, stored);
    circles(catalogue, &mut stands);
    names(catalogue, stored, &mut stands);
    settle(catalogue, stored, &mut stands);
    if let Some(seats) = seats {
        let taking = |n: &usize| stands.people[*n] == Stand::New && catalogue.people[*n].line.status == UserStatus::Active;
        let beyond: Vec<usize> = (0..stands.people.len()).filter(taking).skip(seats as usize).collect();
        for n in beyond {
            stands.people[n] = Stand::Bad(vec![Fault::new("status", "no seat of the licence is free")]);
        }
        settle(catalogue, stored, &mut stands);
    }
    stands
}

/// What is in the database already stays as it is there.
fn present(catalogue: &Catalogue, stored: &Stored) -> Stands {
    let differing = |all: &[(&'static str, bool)]| all.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect();
    let department = |line: &DepartmentLine| {
        let there = stored.departments.get(&DepartmentId(stored.by_key(ImportKind::Department, &line.key)?))?;
        Some(Stand::There(there.id.0, differing(&[("name", there.name != line.name)])))
    };
    let workgroup = |line: &WorkgroupLine| {
        let there = stored.workgroups.get(&WorkgroupId(stored.by_key(ImportKind::Workgroup, &line.key)?))?;
        let fields = [("name", there.name != line.name), ("isExtranet", there.is_extranet != line.is_extranet)];
        Some(Stand::There(there.id.0, differing(&fields)))
    };
    let person = |line: &PersonLine| {
        let there = stored.user(UserId(stored.by_key(ImportKind::Person, &line.key)?))?;
        let has_address = [&there.login_email, &there.contact_email].into_iter().flatten().any(|email| email.is_same(&line.email));
        let fields = [
            ("email", !has_address),
            ("userKind", there.kind != line.kind),
            ("firstName", there.first_name != line.first_name),
            ("lastName", there.last_name != line.last_name),
            ("jobTitle", line.job_title.is_some() && there.job_title != line.job_title),
            ("status", there.status != line.status),
        ];
        Some(Stand::There(there.id.0, differing(&fields)))
    };
    Stands {
        departments: catalogue.departments.iter().map(|d| department(&d.line).unwrap_or(Stand::New)).collect(),
        workgroups: catalogue.workgroups.iter().map(|w| workgroup(&w.line).unwrap_or(Stand::New)).collect(),
        people: catalogue.people.iter().map(|p| person(&p.line).unwrap_or(Stand::New)).collect(),
    }
}

/// Nobody is above themself, and no department.
fn circles(catalogue: &Catalogue, stands: &mut Stands) {
    // What is in the database already stays as it is there: the file moves nobody.
    let line = |known: Option<Known>, of: &[Stand]| match known {
        Some(Known::Line(n)) if of[n] == Stand::New => Some(n),
        Some(Known::Line(_) | Known::Bad(_)) | None => None,
    };
    let manager = |n: usize| {
        let (_, name) = catalogue.people[n].line.manager.as_ref()?;
        let known = match name {
            PersonName::Key(key) => catalogue.key(ImportKind::Person, key),
            PersonName::Email(email) => catalogue.email(email),
        };
        line(known, &stands.people)
    };
    let of_managers = in_circles(catalogue.people.len(), manager);
    let parent =
        |n: usize| line(catalogue.key(ImportKind::Department, catalogue.departments[n].line.parent.as_ref()?), &stands.departments);
    let of_departments = in_circles(catalogue.departments.len(), parent);
    for n in of_managers.into_iter().filter(|n| stands.people[*n] == Stand::New).collect::<Vec<_>>() {
        let field = catalogue.people[n].line.manager.as_ref().map_or("managerExternalId", |(field, _)| field);
        stands.people[n] = Stand::Bad(vec![Fault::new(field, "closes a circle of managers")]);
    }
    for n in of_departments.into_iter().filter(|n| stands.departments[*n] == Stand::New).collect::<Vec<_>>() {
        stands.departments[n] = Stand::Bad(vec![Fault::new("parentExternalId", "closes a circle of departments")]);
    }
}

/// Those who come back to themselves. Each is walked over once.
fn in_circles(count: usize, above: impl Fn(usize) -> Option<usize>) -> Vec<usize> {
    let mut walk_of = vec![usize::MAX; count];
    let mut found = Vec::new();
    for start in 0..count {
        let mut next = Some(start);
        let mut path = Vec::new();
        while let Some(at) = next.filter(|at| walk_of[*at] == usize::MAX) {
            walk_of[at] = start;
            path.push(at);
            next = above(at);
        }
        // This very walk was here before: everything from there on is the circle.
        if let Some(begins) = next.filter(|at| walk_of[*at] == start).and_then(|at| path.iter().position(|n| *n == at)) {
            found.extend(&path[begins..]);
        }
    }
    found
}

/// Names that come twice, in the file or in the database. Those in the database are looked up by identifier of the parent.
fn names(catalogue: &Catalogue, stored: &Stored, stands: &mut Stands) {
    let mut taken: HashSet<(Option<DepartmentId>, String)> = HashSet::new();
    for n in 0..catalogue.departments.len() {
        if stands.departments[n] != Stand::New {
            continue;
        }
        let line = &catalogue.departments[n].line;
        let around = Surroundings { catalogue, stands, stored, further: stored };
        let parent = match line.parent.as_ref().map(|key| around.department(key)) {
            None => None,
            Some(Ok(id)) => Some(id),
            Some(Err(_)) => continue,
        };
        let name = (parent, text::sort_key(&line.name));
        if stored.department_names.contains(&name) || !taken.insert(name) {
            stands.departments[n] = Stand::Bad(vec![Fault::new("name", "a department of that name exists there")]);
        }
    }
    let mut taken: HashSet<String> = HashSet::new();
    for (n, workgroup) in catalogue.workgroups.iter().enumerate() {
        let name = text::sort_key(&workgroup.line.name);
        if stands.workgroups[n] == Stand::New && (stored.workgroup_names.contains(&name) || !taken.insert(name)) {
            stands.workgroups[n] = Stand::Bad(vec![Fault::new("name", "a workgroup of that name exists")]);
        }
    }
}

/// Whatever refers to a bad line is bad, until nothing changes any more.
fn settle(catalogue: &Catalogue, stored: &Stored, stands: &mut Stands) {
    loop {
        let around = Surroundings { catalogue, stands, stored, further: stored };
        let new = |stands: &[Stand], n: usize| stands[n] == Stand::New;
        let bad = |faults: Vec<Fault>| (!faults.is_empty()).then_some(Stand::Bad(faults));
        let departments = (0..catalogue.departments.len()).filter(|n| new(&stands.departments, *n));
        let departments: Vec<_> =
            departments.filter_map(|n| Some((n, bad(around.department_faults(&catalogue.departments[n].line))?))).collect();
        let workgroups = (0..catalogue.workgroups.len()).filter(|n| new(&stands.workgroups, *n));
        let workgroups: Vec<_> =
            workgroups.filter_map(|n| Some((n, bad(around.workgroup_faults(&catalogue.workgroups[n].line))?))).collect();
        let people = (0..catalogue.people.len()).filter(|n| new(&stands.people, *n));
        let people: Vec<_> = people.filter_map(|n| Some((n, bad(around.person_faults(&catalogue.people[n].line))?))).collect();
        if departments.is_empty() && workgroups.is_empty() && people.is_empty() {
            return;
        }
        departments.into_iter().for_each(|(n, stand)| stands.departments[n] = stand);
        workgroups.into_iter().for_each(|(n, stand)| stands.workgroups[n] = stand);
        people.into_iter().for_each(|(n, stand)| stands.people[n] = stand);
    }
}
