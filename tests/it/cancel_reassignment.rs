//! `cancelReassignment`, and what shows while a handover runs (H9, H12, R9).

use serde_json::{Value, json};
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::id::{ReassignmentId, UserId};
use tenure_core::reassignment::{Reassignment, ReassignmentLists, ReassignmentStatus, Share};
use tenure_core::record::{RecordCount, RecordKind};
use tenure_core::storage::Storage;
use tenure_core::user::Actor;

use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;

const FIELDS: &str = "reassignment { id status finishedAt movedCount viewerCanCancel viewerCanUndo }";

/// A handover under way: three of twelve are moved, one was skipped.
async fn under_way(office: &Office, status: ReassignmentStatus, by: UserId, to: UserId) -> Value {
    let counts = vec![RecordCount { kind: RecordKind::Deal, open: 2, closed: 1 }];
    let job = Reassignment {
        id: ReassignmentId(SystemClock.new_uuid()),
        status,
        planned_count: 12,
        moved_count: 3,
        skipped_count: 1,
        remaining_count: None,
        failure: None,
        lists: ReassignmentLists {
            moved_counts: counts.clone(),
            shares: vec![Share { successor: to, counts }],
            sources: vec![office.company.leo.id],
            successors: vec![to],
            ..ReassignmentLists::default()
        },
        requested_by: Actor::User(by),
        note: None,
        undoes: None,
        created_at: SystemClock.now(),
        finished_at: None,
    };
    let mut tx = office.storage.begin().await.expect("a transaction");
    tx.reassignment_insert(&job).await.expect("a reassignment");
    tx.commit().await.expect("a commit");
    json!({"reassignmentId": job.id.to_string()})
}

on_both! {
    /// H9, R9, R11: open to its author and to ENTITIES_REASSIGN, and the field says so before.
    async fn h9_what_runs_is_cancelled_by_its_author_and_holders(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr, ben, emma) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await, office.sign_in(&company.ben).await, office.sign_in(&company.emma).await);
        let stranger = office.sign_in(&company.employee("Sam", "Stranger").await).await;
        let eva = office.sign_in(&company.eva).await;
        let made = ben.run("createAccessToken", json!({"name": "w", "permissions": ["ENTITIES_WRITE"]}), "secret").await.ok();
        let token = office.server.with_token(&made.text("secret"));
        let callers: [(&str, &Person, &str); 7] = [
            ("the author", &ben, "OK"), ("the author's token", &token, "OK"), ("an administrator", &ann, "OK"), ("a holder of ENTITIES_REASSIGN", &hr, "OK"),
            ("a successor", &emma, "NOT_PERMITTED"), ("a stranger", &stranger, "REASSIGNMENT_NOT_FOUND"), ("an external person", &eva, "FORBIDDEN"),
        ];
        let look = "query($id: ID!) { reassignment(id: $id) { status finishedAt viewerCanCancel viewerCanUndo } }";
        for status in [ReassignmentStatus::Queued, ReassignmentStatus::Running] {
            for (who, caller, expected) in callers {
                let input = under_way(&office, status, company.ben.id, company.emma.id).await;
                let id = json!({"id": input["reassignmentId"]});
                if expected != "FORBIDDEN" {
                    let seen = caller.query(look, id.clone()).await.ok();
                    let hidden = expected == "REASSIGNMENT_NOT_FOUND";
                    assert_eq!(seen.at("reassignment").is_null(), hidden, "{who}");
                    assert!(hidden || seen.at("reassignment.viewerCanCancel") == &json!(expected == "OK"), "R9: {who}");
                    assert!(hidden || seen.at("reassignment.viewerCanUndo") == &json!(false), "{who}: it runs");
                }
                let outcome = caller.run("cancelReassignment", input.clone(), FIELDS).await;
                assert_eq!(outcome.verdict(), expected, "{who}");
                let after = hr.query(look, id).await.ok();
                if expected == "OK" {
                    assert_eq!((outcome.at("reassignment.status"), outcome.at("reassignment.viewerCanCancel"), outcome.at("reassignment.movedCount")), (&json!("CANCELLED"), &json!(true), &json!(3)), "{who}: R9: again is no refusal");
                    assert!(outcome.at("reassignment.finishedAt").is_string(), "{who}");
                    assert_eq!(after.at("reassignment.status"), "CANCELLED");
                    // Again: it has stopped, when it had.
                    let again = caller.run("cancelReassignment", input, FIELDS).await.ok();
                    assert_eq!(again.payload(), outcome.payload(), "{who}");
                } else {
                    let was = if status == ReassignmentStatus::Queued { "QUEUED" } else { "RUNNING" };
                    assert_eq!((after.at("reassignment.status"), after.at("reassignment.finishedAt")), (&json!(was), &Value::Null), "{who}: nothing changed");
                }
            }
        }
    }

    /// H9: who comes too late is told how it ended, if it was theirs to stop.
    async fn h9_what_has_ended_stays_as_it_ended(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben, emma) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await, office.sign_in(&company.emma).await);
        let deals = company.deals(&company.ben, 2).await;
        let made = ben.run("reassign", json!({"selection": {"ids": deals}, "toUserIds": [company.emma.id]}), FIELDS).await.ok();
        let input = json!({"reassignmentId": made.at("reassignment.id")});
        for caller in [&ben, &hr] {
            let late = caller.run("cancelReassignment", input.clone(), FIELDS).await.ok();
            assert_eq!((late.at("reassignment.status"), late.at("reassignment.finishedAt")), (&json!("SUCCEEDED"), made.at("reassignment.finishedAt")));
        }
        emma.run("cancelReassignment", input.clone(), FIELDS).await.refused_at(&[("NOT_PERMITTED", "input.reassignmentId")]);
        ben.run("undoReassignment", input.clone(), FIELDS).await.ok();
        assert_eq!(ben.run("cancelReassignment", input.clone(), FIELDS).await.ok().at("reassignment.status"), "UNDONE");
        office.server.anonymous().run("cancelReassignment", input, FIELDS).await.fails("UNAUTHENTICATED");
        let unknown = json!({"reassignmentId": "rsg_00000000000000000000000000"});
        hr.run("cancelReassignment", unknown, FIELDS).await.refused_at(&[("REASSIGNMENT_NOT_FOUND", "input.reassignmentId")]);
        hr.run("cancelReassignment", json!({"reassignmentId": deals[0]}), FIELDS).await.fails("BAD_USER_INPUT");
    }

    /// H12: progress shows to who asked for it, to the successors and to ENTITIES_REASSIGN; to nobody else, on no path.
    async fn h12_progress_shows_while_it_runs(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let input = under_way(&office, ReassignmentStatus::Running, company.ben.id, company.emma.id).await;
        let document = "query($id: ID!) { reassignment(id: $id) { status plannedCount movedCount skippedCount remainingCount progress failureCode finishedAt movedCounts { kind openCount closedCount } \
            shares { successor { displayName } counts { openCount } } sources { displayName } successors { displayName } requestedBy { displayName } undoes { id } } \
            node(id: $id) { ... on Reassignment { movedCount } } reassignments { totalCount nodes { id } } }";
        let variables = json!({"id": input["reassignmentId"]});
        let token = office.sign_in(&company.ben).await.run("createAccessToken", json!({"name": "w", "permissions": ["ENTITIES_WRITE"]}), "secret").await.ok();
        let token = office.server.with_token(&token.text("secret"));
        for person in [office.sign_in(&company.ben).await, office.sign_in(&company.emma).await, office.sign_in(&company.hr).await, token] {
            let seen = person.query(document, variables.clone()).await.ok();
            for (field, value) in [("status", json!("RUNNING")), ("plannedCount", json!(12)), ("movedCount", json!(3)), ("skippedCount", json!(1)), ("remainingCount", Value::Null), ("failureCode", Value::Null), ("finishedAt", Value::Null), ("undoes", Value::Null), ("movedCounts", json!([{"kind": "DEAL", "openCount": 2, "closedCount": 1}])), ("shares", json!([{"successor": {"displayName": "Emma Novak"}, "counts": [{"openCount": 2}]}])), ("sources", json!([{"displayName": "Leo Leaver"}])), ("successors", json!([{"displayName": "Emma Novak"}])), ("requestedBy.displayName", json!("Ben Okoro"))] {
                assert_eq!(seen.at(&format!("reassignment.{field}")), &value, "{field}");
            }
            let progress = seen.at("reassignment.progress").as_f64().expect("a number");
            assert!((progress - 4.0 / 12.0).abs() < 1e-9, "{progress}");
            assert_eq!((seen.at("node.movedCount"), seen.at("reassignments.totalCount"), seen.at("reassignments.nodes.0.id")), (&json!(3), &json!(1), &variables["id"]));
        }
        let stranger = office.sign_in(&company.employee("Sam", "Stranger").await).await;
        let seen = stranger.query(document, variables.clone()).await.ok();
        assert_eq!((seen.at("reassignment"), seen.at("node"), seen.at("reassignments")), (&Value::Null, &Value::Null, &json!({"totalCount": 0, "nodes": []})));
        let eva = office.sign_in(&company.eva).await.query("query($id: ID!) { node(id: $id) { id } }", variables).await.ok();
        assert_eq!(eva.at("node"), &Value::Null);
    }
}
