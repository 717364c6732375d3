//! The sea-orm models of tenure's tables: one file for each, nothing else. What columns mean is said in `tenure-core`, how they are
//! stored in `tenure-migration`.

// The columns are named after the fields of `tenure-core`, where they are documented.
#![allow(missing_docs)]

pub mod access_token;
pub mod address;
pub mod app_user;
pub mod conversation;
pub mod department;
pub mod event;
pub mod event_counter;
pub mod feed_post;
pub mod former_person;
pub mod idempotency;
pub mod import_key;
pub mod invitation;
pub mod link;
pub mod mail_outbox;
pub mod meeting;
pub mod meeting_part;
pub mod membership;
pub mod message;
pub mod ownership_change;
pub mod password;
pub mod reassignment;
pub mod reassignment_successor;
pub mod record;
pub mod record_detail;
pub mod record_word;
pub mod refresh_token;
pub mod session;
pub mod settings;
pub mod task_participant;
pub mod user_word;
pub mod workgroup;
