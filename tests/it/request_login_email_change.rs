//! `requestLoginEmailChange` (E1, E2, E6, S3, R11).

use serde_json::{Value, json};
use tenure_core::email::EmailRole;
use tenure_core::event::EventBody;
use tenure_core::permission::Permission;

use crate::support::invariants::Books;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;

const USAGE: &str = "query($a: EmailAddress!) { emailUsage(address: $a) { holder { displayName } holderStatus roles remedies } }";

fn request(address: &str) -> Value {
    json!({"address": address, "password": PASSWORD})
}

on_both! {
    /// Until it is confirmed, the address is nobody else's, and the old one works.
    async fn e6_a_new_login_is_reserved_and_told_to_the_old_one(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ben, hr) = (office.sign_in(&company.ben).await, office.sign_in(&company.hr).await);
        let asked = ben.run("requestLoginEmailChange", request("Ben.New@Example.com"), "expiresAt").await.ok();
        let expires = tenure_core::time::Timestamp::parse_rfc3339(&asked.text("expiresAt")).expect("an instant");
        let left = expires.0 - tenure_core::clock::Clock::now(&tenure_core::clock::SystemClock).0;
        assert!((86_300..=86_400).contains(&(left / 1_000_000)), "24 hours: {left}");
        let link = office.mail.latest_to("ben.new@example.com").await;
        assert_eq!(link.token().len(), 43, "256 bits");
        let told = office.mail.latest_to(&company.ben.email).await;
        assert_eq!(told.subject, "A new address to sign in with was requested");
        assert!(told.body.contains("Ben.New@Example.com") && !told.body.contains("token="), "{}", told.body);
        let me = ben.query("{ viewer { user { version loginEmail contactEmail } } }", json!({})).await.ok();
        assert_eq!(me.at("viewer.user"), &json!({"version": 2, "loginEmail": company.ben.email, "contactEmail": company.ben.email}));
        office.server.sign_in(&company.ben.email, PASSWORD).await;
        office.server.anonymous().run("signIn", json!({"email": "ben.new@example.com", "password": PASSWORD}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
        // E1, E2: it is held, and says how it is freed.
        let usage = hr.query(USAGE, json!({"a": "BEN.NEW@example.com"})).await.ok();
        assert_eq!(usage.at("emailUsage"), &json!({"holder": {"displayName": "Ben Okoro"}, "holderStatus": "ACTIVE", "roles": ["PENDING_LOGIN"], "remedies": ["RELEASE_EMAIL"]}));
        let invite = json!({"email": "ben.new@example.com", "kind": "INTRANET", "firstName": "N", "lastName": "N"});
        hr.run("invite", invite.clone(), "user { id }").await.refused("EMAIL_TAKEN");
        hr.run("transferEmail", json!({"address": "ben.new@example.com", "toUserId": company.emma.id}), "movedRoles").await.refused("ADDRESS_NOT_HELD");
        let books = Books::checked(&office.storage, None).await;
        assert_eq!(books.events_of(company.ben.id).cloned().collect::<Vec<_>>(), [EventBody::EmailChanged { role: EmailRole::PendingLogin }], "I7");
        // The database holds no token.
        let stored = format!("{:?}", office.database.snapshot().await);
        assert!(!stored.contains(&link.token()));
        // Released, it is free at once, and the link is dead.
        let freed = hr.run("releaseEmail", json!({"address": "ben.new@example.com"}), "freedRoles fromUser { loginEmail }").await.ok();
        assert_eq!((freed.at("freedRoles"), freed.at("fromUser.loginEmail")), (&json!(["PENDING_LOGIN"]), &json!(company.ben.email)));
        ben.query("{ viewer { user { id } } }", json!({})).await.ok();
        ben.run("confirmLoginEmailChange", json!({"token": link.token()}), "user { id }").await.refused("TOKEN_INVALID");
        hr.run("invite", invite, "user { id }").await.ok();
    }

    /// E6: what nobody confirmed within 24 hours reserves nothing; who takes the address ends it.
    async fn e6_an_address_that_nobody_confirmed_in_time_is_free(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ben, emma, hr) = (office.sign_in(&company.ben).await, office.sign_in(&company.emma).await, office.sign_in(&company.hr).await);
        ben.run("requestLoginEmailChange", request("ben.new@example.com"), "expiresAt").await.ok();
        emma.run("requestLoginEmailChange", request("emma.new@example.com"), "expiresAt").await.ok();
        let token = office.mail.latest_to("ben.new@example.com").await.token();
        let invite = json!({"email": "Ben.New@example.com", "kind": "INTRANET", "firstName": "N", "lastName": "N"});
        hr.run("invite", invite.clone(), "user { id }").await.refused("EMAIL_TAKEN");
        office.database.execute("UPDATE link SET expires_at = 1").await;
        assert!(hr.query(USAGE, json!({"a": "ben.new@example.com"})).await.ok().at("emailUsage").is_null());
        let usages = "query($id: ID!) { user(id: $id) { version offboarding { emailUsages { roles } } } }";
        let held = hr.query(usages, json!({"id": company.ben.id})).await.ok();
        assert_eq!(held.at("user"), &json!({"version": 2, "offboarding": {"emailUsages": [{"roles": ["LOGIN", "CONTACT"]}]}}));
        // A dry run and a refusal leave it as it is.
        let before = Books::checked(&office.storage, None).await;
        let mut dry = invite.clone();
        dry["dryRun"] = json!(true);
        hr.run("invite", dry, "user { id }").await.ok();
        let mut odd = invite.clone();
        odd["workgroupIds"] = json!(["wgr_00000000000000000000000000"]);
        odd["kind"] = json!("EXTRANET");
        hr.run("invite", odd, "user { id }").await.refused("WORKGROUP_NOT_ELIGIBLE");
        Books::checked(&office.storage, None).await.assert_unchanged_since(&before);

        hr.run("invite", invite, "user { id }").await.ok();
        ben.run("confirmLoginEmailChange", json!({"token": token}), "user { id }").await.refused("TOKEN_INVALID");
        let books = Books::checked(&office.storage, None).await;
        let events: Vec<_> = books.events_of(company.ben.id).cloned().collect();
        assert_eq!(events, [EventBody::EmailChanged { role: EmailRole::PendingLogin }, EventBody::EmailReleased { roles: vec![EmailRole::PendingLogin] }], "I7");
        assert_eq!(hr.query(usages, json!({"id": company.ben.id})).await.ok().at("user.version"), 3);
        // The same for who changes their own login, and for a replacement.
        ben.run("requestLoginEmailChange", request("emma.new@example.com"), "expiresAt").await.ok();
        let usage = hr.query(USAGE, json!({"a": "emma.new@example.com"})).await.ok();
        assert_eq!(usage.at("emailUsage.holder.displayName"), "Ben Okoro");
    }

    /// A newer request frees what the former one had reserved; its link is dead.
    async fn e6_a_newer_request_takes_the_place_of_the_former(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ben, emma) = (office.sign_in(&company.ben).await, office.sign_in(&company.emma).await);
        ben.run("requestLoginEmailChange", request("one@example.com"), "expiresAt").await.ok();
        let first = office.mail.latest_to("one@example.com").await.token();
        emma.run("requestLoginEmailChange", request("one@example.com"), "expiresAt").await.refused_at(&[("EMAIL_TAKEN", "input.address")]);
        ben.run("requestLoginEmailChange", request("two@example.com"), "expiresAt").await.ok();
        ben.run("confirmLoginEmailChange", json!({"token": first}), "user { id }").await.refused("TOKEN_INVALID");
        emma.run("requestLoginEmailChange", request("one@example.com"), "expiresAt").await.ok();
        // The same one again: the former link is dead all the same.
        let second = office.mail.latest_to("two@example.com").await.token();
        ben.run("requestLoginEmailChange", request("TWO@example.com"), "expiresAt").await.ok();
        let third = office.mail.latest_to("two@example.com").await.token();
        assert_ne!(second, third);
        ben.run("confirmLoginEmailChange", json!({"token": second}), "user { id }").await.refused("TOKEN_INVALID");
        let done = ben.run("confirmLoginEmailChange", json!({"token": third}), "user { loginEmail }").await.ok();
        assert_eq!(done.at("user.loginEmail"), "TWO@example.com");
        Books::checked(&office.storage, None).await;
    }

    /// Every code, the first by the order of the contract; a refusal changes nothing.
    async fn r11_some_login_changes_are_refused(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let manager = company.holder("Mia", "Mail", &[Permission::EmailsManage]).await;
        let (hr, mia, ben) = (office.sign_in(&company.hr).await, office.sign_in(&manager).await, office.sign_in(&company.ben).await);
        hr.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), "user { id }").await.ok();
        let made = mia.run("createAccessToken", json!({"name": "t", "permissions": ["EMAILS_MANAGE"]}), "secret").await.ok();
        let token = office.server.with_token(&made.text("secret"));
        token.query("{ viewer { user { id } } }", json!({})).await.ok();
        let before = office.database.snapshot().await;
        office.server.anonymous().run("requestLoginEmailChange", request("x@example.com"), "expiresAt").await.fails("UNAUTHENTICATED");
        token.run("requestLoginEmailChange", request("x@example.com"), "expiresAt").await.refused("NOT_A_SESSION");
        for malformed in ["", "x", "x@", "x y@example.com", "x@example.com\u{202e}", "\u{212a}@example.com"] {
            ben.run("requestLoginEmailChange", json!({"address": malformed, "password": "wrong"}), "expiresAt").await.refused_at(&[("EMAIL_INVALID", "input.address")]);
        }
        for taken in [&company.emma.email, &company.leo.email, &company.eva.email, &company.ben.email, &"IDA@example.com".to_owned()] {
            ben.run("requestLoginEmailChange", request(taken), "expiresAt").await.refused_at(&[("EMAIL_TAKEN", "input.address")]);
        }
        ben.run("requestLoginEmailChange", json!({"address": company.emma.email, "password": "wrong"}), "expiresAt").await.refused("EMAIL_TAKEN");
        ben.run("requestLoginEmailChange", json!({"address": "x@example.com", "password": "wrong"}), "expiresAt").await.refused_at(&[("INVALID_CREDENTIALS", "input.password")]);
        office.database.is_still(&before).await;
        assert_eq!(office.mail.count_to("x@example.com"), 0, "nobody was told");
        assert_eq!(office.mail.count_to(&company.ben.email), 0, "nobody was told");
    }

    /// One's own contact address, and people from outside too.
    async fn e6_one_s_own_contact_address_may_become_the_login(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let eva = office.sign_in(&company.eva).await;
        eva.run("changeContactEmail", json!({"userId": company.eva.id, "address": "Eva@Partner.example"}), "user { id }").await.ok();
        eva.run("requestLoginEmailChange", request("EVA@partner.example"), "expiresAt").await.ok();
        let seen = eva.query("{ viewer { user { contactEmail } } }", json!({})).await.ok();
        assert_eq!(seen.at("viewer.user.contactEmail"), "Eva@Partner.example", "as it was, until it is confirmed");
        let hr = office.sign_in(&company.hr).await;
        let usage = hr.query(USAGE, json!({"a": "eva@partner.example"})).await.ok();
        assert_eq!(usage.at("emailUsage.roles"), &json!(["CONTACT", "PENDING_LOGIN"]));
        let token = office.mail.latest_to("eva@partner.example").await.token();
        let done = eva.run("confirmLoginEmailChange", json!({"token": token}), "user { loginEmail contactEmail }").await.ok();
        assert_eq!(done.at("user"), &json!({"loginEmail": "EVA@partner.example", "contactEmail": "EVA@partner.example"}));
        assert_eq!(hr.query(USAGE, json!({"a": company.eva.email})).await.ok().at("emailUsage"), &Value::Null, "E5: without a role it is free");
        Books::checked(&office.storage, None).await;
    }
}
