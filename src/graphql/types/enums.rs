//! Enums of the contract that mirror those of `core`.

use async_graphql::Enum;
use tenure_core::user;

/// Where a person is in the employee lifecycle.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStatus {
    /// Invited, has not accepted yet. Holds a seat.
    Invited,
    /// Works here and may sign in. Holds a seat.
    Active,
    /// No longer works here: cannot sign in, everything kept. Holds no seat.
    Dismissed,
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

/// Inside or outside the company.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::user::UserKind")]
pub enum UserKind {
    /// An employee.
    Intranet,
    /// An external participant, limited to the extranet workgroups they belong to.
    Extranet,
}

/// What a caller may do. Administrators hold everything. Everybody else holds what the settings give every employee and what was granted
/// to them in person; external people hold nothing. An access token holds what was asked for it, and never more than its owner does at that moment.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::permission::Permission")]
pub enum Permission {
    /// See people in the directory.
    UsersRead,
    /// See dismissed people whatever the settings say. Contained in USERS_DISMISS, ENTITIES_REASSIGN, EMAILS_MANAGE and AUDIT_READ.
    UsersReadDismissed,
    /// Invite people, resend and take back invitations.
    UsersInvite,
    /// Dismiss, hire back, move to and from the extranet. Not on administrators.
    UsersDismiss,
    /// Change other people's profiles.
    UsersUpdate,
    /// Create departments and workgroups, and say who belongs to workgroups.
    StructureManage,
    /// See records.
    EntitiesRead,
    /// Create records for oneself, change, delete and hand over one's own, and change or take up (not delete) orphaned ones.
    EntitiesWrite,
    /// Create for, change, delete and hand over anybody's records.
    EntitiesReassign,
    /// See login addresses and who holds an address; transfer and release addresses.
    EmailsManage,
    /// Read what happened to whom.
    AuditRead,
    /// Change settings.
    SettingsWrite,
    /// List and revoke other people's access tokens.
    TokensManage,
    /// What only administrators do: delete users, change rights, read provenance. Cannot be granted to others; a token of an administrator may hold it. Contains all others.
    Administrate,
}

/// Direction of an ordering.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderDirection {
    /// Smallest, oldest or A first.
    Asc,
    /// Largest, newest or Z first.
    Desc,
}

/// What users can be ordered by. Ties are broken by ID, so pages are stable.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::user::UserOrderField")]
pub enum UserOrderField {
    /// Display name.
    DisplayName,
    /// Creation time.
    CreatedAt,
    /// Time of dismissal; needs `statuses: [DISMISSED]` and USERS_READ_DISMISSED.
    DismissedAt,
}

/// Roles in a workgroup.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::structure::WorkgroupRole")]
pub enum WorkgroupRole {
    /// Owns it.
    Owner,
    /// Moderates it.
    Moderator,
    /// Takes part.
    Member,
}

/// The kinds of record that have a responsible person.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::record::RecordKind")]
pub enum OwnedEntityKind {
    /// CRM lead.
    Lead,
    /// CRM deal.
    Deal,
    /// CRM contact.
    Contact,
    /// CRM company.
    Company,
    /// CRM estimate.
    Estimate,
    /// CRM invoice.
    Invoice,
    /// CRM activity: call, meeting, email.
    Activity,
    /// Task.
    Task,
    /// File.
    File,
}

/// What records can be ordered by. Ties are broken by ID.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::record::RecordOrderField")]
pub enum OwnedEntityOrderField {
    /// Time of the last change.
    UpdatedAt,
    /// Creation time.
    CreatedAt,
    /// Title.
    Title,
}

/// What an activity is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::record::ActivityType")]
pub enum ActivityType {
    /// Telephone call.
    Call,
    /// Meeting with a customer.
    Meeting,
    /// Email.
    Email,
    /// Anything else.
    Other,
}

/// Roles on a task.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::record::TaskRole")]
pub enum TaskRole {
    /// Does it and answers for it.
    Responsible,
    /// Asked for it.
    Creator,
    /// Helps.
    Participant,
    /// Is kept informed.
    Observer,
}

impl From<tenure_core::record::ParticipantRole> for TaskRole {
    fn from(role: tenure_core::record::ParticipantRole) -> TaskRole {
        match role {
            tenure_core::record::ParticipantRole::Participant => TaskRole::Participant,
            tenure_core::record::ParticipantRole::Observer => TaskRole::Observer,
        }
    }
}

/// The kinds of party an `Attribution` can name.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributionKind {
    /// A person, of any status, or one who was deleted.
    User,
    /// An integration acting with an access token.
    AccessToken,
    /// The system itself: the System User that keeps the records of deleted people, and the scheduler.
    System,
}

/// What an address is used for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::email::EmailRole")]
pub enum EmailRole {
    /// Signing in.
    Login,
    /// Shown to colleagues.
    Contact,
    /// A login change that awaits confirmation.
    PendingLogin,
    /// A pending invitation.
    Invitation,
}

/// Operations that solve an address being taken.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::policy::EmailRemedy")]
pub enum EmailRemedy {
    /// `hire` the holder back.
    Hire,
    /// `moveToExtranet` the holder.
    MoveToExtranet,
    /// `transferEmail` to somebody else.
    TransferEmail,
    /// `releaseEmail`.
    ReleaseEmail,
    /// `deleteUser`.
    DeleteUser,
    /// `resendInvitation`.
    ResendInvitation,
    /// `revokeInvitation`.
    RevokeInvitation,
}

/// State of a reassignment.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::reassignment::ReassignmentStatus")]
pub enum ReassignmentStatus {
    /// Waiting for a worker.
    Queued,
    /// Running.
    Running,
    /// Everything selected was moved.
    Succeeded,
    /// Some records were skipped; see `skipped`.
    PartiallySucceeded,
    /// Stopped; `failureCode` says why. What was moved stays moved, can be undone, and a new `reassign` takes up the rest.
    Failed,
    /// Stopped on request; what was moved stays moved, and it can be undone.
    Cancelled,
    /// Given back.
    Undone,
}

/// Why a reassignment stopped.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::reassignment::ReassignmentFailure")]
pub enum ReassignmentFailureCode {
    /// A successor was dismissed, moved to the extranet or deleted meanwhile.
    SuccessorNotEligible,
    /// An unexpected error; the log has the cause under the reassignment's ID.
    Internal,
}

/// Why a record was left alone.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::reassignment::SkipReason")]
pub enum SkipReason {
    /// It no longer exists, or the viewer may not see it.
    NotFound,
    /// It belonged to somebody else by then.
    NotOwned,
    /// The viewer may not change it.
    NotPermitted,
    /// A successor is responsible for it already.
    AlreadyOwned,
    /// Undo: a CRM record, and the former responsible person is external now.
    NotEligible,
    /// Undo: it was changed or handed on since.
    ChangedSince,
}

/// Kinds of event.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenure_core::event::EventKind")]
pub enum UserEventKind {
    /// The user was invited.
    UserInvited,
    /// The user accepted the invitation.
    InvitationAccepted,
    /// The invitation was taken back.
    InvitationRevoked,
    /// The user's profile was changed.
    UserUpdated,
    /// The user's rights were changed.
    AccessChanged,
    /// The user was dismissed.
    UserDismissed,
    /// The user was hired back.
    UserHired,
    /// Records of the user were handed over.
    EntitiesReassigned,
    /// Records were given back to the user.
    ReassignmentUndone,
    /// An address of the user went to somebody else.
    EmailTransferred,
    /// An address of the user was freed.
    EmailReleased,
    /// The login or contact address of the user was changed.
    EmailChanged,
    /// The user became an external participant.
    MovedToExtranet,
    /// The user became an employee.
    MovedToIntranet,
    /// The user joined or left a workgroup.
    WorkgroupMembershipChanged,
    /// The user's password was changed or reset.
    PasswordChanged,
    /// The account was deleted and its records went to the System User or a successor. Administrators only.
    UserDeleted,
    /// Settings were changed; the subject is the actor.
    SettingsChanged,
    /// An access token was created for the subject.
    AccessTokenCreated,
    /// An access token of the subject was revoked.
    AccessTokenRevoked,
}
