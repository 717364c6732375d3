//! Objects by their identifier alone (rule V7): each to who could reach it otherwise.

use async_graphql::{ID, Interface};
use tenure_core::id::AnyId;

use crate::graphql::error::{Fault, Result};
use crate::graphql::id::Given;
use crate::graphql::loaders::{
    ConversationKey, DepartmentKey, EventKey, FeedPostKey, MeetingKey, MessageKey, ReassignmentKey, RecordKey, SettingsKey, TokenKey,
    WorkgroupKey,
};
use crate::graphql::view::View;

use super::{
    AccessChangedEvent, AccessTokenCreatedEvent, AccessTokenRevokedEvent, EmailChangedEvent, EmailReleasedEvent, EmailTransferredEvent,
    EntitiesReassignedEvent, InvitationAcceptedEvent, InvitationRevokedEvent, MovedToExtranetEvent, MovedToIntranetEvent,
    PasswordChangedEvent, ReassignmentUndoneEvent, SettingsChangedEvent, UserDeletedEvent, UserDismissedEvent, UserHiredEvent,
    UserInvitedEvent, UserUpdatedEvent, WorkgroupMembershipChangedEvent,
};
use super::{
    AccessToken, Activity, Company, Contact, Conversation, Deal, Department, Estimate, FeedPost, File, Invoice, Lead, Meeting, Message,
    OwnedEntity, Reassignment, Settings, Task, User, UserEvent, Workgroup,
};

/// An object with a globally unique, opaque, stable ID (Relay Global Object Identification).
#[derive(Interface, Clone)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque and stable. The prefix is for people reading logs; never parse it."))]
#[allow(missing_docs, clippy::large_enum_variant)]
pub enum Node {
    User(User),
    Department(Department),
    Workgroup(Workgroup),
    Lead(Lead),
    Deal(Deal),
    Contact(Contact),
    Company(Company),
    Estimate(Estimate),
    Invoice(Invoice),
    Activity(Activity),
    Task(Task),
    File(File),
    Meeting(Meeting),
    FeedPost(FeedPost),
    Message(Message),
    Conversation(Conversation),
    Settings(Settings),
    Reassignment(Reassignment),
    AccessToken(AccessToken),
    UserInvitedEvent(UserInvitedEvent),
    InvitationAcceptedEvent(InvitationAcceptedEvent),
    InvitationRevokedEvent(InvitationRevokedEvent),
    UserUpdatedEvent(UserUpdatedEvent),
    AccessChangedEvent(AccessChangedEvent),
    UserDismissedEvent(UserDismissedEvent),
    UserHiredEvent(UserHiredEvent),
    EntitiesReassignedEvent(EntitiesReassignedEvent),
    ReassignmentUndoneEvent(ReassignmentUndoneEvent),
    EmailTransferredEvent(EmailTransferredEvent),
    EmailReleasedEvent(EmailReleasedEvent),
    EmailChangedEvent(EmailChangedEvent),
    MovedToExtranetEvent(MovedToExtranetEvent),
    MovedToIntranetEvent(MovedToIntranetEvent),
    WorkgroupMembershipChangedEvent(WorkgroupMembershipChangedEvent),
    PasswordChangedEvent(PasswordChangedEvent),
    UserDeletedEvent(UserDeletedEvent),
    SettingsChangedEvent(SettingsChangedEvent),
    AccessTokenCreatedEvent(AccessTokenCreatedEvent),
    AccessTokenRevokedEvent(AccessTokenRevokedEvent),
}

impl From<OwnedEntity> for Node {
    fn from(entity: OwnedEntity) -> Node {
        match entity {
            OwnedEntity::Lead(x) => x.into(),
            OwnedEntity::Deal(x) => x.into(),
            OwnedEntity::Contact(x) => x.into(),
            OwnedEntity::Company(x) => x.into(),
            OwnedEntity::Estimate(x) => x.into(),
            OwnedEntity::Invoice(x) => x.into(),
            OwnedEntity::Activity(x) => x.into(),
            OwnedEntity::Task(x) => x.into(),
            OwnedEntity::File(x) => x.into(),
        }
    }
}

impl Node {
    /// What the identifier names, if the viewer may see it.
    pub async fn find(by: &View, id: &Given<AnyId>, argument: &str) -> Result<Option<Node>> {
        Ok(match id.read(argument)? {
            AnyId::UserId(id) => by.person(id).await?.map(|person| User::new(by, person).into()),
            AnyId::DepartmentId(id) if by.access().sees_departments() => {
                by.ask(DepartmentKey(id)).await?.map(|row| Department::new(by, row).into())
            }
            AnyId::WorkgroupId(id) => by.ask(WorkgroupKey(id)).await?.map(|row| Workgroup::new(by, row).into()),
            AnyId::Record(id) => by.ask(RecordKey(id)).await?.map(|row| OwnedEntity::new(by, row).into()),
            AnyId::ReassignmentId(id) => by.ask(ReassignmentKey(id)).await?.map(|row| Reassignment::new(by, row).into()),
            AnyId::AccessTokenId(id) => by.ask(TokenKey(id)).await?.map(|row| AccessToken::new(by, row).into()),
            AnyId::SettingsId(tenure_core::id::SettingsId::ONLY) if by.access().sees_settings() => {
                by.ask(SettingsKey(())).await?.map(|row| Settings::new(by, row).into())
            }
            AnyId::SessionId(_) => return Err(Fault::input(argument, "expected an ID that begins with a known prefix.")),
            AnyId::DepartmentId(_) | AnyId::SettingsId(_) => None,
            AnyId::EventId(id) => by.ask(EventKey(id)).await?.map(|event| UserEvent::new(by, event).into()),
            AnyId::MeetingId(id) => by.ask(MeetingKey(id)).await?.map(|row| Meeting::new(by, row).into()),
            AnyId::FeedPostId(id) => by.ask(FeedPostKey(id)).await?.map(|row| FeedPost::new(by, row).into()),
            AnyId::MessageId(id) => {
                by.require_person()?;
                by.ask(MessageKey(id)).await?.map(|row| Message::new(by, row).into())
            }
            AnyId::ConversationId(id) => {
                by.require_person()?;
                by.ask(ConversationKey(id)).await?.map(|row| Conversation::new(by, row).into())
            }
        })
    }
}
