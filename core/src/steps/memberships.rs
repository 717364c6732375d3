//! Places in workgroups: joining, ending, reviving, and who follows the last owner (rules R4, R5, X2, X4).

use std::collections::HashMap;

use crate::engine::Change;
use crate::event::EventBody;
use crate::id::{UserId, WorkgroupId};
use crate::policy::WorkgroupScope;
use crate::rejection::{Failure, Rejection};
use crate::structure::{Membership, Workgroup, WorkgroupRole};

/// The workgroups among `ids` that exist in the scope, by ID.
pub async fn workgroups(
    change: &Change<'_>,
    ids: &[WorkgroupId],
    scope: &WorkgroupScope,
) -> Result<HashMap<WorkgroupId, Workgroup>, Failure> {
    Ok(change.read().workgroups_by_id(ids, scope).await?.into_iter().map(|w| (w.id, w)).collect())
}

/// All places of a person, ended ones included.
pub async fn of_user(change: &Change<'_>, user: UserId) -> Result<Vec<Membership>, Failure> {
    Ok(change.read().memberships_by_user(&[user]).await?)
}

/// All places of a person whose row is held, together with the workgroups where they are now: whoever follows a last owner there, by
/// another change at the same time, does it before or after, and neither writes over the other (rule R4).
pub async fn held_of_user(change: &mut Change<'_>, user: UserId) -> Result<Vec<Membership>, Failure> {
    let lasting: Vec<WorkgroupId> = of_user(change, user).await?.iter().filter(|m| m.left_at.is_none()).map(|m| m.workgroup).collect();
    change.tx().workgroups_lock(&lasting).await?;
    of_user(change, user).await
}

/// A new place; None when one lasts already. Where somebody had been taken out, it begins anew, as a member.
pub fn joined(change: &Change<'_>, existing: &[Membership], user: UserId, workgroup: WorkgroupId) -> Option<Membership> {
    let lasts = existing.iter().any(|m| m.workgroup == workgroup && m.left_at.is_none());
    (!lasts).then(|| Membership {
        workgroup,
        user,
        role: WorkgroupRole::Member,
        joined_at: change.now(),
        left_at: None,
        ended_by_dismissal: false,
    })
}

/// Who follows the last owner: for each of these workgroups in which `leaver` is the only OWNER who is there, the longest-standing
/// MODERATOR becomes one (rule R4). Call it before the leaver's own places end, with the workgroups held.
pub async fn follow_last_owner(change: &mut Change<'_>, leaver: UserId, owned: &[WorkgroupId]) -> Result<(), Failure> {
    if owned.is_empty() {
        return Ok(());
    }
    let leading = change.read().memberships_leading(owned).await?;
    let mut promoted = Vec::new();
    for workgroup in owned {
        let others = || leading.iter().filter(|m| m.workgroup == *workgroup && m.user != leaver);
        if others().any(|m| m.role == WorkgroupRole::Owner) {
            continue;
        }
        let next = others().filter(|m| m.role == WorkgroupRole::Moderator).min_by_key(|m| (m.joined_at, m.user));
        promoted.extend(next.map(|m| Membership { role: WorkgroupRole::Owner, ..m.clone() }));
    }
    change.tx().memberships_put(&promoted).await?;
    for place in promoted {
        change.event(place.user, EventBody::WorkgroupMembershipChanged { workgroup: place.workgroup, role: Some(WorkgroupRole::Owner) });
    }
    Ok(())
}

/// Notes that these places began (rule I7).
pub fn tell_joined(change: &mut Change<'_>, places: &[Membership]) {
    for place in places {
        change.event(place.user, EventBody::WorkgroupMembershipChanged { workgroup: place.workgroup, role: Some(place.role) });
    }
}

/// WORKGROUP_NOT_ELIGIBLE at one of the workgroups given.
pub fn not_eligible(n: usize) -> Rejection {
    Rejection::at(
        crate::rejection::Code::WorkgroupNotEligible,
        &format!("workgroupIds.{n}"),
        "No such workgroup, or it is not open to the extranet.",
    )
}
