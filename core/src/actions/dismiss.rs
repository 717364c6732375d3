//! `dismiss`: access ends at once and everywhere, the seat is freed, everything they made stays (rules R1–R6, R10).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::UserId;
use crate::permission::{Permission, PermissionSet};
use crate::policy::{Ability, Access};
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::addresses::AddressBook;
use crate::steps::handover::{self, FreshReassignment, LinkedActivities, Plan, Planned, Selection};
use crate::steps::input::{HandoverInput, HandoverOrder, check_successors, optional_line, optional_paragraph};
use crate::steps::{checks, departure, invitations, memberships};
use crate::storage::Read;
use crate::structure::{Membership, WorkgroupRole};
use crate::text;
use crate::user::{Dismissal, User, UserStatus};

/// Input of `dismiss`, as given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct DismissInput {
    pub user_id: UserId,
    pub reason: Option<String>,
    pub note: Option<String>,
    pub handover: Option<HandoverInput>,
    pub new_manager_id: Option<UserId>,
    pub expected_version: Option<i32>,
}

/// Dismisses a person.
#[derive(Debug, Clone)]
pub struct Dismiss {
    user: UserId,
    reason: Option<String>,
    note: Option<String>,
    handover: Option<HandoverOrder>,
    new_manager: Option<UserId>,
    expected_version: Option<i32>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dismissed {
    /// The person after the change.
    pub user: Option<FreshUser>,
    /// The handing over, when asked for.
    pub reassignment: Option<FreshReassignment>,
    /// Sessions and access tokens that stopped working.
    pub revoked_credentials: u32,
    /// What the handover would move, on a dry run.
    pub planned: Option<Planned>,
}

impl Outcome for Dismissed {
    fn keep_for_dry_run(&mut self) {
        self.user = None;
        self.reassignment = None;
    }

    fn keep_in_earnest(&mut self) {
        self.planned = None;
    }
}

impl Dismiss {
    /// Checks the shape.
    pub fn parse(input: DismissInput) -> Result<Dismiss, Refusal> {
        let mut faults = Faults::new();
        let action = Dismiss {
            user: input.user_id,
            reason: optional_line(input.reason, text::REASON_MAX, "reason", &mut faults),
            note: optional_paragraph(input.note, text::NOTE_MAX, "note", &mut faults),
            handover: input.handover.map(|h| h.parse(&mut faults)),
            new_manager: input.new_manager_id,
            expected_version: input.expected_version,
        };
        faults.finish().map(|()| action)
    }
}

/// The reasons that no input can cure (rule R9). `administrators`: how many active ones there are.
pub fn standing_reasons(access: &Access, target: &User, administrators: u32) -> Vec<Code> {
    let mut reasons = Reasons::new();
    checks::add_denial(access.verdict(Ability::Dismiss, target, true), "userId", &mut reasons);
    if access.is_external() {
        // Nothing more is told to people from outside (rule V3).
        return reasons.codes(Dismiss::CODES);
    }
    state_reasons(access, target, administrators, &mut reasons);
    reasons.codes(Dismiss::CODES)
}

fn state_reasons(access: &Access, target: &User, administrators: u32, reasons: &mut Reasons) {
    let at = |code: Code, message: &str| Rejection::at(code, "userId", message);
    reasons.add_if(target.id == access.person(), || at(Code::CannotDismissSelf, "Nobody dismisses themself."));
    match target.status {
        UserStatus::Dismissed => reasons.add(at(Code::AlreadyDismissed, "Dismissed before.")),
        UserStatus::Invited => reasons.add(at(Code::NotActive, "An invited person is not dismissed: take the invitation back.")),
        UserStatus::Active | UserStatus::System => {}
    }
    checks::check_protected(access, target, "userId", reasons);
    let last = target.is_active_administrator() && administrators <= 1;
    reasons.add_if(last, || at(Code::LastAdministrator, "The account would be left without an active administrator."));
}

#[async_trait]
impl Action for Dismiss {
    type Output = Dismissed;
    const NAME: &'static str = "dismiss";
    const REQUIRES: &'static [Permission] = &[Permission::UsersDismiss];
    const CODES: &'static [Code] = &[
        Code::UserNotFound,
        Code::NotPermitted,
        Code::CannotDismissSelf,
        Code::SystemUserProtected,
        Code::AlreadyDismissed,
        Code::NotActive,
        Code::TargetIsAdministrator,
        Code::LastAdministrator,
        Code::SuccessorNotEligible,
        Code::ManagerNotEligible,
        Code::InputInvalid,
        Code::VersionConflict,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
    ];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        let locks = departure::locks(read, self.user, self.new_manager).await?;
        Ok(locks.shared_all(self.handover.iter().flat_map(|h| h.successors.iter().copied())))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Dismissed, Failure> {
        let mut reasons = Reasons::new();
        let target = change.target(self.user, Ability::Dismiss, "userId", &mut reasons).await?;
        if let Some(target) = &target {
            checks::check_version(self.expected_version, target.version, &mut reasons);
            let administrators = change.read().administrators_count().await?;
            state_reasons(change.access()?, target, administrators, &mut reasons);
        }
        departure::check_new_manager(change, self.user, self.new_manager, &mut reasons);
        if let Some(order) = &self.handover {
            check_successors(&order.successors, &[self.user], "handover.toUserIds", |id| change.held(id), &mut reasons);
        }
        reasons.check(Self::CODES, Some(self.user))?;
        let Some(mut user) = target else { return Err(Failure::Internal("a target without reasons".into())) };

        let plan = match &self.handover {
            None => None,
            Some(order) => Some(plan_handover(change, self.user, order).await?),
        };
        let planned = plan.as_ref().map(Plan::planned);

        // First what happened, then what comes of it: reports, owners of workgroups, invitations, records.
        change.event(user.id, EventBody::UserDismissed { reason: self.reason.clone() });
        let mut book = AddressBook::of(change, &[user.id]).await?;
        let ended = departure::end_access(change, &mut user, &mut book).await?;
        book.save(change).await?;
        end_memberships(change, user.id).await?;
        user.status = UserStatus::Dismissed;
        user.is_administrator = false;
        user.personal_permissions = PermissionSet::NONE;
        user.dismissal = Some(Dismissal {
            dismissed_at: change.now(),
            dismissed_by: change.access()?.actor().clone(),
            reason: self.reason.clone(),
            note: self.note.clone(),
        });
        change.save_user(&mut user).await?;
        invitations::revoke_all_of(change, user.id).await?;
        // Behind the invitations: whoever was invited by the leaver and reports to them is written there as they were held.
        departure::pass_on_reports(change, &user, self.new_manager).await?;
        let reassignment = match plan {
            None => None,
            Some(plan) => Some(plan.execute(change, None).await?),
        };
        Ok(Dismissed {
            user: Some(change.fresh_user(user.id).await?),
            reassignment,
            revoked_credentials: ended.sessions + ended.tokens,
            planned,
        })
    }
}

/// Plans the handover of one person's records, with every record in reach: the right to dismiss includes it (rule R10).
async fn plan_handover(change: &mut Change<'_>, person: UserId, order: &HandoverOrder) -> Result<Plan, Failure> {
    let filter = crate::record::RecordFilter { responsible: Some(vec![person]), ..order.filter.clone() };
    let picked =
        handover::pick(change, Selection::Matching(filter, crate::policy::RecordScope::everything()), LinkedActivities::Follow).await?;
    let picked = picked.map_err(|_| checks::too_many_records("handover"))?;
    Ok(handover::deal_out(picked, &order.successors))
}

/// All places in workgroups end, to be revived by `hire`; the last owner is followed (rules R4, R5).
async fn end_memberships(change: &mut Change<'_>, user: UserId) -> Result<(), Failure> {
    let lasting: Vec<Membership> = memberships::held_of_user(change, user).await?.into_iter().filter(|m| m.left_at.is_none()).collect();
    let owned: Vec<_> = lasting.iter().filter(|m| m.role == WorkgroupRole::Owner).map(|m| m.workgroup).collect();
    memberships::follow_last_owner(change, user, &owned).await?;
    let now = change.now();
    let ended: Vec<Membership> = lasting.into_iter().map(|m| Membership { left_at: Some(now), ended_by_dismissal: true, ..m }).collect();
    change.tx().memberships_put(&ended).await?;
    Ok(())
}
