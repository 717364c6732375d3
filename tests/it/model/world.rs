//! One company on one storage, with a clock and identifiers that repeat.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tenure_core::clock::{Clock, FixedClock};
use tenure_core::credential::PasswordHash;
use tenure_core::memory::MemoryStorage;
use tenure_core::record::RecordKind;
use tenure_core::storage::Storage;
use tenure_core::time::Timestamp;

use super::operation::{Step, What};
use crate::support::adapter;
use crate::support::backend::{Backend, Database};
use crate::support::company::{Company, Member, State};
use crate::support::invariants::Books;
use crate::support::mail::Mailbox;
use crate::support::office::PASSWORD;
use crate::support::person::Person;
use crate::support::server::{Server, Wish};

/// Seats: few enough to run out of.
pub const SEATS: u32 = 9;
const BEGIN: Timestamp = Timestamp(1_795_000_000 * Timestamp::SECOND);

/// A company on one storage.
pub struct World {
    pub name: &'static str,
    clock: Arc<FixedClock>,
    storage: Arc<dyn Storage>,
    server: Server,
    mail: Mailbox,
    /// Who asks: an administrator, an HR manager, two employees, an external person, nobody in particular.
    callers: Vec<(Option<Member>, Person)>,
    /// When each of them signed in last.
    signed_in: Vec<Timestamp>,
    /// Everybody there ever was, the System User first.
    pub people: Vec<String>,
    pub records: Vec<String>,
    pub jobs: Vec<String>,
    pub workgroups: Vec<String>,
    pub departments: Vec<String>,
    names: HashMap<String, String>,
    _home: (Option<Database>, Option<TempDir>),
}

impl World {
    /// On the reference storage.
    pub async fn in_memory(hash: &PasswordHash) -> World {
        let folder = tempfile::tempdir().expect("a folder");
        let mails = folder.path().join("mail");
        std::fs::create_dir_all(&mails).expect("a folder for mails");
        let clock = Arc::new(FixedClock::new(BEGIN));
        let config = tenure::config::Config {
            listen: ([127, 0, 0, 1], 0).into(),
            key_file: folder.path().join("keys.json"),
            mail: tenure::config::MailRoute::Directory(mails.clone()),
            ..Default::default()
        };
        let wish = Wish { config, clock: clock.clone() };
        let mail = Mailbox::at(&mails);
        World::found("in memory", Arc::new(MemoryStorage::new()), clock, wish, mail, (None, Some(folder)), hash).await
    }

    /// On a database.
    pub async fn on(backend: Backend, hash: &PasswordHash) -> World {
        let name = match backend {
            Backend::Sqlite => "SQLite",
            Backend::Postgres => "PostgreSQL",
        };
        let database = Database::new(backend).await;
        let clock = Arc::new(FixedClock::new(BEGIN));
        let wish = Wish::on(&database).with_clock(clock.clone());
        let storage = Arc::new(adapter::connect(&database.url).await);
        let mail = Mailbox::at(&database.folder.path().join("mail"));
        World::found(name, storage, clock, wish, mail, (Some(database), None), hash).await
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a world, told apart by type")]
    async fn found(
        name: &'static str,
        storage: Arc<dyn Storage>,
        clock: Arc<FixedClock>,
        wish: Wish,
        mail: Mailbox,
        home: (Option<Database>, Option<TempDir>),
        hash: &PasswordHash,
    ) -> World {
        let mail = mail.behind(storage.clone());
        let company = Company::found(storage.clone(), clock.clone(), hash.clone()).await;
        let mut records = Vec::new();
        for owner in [&company.emma, &company.leo, &company.ben] {
            let deals = company.deals(owner, 3).await;
            let linked = company.activity(owner, deals[0]).await;
            let task = company.record(owner, RecordKind::Task, State::Closed).await;
            records.extend(deals.into_iter().chain([linked, task]).map(|id| id.to_string()));
        }
        let server = Server::over(wish.with_seats(SEATS), storage.clone()).await;
        let mut callers = Vec::new();
        for member in [&company.ann, &company.hr, &company.ben, &company.emma, &company.eva] {
            callers.push((Some(member.clone()), server.sign_in(&member.email, PASSWORD).await));
        }
        callers.push((None, server.anonymous()));
        let people = [&company.ann, &company.hr, &company.ben, &company.emma, &company.eva, &company.leo];
        let system = tenure_core::id::UserId::SYSTEM.to_string();
        let people = std::iter::once(system).chain(people.into_iter().map(|m| m.id.to_string())).collect();
        let workgroups = [company.inside, company.project, company.portal].map(|id| id.to_string()).to_vec();
        let departments = [company.sales, company.service].map(|id| id.to_string()).to_vec();
        let (names, signed_in) = (HashMap::new(), vec![BEGIN; callers.len()]);
        World {
            name,
            clock,
            storage,
            server,
            mail,
            callers,
            signed_in,
            people,
            records,
            jobs: vec![],
            workgroups,
            departments,
            names,
            _home: home,
        }
    }

    /// Does one step and says what was answered, with identifiers told by the order in which they came up.
    pub async fn perform(&mut self, step: &Step) -> Value {
        let caller = step.caller % self.callers.len();
        // A session's token works for ten minutes.
        if self.clock.now() > self.signed_in[caller].plus_seconds(500) {
            self.sign_in(caller).await;
        }
        let by = self.callers[caller].1.clone();
        match &step.what {
            What::Wait { hours } => {
                self.clock.set(self.clock.now().plus_seconds(i64::from(*hours) * 3600));
                Value::Null
            }
            What::SignIn => json!(self.sign_in(caller).await),
            What::Accept { address } => {
                let address = self.address(*address);
                self.mail.settled().await;
                let token = self.mail.all().into_iter().rev().find(|m| m.is_to(&address) && m.body.contains("/accept-invitation"));
                let token = token.map_or_else(|| "none".to_owned(), |m| m.token());
                let input = json!({"token": token, "password": "tangerine moss 41 ladder"});
                let outcome = self.server.anonymous().run("acceptInvitation", input, "session { user { status kind } }").await;
                self.rename(&outcome.answer.body, &outcome.answer.error_codes())
            }
            What::Look { view } => {
                let (document, variables) = self.view(*view, step);
                let answer = by.query(document, variables).await;
                self.rename(&answer.body, &answer.error_codes())
            }
            what => {
                let Some((mutation, input, selection)) = what.mutation(self) else { return Value::Null };
                let outcome = by.run(mutation, input, selection).await;
                self.learn(&outcome.answer.body["data"][mutation]);
                self.rename(&outcome.answer.body, &outcome.answer.error_codes())
            }
        }
    }

    /// A new session, where they may have one.
    async fn sign_in(&mut self, caller: usize) -> String {
        let Some(member) = self.callers[caller].0.clone() else { return "nobody".to_owned() };
        let input = json!({"email": member.email, "password": PASSWORD});
        let outcome = self.server.anonymous().run("signIn", input, "session { accessToken }").await;
        let verdict = outcome.verdict();
        if verdict == "OK" {
            self.callers[caller].1 = self.server.with_token(&outcome.text("session.accessToken"));
            self.signed_in[caller] = self.clock.now();
        }
        verdict
    }

    /// Fails the test unless the invariants hold.
    pub async fn check(&self) {
        Books::checked(&*self.storage, None).await;
    }

    /// Everything that is stored, with identifiers told by the order in which they came up.
    pub async fn dump(&mut self) -> String {
        let books = Books::checked(&*self.storage, None).await;
        let text = books.dump();
        self.renamed(&text)
    }

    /// An address: of somebody, in another spelling, or nobody's yet.
    pub fn address(&self, index: usize) -> String {
        const NEW: [&str; 4] = ["new.face@example.com", "Second.Face@Example.com", "third@bücher.example", "THIRD@xn--bcher-kva.example"];
        let known: Vec<&str> = self.callers.iter().filter_map(|(member, _)| member.as_ref().map(|m| m.email.as_str())).collect();
        match index % 16 {
            n if n < 10 => known[n % known.len()].to_owned(),
            10 => "LEO.Leaver@example.com".to_owned(),
            11 => "no address".to_owned(),
            n => NEW[n % NEW.len()].to_owned(),
        }
    }

    pub fn person(&self, index: usize) -> &str {
        &self.people[index % self.people.len()]
    }

    /// A handover; one that never was while there is none.
    pub fn job(&self, index: usize) -> String {
        let none = || "rsg_00000000000000000000000009".to_owned();
        index.checked_rem(self.jobs.len()).map_or_else(none, |n| self.jobs[n].clone())
    }

    /// What somebody is called, as far as one who asks for it here has to know.
    pub fn display_name(&self, index: usize) -> String {
        let id = self.person(index);
        let known = self.callers.iter().filter_map(|(member, _)| member.as_ref()).find(|m| m.id.to_string() == id);
        known.map_or_else(|| if index % self.people.len() == 6 { "Leo Leaver" } else { "New Face" }.to_owned(), |m| m.name.clone())
    }

    /// A question and its variables.
    fn view(&self, view: usize, step: &Step) -> (&'static str, Value) {
        let one = self.person(view / 10);
        match view % 10 {
            0 => ("{ users(first: 4) { totalCount nodes { id status } pageInfo { hasNextPage hasPreviousPage } } }", json!({})),
            1 => (
                "query($s: [UserStatus!]) { users(filter: {statuses: $s}, last: 3, orderBy: {field: CREATED_AT, direction: DESC}) { \
                 totalCount nodes { id displayName } pageInfo { hasNextPage hasPreviousPage } } }",
                json!({"s": [(["ACTIVE", "INVITED", "DISMISSED"][step.caller % 3])]}),
            ),
            2 => (
                "query($id: ID!) { user(id: $id) { id displayName status kind version isAdministrator department { name } \
                 manager { displayName user { id } } directReports(first: 5) { totalCount nodes { id } } viewerCanDismiss viewerCannotDismissReasons \
                 viewerCanHire viewerCannotHireReasons viewerCanMoveToExtranet viewerCannotMoveToExtranetReasons \
                 dismissal { reason note } offboarding { ownedEntityCounts { kind openCount closedCount } directReportCount \
                 emailUsages { roles remedies } } } }",
                json!({"id": one}),
            ),
            3 => (
                "query($f: OwnedEntityFilter) { ownedEntities(filter: $f, first: 5) { totalCount nodes { id title version isClosed \
                 responsible { displayName user { id } } ownershipChanges(first: 3) { totalCount nodes { from { displayName } to { \
                 displayName } } } } pageInfo { hasNextPage } } }",
                json!({"f": if step.caller.is_multiple_of(2) { json!({"isOrphaned": true}) } else { json!({"responsibleIds": [one]}) }}),
            ),
            4 => (
                "{ workgroups(first: 5) { totalCount nodes { name memberCount members(first: 9) { totalCount nodes { role member { \
                 displayName user { id status } } } } } } }",
                json!({}),
            ),
            5 => (
                "{ reassignments(first: 4) { totalCount nodes { id status movedCount shares { successor { displayName } } \
                 viewerCanUndo } } license { seatsUsed } viewer { user { id } permissions } }",
                json!({}),
            ),
            6 => (
                "query($a: EmailAddress!) { emailUsage(address: $a) { roles holder { user { id } displayName } remedies } }",
                json!({"a": self.address(view / 10)}),
            ),
            7 => (
                "{ viewer { conversations(first: 5) { totalCount nodes { with { displayName user { id } } viewerCanReply \
                 lastMessage { text } messages(first: 3) { totalCount nodes { id author { displayName } } } } } } \
                 feedPosts(first: 4) { totalCount nodes { id author { displayName user { id } } } } }",
                json!({}),
            ),
            8 => (
                "query($id: ID!) { userEvents(first: 6) { totalCount nodes { __typename id sequence actor { displayName } \
                 subject { displayName user { id } } } } user(id: $id) { events(last: 5) { totalCount nodes { __typename id } } \
                 meetings(first: 3) { totalCount nodes { id } } feedPosts(first: 3) { totalCount nodes { id } } } }",
                json!({"id": one}),
            ),
            _ => (
                "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on User { displayName status contactEmail loginEmail permissions } } }",
                json!({"ids": self.people}),
            ),
        }
    }

    /// Whoever and whatever came up in an answer can be named by later steps.
    fn learn(&mut self, payload: &Value) {
        if let Some(id) = payload["user"]["id"].as_str()
            && !self.people.iter().any(|known| known == id)
        {
            self.people.push(id.to_owned());
        }
        for entity in payload["entities"].as_array().into_iter().flatten() {
            if let Some(id) = entity["id"].as_str()
                && !self.records.iter().any(|known| known == id)
            {
                self.records.push(id.to_owned());
            }
        }
        for field in ["reassignment", "undoing"] {
            if let Some(id) = payload[field]["id"].as_str()
                && !self.jobs.iter().any(|known| known == id)
            {
                self.jobs.push(id.to_owned());
            }
        }
    }

    fn rename(&mut self, body: &Value, codes: &[String]) -> Value {
        assert!(!codes.iter().any(|code| code == "GRAPHQL_VALIDATION_FAILED"), "no question to be asked: {body:#}");
        let text = body["data"].to_string();
        let data: Value = serde_json::from_str(&self.renamed(&text)).expect("JSON");
        json!({"data": data, "errors": codes})
    }

    /// Identifiers are a prefix of three letters, `_` and 26 characters.
    fn renamed(&mut self, text: &str) -> String {
        let mut renamed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('_') {
            let (before, after) = rest.split_at(at);
            let id = before.get(at.saturating_sub(3)..).filter(|p| p.len() == 3 && p.bytes().all(|b| b.is_ascii_lowercase()));
            let tail = after.get(1..27).filter(|t| t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
            match (id, tail) {
                (Some(prefix), Some(tail)) => {
                    renamed.push_str(&before[..at - 3]);
                    let count = self.names.len();
                    let name = self.names.entry(format!("{prefix}_{tail}")).or_insert_with(|| format!("{prefix}#{count}"));
                    renamed.push_str(name);
                    rest = &after[27..];
                }
                _ => {
                    renamed.push_str(before);
                    renamed.push('_');
                    rest = &after[1..];
                }
            }
        }
        renamed.push_str(rest);
        renamed
    }
}
