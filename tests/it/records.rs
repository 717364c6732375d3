//! `upsertOwnedEntities`, `deleteOwnedEntities` and reading records (I5, S7, V6, H10).

use serde_json::{Value, json};
use tenure_core::record::RecordKind;

use crate::support::company::State;
use crate::support::office::Office;
use crate::support::on_both;

const COUNTS: &str = "createdCount updatedCount";

on_both! {
    /// All nine kinds with everything that they have, in one go and referring to each other; a repeat changes nothing.
    async fn nine_kinds_are_created_and_changed(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let emma = &company.emma;
        let entities = json!([
            {"kind": "DEAL", "externalId": "d1", "title": "Crane for Lübeck", "responsibleId": emma.id, "stage": "offer", "amount": "125000.50", "currency": "EUR", "companyExternalId": "c1", "contactExternalId": "p1"},
            {"kind": "COMPANY", "externalId": "c1", "title": "Hafen GmbH", "responsibleEmail": emma.email, "website": "https://hafen.example", "industry": "Ports"},
            {"kind": "CONTACT", "externalId": "p1", "title": "Paul Meier", "responsibleId": emma.id, "email": "paul@hafen.example", "phone": "+49 451 1", "companyExternalId": "c1"},
            {"kind": "LEAD", "externalId": "l1", "title": "Asked at the fair", "responsibleId": emma.id, "source": "fair", "amount": "10", "currency": "USD"},
            {"kind": "ESTIMATE", "externalId": "e1", "title": "Estimate 1", "responsibleId": emma.id, "dealExternalId": "d1", "dueOn": "2027-01-31", "amount": "-1.5", "currency": "EUR"},
            {"kind": "INVOICE", "externalId": "i1", "title": "Invoice 1", "responsibleId": emma.id, "dealExternalId": "d1", "dueOn": "2027-02-28", "isClosed": true},
            {"kind": "ACTIVITY", "externalId": "a1", "title": "Call Paul", "responsibleId": emma.id, "subjectKind": "DEAL", "subjectExternalId": "d1", "activityType": "CALL", "dueAt": "2027-01-01T10:00:00Z"},
            {"kind": "TASK", "externalId": "t1", "title": "Check the drawings", "responsibleId": emma.id, "workgroupId": company.project, "dueAt": "2027-01-02T10:00:00+01:00", "participants": [{"userId": company.ben.id, "role": "OBSERVER"}, {"userId": company.eva.id, "role": "PARTICIPANT"}]},
            {"kind": "FILE", "externalId": "f1", "title": "drawing.pdf", "responsibleId": emma.id, "sizeInBytes": "5000000000", "mediaType": "application/pdf"},
        ]);
        company_workgroup(&office).await;
        let fields = "createdCount updatedCount entities { __typename id kind version title isClosed externalId responsible { displayName } createdBy { displayName } viewerCanReassign \
            ... on Deal { stage value { amount currency } company { title } contact { title company { title } } activities { nodes { title subject { title } } } } \
            ... on Company { website industry } ... on Contact { email phone company { title } } ... on Lead { source value { amount currency } } \
            ... on Estimate { value { amount currency } deal { title } validUntil } ... on Invoice { value { amount } deal { title } dueOn } \
            ... on Activity { type dueAt subject { title } } ... on Task { dueAt workgroup { name } participants { role person { displayName } } } ... on File { sizeInBytes mediaType workgroup { name } } }";
        let made = hr.run("upsertOwnedEntities", json!({"entities": entities}), fields).await.ok();
        assert_eq!((made.at("createdCount"), made.at("updatedCount")), (&json!(9), &json!(0)));
        assert_eq!(made.at("entities.0.value"), &json!({"amount": "125000.50", "currency": "EUR"}));
        assert_eq!(made.at("entities.0.contact"), &json!({"title": "Paul Meier", "company": {"title": "Hafen GmbH"}}));
        assert_eq!(made.at("entities.0.activities.nodes"), &json!([{"title": "Call Paul", "subject": {"title": "Crane for Lübeck"}}]));
        assert_eq!(made.at("entities.4.validUntil"), "2027-01-31");
        assert_eq!(made.at("entities.4.value.amount"), "-1.5");
        assert_eq!(made.at("entities.7.dueAt"), "2027-01-02T09:00:00.000Z");
        assert_eq!(made.at("entities.7.participants"), &json!([
            {"role": "RESPONSIBLE", "person": {"displayName": "Emma Novak"}}, {"role": "CREATOR", "person": {"displayName": "Hana Reed"}},
            {"role": "PARTICIPANT", "person": {"displayName": "Eva Extern"}}, {"role": "OBSERVER", "person": {"displayName": "Ben Okoro"}}]));
        assert_eq!(made.at("entities.8.sizeInBytes"), "5000000000");
        assert_eq!(made.at("entities.0.createdBy.displayName"), "Hana Reed");

        let again = hr.run("upsertOwnedEntities", json!({"entities": entities}), COUNTS).await.ok();
        assert_eq!((again.at("createdCount"), again.at("updatedCount")), (&json!(0), &json!(0)));
        let changed = hr.run("upsertOwnedEntities", json!({"entities": [
            {"kind": "DEAL", "externalId": "d1", "stage": null, "amount": "99", "companyExternalId": null, "isClosed": true},
            {"kind": "TASK", "externalId": "t1", "participants": []},
            {"kind": "FILE", "externalId": "f1", "responsibleId": company.ben.id},
        ]}), "createdCount updatedCount entities { version title isClosed ... on Deal { stage value { amount currency } company { id } contact { title } } ... on Task { participants { role } } ... on File { mediaType ownershipChanges { nodes { from { displayName } to { displayName } reassignment { id } } } } }").await.ok();
        assert_eq!((changed.at("createdCount"), changed.at("updatedCount")), (&json!(0), &json!(3)));
        assert_eq!(changed.at("entities.0"), &json!({"version": 2, "title": "Crane for Lübeck", "isClosed": true, "stage": null, "value": {"amount": "99", "currency": "EUR"}, "company": null, "contact": {"title": "Paul Meier"}}));
        assert_eq!(changed.at("entities.1.participants"), &json!([{"role": "RESPONSIBLE"}, {"role": "CREATOR"}]));
        assert_eq!(changed.at("entities.2.ownershipChanges.nodes"), &json!([{"from": {"displayName": "Emma Novak"}, "to": {"displayName": "Ben Okoro"}, "reassignment": null}]));
        // Free text: each word begins a word of the title, folded.
        let found = hr.query("{ a: ownedEntities(filter: {query: \"LUB cra\"}) { nodes { title } } b: ownedEntities(filter: {query: \"übeck\"}) { totalCount } c: ownedEntities(filter: {externalIds: [\"p1\", \"l1\"]}, orderBy: {field: TITLE, direction: ASC}) { nodes { title } } }", json!({})).await.ok();
        assert_eq!(found.at("a.nodes"), &json!([{"title": "Crane for Lübeck"}]));
        assert_eq!(found.at("b.totalCount"), 0);
        assert_eq!(found.at("c.nodes"), &json!([{"title": "Asked at the fair"}, {"title": "Paul Meier"}]));
    }

    /// V6: who writes what they may not read is told how many, and no more; a repeat tells the same.
    async fn v6_who_may_write_is_shown_what_they_may_read(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let deal = |id: &str, more: Value| {
            let mut entity = json!({"kind": "DEAL", "externalId": id});
            entity.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            entity
        };
        let made = json!({"entities": [deal("hers", json!({"title": "Secret", "responsibleId": company.emma.id, "stage": "late", "amount": "1000000", "currency": "EUR"}))]});
        hr.run("upsertOwnedEntities", made, COUNTS).await.ok();
        let token = async |permissions: Value| {
            let made = hr.run("createAccessToken", json!({"name": "sync", "permissions": permissions}), "secret").await.ok();
            office.server.with_token(&made.text("secret"))
        };
        let fields = "createdCount updatedCount entities { title externalId responsible { displayName } ownershipChanges { totalCount } }";
        let input = json!({"entities": [
            deal("hers", json!({"isClosed": true})),
            deal("mine", json!({"title": "Mine", "responsibleId": company.hr.id})),
            deal("his", json!({"title": "His", "responsibleId": company.ben.id})),
        ], "idempotencyKey": "once"});
        let writer = token(json!(["ENTITIES_REASSIGN"])).await;
        let done = writer.run("upsertOwnedEntities", input.clone(), fields).await.ok();
        let expected = json!({"createdCount": 2, "updatedCount": 1, "entities": [{"title": "Mine", "externalId": "mine", "responsible": {"displayName": "Hana Reed"}, "ownershipChanges": {"totalCount": 0}}], "userErrors": []});
        assert_eq!(done.payload(), &expected, "one's own are seen without ENTITIES_READ");
        assert_eq!(writer.run("upsertOwnedEntities", input, fields).await.ok().payload(), &expected, "I8");
        let given = deal("mine", json!({"responsibleId": company.ben.id}));
        let gone = token(json!(["ENTITIES_WRITE"])).await.run("upsertOwnedEntities", json!({"entities": [given]}), fields).await;
        assert_eq!(gone.verdict(), "OK");
        assert_eq!(gone.at("entities"), &json!([]), "given away, it is out of sight");
        let reader = token(json!(["ENTITIES_REASSIGN", "ENTITIES_READ"])).await;
        let seen = reader.run("upsertOwnedEntities", json!({"entities": [deal("hers", json!({"isClosed": false}))]}), fields).await.ok();
        assert_eq!(seen.at("entities.0.title"), "Secret");
    }

    /// DOMAIN §5: the address of somebody hidden, present responsible or not, is answered like one that nobody has.
    async fn v4_an_address_names_only_whom_one_sees(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, ben) = (office.sign_in(&company.ann).await, office.sign_in(&company.ben).await);
        let entity = |email: &str| json!({"entities": [{"kind": "DEAL", "externalId": "left", "title": "Left", "responsibleEmail": email}]});
        let temp = company.employee("Tom", "Temp").await;
        ann.run("upsertOwnedEntities", entity(&temp.email), COUNTS).await.ok();
        ann.run("dismiss", json!({"userId": temp.id}), "user { id }").await.ok();
        let hidden = ben.run("upsertOwnedEntities", entity(&temp.email), COUNTS).await;
        let missing = ben.run("upsertOwnedEntities", entity("nobody@example.com"), COUNTS).await;
        hidden.clone().refused_at(&[("NOT_PERMITTED", "input.entities.0")]);
        assert_eq!(hidden.answer.body, missing.answer.body);
        // Who sees them may name them; who has nobody is named at the field that was given.
        ann.run("upsertOwnedEntities", entity(&temp.email), COUNTS).await.ok();
        ann.run("upsertOwnedEntities", entity("nobody@example.com"), COUNTS).await.refused_at(&[("RESPONSIBLE_NOT_ELIGIBLE", "input.entities.0.responsibleEmail")]);
        let by_id = json!({"entities": [{"kind": "DEAL", "externalId": "left", "responsibleId": company.leo.id}]});
        ann.run("upsertOwnedEntities", by_id, COUNTS).await.refused_at(&[("RESPONSIBLE_NOT_ELIGIBLE", "input.entities.0.responsibleId")]);
        ben.run("upsertOwnedEntities", entity(&company.ben.email), "entities { responsible { displayName } }").await.ok();
    }

    /// V8: case is folded in full, in rows and in what is searched for.
    async fn v8_free_text_folds_case_in_full(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let entities = ["Große Straße 1", "GROSSE STRASSE 2", "ΟΔΟΣ"].iter().enumerate().map(|(n, title)| json!({"kind": "DEAL", "externalId": n.to_string(), "title": title, "responsibleId": company.emma.id}));
        hr.run("upsertOwnedEntities", json!({"entities": entities.collect::<Vec<_>>()}), COUNTS).await.ok();
        hr.run("updateUser", json!({"userId": company.emma.id, "lastName": "Weiß"}), "user { id }").await.ok();
        let search = "query($q: String!) { ownedEntities(filter: {query: $q}) { totalCount } users(filter: {query: $q}) { totalCount } }";
        for (query, records, people) in [("strass", 2, 0), ("große STRAẞE", 2, 0), ("Straße", 2, 0), ("οδος", 1, 0), ("weiss", 0, 1), ("WEISS", 0, 1), ("weiß", 0, 1)] {
            let found = hr.query(search, json!({"q": query})).await.ok();
            assert_eq!((found.at("ownedEntities.totalCount"), found.at("users.totalCount")), (&json!(records), &json!(people)), "{query}");
        }
    }

    /// S7: with ENTITIES_WRITE one's own; everything else needs ENTITIES_REASSIGN.
    async fn writing_covers_ones_own_and_orphaned_records(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let deal = |id: &str, responsible: Value| json!({"entities": [{"kind": "DEAL", "externalId": id, "title": id, "responsibleId": responsible}]});
        for (id, owner) in [("own", company.ben.id), ("hers", company.emma.id), ("left", company.emma.id)] {
            hr.run("upsertOwnedEntities", deal(id, json!(owner)), COUNTS).await.ok();
        }
        let temp = company.employee("Tess", "Temp").await;
        hr.run("upsertOwnedEntities", deal("orphan", json!(temp.id)), COUNTS).await.ok();
        hr.run("dismiss", json!({"userId": temp.id}), "user { id }").await.ok();
        ben.run("upsertOwnedEntities", deal("new", json!(company.ben.id)), COUNTS).await.ok();
        ben.run("upsertOwnedEntities", deal("other", json!(company.emma.id)), COUNTS).await.refused("NOT_PERMITTED");
        ben.run("upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "hers", "stage": "won"}]}), COUNTS).await.refused("NOT_PERMITTED");
        ben.run("upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "own", "stage": "won"}]}), COUNTS).await.ok();
        ben.run("upsertOwnedEntities", deal("own", json!(company.leo.id)), COUNTS).await.refused("RESPONSIBLE_NOT_ELIGIBLE");
        ben.run("upsertOwnedEntities", deal("own", json!(company.eva.id)), COUNTS).await.refused("RESPONSIBLE_NOT_ELIGIBLE");
        ben.run("upsertOwnedEntities", deal("own", json!(company.emma.id)), COUNTS).await.ok();
        // Orphaned: changed, and taken for oneself; naming the present responsible again is no change.
        ben.run("upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "orphan", "stage": "open", "responsibleId": temp.id}]}), COUNTS).await.ok();
        ben.run("upsertOwnedEntities", deal("orphan", json!(company.emma.id)), COUNTS).await.refused("NOT_PERMITTED");
        let ids = hr.query("{ ownedEntities(filter: {externalIds: [\"orphan\", \"new\", \"hers\"]}, orderBy: {field: TITLE, direction: ASC}) { nodes { id viewerCanReassign } } }", json!({})).await.ok();
        let id = |n: usize| ids.at(&format!("ownedEntities.nodes.{n}.id")).clone();
        let can = ben.query("{ ownedEntities(filter: {externalIds: [\"orphan\", \"new\", \"hers\"]}, orderBy: {field: TITLE, direction: ASC}) { nodes { viewerCanReassign } } }", json!({})).await.ok();
        assert_eq!(can.at("ownedEntities.nodes"), &json!([{"viewerCanReassign": false}, {"viewerCanReassign": true}, {"viewerCanReassign": true}]));
        ben.run("deleteOwnedEntities", json!({"ids": [id(2)]}), "deletedIds").await.refused("NOT_PERMITTED");
        ben.run("upsertOwnedEntities", deal("orphan", json!(company.ben.id)), COUNTS).await.ok();
        let gone = ben.run("deleteOwnedEntities", json!({"ids": [id(2), id(1), "dea_00000000000000000000000000"]}), "deletedIds").await.ok();
        assert_eq!(gone.at("deletedIds"), &json!([id(2), id(1)]));
    }

    /// I5: external people hold tasks and files of their workgroups only. References exist, or the record is refused.
    async fn external_people_hold_tasks_of_their_workgroups(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        company_workgroup(&office).await;
        let hr = office.sign_in(&company.hr).await;
        let task = |workgroup: Value| json!({"entities": [{"kind": "TASK", "externalId": "t", "title": "Measure", "responsibleId": company.eva.id, "workgroupId": workgroup}]});
        hr.run("upsertOwnedEntities", task(Value::Null), COUNTS).await.refused("RESPONSIBLE_NOT_ELIGIBLE");
        hr.run("upsertOwnedEntities", task(json!(company.portal)), COUNTS).await.refused("RESPONSIBLE_NOT_ELIGIBLE");
        hr.run("upsertOwnedEntities", task(json!(company.project)), COUNTS).await.ok();
        hr.run("upsertOwnedEntities", json!({"entities": [{"kind": "TASK", "externalId": "t", "workgroupId": null}]}), COUNTS).await.refused("RESPONSIBLE_NOT_ELIGIBLE");
        let eva = office.sign_in(&company.eva).await;
        let mine = eva.query("{ viewer { user { tasks { nodes { title responsible { displayName } workgroup { name } } } ownedEntities { totalCount } } } }", json!({})).await.ok();
        assert_eq!(mine.at("viewer.user.tasks.nodes"), &json!([{"title": "Measure", "responsible": {"displayName": "Eva Extern"}, "workgroup": {"name": "Project"}}]));
        for (field, value) in [("companyExternalId", "nope"), ("contactExternalId", "nope")] {
            let mut entity = json!({"kind": "DEAL", "externalId": "d", "title": "t", "responsibleId": company.emma.id});
            entity[field] = json!(value);
            hr.run("upsertOwnedEntities", json!({"entities": [entity]}), COUNTS).await.refused_at(&[("REFERENCE_NOT_FOUND", &format!("input.entities.0.{field}"))]);
        }
        hr.run("upsertOwnedEntities", json!({"entities": [{"kind": "TASK", "externalId": "t2", "title": "t", "responsibleId": company.emma.id, "workgroupId": "wgr_00000000000000000000000000"}]}), COUNTS).await.refused("REFERENCE_NOT_FOUND");
        hr.run("upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "x", "title": "t"}]}), COUNTS).await.refused_at(&[("INPUT_INVALID", "input.entities.0.responsibleId")]);
    }

    /// REFERENCED: what another record refers to is not deleted, unless that goes too.
    async fn referenced_records_stay(db: Backend) {
        let office = Office::open(db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let id = office.company.emma.id;
        let made = hr.run("upsertOwnedEntities", json!({"entities": [
            {"kind": "COMPANY", "externalId": "c", "title": "C", "responsibleId": id},
            {"kind": "DEAL", "externalId": "d", "title": "D", "responsibleId": id, "companyExternalId": "c"},
            {"kind": "ACTIVITY", "externalId": "a", "title": "A", "responsibleId": id, "subjectKind": "DEAL", "subjectExternalId": "d"},
        ], "idempotencyKey": "k"}), "entities { id }").await.ok();
        let ids: Vec<Value> = made.at("entities").as_array().expect("a list").iter().map(|e| e["id"].clone()).collect();
        hr.run("deleteOwnedEntities", json!({"ids": [ids[0]]}), "deletedIds").await.refused_at(&[("REFERENCED", "input.ids.0")]);
        hr.run("deleteOwnedEntities", json!({"ids": [ids[0], ids[1]]}), "deletedIds").await.refused_at(&[("REFERENCED", "input.ids.1")]);
        let gone = hr.run("deleteOwnedEntities", json!({"ids": ids, "idempotencyKey": "k"}), "deletedIds").await.ok();
        assert_eq!(gone.at("deletedIds"), &json!(ids));
        let repeat = hr.run("deleteOwnedEntities", json!({"ids": ids, "idempotencyKey": "k"}), "deletedIds").await.ok();
        assert_eq!(repeat.at("deletedIds"), &json!(ids), "I8");
    }

    /// V3, V6: who reads what.
    async fn records_are_read_by_right_or_by_taking_part(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        company_workgroup(&office).await;
        let hr = office.sign_in(&company.hr).await;
        let deal = company.record(&company.emma, RecordKind::Deal, State::Open).await;
        let made = hr.run("upsertOwnedEntities", json!({"entities": [
            {"kind": "TASK", "externalId": "in", "title": "In", "responsibleId": company.emma.id, "workgroupId": company.project},
            {"kind": "TASK", "externalId": "out", "title": "Out", "responsibleId": company.emma.id},
            {"kind": "FILE", "externalId": "file", "title": "File", "responsibleId": company.emma.id, "workgroupId": company.project},
        ]}), "entities { id }").await.ok();
        let ids = json!([deal, made.at("entities.0.id"), made.at("entities.1.id"), made.at("entities.2.id")]);
        let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on OwnedEntity { title } } }";
        let eva = office.sign_in(&company.eva).await;
        let seen = eva.query(nodes, json!({"ids": ids})).await.ok();
        assert_eq!(seen.at("nodes"), &json!([null, {"title": "In"}, null, {"title": "File"}]), "V3: tasks and files of one's workgroups");
        let group = eva.query("query($id: ID!) { node(id: $id) { ... on Workgroup { name tasks { totalCount nodes { title } } files { nodes { title } } members { nodes { member { displayName user { displayName department { name } contactEmail manager { displayName } viewerCannotDismissReasons } } } } } } }", json!({"id": company.project})).await.ok();
        assert_eq!(group.at("node.tasks"), &json!({"totalCount": 1, "nodes": [{"title": "In"}]}));
        let members = group.list("node.members.nodes");
        assert!(members.contains(&json!({"member": {"displayName": "Emma Novak", "user": {"displayName": "Emma Novak", "department": null, "contactEmail": null, "manager": null, "viewerCannotDismissReasons": ["NOT_PERMITTED"]}}})), "{members:?}");
        let token = hr.run("createAccessToken", json!({"name": "t", "permissions": ["USERS_READ"]}), "secret").await.ok();
        let blind = office.server.with_token(&token.text("secret"));
        assert_eq!(blind.query(nodes, json!({"ids": ids})).await.ok().at("nodes"), &json!([null, {"title": "In"}, {"title": "Out"}, {"title": "File"}]), "by taking part: Hana made them");
        let nobody = office.sign_in(&company.employee("Nick", "New").await).await;
        assert_eq!(nobody.query(nodes, json!({"ids": ids})).await.ok().list("nodes").iter().filter(|n| n.is_null()).count(), 0);
    }
}

/// Hana belongs to the project, so that she sees it.
async fn company_workgroup(office: &Office) {
    let hr = office.sign_in(&office.company.hr).await;
    let input = json!({"workgroupId": office.company.project, "userIds": [office.company.hr.id]});
    hr.run("addWorkgroupMembers", input, "workgroup { memberCount }").await.ok();
}
