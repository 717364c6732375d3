//! Tests of the whole: one binary, in which requests are methods on people.
//!
//! Every test of the API runs on SQLite and on PostgreSQL (`on_both!`). `scripts/test` starts the latter.

mod addresses;
mod architecture;
mod bad_input;
mod budgets;
mod cancel_reassignment;
mod cancelled;
mod cli;
mod create_feed_post;
mod delete_user;
mod deleted_people;
mod dismiss;
mod event_lists;
mod events;
mod extranet;
mod extranet_moves;
mod generate;
mod handing_over;
mod hire;
mod identity;
mod import;
mod invite;
mod matrix;
mod model;
mod move_to_extranet;
mod outbox;
mod races;
mod races_of_records;
mod readme;
mod reassign;
mod records;
mod schedule_meeting;
mod send_message;
mod stories;
mod structure;
mod support;
mod transfer_email;
mod two_nodes;
mod undo_reassignment;
mod update_user;
mod visibility;
