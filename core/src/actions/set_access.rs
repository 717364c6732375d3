//! `setAccess`: what a person may do; takes effect with their next request (rules I1, S5).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::UserId;
use crate::permission::{Permission, PermissionSet};
use crate::policy::Ability;
use crate::rejection::{Code, Failure, Reasons, Rejection};
use crate::steps::checks;
use crate::storage::Read;

/// Changes the rights of a person.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct SetAccess {
    pub user: UserId,
    pub is_administrator: Option<bool>,
    pub permissions: Option<PermissionSet>,
    pub expected_version: Option<i32>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessSet {
    /// The person after the change.
    pub user: Option<FreshUser>,
}

impl Outcome for AccessSet {}

#[async_trait]
impl Action for SetAccess {
    type Output = AccessSet;
    const NAME: &'static str = "setAccess";
    const REQUIRES: &'static [Permission] = &[Permission::Administrate];
    const CODES: &'static [Code] = &[Code::UserNotFound, Code::NotEligible, Code::LastAdministrator, Code::VersionConflict];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().settings().exclusive(self.user))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<AccessSet, Failure> {
        let mut reasons = Reasons::new();
        let target = change.target(self.user, Ability::SetAccess, "userId", &mut reasons).await?;
        if let Some(target) = &target {
            checks::check_version(self.expected_version, target.version, &mut reasons);
            reasons.add_if(!target.is_active_employee(), || {
                Rejection::at(Code::NotEligible, "userId", "Only active employees can hold rights.")
            });
            let last = self.is_administrator == Some(false) && change.is_last_administrator(target).await?;
            reasons.add_if(last, || {
                Rejection::at(Code::LastAdministrator, "isAdministrator", "The account would be left without an active administrator.")
            });
        }
        reasons.add_if(self.permissions.is_some_and(|p| p.has(Permission::Administrate)), || {
            Rejection::at(Code::NotEligible, "permissions", "ADMINISTRATE cannot be granted: set `isAdministrator`.")
        });
        reasons.check(Self::CODES, Some(self.user))?;
        let Some(mut user) = target else { return Err(Failure::Internal("a target without reasons".into())) };

        let before = (user.is_administrator, user.personal_permissions);
        user.is_administrator = self.is_administrator.unwrap_or(user.is_administrator);
        user.personal_permissions = self.permissions.unwrap_or(user.personal_permissions);
        if before != (user.is_administrator, user.personal_permissions) {
            change.save_user(&mut user).await?;
            change.event(
                user.id,
                EventBody::AccessChanged { personal_permissions: user.personal_permissions, is_administrator: user.is_administrator },
            );
        }
        Ok(AccessSet { user: Some(change.fresh_user(user.id).await?) })
    }
}
