//! `invite`: somebody is invited by mail and holds a seat from then on (rules E1, I2, S2).

use std::collections::HashSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::email::{Email, EmailRole, EmailRoles, HeldAddress};
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{DepartmentId, UserId, WorkgroupId};
use crate::permission::{Permission, PermissionSet};
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::input::{WORKGROUPS_MAX, optional_line};
use crate::steps::{addresses, invitations, memberships};
use crate::storage::Read;
use crate::structure::{Membership, WorkgroupRole};
use crate::text;
use crate::user::{User, UserKind, UserStatus};

/// Input of `invite`, as given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct InviteInput {
    pub email: String,
    pub kind: UserKind,
    pub first_name: String,
    pub last_name: String,
    pub job_title: Option<String>,
    pub department_id: Option<DepartmentId>,
    pub workgroup_ids: Option<Vec<WorkgroupId>>,
}

/// Invites somebody.
#[derive(Debug, Clone)]
pub struct Invite {
    email: Email,
    kind: UserKind,
    first_name: String,
    last_name: String,
    job_title: Option<String>,
    department: Option<DepartmentId>,
    workgroups: Vec<WorkgroupId>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invited {
    /// The invited person.
    pub user: Option<FreshUser>,
}

impl Outcome for Invited {
    fn keep_for_dry_run(&mut self) {
        self.user = None;
    }
}

impl Invite {
    /// Checks the shape.
    pub fn parse(input: InviteInput) -> Result<Invite, Refusal> {
        let mut faults = Faults::new();
        let email = faults.email("email", &input.email);
        let first_name = faults.take("firstName", text::line(&input.first_name, text::NAME_MAX)).unwrap_or_default();
        let last_name = faults.take("lastName", text::line(&input.last_name, text::NAME_MAX)).unwrap_or_default();
        let job_title = optional_line(input.job_title, text::LABEL_MAX, "jobTitle", &mut faults);
        if input.kind == UserKind::Extranet && input.department_id.is_some() {
            faults.input("departmentId", "External people belong to no department.");
        }
        let workgroups = input.workgroup_ids.unwrap_or_default();
        if workgroups.len() > WORKGROUPS_MAX {
            faults.input("workgroupIds", format!("Give at most {WORKGROUPS_MAX} workgroups."));
        }
        faults.finish()?;
        let Some(email) = email else { return Err(Refusal::default()) };
        Ok(Invite { email, kind: input.kind, first_name, last_name, job_title, department: input.department_id, workgroups })
    }
}

#[async_trait]
impl Action for Invite {
    type Output = Invited;
    const NAME: &'static str = "invite";
    const REQUIRES: &'static [Permission] = &[Permission::UsersInvite];
    const CODES: &'static [Code] = &[
        Code::EmailInvalid,
        Code::EmailTaken,
        Code::SeatLimitReached,
        Code::DepartmentNotFound,
        Code::WorkgroupNotEligible,
        Code::InputInvalid,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
    ];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().settings())
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Invited, Failure> {
        let mut reasons = Reasons::new();
        addresses::check_free(change, &self.email, None, "email", &mut reasons).await?;
        let seat = change.seats_free(1).await?;
        reasons.add_if(!seat, || Rejection::new(Code::SeatLimitReached, "No seat of the licence is free."));
        if let Some(department) = self.department {
            let unknown = change.read().departments_by_id(&[department]).await?.is_empty();
            reasons.add_if(unknown, || Rejection::at(Code::DepartmentNotFound, "departmentId", "No such department."));
        }
        let scope = change.access()?.workgroup_scope();
        let found = memberships::workgroups(change, &self.workgroups, &scope).await?;
        for (n, id) in self.workgroups.iter().enumerate() {
            let eligible = found.get(id).is_some_and(|w| self.kind == UserKind::Intranet || w.is_extranet);
            reasons.add_if(!eligible, || memberships::not_eligible(n));
        }
        reasons.add_if(self.kind == UserKind::Extranet && self.workgroups.is_empty(), || {
            Rejection::at(Code::WorkgroupNotEligible, "workgroupIds", "An external person needs at least one extranet workgroup.")
        });
        reasons.check(Self::CODES, None)?;

        let now = change.now();
        let user = User {
            id: UserId(change.new_uuid()),
            version: 1,
            epoch: 1,
            status: UserStatus::Invited,
            kind: self.kind,
            is_administrator: false,
            personal_permissions: PermissionSet::NONE,
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            job_title: self.job_title.clone(),
            avatar_url: None,
            department: self.department,
            manager: None,
            login_email: None,
            contact_email: None,
            was_active: false,
            dismissal: None,
            created_at: now,
            updated_at: now,
        };
        change.tx().users_insert(std::slice::from_ref(&user)).await?;
        let held = HeldAddress { email: self.email.clone(), holder: user.id, roles: EmailRoles::NONE.with(EmailRole::Invitation) };
        change.tx().addresses_put(&[held]).await?;
        // Named twice, a workgroup is joined once.
        let mut joined = HashSet::new();
        let places: Vec<Membership> = self
            .workgroups
            .iter()
            .filter(|workgroup| joined.insert(**workgroup))
            .map(|workgroup| Membership {
                workgroup: *workgroup,
                user: user.id,
                role: WorkgroupRole::Member,
                joined_at: now,
                left_at: None,
                ended_by_dismissal: false,
            })
            .collect();
        change.tx().memberships_put(&places).await?;
        invitations::send(change, &user, &self.email).await?;
        change.event(user.id, EventBody::UserInvited { email: self.email.address().to_owned() });
        memberships::tell_joined(change, &places);
        Ok(Invited { user: Some(change.fresh_user(user.id).await?) })
    }
}
