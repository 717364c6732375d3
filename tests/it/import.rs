//! `tenure import`: people, departments, workgroups and records from a file.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tenure::bulk::Progress;
use tenure::bulk::import::{BadLines, EXAMPLE, Fault, Imported, Listener, Options, WHOLE, run};
use tenure_core::clock::SystemClock;
use tenure_core::email::Email;
use tenure_core::event::EventBody;
use tenure_core::storage::{CredentialRead, PeopleRead};
use tenure_core::user::{Actor, UserKind, UserStatus};

use crate::support::dump::dump;
use crate::support::invariants::Books;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::process::tenure;

/// What an import said.
#[derive(Default)]
struct Heard {
    bad: Vec<(u64, Fault)>,
    differing: Vec<u64>,
}

impl Heard {
    /// The fields at fault, by line.
    fn fields(&self) -> BTreeMap<u64, Vec<&str>> {
        let mut fields: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
        for (line, fault) in &self.bad {
            fields.entry(*line).or_default().push(&fault.field);
        }
        fields
    }
}

impl Progress for Heard {
    fn begin(&mut self, _: &'static str, _: u64) {}
    fn advance(&mut self, _: u64) {}
}

impl Listener for Heard {
    fn bad(&mut self, line: u64, fault: &Fault) {
        self.bad.push((line, fault.clone()));
    }

    fn differs(&mut self, line: u64, _: &[&str]) {
        self.differing.push(line);
    }
}

const REFUSE: Options = Options { bad_lines: BadLines::Refuse, seat_limit: None };
const SKIP: Options = Options { bad_lines: BadLines::Skip, seat_limit: None };

async fn import_bytes(office: &Office, content: &[u8], options: Options) -> (Imported, Heard) {
    let file = office.database.folder.path().join("import.ndjson");
    std::fs::write(&file, content).expect("a file");
    let mut heard = Heard::default();
    let imported = run(&office.storage, &SystemClock, &file, options, &mut heard).await.expect("an import");
    (imported, heard)
}

async fn import(office: &Office, lines: &[Value], options: Options) -> (Imported, Heard) {
    let content: String = lines.iter().map(|line| format!("{line}\n")).collect();
    import_bytes(office, content.as_bytes(), options).await
}

fn person(key: &str) -> Value {
    let email = format!("{}@people.example", key.to_lowercase());
    json!({"kind": "PERSON", "externalId": key, "email": email, "firstName": "Given", "lastName": key})
}

fn lead(key: &str) -> Value {
    json!({"kind": "LEAD", "externalId": key, "title": "A lead", "responsibleEmail": "emma.novak@example.com"})
}

/// The object with these fields too.
fn with(mut object: Value, more: Value) -> Value {
    for (name, value) in more.as_object().expect("an object") {
        object[name] = value.clone();
    }
    object
}

/// Sorts of broken lines: what stands there, and the field that is to be named.
fn broken(sort: usize, n: usize) -> (Vec<u8>, &'static str) {
    let key = format!("B-{n}");
    let text = |value: Value, field| (value.to_string().into_bytes(), field);
    match sort {
        0 => text(with(lead(&key), json!({"title": 7})), "title"),
        1 => text(json!({"kind": "PERSON", "externalId": key, "email": format!("b{n}@people.example"), "lastName": "X"}), "firstName"),
        2 => text(with(lead(&key), json!({"colour": "red"})), "colour"),
        3 => text(with(lead(&key), json!({"kind": "CONTACT", "companyExternalId": "nowhere"})), "companyExternalId"),
        4 => text(with(person(&key), json!({"managerExternalId": key})), "managerExternalId"),
        5 => text(lead("GOOD"), "externalId"),
        6 => text(with(person(&key), json!({"email": "not an address"})), "email"),
        7 => text(with(lead(&key), json!({"kind": "INVOICE", "dueOn": "2026-02-30"})), "dueOn"),
        8 => (lead(&key).to_string().into_bytes()[..40].to_vec(), WHOLE),
        9 => {
            let mut bytes = lead(&key).to_string().into_bytes();
            bytes[20] = 0xFF;
            (bytes, WHOLE)
        }
        10 => (format!("{{\"kind\": {}", "[".repeat(20_000)).into_bytes(), WHOLE),
        11 => text(with(lead(&key), json!({"title": "bell \u{7}"})), "title"),
        12 => text(with(person(&key), json!({"lastName": "over\u{202E}ride"})), "lastName"),
        13 => text(with(lead(&key), json!({"title": "x".repeat(501)})), "title"),
        14 => text(with(lead(&key), json!({"amount": "1000000000000000", "currency": "EUR"})), "amount"),
        15 => text(with(lead(&key), json!({"kind": "GOSSIP"})), "kind"),
        16 => text(with(person(&key), json!({"email": "EMMA.Novak@example.com"})), "email"),
        17 => text(with(lead(&key), json!({"amount": "12.50"})), "currency"),
        18 => text(with(lead(&key), json!({"stage": "Won"})), "stage"),
        19 => text(with(lead(&key), json!({"responsibleEmail": "leo.leaver@example.com"})), "responsibleEmail"),
        20 => text(with(person(&key), json!({"email": "good@people.example"})), "email"),
        21 => text(json!([lead(&key)]), WHOLE),
        22 => text(with(lead(&key), json!({"responsibleEmail": "nobody@people.example"})), "responsibleEmail"),
        23 => text(with(person(&key), json!({"workgroupExternalIds": ["nowhere"]})), "workgroupExternalIds.0"),
        24 => {
            let parts = json!([{"userEmail": "emma.novak@example.com", "role": "OBSERVER"}, {"userExternalId": "GOOD", "role": "CREATOR"}]);
            text(with(lead(&key), json!({"kind": "TASK", "participants": parts})), "participants.1.role")
        }
        25 => text(
            with(person(&key), json!({"status": "DISMISSED", "dismissal": {"dismissedAt": "9000-01-01T00:00:00Z"}})),
            "dismissal.dismissedAt",
        ),
        26 => text(with(person(&key), json!({"status": "INVITED"})), "status"),
        27 => text(with(lead(&key), json!({"title": null})), "title"),
        _ => (format!("{{\"kind\": \"LEAD\", \"title\": \"{}\"}}", "x".repeat(10 * 1024 * 1024)).into_bytes(), WHOLE),
    }
}

on_both! {
    /// The documented example, twice: the second time nothing happens.
    async fn i7_the_documented_example_is_imported_once(db: Backend) {
        let office = Office::open(db).await;
        let (imported, heard) = import_bytes(&office, EXAMPLE.as_bytes(), REFUSE).await;
        assert_eq!(heard.bad, [], "the documented example is good");
        let created = Imported { lines: 16, departments: 2, workgroups: 1, people: 4, records: 9, ..Imported::default() };
        assert_eq!(imported, created);
        let books = Books::checked(&office.storage, None).await;
        let key = Email::parse("SVEN.Bakker@example.com").expect("an address");
        let login = office.storage.login_by_key(key.key()).await.expect("a look").expect("somebody signs in with it");
        assert_eq!((login.user.status, login.user.kind, login.password), (UserStatus::Active, UserKind::Intranet, None));
        let told: Vec<&EventBody> = books.events_of(login.user.id).collect();
        assert_eq!(told[..2], [&EventBody::UserInvited { email: "sven.bakker@example.com".to_owned() }, &EventBody::InvitationAccepted]);
        assert!(books.events.iter().filter(|e| e.event.subject == login.user.id).all(|e| e.event.actor == Actor::System));
        let ann = office.sign_in(&office.company.ann).await;
        let found = ann
            .query(
                "query($ids: [String!]) { ownedEntities(first: 20, filter: {externalIds: $ids}) { totalCount nodes { title responsible { displayName } } } }",
                json!({"ids": ["O-1"]}),
            )
            .await
            .ok();
        assert_eq!(found.at("ownedEntities.totalCount"), 1);
        assert_eq!(found.at("ownedEntities.nodes.0.responsible.displayName"), "Sven Bakker");
        let leaver = books.users.values().find(|u| u.last_name == "Kruger").expect("the leaver");
        assert_eq!((leaver.status, leaver.dismissal.as_ref().and_then(|d| d.reason.as_deref())), (UserStatus::Dismissed, Some("Retired")));

        let before = dump(&office.storage).await;
        let (again, heard) = import_bytes(&office, EXAMPLE.as_bytes(), REFUSE).await;
        assert_eq!(again, Imported { lines: 16, present: 16, ..Imported::default() });
        assert_eq!((heard.bad, heard.differing), (vec![], vec![]));
        assert_eq!(dump(&office.storage).await, before, "no version, no event, nothing");
    }

    /// What is there stays as it is, whatever a file says of it later.
    async fn what_was_imported_is_left_alone_and_differences_are_told(db: Backend) {
        let office = Office::open(db).await;
        let first = [person("P1"), lead("L1"), with(person("P2"), json!({"managerExternalId": "P1"}))];
        import(&office, &first, REFUSE).await;
        let before = dump(&office.storage).await;
        let second = [
            with(person("P1"), json!({"jobTitle": "Another"})),
            with(lead("L1"), json!({"title": "Another", "responsibleExternalId": "P1", "responsibleEmail": null})),
            with(person("P2"), json!({"managerExternalId": "P1"})),
        ];
        let (imported, heard) = import(&office, &second, REFUSE).await;
        assert_eq!((imported.present, imported.differing, imported.bad), (3, 2, 0));
        assert_eq!(heard.differing, [1, 2]);
        assert_eq!(dump(&office.storage).await, before);
        // And new lines may refer to it by its key, before and after it.
        let third = [with(lead("L2"), json!({"responsibleExternalId": "P1", "responsibleEmail": null})), person("P3")];
        let (imported, heard) = import(&office, &third, REFUSE).await;
        assert_eq!((imported.records, imported.people, heard.bad), (1, 1, vec![]));
    }

    /// A thousand broken lines of many sorts: each is named with its field, and none is imported.
    async fn a_thousand_broken_lines_are_each_reported_and_none_imported(db: Backend) {
        let office = Office::open(db).await;
        let before = dump(&office.storage).await;
        let mut content = Vec::new();
        let mut expected: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
        for good in [person("GOOD"), lead("GOOD")] {
            content.extend_from_slice(format!("{good}\n").as_bytes());
        }
        for n in 0..1_000 {
            // One line of ten megabytes is enough.
            let sort = if n == 500 { usize::MAX } else { n % 28 };
            let (line, field) = broken(sort, n);
            content.extend_from_slice(&line);
            content.push(b'\n');
            expected.insert(n as u64 + 3, vec![field]);
        }
        let (imported, heard) = import_bytes(&office, &content, REFUSE).await;
        let fields = heard.fields();
        for (line, field) in &expected {
            assert_eq!(fields.get(line), Some(field), "line {line}: {:?}", heard.bad.iter().filter(|(n, _)| n == line).collect::<Vec<_>>());
        }
        assert_eq!(fields.len(), 1_000, "no other line is reported");
        assert!(heard.bad.windows(2).all(|pair| pair[0].0 <= pair[1].0), "in the order of the lines");
        assert_eq!(imported, Imported { lines: 1_002, bad: 1_000, ..Imported::default() });
        assert!(heard.bad.iter().all(|(_, fault)| !fault.message.chars().any(char::is_control) && fault.message.len() < 300));
        assert_eq!(dump(&office.storage).await, before, "nothing was imported");
    }

    /// Lines that refer to bad ones are bad, however far away; all others come in.
    async fn good_lines_of_a_bad_file_come_in_when_asked_for(db: Backend) {
        let office = Office::open(db).await;
        let record = |kind: &str, key: &str, more: Value| with(with(lead(key), json!({"kind": kind})), more);
        let lines = [
            record("ACTIVITY", "A1", json!({"subjectKind": "INVOICE", "subjectExternalId": "I1"})),
            record("INVOICE", "I1", json!({"dealExternalId": "O1"})),
            record("DEAL", "O1", json!({"contactExternalId": "K1"})),
            record("CONTACT", "K1", json!({"companyExternalId": "C1"})),
            record("COMPANY", "C1", json!({"website": "ftp://x"})),
            with(person("P1"), json!({"managerExternalId": "P2"})),
            with(person("P2"), json!({"managerExternalId": "P3"})),
            with(person("P3"), json!({"managerExternalId": "P2"})),
            with(lead("L1"), json!({"responsibleEmail": "p1@people.example"})),
            person("P4"),
            with(lead("L2"), json!({"responsibleEmail": "p4@people.example"})),
            record("COMPANY", "C2", json!({"website": "https://x.example"})),
            json!({"kind": "DEPARTMENT", "externalId": "D1", "name": "Lab", "headExternalId": "P4"}),
            json!({"kind": "DEPARTMENT", "externalId": "D2", "name": "LAB"}),
            json!({"kind": "DEPARTMENT", "externalId": "D3", "name": "Sales"}),
        ];
        let before = dump(&office.storage).await;
        let (refused, _) = import(&office, &lines, REFUSE).await;
        assert_eq!(dump(&office.storage).await, before);
        let (imported, heard) = import(&office, &lines, SKIP).await;
        assert_eq!(refused.bad, imported.bad, "the same lines are bad either way");
        let bad: Vec<u64> = heard.fields().into_keys().collect();
        assert_eq!(bad, [1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15]);
        assert_eq!((imported.people, imported.records, imported.departments), (1, 2, 1));
        Books::checked(&office.storage, None).await;
        let (again, _) = import(&office, &lines, SKIP).await;
        assert_eq!((again.present, again.people + again.records + again.departments), (4, 0));
    }

    /// I2: people take seats in the order of their lines.
    async fn i2_seats_are_respected(db: Backend) {
        let office = Office::open(db).await;
        let used = office.storage.seat_counts().await.expect("seats").used();
        let limit = Options { seat_limit: Some(used + 2), ..SKIP };
        let lines = [person("P1"), with(person("P2"), json!({"status": "DISMISSED"})), person("P3"), person("P4"), with(person("P5"), json!({"managerExternalId": "P4"}))];
        let (imported, heard) = import(&office, &lines, limit).await;
        assert_eq!(imported.people, 3, "a leaver takes none");
        assert_eq!(heard.fields(), BTreeMap::from([(4, vec!["status"]), (5, vec!["status"])]));
        Books::checked(&office.storage, Some(used + 2)).await;
    }

    /// I5, I9, I10: who may be what.
    async fn i5_i9_i10_people_stand_where_they_may(db: Backend) {
        let office = Office::open(db).await;
        let external = |key: &str, groups: Value| with(person(key), json!({"userKind": "EXTRANET", "workgroupExternalIds": groups}));
        let by = |line: Value, key: &str| with(line, json!({"responsibleEmail": null, "responsibleExternalId": key}));
        let task = |key: &str, group: &str| with(lead(key), json!({"kind": "TASK", "workgroupExternalId": group}));
        let lines = [
            json!({"kind": "WORKGROUP", "externalId": "OPEN", "name": "Open", "isExtranet": true, "ownerEmail": "emma.novak@example.com"}),
            json!({"kind": "WORKGROUP", "externalId": "SHUT", "name": "Shut", "isExtranet": false, "ownerExternalId": "BOSS"}),
            person("BOSS"),
            external("E1", json!(["OPEN"])),
            by(task("T1", "OPEN"), "E1"),
            // All that follow are bad.
            external("E2", json!([])),
            external("E3", json!(["OPEN", "SHUT"])),
            with(external("E4", json!(["OPEN"])), json!({"departmentExternalId": "D"})),
            with(external("E5", json!(["OPEN"])), json!({"managerExternalId": "BOSS"})),
            by(task("T2", "SHUT"), "E1"),
            by(lead("L1"), "E1"),
            with(person("P1"), json!({"managerEmail": "leo.leaver@example.com"})),
            with(person("P2"), json!({"managerExternalId": "E1"})),
            json!({"kind": "DEPARTMENT", "externalId": "D2", "name": "Lab", "headExternalId": "E1"}),
            json!({"kind": "WORKGROUP", "externalId": "W3", "name": "Project", "isExtranet": true, "ownerExternalId": "BOSS"}),
            json!({"kind": "WORKGROUP", "externalId": "W4", "name": "Ownerless", "isExtranet": true}),
        ];
        let (imported, heard) = import(&office, &lines, SKIP).await;
        let expected = [
            (6, "workgroupExternalIds"),
            (7, "workgroupExternalIds.1"),
            (8, "departmentExternalId"),
            (9, "managerExternalId"),
            (10, "responsibleExternalId"),
            (11, "responsibleExternalId"),
            (12, "managerEmail"),
            (13, "managerExternalId"),
            (14, "headExternalId"),
            (15, "name"),
            (16, "ownerEmail"),
        ];
        assert_eq!(heard.fields(), expected.into_iter().map(|(line, field)| (line, vec![field])).collect());
        assert_eq!((imported.workgroups, imported.people, imported.records), (2, 2, 1));
        Books::checked(&office.storage, None).await;
    }
}

#[test]
fn the_documentation_shows_the_example_that_is_tested() {
    let documentation = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/import.md")).expect("docs/import.md");
    assert!(documentation.contains(EXAMPLE), "docs/import.md shows src/bulk/import/example.ndjson");
    for kind in
        ["DEPARTMENT", "WORKGROUP", "PERSON", "LEAD", "DEAL", "CONTACT", "COMPANY", "ESTIMATE", "INVOICE", "ACTIVITY", "TASK", "FILE"]
    {
        assert!(EXAMPLE.contains(&format!("{{\"kind\": \"{kind}\"")), "an example of {kind}");
    }
}

#[tokio::test]
async fn the_command_says_what_it_did_and_ends_accordingly() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ended = |arguments: Vec<&'static str>| {
        let mut command = tenure(folder.path(), &arguments);
        async move {
            let output = command.output().await.expect("it runs");
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
            (output.status.code(), text(output.stdout), text(output.stderr))
        }
    };
    let (status, help, _) = ended(vec!["import", "--help"]).await;
    assert_eq!(status, Some(0));
    assert!(help.contains(EXAMPLE.trim_end()), "{help}");
    let (status, out, err) = ended(vec!["import", "nothing.ndjson"]).await;
    assert_eq!((status, out.as_str()), (Some(2), ""), "{err}");
    assert!(!folder.path().join("tenure.db").exists(), "nothing was made");

    std::fs::write(folder.path().join("good.ndjson"), EXAMPLE).expect("a file");
    let (status, out, err) = ended(vec!["import", "good.ndjson"]).await;
    let all = "lines 16; created 2 departments, 1 workgroups, 4 people, 9 records; left alone 0 (0 differ); bad 0\n";
    assert_eq!((status, out.as_str(), err.as_str()), (Some(0), all, ""));
    let (status, out, err) = ended(vec!["import", "good.ndjson"]).await;
    let none = "lines 16; created 0 departments, 0 workgroups, 0 people, 0 records; left alone 16 (0 differ); bad 0\n";
    assert_eq!((status, out.as_str(), err.as_str()), (Some(0), none, ""));

    let bad = format!("{}\n{{\"kind\": \"PERSON\"\n", person("NEW"));
    std::fs::write(folder.path().join("bad.ndjson"), bad).expect("a file");
    let (status, out, err) = ended(vec!["import", "bad.ndjson"]).await;
    assert_eq!(status, Some(1));
    assert_eq!(out, "lines 2; created 0 departments, 0 workgroups, 0 people, 0 records; left alone 0 (0 differ); bad 1\n");
    let lines = "line 2: (line): is JSON that ends too early, at column 17\ntenure: 1 of 2 lines are bad: nothing was imported\n";
    assert_eq!(err, lines);
    let (status, out, err) = ended(vec!["import", "--skip-bad-lines", "bad.ndjson"]).await;
    assert_eq!(status, Some(1));
    assert_eq!(out, "lines 2; created 0 departments, 0 workgroups, 1 people, 0 records; left alone 0 (0 differ); bad 1\n");
    assert!(err.ends_with("tenure: 1 of 2 lines are bad and were skipped\n"), "{err}");
}
