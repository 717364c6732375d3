//! The table: one letter for each ability × standing × state of the target. Its whole matrix is a golden file that a person can review.

use crate::permission::Permission;
use crate::user::{User, UserKind, UserStatus};

/// What somebody wants with a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ability {
    /// Know that they exist: name, picture, job title, status, kind.
    See,
    /// See department, manager, reports and the rest of the profile.
    SeeProfile,
    /// See the contact address.
    SeeContactAddress,
    /// See the login address.
    SeeLoginAddress,
    /// See what they may do.
    SeeRights,
    /// See the pending invitation.
    SeeInvitation,
    /// See the dismissal, but for its note.
    SeeDismissal,
    /// See the note of a dismissal that somebody else wrote.
    SeeDismissalNote,
    /// See what a dismissal would touch or has left.
    SeeOffboarding,
    /// See how many credentials work.
    SeeCredentials,
    /// See which addresses they hold.
    SeeAddresses,
    /// See what happened to them.
    SeeHistory,
    /// See the list of their records.
    SeeRecords,
    /// `dismiss`.
    Dismiss,
    /// `hire`.
    Hire,
    /// `moveToExtranet`.
    MoveToExtranet,
    /// `moveToIntranet`.
    MoveToIntranet,
    /// `resendInvitation`, `revokeInvitation`.
    ManageInvitation,
    /// `updateUser`: name, title, picture.
    UpdateProfile,
    /// `updateUser`: department, manager.
    UpdatePlacement,
    /// `setAccess`.
    SetAccess,
    /// `deleteUser`.
    Delete,
    /// `transferEmail`, `releaseEmail`: as holder or as receiver.
    ManageAddresses,
    /// `changeContactEmail`.
    ChangeContactAddress,
    /// Hand all their records over.
    HandOver,
}

impl Ability {
    /// All of them.
    pub const ALL: [Ability; 25] = [
        Ability::See,
        Ability::SeeProfile,
        Ability::SeeContactAddress,
        Ability::SeeLoginAddress,
        Ability::SeeRights,
        Ability::SeeInvitation,
        Ability::SeeDismissal,
        Ability::SeeDismissalNote,
        Ability::SeeOffboarding,
        Ability::SeeCredentials,
        Ability::SeeAddresses,
        Ability::SeeHistory,
        Ability::SeeRecords,
        Ability::Dismiss,
        Ability::Hire,
        Ability::MoveToExtranet,
        Ability::MoveToIntranet,
        Ability::ManageInvitation,
        Ability::UpdateProfile,
        Ability::UpdatePlacement,
        Ability::SetAccess,
        Ability::Delete,
        Ability::ManageAddresses,
        Ability::ChangeContactAddress,
        Ability::HandOver,
    ];

    /// The permissions, any one of which makes its holder a [`Standing::Holder`] towards somebody in that state.
    pub fn permissions(self, state: TargetState) -> &'static [Permission] {
        use Permission::*;
        match self {
            Ability::See => match state {
                TargetState::Invited => &[UsersInvite],
                TargetState::Former => &[UsersInvite, UsersReadDismissed],
                TargetState::Dismissed => &[UsersReadDismissed],
                TargetState::Employee | TargetState::External | TargetState::Administrator | TargetState::System => &[],
            },
            Ability::SeeProfile => &[],
            Ability::SeeContactAddress => &[EmailsManage, UsersDismiss],
            Ability::SeeLoginAddress | Ability::SeeAddresses | Ability::ManageAddresses | Ability::ChangeContactAddress => &[EmailsManage],
            Ability::SeeRights | Ability::SeeDismissalNote | Ability::SetAccess | Ability::Delete => &[Administrate],
            Ability::SeeInvitation => &[UsersInvite],
            Ability::SeeDismissal | Ability::SeeCredentials => &[UsersDismiss],
            Ability::SeeOffboarding => &[UsersDismiss, EntitiesReassign],
            Ability::SeeHistory => &[AuditRead, UsersDismiss],
            Ability::SeeRecords => &[EntitiesRead],
            Ability::Dismiss | Ability::Hire | Ability::MoveToExtranet | Ability::MoveToIntranet => &[UsersDismiss],
            Ability::ManageInvitation => match state {
                TargetState::Former => &[UsersDismiss],
                TargetState::Invited
                | TargetState::Employee
                | TargetState::External
                | TargetState::Administrator
                | TargetState::Dismissed
                | TargetState::System => &[UsersInvite, UsersDismiss],
            },
            Ability::UpdateProfile | Ability::UpdatePlacement => &[UsersUpdate],
            Ability::HandOver => &[EntitiesReassign],
        }
    }
}

/// How a caller stands to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// An external person who shares no workgroup with them.
    Outsider,
    /// An external person who shares an extranet workgroup with them.
    Companion,
    /// A caller from inside without any right to see people.
    Blind,
    /// An employee who sees people.
    Colleague,
    /// A caller who holds what the ability asks for.
    Holder,
    /// An administrator.
    Administrator,
    /// The person themself.
    Oneself,
    /// The person themself, who holds what the ability asks for.
    OneselfHolder,
}

impl Standing {
    /// All of them, in the order of the table's rows.
    pub const ALL: [Standing; 8] = [
        Standing::Outsider,
        Standing::Companion,
        Standing::Blind,
        Standing::Colleague,
        Standing::Holder,
        Standing::Administrator,
        Standing::Oneself,
        Standing::OneselfHolder,
    ];
}

/// In which state somebody is, as far as the table tells states apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetState {
    /// Invited, never active before.
    Invited,
    /// Invited again: was dismissed before.
    Former,
    /// Active employee.
    Employee,
    /// Active external person.
    External,
    /// Active administrator.
    Administrator,
    /// Dismissed.
    Dismissed,
    /// The System User.
    System,
}

impl TargetState {
    /// All of them, in the order of the table's columns.
    pub const ALL: [TargetState; 7] = [
        TargetState::Invited,
        TargetState::Former,
        TargetState::Employee,
        TargetState::External,
        TargetState::Administrator,
        TargetState::Dismissed,
        TargetState::System,
    ];

    /// The state of a person.
    pub fn of(user: &User) -> TargetState {
        match (user.status, user.kind) {
            (UserStatus::System, _) => TargetState::System,
            (UserStatus::Dismissed, _) => TargetState::Dismissed,
            (UserStatus::Invited, _) if user.was_active => TargetState::Former,
            (UserStatus::Invited, _) => TargetState::Invited,
            (UserStatus::Active, UserKind::Extranet) => TargetState::External,
            (UserStatus::Active, UserKind::Intranet) if user.is_administrator => TargetState::Administrator,
            (UserStatus::Active, UserKind::Intranet) => TargetState::Employee,
        }
    }
}

/// Why somebody who can be seen cannot be acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deny {
    /// NOT_PERMITTED; for a field: null.
    NotPermitted,
    /// TARGET_IS_ADMINISTRATOR.
    TargetIsAdministrator,
    /// SYSTEM_USER_PROTECTED.
    SystemUserProtected,
}

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Yes.
    Allow,
    /// No, and here is why.
    Deny(Deny),
    /// As if the person did not exist.
    Hide,
}

/// Whether `Settings.showDismissedUsers` is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaversShown {
    /// Off.
    No,
    /// On.
    Yes,
}

impl LeaversShown {
    /// From the setting.
    pub fn from_setting(shown: bool) -> LeaversShown {
        if shown { LeaversShown::Yes } else { LeaversShown::No }
    }
}

/// The table. Columns are the states in the order of [`TargetState::ALL`], rows the standings in the order of [`Standing::ALL`].
///
/// `A` allow · `L` allow while the setting shows leavers, else hide · `D` not permitted ·
/// `T` target is administrator · `S` system user protected · `H` hide
///
/// Columns: Invited, Former, Employee, External, Administrator, Dismissed, System.
fn rows(ability: Ability) -> [&'static str; 8] {
    match ability {
        //                                  Outsider   Companion  Blind      Colleague  Holder     Admin      Oneself    OneselfHolder
        Ability::See => ["HHHHHHH", "HHAAAHH", "HHHHHHH", "HHAAALH", "AAAAAAH", "AAAAAAH", "AAAAAAH", "AAAAAAH"],
        Ability::SeeProfile => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "AAAAAAH", "AAAAAAH", "AAAAAAH"],
        Ability::SeeContactAddress => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAADH", "AAAAAAH", "AAAAAAH", "AAAAAAH", "AAAAAAH"],
        Ability::SeeLoginAddress => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "AAAAAAH", "AAAAAAH"],
        Ability::SeeRights => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "AAAAAAH", "AAAAAAH"],
        Ability::SeeInvitation => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "DDDDDDH", "AAAAAAH"],
        Ability::SeeDismissal => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDAH", "DDDDDAH", "DDDDDDH", "DDDDDDH"],
        Ability::SeeDismissalNote => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDAH", "DDDDDAH", "DDDDDDH", "DDDDDDH"],
        Ability::SeeOffboarding => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "DDDDDDH", "AAAAAAH"],
        Ability::SeeCredentials => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "DDDDDDH", "AAAAAAH"],
        Ability::SeeAddresses => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "DDDDDDH", "AAAAAAH"],
        Ability::SeeHistory => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "AAADAAH", "AAAAAAH"],
        Ability::SeeRecords => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "AAAAAAH", "AAAAAAH"],
        Ability::Dismiss => ["DDDDDDS", "DDDDDDS", "DDDDDDS", "DDDDDDS", "AAAATAS", "AAAAAAS", "DDDDDDS", "AAAAAAS"],
        Ability::Hire => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "DDDDDDH", "AAAAAAH"],
        Ability::MoveToExtranet => ["DDDDDDS", "DDDDDDS", "DDDDDDS", "DDDDDDS", "AAAATAS", "AAAAAAS", "DDDDDDS", "AAAAAAS"],
        Ability::MoveToIntranet => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "DDDDDDH", "AAAAAAH"],
        Ability::ManageInvitation => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "DDDDDDH", "AAAAAAH"],
        Ability::UpdateProfile => ["DDDDDDS", "DDDDDDS", "DDDDDDS", "DDDDDDS", "AAAAAAS", "AAAAAAS", "AAAAAAS", "AAAAAAS"],
        Ability::UpdatePlacement => ["DDDDDDS", "DDDDDDS", "DDDDDDS", "DDDDDDS", "AAAAAAS", "AAAAAAS", "DDDDDDS", "AAAAAAS"],
        Ability::SetAccess => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "DDDDDDH", "AAAAAAH"],
        Ability::Delete => ["DDDDDDS", "DDDDDDS", "DDDDDDS", "DDDDDDS", "AAAAAAS", "AAAAAAS", "DDDDDDS", "AAAAAAS"],
        Ability::ManageAddresses => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAATAH", "AAAAAAH", "DDDDDDH", "AAAAAAH"],
        Ability::ChangeContactAddress => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAH", "AAAAAAH", "AAAAAAH", "AAAAAAH"],
        Ability::HandOver => ["DDDDDDH", "DDDDDDH", "DDDDDDH", "DDDDDDH", "AAAAAAA", "AAAAAAA", "AAAAAAH", "AAAAAAA"],
    }
}

/// What the table says. [`super::Access::verdict`] asks it about a caller and a person.
pub fn verdict(ability: Ability, standing: Standing, state: TargetState, leavers: LeaversShown) -> Verdict {
    match rows(ability)[standing as usize].as_bytes()[state as usize] {
        b'A' => Verdict::Allow,
        b'L' => match leavers {
            LeaversShown::Yes => Verdict::Allow,
            LeaversShown::No => Verdict::Hide,
        },
        b'D' => Verdict::Deny(Deny::NotPermitted),
        b'T' => Verdict::Deny(Deny::TargetIsAdministrator),
        b'S' => Verdict::Deny(Deny::SystemUserProtected),
        _ => Verdict::Hide,
    }
}

/// The whole matrix as text, for the golden file: one line for each ability, standing and setting, one column for each state.
pub fn matrix() -> String {
    use std::fmt::Write;
    let mut out = String::new();
    let _ = write!(out, "{:<22}{:<15}{:<9}", "ability", "standing", "leavers");
    for state in TargetState::ALL {
        let _ = write!(out, "{:<15}", format!("{state:?}"));
    }
    for ability in Ability::ALL {
        out.push('\n');
        for standing in Standing::ALL {
            for (leavers, name) in [(LeaversShown::No, "hidden"), (LeaversShown::Yes, "shown")] {
                let _ = write!(out, "\n{:<22}{:<15}{:<9}", format!("{ability:?}"), format!("{standing:?}"), name);
                for state in TargetState::ALL {
                    let word = match verdict(ability, standing, state, leavers) {
                        Verdict::Allow => "allow",
                        Verdict::Hide => "hide",
                        Verdict::Deny(Deny::NotPermitted) => "deny",
                        Verdict::Deny(Deny::TargetIsAdministrator) => "deny:admin",
                        Verdict::Deny(Deny::SystemUserProtected) => "deny:system",
                    };
                    let _ = write!(out, "{word:<15}");
                }
            }
        }
    }
    out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_filled_with_a_known_letter() {
        for ability in Ability::ALL {
            for row in rows(ability) {
                assert_eq!(row.len(), TargetState::ALL.len(), "{ability:?}: {row}");
                assert!(row.bytes().all(|b| b"ALDTSH".contains(&b)), "{ability:?}: {row}");
            }
        }
        for (n, standing) in Standing::ALL.into_iter().enumerate() {
            assert_eq!(standing as usize, n);
        }
        for (n, state) in TargetState::ALL.into_iter().enumerate() {
            assert_eq!(state as usize, n);
        }
    }

    /// The matrix as a person reviews it. After a change on purpose: `TENURE_TEST_BLESS=1 cargo test -p tenure-core`.
    #[test]
    fn the_matrix_is_the_one_that_was_reviewed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy/matrix.golden.txt");
        if std::env::var_os("TENURE_TEST_BLESS").is_some() {
            std::fs::write(path, matrix()).unwrap();
        }
        assert_eq!(matrix(), std::fs::read_to_string(path).unwrap_or_default(), "policy/matrix.golden.txt is out of date");
    }

    #[test]
    fn r1_a_holder_cannot_dismiss_an_administrator() {
        let v = |standing| verdict(Ability::Dismiss, standing, TargetState::Administrator, LeaversShown::No);
        assert_eq!(v(Standing::Holder), Verdict::Deny(Deny::TargetIsAdministrator));
        assert_eq!(v(Standing::Administrator), Verdict::Allow);
        assert_eq!(v(Standing::Colleague), Verdict::Deny(Deny::NotPermitted));
    }
}
