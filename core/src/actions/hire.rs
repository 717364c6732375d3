//! `hire`: the same account comes back, with department, workgroups, password and manager (rule R7).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::email::{Email, EmailRole};
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{UserId, WorkgroupId};
use crate::permission::Permission;
use crate::policy::{Ability, Access};
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::addresses::{self, AddressBook};
use crate::steps::input::WORKGROUPS_MAX;
use crate::steps::{checks, memberships};
use crate::storage::{Read, StorageError};
use crate::structure::Membership;
use crate::user::{User, UserKind, UserStatus};

/// Input of `hire`, as given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct HireInput {
    pub user_id: UserId,
    pub login_email: Option<String>,
    pub workgroup_ids: Option<Vec<WorkgroupId>>,
    pub expected_version: Option<i32>,
}

/// Hires a dismissed person back.
#[derive(Debug, Clone)]
pub struct Hire {
    user: UserId,
    login_email: Option<Email>,
    workgroups: Option<Vec<WorkgroupId>>,
    expected_version: Option<i32>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hired {
    /// The person after the change.
    pub user: Option<FreshUser>,
}

impl Outcome for Hired {
    fn keep_for_dry_run(&mut self) {
        self.user = None;
    }
}

impl Hire {
    /// Checks the shape.
    pub fn parse(input: HireInput) -> Result<Hire, Refusal> {
        let mut faults = Faults::new();
        let login_email = input.login_email.and_then(|e| faults.email("loginEmail", &e));
        if input.workgroup_ids.as_ref().is_some_and(|w| w.is_empty() || w.len() > WORKGROUPS_MAX) {
            faults.input("workgroupIds", format!("Give 1 to {WORKGROUPS_MAX} workgroups, or leave it out."));
        }
        let action = Hire { user: input.user_id, login_email, workgroups: input.workgroup_ids, expected_version: input.expected_version };
        faults.finish().map(|()| action)
    }
}

/// The reasons that no input can cure (rule R9). `seats_free`: whether a seat is free.
pub fn standing_reasons(access: &Access, target: &User, seats_free: bool) -> Vec<Code> {
    let mut reasons = Reasons::new();
    checks::add_denial(access.verdict(Ability::Hire, target, true), "userId", &mut reasons);
    if access.is_external() {
        // Nothing more is told to people from outside (rule V3).
        return reasons.codes(Hire::CODES);
    }
    state_reasons(target, seats_free, &mut reasons);
    reasons.codes(Hire::CODES)
}

fn state_reasons(target: &User, seats_free: bool, reasons: &mut Reasons) {
    reasons.add_if(target.status != UserStatus::Dismissed, || {
        Rejection::at(Code::NotDismissed, "userId", "Only a dismissed person can be hired back.")
    });
    reasons.add_if(!seats_free, || Rejection::new(Code::SeatLimitReached, "No seat of the licence is free."));
}

#[async_trait]
impl Action for Hire {
    type Output = Hired;
    const NAME: &'static str = "hire";
    const REQUIRES: &'static [Permission] = &[Permission::UsersDismiss];
    const CODES: &'static [Code] = &[
        Code::UserNotFound,
        Code::NotPermitted,
        Code::NotDismissed,
        Code::SeatLimitReached,
        Code::LoginEmailRequired,
        Code::WorkgroupNotEligible,
        Code::EmailInvalid,
        Code::EmailTaken,
        Code::InputInvalid,
        Code::VersionConflict,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
    ];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        let manager = read.users_by_id(&[self.user]).await?.pop().and_then(|u| u.manager);
        Ok(Locks::new().settings().exclusive(self.user).shared_all(manager))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Hired, Failure> {
        let mut reasons = Reasons::new();
        let target = change.target(self.user, Ability::Hire, "userId", &mut reasons).await?;
        let mut places = Vec::new();
        if let Some(target) = &target {
            checks::check_version(self.expected_version, target.version, &mut reasons);
            state_reasons(target, change.seats_free(1).await?, &mut reasons);
            if target.status == UserStatus::Dismissed {
                places = self.places(change, target, &mut reasons).await?;
                reasons.add_if(target.login_email.is_none() && self.login_email.is_none(), || {
                    Rejection::at(Code::LoginEmailRequired, "loginEmail", "The person has no login address left: give one.")
                });
            }
        }
        if let Some(email) = &self.login_email {
            addresses::check_free(change, email, Some(self.user), "loginEmail", &mut reasons).await?;
        }
        reasons.check(Self::CODES, Some(self.user))?;
        let Some(mut user) = target else { return Err(Failure::Internal("a target without reasons".into())) };
        if let Some(manager) = user.manager.filter(|m| change.held(*m).is_none())
            && !change.read().users_by_id(&[manager]).await?.is_empty()
        {
            // Another manager than when we looked whom to hold: look again.
            return Err(StorageError::Conflict.into());
        }

        if let Some(email) = &self.login_email {
            let former = user.login_email.clone();
            let mut book = AddressBook::of(change, &[user.id]).await?;
            addresses::set_login(&mut book, user.id, email);
            let login = book.with_role(user.id, EmailRole::Login).cloned();
            book.save(change).await?;
            addresses::tell_login_change(change, &user, former.as_ref(), login.as_ref());
        }
        change.tx().memberships_put(&places).await?;
        user.status = UserStatus::Active;
        user.was_active = true;
        user.dismissal = None;
        // Nobody active reports to somebody who is not (rule I10); the manager's row is held.
        user.manager = user.manager.filter(|m| change.held(*m).is_some_and(User::is_active_employee));
        change.save_user(&mut user).await?;
        change.event(user.id, EventBody::UserHired);
        // What revives is covered by that; what begins is not (rule I7). Revived places keep the time at which they began.
        let begun: Vec<Membership> = places.into_iter().filter(|place| place.joined_at == change.now()).collect();
        memberships::tell_joined(change, &begun);
        Ok(Hired { user: Some(change.fresh_user(user.id).await?) })
    }
}

impl Hire {
    /// The places that revive or begin: what the dismissal ended, for external people of extranet workgroups only, and those given.
    async fn places(&self, change: &Change<'_>, target: &User, reasons: &mut Reasons) -> Result<Vec<Membership>, Failure> {
        let existing = memberships::of_user(change, target.id).await?;
        let ended = existing.iter().filter(|m| m.left_at.is_some() && m.ended_by_dismissal);
        let mut places: Vec<Membership> = ended.map(|m| Membership { left_at: None, ended_by_dismissal: false, ..m.clone() }).collect();
        if target.kind == UserKind::Intranet {
            reasons.add_if(self.workgroups.is_some(), || {
                Rejection::at(Code::InputInvalid, "workgroupIds", "Workgroups are given for external people only.")
            });
            return Ok(places);
        }
        let mut ids: Vec<WorkgroupId> = places.iter().map(|m| m.workgroup).collect();
        ids.extend(self.workgroups.iter().flatten());
        let extranet = memberships::workgroups(change, &ids, &crate::policy::WorkgroupScope::everything()).await?;
        places.retain(|m| extranet.get(&m.workgroup).is_some_and(|w| w.is_extranet));
        for (n, id) in self.workgroups.iter().flatten().enumerate() {
            if !extranet.get(id).is_some_and(|w| w.is_extranet) {
                reasons.add(memberships::not_eligible(n));
            } else if !places.iter().any(|m| m.workgroup == *id) {
                places.extend(memberships::joined(change, &existing, target.id, *id));
            }
        }
        let lasting = existing.iter().any(|m| m.left_at.is_none());
        reasons.add_if(places.is_empty() && !lasting && self.workgroups.is_none(), || {
            Rejection::at(Code::WorkgroupNotEligible, "workgroupIds", "An external person needs at least one extranet workgroup.")
        });
        Ok(places)
    }
}
