//! tenure: a GraphQL API server for what happens to people at work.
//!
//! Who brings their own storage implements the traits of [`tenure_core::storage`] and calls [`serve`].

/// A place where a test can make the process die, as `kill -9` would: `FAILPOINTS=name=return`. Nothing at all in what is built for people.
macro_rules! dies_at {
    ($name:expr) => {
        fail::fail_point!($name, |_| std::process::abort())
    };
}

pub mod bulk;
#[cfg(feature = "sea-orm")]
pub mod cli;
pub mod config;
pub mod demo;
pub mod graphql;
pub mod http;
pub mod identity;
pub mod live;
pub mod mail;
#[cfg(feature = "sea-orm")]
pub mod storage;
pub mod telemetry;

use std::sync::Arc;

use tenure_core::clock::SystemClock;
use tenure_core::storage::Storage;

pub use config::Config;
pub use http::{ServeError, Server};

/// Serves a storage until the process is asked to end (SIGTERM, SIGINT); its migrations are its own affair.
pub async fn serve(config: Config, storage: Arc<dyn Storage>) -> Result<(), ServeError> {
    let server = Server::bind(config, storage, Arc::new(SystemClock)).await?;
    let end = http::asked_to_end()?;
    tracing::info!(listen = %server.address(), "serving");
    server.run(end).await;
    Ok(())
}
