use std::fmt::Write;

use tenure_core::email::Email;
use tenure_core::id::{ReassignmentId, UserId};
use tenure_core::mail::{ChangedBy, Mail};
use tenure_core::record::{RecordCount, RecordKind};
use tenure_core::secret::{Link, LinkPurpose};
use tenure_core::time::Timestamp;
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000 * Timestamp::SECOND);

fn mailer(config: Config) -> Mailer {
    Mailer::open(&config, LinkKey::new([7; 32])).expect("opens")
}

async fn sent(mails: Vec<Mail>) -> Vec<String> {
    let folder = tempfile::tempdir().expect("folder");
    let mailer = mailer(Config { mail: MailRoute::Directory(folder.path().join("mails")), ..Config::default() });
    for (id, mail) in (1..).zip(mails) {
        let mail = NewMail { id: Uuid::from_u128(id), mail, written_at: NOW };
        // Sent again, a mail is still one file.
        mailer.send(&mail).await.expect("sent");
        mailer.send(&mail).await.expect("sent");
    }
    let mut files: Vec<_> = std::fs::read_dir(folder.path().join("mails")).expect("list").map(|e| e.expect("entry").path()).collect();
    files.sort();
    assert!(files.iter().all(|f| f.extension().is_some_and(|e| e == "eml")), "{files:?}");
    files.iter().map(|f| std::fs::read_to_string(f).expect("text")).collect()
}

fn email(text: &str) -> Email {
    Email::parse(text).expect("address")
}

fn link(purpose: LinkPurpose) -> Link {
    Link { purpose, user: UserId::SYSTEM, attempt: Uuid::from_u128(5) }
}

/// One of each kind, and of each text.
fn all_kinds() -> Vec<Mail> {
    let to = || email("elodie@example.com");
    let name = || "Élodie <b>Ström</b>".to_owned();
    let expires_at = NOW.plus_seconds(86_400);
    let count = |kind, open, closed| RecordCount { kind, open, closed };
    let counts = vec![count(RecordKind::Company, 2, 0), count(RecordKind::Deal, 1, 2), count(RecordKind::Task, 0, 1)];
    let changed = |by| Mail::LoginEmailChanged { to: to(), name: name(), login: email("new@example.com"), by };
    vec![
        Mail::Invitation { to: to(), name: name(), inviter: "Ann Lee & Co".into(), link: link(LinkPurpose::Invitation), expires_at },
        Mail::LoginEmailConfirmation { to: to(), name: name(), link: link(LinkPurpose::LoginEmail), expires_at },
        Mail::LoginEmailRequested { to: to(), name: name(), login: email("new@example.com") },
        changed(ChangedBy::Themself),
        changed(ChangedBy::SomebodyElse),
        Mail::PasswordReset { to: to(), name: name(), link: link(LinkPurpose::PasswordReset), expires_at },
        Mail::HandoverReceived {
            to: to(),
            successor: None,
            name: name(),
            by: "Bob Ray".into(),
            reassignment: ReassignmentId(Uuid::from_u128(9)),
            counts,
        },
    ]
}

/// After a change on purpose: `TENURE_TEST_BLESS=1 scripts/test the_texts`, and review the difference.
#[test]
fn the_texts_are_those_that_were_reviewed() {
    let mut found = String::new();
    for mail in all_kinds() {
        let letter = Letter::write(&mail, "https://tenure.example.com", &LinkKey::new([7; 32]));
        let _ = write!(found, "===== {}\nTo: {}\nSubject: {}\n\n{}", mail.kind(), letter.to_line(), letter.subject, letter.plain);
        let _ = write!(found, "----- html\n{}\n", letter.html);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/mail/letters.golden.txt");
    if std::env::var_os("TENURE_TEST_BLESS").is_some() {
        std::fs::write(path, &found).expect("written");
    }
    assert_eq!(found, std::fs::read_to_string(path).unwrap_or_default(), "src/mail/letters.golden.txt is out of date");
}

#[tokio::test]
async fn an_invitation_carries_its_link_in_plain_sight() {
    let texts = sent(all_kinds()).await;
    let text = &texts[0];
    let token = LinkKey::new([7; 32]).token(&link(LinkPurpose::Invitation));
    let url = format!("http://127.0.0.1:8080/accept-invitation?token={token}");
    assert_eq!(text.matches(&url).count(), 3, "{text}");
    assert!(text.contains("Ann Lee") && text.contains("2027-01-16"), "{text}");
    assert!(text.contains("&lt;b&gt;Ström&lt;/b&gt;") && text.contains("To: =?utf-8?"), "{text}");
    assert!(text.contains("From: tenure <no-reply@localhost>"), "{text}");
    assert!(text.contains("Message-ID: <00000000-0000-0000-0000-000000000001@localhost>"), "{text}");
    assert_eq!(texts.len(), 7, "a mail that is sent again takes the place of the first");
}

#[tokio::test]
async fn names_add_no_headers() {
    let mail = |name: &str| Mail::LoginEmailChanged {
        to: email("o'neil+x@bücher.example"),
        name: name.into(),
        login: email("new@x.example"),
        by: ChangedBy::SomebodyElse,
    };
    let invitation = Mail::Invitation {
        to: email("ann@x.example"),
        name: "Ann".into(),
        inviter: "Eve\r\nBcc: all@x.example\r\n\r\nHello".into(),
        link: link(LinkPurpose::Invitation),
        expires_at: NOW,
    };
    let texts =
        sent(vec![mail("Eve\r\nBcc: all@x.example\r\n\r\nHello"), mail("\"Eve\" <eve@x.example>, Bob"), mail(""), invitation]).await;
    assert_eq!(texts.len(), 4);
    for (n, text) in texts.iter().enumerate() {
        let (head, _) = text.split_once("\r\n\r\n").expect("a head");
        assert!(!head.lines().any(|l| l.starts_with("Bcc")), "{head}");
        assert!(
            n == 3 || head.contains("<o'neil+x@xn--bcher-kva.example>") || head.contains("To: o'neil+x@xn--bcher-kva.example"),
            "{head}"
        );
        assert_eq!(head.matches("\r\nTo: ").count(), 1);
    }
}

#[test]
fn s2_whoever_can_be_invited_can_be_written_to() {
    let sender = Sender::new(None, "https://tenure.example.com").expect("a sender");
    for (address, envelope) in [
        ("ann..lee.@x.example", "\"ann..lee.\"@x.example"),
        (".ann@x.example", "\".ann\"@x.example"),
        ("ann.lee@x.example", "ann.lee@x.example"),
        ("!#$%&'*+/=?^_`{|}~-@localhost", "!#$%&'*+/=?^_`{|}~-@localhost"),
    ] {
        let mail = Mail::Invitation {
            to: email(address),
            name: "Ann".into(),
            inviter: "Bob".into(),
            link: link(LinkPurpose::Invitation),
            expires_at: NOW,
        };
        let letter = Letter::write(&mail, "https://tenure.example.com", &LinkKey::new([7; 32]));
        let message = letter.message(Uuid::from_u128(4), NOW, &sender, Bytes::Seven).expect("a message");
        assert_eq!(message.envelope().to().iter().map(ToString::to_string).collect::<Vec<_>>(), [envelope]);
    }
}

#[test]
fn mail_servers_get_ascii_from_the_address_that_was_set() {
    let base = "https://tenure.example.com/app";
    let sender = Sender::new(Some(&email("People@BÜCHER.example")), base).expect("a sender");
    for mail in all_kinds() {
        let letter = Letter::write(&mail, base, &LinkKey::new([7; 32]));
        let message = letter.message(Uuid::from_u128(3), NOW, &sender, Bytes::Seven).expect("a message");
        let text = String::from_utf8(message.formatted()).expect("text");
        assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 998), "{text}");
        assert!(text.contains("From: tenure <People@xn--bcher-kva.example>"), "{text}");
        assert!(text.contains("Message-ID: <00000000-0000-0000-0000-000000000003@tenure.example.com>"), "{text}");
        assert!(text.contains("Content-Type: text/plain") && text.contains("Content-Type: text/html"), "{text}");
    }
}

#[test]
fn only_refusals_of_a_mail_are_final() {
    for code in [550, 551, 552, 553, 554, 501] {
        assert!(SmtpFault::Answered(code).is_final(), "{code}");
    }
    for code in [421, 450, 451, 452, 454, 530, 534, 535, 538] {
        assert!(!SmtpFault::Answered(code).is_final(), "{code}");
    }
    assert!(!SmtpFault::Silent.is_final());
}
