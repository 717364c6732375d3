//! Entry points for writing: one file for each mutation, with its input, its payload and the call of its action.

mod dismiss;
mod hire;
mod inputs;
mod invite;
mod move_to_extranet;
mod outcome;
mod payload;
mod sign_out;

use async_graphql::{Context, Interface, Object};
use tenure_core::actions as act;
use tenure_core::engine::Action;

use super::error::Result;
use super::needs::{any_of, requires_permission};

pub use dismiss::DismissErrorCode;
pub use hire::HireErrorCode;
pub use move_to_extranet::MoveToExtranetErrorCode;

/// The root of writing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mutation;

/// Entry points for writing. Every payload is nullable: an unexpected failure of one mutation leaves the results of the others intact.
#[Object]
impl Mutation {
    /// End this session, or all of one's sessions.
    async fn sign_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: sign_out::SignOutInput,
    ) -> Option<Result<sign_out::SignOutPayload>> {
        Some(sign_out::run(ctx, input).await)
    }

    /// Invite somebody by email. Takes a seat.
    #[graphql(directive = requires_permission::apply(any_of(act::invite::Invite::REQUIRES)))]
    async fn invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: invite::InviteInput,
    ) -> Option<Result<invite::InvitePayload>> {
        Some(invite::run(ctx, input).await)
    }

    /// Dismiss a person: access ends at once and everywhere, the seat is freed, everything they made stays.
    #[graphql(directive = requires_permission::apply(any_of(act::dismiss::Dismiss::REQUIRES)))]
    async fn dismiss(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: dismiss::DismissInput,
    ) -> Option<Result<dismiss::DismissPayload>> {
        Some(dismiss::run(ctx, input).await)
    }

    /// Hire a dismissed person back: same account, departments and workgroups; old sessions, tokens and rights stay dead.
    #[graphql(directive = requires_permission::apply(any_of(act::hire::Hire::REQUIRES)))]
    async fn hire(&self, ctx: &Context<'_>, #[graphql(desc = "What to do.")] input: hire::HireInput) -> Option<Result<hire::HirePayload>> {
        Some(hire::run(ctx, input).await)
    }

    /// Turn an employee, active or dismissed, into an external participant who keeps account, history and address. All inside rights end.
    #[graphql(directive = requires_permission::apply(any_of(act::move_to_extranet::MoveToExtranet::REQUIRES)))]
    async fn move_to_extranet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: move_to_extranet::MoveToExtranetInput,
    ) -> Option<Result<move_to_extranet::MoveToExtranetPayload>> {
        Some(move_to_extranet::run(ctx, input).await)
    }
}

/// An expected failure of a mutation, meant to be shown to the person at the screen.
#[derive(Interface)]
#[graphql(
    field(name = "message", ty = "&String", desc = "Text for people; do not match on it."),
    field(name = "field", ty = "&Option<Vec<String>>", desc = "Path of the input field at fault; null when it is not about one field.")
)]
#[allow(missing_docs)]
pub enum UserError {
    SignOut(sign_out::SignOutError),
    Invite(invite::InviteError),
    Dismiss(dismiss::DismissError),
    Hire(hire::HireError),
    MoveToExtranet(move_to_extranet::MoveToExtranetError),
}
