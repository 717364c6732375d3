//! Links in mails: sending them, and what ends them (rules E4, E6, E8, R2). [`AddressBook::save`] ends those that hung on an address.

use crate::credential::{PasswordHash, PendingLink, SecretHash};
use crate::email::{Email, EmailRole};
use crate::engine::Change;
use crate::event::EventBody;
use crate::id::{SessionId, UserId};
use crate::rejection::{Code, Failure, Rejection};
use crate::secret::{Link, LinkPurpose};
use crate::steps::addresses::AddressBook;
use crate::steps::invitations;
use crate::storage::Read;
use crate::time::Timestamp;
use crate::user::{User, UserStatus};

/// How long a link works, in seconds: 7 days, 24 hours, 1 hour.
fn lifetime_seconds(purpose: LinkPurpose) -> i64 {
    match purpose {
        LinkPurpose::Invitation => invitations::LIFETIME_SECONDS,
        LinkPurpose::LoginEmail => 24 * 3600,
        LinkPurpose::PasswordReset => 3600,
    }
}

/// The one answer to every token that does not work.
pub fn invalid() -> Rejection {
    Rejection::at(Code::TokenInvalid, "token", "This link is unknown, used, expired or overtaken.")
}

/// Makes a link to be sent to that address, in place of a former one for the same purpose, which is dead. Returns it with its end.
pub async fn renew(change: &mut Change<'_>, user: UserId, purpose: LinkPurpose, email: &Email) -> Result<(Link, Timestamp), Failure> {
    let link = Link { purpose, user, attempt: change.new_uuid() };
    let expires_at = change.now().plus_seconds(lifetime_seconds(purpose));
    let pending = PendingLink {
        user,
        purpose,
        email: email.clone(),
        token_hash: SecretHash::of(&change.links().token(&link)),
        sent_at: change.now(),
        expires_at,
    };
    change.tx().link_put(&pending).await?;
    Ok((link, expires_at))
}

/// The link of that token and the person it is good for now: in time, for that purpose, somebody active. None otherwise, whatever the
/// reason. The person's row is not held.
pub async fn find(
    read: &dyn Read,
    token: SecretHash,
    purpose: LinkPurpose,
    now: Timestamp,
) -> Result<Option<(PendingLink, User)>, Failure> {
    let Some(link) = read.link_by_hash(token).await?.filter(|l| l.purpose == purpose && l.expires_at > now) else { return Ok(None) };
    let user = read.users_by_id(&[link.user]).await?.pop().filter(|u| u.status == UserStatus::Active);
    Ok(user.map(|user| (link, user)))
}

/// Ends the links of somebody whose password changed, with the address that one had reserved. Returns whether one was.
pub async fn end_with_password(change: &mut Change<'_>, user: UserId) -> Result<bool, Failure> {
    change.tx().links_remove(user, &LinkPurpose::PENDING).await?;
    let mut book = AddressBook::of(change, &[user]).await?;
    let Some(reserved) = book.with_role(user, EmailRole::PendingLogin).cloned() else { return Ok(false) };
    book.take(&reserved, EmailRole::PendingLogin);
    book.save(change).await?;
    change.event(user, EventBody::EmailReleased { roles: vec![EmailRole::PendingLogin] });
    Ok(true)
}

/// Sets the password of somebody whose row is held, and ends what the former one had opened: links, and all sessions but `kept`, which is
/// lifted to the new epoch (rules I4, E8). Returns how many sessions ended.
pub async fn set_password(
    change: &mut Change<'_>,
    user: &mut User,
    password: &PasswordHash,
    kept: Option<SessionId>,
) -> Result<u32, Failure> {
    let now = change.now();
    let ended = change.tx().sessions_end_of(user.id, kept, now).await?;
    change.tx().password_set(user.id, Some(password)).await?;
    if end_with_password(change, user.id).await? {
        change.save_user(user).await?;
    }
    change.raise_epoch(user).await?;
    if let Some(kept) = kept {
        change.tx().session_lift(kept, user.epoch).await?;
    }
    change.event(user.id, EventBody::PasswordChanged);
    Ok(ended)
}
