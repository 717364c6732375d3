//! Turns: who waits for a place among what runs, and how much of it one caller may have.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tenure::config::Limits;
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::storage::{LockMode, Storage, Transaction};

use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;
use crate::support::socket::Heard;

const VIEWER: &str = "{ viewer { user { id } } }";
const RENAME: &str = "mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { jobTitle } userErrors { code } } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { session { expiresAt } userErrors { code } } }";

/// Operations that wait must be told from those that run by whether they are answered within this.
const A_MOMENT: Duration = Duration::from_millis(300);

/// Holds the row that every change of Eva needs, or all writing where there is one writer.
async fn hold(office: &Office) -> Box<dyn Transaction> {
    let mut held = office.storage.begin().await.expect("a transaction");
    held.users_lock(&[(office.company.eva.id, LockMode::Exclusive)]).await.expect("the lock");
    held
}

async fn with_places(db: crate::support::backend::Backend, concurrency: usize, queue_milliseconds: usize) -> Office {
    Office::open_with(db, |mut wish| {
        wish.config.limits = Limits { concurrency, queue_milliseconds, ..Limits::default() };
        wish
    })
    .await
}

on_both! {
    /// I4: what was committed while somebody waited, on whatever node, counts when their turn comes.
    async fn i4_who_is_dismissed_while_waiting_for_a_place_is_not_served(db: Backend) {
        let office = with_places(db, 1, 9_000).await;
        let company = &office.company;
        let (ann, hr, emma) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await, office.sign_in(&company.emma).await);
        let (mut socket, node) = (emma.socket().await, office.another_server().await);
        let mut held = hold(&office).await;
        let rename = json!({"input": {"userId": company.eva.id, "jobTitle": "Waited for"}});
        let slow = tokio::spawn(async move { ann.query(RENAME, rename).await });
        // Once the change has the place, which takes as long as it takes.
        let asked = loop {
            let emma = emma.clone();
            let asked = tokio::spawn(async move { emma.query(VIEWER, json!({})).await });
            tokio::time::sleep(A_MOMENT).await;
            if !asked.is_finished() {
                break asked;
            }
            asked.await.expect("an answer").ok();
        };
        let stream = emma.request(Method::POST).header("accept", "text/event-stream").json(&json!({"query": VIEWER}));
        let stream = tokio::spawn(async move { stream.send().await.expect("an answer").status() });
        socket.subscribe("1", VIEWER, json!({})).await;
        assert_eq!(socket.hear_within(A_MOMENT).await, None, "it waits");
        if db == Backend::Postgres {
            let dismissed = hr.at(node.url("/graphql")).run("dismiss", json!({"userId": company.emma.id}), "user { status }").await;
            dismissed.ok();
        } else {
            // All writing waits for the one that is held: this is what a dismissal does there.
            held.sessions_end_of(company.emma.id, None, SystemClock.now()).await.expect("an end");
        }
        assert!(!asked.is_finished() && !stream.is_finished(), "they wait still");
        held.commit().await.expect("a commit");
        slow.await.expect("an answer").ok();
        assert_eq!(asked.await.expect("an answer").status, 401);
        assert_eq!(stream.await.expect("a status"), 401);
        assert!(matches!(socket.hear().await, Heard::Closed(4403, _)));
    }

    /// Who has half of the places waits for their own; others find the rest free.
    async fn nobody_has_all_places(db: Backend) {
        let office = with_places(db, 4, 600).await;
        let (ann, ben) = (office.sign_in(&office.company.ann).await, office.sign_in(&office.company.ben).await);
        let held = hold(&office).await;
        let rename = json!({"input": {"userId": office.company.eva.id, "jobTitle": "Waited for"}});
        let slow: Vec<_> = (0..2)
            .map(|_| {
                let (ann, rename) = (ann.clone(), rename.clone());
                tokio::spawn(async move { ann.query(RENAME, rename).await })
            })
            .collect();
        let mut refused = ann.query(VIEWER, json!({})).await;
        for _ in 0..50 {
            if refused.status == 503 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            refused = ann.query(VIEWER, json!({})).await;
        }
        ben.query(VIEWER, json!({})).await.ok();
        drop(held);
        let refused = refused.fails("SERVICE_UNAVAILABLE");
        assert_eq!((refused.status.as_u16(), refused.headers["retry-after"].to_str().ok()), (503, Some("1")));
        let error = &refused.body["errors"][0];
        assert_eq!(error["extensions"]["limit"], 2);
        assert!(error["message"].as_str().is_some_and(|text| text.contains("share of 4") && text.ends_with('.')), "{error:#}");
        for slow in slow {
            slow.await.expect("an answer").ok();
        }
        ann.query(VIEWER, json!({})).await.ok();
    }

    /// However much one caller asks for at once, there are connections left for reading what others ask for. Statements that wait for a table
    /// stand for dear ones; SQLite has nothing to make readers wait with, see the tests of the storage.
    async fn nobody_has_all_connections(db: Backend) {
        let office = Office::open(db).await;
        let (ann, ben) = (office.sign_in(&office.company.ann).await, office.sign_in(&office.company.ben).await);
        let held = tokio::spawn({
            let database = office.database.url.clone();
            async move {
                if db == Backend::Postgres {
                    let dear = "BEGIN; LOCK TABLE record IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1.6); COMMIT";
                    crate::support::backend::run(&database, dear).await;
                }
            }
        });
        tokio::time::sleep(A_MOMENT).await;
        let dear: Vec<_> = (0..16)
            .map(|_| {
                let ann = ann.clone();
                tokio::spawn(async move { ann.query("{ ownedEntities(first: 5) { nodes { id } } }", json!({})).await })
            })
            .collect();
        tokio::time::sleep(A_MOMENT).await;
        for _ in 0..5 {
            ben.query(VIEWER, json!({})).await.ok();
        }
        assert!(db == Backend::Sqlite || !held.is_finished(), "nobody waited for anybody");
        for dear in dear {
            dear.await.expect("an answer").ok();
        }
        held.await.expect("an end");
    }

    /// S3: nobody failed, so nobody is in anybody's way, however many sign in at once on one address.
    async fn s3_right_passwords_at_once_are_all_let_in(db: Backend) {
        let office = Office::open(db).await;
        let stranger = office.server.anonymous();
        let input = json!({"input": {"email": office.company.emma.email, "password": PASSWORD}});
        let answers = futures_util::future::join_all((0..24).map(|_| stranger.query(SIGN_IN, input.clone()))).await;
        for answer in answers {
            assert_eq!(answer.ok().at("signIn.userErrors"), &json!([]));
        }
    }

    /// S3: of thirty wrong ones at once ten are compared, and then the right one is refused, too.
    async fn s3_wrong_passwords_at_once_are_counted_exactly(db: Backend) {
        let office = Office::open(db).await;
        let stranger = office.server.anonymous();
        let input = |password: &str| json!({"input": {"email": office.company.emma.email, "password": password}});
        let before = tenure::identity::password::worked();
        let answers = futures_util::future::join_all((0..30).map(|_| stranger.query(SIGN_IN, input("wrong password 12")))).await;
        let compared = tenure::identity::password::worked() - before;
        let code = |answer: crate::support::answer::Answer| answer.ok().text("signIn.userErrors.0.code");
        let codes: Vec<String> = answers.into_iter().map(code).collect();
        let count = |code: &str| codes.iter().filter(|c| *c == code).count();
        assert_eq!((count("INVALID_CREDENTIALS"), count("RATE_LIMITED")), (10, 20), "{codes:?}");
        assert_eq!(compared, 10, "each test is a process of its own");
        assert_eq!(code(stranger.query(SIGN_IN, input(PASSWORD)).await), "RATE_LIMITED");
    }
}
