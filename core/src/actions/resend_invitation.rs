//! `resendInvitation`: a new link; the former one stops working; who sends it is the inviter from now on (rule S2).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::email::EmailRole;
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::UserId;
use crate::permission::Permission;
use crate::policy::Ability;
use crate::rejection::{Code, Failure, Reasons, Rejection};
use crate::steps::addresses::AddressBook;
use crate::steps::invitations;
use crate::storage::Read;
use crate::user::UserStatus;

/// Sends an invitation again.
#[derive(Debug, Clone)]
pub struct ResendInvitation {
    /// Who is invited.
    pub user: UserId,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Resent {
    /// The invited person.
    pub user: Option<FreshUser>,
}

impl Outcome for Resent {}

#[async_trait]
impl Action for ResendInvitation {
    type Output = Resent;
    const NAME: &'static str = "resendInvitation";
    const REQUIRES: &'static [Permission] = &[Permission::UsersInvite, Permission::UsersDismiss];
    const CODES: &'static [Code] = &[Code::UserNotFound, Code::NotPermitted, Code::NotInvited];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().settings().exclusive(self.user))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Resent, Failure> {
        let mut reasons = Reasons::new();
        let target = change.target(self.user, Ability::ManageInvitation, "userId", &mut reasons).await?;
        let invited = target.filter(|u| u.status == UserStatus::Invited);
        reasons
            .add_if(invited.is_none(), || Rejection::at(Code::NotInvited, "userId", "The person has accepted already or was dismissed."));
        reasons.check(Self::CODES, None)?;
        let Some(user) = invited else { return Err(Failure::Internal("an invited person without reasons".into())) };
        let book = AddressBook::of(change, &[user.id]).await?;
        let Some(email) = book.with_role(user.id, EmailRole::Invitation).cloned() else {
            return Err(Failure::Internal("an invited person without an address".into()));
        };
        invitations::send(change, &user, &email).await?;
        change.event(user.id, EventBody::UserInvited { email: email.address().to_owned() });
        Ok(Resent { user: Some(change.fresh_user(user.id).await?) })
    }
}
