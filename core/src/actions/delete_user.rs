//! `deleteUser`: for duplicates, test accounts and mistakes. The row is gone, the records go to somebody else, the name stays in bylines
//! (rules L1–L5, R4).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::event::EventBody;
use crate::id::UserId;
use crate::permission::Permission;
use crate::policy::{Ability, Access};
use crate::record::RecordCount;
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::handover::RECORDS_MAX;
use crate::steps::{departure, inheritance, invitations, memberships};
use crate::storage::Read;
use crate::structure::WorkgroupRole;
use crate::text;
use crate::user::User;

/// Longest confirmation: a display name is two names and a space.
const CONFIRMATION_MAX: usize = 2 * text::NAME_MAX + 1;

/// Input of `deleteUser`, as given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct DeleteUserInput {
    pub user_id: UserId,
    pub confirmation: String,
    pub records_to_user_id: Option<UserId>,
    pub new_manager_id: Option<UserId>,
}

/// Deletes a person.
#[derive(Debug, Clone)]
pub struct DeleteUser {
    user: UserId,
    confirmation: String,
    successor: Option<UserId>,
    new_manager: Option<UserId>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deleted {
    /// Who is gone; None on a dry run.
    pub deleted: Option<UserId>,
    /// Records that changed hands, by kind.
    pub moved: Vec<RecordCount>,
}

impl Outcome for Deleted {
    fn keep_for_dry_run(&mut self) {
        self.deleted = None;
    }
}

impl DeleteUser {
    /// Checks the shape.
    pub fn parse(input: DeleteUserInput) -> Result<DeleteUser, Refusal> {
        let mut faults = Faults::new();
        let action = DeleteUser {
            user: input.user_id,
            confirmation: faults.take("confirmation", text::line(&input.confirmation, CONFIRMATION_MAX)).unwrap_or_default(),
            successor: input.records_to_user_id,
            new_manager: input.new_manager_id,
        };
        faults.finish().map(|()| action)
    }

    /// Who gets the records.
    fn heir(&self) -> UserId {
        self.successor.unwrap_or(UserId::SYSTEM)
    }

    fn check_target(&self, access: &Access, target: &User, administrators: u32, reasons: &mut Reasons) {
        let last = target.is_active_administrator() && administrators <= 1;
        reasons.add_if(last, || {
            Rejection::at(Code::LastAdministrator, "userId", "The account would be left without an active administrator.")
        });
        reasons.add_if(target.id == access.person(), || Rejection::at(Code::CannotDeleteSelf, "userId", "Nobody deletes themself."));
        reasons.add_if(!text::reads_the_same(&self.confirmation, &target.display_name()), || {
            Rejection::at(Code::ConfirmationMismatch, "confirmation", "This is not the display name of the person.")
        });
    }

    fn check_successor(&self, change: &Change<'_>, reasons: &mut Reasons) {
        if let Some(id) = self.successor {
            let eligible = id != self.user && change.held(id).is_some_and(User::is_active_employee);
            reasons.add_if(!eligible, || {
                Rejection::at(
                    Code::SuccessorNotEligible,
                    "recordsToUserId",
                    "A successor must be an active employee, and not the person themself.",
                )
            });
        }
    }
}

#[async_trait]
impl Action for DeleteUser {
    type Output = Deleted;
    const NAME: &'static str = "deleteUser";
    const REQUIRES: &'static [Permission] = &[Permission::Administrate];
    const CODES: &'static [Code] = &[
        Code::UserNotFound,
        Code::SystemUserProtected,
        Code::LastAdministrator,
        Code::CannotDeleteSelf,
        Code::ConfirmationMismatch,
        Code::SuccessorNotEligible,
        Code::ManagerNotEligible,
        Code::TooManyRecords,
        Code::InputInvalid,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
    ];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        // Held exclusively until the row is gone: nobody makes the person responsible, head or manager meanwhile.
        Ok(departure::locks(read, self.user, self.new_manager).await?.shared_all(self.successor))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Deleted, Failure> {
        let mut reasons = Reasons::new();
        let target = change.target(self.user, Ability::Delete, "userId", &mut reasons).await?;
        if let Some(target) = &target {
            let administrators = change.read().administrators_count().await?;
            self.check_target(change.access()?, target, administrators, &mut reasons);
        }
        self.check_successor(change, &mut reasons);
        departure::check_new_manager(change, self.user, self.new_manager, &mut reasons);
        reasons.check(Self::CODES, None)?;
        let Some(user) = target else { return Err(Failure::Internal("a target without reasons".into())) };
        let Ok(picked) = inheritance::pick(change, user.id).await? else {
            let text = format!("More than {RECORDS_MAX} records: hand them over with `reassign` first.");
            return Err(Rejection::at(Code::TooManyRecords, "userId", text).into());
        };

        let moved = inheritance::take_over(change, user.id, self.heir(), &picked).await?;
        let places = memberships::held_of_user(change, user.id).await?;
        let owned: Vec<_> = places.iter().filter(|m| m.left_at.is_none() && m.role == WorkgroupRole::Owner).map(|m| m.workgroup).collect();
        memberships::follow_last_owner(change, user.id, &owned).await?;
        change.event(user.id, EventBody::UserDeleted { recipient: self.heir() });
        invitations::revoke_all_of(change, user.id).await?;
        departure::pass_on_reports(change, &user, self.new_manager).await?;
        // Addresses, places, parts in tasks and everything to sign in with go with the row.
        change.tx().user_delete(user.id).await?;
        Ok(Deleted { deleted: Some(user.id), moved })
    }
}
