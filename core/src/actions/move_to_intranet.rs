//! `moveToIntranet`: an external participant becomes an employee, with the same id (rule X6).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{DepartmentId, UserId};
use crate::permission::Permission;
use crate::policy::Ability;
use crate::rejection::{Code, Failure, Reasons, Rejection};
use crate::steps::checks;
use crate::storage::Read;
use crate::user::{UserKind, UserStatus};

/// Moves a person to the intranet.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct MoveToIntranet {
    pub user: UserId,
    pub department: Option<DepartmentId>,
    pub expected_version: Option<i32>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MovedToIntranet {
    /// The person after the change.
    pub user: Option<FreshUser>,
}

impl Outcome for MovedToIntranet {
    fn keep_for_dry_run(&mut self) {
        self.user = None;
    }
}

#[async_trait]
impl Action for MoveToIntranet {
    type Output = MovedToIntranet;
    const NAME: &'static str = "moveToIntranet";
    const REQUIRES: &'static [Permission] = &[Permission::UsersDismiss];
    const CODES: &'static [Code] = &[
        Code::UserNotFound,
        Code::AlreadyIntranet,
        Code::NotActive,
        Code::DepartmentNotFound,
        Code::InputInvalid,
        Code::VersionConflict,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
    ];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().settings().exclusive(self.user))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<MovedToIntranet, Failure> {
        let mut reasons = Reasons::new();
        let target = change.target(self.user, Ability::MoveToIntranet, "userId", &mut reasons).await?;
        if let Some(target) = &target {
            checks::check_version(self.expected_version, target.version, &mut reasons);
            reasons.add_if(target.kind == UserKind::Intranet, || Rejection::at(Code::AlreadyIntranet, "userId", "An employee already."));
            reasons.add_if(target.status != UserStatus::Active, || {
                Rejection::at(Code::NotActive, "userId", "Only an active external person can be moved.")
            });
        }
        if let Some(department) = self.department {
            let unknown = change.read().departments_by_id(&[department]).await?.is_empty();
            reasons.add_if(unknown, || Rejection::at(Code::DepartmentNotFound, "departmentId", "No such department."));
        }
        reasons.check(Self::CODES, Some(self.user))?;
        let Some(mut user) = target else { return Err(Failure::Internal("a target without reasons".into())) };

        user.kind = UserKind::Intranet;
        user.department = self.department;
        change.save_user(&mut user).await?;
        change.event(user.id, EventBody::MovedToIntranet);
        Ok(MovedToIntranet { user: Some(change.fresh_user(user.id).await?) })
    }
}
