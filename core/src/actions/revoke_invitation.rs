//! `revokeInvitation`: address and seat are free; who was dismissed before is so again (DOMAIN §1).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::id::UserId;
use crate::permission::Permission;
use crate::policy::Ability;
use crate::rejection::{Code, Failure, Reasons, Rejection};
use crate::steps::invitations;
use crate::storage::Read;
use crate::user::UserStatus;

/// Takes an invitation back.
#[derive(Debug, Clone)]
pub struct RevokeInvitation {
    /// Who is invited.
    pub user: UserId,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Revoked {
    /// Who is gone; None when they are dismissed again.
    pub revoked: Option<UserId>,
    /// The person, when dismissed again.
    pub user: Option<FreshUser>,
}

impl Outcome for Revoked {}

#[async_trait]
impl Action for RevokeInvitation {
    type Output = Revoked;
    const NAME: &'static str = "revokeInvitation";
    const REQUIRES: &'static [Permission] = &[Permission::UsersInvite, Permission::UsersDismiss];
    const CODES: &'static [Code] = &[Code::UserNotFound, Code::NotPermitted, Code::NotInvited];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().settings().exclusive(self.user))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Revoked, Failure> {
        let mut reasons = Reasons::new();
        let target = change.target(self.user, Ability::ManageInvitation, "userId", &mut reasons).await?;
        let invited = target.filter(|u| u.status == UserStatus::Invited);
        reasons
            .add_if(invited.is_none(), || Rejection::at(Code::NotInvited, "userId", "The person has accepted already or was dismissed."));
        reasons.check(Self::CODES, None)?;
        let Some(user) = invited else { return Err(Failure::Internal("an invited person without reasons".into())) };
        if invitations::revoke(change, &user).await? {
            Ok(Revoked { revoked: None, user: Some(change.fresh_user(user.id).await?) })
        } else {
            Ok(Revoked { revoked: Some(user.id), user: None })
        }
    }
}
