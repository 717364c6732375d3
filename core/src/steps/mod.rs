//! Steps that several actions share: no action calls another, they call these.

pub mod addresses;
pub mod audience;
pub mod checks;
pub mod departure;
pub mod handover;
pub mod inheritance;
pub mod input;
pub mod invitations;
pub mod links;
pub mod memberships;
pub mod record_input;
