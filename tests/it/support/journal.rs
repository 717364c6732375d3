//! What one client of a crew does, and what it was told.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::company::Member;
use super::dice::Dice;

/// What one client knows must be so.
#[derive(Debug, Clone)]
pub struct Journal {
    pub client: usize,
    /// Who asks; administers the account.
    pub actor: Member,
    /// Whose title and rights change.
    pub subject: Member,
    /// Who leaves and comes back.
    pub leaver: Member,
    /// Who takes over from the leaver.
    pub heir: Member,
    /// Who is written to.
    pub friend: Member,
    /// Numbers what is done.
    number: u64,
    version: i64,
    pub title: Option<String>,
    pub titles: u64,
    pub has_rights: bool,
    pub grants: u64,
    /// Addresses and identifiers of who was invited.
    pub guests: Vec<(String, Value)>,
    pub is_away: bool,
    pub departures: u64,
    pub returns: u64,
    /// External IDs of the deals that are the leaver's, and the heir's.
    pub with_leaver: BTreeSet<String>,
    pub with_heir: BTreeSet<String>,
    pub texts: BTreeSet<String>,
}

/// One thing to do.
#[derive(Debug, Clone)]
pub struct Step {
    pub mutation: &'static str,
    pub input: Value,
    pub selection: &'static str,
    pub what: What,
}

/// What it is for.
#[derive(Debug, Clone)]
pub enum What {
    SignIn,
    Invite(String),
    Title(String),
    Rights(bool),
    Leave,
    Return,
    Deals(Vec<String>),
    Text(String),
}

impl Step {
    /// The body of the request.
    pub fn document(&self) -> Value {
        let mut input_type = self.mutation.to_owned();
        input_type[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {input_type}Input!) {{ {}(input: $input) {{ {} userErrors {{ code message }} }} }}",
            self.mutation, self.selection
        );
        json!({"query": query, "variables": {"input": self.input}})
    }

    /// Whether a payload shows somebody as they are when it is done.
    pub fn is_done(&self, payload: &Value) -> bool {
        match &self.what {
            What::Title(title) => payload["user"]["jobTitle"] == json!(title),
            What::Rights(rights) => payload["user"]["personalPermissions"] == granted(*rights),
            _ => false,
        }
    }
}

fn granted(rights: bool) -> Value {
    if rights { json!(["USERS_INVITE"]) } else { json!([]) }
}

impl Journal {
    pub fn new(client: usize, actor: Member, others: &[Member]) -> Journal {
        let [subject, leaver, heir, friend] = others else { panic!("four others") };
        Journal {
            client,
            actor,
            subject: subject.clone(),
            leaver: leaver.clone(),
            heir: heir.clone(),
            friend: friend.clone(),
            number: 0,
            version: 1,
            title: None,
            titles: 0,
            has_rights: false,
            grants: 0,
            guests: Vec::new(),
            is_away: false,
            departures: 0,
            returns: 0,
            with_leaver: BTreeSet::new(),
            with_heir: BTreeSet::new(),
            texts: BTreeSet::new(),
        }
    }

    /// The next thing to do.
    pub fn next(&mut self, dice: &mut Dice) -> Step {
        self.number += 1;
        let name = format!("c{}-{}", self.client, self.number);
        match dice.below(6) {
            0 => {
                let email = format!("{name}@guests.example");
                let input = json!({"email": email, "kind": "INTRANET", "firstName": "Guest", "lastName": name, "idempotencyKey": name});
                Step { mutation: "invite", input, selection: "user { id }", what: What::Invite(email) }
            }
            1 => {
                let input = json!({"userId": self.subject.id, "jobTitle": name, "expectedVersion": self.version});
                Step { mutation: "updateUser", input, selection: "user { version jobTitle }", what: What::Title(name) }
            }
            2 => {
                let rights = !self.has_rights;
                let input = json!({"userId": self.subject.id, "permissions": granted(rights), "expectedVersion": self.version});
                Step { mutation: "setAccess", input, selection: "user { version personalPermissions }", what: What::Rights(rights) }
            }
            3 if self.is_away => {
                let input = json!({"userId": self.leaver.id, "idempotencyKey": name});
                Step { mutation: "hire", input, selection: "user { id }", what: What::Return }
            }
            3 => {
                let input = json!({"userId": self.leaver.id, "handover": {"toUserIds": [self.heir.id]}, "idempotencyKey": name});
                Step { mutation: "dismiss", input, selection: "user { id }", what: What::Leave }
            }
            4 if !self.is_away => {
                let ids: Vec<String> = (0..3).map(|n| format!("{name}-{n}")).collect();
                let deal = |id: &String| json!({"kind": "DEAL", "externalId": id, "title": "Deal", "responsibleId": self.leaver.id});
                let input = json!({"entities": ids.iter().map(deal).collect::<Vec<_>>(), "idempotencyKey": name});
                Step { mutation: "upsertOwnedEntities", input, selection: "createdCount", what: What::Deals(ids) }
            }
            _ => {
                let input = json!({"toUserId": self.friend.id, "text": name, "idempotencyKey": name});
                Step { mutation: "sendMessage", input, selection: "message { id }", what: What::Text(name) }
            }
        }
    }

    /// It was acknowledged.
    pub fn note(&mut self, step: &Step, payload: &Value) {
        match &step.what {
            What::SignIn => {}
            What::Invite(email) => self.guests.push((email.clone(), payload["user"]["id"].clone())),
            What::Title(title) => {
                self.title = Some(title.clone());
                self.titles += 1;
                self.version = payload["user"]["version"].as_i64().expect("a version");
            }
            What::Rights(rights) => {
                self.has_rights = *rights;
                self.grants += 1;
                self.version = payload["user"]["version"].as_i64().expect("a version");
            }
            What::Leave => {
                self.is_away = true;
                self.departures += 1;
                self.with_heir.append(&mut self.with_leaver);
            }
            What::Return => {
                self.is_away = false;
                self.returns += 1;
            }
            What::Deals(ids) => self.with_leaver.extend(ids.iter().cloned()),
            What::Text(text) => drop(self.texts.insert(text.clone())),
        }
    }
}
