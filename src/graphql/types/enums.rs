//! Enums of the contract that mirror those of `core`.

use async_graphql::Enum;
use tenure_core::user;

//D UserStatus
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStatus {
    //E UserStatus
}

impl From<user::UserStatus> for UserStatus {
    fn from(status: user::UserStatus) -> UserStatus {
        match status {
            user::UserStatus::Invited => UserStatus::Invited,
            user::UserStatus::Active => UserStatus::Active,
            // The System User is shown to nobody as a person, and holds no address.
            user::UserStatus::Dismissed | user::UserStatus::System => UserStatus::Dismissed,
        }
    }
}

impl From<UserStatus> for user::UserStatus {
    fn from(status: UserStatus) -> user::UserStatus {
        match status {
            UserStatus::Invited => user::UserStatus::Invited,
            UserStatus::Active => user::UserStatus::Active,
            UserStatus::Dismissed => user::UserStatus::Dismissed,
        }
    }
}

//D UserKind
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::user::UserKind")]
pub enum UserKind {
    //E UserKind
}

//D Permission
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::permission::Permission")]
pub enum Permission {
    //E Permission
}

//D OrderDirection
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderDirection {
    //E OrderDirection
}

//D UserOrderField
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::user::UserOrderField")]
pub enum UserOrderField {
    //E UserOrderField
}

//D WorkgroupRole
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::structure::WorkgroupRole")]
pub enum WorkgroupRole {
    //E WorkgroupRole
}

//D OwnedEntityKind
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::record::RecordKind")]
pub enum OwnedEntityKind {
    //E OwnedEntityKind
}

//D OwnedEntityOrderField
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::record::RecordOrderField")]
pub enum OwnedEntityOrderField {
    //E OwnedEntityOrderField
}

//D ActivityType
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::record::ActivityType")]
pub enum ActivityType {
    //E ActivityType
}

//D TaskRole
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::record::TaskRole")]
pub enum TaskRole {
    //E TaskRole
}

impl From<tenure_core::record::ParticipantRole> for TaskRole {
    fn from(role: tenure_core::record::ParticipantRole) -> TaskRole {
        match role {
            tenure_core::record::ParticipantRole::Participant => TaskRole::Participant,
            tenure_core::record::ParticipantRole::Observer => TaskRole::Observer,
        }
    }
}

//D AttributionKind
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributionKind {
    //E AttributionKind
}

//D EmailRole
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::email::EmailRole")]
pub enum EmailRole {
    //E EmailRole
}

//D EmailRemedy
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::policy::EmailRemedy")]
pub enum EmailRemedy {
    //E EmailRemedy
}

//D ReassignmentStatus
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::reassignment::ReassignmentStatus")]
pub enum ReassignmentStatus {
    //E ReassignmentStatus
}

//D ReassignmentFailureCode
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::reassignment::ReassignmentFailure")]
pub enum ReassignmentFailureCode {
    //E ReassignmentFailureCode
}

//D SkipReason
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::reassignment::SkipReason")]
pub enum SkipReason {
    //E SkipReason
}
