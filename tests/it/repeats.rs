//! Lists in which a value is named again and again: what is made of them is bounded by the set of values, or by a number that is said.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::office::Office;
use crate::support::on_both;

/// Every argument and input field that is a list of an enum or of identifiers, as `Owner.name`, with the enum or `ID`.
const LISTS: &str =
    "{ __schema { types { kind name inputFields { name type { ...list } } fields { name args { name type { ...list } } } } } }
    fragment list on __Type { kind ofType { kind ofType { kind name ofType { kind name } } } }";

/// A value of each enum that stands in a list, to be repeated.
fn value_of(kind: &str) -> &'static str {
    match kind {
        "EmailRole" => "CONTACT",
        "OwnedEntityKind" => "DEAL",
        "Permission" => "USERS_READ",
        "TaskRole" => "OBSERVER",
        "UserEventKind" => "USER_UPDATED",
        "UserKind" => "INTRANET",
        "UserStatus" => "ACTIVE",
        other => panic!("a list of {other} is new: name one of its values here, and ask for it below"),
    }
}

/// The innermost type of a list, if it is one.
fn item(of: &Value) -> Option<String> {
    let list = if of["kind"] == "NON_NULL" { &of["ofType"] } else { of };
    let inner = (list["kind"] == "LIST").then(|| &list["ofType"])?;
    let inner = if inner["kind"] == "NON_NULL" { &inner["ofType"] } else { inner };
    (inner["kind"] == "ENUM" || inner["name"] == "ID").then(|| inner["name"].as_str().expect("a name").to_owned())
}

on_both! {
    /// V8: 3,000 repeats of each value, wherever a list of an enum is taken; all lists of the contract are asked for.
    async fn v8_a_value_counts_once_however_often_it_is_named(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let schema = ann.query(LISTS, json!({})).await.ok();
        let mut enums = BTreeSet::new();
        for of in schema.list("__schema.types") {
            let owner = of["name"].as_str().expect("a name");
            if owner.starts_with("__") {
                continue;
            }
            for field in of["inputFields"].as_array().into_iter().flatten() {
                enums.extend(item(&field["type"]).filter(|kind| kind != "ID").map(|kind| (format!("{owner}.{}", field["name"].as_str().expect("a name")), kind)));
            }
            for field in of["fields"].as_array().into_iter().flatten() {
                for argument in field["args"].as_array().into_iter().flatten() {
                    let name = format!("{owner}.{}.{}", field["name"].as_str().expect("a name"), argument["name"].as_str().expect("a name"));
                    enums.extend(item(&argument["type"]).filter(|kind| kind != "ID").map(|kind| (name, kind)));
                }
            }
        }

        let queries = [
            ("UserFilter.statuses", "users(filter: {statuses: $v}) { totalCount nodes { id } }", "[UserStatus!]"),
            ("UserFilter.kinds", "users(filter: {kinds: $v}) { totalCount nodes { id } }", "[UserKind!]"),
            ("UserFilter.ownsEntitiesOfKinds", "users(filter: {ownsEntitiesOfKinds: $v}) { totalCount nodes { id } }", "[OwnedEntityKind!]"),
            ("OwnedEntityFilter.kinds", "ownedEntities(filter: {kinds: $v}) { totalCount nodes { id } } user(id: $id) { ownedEntities(filter: {kinds: $v}) { totalCount nodes { id } } }", "[OwnedEntityKind!]"),
            ("UserEventFilter.kinds", "userEvents(filter: {kinds: $v}) { totalCount nodes { id } } user(id: $id) { events(filter: {kinds: $v}) { totalCount nodes { id } } }", "[UserEventKind!]"),
            ("User.tasks.roles", "user(id: $id) { tasks(roles: $v) { totalCount nodes { id } } }", "[TaskRole!]"),
        ];
        let mutations = [
            ("SetAccessInput.permissions", "setAccess", json!({"userId": company.emma.id}), "permissions"),
            ("UpdateSettingsInput.employeePermissions", "updateSettings", json!({}), "employeePermissions"),
            ("CreateAccessTokenInput.permissions", "createAccessToken", json!({"name": "sync"}), "permissions"),
            ("TransferEmailInput.roles", "transferEmail", json!({"address": company.leo.email, "toUserId": company.emma.id, "dryRun": true}), "roles"),
        ];
        let covered: BTreeSet<&str> = queries.iter().map(|(name, ..)| *name).chain(mutations.iter().map(|(name, ..)| *name)).collect();
        assert_eq!(enums.iter().map(|(name, _)| name.as_str()).collect::<BTreeSet<_>>(), covered, "each list of an enum is asked for here");

        let repeated = |name: &str| {
            let (_, kind) = enums.iter().find(|(known, _)| known == name).expect("a list");
            json!(vec![value_of(kind); 3_000])
        };
        for (name, field, of) in queries {
            let id = if field.contains("$id") { ", $id: ID!" } else { "" };
            let document = format!("query($v: {of}{id}) {{ {field} }}");
            let many = ann.query(&document, json!({"v": repeated(name), "id": company.emma.id})).await.ok();
            let once = ann.query(&document, json!({"v": [repeated(name)[0]], "id": company.emma.id})).await.ok();
            assert_eq!(many.body["data"], once.body["data"], "{name}");
        }
        for (name, mutation, mut input, field) in mutations {
            input[field] = repeated(name);
            ann.run(mutation, input, "__typename").await.ok();
        }
        // Two roles take the way through the union, which must stay short as well.
        let roles: Vec<&str> = (0..3_000).map(|n| ["PARTICIPANT", "OBSERVER", "CREATOR", "RESPONSIBLE"][n % 4]).collect();
        let document = "query($roles: [TaskRole!], $id: ID!) { user(id: $id) { tasks(roles: $roles) { totalCount nodes { id } } } }";
        ann.query(document, json!({"roles": roles, "id": company.emma.id})).await.ok();
        company.deals(&company.leo, 2).await;
        let kinds: Vec<&str> = (0..3_000).map(|n| ["DEAL", "TASK"][n % 2]).collect();
        let matching = json!({"selection": {"matching": {"kinds": kinds, "responsibleIds": [company.leo.id]}}, "toUserIds": [company.ben.id], "dryRun": true});
        ann.run("reassign", matching, "__typename").await.ok();
        ann.query("query($k: [OwnedEntityKind!]) { ownedEntities(filter: {kinds: $k}) { totalCount } users(filter: {ownsEntitiesOfKinds: $k}) { totalCount } }", json!({"k": kinds})).await.ok();
        // Lists of identifiers are bounded by a number, and named when they are longer.
        let ids = vec![company.emma.id; 3_000];
        for filter in ["ownedEntities(filter: {responsibleIds: $ids}) { totalCount }", "userEvents(filter: {subjectIds: $ids}) { totalCount }", "userEvents(filter: {actorIds: $ids}) { totalCount }", "nodes(ids: $ids) { id }"] {
            let list = if filter.starts_with("nodes") { "[ID!]!" } else { "[ID!]" };
            ann.query(&format!("query($ids: {list}) {{ {filter} }}"), json!({"ids": ids})).await.fails("BAD_USER_INPUT");
        }
    }
}
