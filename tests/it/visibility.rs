//! Field-level authorisation: every field of `User`, `Dismissal`, `Offboarding` and `Attribution`, as everybody, with the setting off and
//! on, on every path (V2–V4, V6, V7, R6, I11). The table is a golden file that a person can review.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};
use tenure_core::record::RecordKind;

use crate::support::company::State;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/visibility.golden.txt");

/// The fields of a type, as the server itself lists them: a new one is in the table by itself.
async fn fields(person: &Person, name: &str) -> Vec<(String, String)> {
    let query = "query($name: String!) { __type(name: $name) { fields { name type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } }";
    let answer = person.query(query, json!({"name": name})).await.ok();
    let named = |field: &Value| {
        let mut of = &field["type"];
        while !of["ofType"].is_null() {
            of = &of["ofType"];
        }
        (
            field["name"].as_str().expect("a name").to_owned(),
            format!("{}:{}", of["kind"].as_str().unwrap_or(""), of["name"].as_str().unwrap_or("")),
        )
    };
    answer.list("__type.fields").iter().map(named).collect()
}

/// Paths below `User`, e.g. `dismissal.note`, each with its selection.
async fn paths(person: &Person) -> Vec<String> {
    let mut paths = Vec::new();
    for (name, of) in fields(person, "User").await {
        match of.as_str() {
            "OBJECT:Dismissal" | "OBJECT:Offboarding" | "OBJECT:Attribution" => {
                let inner = fields(person, of.trim_start_matches("OBJECT:")).await;
                for (sub, kind) in inner {
                    let leaf = if kind.starts_with("OBJECT") { format!("{sub} {{ __typename }}") } else { sub };
                    paths.push(format!("{name} {{ {leaf} }}"));
                }
            }
            other if other.starts_with("OBJECT") && other.ends_with("Connection") => paths.push(format!("{name} {{ totalCount }}")),
            other if other.starts_with("OBJECT") => paths.push(format!("{name} {{ __typename }}")),
            _ => paths.push(name),
        }
    }
    paths
}

/// What a value tells, without what differs from run to run.
fn tells(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Array(list) if list.is_empty() => "[]".into(),
        Value::Array(list) if list.iter().all(Value::is_string) && list.len() <= 3 => {
            list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("+")
        }
        Value::Array(_) => "list".into(),
        Value::Object(fields) if fields.len() == 1 => match fields.iter().next() {
            Some((name, value)) if name == "totalCount" => value.to_string(),
            Some((name, _)) if name == "__typename" => "shown".into(),
            Some((_, value)) => tells(value),
            None => "{}".into(),
        },
        Value::Object(_) | Value::String(_) | Value::Number(_) => "shown".into(),
    }
}

async fn column(person: &Person, target: &str, paths: &[String]) -> BTreeMap<usize, String> {
    let selection: String = paths.iter().enumerate().fold(String::new(), |mut s, (n, path)| {
        let _ = write!(s, "f{n}: {path} ");
        s
    });
    let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on User {{ {selection} }} }} }}");
    let answer = person.query(&query, json!({"id": target})).await;
    let user = &answer.body["data"]["node"];
    if user.is_null() {
        let code = answer.error_codes().first().cloned().unwrap_or_else(|| "-".into());
        return (0..paths.len()).map(|n| (n, code.clone())).collect();
    }
    let failed = |n: usize| {
        let alias = format!("f{n}");
        let errors = answer.body["errors"].as_array().into_iter().flatten();
        errors
            .filter(|e| e["path"].as_array().is_some_and(|p| p.contains(&json!(alias))))
            .map(|e| e["extensions"]["code"].as_str().unwrap_or("?").to_owned())
            .next()
    };
    (0..paths.len()).map(|n| (n, failed(n).unwrap_or_else(|| tells(&user[format!("f{n}")])))).collect()
}

async fn table(office: &Office) -> String {
    let company = &office.company;
    company.records(&company.leo, &[(RecordKind::Deal, State::Open, None)]).await;
    company.records(&company.emma, &[(RecordKind::Deal, State::Open, None)]).await;
    let ann = office.sign_in(&company.ann).await;
    let hr = office.sign_in(&company.hr).await;
    let invited = hr
        .run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "Ida", "lastName": "Invited"}), "user { id }")
        .await
        .ok();
    let token = hr.run("createAccessToken", json!({"name": "sync", "permissions": ["USERS_READ", "ENTITIES_READ"]}), "secret").await.ok();
    let personas = [
        ("anonymous", office.server.anonymous()),
        ("external", office.sign_in(&company.eva).await),
        ("employee", office.sign_in(&company.ben).await),
        ("oneself", office.sign_in(&company.emma).await),
        ("HR", hr),
        ("administrator", ann.clone()),
        ("token", office.server.with_token(&token.text("secret"))),
    ];
    let targets = [
        ("an employee", company.emma.id.to_string()),
        ("an administrator", company.ann.id.to_string()),
        ("an external person", company.eva.id.to_string()),
        ("an invited person", invited.text("user.id")),
        ("a leaver", company.leo.id.to_string()),
        ("the System User", tenure_core::id::UserId::SYSTEM.to_string()),
    ];
    let paths = paths(&ann).await;
    let mut out = String::new();
    for (target, id) in &targets {
        let mut columns = Vec::new();
        for shown in [false, true] {
            ann.run("updateSettings", json!({"showDismissedUsers": shown}), "settings { version }").await.ok();
            for (name, person) in &personas {
                columns.push((format!("{name}{}", if shown { "*" } else { "" }), column(person, id, &paths).await));
            }
        }
        let _ = writeln!(out, "== {target} (* while the setting shows leavers)");
        let _ = write!(out, "{:<46}", "field");
        for (name, _) in &columns {
            let _ = write!(out, "{name:<17} ");
        }
        out.push('\n');
        for (n, path) in paths.iter().enumerate() {
            let label = path.replace(" { __typename }", "").replace(" { totalCount }", "");
            let _ = write!(out, "{label:<46}");
            for (_, cells) in &columns {
                let _ = write!(out, "{:<17} ", cells[&n]);
            }
            out.push('\n');
        }
        out.push('\n');
    }
    out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

on_both! {
    /// After a change on purpose: `TENURE_TEST_BLESS=1 scripts/test visibility`, and review the difference.
    async fn every_field_is_shown_to_whom_it_may_be_shown(db: Backend) {
        let office = Office::open(db).await;
        let table = table(&office).await;
        if std::env::var_os("TENURE_TEST_BLESS").is_some() && db == Backend::Sqlite {
            std::fs::write(GOLDEN, &table).expect("the golden file");
        }
        let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
        for (found, expected) in table.lines().zip(golden.lines()) {
            assert_eq!(found, expected, "tests/it/visibility.golden.txt is out of date");
        }
        assert_eq!(table.lines().count(), golden.lines().count());
    }

    /// V4, I11, L5: a hidden leaver, a person who never existed and one who was deleted are answered alike on every path, at the same cost.
    async fn hidden_and_missing_are_the_same(db: Backend) {
        let office = Office::open_with(db, |wish| wish.without_polling()).await;
        let company = &office.company;
        company.records_of_all_kinds(&company.leo).await;
        let ben = office.sign_in(&company.ben).await;
        let missing = tenure_core::id::UserId(tenure_core::clock::Clock::new_uuid(&tenure_core::clock::SystemClock)).to_string();
        let hidden = company.leo.id.to_string();
        let gone = company.employee("Gus", "Gone").await;
        company.records_of_all_kinds(&gone).await;
        let ann = office.sign_in(&company.ann).await;
        ann.run("deleteUser", json!({"userId": gone.id, "confirmation": gone.name}), "deletedUserId").await.ok();
        let deleted = gone.id.to_string();
        let queries = [
            "query($id: ID!) { user(id: $id) { displayName } }",
            "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }",
            "query($id: ID!) { ownedEntities(filter: {responsibleIds: [$id]}) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage } } }",
        ];
        let mut answers = Vec::new();
        for id in [&hidden, &missing, &deleted] {
            let mut texts = Vec::new();
            for query in queries {
                let before = office.storage.statements();
                texts.push(ben.query(query, json!({"id": id})).await.body.to_string());
                texts.push((office.storage.statements() - before).to_string());
            }
            for (mutation, input, selection) in [
                ("updateUser", json!({"userId": id, "jobTitle": "X"}), "user { id }"),
                ("reassign", json!({"selection": {"matching": {"responsibleIds": [id]}}, "toUserIds": [company.ben.id]}), "reassignment { id }"),
                ("upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "d", "title": "t", "responsibleId": id}]}), "entities { id }"),
                ("upsertOwnedEntities", json!({"entities": [{"kind": "TASK", "externalId": "t", "title": "t", "responsibleId": company.ben.id, "participants": [{"userId": id, "role": "OBSERVER"}]}]}), "entities { id }"),
                ("dismiss", json!({"userId": id}), "user { id }"),
            ] {
                let outcome = ben.run(mutation, input, selection).await;
                let mut body = outcome.answer.body.clone();
                for error in body["errors"].as_array_mut().into_iter().flatten() {
                    error["extensions"]["requestId"] = Value::Null;
                }
                texts.push(body.to_string());
            }
            answers.push(texts);
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[2], answers[1]);
        // By address: one that a hidden leaver has, and one that nobody has.
        let mut texts = Vec::new();
        for address in [&company.leo.email, &"nobody@example.com".to_owned()] {
            let input = json!({"entities": [{"kind": "DEAL", "externalId": "d", "title": "t", "responsibleEmail": address}]});
            texts.push(ben.run("upsertOwnedEntities", input, "entities { id }").await.answer.body.to_string());
        }
        assert_eq!(texts[0], texts[1]);
    }

    /// DOMAIN §5: a mutation that names somebody hidden costs as many statements as one that names somebody missing, whatever the hidden
    /// one has left behind.
    async fn naming_somebody_hidden_costs_what_somebody_missing_does(db: Backend) {
        let office = Office::open_with(db, |wish| wish.without_polling()).await;
        let company = &office.company;
        let deal = company.record(&company.leo, RecordKind::Deal, State::Open).await;
        company.activity(&company.leo, deal).await;
        let (ben, eva) = (office.sign_in(&company.ben).await, office.sign_in(&company.eva).await);
        let missing = tenure_core::id::UserId(tenure_core::clock::Clock::new_uuid(&tenure_core::clock::SystemClock)).to_string();
        let (hidden, address) = (company.leo.id.to_string(), company.leo.email.as_str());
        let calls = |id: &str, address: &str| {
            [
                (&ben, "reassign", json!({"selection": {"matching": {"responsibleIds": [id]}}, "toUserIds": [company.ben.id]}), "reassignment { id }"),
                (&ben, "reassign", json!({"selection": {"matching": {"isOrphaned": true}}, "toUserIds": [id]}), "reassignment { id }"),
                (&ben, "upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "d", "title": "t", "responsibleId": id}]}), "entities { id }"),
                (&ben, "upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "d", "title": "t", "responsibleEmail": address}]}), "entities { id }"),
                (&ben, "sendMessage", json!({"toUserId": id, "text": "t"}), "message { id }"),
                (&ben, "scheduleMeeting", json!({"title": "t", "startsAt": "2030-01-01T10:00:00Z", "endsAt": "2030-01-01T11:00:00Z", "attendeeIds": [id]}), "meeting { id }"),
                (&ben, "updateUser", json!({"userId": id, "jobTitle": "t"}), "user { id }"),
                (&ben, "changeContactEmail", json!({"userId": id, "address": null}), "user { id }"),
                (&eva, "updateUser", json!({"userId": id, "jobTitle": "t"}), "user { id }"),
                (&eva, "changeContactEmail", json!({"userId": id, "address": null}), "user { id }"),
                (&eva, "sendMessage", json!({"toUserId": id, "text": "t"}), "message { id }"),
            ]
        };
        for (of_hidden, of_missing) in calls(&hidden, address).into_iter().zip(calls(&missing, "nobody@example.com")) {
            let mutation = of_hidden.1;
            let mut costs = Vec::new();
            for (by, mutation, input, selection) in [of_hidden, of_missing] {
                let before = office.storage.statements();
                let outcome = by.run(mutation, input.clone(), selection).await;
                assert_ne!(outcome.verdict(), "OK", "{mutation} {input}");
                costs.push((office.storage.statements() - before, outcome.verdict()));
            }
            assert_eq!(costs[0], costs[1], "{mutation}");
        }
    }
}
