//! A mutation that waits for a row while what its caller came with is ended: whoever ends it waits until the mutation is done, so that
//! nothing happens behind the answer (I4).

use std::time::Duration;

use serde_json::{Value, json};
use tenure_core::policy::Access;
use tenure_core::record::RecordKind;
use tenure_core::storage::Storage;

use crate::support::answer::Outcome;
use crate::support::company::State;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;

/// How long the row that the mutation waits for is held: shorter than anybody waits for a lock.
const HELD: Duration = Duration::from_millis(800);

fn runs(person: &Person, mutation: &'static str, input: Value, selection: &'static str) -> tokio::task::JoinHandle<Outcome> {
    let person = person.clone();
    tokio::spawn(async move { person.run(mutation, input, selection).await })
}

/// Emma's mutation, by `caller`, waits for a record that somebody else holds; meanwhile `end` is run. Fails the test unless the end is
/// answered behind it, and nothing works afterwards.
async fn waits(office: &Office, caller: &Person, end: (&Person, &'static str, Value, &'static str)) {
    let record = office.company.record(&office.company.emma, RecordKind::Deal, State::Open).await;
    let mut tx = office.storage.begin().await.expect("a transaction");
    tx.records_lock_by_id(&[record], &Access::system().record_scope()).await.expect("a lock");
    let handed = json!({"selection": {"ids": [record]}, "toUserIds": [office.company.ben.id]});
    let mutation = runs(caller, "reassign", handed.clone(), "reassignment { movedCount }");
    // Long enough to come to the record.
    tokio::time::sleep(HELD / 2).await;
    assert!(!mutation.is_finished(), "the record is held");
    let (ender, name, input, selection) = end;
    let ends = runs(ender, name, input, selection);
    tokio::time::sleep(HELD / 2).await;
    assert!(!ends.is_finished(), "{name} is answered although a mutation is under way");
    drop(tx);
    let moved = mutation.await.expect("an outcome").ok();
    assert_eq!(moved.at("reassignment.movedCount"), 1);
    let ended = ends.await.expect("an outcome");
    assert!(ended.answer.error_codes().is_empty(), "{name}: {:#}", ended.answer.body);
    caller.run("reassign", handed, "reassignment { movedCount }").await.fails("UNAUTHENTICATED");
}

async fn token_of(person: &Person, office: &Office) -> (Person, Value) {
    let input = json!({"name": "sync", "permissions": ["ENTITIES_READ", "ENTITIES_WRITE", "USERS_READ"]});
    let made = person.run("createAccessToken", input, "secret accessToken { id }").await.ok();
    (office.server.with_token(&made.text("secret")), made.at("accessToken.id").clone())
}

on_both! {
    /// I4: a session that is signed out, here or everywhere; one whose refresh token is used twice; a token that its owner or an
    /// administrator revokes.
    async fn i4_access_ends_behind_what_is_under_way(db: Backend) {
        let office = Office::open(db).await;
        let emma = office.sign_in(&office.company.emma).await;
        waits(&office, &emma, (&emma, "signOut", json!({}), "__typename")).await;

        let (here, there) = (office.sign_in(&office.company.emma).await, office.sign_in(&office.company.emma).await);
        waits(&office, &here, (&there, "signOut", json!({"everywhere": true}), "__typename")).await;

        let emma = office.sign_in(&office.company.emma).await;
        let refresh = json!({"refreshToken": emma.refresh_token()});
        office.server.anonymous().run("refreshSession", refresh.clone(), "session { expiresAt }").await.ok();
        waits(&office, &emma, (&office.server.anonymous(), "refreshSession", refresh, "session { expiresAt }")).await;

        let emma = office.sign_in(&office.company.emma).await;
        let (sync, id) = token_of(&emma, &office).await;
        waits(&office, &sync, (&emma, "revokeAccessToken", json!({"accessTokenId": id}), "__typename")).await;
        let (sync, id) = token_of(&emma, &office).await;
        let ann = office.sign_in(&office.company.ann).await;
        waits(&office, &sync, (&ann, "revokeAccessToken", json!({"accessTokenId": id}), "__typename")).await;
    }

    /// I4: twice at once, each ends once and nobody waits in a circle; the answer of who signs out still comes.
    async fn i4_ends_at_once_do_not_wait_for_each_other(db: Backend) {
        let office = Office::open(db).await;
        for everywhere in [false, true] {
            let emma = office.sign_in(&office.company.emma).await;
            let calls: Vec<_> = (0..4).map(|_| runs(&emma, "signOut", json!({"everywhere": everywhere}), "query { __typename }")).collect();
            let mut verdicts = Vec::new();
            for call in calls {
                verdicts.push(call.await.expect("an outcome").verdict());
            }
            assert!(verdicts.iter().any(|verdict| verdict == "OK"), "{verdicts:?}");
            assert!(verdicts.iter().all(|verdict| verdict == "OK" || verdict == "UNAUTHENTICATED"), "{verdicts:?}");
        }
        let emma = office.sign_in(&office.company.emma).await;
        let (sync, id) = token_of(&emma, &office).await;
        let calls: Vec<_> = (0..4).map(|n| runs(if n % 2 == 0 { &sync } else { &emma }, "revokeAccessToken", json!({"accessTokenId": id}), "__typename")).collect();
        for call in calls {
            let verdict = call.await.expect("an outcome").verdict();
            assert!(verdict == "OK" || verdict == "UNAUTHENTICATED", "{verdict}");
        }
        assert_eq!(sync.query("{ viewer { user { id } } }", json!({})).await.status, 401);
    }
}
