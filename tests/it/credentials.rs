//! Credentials of every wrong kind, and keys that change under a running server.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use tenure_core::clock::{Clock, SystemClock};

use crate::support::answer::Answer;
use crate::support::backend::{Backend, Database};
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::process::tenure;
use crate::support::server::Server;
use crate::support::wire::{Wire, post};

const VIEWER: &str = "{ viewer { user { id } } }";

/// The keys of a server, as whoever had stolen them would use them.
struct Keys {
    file: Value,
}

/// What a token says: its header and its claims.
#[derive(Clone)]
struct Token {
    header: Value,
    claims: Value,
}

impl Token {
    fn of(text: &str) -> Token {
        let part = |n: usize| {
            let bytes = URL_SAFE_NO_PAD.decode(text.split('.').nth(n).expect("three parts")).expect("base64url");
            serde_json::from_slice(&bytes).expect("JSON")
        };
        Token { header: part(0), claims: part(1) }
    }

    fn with(&self, change: impl FnOnce(&mut Value, &mut Value)) -> Token {
        let mut token = self.clone();
        change(&mut token.header, &mut token.claims);
        token
    }

    /// The text that is signed.
    fn text(&self) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(self.header.to_string()), URL_SAFE_NO_PAD.encode(self.claims.to_string()))
    }
}

impl Keys {
    fn of(path: &Path) -> Keys {
        Keys { file: serde_json::from_slice(&std::fs::read(path).expect("the key file")).expect("JSON") }
    }

    fn kids(&self) -> Vec<&str> {
        self.file["keys"].as_array().into_iter().flatten().filter_map(|key| key["kid"].as_str()).collect()
    }

    /// Signs with the key that is in the file.
    fn sign(&self, token: &Token) -> String {
        let pkcs8 = URL_SAFE_NO_PAD.decode(self.file["keys"][0]["key"].as_str().expect("a key")).expect("base64url");
        signed(token, &EncodingKey::from_ed_der(&pkcs8), Algorithm::EdDSA)
    }
}

fn signed(token: &Token, key: &EncodingKey, algorithm: Algorithm) -> String {
    let text = token.text();
    format!("{text}.{}", jsonwebtoken::crypto::sign(text.as_bytes(), key, algorithm).expect("signs"))
}

async fn asked(server: &Server, authorization: &str) -> Answer {
    let request = server.anonymous().request(reqwest::Method::POST).header("authorization", authorization);
    Answer::read(request.json(&json!({ "query": VIEWER })).send().await.expect("an answer")).await
}

#[track_caller]
fn is_turned_away(answer: &Answer, what: &str) {
    assert_eq!((answer.status.as_u16(), answer.error_codes()), (401, vec!["UNAUTHENTICATED".to_owned()]), "{what}: {:#}", answer.body);
    assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"tenure\", error=\"invalid_token\"", "{what}");
    assert!(answer.body.get("data").is_none() && !answer.headers.contains_key("connection"), "{what}");
}

on_both! {
    /// PLATFORM §6, I4: whatever is not exactly a token of ours is 401.
    async fn tokens_of_every_wrong_kind(db: Backend) {
        let office = Office::open(db).await;
        let ben = office.sign_in(&office.company.ben).await;
        let keys = Keys::of(&office.database.folder.path().join("keys.json"));
        let token = Token::of(ben.token());
        // The clock goes on while this runs.
        let now = || SystemClock.now().unix_seconds();
        let server = &office.server;
        asked(server, &format!("Bearer {}", keys.sign(&token))).await.ok();

        // In time, within the leeway, and beyond it.
        for (name, offset) in [("exp", -2), ("nbf", 4), ("exp", 600)] {
            asked(server, &format!("Bearer {}", keys.sign(&token.with(|_, c| c[name] = json!(now() + offset))))).await.ok();
        }
        for (name, offset) in [("exp", -6), ("exp", -86_400), ("nbf", 60)] {
            let text = keys.sign(&token.with(|_, c| c[name] = json!(now() + offset)));
            is_turned_away(&asked(server, &format!("Bearer {text}")).await, &format!("{name} {offset}"));
        }
        let headers = [
            ("alg", json!("none")), ("alg", json!("None")), ("alg", json!("HS256")), ("alg", json!("RS256")), ("alg", json!("ES256")), ("alg", Value::Null),
            ("kid", json!("other")), ("kid", Value::Null), ("kid", json!(7)), ("kid", json!("")), ("kid", json!("../keys.json")), ("kid", json!("' OR 1=1 --")),
            ("typ", json!("JWT")), ("typ", json!("jwt")), ("typ", Value::Null), ("typ", json!("dpop+jwt")), ("crit", json!(["exp"])), ("crit", json!([])),
            ("enc", json!("A128GCM")), ("zip", json!("DEF")),
        ];
        for (name, value) in headers {
            let text = keys.sign(&token.with(|h, _| h[name] = value.clone()));
            is_turned_away(&asked(server, &format!("Bearer {text}")).await, &format!("{name} {value}"));
        }
        for name in ["iss", "aud", "sub", "sid", "exp", "nbf", "iat", "epoch"] {
            let text = keys.sign(&token.with(|_, c| drop(c.as_object_mut().expect("claims").remove(name))));
            is_turned_away(&asked(server, &format!("Bearer {text}")).await, &format!("no {name}"));
            for value in [json!(null), json!({}), json!([]), json!(true), json!("x"), json!(-1.5), json!(["tenure"])] {
                let text = keys.sign(&token.with(|_, c| c[name] = value.clone()));
                is_turned_away(&asked(server, &format!("Bearer {text}")).await, &format!("{name} {value}"));
            }
        }
        let others = [
            ("sub", json!(office.company.ann.id)), ("sid", json!(office.company.ben.id)), ("iss", json!("Tenure")), ("aud", json!(" tenure")),
            ("exp", json!(u64::MAX)), ("exp", json!((now() + 600).to_string())),
        ];
        for (name, value) in others {
            let text = keys.sign(&token.with(|_, c| c[name] = value.clone()));
            is_turned_away(&asked(server, &format!("Bearer {text}")).await, &format!("{name} {value}"));
        }
        // Claims that nobody knows are no matter, as long as they are short.
        asked(server, &format!("Bearer {}", keys.sign(&token.with(|_, c| c["x"] = json!("y"))))).await.ok();
        let long = keys.sign(&token.with(|_, c| c["x"] = json!("y".repeat(8_000))));
        is_turned_away(&asked(server, &format!("Bearer {long}")).await, "longer than 8 KiB");

        // Signed with something else: the public key as if it were a secret, nothing, another key, another's signature.
        let set: Value = reqwest::get(server.url("/.well-known/jwks.json")).await.expect("keys").json().await.expect("JSON");
        let public = set["keys"][0]["x"].as_str().expect("a public key");
        for secret in [public.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(public).expect("base64url"), Vec::new()] {
            let text = signed(&token.with(|h, _| h["alg"] = json!("HS256")), &EncodingKey::from_secret(&secret), Algorithm::HS256);
            is_turned_away(&asked(server, &format!("Bearer {text}")).await, "HS256 with the public key");
        }
        let (body, signature) = ben.token().rsplit_once('.').expect("a signature");
        let ann = office.sign_in(&office.company.ann).await;
        let anns = ann.token().rsplit_once('.').expect("a signature").1;
        let jwk = token.with(|h, _| h["jwk"] = set["keys"][0].clone());
        for text in [
            format!("{body}."), body.to_owned(), format!("{body}.{anns}"), format!("{body}.{signature}A"), format!("{body}.{signature}="), format!("{body}.{signature}.x"),
            format!("{}.{signature}", jwk.text()), format!(".{body}.{signature}"), "..".into(), ".".into(), "x".into(), "a".repeat(10_000), ben.refresh_token().to_owned(),
        ] {
            is_turned_away(&asked(server, &format!("Bearer {text}")).await, &text);
        }
        for value in ["", " ", "Bearer", "Bearer ", "Basic YmVuOnB3", "Token x", "Bearer a b"] {
            is_turned_away(&asked(server, value).await, value);
        }
        for value in [format!("bearer {}", ben.token()), format!("BEARER  {}", ben.token())] {
            asked(server, &value).await.ok();
        }

        // Access tokens: mistyped, cut, unknown; a good one beside another.
        let secret = ann.run("createAccessToken", json!({"name": "sync", "permissions": ["USERS_READ"]}), "secret").await.ok().text("secret");
        asked(server, &format!("Bearer {secret}")).await.ok();
        let last = if secret.ends_with('a') { "b" } else { "a" };
        let unknown = tenure::identity::NewAccessToken::random().expect("random").secret;
        for text in [format!("{}{last}", &secret[..secret.len() - 1]), secret[..secret.len() - 1].to_owned(), format!("{secret}0"), secret.to_uppercase(), "tenure_pat_".into(), unknown] {
            is_turned_away(&asked(server, &format!("Bearer {text}")).await, &text);
        }
        let good = format!("Authorization: Bearer {}\r\n", ben.token());
        let mut wire = Wire::to(&server.url("")).await;
        for headers in [good.repeat(2), format!("{good}Authorization: Bearer {secret}\r\n"), format!("{good}authorization:\r\n"), "Authorization: Bearer \u{e9}\r\n".into()] {
            wire.send(post(json!({ "query": VIEWER }).to_string(), &headers)).await;
            let said = wire.hear().await.expect("an answer").dressed();
            assert_eq!((said.status, said.code().as_str()), (401, "UNAUTHENTICATED"), "{said:?}");
            assert_eq!(said.header("www-authenticate"), "Bearer realm=\"tenure\", error=\"invalid_token\"");
        }
        // On every path that looks at it.
        let schema = ben.at(server.url("/schema.graphql"));
        assert_eq!(schema.request(reqwest::Method::GET).send().await.expect("an answer").status(), 200);
    }

    /// PLATFORM §6: a new key, beside running nodes, in the middle of everything.
    async fn keys_are_rotated_under_running_nodes(db: Backend) {
        let office = Office::open(db).await;
        let (one, other) = (&office.server, office.another_server().await);
        let file = office.database.folder.path().join("keys.json");
        let before = Keys::of(&file);
        let company = &office.company;
        let old = office.sign_in(&company.ben).await;
        let hr = office.sign_in(&company.hr).await;
        hr.run("invite", json!({"email": "eve@example.com", "kind": "INTRANET", "firstName": "Eve", "lastName": "Ray"}), "user { id }").await.ok();
        let invitation = office.mail.latest_to("eve@example.com").await.token();

        let kid = rotate(&office.database).await;
        let after = Keys::of(&file);
        assert_eq!(after.kids(), [before.kids(), vec![kid.as_str()]].concat());
        assert_eq!(after.file["linkKey"], before.file["linkKey"]);
        assert!(after.file["keys"][0]["retireAt"].is_string() && after.file["keys"][1]["retireAt"].is_null());

        // New sessions are signed with it at once, and every node takes them at once.
        let ben = one.sign_in(&company.ben.email, crate::support::office::PASSWORD).await;
        assert_eq!(Token::of(ben.token()).header["kid"], kid.as_str());
        ben.at(other.url("/graphql")).query(VIEWER, json!({})).await.ok();
        ben.query(VIEWER, json!({})).await.ok();
        // What was signed before works on every node, until it expires.
        old.query(VIEWER, json!({})).await.ok();
        old.at(other.url("/graphql")).query(VIEWER, json!({})).await.ok();
        for server in [one, &other] {
            let set: Value = reqwest::get(server.url("/.well-known/jwks.json")).await.expect("keys").json().await.expect("JSON");
            let kids: Vec<&str> = set["keys"].as_array().into_iter().flatten().filter_map(|key| key["kid"].as_str()).collect();
            assert_eq!(kids, after.kids());
            assert!(set["keys"].as_array().into_iter().flatten().all(|key| key.get("d").is_none()), "no private half is shown");
        }
        // Links in mails outlive it.
        let input = json!({"token": invitation, "password": "plum-otter-vivid-93"});
        one.anonymous().run("acceptInvitation", input, "session { expiresAt }").await.ok();
        // A key whose time is over is refused, though its tokens are not expired.
        let mut retired = after.file.clone();
        retired["keys"][0]["retireAt"] = json!("2020-01-01T00:00:00Z");
        std::fs::write(&file, retired.to_string()).expect("written");
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        is_turned_away(&asked(one, &format!("Bearer {}", old.token())).await, "signed with a retired key");
        rotate(&office.database).await;
        assert!(!Keys::of(&file).kids().contains(&before.kids()[0]), "what has retired is taken out");
    }
}

/// Runs `tenure keys rotate`, which says the new key's name and nothing else.
async fn rotate(database: &Database) -> String {
    let mut command = tenure(database.folder.path(), &["keys", "rotate"]);
    command.env("TENURE_DATABASE_URL", &database.url).env("TENURE_KEY_FILE", "keys.json");
    let output = command.output().await.expect("the program runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let kid = text.strip_suffix('\n').expect("a line").to_owned();
    assert!(kid.len() == 12 && !kid.contains(char::is_whitespace), "{text}");
    kid
}

#[tokio::test]
async fn keys_that_are_not_there_are_not_rotated() {
    let database = Database::blank(Backend::Sqlite).await;
    let mut command = tenure(database.folder.path(), &["keys", "rotate"]);
    command.env("TENURE_KEY_FILE", "none.json");
    let output = command.output().await.expect("the program runs");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    let line = String::from_utf8(output.stderr).expect("text");
    assert_eq!(
        line,
        "tenure: TENURE_KEY_FILE (--key-file): key file none.json: there is none yet; the server makes it when it first starts\n"
    );
    assert!(!database.folder.path().join("none.json").exists());
}
