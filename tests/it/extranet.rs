//! External people: what they are shown on every path, and that they change nothing (V3, I9).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenure_core::id::UserId;
use tenure_core::record::RecordKind;

use crate::support::company::State;
use crate::support::invariants::Books;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;

/// What an external person is answered at each field of `Query`: an error, or data. Fields that the server does not have are passed over,
/// fields that are missing here fail the test.
fn answers(office: &Office) -> Vec<(&'static str, &'static str, Result<Value, &'static str>)> {
    let company = &office.company;
    vec![
        (
            "viewer",
            "{ permissions user { kind department { id } manager { displayName } } attribution { displayName } }",
            Ok(
                json!({"permissions": [], "user": {"kind": "EXTRANET", "department": null, "manager": null}, "attribution": {"displayName": "Eva Extern"}}),
            ),
        ),
        // By ID: see the test of nodes.
        ("node", "(id: $hidden) { id }", Ok(Value::Null)),
        ("nodes", "(ids: [$hidden, $shown]) { id }", Ok(json!([null, {"id": company.project}]))),
        ("user", "(id: $hidden) { id }", Err("FORBIDDEN")),
        ("users", "{ totalCount nodes { id } }", Err("FORBIDDEN")),
        ("departments", "{ totalCount }", Err("FORBIDDEN")),
        (
            "workgroups",
            "{ totalCount nodes { name memberCount } }",
            Ok(json!({"totalCount": 1, "nodes": [{"name": "Project", "memberCount": 3}]})),
        ),
        ("ownedEntities", "{ totalCount }", Err("FORBIDDEN")),
        ("emailUsage", "(address: \"ben.okoro@example.com\") { address }", Err("FORBIDDEN")),
        ("license", "{ seatsUsed }", Err("FORBIDDEN")),
        ("settings", "{ showDismissedUsers }", Ok(Value::Null)),
        ("reassignment", "(id: \"rea_00000000000000000000000000\") { id }", Err("FORBIDDEN")),
        ("reassignments", "{ totalCount }", Err("FORBIDDEN")),
        ("userEvents", "{ totalCount }", Err("FORBIDDEN")),
        ("feedPosts", "{ totalCount }", Ok(Value::Null)),
        ("accessTokens", "{ totalCount }", Ok(json!({"totalCount": 0}))),
        ("systemUserId", "", Err("FORBIDDEN")),
        ("rateLimit", "{ __typename }", Ok(json!({"__typename": "RateLimit"}))),
    ]
}

/// What they are told of a member (rule V3); everything else is null, empty or false.
const OF_A_MEMBER: [&str; 13] = [
    "id",
    "version",
    "displayName",
    "firstName",
    "lastName",
    "initials",
    "avatarUrl",
    "jobTitle",
    "status",
    "kind",
    "isAdministrator",
    "createdAt",
    "updatedAt",
];

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty() || list == &[json!("NOT_PERMITTED")],
        Value::Object(fields) => fields.values().all(|v| is_nothing(v) || v == &json!(0)),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

async fn field_names(person: &Person, of: &str) -> Vec<(String, String)> {
    let query =
        "query($name: String!) { __type(name: $name) { fields { name type { kind name ofType { kind name ofType { kind name } } } } } }";
    let answer = person.query(query, json!({"name": of})).await.ok();
    let named = |field: &Value| {
        let mut inner = &field["type"];
        while !inner["ofType"].is_null() {
            inner = &inner["ofType"];
        }
        (
            field["name"].as_str().unwrap_or_default().to_owned(),
            format!("{}{}", inner["kind"].as_str().unwrap_or(""), inner["name"].as_str().unwrap_or("")),
        )
    };
    answer.list("__type.fields").iter().map(named).collect()
}

on_both! {
    /// V3: every field of the root.
    async fn v3_external_people_read_little(db: Backend) {
        let office = Office::open_with(db, |wish| wish.with_budget(60_000)).await;
        let company = &office.company;
        let eva = office.sign_in(&company.eva).await;
        let answers = answers(&office);
        let there: BTreeSet<String> = field_names(&eva, "Query").await.into_iter().map(|(name, _)| name).collect();
        let listed: BTreeSet<String> = answers.iter().map(|(name, ..)| (*name).to_owned()).collect();
        assert_eq!(there.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "fields that nobody decided about");
        for (name, selection, expected) in answers.into_iter().filter(|(name, ..)| there.contains(*name)) {
            let query = format!("query($hidden: ID!, $shown: ID!) {{ {name}{selection} hidden: node(id: $hidden) {{ id }} shown: node(id: $shown) {{ id }} }}");
            let answer = eva.query(&query, json!({"hidden": company.ann.id, "shown": company.project})).await;
            match expected {
                Ok(data) => assert_eq!((answer.error_codes(), &answer.body["data"][name]), (Vec::<String>::new(), &data), "{name}"),
                Err(code) => assert_eq!((answer.error_codes(), &answer.body["data"][name]), (vec![code.to_owned()], &Value::Null), "{name}"),
            }
        }
    }

    /// V3, V7: each kind of object by its ID.
    async fn v3_external_people_reach_what_is_in_their_workgroups(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, eva) = (office.sign_in(&company.hr).await, office.sign_in(&company.eva).await);
        company.records_of_all_kinds(&company.ben).await;
        let stranger = company.external("Stan", "Stranger").await;
        hr.run("addWorkgroupMembers", json!({"workgroupId": company.portal, "userIds": [stranger.id]}), "workgroup { id }").await.ok();
        hr.run("removeWorkgroupMember", json!({"workgroupId": company.project, "userId": stranger.id}), "workgroup { id }").await.ok();
        let task = |id: &str, group: Value| json!({"kind": "TASK", "externalId": id, "title": id, "responsibleId": company.ben.id, "workgroupId": group});
        let file = |id: &str, group: Value| json!({"kind": "FILE", "externalId": id, "title": id, "responsibleId": company.ben.id, "workgroupId": group, "sizeInBytes": "1", "mediaType": "text/plain"});
        let made = hr.run("upsertOwnedEntities", json!({"entities": [task("shared", json!(company.project)), file("plan", json!(company.project)),
            task("inside", json!(company.inside)), file("secret", json!(company.inside))]}), "entities { id }").await.ok();
        let token = hr.run("createAccessToken", json!({"name": "sync", "permissions": ["USERS_READ"]}), "accessToken { id }").await.ok();
        let moved = hr.run("reassign", json!({"selection": {"matching": {"responsibleIds": [company.ben.id], "kinds": ["LEAD"]}}, "toUserIds": [company.hr.id]}), "reassignment { id }").await.ok();
        let books = Books::checked(&office.storage, None).await;

        let mut hidden: Vec<Value> = books.records.iter().filter(|r| r.external_id.is_none()).map(|r| json!(r.id)).collect();
        assert_eq!(hidden.len(), 18, "of all nine kinds");
        hidden.extend([json!(company.ann.id), json!(company.hr.id), json!(company.leo.id), json!(stranger.id), json!(UserId::SYSTEM), json!(company.sales), json!(company.inside), json!(company.portal)]);
        hidden.extend([made.at("entities.2.id").clone(), made.at("entities.3.id").clone(), token.at("accessToken.id").clone(), moved.at("reassignment.id").clone()]);
        let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let answer = eva.query(nodes, json!({"ids": hidden})).await.ok();
        assert!(answer.list("nodes").iter().all(Value::is_null), "{:#}", answer.body);
        // Whether the setting shows leavers makes no difference to them.
        let ann = office.sign_in(&company.ann).await;
        ann.run("updateSettings", json!({"showDismissedUsers": true}), "settings { id }").await.ok();
        assert!(eva.query(nodes, json!({"ids": hidden})).await.ok().list("nodes").iter().all(Value::is_null));

        let shown = [json!(company.ben.id), json!(company.emma.id), json!(company.eva.id), json!(company.project), made.at("entities.0.id").clone(), made.at("entities.1.id").clone()];
        let answer = eva.query(nodes, json!({"ids": shown})).await.ok();
        assert!(answer.list("nodes").iter().zip(&shown).all(|(node, id)| &node["id"] == id), "{:#}", answer.body);
        // In the workgroup, and from there on.
        let group = "query($id: ID!) { node(id: $id) { ... on Workgroup { memberCount members { totalCount nodes { member { displayName user { displayName contactEmail } } } }
            tasks { totalCount nodes { title responsible { displayName user { id department { id } ownedEntities { totalCount } directReports { totalCount } workgroups { totalCount } tasks { totalCount } } } } } files { nodes { title } } } } }";
        let inside = eva.query(group, json!({"id": company.project})).await;
        let members = json!([{"member": {"displayName": "Ben Okoro", "user": {"displayName": "Ben Okoro", "contactEmail": null}}},
            {"member": {"displayName": "Emma Novak", "user": {"displayName": "Emma Novak", "contactEmail": null}}},
            {"member": {"displayName": "Eva Extern", "user": {"displayName": "Eva Extern", "contactEmail": company.eva.email}}}]);
        let node = &inside.body["data"]["node"];
        assert_eq!((&node["memberCount"], &node["members"]), (&json!(3), &json!({"totalCount": 3, "nodes": members})));
        let responsible = &node["tasks"]["nodes"][0]["responsible"];
        assert_eq!((&node["tasks"]["totalCount"], &node["files"]["nodes"], &responsible["displayName"]), (&json!(1), &json!([{"title": "plan"}]), &json!("Ben Okoro")));
        let of_ben = json!({"id": company.ben.id, "department": null, "ownedEntities": null, "directReports": null, "workgroups": {"totalCount": 0}, "tasks": {"totalCount": 0}});
        assert_eq!(responsible["user"], of_ben);
    }

    /// V3: every field of a member; every field that needs a right is null.
    async fn v3_of_a_member_they_are_told_thirteen_things(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, eva) = (office.sign_in(&company.ann).await, office.sign_in(&company.eva).await);
        // An administrator with everything that can be told.
        company.records_of_all_kinds(&company.ben).await;
        ann.run("setAccess", json!({"userId": company.ben.id, "isAdministrator": true}), "user { id }").await.ok();
        ann.run("updateUser", json!({"userId": company.ben.id, "avatarUrl": "https://pictures.example/ben.png"}), "user { id }").await.ok();
        let mut selection = String::new();
        for (name, of) in field_names(&eva, "User").await {
            let below = match of.as_str() {
                "OBJECTAttribution" => " { displayName user { id } }",
                of if of.ends_with("Connection") => " { totalCount nodes { __typename } }",
                of if of.starts_with("OBJECT") || of.starts_with("INTERFACE") => " { __typename }",
                _ => "",
            };
            selection.push_str(&format!("{name}{below} "));
        }
        let answer = eva.query(&format!("query($id: ID!) {{ node(id: $id) {{ ... on User {{ {selection} }} }} }}"), json!({"id": company.ben.id})).await;
        let ben = answer.body["data"]["node"].as_object().unwrap_or_else(|| panic!("{:#}", answer.body));
        for (name, value) in ben {
            assert_eq!(!is_nothing(value), OF_A_MEMBER.contains(&name.as_str()), "{name}: {value}");
        }
        assert_eq!(ben["isAdministrator"], json!(true));
        assert!(ben.len() > OF_A_MEMBER.len());
    }

    /// I9, V3, S6: external people change nothing inside.
    async fn i9_external_people_hold_no_right(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let eva = office.sign_in(&company.eva).await;
        let deal = company.record(&company.ben, RecordKind::Deal, State::Open).await;
        let before = Books::checked(&office.storage, None).await;
        let (ben, emma) = (company.ben.id, company.emma.id);
        for (mutation, input) in [
            ("invite", json!({"email": "x@example.com", "kind": "INTRANET", "firstName": "X", "lastName": "Y"})),
            ("dismiss", json!({"userId": emma})),
            ("hire", json!({"userId": company.leo.id})),
            ("moveToExtranet", json!({"userId": emma, "workgroupIds": [company.project]})),
            ("moveToIntranet", json!({"userId": company.eva.id})),
            ("deleteUser", json!({"userId": emma, "confirmation": "Emma Novak"})),
            ("setAccess", json!({"userId": company.eva.id, "isAdministrator": true})),
            ("reassign", json!({"selection": {"ids": [deal]}, "toUserIds": [ben]})),
            ("upsertOwnedEntities", json!({"entities": [{"kind": "TASK", "externalId": "t", "title": "t", "responsibleId": company.eva.id, "workgroupId": company.project}]})),
            ("deleteOwnedEntities", json!({"ids": [deal]})),
            ("transferEmail", json!({"address": company.ben.email, "toUserId": company.eva.id})),
            ("releaseEmail", json!({"address": company.leo.email})),
            ("createWorkgroup", json!({"name": "Mine", "isExtranet": true})),
            ("createDepartment", json!({"name": "Mine"})),
            ("addWorkgroupMembers", json!({"workgroupId": company.project, "userIds": [company.hr.id]})),
            ("removeWorkgroupMember", json!({"workgroupId": company.project, "userId": emma})),
            ("updateSettings", json!({"showDismissedUsers": true})),
        ] {
            eva.run(mutation, input, "__typename").await.fails("FORBIDDEN");
        }
        // What needs no right to ask for needs one for other people; who is no companion does not exist.
        eva.run("updateUser", json!({"userId": emma, "jobTitle": "X"}), "user { id }").await.refused("NOT_PERMITTED");
        eva.run("updateUser", json!({"userId": company.hr.id, "jobTitle": "X"}), "user { id }").await.refused("USER_NOT_FOUND");
        eva.run("changeContactEmail", json!({"userId": emma, "address": "x@example.com"}), "user { id }").await.refused("NOT_PERMITTED");
        eva.run("createAccessToken", json!({"name": "t", "permissions": ["USERS_READ"]}), "secret").await.refused("NOT_GRANTABLE");
        Books::checked(&office.storage, None).await.assert_unchanged_since(&before);
        // And none can be given to them.
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        ann.run("setAccess", json!({"userId": company.eva.id, "permissions": ["USERS_READ"]}), "user { id }").await.refused("NOT_ELIGIBLE");
        hr.run("reassign", json!({"selection": {"ids": [deal]}, "toUserIds": [company.eva.id]}), "reassignment { id }").await.refused("SUCCESSOR_NOT_ELIGIBLE");
        hr.run("upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "d", "title": "d", "responsibleId": company.eva.id}]}), "entities { id }").await.refused("RESPONSIBLE_NOT_ELIGIBLE");
        hr.run("addWorkgroupMembers", json!({"workgroupId": company.inside, "userIds": [company.eva.id]}), "workgroup { id }").await.refused("MEMBER_NOT_ELIGIBLE");
    }
}
