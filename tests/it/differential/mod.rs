//! Every list, count, page and lookup of the API against a naive evaluation of the rules over the whole company, row by row in plain Rust
//! (I11, V2–V8, §5 of DOMAIN): made-up companies, people of every kind who ask, pages cut anywhere, at rows too that nobody sees.
//!
//! `TENURE_TEST_SEEDS` says how many companies, `TENURE_TEST_QUESTIONS` how many lists each of those who ask is asked about (scripts/nightly
//! sets both). A failure names its seed: `TENURE_TEST_SEED=7` with the same number of questions plays it alone.

mod conditions;
mod lists;
mod naive;
mod world;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tenure::storage::SeaStorage;
use tenure_core::id::UserId;
use tenure_core::permission::Permission::{self, *};
use tenure_core::user::{User, UserStatus};

use self::lists::{Expected, List, Row, expected};
use self::naive::Viewer;
use self::world::World;
use crate::support::adapter;
use crate::support::answer::Answer;
use crate::support::backend::Database;
use crate::support::dice::Dice;
use crate::support::number;
use crate::support::office::PASSWORD;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::server::{Server, Wish};

/// How many lists each of those who ask is asked about, for each company and setting. The kinds of lists go round; that this number shares
/// no divisor with theirs has everybody asked about others in the second setting.
fn questions() -> usize {
    number("TENURE_TEST_QUESTIONS").unwrap_or(25)
}

/// Which companies are played: so many, from the first one on.
fn seeds(usual: usize) -> Vec<u64> {
    match number("TENURE_TEST_SEED") {
        Some(seed) => vec![seed as u64],
        None => (1..=number("TENURE_TEST_SEEDS").unwrap_or(usual) as u64).collect(),
    }
}

/// Part of a list, with bounds by their place in the whole of it.
#[derive(Debug)]
struct Cut {
    size: usize,
    from_end: bool,
    after: Option<usize>,
    before: Option<usize>,
}

impl Cut {
    fn any(dice: &mut Dice, length: usize) -> Cut {
        let size = if dice.chance(10) { 100 } else { 1 + dice.below(7) };
        let mut bound = |percent: usize| (length > 0 && dice.chance(percent)).then(|| dice.below(length));
        Cut { size, after: bound(45), before: bound(35), from_end: dice.chance(40) }
    }

    fn arguments(&self, cursors: &[String]) -> String {
        let side = if self.from_end { "last" } else { "first" };
        let bound = |name: &str, at: Option<usize>| at.map_or(String::new(), |at| format!(" {name}: \"{}\"", cursors[at]));
        format!("{side}: {}{}{}", self.size, bound("after", self.after), bound("before", self.before))
    }

    /// The places of the page's rows in the whole list, and whether found ones lie behind and before it.
    fn page(&self, rows: &[Row]) -> (Vec<usize>, bool, bool) {
        let found: Vec<usize> = rows.iter().enumerate().filter(|(_, row)| row.found).map(|(place, _)| place).collect();
        let within = |place: &&usize| self.after.is_none_or(|after| **place > after) && self.before.is_none_or(|before| **place < before);
        let mut page: Vec<usize> = found.iter().filter(within).copied().collect();
        let surplus = page.len().saturating_sub(self.size);
        if self.from_end {
            page.drain(..surplus);
        } else {
            page.truncate(self.size);
        }
        let next = match page.last() {
            Some(last) => found.iter().any(|place| place > last),
            None => self.before.is_some_and(|before| found.iter().any(|place| *place >= before)),
        };
        let previous = match page.first() {
            Some(first) => found.iter().any(|place| place < first),
            None => self.after.is_some_and(|after| found.iter().any(|place| *place <= after)),
        };
        (page, next, previous)
    }
}

/// A company at work, and who asks.
struct Play {
    seed: u64,
    world: World,
    storage: SeaStorage,
    askers: Vec<(String, Person, Asker)>,
    /// Sees all: cursors come from here.
    administrator: Person,
    cursors: HashMap<String, Vec<String>>,
    /// How many lists were thought of, and how many of them exist and were asked for.
    dealt: usize,
    asked: usize,
    _server: Server,
    _database: Database,
}

#[derive(Debug, Clone, Copy)]
enum Asker {
    Person(UserId),
    /// By its number.
    Token(usize),
}

impl Play {
    async fn begin(db: Backend, seed: u64) -> Play {
        let database = Database::new(db).await;
        let storage = adapter::connect(&database.url).await;
        let world = World::found(seed, &storage, &adapter::password_hash(PASSWORD).await).await;
        let server = Server::over(Wish::on(&database), Arc::new(storage.clone())).await;
        let mut dice = Dice::new(seed ^ 0xA5);
        let mut askers = Vec::new();
        let active: Vec<&User> = world.people.iter().filter(|u| u.status == UserStatus::Active).collect();
        let mut chosen: Vec<&User> = active[..2].to_vec();
        chosen.extend(active[2..].iter().filter(|_| dice.chance(55)).take(6));
        for user in chosen {
            let login = user.login_email.as_ref().expect("a login");
            let person = server.sign_in(login.address(), PASSWORD).await;
            askers.push((format!("{} {:?}", user.display_name(), Viewer::person(&world, user)), person, Asker::Person(user.id)));
        }
        for (number, token) in world.tokens.iter().enumerate() {
            if let Some(viewer) = Viewer::token(&world, token).filter(|_| number == 0 || dice.chance(60)) {
                askers.push((format!("{} {viewer:?}", token.name), server.with_token(&world.secrets[number]), Asker::Token(number)));
            }
        }
        let administrator = askers[0].1.clone();
        Play {
            seed,
            world,
            storage,
            askers,
            administrator,
            cursors: HashMap::new(),
            dealt: 0,
            asked: 0,
            _server: server,
            _database: database,
        }
    }

    fn viewer(&self, asker: Asker) -> Viewer {
        match asker {
            Asker::Person(id) => Viewer::person(&self.world, self.world.user(id).expect("a person")),
            Asker::Token(number) => Viewer::token(&self.world, &self.world.tokens[number]).expect("an active owner"),
        }
    }

    /// The cursors of a whole list, in its order; it is held against the naive one on the way.
    async fn cursors(&mut self, list: &List, by: &Person, viewer: &Viewer) -> Vec<String> {
        let whole = list.whole();
        let key = if list.is_personal() { format!("{whole:?} of {:?}", viewer.person) } else { format!("{whole:?}") };
        if let Some(known) = self.cursors.get(&key) {
            return known.clone();
        }
        let (mut cursors, mut labels) = (Vec::new(), Vec::new());
        loop {
            let after = cursors.last().map_or(String::new(), |cursor: &String| format!(" after: \"{cursor}\""));
            let answer = by.query(&whole.document(&format!("first: 100{after}")), json!({})).await.ok();
            let page = place(&answer.body["data"], &whole);
            for edge in page["edges"].as_array().unwrap_or_else(|| panic!("no edges in {:#}", answer.body)) {
                cursors.push(edge["cursor"].as_str().expect("a cursor").to_owned());
                labels.push(whole.label(&edge["node"]));
            }
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
        }
        match expected(&self.world, viewer, &whole) {
            Expected::Rows(rows) => {
                let all: Vec<String> = rows.iter().map(|row| row.label.clone()).collect();
                assert!(rows.iter().all(|row| row.found), "seed {}: an administrator does not see all of {whole:?}", self.seed);
                assert_eq!(labels, all, "seed {}: {whole:?}", self.seed);
            }
            other => panic!("seed {}: {whole:?} is expected to be {other:?}", self.seed),
        }
        self.cursors.insert(key, cursors.clone());
        cursors
    }

    /// One list, one page, asked by one of them.
    async fn ask(&mut self, asker: usize, dice: &mut Dice) {
        let (name, by, who) = self.askers[asker].clone();
        let viewer = self.viewer(who);
        let mut list = List::any(self.dealt, dice, &self.world);
        self.dealt += 1;
        if dice.chance(15) {
            list = list.about(viewer.person);
        }
        if !list.exists() {
            return;
        }
        self.asked += 1;
        let expected = expected(&self.world, &viewer, &list);
        let cursors = match (list.is_personal(), &expected) {
            (true, Expected::Rows(_)) => self.cursors(&list, &by, &viewer).await,
            (true, _) => Vec::new(),
            (false, _) => {
                let (administrator, all_seeing) = (self.administrator.clone(), self.viewer(self.askers[0].2));
                self.cursors(&list, &administrator, &all_seeing).await
            }
        };
        let cut = Cut::any(dice, cursors.len());
        let document = list.document(&cut.arguments(&cursors));
        let answer = by.query(&document, json!({})).await;
        let shown = self.world.settings.show_dismissed_users;
        let told = format!("seed {}, leavers shown: {shown}, {name}\nasks {document}\n{list:?} {cut:?}\n", self.seed);
        hold_against(&told, &list, &cut, &cursors, &expected, &answer);
    }

    /// Everything there is, by its identifier.
    async fn look_up(&self, asker: usize, dice: &mut Dice) {
        let (name, by, who) = &self.askers[asker];
        let (world, viewer) = (&self.world, self.viewer(*who));
        let everything = everything(world, &viewer);
        for batch in everything.chunks(100) {
            let ids: Vec<&String> = batch.iter().map(|(id, _)| id).collect();
            let answer = by.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": ids})).await;
            let expected: Vec<Value> = batch.iter().map(|(id, seen)| if *seen { json!({"id": id}) } else { Value::Null }).collect();
            let nodes = answer.body["data"]["nodes"].as_array().unwrap_or_else(|| panic!("no nodes in {:#}", answer.body));
            for (n, node) in nodes.iter().enumerate() {
                assert_eq!(node, &expected[n], "seed {}, {name}: node {}", self.seed, ids[n]);
            }
            let codes = answer.error_codes();
            assert!(codes.iter().all(|code| code == "FORBIDDEN" && !viewer.in_person), "seed {}, {name}: {:#}", self.seed, answer.body);
        }
        for _ in 0..4 {
            let user = dice.pick(&world.people);
            self.look_up_person(name, by, &viewer, user).await;
        }
        let job = dice.pick(&world.reassignments);
        let answer = by.query("query($id: ID!) { reassignment(id: $id) { id } }", json!({"id": job.id})).await;
        let open = viewer.has_any(&[EntitiesReassign, EntitiesWrite, UsersDismiss]);
        let seen = World::sees_job(&viewer, job).then(|| json!({"id": job.id}));
        self.told(name, &answer, "reassignment", open.then(|| seen.unwrap_or(Value::Null)));
        self.look_around(name, by, &viewer).await;
    }

    async fn look_up_person(&self, name: &str, by: &Person, viewer: &Viewer, user: &User) {
        let world = &self.world;
        let is_seen = world.sees_person(viewer, user);
        let id = json!({"id": user.id});
        let answer = by.query("query($id: ID!) { user(id: $id) { id } }", id.clone()).await;
        self.told(name, &answer, "user", viewer.has(UsersRead).then(|| if is_seen { id.clone() } else { Value::Null }));
        let fields = "contactEmail offboarding { ownedEntityTotal directReportCount }";
        let answer = by.query(&format!("query($id: ID!) {{ node(id: $id) {{ ... on User {{ {fields} }} }} }}"), id).await;
        let records = world.records.iter().filter(|r| r.responsible == user.id).count();
        let reports = world.people.iter().filter(|u| u.manager == Some(user.id) && u.status == UserStatus::Active);
        let reports = reports.filter(|u| world.sees_person(viewer, u)).count();
        let counts = json!({"ownedEntityTotal": records, "directReportCount": reports});
        let contact = user.contact_email.as_ref().filter(|_| user.id == viewer.person || (world.sees_contact_address(viewer, user)));
        let seen = json!({
            "contactEmail": contact.map(|e| e.address()),
            "offboarding": if viewer.has_any(&[UsersDismiss, EntitiesReassign]) { counts } else { Value::Null },
        });
        self.told(name, &answer, "node", Some(if is_seen { seen } else { Value::Null }));
        // Who manages addresses learns who holds one, whoever it is (§5).
        let address = user.contact_email.as_ref().expect("an address").address();
        let answer = by
            .query("query($a: EmailAddress!) { emailUsage(address: $a) { holder { displayName user { id } } } }", json!({"a": address}))
            .await;
        let holder = json!({"displayName": user.display_name(), "user": is_seen.then(|| json!({"id": user.id}))});
        self.told(name, &answer, "emailUsage", viewer.has(EmailsManage).then(|| json!({"holder": holder})));
    }

    /// What there is one of, and counts that are the same for every viewer.
    async fn look_around(&self, name: &str, by: &Person, viewer: &Viewer) {
        let world = &self.world;
        let answer = by.query("{ settings { showDismissedUsers } }", json!({})).await;
        let settings = json!({"showDismissedUsers": world.settings.show_dismissed_users});
        self.told(name, &answer, "settings", Some(if viewer.is_external { Value::Null } else { settings }));
        let answer = by.query("{ systemUserId }", json!({})).await;
        self.told(name, &answer, "systemUserId", viewer.has(EntitiesReassign).then(|| json!(UserId::SYSTEM)));
        let answer = by.query("{ license { seatsUsed } }", json!({})).await;
        let seats = world.people.iter().filter(|u| u.status != UserStatus::Dismissed).count();
        self.told(name, &answer, "license", viewer.has_any(&[UsersInvite, UsersDismiss]).then(|| json!({"seatsUsed": seats})));
        let answer = by.query("{ viewer { user { id } permissions } }", json!({})).await;
        let rights: Vec<&str> = Permission::ALL.iter().filter(|p| viewer.has(**p)).map(|p| p.name()).collect();
        self.told(name, &answer, "viewer", Some(json!({"user": {"id": viewer.person}, "permissions": rights})));
        for group in &world.workgroups {
            let document = "query($id: ID!) { node(id: $id) { ... on Workgroup { memberCount members { totalCount } } } }";
            let answer = by.query(document, json!({"id": group.id})).await;
            let is_active = |id: UserId| world.user(id).is_some_and(|u| u.status == UserStatus::Active);
            let count = world.memberships.iter().filter(|m| m.workgroup == group.id && m.left_at.is_none() && is_active(m.user)).count();
            let seen = json!({"memberCount": count, "members": {"totalCount": count}});
            self.told(name, &answer, "node", Some(if world.sees_workgroup(viewer, group) { seen } else { Value::Null }));
        }
    }

    /// Fails the test unless the field is what is expected: where it is not open, null with FORBIDDEN.
    #[track_caller]
    fn told(&self, name: &str, answer: &Answer, field: &str, expected: Option<Value>) {
        let (codes, expected) = expected.map_or_else(|| (vec!["FORBIDDEN".to_owned()], Value::Null), |value| (vec![], value));
        assert_eq!((&answer.body["data"][field], answer.error_codes()), (&expected, codes), "seed {}, {name}: {field}", self.seed);
    }
}

/// Where the page is in an answer.
fn place<'v>(data: &'v Value, list: &List) -> &'v Value {
    match list.path() {
        (Some(above), field) => &data[above][field],
        (None, field) => &data[field],
    }
}

#[allow(clippy::too_many_arguments, reason = "all of it is needed to say what is wrong")]
fn hold_against(told: &str, list: &List, cut: &Cut, cursors: &[String], expected: &Expected, answer: &Answer) {
    let data = &answer.body["data"];
    let page = place(data, list);
    let codes = answer.error_codes();
    let rows = match expected {
        Expected::Forbidden => {
            assert_eq!((page, codes), (&Value::Null, vec!["FORBIDDEN".to_owned()]), "{told}{:#}", answer.body);
            return;
        }
        Expected::Hidden => {
            assert_eq!((&data["node"], codes.len()), (&Value::Null, 0), "{told}{:#}", answer.body);
            return;
        }
        Expected::Null => {
            assert_eq!((page, codes.len()), (&Value::Null, 0), "{told}{:#}", answer.body);
            assert!(list.path().0.is_none_or(|above| !data[above].is_null()), "{told}{:#}", answer.body);
            return;
        }
        Expected::Rows(rows) => rows,
    };
    assert_eq!(codes.len(), 0, "{told}{:#}", answer.body);
    let (places, next, previous) = cut.page(rows);
    let edges = page["edges"].as_array().unwrap_or_else(|| panic!("{told}no edges in {:#}", answer.body));
    let found: Vec<String> = edges.iter().map(|edge| list.label(&edge["node"])).collect();
    let wanted: Vec<String> = places.iter().map(|at| rows[*at].label.clone()).collect();
    assert_eq!(found, wanted, "{told}rows");
    assert_eq!(page["totalCount"], rows.iter().filter(|row| row.found).count(), "{told}totalCount");
    let info = &page["pageInfo"];
    assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(next), &json!(previous)), "{told}neighbours");
    // A cursor is bound to no viewer: it is the one that the administrator was given.
    let shown: Vec<&str> = edges.iter().filter_map(|edge| edge["cursor"].as_str()).collect();
    let known: Vec<&str> = places.iter().map(|at| cursors[*at].as_str()).collect();
    assert_eq!(shown, known, "{told}cursors");
    let ends = (info["startCursor"].as_str(), info["endCursor"].as_str());
    assert_eq!(ends, (shown.first().copied(), shown.last().copied()), "{told}ends");
}

/// All identifiers, and whether `node` finds them for that viewer.
fn everything(world: &World, viewer: &Viewer) -> Vec<(String, bool)> {
    let mut all: Vec<(String, bool)> = vec![(UserId::SYSTEM.to_string(), false)];
    all.extend(world.gone.iter().map(|id| (id.to_string(), false)));
    all.extend(world.people.iter().map(|u| (u.id.to_string(), world.sees_person(viewer, u))));
    all.extend(world.departments.iter().map(|d| (d.id.to_string(), viewer.has(UsersRead))));
    all.extend(world.workgroups.iter().map(|w| (w.id.to_string(), world.sees_workgroup(viewer, w))));
    all.extend(world.records.iter().map(|r| (r.id.to_string(), world.sees_record(viewer, r))));
    all.extend(world.meetings.iter().map(|m| (m.meeting.id.to_string(), world.sees_meeting(viewer, m))));
    all.extend(world.posts.iter().map(|p| (p.id.to_string(), world.sees_post(viewer, p))));
    all.extend(world.conversations.iter().map(|(id, pair)| (id.to_string(), World::sees_conversation(viewer, *pair))));
    let pair = |id| world.conversations.iter().find(|(c, _)| *c == id).expect("a conversation").1;
    all.extend(world.messages.iter().map(|m| (m.id.to_string(), World::sees_conversation(viewer, pair(m.conversation)))));
    all.extend(world.reassignments.iter().map(|j| (j.id.to_string(), World::sees_job(viewer, j))));
    all.extend(world.events.iter().map(|e| (e.id.to_string(), world.sees_event(viewer, e))));
    all.extend(world.tokens.iter().map(|t| (t.id.to_string(), World::sees_token(viewer, t))));
    all.push((tenure_core::id::SettingsId::ONLY.to_string(), !viewer.is_external));
    all
}

async fn play(db: Backend, seed: u64) -> usize {
    let mut game = Play::begin(db, seed).await;
    let mut dice = Dice::new(seed);
    for shown in [false, true] {
        let storage = game.storage.clone();
        game.world.show_leavers(&storage, shown).await;
        for asker in 0..game.askers.len() {
            for _ in 0..questions() {
                game.ask(asker, &mut dice).await;
            }
            game.look_up(asker, &mut dice).await;
        }
    }
    game.asked
}

use crate::support::backend::Backend;

on_both! {
    /// I11, V2, V3, V4, V5, V6, V7, V8, I9, S4, H6, H12, R6: whatever is asked, by whomever, comes out as the rules say when they are worked out row by row.
    async fn every_answer_is_the_one_that_the_rules_give_row_by_row(db: Backend) {
        let mut asked = 0;
        let seeds = seeds(1);
        for seed in &seeds {
            asked += play(db, *seed).await;
        }
        assert!(asked > 8 * questions() * seeds.len(), "only {asked} lists were asked for");
        println!("{asked} lists");
    }
}

/// An answer to `departments(first: 2)` where the second of four is hidden, and what can be wrong with it.
#[test]
fn a_wrong_answer_is_noticed() {
    let rows: Vec<Row> = (0..4).map(|n| Row::plain(&format!("dep_{n}"), n != 1, n)).collect();
    let cursors: Vec<String> = (0..4).map(|n| format!("c{n}")).collect();
    let cut = Cut { size: 2, from_end: false, after: None, before: None };
    let holds = |body: &Value| {
        let answer = Answer { status: reqwest::StatusCode::OK, headers: Default::default(), body: body.clone() };
        let hold = || hold_against("", &List::Departments, &cut, &cursors, &Expected::Rows(rows.clone()), &answer);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(hold)).is_ok()
    };
    let edge = |n: usize| json!({"cursor": format!("c{n}"), "node": {"id": format!("dep_{n}")}});
    let right = json!({"data": {"departments": {
        "totalCount": 3,
        "pageInfo": {"hasNextPage": true, "hasPreviousPage": false, "startCursor": "c0", "endCursor": "c2"},
        "edges": [edge(0), edge(2)],
    }}});
    assert!(holds(&right));
    for (pointer, wrong) in [
        ("/data/departments/totalCount", json!(4)),
        ("/data/departments/pageInfo/hasNextPage", json!(false)),
        ("/data/departments/pageInfo/hasPreviousPage", json!(true)),
        ("/data/departments/pageInfo/endCursor", json!("c3")),
        ("/data/departments/edges/1", edge(1)),
        ("/data/departments/edges/1", edge(3)),
        ("/data/departments/edges/1/cursor", json!("c1")),
        ("/data/departments/edges", json!([edge(0)])),
        ("/data/departments/edges", json!([edge(2), edge(0)])),
        ("/data/departments", Value::Null),
    ] {
        let mut body = right.clone();
        *body.pointer_mut(pointer).expect("a place") = wrong;
        assert!(!holds(&body), "{pointer}");
    }
    let mut refused = right;
    refused["errors"] = json!([{"message": "", "extensions": {"code": "FORBIDDEN"}}]);
    assert!(!holds(&refused));
}
