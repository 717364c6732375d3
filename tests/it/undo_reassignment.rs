//! `undoReassignment` (H9, H12, H13, I5, I7, I8, R9, R11).

use std::sync::Arc;

use serde_json::{Value, json};
use tenure_core::clock::{Clock, FixedClock, SystemClock};
use tenure_core::event::EventBody;
use tenure_core::id::{ReassignmentId, RecordId, UserId};
use tenure_core::permission::Permission;
use tenure_core::reassignment::{Reassignment, ReassignmentLists, ReassignmentStatus};
use tenure_core::record::{Handover, HandoverContext, RecordKind};
use tenure_core::storage::{HistoryRead, Storage};
use tenure_core::time::Timestamp;
use tenure_core::user::{Actor, UserKind};

use crate::support::company::{Member, State, Traits};
use crate::support::invariants::Books;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::race::{CALLERS, Call, Nodes};
use crate::support::rounds;

const UNDO: &str = "reassignment { id status finishedAt viewerCanUndo } restoredCount undoing { id status plannedCount movedCount skippedCount remainingCount progress \
    note undoes { id status } requestedBy { displayName } successors { displayName } sources { displayName } skipped { entityId reason } \
    movedCounts { kind openCount closedCount } shares { successor { displayName } counts { kind openCount closedCount } } viewerCanUndo }";
const MOVED: &str = "reassignment { id movedCount finishedAt }";

/// Who has these records now, by name.
async fn holders(by: &Person, ids: &[RecordId]) -> Vec<String> {
    let answer = by
        .query("query($ids: [ID!]!) { nodes(ids: $ids) { ... on OwnedEntity { responsible { displayName } } } }", json!({"ids": ids}))
        .await
        .ok();
    answer.list("nodes").iter().map(|n| n["responsible"]["displayName"].as_str().unwrap_or("nobody").to_owned()).collect()
}

/// Whatever a handover or its undo could have changed, as numbers.
async fn traces(office: &Office) -> Vec<i64> {
    let mut numbers = Vec::new();
    for sql in [
        "SELECT count(*) FROM event",
        "SELECT count(*) FROM ownership_change",
        "SELECT count(*) FROM reassignment",
        "SELECT CAST(sum(version) AS bigint) FROM record",
        "SELECT CAST(sum(status) AS bigint) FROM reassignment",
    ] {
        numbers.push(office.database.number(sql).await);
    }
    numbers
}

fn undo(id: &Value) -> Value {
    json!({"reassignmentId": id})
}

/// A reassignment as some other time left it.
fn job(id: ReassignmentId, status: ReassignmentStatus, by: &Member, to: &Member, at: Timestamp) -> Reassignment {
    Reassignment {
        id,
        status,
        planned_count: 4,
        moved_count: 1,
        skipped_count: 0,
        remaining_count: None,
        failure: None,
        lists: ReassignmentLists { successors: vec![to.id], ..ReassignmentLists::default() },
        requested_by: Actor::User(by.id),
        note: None,
        undoes: None,
        created_at: at,
        finished_at: status.is_final().then_some(at),
    }
}

on_both! {
    /// H9, I7, H13: what nobody touched goes back with its history; what was changed, handed on or deleted stays and is told.
    async fn h9_what_was_not_touched_goes_back(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let other = company.employee("Otto", "Other").await;
        let make = json!([
            {"kind": "DEAL", "externalId": "changed", "title": "Changed", "responsibleId": company.emma.id},
            {"kind": "DEAL", "externalId": "alike", "title": "Written again, alike", "responsibleId": company.emma.id},
        ]);
        let made = hr.run("upsertOwnedEntities", json!({"entities": make}), "entities { id }").await.ok();
        let deals = company.deals(&company.emma, 4).await;
        let call = company.activity(&company.emma, deals[0]).await;
        let closed = company.record(&company.leo, RecordKind::Invoice, State::Closed).await;
        let input = json!({"selection": {"matching": {"responsibleIds": [company.emma.id, company.leo.id]}}, "toUserIds": [company.ben.id, other.id], "note": "Until May"});
        let first = hr.run("reassign", input, MOVED).await.ok();
        assert_eq!(first.at("reassignment.movedCount"), 8);
        let after = [holders(&hr, &deals).await, holders(&hr, &[call, closed]).await];

        // Changed; handed on; there and back; deleted. Writing what stands there already is no change.
        hr.run("upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "changed", "title": "Another title"}, {"kind": "DEAL", "externalId": "alike", "title": "Written again, alike"}]}), "updatedCount").await.ok();
        let by_id = |ids: &[RecordId], to: UserId| json!({"selection": {"ids": ids}, "toUserIds": [to], "includeLinkedActivities": false});
        hr.run("reassign", by_id(&deals[1..2], company.hr.id), MOVED).await.ok();
        let holder_of_third = if after[0][2] == "Ben Okoro" { company.ben.id } else { other.id };
        hr.run("reassign", by_id(&deals[2..3], company.hr.id), MOVED).await.ok();
        hr.run("reassign", by_id(&deals[2..3], holder_of_third), MOVED).await.ok();
        hr.run("deleteOwnedEntities", json!({"ids": [deals[3]]}), "deletedIds").await.ok();
        let events_before = office.storage.events_after(0, 1_000).await.expect("events").len();

        let undone = hr.run("undoReassignment", undo(first.at("reassignment.id")), UNDO).await.ok();
        assert_eq!(undone.at("reassignment"), &json!({"id": first.at("reassignment.id"), "status": "UNDONE", "finishedAt": first.at("reassignment.finishedAt"), "viewerCanUndo": false}));
        let mut skipped = vec![
            (made.text("entities.0.id"), "CHANGED_SINCE"),
            (deals[1].to_string(), "CHANGED_SINCE"), (deals[2].to_string(), "CHANGED_SINCE"), (deals[3].to_string(), "NOT_FOUND"),
        ];
        skipped.sort();
        let mut told: Vec<(String, &str)> = undone.at("undoing.skipped").as_array().expect("a list").iter()
            .map(|s| (s["entityId"].as_str().expect("an ID").to_owned(), s["reason"].as_str().expect("a reason"))).collect();
        told.sort();
        assert_eq!(told, skipped);
        for (path, value) in [
            ("status", json!("PARTIALLY_SUCCEEDED")), ("plannedCount", json!(8)), ("movedCount", json!(4)), ("skippedCount", json!(4)), ("remainingCount", json!(0)), ("progress", json!(1.0)),
            ("note", Value::Null), ("undoes", json!({"id": first.at("reassignment.id"), "status": "UNDONE"})), ("requestedBy.displayName", json!("Hana Reed")), ("viewerCanUndo", json!(false)),
            ("movedCounts", json!([{"kind": "ACTIVITY", "openCount": 1, "closedCount": 0}, {"kind": "DEAL", "openCount": 2, "closedCount": 0}, {"kind": "INVOICE", "openCount": 0, "closedCount": 1}])),
            ("shares", json!([
                {"successor": {"displayName": "Emma Novak"}, "counts": [{"kind": "ACTIVITY", "openCount": 1, "closedCount": 0}, {"kind": "DEAL", "openCount": 2, "closedCount": 0}]},
                {"successor": {"displayName": "Leo Leaver"}, "counts": [{"kind": "INVOICE", "openCount": 0, "closedCount": 1}]},
            ])),
            ("successors", json!([{"displayName": "Emma Novak"}, {"displayName": "Leo Leaver"}])),
        ] {
            assert_eq!(undone.at(&format!("undoing.{path}")), &value, "{path}");
        }
        assert_eq!(undone.at("restoredCount"), 4);
        assert_eq!(holders(&hr, &[deals[0], call, closed]).await, ["Emma Novak", "Emma Novak", "Leo Leaver"], "H9: to a leaver, too");
        assert_eq!(holders(&hr, &deals[1..]).await, [company.hr.name.as_str(), &after[0][2], "nobody"]);

        // H10: the way back is in the history of the record, as part of the undo.
        let history = hr.query("query($id: ID!) { node(id: $id) { ... on OwnedEntity { version ownershipChanges { nodes { from { displayName } to { displayName } actor { displayName } reassignment { id } } } } } }", json!({"id": closed})).await.ok();
        assert_eq!(history.at("node.version"), 3);
        assert_eq!(history.at("node.ownershipChanges.nodes.0"), &json!({"from": {"displayName": after[1][1]}, "to": {"displayName": "Leo Leaver"}, "actor": {"displayName": "Hana Reed"}, "reassignment": {"id": undone.at("undoing.id")}}));
        // I7: one event for each receiver, about what was undone.
        let events = office.storage.events_after(0, 1_000).await.expect("events");
        let mut news: Vec<(UserId, u32)> = Vec::new();
        for event in &events[events_before..] {
            let EventBody::ReassignmentUndone { reassignment, counts } = &event.event.body else { panic!("{event:?}") };
            assert_eq!(json!(reassignment.to_string()), *first.at("reassignment.id"));
            news.push((event.event.subject, counts.iter().map(|c| c.open + c.closed).sum()));
        }
        news.sort();
        let mut expected = vec![(company.emma.id, 3), (company.leo.id, 1)];
        expected.sort();
        assert_eq!(news, expected);
        // H13: Emma works here and is told; Leo is not.
        let mail = office.mail.latest_to(&company.emma.email).await;
        assert!(mail.body.contains("Hana Reed handed 3 records over to you") && mail.body.contains(&undone.text("undoing.id")), "{}", mail.body);
        assert_eq!((office.mail.count_to(&company.emma.email), office.mail.count_to(&company.leo.email)), (1, 0));

        // Once, and an undo not at all.
        let before = traces(&office).await;
        ann.run("undoReassignment", undo(first.at("reassignment.id")), UNDO).await.refused_at(&[("ALREADY_UNDONE", "input.reassignmentId")]);
        ann.run("undoReassignment", undo(undone.at("undoing.id")), UNDO).await.refused("NOT_PERMITTED");
        hr.run("undoReassignment", undo(undone.at("undoing.id")), UNDO).await.refused("NOT_PERMITTED");
        assert_eq!(traces(&office).await, before, "a refusal changes nothing");
        Books::checked(&office.storage, None).await;
    }

    /// H9, I5, L3: back to everybody but external people with records of the CRM; for who was deleted, to the System User.
    async fn h9_records_go_back_to_people_of_every_state(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let system = Member { id: UserId::SYSTEM, name: "System".to_owned(), email: String::new() };
        let mut sources = vec![system];
        for name in ["Left", "Outside", "Again", "Gone", "Stays"] {
            sources.push(company.employee("Kim", name).await);
        }
        let mut records = Vec::new();
        for source in &sources {
            records.push(company.record(source, RecordKind::Deal, State::Open).await);
            records.push(company.record(source, RecordKind::Task, State::Closed).await);
        }
        let ids: Vec<UserId> = sources.iter().map(|s| s.id).collect();
        let first = ann.run("reassign", json!({"selection": {"matching": {"responsibleIds": ids}}, "toUserIds": [company.ben.id]}), MOVED).await.ok();
        assert_eq!(first.at("reassignment.movedCount"), 12);
        let [_, left, outside, again, gone, _] = sources.as_slice() else { panic!("six") };
        ann.run("dismiss", json!({"userId": left.id}), "user { status }").await.ok();
        ann.run("moveToExtranet", json!({"userId": outside.id, "workgroupIds": [company.portal]}), "user { status }").await.ok();
        ann.run("dismiss", json!({"userId": again.id}), "user { status }").await.ok();
        let invited = ann.run("moveToExtranet", json!({"userId": again.id, "workgroupIds": [company.portal]}), "user { status }").await.ok();
        assert_eq!(invited.at("user.status"), "INVITED");
        let mut tx = office.storage.begin().await.expect("a transaction");
        tx.user_delete(gone.id).await.expect("deleted");
        tx.commit().await.expect("a commit");

        let undone = ann.run("undoReassignment", undo(first.at("reassignment.id")), UNDO).await.ok();
        let mut refused = vec![json!({"entityId": records[4], "reason": "NOT_ELIGIBLE"}), json!({"entityId": records[6], "reason": "NOT_ELIGIBLE"})];
        refused.sort_by_key(ToString::to_string);
        assert_eq!(undone.at("undoing.skipped"), &json!(refused));
        assert_eq!((undone.at("restoredCount"), undone.at("reassignment.status")), (&json!(10), &json!("UNDONE")));
        let expected = ["System", "System", "Kim Left", "Kim Left", "Ben Okoro", "Kim Outside", "Ben Okoro", "Kim Again", "System", "System", "Kim Stays", "Kim Stays"];
        assert_eq!(holders(&ann, &records).await, expected);
        // Administrators find what was that person's among the records of the System User.
        let former = json!({"filter": {"formerResponsibleIds": [gone.id]}});
        let theirs = ann.query("query($filter: OwnedEntityFilter) { ownedEntities(filter: $filter) { nodes { id version } } }", former).await.ok();
        let mut found: Vec<String> = theirs.list("ownedEntities.nodes").iter().map(|n| n["id"].as_str().expect("an ID").to_owned()).collect();
        found.sort();
        let mut named = vec![records[8].to_string(), records[9].to_string()];
        named.sort();
        assert_eq!(found, named);
        assert!(theirs.list("ownedEntities.nodes").iter().all(|n| n["version"] == 3), "one change there, one back");
        // H13: who has left, is invited or is the System User gets none; people at work do.
        office.mail.settled().await;
        let mails: Vec<usize> = [left, outside, again, &sources[5]].iter().map(|who| office.mail.all().iter().filter(|m| m.to.contains(&who.email) && m.subject.contains("handed over")).count()).collect();
        assert_eq!(mails, [0, 1, 0, 1]);
    }

    /// H9, R9, R11: the author, with a session or a token, and administrators; nobody else, and the field says so before.
    async fn h9_its_author_and_administrators_undo(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr, ben, emma) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await, office.sign_in(&company.ben).await, office.sign_in(&company.emma).await);
        let stranger = office.sign_in(&company.employee("Sam", "Stranger").await).await;
        let eva = office.sign_in(&company.eva).await;
        let writer = ben.run("createAccessToken", json!({"name": "w", "permissions": ["ENTITIES_WRITE"]}), "secret").await.ok();
        let reader = ben.run("createAccessToken", json!({"name": "r", "permissions": ["ENTITIES_READ", "USERS_READ"]}), "secret").await.ok();
        let half = ann.run("createAccessToken", json!({"name": "h", "permissions": ["ENTITIES_REASSIGN"]}), "secret").await.ok();
        let whole = ann.run("createAccessToken", json!({"name": "a", "permissions": ["ADMINISTRATE"]}), "secret").await.ok();
        let [writer, reader, half, whole] = [writer, reader, half, whole].map(|made| office.server.with_token(&made.text("secret")));
        let can = "query($id: ID!) { reassignment(id: $id) { viewerCanUndo viewerCanCancel } }";
        let callers: [(&str, &Person, &str); 10] = [
            ("the author", &ben, "OK"), ("the author's token", &writer, "OK"), ("an administrator", &ann, "OK"), ("an administrator's token", &whole, "OK"),
            ("a token without ADMINISTRATE", &half, "NOT_PERMITTED"), ("a holder of ENTITIES_REASSIGN", &hr, "NOT_PERMITTED"), ("a successor", &emma, "NOT_PERMITTED"),
            ("a stranger", &stranger, "REASSIGNMENT_NOT_FOUND"), ("a token that reads", &reader, "FORBIDDEN"), ("an external person", &eva, "FORBIDDEN"),
        ];
        for (who, caller, expected) in callers {
            let deals = company.deals(&company.ben, 2).await;
            let made = ben.run("reassign", json!({"selection": {"ids": deals}, "toUserIds": [company.emma.id]}), MOVED).await.ok();
            let id = made.at("reassignment.id");
            let before = traces(&office).await;
            if expected != "FORBIDDEN" {
                let seen = caller.query(can, json!({"id": id})).await.ok();
                let hidden = expected == "REASSIGNMENT_NOT_FOUND";
                assert_eq!(seen.at("reassignment").is_null(), hidden, "{who}");
                assert!(hidden || seen.at("reassignment.viewerCanUndo") == &json!(expected == "OK"), "R9: {who}");
                let late = caller.run("cancelReassignment", undo(id), "reassignment { status }").await.verdict();
                assert!(hidden || seen.at("reassignment.viewerCanCancel") == &json!(late == "OK"), "R9: {who} is answered {late}, though it ended");
            }
            let outcome = caller.run("undoReassignment", undo(id), UNDO).await;
            assert_eq!(outcome.verdict(), expected, "{who}");
            let names = holders(&hr, &deals).await;
            if expected == "OK" {
                assert_eq!(names, ["Ben Okoro", "Ben Okoro"], "{who}");
            } else {
                assert_eq!(names, ["Emma Novak", "Emma Novak"], "{who}");
                assert_eq!(traces(&office).await, before, "{who}: a refusal changes nothing");
            }
        }
        // What a token handed over, its owner gives back.
        let deals = company.deals(&company.ben, 1).await;
        let made = writer.run("reassign", json!({"selection": {"ids": deals}, "toUserIds": [company.emma.id]}), MOVED).await.ok();
        let undone = ben.run("undoReassignment", undo(made.at("reassignment.id")), UNDO).await.ok();
        assert_eq!(undone.at("undoing.requestedBy.displayName"), "Ben Okoro");
        office.server.anonymous().run("undoReassignment", undo(made.at("reassignment.id")), UNDO).await.fails("UNAUTHENTICATED");
        ann.run("undoReassignment", undo(&json!("rsg_00000000000000000000000000")), UNDO).await.refused_at(&[("REASSIGNMENT_NOT_FOUND", "input.reassignmentId")]);
        ann.run("undoReassignment", undo(&json!(deals[0])), UNDO).await.fails("BAD_USER_INPUT");
        // R10: who may dismiss gives the handover of a dismissal back, and reads nothing else for it.
        let dismisser = office.sign_in(&company.holder("Dora", "Dismisser", &[Permission::UsersDismiss]).await).await;
        let leaver = company.employee("Lea", "Leaving").await;
        let theirs = company.deals(&leaver, 3).await;
        let left = dismisser.run("dismiss", json!({"userId": leaver.id, "handover": {"toUserIds": [company.emma.id]}}), MOVED).await.ok();
        dismisser.run("undoReassignment", undo(left.at("reassignment.id")), UNDO).await.ok();
        assert_eq!(holders(&hr, &theirs).await, ["Lea Leaving"; 3]);
    }

    /// H9: for 30 days after its end, and not a millisecond longer.
    async fn h9_a_month_is_the_limit(db: Backend) {
        let clock = Arc::new(FixedClock::new(SystemClock.now()));
        let office = Office::open_with(db, |wish| wish.with_clock(clock.clone())).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let deals = company.deals(&company.leo, 2).await;
        let hand_over = |id: RecordId| json!({"selection": {"ids": [id]}, "toUserIds": [company.ben.id]});
        let first = hr.run("reassign", hand_over(deals[0]), MOVED).await.ok();
        let second = hr.run("reassign", hand_over(deals[1]), MOVED).await.ok();
        let end = clock.now().plus_seconds(30 * 86_400);
        let can = "query($id: ID!) { reassignment(id: $id) { viewerCanUndo } }";
        clock.set(Timestamp(end.0 + 1_000));
        let hr = office.sign_in(&company.hr).await;
        let before = traces(&office).await;
        assert_eq!(hr.query(can, json!({"id": first.at("reassignment.id")})).await.ok().at("reassignment.viewerCanUndo"), false);
        hr.run("undoReassignment", undo(first.at("reassignment.id")), UNDO).await.refused_at(&[("UNDO_WINDOW_EXPIRED", "input.reassignmentId")]);
        assert_eq!(traces(&office).await, before, "a refusal changes nothing");
        clock.set(end);
        assert_eq!(hr.query(can, json!({"id": second.at("reassignment.id")})).await.ok().at("reassignment.viewerCanUndo"), true);
        hr.run("undoReassignment", undo(second.at("reassignment.id")), UNDO).await.ok();
        assert_eq!(holders(&hr, &deals).await, ["Ben Okoro", "Leo Leaver"]);
    }

    /// H9: what still runs is cancelled first; what stopped half-way can be given back as far as it came.
    async fn h9_what_runs_is_not_undone_and_what_stopped_is(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let now = SystemClock.now();
        let statuses = [ReassignmentStatus::Queued, ReassignmentStatus::Running, ReassignmentStatus::Failed, ReassignmentStatus::Cancelled, ReassignmentStatus::PartiallySucceeded];
        let deals = company.deals(&company.leo, statuses.len()).await;
        let mut tx = office.storage.begin().await.expect("a transaction");
        let mut jobs = Vec::new();
        for (status, deal) in statuses.into_iter().zip(&deals) {
            let id = ReassignmentId(SystemClock.new_uuid());
            tx.reassignment_insert(&job(id, status, &company.hr, &company.ben, now)).await.expect("a reassignment");
            let context = HandoverContext { actor: Actor::User(company.hr.id), at: now, reassignment: Some(id) };
            let handover = Handover { record: *deal, from: company.leo.id, to: company.ben.id, change_id: SystemClock.new_uuid() };
            assert_eq!(tx.records_reassign(&[handover], &context).await.expect("moved"), 1);
            jobs.push(json!(id.to_string()));
        }
        tx.commit().await.expect("a commit");
        let before = traces(&office).await;
        for running in &jobs[..2] {
            hr.run("undoReassignment", undo(running), UNDO).await.refused_at(&[("STILL_RUNNING", "input.reassignmentId")]);
        }
        assert_eq!(traces(&office).await, before, "a refusal changes nothing");
        for stopped in &jobs[2..] {
            let undone = hr.run("undoReassignment", undo(stopped), UNDO).await.ok();
            assert_eq!((undone.at("restoredCount"), undone.at("undoing.status"), undone.at("reassignment.status")), (&json!(1), &json!("SUCCEEDED"), &json!("UNDONE")));
        }
        assert_eq!(holders(&hr, &deals).await, ["Ben Okoro", "Ben Okoro", "Leo Leaver", "Leo Leaver", "Leo Leaver"]);
        hr.run("cancelReassignment", undo(&jobs[1]), "reassignment { status }").await.ok();
        hr.run("undoReassignment", undo(&jobs[1]), UNDO).await.ok();
        assert_eq!(holders(&hr, &deals[1..2]).await, ["Leo Leaver"]);
    }

    /// H7, H9: more than one transaction moves is refused, with what to do instead.
    async fn h9_too_many_records_are_not_undone_at_once(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let deals = company.deals(&company.leo, 5_001).await;
        let (id, now) = (ReassignmentId(SystemClock.new_uuid()), SystemClock.now());
        let mut tx = office.storage.begin().await.expect("a transaction");
        tx.reassignment_insert(&job(id, ReassignmentStatus::Succeeded, &company.hr, &company.ben, now)).await.expect("a reassignment");
        let context = HandoverContext { actor: Actor::User(company.hr.id), at: now, reassignment: Some(id) };
        for chunk in deals.chunks(2_501) {
            let handovers: Vec<Handover> = chunk.iter().map(|record| Handover { record: *record, from: company.leo.id, to: company.ben.id, change_id: SystemClock.new_uuid() }).collect();
            tx.records_reassign(&handovers, &context).await.expect("moved");
        }
        tx.commit().await.expect("a commit");
        let before = traces(&office).await;
        let refused = hr.run("undoReassignment", undo(&json!(id.to_string())), UNDO).await.refused_at(&[("INPUT_INVALID", "input.reassignmentId")]);
        assert!(refused.text("userErrors.0.message").contains("`reassign`"), "{:#}", refused.answer.body);
        assert_eq!(traces(&office).await, before, "a refusal changes nothing");
        hr.run("deleteOwnedEntities", json!({"ids": [deals[0]]}), "deletedIds").await.ok();
        hr.run("undoReassignment", undo(&json!(id.to_string())), UNDO).await.refused("INPUT_INVALID");
    }

    /// I8: a repeat answers what the first one did; another input under the key is told apart.
    async fn i8_a_repeated_undo_gives_the_first_outcome(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let deals = company.deals(&company.leo, 4).await;
        let hand_over = |ids: &[RecordId]| json!({"selection": {"ids": ids}, "toUserIds": [company.ben.id]});
        let first = hr.run("reassign", hand_over(&deals[..2]), MOVED).await.ok();
        let second = hr.run("reassign", hand_over(&deals[2..]), MOVED).await.ok();
        let input = |id: &Value| json!({"reassignmentId": id, "idempotencyKey": "once"});
        let done = hr.run("undoReassignment", input(first.at("reassignment.id")), UNDO).await.ok();
        let before = traces(&office).await;
        let again = hr.run("undoReassignment", input(first.at("reassignment.id")), UNDO).await.ok();
        assert_eq!(done.payload(), again.payload());
        hr.run("undoReassignment", input(second.at("reassignment.id")), UNDO).await.refused("IDEMPOTENCY_KEY_REUSED");
        let empty = json!({"reassignmentId": second.at("reassignment.id"), "idempotencyKey": ""});
        hr.run("undoReassignment", empty, UNDO).await.refused_at(&[("INPUT_INVALID", "input.idempotencyKey")]);
        assert_eq!(traces(&office).await, before, "nothing more happened");
    }

    /// H9*: of twenty who give the same one back at once, exactly one does; a handover of the same records comes before or after it.
    async fn h9_one_of_twenty_undoes(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        for round in 0..rounds(5) {
            let deals = company.deals(&company.leo, 10).await;
            let made = hr.run("reassign", json!({"selection": {"ids": deals}, "toUserIds": [company.ben.id]}), MOVED).await.ok();
            let id = made.at("reassignment.id").clone();
            let call = |n: usize| match n % 4 {
                0 => Call::new(&ann, "reassign", json!({"selection": {"ids": [deals[n / 4]]}, "toUserIds": [company.emma.id]}), MOVED),
                2 => Call::new(&ann, "undoReassignment", undo(&id), "restoredCount"),
                _ => Call::new(&hr, "undoReassignment", undo(&id), "restoredCount"),
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(call).collect()).await;
            assert_eq!((tally.won("undoReassignment"), tally.won("reassign")), (1, 5), "{}", tally.summary());
            tally.losers("undoReassignment", &["ALREADY_UNDONE"]);
            let books = Books::checked(&office.storage, None).await;
            let restored = tally.winners("undoReassignment")[0].at("restoredCount").as_u64().expect("a number");
            let undone = deals.iter().filter(|id| books.changes[id].iter().any(|c| c.to == company.leo.id)).count();
            assert_eq!(restored, undone as u64, "each record that went back has one change that says so");
            assert!(deals[..5].iter().all(|id| books.records_of(company.emma.id).contains(id)), "whoever was last is Emma");
            assert!(deals[5..].iter().all(|id| books.records_of(company.leo.id).contains(id)));
        }
    }

    /// H9, I9*: nothing of the CRM comes back to somebody who becomes external at that moment.
    async fn h9_an_undo_and_a_move_to_the_extranet_agree(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        for round in 0..rounds(5) {
            let mover = company.add("Mo", &format!("Mover{round}"), Traits::default()).await;
            let deals = company.deals(&mover, 4).await;
            let made = hr.run("reassign", json!({"selection": {"ids": deals}, "toUserIds": [company.ben.id]}), MOVED).await.ok();
            let id = made.at("reassignment.id").clone();
            let call = |n: usize| match n % 2 {
                0 => Call::new(&ann, "moveToExtranet", json!({"userId": mover.id, "workgroupIds": [company.portal]}), "user { status }"),
                _ => Call::new(&hr, "undoReassignment", undo(&id), "restoredCount"),
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(call).collect()).await;
            assert_eq!(tally.won("undoReassignment"), 1, "{}", tally.summary());
            tally.losers("undoReassignment", &["ALREADY_UNDONE"]).losers("moveToExtranet", &["ALREADY_EXTRANET", "HANDOVER_REQUIRED"]);
            let books = Books::checked(&office.storage, None).await;
            let is_external = books.users[&mover.id].kind == UserKind::Extranet;
            assert_eq!(books.records_of(mover.id).len(), if is_external { 0 } else { 4 }, "{}", tally.summary());
        }
    }
}
