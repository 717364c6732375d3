//! Settings of the account, and its seats.

use crate::permission::PermissionSet;
use crate::time::Timestamp;
use crate::user::Actor;

/// The settings: one row, there from the first migration on. Locking it is how lifecycle changes follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Increases by one at each change.
    pub version: i32,
    /// Whether every employee sees dismissed people.
    pub show_dismissed_users: bool,
    /// What every active employee may do without a personal grant.
    pub employee_permissions: PermissionSet,
    /// When they were last changed.
    pub updated_at: Timestamp,
    /// Who changed them last.
    pub updated_by: Actor,
}

impl Settings {
    /// The settings of a new installation (rule S7).
    pub fn initial() -> Settings {
        Settings {
            version: 1,
            show_dismissed_users: false,
            employee_permissions: PermissionSet::employee_default(),
            updated_at: Timestamp(0),
            updated_by: Actor::System,
        }
    }
}

/// Who holds seats (rule I2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeatCounts {
    /// ACTIVE employees.
    pub active_intranet: u32,
    /// ACTIVE external people.
    pub active_extranet: u32,
    /// INVITED people.
    pub invited: u32,
}

impl SeatCounts {
    /// Seats in use.
    pub fn used(&self) -> u32 {
        self.active_intranet + self.active_extranet + self.invited
    }
}
