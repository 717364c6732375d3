//! What a caller may do: the permissions, sets of them, and which contains which.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($name:ident $text:literal,)*) => {
        /// One permission of the contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[allow(missing_docs)]
        pub enum Permission { $($name,)* }

        impl Permission {
            /// All of them, in the order of the contract.
            pub const ALL: &'static [Permission] = &[$(Permission::$name,)*];

            /// Its name in the API, e.g. `USERS_READ`.
            pub fn name(self) -> &'static str {
                match self { $(Permission::$name => $text,)* }
            }
        }
    };
}

permissions! {
    UsersRead "USERS_READ",
    UsersReadDismissed "USERS_READ_DISMISSED",
    UsersInvite "USERS_INVITE",
    UsersDismiss "USERS_DISMISS",
    UsersUpdate "USERS_UPDATE",
    StructureManage "STRUCTURE_MANAGE",
    EntitiesRead "ENTITIES_READ",
    EntitiesWrite "ENTITIES_WRITE",
    EntitiesReassign "ENTITIES_REASSIGN",
    EmailsManage "EMAILS_MANAGE",
    AuditRead "AUDIT_READ",
    SettingsWrite "SETTINGS_WRITE",
    TokensManage "TOKENS_MANAGE",
    Administrate "ADMINISTRATE",
}

impl Permission {
    /// The permission of that name.
    pub fn from_name(name: &str) -> Option<Permission> {
        Permission::ALL.iter().copied().find(|p| p.name() == name)
    }

    fn bit(self) -> i32 {
        1 << (self as u8)
    }
}

/// A set of permissions. Bit n is the n-th permission of the contract; stored as this number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PermissionSet(i32);

impl PermissionSet {
    /// No permission.
    pub const NONE: PermissionSet = PermissionSet(0);

    /// All permissions.
    pub fn all() -> PermissionSet {
        Permission::ALL.iter().copied().collect()
    }

    /// What employees start with (rule S7).
    pub fn employee_default() -> PermissionSet {
        [Permission::UsersRead, Permission::EntitiesRead, Permission::EntitiesWrite].into_iter().collect()
    }

    /// From the stored number; bits without a meaning are dropped.
    pub fn from_bits(bits: i32) -> PermissionSet {
        PermissionSet(bits & PermissionSet::all().0)
    }

    /// The number to store.
    pub fn bits(self) -> i32 {
        self.0
    }

    /// Whether it holds the permission.
    pub fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether it holds one of them.
    pub fn has_any(self, any: &[Permission]) -> bool {
        any.iter().any(|p| self.has(*p))
    }

    /// Whether it holds all of `other`.
    pub fn contains(self, other: PermissionSet) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    pub fn union(self, other: PermissionSet) -> PermissionSet {
        PermissionSet(self.0 | other.0)
    }

    /// What both hold.
    pub fn intersection(self, other: PermissionSet) -> PermissionSet {
        PermissionSet(self.0 & other.0)
    }

    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// With everything that its members contain: ADMINISTRATE contains all; who acts on leavers sees them (DOMAIN §5).
    pub fn closed(self) -> PermissionSet {
        use Permission::*;
        if self.has(Administrate) {
            return PermissionSet::all();
        }
        if self.has_any(&[UsersDismiss, EntitiesReassign, EmailsManage, AuditRead]) {
            return self.union(UsersReadDismissed.into());
        }
        self
    }

    /// Its members, in the order of the contract.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |p| self.has(*p))
    }
}

impl From<Permission> for PermissionSet {
    fn from(permission: Permission) -> Self {
        PermissionSet(permission.bit())
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(iter: I) -> Self {
        iter.into_iter().fold(PermissionSet::NONE, |set, p| set.union(p.into()))
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
