//! Whoever loses sign-in loses what is open, on every node, within a second (I4, R2).

use std::time::Duration;

use serde_json::{Value, json};
use tenure_core::clock::{Clock, FixedClock, SystemClock};
use tenure_core::permission::Permission;
use tokio::time::Instant;

use crate::support::backend::Backend;
use crate::support::company::Member;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::server::Server;
use crate::support::socket::{Heard, Socket};
use crate::support::sse::{Events, Piece};

const TAIL: &str = "subscription { userEvents { sequence } }";
const WITHIN: Duration = Duration::from_secs(1);

/// What somebody has open: a socket and a stream at each node.
struct Open {
    sockets: Vec<Socket>,
    streams: Vec<Events>,
}

impl Open {
    async fn by(person: &Person, urls: &[String]) -> Open {
        let mut open = Open { sockets: Vec::new(), streams: Vec::new() };
        for url in urls {
            let there = person.at(url.clone());
            let mut socket = there.socket().await;
            socket.subscribe("1", TAIL, json!({})).await;
            open.sockets.push(socket);
            // One that only waits is closed as well.
            open.sockets.push(there.socket().await);
            open.streams.push(there.listen(TAIL, json!({})).await);
        }
        open
    }

    /// Fails the test unless all of it ends in time.
    async fn ends(self, what: &str, since: Instant) {
        for mut socket in self.sockets {
            assert_eq!(socket.closed().await, Some((4403, "Forbidden".to_owned())), "{what}");
            assert!(since.elapsed() <= WITHIN, "{what}: a socket was open for {:?}", since.elapsed());
        }
        for mut stream in self.streams {
            let mut errors = Value::Null;
            loop {
                match stream.next().await {
                    Piece::Next(payload) => errors = payload["errors"].clone(),
                    Piece::End => break,
                    other => panic!("{what}: {other:?}"),
                }
            }
            assert_eq!(errors[0]["extensions"]["code"], "UNAUTHENTICATED", "{what}");
            assert!(since.elapsed() <= WITHIN, "{what}: a stream was open for {:?}", since.elapsed());
        }
    }

    /// Fails the test unless all sockets are still of use.
    async fn lasts(&mut self, what: &str) {
        for socket in &mut self.sockets {
            socket.subscribe("q", "{ viewer { user { id } } }", json!({})).await;
            loop {
                match socket.hear().await {
                    Heard::Said(message) if message["id"] == "q" && message["type"] == "complete" => break,
                    Heard::Said(_) => {}
                    other => panic!("{what}: {other:?}"),
                }
            }
        }
    }
}

async fn nodes(office: &Office, db: Backend) -> (Vec<String>, Option<Server>) {
    let mut urls = vec![office.server.url("/graphql")];
    let other = match db {
        Backend::Postgres => Some(office.another_server().await),
        Backend::Sqlite => None,
    };
    urls.extend(other.iter().map(|server| server.url("/graphql")));
    (urls, other)
}

async fn reader(office: &Office, name: &str) -> (Member, Person, Person, String) {
    let member = office.company.holder(name, "Reader", &[Permission::AuditRead]).await;
    let person = office.sign_in(&member).await;
    let input = json!({"name": "sync", "permissions": ["AUDIT_READ"]});
    let created = person.run("createAccessToken", input, "secret accessToken { id }").await.ok();
    let token = office.server.with_token(&created.text("secret"));
    (member, person, token, created.text("accessToken.id"))
}

on_both! {
    /// I4, R2: each way to lose sign-in, for sessions and access tokens.
    async fn every_way_to_lose_sign_in_closes_what_is_open(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (urls, _other) = nodes(&office, db).await;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        for way in ["dismiss", "moveToExtranet", "deleteUser"] {
            let (member, person, token, _) = reader(&office, way).await;
            let (open, of_token) = (Open::by(&person, &urls).await, Open::by(&token, &urls).await);
            let input = match way {
                "dismiss" => json!({"userId": member.id}),
                "moveToExtranet" => json!({"userId": member.id, "workgroupIds": [company.project]}),
                _ => json!({"userId": member.id, "confirmation": member.name}),
            };
            ann.run(way, input, "userErrors { code }").await.ok();
            let since = Instant::now();
            let what = format!("{way}, token");
            tokio::join!(open.ends(way, since), of_token.ends(&what, since));
        }

        // A new password ends the other sessions; its own and access tokens last (I4, E8).
        let (member, person, token, token_id) = reader(&office, "Paula").await;
        let elsewhere = office.sign_in(&member).await;
        let (mut own, other) = (Open::by(&person, &urls).await, Open::by(&elsewhere, &urls).await);
        let mut of_token = Open::by(&token, &urls).await;
        let input = json!({"currentPassword": PASSWORD, "newPassword": "tangerine moss 41 ladder"});
        person.run("changePassword", input, "endedCount").await.ok();
        other.ends("changePassword", Instant::now()).await;
        own.lasts("one's own session").await;
        of_token.lasts("an access token").await;
        // signOut ends one session and writes no event.
        person.run("signOut", json!({}), "endedCount").await.ok();
        own.ends("signOut", Instant::now()).await;
        of_token.lasts("an access token").await;
        hr.run("updateUser", json!({"userId": company.emma.id, "jobTitle": "Lead"}), "user { id }").await.ok();
        ann.run("revokeAccessToken", json!({"accessTokenId": token_id}), "accessToken { id }").await.ok();
        of_token.ends("revokeAccessToken", Instant::now()).await;

        // Another login (E4).
        let (member, person, ..) = reader(&office, "Lola").await;
        let open = Open::by(&person, &urls).await;
        let input = json!({"address": member.email, "toUserId": company.ben.id, "roles": ["CONTACT"], "replacementLoginEmail": "lola@new.example.com"});
        hr.run("transferEmail", input, "movedRoles").await.ok();
        open.ends("transferEmail", Instant::now()).await;
    }

    /// The end of a token's time is the end of its socket.
    async fn expiry_closes_what_is_open(db: Backend) {
        let clock = std::sync::Arc::new(FixedClock::new(SystemClock.now()));
        let office = Office::open_with(db, |wish| wish.with_clock(clock.clone())).await;
        let urls = [office.server.url("/graphql")];
        let (_, person, token, _) = reader(&office, "Rita").await;
        let (mut open, mut of_token) = (Open::by(&person, &urls).await, Open::by(&token, &urls).await);
        clock.set(clock.now().plus_seconds(600));
        tokio::time::sleep(WITHIN).await;
        open.lasts("a session within its leeway").await;
        clock.set(clock.now().plus_seconds(6));
        open.ends("a session that has expired", Instant::now()).await;
        of_token.lasts("an access token").await;
        // Its credentials are of no use for a new one.
        let mut socket = Socket::open(&urls[0], &[]).await.expect("an upgrade");
        socket.say(json!({"type": "connection_init", "payload": {"authorization": person.authorization()}})).await;
        socket.closes(4403, "Forbidden").await;
        clock.set(clock.now().plus_seconds(400 * 86_400));
        of_token.ends("an access token that has expired", Instant::now()).await;
    }
}
