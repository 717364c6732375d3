//! The program dies at a place of the test's choice, as by `kill -9`: the state is what is documented, and the next start works by itself.
//!
//! Places are in the code (`dies_at!`), and in test builds only; `FAILPOINTS=name=return` in the program's environment says which.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tenure_core::storage::Storage;
use tokio::process::{Child, Command};

use crate::support::adapter;
use crate::support::backend::{Backend, Database};
use crate::support::office::PASSWORD;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::process::{Served, free_port, tenure};
use crate::support::site::Site;
use crate::support::smtp::MailServer;

/// Waits for the end of a process, and fails the test unless it died of SIGABRT.
async fn died(child: &mut Child) {
    let status = tokio::time::timeout(Duration::from_secs(60), child.wait()).await.expect("it dies in time").expect("an end");
    assert!(is_abort(status), "{status}");
}

#[cfg(unix)]
fn is_abort(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(6)
}

/// A request whose answer may never come.
async fn ask(person: &Person, mutation: &str, input: Value, selection: &str) -> Option<Value> {
    let mut input_type = mutation.to_owned();
    input_type[..1].make_ascii_uppercase();
    let query = format!("mutation($input: {input_type}Input!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ code }} }} }}");
    let body = json!({"query": query, "variables": {"input": input}});
    let response = person.request(reqwest::Method::POST).json(&body).send().await.ok()?;
    response.json::<Value>().await.ok()
}

/// Somebody invites a guest at a server that dies at that place; then the server is started again.
async fn invited_before_the_end(db: Backend, place: &str) -> (Site, Person, Value, Served) {
    let site = Site::shared(db).await;
    let server = site.serve().await;
    let ann = Person::sign_in(site.url(), &site.company.ann.email, PASSWORD).await;
    server.end().await;
    let mut command = site.command();
    command.env("FAILPOINTS", format!("{place}=return"));
    let doomed = Served::start_on(site.port, command).await;
    let invitation =
        json!({"email": "guest@example.com", "kind": "INTRANET", "firstName": "G", "lastName": "Uest", "idempotencyKey": "once"});
    assert_eq!(ask(&ann, "invite", invitation.clone(), "user { id }").await, None, "nobody was there to answer");
    let mut doomed = doomed.into_child();
    died(&mut doomed).await;
    let server = site.serve().await;
    (site, ann, invitation, server)
}

on_both! {
    /// I7, I8: what was not committed never happened, and can be done again under the same key.
    async fn who_dies_before_the_commit_has_done_nothing(db: Backend) {
        let (site, ann, invitation, server) = invited_before_the_end(db, "before-commit").await;
        for table in ["invitation", "mail_outbox", "event", "idempotency"] {
            let rows = site.database.number(&format!("SELECT count(*) FROM {table}")).await;
            assert_eq!(rows, 0, "{table}");
        }
        ann.run("invite", invitation, "user { id }").await.ok();
        assert_eq!(site.database.number("SELECT count(*) FROM event").await, 1);
        server.kill().await;
    }

    /// I8: what was committed is there though nobody was told; the same key tells what came of it, and nothing is done twice.
    async fn who_dies_after_the_commit_has_done_it_once(db: Backend) {
        let (site, ann, invitation, server) = invited_before_the_end(db, "after-commit").await;
        assert_eq!(site.database.number("SELECT count(*) FROM event").await, 1);
        assert_eq!(site.database.number("SELECT count(*) FROM invitation").await, 1);
        let repeat = ann.run("invite", invitation.clone(), "user { id loginEmail }").await.ok();
        assert_eq!(site.database.number("SELECT count(*) FROM event").await, 1, "done once");
        let mut fresh = invitation;
        fresh["idempotencyKey"] = json!("another");
        ann.run("invite", fresh, "user { id }").await.refused("EMAIL_TAKEN");
        let found = ann.query("query($id: ID!) { user(id: $id) { status } }", json!({"id": repeat.at("user.id")})).await.ok();
        assert_eq!(found.at("user.status"), "INVITED");
        // S2: the mail goes out, and its link works.
        let message = site.mail.latest_to("guest@example.com").await;
        let stranger = Person::anonymous(site.url());
        let accept = json!({"token": message.token(), "password": "tangerine moss 41 ladder"});
        stranger.run("acceptInvitation", accept, "session { user { status } }").await.ok();
        server.kill().await;
    }

    /// S2: a mail whose sender died before it could say so is sent again, when its claim ends; its link is the same, and works.
    async fn a_mail_is_sent_again_rather_than_lost(db: Backend) {
        let site = Site::shared(db).await;
        let post = MailServer::start().await;
        let command = || {
            let mut command = site.command();
            command.env("TENURE_MAIL", post.url());
            command
        };
        let server = Served::start_on(site.port, command()).await;
        let ann = Person::sign_in(site.url(), &site.company.ann.email, PASSWORD).await;
        server.end().await;
        let mut doomed = command();
        doomed.env("FAILPOINTS", "mail-sent=return");
        let doomed = Served::start_on(site.port, doomed).await;
        let invitation = json!({"email": "guest@example.com", "kind": "INTRANET", "firstName": "G", "lastName": "Uest"});
        // The mail goes out behind the commit: the answer may come first.
        ask(&ann, "invite", invitation, "user { id }").await;
        died(&mut doomed.into_child()).await;
        assert_eq!(post.taken().len(), 1, "it was sent");
        assert_eq!(site.database.number("SELECT count(*) FROM mail_outbox").await, 1, "and nobody knows");
        let server = Served::start_on(site.port, command()).await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(post.taken().len(), 1, "while the claim lasts, nobody else sends it");
        // Ten minutes later.
        site.database.execute("UPDATE mail_outbox SET due_at = 1").await;
        post.tried("guest@example.com", 2).await;
        let mut rows = 1;
        for _ in 0..200 {
            rows = site.database.number("SELECT count(*) FROM mail_outbox").await;
            if rows == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(rows, 0, "sent, and noted");
        let taken = post.taken();
        assert_eq!(taken.len(), 2);
        assert_eq!(taken[0].id, taken[1].id, "receivers tell doubles by it");
        assert_eq!(taken[0].message.token(), taken[1].message.token());
        let accept = json!({"token": taken[0].message.token(), "password": "tangerine moss 41 ladder"});
        Person::anonymous(site.url()).run("acceptInvitation", accept, "session { user { status } }").await.ok();
        server.kill().await;
    }

    /// A migration is there as a whole or not at all: who dies between its statements leaves nothing, and the next start migrates.
    async fn who_dies_while_migrating_leaves_nothing(db: Backend) {
        let database = Database::blank(db).await;
        // Between the first statements, in the middle, and before the last ones.
        for statements in [1, 20, 45] {
            let mut command = migrate(&database);
            command.env("FAILPOINTS", format!("migration-statement={statements}*off->return"));
            died(&mut command.spawn().expect("the program starts")).await;
            let storage = adapter::connect(&database.url).await;
            let steps = storage.migration_status().await.expect("the state of the schema");
            assert!(steps.iter().all(|step| !step.applied), "after {statements} statements: {steps:?}");
            assert!(storage.ping().await.is_err(), "not ready");
            storage.close().await.expect("an end");
        }
        let status = migrate(&database).status().await.expect("an end");
        assert!(status.success(), "{status}");
        let storage = adapter::connect(&database.url).await;
        assert!(storage.ping().await.is_ok());
        storage.close().await.expect("an end");
    }

    /// Three nodes start at once on an empty database, and the one that migrates dies: another one migrates, and both serve.
    async fn nodes_survive_the_one_that_dies_while_migrating(db: Backend) {
        let database = Database::blank(db).await;
        // It sleeps in the middle of it, so that the others wait for it when it dies.
        let mut doomed = node(&database);
        doomed.env("FAILPOINTS", "migration-statement=15*off->1*sleep(2500)->return").env("TENURE_LISTEN", format!("127.0.0.1:{}", free_port()));
        let mut doomed = doomed.spawn().expect("the program starts");
        migrates(&database).await;
        let (one, two) = tokio::join!(Served::start(node(&database)), Served::start(node(&database)));
        died(&mut doomed).await;
        let storage = adapter::connect(&database.url).await;
        assert!(storage.migration_status().await.expect("the state of the schema").iter().all(|step| step.applied));
        storage.close().await.expect("an end");
        assert_eq!(database.number("SELECT count(*) FROM settings").await, 1);
        one.kill().await;
        two.kill().await;
    }
}

fn migrate(database: &Database) -> Command {
    let mut command = tenure(database.folder.path(), &["migrate", "up"]);
    command.env("TENURE_DATABASE_URL", &database.url).stdout(Stdio::null());
    command
}

fn node(database: &Database) -> Command {
    let folder = database.folder.path();
    let mut command = tenure(folder, &["serve"]);
    command
        .env("TENURE_DATABASE_URL", &database.url)
        .env("TENURE_KEY_FILE", folder.join("keys.json"))
        .env("TENURE_MAIL", format!("file:{}", folder.join("mail").display()))
        .env("TENURE_PROFILE", "development");
    command
}

/// Waits until somebody migrates.
async fn migrates(database: &Database) {
    for _ in 0..1_200 {
        let is_at_it = match database.backend {
            // Whoever has the file open to write has a journal beside it.
            Backend::Sqlite => database.folder.path().join("tenure.db-wal").exists(),
            Backend::Postgres => database.number("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").await > 0,
        };
        if is_at_it {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nobody migrates");
}

/// The keys are there as a whole or not at all. What is left of them is removed by the next start: nobody else's name for the file, no keys
/// that nobody uses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_dies_while_the_keys_are_made_leaves_no_half_file() {
    for (place, is_there) in [("keys-half-written", false), ("keys-written", false), ("keys-linked", true)] {
        let database = Database::new(Backend::Sqlite).await;
        let folder = database.folder.path();
        let mut doomed = node(&database);
        doomed.env("FAILPOINTS", format!("{place}=return")).env("TENURE_LISTEN", format!("127.0.0.1:{}", free_port()));
        died(&mut doomed.spawn().expect("the program starts")).await;
        let left = || -> Vec<String> {
            let names = std::fs::read_dir(folder)
                .expect("the folder")
                .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
            names.filter(|name| name.starts_with("keys.json.")).collect()
        };
        assert_eq!(left().len(), 1, "{place}: what it was at");
        let keys = folder.join("keys.json");
        assert_eq!(keys.exists(), is_there, "{place}");
        let before = std::fs::read(&keys).ok();
        let server = Served::start(node(&database)).await;
        assert!(before.is_none_or(|before| std::fs::read(&keys).expect("the keys") == before), "{place}: keys that are there stay");
        assert!(left().is_empty(), "{place}: {:?}", left());
        let jwks: Value =
            reqwest::get(format!("{}/.well-known/jwks.json", server.base)).await.expect("an answer").json().await.expect("keys");
        assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(1), "{place}");
        server.kill().await;
    }
}

/// What is built for people has no such places: the feature comes with the dependencies of tests alone.
#[test]
fn programs_that_are_built_for_people_cannot_be_made_to_die() {
    let tree = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--package", "tenure", "--edges", "normal,build,features", "--invert", "fail"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo");
    let tree = String::from_utf8(tree.stdout).expect("text");
    assert!(tree.starts_with("fail v"), "{tree}");
    assert!(!tree.contains("failpoints"), "{tree}");
    // The binary of the tests has them, or these tests would prove nothing.
    assert!(fail::has_failpoints());
}
