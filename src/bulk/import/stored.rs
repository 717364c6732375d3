//! What the database knows of what the file names.

use std::collections::{HashMap, HashSet};

use tenure_core::email::{Email, EmailRole};
use tenure_core::id::{DepartmentId, UserId, WorkgroupId};
use tenure_core::page::PageRequest;
use tenure_core::policy::Access;
use tenure_core::storage::{Read, Result};
use tenure_core::structure::{Department, ImportKind, Workgroup};
use tenure_core::user::{User, UserKind, UserStatus};
use uuid::Uuid;

use super::line::PersonName;

/// So many are asked for at once.
const BATCH: usize = 5_000;
/// Departments and workgroups of a company at most, whose names are compared.
const NAMES_MAX: u32 = 1_000_000;

/// What the file names.
#[derive(Debug, Default)]
pub(super) struct Named {
    keys: HashSet<(ImportKind, String)>,
    emails: HashSet<String>,
}

impl Named {
    pub(super) fn key(&mut self, kind: ImportKind, key: &str) {
        self.keys.insert((kind, key.to_owned()));
    }

    pub(super) fn email(&mut self, email: &Email) {
        self.emails.insert(email.key().to_owned());
    }

    pub(super) fn person(&mut self, name: &PersonName) {
        match name {
            PersonName::Key(key) => self.key(ImportKind::Person, key),
            PersonName::Email(email) => self.email(email),
        }
    }
}

/// What the database knows of it.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// What is known by a key and still there.
    keys: HashMap<(ImportKind, String), Uuid>,
    users: HashMap<UserId, User>,
    emails: HashMap<String, (UserId, bool)>,
    pub(super) departments: HashMap<DepartmentId, Department>,
    pub(super) workgroups: HashMap<WorkgroupId, Workgroup>,
    /// Lasting places of external people.
    places: HashSet<(UserId, WorkgroupId)>,
    pub(super) department_names: HashSet<(Option<DepartmentId>, String)>,
    pub(super) workgroup_names: HashSet<String>,
}

impl Stored {
    /// Looks it up: a bounded number of statements for each few thousand names.
    pub(super) async fn look_up(read: &dyn Read, named: Named) -> Result<Stored> {
        let mut stored = Stored::default();
        let all = Access::system();
        let keys: Vec<_> = named.keys.into_iter().collect();
        let mut found = Vec::new();
        for batch in keys.chunks(BATCH) {
            found.extend(read.import_keys(batch).await?);
        }
        let mut people: HashSet<UserId> = HashSet::new();
        let emails: Vec<_> = named.emails.into_iter().collect();
        for batch in emails.chunks(BATCH) {
            for held in read.addresses_by_key(batch).await? {
                let names_somebody = held.roles.has(EmailRole::Login) || held.roles.has(EmailRole::Contact);
                stored.emails.insert(held.email.key().to_owned(), (held.holder, names_somebody));
                people.insert(held.holder);
            }
        }
        let of = |kind: ImportKind| found.iter().filter(move |k| k.kind == kind).map(|k| k.id);
        people.extend(of(ImportKind::Person).map(UserId));
        for batch in of(ImportKind::Department).map(DepartmentId).collect::<Vec<_>>().chunks(BATCH) {
            stored.departments.extend(read.departments_by_id(batch).await?.into_iter().map(|d| (d.id, d)));
        }
        for batch in of(ImportKind::Workgroup).map(WorkgroupId).collect::<Vec<_>>().chunks(BATCH) {
            stored.workgroups.extend(read.workgroups_by_id(batch, &all.workgroup_scope()).await?.into_iter().map(|w| (w.id, w)));
        }
        for batch in people.into_iter().collect::<Vec<_>>().chunks(BATCH) {
            stored.users.extend(read.users_by_id(batch).await?.into_iter().filter(|u| u.status != UserStatus::System).map(|u| (u.id, u)));
        }
        let external: Vec<UserId> = stored.users.values().filter(|u| u.kind == UserKind::Extranet).map(|u| u.id).collect();
        for batch in external.chunks(BATCH) {
            let lasting = read.memberships_by_user(batch).await?.into_iter().filter(|m| m.left_at.is_none());
            stored.places.extend(lasting.map(|m| (m.user, m.workgroup)));
        }
        // A key whose person was deleted leads nowhere: who has it in the file is new.
        let is_there = |kind: ImportKind, id: Uuid| match kind {
            ImportKind::Department => stored.departments.contains_key(&DepartmentId(id)),
            ImportKind::Workgroup => stored.workgroups.contains_key(&WorkgroupId(id)),
            ImportKind::Person => stored.users.contains_key(&UserId(id)),
        };
        stored.keys = found.into_iter().filter(|k| is_there(k.kind, k.id)).map(|k| ((k.kind, k.key), k.id)).collect();
        Ok(stored)
    }

    /// Also the names of all departments and workgroups, which must not come twice.
    pub(super) async fn look_up_names(&mut self, read: &dyn Read) -> Result<()> {
        let page = PageRequest::first(NAMES_MAX);
        let departments = read.departments_page(&page).await?.rows;
        self.department_names = departments.into_iter().map(|d| (d.parent, d.sort_key())).collect();
        let workgroups = read.workgroups_page(&Access::system().workgroup_scope(), None, &page).await?.rows;
        self.workgroup_names = workgroups.into_iter().map(|w| w.sort_key()).collect();
        Ok(())
    }

    /// What a key stands for.
    pub(super) fn by_key(&self, kind: ImportKind, key: &str) -> Option<Uuid> {
        self.keys.get(&(kind, key.to_owned())).copied()
    }

    /// Somebody by ID, if they were looked up.
    pub(super) fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// Who signs in with an address, or is written to at it.
    pub(super) fn by_email(&self, email: &Email) -> Option<&User> {
        self.emails.get(email.key()).filter(|(_, names_somebody)| *names_somebody).and_then(|(id, _)| self.users.get(id))
    }

    /// Whether anybody holds an address, in whatever role (rule I3).
    pub(super) fn is_held(&self, email: &Email) -> bool {
        self.emails.contains_key(email.key())
    }

    /// Whether an external person belongs to a workgroup.
    pub(super) fn belongs(&self, user: UserId, workgroup: WorkgroupId) -> bool {
        self.places.contains(&(user, workgroup))
    }
}
