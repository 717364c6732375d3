//! Entry points for writing: one file for each mutation, with its input, its payload and the call of its action.

mod accept_invitation;
mod add_workgroup_members;
mod cancel_reassignment;
mod change_contact_email;
mod change_password;
mod confirm_login_email_change;
mod create_access_token;
mod create_department;
mod create_feed_post;
mod create_workgroup;
mod delete_owned_entities;
mod delete_user;
mod dismiss;
mod entity_input;
mod hire;
mod inputs;
mod invite;
mod move_to_extranet;
mod move_to_intranet;
mod outcome;
mod payload;
mod present_password;
mod reassign;
mod refresh_session;
mod release_email;
mod remove_workgroup_member;
mod request_login_email_change;
mod request_password_reset;
mod resend_invitation;
mod reset_password;
mod revoke_access_token;
mod revoke_invitation;
mod schedule_meeting;
mod send_message;
mod set_access;
mod sign_in;
mod sign_out;
mod transfer_email;
mod undo_reassignment;
mod update_settings;
mod update_user;
mod upsert_owned_entities;

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
    /// Start a session with address and password. Unknown, wrong, dismissed and invited all give the same answer.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: sign_in::SignInInput,
    ) -> Option<Result<sign_in::SignInPayload>> {
        Some(sign_in::run(ctx, input).await)
    }

    /// Get the next access token. Using a refresh token twice ends the session.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: refresh_session::RefreshSessionInput,
    ) -> Option<Result<refresh_session::RefreshSessionPayload>> {
        Some(refresh_session::run(ctx, input).await)
    }

    /// Accept an invitation with the token of the link and choose a password.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: accept_invitation::AcceptInvitationInput,
    ) -> Option<Result<accept_invitation::AcceptInvitationPayload>> {
        Some(accept_invitation::run(ctx, input).await)
    }

    /// Send the invitation again; the earlier link stops working.
    #[graphql(directive = requires_permission::apply(any_of(act::resend_invitation::ResendInvitation::REQUIRES)))]
    async fn resend_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: resend_invitation::ResendInvitationInput,
    ) -> Option<Result<resend_invitation::ResendInvitationPayload>> {
        Some(resend_invitation::run(ctx, input).await)
    }

    /// Take an invitation back. Who never belonged is removed, with address and seat freed; who was dismissed before is so again and keeps the address.
    #[graphql(directive = requires_permission::apply(any_of(act::revoke_invitation::RevokeInvitation::REQUIRES)))]
    async fn revoke_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: revoke_invitation::RevokeInvitationInput,
    ) -> Option<Result<revoke_invitation::RevokeInvitationPayload>> {
        Some(revoke_invitation::run(ctx, input).await)
    }

    /// Change a profile: one's own, or anybody's with USERS_UPDATE. A field left out is left alone; null clears `jobTitle`, `avatarUrl`, `departmentId` and `managerId`.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: update_user::UpdateUserInput,
    ) -> Option<Result<update_user::UpdateUserPayload>> {
        Some(update_user::run(ctx, input).await)
    }

    /// Change what a person may do. Takes effect with their next request.
    #[graphql(directive = requires_permission::apply(any_of(act::set_access::SetAccess::REQUIRES)))]
    async fn set_access(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: set_access::SetAccessInput,
    ) -> Option<Result<set_access::SetAccessPayload>> {
        Some(set_access::run(ctx, input).await)
    }

    /// Hand records over, whatever the status of the person who has them: no re-hiring is ever needed.
    #[graphql(directive = requires_permission::apply(any_of(act::reassign::Reassign::REQUIRES)))]
    async fn reassign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: reassign::ReassignInput,
    ) -> Option<Result<reassign::ReassignPayload>> {
        Some(reassign::run(ctx, input).await)
    }

    /// Stop a reassignment that still runs.
    #[graphql(directive = requires_permission::apply(any_of(act::cancel_reassignment::CancelReassignment::REQUIRES)))]
    async fn cancel_reassignment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: cancel_reassignment::CancelReassignmentInput,
    ) -> Option<Result<cancel_reassignment::CancelReassignmentPayload>> {
        Some(cancel_reassignment::run(ctx, input).await)
    }

    /// Give everything back that has not been changed or handed on since. Open to its author and administrators for 30 days.
    #[graphql(directive = requires_permission::apply(any_of(act::undo_reassignment::UndoReassignment::REQUIRES)))]
    async fn undo_reassignment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: undo_reassignment::UndoReassignmentInput,
    ) -> Option<Result<undo_reassignment::UndoReassignmentPayload>> {
        Some(undo_reassignment::run(ctx, input).await)
    }

    /// Move an address from whoever holds it, dismissed or not, to somebody else, in one step and without temporary addresses.
    #[graphql(directive = requires_permission::apply(any_of(act::transfer_email::TransferEmail::REQUIRES)))]
    async fn transfer_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: transfer_email::TransferEmailInput,
    ) -> Option<Result<transfer_email::TransferEmailPayload>> {
        Some(transfer_email::run(ctx, input).await)
    }

    /// Delete an account for good. Its records keep place, time and order, and belong to the System User or a successor; the address is free at once.
    #[graphql(directive = requires_permission::apply(any_of(act::delete_user::DeleteUser::REQUIRES)))]
    async fn delete_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: delete_user::DeleteUserInput,
    ) -> Option<Result<delete_user::DeleteUserPayload>> {
        Some(delete_user::run(ctx, input).await)
    }

    /// Change settings. A field left out is left alone. Takes effect for everybody with their next request.
    #[graphql(directive = requires_permission::apply(any_of(act::update_settings::UpdateSettings::REQUIRES)))]
    async fn update_settings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: update_settings::UpdateSettingsInput,
    ) -> Option<Result<update_settings::UpdateSettingsPayload>> {
        Some(update_settings::run(ctx, input).await)
    }

    /// Create an access token for oneself.
    async fn create_access_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: create_access_token::CreateAccessTokenInput,
    ) -> Option<Result<create_access_token::CreateAccessTokenPayload>> {
        Some(create_access_token::run(ctx, input).await)
    }

    /// Revoke an access token: one's own, or anybody's with TOKENS_MANAGE. Repeating it changes nothing.
    async fn revoke_access_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: revoke_access_token::RevokeAccessTokenInput,
    ) -> Option<Result<revoke_access_token::RevokeAccessTokenPayload>> {
        Some(revoke_access_token::run(ctx, input).await)
    }

    /// Create a department.
    #[graphql(directive = requires_permission::apply(any_of(act::create_department::CreateDepartment::REQUIRES)))]
    async fn create_department(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: create_department::CreateDepartmentInput,
    ) -> Option<Result<create_department::CreateDepartmentPayload>> {
        Some(create_department::run(ctx, input).await)
    }

    /// Create a workgroup.
    #[graphql(directive = requires_permission::apply(any_of(act::create_workgroup::CreateWorkgroup::REQUIRES)))]
    async fn create_workgroup(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: create_workgroup::CreateWorkgroupInput,
    ) -> Option<Result<create_workgroup::CreateWorkgroupPayload>> {
        Some(create_workgroup::run(ctx, input).await)
    }

    /// Add people to a workgroup. Who belongs to it already gets the role, when one is given.
    #[graphql(directive = requires_permission::apply(any_of(act::add_workgroup_members::AddWorkgroupMembers::REQUIRES)))]
    async fn add_workgroup_members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: add_workgroup_members::AddWorkgroupMembersInput,
    ) -> Option<Result<add_workgroup_members::AddWorkgroupMembersPayload>> {
        Some(add_workgroup_members::run(ctx, input).await)
    }

    /// End a membership.
    #[graphql(directive = requires_permission::apply(any_of(act::remove_workgroup_member::RemoveWorkgroupMember::REQUIRES)))]
    async fn remove_workgroup_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: remove_workgroup_member::RemoveWorkgroupMemberInput,
    ) -> Option<Result<remove_workgroup_member::RemoveWorkgroupMemberPayload>> {
        Some(remove_workgroup_member::run(ctx, input).await)
    }

    /// Write to a person.
    async fn send_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: send_message::SendMessageInput,
    ) -> Option<Result<send_message::SendMessagePayload>> {
        Some(send_message::run(ctx, input).await)
    }

    /// Post to a workgroup or to the company.
    async fn create_feed_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: create_feed_post::CreateFeedPostInput,
    ) -> Option<Result<create_feed_post::CreateFeedPostPayload>> {
        Some(create_feed_post::run(ctx, input).await)
    }

    /// Invite people to a meeting.
    async fn schedule_meeting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: schedule_meeting::ScheduleMeetingInput,
    ) -> Option<Result<schedule_meeting::ScheduleMeetingPayload>> {
        Some(schedule_meeting::run(ctx, input).await)
    }

    /// Create or change up to 500 records in one transaction: all or none. How integrations keep them in step.
    #[graphql(directive = requires_permission::apply(any_of(act::upsert_owned_entities::UpsertOwnedEntities::REQUIRES)))]
    async fn upsert_owned_entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: upsert_owned_entities::UpsertOwnedEntitiesInput,
    ) -> Option<Result<upsert_owned_entities::UpsertOwnedEntitiesPayload>> {
        Some(upsert_owned_entities::run(ctx, input).await)
    }

    /// Delete up to 500 records in one transaction.
    #[graphql(directive = requires_permission::apply(any_of(act::delete_owned_entities::DeleteOwnedEntities::REQUIRES)))]
    async fn delete_owned_entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: delete_owned_entities::DeleteOwnedEntitiesInput,
    ) -> Option<Result<delete_owned_entities::DeleteOwnedEntitiesPayload>> {
        Some(delete_owned_entities::run(ctx, input).await)
    }

    /// Free an address in all its roles, so that it can be invited at once.
    #[graphql(directive = requires_permission::apply(any_of(act::release_email::ReleaseEmail::REQUIRES)))]
    async fn release_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: release_email::ReleaseEmailInput,
    ) -> Option<Result<release_email::ReleaseEmailPayload>> {
        Some(release_email::run(ctx, input).await)
    }

    /// Change a contact address: one's own, or anybody's, dismissed people included, with EMAILS_MANAGE.
    async fn change_contact_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: change_contact_email::ChangeContactEmailInput,
    ) -> Option<Result<change_contact_email::ChangeContactEmailPayload>> {
        Some(change_contact_email::run(ctx, input).await)
    }

    /// Ask to sign in with another address: it is reserved, and a link is sent to it.
    async fn request_login_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: request_login_email_change::RequestLoginEmailChangeInput,
    ) -> Option<Result<request_login_email_change::RequestLoginEmailChangePayload>> {
        Some(request_login_email_change::run(ctx, input).await)
    }

    /// Confirm the address with the token of the link. The contact address stays. All sessions end but the caller's own.
    async fn confirm_login_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: confirm_login_email_change::ConfirmLoginEmailChangeInput,
    ) -> Option<Result<confirm_login_email_change::ConfirmLoginEmailChangePayload>> {
        Some(confirm_login_email_change::run(ctx, input).await)
    }

    /// Change one's own password. Other sessions end.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: change_password::ChangePasswordInput,
    ) -> Option<Result<change_password::ChangePasswordPayload>> {
        Some(change_password::run(ctx, input).await)
    }

    /// Ask for a link to choose a new password. The answer is the same whether or not somebody active signs in with the address.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: request_password_reset::RequestPasswordResetInput,
    ) -> Option<Result<request_password_reset::RequestPasswordResetPayload>> {
        Some(request_password_reset::run(ctx, input).await)
    }

    /// Choose a new password with the token of the link, which works once and for one hour. All sessions end.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: reset_password::ResetPasswordInput,
    ) -> Option<Result<reset_password::ResetPasswordPayload>> {
        Some(reset_password::run(ctx, input).await)
    }

    /// Turn an external participant into an employee.
    #[graphql(directive = requires_permission::apply(any_of(act::move_to_intranet::MoveToIntranet::REQUIRES)))]
    async fn move_to_intranet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do.")] input: move_to_intranet::MoveToIntranetInput,
    ) -> Option<Result<move_to_intranet::MoveToIntranetPayload>> {
        Some(move_to_intranet::run(ctx, input).await)
    }

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
    SignIn(sign_in::SignInError),
    RefreshSession(refresh_session::RefreshSessionError),
    AcceptInvitation(accept_invitation::AcceptInvitationError),
    ResendInvitation(resend_invitation::ResendInvitationError),
    RevokeInvitation(revoke_invitation::RevokeInvitationError),
    UpdateUser(update_user::UpdateUserError),
    SetAccess(set_access::SetAccessError),
    Reassign(reassign::ReassignError),
    CancelReassignment(cancel_reassignment::CancelReassignmentError),
    UndoReassignment(undo_reassignment::UndoReassignmentError),
    TransferEmail(transfer_email::TransferEmailError),
    DeleteUser(delete_user::DeleteUserError),
    UpdateSettings(update_settings::UpdateSettingsError),
    CreateAccessToken(create_access_token::CreateAccessTokenError),
    RevokeAccessToken(revoke_access_token::RevokeAccessTokenError),
    CreateDepartment(create_department::CreateDepartmentError),
    CreateWorkgroup(create_workgroup::CreateWorkgroupError),
    AddWorkgroupMembers(add_workgroup_members::AddWorkgroupMembersError),
    RemoveWorkgroupMember(remove_workgroup_member::RemoveWorkgroupMemberError),
    SendMessage(send_message::SendMessageError),
    CreateFeedPost(create_feed_post::CreateFeedPostError),
    ScheduleMeeting(schedule_meeting::ScheduleMeetingError),
    UpsertOwnedEntities(upsert_owned_entities::UpsertOwnedEntitiesError),
    DeleteOwnedEntities(delete_owned_entities::DeleteOwnedEntitiesError),
    ReleaseEmail(release_email::ReleaseEmailError),
    ChangeContactEmail(change_contact_email::ChangeContactEmailError),
    RequestLoginEmailChange(request_login_email_change::RequestLoginEmailChangeError),
    ConfirmLoginEmailChange(confirm_login_email_change::ConfirmLoginEmailChangeError),
    ChangePassword(change_password::ChangePasswordError),
    RequestPasswordReset(request_password_reset::RequestPasswordResetError),
    ResetPassword(reset_password::ResetPasswordError),
    MoveToIntranet(move_to_intranet::MoveToIntranetError),
    SignOut(sign_out::SignOutError),
    Invite(invite::InviteError),
    Dismiss(dismiss::DismissError),
    Hire(hire::HireError),
    MoveToExtranet(move_to_extranet::MoveToExtranetError),
}
