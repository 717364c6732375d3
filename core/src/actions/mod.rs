//! What happens to people, records, rights and structure: one file for each, named after the mutation.
//!
//! An action is a value. Its `parse` answers all faults of shape at once; `locks` says which rows it must hold; `run` looks for reasons
//! against it (the first by rule R11 is answered) and then does it. What several share is in [`crate::steps`].

pub mod accept_invitation;
pub mod add_workgroup_members;
pub mod cancel_reassignment;
pub mod change_contact_email;
pub mod change_password;
pub mod confirm_login_email_change;
pub mod create_access_token;
pub mod create_department;
pub mod create_feed_post;
pub mod create_user;
pub mod create_workgroup;
pub mod delete_owned_entities;
pub mod delete_user;
pub mod dismiss;
pub mod hire;
pub mod invite;
pub mod move_to_extranet;
pub mod move_to_intranet;
pub mod reassign;
pub mod refresh_session;
pub mod release_email;
pub mod remove_workgroup_member;
pub mod request_login_email_change;
pub mod request_password_reset;
pub mod resend_invitation;
pub mod reset_password;
pub mod revoke_access_token;
pub mod revoke_invitation;
pub mod schedule_meeting;
pub mod send_message;
pub mod set_access;
pub mod sign_in;
pub mod sign_out;
pub mod transfer_email;
pub mod undo_reassignment;
pub mod update_settings;
pub mod update_user;
pub mod upsert_owned_entities;
