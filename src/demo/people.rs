//! Who works there, who used to, and who is about to.

use tenure_core::email::{Email, EmailRole, EmailRoles, HeldAddress};
use tenure_core::id::UserId;
use tenure_core::permission::{Permission, PermissionSet};
use tenure_core::text;
use tenure_core::time::Timestamp;
use tenure_core::user::{Actor, Dismissal, User, UserKind, UserStatus};

use super::calendar::Calendar;
use super::dice::Dice;

use Place::{Finance, Office, Outside, Sales, Service, Warehouse};

/// Where in the company somebody works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Office,
    Sales,
    Service,
    Warehouse,
    Finance,
    /// Not in it: an external person.
    Outside,
}

/// First name, last name, job title, place, last name of the manager, days since the invitation (0: some time in the first years).
type Line = (&'static str, &'static str, &'static str, Place, &'static str, i64);

/// Managers come before those who report to them.
const EMPLOYEES: &[Line] = &[
    ("Helena", "Brandt", "Managing Director", Office, "", 1496),
    ("Ravi", "Menon", "Head of IT", Office, "Brandt", 1500),
    ("Ngozi", "Okafor", "HR Manager", Office, "Brandt", 1490),
    ("Erik", "Lindgren", "Head of Sales", Sales, "Brandt", 1484),
    ("Ingrid", "Solberg", "Head of Service", Service, "Brandt", 1482),
    ("Stefan", "Kowalski", "Head of Warehouse", Warehouse, "Brandt", 1481),
    ("Margaret", "Hughes", "Head of Finance", Finance, "Brandt", 1480),
    ("Camille", "Laurent", "Marketing Manager", Office, "Brandt", 1390),
    ("Fatima", "Benali", "Regional Manager North", Sales, "Lindgren", 1402),
    ("Marco", "Rossi", "Regional Manager South", Sales, "Lindgren", 1380),
    ("Hassan", "Rahimi", "Field Service Manager", Service, "Solberg", 1350),
    ("Beatriz", "Costa", "Workshop Manager", Service, "Solberg", 1341),
    ("Grace", "Mbeki", "Shift Manager", Warehouse, "Kowalski", 1322),
    ("Karim", "Aziz", "Accounting Manager", Finance, "Hughes", 1310),
    ("Lucía", "Fernández", "HR Partner", Office, "Okafor", 0),
    ("Piotr", "Zieliński", "IT Technician", Office, "Menon", 0),
    ("Yuki", "Tanaka", "Content Designer", Office, "Laurent", 0),
    ("Omar", "Haddad", "Event Coordinator", Office, "Laurent", 0),
    ("Emma", "Novak", "Account Manager", Sales, "Benali", 1015),
    ("Tomás", "Herrera", "Senior Account Manager", Sales, "Benali", 0),
    ("Aino", "Virtanen", "Account Manager", Sales, "Benali", 0),
    ("Kwame", "Mensah", "Account Manager", Sales, "Benali", 0),
    ("Sofie", "Jansen", "Account Manager", Sales, "Benali", 0),
    ("Dimitri", "Petrov", "Account Manager", Sales, "Benali", 0),
    ("Chiara", "Bianchi", "Account Manager", Sales, "Rossi", 0),
    ("João", "Almeida", "Senior Account Manager", Sales, "Rossi", 0),
    ("Zeynep", "Kaya", "Account Manager", Sales, "Rossi", 0),
    ("Liam", "O'Connor", "Account Manager", Sales, "Rossi", 0),
    ("Anneli", "Tamm", "Inside Sales", Sales, "Rossi", 260),
    ("Wei", "Chen", "Inside Sales", Sales, "Lindgren", 40),
    ("Jonas", "Weber", "Service Technician", Service, "Rahimi", 0),
    ("Mei Lin", "Wong", "Service Technician", Service, "Rahimi", 0),
    ("Patrick", "Dubois", "Service Technician", Service, "Rahimi", 0),
    ("Amara", "Diallo", "Service Technician", Service, "Rahimi", 0),
    ("Viktor", "Horváth", "Mechanic", Service, "Costa", 0),
    ("Elif", "Demir", "Mechanic", Service, "Costa", 0),
    ("Noah", "Fischer", "Apprentice Mechanic", Service, "Costa", 190),
    ("Priya", "Sharma", "Service Dispatcher", Service, "Solberg", 0),
    ("Luca", "Moretti", "Forklift Driver", Warehouse, "Mbeki", 0),
    ("Hanna", "Nilsson", "Warehouse Clerk", Warehouse, "Mbeki", 0),
    ("Ahmed", "Farouk", "Warehouse Clerk", Warehouse, "Mbeki", 0),
    ("Daniel", "Popescu", "Warehouse Clerk", Warehouse, "Mbeki", 120),
    ("Ewa", "Nowak", "Purchaser", Warehouse, "Kowalski", 0),
    ("Tuấn", "Nguyễn", "Dispatcher", Warehouse, "Kowalski", 0),
    ("Olga", "Ivanova", "Bookkeeper", Finance, "Aziz", 0),
    ("Samuel", "Adeyemi", "Bookkeeper", Finance, "Aziz", 75),
    ("Linnéa", "Berg", "Controller", Finance, "Hughes", 0),
];

/// The same, with days since the dismissal, reason and note.
const LEAVERS: &[(Line, i64, &str, &str)] = &[
    (
        ("Gustav", "Holm", "Key Account Manager", Sales, "Benali", 1130),
        41,
        "Moved to another employer",
        "Leaves on good terms. Key accounts are to be handed over one by one.",
    ),
    (("Nadia", "Karimi", "Account Manager", Sales, "Rossi", 760), 96, "End of fixed-term contract", ""),
    (
        ("Bruno", "Keller", "Regional Manager East", Sales, "Lindgren", 1388),
        170,
        "Retired",
        "Available for questions until the end of the year.",
    ),
    (
        ("Aisha", "Bello", "Service Technician", Service, "Rahimi", 640),
        12,
        "Relocated abroad",
        "Would like to come back one day; we would take her.",
    ),
    (("Pavel", "Dvořák", "Warehouse Clerk", Warehouse, "Mbeki", 560), 223, "Position no longer needed", ""),
    (("Julia", "Sommer", "Bookkeeper", Finance, "Aziz", 900), 301, "Resigned", ""),
];

const EXTERNALS: &[(Line, &str)] = &[
    (("Oskar", "Lindqvist", "Owner, Lindqvist Joinery", Outside, "", 330), "lindqvist-joinery.example"),
    (("Rosa", "Delgado", "Dealer for Iberia", Outside, "", 310), "delgado-tools.example"),
    (("Henrik", "Aalto", "Dealer for the Baltics", Outside, "", 248), "aalto-trading.example"),
    (("Mina", "Park", "Fit-out Planner", Outside, "", 204), "park-interiors.example"),
    (("Charles", "Whitfield", "Racking Inspector", Outside, "", 133), "whitfield-safety.example"),
];

const INVITED: &[(Line, &str)] = &[
    (("Mateo", "Vargas", "Account Manager", Sales, "Rossi", 2), "example.com"),
    (("Sinéad", "Walsh", "Buyer, Walsh Boatworks", Outside, "", 4), "walsh-boatworks.example"),
];

/// Login addresses of the four who are shown; their contact addresses are like everybody's.
pub(super) const SIGN_INS: &[(&str, &str)] = &[
    ("Menon", "admin@example.com"),
    ("Okafor", "hr@example.com"),
    ("Novak", "employee@example.com"),
    ("Lindqvist", "external@example.org"),
];

/// Who was granted what in person.
const GRANTS: &[(&str, &[Permission], i64)] = &[
    (
        "Okafor",
        &[
            Permission::UsersInvite,
            Permission::UsersDismiss,
            Permission::UsersUpdate,
            Permission::EntitiesReassign,
            Permission::EmailsManage,
            Permission::AuditRead,
            Permission::StructureManage,
        ],
        1488,
    ),
    ("Lindgren", &[Permission::EntitiesReassign], 1100),
    ("Solberg", &[Permission::EntitiesReassign], 364),
    ("Laurent", &[Permission::UsersInvite], 287),
];

/// Somebody, and what is known of their way.
#[derive(Debug)]
pub(super) struct Person {
    /// As stored in the end; the department is filled in by `structure`.
    pub(super) user: User,
    pub(super) place: Place,
    pub(super) invited_at: Timestamp,
    pub(super) accepted_at: Option<Timestamp>,
    pub(super) dismissed_at: Option<Timestamp>,
    pub(super) granted_at: Option<Timestamp>,
    /// Changes of the profile: when, and which fields.
    pub(super) updates: Vec<(Timestamp, &'static [&'static str])>,
    /// Where the invitation goes or went.
    pub(super) invitation: Email,
}

impl Person {
    /// Whether they were ACTIVE then.
    pub(super) fn works_at(&self, at: Timestamp) -> bool {
        self.accepted_at.is_some_and(|accepted| accepted <= at) && self.dismissed_at.is_none_or(|dismissed| dismissed > at)
    }

    /// Whether they may be made responsible for anything then.
    pub(super) fn is_employee_at(&self, at: Timestamp) -> bool {
        self.place != Outside && self.works_at(at)
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::User(self.user.id)
    }

    /// The rows of their addresses.
    pub(super) fn addresses(&self) -> Vec<HeldAddress> {
        let row = |email: &Email, roles: &[EmailRole]| HeldAddress {
            email: email.clone(),
            holder: self.user.id,
            roles: roles.iter().copied().collect::<EmailRoles>(),
        };
        match (&self.user.login_email, &self.user.contact_email) {
            (Some(login), Some(contact)) if login.is_same(contact) => vec![row(login, &[EmailRole::Login, EmailRole::Contact])],
            (Some(login), Some(contact)) => vec![row(login, &[EmailRole::Login]), row(contact, &[EmailRole::Contact])],
            (Some(login), None) => vec![row(login, &[EmailRole::Login])],
            (None, Some(contact)) => vec![row(contact, &[EmailRole::Contact])],
            (None, None) => vec![row(&self.invitation, &[EmailRole::Invitation])],
        }
    }
}

/// Everybody.
#[derive(Debug)]
pub(super) struct People(pub(super) Vec<Person>);

impl People {
    /// Draws everybody up. None when an address is malformed, which a test rules out.
    pub(super) fn draw(calendar: &Calendar, dice: &mut Dice) -> Option<People> {
        let mut people = People(Vec::with_capacity(64));
        for line in EMPLOYEES {
            people.join(line, "example.com", calendar, dice)?;
        }
        for (line, days_ago, reason, note) in LEAVERS {
            people.join(line, "example.com", calendar, dice)?;
            people.leave(calendar.moment(*days_ago, dice), reason, note);
        }
        for (line, domain) in EXTERNALS {
            people.join(line, domain, calendar, dice)?;
        }
        for (line, domain) in INVITED {
            people.join(line, domain, calendar, dice)?;
        }
        people.grant(calendar, dice);
        people.update(calendar, dice);
        people.move_reports_of_leavers();
        for person in &mut people.0 {
            let latest = [Some(person.invited_at), person.accepted_at, person.granted_at, person.dismissed_at];
            let latest = latest.into_iter().flatten().chain(person.updates.iter().map(|u| u.0)).max();
            person.user.updated_at = latest.unwrap_or(person.invited_at);
        }
        Some(people)
    }

    /// Where somebody of that last name is in the list; the first place if there is nobody, which a test rules out.
    pub(super) fn place_of(&self, last_name: &str) -> usize {
        self.0.iter().position(|p| p.user.last_name == last_name).unwrap_or(0)
    }

    /// Somebody by last name.
    pub(super) fn named(&self, last_name: &str) -> &Person {
        &self.0[self.place_of(last_name)]
    }

    /// Who invites people at that time: the HR manager, and the administrator before there was one.
    pub(super) fn inviter_at(&self, at: Timestamp) -> &Person {
        let hr = self.named("Okafor");
        if hr.granted_at.is_some_and(|granted| granted < at) { hr } else { self.named("Menon") }
    }

    fn join(&mut self, line: &Line, domain: &str, calendar: &Calendar, dice: &mut Dice) -> Option<()> {
        let &(first_name, last_name, job_title, place, manager, days_ago) = line;
        let days_ago = if days_ago == 0 { dice.between(600, 1290) } else { days_ago };
        let invited_at = calendar.moment(days_ago, dice);
        let is_invited = INVITED.iter().any(|((_, last, ..), _)| *last == last_name);
        let accepted_at = (!is_invited).then(|| invited_at.plus_seconds(dice.between(1, 30) * 3_000));
        let own = Email::parse(&format!("{}.{}@{domain}", local_part(first_name), local_part(last_name)))?;
        let login = match SIGN_INS.iter().find(|(last, _)| *last == last_name) {
            Some((_, address)) => Email::parse(address)?,
            None => own.clone(),
        };
        let user = User {
            id: UserId(calendar.id_at(invited_at)),
            version: if is_invited { 1 } else { 2 },
            epoch: 1,
            status: if is_invited { UserStatus::Invited } else { UserStatus::Active },
            kind: if place == Outside { UserKind::Extranet } else { UserKind::Intranet },
            is_administrator: last_name == "Menon",
            personal_permissions: PermissionSet::NONE,
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            job_title: Some(job_title.to_owned()),
            avatar_url: None,
            department: None,
            manager: (!manager.is_empty()).then(|| self.named(manager).user.id),
            login_email: (!is_invited).then_some(login),
            contact_email: (!is_invited).then(|| own.clone()),
            was_active: !is_invited,
            dismissal: None,
            created_at: invited_at,
            updated_at: invited_at,
        };
        let updates = Vec::new();
        self.0.push(Person { user, place, invited_at, accepted_at, dismissed_at: None, granted_at: None, updates, invitation: own });
        Some(())
    }

    /// The one who joined last leaves.
    fn leave(&mut self, at: Timestamp, reason: &str, note: &str) {
        let by = self.inviter_at(at).actor();
        let Some(person) = self.0.last_mut() else { return };
        person.dismissed_at = Some(at);
        person.user.status = UserStatus::Dismissed;
        person.user.version += 1;
        person.user.epoch += 1;
        let note = (!note.is_empty()).then(|| note.to_owned());
        person.user.dismissal = Some(Dismissal { dismissed_at: at, dismissed_by: by, reason: Some(reason.to_owned()), note });
    }

    fn grant(&mut self, calendar: &Calendar, dice: &mut Dice) {
        for (last_name, permissions, days_ago) in GRANTS {
            let at = calendar.moment(*days_ago, dice);
            let place = self.place_of(last_name);
            let person = &mut self.0[place];
            person.granted_at = Some(at);
            person.user.personal_permissions = permissions.iter().copied().collect();
            person.user.version += 1;
        }
    }

    fn update(&mut self, calendar: &Calendar, dice: &mut Dice) {
        const FIELDS: &[&[&str]] =
            &[&["jobTitle"], &["jobTitle", "managerId"], &["departmentId", "managerId"], &["lastName"], &["managerId"]];
        for _ in 0..24 {
            let at = calendar.moment(dice.between(2, 360), dice);
            let place = dice.below(EMPLOYEES.len());
            let fields = *dice.pick(FIELDS);
            let person = &mut self.0[place];
            if person.works_at(at) {
                person.updates.push((at, fields));
                person.user.version += 1;
            }
        }
    }

    /// Two people reported to the regional manager who retired; they report to his manager now (rule R4).
    fn move_reports_of_leavers(&mut self) {
        let keller = self.place_of("Keller");
        let (at, above) = (self.0[keller].dismissed_at, self.0[keller].user.manager);
        for last_name in ["Herrera", "Kaya"] {
            let place = self.place_of(last_name);
            let person = &mut self.0[place];
            person.user.manager = above;
            person.user.version += 1;
            if let Some(at) = at {
                person.updates.push((at, &[]));
            }
        }
    }
}

fn local_part(name: &str) -> String {
    text::fold(name).chars().filter(char::is_ascii_alphanumeric).collect()
}
