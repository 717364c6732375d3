//! A small company, made through the storage traits: quick, and without any of the actions that tests are about.

use std::sync::Arc;

use tenure_core::clock::Clock;
use tenure_core::credential::PasswordHash;
use tenure_core::email::{Email, EmailRole, HeldAddress};
use tenure_core::id::{DepartmentId, RecordId, UserId, WorkgroupId};
use tenure_core::permission::{Permission, PermissionSet};
use tenure_core::record::{ActivityType, Record, RecordDetail, RecordKind};
use tenure_core::storage::{Storage, Transaction};
use tenure_core::structure::{Department, Membership, Workgroup, WorkgroupRole};
use tenure_core::time::Timestamp;
use tenure_core::user::{Actor, Dismissal, User, UserKind, UserStatus};

/// Somebody in the company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: UserId,
    pub name: String,
    /// Login and contact address.
    pub email: String,
}

/// What a new member is like, beyond the name.
#[derive(Debug, Clone)]
pub struct Traits {
    pub status: UserStatus,
    pub kind: UserKind,
    pub is_administrator: bool,
    pub permissions: Vec<Permission>,
    pub manager: Option<UserId>,
    pub department: Option<DepartmentId>,
    pub workgroups: Vec<(WorkgroupId, WorkgroupRole)>,
}

impl Default for Traits {
    /// An active employee with the rights that all employees have.
    fn default() -> Traits {
        Traits {
            status: UserStatus::Active,
            kind: UserKind::Intranet,
            is_administrator: false,
            permissions: Vec::new(),
            manager: None,
            department: None,
            workgroups: Vec::new(),
        }
    }
}

/// The company.
pub struct Company {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    password: PasswordHash,
    /// Inside work.
    pub sales: DepartmentId,
    pub service: DepartmentId,
    /// Not open to the extranet.
    pub inside: WorkgroupId,
    /// Two that are.
    pub project: WorkgroupId,
    pub portal: WorkgroupId,
    /// Administers the account; nobody is above her.
    pub ann: Member,
    /// Holds all that it takes to dismiss, hire, hand over and manage addresses.
    pub hr: Member,
    /// Employees in sales: Emma reports to Ben, he to Ann.
    pub ben: Member,
    pub emma: Member,
    /// An external person in `project`.
    pub eva: Member,
    /// A leaver who worked with Emma, reported to Ben, and belonged to `inside` and `project`.
    pub leo: Member,
}

/// What an HR holder holds in the tests.
pub const HR_PERMISSIONS: &[Permission] = &[
    Permission::UsersInvite,
    Permission::UsersDismiss,
    Permission::UsersUpdate,
    Permission::EntitiesReassign,
    Permission::EmailsManage,
    Permission::AuditRead,
    Permission::StructureManage,
];

impl Company {
    /// Founds it in an empty storage. Everybody has that password.
    pub async fn found(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>, password: PasswordHash) -> Company {
        let nobody = Member { id: UserId::SYSTEM, name: String::new(), email: String::new() };
        let mut company = Company {
            sales: DepartmentId(clock.new_uuid()),
            service: DepartmentId(clock.new_uuid()),
            inside: WorkgroupId(clock.new_uuid()),
            project: WorkgroupId(clock.new_uuid()),
            portal: WorkgroupId(clock.new_uuid()),
            ann: nobody.clone(),
            hr: nobody.clone(),
            ben: nobody.clone(),
            emma: nobody.clone(),
            eva: nobody.clone(),
            leo: nobody,
            storage,
            clock,
            password,
        };
        let mut tx = company.storage.begin().await.expect("a transaction");
        let department = |id, name: &str| Department { id, name: name.to_owned(), parent: None, head: None };
        tx.departments_insert(&[department(company.sales, "Sales"), department(company.service, "Service")]).await.expect("departments");
        let created_at = company.past();
        let workgroup = |id, name: &str, is_extranet| Workgroup { id, name: name.to_owned(), is_extranet, created_at };
        let workgroups = [
            workgroup(company.inside, "Inside", false),
            workgroup(company.project, "Project", true),
            workgroup(company.portal, "Portal", true),
        ];
        tx.workgroups_insert(&workgroups).await.expect("workgroups");
        tx.commit().await.expect("a commit");

        let (sales, inside, project) = (Some(company.sales), company.inside, company.project);
        company.ann = company.add("Ann", "Archer", Traits { is_administrator: true, ..Traits::default() }).await;
        let ann = Some(company.ann.id);
        company.hr = company.add("Hana", "Reed", Traits { permissions: HR_PERMISSIONS.to_vec(), manager: ann, ..Traits::default() }).await;
        let workgroups = vec![(inside, WorkgroupRole::Owner), (project, WorkgroupRole::Owner)];
        company.ben = company.add("Ben", "Okoro", Traits { manager: ann, department: sales, workgroups, ..Traits::default() }).await;
        let ben = Some(company.ben.id);
        let workgroups = vec![(inside, WorkgroupRole::Member), (project, WorkgroupRole::Moderator)];
        company.emma = company.add("Emma", "Novak", Traits { manager: ben, department: sales, workgroups, ..Traits::default() }).await;
        company.eva = company.external("Eva", "Extern").await;
        let workgroups = vec![(inside, WorkgroupRole::Member), (project, WorkgroupRole::Member)];
        let traits = Traits { status: UserStatus::Dismissed, manager: ben, department: sales, workgroups, ..Traits::default() };
        company.leo = company.add("Leo", "Leaver", traits).await;
        company
    }

    /// A year ago.
    pub fn past(&self) -> Timestamp {
        self.clock.now().plus_seconds(-365 * 86_400)
    }

    /// One more active employee without anything special.
    pub async fn employee(&self, first_name: &str, last_name: &str) -> Member {
        self.add(first_name, last_name, Traits::default()).await
    }

    /// One more employee with these permissions.
    pub async fn holder(&self, first_name: &str, last_name: &str, permissions: &[Permission]) -> Member {
        self.add(first_name, last_name, Traits { permissions: permissions.to_vec(), ..Traits::default() }).await
    }

    /// One more external person, in `project`.
    pub async fn external(&self, first_name: &str, last_name: &str) -> Member {
        let workgroups = vec![(self.project, WorkgroupRole::Member)];
        self.add(first_name, last_name, Traits { kind: UserKind::Extranet, workgroups, ..Traits::default() }).await
    }

    /// One more leaver, dismissed by HR.
    pub async fn leaver(&self, first_name: &str, last_name: &str) -> Member {
        self.add(first_name, last_name, Traits { status: UserStatus::Dismissed, ..Traits::default() }).await
    }

    /// One more person of any kind. INVITED people have no invitation: invite them over the API where that matters.
    pub async fn add(&self, first_name: &str, last_name: &str, traits: Traits) -> Member {
        let mut tx = self.storage.begin().await.expect("a transaction");
        let member = self.add_in(&mut *tx, first_name, last_name, traits).await;
        tx.commit().await.expect("a commit");
        member
    }

    /// Many people at once, named `last_name` with a number.
    pub async fn add_many(&self, count: usize, last_name: &str, traits: Traits) -> Vec<Member> {
        let mut tx = self.storage.begin().await.expect("a transaction");
        let mut members = Vec::with_capacity(count);
        for number in 0..count {
            members.push(self.add_in(&mut *tx, &format!("P{number:05}"), last_name, traits.clone()).await);
        }
        tx.commit().await.expect("a commit");
        members
    }

    async fn add_in(&self, tx: &mut dyn Transaction, first_name: &str, last_name: &str, traits: Traits) -> Member {
        let (id, created_at) = (UserId(self.clock.new_uuid()), self.past());
        let is_dismissed = traits.status == UserStatus::Dismissed;
        let dismissed_at = created_at.plus_seconds(300 * 86_400);
        let by = if self.hr.id == UserId::SYSTEM { Actor::System } else { Actor::User(self.hr.id) };
        let user = User {
            id,
            version: 1,
            epoch: 1,
            status: traits.status,
            kind: traits.kind,
            is_administrator: traits.is_administrator,
            personal_permissions: traits.permissions.iter().copied().collect::<PermissionSet>(),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            job_title: Some("Colleague".to_owned()),
            avatar_url: None,
            department: traits.department,
            manager: traits.manager,
            login_email: None,
            contact_email: None,
            was_active: traits.status != UserStatus::Invited,
            dismissal: is_dismissed.then(|| Dismissal {
                dismissed_at,
                dismissed_by: by,
                reason: Some("Left".to_owned()),
                note: Some("Between us".to_owned()),
            }),
            created_at,
            updated_at: if is_dismissed { dismissed_at } else { created_at },
        };
        let address = format!("{}.{}@example.com", first_name.to_lowercase(), last_name.to_lowercase());
        let email = Email::parse(&address).expect("an address");
        let roles = [EmailRole::Login, EmailRole::Contact].into_iter().collect();
        tx.users_insert(&[user]).await.expect("a person");
        tx.addresses_put(&[HeldAddress { email, holder: id, roles }]).await.expect("an address");
        tx.password_set(id, Some(&self.password)).await.expect("a password");
        let memberships: Vec<Membership> = traits
            .workgroups
            .iter()
            .map(|(workgroup, role)| Membership {
                workgroup: *workgroup,
                user: id,
                role: *role,
                joined_at: created_at,
                left_at: is_dismissed.then_some(dismissed_at),
                ended_by_dismissal: is_dismissed,
            })
            .collect();
        tx.memberships_put(&memberships).await.expect("memberships");
        Member { id, name: format!("{first_name} {last_name}"), email: address }
    }

    /// One record of that kind and state.
    pub async fn record(&self, owner: &Member, kind: RecordKind, state: State) -> RecordId {
        self.records(owner, &[(kind, state, None)]).await[0]
    }

    /// An activity linked to a record.
    pub async fn activity(&self, owner: &Member, subject: RecordId) -> RecordId {
        self.records(owner, &[(RecordKind::Activity, State::Open, Some(subject))]).await[0]
    }

    /// An open and a closed record of each of the nine kinds, in the order of the kinds.
    pub async fn records_of_all_kinds(&self, owner: &Member) -> Vec<RecordId> {
        let wanted: Vec<_> =
            RecordKind::ALL.into_iter().flat_map(|kind| [(kind, State::Open, None), (kind, State::Closed, None)]).collect();
        self.records(owner, &wanted).await
    }

    /// Many open deals.
    pub async fn deals(&self, owner: &Member, count: usize) -> Vec<RecordId> {
        self.records(owner, &vec![(RecordKind::Deal, State::Open, None); count]).await
    }

    /// Records of any kind, state and subject.
    pub async fn records(&self, owner: &Member, wanted: &[(RecordKind, State, Option<RecordId>)]) -> Vec<RecordId> {
        let created_at = self.past().plus_seconds(86_400);
        let records: Vec<Record> = wanted
            .iter()
            .enumerate()
            .map(|(number, (kind, state, subject))| {
                // All made at different instants, so that their order is known.
                let at = created_at.plus_seconds(i64::try_from(number).unwrap_or(0));
                Record {
                    id: RecordId { kind: *kind, uuid: self.clock.new_uuid() },
                    version: 1,
                    title: format!("{} {number:05} of {}", kind.name(), owner.name),
                    responsible: owner.id,
                    created_by: Actor::User(owner.id),
                    is_closed: *state == State::Closed,
                    external_id: None,
                    created_at: at,
                    updated_at: at,
                    provenance: None,
                    workgroup: None,
                    subject: *subject,
                    detail: bare_detail(*kind),
                }
            })
            .collect();
        let mut tx = self.storage.begin().await.expect("a transaction");
        for batch in records.chunks(500) {
            tx.records_insert(batch).await.expect("records");
        }
        tx.commit().await.expect("a commit");
        records.into_iter().map(|r| r.id).collect()
    }
}

/// Whether a record is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Closed,
}

/// What a record of that kind has beyond what all have, and no more than it must.
pub fn bare_detail(kind: RecordKind) -> RecordDetail {
    match kind {
        RecordKind::Activity => RecordDetail::Activity { activity_type: ActivityType::Call, due_at: None },
        RecordKind::Company => RecordDetail::Company { website: None, industry: None },
        RecordKind::Contact => RecordDetail::Contact { email: None, phone: None, company: None },
        RecordKind::Deal => RecordDetail::Deal { stage: None, value: None, company: None, contact: None },
        RecordKind::Estimate => RecordDetail::Estimate { value: None, deal: None, valid_until: None },
        RecordKind::File => RecordDetail::File { size_in_bytes: 1, media_type: "text/plain".to_owned() },
        RecordKind::Invoice => RecordDetail::Invoice { value: None, deal: None, due_on: None },
        RecordKind::Lead => RecordDetail::Lead { source: None, value: None },
        RecordKind::Task => RecordDetail::Task { due_at: None },
    }
}

#[tokio::test]
async fn the_company_can_be_founded_in_memory() {
    let storage: Arc<dyn Storage> = Arc::new(tenure_core::memory::MemoryStorage::new());
    let clock = Arc::new(tenure_core::clock::FixedClock::new(Timestamp(1_795_000_000 * Timestamp::SECOND)));
    let company = Company::found(storage.clone(), clock, PasswordHash("$argon2id$…".to_owned())).await;
    company.records_of_all_kinds(&company.leo).await;
    let counts = storage.record_counts_by_responsible(&[company.leo.id]).await.expect("counts").remove(0);
    assert_eq!(counts.len(), 9);
    assert!(counts.iter().all(|c| c.open == 1 && c.closed == 1));
    assert_eq!(storage.user_companions(company.eva.id, &[company.emma.id, company.leo.id]).await.expect("companions"), [company.emma.id]);
    assert_eq!(storage.administrators_count().await.expect("a count"), 1);
}
