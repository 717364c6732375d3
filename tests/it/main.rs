//! Tests of the whole: one binary, in which requests are methods on people.
//!
//! Every test of the API runs on SQLite and on PostgreSQL (`on_both!`). `scripts/test` starts the latter.

mod addresses;
mod architecture;
mod bad_input;
mod budgets;
mod cancelled;
mod cli;
mod dismiss;
mod generate;
mod hire;
mod identity;
mod import;
mod invite;
mod move_to_extranet;
mod races;
mod races_of_records;
mod readme;
mod reassign;
mod records;
mod stories;
mod structure;
mod support;
mod transfer_email;
mod two_nodes;
mod update_user;
mod visibility;
