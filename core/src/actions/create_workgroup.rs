//! `createWorkgroup`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{UserId, WorkgroupId};
use crate::permission::Permission;
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::storage::{Read, StorageError, Unique};
use crate::structure::{Membership, Workgroup, WorkgroupRole};
use crate::text;
use crate::user::{Actor, User};

/// Creates a workgroup.
#[derive(Debug, Clone)]
pub struct CreateWorkgroup {
    name: String,
    is_extranet: bool,
    owner: Option<UserId>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkgroupCreated {
    /// The workgroup.
    #[serde(skip)]
    pub workgroup: Option<Workgroup>,
}

impl Outcome for WorkgroupCreated {}

impl CreateWorkgroup {
    /// Checks the shape. Without an owner the caller owns it.
    pub fn parse(name: &str, is_extranet: bool, owner: Option<UserId>) -> Result<CreateWorkgroup, Refusal> {
        let mut faults = Faults::new();
        let name = faults.take("name", text::line(name, text::LABEL_MAX)).unwrap_or_default();
        faults.finish().map(|()| CreateWorkgroup { name, is_extranet, owner })
    }
}

#[async_trait]
impl Action for CreateWorkgroup {
    type Output = WorkgroupCreated;
    const NAME: &'static str = "createWorkgroup";
    const REQUIRES: &'static [Permission] = &[Permission::StructureManage];
    const CODES: &'static [Code] = &[Code::InputInvalid, Code::NameTaken, Code::OwnerNotEligible];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().shared_all(self.owner))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<WorkgroupCreated, Failure> {
        let mut reasons = Reasons::new();
        let caller = Some(change.access()?).filter(|a| a.actor() != &Actor::System).map(|a| a.person());
        let owner = self.owner.or(caller);
        let eligible = owner.is_some_and(|o| change.held(o).is_some_and(User::is_active_employee));
        reasons.add_if(!eligible, || Rejection::at(Code::OwnerNotEligible, "ownerId", "The owner must be an active employee."));
        let now = change.now();
        let workgroup =
            Workgroup { id: WorkgroupId(change.new_uuid()), name: self.name.clone(), is_extranet: self.is_extranet, created_at: now };
        match change.tx().workgroups_insert(std::slice::from_ref(&workgroup)).await {
            Err(StorageError::Taken(Unique::WorkgroupName)) => {
                reasons.add(Rejection::at(Code::NameTaken, "name", "A workgroup of that name exists."));
            }
            other => other?,
        }
        reasons.check(Self::CODES, None)?;
        if let Some(owner) = owner {
            let place = Membership {
                workgroup: workgroup.id,
                user: owner,
                role: WorkgroupRole::Owner,
                joined_at: now,
                left_at: None,
                ended_by_dismissal: false,
            };
            change.tx().memberships_put(&[place]).await?;
            change.event(owner, EventBody::WorkgroupMembershipChanged { workgroup: workgroup.id, role: Some(WorkgroupRole::Owner) });
        }
        Ok(WorkgroupCreated { workgroup: Some(workgroup) })
    }
}
