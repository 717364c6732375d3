//! Invitations: sending, sending again, taking back (rules S2, R2).

use crate::credential::{Invitation, SecretHash};
use crate::email::{Email, EmailRole};
use crate::engine::Change;
use crate::event::EventBody;
use crate::id::UserId;
use crate::mail::Mail;
use crate::permission::Permission;
use crate::rejection::Failure;
use crate::secret::{Link, LinkPurpose};
use crate::steps::addresses::AddressBook;
use crate::steps::memberships;
use crate::storage::StorageError;
use crate::structure::Membership;
use crate::user::{User, UserStatus};

/// How long a link works, in seconds: 7 days.
pub const LIFETIME_SECONDS: i64 = 7 * 24 * 3600;

/// The right that sending takes: USERS_INVITE, or USERS_DISMISS after a move to the extranet.
pub fn right_to_invite(invited: &User) -> Permission {
    if invited.was_active { Permission::UsersDismiss } else { Permission::UsersInvite }
}

/// Sends an invitation to the address, in place of a former one: the former link is dead.
pub async fn send(change: &mut Change<'_>, invited: &User, email: &Email) -> Result<(), Failure> {
    let link = Link { purpose: LinkPurpose::Invitation, user: invited.id, attempt: change.new_uuid() };
    let access = change.access()?.clone();
    let inviter = change.read().users_by_id(&[access.person()]).await?.pop().map(|u| u.display_name()).unwrap_or_default();
    let expires_at = change.now().plus_seconds(LIFETIME_SECONDS);
    let invitation = Invitation {
        user: invited.id,
        email: email.clone(),
        invited_by: access.actor().clone(),
        token_hash: SecretHash::of(&change.links().token(&link)),
        sent_at: change.now(),
        expires_at,
    };
    change.tx().invitation_put(&invitation).await?;
    change.mail(Mail::Invitation { to: email.clone(), name: invited.display_name(), inviter, link, expires_at });
    Ok(())
}

/// Takes the invitation of somebody back, whose row is held. Who never was active is gone; who was dismissed before is so again. Returns
/// whether the person is still there.
pub async fn revoke(change: &mut Change<'_>, invited: &User) -> Result<bool, Failure> {
    change.event(invited.id, EventBody::InvitationRevoked);
    if !invited.was_active {
        change.tx().user_delete(invited.id).await?;
        return Ok(false);
    }
    change.tx().invitation_remove(invited.id).await?;
    let mut book = AddressBook::of(change, &[invited.id]).await?;
    if let Some(address) = book.with_role(invited.id, EmailRole::Invitation).cloned() {
        book.take(&address, EmailRole::Invitation);
    }
    book.save(change).await?;
    let now = change.now();
    let lasting = memberships::of_user(change, invited.id).await?.into_iter().filter(|m| m.left_at.is_none());
    // As a dismissal would: `hire` finds the extranet workgroups again.
    let ended: Vec<Membership> = lasting.map(|m| Membership { left_at: Some(now), ended_by_dismissal: true, ..m }).collect();
    change.tx().memberships_put(&ended).await?;
    let mut user = invited.clone();
    user.status = UserStatus::Dismissed;
    change.save_user(&mut user).await?;
    Ok(true)
}

/// Takes back every invitation that somebody sent and nobody accepted (rule R2). Their rows must be held: one that came since is a race.
pub async fn revoke_all_of(change: &mut Change<'_>, inviter: UserId) -> Result<(), Failure> {
    for invitation in change.read().invitations_by_inviter(inviter).await? {
        let Some(invited) = change.held(invitation.user).cloned() else { return Err(StorageError::Conflict.into()) };
        if invited.status == UserStatus::Invited {
            revoke(change, &invited).await?;
        }
    }
    Ok(())
}
