//! Twenty callers at once: people, seats and addresses (I1, I2, I3, I8, R7). Who wins is open; how many do is not.

use std::time::Duration;

use serde_json::{Value, json};
use tenure_core::event::EventBody;
use tenure_core::id::UserId;

use crate::support::company::{Member, Traits};
use crate::support::invariants::Books;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::race::{CALLERS, Call, Nodes};
use crate::support::race_rounds;

const USER: &str = "user { id status }";
const NEW_PASSWORD: &str = "tangerine moss 41 ladder";

fn invitation(email: &str) -> Value {
    json!({"email": email, "kind": "INTRANET", "firstName": "New", "lastName": "Face"})
}

/// Two administrators and nobody else who is one.
struct Duel {
    people: [(Member, Person); 2],
}

impl Duel {
    async fn begin(office: &Office) -> Duel {
        let company = &office.company;
        let ada = company.add("Ada", "Admin", Traits { is_administrator: true, ..Traits::default() }).await;
        let (ann, ada_in) = (office.sign_in(&company.ann).await, office.sign_in(&ada).await);
        Duel { people: [(company.ann.clone(), ann), (ada, ada_in)] }
    }

    /// The survivor against a new one.
    async fn again(self, office: &Office, survivor: usize, round: usize) -> Duel {
        let new = office.company.add("Abe", &format!("Admin{round}"), Traits { is_administrator: true, ..Traits::default() }).await;
        let new_in = office.sign_in(&new).await;
        let [first, second] = self.people;
        Duel { people: [if survivor == 0 { first } else { second }, (new, new_in)] }
    }

    /// Which of the two is left.
    fn survivor(&self, books: &Books) -> usize {
        let left: Vec<UserId> = books.users.values().filter(|u| u.is_active_administrator()).map(|u| u.id).collect();
        assert_eq!(left.len(), 1, "one of two administrators is left");
        self.people.iter().position(|(member, _)| member.id == left[0]).expect("one of the two")
    }
}

on_both! {
    /// I1: two administrators turn on each other.
    async fn two_administrators_cannot_remove_each_other(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let mut duel = Duel::begin(&office).await;
        for round in 0..race_rounds() {
            let mut calls = Vec::new();
            for n in 0..CALLERS {
                let ((_, by), (target, _)) = (&duel.people[n % 2], &duel.people[1 - n % 2]);
                calls.push(match n / 2 {
                    0..=2 => Call::new(by, "dismiss", json!({"userId": target.id, "idempotencyKey": format!("{round}-{n}")}), USER),
                    3..=5 => Call::new(by, "moveToExtranet", json!({"userId": target.id, "workgroupIds": [office.company.project]}), USER),
                    _ => Call::new(by, "setAccess", json!({"userId": target.id, "isAdministrator": false}), USER),
                });
            }
            let tally = nodes.at_once(round, calls).await;
            let books = Books::checked(&office.storage, None).await;
            let survivor = duel.survivor(&books);
            // The survivor can do everything that is left to do, once; the other one can do nothing any more.
            assert_eq!((tally.won("dismiss"), tally.won("moveToExtranet")), (1, 1), "{}", tally.summary());
            tally
                .losers("dismiss", &["ALREADY_DISMISSED", "NOT_ACTIVE", "UNAUTHENTICATED", "FORBIDDEN"])
                .losers("moveToExtranet", &["ALREADY_EXTRANET", "UNAUTHENTICATED", "FORBIDDEN"])
                .losers("setAccess", &["NOT_ELIGIBLE", "UNAUTHENTICATED", "FORBIDDEN"]);
            assert!(tally.won("setAccess") <= 4, "{}", tally.summary());
            duel = duel.again(&office, survivor, round).await;
        }
    }

    /// I1: two administrators step down at once.
    async fn one_of_two_administrators_can_step_down(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let mut duel = Duel::begin(&office).await;
        for round in 0..race_rounds() {
            let step_down = |n: usize| {
                let (member, by) = &duel.people[n % 2];
                Call::new(by, "setAccess", json!({"userId": member.id, "isAdministrator": false}), USER)
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(step_down).collect()).await;
            tally.winners_are(1).losers("setAccess", &["LAST_ADMINISTRATOR", "FORBIDDEN"]);
            let survivor = duel.survivor(&Books::checked(&office.storage, None).await);
            duel = duel.again(&office, survivor, round).await;
        }
    }

    /// I2: one seat is free; whoever accepts an invitation has one already.
    async fn the_last_seat_is_taken_once(db: Backend) {
        let office = Office::open_with(db, |wish| wish.with_seats(7)).await;
        let nodes = Nodes::of(&office, db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let leavers = office.company.add_many(9, "Gone", Traits { status: tenure_core::user::UserStatus::Dismissed, ..Traits::default() }).await;
        for round in 0..race_rounds() {
            let guest = format!("guest{round}@example.com");
            let invited = hr.run("invite", invitation(&guest), USER).await.ok();
            let token = office.mail.latest_to(&guest).await.token();
            let accept = json!({"token": token, "password": NEW_PASSWORD});
            let mut calls = vec![Call::new(&office.server.anonymous(), "acceptInvitation", accept, "session { user { status } }")];
            calls.extend((0..10).map(|n| Call::new(&hr, "invite", invitation(&format!("new{round}-{n}@example.com")), USER)));
            calls.extend(leavers.iter().map(|leaver| Call::new(&hr, "hire", json!({"userId": leaver.id}), USER)));
            let tally = nodes.at_once(round, calls).await;
            assert_eq!((tally.won("acceptInvitation"), tally.won("invite") + tally.won("hire")), (1, 1), "{}", tally.summary());
            tally.losers("invite", &["SEAT_LIMIT_REACHED"]).losers("hire", &["SEAT_LIMIT_REACHED"]);
            Books::checked(&office.storage, Some(7)).await;
            let seats = hr.query("{ license { seatsUsed seatLimit } }", json!({})).await.ok();
            assert_eq!(seats.at("license"), &json!({"seatsUsed": 7, "seatLimit": 7}));
            // Both seats are free again.
            hr.run("dismiss", json!({"userId": invited.at("user.id")}), USER).await.ok();
            for winner in tally.winners("invite") {
                hr.run("revokeInvitation", json!({"userId": winner.at("user.id")}), "revokedUserId").await.ok();
            }
            for winner in tally.winners("hire") {
                hr.run("dismiss", json!({"userId": winner.at("user.id")}), USER).await.ok();
            }
        }
    }

    /// I3: one free address, wanted by people who are invited, hired, or given another login.
    async fn an_address_goes_to_one_person(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let dismissed = Traits { status: tenure_core::user::UserStatus::Dismissed, ..Traits::default() };
        for round in 0..race_rounds() {
            let wanted = format!("wanted{round}@Example.com");
            let leavers = office.company.add_many(7, &format!("Gone{round}"), dismissed.clone()).await;
            let givers = office.company.add_many(6, &format!("Giver{round}"), Traits::default()).await;
            let takers = office.company.add_many(6, &format!("Taker{round}"), Traits::default()).await;
            let mut calls: Vec<Call> = (0..7).map(|_| Call::new(&hr, "invite", invitation(&wanted), USER)).collect();
            calls.extend(leavers.iter().map(|l| Call::new(&hr, "hire", json!({"userId": l.id, "loginEmail": wanted.to_uppercase()}), USER)));
            calls.extend(givers.iter().zip(&takers).map(|(giver, taker)| {
                let input = json!({"address": giver.email, "toUserId": taker.id, "replacementLoginEmail": wanted});
                Call::new(&hr, "transferEmail", input, "movedRoles")
            }));
            let tally = nodes.at_once(round, calls).await;
            tally.winners_are(1).losers("invite", &["EMAIL_TAKEN"]).losers("hire", &["EMAIL_TAKEN"]).losers("transferEmail", &["EMAIL_TAKEN"]);
            let books = Books::checked(&office.storage, None).await;
            assert_eq!(books.addresses.iter().filter(|held| held.email.key() == wanted.to_lowercase()).count(), 1);
        }
    }

    /// I3, E3: a leaver's address is transferred to twenty people; the first one keeps it, since active people lose no login for nothing.
    async fn an_address_is_transferred_once(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let hr = office.sign_in(&office.company.hr).await;
        let takers = office.company.add_many(CALLERS, "Taker", Traits::default()).await;
        for round in 0..race_rounds() {
            let leaver = office.company.leaver("Lea", &format!("Left{round}")).await;
            let transfer = |to: &Member| Call::new(&hr, "transferEmail", json!({"address": leaver.email, "toUserId": to.id}), "movedRoles");
            let tally = nodes.at_once(round, takers.iter().map(transfer).collect()).await;
            tally.winners_are(1).losers("transferEmail", &["REPLACEMENT_REQUIRED"]);
            Books::checked(&office.storage, None).await;
        }
    }

    /// R7, R11: one person is dismissed and hired at once, over and over: the two alternate.
    async fn dismissals_and_hirings_of_one_person_alternate(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let (ann, hr) = (office.sign_in(&office.company.ann).await, office.sign_in(&office.company.hr).await);
        let ben = &office.company.ben;
        let mut was_active = true;
        for round in 0..race_rounds() {
            let call = |n: usize| match n % 4 {
                0 => Call::new(&hr, "dismiss", json!({"userId": ben.id}), USER),
                1 => Call::new(&hr, "hire", json!({"userId": ben.id}), USER),
                2 => Call::new(&ann, "dismiss", json!({"userId": ben.id, "idempotencyKey": format!("{round}-{n}")}), USER),
                _ => Call::new(&ann, "hire", json!({"userId": ben.id, "idempotencyKey": format!("{round}-{n}")}), USER),
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(call).collect()).await;
            tally.losers("dismiss", &["ALREADY_DISMISSED"]).losers("hire", &["NOT_DISMISSED"]);
            let books = Books::checked(&office.storage, None).await;
            let is_active = books.users[&ben.id].is_active_employee();
            let balance = tally.won("hire") as i64 - tally.won("dismiss") as i64;
            assert_eq!(balance, i64::from(is_active) - i64::from(was_active), "{}", tally.summary());
            was_active = is_active;
            let turns: Vec<bool> = books.events_of(ben.id).filter_map(|body| match body {
                EventBody::UserDismissed { .. } => Some(false),
                EventBody::UserHired => Some(true),
                _ => None,
            }).collect();
            assert!(!turns[0] && turns.windows(2).all(|pair| pair[0] != pair[1]), "they alternate: {turns:?}");
        }
    }

    /// S2: an invitation is accepted or taken back, not both, and once.
    async fn an_invitation_is_accepted_or_taken_back(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let hr = office.sign_in(&office.company.hr).await;
        for round in 0..race_rounds() {
            let email = format!("guest{round}@example.com");
            let invited = hr.run("invite", invitation(&email), USER).await.ok();
            let token = office.mail.latest_to(&email).await.token();
            // A password is hashed before it comes to the race: later rounds give the acceptances that much of a start.
            let wait = Duration::from_millis(60 * round as u64);
            let call = |n: usize| match n % 4 {
                0 => Call::new(&office.server.anonymous(), "acceptInvitation", json!({"token": token, "password": NEW_PASSWORD}), "session { expiresAt }"),
                _ => Call::new(&hr, "revokeInvitation", json!({"userId": invited.at("user.id")}), "revokedUserId").after(wait),
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(call).collect()).await;
            tally.winners_are(1).losers("acceptInvitation", &["INVITATION_INVALID"]);
            let left = if tally.won("acceptInvitation") == 1 { "NOT_INVITED" } else { "USER_NOT_FOUND" };
            tally.losers("revokeInvitation", &[left]);
            let books = Books::checked(&office.storage, None).await;
            assert_eq!(books.addresses.iter().filter(|held| held.email.key() == email).count(), tally.won("acceptInvitation"));
        }
    }

    /// I8: the same key twenty times at once is one invitation.
    async fn a_key_is_good_for_one_effect(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let hr = office.sign_in(&office.company.hr).await;
        for round in 0..race_rounds() {
            let email = format!("guest{round}@example.com");
            let mut input = invitation(&email);
            input["idempotencyKey"] = json!(format!("key {round}"));
            let tally = nodes.at_once(round, (0..CALLERS).map(|_| Call::new(&hr, "invite", input.clone(), USER)).collect()).await;
            tally.losers("invite", &["IDEMPOTENCY_IN_PROGRESS"]);
            let winners = tally.winners("invite");
            assert!(!winners.is_empty() && winners.iter().all(|w| w.payload() == winners[0].payload()), "{}", tally.summary());
            let books = Books::checked(&office.storage, None).await;
            let sent = books.events.iter().filter(|e| matches!(&e.event.body, EventBody::UserInvited { email: to } if *to == email)).count();
            assert_eq!(sent, 1);
        }
    }
}
