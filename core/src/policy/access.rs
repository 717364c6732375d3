//! A caller as they stand now, read from the store with every request (rules I4, S5).

use crate::credential::{SessionPrincipal, TokenPrincipal};
use crate::id::{AccessTokenId, SessionId, UserId};
use crate::permission::{Permission, PermissionSet};
use crate::settings::Settings;
use crate::time::Timestamp;
use crate::user::{Actor, User, UserKind, UserStatus};

use super::verdict::{Ability, Deny, LeaversShown, Standing, TargetState, Verdict, verdict};

/// What a person may do now, from all sources, with what is contained in it. External and inactive people: nothing.
pub fn effective_permissions(user: &User, settings: &Settings) -> PermissionSet {
    match (user.status, user.kind) {
        (UserStatus::Active, UserKind::Intranet) if user.is_administrator => PermissionSet::all(),
        (UserStatus::Active, UserKind::Intranet) => settings.employee_permissions.union(user.personal_permissions).closed(),
        (UserStatus::Active, UserKind::Extranet) | (UserStatus::System | UserStatus::Invited | UserStatus::Dismissed, _) => {
            PermissionSet::NONE
        }
    }
}

/// A signed-in caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    actor: Actor,
    person: UserId,
    kind: UserKind,
    permissions: PermissionSet,
    session: Option<SessionId>,
    token: Option<AccessTokenId>,
    leavers: LeaversShown,
}

impl Access {
    /// The caller behind a session; None when the session, the epoch or the person's status say that they are not signed in.
    pub fn of_session(principal: &SessionPrincipal, now: Timestamp) -> Option<Access> {
        let SessionPrincipal { session, user, settings } = principal;
        let lasts = session.ended_at.is_none() && session.expires_at > now && session.epoch == user.epoch && session.user == user.id;
        (lasts && user.status == UserStatus::Active).then(|| Access {
            actor: Actor::User(user.id),
            person: user.id,
            kind: user.kind,
            permissions: effective_permissions(user, settings),
            session: Some(session.id),
            token: None,
            leavers: LeaversShown::from_setting(settings.show_dismissed_users),
        })
    }

    /// The caller behind an access token; None when it was revoked, has expired, or its owner is not active.
    pub fn of_token(principal: &TokenPrincipal, now: Timestamp) -> Option<Access> {
        let TokenPrincipal { token, user, settings } = principal;
        let lasts = token.revoked_at.is_none() && token.expires_at > now && token.owner == user.id;
        (lasts && user.status == UserStatus::Active).then(|| Access {
            actor: Actor::Token { owner: user.id, token: token.id, name: token.name.clone() },
            person: user.id,
            kind: user.kind,
            permissions: token.permissions.closed().intersection(effective_permissions(user, settings)),
            session: None,
            token: Some(token.id),
            leavers: LeaversShown::from_setting(settings.show_dismissed_users),
        })
    }

    /// The command line and the server itself: may everything, and is nobody.
    pub fn system() -> Access {
        Access {
            actor: Actor::System,
            person: UserId::SYSTEM,
            kind: UserKind::Intranet,
            permissions: PermissionSet::all(),
            session: None,
            token: None,
            leavers: LeaversShown::Yes,
        }
    }

    /// Who it is, for the history.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The person; for an access token its owner.
    pub fn person(&self) -> UserId {
        self.person
    }

    /// What the caller may do now, with what is contained in it.
    pub fn permissions(&self) -> PermissionSet {
        self.permissions
    }

    /// Whether the caller holds the permission.
    pub fn has(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// Whether the caller counts as administrator.
    pub fn is_administrator(&self) -> bool {
        self.has(Permission::Administrate)
    }

    /// Whether the caller is an external person.
    pub fn is_external(&self) -> bool {
        self.kind == UserKind::Extranet
    }

    /// The session, when the caller came with one.
    pub fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// The access token, when the caller came with one.
    pub fn token(&self) -> Option<AccessTokenId> {
        self.token
    }

    /// Whether the person is there themself: what is personal is not open to access tokens (rule S4).
    pub fn is_in_person(&self) -> bool {
        self.token.is_none()
    }

    /// Whether the company feed is open to the caller: to employees (rule V6).
    pub fn reads_company_feed(&self) -> bool {
        !self.is_external()
    }

    /// Whether departments are open to the caller: by `node`, as somebody's, and above another one alike (rule V7).
    pub fn sees_departments(&self) -> bool {
        self.has(Permission::UsersRead)
    }

    /// Whether the setting shows leavers to every employee.
    pub fn leavers_shown(&self) -> LeaversShown {
        self.leavers
    }

    /// Whether the caller may list leavers (DOMAIN §5).
    pub fn may_list_leavers(&self) -> bool {
        !self.is_external() && (self.has(Permission::UsersReadDismissed) || (self.leavers == LeaversShown::Yes && self.sees_people()))
    }

    /// Whether the directory is open to the caller: USERS_READ, or a right whose use takes seeing people.
    pub(super) fn sees_people(&self) -> bool {
        use Permission::*;
        self.permissions.has_any(&[
            UsersRead,
            UsersReadDismissed,
            UsersInvite,
            UsersDismiss,
            UsersUpdate,
            StructureManage,
            EntitiesReassign,
            EmailsManage,
            AuditRead,
            TokensManage,
        ])
    }

    /// How the caller stands to somebody in that state, for that ability. `companion`: shares a lasting extranet workgroup with them.
    pub fn standing(&self, ability: Ability, state: TargetState, is_oneself: bool, companion: bool) -> Standing {
        let holds = self.permissions.has_any(ability.permissions(state));
        match (is_oneself, self.is_external()) {
            // A token without ADMINISTRATE is no administrator, its owner is one: to it they are protected as to any other holder.
            (true, _) if holds && !self.is_administrator() && state == TargetState::Administrator => Standing::Holder,
            (true, _) if holds || self.is_administrator() => Standing::OneselfHolder,
            (true, _) => Standing::Oneself,
            (false, true) if companion => Standing::Companion,
            (false, true) => Standing::Outsider,
            (false, false) if self.is_administrator() => Standing::Administrator,
            (false, false) if holds => Standing::Holder,
            (false, false) if self.sees_people() => Standing::Colleague,
            (false, false) => Standing::Blind,
        }
    }

    /// What the table says about this caller and that person. Who cannot be seen is [`Verdict::Hide`], whatever is asked, but for the
    /// System User where a mutation protects it by name.
    pub fn verdict(&self, ability: Ability, target: &User, companion: bool) -> Verdict {
        let state = TargetState::of(target);
        let oneself = target.id == self.person;
        let answer = verdict(ability, self.standing(ability, state, oneself, companion), state, self.leavers);
        if answer == Verdict::Deny(Deny::SystemUserProtected) {
            return answer;
        }
        match verdict(Ability::See, self.standing(Ability::See, state, oneself, companion), state, self.leavers) {
            Verdict::Allow => answer,
            Verdict::Hide | Verdict::Deny(_) => Verdict::Hide,
        }
    }
}
