//! Addresses change hands here, and only here: whoever holds what afterwards is worked out in memory and written at once, so that no
//! intermediate state is ever visible (rules I3, E3–E5).

use std::collections::{BTreeMap, BTreeSet};

use crate::email::{Email, EmailRole, EmailRoles, HeldAddress};
use crate::engine::Change;
use crate::event::EventBody;
use crate::id::UserId;
use crate::mail::{ChangedBy, Mail};
use crate::rejection::{Failure, Reasons};
use crate::secret::LinkPurpose;
use crate::user::{User, UserStatus};

/// The addresses of the people whom a change is about, as they will be.
#[derive(Debug, Clone, Default)]
pub struct AddressBook {
    before: BTreeMap<String, HeldAddress>,
    after: BTreeMap<String, HeldAddress>,
}

impl AddressBook {
    /// What these people hold now.
    pub async fn of(change: &Change<'_>, people: &[UserId]) -> Result<AddressBook, Failure> {
        let held: BTreeMap<_, _> =
            change.read().addresses_by_user(people).await?.into_iter().map(|a| (a.email.key().to_owned(), a)).collect();
        Ok(AddressBook { before: held.clone(), after: held })
    }

    /// The address that somebody has in a role, as it will be.
    pub fn with_role(&self, holder: UserId, role: EmailRole) -> Option<&Email> {
        self.after.values().find(|a| a.holder == holder && a.roles.has(role)).map(|a| &a.email)
    }

    /// The roles that somebody has for an address, as it will be.
    pub fn roles(&self, holder: UserId, email: &Email) -> EmailRoles {
        self.after.get(email.key()).filter(|a| a.holder == holder).map_or(EmailRoles::NONE, |a| a.roles)
    }

    /// Whether anybody of this book has the address, as it will be.
    pub fn is_held(&self, email: &Email) -> bool {
        self.after.contains_key(email.key())
    }

    /// Whether somebody will have another address than now in that role, or none any more.
    fn has_changed(&self, holder: UserId, role: EmailRole) -> bool {
        let before = self.before.values().find(|a| a.holder == holder && a.roles.has(role)).map(|a| &a.email);
        before.is_some_and(|before| !self.with_role(holder, role).is_some_and(|after| after.is_same(before)))
    }

    /// Takes a role from an address; without a role it is free.
    pub fn take(&mut self, email: &Email, role: EmailRole) {
        if let Some(held) = self.after.get_mut(email.key()) {
            held.roles = held.roles.without(role);
            if held.roles.is_empty() {
                self.after.remove(email.key());
            }
        }
    }

    /// Frees an address in all its roles.
    pub fn free(&mut self, email: &Email) {
        self.after.remove(email.key());
    }

    /// Gives an address to somebody in a role: the address they had in that role loses it. The address must be theirs or free.
    pub fn give(&mut self, email: &Email, holder: UserId, role: EmailRole) {
        if let Some(former) = self.with_role(holder, role).cloned().filter(|f| !f.is_same(email)) {
            self.take(&former, role);
        }
        let held = self.after.entry(email.key().to_owned()).or_insert_with(|| HeldAddress {
            email: email.clone(),
            holder,
            roles: EmailRoles::NONE,
        });
        held.roles = held.roles.with(role);
        held.email = email.clone();
    }

    /// Reserves an address for a login change, in place of a former one. It must be theirs or free; until it is confirmed, one that is
    /// theirs keeps the spelling that people see.
    pub fn reserve(&mut self, email: &Email, holder: UserId) {
        let present = self.after.get(email.key()).map(|held| held.email.clone());
        self.give(present.as_ref().unwrap_or(email), holder, EmailRole::PendingLogin);
    }

    /// Whether somebody else than `holder` has the address, as it will be; `outside` is who holds it beyond this book.
    pub async fn is_taken(&self, change: &Change<'_>, email: &Email, holder: UserId) -> Result<bool, Failure> {
        if let Some(held) = self.after.get(email.key()) {
            return Ok(held.holder != holder);
        }
        if self.before.contains_key(email.key()) {
            return Ok(false);
        }
        Ok(!change.read().addresses_by_key(&[email.key().to_owned()]).await?.is_empty())
    }

    /// Writes the difference. First what is freed, then what is given: the storage compares with what stands there by then.
    ///
    /// Links hang on addresses: whose login changes or goes loses all of them, with the address that one had reserved; whose reserved
    /// address changes or goes loses the one that would have confirmed it (rule E4).
    pub async fn save(mut self, change: &mut Change<'_>) -> Result<(), Failure> {
        for holder in self.before.values().map(|a| a.holder).collect::<BTreeSet<_>>() {
            if self.has_changed(holder, EmailRole::Login) {
                change.tx().links_remove(holder, &LinkPurpose::PENDING).await?;
                if let Some(reserved) = self.with_role(holder, EmailRole::PendingLogin).cloned() {
                    self.take(&reserved, EmailRole::PendingLogin);
                    change.event(holder, EventBody::EmailReleased { roles: vec![EmailRole::PendingLogin] });
                }
            } else if self.has_changed(holder, EmailRole::PendingLogin) {
                change.tx().links_remove(holder, &[LinkPurpose::LoginEmail]).await?;
            }
        }
        let freed: Vec<String> = self
            .before
            .values()
            .filter(|b| self.after.get(b.email.key()).is_none_or(|a| a.holder != b.holder))
            .map(|b| b.email.key().to_owned())
            .collect();
        let given: Vec<HeldAddress> = self.after.values().filter(|a| self.before.get(a.email.key()) != Some(a)).cloned().collect();
        if !freed.is_empty() {
            change.tx().addresses_remove(&freed).await?;
        }
        if !given.is_empty() {
            change.tx().addresses_put(&given).await?;
        }
        Ok(())
    }
}

/// Adds EMAIL_TAKEN if anybody else holds the address.
pub async fn check_free(
    change: &Change<'_>,
    email: &Email,
    for_user: Option<UserId>,
    path: &str,
    reasons: &mut Reasons,
) -> Result<(), Failure> {
    let holders = change.read().addresses_by_key(&[email.key().to_owned()]).await?;
    if holders.iter().any(|h| Some(h.holder) != for_user) {
        reasons.add_taken(path, email.key());
    }
    Ok(())
}

/// What has to be said when somebody else set a login address (rule E7): its event, and mails to the former and the new address.
pub fn tell_login_change(change: &mut Change<'_>, user: &User, former: Option<&Email>, login: Option<&Email>) {
    if former.map(Email::key) == login.map(Email::key) {
        return;
    }
    // Where a leaver is left without a login, nobody set one: their addresses are nobody's business of theirs any more.
    let Some(login) = login else { return };
    change.event(user.id, EventBody::EmailChanged { role: EmailRole::Login });
    // Whoever is invited at the new address learns it from the invitation.
    let told = Some(login).filter(|_| user.status != UserStatus::Invited);
    for to in former.into_iter().chain(told) {
        change.mail(Mail::LoginEmailChanged {
            to: to.clone(),
            name: user.display_name(),
            login: login.clone(),
            by: ChangedBy::SomebodyElse,
        });
    }
}

/// Sets the login address of somebody who was dismissed or moved; it becomes their contact address where they have none. An address that is
/// theirs keeps its spelling: another one is no change, of which nothing would tell (rule I7).
pub fn set_login(book: &mut AddressBook, user: UserId, login: &Email) {
    let login = book.after.get(login.key()).filter(|held| held.holder == user).map_or_else(|| login.clone(), |held| held.email.clone());
    book.give(&login, user, EmailRole::Login);
    if book.with_role(user, EmailRole::Contact).is_none() {
        book.give(&login, user, EmailRole::Contact);
    }
}

/// Saves a person whose addresses changed. Whose login address changed or went loses the sessions that hung on it, and is told (rules E4, E7).
pub async fn settle_login(change: &mut Change<'_>, user: &mut User, login: Option<Email>) -> Result<(), Failure> {
    let former = user.login_email.clone();
    if former.as_ref().map(Email::key) != login.as_ref().map(Email::key) {
        let now = change.now();
        change.tx().sessions_end_of(user.id, None, now).await?;
        user.epoch += 1;
        match (user.status, login) {
            // A leaver has no use for a login, and a swapped address is somebody else's inbox by then: the history tells it, and nothing is
            // sent to leavers (rules H13, S6).
            (UserStatus::Dismissed, Some(_)) => change.event(user.id, EventBody::EmailChanged { role: EmailRole::Login }),
            (_, login) => tell_login_change(change, user, former.as_ref(), login.as_ref()),
        }
    }
    change.save_user(user).await
}
