//! Whatever comes over the wire: each kind of bad input has its status, its code and its headers, and the connection goes on, or does not.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use crate::support::office::Office;
use crate::support::on_both;
use crate::support::wire::{Said, Wire, post, request};

const GOOD: &str = r#"{"query":"{ __typename }"}"#;
const SOON: Duration = Duration::from_secs(5);

/// Sends one request and hears one answer. What comes next on the connection is as it should be: nothing, or the answer to a good request.
async fn ask(base: &str, bytes: &[u8]) -> Said {
    let mut wire = Wire::to(base).await;
    wire.send(bytes).await;
    let said = wire.hear().await.unwrap_or_else(|| panic!("no answer to {:?}", text(bytes))).dressed();
    if said.header("connection") == "close" || said.version == "HTTP/1.0" {
        assert!(wire.is_closed_within(SOON).await, "still open after {:?}", text(bytes));
    } else {
        wire.send(post(GOOD, "")).await;
        let next = wire.hear().await.unwrap_or_else(|| panic!("closed after {:?}", text(bytes)));
        assert_eq!((next.status, next.json()), (200, json!({"data": {"__typename": "Query"}})), "after {:?}", text(bytes));
    }
    said
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned()
}

/// What is checked of an answer: status, code, whether the connection goes on.
type Verdict = (u16, &'static str, bool);

async fn check(base: &str, bytes: impl AsRef<[u8]>, expected: Verdict) -> Said {
    let said = ask(base, bytes.as_ref()).await;
    let goes_on = said.header("connection") != "close";
    assert_eq!((said.status, said.code().as_str(), goes_on), expected, "{:?}: {said:?}", text(bytes.as_ref()));
    assert_eq!(said.header("content-type"), "application/json; charset=utf-8", "{said:?}");
    said
}

const BAD: &str = "BAD_USER_INPUT";

on_both! {
    /// PLATFORM §3: methods.
    async fn wrong_methods(db: Backend) {
        let office = Office::open(db).await;
        let base = office.server.url("");
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO", "get", "PRI"] {
            let said = check(&base, request(&format!("{method} /graphql"), ""), (405, BAD, true)).await;
            assert_eq!(said.header("allow"), "GET, POST");
        }
        let mutation = "GET /graphql?query=mutation%7B__typename%7D";
        assert_eq!(check(&base, request(mutation, ""), (405, BAD, true)).await.header("allow"), "POST");
        for path in ["/health/live", "/health/ready", "/schema.graphql", "/.well-known/jwks.json"] {
            let said = check(&base, request(&format!("DELETE {path}"), ""), (405, BAD, true)).await;
            assert_eq!(said.header("allow"), "GET, HEAD", "{path}");
        }
        for path in ["/", "/graphql/", "/Graphql", "/%67raphql", "/metrics", "/nothing?query=%7B__typename%7D", "*"] {
            check(&base, request(&format!("GET {path}"), ""), (404, BAD, true)).await;
        }
        // A proxy is asked for such a thing; this is none.
        check(&base, request("CONNECT tenure:443", ""), (404, BAD, true)).await;
    }

    /// PLATFORM §3: type, charset, compression.
    async fn wrong_types_charsets_and_encodings(db: Backend) {
        let office = Office::open(db).await;
        let base = office.server.url("");
        for kind in [
            "text/plain", "application/graphql", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp",
            "application/json; charset=utf-16", "application/json; charset=utf-8; charset=latin1", "application/ json", "json", "*/*", " ",
        ] {
            let said = check(&base, post(GOOD, &format!("Content-Type: {kind}\r\n")), (415, BAD, true)).await;
            assert_eq!(said.header("accept-encoding"), "identity");
        }
        let bare = format!("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{GOOD}", GOOD.len());
        check(&base, bare, (415, BAD, true)).await;
        for kind in ["application/json;charset=utf-8", "Application/JSON; Charset=\"UTF-8\"", "application/json; x=y"] {
            assert_eq!(ask(&base, &post(GOOD, &format!("Content-Type: {kind}\r\n"))).await.status, 200, "{kind}");
        }
        for coding in ["gzip", "deflate", "br", "zstd", "x", "identity, gzip"] {
            let said = check(&base, post(GOOD, &format!("Content-Encoding: {coding}\r\n")), (415, BAD, true)).await;
            assert_eq!(said.header("accept-encoding"), "identity");
        }
        assert_eq!(ask(&base, &post(GOOD, "Content-Encoding: identity\r\n")).await.status, 200);
        for accept in ["text/html", "image/*", "application/json;q=0", "application/xml, text/plain"] {
            check(&base, post(GOOD, &format!("Accept: {accept}\r\n")), (406, BAD, true)).await;
        }
    }

    /// PLATFORM §3, §6: lengths.
    async fn wrong_lengths(db: Backend) {
        let office = Office::open(db).await;
        let base = office.server.url("");
        let head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        let chunked = format!("{:x}\r\n{GOOD}\r\n0\r\n\r\n", GOOD.len());
        let length = GOOD.len();
        for lengths in [
            format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
            format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
            format!("transfer-encoding: chunked\r\nCONTENT-LENGTH: {length}\r\n"),
        ] {
            check(&base, format!("{head}{lengths}\r\n{chunked}"), (400, BAD, false)).await;
        }
        for lengths in [
            format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"),
            format!("Content-Length: {length}\r\nContent-Length: 1\r\n"),
            format!("Content-Length: {length}, {length}\r\n"),
            "Content-Length: +5\r\n".into(), "Content-Length: -5\r\n".into(), "Content-Length: 0x5\r\n".into(), "Content-Length:\r\n".into(),
            "Content-Length: 99999999999999999999999\r\n".into(), "Content-Length: 5 5\r\n".into(),
            "Transfer-Encoding: gzip\r\n".into(), "Transfer-Encoding: chunked, gzip\r\n".into(), "Transfer-Encoding: identity\r\n".into(),
            format!("Content-Length : {length}\r\n"), format!(" Content-Length: {length}\r\n"),
        ] {
            check(&base, format!("{head}{lengths}\r\n{GOOD}"), (400, BAD, false)).await;
        }
        for codings in ["gzip, chunked", "chunked, chunked", "chunked\r\nTransfer-Encoding: chunked", "chunked\r\nAccept: */*\r\ntransfer-encoding: CHUNKED"] {
            check(&base, format!("{head}Transfer-Encoding: {codings}\r\n\r\n{chunked}"), (400, BAD, false)).await;
        }
        // A body in chunks is fine; what follows it is not looked at.
        let said = ask(&base, format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunked}").as_bytes()).await;
        assert_eq!((said.status, said.header("connection")), (200, "close"));
        for chunks in ["zz\r\nabc\r\n0\r\n\r\n", "-1\r\n", "5\r\nab", "ffffffffffffffffff\r\n", "3\r\nabcd\r\n0\r\n\r\n"] {
            let mut wire = Wire::to(&base).await;
            wire.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}")).await;
            wire.hang_up().await;
            let said = wire.hear().await.unwrap_or_else(|| panic!("no answer to {chunks:?}")).dressed();
            assert_eq!((said.status, said.code().as_str(), said.header("connection")), (400, BAD, "close"), "{chunks:?}");
        }
        // A body that breaks off.
        let mut wire = Wire::to(&base).await;
        wire.send(format!("{head}Content-Length: 100\r\n\r\n{GOOD}")).await;
        wire.hang_up().await;
        let said = wire.hear().await.expect("an answer").dressed();
        assert_eq!((said.status, said.code().as_str(), said.header("connection")), (400, BAD, "close"));
        // No body at all.
        check(&base, format!("{head}\r\n"), (400, BAD, true)).await;
    }

    /// RFC 9112 §9.3, §9.6: who is answered before their body was read. A small one is read off; of a long one, or one that does not come,
    /// the answer says that the connection ends.
    async fn bodies_that_nobody_reads(db: Backend) {
        let office = Office::open(db).await;
        let base = office.server.url("");
        for (line, status) in [("POST /nothing", 404), ("PUT /graphql", 405), ("DELETE /schema.graphql", 405), ("GET /health/live", 200)] {
            let head = |length: usize| format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n");
            for (length, connection) in [(1, ""), (60_000, ""), (70_000, "close"), (3_000_000, "close")] {
                let said = ask(&base, format!("{}\r\n{}", head(length), "x".repeat(length)).as_bytes()).await;
                assert_eq!((said.status, said.header("connection")), (status, connection), "{line} with {length} bytes");
            }
            // In pieces, the first of them with the head.
            let mut wire = Wire::to(&base).await;
            wire.send(format!("{}\r\n{}", head(50_000), "x".repeat(10_000))).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            wire.send("x".repeat(40_000)).await;
            let said = wire.hear().await.expect("an answer").dressed();
            assert_eq!((said.status, said.header("connection")), (status, ""), "{line}");
            wire.send(post(GOOD, "")).await;
            assert_eq!(wire.hear().await.expect("an answer").status, 200);
            // It does not come.
            assert_eq!(ask(&base, format!("{}\r\nx", head(100)).as_bytes()).await.header("connection"), "close");
            // Who asks first is not told to go on.
            assert_eq!(ask(&base, format!("{}Expect: 100-continue\r\n\r\n", head(100)).as_bytes()).await.header("connection"), "close");
        }
    }

    /// PLATFORM §4: bodies over the limit, with and without length.
    async fn bodies_over_the_limit(db: Backend) {
        let office = Office::open(db).await;
        let base = office.server.url("");
        let limit = 256 * 1024;
        let body = |length: usize| format!("{GOOD}{}", " ".repeat(length - GOOD.len()));
        assert_eq!(ask(&base, &post(body(limit), "")).await.status, 200);
        let head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, " ".repeat(64 * 1024));
        for bytes in [
            post(body(limit + 1), ""),
            format!("{head}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(5)).into_bytes(),
            format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(40)).into_bytes(),
            // Who announces too much is refused before they send it, and is not asked to go on.
            format!("{head}Content-Length: 10000000000\r\n\r\n").into_bytes(),
            format!("{head}Content-Length: {}\r\n\r\n", limit + 1).into_bytes(),
            format!("{head}Content-Length: {}\r\nExpect: 100-continue\r\n\r\n", limit + 1).into_bytes(),
            format!("{head}Content-Length: 10000000000\r\nExpect: 100-continue\r\n\r\n").into_bytes(),
            format!("{head}Content-Length: 2000000\r\n\r\n{}", " ".repeat(2_000_000)).into_bytes(),
        ] {
            let said = check(&base, bytes, (413, BAD, false)).await;
            let error = &said.json()["errors"][0];
            assert_eq!((&error["extensions"]["limit"], &error["extensions"]["maximum"]), (&json!("bodyBytes"), &json!(limit)), "{said:?}");
            assert_eq!(error["message"], "The body is longer than 262144 bytes, which is the limit: send less at once.");
        }
    }

    /// PLATFORM §3: what is no JSON, or says two things.
    async fn bodies_that_are_no_json(db: Backend) {
        let office = Office::open(db).await;
        let base = office.server.url("");
        let with = |variables: &str| format!(r#"{{"query":"query($v: ID) {{ __typename }}","variables":{{"v":{variables}}}}}"#).into_bytes();
        let deep = |open: &str, close: &str, n: usize| with(&format!("{}1{}", open.repeat(n), close.repeat(n)));
        for body in [
            b"".to_vec(), b"{".to_vec(), b"\"".to_vec(), b"nul".to_vec(), format!("{GOOD}{GOOD}").into_bytes(), format!("{GOOD},").into_bytes(),
            b"\xef\xbb\xbf{\"query\":\"{ __typename }\"}".to_vec(), b"{\"query\":\"{ __typename \xff}\"}".to_vec(),
            b"{\"query\":\"{ __typename \xed\xa0\x80}\"}".to_vec(), b"{\"query\":\"{ __typename }\x00\"}".to_vec(), b"\x00".to_vec(),
            "{\"query\":\"{ __typename }\"}".encode_utf16().flat_map(u16::to_be_bytes).collect(),
            br#"{"query":"{ __typename }","query":"{ __typename }"}"#.to_vec(), with(r#"{"a":1,"a":1}"#), with(r#"[{"\u0061":1,"a":2}]"#),
            with(r#""\ud800""#), with(r#""\udc00\ud800""#), with(r#""\uZZZZ""#), with("1e999"), with("-1e999"), with("01"), with("+1"), with("0x1"),
            with("NaN"), with("Infinity"), with("'a'"), with("[1,]"), with("/**/1"), deep("[", "]", 200), deep("{\"a\":", "}", 200),
            vec![b'['; 200_000], b"{\"query\":".repeat(20_000),
        ] {
            check(&base, post(body, ""), (400, BAD, true)).await;
        }
        // Well-formed, but out of range for what it stands for: said of the variable, before anything is run.
        let first = |n: &str| format!(r#"{{"query":"query($n: Int) {{ departments(first: $n) {{ totalCount }} }}","variables":{{"n":{n}}}}}"#);
        for number in ["2147483648", "-2147483649", "99999999999999999999999999", "1.5", "1e10", "\"1\"", "true", "{}", "[[1]]"] {
            let said = check(&base, post(first(number), ""), (200, BAD, true)).await;
            assert!(said.json().get("data").is_none(), "{said:?}");
            let newer = ask(&base, &post(first(number), "Accept: application/graphql-response+json\r\n")).await;
            assert_eq!((newer.status, newer.header("content-type")), (400, "application/graphql-response+json; charset=utf-8"));
        }
        for query in ["", "query=%ff", "query=%7B__typename%7D&query=%7B__typename%7D", "query=%7B__typename%7D&variables=%7B%22a%22:1,%22a%22:1%7D", "query=%7B__typename%7D&variables=%5B%5D", "variables=%7B%7D"] {
            check(&base, request(&format!("GET /graphql?{query}"), ""), (400, BAD, true)).await;
        }
    }

    /// PLATFORM §6: heads that no two readers understand alike, and heads without end.
    async fn heads_that_are_malformed(db: Backend) {
        let office = Office::open(db).await;
        let base = office.server.url("");
        let get = "GET /graphql?query=%7B__typename%7D";
        for headers in ["Host: y\r\n", "Origin: http://a\r\nOrigin: http://b\r\n", "Content-Type: a/b\r\nContent-Type: a/b\r\n", "Content-Encoding: gzip\r\nContent-Encoding: br\r\n"] {
            check(&base, request(get, headers), (400, BAD, false)).await;
        }
        check(&base, format!("{get} HTTP/1.1\r\n\r\n"), (400, BAD, false)).await;
        // One host, and one that is a host: RFC 9112 §3.2.
        for host in ["a b", "http://x/", "x:99999", "x:abc", "[::1", "a,b", "user@x", "x\u{ff}"] {
            for version in ["1.0", "1.1"] {
                check(&base, format!("{get} HTTP/{version}\r\nHost: {host}\r\n\r\n"), (400, BAD, false)).await;
            }
        }
        check(&base, [get.as_bytes(), b" HTTP/1.1\r\nHost: x\xff\r\n\r\n"].concat(), (400, BAD, false)).await;
        for host in ["", "x", "x:", "x:80", "127.0.0.1:8080", "[::1]", "[::1]:8080"] {
            assert_eq!(ask(&base, format!("{get} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await.status, 200, "{host}");
        }
        for headers in ["no colon\r\n", "X: a\r\n folded\r\n", "X : a\r\n", ": a\r\n", "X: a\x00b\r\n", "X\x01: a\r\n", "X: a\rb\r\n", "\u{e9}: a\r\n"] {
            check(&base, request(get, headers), (400, BAD, false)).await;
        }
        for line in ["GET /graphql", "GET", "GET  /graphql HTTP/1.1", "GET /a b HTTP/1.1", "GET /graphql HTTP/3.0", "GET /graphql HTTP/1.2", "G\x00T / HTTP/1.1", "GET /\x01 HTTP/1.1", "\x16\x03\x01\x02\x00\x01\x00\x01", "{}", "GET /graphql http/1.1"] {
            check(&base, format!("{line}\r\nHost: x\r\n\r\n"), (400, BAD, false)).await;
        }
        let many = |count: usize| (0..count).fold(String::new(), |mut text, n| { let _ = write!(text, "X-{n}: a\r\n"); text });
        assert_eq!(ask(&base, &request(get, &many(99))).await.status, 200);
        check(&base, request(get, &many(100)), (431, BAD, false)).await;
        check(&base, request(get, &many(5_000)), (431, BAD, false)).await;
        check(&base, request(get, &format!("X: {}\r\n", "a".repeat(66_000))), (431, BAD, false)).await;
        check(&base, request(get, &format!("X: {}\r\n", "a".repeat(400_000))), (431, BAD, false)).await;
        check(&base, request(&format!("GET /{}", "a".repeat(400_000)), ""), (431, BAD, false)).await;
        let long = check(&base, request(&format!("GET /{}", "a".repeat(65_535)), ""), (431, BAD, false)).await;
        assert!(long.json()["errors"][0]["message"].as_str().is_some_and(|m| m.contains("65536 bytes")), "{long:?}");
    }

    /// Other protocols, and the corners of this one.
    async fn other_versions_and_rare_ways_of_asking(db: Backend) {
        let office = Office::open(db).await;
        let base = office.server.url("");
        let mut wire = Wire::to(&base).await;
        wire.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
        let said = wire.hear().await.expect("an answer").dressed();
        assert_eq!((said.status, said.code().as_str(), said.header("connection")), (505, BAD, "close"));
        let get = "GET /graphql?query=%7B__typename%7D";
        let said = ask(&base, format!("{get} HTTP/1.0\r\n\r\n").as_bytes()).await;
        assert_eq!((said.version.as_str(), said.status), ("HTTP/1.0", 200));
        check(&base, "POST /graphql HTTP/1.0\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400, BAD, false)).await;
        assert_eq!(ask(&base, format!("\r\n\r\n{get} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.status, 200);
        assert_eq!(ask(&base, &request("GET http://elsewhere.example/graphql?query=%7B__typename%7D", "")).await.status, 200);
        // What nobody here can change to is not changed to.
        for protocol in ["h2c", "TLS/1.2", "foo"] {
            let said = ask(&base, &post(GOOD, &format!("Connection: Upgrade\r\nUpgrade: {protocol}\r\n"))).await;
            assert_eq!((said.status, said.header("upgrade")), (200, ""), "{protocol}");
        }
        // One after the other, sent at once.
        let mut wire = Wire::to(&base).await;
        wire.send([post(GOOD, "X-Request-Id: request-1\r\n"), request("PUT /graphql", "X-Request-Id: request-2\r\n"), post(GOOD, "X-Request-Id: request-3\r\n"), b"nonsense\r\n\r\n".to_vec()].concat()).await;
        for (id, status) in [("request-1", 200), ("request-2", 405), ("request-3", 200)] {
            let said = wire.hear().await.expect("an answer").dressed();
            assert_eq!((said.header("x-request-id"), said.status), (id, status));
        }
        assert_eq!(wire.hear().await.expect("an answer").status, 400);
        assert!(wire.is_closed_within(SOON).await);
        // A second request with two lengths is refused; the first one is not.
        let mut wire = Wire::to(&base).await;
        wire.send([post(GOOD, ""), post(GOOD, "Transfer-Encoding: chunked\r\n")].concat()).await;
        assert_eq!(wire.hear().await.expect("an answer").dressed().status, 200);
        assert_eq!(wire.hear().await.expect("an answer").dressed().status, 400);
        // Who asks whether to go on is told so.
        let mut wire = Wire::to(&base).await;
        wire.send(format!("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n", GOOD.len())).await;
        assert_eq!(wire.hear().await.expect("an answer").status, 100);
        wire.send(GOOD).await;
        assert_eq!(wire.hear().await.expect("an answer").dressed().status, 200);
        // An id that is none is replaced.
        for id in ["short", "with space in it", &"a".repeat(65), "request-1\u{e9}"] {
            let said = ask(&base, &post(GOOD, &format!("X-Request-Id: {id}\r\n"))).await;
            assert!(said.status == 200 && said.header("x-request-id").len() == 36, "{said:?}");
        }
    }
}
