//! What happened: one type for each kind of event, with six fields that all have and those of its own.

use std::sync::Arc;

use async_graphql::{ID, Interface};
use futures_util::future::try_join_all;
use tenure_core::email;
use tenure_core::event::{Event, EventBody};
use tenure_core::id::{ReassignmentId, UserId, WorkgroupId};
use tenure_core::permission::PermissionSet;
use tenure_core::policy::Visible;
use tenure_core::record::RecordCount;
use tenure_core::structure;

use crate::graphql::connection::connection;
use crate::graphql::error::Result;
use crate::graphql::lists::EventList;
use crate::graphql::loaders::{ReassignmentKey, WorkgroupKey};
use crate::graphql::scalars::{DateTime, EmailAddress};
use crate::graphql::view::View;

use super::enums::{EmailRole, Permission, WorkgroupRole};
use super::{Attribution, Node, OwnedEntityCount, Reassignment, Workgroup};

/// What all events have, for one viewer.
#[derive(Clone)]
pub struct Told {
    by: View,
    event: Arc<Visible<Event>>,
}

impl Told {
    fn event(&self) -> &Event {
        self.event.event()
    }

    async fn reassignment(&self, id: ReassignmentId) -> Option<Result<Reassignment>> {
        let row = self.by.ask(ReassignmentKey(id)).await.transpose()?;
        Some(row.map(|row| Reassignment::new(&self.by, row)))
    }
}

/// Makes the types: `Type: Variant { what the body holds } { its own fields }`.
macro_rules! events {
    ($($(#[$doc:meta])* $name:ident: $variant:ident { $($field:ident: $type:ty),* } { $($own:tt)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone)]
            pub struct $name {
                told: Told,
                $($field: $type,)*
            }

            $(#[$doc])*
            #[async_graphql::Object]
            impl $name {
                /// Global ID, `evt_…`.
                pub async fn id(&self) -> ID {
                    self.told.event().event.id.into()
                }

                /// Position in the order of commits; strictly increasing.
                async fn sequence(&self) -> i32 {
                    i32::try_from(self.told.event().sequence).unwrap_or(i32::MAX)
                }

                /// When.
                async fn occurred_at(&self) -> DateTime {
                    self.told.event().event.occurred_at.into()
                }

                /// Who did it.
                async fn actor(&self) -> Result<Attribution> {
                    Attribution::of_actor(&self.told.by, &self.told.event().event.actor).await
                }

                /// Whom it happened to.
                async fn subject(&self) -> Result<Attribution> {
                    Attribution::of_person(&self.told.by, self.told.event().event.subject).await
                }

                /// Request that caused it, for support.
                async fn request_id(&self) -> Option<String> {
                    self.told.event().event.request_id.clone()
                }

                $($own)*
            }
        )*

        impl UserEvent {
            /// An event that this viewer may see.
            pub fn new(by: &View, event: Arc<Visible<Event>>) -> UserEvent {
                let told = Told { by: by.clone(), event: event.clone() };
                match &event.event().event.body {
                    $(EventBody::$variant { $($field),* } => $name { told, $($field: $field.clone()),* }.into(),)*
                }
            }
        }
    };
}

events! {
    /// The user was invited.
    UserInvitedEvent: UserInvited { email: String } {
        /// Address invited.
        async fn email(&self) -> Option<EmailAddress> {
            Some(EmailAddress(self.email.clone()))
        }
    }

    /// The user accepted the invitation.
    InvitationAcceptedEvent: InvitationAccepted {} {}

    /// The invitation was taken back.
    InvitationRevokedEvent: InvitationRevoked {} {}

    /// The user's profile was changed.
    UserUpdatedEvent: UserUpdated { changed_fields: Vec<String> } {
        /// Names of the fields of `User` that changed, e.g. `jobTitle`.
        async fn changed_fields(&self) -> &[String] {
            &self.changed_fields
        }
    }

    /// The user's rights were changed.
    AccessChangedEvent: AccessChanged { personal_permissions: PermissionSet, is_administrator: bool } {
        /// Personal grants after the change.
        async fn personal_permissions(&self) -> Vec<Permission> {
            self.personal_permissions.iter().map(Permission::from).collect()
        }

        /// Whether the user is an administrator after the change.
        async fn is_administrator(&self) -> bool {
            self.is_administrator
        }
    }

    /// The user was dismissed.
    UserDismissedEvent: UserDismissed { reason: Option<String> } {
        /// Reason given; null without USERS_DISMISS.
        async fn reason(&self) -> Option<&str> {
            self.reason.as_deref()
        }
    }

    /// The user was hired back.
    UserHiredEvent: UserHired {} {}

    /// Records of the user were handed over.
    EntitiesReassignedEvent: EntitiesReassigned { reassignment: ReassignmentId, successors: Vec<UserId>, counts: Vec<RecordCount> } {
        /// The reassignment.
        async fn reassignment(&self) -> Option<Result<Reassignment>> {
            self.told.reassignment(self.reassignment).await
        }

        /// Who took over.
        async fn successors(&self) -> Result<Vec<Attribution>> {
            Attribution::of_people(&self.told.by, &self.successors).await
        }

        /// Records of this person that moved, by kind.
        async fn counts(&self) -> Vec<OwnedEntityCount> {
            OwnedEntityCount::list(&self.counts)
        }
    }

    /// Records were given back to the user.
    ReassignmentUndoneEvent: ReassignmentUndone { reassignment: ReassignmentId, counts: Vec<RecordCount> } {
        /// The reassignment undone.
        async fn reassignment(&self) -> Option<Result<Reassignment>> {
            self.told.reassignment(self.reassignment).await
        }

        /// Records given back, by kind.
        async fn counts(&self) -> Vec<OwnedEntityCount> {
            OwnedEntityCount::list(&self.counts)
        }
    }

    /// An address of the user went to somebody else.
    EmailTransferredEvent: EmailTransferred { recipient: UserId, roles: Vec<email::EmailRole> } {
        /// The new holder.
        async fn recipient(&self) -> Result<Attribution> {
            Attribution::of_person(&self.told.by, self.recipient).await
        }

        /// The roles that moved.
        async fn roles(&self) -> Vec<EmailRole> {
            self.roles.iter().copied().map(EmailRole::from).collect()
        }
    }

    /// An address of the user was freed.
    EmailReleasedEvent: EmailReleased { roles: Vec<email::EmailRole> } {
        /// The roles it had.
        async fn roles(&self) -> Vec<EmailRole> {
            self.roles.iter().copied().map(EmailRole::from).collect()
        }
    }

    /// The login or contact address of the user was changed.
    EmailChangedEvent: EmailChanged { role: email::EmailRole } {
        /// The role it has.
        async fn role(&self) -> EmailRole {
            self.role.into()
        }
    }

    /// The user became an external participant.
    MovedToExtranetEvent: MovedToExtranet { workgroups: Vec<WorkgroupId> } {
        /// The workgroups joined.
        async fn workgroups(&self) -> Result<Vec<Workgroup>> {
            let rows = try_join_all(self.workgroups.iter().map(|id| self.told.by.ask(WorkgroupKey(*id)))).await?;
            Ok(rows.into_iter().flatten().map(|row| Workgroup::new(&self.told.by, row)).collect())
        }
    }

    /// The user became an employee.
    MovedToIntranetEvent: MovedToIntranet {} {}

    /// The user joined or left a workgroup.
    WorkgroupMembershipChangedEvent: WorkgroupMembershipChanged { workgroup: WorkgroupId, role: Option<structure::WorkgroupRole> } {
        /// The workgroup.
        async fn workgroup(&self) -> Option<Result<Workgroup>> {
            let row = self.told.by.ask(WorkgroupKey(self.workgroup)).await.transpose()?;
            Some(row.map(|row| Workgroup::new(&self.told.by, row)))
        }

        /// Role after the change; null when they left.
        async fn role(&self) -> Option<WorkgroupRole> {
            self.role.map(WorkgroupRole::from)
        }
    }

    /// The user's password was changed or reset.
    PasswordChangedEvent: PasswordChanged {} {}

    /// The account was deleted and its records went to the System User or a successor. Administrators only.
    UserDeletedEvent: UserDeleted { recipient: UserId } {
        /// Who received the records.
        async fn recipient(&self) -> Result<Attribution> {
            Attribution::of_person(&self.told.by, self.recipient).await
        }
    }

    /// Settings were changed; the subject is the actor.
    SettingsChangedEvent: SettingsChanged { changed_fields: Vec<String> } {
        /// Names of the fields of `Settings` that changed, e.g. `showDismissedUsers`.
        async fn changed_fields(&self) -> &[String] {
            &self.changed_fields
        }
    }

    /// An access token was created for the subject.
    AccessTokenCreatedEvent: AccessTokenCreated { token_name: String } {
        /// Name of the token.
        async fn token_name(&self) -> &str {
            &self.token_name
        }
    }

    /// An access token of the subject was revoked.
    AccessTokenRevokedEvent: AccessTokenRevoked { token_name: String } {
        /// Name of the token.
        async fn token_name(&self) -> &str {
            &self.token_name
        }
    }
}

/// Something that happened, recorded in the same transaction. Append-only.
#[allow(clippy::duplicated_attributes, reason = "two fields have the same type")]
#[allow(clippy::enum_variant_names, reason = "they are named as in the schema")]
#[derive(Interface, Clone)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Global ID, `evt_…`."),
    field(name = "sequence", ty = "i32", desc = "Position in the order of commits; strictly increasing."),
    field(name = "occurred_at", ty = "DateTime", desc = "When."),
    field(name = "actor", ty = "Result<Attribution>", desc = "Who did it."),
    field(name = "subject", ty = "Result<Attribution>", desc = "Whom it happened to."),
    field(name = "request_id", ty = "Option<String>", desc = "Request that caused it, for support.")
)]
#[allow(missing_docs)]
pub enum UserEvent {
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

impl From<UserEvent> for Node {
    fn from(event: UserEvent) -> Node {
        match event {
            UserEvent::UserInvitedEvent(x) => x.into(),
            UserEvent::InvitationAcceptedEvent(x) => x.into(),
            UserEvent::InvitationRevokedEvent(x) => x.into(),
            UserEvent::UserUpdatedEvent(x) => x.into(),
            UserEvent::AccessChangedEvent(x) => x.into(),
            UserEvent::UserDismissedEvent(x) => x.into(),
            UserEvent::UserHiredEvent(x) => x.into(),
            UserEvent::EntitiesReassignedEvent(x) => x.into(),
            UserEvent::ReassignmentUndoneEvent(x) => x.into(),
            UserEvent::EmailTransferredEvent(x) => x.into(),
            UserEvent::EmailReleasedEvent(x) => x.into(),
            UserEvent::EmailChangedEvent(x) => x.into(),
            UserEvent::MovedToExtranetEvent(x) => x.into(),
            UserEvent::MovedToIntranetEvent(x) => x.into(),
            UserEvent::WorkgroupMembershipChangedEvent(x) => x.into(),
            UserEvent::PasswordChangedEvent(x) => x.into(),
            UserEvent::UserDeletedEvent(x) => x.into(),
            UserEvent::SettingsChangedEvent(x) => x.into(),
            UserEvent::AccessTokenCreatedEvent(x) => x.into(),
            UserEvent::AccessTokenRevokedEvent(x) => x.into(),
        }
    }
}

connection! {
    /// A page of events.
    UserEventConnection,
    /// One entry of a `UserEventConnection`.
    UserEventEdge: EventList => UserEvent, |pages, row| UserEvent::new(pages.by(), row)
}
