//! What slow, silent and greedy peers may hold on to, and how the server ends.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpSocket;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use crate::support::backend::{Backend, Database};
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::process::{Served, tenure};
use crate::support::server::{Server, Wish};
use crate::support::sse::Piece;
use crate::support::wire::{Wire, post, upgrade};

const EVENTS: &str = "subscription WordOfACaller { userEvents { sequence } }";
const GOOD: &str = r#"{"query":"{ __typename }"}"#;
const SOON: Duration = Duration::from_secs(5);

/// A server that loses its patience quickly.
fn hasty(mut wish: Wish) -> Wish {
    let limits = &mut wish.config.connections;
    limits.head = Duration::from_millis(400);
    limits.body = Duration::from_millis(600);
    limits.idle = Duration::from_millis(1_500);
    limits.stall = Duration::from_millis(500);
    wish
}

on_both! {
    /// PLATFORM §6: heads and bodies that come in drop by drop.
    async fn slow_requests_are_given_up(db: Backend) {
        let office = Office::open_with(db, hasty).await;
        let base = office.server.url("");
        // A head that is never whole, however busily it drips.
        let mut wire = Wire::to(&base).await;
        let begun = Instant::now();
        wire.send("POST /graphql HTTP/1.1\r\nHost: x\r\n").await;
        let dripped = async {
            for _ in 0..40 {
                tokio::time::sleep(Duration::from_millis(50)).await;
                wire.send("X: y\r\n").await;
                if wire.has_word().await {
                    return;
                }
            }
        };
        dripped.await;
        let said = wire.hear().await.expect("an answer").dressed();
        assert_eq!((said.status, said.code().as_str(), said.header("connection")), (408, "TIMEOUT", "close"));
        assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());
        assert!(wire.is_closed_within(SOON).await);
        // Blank lines are no beginning of anything.
        let mut blank = Wire::to(&base).await;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(1_200) && !blank.is_closed_within(Duration::from_millis(100)).await {
            blank.send("\r\n").await;
        }
        assert!(begun.elapsed() < Duration::from_millis(1_200), "kept as if it rested between two requests");
        // Who says nothing at all hears nothing.
        let mut silent = Wire::to(&base).await;
        assert!(silent.hear().await.is_none());
        // A body that stops.
        let mut wire = Wire::to(&base).await;
        wire.send("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{").await;
        let said = wire.hear().await.expect("an answer").dressed();
        assert_eq!((said.status, said.code().as_str(), said.header("connection")), (408, "TIMEOUT", "close"));
        assert!(wire.is_closed_within(SOON).await);
    }

    /// PLATFORM §6: a connection may rest between two requests, longer than a head may take.
    async fn idle_connections_are_kept_and_then_closed(db: Backend) {
        let office = Office::open_with(db, hasty).await;
        let mut wire = Wire::to(&office.server.url("")).await;
        for _ in 0..2 {
            wire.send(post(GOOD, "")).await;
            assert_eq!(wire.hear().await.expect("an answer").status, 200);
            assert!(!wire.is_closed_within(Duration::from_millis(700)).await, "closed before its time");
        }
        assert!(wire.is_closed_within(SOON).await, "kept beyond its time");
    }

    /// PLATFORM §6: who takes nothing of what they asked for.
    async fn slow_readers_are_given_up_and_leave_their_place(db: Backend) {
        let office = Office::open_with(db, |wish| {
            let mut wish = hasty(wish);
            wish.config.connections.connections = 1;
            wish
        }).await;
        let base = office.server.url("");
        let address = base.trim_start_matches("http://").parse().expect("an address");
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let mut greedy = socket.connect(address).await.expect("a connection");
        // Many answers of some hundred kilobytes each: more than any buffer of the system takes.
        let schema = b"GET /schema.graphql HTTP/1.1\r\nHost: x\r\n\r\n".repeat(400);
        tokio::io::AsyncWriteExt::write_all(&mut greedy, &schema).await.expect("they are taken");
        // There is one place. It is free when the greedy one has lost it.
        let mut wire = Wire::to(&base).await;
        wire.send(post(GOOD, "")).await;
        assert_eq!(wire.hear().await.expect("an answer").status, 200);
        // Whatever is left for the greedy one comes to an end.
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(SOON, greedy.read_to_end(&mut rest)).await.expect("an end");
        assert!(ended.is_err() || rest.len() < 400 * 50_000, "all was sent");
    }

    /// PLATFORM §6: more connections than there is room for wait their turn.
    async fn connections_beyond_the_limit_wait(db: Backend) {
        let office = Office::open_with(db, |mut wish| { wish.config.connections.connections = 2; wish }).await;
        let base = office.server.url("");
        let mut first = Wire::to(&base).await;
        first.send(post(GOOD, "")).await;
        assert_eq!(first.hear().await.expect("an answer").status, 200);
        let _second = Wire::to(&base).await;
        let mut third = Wire::to(&base).await;
        third.send(post(GOOD, "")).await;
        assert!(!third.has_word_within(Duration::from_millis(500)).await, "served beyond the limit");
        drop(first);
        assert_eq!(third.hear().await.expect("an answer").status, 200);
    }

    /// What arrives slowly takes room, all of it together no more than there is; what is short needs none.
    async fn bodies_on_their_way_have_a_limit_together(db: Backend) {
        let office = Office::open_with(db, |mut wish| {
            wish.config.connections.head_bytes = 10_000;
            let limits = &mut wish.config.limits;
            (limits.body_bytes, limits.request_bytes_at_once, limits.queue_milliseconds) = (90_000, 100_000, 200);
            wish
        }).await;
        let base = office.server.url("");
        let long = format!("{GOOD}{}", " ".repeat(20_000));
        let mut slow = Wire::to(&base).await;
        let head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n";
        slow.send(head).await;
        // It is announced, and takes no room as long as it is not there.
        let served = async |body: &str| {
            let mut wire = Wire::to(&base).await;
            wire.send(post(body, "")).await;
            wire.hear().await.expect("an answer").dressed()
        };
        assert_eq!(served(&long).await.status, 200);
        slow.send(format!("{GOOD}{}", " ".repeat(30_000))).await;
        let mut refused = served(&long).await;
        for _ in 0..50 {
            // Once the slow one was read, which takes as long as it takes.
            if refused.status != 200 {
                break;
            }
            refused = served(&long).await;
        }
        assert_eq!((refused.status, refused.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
        assert_eq!((refused.header("retry-after"), refused.header("connection")), ("1", "close"));
        let extensions = &refused.json()["errors"][0]["extensions"];
        assert_eq!((&extensions["limit"], &extensions["maximum"]), (&json!("requestBytesAtOnce"), &json!(100_000)));
        assert_eq!(served(GOOD).await.status, 200, "short ones wait for nobody");
        // Without a length it is as long as it may be.
        let mut chunked = Wire::to(&base).await;
        let chunk = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
        chunked.send(format!("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}")).await;
        assert_eq!(chunked.hear().await.expect("an answer").dressed().status, 503);
        // A long head takes room, too: two of them are more than what is left beside the slow body, and are not waited for.
        let long_head = format!("GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: {}", "x".repeat(9_000));
        let mut heads = [Wire::to(&base).await, Wire::to(&base).await];
        heads[0].send(&long_head).await;
        assert!(!heads[0].has_word_within(Duration::from_millis(300)).await, "there is room for it");
        heads[1].send(&long_head).await;
        let said = heads[1].hear().await.expect("an answer").dressed();
        assert_eq!((said.status, said.code().as_str(), said.header("retry-after")), (503, "SERVICE_UNAVAILABLE", "1"));
        assert!(heads[1].is_closed_within(SOON).await);
        heads[0].send("\r\n\r\n").await;
        assert_eq!(heads[0].hear().await.expect("an answer").status, 200);
        let mut last = 503;
        for _ in 0..50 {
            heads[1] = Wire::to(&base).await;
            heads[1].send(format!("{long_head}\r\n\r\n")).await;
            last = heads[1].hear().await.expect("an answer").status;
            if last == 200 {
                break;
            }
        }
        assert_eq!(last, 200, "the head before it has given its room back");
        drop(slow);
        let mut answer = served(&long).await;
        for _ in 0..50 {
            if answer.status == 200 {
                break;
            }
            answer = served(&long).await;
        }
        assert_eq!(answer.status, 200, "room is given back");
        // A socket lives long, and needs no head any more.
        let mut sockets = Vec::new();
        for _ in 0..10 {
            let mut socket = Wire::to(&base).await;
            // With the first byte of a message behind it.
            socket.send([upgrade(&format!("X-Long: {}\r\n", "x".repeat(9_000))), vec![0x89]].concat()).await;
            assert!(socket.has_word_within(SOON).await, "there is room for it");
            sockets.push(socket);
        }
        let mut another = Wire::to(&base).await;
        another.send(format!("{long_head}\r\n\r\n")).await;
        assert_eq!(another.hear().await.expect("an answer").status, 200);
        let said = sockets.remove(9).everything_within(Duration::from_millis(100)).await;
        assert!(said.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&said));
    }
}

/// What a server says of its being ready.
async fn readiness(url: &str) -> (u16, serde_json::Value) {
    let answer = reqwest::get(url).await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

/// The program on a database, with keys and mails beside it.
fn serve(database: &Database) -> tokio::process::Command {
    let mut command = tenure(database.folder.path(), &["serve"]);
    command.env("TENURE_DATABASE_URL", &database.url).env("TENURE_KEY_FILE", "keys.json").env("TENURE_MAIL", "file:mail");
    command
}

on_both! {
    /// PLATFORM §6: what is under way is answered, what is idle holds nobody up, and the end is a good one.
    async fn an_end_in_order(db: Backend) {
        let database = Database::new(db).await;
        let served = Served::start(serve(&database)).await;
        let base = served.base.clone();
        let mut idle = Wire::to(&base).await;
        idle.send(post(GOOD, "")).await;
        assert_eq!(idle.hear().await.expect("an answer").status, 200);
        let _silent = Wire::to(&base).await;
        let begun = Instant::now();
        served.end().await;
        assert!(begun.elapsed() < Duration::from_secs(3), "idle connections hold up the end: {:?}", begun.elapsed());
        assert!(idle.is_closed_within(SOON).await);
        if db == Backend::Sqlite {
            let beside = std::fs::metadata(database.folder.path().join("tenure.db-wal"));
            assert!(beside.is_err() || beside.is_ok_and(|file| file.len() == 0), "all that was written is in the one file");
        }

        let served = Served::start(serve(&database)).await;
        let base = served.base.clone();
        let mut busy = Wire::to(&base).await;
        let text = post(GOOD, "");
        busy.send(&text[..text.len() - 1]).await;
        // The head is read, the body is waited for.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let ending = tokio::spawn(served.end());
        tokio::time::sleep(Duration::from_millis(300)).await;
        // Who comes now is told so, and who asks whether it is ready, too.
        assert_eq!(readiness(&format!("{base}/health/ready")).await, (503, json!({"status": "unready", "reason": "draining"})));
        let mut late = Wire::to(&base).await;
        late.send(post(GOOD, "")).await;
        let said = late.hear().await.expect("an answer").dressed();
        assert_eq!((said.status, said.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
        assert_eq!((said.header("connection"), said.header("retry-after")), ("close", "1"));
        busy.send(&text[text.len() - 1..]).await;
        let said = busy.hear().await.expect("an answer");
        assert_eq!((said.status, said.header("connection")), (200, "close"));
        ending.await.expect("a good end");

        // Who does not come to an end is not waited for.
        let mut command = serve(&database);
        command.env("TENURE_LIMIT_DRAIN_SECONDS", "1");
        let served = Served::start(command).await;
        let mut endless = Wire::to(&served.base).await;
        endless.send(&text[..text.len() - 1]).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let begun = Instant::now();
        served.end().await;
        assert!(begun.elapsed() < Duration::from_secs(5), "an endless body holds up the end: {:?}", begun.elapsed());
    }

    /// PLATFORM §6: numbers on a port of their own, and nowhere else.
    async fn numbers_are_told_to_who_collects_them(db: Backend) {
        let database = Database::new(db).await;
        let port = crate::support::process::free_port();
        let mut command = serve(&database);
        command.env("TENURE_METRICS_LISTEN", format!("127.0.0.1:{port}"));
        let served = Served::start(command).await;
        let metrics = format!("http://127.0.0.1:{port}/metrics");
        let mut wire = Wire::to(&served.base).await;
        let mutation = json!({"query": "mutation { signIn(input: {email: \"nobody@example.com\", password: \"plum-otter-vivid-93\"}) { userErrors { code } } }"});
        for (body, status) in [(GOOD.to_owned(), 200), ("{".to_owned(), 400), (r#"{"query":"{"}"#.to_owned(), 200), (mutation.to_string(), 200)] {
            wire.send(post(body, "")).await;
            assert_eq!(wire.hear().await.expect("an answer").status, status);
        }
        wire.send("GET /what-somebody-made-up HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert_eq!(wire.hear().await.expect("an answer").status, 404);
        wire.send("nonsense\r\n\r\n").await;
        assert_eq!(wire.hear().await.expect("an answer").status, 400);
        let response = reqwest::get(&metrics).await.expect("an answer");
        assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        let text = response.text().await.expect("text");
        for line in [
            "tenure_http_requests_total{path=\"/graphql\",method=\"POST\",status=\"200\"} 3",
            "tenure_http_requests_total{path=\"/graphql\",method=\"POST\",status=\"400\"} 1",
            "tenure_http_requests_total{path=\"other\",method=\"GET\",status=\"404\"} 1",
            "tenure_http_requests_total{path=\"unread\",method=\"unread\",status=\"400\"} 1",
            "tenure_operations_total{transport=\"http\",kind=\"query\",code=\"OK\"} 1",
            "tenure_operations_total{transport=\"http\",kind=\"mutation\",code=\"OK\"} 1",
            "tenure_operations_total{transport=\"http\",kind=\"unknown\",code=\"BAD_USER_INPUT\"} 1",
            "tenure_operations_total{transport=\"http\",kind=\"unknown\",code=\"GRAPHQL_PARSE_FAILED\"} 1",
            "tenure_operation_duration_seconds_count{transport=\"http\",kind=\"query\"} 1",
            "tenure_sign_ins_total{outcome=\"refused\"} 1",
            "tenure_operations_running 0",
            "tenure_websockets 0",
            "tenure_passwords_waiting 0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
        let value = |name: &str| {
            let line = text.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
            line.rsplit(' ').next().and_then(|n| n.parse::<f64>().ok()).expect("a number")
        };
        assert!(value("tenure_connections ") >= 1.0 && value("tenure_database_statements_total ") >= 1.0);
        assert!(value("tenure_database_connections{state=\"idle\"} ") >= 1.0 && value("process_resident_memory_bytes ") > 1e6);
        assert!(!text.contains("somebody-made-up") && !text.contains("nobody@example.com"), "{text}");
        for (url, status) in [(metrics.replace("/metrics", "/graphql"), 404), (metrics.replace("/metrics", "/"), 404), (format!("{}/metrics", served.base), 404)] {
            assert_eq!(reqwest::get(&url).await.expect("an answer").status(), status, "{url}");
        }
        served.end().await;
    }

    /// PLATFORM §6: sockets and streams count while they are open, what was asked for on them when it is over. The log has a line for each,
    /// and nothing in it that a caller wrote.
    async fn numbers_and_lines_tell_of_sockets_and_streams(db: Backend) {
        let office = Office::open(db).await;
        let port = crate::support::process::free_port();
        let log = office.database.folder.path().join("log");
        let mut command = serve(&office.database);
        command.env("TENURE_METRICS_LISTEN", format!("127.0.0.1:{port}")).env("RUST_LOG", "info");
        command.stderr(std::fs::File::create(&log).expect("a file"));
        let served = Served::start(command).await;
        let url = format!("http://127.0.0.1:{port}/metrics");
        let tell = async |lines: &[&str]| {
            let begun = Instant::now();
            loop {
                let text = reqwest::get(&url).await.expect("an answer").text().await.expect("text");
                let Some(missing) = lines.iter().find(|line| !text.lines().any(|l| l == **line)) else { return };
                assert!(begun.elapsed() < SOON, "{missing} in {text}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let hr = Person::sign_in(format!("{}/graphql", served.base), &office.company.hr.email, PASSWORD).await;
        let mut socket = hr.socket().await;
        socket.subscribe("word-of-a-caller", "query WordOfACaller { viewer { user { id } } }", json!({})).await;
        socket.data("word-of-a-caller").await;
        socket.expect("complete", "word-of-a-caller").await;
        socket.subscribe("broken", "{", json!({})).await;
        assert_eq!(socket.error_codes("broken").await, ["GRAPHQL_PARSE_FAILED"]);
        socket.subscribe("events", EVENTS, json!({})).await;
        let mut stream = hr.listen(EVENTS, json!({})).await;
        assert_eq!(stream.piece().await, Piece::Comment);
        let mut whole = hr.listen("query WordOfACaller { viewer { user { id } } }", json!({})).await;
        while whole.piece().await != Piece::End {}
        let mut refused = Person::anonymous(hr.url().to_owned()).listen(EVENTS, json!({})).await;
        while refused.piece().await != Piece::End {}
        tell(&["tenure_websockets 1", "tenure_streams 1", "tenure_subscriptions 2", "tenure_operations_running 0", "tenure_operations_waiting 0"]).await;
        // One ends by the client's word, one as the client leaves; one socket is closed by either side, two clients leave without a word.
        socket.say(json!({"id": "events", "type": "complete"})).await;
        drop(stream);
        socket.send(Message::Close(None)).await;
        let mut hasty = hr.socket().await;
        hasty.say(json!({"type": "connection_init"})).await;
        hasty.closes(4429, "Too many initialisation requests").await;
        drop(hasty);
        drop(hr.socket().await);
        let mut cut_off = hr.socket().await;
        cut_off.say(json!({"type": "ping"})).await;
        // What is unread makes of the end a reset.
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(cut_off);
        tell(&[
            "tenure_websockets 0",
            "tenure_streams 0",
            "tenure_subscriptions 0",
            "tenure_operations_total{transport=\"websocket\",kind=\"query\",code=\"OK\"} 1",
            "tenure_operations_total{transport=\"websocket\",kind=\"unknown\",code=\"GRAPHQL_PARSE_FAILED\"} 1",
            "tenure_operations_total{transport=\"websocket\",kind=\"subscription\",code=\"OK\"} 1",
            "tenure_operations_total{transport=\"sse\",kind=\"query\",code=\"OK\"} 1",
            "tenure_operations_total{transport=\"sse\",kind=\"subscription\",code=\"OK\"} 1",
            "tenure_operations_total{transport=\"sse\",kind=\"subscription\",code=\"UNAUTHENTICATED\"} 1",
            "tenure_operations_total{transport=\"http\",kind=\"mutation\",code=\"OK\"} 1",
            "tenure_websockets_closed_total{code=\"4429\"} 1",
            "tenure_websockets_closed_total{code=\"peer\"} 3",
        ])
        .await;
        served.end().await;
        let log = std::fs::read_to_string(&log).expect("a log");
        assert!(!log.contains("WordOfACaller") && !log.contains("word-of-a-caller"), "{log}");
        let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let told = |message: &str, names: &[&str]| {
            let of_it: Vec<_> = lines.iter().filter(|line| line["message"] == message).collect();
            assert!(of_it.iter().all(|line| line["peer"] == "127.0.0.1" && line["duration.ms"].is_number()), "{of_it:?}");
            assert!(of_it.iter().all(|line| line["request.id"].as_str().is_some_and(|id| !id.is_empty())), "{of_it:?}");
            let mut told: Vec<String> = of_it.iter().map(|line| names.iter().map(|name| line[*name].to_string()).collect::<Vec<_>>().join(" ")).collect();
            told.sort();
            told
        };
        assert_eq!(
            told("operation", &["transport", "operation.kind", "error.code"]),
            [
                r#""sse" "subscription" """#,
                r#""sse" "subscription" "UNAUTHENTICATED""#,
                r#""websocket" "" "GRAPHQL_PARSE_FAILED""#,
                r#""websocket" "query" """#,
                r#""websocket" "subscription" """#,
            ]
        );
        assert_eq!(told("socket closed", &["closed.by", "socket.code"]), [r#""peer" null"#, r#""peer" null"#, r#""peer" null"#, r#""server" 4429"#]);
    }

    /// OPERATING: `--migrate=off` on a database without a schema. Operations are told to come later, whatever they are.
    async fn a_database_without_its_schema_is_unavailable(db: Backend) {
        let database = Database::blank(db).await;
        let server = Server::start(Wish::on(&database)).await;
        assert_eq!(readiness(&server.url("/health/ready")).await, (503, json!({"status": "unready", "reason": "migrations"})));
        let stranger = server.anonymous();
        let input = json!({"email": "ann@example.com", "password": PASSWORD});
        stranger.run("signIn", input, "session { expiresAt }").await.fails("SERVICE_UNAVAILABLE");
        // A column that is not there yet is no better, and neither is it for who is signed in.
        let office = Office::open(db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let records = async || hr.query("{ ownedEntities(first: 1) { nodes { id } } }", json!({})).await;
        office.database.execute("ALTER TABLE record RENAME COLUMN title TO former_title").await;
        records().await.fails("SERVICE_UNAVAILABLE");
        office.database.execute("ALTER TABLE record RENAME COLUMN former_title TO title").await;
        records().await.ok();
    }

    /// PLATFORM §6: health tells the truth.
    async fn a_server_is_ready_when_it_can_serve(db: Backend) {
        let office = Office::open(db).await;
        let ready = office.server.url("/health/ready");
        let status = async |url: &str| reqwest::get(url).await.expect("an answer").status().as_u16();
        assert_eq!(readiness(&ready).await, (200, json!({"status": "ready"})));
        // A step of the schema is missing.
        office.database.execute("CREATE TABLE kept AS SELECT * FROM seaql_migrations").await;
        office.database.execute("DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)").await;
        assert_eq!(readiness(&ready).await, (503, json!({"status": "unready", "reason": "migrations"})));
        assert_eq!(status(&office.server.url("/health/live")).await, 200);
        office.database.execute("DELETE FROM seaql_migrations").await;
        office.database.execute("INSERT INTO seaql_migrations SELECT * FROM kept").await;
        assert_eq!(status(&ready).await, 200);
        office.database.execute("DROP TABLE kept").await;
    }
}

/// PLATFORM §6: a database that is gone, and back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_its_database_is_not_ready_until_it_is_back() {
    let office = Office::open(Backend::Postgres).await;
    let mut proxy = crate::support::proxy::Proxy::before(&office.database.url).await;
    let mut wish = Wish::on(&office.database);
    wish.config.database_url = proxy.url().to_owned().into();
    let server = Server::start(wish).await;
    let ben = server.sign_in(&office.company.ben.email, crate::support::office::PASSWORD).await;
    let ready = server.url("/health/ready");
    let status = async || reqwest::get(&ready).await.expect("an answer").status().as_u16();
    assert_eq!(status().await, 200);
    for round in 0..2 {
        proxy.cut().await;
        let begun = Instant::now();
        while status().await != 503 {
            assert!(begun.elapsed() < Duration::from_secs(3), "round {round}: ready without a database");
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "round {round}: {:?}", begun.elapsed());
        assert_eq!(readiness(&ready).await, (503, json!({"status": "unready", "reason": "database"})));
        let answer = ben.query("{ viewer { user { id } } }", json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.error_codes()), (503, vec!["SERVICE_UNAVAILABLE".to_owned()]), "{:?}", answer.body);
        assert_eq!(answer.headers["retry-after"], "1");
        assert_eq!(reqwest::get(server.url("/health/live")).await.expect("an answer").status(), 200);
        proxy.mend().await;
        let begun = Instant::now();
        while status().await != 200 {
            assert!(begun.elapsed() < Duration::from_secs(5), "round {round}: not ready though the database is back");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // Connections that died while nobody looked may each fail once.
        let begun = Instant::now();
        while ben.query("{ viewer { user { id } } }", json!({})).await.status != 200 {
            assert!(begun.elapsed() < Duration::from_secs(5), "round {round}: no answers though the database is back");
        }
    }
}
