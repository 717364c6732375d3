//! Objects of the contract. Each carries who looks at it, and is made only of rows that they may see.

mod account;
mod attribution;
mod crm;
mod enums;
mod node;
mod offboarding;
mod reassignment;
mod record;
mod structure;
mod user;
mod user_abilities;
mod work;

pub use account::{AccessToken, AccessTokenConnection, EmailUsage, License, Settings, Viewer};
pub use attribution::Attribution;
pub use crm::{Company, Contact, Deal, Estimate, Invoice, Lead};
pub use enums::{
    ActivityType, AttributionKind, EmailRemedy, EmailRole, OrderDirection, OwnedEntityKind, OwnedEntityOrderField, Permission,
    ReassignmentFailureCode, ReassignmentStatus, SkipReason, TaskRole, UserKind, UserOrderField, UserStatus, WorkgroupRole,
};
pub use node::Node;
pub use offboarding::{Dismissal, Invitation, Offboarding, OwnedEntityCount};
pub use reassignment::{Reassignment, ReassignmentConnection, SkippedEntity, SuccessorShare};
pub use record::{Money, OwnedEntity, OwnedEntityConnection, OwnershipChange, OwnershipChangeConnection};
pub use structure::{
    Department, DepartmentConnection, Workgroup, WorkgroupConnection, WorkgroupMembership, WorkgroupMembershipConnection,
};
pub use user::{User, UserConnection};
pub use work::{Activity, ActivityConnection, File, FileConnection, Task, TaskConnection, TaskParticipant};
