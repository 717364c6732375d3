//! What a viewer can see, in a form that a storage turns into a part of its query: a hidden row never takes a place on a page (rule I11).
//!
//! Only [`super::Access`] makes scopes (and the crate's own actions, for what is counted whoever looks).

use crate::id::UserId;
use crate::permission::Permission;
use crate::user::{User, UserStatus};

use super::verdict::{Ability, TargetState, Verdict, verdict};
use super::{Access, Visible};

/// Which ACTIVE people are in a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActiveReach {
    /// None but the viewer.
    Nobody,
    /// Lasting members of the extranet workgroups of which the viewer is a lasting member.
    Companions,
    /// All.
    Everybody,
}

/// The people whom a viewer can see. The viewer is always among them, the System User never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserScope {
    viewer: UserId,
    invited: bool,
    former: bool,
    active: ActiveReach,
    dismissed: bool,
    active_addresses: bool,
    leaver_addresses: bool,
}

impl UserScope {
    /// Everybody but the System User, for the suite.
    #[cfg(feature = "conformance")]
    pub(crate) fn everybody() -> UserScope {
        UserScope {
            viewer: UserId::SYSTEM,
            invited: true,
            former: true,
            active: ActiveReach::Everybody,
            dismissed: true,
            active_addresses: true,
            leaver_addresses: true,
        }
    }

    /// Whose it is.
    pub fn viewer(&self) -> UserId {
        self.viewer
    }

    /// Whether INVITED people who were never active are in it.
    pub fn invited(&self) -> bool {
        self.invited
    }

    /// Whether INVITED people who were active before are in it.
    pub fn former(&self) -> bool {
        self.former
    }

    /// Which ACTIVE people are in it.
    pub fn active(&self) -> ActiveReach {
        self.active
    }

    /// Whether DISMISSED people are in it.
    pub fn dismissed(&self) -> bool {
        self.dismissed
    }

    /// Whether free text may match contact addresses of people who are not dismissed.
    pub fn active_addresses(&self) -> bool {
        self.active_addresses
    }

    /// Whether free text may match contact addresses of dismissed people.
    pub fn leaver_addresses(&self) -> bool {
        self.leaver_addresses
    }

    /// Whether it takes knowing companions to decide: then ask [`crate::storage::PeopleRead::user_companions`].
    pub fn needs_companions(&self) -> bool {
        self.active == ActiveReach::Companions
    }

    /// Whether a person lies in the scope. The one definition; queries of storages must agree with it.
    pub fn includes(&self, user: &User, companion: bool) -> bool {
        match user.status {
            UserStatus::System => false,
            _ if user.id == self.viewer => true,
            UserStatus::Invited if user.was_active => self.former,
            UserStatus::Invited => self.invited,
            UserStatus::Active => match self.active {
                ActiveReach::Nobody => false,
                ActiveReach::Companions => companion,
                ActiveReach::Everybody => true,
            },
            UserStatus::Dismissed => self.dismissed,
        }
    }

    /// The person, if the viewer can see them. For a row of a list that a storage made with this scope, `companion` is true.
    pub fn admit(&self, user: User, companion: bool) -> Option<Visible<User>> {
        self.includes(&user, companion).then(|| Visible::new(user))
    }
}

/// The records that a viewer can see (rule V6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordScope {
    /// All.
    Everything(Sealed),
    /// Those that the viewer takes part in: is responsible for, has made (TASK and FILE), has a part in (TASK), or is a lasting member of
    /// the workgroup of. Without CRM kinds when `crm` is false.
    TakingPart {
        /// Who.
        viewer: UserId,
        /// Whether CRM kinds can be among them.
        crm: bool,
        /// Nobody else makes scopes.
        sealed: Sealed,
    },
}

/// Keeps others from making scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sealed(());

impl RecordScope {
    /// All records, for actions and the suite.
    pub(crate) fn everything() -> RecordScope {
        RecordScope::Everything(Sealed(()))
    }
}

/// The workgroups that a viewer can see (rule V7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkgroupScope {
    /// All.
    Everything(Sealed),
    /// Extranet ones, and those of which the viewer is a lasting member.
    ExtranetAndOwn(UserId, Sealed),
    /// Those of which the viewer is a lasting member.
    Own(UserId, Sealed),
}

impl WorkgroupScope {
    /// All workgroups, for actions and the suite.
    pub(crate) fn everything() -> WorkgroupScope {
        WorkgroupScope::Everything(Sealed(()))
    }
}

/// The reassignments that a viewer can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReassignmentScope {
    /// All.
    Everything(Sealed),
    /// Those that the viewer asked for (by themself or with a token) or is a successor of.
    Of(UserId, Sealed),
    /// None.
    Nothing,
}

impl ReassignmentScope {
    /// All reassignments, for actions and the suite.
    pub(crate) fn everything() -> ReassignmentScope {
        ReassignmentScope::Everything(Sealed(()))
    }
}

/// The access tokens that a viewer can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenScope {
    /// All.
    Everything(Sealed),
    /// Those that act for the viewer.
    Of(UserId, Sealed),
}

impl TokenScope {
    /// All access tokens, for actions and the suite.
    pub(crate) fn everything() -> TokenScope {
        TokenScope::Everything(Sealed(()))
    }
}

/// The meetings that a viewer can see (rule V6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeetingScope {
    /// All.
    Everything(Sealed),
    /// Those that the viewer organised or is invited to.
    TakingPart(UserId, Sealed),
}

impl MeetingScope {
    /// All meetings, for the suite.
    #[cfg(feature = "conformance")]
    pub(crate) fn everything() -> MeetingScope {
        MeetingScope::Everything(Sealed(()))
    }
}

/// The posts that a viewer can see (rule V6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedScope {
    /// All.
    Everything(Sealed),
    /// Those of the workgroups of which the viewer is a lasting member, and those to the company.
    CompanyAndOwn(UserId, Sealed),
    /// Those of the workgroups of which the viewer is a lasting member.
    Own(UserId, Sealed),
}

impl FeedScope {
    /// All posts, for the suite.
    #[cfg(feature = "conformance")]
    pub(crate) fn everything() -> FeedScope {
        FeedScope::Everything(Sealed(()))
    }
}

/// The conversations that a viewer can see, with their messages: one's own, whoever asks. There is no scope that holds other people's
/// (rules V2, V6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConversationScope {
    /// Those of the viewer.
    Of(UserId, Sealed),
    /// None: what is personal is for sessions only (rule S4).
    Nothing,
}

impl ConversationScope {
    /// Whose conversations are in it.
    pub fn viewer(&self) -> Option<UserId> {
        match self {
            ConversationScope::Of(viewer, _) => Some(*viewer),
            ConversationScope::Nothing => None,
        }
    }
}

/// For the suite: scopes that only [`Access`] could make otherwise.
#[cfg(feature = "conformance")]
pub(crate) mod for_suite {
    use super::*;

    pub(crate) fn users(viewer: UserId, active: ActiveReach, invited: bool, former: bool, dismissed: bool) -> UserScope {
        UserScope { viewer, invited, former, active, dismissed, active_addresses: true, leaver_addresses: false }
    }

    pub(crate) fn records(viewer: UserId, crm: bool) -> RecordScope {
        RecordScope::TakingPart { viewer, crm, sealed: Sealed(()) }
    }

    pub(crate) fn own_workgroups(viewer: UserId) -> WorkgroupScope {
        WorkgroupScope::Own(viewer, Sealed(()))
    }

    pub(crate) fn extranet_workgroups(viewer: UserId) -> WorkgroupScope {
        WorkgroupScope::ExtranetAndOwn(viewer, Sealed(()))
    }

    pub(crate) fn own_reassignments(viewer: UserId) -> ReassignmentScope {
        ReassignmentScope::Of(viewer, Sealed(()))
    }

    pub(crate) fn own_tokens(viewer: UserId) -> TokenScope {
        TokenScope::Of(viewer, Sealed(()))
    }

    pub(crate) fn own_meetings(viewer: UserId) -> MeetingScope {
        MeetingScope::TakingPart(viewer, Sealed(()))
    }

    pub(crate) fn company_and_own_posts(viewer: UserId) -> FeedScope {
        FeedScope::CompanyAndOwn(viewer, Sealed(()))
    }

    pub(crate) fn own_posts(viewer: UserId) -> FeedScope {
        FeedScope::Own(viewer, Sealed(()))
    }

    pub(crate) fn own_conversations(viewer: UserId) -> ConversationScope {
        ConversationScope::Of(viewer, Sealed(()))
    }
}

impl Access {
    /// The people whom this caller can see: the table's answer for [`Ability::See`], state by state.
    pub fn user_scope(&self) -> UserScope {
        let sees = |ability: Ability, state: TargetState, companion: bool| {
            verdict(ability, self.standing(ability, state, false, companion), state, self.leavers_shown()) == Verdict::Allow
        };
        let active = if sees(Ability::See, TargetState::Employee, false) {
            ActiveReach::Everybody
        } else if sees(Ability::See, TargetState::Employee, true) {
            ActiveReach::Companions
        } else {
            ActiveReach::Nobody
        };
        UserScope {
            viewer: self.person(),
            invited: sees(Ability::See, TargetState::Invited, false),
            former: sees(Ability::See, TargetState::Former, false),
            active,
            dismissed: sees(Ability::See, TargetState::Dismissed, false),
            active_addresses: sees(Ability::SeeContactAddress, TargetState::Employee, false),
            leaver_addresses: sees(Ability::SeeContactAddress, TargetState::Dismissed, false),
        }
    }

    /// The records that this caller can see.
    pub fn record_scope(&self) -> RecordScope {
        if self.has(Permission::EntitiesRead) {
            RecordScope::everything()
        } else {
            RecordScope::TakingPart { viewer: self.person(), crm: !self.is_external(), sealed: Sealed(()) }
        }
    }

    /// The records that this caller's mutations reach: who may write and hand over anybody's need not be able to read them all.
    pub fn record_scope_for_writing(&self) -> RecordScope {
        if self.has(Permission::EntitiesReassign) { RecordScope::everything() } else { self.record_scope() }
    }

    /// The workgroups that this caller can see.
    pub fn workgroup_scope(&self) -> WorkgroupScope {
        if self.has(Permission::StructureManage) {
            WorkgroupScope::everything()
        } else if self.permissions().has_any(&[Permission::UsersInvite, Permission::UsersDismiss]) {
            WorkgroupScope::ExtranetAndOwn(self.person(), Sealed(()))
        } else {
            WorkgroupScope::Own(self.person(), Sealed(()))
        }
    }

    /// The reassignments that this caller can see.
    pub fn reassignment_scope(&self) -> ReassignmentScope {
        if self.has(Permission::EntitiesReassign) {
            ReassignmentScope::everything()
        } else if self.permissions().has_any(&[Permission::EntitiesWrite, Permission::UsersDismiss]) {
            ReassignmentScope::Of(self.person(), Sealed(()))
        } else {
            ReassignmentScope::Nothing
        }
    }

    /// The meetings that this caller can see.
    pub fn meeting_scope(&self) -> MeetingScope {
        if self.is_administrator() { MeetingScope::Everything(Sealed(())) } else { MeetingScope::TakingPart(self.person(), Sealed(())) }
    }

    /// The posts that this caller can see: those to the company are for employees.
    pub fn feed_scope(&self) -> FeedScope {
        if self.is_administrator() {
            FeedScope::Everything(Sealed(()))
        } else if self.reads_company_feed() {
            FeedScope::CompanyAndOwn(self.person(), Sealed(()))
        } else {
            FeedScope::Own(self.person(), Sealed(()))
        }
    }

    /// The conversations that this caller can see.
    pub fn conversation_scope(&self) -> ConversationScope {
        if self.is_in_person() { ConversationScope::Of(self.person(), Sealed(())) } else { ConversationScope::Nothing }
    }

    /// The access tokens that this caller can see.
    pub fn token_scope(&self) -> TokenScope {
        if self.has(Permission::TokensManage) { TokenScope::everything() } else { TokenScope::Of(self.person(), Sealed(())) }
    }
}
