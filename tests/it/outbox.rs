//! Mails: written with the change that causes them, sent in the background, once, and none that should not be (E7, S2, R8, H13).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tenure::identity::Identity;
use tenure::storage::SeaStorage;
use tenure_core::actions::invite::{Invite, InviteInput};
use tenure_core::actions::resend_invitation::ResendInvitation;
use tenure_core::clock::{Clock, FixedClock, SystemClock};
use tenure_core::credential::SecretHash;
use tenure_core::email::Email;
use tenure_core::engine::{Attempt, CLAIM_SECONDS, Engine, Licence};
use tenure_core::id::{ReassignmentId, UserId};
use tenure_core::mail::{ChangedBy, Mail, NoMail};
use tenure_core::policy::Access;
use tenure_core::storage::{CredentialRead, NewMail, OutboxRead, Storage};
use tenure_core::user::UserKind;
use uuid::Uuid;

use crate::support::adapter;
use crate::support::backend::{Backend, Database};
use crate::support::company::{Company, Member};
use crate::support::mail::Mailbox;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;
use crate::support::process::{Served, tenure};
use crate::support::server::{Server, Wish};
use crate::support::smtp::{MailServer, Mood};

/// A storage, and an engine on it that sends nothing: as of a server that dies right after a commit.
struct Doomed {
    storage: SeaStorage,
    engine: Engine,
}

impl Doomed {
    async fn on(wish: &Wish, database: &Database) -> Doomed {
        let storage = adapter::connect(&database.url).await;
        let links = Identity::open(&wish.config.key_file, wish.clock.clone()).expect("keys").link_key();
        let licence = Licence { seat_limit: None, plan: "test".into() };
        let engine = Engine::new(Arc::new(storage.clone()), wish.clock.clone(), Arc::new(NoMail), links, licence);
        Doomed { storage, engine }
    }

    async fn invite(&self, email: &str) -> UserId {
        let input = InviteInput {
            email: email.into(),
            kind: UserKind::Intranet,
            first_name: "Ida".into(),
            last_name: "Dahl".into(),
            job_title: None,
            department_id: None,
            workgroup_ids: None,
        };
        let invite = Invite::parse(input).expect("well-formed");
        let invited = self.engine.perform(Some(&Access::system()), &Attempt::default(), &invite).await.expect("invited");
        invited.user.expect("somebody").id
    }

    /// Writes notices: the n-th goes to the n-th address, from 1 on.
    async fn notices(&self, count: u64, clock: &dyn Clock) {
        let mails: Vec<NewMail> = (1..=count).map(|n| notice(&format!("person{n}@example.com"), clock)).collect();
        let mut tx = self.storage.begin().await.expect("a transaction");
        tx.mails_insert(&mails).await.expect("mails");
        tx.commit().await.expect("a commit");
    }
}

fn notice(to: &str, clock: &dyn Clock) -> NewMail {
    let email = |text: &str| Email::parse(text).expect("an address");
    let mail =
        Mail::LoginEmailChanged { to: email(to), name: "Jürgen Ω".into(), login: email("new@example.com"), by: ChangedBy::SomebodyElse };
    NewMail { id: clock.new_uuid(), mail, written_at: clock.now() }
}

/// Waits until so many mails wait and so many were given up.
async fn counts(storage: &SeaStorage, expected: (u64, u64)) {
    for _ in 0..400 {
        if storage.mails_count().await.expect("counts") == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(storage.mails_count().await.expect("counts"), expected, "(waiting, given up)");
}

/// Long enough for a server to look for mails twice.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(2_500)).await;
}

on_both! {
    /// R8: neither a dry run nor what is refused sends anything.
    async fn r8_what_did_not_happen_is_mailed_to_nobody(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let ida = json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "Ida", "lastName": "Dahl"});
        let mut dry = ida.clone();
        dry["dryRun"] = json!(true);
        hr.run("invite", dry, "user { id }").await.ok();
        hr.run("hire", json!({"userId": company.leo.id, "loginEmail": "leo@new.example", "dryRun": true}), "user { id }").await.ok();
        let mut taken = ida.clone();
        taken["email"] = json!(company.emma.email);
        hr.run("invite", taken, "user { id }").await.refused("EMAIL_TAKEN");
        let emma = office.sign_in(&company.emma).await;
        emma.run("invite", ida, "user { id }").await.fails("FORBIDDEN");
        // A change that was begun and dropped.
        let mut tx = office.storage.begin().await.expect("a transaction");
        tx.mails_insert(&[notice("nobody@example.com", &SystemClock)]).await.expect("a mail");
        drop(tx);
        a_while().await;
        assert_eq!(office.storage.mails_count().await.expect("counts"), (0, 0));
        assert!(office.mail.all().is_empty(), "{:?}", office.mail.all());
    }

    /// H13, S6: who left before their mail could be sent gets none; notices of a login still go to a leaver's address (E7).
    async fn h13_who_left_meanwhile_gets_no_mail(db: Backend) {
        let database = Database::new(db).await;
        let doomed = Doomed::on(&Wish::on(&database), &database).await;
        let hash = adapter::password_hash(PASSWORD).await;
        let company = Company::found(Arc::new(doomed.storage.clone()), Arc::new(SystemClock), hash).await;
        let email = |member: &Member| Email::parse(&member.email).expect("an address");
        let received = |member: &Member| {
            let mail = Mail::HandoverReceived { to: email(member), successor: Some(member.id), name: member.name.clone(), by: "Bob".into(), reassignment: ReassignmentId(SystemClock.new_uuid()), counts: Vec::new() };
            NewMail { id: SystemClock.new_uuid(), mail, written_at: SystemClock.now() }
        };
        let mails = [received(&company.leo), received(&company.ben), notice(&company.leo.email, &SystemClock)];
        let mut tx = doomed.storage.begin().await.expect("a transaction");
        tx.mails_insert(&mails).await.expect("mails");
        tx.commit().await.expect("a commit");
        let claimed = doomed.engine.claim_mails(10).await.expect("a claim");
        let mut expected = vec![mails[1].clone(), mails[2].clone()];
        expected.sort_by_key(|mail| mail.id);
        assert_eq!(claimed.into_iter().map(|claimed| claimed.mail).collect::<Vec<_>>(), expected);
        assert_eq!(doomed.storage.mails_count().await.expect("counts"), (2, 0), "the other one is gone");
    }

    /// S2: a mail of a committed change is sent, whatever became of the server; its link works, and no token was ever stored.
    async fn s2_a_mail_outlives_the_server_that_wrote_it(db: Backend) {
        let database = Database::new(db).await;
        let wish = Wish::on(&database);
        let mail = Mailbox::at(&database.folder.path().join("mail"));
        let doomed = Doomed::on(&wish, &database).await;
        let ida = doomed.invite("ida@example.com").await;
        a_while().await;
        assert!(mail.all().is_empty(), "nobody sends");
        assert_eq!(doomed.storage.mails_count().await.expect("counts"), (1, 0));
        let hash = |invited: UserId| {
            let storage = doomed.storage.clone();
            async move { storage.invitations_by_user(&[invited]).await.expect("an invitation").remove(0).token_hash }
        };
        let server = Server::start(wish).await;
        let message = mail.latest_to("ida@example.com").await;
        assert_eq!(SecretHash::of(&message.token()), hash(ida).await, "the link that works");
        counts(&doomed.storage, (0, 0)).await;
        if db == Backend::Sqlite {
            // Everything that SQLite has written, what is deleted included.
            let files = ["tenure.db", "tenure.db-wal"].map(|file| database.folder.path().join(file));
            let bytes = files.map(|file| std::fs::read(file).unwrap_or_default()).concat();
            let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(holds("ida@example.com"), "this is where mails were");
            assert!(!holds(&message.token()), "a token is stored");
        }
        server.stop().await;
    }

    /// S2: what is stored of a mail that waits is no token.
    async fn s2_a_mail_that_waits_holds_no_token(db: Backend) {
        let database = Database::new(db).await;
        let wish = Wish::on(&database);
        let doomed = Doomed::on(&wish, &database).await;
        doomed.invite("ida@example.com").await;
        let claimed = doomed.engine.claim_mails(10).await.expect("mails");
        let Mail::Invitation { link, .. } = &claimed[0].mail.mail else { panic!("no invitation") };
        let token = Identity::open(&wish.config.key_file, wish.clock.clone()).expect("keys").link_key().token(link);
        assert_eq!(database.number("SELECT count(*) FROM mail_outbox WHERE body LIKE '%ida@example.com%'").await, 1);
        assert_eq!(database.number(&format!("SELECT count(*) FROM mail_outbox WHERE body LIKE '%{token}%'")).await, 0);
    }

    /// S2: a link that is dead by the time its mail would be sent is sent to nobody.
    async fn s2_dead_links_are_sent_to_nobody(db: Backend) {
        let database = Database::new(db).await;
        let clock = Arc::new(FixedClock::new(SystemClock.now()));
        let wish = Wish::on(&database).with_clock(clock.clone());
        let mail = Mailbox::at(&database.folder.path().join("mail"));
        let doomed = Doomed::on(&wish, &database).await;
        doomed.invite("expired@example.com").await;
        clock.set(clock.now().plus_seconds(7 * 86_400));
        let resent = doomed.invite("resent@example.com").await;
        let resend = ResendInvitation { user: resent };
        doomed.engine.perform(Some(&Access::system()), &Attempt::default(), &resend).await.expect("sent again");
        let revoked = doomed.invite("revoked@example.com").await;
        let mut tx = doomed.storage.begin().await.expect("a transaction");
        tx.user_delete(revoked).await.expect("gone");
        tx.commit().await.expect("a commit");
        assert_eq!(doomed.storage.mails_count().await.expect("counts"), (4, 0));
        let server = Server::start(wish).await;
        counts(&doomed.storage, (0, 0)).await;
        let sent = mail.all();
        assert_eq!(sent.len(), 1, "{sent:?}");
        let stored = doomed.storage.invitations_by_user(&[resent]).await.expect("an invitation").remove(0);
        assert_eq!(SecretHash::of(&sent[0].token()), stored.token_hash, "the later link");
        server.stop().await;
    }

    /// Two servers on one database send many mails, each of them once.
    async fn two_servers_send_each_mail_once(db: Backend) {
        const MAILS: u64 = 200;
        let database = Database::new(db).await;
        let post = MailServer::start().await;
        let wish = Wish::on(&database).mailing_to(&post);
        let doomed = Doomed::on(&wish, &database).await;
        doomed.notices(MAILS, &SystemClock).await;
        let (one, two) = tokio::join!(Server::start(wish.clone()), Server::start(wish.clone()));
        counts(&doomed.storage, (0, 0)).await;
        let mut times: BTreeMap<(String, String), u32> = BTreeMap::new();
        for taken in post.taken() {
            *times.entry((taken.recipient, taken.id)).or_default() += 1;
        }
        assert_eq!(times.len() as u64, MAILS, "each of them");
        assert!(times.values().all(|count| *count == 1), "once: {times:?}");
        assert!((post.connections() as u64) < MAILS / 2, "connections are used again: {}", post.connections());
        tokio::join!(one.stop(), two.stop());
    }

    /// What cannot be read, e.g. of a later version of the program, does not hold up other mails.
    async fn a_mail_that_cannot_be_read_holds_up_no_other(db: Backend) {
        let office = Office::open_with(db, |wish| wish.without_polling()).await;
        let doomed = Doomed::on(&Wish::on(&office.database), &office.database).await;
        doomed.notices(1, &SystemClock).await;
        office.database.execute("UPDATE mail_outbox SET body = '{\"kind\":\"Pigeon\"}', due_at = 1").await;
        let hr = office.sign_in(&office.company.hr).await;
        let ida = json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "Ida", "lastName": "Dahl"});
        hr.run("invite", ida, "user { id }").await.ok();
        counts(&office.storage, (1, 0)).await;
        assert_eq!(office.mail.all().len(), 1, "{:?}", office.mail.all());
        // Nor is it tried for ever: after three days it is given up like any other.
        office.database.execute("UPDATE mail_outbox SET written_at = 1, due_at = 1").await;
        hr.run("invite", json!({"email": "ivo@example.com", "kind": "INTRANET", "firstName": "Ivo", "lastName": "Dahl"}), "user { id }").await.ok();
        counts(&office.storage, (0, 1)).await;
        assert_eq!(office.mail.all().len(), 2, "{:?}", office.mail.all());
    }

    /// A server that dies while it sends leaves a claim, which ends.
    async fn a_mail_of_a_server_that_died_sending_is_sent_by_another(db: Backend) {
        let database = Database::new(db).await;
        let clock = Arc::new(FixedClock::new(SystemClock.now()));
        let wish = Wish::on(&database).with_clock(clock.clone());
        let mail = Mailbox::at(&database.folder.path().join("mail"));
        let doomed = Doomed::on(&wish, &database).await;
        doomed.notices(3, &*clock).await;
        let claimed = doomed.engine.claim_mails(2).await.expect("mails");
        assert_eq!(claimed.len(), 2);
        // Written by the one that died: the same file in the end.
        let id: Uuid = claimed[0].id();
        std::fs::write(database.folder.path().join("mail").join(format!("{id}.eml")), "To: half").expect("a file");
        let server = Server::start(wish).await;
        mail.latest_to("person3@example.com").await;
        a_while().await;
        assert_eq!(doomed.storage.mails_count().await.expect("counts"), (2, 0), "claimed by the dead one");
        clock.set(clock.now().plus_seconds(CLAIM_SECONDS + 1));
        counts(&doomed.storage, (0, 0)).await;
        let mut recipients: Vec<String> = mail.all().into_iter().map(|m| m.to).collect();
        recipients.sort();
        assert_eq!(recipients.len(), 3, "{recipients:?}");
        assert!(recipients.iter().zip(1..).all(|(to, n)| to.contains(&format!("person{n}@"))), "{recipients:?}");
        server.stop().await;
    }

    /// What a mail server puts off is tried again, later each time; what it refuses for good is given up; what it takes is sent once.
    async fn a_mail_server_with_moods_gets_each_mail_once(db: Backend) {
        let post = MailServer::start().await;
        let clock = Arc::new(FixedClock::new(SystemClock.now()));
        let office = Office::open_with(db, |wish| wish.with_clock(clock.clone()).mailing_to(&post)).await;
        post.expect("later@example.com", &[Mood::Answers(451), Mood::Answers(421), Mood::Takes]);
        post.expect("drop@example.com", &[Mood::BreaksOff, Mood::BreaksOff, Mood::Takes]);
        post.expect("never@example.com", &[Mood::Answers(550)]);
        post.expect("slow@example.com", &[Mood::TakesItsTime(Duration::from_secs(2))]);
        let hr = office.sign_in(&office.company.hr).await;
        for name in ["later", "drop", "never", "slow", "fine"] {
            let input = json!({"email": format!("{name}@example.com"), "kind": "INTRANET", "firstName": "Ida", "lastName": name});
            hr.run("invite", input, "user { id }").await.ok();
        }
        counts(&office.storage, (2, 1)).await;
        a_while().await;
        let attempts = || ["later", "drop", "never", "slow", "fine"].map(|name| post.attempts(&format!("{name}@example.com")));
        assert_eq!(attempts(), [1, 1, 1, 1, 1], "not before their time");
        clock.set(clock.now().plus_seconds(5));
        post.tried("later@example.com", 2).await;
        post.tried("drop@example.com", 2).await;
        clock.set(clock.now().plus_seconds(20));
        a_while().await;
        assert_eq!(attempts(), [2, 2, 1, 1, 1], "longer each time");
        clock.set(clock.now().plus_seconds(11));
        counts(&office.storage, (0, 1)).await;
        assert_eq!(attempts(), [3, 3, 1, 1, 1]);
        let mut taken = post.taken();
        taken.sort_by(|a, b| a.recipient.cmp(&b.recipient));
        let recipients: Vec<&str> = taken.iter().map(|t| t.recipient.as_str()).collect();
        assert_eq!(recipients, ["drop@example.com", "fine@example.com", "later@example.com", "slow@example.com"], "each once");
        for mail in &taken {
            assert!(mail.raw.is_ascii() && mail.raw.contains("text/plain") && mail.raw.contains("text/html"), "{}", mail.raw);
            assert!(mail.message.body.contains("/accept-invitation?token="), "{}", mail.message.body);
        }
        let token = taken[2].message.token();
        let accepted = office.server.anonymous().run("acceptInvitation", json!({"token": token, "password": "violet-harbor-91-lantern"}), "session { user { status } }").await.ok();
        assert_eq!(accepted.at("session.user.status"), "ACTIVE");
    }

    /// A mail that cannot be sent waits, for three days; then it is given up, and forgotten after a week.
    async fn a_mail_is_given_up_after_three_days(db: Backend) {
        let database = Database::new(db).await;
        let clock = Arc::new(FixedClock::new(SystemClock.now()));
        let wish = Wish::on(&database).with_clock(clock.clone());
        let doomed = Doomed::on(&wish, &database).await;
        doomed.notices(1, &*clock).await;
        let begun = clock.now();
        let mut attempts = 0;
        let mut pauses = Vec::new();
        while doomed.storage.mails_count().await.expect("counts") == (1, 0) {
            let claimed = doomed.engine.claim_mails(10).await.expect("mails");
            let now = clock.now();
            doomed.engine.mail_failed(&claimed[0], tenure_core::engine::Undelivered::ForNow).await.expect("noted");
            attempts += 1;
            let Some(due) = doomed.storage.mails_next_due().await.expect("a time") else { break };
            pauses.push((due.0 - now.0) / 1_000_000);
            clock.set(due);
        }
        assert_eq!(pauses[..7], [5, 30, 120, 600, 1_800, 3_600, 3_600]);
        assert!((70..80).contains(&attempts), "{attempts}");
        assert!((clock.now().0 - begun.0) / 1_000_000 > 71 * 3_600, "nearly three days");
        assert_eq!(doomed.storage.mails_count().await.expect("counts"), (0, 1));
        clock.set(clock.now().plus_seconds(6 * 86_400));
        assert_eq!(doomed.engine.forget_mails().await.expect("forgotten"), 0);
        clock.set(clock.now().plus_seconds(86_401));
        assert_eq!(doomed.engine.forget_mails().await.expect("forgotten"), 1);
        assert_eq!(doomed.storage.mails_count().await.expect("counts"), (0, 0));
    }
}

/// Mails are there within a second of the answer; and whatever a mail server does, the log tells neither links nor whose they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_tells_nothing_of_mails_but_their_fate() {
    let database = Database::new(Backend::Sqlite).await;
    let post = MailServer::start().await;
    post.expect("eve.secret@example.com", &[Mood::Answers(550)]);
    post.expect("ben.secret@example.com", &[Mood::Answers(451)]);
    let settings = |command: &mut tokio::process::Command| {
        command.env("TENURE_DATABASE_URL", &database.url).env("TENURE_KEY_FILE", "keys.json").env("TENURE_MAIL", post.url());
        command.env("TENURE_MAIL_FROM", "people@company.example");
    };
    let password = "violet-harbor-91-lantern";
    let mut create = tenure(
        database.folder.path(),
        &["user", "create", "--email", "ann@example.com", "--first-name", "A", "--last-name", "L", "--administrator", "--password-stdin"],
    );
    settings(&mut create);
    let mut child = create.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().expect("the program starts");
    tokio::io::AsyncWriteExt::write_all(&mut child.stdin.take().expect("its input"), password.as_bytes()).await.expect("read");
    assert!(child.wait().await.expect("an end").success(), "commands beside the server send nothing, and work");
    let log = database.folder.path().join("log");
    let mut serve = tenure(database.folder.path(), &["serve"]);
    settings(&mut serve);
    serve.env("RUST_LOG", "trace").stderr(std::fs::File::create(&log).expect("a file"));
    let served = Served::start(serve).await;
    let ann = crate::support::person::Person::sign_in(format!("{}/graphql", served.base), "ann@example.com", password).await;
    let invite = async |email: &str| {
        let input = json!({"email": email, "kind": "INTRANET", "firstName": "X", "lastName": "Y"});
        ann.run("invite", input, "user { id }").await.ok();
    };
    invite("ida.secret@example.com").await;
    tokio::time::timeout(Duration::from_secs(1), post.tried("ida.secret@example.com", 1)).await.expect("within a second");
    invite("eve.secret@example.com").await;
    invite("ben.secret@example.com").await;
    post.tried("eve.secret@example.com", 1).await;
    post.tried("ben.secret@example.com", 1).await;
    served.end().await;
    let told = std::fs::read_to_string(log).expect("the log");
    assert!(
        told.contains("a mail was given up") && told.contains("answered 550") && told.contains("a mail could not be sent yet"),
        "{told}"
    );
    assert!(told.contains("example.com"), "the domain is told");
    let taken = post.taken();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].raw.contains("From: tenure <people@company.example>"), "{}", taken[0].raw);
    for secret in [".secret@", &taken[0].message.token(), "/accept-invitation?token="] {
        assert!(!told.contains(secret), "the log tells {secret}");
    }
}
