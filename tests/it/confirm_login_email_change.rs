//! `confirmLoginEmailChange` (E4–E6, I4, R2).

use std::sync::Arc;

use serde_json::{Value, json};
use tenure_core::clock::{Clock, FixedClock, SystemClock};
use tenure_core::email::EmailRole;
use tenure_core::event::EventBody;

use crate::support::company::Member;
use crate::support::invariants::Books;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;
use crate::support::person::Person;

const ME: &str = "{ viewer { user { id } } }";

/// Asks for another login, and gives the token of the link.
async fn requested(office: &Office, by: &Person, address: &str) -> String {
    by.run("requestLoginEmailChange", json!({"address": address, "password": PASSWORD}), "expiresAt").await.ok();
    office.mail.latest_to(address).await.token()
}

/// Fails the test unless the link is dead and the address is nobody's.
async fn is_over(office: &Office, token: &str, address: &str) {
    let before = office.database.snapshot().await;
    let stranger = office.server.anonymous();
    stranger.run("confirmLoginEmailChange", json!({"token": token}), "user { id }").await.refused_at(&[("TOKEN_INVALID", "input.token")]);
    office.database.is_still(&before).await;
    let held = format!("SELECT count(*) FROM address WHERE key = '{address}'");
    assert_eq!(office.database.number(&held).await, 0, "{address} is free");
    assert_eq!(office.database.number("SELECT count(*) FROM link").await, 0);
}

on_both! {
    /// The own session is lifted, the others end; both addresses are told; the link works once.
    async fn e6_i4_a_confirmed_address_is_the_login(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (own, other, emma) = (office.sign_in(&company.ben).await, office.sign_in(&company.ben).await, office.sign_in(&company.emma).await);
        let token = requested(&office, &own, "ben.new@example.com").await;
        let told = office.mail.count_to(&company.ben.email);
        let done = own.run("confirmLoginEmailChange", json!({"token": token}), "user { id version loginEmail contactEmail }").await.ok();
        assert_eq!(done.at("user"), &json!({"id": company.ben.id, "version": 3, "loginEmail": "ben.new@example.com", "contactEmail": company.ben.email}));
        own.query(ME, json!({})).await.ok();
        emma.query(ME, json!({})).await.ok();
        assert_eq!(other.query(ME, json!({})).await.status, 401);
        let stranger = office.server.anonymous();
        let refreshed = stranger.run("refreshSession", json!({"refreshToken": own.refresh_token()}), "session { accessToken }").await.ok();
        office.server.with_token(&refreshed.text("session.accessToken")).query(ME, json!({})).await.ok();
        stranger.run("refreshSession", json!({"refreshToken": other.refresh_token()}), "session { expiresAt }").await.refused("SESSION_ENDED");
        stranger.run("signIn", json!({"email": company.ben.email, "password": PASSWORD}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
        office.server.sign_in("BEN.NEW@example.com", PASSWORD).await;
        let subject = "The address you sign in with has changed";
        for to in ["ben.new@example.com", company.ben.email.as_str()] {
            let mail = office.mail.await_subject(to, subject).await;
            assert!(mail.body.contains("You confirmed a new address") && mail.body.contains("ben.new@example.com"), "{}", mail.body);
        }
        assert_eq!(office.mail.count_to(&company.ben.email), told + 1);
        let before = office.database.snapshot().await;
        own.run("confirmLoginEmailChange", json!({"token": token}), "user { id }").await.refused("TOKEN_INVALID");
        office.database.is_still(&before).await;
        let books = Books::checked(&office.storage, None).await;
        let changed = |role| EventBody::EmailChanged { role };
        assert_eq!(books.events_of(company.ben.id).cloned().collect::<Vec<_>>(), [changed(EmailRole::PendingLogin), changed(EmailRole::Login)], "I7");
    }

    /// Whoever holds the token is the person; what else they came with does not matter.
    async fn e6_a_link_works_for_who_is_not_signed_in(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ben, emma) = (office.sign_in(&company.ben).await, office.sign_in(&company.emma).await);
        let token = requested(&office, &ben, "ben.new@example.com").await;
        let done = office.server.anonymous().run("confirmLoginEmailChange", json!({"token": token}), "user { id }").await.ok();
        assert_eq!(done.payload()["user"], Value::Null);
        assert_eq!(ben.query(ME, json!({})).await.status, 401, "all sessions end");
        // Somebody else's session is left alone, and shows whom it may see.
        let ben = office.server.sign_in("ben.new@example.com", PASSWORD).await;
        let token = requested(&office, &ben, "ben.third@example.com").await;
        let done = emma.run("confirmLoginEmailChange", json!({"token": token}), "user { displayName loginEmail }").await.ok();
        assert_eq!(done.at("user"), &json!({"displayName": "Ben Okoro", "loginEmail": null}));
        emma.query(ME, json!({})).await.ok();
        assert_eq!(ben.query(ME, json!({})).await.status, 401);
        let events = Books::checked(&office.storage, None).await.events;
        let by_ben = |e: &&tenure_core::event::Event| e.event.actor == tenure_core::user::Actor::User(company.ben.id);
        assert_eq!(events.iter().filter(by_ben).count(), events.len(), "it is the person who was sent the link");
    }

    /// Unknown, expired, of another kind: always the one code.
    async fn e6_links_end_with_their_time(db: Backend) {
        let clock = Arc::new(FixedClock::new(SystemClock.now()));
        let office = Office::open_with(db, |wish| wish.with_clock(clock.clone())).await;
        let company = &office.company;
        let stranger = office.server.anonymous();
        let ben = office.sign_in(&company.ben).await;
        let token = requested(&office, &ben, "ben.new@example.com").await;
        stranger.run("requestPasswordReset", json!({"email": company.ben.email}), "accepted").await.ok();
        let reset = office.mail.await_subject(&company.ben.email, "Choose a new password").await.token();
        let before = office.database.snapshot().await;
        for bad in ["", "nonsense", &token[1..], reset.as_str(), "\u{0}", "ünïcode"] {
            stranger.run("confirmLoginEmailChange", json!({"token": bad}), "user { id }").await.refused_at(&[("TOKEN_INVALID", "input.token")]);
        }
        stranger.run("resetPassword", json!({"token": token, "newPassword": "tangerine moss 41 ladder"}), "session { expiresAt }").await.refused("TOKEN_INVALID");
        clock.set(clock.now().plus_seconds(86_400));
        stranger.run("confirmLoginEmailChange", json!({"token": token}), "user { id }").await.refused("TOKEN_INVALID");
        office.database.is_still(&before).await;
        clock.set(clock.now().plus_seconds(-1));
        stranger.run("confirmLoginEmailChange", json!({"token": token}), "user { id }").await.ok();
    }

    /// Whatever ends somebody's sign-in or changes it ends the link, with the address that it had reserved.
    async fn r2_e4_a_pending_link_ends_with_what_it_hung_on(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let address = "new@elsewhere.example";
        let person = async |name: &str| -> (Member, String) {
            let member = company.employee(name, "Pending").await;
            let token = requested(&office, &office.sign_in(&member).await, address).await;
            (member, token)
        };
        let (one, token) = person("One").await;
        hr.run("dismiss", json!({"userId": one.id}), "user { id }").await.ok();
        is_over(&office, &token, address).await;
        hr.run("hire", json!({"userId": one.id}), "user { id }").await.ok();
        is_over(&office, &token, address).await;

        let (two, token) = person("Two").await;
        hr.run("moveToExtranet", json!({"userId": two.id, "workgroupIds": [company.portal]}), "user { id }").await.ok();
        is_over(&office, &token, address).await;

        let (three, token) = person("Three").await;
        hr.run("releaseEmail", json!({"address": three.email, "replacementLoginEmail": "3@example.com"}), "freedRoles").await.ok();
        is_over(&office, &token, address).await;

        let (four, token) = person("Four").await;
        hr.run("transferEmail", json!({"address": four.email, "toUserId": company.emma.id, "replacementLoginEmail": "4@example.com"}), "movedRoles").await.ok();
        is_over(&office, &token, address).await;

        // The receiver's login changes as well.
        let (five, token) = person("Five").await;
        hr.run("transferEmail", json!({"address": company.leo.email, "toUserId": five.id, "roles": ["LOGIN"]}), "movedRoles").await.ok();
        is_over(&office, &token, address).await;
        // Where only the contact address changes, it does not.
        let (six, token) = person("Six").await;
        hr.run("changeContactEmail", json!({"userId": six.id, "address": "6@example.com"}), "user { id }").await.ok();
        office.server.anonymous().run("confirmLoginEmailChange", json!({"token": token}), "user { id }").await.ok();
        let books = Books::checked(&office.storage, None).await;
        let released = EventBody::EmailReleased { roles: vec![EmailRole::PendingLogin] };
        for member in [&one, &two, &three, &four, &five] {
            assert!(books.events_of(member.id).any(|body| *body == released), "I7: {}", member.name);
        }
        assert_eq!(books.users[&six.id].login_email.as_ref().map(|e| e.key()), Some(address));
    }
}
