//! `moveToExtranet`: an employee, active or dismissed, becomes an external participant who keeps account, history and address
//! (rules X1–X5, R4, R10).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::email::{Email, EmailRole};
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{UserId, WorkgroupId};
use crate::permission::{Permission, PermissionSet};
use crate::policy::{Ability, Access};
use crate::record::RecordFilter;
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::addresses::{self, AddressBook};
use crate::steps::handover::{self, FreshReassignment, LinkedActivities, Plan, Planned, Selection};
use crate::steps::input::{HandoverInput, HandoverOrder, WORKGROUPS_MAX, check_successors};
use crate::steps::{checks, departure, invitations, memberships};
use crate::storage::Read;
use crate::structure::{Membership, WorkgroupRole};
use crate::user::{User, UserKind, UserStatus};

/// Input of `moveToExtranet`, as given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct MoveToExtranetInput {
    pub user_id: UserId,
    pub workgroup_ids: Vec<WorkgroupId>,
    pub login_email: Option<String>,
    pub new_manager_id: Option<UserId>,
    pub handover: Option<HandoverInput>,
    pub activate_now: bool,
    pub expected_version: Option<i32>,
}

/// Moves a person to the extranet.
#[derive(Debug, Clone)]
pub struct MoveToExtranet {
    user: UserId,
    workgroups: Vec<WorkgroupId>,
    login_email: Option<Email>,
    new_manager: Option<UserId>,
    handover: Option<HandoverOrder>,
    activate_now: bool,
    expected_version: Option<i32>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MovedToExtranet {
    /// The person after the change.
    pub user: Option<FreshUser>,
    /// The handing over, when asked for.
    pub reassignment: Option<FreshReassignment>,
    /// What the handover would move, on a dry run.
    pub planned: Option<Planned>,
}

impl Outcome for MovedToExtranet {
    fn keep_for_dry_run(&mut self) {
        self.user = None;
        self.reassignment = None;
    }

    fn keep_in_earnest(&mut self) {
        self.planned = None;
    }
}

impl MoveToExtranet {
    /// Checks the shape.
    pub fn parse(input: MoveToExtranetInput) -> Result<MoveToExtranet, Refusal> {
        let mut faults = Faults::new();
        if input.workgroup_ids.len() > WORKGROUPS_MAX {
            faults.input("workgroupIds", format!("Give 1 to {WORKGROUPS_MAX} workgroups."));
        }
        let action = MoveToExtranet {
            user: input.user_id,
            workgroups: input.workgroup_ids,
            login_email: input.login_email.and_then(|e| faults.email("loginEmail", &e)),
            new_manager: input.new_manager_id,
            handover: input.handover.map(|h| h.parse(&mut faults)),
            activate_now: input.activate_now,
            expected_version: input.expected_version,
        };
        faults.finish().map(|()| action)
    }
}

/// The reasons that no input can cure (rule R9).
pub fn standing_reasons(access: &Access, target: &User, administrators: u32, seats_free: bool) -> Vec<Code> {
    let mut reasons = Reasons::new();
    checks::add_denial(access.verdict(Ability::MoveToExtranet, target, true), "userId", &mut reasons);
    if access.is_external() {
        // Nothing more is told to people from outside (rule V3).
        return reasons.codes(MoveToExtranet::CODES);
    }
    state_reasons(access, target, administrators, seats_free, &mut reasons);
    reasons.codes(MoveToExtranet::CODES)
}

fn state_reasons(access: &Access, target: &User, administrators: u32, seats_free: bool, reasons: &mut Reasons) {
    let at = |code: Code, message: &str| Rejection::at(code, "userId", message);
    reasons.add_if(target.id == access.person(), || at(Code::CannotMoveSelf, "Nobody moves themself."));
    checks::check_protected(access, target, "userId", reasons);
    let last = target.is_active_administrator() && administrators <= 1;
    reasons.add_if(last, || at(Code::LastAdministrator, "The account would be left without an active administrator."));
    reasons.add_if(target.kind == UserKind::Extranet, || at(Code::AlreadyExtranet, "External already."));
    reasons
        .add_if(target.status == UserStatus::Invited, || at(Code::NotActive, "An invited person is not moved: take the invitation back."));
    let takes_seat = target.status == UserStatus::Dismissed;
    reasons.add_if(takes_seat && !seats_free, || Rejection::new(Code::SeatLimitReached, "No seat of the licence is free."));
}

#[async_trait]
impl Action for MoveToExtranet {
    type Output = MovedToExtranet;
    const NAME: &'static str = "moveToExtranet";
    const REQUIRES: &'static [Permission] = &[Permission::UsersDismiss];
    const CODES: &'static [Code] = &[
        Code::UserNotFound,
        Code::NotPermitted,
        Code::CannotMoveSelf,
        Code::SystemUserProtected,
        Code::TargetIsAdministrator,
        Code::LastAdministrator,
        Code::AlreadyExtranet,
        Code::NotActive,
        Code::WorkgroupNotEligible,
        Code::HandoverRequired,
        Code::ManagerNotEligible,
        Code::SuccessorNotEligible,
        Code::LoginEmailRequired,
        Code::EmailInvalid,
        Code::EmailTaken,
        Code::SeatLimitReached,
        Code::InputInvalid,
        Code::VersionConflict,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
    ];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        let mut locks = Locks::new().settings().exclusive(self.user);
        if let Some(manager) = self.new_manager {
            // A new manager from below is changed too.
            locks = locks.exclusive(manager);
        }
        Ok(locks.shared_all(self.handover.iter().flat_map(|h| h.successors.iter().copied())))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<MovedToExtranet, Failure> {
        let mut reasons = Reasons::new();
        let target = change.target(self.user, Ability::MoveToExtranet, "userId", &mut reasons).await?;
        if let Some(target) = &target {
            checks::check_version(self.expected_version, target.version, &mut reasons);
            let administrators = change.read().administrators_count().await?;
            let seats_free = change.seats_free(1).await?;
            state_reasons(change.access()?, target, administrators, seats_free, &mut reasons);
            reasons.add_if(target.login_email.is_none() && self.login_email.is_none(), || {
                Rejection::at(Code::LoginEmailRequired, "loginEmail", "The person has no login address left: give one.")
            });
        }
        self.check_workgroups(change, &mut reasons).await?;
        departure::check_new_manager(change, self.user, self.new_manager, &mut reasons);
        if let Some(order) = &self.handover {
            check_successors(&order.successors, &[self.user], "handover.toUserIds", |id| change.held(id), &mut reasons);
        }
        if let Some(email) = &self.login_email {
            addresses::check_free(change, email, Some(self.user), "loginEmail", &mut reasons).await?;
        }
        let plan = match &target {
            Some(_) => self.plan_handover(change, &mut reasons).await?,
            None => None,
        };
        reasons.check(Self::CODES, Some(self.user))?;
        let Some(user) = target else { return Err(Failure::Internal("a target without reasons".into())) };
        let plan = match plan {
            Some(Err(_)) => return Err(checks::too_many_records("handover").into()),
            Some(Ok(plan)) => Some(plan),
            None => None,
        };
        let planned = plan.as_ref().map(Plan::planned);
        self.carry_out(change, user).await?;
        let reassignment = match plan {
            None => None,
            Some(plan) => Some(plan.execute(change, None).await?),
        };
        Ok(MovedToExtranet { user: Some(change.fresh_user(self.user).await?), reassignment, planned })
    }
}

impl MoveToExtranet {
    async fn check_workgroups(&self, change: &Change<'_>, reasons: &mut Reasons) -> Result<(), Failure> {
        let scope = change.access()?.workgroup_scope();
        let found = memberships::workgroups(change, &self.workgroups, &scope).await?;
        for (n, id) in self.workgroups.iter().enumerate() {
            reasons.add_if(!found.get(id).is_some_and(|w| w.is_extranet), || memberships::not_eligible(n));
        }
        reasons.add_if(self.workgroups.is_empty(), || {
            Rejection::at(Code::WorkgroupNotEligible, "workgroupIds", "An external person needs at least one extranet workgroup.")
        });
        Ok(())
    }

    /// Plans the handover, and adds HANDOVER_REQUIRED unless it takes every CRM record (rule X4).
    async fn plan_handover(
        &self,
        change: &mut Change<'_>,
        reasons: &mut Reasons,
    ) -> Result<Option<Result<Plan, handover::TooMany>>, Failure> {
        let counts = change.read().record_counts_by_responsible(&[self.user]).await?.pop().unwrap_or_default();
        let crm: u32 = counts.iter().filter(|c| c.kind.is_crm()).map(|c| c.open + c.closed).sum();
        let required =
            || Rejection::at(Code::HandoverRequired, "handover", "Hand over all CRM records in the same step: external people hold none.");
        let Some(order) = &self.handover else {
            reasons.add_if(crm > 0, required);
            return Ok(None);
        };
        let filter = RecordFilter { responsible: Some(vec![self.user]), ..order.filter.clone() };
        let everything = crate::policy::RecordScope::everything();
        let picked = handover::pick(change, Selection::Matching(filter, everything), LinkedActivities::Follow).await?;
        let Ok(picked) = picked else { return Ok(Some(Err(handover::TooMany))) };
        let plan = handover::deal_out(picked, &order.successors);
        reasons.add_if((plan.crm_count() as u32) < crm, required);
        Ok(Some(Ok(plan)))
    }

    async fn carry_out(&self, change: &mut Change<'_>, mut user: User) -> Result<(), Failure> {
        let was_active = user.status == UserStatus::Active;
        let becomes_active = was_active || self.activate_now;

        let former_login = user.login_email.clone();
        let mut book = AddressBook::of(change, &[user.id]).await?;
        departure::end_access(change, &mut user, &mut book).await?;
        if let Some(email) = self.login_email.as_ref().or(former_login.as_ref()) {
            addresses::set_login(&mut book, user.id, email);
        }
        let login = book.with_role(user.id, EmailRole::Login).cloned();
        if let (false, Some(login)) = (becomes_active, &login) {
            book.give(login, user.id, EmailRole::Invitation);
        }
        book.save(change).await?;

        let joined = self.move_memberships(change, user.id).await?;
        if was_active {
            departure::pass_on_reports(change, &user, self.new_manager).await?;
        }
        user.kind = UserKind::Extranet;
        user.is_administrator = false;
        user.personal_permissions = PermissionSet::NONE;
        user.department = None;
        user.manager = None;
        if becomes_active {
            user.status = UserStatus::Active;
            user.dismissal = None;
        } else {
            // The dismissal stays as it was: taking the invitation back returns to it.
            user.status = UserStatus::Invited;
        }
        change.save_user(&mut user).await?;
        change.event(user.id, EventBody::MovedToExtranet { workgroups: joined });
        addresses::tell_login_change(change, &user, former_login.as_ref(), login.as_ref());
        if let (false, Some(login)) = (becomes_active, &login) {
            invitations::send(change, &user, login).await?;
        }
        Ok(())
    }

    /// Inside places end for good; extranet ones stay, revive or begin (rule X4). Returns where the person belongs now.
    async fn move_memberships(&self, change: &mut Change<'_>, user: UserId) -> Result<Vec<WorkgroupId>, Failure> {
        let existing = memberships::held_of_user(change, user).await?;
        let ids: Vec<WorkgroupId> = existing.iter().map(|m| m.workgroup).chain(self.workgroups.iter().copied()).collect();
        let known = memberships::workgroups(change, &ids, &crate::policy::WorkgroupScope::everything()).await?;
        let is_extranet = |id: &WorkgroupId| known.get(id).is_some_and(|w| w.is_extranet);
        let inside_owned: Vec<WorkgroupId> = existing
            .iter()
            .filter(|m| m.left_at.is_none() && m.role == WorkgroupRole::Owner && !is_extranet(&m.workgroup))
            .map(|m| m.workgroup)
            .collect();
        memberships::follow_last_owner(change, user, &inside_owned).await?;

        let now = change.now();
        let mut places: Vec<Membership> = Vec::new();
        for place in &existing {
            let extranet = is_extranet(&place.workgroup);
            match (place.left_at, extranet) {
                (None, false) => places.push(Membership { left_at: Some(now), ended_by_dismissal: false, ..place.clone() }),
                (Some(_), false) if place.ended_by_dismissal => places.push(Membership { ended_by_dismissal: false, ..place.clone() }),
                (Some(_), true) if place.ended_by_dismissal => {
                    places.push(Membership { left_at: None, ended_by_dismissal: false, ..place.clone() });
                }
                (None, true) | (Some(_), _) => {}
            }
        }
        for id in &self.workgroups {
            if !places.iter().any(|p| p.workgroup == *id) {
                places.extend(memberships::joined(change, &existing, user, *id));
            }
        }
        change.tx().memberships_put(&places).await?;
        let mut lasting: Vec<WorkgroupId> =
            memberships::of_user(change, user).await?.into_iter().filter(|m| m.left_at.is_none()).map(|m| m.workgroup).collect();
        lasting.sort();
        Ok(lasting)
    }
}
