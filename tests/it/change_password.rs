//! `changePassword` (E8, I4, S3, R11).

use serde_json::{Value, json};

use crate::support::invariants::Books;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;
use tenure_core::event::EventBody;

const ME: &str = "{ viewer { user { id version } } }";
const NEW: &str = "tangerine moss 41 ladder";

fn change(current: &str, new: &str) -> Value {
    json!({"currentPassword": current, "newPassword": new})
}

on_both! {
    /// The own session is lifted to the new epoch, refresh token included; the others end.
    async fn e8_i4_a_new_password_ends_all_sessions_but_one_s_own(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (own, other, third) = (office.sign_in(&company.ben).await, office.sign_in(&company.ben).await, office.sign_in(&company.ben).await);
        let emma = office.sign_in(&company.emma).await;
        let done = own.run("changePassword", change(PASSWORD, NEW), "endedCount").await.ok();
        assert_eq!(done.at("endedCount"), 2);
        let me = own.query(ME, json!({})).await.ok();
        assert_eq!(me.at("viewer.user.version"), 1, "sessions are no part of the version");
        for ended in [&other, &third] {
            assert_eq!(ended.query(ME, json!({})).await.status, 401);
        }
        emma.query(ME, json!({})).await.ok();
        let stranger = office.server.anonymous();
        let refreshed = stranger.run("refreshSession", json!({"refreshToken": own.refresh_token()}), "session { accessToken }").await.ok();
        office.server.with_token(&refreshed.text("session.accessToken")).query(ME, json!({})).await.ok();
        stranger.run("refreshSession", json!({"refreshToken": other.refresh_token()}), "session { expiresAt }").await.refused("SESSION_ENDED");
        stranger.run("signIn", json!({"email": company.ben.email, "password": PASSWORD}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
        office.server.sign_in(&company.ben.email, NEW).await;
        // Once more, with the session that was lifted.
        let again = own.run("changePassword", change(NEW, PASSWORD), "endedCount").await.ok();
        assert_eq!(again.at("endedCount"), 1);
        own.query(ME, json!({})).await.ok();
        let books = Books::checked(&office.storage, None).await;
        assert_eq!(books.events_of(company.ben.id).cloned().collect::<Vec<_>>(), [EventBody::PasswordChanged, EventBody::PasswordChanged], "I7");
    }

    /// A link that was on its way is worth nothing then, and the address it had reserved is free.
    async fn e8_links_die_with_a_change_of_password(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ben, hr, stranger) = (office.sign_in(&company.ben).await, office.sign_in(&company.hr).await, office.server.anonymous());
        ben.run("requestLoginEmailChange", json!({"address": "ben.new@example.com", "password": PASSWORD}), "expiresAt").await.ok();
        let login = office.mail.latest_to("ben.new@example.com").await.token();
        stranger.run("requestPasswordReset", json!({"email": company.ben.email}), "accepted").await.ok();
        let reset = office.mail.await_subject(&company.ben.email, "Choose a new password").await.token();
        ben.run("changePassword", change(PASSWORD, NEW), "endedCount").await.ok();
        stranger.run("confirmLoginEmailChange", json!({"token": login}), "user { id }").await.refused_at(&[("TOKEN_INVALID", "input.token")]);
        stranger.run("resetPassword", json!({"token": reset, "newPassword": "marble canyon 77 otter"}), "session { expiresAt }").await.refused_at(&[("TOKEN_INVALID", "input.token")]);
        let usage = hr.query("{ emailUsage(address: \"ben.new@example.com\") { roles } }", json!({})).await.ok();
        assert_eq!(usage.at("emailUsage"), &Value::Null);
        assert_eq!(office.database.number("SELECT count(*) FROM link").await, 0);
        let books = Books::checked(&office.storage, None).await;
        let released = EventBody::EmailReleased { roles: vec![tenure_core::email::EmailRole::PendingLogin] };
        assert!(books.events_of(company.ben.id).any(|body| *body == released), "I7");
    }

    /// Every code; a refusal changes nothing.
    async fn r11_s3_some_new_passwords_are_refused(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ben = office.sign_in(&company.ben).await;
        let made = ben.run("createAccessToken", json!({"name": "t", "permissions": ["USERS_READ"]}), "secret").await.ok();
        let token = office.server.with_token(&made.text("secret"));
        token.query(ME, json!({})).await.ok();
        let before = office.database.snapshot().await;
        office.server.anonymous().run("changePassword", change(PASSWORD, NEW), "endedCount").await.fails("UNAUTHENTICATED");
        token.run("changePassword", change(PASSWORD, NEW), "endedCount").await.refused("NOT_A_SESSION");
        ben.run("changePassword", change("wrong password 12", NEW), "endedCount").await.refused_at(&[("INVALID_CREDENTIALS", "input.currentPassword")]);
        ben.run("changePassword", change("wrong password 12", "weak"), "endedCount").await.refused("INVALID_CREDENTIALS");
        let long = "kT9#xw2Q".repeat(33);
        for weak in ["short", "aaaaaaaaaaaaaaaa", "Ben Okoro Ben Okoro", company.ben.email.as_str(), "password1234", long.as_str()] {
            let refused = ben.run("changePassword", change(PASSWORD, weak), "endedCount").await.refused_at(&[("PASSWORD_TOO_WEAK", "input.newPassword")]);
            assert_eq!(refused.payload()["endedCount"], Value::Null);
        }
        office.database.is_still(&before).await;
        office.server.sign_in(&company.ben.email, PASSWORD).await;
    }

    /// Wrong passwords count against the address, wherever they are given; the right one is not looked at while it is limited.
    async fn s3_wrong_present_passwords_are_limited_like_sign_ins(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ben, stranger) = (office.sign_in(&company.ben).await, office.server.anonymous());
        for n in 0..10 {
            match n % 3 {
                0 => ben.run("changePassword", change("wrong password 12", NEW), "endedCount").await.refused("INVALID_CREDENTIALS"),
                1 => ben.run("requestLoginEmailChange", json!({"address": "b@example.com", "password": "wrong password 12"}), "expiresAt").await.refused("INVALID_CREDENTIALS"),
                _ => stranger.run("signIn", json!({"email": company.ben.email, "password": "wrong password 12"}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS"),
            };
        }
        let before = office.database.snapshot().await;
        ben.run("changePassword", change(PASSWORD, NEW), "endedCount").await.refused("RATE_LIMITED");
        ben.run("requestLoginEmailChange", json!({"address": "b@example.com", "password": PASSWORD}), "expiresAt").await.refused("RATE_LIMITED");
        stranger.run("signIn", json!({"email": company.ben.email, "password": PASSWORD}), "session { expiresAt }").await.refused("RATE_LIMITED");
        office.database.is_still(&before).await;
        office.sign_in(&company.emma).await.run("changePassword", change(PASSWORD, NEW), "endedCount").await.ok();
        // Who has forgotten theirs, and tried, still gets a link.
        stranger.run("requestPasswordReset", json!({"email": company.ben.email}), "accepted").await.ok();
    }
}
