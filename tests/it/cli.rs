//! The program at the terminal: what commands print, how they end, and that they work beside a running server.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::backend::{Backend, Database};
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::process::{Served, tenure};

const PASSWORD: &str = "violet-harbor-91-lantern";

/// How a command ended.
#[derive(Debug)]
struct Ended {
    status: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    /// Runs a command to its end, with that text on stdin.
    async fn of(mut command: Command, stdin: &str) -> Ended {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the program starts");
        let mut input = child.stdin.take().expect("its input");
        // Who reads nothing has ended before.
        let _ = input.write_all(stdin.as_bytes()).await;
        drop(input);
        let output = child.wait_with_output().await.expect("its output");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Ended { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It did what it was asked for, and says this one line.
    #[track_caller]
    fn line(self) -> String {
        assert_eq!((self.status, self.err.as_str()), (Some(0), ""), "{self:?}");
        let line = self.out.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {self:?}"));
        assert!(!line.is_empty() && !line.contains(char::is_whitespace), "{self:?}");
        line.to_owned()
    }

    /// It ended with that status and that line on stderr, and printed nothing else.
    #[track_caller]
    fn refused(self, status: i32, line: &str) {
        assert_eq!((self.status, self.out.as_str(), self.err.as_str()), (Some(status), "", format!("tenure: {line}\n").as_str()));
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("the folder").next().is_none()
}

#[tokio::test]
async fn what_cannot_be_right_stops_the_start_with_one_line() {
    const LISTEN: &str = "TENURE_LISTEN (--listen): expected an address and a port, e.g. 127.0.0.1:8080 or [::1]:8080, not";
    const SEATS: &str = "TENURE_SEAT_LIMIT (--seat-limit): expected a number of seats from 1 on, or unlimited, not";
    const IN_MEMORY: &str = "TENURE_DATABASE_URL: a database in memory is not supported: name a file, e.g. sqlite://tenure.db?mode=rwc";
    const MALFORMED: &str = "TENURE_DATABASE_URL (--database-url) is malformed: expected sqlite://PATH or postgres://USER@HOST/DATABASE";
    const SMTP: &str = "TENURE_MAIL (--mail) is malformed: expected smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://…, with nothing behind it \
        but ?tls=required, ?tls=opportunistic or ?tls=none";
    const IN_THE_CLEAR: &str = "TENURE_MAIL (--mail) is malformed: expected smtps:// or ?tls=required where a password is sent to another \
        machine: it could be read on the way";
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("TENURE_LISTNE", "x")], "TENURE_LISTNE is not a setting: expected one of those in `tenure serve --help`"),
        (&[("TENURE_TEST_X", "1")], "TENURE_TEST_X is not a setting: expected one of those in `tenure serve --help`"),
        (&[("TENURE_DATABASE_URL", "tenure.db")], MALFORMED),
        (&[("TENURE_DATABASE_URL", "postgres://tenure:open-sesame@db.example:port/tenure")], MALFORMED),
        (&[("TENURE_DATABASE_URL", "sqlite::memory:")], IN_MEMORY),
        (&[("TENURE_DATABASE_URL", "sqlite://x?mode=memory")], IN_MEMORY),
        (
            &[("TENURE_DATABASE_URL", "sqlite://x.db?mode=bogus")],
            "TENURE_DATABASE_URL: the URL of the database is malformed: unknown value \"bogus\" for `mode`",
        ),
        (&[("TENURE_LISTEN", "8080")], &format!("{LISTEN} \"8080\"")),
        (&[("TENURE_LISTEN", "127.0.0.1:99999")], &format!("{LISTEN} \"127.0.0.1:99999\"")),
        (
            &[("TENURE_LISTEN", "0.0.0.0:80")],
            "TENURE_LISTEN (--listen): 0.0.0.0:80 is beyond loopback: expected TENURE_TRUSTED_PROXIES or TENURE_BEHIND_PROXY=true beside it",
        ),
        (
            &[("TENURE_LISTEN", "0.0.0.0:80"), ("TENURE_PROFILE", "development")],
            "TENURE_LISTEN (--listen): development and demo serve loopback only: expected e.g. 127.0.0.1:80, not 0.0.0.0:80",
        ),
        (&[("TENURE_SEAT_LIMIT", "0")], &format!("{SEATS} \"0\"")),
        (&[("TENURE_SEAT_LIMIT", "abc")], &format!("{SEATS} \"abc\"")),
        (&[("TENURE_LIMIT_DEPTH", "deep")], "TENURE_LIMIT_DEPTH (--limit-depth): expected a whole number from 1 on, not \"deep\""),
        (
            &[("TENURE_MAIL", "stdout")],
            "TENURE_MAIL: stdout is refused in production, as it prints secret links: expected file:DIRECTORY or smtp://HOST",
        ),
        (&[("TENURE_MAIL", "smtp://tenure:open-sesame@mail.example:port")], SMTP),
        (&[("TENURE_MAIL", "smtp://mail.example?tls=maybe")], SMTP),
        (&[("TENURE_MAIL", "smtp://tenure:open-sesame@mail.example?tls=none")], IN_THE_CLEAR),
        (
            &[("TENURE_MAIL_FROM", "nobody")],
            "TENURE_MAIL_FROM (--mail-from): expected an email address, e.g. no-reply@example.com, not \"nobody\"",
        ),
        (
            &[("TENURE_DATABASE_URL", "postgres://tenure:open-sesame@db.example/tenure")],
            "TENURE_KEY_FILE is required for PostgreSQL in production: the path of the file for signing keys",
        ),
    ];
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (settings, line) in cases {
        let mut command = tenure(folder.path(), &["serve"]);
        command.env("TENURE_MAIL", "file:mail").envs(settings.iter().copied());
        Ended::of(command, "").await.refused(2, line);
    }
    Ended::of(tenure(folder.path(), &["serve"]), "")
        .await
        .refused(2, "TENURE_MAIL is required in production: expected file:DIRECTORY or smtp://HOST");
    let on_command_line = tenure(folder.path(), &["migrate", "up", "--database-url", "postgres://tenure:open-sesame@db.example/tenure"]);
    let line = "TENURE_DATABASE_URL (--database-url): a URL with a password is taken from the environment only, not from a flag";
    Ended::of(on_command_line, "").await.refused(2, line);
    let on_command_line = tenure(folder.path(), &["serve", "--mail", "smtps://tenure:open-sesame@mail.example"]);
    let line = "TENURE_MAIL (--mail): a URL with a password is taken from the environment only, not from a flag";
    Ended::of(on_command_line, "").await.refused(2, line);
    assert!(is_empty(folder.path()), "nothing was made");
}

#[tokio::test]
async fn unknown_flags_and_commands_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (arguments, line) in [
        (["serve", "--nope"], "error: unexpected argument '--nope' found"),
        (["nope", "--help"], "error: unrecognized subcommand 'nope'"),
        (["--listen=127.0.0.1:0", "--behind-proxy"], "error: 'tenure' requires a subcommand but one was not provided"),
    ] {
        let ended = Ended::of(tenure(folder.path(), &arguments), "").await;
        assert_eq!((ended.status, ended.out.as_str(), ended.err.lines().next()), (Some(2), "", Some(line)), "{ended:?}");
    }
    let ended = Ended::of(tenure(folder.path(), &["--behind-proxy", "schema"]), "").await;
    assert_eq!(ended.status, Some(0), "a flag swallows no command: {ended:?}");
    assert!(is_empty(folder.path()), "nothing was made");
}

#[tokio::test]
async fn a_port_in_use_is_said_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let line = format!("TENURE_LISTEN (--listen): cannot listen on {address}: another program listens there; expected a free port");
    for command in ["demo", "serve"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut started = tenure(folder.path(), &[command]);
        started.env("TENURE_LISTEN", &address).env("TENURE_MAIL", "file:mail");
        Ended::of(started, "").await.refused(2, &line);
        assert!(command == "serve" || is_empty(folder.path()), "the demo has made something");
    }
}

#[tokio::test]
async fn the_schema_is_printed_without_a_database() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ended = Ended::of(tenure(folder.path(), &["schema"]), "").await;
    let expected = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).expect("the schema");
    assert_eq!((ended.status, ended.err.as_str()), (Some(0), ""));
    assert!(ended.out == expected, "schema.graphql is not current: run `cargo run -- schema > schema.graphql`");
    assert!(is_empty(folder.path()), "nothing was made");
}

/// The program on a database, with keys and mails beside it.
fn on(database: &Database, arguments: &[&str]) -> Command {
    let mut command = tenure(database.folder.path(), arguments);
    command.env("TENURE_DATABASE_URL", &database.url).env("TENURE_KEY_FILE", "keys.json").env("TENURE_MAIL", "file:mail");
    command
}

async fn create_user(database: &Database, email: &str, more: &[&str], stdin: &str) -> Ended {
    let arguments = ["user", "create", "--first-name", "Ann", "--last-name", "Lee", "--password-stdin", "--email", email];
    Ended::of(on(database, &[&arguments[..], more].concat()), stdin).await
}

async fn create_token(database: &Database, email: &str, permissions: &str) -> Ended {
    Ended::of(on(database, &["token", "create", "--name", "sync", "--email", email, "--permissions", permissions]), "").await
}

/// The steps that `migrate status` tells of, each with its state.
async fn steps(database: &Database, state: &str) -> Vec<String> {
    let ended = Ended::of(on(database, &["migrate", "status"]), "").await;
    assert_eq!((ended.status, ended.err.as_str()), (Some(0), ""));
    let name = |line: &str| line.strip_prefix(state).unwrap_or_else(|| panic!("{line} is not {state}")).trim().to_owned();
    ended.out.lines().map(name).collect()
}

on_both! {
    async fn migrations_are_told_and_applied(db: Backend) {
        let database = Database::blank(db).await;
        let names = steps(&database, "pending").await;
        assert!(names.len() >= 5, "{names:?}");
        let up = Ended::of(on(&database, &["migrate", "up"]), "").await;
        assert_eq!(up.out.lines().collect::<Vec<_>>(), names.iter().map(|name| format!("applied {name}")).collect::<Vec<_>>());
        assert_eq!((up.status, up.err.as_str()), (Some(0), ""));
        assert_eq!(steps(&database, "applied").await, names);
        let again = Ended::of(on(&database, &["migrate", "up"]), "").await;
        assert_eq!((again.status, again.out.as_str(), again.err.as_str()), (Some(0), "", ""));
    }

    async fn people_and_tokens_are_made_beside_a_running_server(db: Backend) {
        let database = Database::blank(db).await;
        let served = Served::start(on(&database, &["serve"])).await;
        let url = format!("{}/graphql", served.base);
        let line = format!("{PASSWORD}\nnot a part of it\n");
        let id = create_user(&database, "ann@example.com", &["--administrator"], &line).await.line();
        let ann = Person::sign_in(url.clone(), "ann@example.com", PASSWORD).await;
        let viewer = ann.query("{ viewer { user { id status isAdministrator } } }", json!({})).await.ok();
        assert_eq!(*viewer.at("viewer.user"), json!({"id": id, "status": "ACTIVE", "isAdministrator": true}));

        let secret = create_token(&database, "Ann@example.com", "USERS_READ,ENTITIES_READ").await.line();
        let integration = Person::with_token(url.clone(), &secret);
        assert_eq!(*integration.query("{ users { totalCount } }", json!({})).await.ok().at("users.totalCount"), 1);

        let department = ann.run("createDepartment", json!({"name": "Ops"}), "department { id }").await.ok().text("department.id");
        let second = ["--administrator", "--department", &department];
        let bob = create_user(&database, "bob@example.com", &second, PASSWORD).await.line();
        let place = ann.query("query($id: ID!) { user(id: $id) { department { id } } }", json!({"id": bob})).await.ok();
        assert_eq!(place.text("user.department.id"), department);
        served.end().await;
    }

    async fn what_is_refused_changes_nothing(db: Backend) {
        let database = Database::blank(db).await;
        create_user(&database, "ann@example.com", &["--administrator"], PASSWORD).await.line();
        let nobody = "dep_01k139dndre0080001p8x0rpx2";
        const WEAK: &str = "PASSWORD_TOO_WEAK: expected 12 to 256 characters that are hard to guess, without name and address";
        create_user(&database, "eve@example.com", &[], "password123456\n").await.refused(1, WEAK);
        create_user(&database, "eve@example.com", &[], "").await.refused(1, WEAK);
        create_user(&database, "eve@example.com", &[], &"plum-otter ".repeat(1_000)).await.refused(1, WEAK);
        create_user(&database, "ANN@Example.com", &[], PASSWORD).await.refused(1, "EMAIL_TAKEN: This address is in use.");
        create_user(&database, "eve", &[], PASSWORD).await.refused(1, "EMAIL_INVALID: This is not a well-formed email address.");
        create_user(&database, "eve@example.com", &["--department", nobody], PASSWORD)
            .await
            .refused(1, "DEPARTMENT_NOT_FOUND: No such department.");
        create_token(&database, "eve@example.com", "USERS_READ").await.refused(1, "USER_NOT_FOUND: nobody signs in with this address");
        let unknown = create_token(&database, "ann@example.com", "USERS_READ,FLY").await;
        assert_eq!((unknown.status, unknown.out.as_str()), (Some(2), ""));
        assert!(unknown.err.contains("'FLY'") && unknown.err.contains("expected one of USERS_READ, "), "{}", unknown.err);
        // Beside Ann there is who acts for the system.
        assert_eq!(database.number("SELECT count(*) FROM app_user WHERE status <> 0").await, 1);
        assert_eq!(database.number("SELECT count(*) FROM access_token").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_at_once_on_an_empty_database_all_serve() {
    let database = Database::blank(Backend::Postgres).await;
    let (one, two) = tokio::join!(Served::start(on(&database, &["serve"])), Served::start(on(&database, &["serve"])));
    create_user(&database, "ann@example.com", &[], PASSWORD).await.line();
    let ann = Person::sign_in(format!("{}/graphql", one.base), "ann@example.com", PASSWORD).await;
    // They share their keys, too.
    ann.at(format!("{}/graphql", two.base)).query("{ viewer { user { id } } }", json!({})).await.ok();
}

/// Whatever is logged: passwords, tokens and links stay out of it, and stdout is empty.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_tells_no_secrets() {
    let database = Database::blank(Backend::Postgres).await;
    let log = database.folder.path().join("log");
    let mut command = on(&database, &["serve"]);
    command.env("RUST_LOG", "trace").stderr(std::fs::File::create(&log).expect("a file"));
    let served = Served::start(command).await;
    let url = format!("{}/graphql", served.base);
    create_user(&database, "ann@example.com", &["--administrator"], PASSWORD).await.line();
    let ann = Person::sign_in(url.clone(), "ann@example.com", PASSWORD).await;
    let wrong = "violet-harbor-92-lantern";
    let stranger = Person::anonymous(url.clone());
    let input = json!({"email": "ann@example.com", "password": wrong});
    stranger.run("signIn", input, "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
    let secret = create_token(&database, "ann@example.com", "USERS_READ").await.line();
    Person::with_token(url.clone(), &secret).query("{ users { totalCount } }", json!({})).await.ok();
    let eve = json!({"email": "eve@example.com", "kind": "INTRANET", "firstName": "Eve", "lastName": "Ray"});
    ann.run("invite", eve, "user { id }").await.ok();
    let old = ann.refresh_token().to_owned();
    let refreshed = ann.run("refreshSession", json!({"refreshToken": old}), "session { accessToken refreshToken }").await.ok();
    ann.run("refreshSession", json!({"refreshToken": old}), "session { expiresAt }").await.refused("SESSION_ENDED");

    assert_eq!(served.end().await, Vec::<String>::new(), "on stdout");
    assert_eq!(std::fs::read_dir(database.folder.path().join("mail")).expect("the mails").count(), 1, "a link was sent");
    let told = std::fs::read_to_string(log).expect("the log");
    assert!(told.contains("serving") && told.contains("sea_orm_migration"), "more than usual is logged: {told}");
    let (new, jwt) = (refreshed.text("session.refreshToken"), refreshed.text("session.accessToken"));
    let (_, cluster_password) = database.url.rsplit_once('@').expect("a URL").0.rsplit_once(':').expect("a password");
    for secret in [PASSWORD, wrong, &secret, ann.token(), &old, &new, &jwt, cluster_password, "/accept-invitation?token="] {
        assert!(!told.contains(secret), "the log tells {secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_says_how_to_sign_in_and_keeps_its_company() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut signs_of_life = Vec::new();
    for _ in 0..2 {
        let demo = Served::start(tenure(folder.path(), &["demo"])).await;
        let mut expected = vec![format!("GraphQL:  {}/graphql", demo.base), format!("GraphiQL: {}/graphiql", demo.base)];
        expected.extend(tenure::demo::SIGN_INS.map(|(role, email)| format!("{role}: {email} / {}", tenure::demo::PASSWORD)));
        assert_eq!(demo.printed, expected);
        let mut seen = Vec::new();
        for (_, email) in tenure::demo::SIGN_INS {
            let person = Person::sign_in(format!("{}/graphql", demo.base), email, tenure::demo::PASSWORD).await;
            seen.push(person.query("{ viewer { user { id displayName } } }", json!({})).await.ok().at("viewer").clone());
        }
        let keys = std::fs::read(folder.path().join("tenure-demo.keys.json")).expect("the key file");
        signs_of_life.push((seen, keys));
        demo.kill().await;
    }
    assert!(signs_of_life[0] == signs_of_life[1], "a second start keeps company and keys");
}
