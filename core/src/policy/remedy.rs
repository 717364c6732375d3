//! What helps when an address is taken (rule E2).

use crate::email::{EmailRole, EmailRoles};
use crate::user::{UserKind, UserStatus};

/// Operations that solve an address being taken, in the order of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum EmailRemedy {
    Hire,
    MoveToExtranet,
    TransferEmail,
    ReleaseEmail,
    DeleteUser,
    ResendInvitation,
    RevokeInvitation,
}

/// Which operations free an address that somebody in that state holds in these roles (rule E2).
pub fn email_remedies(status: UserStatus, kind: UserKind, roles: EmailRoles) -> &'static [EmailRemedy] {
    use EmailRemedy::*;
    if !roles.is_empty() && roles.without(EmailRole::PendingLogin).is_empty() {
        return &[ReleaseEmail];
    }
    match (status, kind) {
        (UserStatus::System, _) => &[],
        (UserStatus::Invited, _) => &[ResendInvitation, RevokeInvitation],
        (UserStatus::Active, _) => &[TransferEmail, ReleaseEmail, DeleteUser],
        (UserStatus::Dismissed, UserKind::Intranet) => &[Hire, MoveToExtranet, TransferEmail, ReleaseEmail, DeleteUser],
        (UserStatus::Dismissed, UserKind::Extranet) => &[Hire, TransferEmail, ReleaseEmail, DeleteUser],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e2_remedies_follow_from_the_state_of_the_holder() {
        let login = EmailRoles::NONE.with(EmailRole::Login);
        assert_eq!(
            email_remedies(UserStatus::Active, UserKind::Intranet, EmailRoles::NONE.with(EmailRole::PendingLogin)),
            [EmailRemedy::ReleaseEmail]
        );
        assert!(email_remedies(UserStatus::Dismissed, UserKind::Intranet, login).contains(&EmailRemedy::MoveToExtranet));
        assert!(!email_remedies(UserStatus::Dismissed, UserKind::Extranet, login).contains(&EmailRemedy::MoveToExtranet));
        assert!(!email_remedies(UserStatus::Active, UserKind::Intranet, login).contains(&EmailRemedy::Hire));
    }
}
