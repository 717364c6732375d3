//! `resetPassword` (E8, I4, S3).

use std::sync::Arc;

use serde_json::json;
use tenure_core::clock::{Clock, FixedClock, SystemClock};
use tenure_core::event::EventBody;
use tenure_core::storage::Storage;

use crate::support::company::Member;
use crate::support::invariants::Books;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;

const ME: &str = "{ viewer { user { id } } }";
const NEW: &str = "tangerine moss 41 ladder";
const FIELDS: &str = "session { accessToken refreshToken user { id version } }";

/// Asks for a link, and gives its token.
async fn link(office: &Office, member: &Member) -> String {
    let links = office.mail.count_to(&member.email);
    office.server.anonymous().run("requestPasswordReset", json!({"email": member.email}), "accepted").await.ok();
    for _ in 0..200 {
        if office.mail.count_to(&member.email) > links {
            return office.mail.await_subject(&member.email, "Choose a new password").await.token();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no link for {}", member.name)
}

/// Fails the test unless the link is dead.
async fn is_over(office: &Office, token: &str) {
    let before = office.database.snapshot().await;
    let input = json!({"token": token, "newPassword": "marble canyon 77 otter"});
    office.server.anonymous().run("resetPassword", input, FIELDS).await.refused_at(&[("TOKEN_INVALID", "input.token")]);
    office.database.is_still(&before).await;
}

on_both! {
    /// It works once; a weak password does not use it up; all sessions end and one begins.
    async fn e8_i4_a_link_gives_a_new_password_once(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (one, two) = (office.sign_in(&company.ben).await, office.sign_in(&company.ben).await);
        let token = link(&office, &company.ben).await;
        let before = office.database.snapshot().await;
        for weak in ["short", "aaaaaaaaaaaaaaaa", "ben okoro ben okoro", company.ben.email.as_str()] {
            // With whatever credential.
            one.run("resetPassword", json!({"token": token, "newPassword": weak}), FIELDS).await.refused_at(&[("PASSWORD_TOO_WEAK", "input.newPassword")]);
        }
        office.database.is_still(&before).await;
        let done = two.run("resetPassword", json!({"token": token, "newPassword": NEW}), FIELDS).await.ok();
        assert_eq!(done.at("session.user"), &json!({"id": company.ben.id, "version": 1}));
        for ended in [&one, &two] {
            assert_eq!(ended.query(ME, json!({})).await.status, 401);
        }
        let ben = office.server.with_token(&done.text("session.accessToken"));
        ben.query(ME, json!({})).await.ok();
        office.server.anonymous().run("refreshSession", json!({"refreshToken": done.at("session.refreshToken")}), "session { expiresAt }").await.ok();
        office.server.anonymous().run("signIn", json!({"email": company.ben.email, "password": PASSWORD}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
        office.server.sign_in(&company.ben.email, NEW).await;
        is_over(&office, &token).await;
        let books = Books::checked(&office.storage, None).await;
        assert_eq!(books.events_of(company.ben.id).cloned().collect::<Vec<_>>(), [EventBody::PasswordChanged], "I7");
    }

    /// One hour, and always the one code.
    async fn e8_a_link_works_for_an_hour(db: Backend) {
        let clock = Arc::new(FixedClock::new(SystemClock.now()));
        let office = Office::open_with(db, |wish| wish.with_clock(clock.clone())).await;
        let token = link(&office, &office.company.ben).await;
        for bad in ["", "nonsense", &token[1..], "\u{0}"] {
            is_over(&office, bad).await;
        }
        clock.set(clock.now().plus_seconds(3600));
        is_over(&office, &token).await;
        clock.set(clock.now().plus_seconds(-1));
        office.server.anonymous().run("resetPassword", json!({"token": token, "newPassword": NEW}), FIELDS).await.ok();
    }

    /// A newer link, any change of login or password, and the loss of sign-in end it.
    async fn e8_r2_a_link_dies_with_what_it_hung_on(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let person = async |name: &str| -> (Member, String) {
            let member = company.employee(name, "Forgetful").await;
            let token = link(&office, &member).await;
            (member, token)
        };
        let (one, first) = person("One").await;
        let second = link(&office, &one).await;
        is_over(&office, &first).await;
        office.sign_in(&one).await.run("changePassword", json!({"currentPassword": PASSWORD, "newPassword": NEW}), "endedCount").await.ok();
        is_over(&office, &second).await;

        let (two, token) = person("Two").await;
        office.sign_in(&two).await.run("requestLoginEmailChange", json!({"address": "two@example.com", "password": PASSWORD}), "expiresAt").await.ok();
        let confirm = office.mail.latest_to("two@example.com").await.token();
        office.server.anonymous().run("confirmLoginEmailChange", json!({"token": confirm}), "user { id }").await.ok();
        is_over(&office, &token).await;

        let (three, token) = person("Three").await;
        hr.run("releaseEmail", json!({"address": three.email, "replacementLoginEmail": "three@example.com"}), "freedRoles").await.ok();
        is_over(&office, &token).await;

        let (four, token) = person("Four").await;
        hr.run("dismiss", json!({"userId": four.id}), "user { id }").await.ok();
        is_over(&office, &token).await;
        hr.run("hire", json!({"userId": four.id}), "user { id }").await.ok();
        is_over(&office, &token).await;

        let (five, token) = person("Five").await;
        hr.run("moveToExtranet", json!({"userId": five.id, "workgroupIds": [company.portal]}), "user { id }").await.ok();
        is_over(&office, &token).await;

        let (six, token) = person("Six").await;
        hr.run("transferEmail", json!({"address": company.leo.email, "toUserId": six.id, "roles": ["LOGIN"]}), "movedRoles").await.ok();
        is_over(&office, &token).await;
        // A change of the contact address alone leaves it alive.
        let (seven, token) = person("Seven").await;
        hr.run("changeContactEmail", json!({"userId": seven.id, "address": "seven@example.com"}), "user { id }").await.ok();
        office.server.anonymous().run("resetPassword", json!({"token": token, "newPassword": NEW}), FIELDS).await.ok();
        Books::checked(&office.storage, None).await;
    }

    /// Who was imported has no password, cannot sign in, and chooses the first one this way.
    async fn e8_a_first_password_is_chosen_by_a_link(db: Backend) {
        let office = Office::open(db).await;
        let imported = office.company.employee("Imke", "Imported").await;
        let mut tx = office.storage.begin().await.expect("a transaction");
        tx.password_set(imported.id, None).await.expect("none");
        tx.commit().await.expect("a commit");
        let stranger = office.server.anonymous();
        stranger.run("signIn", json!({"email": imported.email, "password": PASSWORD}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
        let token = link(&office, &imported).await;
        stranger.run("resetPassword", json!({"token": token, "newPassword": NEW}), FIELDS).await.ok();
        office.server.sign_in(&imported.email, NEW).await;
    }
}
