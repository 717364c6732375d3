//! x
pub mod config;
pub mod demo;
pub mod graphql;
pub mod identity;
pub mod mail;
#[cfg(feature = "sea-orm")]
pub mod storage;
pub mod telemetry;
