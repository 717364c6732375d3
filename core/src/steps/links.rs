//! Links in mails: sending them, and what ends them (rules E4, E6, E8, R2). [`AddressBook::save`] ends those that hung on an address.

use std::collections::BTreeSet;

use crate::credential::{PasswordHash, PendingLink, SecretHash};
use crate::email::{Email, EmailRole, HeldAddress};
use crate::engine::Change;
use crate::event::EventBody;
use crate::id::{SessionId, UserId};
use crate::rejection::{Code, Failure, Rejection};
use crate::secret::{Link, LinkPurpose};
use crate::steps::addresses::AddressBook;
use crate::steps::invitations;
use crate::storage::{Read, StorageError};
use crate::time::Timestamp;
use crate::user::{Actor, User, UserStatus};

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

/// Those of these addresses that are held by now, in the roles that last: a login change that nobody confirmed in time reserves nothing any
/// more (rule E6). Its row stays until somebody wants the address, see [`end_overdue`].
pub async fn lasting(read: &dyn Read, held: Vec<HeldAddress>, now: Timestamp) -> Result<Vec<HeldAddress>, StorageError> {
    let overdue = overdue(read, &held, now).await?;
    let roles = |held: &HeldAddress| match overdue.iter().any(|link| link.user == held.holder && link.email.is_same(&held.email)) {
        true => held.roles.without(EmailRole::PendingLogin),
        false => held.roles,
    };
    Ok(held.into_iter().map(|held| HeldAddress { roles: roles(&held), ..held }).filter(|held| !held.roles.is_empty()).collect())
}

/// Whose login change reserves the address of that key although nobody confirmed it in time.
pub async fn overdue_holder(read: &dyn Read, key: &str, now: Timestamp) -> Result<Option<UserId>, StorageError> {
    let held = read.addresses_by_key(&[key.to_owned()]).await?;
    Ok(overdue(read, &held, now).await?.into_iter().find(|link| link.email.key() == key).map(|link| link.user))
}

/// The links of login changes that reserve one of these addresses although nobody confirmed them in time.
async fn overdue(read: &dyn Read, held: &[HeldAddress], now: Timestamp) -> Result<Vec<PendingLink>, StorageError> {
    let reserved = |held: &&HeldAddress| held.roles.has(EmailRole::PendingLogin);
    let holders: BTreeSet<UserId> = held.iter().filter(reserved).map(|held| held.holder).collect();
    if holders.is_empty() {
        return Ok(Vec::new());
    }
    let mut links = read.links_by_user(&holders.into_iter().collect::<Vec<_>>()).await?;
    links.retain(|link| link.purpose == LinkPurpose::LoginEmail && link.expires_at <= now);
    Ok(links)
}

/// Ends the login change of somebody whose row is held, if nobody confirmed it in time: the address is free (rule E6).
pub async fn end_overdue(change: &mut Change<'_>, user: UserId) -> Result<(), Failure> {
    let Some(mut holder) = change.held(user).cloned() else { return Ok(()) };
    let mut book = AddressBook::of(change, &[user]).await?;
    let Some(reserved) = book.with_role(user, EmailRole::PendingLogin).cloned() else { return Ok(()) };
    let links = change.read().links_by_user(&[user]).await?;
    let now = change.now();
    if !links.iter().any(|link| link.purpose == LinkPurpose::LoginEmail && link.email.is_same(&reserved) && link.expires_at <= now) {
        return Ok(());
    }
    book.take(&reserved, EmailRole::PendingLogin);
    // The link ends with the address.
    book.save(change).await?;
    change.save_user(&mut holder).await?;
    change.event_by(Actor::System, user, EventBody::EmailReleased { roles: vec![EmailRole::PendingLogin] });
    Ok(())
}
