//! Objects of the contract. Each carries who looks at it, and is made only of rows that they may see.

mod account;
mod attribution;
mod conversation;
mod crm;
mod enums;
mod event;
mod node;
mod offboarding;
mod rate_limit;
mod reassignment;
mod record;
mod session;
mod structure;
mod together;
mod user;
mod user_abilities;
mod work;

pub use account::{AccessToken, AccessTokenConnection, EmailUsage, License, Settings, Viewer};
pub use attribution::Attribution;
pub use conversation::{Conversation, ConversationConnection, Message, MessageConnection};
pub use crm::{Company, Contact, Deal, Estimate, Invoice, Lead};
pub use enums::{
    ActivityType, EmailRole, OrderDirection, OwnedEntityKind, OwnedEntityOrderField, Permission, TaskRole, UserEventKind, UserKind,
    UserOrderField, UserStatus, WorkgroupRole,
};
pub use event::{
    AccessChangedEvent, AccessTokenCreatedEvent, AccessTokenRevokedEvent, EmailChangedEvent, EmailReleasedEvent, EmailTransferredEvent,
    EntitiesReassignedEvent, InvitationAcceptedEvent, InvitationRevokedEvent, MovedToExtranetEvent, MovedToIntranetEvent,
    PasswordChangedEvent, ReassignmentUndoneEvent, SettingsChangedEvent, UserDeletedEvent, UserDismissedEvent, UserEvent,
    UserEventConnection, UserHiredEvent, UserInvitedEvent, UserUpdatedEvent, WorkgroupMembershipChangedEvent,
};
pub use node::Node;
pub use offboarding::{Dismissal, Invitation, Offboarding, OwnedEntityCount, int};
pub use rate_limit::RateLimit;
pub use reassignment::{Reassignment, ReassignmentConnection, SuccessorShare};
pub use record::{Money, OwnedEntity, OwnedEntityConnection, OwnershipChangeConnection};
pub use session::Session;
pub use structure::{Department, DepartmentConnection, Workgroup, WorkgroupConnection, WorkgroupMembershipConnection};
pub use together::{FeedPost, FeedPostConnection, Meeting, MeetingConnection};
pub use user::{User, UserConnection};
pub use work::{Activity, ActivityConnection, File, FileConnection, Task, TaskConnection};
