//! Secrets stay secret: unique strings for passwords, tokens and links, wherever a caller can put them, are found in no log, no error and no
//! file of the database.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::support::answer::Answer;
use crate::support::backend::Database;
use crate::support::mail::Mailbox;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::process::{Served, tenure};
use crate::support::wire::{Wire, post, request, upgrade};

/// What must not be found, each under the name of where it was put.
#[derive(Default)]
struct Canaries {
    secrets: BTreeMap<String, String>,
    /// What was said to callers about what failed.
    said: Vec<String>,
}

impl Canaries {
    /// A string that nobody else has: strong enough for a password, and fit for a header and a URL.
    fn hatch(&mut self, place: &str) -> String {
        let mut bytes = [0u8; 12];
        getrandom(&mut bytes);
        let secret = format!("canary-{}-plum", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>());
        self.keep(place, &secret);
        secret
    }

    /// A secret that the server has made.
    fn keep(&mut self, place: &str, secret: &str) {
        assert!(secret.len() >= 16, "{place} is short enough to be found by accident: {secret}");
        assert!(self.secrets.insert(place.to_owned(), secret.to_owned()).is_none(), "{place} is there twice");
    }

    /// The errors of an answer.
    fn hear(&mut self, answer: &Answer) {
        self.said.push(answer.body["errors"].to_string());
        for payload in answer.body["data"].as_object().into_iter().flat_map(|data| data.values()) {
            self.said.push(payload["userErrors"].to_string());
        }
        self.said.extend(answer.headers.values().filter_map(|value| value.to_str().ok().map(str::to_owned)));
    }

    /// Fails the test when one of them is there, as it is, or in hexadecimal digits.
    fn are_not_in(&self, what: &str, bytes: &[u8]) {
        for (place, secret) in &self.secrets {
            let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
            for form in [secret, &hex] {
                assert!(!contains(bytes, form.as_bytes()), "{what} tells {place}: {secret}");
            }
        }
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn getrandom(bytes: &mut [u8]) {
    use std::io::Read;
    std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(bytes)).expect("random bytes");
}

fn on(database: &Database, arguments: &[&str]) -> tokio::process::Command {
    let mut command = tenure(database.folder.path(), arguments);
    command
        .env("TENURE_DATABASE_URL", &database.url)
        .env("TENURE_KEY_FILE", "keys.json")
        .env("TENURE_MAIL", "file:mail")
        .env("RUST_LOG", "trace");
    command
}

/// Runs a mutation that may fail; what it says about that is heard.
async fn run(person: &Person, canaries: &mut Canaries, mutation: &str, input: Value, selection: &str) -> crate::support::answer::Outcome {
    let outcome = person.run(mutation, input, selection).await;
    canaries.hear(&outcome.answer);
    outcome
}

on_both! {
    /// Nothing secret in logs, errors and the database.
    async fn nothing_secret_is_told_or_stored(db: Backend) {
        let database = Database::blank(db).await;
        let mut canaries = Canaries::default();
        let log = database.folder.path().join("log");
        let mut command = on(&database, &["serve"]);
        command.stderr(std::fs::File::create(&log).expect("a file"));
        let served = Served::start(command).await;
        let url = format!("{}/graphql", served.base);
        let mail = Mailbox::at(&database.folder.path().join("mail"));

        let password = canaries.hatch("a password on stdin");
        let mut create = on(&database, &["user", "create", "--email", "ann@example.com", "--first-name", "Ann", "--last-name", "Lee", "--administrator", "--password-stdin"]);
        let mut child = create.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("it starts");
        child.stdin.take().expect("its input").write_all(password.as_bytes()).await.expect("it reads");
        let output = child.wait_with_output().await.expect("it ends");
        assert!(output.status.success(), "{output:?}");
        canaries.are_not_in("user create", &[output.stdout, output.stderr].concat());

        // Signing in, right and wrong; sessions that go on, and that are found out.
        let ann = Person::sign_in(url.clone(), "ann@example.com", &password).await;
        canaries.keep("a session token", ann.token());
        canaries.keep("a refresh token", ann.refresh_token());
        let stranger = Person::anonymous(url.clone());
        for (place, email) in [("a wrong password", "ann@example.com"), ("a password of nobody", "nobody@example.com")] {
            let wrong = canaries.hatch(place);
            run(&stranger, &mut canaries, "signIn", json!({"email": email, "password": wrong}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
        }
        let as_address = canaries.hatch("a password in place of an address");
        run(&stranger, &mut canaries, "signIn", json!({"email": as_address, "password": "x"}), "session { expiresAt }").await;
        let refreshed = run(&stranger, &mut canaries, "refreshSession", json!({"refreshToken": ann.refresh_token()}), "session { accessToken refreshToken }").await.ok();
        canaries.keep("a second session token", &refreshed.text("session.accessToken"));
        canaries.keep("a second refresh token", &refreshed.text("session.refreshToken"));
        let unknown = canaries.hatch("a refresh token of nobody");
        run(&stranger, &mut canaries, "refreshSession", json!({"refreshToken": unknown}), "session { expiresAt }").await.refused("SESSION_ENDED");
        let ann = Person::with_token(url.clone(), &refreshed.text("session.accessToken"));

        // Access tokens; links, and the passwords that are set by them.
        let secret = run(&ann, &mut canaries, "createAccessToken", json!({"name": "sync", "permissions": ["USERS_READ"]}), "secret").await.ok().text("secret");
        // What is shown of it later, its first characters, is stored; the rest is not.
        canaries.keep("an access token", &secret[16..]);
        Person::with_token(url.clone(), &secret).query("{ users { totalCount } }", json!({})).await.ok();
        let mistyped = format!("{}x", &secret[..secret.len() - 1]);
        canaries.hear(&Person::with_token(url.clone(), &mistyped).query("{ users { totalCount } }", json!({})).await);
        run(&ann, &mut canaries, "invite", json!({"email": "eve@example.com", "kind": "INTRANET", "firstName": "Eve", "lastName": "Ray"}), "user { id }").await.ok();
        let invitation = mail.await_mail_to("eve@example.com").await.token();
        canaries.keep("an invitation", &invitation);
        let weak = canaries.hatch("a password that is refused");
        let made_up = canaries.hatch("a link of nobody");
        run(&stranger, &mut canaries, "acceptInvitation", json!({"token": made_up, "password": weak}), "session { expiresAt }").await;
        let evil = canaries.hatch("the password of an invitation");
        let accepted = run(&stranger, &mut canaries, "acceptInvitation", json!({"token": invitation, "password": evil}), "session { accessToken refreshToken }").await.ok();
        canaries.keep("a third session token", &accepted.text("session.accessToken"));
        canaries.keep("a third refresh token", &accepted.text("session.refreshToken"));
        let eve = Person::with_token(url.clone(), &accepted.text("session.accessToken"));
        let (wrong, next) = (canaries.hatch("a wrong present password"), canaries.hatch("a new password"));
        run(&eve, &mut canaries, "changePassword", json!({"currentPassword": wrong, "newPassword": next}), "endedCount").await;
        run(&eve, &mut canaries, "changePassword", json!({"currentPassword": evil, "newPassword": next}), "endedCount").await.ok();
        run(&eve, &mut canaries, "requestLoginEmailChange", json!({"address": "eve.ray@example.com", "password": next}), "expiresAt").await.ok();
        let confirmation = mail.await_mail_to("eve.ray@example.com").await.token();
        canaries.keep("a confirmation", &confirmation);
        run(&stranger, &mut canaries, "confirmLoginEmailChange", json!({"token": confirmation}), "user { id }").await;
        let before = mail.all().len();
        run(&stranger, &mut canaries, "requestPasswordReset", json!({"email": "ann@example.com"}), "accepted").await.ok();
        let reset = mail.await_mail_after(before, "ann@example.com").await.token();
        canaries.keep("a link for a new password", &reset);
        let latest = canaries.hatch("the password of a reset");
        run(&stranger, &mut canaries, "resetPassword", json!({"token": reset, "newPassword": latest}), "session { expiresAt }").await;

        // Wherever else somebody may put one.
        let mut wire = Wire::to(&served.base).await;
        let strange = strange_requests(&mut canaries);
        for bytes in &strange {
            wire.send(bytes).await;
            match wire.hear().await {
                Some(said) if said.status != 101 => {
                    canaries.said.push(String::from_utf8_lossy(&said.body).into_owned());
                    canaries.said.extend(said.headers.iter().map(|(_, value)| value.clone()));
                    if said.header("connection") == "close" {
                        wire = Wire::to(&served.base).await;
                    }
                }
                // A socket, or the end of this connection.
                _ => wire = Wire::to(&served.base).await,
            }
        }
        socket(&served.base, &mut canaries).await;

        let printed = served.end().await;
        canaries.are_not_in("stdout", printed.join("\n").as_bytes());
        let told = std::fs::read(&log).expect("the log");
        assert!(contains(&told, b"\"request\"") && contains(&told, b"http.status"), "requests are in the log");
        assert!(contains(&told, b"DEBUG"), "as much as can be is logged");
        canaries.are_not_in("the log", &told);
        canaries.are_not_in("an answer", canaries.said.join("\n").as_bytes());
        let stored = database.contents().await;
        assert!(contains(&stored, b"eve.ray@example.com"), "all that is stored is read");
        canaries.are_not_in("the database", &stored);
    }
}

fn sign_in(email: &str, password: &str) -> String {
    format!("mutation {{ signIn(input: {{email: {email}, password: {password}}}) {{ userErrors {{ code message }} }} }}")
}

/// Requests with a secret in every place that a caller can write to.
fn strange_requests(canaries: &mut Canaries) -> Vec<Vec<u8>> {
    let good = r#"{"query":"{ __typename }"}"#;
    let mut requests = Vec::new();
    for header in [
        "Authorization: Bearer {}",
        "Authorization: Basic {}",
        "Cookie: session={}",
        "X-Token: {}",
        "Referer: http://x/?token={}",
        "User-Agent: {}",
        "X-Forwarded-For: {}",
        "Origin: http://{}",
        "Content-Type: {}",
        "Content-Encoding: {}",
        "Accept: {}",
        "Expect: {}",
        "X-Request-Id: {}=",
    ] {
        let secret = canaries.hatch(header);
        requests.push(post(good, &format!("{}\r\n", header.replace("{}", &secret))));
    }
    for line in [
        "GET /{}",
        "GET /graphql?token={}",
        "GET /graphql?query=%7B__typename%7D&variables=%22{}%22",
        "GET /reset-password?token={}",
        "GET /graphql?query={}",
        "GET /graphql?query=%7B__typename%7D&variables={}",
        "{} /graphql",
        "GET http://ann:{}@tenure/graphql",
        "GET /{}\u{1}",
    ] {
        let secret = canaries.hatch(line);
        requests.push(request(&line.replace("{}", &secret), ""));
    }
    let secret = canaries.hatch("a head that is malformed");
    requests.push(format!("GET / HTTP/1.1\r\nHost: x\r\n{secret}\r\n\r\n").into_bytes());
    // The name of the place, and a body with a secret there.
    type Body = fn(&str) -> String;
    let documents: [(&str, Body); 20] = [
        ("a body that is no JSON", |s| format!("{{\"query\": \"{s}")),
        ("a body that is a text", |s| format!("\"{s}\"")),
        ("a name twice in a body", |s| format!("{{\"{s}\":1,\"{s}\":2}}")),
        ("a field of a body", |s| json!({"query": "{ __typename }", "password": s}).to_string()),
        ("extensions", |s| json!({"query": "{ __typename }", "extensions": {"token": s}}).to_string()),
        ("variables that are none", |s| json!({"query": "{ __typename }", "variables": s}).to_string()),
        ("a document that is a secret", |s| json!({ "query": s }).to_string()),
        ("a comment", |s| json!({"query": format!("# {s}\n{{ __typename }}")}).to_string()),
        ("a syntax error", |s| json!({"query": sign_in("\"a\"", &format!("\"{s}\"")).replace("signIn(", "signIn((")}).to_string()),
        ("a text without end", |s| json!({"query": sign_in("\"a\"", &format!("\"{s}"))}).to_string()),
        ("a password in a document", |s| json!({"query": sign_in("\"a@example.com\"", &format!("\"{s}\""))}).to_string()),
        ("a password in place of a number", |s| {
            json!({"query": format!("{{ departments(first: \"{s}\") {{ totalCount }} }}")}).to_string()
        }),
        ("an unused variable", |s| json!({"query": "{ __typename }", "variables": {"password": s}}).to_string()),
        ("a variable of another type", |s| {
            json!({"query": "query($n: Int) { departments(first: $n) { totalCount } }", "variables": {"n": s}}).to_string()
        }),
        ("a variable that is an object", |s| {
            json!({"query": "query($id: ID!) { node(id: $id) { id } }", "variables": {"id": {"token": s}}}).to_string()
        }),
        ("an input that lacks something", |s| {
            json!({"query": "mutation($i: SignInInput!) { signIn(input: $i) { userErrors { code } } }", "variables": {"i": {"password": s}}}).to_string()
        }),
        ("an input with too much", |s| {
            json!({"query": "mutation($i: SignInInput!) { signIn(input: $i) { userErrors { code } } }", "variables": {"i": {"email": "a@example.com", "password": "x", "other": s}}}).to_string()
        }),
        ("an identifier", |s| json!({"query": "query($id: ID!) { node(id: $id) { id } }", "variables": {"id": s}}).to_string()),
        ("a cursor", |s| {
            json!({"query": "query($c: String) { departments(after: $c) { totalCount } }", "variables": {"c": s}}).to_string()
        }),
        ("an enum", |s| {
            json!({"query": "query($s: [UserStatus!]) { users(filter: {statuses: $s}) { totalCount } }", "variables": {"s": [s]}})
                .to_string()
        }),
    ];
    for (place, document) in documents {
        let secret = canaries.hatch(place);
        requests.push(post(document(&secret), ""));
    }
    requests
}

/// Shakes hands for a WebSocket and signs in over it with what is none, in the ways that clients know.
async fn socket(base: &str, canaries: &mut Canaries) {
    for place in ["the payload of a connection", "a token of a connection", "a subscription", "no message at all"] {
        let secret = canaries.hatch(place);
        let message = match place {
            "the payload of a connection" => json!({"type": "connection_init", "payload": {"password": secret}}).to_string(),
            "a token of a connection" => {
                json!({"type": "connection_init", "payload": {"authorization": format!("Bearer {secret}")}}).to_string()
            }
            "a subscription" => json!({"type": "subscribe", "id": secret, "payload": {"query": secret}}).to_string(),
            _ => secret,
        };
        let mut wire = Wire::to(base).await;
        wire.send(upgrade("")).await;
        let Some(said) = wire.hear().await else { continue };
        if said.status != 101 {
            continue;
        }
        let bytes = message.as_bytes();
        // One frame of text, masked with nothing.
        let length = u8::try_from(bytes.len())
            .ok()
            .filter(|n| *n < 126)
            .map_or_else(|| [&[0x80 | 126][..], &(bytes.len() as u16).to_be_bytes()].concat(), |n| vec![0x80 | n]);
        wire.send([&[0x81][..], &length, &[0; 4], bytes].concat()).await;
        let answer = wire.everything_within(std::time::Duration::from_millis(500)).await;
        // An id that the caller has chosen comes back; that is what it is for.
        if place != "a subscription" {
            canaries.said.push(String::from_utf8_lossy(&answer).into_owned());
        }
    }
}
