//! The rules of tenure: who works here, who has left, and who answers for what they left behind.
//!
//! No web and no SQL in here. An [`actions`] value says what is to happen, [`engine::Engine`] makes it happen in one transaction of
//! a [`storage::Storage`], and [`policy`] alone decides who may see and do what. Rule ids (I1, R7, …) are those of the domain document.

pub mod account;
pub mod actions;
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod credential;
pub mod deadline;
pub mod email;
pub mod engine;
pub mod event;
pub mod id;
pub mod mail;
pub mod memory;
pub mod page;
pub mod permission;
pub mod policy;
pub mod reassignment;
pub mod record;
pub mod rejection;
pub mod secret;
pub mod settings;
pub mod steps;
pub mod storage;
pub mod structure;
pub mod text;
pub mod time;
pub mod user;
pub mod work;
