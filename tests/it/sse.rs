//! Server-sent events, in the distinct connections mode of `graphql-sse`.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::sse::Piece;

const TAIL: &str = "subscription { userEvents { sequence } }";

/// The same person with that document in the address.
fn asking(person: &Person, document: &str) -> Person {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", document).finish();
    person.at(format!("{}?{query}", person.url()))
}

on_both! {
    /// Queries and mutations by POST, queries by GET: one result, and the end.
    async fn a_stream_carries_every_kind_of_operation(db: Backend) {
        let office = Office::open(db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let expected = format!("event: next\ndata: {{\"data\":{{\"viewer\":{{\"user\":{{\"id\":\"{}\"}}}}}}}}\n\nevent: complete\ndata:\n\n", office.company.hr.id);
        let post = hr.request(Method::POST).header("accept", "text/event-stream").json(&json!({"query": "{ viewer { user { id } } }"}));
        let answer = post.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        for (name, value) in [("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-store"), ("x-content-type-options", "nosniff"), ("x-accel-buffering", "no")] {
            assert_eq!(answer.headers()[name], value, "{name}");
        }
        assert!(answer.headers().contains_key("x-request-id"));
        assert_eq!(answer.text().await.expect("text"), expected, "to the letter");
        let get = |query: &str| asking(&hr, query).request(Method::GET).header("accept", "text/event-stream").send();
        assert_eq!(get("{ viewer { user { id } } }").await.expect("an answer").text().await.expect("text"), expected);
        let update = "mutation($id: ID!) { updateUser(input: {userId: $id, jobTitle: \"Lead\"}) { user { jobTitle } } }";
        let mut stream = hr.listen(update, json!({"id": office.company.emma.id})).await;
        assert_eq!(stream.data().await, json!({"updateUser": {"user": {"jobTitle": "Lead"}}}));
        assert_eq!((stream.piece().await, stream.piece().await), (Piece::Complete, Piece::End));
        let refused = get("mutation { signOut(input: {}) { endedCount } }").await.expect("an answer");
        assert_eq!((refused.status().as_u16(), refused.headers()["allow"].as_bytes()), (405, b"POST".as_slice()));
        // A subscription by GET, and by a client that would take JSON as well.
        for accept in ["text/event-stream", "application/json, text/event-stream"] {
            let request = asking(&hr, "subscription { userEvents(afterSequence: 0) { sequence } }").request(Method::GET);
            let mut answer = request.header("accept", accept).send().await.expect("an answer");
            assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().expect("text")), (200, "text/event-stream; charset=utf-8"));
            assert_eq!(answer.chunk().await.expect("a comment").as_deref(), Some(b":\n\n".as_slice()));
        }
    }

    /// What cannot be executed is 400, as JSON; who is turned away is so, as JSON; faults of fields are results.
    async fn what_cannot_be_executed_is_no_stream(db: Backend) {
        let office = Office::open(db).await;
        let hr = office.sign_in(&office.company.hr).await;
        for (document, variables, code) in [
            ("{", json!({}), "GRAPHQL_PARSE_FAILED"),
            ("{ nothing }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { nothing }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { a: userEvents { sequence } b: userEvents { sequence } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
            ("subscription($n: Int) { userEvents(afterSequence: $n) { sequence } }", json!({"n": "x"}), "BAD_USER_INPUT"),
        ] {
            let answer = hr.listen(document, variables).await;
            assert_eq!((answer.status.as_u16(), answer.headers["content-type"].to_str().expect("text")), (400, "application/json; charset=utf-8"), "{document}");
            let body = answer.json().await;
            assert_eq!(body["errors"][0]["extensions"]["code"], code, "{document}");
            assert!(body.get("data").is_none());
        }
        let bad = office.server.with_token("nonsense").listen(TAIL, json!({})).await;
        assert_eq!((bad.status.as_u16(), bad.headers["content-type"].to_str().expect("text")), (401, "application/json; charset=utf-8"));
        let plain = hr.request(Method::POST).json(&json!({"query": TAIL})).send().await.expect("an answer");
        assert_eq!(plain.status(), 406);
        let body: Value = plain.json().await.expect("JSON");
        assert_eq!(body["errors"][0]["message"], "A subscription needs Accept: text/event-stream or a WebSocket.");
        for (person, code) in [(office.server.anonymous(), "UNAUTHENTICATED"), (office.sign_in(&office.company.emma).await, "FORBIDDEN")] {
            let mut stream = person.listen(TAIL, json!({})).await;
            assert_eq!(stream.status, 200);
            match stream.next().await {
                Piece::Next(payload) => assert_eq!((&payload["data"], &payload["errors"][0]["extensions"]["code"]), (&Value::Null, &json!(code))),
                other => panic!("{other:?}"),
            }
            assert_eq!((stream.next().await, stream.next().await), (Piece::Complete, Piece::End));
        }
    }

    /// Signs of life, so that nobody in between takes the stream for dead; it outlasts the limits of ordinary requests.
    async fn a_stream_that_has_nothing_to_say_says_so(db: Backend) {
        let office = Office::open_with(db, |mut wish| {
            wish.config.heartbeat = Duration::from_millis(150);
            wish
        }).await;
        let hr = office.sign_in(&office.company.hr).await;
        let mut stream = hr.listen(TAIL, json!({})).await;
        for _ in 0..5 {
            assert_eq!(stream.piece().await, Piece::Comment);
        }
        hr.run("updateUser", json!({"userId": office.company.emma.id, "jobTitle": "Lead"}), "user { id }").await.ok();
        stream.data().await;
    }
}
