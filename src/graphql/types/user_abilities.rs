//! What a viewer may do to a person now, and what speaks against it (rule R9): what the mutation would answer, asked of the actions.
//!
//! PLACEHOLDER: until `tenure_core::actions::{dismiss, hire, move_to_extranet}::standing_reasons` are there, only the policy table is
//! asked. The bodies below are the only thing to change; `View` has what the actions need to know (`SeatsKey`, `AdministratorsKey`,
//! `engine().licence()`).

use tenure_core::policy::{Ability, Deny, Verdict, Visible};
use tenure_core::rejection::Code;
use tenure_core::user::User;

use crate::graphql::error::Result;
use crate::graphql::view::View;

/// Why the viewer cannot dismiss the person, in the order of the contract; empty when they can.
pub async fn against_dismissing(by: &View, person: &Visible<User>) -> Result<Vec<Code>> {
    Ok(denied(by, person, Ability::Dismiss))
}

/// Why the viewer cannot hire the person back.
pub async fn against_hiring(by: &View, person: &Visible<User>) -> Result<Vec<Code>> {
    Ok(denied(by, person, Ability::Hire))
}

/// Why the viewer cannot move the person to the extranet.
pub async fn against_moving_to_extranet(by: &View, person: &Visible<User>) -> Result<Vec<Code>> {
    Ok(denied(by, person, Ability::MoveToExtranet))
}

fn denied(by: &View, person: &Visible<User>, ability: Ability) -> Vec<Code> {
    // Companionship is settled: the person is visible.
    match by.access().verdict(ability, person.user(), true) {
        Verdict::Allow => Vec::new(),
        Verdict::Hide => vec![Code::UserNotFound],
        Verdict::Deny(Deny::NotPermitted) => vec![Code::NotPermitted],
        Verdict::Deny(Deny::TargetIsAdministrator) => vec![Code::TargetIsAdministrator],
        Verdict::Deny(Deny::SystemUserProtected) => vec![Code::SystemUserProtected],
    }
}
