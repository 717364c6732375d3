//! What each mutation answers for a person of each status and kind, by who asks (R1, R9, R11, L1, X1, V-table of DOMAIN §5): the whole table
//! is a golden file, the same for both databases.
//!
//! After a change on purpose: `TENURE_TEST_BLESS=1 scripts/test matrix`, and review the difference.

use std::fmt::Write;

use serde_json::{Value, json};
use tenure_core::record::RecordKind;
use tenure_core::storage::PeopleRead;
use tenure_core::structure::WorkgroupRole;
use tenure_core::user::{UserKind, UserStatus};

use crate::support::company::{HR_PERMISSIONS, Member, State, Traits};
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;
use crate::support::person::Person;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/matrix.golden.txt");

/// Whom it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Employee,
    Administrator,
    External,
    Leaver,
    FormerAdministrator,
    Invited,
    InvitedExternal,
    InvitedLeaver,
    Oneself,
    SystemUser,
    Missing,
}

const TARGETS: [Target; 11] = [
    Target::Employee,
    Target::Administrator,
    Target::External,
    Target::Leaver,
    Target::FormerAdministrator,
    Target::Invited,
    Target::InvitedExternal,
    Target::InvitedLeaver,
    Target::Oneself,
    Target::SystemUser,
    Target::Missing,
];

/// Who does it.
const PERSONAS: [&str; 6] = ["administrator", "hr", "employee", "external", "token", "anonymous"];

/// What is done.
const ACTS: [&str; 25] = [
    "dismiss",
    "dismiss, reports to target",
    "dismiss, records to target",
    "hire",
    "moveToExtranet",
    "moveToExtranet, activateNow",
    "moveToIntranet",
    "deleteUser",
    "deleteUser, records to target",
    "setAccess",
    "updateUser",
    "updateUser, manager is target",
    "changeContactEmail",
    "transferEmail, from target",
    "transferEmail, to target",
    "releaseEmail",
    "resendInvitation",
    "revokeInvitation",
    "reassign, from target",
    "reassign, to target",
    "upsertOwnedEntities, for target",
    "addWorkgroupMembers",
    "removeWorkgroupMember",
    "sendMessage",
    "scheduleMeeting",
];

struct Table<'o> {
    office: &'o Office,
    admin: Person,
    hr: Person,
    callers: Vec<(Option<Member>, Person)>,
    count: usize,
}

impl<'o> Table<'o> {
    async fn of(office: &'o Office) -> Table<'o> {
        let company = &office.company;
        let (admin, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let mut table = Table { office, admin: admin.clone(), hr, callers: Vec::new(), count: 0 };
        table.callers.push((Some(company.ann.clone()), admin));
        table.callers.push((Some(company.hr.clone()), table.hr.clone()));
        table.callers.push((Some(company.emma.clone()), office.sign_in(&company.emma).await));
        table.callers.push((Some(company.eva.clone()), office.sign_in(&company.eva).await));
        // All rights of the HR manager but those of the integration's owner being personal.
        let permissions: Vec<&str> = HR_PERMISSIONS.iter().map(|p| p.name()).collect();
        let token = table.hr.run("createAccessToken", json!({"name": "Sync", "permissions": permissions}), "secret").await.ok();
        table.callers.push((Some(company.hr.clone()), office.server.with_token(&token.text("secret"))));
        table.callers.push((None, office.server.anonymous()));
        table
    }

    fn next(&mut self) -> String {
        self.count += 1;
        format!("T{:05}", self.count)
    }

    /// Somebody new of that kind: identifier, display name, address. Each holds one task.
    async fn target(&mut self, target: Target, caller: usize) -> Option<Member> {
        let company = &self.office.company;
        let name = self.next();
        let project = vec![(company.project, WorkgroupRole::Member)];
        let in_project = Traits { workgroups: project, ..Traits::default() };
        let member = match target {
            Target::Employee => company.add(&name, "Target", in_project).await,
            Target::Administrator => company.add(&name, "Target", Traits { is_administrator: true, ..in_project }).await,
            Target::External => company.add(&name, "Target", Traits { kind: UserKind::Extranet, ..in_project }).await,
            Target::Leaver => company.add(&name, "Target", Traits { status: UserStatus::Dismissed, ..in_project }).await,
            Target::FormerAdministrator => {
                let traits = Traits { status: UserStatus::Dismissed, is_administrator: true, ..in_project };
                company.add(&name, "Target", traits).await
            }
            Target::Invited => return Some(self.invite(&name, "INTRANET").await),
            Target::InvitedExternal => return Some(self.invite(&name, "EXTRANET").await),
            Target::InvitedLeaver => {
                let member = company.add(&name, "Target", Traits { status: UserStatus::Dismissed, ..in_project }).await;
                let input = json!({"userId": member.id, "workgroupIds": [company.project]});
                self.hr.run("moveToExtranet", input, "user { status }").await.ok();
                member
            }
            Target::Oneself => return self.callers[caller].0.clone(),
            Target::SystemUser => {
                Member { id: tenure_core::id::UserId::SYSTEM, name: "System".into(), email: "system@nowhere.example".into() }
            }
            Target::Missing => {
                let id = tenure_core::id::UserId(tenure_core::clock::Clock::new_uuid(&tenure_core::clock::SystemClock));
                Member { id, name: "Nobody".into(), email: format!("{name}@nowhere.example") }
            }
        };
        if !matches!(target, Target::SystemUser | Target::Missing) {
            company.record(&member, RecordKind::Task, State::Open).await;
        }
        Some(member)
    }

    async fn invite(&self, name: &str, kind: &str) -> Member {
        let email = format!("{}@invited.example", name.to_lowercase());
        let mut input = json!({"email": email, "kind": kind, "firstName": name, "lastName": "Target"});
        if kind == "EXTRANET" {
            input["workgroupIds"] = json!([self.office.company.project]);
        }
        let id = self.hr.run("invite", input, "user { id }").await.ok().text("user.id");
        Member { id: id.parse().expect("an ID"), name: format!("{name} Target"), email }
    }

    /// The verdict on one act.
    async fn cell(&mut self, act: &str, target: Target, caller: usize) -> String {
        let Some(member) = self.target(target, caller).await else { return "-".to_owned() };
        let company = &self.office.company;
        let spare = self.next();
        let project = company.project;
        let id = json!(member.id);
        let new_address = format!("{spare}@fresh.example");
        let (mutation, _) = act.split_once(',').unwrap_or((act, ""));
        let input: Value = match act {
            "dismiss" | "hire" | "resendInvitation" | "revokeInvitation" | "moveToIntranet" => json!({"userId": id}),
            "dismiss, reports to target" => json!({"userId": company.employee(&spare, "Spare").await.id, "newManagerId": id}),
            "dismiss, records to target" => {
                let leaver = company.employee(&spare, "Spare").await;
                company.record(&leaver, RecordKind::Deal, State::Open).await;
                json!({"userId": leaver.id, "handover": {"toUserIds": [id]}})
            }
            "moveToExtranet" => json!({"userId": id, "workgroupIds": [project]}),
            "moveToExtranet, activateNow" => json!({"userId": id, "workgroupIds": [project], "activateNow": true}),
            "deleteUser" => json!({"userId": id, "confirmation": member.name}),
            "deleteUser, records to target" => {
                let gone = company.employee(&spare, "Spare").await;
                json!({"userId": gone.id, "confirmation": gone.name, "recordsToUserId": id})
            }
            "setAccess" => json!({"userId": id, "permissions": ["USERS_INVITE"]}),
            "updateUser" => json!({"userId": id, "jobTitle": "Baker"}),
            "updateUser, manager is target" => json!({"userId": company.employee(&spare, "Spare").await.id, "managerId": id}),
            "changeContactEmail" => json!({"userId": id, "address": new_address}),
            "transferEmail, from target" => {
                let to = company.employee(&spare, "Spare").await;
                json!({"address": member.email, "toUserId": to.id, "replacementLoginEmail": new_address})
            }
            "transferEmail, to target" => {
                let from = company.leaver(&spare, "Spare").await;
                json!({"address": from.email, "toUserId": id, "roles": ["CONTACT"]})
            }
            "releaseEmail" => json!({"address": member.email, "replacementLoginEmail": new_address}),
            "reassign, from target" => {
                json!({"selection": {"matching": {"responsibleIds": [id]}}, "toUserIds": [company.ben.id]})
            }
            "reassign, to target" => {
                let from = company.leaver(&spare, "Spare").await;
                company.record(&from, RecordKind::Deal, State::Open).await;
                json!({"selection": {"matching": {"responsibleIds": [from.id]}}, "toUserIds": [id]})
            }
            "upsertOwnedEntities, for target" => {
                json!({"entities": [{"kind": "LEAD", "externalId": spare, "title": "Lead", "responsibleId": id}]})
            }
            "addWorkgroupMembers" => json!({"workgroupId": company.portal, "userIds": [id]}),
            "removeWorkgroupMember" => json!({"workgroupId": project, "userId": id}),
            "sendMessage" => json!({"toUserId": id, "text": "Hello"}),
            "scheduleMeeting" => {
                let (starts_at, ends_at) = ("2027-01-08T09:00:00Z", "2027-01-08T10:00:00Z");
                json!({"title": "Talk", "startsAt": starts_at, "endsAt": ends_at, "attendeeIds": [id]})
            }
            _ => unreachable!("{act} has an input"),
        };
        let by = self.callers[caller].1.clone();
        let verdict = by.run(mutation, input, "query { __typename }").await.verdict();
        if target == Target::Oneself && verdict == "OK" {
            self.restore(caller).await;
        }
        verdict
    }

    /// Whoever did something to themself is as they were, in a new session.
    async fn restore(&mut self, caller: usize) {
        let Some(member) = self.callers[caller].0.clone() else { return };
        let user = self.office.storage.users_by_id(&[member.id]).await.expect("a person").remove(0);
        let login = user.login_email.expect("a login").address().to_owned();
        if caller == 0 {
            self.admin = self.office.server.sign_in(&login, PASSWORD).await;
        }
        let key = tenure_core::email::Email::parse(&member.email).expect("an address").key().to_owned();
        let held = self.office.storage.addresses_by_key(&[key]).await.expect("holders").pop();
        if held.is_some_and(|held| held.holder != member.id) {
            let replacement = format!("{}@again.example", self.next());
            let input = json!({"address": member.email, "replacementLoginEmail": replacement});
            self.admin.run("releaseEmail", input, "freedRoles").await.ok();
        }
        if login != member.email {
            let input = json!({"address": login, "replacementLoginEmail": member.email});
            self.admin.run("releaseEmail", input, "freedRoles").await.ok();
        }
        if caller == 0 {
            self.admin = self.office.sign_in(&member).await;
        }
        if user.contact_email.is_none_or(|e| e.address() != member.email) {
            self.admin.run("changeContactEmail", json!({"userId": member.id, "address": member.email}), "user { id }").await.ok();
        }
        if member.id != self.office.company.eva.id {
            let input = json!({"userId": member.id, "permissions": self.permissions_of(caller)});
            self.admin.run("setAccess", input, "user { id }").await.ok();
        }
        match caller {
            0 => self.callers[0].1 = self.admin.clone(),
            1..=3 => self.callers[caller].1 = self.office.sign_in(&member).await,
            _ => {}
        }
        // The integration acts for the HR manager.
        if caller == 1 || caller == 4 {
            self.hr = self.office.sign_in(&member).await;
            self.callers[1].1 = self.hr.clone();
        }
    }

    fn permissions_of(&self, caller: usize) -> Vec<&'static str> {
        match caller {
            1 | 4 => HR_PERMISSIONS.iter().map(|p| p.name()).collect(),
            _ => Vec::new(),
        }
    }

    async fn write(mut self) -> String {
        let mut out = String::new();
        for act in ACTS {
            let _ = write!(out, "{act:<32}");
            for persona in PERSONAS {
                let _ = write!(out, "{persona:<26}");
            }
            out.push('\n');
            for target in TARGETS {
                let _ = write!(out, "  {:<30}", format!("{target:?}"));
                for caller in 0..PERSONAS.len() {
                    let verdict = self.cell(act, target, caller).await;
                    let _ = write!(out, "{verdict:<26}");
                }
                out.push('\n');
            }
            out.push('\n');
        }
        out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
    }
}

on_both! {
    /// R1, R11, L1, X1, H11, S6.
    async fn every_mutation_answers_as_the_table_says(db: Backend) {
        let office = Office::open(db).await;
        let table = Table::of(&office).await.write().await;
        if std::env::var_os("TENURE_TEST_BLESS").is_some() && db == Backend::Sqlite {
            std::fs::write(GOLDEN, &table).expect("the golden file");
        }
        let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
        for (found, expected) in table.lines().zip(golden.lines()) {
            assert_eq!(found, expected, "tests/it/matrix.golden.txt is out of date");
        }
        assert_eq!(table.lines().count(), golden.lines().count());
        let mutations: Vec<&str> = golden.lines().filter(|l| !l.starts_with(' ') && !l.is_empty()).collect();
        assert_eq!(mutations.len(), ACTS.len());
    }
}
