//! The standard clients of live data, npm `graphql-ws` and `graphql-sse`, unchanged: they listen, lose sign-in, come again and resume.

use std::time::Duration;

use serde_json::json;

use crate::support::clients::{lines_of, node};
use crate::support::history::latest;
use crate::support::office::Office;
use crate::support::on_both;

/// How many events each client waits for; half of them before sign-in is lost.
const EVENTS: usize = 6;

on_both! {
    /// I4, PLATFORM §3
    async fn standard_clients_come_again_with_a_fresh_token_and_resume(db: Backend) {
        let office = Office::open(db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let (first, second) = (office.sign_in(&office.company.ann).await, office.sign_in(&office.company.ann).await);
        let file = office.database.folder.path().join("token");
        std::fs::write(&file, first.token()).expect("a token");
        let start = latest(&hr).await;
        let (url, path) = (office.server.url("/graphql"), file.to_string_lossy().into_owned());
        let (after, count) = (start.to_string(), EVENTS.to_string());
        let script = tokio::spawn(lines_of(node("live.mjs", &[&url, &path, &after, &count])));
        let work = async |from: usize| {
            for n in from..from + EVENTS / 2 {
                hr.run("updateUser", json!({"userId": office.company.emma.id, "jobTitle": format!("Title {n}")}), "user { id }").await.ok();
            }
        };
        work(0).await;
        for client in ["ws", "sse"] {
            let half = office.database.folder.path().join(format!("token.{client}"));
            for _ in 0..1200 {
                if half.exists() || script.is_finished() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        std::fs::write(&file, second.token()).expect("a token");
        first.run("signOut", json!({}), "endedCount").await.ok();
        // Behind the loss: who was not gone by then would hear of it in the first session.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        work(EVENTS).await;
        let lines = script.await.expect("an end");
        let heard = |client: &str| -> Vec<i64> {
            let numbers = lines.iter().filter_map(|line| line.strip_prefix(&format!("{client} next ")));
            numbers.map(|number| number.parse().expect("a number")).collect()
        };
        let expected: Vec<i64> = (start + 1..=start + EVENTS as i64).collect();
        assert_eq!((heard("ws"), heard("sse")), (expected.clone(), expected), "{lines:#?}");
        assert!(lines.contains(&"ws closed 4403".to_owned()) && lines.contains(&"sse refused UNAUTHENTICATED".to_owned()), "{lines:#?}");
    }
}
