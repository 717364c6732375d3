//! Two servers on one PostgreSQL: what one of them commits, the other obeys with the next request (I4, S5).

use serde_json::json;

use crate::support::backend::Backend;
use crate::support::office::Office;
use crate::support::rounds;

const VIEWER: &str = "{ viewer { user { id } } }";

/// I4: 1,000 tries, each with a fresh session, a refresh token and an access token of somebody who is then dismissed on the other node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_ends_on_every_node_at_once() {
    let office = Office::open(Backend::Postgres).await;
    let company = &office.company;
    let other = office.another_server().await;
    let hr = office.sign_in(&company.hr).await;
    let mut emma = office.sign_in(&company.emma).await;
    for round in 0..rounds(1_000) {
        let token = if round % 10 == 0 {
            let created = emma.run("createAccessToken", json!({"name": "sync", "permissions": ["USERS_READ"]}), "secret").await.ok();
            Some(other.with_token(&created.text("secret")))
        } else {
            None
        };
        let elsewhere = emma.at(other.url("/graphql"));
        elsewhere.query(VIEWER, json!({})).await.ok();
        hr.run("dismiss", json!({"userId": company.emma.id}), "user { status }").await.ok();
        assert_eq!(elsewhere.query(VIEWER, json!({})).await.status, 401, "round {round}: session");
        let refreshed =
            other.anonymous().run("refreshSession", json!({"refreshToken": emma.refresh_token()}), "session { expiresAt }").await;
        refreshed.refused("SESSION_ENDED");
        if let Some(token) = token {
            assert_eq!(token.query(VIEWER, json!({})).await.status, 401, "round {round}: access token");
        }
        hr.run("hire", json!({"userId": company.emma.id}), "user { status }").await.ok();
        assert_eq!(elsewhere.query(VIEWER, json!({})).await.status, 401, "round {round}: hire revives nothing");
        emma = office.sign_in(&company.emma).await;
    }
}
