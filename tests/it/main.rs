//! Tests of the whole: one binary, in which requests are methods on people.
//!
//! Every test of the API runs on SQLite and on PostgreSQL (`on_both!`). `scripts/test` starts the latter.

mod architecture;
mod readme;
mod support;
