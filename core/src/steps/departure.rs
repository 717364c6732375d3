//! What ends when somebody leaves the company's inside: reports and headships find a new place, access ends (rules R2, R4).

use crate::credential::EndedCredentials;
use crate::email::EmailRole;
use crate::engine::{Change, Locks};
use crate::event::EventBody;
use crate::id::UserId;
use crate::rejection::{Code, Failure, Reasons, Rejection};
use crate::secret::LinkPurpose;
use crate::steps::addresses::AddressBook;
use crate::storage::Read;
use crate::user::User;

/// What whoever goes for good needs to hold: themself, those whom they invited (rule R2), and the new manager, who is changed too when they
/// come from below.
pub async fn locks(read: &dyn Read, leaver: UserId, new_manager: Option<UserId>) -> Result<Locks, Failure> {
    let mut locks = Locks::new().settings().exclusive(leaver);
    for invitation in read.invitations_by_inviter(leaver).await? {
        locks = locks.exclusive(invitation.user);
    }
    Ok(new_manager.into_iter().fold(locks, Locks::exclusive))
}

/// MANAGER_NOT_ELIGIBLE unless the new manager is an active employee and not the person themself. Their row must be held.
pub fn check_new_manager(change: &Change<'_>, leaver: UserId, new_manager: Option<UserId>, reasons: &mut Reasons) {
    if let Some(id) = new_manager {
        let eligible = id != leaver && change.held(id).is_some_and(User::is_active_employee);
        reasons.add_if(!eligible, || {
            Rejection::at(
                Code::ManagerNotEligible,
                "newManagerId",
                "The new manager must be an active employee, and not the person themself.",
            )
        });
    }
}

/// Reports, those who are invited too, and headships go to the new manager, else to the leaver's manager, else to nobody (rule R4). Rows of
/// reports that are held are stale afterwards, but for the new manager's. A new manager from below the
/// leaver reports to the leaver's manager from now on, or a circle would form.
pub async fn pass_on_reports(change: &mut Change<'_>, leaver: &User, new_manager: Option<UserId>) -> Result<(), Failure> {
    if let Some(id) = new_manager
        && change.read().users_above(id).await?.contains(&leaver.id)
        && let Some(mut manager) = change.held(id).cloned()
    {
        manager.manager = leaver.manager;
        change.save_user(&mut manager).await?;
        change.event(id, EventBody::UserUpdated { changed_fields: vec!["manager".into()] });
    }
    let heir = new_manager.or(leaver.manager);
    let now = change.now();
    for moved in change.tx().users_move_reports(leaver.id, heir, now).await? {
        change.event(moved, EventBody::UserUpdated { changed_fields: vec!["manager".into()] });
    }
    change.tx().departments_move_head(leaver.id, heir).await?;
    Ok(())
}

/// Ends all access of somebody: sessions, access tokens, links with the address that one had reserved. Raises the epoch in `user`, which the
/// caller saves (rule I4).
pub async fn end_access(change: &mut Change<'_>, user: &mut User, book: &mut AddressBook) -> Result<EndedCredentials, Failure> {
    let now = change.now();
    // Counted before the epoch rises: afterwards none of them works.
    let sessions = change.tx().sessions_end_of(user.id, None, now).await?;
    let tokens = change.tx().access_tokens_revoke_of(user.id, now).await?;
    change.tx().links_remove(user.id, &LinkPurpose::PENDING).await?;
    user.epoch += 1;
    if let Some(reserved) = book.with_role(user.id, EmailRole::PendingLogin).cloned() {
        book.take(&reserved, EmailRole::PendingLogin);
        change.event(user.id, EventBody::EmailReleased { roles: vec![EmailRole::PendingLogin] });
    }
    Ok(EndedCredentials { sessions, tokens })
}
