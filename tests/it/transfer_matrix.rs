//! `transferEmail` for all pairs of holder and receiver × roles × `displaced`: what comes of each is in a golden file (E3–E5, X5, R11).

use std::fmt::Write as _;

use serde_json::{Value, json};
use tenure_core::email::{Email, EmailRole, EmailRoles, HeldAddress};
use tenure_core::id::UserId;
use tenure_core::permission::Permission;
use tenure_core::storage::{PeopleRead, Storage};
use tenure_core::structure::WorkgroupRole;
use tenure_core::user::{UserKind, UserStatus};

use crate::support::company::{Member, Traits};
use crate::support::invariants::Books;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/transfer_matrix.golden.txt");
const STATES: [&str; 4] = ["invited", "active", "external", "dismissed"];
const ROLES: [(&str, Option<&[&str]>); 4] =
    [("-", None), ("LOGIN", Some(&["LOGIN"])), ("CONTACT", Some(&["CONTACT"])), ("BOTH", Some(&["LOGIN", "CONTACT"]))];
const DISPLACED: [&str; 2] = ["RELEASE", "GIVE_TO_FORMER_HOLDER"];
/// What the holder holds: the address that is asked for first, another one second.
const HELD: [(&str, &[EmailRole], &[EmailRole]); 4] = [
    ("LC", &[EmailRole::Login, EmailRole::Contact], &[]),
    ("L+c", &[EmailRole::Login], &[EmailRole::Contact]),
    ("C+l", &[EmailRole::Contact], &[EmailRole::Login]),
    ("CP+l", &[EmailRole::Contact, EmailRole::PendingLogin], &[EmailRole::Login]),
];
const FIELDS: &str = "movedRoles freedRoles";

async fn somebody(office: &Office, state: &str, name: &str) -> Member {
    let workgroups = vec![(office.company.portal, WorkgroupRole::Member)];
    let traits = match state {
        "invited" => Traits { status: UserStatus::Invited, ..Traits::default() },
        "active" => Traits::default(),
        "external" => Traits { kind: UserKind::Extranet, workgroups, ..Traits::default() },
        "dismissed" => Traits { status: UserStatus::Dismissed, ..Traits::default() },
        other => panic!("nobody is {other}"),
    };
    office.company.add(name, state, traits).await
}

fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}

/// Gives somebody these addresses in place of their own.
async fn hold(office: &Office, member: &Member, addresses: &[(String, &[EmailRole])]) {
    let mut tx = office.storage.begin().await.expect("a transaction");
    tx.addresses_remove(&[email(&member.email).key().to_owned()]).await.expect("freed");
    let held: Vec<HeldAddress> = addresses
        .iter()
        .filter(|(_, roles)| !roles.is_empty())
        .map(|(address, roles)| HeldAddress { email: email(address), holder: member.id, roles: roles.iter().copied().collect() })
        .collect();
    tx.addresses_put(&held).await.expect("held");
    tx.commit().await.expect("a commit");
}

fn letters(roles: EmailRoles) -> String {
    roles
        .iter()
        .map(|role| match role {
            EmailRole::Login => 'L',
            EmailRole::Contact => 'C',
            EmailRole::PendingLogin => 'P',
            EmailRole::Invitation => 'I',
        })
        .collect()
}

fn words(list: &Value) -> String {
    let words: Vec<&str> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if words.is_empty() { "-".to_owned() } else { words.join("+") }
}

/// What somebody holds now: the local part of each address, with its roles.
async fn holdings(office: &Office, id: UserId) -> String {
    let held = office.storage.addresses_by_user(&[id]).await.expect("addresses");
    let texts: Vec<String> = held
        .iter()
        .map(|a| format!("{}:{}", a.email.key().split('@').next().unwrap_or_default().trim_end_matches(char::is_numeric), letters(a.roles)))
        .collect();
    if texts.is_empty() { "-".to_owned() } else { texts.join(" ") }
}

/// What a dry run says; where a replacement is what is missing, also with one.
async fn foretold(hr: &Person, mut input: Value) -> String {
    input["dryRun"] = json!(true);
    let told = |outcome: crate::support::answer::Outcome| match outcome.verdict().as_str() {
        "OK" => format!("moved {} freed {}", words(outcome.at("movedRoles")), words(outcome.at("freedRoles"))),
        code => code.to_owned(),
    };
    let first = told(hr.run("transferEmail", input.clone(), FIELDS).await);
    input["replacementLoginEmail"] = json!("replacement@example.com");
    let second = told(hr.run("transferEmail", input, FIELDS).await);
    format!("{first} | {second}")
}

/// All pairs, as a dry run answers: without a replacement | with one.
async fn table(office: &Office, hr: &Person) -> String {
    let mut out = String::from("holder | held | receiver | roles | displaced | without a replacement | with one\n");
    let mut receivers = vec![("system", UserId::SYSTEM)];
    for state in STATES {
        receivers.push((state, somebody(office, state, "To").await.id));
    }
    for state in STATES {
        for (number, (label, first, second)) in HELD.into_iter().enumerate() {
            let (first, label) = match state {
                "invited" => (&[EmailRole::Invitation][..], "I"),
                _ => (first, label),
            };
            let holder = somebody(office, state, &format!("h{number}")).await;
            let address = format!("{state}{number}@example.com");
            let other = format!("other.{state}{number}@example.com");
            hold(office, &holder, &[(address.clone(), first), (other, if state == "invited" { &[][..] } else { second })]).await;
            for (receiver, id) in receivers.iter().copied().chain([("themself", holder.id)]) {
                for (roles, list) in ROLES {
                    for displaced in DISPLACED {
                        let mut input = json!({"address": address, "toUserId": id, "displaced": displaced});
                        if let Some(list) = list {
                            input["roles"] = json!(list);
                        }
                        let told = foretold(hr, input).await;
                        let _ = writeln!(out, "{state} | {label} | {receiver} | {roles} | {displaced} | {told}");
                    }
                }
            }
            if state == "invited" {
                break;
            }
        }
    }
    out
}

/// In earnest, each with two people of their own: who holds what afterwards.
async fn deeds(office: &Office, hr: &Person) -> String {
    let mut out = String::from("holder | held | receiver | held | displaced | moved | freed | holder has | receiver has\n");
    let mut number = 0;
    for state in &STATES[1..] {
        for receiver in ["active", "external"] {
            for (label, first, second) in HELD {
                for (to_label, to_first, to_second) in HELD[..2].iter().copied() {
                    for displaced in DISPLACED {
                        number += 1;
                        let holder = somebody(office, state, &format!("h{number}")).await;
                        let to = somebody(office, receiver, &format!("r{number}")).await;
                        let at = |name: &str| format!("{name}{number}@example.com");
                        hold(office, &holder, &[(at("x"), first), (at("y"), second)]).await;
                        hold(office, &to, &[(at("a"), to_first), (at("b"), to_second)]).await;
                        let mut input = json!({"address": at("x"), "toUserId": to.id, "displaced": displaced, "dryRun": true});
                        if hr.run("transferEmail", input.clone(), FIELDS).await.verdict() == "REPLACEMENT_REQUIRED" {
                            input["replacementLoginEmail"] = json!(at("n"));
                        }
                        let dry = hr.run("transferEmail", input.clone(), FIELDS).await.ok();
                        input["dryRun"] = json!(false);
                        let done = hr.run("transferEmail", input, FIELDS).await.ok();
                        assert_eq!((dry.at("movedRoles"), dry.at("freedRoles")), (done.at("movedRoles"), done.at("freedRoles")), "R8");
                        let (moved, freed) = (words(done.at("movedRoles")), words(done.at("freedRoles")));
                        let (left, got) = (holdings(office, holder.id).await, holdings(office, to.id).await);
                        let _ =
                            writeln!(out, "{state} | {label} | {receiver} | {to_label} | {displaced} | {moved} | {freed} | {left} | {got}");
                    }
                }
            }
        }
    }
    out
}

on_both! {
    /// After a change on purpose: `TENURE_TEST_BLESS=1 scripts/test transfer_matrix`, and review the difference.
    async fn e3_e4_e5_every_pair_transfers_as_it_should(db: Backend) {
        let office = Office::open(db).await;
        // Whoever manages addresses sees invited people only with the right to invite.
        let manager = office.company.holder("Mia", "Mail", &[Permission::EmailsManage, Permission::UsersInvite]).await;
        let mia = office.sign_in(&manager).await;
        let dry = table(&office, &mia).await;
        let text = format!("{dry}\n{}", deeds(&office, &mia).await);
        if std::env::var_os("TENURE_TEST_BLESS").is_some() && db == Backend::Sqlite {
            std::fs::write(GOLDEN, &text).expect("the golden file");
        }
        let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
        for (found, expected) in text.lines().zip(golden.lines()) {
            assert_eq!(found, expected, "tests/it/transfer_matrix.golden.txt is out of date");
        }
        assert_eq!(text.lines().count(), golden.lines().count());
        let books = Books::checked(&office.storage, None).await;
        // Nobody lost a login that they needed, and nobody has another's.
        assert!(books.addresses.len() > 100);
    }
}
