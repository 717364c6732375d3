//! What is left of a deleted person: records, names, provenance, and nothing else (L2–L5, I6, V4).

use serde_json::{Value, json};
use tenure_core::id::RecordId;
use tenure_core::record::RecordKind;

use crate::support::company::{Member, State};
use crate::support::invariants::Books;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::server::Wish;

const MOVED: &str = "movedCounts { kind openCount closedCount }";
const BYLINE: &str = "kind displayName initials avatarUrl user { id }";

async fn delete(by: &Person, of: &Member) {
    by.run("deleteUser", json!({"userId": of.id, "confirmation": of.name}), MOVED).await.ok();
}

/// All records, the latest change first.
async fn records(by: &Person) -> Vec<Value> {
    let query = format!(
        "{{ ownedEntities(first: 100) {{ nodes {{ id kind version title isClosed externalId createdAt updatedAt responsible {{ {BYLINE} }} createdBy {{ {BYLINE} }}
            ... on Activity {{ subject {{ id }} }} ... on Task {{ workgroup {{ id }} participants {{ role person {{ displayName }} }} }} ... on File {{ workgroup {{ id }} }} }} }} }}"
    );
    by.query(&query, json!({})).await.ok().list("ownedEntities.nodes").clone()
}

/// Hands over from the System User; `filter` says what more must hold.
async fn empty_container(by: &Person, filter: Value, to: &Member) -> Value {
    let system = by.query("{ systemUserId }", json!({})).await.ok().text("systemUserId");
    let mut matching = filter;
    matching["responsibleIds"] = json!([system]);
    let input = json!({"selection": {"matching": matching}, "toUserIds": [to.id]});
    let done = by.run("reassign", input, "reassignment { status movedCount sources { kind displayName user { id } } }").await.ok();
    done.at("reassignment").clone()
}

on_both! {
    /// L2, I6: all records keep ID, place, time and order; the responsible person changes, and authorship is a name.
    async fn l2_records_keep_their_place_and_time(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let emma = &company.emma;
        let theirs = company.records_of_all_kinds(emma).await;
        company.activity(&company.ben, theirs[6]).await;
        company.activity(emma, theirs[6]).await;
        company.deals(&company.ben, 2).await;
        // Made by Emma, now with somebody else; and in a workgroup, with parts.
        let passed_on = company.record(emma, RecordKind::Lead, State::Open).await;
        hr.run("reassign", json!({"selection": {"ids": [passed_on]}, "toUserIds": [company.hr.id]}), "reassignment { id }").await.ok();
        hr.run("upsertOwnedEntities", json!({"entities": [
            {"kind": "TASK", "externalId": "t", "title": "In the group", "responsibleId": emma.id, "workgroupId": company.project, "participants": [{"userId": company.ben.id, "role": "OBSERVER"}]},
            {"kind": "FILE", "externalId": "f", "title": "A file", "responsibleId": emma.id, "workgroupId": company.project, "sizeInBytes": "1", "mediaType": "text/plain"}]}), "entities { id }").await.ok();

        let before = records(&ann).await;
        delete(&ann, emma).await;
        let after = records(&ann).await;
        let system = json!({"kind": "SYSTEM", "displayName": "System", "initials": "S", "avatarUrl": null, "user": null});
        let shown = json!({"kind": "USER", "displayName": "Emma Novak", "initials": "EN", "avatarUrl": null, "user": null});
        let mut moved = 0;
        let expected: Vec<Value> = before.into_iter().map(|mut record| {
            if record["responsible"]["user"]["id"] == json!(emma.id) {
                record["responsible"] = system.clone();
                record["version"] = json!(record["version"].as_i64().expect("a version") + 1);
                moved += 1;
            }
            if record["createdBy"]["user"]["id"] == json!(emma.id) {
                record["createdBy"] = shown.clone();
            }
            for part in record.get_mut("participants").and_then(Value::as_array_mut).into_iter().flatten() {
                if part["role"] == "RESPONSIBLE" && part["person"]["displayName"] == "Emma Novak" {
                    part["person"]["displayName"] = json!("System");
                }
            }
            record
        }).collect();
        assert_eq!(after, expected, "in the same order, with the same times");
        assert_eq!(moved, 21);

        // H10: from whom, to whom, by whom; part of no reassignment.
        let changes = format!("query($id: ID!) {{ node(id: $id) {{ ... on Deal {{ ownershipChanges {{ totalCount nodes {{ from {{ {BYLINE} }} to {{ {BYLINE} }} actor {{ displayName }} reassignment {{ id }} }} }} }} }} reassignments {{ totalCount }} }}");
        let told = ann.query(&changes, json!({"id": theirs[6]})).await.ok();
        assert_eq!(told.at("node.ownershipChanges"), &json!({"totalCount": 1, "nodes": [{"from": shown, "to": system, "actor": {"displayName": "Ann Archer"}, "reassignment": null}]}));
        assert_eq!(told.at("reassignments.totalCount"), 1, "none but the one before");
        // H6: they wait for nobody, as far as the search for orphans goes.
        let orphans = ann.query("{ ownedEntities(filter: {isOrphaned: true}) { totalCount } }", json!({})).await.ok();
        assert_eq!(orphans.at("ownedEntities.totalCount"), 0);
    }

    /// L2, L3: a named successor gets them, and they remember whose they were all the same.
    async fn l3_a_successor_gets_them_with_their_provenance(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let deals = company.deals(&company.emma, 2).await;
        ann.run("deleteUser", json!({"userId": company.emma.id, "confirmation": company.emma.name, "recordsToUserId": company.ben.id}), MOVED).await.ok();
        let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on Deal {{ responsible {{ displayName }} provenance {{ {BYLINE} }} ownershipChanges {{ nodes {{ to {{ displayName }} }} }} }} }} }}");
        let seen = ann.query(&query, json!({"id": deals[0]})).await.ok();
        assert_eq!(seen.at("node.responsible.displayName"), "Ben Okoro");
        assert_eq!(seen.at("node.provenance"), &json!({"kind": "USER", "displayName": "Emma Novak", "initials": "EN", "avatarUrl": null, "user": null}));
        // For administrators only, as the filter is.
        let hidden = hr.query(&query, json!({"id": deals[0]})).await;
        assert_eq!((hidden.error_codes(), &hidden.body["data"]["node"]["provenance"]), (vec!["FORBIDDEN".to_owned()], &Value::Null));
        let former = "query($ids: [ID!]) { ownedEntities(filter: {formerResponsibleIds: $ids}) { totalCount } }";
        assert_eq!(ann.query(former, json!({"ids": [company.emma.id]})).await.ok().at("ownedEntities.totalCount"), 2);
        hr.query(former, json!({"ids": [company.emma.id]})).await.fails("FORBIDDEN");
        hr.run("reassign", json!({"selection": {"matching": {"formerResponsibleIds": [company.emma.id]}}, "toUserIds": [company.hr.id]}), "reassignment { id }").await.fails("FORBIDDEN");
        // Ben is deleted as well: what lies with the System User is what he had last.
        delete(&ann, &company.ben).await;
        assert_eq!(ann.query(former, json!({"ids": [company.ben.id]})).await.ok().at("ownedEntities.totalCount"), 2);
        assert_eq!(ann.query(former, json!({"ids": [company.emma.id]})).await.ok().at("ownedEntities.totalCount"), 0);
        let trail = ann.query(&query, json!({"id": deals[0]})).await.ok();
        assert_eq!(trail.at("node.ownershipChanges.nodes"), &json!([{"to": {"displayName": "System"}}, {"to": {"displayName": "Ben Okoro"}}]), "the whole story is there");
    }

    /// L3, H1: two people are deleted; one's records are handed over, then all the rest.
    async fn l3_the_container_is_emptied_bit_by_bit(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr, ben) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let first = company.records_of_all_kinds(&company.emma).await;
        company.records_of_all_kinds(&company.leo).await;
        delete(&ann, &company.emma).await;
        delete(&ann, &company.leo).await;
        let system = ann.query("{ systemUserId }", json!({})).await.ok().text("systemUserId");
        let all = "query($id: ID!) { ownedEntities(filter: {responsibleIds: [$id]}) { totalCount } node(id: $id) { id } user(id: $id) { id } nodes(ids: [$id]) { id } }";
        let with_system = json!({"ownedEntities": {"totalCount": 36}, "node": null, "user": null, "nodes": [null]});
        assert_eq!(ann.query(all, json!({"id": system})).await.ok().body["data"], with_system);

        // Nobody takes from it who may not hand over everybody's; it takes nothing and is nobody's superior.
        ben.query("{ systemUserId }", json!({})).await.fails("FORBIDDEN");
        ben.run("reassign", json!({"selection": {"matching": {"responsibleIds": [system]}}, "toUserIds": [company.ben.id]}), "reassignment { id }").await.refused("NOT_PERMITTED");
        let skipped = ben.run("reassign", json!({"selection": {"ids": [first[0]]}, "toUserIds": [company.ben.id]}), "reassignment { movedCount skipped { reason } }").await.ok();
        assert_eq!(skipped.at("reassignment"), &json!({"movedCount": 0, "skipped": [{"reason": "NOT_PERMITTED"}]}));
        for (mutation, input, code) in [
            ("reassign", json!({"selection": {"ids": [first[0]]}, "toUserIds": [system]}), "SUCCESSOR_NOT_ELIGIBLE"),
            ("dismiss", json!({"userId": company.ben.id, "handover": {"toUserIds": [system]}}), "SUCCESSOR_NOT_ELIGIBLE"),
            ("dismiss", json!({"userId": company.ben.id, "newManagerId": system}), "MANAGER_NOT_ELIGIBLE"),
            ("createDepartment", json!({"name": "X", "headId": system}), "HEAD_NOT_ELIGIBLE"),
            ("addWorkgroupMembers", json!({"workgroupId": company.inside, "userIds": [system]}), "USER_NOT_FOUND"),
            ("upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "d", "title": "t", "responsibleId": system}]}), "RESPONSIBLE_NOT_ELIGIBLE"),
            ("updateUser", json!({"userId": company.ben.id, "managerId": system}), "MANAGER_NOT_ELIGIBLE"),
            ("dismiss", json!({"userId": system}), "SYSTEM_USER_PROTECTED"),
            ("moveToExtranet", json!({"userId": system, "workgroupIds": [company.portal]}), "SYSTEM_USER_PROTECTED"),
            ("updateUser", json!({"userId": system, "jobTitle": "X"}), "SYSTEM_USER_PROTECTED"),
            ("hire", json!({"userId": system}), "USER_NOT_FOUND"),
            ("setAccess", json!({"userId": system, "isAdministrator": true}), "USER_NOT_FOUND"),
            ("moveToIntranet", json!({"userId": system}), "USER_NOT_FOUND"),
            ("changeContactEmail", json!({"userId": system, "address": "s@example.com"}), "USER_NOT_FOUND"),
            ("transferEmail", json!({"address": company.ben.email, "toUserId": system, "replacementLoginEmail": "b@example.com"}), "USER_NOT_FOUND"),
        ] {
            ann.run(mutation, input, "__typename").await.refused(code);
        }

        let byline = json!([{"kind": "SYSTEM", "displayName": "System", "user": null}]);
        let one = empty_container(&ann, json!({"formerResponsibleIds": [company.emma.id]}), &company.ben).await;
        assert_eq!(one, json!({"status": "SUCCEEDED", "movedCount": 18, "sources": byline}));
        let books = Books::checked(&office.storage, None).await;
        let mut with_ben = books.records_of(company.ben.id);
        let mut expected: Vec<RecordId> = first.clone();
        with_ben.sort();
        expected.sort();
        assert_eq!(with_ben, expected, "hers alone");
        // The rest goes with the right to hand over alone.
        assert_eq!(empty_container(&hr, json!({}), &company.hr).await, json!({"status": "SUCCEEDED", "movedCount": 18, "sources": byline}));
        assert_eq!(ann.query(all, json!({"id": system})).await.ok().at("ownedEntities.totalCount"), 0);
    }

    /// L4: the address is free in the same step; who is invited with it is somebody else, without any of the past.
    async fn l4_a_freed_address_makes_a_new_person(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let emma = office.sign_in(&company.emma).await;
        emma.run("createAccessToken", json!({"name": "mine", "permissions": ["USERS_READ"]}), "secret").await.ok();
        company.records_of_all_kinds(&company.emma).await;
        let invitation = json!({"email": company.emma.email, "kind": "INTRANET", "firstName": "Emma", "lastName": "Novak"});
        hr.run("invite", invitation.clone(), "user { id }").await.refused("EMAIL_TAKEN");
        delete(&ann, &company.emma).await;
        let usage = hr.query("query($a: EmailAddress!) { emailUsage(address: $a) { address } }", json!({"a": company.emma.email})).await.ok();
        assert_eq!(usage.at("emailUsage"), &Value::Null);

        let invited = hr.run("invite", invitation, "user { id status version }").await.ok();
        assert_ne!(invited.at("user.id"), &json!(company.emma.id));
        let token = office.mail.latest_to(&company.emma.email).await.token();
        office.server.anonymous().run("acceptInvitation", json!({"token": token, "password": "tangerine moss 41 ladder"}), "session { expiresAt }").await.ok();
        let query = "query($id: ID!) { user(id: $id) { isAdministrator personalPermissions manager { displayName } department { id } ownedEntities { totalCount } workgroups { totalCount } tasks { totalCount } files { totalCount } } accessTokens { totalCount } }";
        let fresh = ann.query(query, json!({"id": invited.at("user.id")})).await.ok();
        let nothing = json!({"totalCount": 0});
        assert_eq!(fresh.at("user"), &json!({"isAdministrator": false, "personalPermissions": [], "manager": null, "department": null,
            "ownedEntities": nothing, "workgroups": nothing, "tasks": nothing, "files": nothing}));
        assert_eq!(fresh.at("accessTokens.totalCount"), 0);
        let books = Books::checked(&office.storage, None).await;
        let id = invited.text("user.id").parse().expect("an ID");
        assert_eq!(books.events_of(id).count(), 2, "invited and accepted, nothing else");
        assert_eq!(books.events_of(company.emma.id).count(), 2, "a token created, and deleted");
    }

    /// L5, V4, R2: in no list, count, filter or seat, for anybody; and a byline tells no more than that of a leaver who is hidden.
    async fn l5_a_deleted_person_is_nowhere(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, ben) = (office.sign_in(&company.ann).await, office.sign_in(&company.ben).await);
        let gone = company.leaver("Zoe", "Zephyr").await;
        company.deals(&company.leo, 1).await;
        company.deals(&gone, 1).await;
        company.deals(&company.emma, 1).await;
        let seats = ann.query("{ license { seatsUsed } }", json!({})).await.ok();
        delete(&ann, &company.emma).await;
        delete(&ann, &gone).await;
        let after = ann.query("{ license { seatsUsed } }", json!({})).await.ok();
        assert_eq!(after.at("license.seatsUsed").as_i64(), seats.at("license.seatsUsed").as_i64().map(|n| n - 1), "the leaver held none");

        let eva = office.sign_in(&company.eva).await;
        let lists = "query($ids: [ID!]!, $id: ID!, $sales: ID!, $group: ID!) {
            users(first: 100, filter: {statuses: [INVITED, ACTIVE, DISMISSED]}) { nodes { id } } search: users(filter: {query: \"novak\"}) { totalCount }
            user(id: $id) { id } nodes(ids: $ids) { id } ownedEntities(filter: {responsibleIds: $ids}) { totalCount }
            sales: node(id: $sales) { ... on Department { members { totalCount nodes { id } } } }
            group: node(id: $group) { ... on Workgroup { memberCount members { nodes { member { displayName } } } } } }";
        let variables = json!({"ids": [company.emma.id, gone.id], "id": company.emma.id, "sales": company.sales, "group": company.project});
        for shown in [false, true] {
            ann.run("updateSettings", json!({"showDismissedUsers": shown}), "settings { id }").await.ok();
            for viewer in [&ann, &ben, &eva] {
                let answer = viewer.query(lists, variables.clone()).await;
                assert!(answer.body["data"].is_object(), "{:#}", answer.body);
                let text = answer.body["data"].to_string();
                for trace in [company.emma.id.to_string(), gone.id.to_string(), "Novak".to_owned(), "Zephyr".to_owned()] {
                    assert!(!text.contains(&trace), "{trace} in {text}");
                }
            }
        }
        ann.run("updateSettings", json!({"showDismissedUsers": false}), "settings { id }").await.ok();
        let counts = ann.query(lists, variables).await.ok();
        assert_eq!((counts.at("search.totalCount"), counts.at("ownedEntities.totalCount")), (&json!(0), &json!(0)));
        assert_eq!((counts.at("sales.members.totalCount"), counts.at("group.memberCount")), (&json!(1), &json!(2)));

        // To Ben, the two deleted and the hidden leaver look alike but for their names.
        let query = format!("{{ ownedEntities(filter: {{kinds: [DEAL]}}) {{ nodes {{ createdBy {{ __typename {BYLINE} }} }} }} }}");
        let bylines = ben.query(&query, json!({})).await.ok();
        let alike: Vec<Value> = bylines.list("ownedEntities.nodes").iter().map(|node| {
            let mut byline = node["createdBy"].clone();
            assert_ne!(byline["displayName"], "Former user");
            byline["displayName"] = Value::Null;
            byline["initials"] = Value::Null;
            byline
        }).collect();
        assert_eq!(alike.len(), 3);
        assert!(alike.iter().all(|byline| byline == &alike[0]) && alike[0]["user"].is_null(), "{alike:?}");
    }

    /// L2: names of people whose row is gone cost one statement, however many they are, and none where there are none.
    async fn l2_names_of_deleted_people_come_all_at_once(db: Backend) {
        let office = Office::open_with(db, Wish::without_polling).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let people = company.add_many(20, "Passing", crate::support::company::Traits::default()).await;
        for person in &people {
            company.deals(person, 1).await;
        }
        let query = "{ ownedEntities(first: 50) { nodes { createdBy { displayName } responsible { displayName } } } }";
        let mut costs = Vec::new();
        for deleted in [0, 1, 20] {
            for person in people.iter().take(deleted).skip(usize::from(deleted == 20)) {
                delete(&ann, person).await;
            }
            office.quiet().await;
            let before = office.storage.statements();
            let answer = ann.query(query, json!({})).await.ok();
            costs.push(office.storage.statements() - before);
            let mut names: Vec<&str> = answer.list("ownedEntities.nodes").iter().filter_map(|n| n["createdBy"]["displayName"].as_str()).collect();
            names.sort_unstable();
            assert_eq!(names, people.iter().map(|p| p.name.as_str()).collect::<Vec<_>>());
        }
        assert_eq!(costs, [costs[0], costs[0] + 1, costs[0] + 1]);
    }

    /// S2, L2: who is taken back before they ever belonged is deleted as well, and keeps a name where one is told.
    async fn l2_an_access_token_is_named_with_its_owner_as_recorded(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let token = hr.run("createAccessToken", json!({"name": "sync", "permissions": ["ENTITIES_REASSIGN", "ENTITIES_READ", "ENTITIES_WRITE"]}), "secret").await.ok();
        let sync = office.server.with_token(&token.text("secret"));
        let made = sync.run("upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "d", "title": "t", "responsibleId": company.ben.id}]}), "entities { id }").await.ok();
        let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on Deal {{ createdBy {{ {BYLINE} }} }} }} }}");
        delete(&ann, &company.hr).await;
        let seen = ann.query(&query, json!({"id": made.at("entities.0.id")})).await.ok();
        assert_eq!(seen.at("node.createdBy"), &json!({"kind": "ACCESS_TOKEN", "displayName": "sync (Hana Reed)", "initials": "S", "avatarUrl": null, "user": null}));
    }
}
