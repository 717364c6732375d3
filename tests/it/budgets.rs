//! Bounded statements: each of the twelve queries costs a number of SQL statements that does not depend on the number of rows. The number
//! counts everything: who calls, the lists, the relations. A change of cost is a change of this file, in the same commit.

use serde_json::{Value, json};
use tenure_core::id::{RecordId, UserId};
use tenure_core::record::{Record, RecordDetail, RecordKind};
use tenure_core::storage::Storage;
use tenure_core::structure::WorkgroupRole;
use tenure_core::user::UserStatus;

use crate::support::company::{Member, State, Traits};
use crate::support::office::Office;
use crate::support::person::Person;
use crate::support::server::Wish;
use crate::support::{on_both, rows};

/// (file, statements) as written down; (2) takes at most 12.
const BUDGETS: [(&str, u64); 12] = [
    ("01_people", 5),
    ("02_people_with_records", 6),
    ("03_people_with_deals", 6),
    ("04_one_person", 24),
    ("05_mixed_records", 4),
    ("06_deals_with_activities", 5),
    ("07_workgroup", 12),
    ("08_nodes", 8),
    ("09_departments", 5),
    ("10_reassignment", 3),
    ("11_leavers", 8),
    ("12_deep_page", 4),
];

fn document(file: &str) -> String {
    let path = format!("{}/tests/queries/{file}.graphql", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

async fn cost(office: &Office, person: &Person, file: &str, variables: &Value) -> (u64, Value) {
    let before = office.storage.statements();
    let answer = person.query(&document(file), variables.clone()).await.ok();
    (office.storage.statements() - before, answer.body["data"].clone())
}

/// Companies, contacts and deals that refer to each other, and activities of the deals.
async fn business(office: &Office, owner: &Member, count: usize) {
    let company = &office.company;
    let firms = company.records(owner, &vec![(RecordKind::Company, State::Open, None); count]).await;
    let people = company.records(owner, &vec![(RecordKind::Contact, State::Open, None); count]).await;
    let deals = company.records(owner, &vec![(RecordKind::Deal, State::Open, None); count]).await;
    let mut tx = office.storage.begin().await.expect("a transaction");
    let scope = tenure_core::policy::Access::system().record_scope();
    let mut rows: Vec<Record> = tx.records_by_id(&[people.clone(), deals.clone()].concat(), &scope).await.expect("records");
    rows.sort_by_key(|r| r.id);
    for (next, row) in rows.iter_mut().enumerate() {
        let firm = Some(firms[next % firms.len()]);
        let person = Some(people[next % people.len()]);
        match &mut row.detail {
            RecordDetail::Contact { company, .. } => *company = firm,
            RecordDetail::Deal { company, contact, .. } => (*company, *contact) = (firm, person),
            other => panic!("unexpected {other:?}"),
        }
    }
    tx.records_update(&rows).await.expect("an update");
    tx.commit().await.expect("a commit");
    let wanted: Vec<_> = deals.iter().flat_map(|deal| vec![(RecordKind::Activity, State::Open, Some(*deal)); 2]).collect();
    company.records(owner, &wanted).await;
}

struct Scene {
    person: UserId,
    nodes: Vec<String>,
    reassignment: String,
    workgroup: String,
    cursor: String,
}

/// A company with so many people and records.
async fn scene(office: &Office, size: usize) -> Scene {
    let company = &office.company;
    let hr = office.sign_in(&company.hr).await;
    let traits = |status| Traits {
        status,
        manager: Some(company.ben.id),
        department: Some(company.sales),
        workgroups: vec![(company.project, WorkgroupRole::Member)],
        ..Traits::default()
    };
    let people = company.add_many(size, &format!("Worker{size}"), traits(UserStatus::Active)).await;
    let leavers = company.add_many(size / 2, &format!("Left{size}"), traits(UserStatus::Dismissed)).await;
    for owner in people.iter().take(size / 2).chain(&leavers) {
        business(office, owner, 3).await;
        company.records_of_all_kinds(owner).await;
    }
    let group: Vec<(RecordKind, State, Option<RecordId>)> =
        (0..size).flat_map(|_| [(RecordKind::Task, State::Open, None), (RecordKind::File, State::Open, None)]).collect();
    let shared = company.records(&people[0], &group).await;
    let mut tx = office.storage.begin().await.expect("a transaction");
    let mut rows = tx.records_by_id(&shared, &tenure_core::policy::Access::system().record_scope()).await.expect("records");
    for row in &mut rows {
        row.workgroup = Some(company.project);
    }
    tx.records_update(&rows).await.expect("an update");
    tx.commit().await.expect("a commit");
    let input = json!({"selection": {"matching": {"responsibleIds": leavers[..leavers.len().min(10)].iter().map(|l| l.id).collect::<Vec<_>>(), "kinds": ["LEAD", "TASK"]}}, "toUserIds": people.iter().take(5).map(|p| p.id).collect::<Vec<_>>()});
    let moved = hr.run("reassign", input, "reassignment { id }").await.ok();
    let records = hr.query("{ ownedEntities(first: 60) { nodes { id } } }", json!({})).await.ok();
    let mut nodes: Vec<String> = records.list("ownedEntities.nodes").iter().map(|n| n["id"].as_str().expect("an id").to_owned()).collect();
    nodes.extend(people.iter().take(38).map(|p| p.id.to_string()));
    nodes.extend([company.sales.to_string(), company.project.to_string()]);
    // The deals that query (6) shows have activities, so that their subjects are asked for.
    let deals = hr.query("{ ownedEntities(first: 50, filter: {kinds: [DEAL]}) { nodes { id } } }", json!({})).await.ok();
    let linked: Vec<(RecordKind, State, Option<RecordId>)> = deals
        .list("ownedEntities.nodes")
        .iter()
        .map(|n| (RecordKind::Activity, State::Open, n["id"].as_str().and_then(|id| id.parse().ok())))
        .collect();
    company.records(&people[0], &linked).await;
    let order = "orderBy: {field: UPDATED_AT, direction: DESC}";
    office.quiet().await;
    let deep = hr.query(&format!("{{ ownedEntities(last: 60, {order}) {{ edges {{ cursor }} }} }}"), json!({})).await.ok();
    Scene {
        person: people[0].id,
        nodes,
        reassignment: moved.text("reassignment.id"),
        workgroup: company.project.to_string(),
        cursor: deep.text("ownedEntities.edges.20.cursor"),
    }
}

on_both! {
    /// The same numbers for a small company and for one of several times the size.
    async fn twelve_queries_cost_a_bounded_number_of_statements(db: Backend) {
        let office = Office::open_with(db, Wish::without_polling).await;
        let hr = office.sign_in(&office.company.hr).await;
        let mut measured = Vec::new();
        for size in [12, 60] {
            let scene = scene(&office, size).await;
            // Successors are told by mail, and whoever sends it counts statements too.
            office.mail.settled().await;
            let first = |n: i32| json!({"first": n});
            let variables = [
                first(100), first(100), first(20), json!({"id": scene.person}), first(100), first(50), json!({"id": scene.workgroup}),
                json!({"ids": scene.nodes}), first(20), json!({"id": scene.reassignment}), first(50), json!({"before": scene.cursor}),
            ];
            let mut costs = Vec::new();
            for ((file, _), variables) in BUDGETS.iter().zip(&variables) {
                let (statements, data) = cost(&office, &hr, file, variables).await;
                assert!(data.as_object().is_some_and(|d| d.values().all(|v| !v.is_null())), "{file}: {data}");
                costs.push((*file, statements));
            }
            measured.push(costs);
        }
        assert_eq!(measured[0], measured[1], "the cost does not depend on the number of rows");
        assert_eq!(measured[1], BUDGETS, "the cost is what was written down");
        assert!(measured[1][1].1 <= 12, "people with records and their company");
    }

    /// (12) in a long list: as cheap deep inside as at its ends, and exact in both directions.
    async fn a_page_deep_in_a_long_list(db: Backend) {
        let office = Office::open_with(db, Wish::without_polling).await;
        let hr = office.sign_in(&office.company.hr).await;
        office.company.deals(&office.company.emma, rows(100_000)).await;
        let ask = "query($before: String) { ownedEntities(last: 50, before: $before, orderBy: {field: UPDATED_AT, direction: DESC}) { nodes { id } pageInfo { hasPreviousPage hasNextPage startCursor } } }";
        let mut before = Value::Null;
        let mut seen = std::collections::HashSet::new();
        for _ in 0..40 {
            let answer = hr.query(ask, json!({"before": before})).await.ok();
            for node in answer.list("ownedEntities.nodes") {
                assert!(seen.insert(node["id"].as_str().expect("an id").to_owned()), "no repetition");
            }
            assert_eq!(answer.at("ownedEntities.pageInfo.hasNextPage"), &json!(!before.is_null()));
            assert_eq!(answer.at("ownedEntities.pageInfo.hasPreviousPage"), &json!(true));
            before = answer.at("ownedEntities.pageInfo.startCursor").clone();
        }
        assert_eq!(seen.len(), 2_000);
        office.quiet().await;
        let (statements, _) = cost(&office, &hr, "12_deep_page", &json!({"before": before})).await;
        assert_eq!(statements, BUDGETS[11].1);
    }
}
