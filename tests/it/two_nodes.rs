//! Two server processes on one PostgreSQL: what one of them commits, the other obeys with the next request (I4, S5).

use serde_json::json;

use crate::support::backend::Backend;
use crate::support::office::{Office, PASSWORD};
use crate::support::person::Person;
use crate::support::process::{Served, tenure};
use crate::support::rounds;

const VIEWER: &str = "{ viewer { user { id } } }";

/// One more node of the company's server, as a process of its own; nodes share the key file.
async fn node(office: &Office) -> Served {
    let folder = office.database.folder.path();
    let mut command = tenure(folder, &["serve"]);
    command
        .env("TENURE_DATABASE_URL", &office.database.url)
        .env("TENURE_KEY_FILE", folder.join("keys.json"))
        .env("TENURE_MAIL", format!("file:{}", folder.join("mail").display()))
        .env("TENURE_PROFILE", "development");
    Served::start(command).await
}

fn graphql(node: &Served) -> String {
    format!("{}/graphql", node.base)
}

/// I4: 1,000 tries, each with a session, its refresh token and (every tenth) an access token of somebody who is then dismissed on the
/// other node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_ends_on_every_node_at_once() {
    let office = Office::open(Backend::Postgres).await;
    let company = &office.company;
    let (one, other) = (node(&office).await, node(&office).await);
    let mut hr = Person::sign_in(graphql(&one), &company.hr.email, PASSWORD).await;
    let stranger = Person::anonymous(graphql(&other));
    for round in 0..rounds(1_000) {
        if round % 200 == 199 {
            // A JWT works ten minutes; many rounds take longer.
            hr = Person::sign_in(graphql(&one), &company.hr.email, PASSWORD).await;
        }
        let emma = Person::sign_in(graphql(&one), &company.emma.email, PASSWORD).await;
        let token = if round % 10 == 0 {
            let created = emma.run("createAccessToken", json!({"name": "sync", "permissions": ["USERS_READ"]}), "secret").await.ok();
            Some(Person::with_token(graphql(&other), &created.text("secret")))
        } else {
            None
        };
        let elsewhere = emma.at(graphql(&other));
        elsewhere.query(VIEWER, json!({})).await.ok();
        hr.run("dismiss", json!({"userId": company.emma.id}), "user { status }").await.ok();
        assert_eq!(elsewhere.query(VIEWER, json!({})).await.status, 401, "round {round}: session");
        let refreshed = stranger.run("refreshSession", json!({"refreshToken": emma.refresh_token()}), "session { expiresAt }").await;
        refreshed.refused("SESSION_ENDED");
        if let Some(token) = token {
            assert_eq!(token.query(VIEWER, json!({})).await.status, 401, "round {round}: access token");
        }
        hr.run("hire", json!({"userId": company.emma.id}), "user { status }").await.ok();
        assert_eq!(elsewhere.query(VIEWER, json!({})).await.status, 401, "round {round}: hire revives nothing");
    }
    one.kill().await;
    other.kill().await;
}
