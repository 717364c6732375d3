//! Bad input: one clear error with a code, the name of the field, and nothing changed.

use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;

async fn raw(person: &Person, body: &str) -> Answer {
    let request = person.request(reqwest::Method::POST).header("content-type", "application/json").body(body.to_owned());
    Answer::read(request.send().await.expect("an answer")).await
}

on_both! {
    /// PLATFORM §3: what is no GraphQL request.
    async fn broken_requests(db: Backend) {
        let office = Office::open(db).await;
        let ben = office.sign_in(&office.company.ben).await;
        for body in ["{", "", "[]", "42", "{\"query\": 1}", "{}", "{\"query\": \"{ viewer { user { id } } }\", \"variables\": []}", "{\"query\": \"{ viewer { user { id } } }\", \"extensions\": 3}", "[{\"query\": \"{ viewer { user { id } } }\"}]"] {
            let answer = raw(&ben, body).await;
            assert_eq!((answer.status.as_u16(), answer.error_codes()), (400, vec!["BAD_USER_INPUT".to_owned()]), "{body}: {:#}", answer.body);
            assert!(answer.body.get("data").is_none());
            assert!(answer.headers.contains_key("x-request-id"));
        }
        let parse = ben.query("{ viewer { ", json!({})).await;
        assert_eq!(parse.error_codes(), ["GRAPHQL_PARSE_FAILED"]);
        assert!(parse.body.get("data").is_none());
        let unknown = ben.query("{ viewer { user { salary } } }", json!({})).await;
        assert_eq!(unknown.error_codes(), ["GRAPHQL_VALIDATION_FAILED"]);
        let operation = ben.post(&json!({"query": "query A { viewer { user { id } } } query B { viewer { user { id } } }", "operationName": "C"})).await;
        assert_eq!(operation.error_codes(), ["OPERATION_RESOLUTION_FAILURE"]);
        let variable = ben.query("query($id: ID!) { node(id: $id) { id } }", json!({})).await;
        assert_eq!(variable.error_codes(), ["BAD_USER_INPUT"]);
        assert!(variable.body.get("data").is_none());
        let argument = ben.run("dismiss", json!({"userId": office.company.emma.id, "unknown": 1}), "user { id }").await;
        assert_eq!(argument.answer.error_codes(), ["BAD_USER_INPUT"]);
        let bad_token = office.server.with_token("nonsense").query("{ viewer { user { id } } }", json!({})).await;
        assert_eq!(bad_token.status, 401);
        assert!(bad_token.headers.contains_key("www-authenticate"));
    }

    /// V7, V8: IDs, pages and cursors.
    async fn ids_pages_and_cursors(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ben = office.sign_in(&company.ben).await;
        let by_id = "query($id: ID!) { node(id: $id) { id } }";
        for bad in ["xyz_00000000000000000000000000", "usr", "", "usr_0000000000000000000000000U", "usr_zzzzzzzzzzzzzzzzzzzzzzzzzz", "\u{0}"] {
            ben.query(by_id, json!({"id": bad})).await.fails("BAD_USER_INPUT");
        }
        ben.query("query($id: ID!) { user(id: $id) { id } }", json!({"id": company.sales})).await.fails("BAD_USER_INPUT");
        assert_eq!(ben.query(by_id, json!({"id": "usr_00000000000000000000000000"})).await.ok().at("node"), &Value::Null);
        for arguments in ["first: 0", "first: 101", "first: -1", "last: 0", "last: 101", "first: 2, last: 2", "after: \"nonsense\"", "filter: {statuses: []}", "filter: {kinds: []}", "filter: {departmentIds: []}"] {
            let answer = ben.query(&format!("{{ users({arguments}) {{ nodes {{ id }} }} }}"), json!({})).await.fails("BAD_USER_INPUT");
            let message = answer.body["errors"][0]["message"].as_str().expect("a message").to_owned();
            let named = arguments.split([':', ',']).next().expect("a name");
            assert!(message.contains(named) || message.contains("statuses") || message.contains("kinds") || message.contains("departmentIds"), "{arguments}: {message}");
            assert_eq!(answer.body["data"]["users"], Value::Null);
        }
        ben.query("{ users(filter: {ownsEntitiesOfKinds: []}) { totalCount } }", json!({})).await.ok();
        let cursor = ben.query("{ users(first: 1) { edges { cursor } } ownedEntities { totalCount } }", json!({})).await.ok().text("users.edges.0.cursor");
        let with = |list: &str| format!("query($c: String!) {{ {list} }}");
        ben.query(&with("users(after: $c) { nodes { id } }"), json!({"c": cursor})).await.ok();
        ben.query(&with("users(after: $c, filter: {kinds: [INTRANET]}) { nodes { id } }"), json!({"c": cursor})).await.ok();
        for list in ["departments(after: $c) { nodes { id } }", "ownedEntities(after: $c) { nodes { id } }", "users(after: $c, orderBy: {field: CREATED_AT, direction: ASC}) { nodes { id } }", "users(after: $c, orderBy: {field: DISPLAY_NAME, direction: DESC}) { nodes { id } }"] {
            ben.query(&with(list), json!({"c": cursor})).await.fails("BAD_USER_INPUT");
        }
        ben.query("{ users(filter: {dismissedAt: {from: \"2020-01-01T00:00:00Z\"}}) { totalCount } }", json!({})).await.fails("FORBIDDEN");
        ben.query("{ users(filter: {statuses: [DISMISSED]}, orderBy: {field: DISMISSED_AT, direction: ASC}) { totalCount } }", json!({})).await.fails("FORBIDDEN");
        ben.query("{ ownedEntities(filter: {formerResponsibleIds: [\"usr_00000000000000000000000000\"]}) { totalCount } }", json!({})).await.fails("FORBIDDEN");
        ben.query("query($id: ID!) { user(id: $id) { ownedEntities(filter: {responsibleIds: [$id]}) { totalCount } } }", json!({"id": company.ben.id})).await.fails("BAD_USER_INPUT");
        ben.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": vec![company.ben.id; 101]})).await.fails("BAD_USER_INPUT");
    }

    /// All faults of shape at once, each at its field.
    async fn shapes_of_mutations(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let before = hr.query("{ users(first: 100) { totalCount } }", json!({})).await.ok();
        hr.run("invite", json!({"email": "a@b@c", "kind": "EXTRANET", "firstName": " ", "lastName": "a\u{202e}b", "jobTitle": "x".repeat(101), "departmentId": company.sales}), "user { id }").await
            .refused_at(&[("EMAIL_INVALID", "input.email"), ("INPUT_INVALID", "input.firstName"), ("INPUT_INVALID", "input.lastName"), ("INPUT_INVALID", "input.jobTitle"), ("INPUT_INVALID", "input.departmentId")]);
        for bad in ["", "a", "a@", "@b.example", "a b@c.example", "a@b..example", "a@\u{202e}c.example", "ä@c.example", "a\n@c.example"] {
            hr.run("invite", json!({"email": bad, "kind": "INTRANET", "firstName": "A", "lastName": "B"}), "user { id }").await.refused_at(&[("EMAIL_INVALID", "input.email")]);
        }
        hr.run("updateUser", json!({"userId": company.emma.id, "firstName": null, "avatarUrl": "javascript:alert(1)", "jobTitle": "a\u{7}b"}), "user { id }").await
            .refused_at(&[("INPUT_INVALID", "input.firstName"), ("INPUT_INVALID", "input.jobTitle"), ("INPUT_INVALID", "input.avatarUrl")]);
        let many: Vec<Value> = (0..501).map(|n| json!({"kind": "DEAL", "externalId": format!("d{n}"), "title": "t", "responsibleId": company.hr.id})).collect();
        hr.run("upsertOwnedEntities", json!({"entities": many}), "createdCount").await.refused_at(&[("INPUT_INVALID", "input.entities")]);
        hr.run("upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "", "title": "t", "dueAt": "2026-01-01T00:00:00Z"}, {"kind": "TASK", "externalId": "t", "amount": "1", "title": "\u{0}"}]}), "createdCount").await
            .refused_at(&[("INPUT_INVALID", "input.entities.0.dueAt"), ("INPUT_INVALID", "input.entities.0.externalId"), ("INPUT_INVALID", "input.entities.1.amount"), ("INPUT_INVALID", "input.entities.1.title")]);
        hr.run("reassign", json!({"selection": {"ids": []}, "toUserIds": [], "note": "n".repeat(2001)}), "reassignment { id }").await
            .refused_at(&[("INPUT_INVALID", "input.selection.ids"), ("INPUT_INVALID", "input.toUserIds"), ("INPUT_INVALID", "input.note")]);
        hr.run("transferEmail", json!({"address": "x", "toUserId": company.ben.id, "roles": ["INVITATION"]}), "movedRoles").await
            .refused_at(&[("EMAIL_INVALID", "input.address"), ("INPUT_INVALID", "input.roles")]);
        hr.run("createDepartment", json!({"name": " "}), "department { id }").await.refused_at(&[("INPUT_INVALID", "input.name")]);
        hr.run("createWorkgroup", json!({"name": "x".repeat(101), "isExtranet": false}), "workgroup { id }").await.refused_at(&[("INPUT_INVALID", "input.name")]);
        hr.run("addWorkgroupMembers", json!({"workgroupId": company.inside, "userIds": []}), "workgroup { id }").await.refused_at(&[("INPUT_INVALID", "input.userIds")]);
        hr.run("createAccessToken", json!({"name": "", "permissions": [], "expiresAt": "2001-01-01T00:00:00Z"}), "secret").await
            .refused_at(&[("INPUT_INVALID", "input.name"), ("INPUT_INVALID", "input.permissions"), ("INPUT_INVALID", "input.expiresAt")]);
        // What PostgreSQL cannot store is bad input on both.
        hr.run("invite", json!({"email": "n@example.com", "kind": "INTRANET", "firstName": "N", "lastName": "U", "idempotencyKey": "a\u{0}b"}), "user { id }").await
            .refused_at(&[("INPUT_INVALID", "input.idempotencyKey")]);
        hr.query("{ ownedEntities(filter: {externalIds: [\"a\\u0000\"]}) { totalCount } }", json!({})).await.fails("BAD_USER_INPUT");
        hr.run("reassign", json!({"selection": {"matching": {"isOrphaned": true, "externalIds": ["a", "b\u{0}"]}}, "toUserIds": [company.ben.id]}), "reassignment { id }").await
            .refused_at(&[("INPUT_INVALID", "input.selection.matching.externalIds.1")]);
        let after = hr.query("{ users(first: 100) { totalCount } ownedEntities { totalCount } }", json!({})).await.ok();
        assert_eq!(before.at("users"), after.at("users"));
        assert_eq!(after.at("ownedEntities.totalCount"), 0);
    }
}
