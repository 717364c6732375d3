//! `addWorkgroupMembers`: who belongs to it already gets the role, when one is given (rules R4, X2).

use std::collections::HashMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{UserId, WorkgroupId};
use crate::permission::Permission;
use crate::policy::Verdict;
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::storage::Read;
use crate::structure::{Membership, Workgroup, WorkgroupRole};
use crate::user::{User, UserKind, UserStatus};

/// Most people of one input.
pub const MEMBERS_MAX: usize = 100;

/// Adds people to a workgroup.
#[derive(Debug, Clone)]
pub struct AddWorkgroupMembers {
    workgroup: WorkgroupId,
    users: Vec<UserId>,
    role: Option<WorkgroupRole>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MembersAdded {
    /// The workgroup.
    #[serde(skip)]
    pub workgroup: Option<Workgroup>,
}

impl Outcome for MembersAdded {}

impl AddWorkgroupMembers {
    /// Checks the shape.
    pub fn parse(workgroup: WorkgroupId, users: Vec<UserId>, role: Option<WorkgroupRole>) -> Result<AddWorkgroupMembers, Refusal> {
        let mut faults = Faults::new();
        if users.is_empty() || users.len() > MEMBERS_MAX {
            faults.input("userIds", format!("Give 1 to {MEMBERS_MAX} people, not {}.", users.len()));
        }
        faults.finish().map(|()| AddWorkgroupMembers { workgroup, users, role })
    }
}

#[async_trait]
impl Action for AddWorkgroupMembers {
    type Output = MembersAdded;
    const NAME: &'static str = "addWorkgroupMembers";
    const REQUIRES: &'static [Permission] = &[Permission::StructureManage];
    const CODES: &'static [Code] = &[Code::WorkgroupNotFound, Code::UserNotFound, Code::MemberNotEligible, Code::InputInvalid];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().shared_all(self.users.iter().copied()))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<MembersAdded, Failure> {
        let mut reasons = Reasons::new();
        let access = change.access()?.clone();
        let visible = change.read().workgroups_by_id(&[self.workgroup], &access.workgroup_scope()).await?.pop();
        let workgroup = match visible {
            Some(_) => change.tx().workgroups_lock(&[self.workgroup]).await?.pop(),
            None => None,
        };
        reasons.add_if(workgroup.is_none(), || Rejection::at(Code::WorkgroupNotFound, "workgroupId", "No such workgroup."));
        let is_extranet = workgroup.as_ref().is_some_and(|w| w.is_extranet);
        for (n, id) in self.users.iter().enumerate() {
            let path = format!("userIds.{n}");
            match change.held(*id).filter(|u| access.verdict(crate::policy::Ability::See, u, true) == Verdict::Allow) {
                None => reasons.add(Rejection::at(Code::UserNotFound, &path, "No such user.")),
                Some(user) => reasons.add_if(!may_belong(user, is_extranet), || {
                    Rejection::at(
                        Code::MemberNotEligible,
                        &path,
                        "Dismissed people cannot belong to it, external ones only if it is open to the extranet.",
                    )
                }),
            }
        }
        reasons.check(Self::CODES, None)?;

        let places = self.places(change).await?;
        self.check_owners(change, &places, &mut reasons).await?;
        reasons.check(Self::CODES, None)?;
        change.tx().memberships_put(&places).await?;
        for place in &places {
            change.event(place.user, EventBody::WorkgroupMembershipChanged { workgroup: self.workgroup, role: Some(place.role) });
        }
        Ok(MembersAdded { workgroup })
    }
}

fn may_belong(user: &User, is_extranet: bool) -> bool {
    match user.status {
        UserStatus::Dismissed | UserStatus::System => false,
        UserStatus::Invited | UserStatus::Active => is_extranet || user.kind == UserKind::Intranet,
    }
}

impl AddWorkgroupMembers {
    /// The places that are different afterwards, each person once.
    async fn places(&self, change: &Change<'_>) -> Result<Vec<Membership>, Failure> {
        let existing: HashMap<UserId, Membership> = change
            .read()
            .memberships_by_user(&self.users)
            .await?
            .into_iter()
            .filter(|m| m.workgroup == self.workgroup)
            .map(|m| (m.user, m))
            .collect();
        let mut users = self.users.clone();
        users.sort();
        users.dedup();
        let now = change.now();
        let wanted = |user: UserId| match existing.get(&user) {
            Some(place) if place.left_at.is_none() => Membership { role: self.role.unwrap_or(place.role), ..place.clone() },
            Some(_) | None => Membership {
                workgroup: self.workgroup,
                user,
                role: self.role.unwrap_or(WorkgroupRole::Member),
                joined_at: now,
                left_at: None,
                ended_by_dismissal: false,
            },
        };
        Ok(users.into_iter().map(wanted).filter(|place| existing.get(&place.user) != Some(place)).collect())
    }

    /// The last OWNER is not demoted (rule R4).
    async fn check_owners(&self, change: &Change<'_>, places: &[Membership], reasons: &mut Reasons) -> Result<(), Failure> {
        let leading = change.read().memberships_leading(&[self.workgroup]).await?;
        let owners: Vec<UserId> = leading.iter().filter(|m| m.role == WorkgroupRole::Owner).map(|m| m.user).collect();
        let demoted = |o: &UserId| places.iter().any(|p| p.user == *o && p.role != WorkgroupRole::Owner);
        let left = !owners.is_empty() && owners.iter().all(demoted);
        reasons
            .add_if(left, || Rejection::at(Code::InputInvalid, "role", "The last owner of the workgroup would be left without that role."));
        Ok(())
    }
}
