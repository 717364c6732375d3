//! Every field of every object, about subjects that make a difference, as everybody.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::picture::{Section, error_at, reasons, word};
use super::scene::{PERSONAS, Persona, Scene};
use crate::support::answer::Answer;
use crate::support::office::PASSWORD;
use crate::support::person::Person;

/// The types of the schema, as the server itself lists them: what is new is in the picture by itself, or missed.
pub struct Types(BTreeMap<String, Value>);

impl Types {
    pub async fn of(by: &Person) -> Types {
        let document = "{ __schema { types { kind name fields { name args { name type { ...T } } type { ...T } } inputFields { name type { ...T } } enumValues { name } } } }
            fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
        let answer = by.query(document, json!({})).await.ok();
        Types(answer.list("__schema.types").iter().map(|of| (of["name"].as_str().expect("a name").to_owned(), of.clone())).collect())
    }

    pub fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or_else(|| panic!("there is no type {name}"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Names of a kind of type.
    pub fn named(&self, kind: &str) -> BTreeSet<&str> {
        self.0
            .values()
            .filter(|of| of["kind"] == kind)
            .filter_map(|of| of["name"].as_str())
            .filter(|name| !name.starts_with("__"))
            .collect()
    }

    pub fn fields(&self, name: &str) -> Vec<&Value> {
        self.get(name)["fields"].as_array().into_iter().flatten().collect()
    }
}

/// The named type below lists and exclamation marks.
pub fn innermost(of: &Value) -> (&str, &str) {
    let mut of = of;
    while !of["ofType"].is_null() {
        of = &of["ofType"];
    }
    (of["kind"].as_str().unwrap_or_default(), of["name"].as_str().unwrap_or_default())
}

/// What is selected of a field, so that the answer tells what can be told.
fn selection(types: &Types, field: &Value) -> String {
    let name = field["name"].as_str().expect("a name");
    let (kind, of) = innermost(&field["type"]);
    match (kind, of) {
        (_, "Attribution") => format!("{name} {{ displayName user {{ id }} }}"),
        ("OBJECT", of) if of.ends_with("Connection") => format!("{name} {{ totalCount }}"),
        ("OBJECT" | "INTERFACE", of) => {
            // Of what has no fields of its own to be seen by, the name of its type.
            let inner = if types.fields(of).iter().any(|f| f["name"] == "id") { "id" } else { "__typename" };
            format!("{name} {{ {inner} }}")
        }
        _ => name.to_owned(),
    }
}

/// Something that is looked at.
struct Subject {
    of: String,
    label: String,
    /// With FIELDS in the place of the fields; ONESELF is the ID of who asks, CREDENTIALS how they would sign in.
    document: String,
    /// Where it is in the answer.
    path: Vec<&'static str>,
}

impl Subject {
    fn new(of: &str, label: &str, document: &str, path: &[&'static str]) -> Subject {
        Subject { of: of.to_owned(), label: label.to_owned(), document: document.to_owned(), path: path.to_vec() }
    }

    fn node(of: &str, label: &str, id: impl ToString) -> Subject {
        Subject::new(of, label, &format!("{{ node(id: \"{}\") {{ ... on {of} {{ FIELDS }} }} }}", id.to_string()), &["node"])
    }

    /// Something that hangs on a node.
    #[allow(clippy::too_many_arguments, reason = "a row of a table")]
    fn below(of: &str, label: &str, id: impl ToString, on: &str, field: &str, path: &[&'static str]) -> Subject {
        let document = format!("{{ node(id: \"{}\") {{ ... on {on} {{ {field} }} }} }}", id.to_string());
        let mut whole = vec!["node"];
        whole.extend(path);
        Subject::new(of, label, &document, &whole)
    }
}

fn subjects(scene: &Scene) -> Vec<Subject> {
    let company = &scene.office.company;
    let (emma, leo) = (company.emma.id, company.leo.id);
    let deal = scene.record("deal of Emma's");
    let [own_job, to_ben, foreign_job] = scene.jobs;
    let mut all = vec![
        Subject::new("Viewer", "oneself", "{ viewer { FIELDS } }", &["viewer"]),
        Subject::new("User", "oneself", "{ viewer { user { FIELDS } } }", &["viewer", "user"]),
        Subject::node("User", "a colleague, Emma, who reports to the employee here", emma),
        Subject::node("User", "an administrator", company.ann.id),
        Subject::node("User", "an external person, in a project with Emma, Ben and Eva", scene.eli.id),
        Subject::node("User", "somebody invited", &scene.invited),
        Subject::node("User", "somebody invited again after a dismissal", scene.again.id),
        Subject::node("User", "a leaver, who worked with Emma and Ben", leo),
        Subject::node("User", "somebody deleted", &scene.gone),
        Subject::node("User", "the System User", tenure_core::id::UserId::SYSTEM),
        Subject::below("Invitation", "of somebody invited", &scene.invited, "User", "invitation { FIELDS }", &["invitation"]),
        Subject::below("Dismissal", "of a leaver, by Hana, who is none of those here", leo, "User", "dismissal { FIELDS }", &["dismissal"]),
        Subject::below("Dismissal", "of somebody invited again", scene.again.id, "User", "dismissal { FIELDS }", &["dismissal"]),
        Subject::below("Offboarding", "of a colleague", emma, "User", "offboarding { FIELDS }", &["offboarding"]),
        Subject::below("Offboarding", "of a leaver", leo, "User", "offboarding { FIELDS }", &["offboarding"]),
        Subject::below(
            "OwnedEntityCount",
            "what a colleague has",
            emma,
            "User",
            "offboarding { ownedEntityCounts { FIELDS } }",
            &["offboarding", "ownedEntityCounts", "0"],
        ),
        Subject::new(
            "EmailUsage",
            "of a colleague's address",
            &format!("{{ emailUsage(address: \"{}\") {{ FIELDS }} }}", company.emma.email),
            &["emailUsage"],
        ),
        Subject::new(
            "EmailUsage",
            "of a leaver's address",
            &format!("{{ emailUsage(address: \"{}\") {{ FIELDS }} }}", company.leo.email),
            &["emailUsage"],
        ),
        Subject::new(
            "EmailUsage",
            "of an invited person's address",
            "{ emailUsage(address: \"ida@example.com\") { FIELDS } }",
            &["emailUsage"],
        ),
        Subject::new(
            "EmailUsage",
            "with EMAIL_TAKEN: one's own contact address cannot be a leaver's",
            &format!(
                "mutation {{ changeContactEmail(input: {{userId: \"ONESELF\", address: \"{}\"}}) {{ emailUsage {{ FIELDS }} }} }}",
                company.leo.email
            ),
            &["changeContactEmail", "emailUsage"],
        ),
        Subject::node("Department", "sales, where Emma, Ben and the leaver belong", company.sales),
        Subject::node("Department", "one below sales, with a head", &scene.field),
        Subject::node("Workgroup", "an inside one of Ben's", company.inside),
        Subject::node("Workgroup", "a closed inside one", scene.closed),
        Subject::node("Workgroup", "a project open to the extranet, of Ben's and Eva's", company.project),
        Subject::node("Workgroup", "an extranet one without members", company.portal),
        Subject::below(
            "WorkgroupMembership",
            "the owner of the project",
            company.project,
            "Workgroup",
            "members(first: 1) { nodes { FIELDS } }",
            &["members", "nodes", "0"],
        ),
        Subject::below(
            "WorkgroupMembership",
            "of a leaver",
            leo,
            "User",
            "workgroups(first: 1) { nodes { FIELDS } }",
            &["workgroups", "nodes", "0"],
        ),
    ];
    all.extend(scene.records.iter().map(|(label, of, id)| Subject::node(of, label, id)));
    all.extend([
        Subject::node("Deal", "one of somebody deleted, kept by the System User", &scene.bequeathed),
        Subject::below("Money", "the value of a deal of Emma's", deal, "Deal", "value { FIELDS }", &["value"]),
        Subject::below(
            "OwnershipChange",
            "from somebody deleted",
            &scene.bequeathed,
            "Deal",
            "ownershipChanges { nodes { FIELDS } }",
            &["ownershipChanges", "nodes", "0"],
        ),
        Subject::below(
            "TaskParticipant",
            "of a task in a project",
            scene.record("task of Emma's in a project"),
            "Task",
            "participants { FIELDS }",
            &["participants", "0"],
        ),
        Subject::below(
            "Attribution",
            "of a colleague, in a task of a project",
            scene.record("task of Emma's in a project"),
            "Task",
            "responsible { FIELDS }",
            &["responsible"],
        ),
        Subject::below("Attribution", "of a leaver, in a post to a project", scene.posts[2], "FeedPost", "author { FIELDS }", &["author"]),
        Subject::below("Attribution", "of the System User", &scene.bequeathed, "Deal", "responsible { FIELDS }", &["responsible"]),
        Subject::node("Meeting", "a leaver's, with Ben and Eva", scene.meetings[0]),
        Subject::node("Meeting", "of others", scene.meetings[1]),
        Subject::node("FeedPost", "a leaver's, to the company", scene.posts[0]),
        Subject::node("FeedPost", "a leaver's, to an inside workgroup of Ben's", scene.posts[1]),
        Subject::node("FeedPost", "a leaver's, to a project", scene.posts[2]),
        Subject::node("FeedPost", "to a closed workgroup", scene.posts[3]),
        Subject::node("Conversation", "of Ben and a leaver", scene.talks[0].0),
        Subject::node("Conversation", "of others", scene.talks[1].0),
        Subject::node("Message", "from a leaver to Ben", scene.talks[0].1),
        Subject::node("Message", "of others", scene.talks[1].1),
        Subject::node("Reassignment", "asked for by Ben", own_job),
        Subject::node("Reassignment", "of others, to Ben", to_ben),
        Subject::node("Reassignment", "of others", foreign_job),
        Subject::below("SuccessorShare", "Emma's, asked for by Ben", own_job, "Reassignment", "shares { FIELDS }", &["shares", "0"]),
        Subject::below("SkippedEntity", "asked for by Ben", own_job, "Reassignment", "skipped { FIELDS }", &["skipped", "0"]),
        Subject::node("AccessToken", "Ben's", &scene.tokens[0]),
        Subject::node("AccessToken", "Emma's", &scene.tokens[1]),
        Subject::node("Settings", "the only ones", tenure_core::id::SettingsId::ONLY),
        Subject::new("Settings", "the only ones, from the root", "{ settings { FIELDS } }", &["settings"]),
        Subject::new("License", "the only one", "{ license { FIELDS } }", &["license"]),
        Subject::new("RateLimit", "one's own", "{ rateLimit { FIELDS } }", &["rateLimit"]),
        Subject::new(
            "Session",
            "a new one, of one's own",
            "mutation { signIn(input: CREDENTIALS) { session { FIELDS } } }",
            &["signIn", "session"],
        ),
    ]);
    all.extend(scene.events.iter().map(|(of, label, id)| Subject::node(of, label, id)));
    all
}

/// Types whose fields are no one's to hide: what they hold was decided before.
fn is_carrier(types: &Types, name: &str) -> bool {
    let fields: BTreeSet<&str> = types.fields(name).iter().filter_map(|f| f["name"].as_str()).collect();
    let is = |known: &[&str]| fields == known.iter().copied().collect();
    if name.ends_with("Connection") {
        assert!(is(&["edges", "nodes", "pageInfo", "totalCount"]), "{name} has {fields:?}: decide who sees it");
        return true;
    }
    if name.ends_with("Edge") {
        assert!(is(&["cursor", "node"]), "{name} has {fields:?}: decide who sees it");
        return true;
    }
    // What a mutation answers is what it did, and objects that have sections of their own; `emailUsage` has one here too.
    let root = ["Query", "Mutation", "Subscription", "PageInfo"].contains(&name);
    root || name.ends_with("Payload") || name.ends_with("Error")
}

/// What each persona is told of each field of a subject.
async fn cells(types: &Types, subject: &Subject, persona: &Persona) -> Vec<String> {
    let fields = types.fields(&subject.of);
    let selected: Vec<String> = fields.iter().map(|field| selection(types, field)).collect();
    let oneself = persona.member.as_ref().map_or("usr_00000000000000000000000001".to_owned(), |m| m.id.to_string());
    let email = persona.member.as_ref().map_or("ben.okoro@example.com", |m| m.email.as_str());
    let document = subject
        .document
        .replace("FIELDS", &selected.join(" "))
        .replace("ONESELF", &oneself)
        .replace("CREDENTIALS", &format!("{{email: \"{email}\", password: \"{PASSWORD}\"}}"));
    let answer = persona.person.query(&document, json!({})).await;
    if answer.status == 401 {
        return vec!["401".to_owned(); fields.len()];
    }
    assert!(answer.body["data"].is_object(), "{document}: {:#}", answer.body);
    match reach(&answer, &subject.path) {
        Err(word) => vec![word; fields.len()],
        Ok(object) => fields
            .iter()
            .map(|field| {
                let name = field["name"].as_str().expect("a name");
                let path: Vec<&str> = subject.path.iter().copied().chain([name]).collect();
                error_at(&answer, &path).unwrap_or_else(|| match name.starts_with("viewerCannot") {
                    true => reasons(&object[name]),
                    false => word(&object[name]),
                })
            })
            .collect(),
    }
}

/// The object, or the word for why there is none.
fn reach<'a>(answer: &'a Answer, path: &[&'static str]) -> Result<&'a Value, String> {
    let mut value = &answer.body["data"];
    for (n, step) in path.iter().enumerate() {
        value = match step.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[*step],
        };
        if value.is_null() {
            let missing = if *step == "node" { "hidden" } else { "null" };
            return Err(error_at(answer, &path[..=n]).unwrap_or_else(|| missing.to_owned()));
        }
    }
    Ok(value)
}

/// All sections, those of one type together; fails the test when a type has none.
pub async fn sections(scene: &Scene, types: &Types) -> Vec<Section> {
    let subjects: Vec<Subject> = subjects(scene).into_iter().filter(|s| s.of != "RateLimit" || types.has(&s.of)).collect();
    let drawn: BTreeSet<&str> = subjects.iter().map(|subject| subject.of.as_str()).collect();
    let missing: Vec<&str> = types.named("OBJECT").into_iter().filter(|name| !drawn.contains(name) && !is_carrier(types, name)).collect();
    assert!(missing.is_empty(), "types without a subject in tests/it/authorisation/objects.rs: {missing:?}");
    let mut columns: Vec<Vec<Vec<String>>> = vec![Vec::new(); subjects.len()];
    for shown in [false, true] {
        scene.show_leavers(shown).await;
        for (subject, columns) in subjects.iter().zip(&mut columns) {
            for (n, persona) in scene.personas.iter().enumerate() {
                if (persona.name == "employee*") == shown {
                    columns.resize(PERSONAS.len(), Vec::new());
                    columns[n] = cells(types, subject, persona).await;
                }
            }
        }
    }
    scene.show_leavers(false).await;
    let row = |n: usize, field: &Value, columns: &[Vec<String>]| {
        (field["name"].as_str().expect("a name").to_owned(), columns.iter().map(|column| column[n].clone()).collect())
    };
    let section = |(subject, columns): (&Subject, &Vec<Vec<String>>)| Section {
        title: format!("{}: {}", subject.of, subject.label),
        rows: types.fields(&subject.of).iter().enumerate().map(|(n, field)| row(n, field, columns)).collect(),
    };
    subjects.iter().zip(&columns).map(section).collect()
}
