//! People and settings, as rows.

use tenure_core::email::{Email, EmailRoles, HeldAddress};
use tenure_core::id::{DepartmentId, UserId};
use tenure_core::permission::PermissionSet;
use tenure_core::settings::Settings;
use tenure_core::storage::Result;
use tenure_core::user::{Dismissal, User, UserKind, UserStatus};
use tenure_entity::{app_user, settings as settings_row, user_word};
use uuid::Uuid;

use crate::storage::error::corrupt;
use crate::storage::row::{ActorColumns, Row};

/// What [`user`] reads, from `app_user u` with [`ADDRESSES`].
pub(in crate::storage) const COLUMNS: &str = "u.id, u.version, u.epoch, u.status, u.kind, u.is_administrator, u.personal_permissions, \
    u.first_name, u.last_name, u.job_title, u.avatar_url, u.department_id, u.manager_id, u.was_active, u.dismissed_at, \
    u.dismissed_by_kind, u.dismissed_by_person, u.dismissed_by_token, u.dismissed_by_name, u.dismissal_reason, u.dismissal_note, \
    u.created_at, u.updated_at, login.address, login.key, contact.address, contact.key";

/// Joins the addresses of the roles LOGIN (bit 0) and CONTACT (bit 1): one row at most for each, so that nobody is listed twice.
pub(in crate::storage) const ADDRESSES: &str = "\
    LEFT JOIN address login ON login.key = (SELECT max(a.key) FROM address a WHERE a.user_id = u.id AND (a.roles & 1) <> 0) \
    LEFT JOIN address contact ON contact.key = (SELECT max(a.key) FROM address a WHERE a.user_id = u.id AND (a.roles & 2) <> 0)";

/// What [`settings`] reads, from `settings s`.
pub(in crate::storage) const SETTINGS_COLUMNS: &str = "s.version, s.show_dismissed_users, s.employee_permissions, s.updated_at, \
    s.updated_by_kind, s.updated_by_person, s.updated_by_token, s.updated_by_name";

pub(in crate::storage) fn user(row: &mut Row<'_>) -> Result<User> {
    let id = UserId(row.uuid()?);
    let (version, epoch) = (row.take()?, row.take()?);
    let (status, kind) = (status(row.take()?)?, kind(row.take()?)?);
    let (is_administrator, personal_permissions) = (row.take()?, PermissionSet::from_bits(row.take()?));
    let (first_name, last_name, job_title, avatar_url) = (row.take()?, row.take()?, row.take()?, row.take()?);
    let department = row.take::<Option<Uuid>>()?.map(DepartmentId);
    let manager = row.take::<Option<Uuid>>()?.map(UserId);
    let was_active = row.take()?;
    let (dismissed_at, dismissed_by) = (row.optional_time()?, row.optional_actor()?);
    let (reason, note) = (row.take()?, row.take()?);
    let dismissal =
        dismissed_at.zip(dismissed_by).map(|(dismissed_at, dismissed_by)| Dismissal { dismissed_at, dismissed_by, reason, note });
    let (created_at, updated_at) = (row.time()?, row.time()?);
    let (login_email, contact_email) = (optional_email(row)?, optional_email(row)?);
    Ok(User {
        id,
        version,
        epoch,
        status,
        kind,
        is_administrator,
        personal_permissions,
        first_name,
        last_name,
        job_title,
        avatar_url,
        department,
        manager,
        login_email,
        contact_email,
        was_active,
        dismissal,
        created_at,
        updated_at,
    })
}

pub(in crate::storage) fn status(code: i16) -> Result<UserStatus> {
    UserStatus::from_code(code).ok_or_else(|| corrupt("status of a person"))
}

pub(in crate::storage) fn kind(code: i16) -> Result<UserKind> {
    UserKind::from_code(code).ok_or_else(|| corrupt("kind of a person"))
}

fn optional_email(row: &mut Row<'_>) -> Result<Option<Email>> {
    let (address, key) = (row.take::<Option<String>>()?, row.take::<Option<String>>()?);
    Ok(address.zip(key).map(|(address, key)| Email::from_stored(address, key)))
}

pub(in crate::storage) fn held_address(row: &mut Row<'_>) -> Result<HeldAddress> {
    Ok(HeldAddress {
        email: Email::from_stored(row.take()?, row.take()?),
        holder: UserId(row.uuid()?),
        roles: EmailRoles::from_bits(row.take()?),
    })
}

pub(in crate::storage) fn settings(row: &mut Row<'_>) -> Result<Settings> {
    Ok(Settings {
        version: row.take()?,
        show_dismissed_users: row.take()?,
        employee_permissions: PermissionSet::from_bits(row.take()?),
        updated_at: row.time()?,
        updated_by: row.actor()?,
    })
}

pub(super) fn settings_model(settings: &Settings) -> settings_row::Model {
    let by = ActorColumns::from(&settings.updated_by);
    settings_row::Model {
        id: 1,
        version: settings.version,
        show_dismissed_users: settings.show_dismissed_users,
        employee_permissions: settings.employee_permissions.bits(),
        updated_at: settings.updated_at.0,
        updated_by_kind: by.kind,
        updated_by_person: by.person,
        updated_by_token: by.token,
        updated_by_name: by.name,
    }
}

pub(super) fn user_model(user: &User) -> app_user::Model {
    let dismissal = user.dismissal.as_ref();
    let by = dismissal.map(|d| ActorColumns::from(&d.dismissed_by));
    app_user::Model {
        id: user.id.0,
        version: user.version,
        epoch: user.epoch,
        status: user.status.code(),
        kind: user.kind.code(),
        is_administrator: user.is_administrator,
        personal_permissions: user.personal_permissions.bits(),
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        sort_key: user.sort_key(),
        job_title: user.job_title.clone(),
        avatar_url: user.avatar_url.clone(),
        department_id: user.department.map(|id| id.0),
        manager_id: user.manager.map(|id| id.0),
        was_active: user.was_active,
        dismissed_at: dismissal.map(|d| d.dismissed_at.0),
        dismissed_by_kind: by.as_ref().map(|by| by.kind),
        dismissed_by_person: by.as_ref().map(|by| by.person),
        dismissed_by_token: by.as_ref().and_then(|by| by.token),
        dismissed_by_name: by.and_then(|by| by.name),
        dismissal_reason: dismissal.and_then(|d| d.reason.clone()),
        dismissal_note: dismissal.and_then(|d| d.note.clone()),
        created_at: user.created_at.0,
        updated_at: user.updated_at.0,
    }
}

/// The words of name and title.
pub(super) fn name_words(user: &User) -> impl Iterator<Item = user_word::Model> {
    let user_id = user.id.0;
    user.name_words().into_iter().map(move |word| user_word::Model { user_id, source: String::new(), word })
}
