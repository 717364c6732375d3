//! The demo company: a mid-sized dealer in workshop equipment with people, leavers, records, and a year of history.
//!
//! Made through the storage traits, so that it works on every storage. The same company comes out every time: all dates are relative to
//! the instant given, everything else is fixed.

pub(crate) mod calendar;
pub(crate) mod dice;
mod events;
mod history;
mod people;
mod records;
mod structure;
#[cfg(test)]
mod tests;
pub(crate) mod words;
mod work;

use tenure_core::credential::{Invitation, PasswordHash, SecretHash};
use tenure_core::id::UserId;
use tenure_core::policy::Access;
use tenure_core::record::RecordKind;
use tenure_core::storage::{Storage, StorageError, Transaction};
use tenure_core::time::Timestamp;
use tenure_core::user::{UserFilter, UserStatus};

use calendar::Calendar;
use dice::Dice;
use history::History;
use people::People;
use records::Records;
use structure::Structure;
use work::Work;

/// The password of everybody in the demo company. It protects nothing: the demo listens on the loopback interface alone.
pub const PASSWORD: &str = "brass-anvil-42-workshop";

/// At most so many rows are written at once.
const BATCH: usize = 500;

/// How long an invitation works, in seconds (rule S2).
const INVITATION_SECONDS: i64 = 7 * 86_400;

/// Somebody of the demo company who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Who.
    pub user: UserId,
    /// Full name.
    pub name: String,
    /// Login address.
    pub email: &'static str,
}

/// The demo company, by those who are worth signing in as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// An administrator.
    pub administrator: SignIn,
    /// An HR manager, who dismisses, hires, hands over and manages addresses.
    pub hr_manager: SignIn,
    /// An employee with the rights that every employee has.
    pub employee: SignIn,
    /// An external person.
    pub external: SignIn,
}

/// The sign-ins of the demo company: role and login address, in the order in which they are shown.
pub const SIGN_INS: [(&str, &str); 4] = [
    ("administrator", people::SIGN_INS[0].1),
    ("HR manager", people::SIGN_INS[1].1),
    ("employee", people::SIGN_INS[2].1),
    ("external", people::SIGN_INS[3].1),
];

/// Whether there is nobody and no department in the storage, so that it may be filled.
///
/// # Errors
/// Those of the storage.
pub async fn is_empty(storage: &dyn Storage) -> Result<bool, StorageError> {
    let statuses = Some(vec![UserStatus::Invited, UserStatus::Active, UserStatus::Dismissed]);
    let people = storage.users_count(&Access::system().user_scope(), &UserFilter { statuses, ..UserFilter::default() }).await?;
    Ok(people == 0 && storage.departments_count().await? == 0)
}

/// Fills an empty storage with the demo company, all or nothing. Everybody who ever accepted an invitation gets the password.
///
/// # Errors
/// Those of the storage; [`StorageError::Taken`] when it is not empty.
pub async fn fill(storage: &dyn Storage, now: Timestamp, password_hash: &PasswordHash) -> Result<Company, StorageError> {
    let calendar = Calendar::new(now);
    let mut dice = Dice::new(0x7E0_2026);
    let mut people =
        People::draw(&calendar, &mut dice).ok_or_else(|| StorageError::Corrupt("an address of the demo company".to_owned()))?;
    let structure = Structure::draw(&mut people, &calendar, &mut dice);
    let mut records = Records::draw(&people, &structure, &calendar, &mut dice);
    let history = History::pass(&people, &mut records, &calendar, &mut dice);
    let events = events::tell(&people, &structure, &history, &calendar);
    // With dice of its own: what was there before does not change when people talk more.
    let work = Work::draw(&people, &structure, &calendar, &mut Dice::new(0x7A1_2026));

    let mut tx = storage.begin().await?;
    write_people(&mut *tx, &people, &structure, password_hash).await?;
    write_invitations(&mut *tx, &people, &mut dice).await?;
    write_records(&mut *tx, &records, &history).await?;
    work.write(&mut *tx).await?;
    for batch in events.chunks(BATCH) {
        tx.events_append(batch).await?;
    }
    tx.commit().await?;
    Ok(company(&people))
}

async fn write_people(
    tx: &mut dyn Transaction,
    people: &People,
    structure: &Structure,
    password_hash: &PasswordHash,
) -> Result<(), StorageError> {
    // Departments name their heads and people their departments: people come first, and get theirs afterwards.
    let users: Vec<_> = people.0.iter().map(|p| tenure_core::user::User { department: None, ..p.user.clone() }).collect();
    for batch in users.chunks(BATCH) {
        tx.users_insert(batch).await?;
    }
    tx.departments_insert(&structure.departments).await?;
    for person in people.0.iter().filter(|p| p.user.department.is_some()) {
        tx.user_update(&person.user).await?;
    }
    let addresses: Vec<_> = people.0.iter().flat_map(people::Person::addresses).collect();
    for batch in addresses.chunks(BATCH) {
        tx.addresses_put(batch).await?;
    }
    for person in people.0.iter().filter(|p| p.accepted_at.is_some()) {
        tx.password_set(person.user.id, Some(password_hash)).await?;
    }
    tx.workgroups_insert(&structure.workgroups).await?;
    tx.memberships_put(&structure.memberships).await
}

async fn write_invitations(tx: &mut dyn Transaction, people: &People, dice: &mut Dice) -> Result<(), StorageError> {
    for person in people.0.iter().filter(|p| p.user.status == UserStatus::Invited) {
        let invitation = Invitation {
            user: person.user.id,
            email: person.invitation.clone(),
            invited_by: people.inviter_at(person.invited_at).actor(),
            // Nobody has this link: sending the invitation again makes one.
            token_hash: SecretHash(dice.bytes()),
            sent_at: person.invited_at,
            expires_at: person.invited_at.plus_seconds(INVITATION_SECONDS),
        };
        tx.invitation_put(&invitation).await?;
    }
    Ok(())
}

async fn write_records(tx: &mut dyn Transaction, records: &Records, history: &History) -> Result<(), StorageError> {
    for batch in records.drafts.chunks(BATCH) {
        let rows: Vec<_> = batch.iter().map(|d| d.record.clone()).collect();
        tx.records_insert(&rows).await?;
    }
    let tasks: Vec<_> = records.drafts.iter().map(|d| d.record.id).filter(|id| id.kind == RecordKind::Task).collect();
    tx.participants_replace(&tasks, &records.participants).await?;
    for reassignment in &history.reassignments {
        tx.reassignment_insert(reassignment).await?;
    }
    for batch in history.changes.chunks(BATCH) {
        tx.ownership_changes_insert(batch).await?;
    }
    Ok(())
}

fn company(people: &People) -> Company {
    let sign_in = |place: usize| {
        let (last_name, email) = people::SIGN_INS[place];
        let person = people.named(last_name);
        SignIn { user: person.user.id, name: person.user.display_name(), email }
    };
    Company { administrator: sign_in(0), hr_manager: sign_in(1), employee: sign_in(2), external: sign_in(3) }
}
