//! `tenure schema`: the schema as text.

use std::io::Write;
use std::sync::Arc;

use tenure_core::clock::SystemClock;
use tenure_core::engine::{Engine, Licence};
use tenure_core::mail::NoMail;
use tenure_core::memory::MemoryStorage;

use super::problem::Problem;
use crate::config::Config;
use crate::graphql::Api;
use crate::identity::Identity;

/// Prints it. Needs no database, and leaves no key file behind.
pub async fn run(config: Config) -> Result<(), Problem> {
    let clock = Arc::new(SystemClock);
    let identity = Arc::new(Identity::of_this_process(clock.clone())?);
    let licence = Licence { seat_limit: config.seat_limit, plan: config.plan.clone() };
    let engine = Arc::new(Engine::new(Arc::new(MemoryStorage::new()), clock, Arc::new(NoMail), identity.link_key(), licence));
    let sdl = Api::new(engine, identity, Arc::new(config)).sdl();
    writeln!(std::io::stdout(), "{}", sdl.trim_end()).map_err(|e| Problem::failed(e.to_string()))
}
