//! `subscription reassignmentProgress` (H12): the present state at once, changes, the end.

use std::time::Duration;

use serde_json::{Value, json};
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::id::ReassignmentId;
use tenure_core::reassignment::{Reassignment, ReassignmentLists, ReassignmentStatus};
use tenure_core::record::RecordKind;
use tenure_core::storage::Storage;
use tenure_core::user::Actor;
use tokio::time::Instant;

use crate::support::company::State;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::sse::Piece;

const PROGRESS: &str = "subscription($id: ID!) { reassignmentProgress(id: $id) { id status movedCount progress } }";

/// A handover under way, as its worker would leave it between two chunks.
fn under_way(office: &Office) -> Reassignment {
    let company = &office.company;
    Reassignment {
        id: ReassignmentId(SystemClock.new_uuid()),
        status: ReassignmentStatus::Running,
        planned_count: 100,
        moved_count: 0,
        skipped_count: 0,
        remaining_count: None,
        failure: None,
        lists: ReassignmentLists { successors: vec![company.ben.id], ..ReassignmentLists::default() },
        requested_by: Actor::User(company.hr.id),
        note: None,
        undoes: None,
        created_at: SystemClock.now(),
        finished_at: None,
    }
}

async fn write(office: &Office, row: &Reassignment, is_new: bool) {
    let mut tx = office.storage.begin().await.expect("a transaction");
    match is_new {
        true => tx.reassignment_insert(row).await.expect("an insert"),
        false => tx.reassignment_update(row).await.expect("an update"),
    }
    tx.commit().await.expect("a commit");
}

on_both! {
    /// A finished one gives one event and completes, to who asked, to the successors, to ENTITIES_REASSIGN; by socket and by stream.
    async fn a_finished_one_is_told_once(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let record = company.record(&company.leo, RecordKind::Deal, State::Open).await;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let input = json!({"selection": {"ids": [record]}, "toUserIds": [company.ben.id]});
        let id = hr.run("reassign", input, "reassignment { id }").await.ok().text("reassignment.id");
        let expected = json!({"reassignmentProgress": {"id": id, "status": "SUCCEEDED", "movedCount": 1, "progress": 1.0}});
        for person in [&hr, &ben, &office.sign_in(&company.ann).await] {
            let mut socket = person.socket().await;
            socket.subscribe("1", PROGRESS, json!({"id": id})).await;
            assert_eq!(socket.data("1").await, expected);
            assert_eq!(socket.expect("complete", "1").await, Value::Null);
            let mut stream = person.listen(PROGRESS, json!({"id": id})).await;
            assert_eq!(stream.data().await, expected);
            assert_eq!((stream.next().await, stream.next().await), (Piece::Complete, Piece::End));
        }
    }

    /// H12, V7: one that is not there and one that is not for the viewer are told apart by nothing.
    async fn a_hidden_one_is_as_good_as_missing(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let row = under_way(&office);
        write(&office, &row, true).await;
        let missing = ReassignmentId(SystemClock.new_uuid());
        let emma = office.sign_in(&company.emma).await;
        let mut socket = emma.socket().await;
        let mut told = Vec::new();
        for id in [row.id, missing] {
            socket.subscribe("1", PROGRESS, json!({"id": id})).await;
            let mut errors = socket.expect("error", "1").await;
            errors[0]["extensions"]["requestId"].take();
            told.push(errors);
        }
        assert_eq!(told[0], told[1]);
        assert_eq!(told[0][0]["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(told[0][0]["message"], "`id`: There is no such reassignment.");
        socket.subscribe("1", PROGRESS, json!({"id": company.emma.id})).await;
        assert_eq!(socket.error_codes("1").await, ["BAD_USER_INPUT"]);
        // External people hold none of the permissions.
        let mut socket = office.sign_in(&company.eva).await.socket().await;
        socket.subscribe("1", PROGRESS, json!({"id": missing})).await;
        let errors = socket.expect("error", "1").await;
        assert_eq!(errors[0]["extensions"]["requiredPermissions"], json!(["ENTITIES_REASSIGN", "ENTITIES_WRITE", "USERS_DISMISS"]));
    }

    /// At most four a second however fast it goes, each step further than the one before, and the last one always.
    async fn one_that_goes_on_is_followed_to_its_end(db: Backend) {
        let office = Office::open(db).await;
        let ben = office.sign_in(&office.company.ben).await;
        let mut row = under_way(&office);
        write(&office, &row, true).await;
        let mut socket = ben.socket().await;
        socket.subscribe("1", PROGRESS, json!({"id": row.id})).await;
        let begun = Instant::now();
        assert_eq!(socket.data("1").await["reassignmentProgress"]["movedCount"], 0);
        let steps = async {
            for moved in 1..=100 {
                row.moved_count = moved;
                if moved == 100 {
                    (row.status, row.finished_at, row.remaining_count) = (ReassignmentStatus::Succeeded, Some(SystemClock.now()), Some(0));
                }
                write(&office, &row, false).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let told = async {
            let mut told = vec![0];
            while told.last() != Some(&100) {
                told.push(socket.data("1").await["reassignmentProgress"]["movedCount"].as_i64().expect("a number"));
            }
            socket.expect("complete", "1").await;
            told
        };
        let ((), told) = tokio::join!(steps, told);
        assert!(told.is_sorted_by(|a, b| a < b) && told.len() >= 3, "{told:?}");
        let most = begun.elapsed().as_millis() / 250 + 2;
        assert!((told.len() as u128) <= most, "{} in {:?}", told.len(), begun.elapsed());
    }

    /// S5: who loses all the rights it takes.
    async fn loss_of_the_right_ends_it(db: Backend) {
        let office = Office::open(db).await;
        let (ann, ben) = (office.sign_in(&office.company.ann).await, office.sign_in(&office.company.ben).await);
        let row = under_way(&office);
        write(&office, &row, true).await;
        let mut socket = ben.socket().await;
        socket.subscribe("1", PROGRESS, json!({"id": row.id})).await;
        socket.data("1").await;
        ann.run("updateSettings", json!({"employeePermissions": ["USERS_READ", "ENTITIES_READ"]}), "settings { version }").await.ok();
        assert_eq!(socket.error_codes("1").await, ["FORBIDDEN"]);
    }
}
