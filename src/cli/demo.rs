//! `tenure demo`: a company to try things out on.

use std::io::Write;
use std::sync::Arc;

use tenure_core::clock::{Clock, SystemClock};

use super::database::Database;
use super::problem::Problem;
use crate::config::Config;
use crate::demo;
use crate::http::{Server, asked_to_end, listen};
use crate::identity::password::Passwords;

/// Makes the company, unless it is there, says how to get in, and serves.
pub async fn run(config: Config) -> Result<(), Problem> {
    // First of all, so that a port in use leaves nothing behind.
    let listener = listen(&config).await?;
    let database = Database::connect(&config).await?;
    database.migrate().await?;
    let storage = database.storage();
    let clock = Arc::new(SystemClock);
    let server = Server::on(listener, config, storage.clone(), clock.clone())?;
    if demo::is_empty(&*storage).await? {
        let passwords = Passwords::new().map_err(|e| Problem::failed(e.to_string()))?;
        let hash = passwords.hash(demo::PASSWORD).await.map_err(|e| Problem::failed(e.to_string()))?;
        demo::fill(&*storage, clock.now(), &hash).await?;
    }
    let end = asked_to_end().map_err(|e| Problem::failed(e.to_string()))?;
    // It listens already: whoever waits for the lines can go on at once.
    announce(&server.address().to_string()).map_err(|e| Problem::failed(e.to_string()))?;
    server.run(end).await;
    database.close().await;
    Ok(())
}

fn announce(address: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "GraphQL:  http://{address}/graphql\nGraphiQL: http://{address}/graphiql")?;
    for (role, email) in demo::SIGN_INS {
        writeln!(out, "{role}: {email} / {}", demo::PASSWORD)?;
    }
    out.flush()
}
