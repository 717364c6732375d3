//! Which permissions fields need: the constants that `@requiresPermission` is printed from and that the checks read.

use async_graphql::TypeDirective;
use tenure_core::permission::Permission as P;

use super::types::Permission;

/// `user`, `users`, `departments`.
pub const DIRECTORY: &[P] = &[P::UsersRead];
/// `ownedEntities`.
pub const RECORDS: &[P] = &[P::EntitiesRead];
/// `emailUsage`.
pub const ADDRESSES: &[P] = &[P::EmailsManage];
/// `license`.
pub const LICENCE: &[P] = &[P::UsersInvite, P::UsersDismiss];
/// `reassignment`, `reassignments`.
pub const REASSIGNMENTS: &[P] = &[P::EntitiesReassign, P::EntitiesWrite, P::UsersDismiss];
/// `userEvents`.
pub const HISTORY: &[P] = &[P::AuditRead];
/// `systemUserId`.
pub const SYSTEM_USER: &[P] = &[P::EntitiesReassign];
/// `OwnedEntity.provenance`, and `formerResponsibleIds`.
pub const PROVENANCE: &[P] = &[P::Administrate];
/// What asks when somebody was dismissed, as a filter or an order (rule V8).
pub const TIME_OF_DISMISSAL: &[P] = &[P::UsersReadDismissed];

/// Marks what the caller must hold. Any one of the listed permissions is enough; administrators hold all.
/// The annotation is printed from the same constant that the check reads, so the two cannot drift apart.
#[TypeDirective(location = "FieldDefinition", name = "requiresPermission")]
pub fn requires_permission(#[graphql(desc = "Permissions, one of which is needed.")] any_of: Vec<Permission>) {}

/// The permissions as the directive takes them.
pub fn any_of(permissions: &[P]) -> Vec<Permission> {
    permissions.iter().copied().map(Permission::from).collect()
}
