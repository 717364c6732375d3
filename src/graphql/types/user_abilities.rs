//! What a viewer may do to a person now, and what speaks against it (rule R9): what the mutations would answer, asked of the actions.

use tenure_core::actions::{dismiss, hire, move_to_extranet};
use tenure_core::policy::Visible;
use tenure_core::rejection::Code;
use tenure_core::user::User;

use crate::graphql::error::Result;
use crate::graphql::loaders::{AdministratorsKey, SeatsKey};
use crate::graphql::view::View;

/// Why the viewer cannot dismiss the person, in the order of the contract; empty when they can.
pub async fn against_dismissing(by: &View, person: &Visible<User>) -> Result<Vec<Code>> {
    if !person.shows_work(by.access()) {
        return Ok(vec![Code::NotPermitted]);
    }
    Ok(dismiss::standing_reasons(by.access(), person.user(), by.get(AdministratorsKey(())).await?))
}

/// Why the viewer cannot hire the person back.
pub async fn against_hiring(by: &View, person: &Visible<User>) -> Result<Vec<Code>> {
    if !person.shows_work(by.access()) {
        return Ok(vec![Code::NotPermitted]);
    }
    Ok(hire::standing_reasons(by.access(), person.user(), seats_free(by).await?))
}

/// Why the viewer cannot move the person to the extranet.
pub async fn against_moving_to_extranet(by: &View, person: &Visible<User>) -> Result<Vec<Code>> {
    if !person.shows_work(by.access()) {
        return Ok(vec![Code::NotPermitted]);
    }
    let (administrators, seats_free) = futures_util::try_join!(by.get(AdministratorsKey(())), seats_free(by))?;
    Ok(move_to_extranet::standing_reasons(by.access(), person.user(), administrators, seats_free))
}

async fn seats_free(by: &View) -> Result<bool> {
    let used = by.get(SeatsKey(())).await?.used();
    Ok(by.engine().licence().seat_limit.is_none_or(|limit| used < limit))
}
