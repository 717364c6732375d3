//! x
pub mod config;
pub mod demo;
pub mod graphql;
pub mod identity;
pub mod mail;
pub mod telemetry;
