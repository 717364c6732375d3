//! `updateUser`: a profile is changed; one's own by anybody in a session, placement and other people's with USERS_UPDATE.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{DepartmentId, UserId};
use crate::permission::Permission;
use crate::policy::Ability;
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::checks;
use crate::steps::input::{Patch, web_url};
use crate::storage::Read;
use crate::text;
use crate::user::{User, UserKind};

/// Input of `updateUser`, as given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct UpdateUserInput {
    pub user_id: UserId,
    pub first_name: Patch<String>,
    pub last_name: Patch<String>,
    pub job_title: Patch<String>,
    pub avatar_url: Patch<String>,
    pub department_id: Patch<DepartmentId>,
    pub manager_id: Patch<UserId>,
    pub expected_version: Option<i32>,
}

/// Changes a profile.
#[derive(Debug, Clone)]
pub struct UpdateUser {
    user: UserId,
    first_name: Option<String>,
    last_name: Option<String>,
    job_title: Patch<String>,
    avatar_url: Patch<String>,
    department: Patch<DepartmentId>,
    manager: Patch<UserId>,
    expected_version: Option<i32>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Updated {
    /// The person after the change.
    pub user: Option<FreshUser>,
}

impl Outcome for Updated {}

impl UpdateUser {
    /// Checks the shape.
    pub fn parse(input: UpdateUserInput) -> Result<UpdateUser, Refusal> {
        let mut faults = Faults::new();
        let name = |path: &str, value: Patch<String>, faults: &mut Faults| match value {
            Patch::Keep => None,
            Patch::Clear => {
                faults.input(path, "A name cannot be cleared: leave it out to keep it.");
                None
            }
            Patch::Set(value) => faults.take(path, text::line(&value, text::NAME_MAX)),
        };
        let first_name = name("firstName", input.first_name, &mut faults);
        let last_name = name("lastName", input.last_name, &mut faults);
        let job_title = input.job_title.parse(&mut faults, "jobTitle", |v| text::line(&v, text::LABEL_MAX));
        let avatar_url = input.avatar_url.parse(&mut faults, "avatarUrl", |v| web_url(&v));
        faults.finish().map(|()| UpdateUser {
            user: input.user_id,
            first_name,
            last_name,
            job_title,
            avatar_url,
            department: input.department_id,
            manager: input.manager_id,
            expected_version: input.expected_version,
        })
    }

    fn changes_placement(&self) -> bool {
        self.department.is_given() || self.manager.is_given()
    }
}

#[async_trait]
impl Action for UpdateUser {
    type Output = Updated;
    const NAME: &'static str = "updateUser";
    const CODES: &'static [Code] = &[
        Code::UserNotFound,
        Code::NotPermitted,
        Code::SystemUserProtected,
        Code::DepartmentNotFound,
        Code::ManagerNotEligible,
        Code::InputInvalid,
        Code::VersionConflict,
    ];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        let locks = Locks::new().shared_all(self.manager.value().copied()).exclusive(self.user);
        // Chains of managers are changed one at a time, or two changes could close a circle together.
        Ok(if self.manager.is_given() { locks.settings() } else { locks })
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Updated, Failure> {
        let access = change.access()?.clone();
        // What is personal is for sessions only (rule S4).
        if access.token().is_some() && access.person() == self.user && !access.has(Permission::UsersUpdate) {
            return Err(Failure::Forbidden(&[Permission::UsersUpdate]));
        }
        let mut reasons = Reasons::new();
        let ability = if self.changes_placement() { Ability::UpdatePlacement } else { Ability::UpdateProfile };
        let target = change.target(self.user, ability, "userId", &mut reasons).await?;
        if let Some(target) = &target {
            checks::check_version(self.expected_version, target.version, &mut reasons);
            if target.kind == UserKind::Extranet {
                let outside = |path: &str| Rejection::at(Code::InputInvalid, path, "External people have neither department nor manager.");
                reasons.add_if(self.department.value().is_some(), || outside("departmentId"));
                reasons.add_if(self.manager.value().is_some(), || outside("managerId"));
            }
        }
        self.check_placement(change, &mut reasons).await?;
        reasons.check(Self::CODES, Some(self.user))?;
        let Some(mut user) = target else { return Err(Failure::Internal("a target without reasons".into())) };

        let changed = self.apply(&mut user);
        if !changed.is_empty() {
            change.save_user(&mut user).await?;
            change.event(user.id, EventBody::UserUpdated { changed_fields: changed });
        }
        Ok(Updated { user: Some(change.fresh_user(user.id).await?) })
    }
}

impl UpdateUser {
    async fn check_placement(&self, change: &Change<'_>, reasons: &mut Reasons) -> Result<(), Failure> {
        // Whoever may neither read departments nor place people learns of none whether it exists: NOT_PERMITTED says enough.
        let may_know = change.access()?.permissions().has_any(&[Permission::UsersRead, Permission::UsersUpdate]);
        if let Some(department) = self.department.value() {
            let unknown = may_know && change.read().departments_by_id(&[*department]).await?.is_empty();
            reasons.add_if(unknown, || Rejection::at(Code::DepartmentNotFound, "departmentId", "No such department."));
        }
        // Nor, by what it costs to look, whether somebody is there.
        if let Some(manager) = self.manager.value().filter(|_| may_know) {
            let eligible = *manager != self.user
                && change.held(*manager).is_some_and(User::is_active_employee)
                && !change.read().users_above(*manager).await?.contains(&self.user);
            reasons.add_if(!eligible, || {
                Rejection::at(
                    Code::ManagerNotEligible,
                    "managerId",
                    "The manager must be an active employee, and the chain must not form a circle.",
                )
            });
        }
        Ok(())
    }

    /// Changes the row; returns the names of the fields that are different now.
    fn apply(&self, user: &mut User) -> Vec<String> {
        let before = user.clone();
        if let Some(name) = &self.first_name {
            user.first_name = name.clone();
        }
        if let Some(name) = &self.last_name {
            user.last_name = name.clone();
        }
        user.job_title = self.job_title.clone().over(user.job_title.take());
        user.avatar_url = self.avatar_url.clone().over(user.avatar_url.take());
        user.department = self.department.clone().over(user.department);
        user.manager = self.manager.clone().over(user.manager);
        [
            ("firstName", before.first_name != user.first_name),
            ("lastName", before.last_name != user.last_name),
            ("jobTitle", before.job_title != user.job_title),
            ("avatarUrl", before.avatar_url != user.avatar_url),
            ("department", before.department != user.department),
            ("manager", before.manager != user.manager),
        ]
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| name.to_owned())
        .collect()
    }
}
