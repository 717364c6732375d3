//! GraphQL over HTTP: all audits of npm `graphql-http`, by whoever asks.

use crate::support::clients::{lines_of, node};
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::server::{Server, Wish};

const AUDITS: usize = 61;

async fn audit(url: &str, token: Option<&str>) {
    let mut command = node("audits.mjs", &[url]);
    command.env_remove("TENURE_TEST_TOKEN");
    if let Some(token) = token {
        command.env("TENURE_TEST_TOKEN", token);
    }
    let lines = lines_of(command).await;
    let failed: Vec<&String> = lines.iter().filter(|line| !line.starts_with("ok ")).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(lines.len(), AUDITS);
}

on_both! {
    /// PLATFORM §3
    async fn all_audits_of_graphql_over_http_are_ok_for_strangers_and_for_colleagues(db: Backend) {
        let office = Office::open(db).await;
        let ben = office.sign_in(&office.company.ben).await;
        let url = office.server.url("/graphql");
        audit(&url, None).await;
        audit(&url, Some(ben.token())).await;
        // In production the schema is for who is signed in.
        let production = Server::start(Wish::on(&office.database).in_production()).await;
        audit(&production.url("/graphql"), Some(ben.token())).await;
    }
}
