//! Twenty callers at once, over everything by which somebody goes, comes or changes address (I1, I2, I3, I5, R4, R7, E6, H9, L1, S6).

use serde_json::{Value, json};
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::id::{UserId, WorkgroupId};
use tenure_core::record::RecordKind;
use tenure_core::storage::{Storage, StructureRead};
use tenure_core::structure::{Workgroup, WorkgroupRole};
use tenure_core::user::UserStatus;

use crate::support::company::{Member, State, Traits};
use crate::support::invariants::Books;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::race::{CALLERS, Call, Nodes};
use crate::support::race_rounds;

const USER: &str = "user { id status }";

fn invitation(email: &str) -> Value {
    json!({"email": email, "kind": "INTRANET", "firstName": "New", "lastName": "Face"})
}

fn administrator() -> Traits {
    Traits { is_administrator: true, ..Traits::default() }
}

fn dismissed() -> Traits {
    Traits { status: UserStatus::Dismissed, ..Traits::default() }
}

on_both! {
    /// I1, L1: two administrators dismiss, delete, move out and strip each other of rights: one is left, and the other is deleted once.
    async fn i1_of_two_administrators_one_is_left_whatever_they_do(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let company = &office.company;
        let mut duel: [(Member, Person); 2] = {
            let ada = company.add("Ada", "Admin", administrator()).await;
            let ada_in = office.sign_in(&ada).await;
            [(company.ann.clone(), office.sign_in(&company.ann).await), (ada, ada_in)]
        };
        for round in 0..race_rounds() {
            let mut calls = Vec::new();
            for n in 0..CALLERS {
                let ((_, by), (target, _)) = (&duel[n % 2], &duel[1 - n % 2]);
                calls.push(match n / 2 % 4 {
                    0 => Call::new(by, "dismiss", json!({"userId": target.id}), USER),
                    1 => Call::new(by, "deleteUser", json!({"userId": target.id, "confirmation": target.name}), "deletedUserId"),
                    2 => Call::new(by, "setAccess", json!({"userId": target.id, "isAdministrator": false}), USER),
                    _ => Call::new(by, "moveToExtranet", json!({"userId": target.id, "workgroupIds": [company.project]}), USER),
                });
            }
            let tally = nodes.at_once(round, calls).await;
            let books = Books::checked(&office.storage, None).await;
            let left: Vec<UserId> = books.users.values().filter(|u| u.is_active_administrator()).map(|u| u.id).collect();
            assert_eq!((left.len(), tally.won("deleteUser")), (1, 1), "{}", tally.summary());
            tally.losers("deleteUser", &["USER_NOT_FOUND", "UNAUTHENTICATED", "FORBIDDEN"]);
            let survivor = duel.iter().position(|(member, _)| member.id == left[0]).expect("one of the two");
            let new = company.add("Abe", &format!("Admin{round}"), administrator()).await;
            let new_in = office.sign_in(&new).await;
            let [first, second] = duel;
            duel = [if survivor == 0 { first } else { second }, (new, new_in)];
        }
    }

    /// I2, X3: one seat is free; people are invited, hired back, and moved to the extranet from among the leavers.
    async fn i2_the_last_seat_goes_to_one_of_all_who_want_it(db: Backend) {
        let office = Office::open_with(db, |wish| wish.with_seats(6)).await;
        let nodes = Nodes::of(&office, db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let ann = office.sign_in(&office.company.ann).await;
        for round in 0..race_rounds() {
            let leavers = office.company.add_many(13, &format!("Gone{round}"), dismissed()).await;
            let mut calls: Vec<Call> =
                (0..7).map(|n| Call::new(&hr, "invite", invitation(&format!("new{round}-{n}@example.com")), USER)).collect();
            calls.extend(leavers[..6].iter().map(|leaver| Call::new(&hr, "hire", json!({"userId": leaver.id}), USER)));
            calls.extend(leavers[6..].iter().enumerate().map(|(n, leaver)| {
                let input = json!({"userId": leaver.id, "workgroupIds": [office.company.project], "activateNow": n % 2 == 0});
                Call::new(&hr, "moveToExtranet", input, USER)
            }));
            let tally = nodes.at_once(round, calls).await;
            tally.winners_are(1);
            for mutation in ["invite", "hire", "moveToExtranet"] {
                tally.losers(mutation, &["SEAT_LIMIT_REACHED"]);
            }
            let books = Books::checked(&office.storage, Some(6)).await;
            assert_eq!(books.users.values().filter(|u| u.status.holds_seat()).count(), 6);
            for mutation in ["invite", "hire", "moveToExtranet"] {
                for winner in tally.winners(mutation) {
                    let id = winner.text("user.id");
                    let name = books.users[&id.parse::<UserId>().expect("an ID")].display_name();
                    ann.run("deleteUser", json!({"userId": id, "confirmation": name}), "deletedUserId").await.ok();
                }
            }
        }
    }

    /// I3, E6: one free address, wanted as a login by people themselves, as a contact by others, for a replacement and for somebody new.
    async fn i3_an_address_goes_to_one_person_whatever_it_is_for(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let mut movers = Vec::new();
        for mover in office.company.add_many(6, "Mover", Traits::default()).await {
            movers.push(office.sign_in(&mover).await);
        }
        let contacts = office.company.add_many(5, "Contact", Traits::default()).await;
        for round in 0..race_rounds() {
            let wanted = format!("Wanted{round}@bücher.example");
            let leavers = office.company.add_many(4, &format!("Gone{round}"), dismissed()).await;
            let mut calls: Vec<Call> = movers
                .iter()
                .map(|by| {
                    let input = json!({"address": wanted, "password": PASSWORD});
                    Call::new(by, "requestLoginEmailChange", input, "expiresAt")
                })
                .collect();
            calls.extend(contacts.iter().map(|c| {
                let input = json!({"userId": c.id, "address": format!("wanted{round}@XN--bcher-kva.example")});
                Call::new(&hr, "changeContactEmail", input, USER)
            }));
            calls.extend(leavers.iter().map(|l| Call::new(&hr, "hire", json!({"userId": l.id, "loginEmail": wanted}), USER)));
            calls.extend((0..5).map(|_| Call::new(&hr, "invite", invitation(&wanted.to_uppercase()), USER)));
            let tally = nodes.at_once(round, calls).await;
            tally.winners_are(1);
            for mutation in ["requestLoginEmailChange", "changeContactEmail", "hire", "invite"] {
                tally.losers(mutation, &["EMAIL_TAKEN"]);
            }
            let key = format!("wanted{round}@xn--bcher-kva.example");
            let books = Books::checked(&office.storage, None).await;
            assert_eq!(books.addresses.iter().filter(|held| held.email.key() == key).count(), 1, "{}", tally.summary());
        }
    }

    /// I5, L2: records are written for somebody who is being deleted: each goes with the others to the System User, or is refused.
    async fn i5_nothing_is_left_with_somebody_who_is_deleted(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let (ann, hr) = (office.sign_in(&office.company.ann).await, office.sign_in(&office.company.hr).await);
        let mut kept = 0;
        for round in 0..race_rounds() {
            let goner = office.company.employee("Guy", &format!("Goner{round}")).await;
            let deletion = json!({"userId": goner.id, "confirmation": goner.name});
            let mut calls = vec![Call::new(&ann, "deleteUser", deletion, "deletedUserId movedCounts { openCount }")];
            calls.extend((1..CALLERS).map(|n| {
                let lead = json!({"kind": "LEAD", "externalId": format!("{round}-{n}"), "title": "Lead", "responsibleId": goner.id});
                Call::new(&hr, "upsertOwnedEntities", json!({"entities": [lead]}), "createdCount")
            }));
            let tally = nodes.at_once(round, calls).await;
            assert_eq!(tally.won("deleteUser"), 1, "{}", tally.summary());
            tally.losers("upsertOwnedEntities", &["RESPONSIBLE_NOT_ELIGIBLE"]);
            let moved: i64 = tally.winners("deleteUser")[0].at("movedCounts").as_array().into_iter().flatten().filter_map(|c| c["openCount"].as_i64()).sum();
            assert_eq!(moved, tally.won("upsertOwnedEntities") as i64, "{}", tally.summary());
            kept += tally.won("upsertOwnedEntities");
            let books = Books::checked(&office.storage, None).await;
            assert_eq!(books.records_of(UserId::SYSTEM).len(), kept);
        }
    }

    /// H9: twenty people undo one handover: it is undone once, and everything is back.
    async fn h9_a_handover_is_undone_once(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let (ann, hr) = (office.sign_in(&office.company.ann).await, office.sign_in(&office.company.hr).await);
        let deals = office.company.deals(&office.company.leo, 30).await;
        for round in 0..race_rounds() {
            let input = json!({"selection": {"ids": deals}, "toUserIds": [office.company.ben.id, office.company.emma.id]});
            let job = hr.run("reassign", input, "reassignment { id movedCount }").await.ok();
            assert_eq!(job.at("reassignment.movedCount"), &json!(30));
            let input = json!({"reassignmentId": job.text("reassignment.id")});
            let calls = (0..CALLERS).map(|n| Call::new([&ann, &hr][n % 2], "undoReassignment", input.clone(), "restoredCount")).collect();
            let tally = nodes.at_once(round, calls).await;
            tally.winners_are(1).losers("undoReassignment", &["ALREADY_UNDONE"]);
            assert_eq!(tally.winners("undoReassignment")[0].at("restoredCount"), &json!(30));
            let books = Books::checked(&office.storage, None).await;
            assert_eq!(books.records_of(office.company.leo.id).len(), 30);
        }
    }

    /// H9, I5: an undo and handovers of the same records: each record is moved by one of them first, and is with one person in the end.
    async fn h9_an_undo_and_a_handover_lose_nothing(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        for round in 0..race_rounds() {
            let giver = company.employee("Gil", &format!("Giver{round}")).await;
            let deals = company.deals(&giver, 24).await;
            let input = json!({"selection": {"ids": deals}, "toUserIds": [company.ben.id]});
            let job = hr.run("reassign", input, "reassignment { id }").await.ok().text("reassignment.id");
            let mut calls = vec![Call::new(&hr, "undoReassignment", json!({"reassignmentId": job}), "restoredCount")];
            calls.extend((1..CALLERS).map(|n| {
                let ids: Vec<_> = deals.iter().skip(n % 4).step_by(4).collect();
                Call::new(&hr, "reassign", json!({"selection": {"ids": ids}, "toUserIds": [company.emma.id]}), "reassignment { movedCount }")
            }));
            let tally = nodes.at_once(round, calls).await;
            tally.winners_are(CALLERS);
            let restored = tally.winners("undoReassignment")[0].at("restoredCount").as_u64().expect("a count") as usize;
            let moved: u64 = tally.winners("reassign").iter().filter_map(|w| w.at("reassignment.movedCount").as_u64()).sum();
            let books = Books::checked(&office.storage, None).await;
            let with = |id: UserId| books.records_of(id).iter().filter(|r| deals.contains(r)).count();
            assert_eq!((with(giver.id) + with(company.emma.id), with(company.ben.id)), (24, 0), "{}", tally.summary());
            // Emma received each record once at most; what the undo gave back first may have followed.
            assert!(moved as usize >= 24 - restored && moved as usize <= 24, "{restored} restored, {moved} moved");
            assert_eq!(with(company.emma.id), moved as usize);
        }
    }

    /// S6: colleagues write to somebody who is being dismissed: what was accepted was written before, and nothing after.
    async fn s6_nothing_is_written_to_somebody_who_has_left(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let (hr, emma) = (office.sign_in(&office.company.hr).await, office.sign_in(&office.company.emma).await);
        for round in 0..race_rounds() {
            let leaver = office.company.employee("Lea", &format!("Leaver{round}")).await;
            office.company.record(&leaver, RecordKind::Task, State::Open).await;
            let mut calls = vec![Call::new(&hr, "dismiss", json!({"userId": leaver.id}), USER)];
            let message = json!({"toUserId": leaver.id, "text": "Still there?"});
            calls.extend((1..CALLERS).map(|n| Call::new([&hr, &emma][n % 2], "sendMessage", message.clone(), "message { id }")));
            let tally = nodes.at_once(round, calls).await;
            assert_eq!(tally.won("dismiss"), 1, "{}", tally.summary());
            tally.losers("sendMessage", &["RECIPIENT_NOT_ACTIVE", "USER_NOT_FOUND"]);
            let mut written = 0;
            let ours = "query($id: ID!) { user(id: $id) { messages(first: 100) { totalCount } } }";
            let by_hr = hr.query(ours, json!({"id": leaver.id})).await.ok();
            written += by_hr.at("user.messages.totalCount").as_u64().expect("a count");
            let theirs = "{ viewer { conversations(first: 1) { nodes { with { displayName } messages(first: 100) { totalCount } } } } }";
            let by_emma = emma.query(theirs, json!({})).await.ok();
            if by_emma.body["data"]["viewer"]["conversations"]["nodes"][0]["with"]["displayName"] == json!(leaver.name) {
                written += by_emma.at("viewer.conversations.nodes.0.messages.totalCount").as_u64().expect("a count");
            }
            assert_eq!(written as usize, tally.won("sendMessage"), "{}", tally.summary());
        }
    }

    /// R4, R5: of two owners one is dismissed while the other is taken out of the workgroup: the moderator follows, and if she is dismissed
    /// too, her place has ended all the same.
    async fn r4_the_last_owner_is_followed_whoever_goes_at_once(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let hr = office.sign_in(&office.company.hr).await;
        for round in 0..race_rounds() {
            let groups: Vec<WorkgroupId> = (0..8).map(|_| WorkgroupId(SystemClock.new_uuid())).collect();
            let named = |(n, id): (usize, &WorkgroupId)| Workgroup { id: *id, name: format!("Group {round}-{n}"), is_extranet: false, created_at: office.company.past() };
            let rows: Vec<Workgroup> = groups.iter().enumerate().map(named).collect();
            let mut tx = office.storage.begin().await.expect("a transaction");
            tx.workgroups_insert(&rows).await.expect("workgroups");
            tx.commit().await.expect("a commit");
            let (mut calls, mut teams) = (Vec::new(), Vec::new());
            for (n, group) in groups.iter().enumerate() {
                let with = |role| Traits { workgroups: vec![(*group, role)], ..Traits::default() };
                let name = format!("Race{round}x{n}");
                let first = office.company.add("Ada", &name, with(WorkgroupRole::Owner)).await;
                let second = office.company.add("Bea", &name, with(WorkgroupRole::Owner)).await;
                let moderator = office.company.add("Mia", &name, with(WorkgroupRole::Moderator)).await;
                calls.push(Call::new(&hr, "dismiss", json!({"userId": first.id}), USER));
                calls.push(Call::new(&hr, "removeWorkgroupMember", json!({"workgroupId": group, "userId": second.id}), "workgroup { id }"));
                if n % 2 == 1 {
                    calls.push(Call::new(&hr, "dismiss", json!({"userId": moderator.id}), USER));
                }
                teams.push((first.id, second.id, moderator.id));
            }
            let count = calls.len();
            nodes.at_once(round, calls).await.winners_are(count);
            for (n, (first, second, moderator)) in teams.into_iter().enumerate() {
                let places = office.storage.memberships_by_user(&[first, second, moderator]).await.expect("places");
                let lasting: Vec<(UserId, WorkgroupRole)> = places.iter().filter(|m| m.left_at.is_none()).map(|m| (m.user, m.role)).collect();
                let expected = if n % 2 == 0 { vec![(moderator, WorkgroupRole::Owner)] } else { Vec::new() };
                assert_eq!(lasting, expected, "round {round}, group {n}");
            }
        }
    }

    /// R7: a leaver gets another manager while they are hired back: they keep that one, whichever comes first.
    async fn r7_the_manager_is_kept_when_changed_meanwhile(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let hr = office.sign_in(&office.company.hr).await;
        for round in 0..race_rounds() {
            let leavers = office.company.add_many(8, &format!("Back{round}"), Traits { manager: Some(office.company.ben.id), ..dismissed() }).await;
            let mut calls: Vec<Call> = leavers.iter().map(|l| Call::new(&hr, "hire", json!({"userId": l.id}), USER)).collect();
            calls.extend(leavers.iter().map(|l| Call::new(&hr, "updateUser", json!({"userId": l.id, "managerId": office.company.emma.id}), USER)));
            nodes.at_once(round, calls).await.winners_are(16);
            let books = Books::checked(&office.storage, None).await;
            for leaver in leavers {
                assert_eq!(books.users[&leaver.id].manager, Some(office.company.emma.id), "round {round}");
            }
        }
    }
}
