//! Twenty callers at once: records and who answers for them (I5, H4, H7, H10, H11). Who wins is open; where everything is afterwards is not.

use serde_json::{Value, json};
use tenure_core::id::{RecordId, UserId};
use tenure_core::record::RecordKind;

use crate::support::company::State;
use crate::support::invariants::Books;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::race::{CALLERS, Call, Nodes, Tally};
use crate::support::race_rounds;

const USER: &str = "user { status }";
const MOVED: &str = "reassignment { movedCount }";

fn some(ids: &[RecordId], to: UserId) -> Value {
    json!({"selection": {"ids": ids}, "toUserIds": [to]})
}

fn all_of(source: UserId, to: UserId) -> Value {
    json!({"selection": {"matching": {"responsibleIds": [source]}}, "toUserIds": [to]})
}

fn new_deal(external_id: String, responsible: UserId) -> Value {
    json!({"entities": [{"kind": "DEAL", "externalId": external_id, "title": "New", "responsibleId": responsible}]})
}

/// How many records all handovers together say they moved.
fn moved(tally: &Tally) -> u64 {
    tally.winners("reassign").iter().map(|winner| winner.at("reassignment.movedCount").as_u64().expect("a number")).sum()
}

on_both! {
    /// I5: whoever receives records while being dismissed gets them before, or not at all.
    async fn nothing_is_handed_to_a_leaver(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        for round in 0..race_rounds() {
            let successor = company.employee("Sue", &format!("Successor{round}")).await;
            let deals = company.deals(&company.leo, CALLERS).await;
            let call = |n: usize| match n % 4 {
                0 => Call::new(&ann, "dismiss", json!({"userId": successor.id}), USER),
                2 => Call::new(&hr, "dismiss", json!({"userId": successor.id, "idempotencyKey": format!("{round}-{n}")}), USER),
                _ => Call::new(&hr, "reassign", some(&deals[n - 1..=n], successor.id), MOVED),
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(call).collect()).await;
            assert_eq!(tally.won("dismiss"), 1, "{}", tally.summary());
            tally.losers("dismiss", &["ALREADY_DISMISSED"]).losers("reassign", &["SUCCESSOR_NOT_ELIGIBLE"]);
            // The checker finds out about each of them whether it came before the dismissal.
            let books = Books::checked(&office.storage, None).await;
            assert_eq!(books.records_of(successor.id).len(), 2 * tally.won("reassign"), "{}", tally.summary());
        }
    }

    /// I5, R10: a dismissal that hands everything over leaves nothing behind, whatever came in while it ran.
    async fn a_dismissal_leaves_no_record_behind(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        for round in 0..race_rounds() {
            let leaver = company.employee("Lea", &format!("Leaver{round}")).await;
            let heir = company.employee("Hugo", &format!("Heir{round}")).await;
            let deals = company.deals(&company.leo, CALLERS).await;
            company.deals(&leaver, 3).await;
            let call = |n: usize| match n % 10 {
                9 => Call::new(&hr, "dismiss", json!({"userId": leaver.id, "handover": {"toUserIds": [heir.id]}}), USER),
                even if even % 2 == 0 => Call::new(&hr, "reassign", some(&deals[n..=n], leaver.id), MOVED),
                _ => Call::new(&hr, "upsertOwnedEntities", new_deal(format!("{round}-{n}"), leaver.id), "createdCount"),
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(call).collect()).await;
            assert_eq!(tally.won("dismiss"), 1, "{}", tally.summary());
            tally
                .losers("dismiss", &["ALREADY_DISMISSED"])
                .losers("reassign", &["SUCCESSOR_NOT_ELIGIBLE"])
                .losers("upsertOwnedEntities", &["RESPONSIBLE_NOT_ELIGIBLE"]);
            let books = Books::checked(&office.storage, None).await;
            assert_eq!(books.records_of(leaver.id), [], "{}", tally.summary());
            let received = 3 + tally.won("reassign") + tally.won("upsertOwnedEntities");
            assert_eq!(books.records_of(heir.id).len(), received, "{}", tally.summary());
        }
    }

    /// H7: overlapping handovers to different successors move each record once.
    async fn overlapping_handovers_move_each_record_once(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let successors = company.add_many(CALLERS, "Successor", Default::default()).await;
        for round in 0..race_rounds() {
            let source = company.leaver("Lea", &format!("Left{round}")).await;
            let wanted: Vec<_> = [RecordKind::Deal, RecordKind::Lead, RecordKind::File].iter().flat_map(|kind| vec![(*kind, State::Open, None); 8]).collect();
            let mut records = company.records(&source, &wanted).await;
            for deal in records.clone().iter().take(4) {
                records.push(company.activity(&source, *deal).await);
            }
            let kinds = [json!(["DEAL"]), json!(["LEAD", "DEAL"]), json!(["ACTIVITY", "FILE"]), json!(["DEAL", "LEAD", "FILE", "ACTIVITY"])];
            let call = |n: usize| {
                let selection = json!({"matching": {"responsibleIds": [source.id], "kinds": kinds[n % 4]}});
                Call::new(&hr, "reassign", json!({"selection": selection, "toUserIds": [successors[n].id]}), MOVED)
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(call).collect()).await;
            tally.losers("reassign", &["SELECTION_EMPTY"]);
            assert_eq!(moved(&tally), records.len() as u64, "{}", tally.summary());
            let books = Books::checked(&office.storage, None).await;
            assert_eq!(books.records_of(source.id), []);
            assert!(records.iter().all(|id| books.changes[id].len() == 1), "one change of each record");
        }
    }

    /// H10: to and fro between two people; every record is with one of them, and every move is written down.
    async fn records_go_to_and_fro_without_loss(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let (ben, emma) = (&company.ben, &company.emma);
        // Each has activities on records of the other: these stay, and must not make the two wait in a circle.
        for (one, other) in [(ben, emma), (emma, ben)] {
            for deal in company.deals(one, 5).await {
                company.activity(one, deal).await;
                company.activity(other, deal).await;
            }
        }
        let mut changes = 0;
        for round in 0..race_rounds() {
            let call = |n: usize| {
                let (from, to) = if n.is_multiple_of(2) { (ben.id, emma.id) } else { (emma.id, ben.id) };
                Call::new(&hr, "reassign", all_of(from, to), MOVED)
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(call).collect()).await;
            tally.losers("reassign", &["SELECTION_EMPTY"]);
            let books = Books::checked(&office.storage, None).await;
            assert_eq!(books.records_of(ben.id).len() + books.records_of(emma.id).len(), 30);
            changes += moved(&tally);
            assert_eq!(books.changes.values().map(|of_one| of_one.len() as u64).sum::<u64>(), changes, "{}", tally.summary());
        }
    }

    /// H11: colleagues pick up what a leaver left: each record goes to one of them, and nobody takes it from a colleague.
    async fn what_a_leaver_left_is_picked_up_once(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let company = &office.company;
        let show = json!({"showDismissedUsers": true});
        office.sign_in(&company.ann).await.run("updateSettings", show, "settings { showDismissedUsers }").await.ok();
        let third = company.employee("Tim", "Third").await;
        let mut people = Vec::new();
        for member in [&company.ben, &company.emma, &third] {
            people.push((member.id, office.sign_in(member).await));
        }
        for round in 0..race_rounds() {
            let deals = company.deals(&company.leo, 10).await;
            let call = |n: usize| {
                let (id, by) = &people[n % 3];
                let selection = match n % 2 {
                    0 => json!({"ids": deals}),
                    _ => json!({"matching": {"isOrphaned": true}}),
                };
                Call::new(by, "reassign", json!({"selection": selection, "toUserIds": [id]}), MOVED)
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(call).collect()).await;
            tally.losers("reassign", &["SELECTION_EMPTY"]);
            assert_eq!(moved(&tally), 10, "{}", tally.summary());
            let books = Books::checked(&office.storage, None).await;
            assert!(deals.iter().all(|id| books.changes[id].len() == 1), "one change of each record");
            assert_eq!(books.records_of(company.leo.id), []);
        }
    }

    /// I5: a new record that twenty callers write is made once, and written by each of them.
    async fn a_record_is_made_once(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        for round in 0..race_rounds() {
            let call = |n: usize| {
                let deal = json!({"kind": "DEAL", "externalId": format!("r{round}"), "title": format!("By {n}"), "responsibleId": company.ben.id});
                Call::new(&hr, "upsertOwnedEntities", json!({"entities": [deal]}), "createdCount updatedCount")
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(call).collect()).await;
            tally.winners_are(CALLERS);
            let created: u64 = tally.winners("upsertOwnedEntities").iter().map(|w| w.at("createdCount").as_u64().expect("a number")).sum();
            assert_eq!(created, 1);
            let books = Books::checked(&office.storage, None).await;
            let made: Vec<i32> = books.records.iter().filter(|r| r.external_id == Some(format!("r{round}"))).map(|r| r.version).collect();
            assert_eq!(made, [20], "made, and changed nineteen times");
        }
    }
}
