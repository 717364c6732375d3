//! `removeWorkgroupMember`: a membership ends; the last extranet workgroup of an external person cannot be taken away (rule X2).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{UserId, WorkgroupId};
use crate::permission::Permission;
use crate::policy::{Ability, Verdict, WorkgroupScope};
use crate::rejection::{Code, Failure, Reasons, Rejection};
use crate::steps::memberships;
use crate::storage::Read;
use crate::structure::{Membership, Workgroup, WorkgroupRole};
use crate::user::{UserKind, UserStatus};

/// Ends a membership.
#[derive(Debug, Clone)]
pub struct RemoveWorkgroupMember {
    /// Which workgroup.
    pub workgroup: WorkgroupId,
    /// Whose place.
    pub user: UserId,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemberRemoved {
    /// The workgroup.
    #[serde(skip)]
    pub workgroup: Option<Workgroup>,
}

impl Outcome for MemberRemoved {}

#[async_trait]
impl Action for RemoveWorkgroupMember {
    type Output = MemberRemoved;
    const NAME: &'static str = "removeWorkgroupMember";
    const REQUIRES: &'static [Permission] = &[Permission::StructureManage];
    const CODES: &'static [Code] = &[Code::WorkgroupNotFound, Code::UserNotFound, Code::NotAMember, Code::LastExtranetWorkgroup];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        // Held alone: of two workgroups taken away at once, the second must see that it is the last.
        Ok(Locks::new().exclusive(self.user))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<MemberRemoved, Failure> {
        let mut reasons = Reasons::new();
        let access = change.access()?.clone();
        let visible = change.read().workgroups_by_id(&[self.workgroup], &access.workgroup_scope()).await?.pop();
        let workgroup = match visible {
            Some(_) => change.tx().workgroups_lock(&[self.workgroup]).await?.pop(),
            None => None,
        };
        reasons.add_if(workgroup.is_none(), || Rejection::at(Code::WorkgroupNotFound, "workgroupId", "No such workgroup."));
        let user = change.held(self.user).filter(|u| access.verdict(Ability::See, u, true) == Verdict::Allow).cloned();
        reasons.add_if(user.is_none(), || Rejection::at(Code::UserNotFound, "userId", "No such user."));
        reasons.check(Self::CODES, None)?;
        let Some(user) = user else { return Err(Failure::Internal("a user without reasons".into())) };

        let lasting: Vec<Membership> = memberships::of_user(change, user.id).await?.into_iter().filter(|m| m.left_at.is_none()).collect();
        let place = lasting.iter().find(|m| m.workgroup == self.workgroup).cloned();
        reasons.add_if(place.is_none(), || Rejection::at(Code::NotAMember, "userId", "The person does not belong to the workgroup."));
        if place.is_some() && user.kind == UserKind::Extranet && user.status != UserStatus::Dismissed {
            let others: Vec<WorkgroupId> = lasting.iter().map(|m| m.workgroup).filter(|w| *w != self.workgroup).collect();
            let stays = memberships::workgroups(change, &others, &WorkgroupScope::everything()).await?.values().any(|w| w.is_extranet);
            reasons.add_if(!stays, || {
                Rejection::at(Code::LastExtranetWorkgroup, "workgroupId", "An external person belongs to at least one extranet workgroup.")
            });
        }
        reasons.check(Self::CODES, None)?;
        let Some(place) = place else { return Err(Failure::Internal("a place without reasons".into())) };

        if place.role == WorkgroupRole::Owner {
            memberships::follow_last_owner(change, user.id, &[self.workgroup]).await?;
        }
        let ended = Membership { left_at: Some(change.now()), ended_by_dismissal: false, ..place };
        change.tx().memberships_put(&[ended]).await?;
        change.event(user.id, EventBody::WorkgroupMembershipChanged { workgroup: self.workgroup, role: None });
        Ok(MemberRemoved { workgroup })
    }
}
