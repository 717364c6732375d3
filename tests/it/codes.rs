//! Codes that need a moment of their own: keys that are used again or are still at work (I8), and shapes that nothing else gets wrong.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tenure_core::record::RecordKind;
use tenure_core::storage::{IdempotencyKey, IdempotencyState, Storage};
use tenure_core::time::Timestamp;

use crate::support::company::State;
use crate::support::office::Office;
use crate::support::on_both;

const KEY: &str = "the same key";

/// Each mutation that takes a key, with two inputs that differ.
async fn attempts(office: &Office) -> Vec<(&'static str, Value, Value)> {
    let company = &office.company;
    let (one, two) = (company.employee("One", "Target").await, company.employee("Two", "Target").await);
    let (gone, away) = (company.leaver("Gone", "Leaver").await, company.leaver("Away", "Leaver").await);
    let eli = company.external("Eli", "Extern").await;
    let deals = company.deals(&company.leo, 4).await;
    let task = company.record(&company.ben, RecordKind::Task, State::Open).await;
    let ann = office.sign_in(&company.ann).await;
    let handed = json!({"selection": {"ids": [deals[0]]}, "toUserIds": [company.ben.id]});
    let job = ann.run("reassign", handed, "reassignment { id }").await.ok().text("reassignment.id");
    let handed = json!({"selection": {"ids": [deals[1]]}, "toUserIds": [company.ben.id]});
    let other_job = ann.run("reassign", handed, "reassignment { id }").await.ok().text("reassignment.id");
    let invite = |email: &str| json!({"email": email, "kind": "INTRANET", "firstName": "New", "lastName": "Face"});
    let delete = |who: &crate::support::company::Member| json!({"userId": who.id, "confirmation": who.name});
    let meet = |title: &str| json!({"title": title, "startsAt": "2027-01-08T09:00:00Z", "endsAt": "2027-01-08T10:00:00Z", "attendeeIds": [company.ben.id]});
    let lead = |title: &str| json!({"entities": [{"kind": "LEAD", "externalId": "L-1", "title": title, "responsibleId": company.ben.id}]});
    let outside = |who: &crate::support::company::Member| json!({"userId": who.id, "workgroupIds": [company.project]});
    let reassign = |n: usize| json!({"selection": {"ids": [deals[n]]}, "toUserIds": [company.emma.id]});
    vec![
        ("invite", invite("one@new.example"), invite("two@new.example")),
        ("dismiss", json!({"userId": one.id}), json!({"userId": two.id})),
        ("hire", json!({"userId": gone.id}), json!({"userId": away.id})),
        ("moveToExtranet", outside(&two), outside(&away)),
        ("moveToIntranet", json!({"userId": company.eva.id}), json!({"userId": eli.id})),
        ("reassign", reassign(2), reassign(3)),
        ("undoReassignment", json!({"reassignmentId": job}), json!({"reassignmentId": other_job})),
        (
            "transferEmail",
            json!({"address": away.email, "toUserId": company.ben.id, "roles": ["CONTACT"]}),
            json!({"address": away.email, "toUserId": company.emma.id}),
        ),
        ("releaseEmail", json!({"address": company.leo.email}), json!({"address": away.email})),
        ("upsertOwnedEntities", lead("A"), lead("B")),
        ("deleteOwnedEntities", json!({"ids": [task]}), json!({"ids": [deals[3]]})),
        ("sendMessage", json!({"toUserId": company.ben.id, "text": "A"}), json!({"toUserId": company.ben.id, "text": "B"})),
        ("createFeedPost", json!({"text": "A"}), json!({"text": "B"})),
        ("scheduleMeeting", meet("A"), meet("B")),
        ("deleteUser", delete(&one), delete(&two)),
    ]
}

fn with_key(mut input: Value) -> Value {
    input["idempotencyKey"] = json!(KEY);
    input
}

on_both! {
    /// I8: a key that was used with other input is refused by every mutation that takes one, and does nothing.
    async fn i8_a_key_belongs_to_one_input(db: Backend) {
        let office = Office::open(db).await;
        let ann = office.sign_in(&office.company.ann).await;
        for (mutation, first, second) in attempts(&office).await {
            ann.run(mutation, with_key(first.clone()), "query { __typename }").await.ok();
            ann.run(mutation, with_key(second), "query { __typename }").await.refused_at(&[("IDEMPOTENCY_KEY_REUSED", "input.idempotencyKey")]);
            ann.run(mutation, with_key(first), "query { __typename }").await.ok();
        }
    }

    /// I8: while the first attempt is at work the second one waits up to the lock timeout, and is then told so.
    async fn i8_a_key_that_is_at_work_is_waited_for(db: Backend) {
        let office = Office::open(db).await;
        let ann = office.sign_in(&office.company.ann).await;
        let attempts = attempts(&office).await;
        // The first attempts, which never end.
        let mut tx = office.storage.begin().await.expect("a transaction");
        for (mutation, ..) in &attempts {
            let key = IdempotencyKey { person: office.company.ann.id, mutation, key: KEY.to_owned() };
            let state = tx.idempotency_begin(&key, [7; 32], Timestamp(1), Timestamp(0)).await.expect("a key");
            assert_eq!(state, IdempotencyState::Fresh);
        }
        // No more at once than the server has connections.
        for some in attempts.chunks(5) {
            let call = |(mutation, input, _): &(&'static str, Value, Value)| ann.run(mutation, with_key(input.clone()), "query { __typename }");
            if db == Backend::Postgres {
                for outcome in join_all(some.iter().map(call)).await {
                    outcome.refused_at(&[("IDEMPOTENCY_IN_PROGRESS", "input.idempotencyKey")]);
                }
                continue;
            }
            // One writer: all wait for their turn, with any key or none. Who gives up and came first is no repeat, the second one is.
            let outcomes = join_all(some.iter().flat_map(|attempt| [call(attempt), call(attempt)])).await;
            for pair in outcomes.chunks(2) {
                let mut verdicts = [pair[0].verdict(), pair[1].verdict()];
                verdicts.sort();
                assert_eq!(verdicts, ["IDEMPOTENCY_IN_PROGRESS", "SERVICE_UNAVAILABLE"], "{}", pair[0].mutation);
            }
        }
        drop(tx);
        for (mutation, input, _) in attempts.into_iter().take(3) {
            ann.run(mutation, with_key(input), "query { __typename }").await.ok();
        }
    }

    /// R11: shapes that are refused, each with its field.
    async fn r11_shapes_that_are_refused(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let missing = "usr_00000000000000000000000009";
        let asked = "query { __typename }";
        ann.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), asked).await.ok();
        let token = office.mail.latest_to("ida@example.com").await.token();
        let input = json!({"token": token, "password": "tangerine moss 41 ladder", "firstName": "I\u{202e}da", "lastName": ""});
        office.server.anonymous().run("acceptInvitation", input, asked).await.refused_at(&[("INPUT_INVALID", "input.firstName"), ("INPUT_INVALID", "input.lastName")]);
        ann.run("deleteOwnedEntities", json!({"ids": []}), asked).await.refused_at(&[("INPUT_INVALID", "input.ids")]);
        let input = json!({"userId": company.eva.id, "idempotencyKey": ""});
        ann.run("moveToIntranet", input, asked).await.refused_at(&[("INPUT_INVALID", "input.idempotencyKey")]);
        let input = json!({"address": company.leo.email, "idempotencyKey": "k".repeat(256)});
        ann.run("releaseEmail", input, asked).await.refused_at(&[("INPUT_INVALID", "input.idempotencyKey")]);
        let input = json!({"workgroupId": company.inside, "userId": missing});
        ann.run("removeWorkgroupMember", input, asked).await.refused_at(&[("USER_NOT_FOUND", "input.userId")]);
        let input = json!({"workgroupId": "wgr_00000000000000000000000009", "userId": company.ben.id});
        ann.run("removeWorkgroupMember", input, asked).await.refused_at(&[("WORKGROUP_NOT_FOUND", "input.workgroupId")]);
    }
}
