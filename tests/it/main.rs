//! Tests of the whole: one binary, in which requests are methods on people.
//!
//! Every test of the API runs on SQLite and on PostgreSQL (`on_both!`). `scripts/test` starts the latter.

mod addresses;
mod architecture;
mod bad_input;
mod budgets;
mod cancelled;
mod change_password;
mod cli;
mod confirm_login_email_change;
mod dismiss;
mod email_usage;
mod hire;
mod identity;
mod invite;
mod move_to_extranet;
mod races;
mod races_of_records;
mod readme;
mod reassign;
mod records;
mod request_login_email_change;
mod request_password_reset;
mod reset_password;
mod stories;
mod structure;
mod support;
mod transfer_email;
mod transfer_matrix;
mod two_nodes;
mod update_user;
mod visibility;
