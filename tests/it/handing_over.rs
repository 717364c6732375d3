//! Handing over, rule by rule (H1–H8, H10, H11, H13, I5), where `reassign.rs` has no story of it.

use serde_json::{Value, json};
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::id::{RecordId, UserId};
use tenure_core::permission::Permission;
use tenure_core::record::{OwnershipChange, RecordKind};
use tenure_core::storage::Storage;
use tenure_core::user::{Actor, UserKind, UserStatus};

use crate::support::company::{Member, State, Traits};
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;

const MOVED: &str = "reassignment { id status plannedCount movedCount skippedCount skipped { entityId reason } movedCounts { kind openCount closedCount } }";

fn all_of(source: UserId, to: &[UserId]) -> Value {
    json!({"selection": {"matching": {"responsibleIds": [source]}}, "toUserIds": to})
}

fn some(ids: &[RecordId], to: &[UserId]) -> Value {
    json!({"selection": {"ids": ids}, "toUserIds": to})
}

fn system() -> Member {
    Member { id: UserId::SYSTEM, name: "System".to_owned(), email: String::new() }
}

/// Who has these records now, by name.
async fn holders(by: &Person, ids: &[RecordId]) -> Vec<String> {
    let answer = by
        .query("query($ids: [ID!]!) { nodes(ids: $ids) { ... on OwnedEntity { responsible { displayName } } } }", json!({"ids": ids}))
        .await
        .ok();
    answer.list("nodes").iter().map(|n| n["responsible"]["displayName"].as_str().unwrap_or("nobody").to_owned()).collect()
}

/// Somebody who left and is invited to the extranet now: a former employee.
async fn invited_again(office: &Office, by: &Person, name: &str) -> Member {
    let member = office.company.leaver("Ira", name).await;
    let moved =
        by.run("moveToExtranet", json!({"userId": member.id, "workgroupIds": [office.company.portal]}), "user { status }").await.ok();
    assert_eq!(moved.at("user.status"), "INVITED");
    member
}

/// Whatever a handover could have changed, as numbers.
async fn traces(office: &Office) -> Vec<i64> {
    let mut numbers = Vec::new();
    for sql in [
        "SELECT count(*) FROM event",
        "SELECT count(*) FROM ownership_change",
        "SELECT count(*) FROM reassignment",
        "SELECT CAST(sum(version) AS bigint) FROM record",
        "SELECT CAST(sum(version) AS bigint) FROM app_user",
    ] {
        numbers.push(office.database.number(sql).await);
    }
    numbers
}

on_both! {
    /// H1, H2, H3: whoever has records is a source, with all nine kinds, open and closed; nobody is hired for it or changed by it.
    async fn h1_anybody_who_has_records_is_a_source(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let again = invited_again(&office, &hr, "Invited").await;
        let sources = [company.emma.clone(), company.leo.clone(), company.eva.clone(), again, system()];
        let look = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { status kind version dismissal { reason } } } license { seatsUsed } }";
        for source in &sources {
            let records = company.records_of_all_kinds(source).await;
            let before = hr.query(look, json!({"ids": [source.id]})).await.ok();
            let done = hr.run("reassign", all_of(source.id, &[company.ben.id]), MOVED).await.ok();
            assert_eq!((done.at("reassignment.status"), done.at("reassignment.movedCount")), (&json!("SUCCEEDED"), &json!(18)), "{}", source.name);
            let kinds: Vec<Value> = RecordKind::ALL.iter().map(|kind| json!({"kind": kind.name(), "openCount": 1, "closedCount": 1})).collect();
            assert_eq!(done.at("reassignment.movedCounts"), &json!(kinds), "H2, H3: {}", source.name);
            assert_eq!(holders(&hr, &records).await, ["Ben Okoro"; 18], "{}", source.name);
            let after = hr.query(look, json!({"ids": [source.id]})).await.ok();
            assert_eq!(after.at(""), before.at(""), "{} is who they were", source.name);
        }
    }

    /// H3: closed ones go along unless one asks for one sort only.
    async fn h3_open_and_closed_unless_told_otherwise(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        company.records_of_all_kinds(&company.leo).await;
        let only = |closed: bool| json!({"selection": {"matching": {"responsibleIds": [company.leo.id], "isClosed": closed}}, "toUserIds": [company.ben.id], "dryRun": true});
        for (closed, counts) in [(true, json!({"openCount": 0, "closedCount": 1})), (false, json!({"openCount": 1, "closedCount": 0}))] {
            let planned = hr.run("reassign", only(closed), "plannedCounts { openCount closedCount }").await.ok();
            assert_eq!(planned.at("plannedCounts"), &json!(vec![counts; 9]));
        }
        let planned = hr.run("reassign", json!({"selection": {"matching": {"responsibleIds": [company.leo.id]}}, "toUserIds": [company.ben.id], "dryRun": true}), "plannedCounts { openCount closedCount }").await.ok();
        assert_eq!(planned.at("plannedCounts"), &json!(vec![json!({"openCount": 1, "closedCount": 1}); 9]));
    }

    /// H4: activities of the same person follow their record to the same successor; other people's stay, and so do those of other records.
    async fn h4_linked_activities_follow_and_others_stay(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let deals = company.deals(&company.leo, 4).await;
        let mut own = Vec::new();
        let mut others = Vec::new();
        for deal in &deals {
            own.push(company.activity(&company.leo, *deal).await);
            others.push(company.activity(&company.emma, *deal).await);
        }
        let alone = company.record(&company.leo, RecordKind::Activity, State::Open).await;
        let successors = [company.ben.id, company.hr.id, company.ann.id];
        let done = hr.run("reassign", some(&deals[..3], &successors), MOVED).await.ok();
        assert_eq!((done.at("reassignment.movedCount"), done.at("reassignment.plannedCount")), (&json!(6), &json!(6)), "what follows counts as selected");
        let names = ["Ben Okoro", "Hana Reed", "Ann Archer", "Leo Leaver"];
        assert_eq!(holders(&hr, &deals).await, names);
        assert_eq!(holders(&hr, &own).await, names, "to the same successor");
        assert_eq!(holders(&hr, &others).await, ["Emma Novak"; 4]);
        assert_eq!(holders(&hr, &[alone]).await, ["Leo Leaver"]);
        // One that is named itself and follows a record is moved once, with its record.
        let done = hr.run("reassign", some(&[deals[3], own[3], alone], &[company.ben.id, company.hr.id]), MOVED).await.ok();
        assert_eq!(done.at("reassignment.movedCount"), 3);
        assert_eq!(holders(&hr, &[own[3]]).await, holders(&hr, &[deals[3]]).await);
    }

    /// H5: what is selected is everything that matches when it begins, on however many pages; later ones stay.
    async fn h5_matching_means_all_pages(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        company.deals(&company.leo, 250).await;
        let done = hr.run("reassign", all_of(company.leo.id, &[company.ben.id]), MOVED).await.ok();
        assert_eq!((done.at("reassignment.plannedCount"), done.at("reassignment.movedCount")), (&json!(250), &json!(250)));
        let later = company.deals(&company.leo, 1).await;
        assert_eq!(holders(&hr, &later).await, ["Leo Leaver"]);
    }

    /// H5, S4: missing, invisible and forbidden ones, and those a successor has, are left alone and told apart; NOT_FOUND hides what one cannot read.
    async fn h5_ids_that_cannot_be_moved_are_told(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ben = office.sign_in(&company.ben).await;
        let (own, hers, theirs) = (company.record(&company.ben, RecordKind::Deal, State::Open).await, company.record(&company.emma, RecordKind::Deal, State::Open).await, company.record(&company.hr, RecordKind::Task, State::Open).await);
        let missing: RecordId = RecordId { kind: RecordKind::Lead, uuid: uuid::Uuid::from_u128(7) };
        let input = some(&[own, hers, theirs, missing], &[company.emma.id]);
        let done = ben.run("reassign", input.clone(), MOVED).await.ok();
        let mut expected = [(hers, "NOT_PERMITTED"), (theirs, "NOT_PERMITTED"), (missing, "NOT_FOUND")];
        expected.sort_by_key(|(id, _)| *id);
        let expected: Vec<Value> = expected.iter().map(|(id, reason)| json!({"entityId": id, "reason": reason})).collect();
        assert_eq!(done.at("reassignment.skipped"), &json!(expected));
        assert_eq!((done.at("reassignment.movedCount"), done.at("reassignment.skippedCount"), done.at("reassignment.plannedCount")), (&json!(1), &json!(3), &json!(4)));
        // A token that writes but does not read knows of its owner's records alone.
        let made = ben.run("createAccessToken", json!({"name": "w", "permissions": ["ENTITIES_WRITE"]}), "secret").await.ok();
        let token = office.server.with_token(&made.text("secret"));
        let own = company.record(&company.ben, RecordKind::Deal, State::Open).await;
        let done = token.run("reassign", some(&[own, theirs, missing], &[company.emma.id]), MOVED).await.ok();
        let mut expected = [theirs, missing];
        expected.sort();
        assert_eq!(done.at("reassignment.skipped"), &json!(expected.map(|id| json!({"entityId": id, "reason": "NOT_FOUND"}))));
        // Holders of ENTITIES_REASSIGN are told what a successor has already.
        let hr = office.sign_in(&company.hr).await;
        let done = hr.run("reassign", some(&[hers, theirs], &[company.ben.id, company.emma.id]), MOVED).await.ok();
        assert_eq!(done.at("reassignment.skipped"), &json!([{"entityId": hers, "reason": "ALREADY_OWNED"}]));
        assert_eq!(holders(&hr, &[theirs]).await, ["Ben Okoro"], "skipped ones take no number");
    }

    /// H6: what waits for a new owner is found by everybody who reads records, with the same counts, whether or not they see the leaver.
    async fn h6_a_team_finds_what_waits_for_an_owner(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let again = invited_again(&office, &hr, "Invited").await;
        let mut waiting = Vec::new();
        for owner in [&company.leo, &again] {
            waiting.extend(company.records_of_all_kinds(owner).await);
        }
        // Of an external person the records of the CRM wait, tasks and files do not; the System User's never do.
        for id in company.records_of_all_kinds(&company.eva).await {
            if id.kind.is_crm() {
                waiting.push(id);
            }
        }
        let mut settled: Vec<RecordId> = company.records_of_all_kinds(&company.emma).await;
        settled.extend(company.records_of_all_kinds(&system()).await);
        waiting.sort();
        let all = "query($filter: OwnedEntityFilter, $after: String) { ownedEntities(first: 100, after: $after, filter: $filter) { totalCount pageInfo { hasNextPage } nodes { id responsible { displayName user { id } } viewerCanReassign } } }";
        for (who, sees) in [(&hr, true), (&ben, false)] {
            let found = who.query(all, json!({"filter": {"isOrphaned": true}})).await.ok();
            let mut ids: Vec<String> = found.list("ownedEntities.nodes").iter().map(|n| n["id"].as_str().expect("an ID").to_owned()).collect();
            ids.sort();
            let mut expected: Vec<String> = waiting.iter().map(ToString::to_string).collect();
            expected.sort();
            assert_eq!(ids, expected);
            assert_eq!((found.at("ownedEntities.totalCount"), found.at("ownedEntities.pageInfo.hasNextPage")), (&json!(waiting.len()), &json!(false)));
            let of_leo: Vec<&Value> = found.list("ownedEntities.nodes").iter().filter(|n| n["responsible"]["displayName"] == "Leo Leaver").collect();
            assert_eq!(of_leo.len(), 18, "the name is shown to everybody");
            assert!(of_leo.iter().all(|n| n["responsible"]["user"].is_null() != sees), "the person is not");
            assert!(found.list("ownedEntities.nodes").iter().all(|n| n["viewerCanReassign"] == true), "R9: all of them can be picked up");
            let narrow = who.query(all, json!({"filter": {"isOrphaned": true, "kinds": ["DEAL"], "isClosed": true}})).await.ok();
            assert_eq!(narrow.at("ownedEntities.totalCount"), 3);
            let rest = who.query(all, json!({"filter": {"isOrphaned": false}})).await.ok();
            assert_eq!(rest.at("ownedEntities.totalCount"), settled.len() + 4, "with two tasks and two files of Eva's");
        }
        let eva = office.sign_in(&company.eva).await.query("{ ownedEntities(filter: {isOrphaned: true}) { totalCount } }", json!({})).await;
        assert!(eva.error_codes() == ["FORBIDDEN"] || eva.at("ownedEntities.totalCount") == 0, "{:#}", eva.body);

        // H11: a colleague picks them up for himself, and for nobody else.
        let before = traces(&office).await;
        let orphans = |to: UserId| json!({"selection": {"matching": {"isOrphaned": true}}, "toUserIds": [to]});
        ben.run("reassign", orphans(company.emma.id), MOVED).await.refused("NOT_PERMITTED");
        ben.run("reassign", json!({"selection": {"matching": {"isOrphaned": true}}, "toUserIds": [company.ben.id, company.emma.id]}), MOVED).await.refused("NOT_PERMITTED");
        assert_eq!(traces(&office).await, before, "a refusal changes nothing");
        let taken = ben.run("reassign", orphans(company.ben.id), MOVED).await.ok();
        assert_eq!((taken.at("reassignment.movedCount"), taken.at("reassignment.status")), (&json!(waiting.len()), &json!("SUCCEEDED")));
        assert_eq!(ben.query(all, json!({"filter": {"isOrphaned": true}})).await.ok().at("ownedEntities.totalCount"), 0);
        ben.run("reassign", orphans(company.ben.id), MOVED).await.refused("SELECTION_EMPTY");
        assert_eq!(holders(&hr, &settled[..1]).await, ["Emma Novak"]);
    }

    /// H7, R11: nothing, everything, and more than one transaction moves are refused, the last with what to do; and nothing is changed.
    async fn h7_selections_that_cannot_be_moved_change_nothing(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let deals = company.deals(&company.leo, 5_000).await;
        company.activity(&company.leo, deals[0]).await;
        let before = traces(&office).await;
        let to = [company.ben.id];
        let refused = hr.run("reassign", all_of(company.leo.id, &to), MOVED).await.refused_at(&[("INPUT_INVALID", "input.selection")]);
        assert!(refused.text("userErrors.0.message").contains("narrow the filter"), "{:#}", refused.answer.body);
        // The activity that follows counts; without it there are 5,000.
        let only = |linked: bool| json!({"selection": {"matching": {"responsibleIds": [company.leo.id], "kinds": ["DEAL"]}}, "toUserIds": to, "includeLinkedActivities": linked, "dryRun": true});
        hr.run("reassign", only(true), "plannedCounts { openCount }").await.refused("INPUT_INVALID");
        assert_eq!(hr.run("reassign", only(false), "plannedCounts { openCount }").await.ok().at("plannedCounts.0.openCount"), 5_000);
        for (filter, code) in [(json!({"kinds": ["DEAL"]}), "SELECTION_TOO_WIDE"), (json!({"isOrphaned": false}), "SELECTION_TOO_WIDE"), (json!({"responsibleIds": [company.leo.id], "kinds": ["LEAD"]}), "SELECTION_EMPTY"), (json!({"isOrphaned": true, "query": "nothing like it"}), "SELECTION_EMPTY")] {
            hr.run("reassign", json!({"selection": {"matching": filter}, "toUserIds": to}), MOVED).await.refused(code);
        }
        let many: Vec<RecordId> = deals[..501].to_vec();
        hr.run("reassign", some(&many, &to), MOVED).await.refused("SELECTION_TOO_WIDE");
        assert_eq!(traces(&office).await, before, "nothing was changed");
        assert_eq!(hr.run("reassign", some(&many[..500], &to), MOVED).await.ok().at("reassignment.movedCount"), 501);
    }

    /// H8: what the dry run plans for one to four successors is what the execution gives them, linked activities included.
    async fn h8_planned_shares_are_the_shares(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let fourth = company.employee("Fay", "Fourth").await;
        let successors = [company.ben.id, company.ann.id, company.emma.id, fourth.id];
        let counts = "{ successor { displayName } counts { kind openCount closedCount } }";
        for n in 1..=4 {
            let source = company.leaver("Lea", &format!("Left{n}")).await;
            company.records_of_all_kinds(&source).await;
            let deals = company.deals(&source, 7).await;
            for (n, deal) in deals.iter().enumerate() {
                for _ in 0..n % 3 {
                    company.activity(&source, *deal).await;
                }
            }
            let before = traces(&office).await;
            let mut input = all_of(source.id, &successors[..n]);
            input["dryRun"] = json!(true);
            let fields = format!("reassignment {{ plannedCount movedCount movedCounts {{ kind openCount closedCount }} shares {counts} }} plannedCounts {{ kind openCount closedCount }} plannedShares {counts}");
            let planned = hr.run("reassign", input.clone(), &fields).await.ok();
            assert_eq!(planned.at("reassignment"), &Value::Null);
            assert_eq!(traces(&office).await, before, "R8: a dry run changes nothing");
            input["dryRun"] = json!(false);
            let done = hr.run("reassign", input, &fields).await.ok();
            assert_eq!((done.at("plannedShares"), done.at("plannedCounts")), (&Value::Null, &Value::Null));
            assert_eq!(done.at("reassignment.shares"), planned.at("plannedShares"), "{n} successors");
            assert_eq!(done.at("reassignment.movedCounts"), planned.at("plannedCounts"));
            let names: Vec<&Value> = planned.at("plannedShares").as_array().expect("shares").iter().map(|s| &s["successor"]["displayName"]).collect();
            assert_eq!(names, ["Ben Okoro", "Ann Archer", "Emma Novak", "Fay Fourth"][..n].iter().map(|name| json!(name)).collect::<Vec<_>>().iter().collect::<Vec<_>>(), "in the order given");
            let leading: Vec<i64> = planned.at("plannedShares").as_array().expect("shares").iter().map(|share| {
                let kinds = share["counts"].as_array().expect("counts").iter().filter(|c| c["kind"] != "ACTIVITY");
                kinds.map(|c| c["openCount"].as_i64().expect("a number") + c["closedCount"].as_i64().expect("a number")).sum()
            }).collect();
            assert!(leading.iter().max().expect("some") - leading.iter().min().expect("some") <= 2, "even, but for the activities that lead: {leading:?}");
        }
    }

    /// H10: from, to, by whom, when and in which reassignment; the latest first whatever the clocks of the nodes said, on every page.
    async fn h10_the_history_of_a_record_is_in_order(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let make = json!([{"kind": "DEAL", "externalId": "d", "title": "Deal", "responsibleId": company.emma.id}]);
        let made = hr.run("upsertOwnedEntities", json!({"entities": make}), "entities { id }").await.ok();
        let deal: RecordId = made.text("entities.0.id").parse().expect("an ID");
        hr.run("upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "d", "responsibleId": company.hr.id}]}), "updatedCount").await.ok();
        let made = hr.run("createAccessToken", json!({"name": "Sync", "permissions": ["ENTITIES_REASSIGN"]}), "secret").await.ok();
        let token = office.server.with_token(&made.text("secret"));
        let moved = token.run("reassign", some(&[deal], &[company.emma.id]), "reassignment { id finishedAt }").await.ok();
        let fields = "from { displayName } to { displayName } actor { kind displayName } changedAt reassignment { id }";
        let history = format!("query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {{ node(id: $id) {{ ... on OwnedEntity {{ ownershipChanges(first: $first, after: $after, last: $last, before: $before) {{ totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} nodes {{ {fields} }} }} }} }} }}");
        let seen = hr.query(&history, json!({"id": deal})).await.ok();
        let nodes = seen.list("node.ownershipChanges.nodes");
        assert_eq!(nodes.len(), 2);
        assert_eq!((&nodes[0]["from"]["displayName"], &nodes[0]["to"]["displayName"], &nodes[0]["changedAt"]), (&json!("Hana Reed"), &json!("Emma Novak"), moved.at("reassignment.finishedAt")));
        assert_eq!((&nodes[0]["actor"]["kind"], &nodes[0]["reassignment"]), (&json!("ACCESS_TOKEN"), &json!({"id": moved.at("reassignment.id")})));
        assert_eq!((&nodes[1]["from"]["displayName"], &nodes[1]["to"]["displayName"], &nodes[1]["reassignment"]), (&json!("Emma Novak"), &json!("Hana Reed"), &Value::Null), "a single edit");
        // Ben reads the record; of the reassignment, which is not his, he is told nothing.
        let his = ben.query(&history, json!({"id": deal})).await.ok();
        assert_eq!((his.at("node.ownershipChanges.nodes.0.to.displayName"), his.at("node.ownershipChanges.nodes.0.reassignment")), (&json!("Emma Novak"), &Value::Null));

        // A node whose clock is late goes on with the history.
        let mut tx = office.storage.begin().await.expect("a transaction");
        let row = tx.records_by_id(&[deal], &tenure_core::policy::Access::system().record_scope()).await.expect("the deal").remove(0);
        let (late, people) = (SystemClock.now().plus_seconds(-3600), [company.emma.id, company.ben.id, company.ann.id, company.hr.id]);
        let mut version = row.version;
        let changes: Vec<OwnershipChange> = people.windows(2).map(|pair| {
            version += 1;
            OwnershipChange { id: SystemClock.new_uuid(), record: deal, from: pair[0], to: pair[1], actor: Actor::User(company.ann.id), changed_at: late.plus_seconds(-i64::from(version)), reassignment: None, record_version: version }
        }).collect();
        tx.records_update(&[tenure_core::record::Record { responsible: company.hr.id, version, ..row }]).await.expect("the deal");
        tx.ownership_changes_insert(&changes).await.expect("changes");
        tx.commit().await.expect("a commit");
        let expected = ["Hana Reed", "Ann Archer", "Ben Okoro", "Emma Novak", "Hana Reed"];
        let names = |answer: &crate::support::answer::Answer| -> Vec<String> { answer.list("node.ownershipChanges.nodes").iter().map(|n| n["to"]["displayName"].as_str().expect("a name").to_owned()).collect() };
        let seen = hr.query(&history, json!({"id": deal})).await.ok();
        assert_eq!((names(&seen), seen.at("node.ownershipChanges.totalCount")), (expected.map(str::to_owned).to_vec(), &json!(5)));
        let (mut forth, mut back, mut after, mut before) = (Vec::new(), Vec::new(), Value::Null, Value::Null);
        for page in 0..3 {
            let seen = hr.query(&history, json!({"id": deal, "first": 2, "after": after})).await.ok();
            assert_eq!(seen.at("node.ownershipChanges.pageInfo.hasNextPage"), &json!(page < 2));
            after = seen.at("node.ownershipChanges.pageInfo.endCursor").clone();
            forth.extend(names(&seen));
            let seen = ben.query(&history, json!({"id": deal, "last": 2, "before": before})).await.ok();
            assert_eq!(seen.at("node.ownershipChanges.pageInfo.hasPreviousPage"), &json!(page < 2));
            before = seen.at("node.ownershipChanges.pageInfo.startCursor").clone();
            back.splice(0..0, names(&seen));
        }
        assert_eq!((forth, back), (expected.map(str::to_owned).to_vec(), expected.map(str::to_owned).to_vec()));
        let elsewhere = hr.query("query($after: String) { reassignments(after: $after) { totalCount } }", json!({"after": after})).await;
        assert_eq!(elsewhere.error_codes(), ["BAD_USER_INPUT"], "V8: a cursor of another list");
    }

    /// H11, I5: whoever hands over, successors are active employees; the System User, missing people and doubles are refused alike.
    async fn h11_successors_are_active_employees(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr, ben) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let again = invited_again(&office, &hr, "Invited").await;
        let invited = company.add("Nia", "New", Traits { status: UserStatus::Invited, ..Traits::default() }).await;
        let external_leaver = company.add("Ed", "Ended", Traits { status: UserStatus::Dismissed, kind: UserKind::Extranet, ..Traits::default() }).await;
        let made = hr.run("createAccessToken", json!({"name": "t", "permissions": ["ENTITIES_REASSIGN"]}), "secret").await.ok();
        let token = office.server.with_token(&made.text("secret"));
        let deal = company.record(&company.ben, RecordKind::Deal, State::Open).await;
        let task = company.record(&company.ben, RecordKind::Task, State::Open).await;
        let missing = json!("usr_00000000000000000000000000");
        let wrong = [("a leaver", json!(company.leo.id)), ("an external person", json!(company.eva.id)), ("a former employee", json!(again.id)), ("an invited person", json!(invited.id)), ("an external leaver", json!(external_leaver.id)), ("the System User", json!(UserId::SYSTEM)), ("nobody", missing)];
        let before = traces(&office).await;
        for (persona, caller) in [("an administrator", &ann), ("a holder", &hr), ("the owner", &ben), ("a token", &token)] {
            for (what, successor) in &wrong {
                for id in [deal, task] {
                    let input = json!({"selection": {"ids": [id]}, "toUserIds": [company.emma.id, successor]});
                    let outcome = caller.run("reassign", input, MOVED).await.refused_at(&[("SUCCESSOR_NOT_ELIGIBLE", "input.toUserIds.1")]);
                    let told = outcome.text("userErrors.0.message");
                    assert_eq!(told, "A successor must be an active employee, named once, and not one of the present responsible people.", "{persona}, {what}");
                }
            }
            let twice = json!({"selection": {"ids": [deal]}, "toUserIds": [company.emma.id, company.emma.id]});
            caller.run("reassign", twice, MOVED).await.refused_at(&[("SUCCESSOR_NOT_ELIGIBLE", "input.toUserIds.1")]);
            let source = all_of(company.ben.id, &[company.emma.id, company.ben.id]);
            caller.run("reassign", source, MOVED).await.refused_at(&[("SUCCESSOR_NOT_ELIGIBLE", "input.toUserIds.1")]);
        }
        for (what, successor) in &wrong {
            let input = json!({"userId": company.ben.id, "handover": {"toUserIds": [successor]}});
            assert_eq!(ann.run("dismiss", input.clone(), "user { id }").await.verdict(), "SUCCESSOR_NOT_ELIGIBLE", "dismiss, {what}");
            let mut moved = input;
            moved["workgroupIds"] = json!([company.portal]);
            assert_eq!(ann.run("moveToExtranet", moved, "user { id }").await.verdict(), "SUCCESSOR_NOT_ELIGIBLE", "moveToExtranet, {what}");
        }
        for to in [json!([]), json!(vec![company.emma.id; 21])] {
            hr.run("reassign", json!({"selection": {"ids": [deal]}, "toUserIds": to}), MOVED).await.refused_at(&[("INPUT_INVALID", "input.toUserIds")]);
        }
        assert_eq!(traces(&office).await, before, "nothing was changed");
    }

    /// H11: who may hand over whose records, to whom.
    async fn h11_rights_decide_whose_records_move(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr, ben, eva) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await, office.sign_in(&company.ben).await, office.sign_in(&company.eva).await);
        let dismisser = office.sign_in(&company.holder("Dora", "Dismisser", &[Permission::UsersDismiss]).await).await;
        let reader = ben.run("createAccessToken", json!({"name": "r", "permissions": ["ENTITIES_READ"]}), "secret").await.ok();
        let reader = office.server.with_token(&reader.text("secret"));
        ann.run("updateSettings", json!({"showDismissedUsers": true}), "settings { id }").await.ok();
        // Source × successor: of Ben's own, of a colleague, of a leaver; to himself, to a colleague.
        let expected = [
            ("an administrator", &ann, ["OK"; 5]), ("a holder", &hr, ["OK"; 5]),
            ("Ben", &ben, ["OK", "NOT_PERMITTED", "NOT_PERMITTED", "OK", "NOT_PERMITTED"]),
            ("a dismisser", &dismisser, ["NOT_PERMITTED", "NOT_PERMITTED", "NOT_PERMITTED", "NOT_PERMITTED", "NOT_PERMITTED"]),
            ("a token that reads", &reader, ["FORBIDDEN"; 5]), ("an external person", &eva, ["FORBIDDEN"; 5]),
        ];
        for (who, caller, verdicts) in expected {
            let cases = [(&company.ben, company.hr.id), (&company.emma, company.ben.id), (&company.emma, company.hr.id), (&company.leo, company.ben.id), (&company.leo, company.hr.id)];
            for ((source, to), verdict) in cases.into_iter().zip(verdicts) {
                let deal = company.record(source, RecordKind::Deal, State::Open).await;
                let case = format!("{who}: from {} to {to}", source.name);
                assert_eq!(caller.run("reassign", all_of(source.id, &[to]), MOVED).await.verdict(), verdict, "{case}");
                let holder = holders(&hr, &[deal]).await;
                assert_eq!(holder == [source.name.clone()], verdict != "OK", "{case}");
                if verdict != "OK" {
                    // By ID the same is skipped, not refused; who lacks the permission is refused.
                    let by_id = caller.run("reassign", some(&[deal], &[to]), MOVED).await;
                    match verdict {
                        "FORBIDDEN" => assert_eq!(by_id.verdict(), "FORBIDDEN", "{case}"),
                        _ => assert_eq!(by_id.ok().at("reassignment.skipped"), &json!([{"entityId": deal, "reason": "NOT_PERMITTED"}]), "{case}"),
                    }
                    hr.run("reassign", some(&[deal], &[company.ann.id]), MOVED).await.ok();
                }
            }
        }
    }

    /// I5: tasks and files of a workgroup go to its active external members, by upsert alone.
    async fn i5_external_members_receive_tasks_by_upsert_only(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let elsewhere = company.add("Ola", "Outer", Traits { kind: UserKind::Extranet, workgroups: vec![(company.portal, tenure_core::structure::WorkgroupRole::Member)], ..Traits::default() }).await;
        let upsert = |kind: &str, group: Value, to: UserId| {
            let mut entity = json!({"kind": kind, "externalId": format!("{kind}-1"), "title": "T", "responsibleId": to});
            if kind == "TASK" || kind == "FILE" {
                entity["workgroupId"] = group;
            }
            if kind == "FILE" {
                entity["sizeInBytes"] = json!("1");
                entity["mediaType"] = json!("text/plain");
            }
            json!({"entities": [entity]})
        };
        for kind in ["TASK", "FILE"] {
            hr.run("upsertOwnedEntities", upsert(kind, Value::Null, company.eva.id), "createdCount").await.refused("RESPONSIBLE_NOT_ELIGIBLE");
            for to in [elsewhere.id, company.leo.id, UserId::SYSTEM] {
                hr.run("upsertOwnedEntities", upsert(kind, json!(company.project), to), "createdCount").await.refused("RESPONSIBLE_NOT_ELIGIBLE");
            }
            let made = hr.run("upsertOwnedEntities", upsert(kind, json!(company.project), company.eva.id), "entities { id responsible { displayName } }").await.ok();
            assert_eq!(made.at("entities.0.responsible.displayName"), "Eva Extern");
            let id: RecordId = made.text("entities.0.id").parse().expect("an ID");
            hr.run("reassign", some(&[id], &[company.emma.id]), MOVED).await.ok();
            hr.run("reassign", some(&[id], &[company.eva.id]), MOVED).await.refused("SUCCESSOR_NOT_ELIGIBLE");
        }
        for kind in ["DEAL", "LEAD", "CONTACT", "COMPANY", "ESTIMATE", "INVOICE"] {
            hr.run("upsertOwnedEntities", upsert(kind, Value::Null, company.eva.id), "createdCount").await.refused("RESPONSIBLE_NOT_ELIGIBLE");
        }
    }

    /// H13: each successor who received something gets one mail with counts and a link, whatever handed it over; nobody else gets any.
    async fn h13_successors_are_told_once(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let idle = company.employee("Ivo", "Idle").await;
        let records = company.records(&company.leo, &[(RecordKind::Deal, State::Open, None), (RecordKind::Deal, State::Closed, None), (RecordKind::Invoice, State::Open, None)]).await;
        // Three records for four successors: the fourth receives nothing.
        let to = [company.ben.id, company.emma.id, company.ann.id, idle.id];
        let mut input = some(&records, &to);
        input["dryRun"] = json!(true);
        hr.run("reassign", input.clone(), "plannedCounts { kind }").await.ok();
        input["dryRun"] = json!(false);
        let done = hr.run("reassign", input, "reassignment { id }").await.ok();
        let mail = office.mail.latest_to(&company.ben.email).await;
        assert_eq!(mail.subject, "1 record handed over to you");
        assert!(mail.body.contains("Hello Ben Okoro") && mail.body.contains("Hana Reed handed 1 record over to you") && mail.body.contains(&format!("/reassignments/{}", done.text("reassignment.id"))), "{}", mail.body);
        office.mail.latest_to(&company.ann.email).await;
        let counts = || [&company.ben, &company.emma, &company.ann, &idle, &company.hr, &company.leo].map(|who| office.mail.count_to(&who.email));
        assert_eq!(counts(), [1, 1, 1, 0, 0, 0], "one each, none for the dry run, none for who received nothing or handed over");

        // Inside a dismissal and a move to the extranet, by who picks up, and by undo.
        company.deals(&idle, 2).await;
        hr.run("dismiss", json!({"userId": idle.id, "handover": {"toUserIds": [company.emma.id]}}), "user { status }").await.ok();
        let mail = office.mail.latest_to(&company.emma.email).await;
        assert_eq!(mail.subject, "2 records handed over to you");
        assert_eq!(counts(), [1, 2, 1, 0, 0, 0]);
        let mover = company.employee("Mia", "Mover").await;
        company.deals(&mover, 1).await;
        hr.run("moveToExtranet", json!({"userId": mover.id, "workgroupIds": [company.portal], "handover": {"toUserIds": [company.ben.id]}}), "user { status }").await.ok();
        assert_eq!(counts(), [2, 2, 1, 0, 0, 0]);
        company.deals(&company.leo, 1).await;
        ben.run("reassign", json!({"selection": {"matching": {"isOrphaned": true}}, "toUserIds": [company.ben.id]}), MOVED).await.ok();
        assert_eq!(counts(), [3, 2, 1, 0, 0, 0]);
        // Nothing received, nothing told; and nothing of what was refused.
        hr.run("reassign", some(&records[..0], &[company.ben.id]), MOVED).await.refused("INPUT_INVALID");
        let mine = company.deals(&company.ben, 1).await;
        let skipped = hr.run("reassign", some(&mine, &[company.ben.id]), MOVED).await.ok();
        assert_eq!(skipped.at("reassignment.movedCount"), 0);
        let nobody = company.employee("Noa", "Nothing").await;
        hr.run("dismiss", json!({"userId": nobody.id, "handover": {"toUserIds": [company.ben.id]}}), "user { status }").await.ok();
        assert_eq!(counts(), [3, 2, 1, 0, 0, 0]);
        // To the contact address where there is one; it is what colleagues write to.
        hr.run("changeContactEmail", json!({"userId": company.emma.id, "address": "emma@elsewhere.example"}), "user { id }").await.ok();
        hr.run("reassign", some(&mine, &[company.emma.id]), MOVED).await.ok();
        office.mail.latest_to("emma@elsewhere.example").await;
        assert_eq!(counts(), [3, 2, 1, 0, 0, 0]);
    }
}
