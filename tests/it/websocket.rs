//! WebSockets by the protocol `graphql-transport-ws`: each message and each code.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

use crate::support::office::Office;
use crate::support::on_both;
use crate::support::server::Wish;
use crate::support::socket::{Heard, Socket};
use crate::support::wire::{Wire, request, upgrade};

const VIEWER: &str = "{ viewer { user { id } } }";
const EVENTS: &str = "subscription { userEvents { sequence __typename } }";

/// What is said about an object in which a name stands twice.
const TWICE: &str = "Invalid message: an object has a name twice";

/// Time enough for anything that must not come.
const SILENCE: Duration = Duration::from_millis(300);

fn in_a_hurry(mut wish: Wish) -> Wish {
    wish.config.limits.init_seconds = 1;
    wish.config.heartbeat = Duration::from_millis(400);
    wish
}

async fn raw(office: &Office) -> Socket {
    Socket::open(&office.server.url("/graphql"), &[]).await.expect("an upgrade")
}

on_both! {
    /// Queries and mutations go over a socket as well, side by side.
    async fn a_socket_carries_every_kind_of_operation(db: Backend) {
        let office = Office::open(db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let mut socket = hr.socket().await;
        socket.subscribe("q", VIEWER, json!({})).await;
        assert_eq!(socket.expect("next", "q").await, json!({"data": {"viewer": {"user": {"id": office.company.hr.id}}}}));
        assert_eq!(socket.hear().await, Heard::Said(json!({"id": "q", "type": "complete"})));
        // The name is free again.
        let update = "mutation($id: ID!) { updateUser(input: {userId: $id, jobTitle: \"Lead\"}) { user { jobTitle } userErrors { code } } }";
        socket.subscribe("q", update, json!({"id": office.company.emma.id})).await;
        assert_eq!(socket.data("q").await["updateUser"], json!({"user": {"jobTitle": "Lead"}, "userErrors": []}));
        socket.expect("complete", "q").await;
        // Executed with a fault of a field.
        socket.subscribe("f", "{ license { plan } accessTokens(first: 0) { totalCount } }", json!({})).await;
        let payload = socket.expect("next", "f").await;
        assert_eq!(payload["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(payload["data"]["license"]["plan"], "self-hosted");
        socket.expect("complete", "f").await;
        // Not executable: syntax, a field that is not there, variables, the operation's name, nothing at all.
        let subscribe = |payload: Value| json!({"id": "x", "type": "subscribe", "payload": payload});
        for (payload, code) in [
            (json!({"query": "{"}), "GRAPHQL_PARSE_FAILED"),
            (json!({"query": "{ nothing }"}), "GRAPHQL_VALIDATION_FAILED"),
            (json!({"query": "query($id: ID!) { user(id: $id) { id } }"}), "BAD_USER_INPUT"),
            (json!({"query": VIEWER, "operationName": "Other"}), "OPERATION_RESOLUTION_FAILURE"),
            (json!({"query": ""}), "BAD_USER_INPUT"),
            (json!({"query": "subscription { nothing }"}), "GRAPHQL_VALIDATION_FAILED"),
            (json!({"query": "subscription($n: Int!) { userEvents(afterSequence: $n) { sequence } }"}), "BAD_USER_INPUT"),
            (json!({"query": "subscription { ...F @skip(if: true) } fragment F on Subscription { userEvents { sequence } }"}), "GRAPHQL_VALIDATION_FAILED"),
            (json!({"query": "subscription { a: userEvents { sequence } b: userEvents { sequence } }"}), "GRAPHQL_VALIDATION_FAILED"),
            (json!({"query": "subscription { userEvents(afterSequence: -1) { sequence } }"}), "BAD_USER_INPUT"),
        ] {
            socket.say(subscribe(payload.clone())).await;
            assert_eq!(socket.error_codes("x").await, [code], "{payload}");
        }
        socket.say(json!({"type": "ping", "payload": {"n": 1}})).await;
        assert_eq!(socket.hear().await, Heard::Said(json!({"type": "pong", "payload": {"n": 1}})));
        socket.say(json!({"type": "ping"})).await;
        assert_eq!(socket.hear().await, Heard::Said(json!({"type": "pong"})));
        socket.say(json!({"type": "pong"})).await;
        socket.send(Message::Ping("x".into())).await;
        socket.subscribe("last", VIEWER, json!({})).await;
        socket.data("last").await;
    }

    /// Who leaves with a goodbye gets one: else clients take it for a failure.
    async fn a_goodbye_is_returned(db: Backend) {
        let office = Office::open(db).await;
        let mut socket = office.sign_in(&office.company.hr).await.socket().await;
        socket.subscribe("events", EVENTS, json!({})).await;
        socket.send(Message::Close(Some(CloseFrame { code: CloseCode::Normal, reason: "Normal Closure".into() }))).await;
        assert_eq!(socket.closed().await.map(|(code, _)| code), Some(1000));
    }

    /// No token is nobody in particular: what is open to everybody works, the rest is an error of its operation.
    async fn a_socket_without_a_token_is_anonymous(db: Backend) {
        let office = Office::open(db).await;
        let mut socket = office.server.anonymous().socket().await;
        socket.subscribe("q", VIEWER, json!({})).await;
        assert_eq!(socket.data("q").await, json!({"viewer": null}));
        socket.expect("complete", "q").await;
        for subscription in [EVENTS, "subscription { reassignmentProgress(id: \"rsg_00000000000000000000000000\") { status } }"] {
            socket.subscribe("s", subscription, json!({})).await;
            assert_eq!(socket.error_codes("s").await, ["UNAUTHENTICATED"]);
        }
        socket.subscribe("q", VIEWER, json!({})).await;
        socket.data("q").await;
    }

    /// Each code of the protocol.
    async fn what_is_not_of_the_protocol_closes_the_socket(db: Backend) {
        let office = Office::open_with(db, in_a_hurry).await;
        let hr = office.sign_in(&office.company.hr).await;
        for (text, reason) in [
            ("", "Invalid message: expected a JSON object"),
            ("[]", "Invalid message: expected a JSON object"),
            ("{\"type\": \"start\"}", "Invalid message: unknown type"),
            ("{\"type\": \"ping\", \"type\": \"ping\"}", TWICE),
            ("{\"type\": \"subscribe\", \"id\": \"1\", \"payload\": {\"query\": \"{a}\", \"query\": \"{a}\"}}", TWICE),
            ("{\"type\": \"subscribe\", \"id\": \"1\", \"payload\": {\"query\": \"{a}\", \"variables\": {\"b\": 1, \"b\": 2}}}", TWICE),
            ("{\"type\": \"subscribe\", \"id\": \"1\", \"payload\": {}}", "Invalid message: payload.query must be a string"),
            ("{\"type\": \"subscribe\", \"payload\": {\"query\": \"{a}\"}}", "Invalid message: expected an id"),
        ] {
            let mut socket = hr.socket().await;
            socket.say_text(text).await;
            socket.closes(4400, reason).await;
        }
        // RFC 6455 §7.4.1: what is no text, and what is no frame.
        for (kind, code, reason) in [(Data::Text, 1007, "Text is not UTF-8"), (Data::Reserved(3), 1002, "Malformed frame")] {
            let mut socket = hr.socket().await;
            socket.send(Message::Frame(Frame::message(b"\xff".as_slice(), OpCode::Data(kind), true))).await;
            socket.closes(code, reason).await;
        }
        let mut socket = hr.socket().await;
        socket.send(Message::Binary(b"{}".as_slice().into())).await;
        socket.closes(4400, "Invalid message: expected text").await;

        let twice = |one: &str, other: &str| format!("{{\"type\": \"connection_init\", \"payload\": {{\"{one}\": \"Bearer x\", \"{other}\": \"Bearer {}\"}}}}", hr.token());
        for (text, reason) in [
            (twice("authorization", "authorization"), TWICE),
            (twice("authorization", "Authorization"), "Invalid message: payload.authorization is there twice"),
        ] {
            let mut socket = raw(&office).await;
            socket.say_text(&text).await;
            socket.closes(4400, reason).await;
        }

        let mut socket = raw(&office).await;
        socket.subscribe("1", VIEWER, json!({})).await;
        socket.closes(4401, "Unauthorized").await;

        for payload in [
            json!({"authorization": "Bearer nonsense"}), json!({"authorization": "Basic abc"}), json!({"authorization": ""}),
            json!({"authorization": 7}), json!({"Authorization": "Bearer nonsense"}), json!({"authorization": format!("Bearer {}x", hr.token())}),
        ] {
            let mut socket = raw(&office).await;
            socket.say(json!({"type": "connection_init", "payload": payload})).await;
            socket.closes(4403, "Forbidden").await;
        }

        let mut socket = raw(&office).await;
        socket.closes(4408, "Connection initialisation timeout").await;

        let mut socket = hr.socket().await;
        socket.subscribe("one", EVENTS, json!({})).await;
        socket.subscribe("one", VIEWER, json!({})).await;
        socket.closes(4409, "Subscriber for one already exists").await;

        let mut socket = hr.socket().await;
        socket.say(json!({"type": "connection_init"})).await;
        socket.closes(4429, "Too many initialisation requests").await;

        // 64 KiB are fine, one byte more is not, however much.
        let padded = |length: usize| format!("{{\"type\":\"ping\",\"payload\":{{\"x\":\"{}\"}}}}", "y".repeat(length - 34));
        let mut socket = hr.socket().await;
        assert_eq!(padded(64 * 1024).len(), 64 * 1024);
        socket.say_text(&padded(64 * 1024)).await;
        assert!(matches!(socket.hear().await, Heard::Said(pong) if pong["type"] == "pong"));
        socket.say_text(&padded(64 * 1024 + 1)).await;
        socket.closes(1009, "A message may have 65536 bytes: TENURE_LIMIT_MESSAGE_BYTES").await;
        for length in [700 * 1024, 4 * 1024 * 1024] {
            let mut socket = hr.socket().await;
            socket.say_text(&padded(length)).await;
            socket.closes(1009, "A message may have 65536 bytes: TENURE_LIMIT_MESSAGE_BYTES").await;
        }
    }

    /// The upgrade: who may not, and by which protocol.
    async fn sockets_are_opened_by_the_book(db: Backend) {
        let office = Office::open(db).await;
        let url = office.server.url("/graphql");
        let own = office.server.url("");
        for origin in [own.as_str(), &own.replace("127.0.0.1", "localhost")] {
            let mut socket = Socket::open(&url, &[("origin", origin)]).await.expect("a known origin");
            socket.introduce(None).await;
        }
        for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
            let refusal = Socket::open(&url, &[("origin", origin)]).await.err().expect("a refusal");
            assert_eq!(refusal.status(), 403, "{origin}");
            let body: Value = serde_json::from_slice(refusal.body().as_deref().unwrap_or_default()).expect("JSON");
            assert_eq!(body["errors"][0]["extensions"]["code"], "FORBIDDEN");
            assert!(refusal.headers().contains_key("x-request-id") && !refusal.headers().contains_key("access-control-allow-origin"));
        }
        let mut socket = Socket::open(&url, &[("sec-websocket-protocol", "graphql-ws")]).await.expect("an upgrade");
        socket.closes(4406, "Subprotocol not acceptable").await;
        let mut socket = Socket::open(&url, &[("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")]).await.expect("an upgrade");
        socket.introduce(None).await;

        // RFC 6455 §4.2.1, §4.4.
        let asked = async |headers: &str| {
            let mut wire = Wire::to(&own).await;
            wire.send(request("GET /graphql", &format!("Connection: Upgrade\r\nUpgrade: websocket\r\n{headers}"))).await;
            wire.hear().await.expect("an answer")
        };
        let key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
        let version = "Sec-WebSocket-Version: 13\r\n";
        assert_eq!(asked(&format!("{key}{version}")).await.status, 101);
        let said = asked(&format!("{key}Sec-WebSocket-Version: 8\r\n")).await.dressed();
        assert_eq!((said.status, said.code().as_str()), (426, "BAD_USER_INPUT"));
        assert_eq!(["upgrade", "connection", "sec-websocket-version"].map(|name| said.header(name)), ["websocket", "upgrade", "13"]);
        for headers in [
            String::new(), key.to_owned(), version.to_owned(), format!("{key}{key}{version}"), format!("{key}{version}{version}"),
            format!("Sec-WebSocket-Key: x\r\n{version}"), format!("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA\r\n{version}"),
            format!("Sec-WebSocket-Key:\r\n{version}"),
        ] {
            let said = asked(&headers).await.dressed();
            assert_eq!((said.status, said.code().as_str()), (400, "BAD_USER_INPUT"), "{headers}");
        }
    }

    /// Twenty operations at once; one more is an error of its own and harms nobody.
    async fn twenty_operations_share_a_socket(db: Backend) {
        let office = Office::open(db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let mut socket = hr.socket().await;
        for n in 0..20 {
            socket.subscribe(&n.to_string(), EVENTS, json!({})).await;
        }
        socket.subscribe("more", EVENTS, json!({})).await;
        let errors = socket.expect("error", "more").await;
        assert_eq!(errors[0]["extensions"]["code"], "RATE_LIMITED");
        assert_eq!((&errors[0]["extensions"]["limit"], &errors[0]["extensions"]["maximum"]), (&json!("socketOperations"), &json!(20)));
        assert_eq!(errors[0]["message"], "At most 20 operations may be under way on one socket: complete one first.");
        // Once one was completed, another may begin, even one of the same name.
        socket.say(json!({"id": "3", "type": "complete"})).await;
        socket.say(json!({"id": "nobody", "type": "complete"})).await;
        socket.subscribe("3", VIEWER, json!({})).await;
        socket.data("3").await;
        socket.expect("complete", "3").await;
        // Let them all begin before something happens.
        tokio::time::sleep(SILENCE).await;
        hr.run("updateUser", json!({"userId": office.company.emma.id, "jobTitle": "Lead"}), "user { id }").await.ok();
        let mut heard = std::collections::BTreeSet::new();
        for _ in 0..19 {
            match socket.hear().await {
                Heard::Said(message) => assert!(heard.insert(message["id"].as_str().expect("an id").to_owned()), "{message}"),
                other => panic!("{other:?}"),
            }
        }
        assert!(!heard.contains("3"));
        assert_eq!(socket.hear_within(SILENCE).await, None, "each once");
    }

    /// The server asks whether somebody is there, and leaves who is not.
    async fn silent_sockets_are_pinged(db: Backend) {
        let office = Office::open_with(db, in_a_hurry).await;
        let mut socket = office.server.anonymous().socket().await;
        socket.pinged().await;
        socket.pinged().await;
        // Whoever does not read does not answer; the answers of the library are sent when it reads.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let mut open = true;
        for _ in 0..8 {
            open = !matches!(socket.hear_within(SILENCE).await, Some(Heard::Gone));
            if !open {
                break;
            }
        }
        assert!(!open, "nobody answered for a second and a half");
    }

    /// Pings are answered as long as somebody takes the answers: whoever sends more and more of them is not read any more.
    async fn answers_to_pings_do_not_pile_up(db: Backend) {
        let office = Office::open_with(db, |mut wish| {
            (wish.config.limits.listener_stall_seconds, wish.config.limits.init_seconds) = (3, 60);
            wish
        }).await;
        let address = office.server.url("").trim_start_matches("http://").to_owned();
        let mut greedy = tokio::net::TcpStream::connect(address).await.expect("a connection");
        greedy.write_all(&upgrade("")).await.expect("an upgrade");
        let mut ping = vec![0x89, 0x80 | 125, 0, 0, 0, 0];
        ping.extend([b'x'; 125]);
        let many = ping.repeat(1_000);
        // More than all buffers of the system between the two hold.
        let (mut sent, goal) = (0, 64 * 1024 * 1024);
        while sent < goal {
            match tokio::time::timeout(Duration::from_secs(2), greedy.write(&many[sent % many.len()..])).await {
                Ok(Ok(length)) => sent += length,
                Ok(Err(_)) | Err(_) => break,
            }
        }
        assert!(sent > 100_000 && sent < goal, "{sent} bytes of pings were read from somebody who reads no answer");
    }

    /// SIGTERM: closed in order, and the server does not wait for who would stay for ever.
    async fn sockets_are_closed_when_the_server_ends(db: Backend) {
        let office = Office::open(db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let other = office.another_server().await;
        let mut socket = hr.at(other.url("/graphql")).socket().await;
        socket.subscribe("1", EVENTS, json!({})).await;
        let mut stream = hr.at(other.url("/graphql")).listen(EVENTS, json!({})).await;
        let begun = tokio::time::Instant::now();
        let (_, _, piece) = tokio::join!(other.stop(), socket.closes(1001, "Going away"), stream.next());
        assert_eq!(piece, crate::support::sse::Piece::End);
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    }
}
