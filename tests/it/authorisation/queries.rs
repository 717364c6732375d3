//! Every way in for reading, with each of its arguments, as everybody.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::objects::{Types, innermost};
use super::picture::{Section, error_at, word};
use super::scene::{PERSONAS, Persona, Scene};

const PAGING: [&str; 4] = ["first", "after", "last", "before"];

/// Arguments of objects beside paging: they take what the arguments of the roots take, where each condition has a row.
const OF_OBJECTS: [&str; 4] = ["User.events(filter)", "User.ownedEntities(filter)", "User.ownedEntities(orderBy)", "User.tasks(roles)"];

/// What is asked for where something must be named.
fn named(scene: &Scene, field: &str) -> Vec<(&'static str, String)> {
    let company = &scene.office.company;
    let id = |id: String| format!("id: \"{id}\"");
    match field {
        "node" => vec![
            ("a colleague", id(company.emma.id.to_string())),
            ("a leaver", id(company.leo.id.to_string())),
            ("nobody", id("usr_00000000000000000000000002".to_owned())),
        ],
        "nodes" => vec![("a colleague and a leaver", format!("ids: [\"{}\", \"{}\"]", company.emma.id, company.leo.id))],
        "user" => vec![
            ("a colleague", id(company.emma.id.to_string())),
            ("a leaver", id(company.leo.id.to_string())),
            ("invited", id(scene.invited.clone())),
            ("nobody", id("usr_00000000000000000000000002".to_owned())),
        ],
        "reassignment" | "reassignmentProgress" => {
            vec![("Ben's", id(scene.jobs[0].to_string())), ("of others", id(scene.jobs[2].to_string()))]
        }
        "emailUsage" => {
            vec![("a leaver's", format!("address: \"{}\"", company.leo.email)), ("nobody's", "address: \"nobody@example.com\"".to_owned())]
        }
        other => panic!("{other} must be told something: decide in tests/it/authorisation/queries.rs what it is asked for"),
    }
}

/// A value for a condition, of its type.
fn sample(scene: &Scene, types: &Types, name: &str, of: &Value) -> String {
    let company = &scene.office.company;
    let (kind, named) = innermost(of);
    let one = match (kind, named, name) {
        (_, "String", "externalIds") => "\"X\"".to_owned(),
        (_, "String", "query") => "\"leaver\"".to_owned(),
        (_, "Boolean", _) => "true".to_owned(),
        (_, "Int", "afterSequence") => "0".to_owned(),
        (_, "DateTimeRange", _) => "{from: \"2000-01-01T00:00:00Z\"}".to_owned(),
        (_, "ID", "departmentIds") => format!("\"{}\"", company.sales),
        (_, "ID", "responsibleIds" | "subjectIds" | "actorIds") => format!("\"{}\"", company.leo.id),
        (_, "ID", "formerResponsibleIds") => format!("\"{}\"", scene.gone),
        ("ENUM", "UserStatus", _) => "DISMISSED".to_owned(),
        ("ENUM", of, _) => types.get(of)["enumValues"][0]["name"].as_str().expect("a value").to_owned(),
        (_, of, _) => panic!("{name}: {of}: decide in tests/it/authorisation/queries.rs what is given"),
    };
    let is_list = of["kind"] == "LIST" || of["ofType"]["kind"] == "LIST";
    if is_list { format!("[{one}]") } else { one }
}

/// What a field is asked with, beside what it must be told: nothing, and each of its arguments, conditions and orders alone.
fn variants(scene: &Scene, types: &Types, field: &Value) -> Vec<(String, String)> {
    let mut variants = vec![(String::new(), String::new())];
    for argument in field["args"].as_array().into_iter().flatten() {
        let name = argument["name"].as_str().expect("a name");
        if PAGING.contains(&name) || argument["type"]["kind"] == "NON_NULL" {
            continue;
        }
        let (kind, of) = innermost(&argument["type"]);
        match (kind, of) {
            ("INPUT_OBJECT", of) if of.ends_with("Order") => {
                let fields = types.get(&format!("{of}Field"))["enumValues"].as_array().expect("values");
                for by in fields.iter().filter_map(|value| value["name"].as_str()) {
                    let first = if by == "DISMISSED_AT" { "filter: {statuses: [DISMISSED]} " } else { "" };
                    variants.push((format!("{name}: {by}"), format!("{first}{name}: {{field: {by}, direction: ASC}}")));
                }
            }
            ("INPUT_OBJECT", of) => {
                for condition in types.get(of)["inputFields"].as_array().expect("fields") {
                    let inner = condition["name"].as_str().expect("a name");
                    let value = sample(scene, types, inner, &condition["type"]);
                    variants.push((format!("{name}.{inner}"), format!("{name}: {{{inner}: {value}}}")));
                }
            }
            _ => variants.push((name.to_owned(), format!("{name}: {}", sample(scene, types, name, &argument["type"])))),
        }
    }
    variants
}

/// Rows of one root: what they are called, and how they are asked.
fn rows(scene: &Scene, types: &Types, root: &str) -> Vec<(String, String, String)> {
    let mut rows = Vec::new();
    for field in types.fields(root) {
        let name = field["name"].as_str().expect("a name");
        let must = field["args"].as_array().into_iter().flatten().any(|argument| argument["type"]["kind"] == "NON_NULL");
        let whom = if must { named(scene, name) } else { vec![("", String::new())] };
        let (kind, of) = innermost(&field["type"]);
        let inner = match (kind, of) {
            ("OBJECT", of) if of.ends_with("Connection") => " { totalCount }",
            ("OBJECT" | "INTERFACE", _) => " { __typename }",
            _ => "",
        };
        for (whose, given) in &whom {
            for (label, arguments) in variants(scene, types, field) {
                let given = [given.as_str(), arguments.as_str()].into_iter().filter(|a| !a.is_empty()).collect::<Vec<_>>().join(" ");
                let call = if given.is_empty() { name.to_owned() } else { format!("{name}({given})") };
                let about = [*whose, label.as_str()].into_iter().filter(|a| !a.is_empty()).collect::<Vec<_>>().join(", ");
                let label = if about.is_empty() { name.to_owned() } else { format!("{name}({about})") };
                rows.push((label, name.to_owned(), format!("{call}{inner}")));
            }
        }
    }
    rows
}

async fn cell(persona: &Persona, name: &str, call: &str) -> String {
    let answer = persona.person.query(&format!("{{ {call} }}"), json!({})).await;
    match answer.status.as_u16() {
        401 => "401".to_owned(),
        _ => error_at(&answer, &[name]).unwrap_or_else(|| {
            let value = &answer.body["data"][name];
            match (value, value.as_array()) {
                // One by one, where several were asked for.
                (_, Some(list)) => list.iter().map(word).collect::<Vec<_>>().join("+"),
                (Value::Object(fields), None) if fields.contains_key("__typename") => "value".to_owned(),
                _ => word(value),
            }
        }),
    }
}

/// What listening begins with: the first thing that comes over server-sent events.
async fn heard(persona: &Persona, call: &str) -> String {
    use std::time::Duration;
    let body = json!({"query": format!("subscription {{ {call} }}")});
    let request = persona.person.request(reqwest::Method::POST).header("accept", "text/event-stream").json(&body);
    let mut response = request.send().await.expect("an answer");
    if response.status() == 401 {
        return "401".to_owned();
    }
    let mut text = String::new();
    while let Ok(Ok(Some(chunk))) = tokio::time::timeout(Duration::from_millis(1500), response.chunk()).await {
        text.push_str(&String::from_utf8_lossy(&chunk));
        if text.contains("event: next") && text.contains("\n\n") {
            break;
        }
    }
    let data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).find(|data| !data.is_empty());
    let first: Value = serde_json::from_str(data.unwrap_or(text.as_str())).unwrap_or_default();
    match first["errors"][0]["extensions"]["code"].as_str() {
        Some(code) => code.to_owned(),
        None if first["data"].is_object() => "value".to_owned(),
        None => "silence".to_owned(),
    }
}

/// The section of the ways in for reading, and of those for listening once there are any.
pub async fn sections(scene: &Scene, types: &Types) -> Vec<Section> {
    let mut given = BTreeSet::new();
    for name in types.named("OBJECT").into_iter().filter(|name| !["Query", "Mutation", "Subscription"].contains(name)) {
        for field in types.fields(name) {
            for argument in
                field["args"].as_array().into_iter().flatten().filter_map(|a| a["name"].as_str()).filter(|a| !PAGING.contains(a))
            {
                given.insert(format!("{name}.{}({argument})", field["name"].as_str().expect("a name")));
            }
        }
    }
    assert_eq!(given, OF_OBJECTS.iter().map(|s| (*s).to_owned()).collect(), "arguments of objects: decide what each takes");
    let mut sections = Vec::new();
    for (root, title) in [("Query", "Query"), ("Subscription", "Subscription (over server-sent events: the first thing that is heard)")] {
        if !types.has(root) {
            continue;
        }
        let rows = rows(scene, types, root);
        let mut cells = vec![vec![String::new(); PERSONAS.len()]; rows.len()];
        for shown in [false, true] {
            scene.show_leavers(shown).await;
            for (n, persona) in scene.personas.iter().enumerate().filter(|(_, persona)| (persona.name == "employee*") == shown) {
                for ((_, name, call), cells) in rows.iter().zip(&mut cells) {
                    cells[n] = if root == "Query" { cell(persona, name, call).await } else { heard(persona, call).await };
                }
            }
        }
        scene.show_leavers(false).await;
        sections.push(Section { title: title.to_owned(), rows: rows.into_iter().map(|(label, ..)| label).zip(cells).collect() });
    }
    sections
}
