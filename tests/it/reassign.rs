//! `reassign` (H1–H5, H8, H11).

use serde_json::{Value, json};
use tenure_core::record::RecordKind;

use crate::support::company::State;
use crate::support::office::Office;
use crate::support::on_both;

on_both! {
    /// H5: what cannot be moved by ID is skipped and says why.
    async fn what_cannot_be_moved_is_skipped(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let hers = company.record(&company.emma, RecordKind::Deal, State::Open).await;
        let his = company.record(&company.ben, RecordKind::Lead, State::Closed).await;
        let orphan = company.record(&company.leo, RecordKind::Company, State::Open).await;
        let fields = "reassignment { id status plannedCount movedCount skippedCount progress skipped { entityId reason } }";
        let input = json!({"selection": {"ids": [hers, his, "dea_00000000000000000000000000"]}, "toUserIds": [company.emma.id]});
        let done = hr.run("reassign", input, fields).await.ok();
        assert_eq!(done.at("reassignment.status"), "PARTIALLY_SUCCEEDED");
        assert_eq!(done.at("reassignment.skipped"), &json!([{"entityId": "dea_00000000000000000000000000", "reason": "NOT_FOUND"}, {"entityId": hers, "reason": "ALREADY_OWNED"}]));
        assert_eq!((done.at("reassignment.movedCount"), done.at("reassignment.progress")), (&json!(1), &json!(1.0)));
        // H11: Ben may hand over his own, and take up orphaned ones for himself.
        let own = company.record(&company.ben, RecordKind::Task, State::Open).await;
        let mixed = ben.run("reassign", json!({"selection": {"ids": [own, hers]}, "toUserIds": [company.hr.id]}), fields).await.ok();
        assert_eq!(mixed.at("reassignment.skipped"), &json!([{"entityId": hers, "reason": "NOT_PERMITTED"}]));
        let given = ben.run("reassign", json!({"selection": {"ids": [orphan]}, "toUserIds": [company.emma.id]}), fields).await.ok();
        assert_eq!(given.at("reassignment.skipped.0.reason"), "NOT_PERMITTED");
        ben.run("reassign", json!({"selection": {"matching": {"isOrphaned": true}}, "toUserIds": [company.emma.id]}), fields).await.refused("NOT_PERMITTED");
        let taken = ben.run("reassign", json!({"selection": {"matching": {"isOrphaned": true}}, "toUserIds": [company.ben.id]}), fields).await.ok();
        assert_eq!(taken.at("reassignment.movedCount"), 1);
        // Who asked for it, the successors and ENTITIES_REASSIGN see it; nobody else.
        let query = "query($id: ID!) { reassignment(id: $id) { status viewerCanUndo viewerCanCancel } node(id: $id) { id } reassignments { totalCount } }";
        let id = json!({"id": taken.at("reassignment.id")});
        let emma = office.sign_in(&company.emma).await;
        assert_eq!(emma.query(query, id.clone()).await.ok().at("reassignment"), &Value::Null);
        assert_eq!(emma.query(query, id.clone()).await.ok().at("reassignments.totalCount"), 2, "those she received from, or was to");
        assert!(ben.query(query, id.clone()).await.ok().at("reassignment.status").is_string());
        assert_eq!(hr.query(query, id).await.ok().at("reassignments.totalCount"), 4);
    }

    /// H4, H7: other people's activities neither move nor hide those that do.
    async fn a_crowd_of_other_activities_hides_none(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let deal = company.record(&company.leo, RecordKind::Deal, State::Open).await;
        company.records(&company.emma, &vec![(RecordKind::Activity, State::Open, Some(deal)); 5_001]).await;
        company.activity(&company.leo, deal).await;
        let done = hr.run("reassign", json!({"selection": {"ids": [deal]}, "toUserIds": [company.ben.id]}), "reassignment { movedCount plannedCount }").await.ok();
        assert_eq!(done.at("reassignment"), &json!({"movedCount": 2, "plannedCount": 2}));
    }

    /// R9, H11: who may take up what a leaver left sees it on the leaver, too.
    async fn a_leaver_whom_one_sees_can_be_relieved(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, ben) = (office.sign_in(&company.ann).await, office.sign_in(&company.ben).await);
        ann.run("updateSettings", json!({"showDismissedUsers": true}), "settings { id }").await.ok();
        company.deals(&company.leo, 3).await;
        let can = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { viewerCanReassign } } }";
        let seen = ben.query(can, json!({"ids": [company.leo.id, company.emma.id, company.ben.id]})).await.ok();
        assert_eq!(seen.at("nodes"), &json!([{"viewerCanReassign": true}, {"viewerCanReassign": false}, {"viewerCanReassign": true}]));
        let input = json!({"selection": {"matching": {"responsibleIds": [company.leo.id]}}, "toUserIds": [company.ben.id]});
        ben.run("reassign", input, "reassignment { movedCount }").await.ok();
    }

    /// R11: reasons against the whole.
    async fn some_handovers_are_refused(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        company.deals(&company.emma, 3).await;
        company.deals(&company.leo, 3).await;
        let matching = |filter: Value, to: Value| json!({"selection": {"matching": filter}, "toUserIds": to});
        let (ben_id, emma_id, leo_id) = (company.ben.id, company.emma.id, company.leo.id);
        let fields = "reassignment { id }";
        hr.run("reassign", matching(json!({"kinds": ["DEAL"]}), json!([ben_id])), fields).await.refused("SELECTION_TOO_WIDE");
        let many: Vec<String> = (0..501u128).map(|n| tenure_core::id::RecordId { kind: RecordKind::Deal, uuid: uuid::Uuid::from_u128(n) }.to_string()).collect();
        hr.run("reassign", json!({"selection": {"ids": many}, "toUserIds": [ben_id]}), fields).await.refused("SELECTION_TOO_WIDE");
        hr.run("reassign", matching(json!({"responsibleIds": [leo_id], "kinds": ["TASK"]}), json!([ben_id])), fields).await.refused("SELECTION_EMPTY");
        hr.run("reassign", matching(json!({"responsibleIds": ["usr_00000000000000000000000000"]}), json!([ben_id])), fields).await.refused("USER_NOT_FOUND");
        hr.run("reassign", matching(json!({"responsibleIds": [emma_id, leo_id]}), json!([ben_id, emma_id])), fields).await.refused_at(&[("SUCCESSOR_NOT_ELIGIBLE", "input.toUserIds.1")]);
        for to in [json!([company.leo.id]), json!([company.eva.id]), json!([ben_id, ben_id]), json!(["usr_00000000000000000000000000"])] {
            hr.run("reassign", matching(json!({"isOrphaned": true}), to), fields).await.refused("SUCCESSOR_NOT_ELIGIBLE");
        }
        hr.run("reassign", matching(json!({"responsibleIds": [emma_id], "query": "..."}), json!([ben_id])), fields).await.refused_at(&[("INPUT_INVALID", "input.selection.matching.query")]);
        ben.run("reassign", matching(json!({"responsibleIds": [emma_id]}), json!([ben_id])), fields).await.refused("NOT_PERMITTED");
        ben.run("reassign", matching(json!({"responsibleIds": [leo_id]}), json!([ben_id])), fields).await.refused("USER_NOT_FOUND");
        hr.run("reassign", json!({"selection": {"ids": [], "matching": {}}, "toUserIds": [ben_id]}), fields).await.fails("BAD_USER_INPUT");
        let counts = hr.query("{ ownedEntities(filter: {kinds: [DEAL]}) { totalCount } systemUserId }", json!({})).await.ok();
        assert_eq!(counts.at("ownedEntities.totalCount"), 6);
        // The System User may be a source; it has nothing.
        hr.run("reassign", matching(json!({"responsibleIds": [counts.at("systemUserId")]}), json!([ben_id])), fields).await.refused("SELECTION_EMPTY");
    }

    /// H11, S4: a token with nothing but the right to hand over hands over, and still reads nothing.
    async fn a_token_hands_over_what_it_cannot_read(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let deal = company.record(&company.leo, RecordKind::Deal, State::Open).await;
        let made = hr.run("createAccessToken", json!({"name": "t", "permissions": ["ENTITIES_REASSIGN"]}), "secret").await.ok();
        let token = office.server.with_token(&made.text("secret"));
        let input = json!({"selection": {"matching": {"responsibleIds": [company.leo.id]}}, "toUserIds": [company.ben.id]});
        assert_eq!(token.run("reassign", input, "reassignment { movedCount }").await.ok().at("reassignment.movedCount"), 1);
        assert_eq!(token.query("query($id: ID!) { node(id: $id) { id } }", json!({"id": deal})).await.ok().at("node"), &Value::Null);
        token.query("{ ownedEntities { totalCount } }", json!({})).await.fails("FORBIDDEN");
    }

    /// H8, H4: shares go round by ID, activities go with their record; without them they stay.
    async fn shares_are_even_and_activities_follow(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        // An even number: from the other end, each would go to the other one.
        let deals = company.deals(&company.leo, 6).await;
        let mut activities = Vec::new();
        for deal in &deals {
            activities.push(company.activity(&company.leo, *deal).await);
        }
        let input = json!({"selection": {"matching": {"responsibleIds": [company.leo.id], "kinds": ["DEAL"]}}, "toUserIds": [company.ben.id, company.emma.id]});
        hr.run("reassign", input, "reassignment { movedCount }").await.ok();
        let state = hr.query("query($d: [ID!]!, $a: [ID!]!) { deals: nodes(ids: $d) { ... on OwnedEntity { responsible { displayName } } } activities: nodes(ids: $a) { ... on OwnedEntity { responsible { displayName } } } }", json!({"d": deals, "a": activities})).await.ok();
        let names = |path: &str| -> Vec<String> { state.list(path).iter().map(|n| n["responsible"]["displayName"].as_str().expect("a name").to_owned()).collect() };
        assert_eq!(names("deals"), ["Ben Okoro", "Emma Novak", "Ben Okoro", "Emma Novak", "Ben Okoro", "Emma Novak"], "ids ascend with their making");
        assert_eq!(names("activities"), names("deals"));
        let input = json!({"selection": {"matching": {"responsibleIds": [company.ben.id], "kinds": ["DEAL"]}}, "toUserIds": [company.hr.id], "includeLinkedActivities": false});
        let without = hr.run("reassign", input, "reassignment { movedCount movedCounts { kind openCount } }").await.ok();
        assert_eq!(without.at("reassignment"), &json!({"movedCount": 3, "movedCounts": [{"kind": "DEAL", "openCount": 3}]}));
    }
}
