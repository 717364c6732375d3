//! x
pub mod config;
pub mod identity;
pub mod mail;
pub mod telemetry;
