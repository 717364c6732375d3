//! `emailUsage`, EMAIL_TAKEN, and spellings of one address (E1, E2, I3, S4, §5).

use serde_json::{Value, json};
use tenure_core::email::{Email, EmailRole, HeldAddress};
use tenure_core::permission::Permission;
use tenure_core::storage::Storage;
use tenure_core::user::{UserKind, UserStatus};

use crate::support::company::Traits;
use crate::support::invariants::Books;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;

const USAGE: &str =
    "query($a: EmailAddress!) { emailUsage(address: $a) { address holder { displayName user { status } } holderStatus roles remedies } }";
const HELP_ACTIVE: &[&str] = &["TRANSFER_EMAIL", "RELEASE_EMAIL", "DELETE_USER"];

on_both! {
    /// Who holds it, in which roles, and what helps, for every state of the holder.
    async fn e2_usage_tells_the_holder_and_what_helps(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let gone = company.add("Xena", "Gone", Traits { status: UserStatus::Dismissed, kind: UserKind::Extranet, ..Traits::default() }).await;
        let back = company.leaver("Bo", "Back").await;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        hr.run("invite", json!({"email": "Ida@Example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), "user { id }").await.ok();
        hr.run("moveToExtranet", json!({"userId": back.id, "workgroupIds": [company.portal]}), "user { id }").await.ok();
        hr.run("changeContactEmail", json!({"userId": company.emma.id, "address": "contact@example.com"}), "user { id }").await.ok();
        ben.run("requestLoginEmailChange", json!({"address": "pending@example.com", "password": PASSWORD}), "expiresAt").await.ok();
        ben.run("changeContactEmail", json!({"userId": company.ben.id, "address": "pending@example.com"}), "remainingRoles").await.ok();
        company.employee("Una", "Used").await;
        let una = office.server.sign_in("una.used@example.com", PASSWORD).await;
        una.run("requestLoginEmailChange", json!({"address": "only@example.com", "password": PASSWORD}), "expiresAt").await.ok();
        let leaver: Vec<&str> = [&["HIRE"][..], HELP_ACTIVE].concat();
        let employee: Vec<&str> = [&["HIRE", "MOVE_TO_EXTRANET"][..], HELP_ACTIVE].concat();
        let invited = vec!["RESEND_INVITATION", "REVOKE_INVITATION"];
        for (address, name, status, roles, remedies) in [
            ("ida@example.com", "I D", "INVITED", vec!["INVITATION"], invited.clone()),
            (back.email.as_str(), "Bo Back", "INVITED", vec!["LOGIN", "CONTACT", "INVITATION"], invited),
            (company.emma.email.as_str(), "Emma Novak", "ACTIVE", vec!["LOGIN"], HELP_ACTIVE.to_vec()),
            ("contact@example.com", "Emma Novak", "ACTIVE", vec!["CONTACT"], HELP_ACTIVE.to_vec()),
            ("pending@example.com", "Ben Okoro", "ACTIVE", vec!["CONTACT", "PENDING_LOGIN"], HELP_ACTIVE.to_vec()),
            ("only@example.com", "Una Used", "ACTIVE", vec!["PENDING_LOGIN"], vec!["RELEASE_EMAIL"]),
            (company.eva.email.as_str(), "Eva Extern", "ACTIVE", vec!["LOGIN", "CONTACT"], HELP_ACTIVE.to_vec()),
            (company.leo.email.as_str(), "Leo Leaver", "DISMISSED", vec!["LOGIN", "CONTACT"], employee),
            (gone.email.as_str(), "Xena Gone", "DISMISSED", vec!["LOGIN", "CONTACT"], leaver),
        ] {
            let usage = hr.query(USAGE, json!({"a": address.to_uppercase()})).await.ok();
            assert_eq!(usage.at("emailUsage.holder"), &json!({"displayName": name, "user": {"status": status}}), "{address}");
            assert_eq!(usage.at("emailUsage.holderStatus"), status, "{address}");
            assert_eq!((usage.at("emailUsage.roles"), usage.at("emailUsage.remedies")), (&json!(roles), &json!(remedies)), "{address}");
            // E1: whatever the role, nobody can be invited there.
            hr.run("invite", json!({"email": address, "kind": "INTRANET", "firstName": "N", "lastName": "N"}), "user { id }").await.refused("EMAIL_TAKEN");
        }
        assert_eq!(hr.query(USAGE, json!({"a": "ida@EXAMPLE.com"})).await.ok().at("emailUsage.address"), "Ida@Example.com", "as entered");
        assert_eq!(hr.query(USAGE, json!({"a": "nobody@example.com"})).await.ok().at("emailUsage"), &Value::Null);
        hr.query(USAGE, json!({"a": "no address"})).await.fails("BAD_USER_INPUT");
        ben.query(USAGE, json!({"a": company.emma.email})).await.fails("FORBIDDEN");
        office.server.anonymous().query(USAGE, json!({"a": company.emma.email})).await.fails("UNAUTHENTICATED");
        // The one remedy of an address that is only reserved does free it.
        hr.run("releaseEmail", json!({"address": "only@example.com"}), "freedRoles").await.ok();
        hr.run("invite", json!({"email": "only@example.com", "kind": "INTRANET", "firstName": "N", "lastName": "N"}), "user { id }").await.ok();
        Books::checked(&office.storage, None).await;
    }

    /// EMAIL_TAKEN tells who holds the address to those who may manage addresses, and nothing to others; nothing has changed.
    async fn e1_e2_a_taken_address_is_explained_to_who_may_know(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let inviter = company.holder("Ivo", "Inviter", &[Permission::UsersInvite, Permission::UsersDismiss]).await;
        let lost = company.leaver("Lost", "Login").await;
        let (hr, ivo, ben) = (office.sign_in(&company.hr).await, office.sign_in(&inviter).await, office.sign_in(&company.ben).await);
        let leo = &company.leo.email;
        let inputs = [
            ("invite", json!({"email": leo, "kind": "INTRANET", "firstName": "N", "lastName": "N"}), "input.email"),
            ("hire", json!({"userId": lost.id, "loginEmail": leo}), "input.loginEmail"),
            ("moveToExtranet", json!({"userId": company.emma.id, "workgroupIds": [company.portal], "loginEmail": leo}), "input.loginEmail"),
            ("changeContactEmail", json!({"userId": inviter.id, "address": leo}), "input.address"),
            ("releaseEmail", json!({"address": company.emma.email, "replacementLoginEmail": leo}), "input.replacementLoginEmail"),
            ("transferEmail", json!({"address": company.emma.email, "toUserId": company.ben.id, "replacementLoginEmail": leo}), "input.replacementLoginEmail"),
        ];
        let before = office.database.snapshot().await;
        let fields = "emailUsage { holder { displayName } roles }";
        for (mutation, input, field) in &inputs {
            let told = hr.run(mutation, input.clone(), fields).await.refused_at(&[("EMAIL_TAKEN", *field)]);
            assert_eq!(told.at("emailUsage"), &json!({"holder": {"displayName": "Leo Leaver"}, "roles": ["LOGIN", "CONTACT"]}), "{mutation}");
        }
        for (mutation, input, field) in &inputs[..4] {
            let told = ivo.run(mutation, input.clone(), fields).await.refused_at(&[("EMAIL_TAKEN", *field)]);
            assert_eq!(told.payload()["emailUsage"], Value::Null, "{mutation}");
        }
        for (mutation, input, _) in &inputs[4..] {
            ivo.run(mutation, input.clone(), fields).await.fails("FORBIDDEN");
        }
        let told = ben.run("changeContactEmail", json!({"userId": company.ben.id, "address": leo}), fields).await.refused("EMAIL_TAKEN");
        assert_eq!(told.payload()["emailUsage"], Value::Null);
        office.database.is_still(&before).await;
    }

    /// Case, spaces, width, composition, Unicode or IDNA-ASCII: one address has one holder, on every way in.
    async fn i3_no_spelling_lets_a_second_holder_in(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let mut tx = office.storage.begin().await.expect("a transaction");
        tx.addresses_remove(&[Email::parse(&company.emma.email).expect("an address").key().to_owned()]).await.expect("freed");
        let login = Email::parse("kim.i@bücher.example").expect("an address");
        let roles = [EmailRole::Login].into_iter().collect();
        tx.addresses_put(&[HeldAddress { email: login, holder: company.emma.id, roles }]).await.expect("held");
        tx.commit().await.expect("a commit");
        let hr = office.sign_in(&company.hr).await;
        hr.run("changeContactEmail", json!({"userId": company.emma.id, "address": "Kim.I@bücher.example"}), "user { id }").await.ok();
        let ben = office.sign_in(&company.ben).await;
        let taken = [
            "kim.i@bücher.example",
            "KIM.I@BÜCHER.EXAMPLE",
            "  kim.i@bücher.example\t",
            "kim.i@xn--bcher-kva.example",
            "Kim.I@XN--BCHER-KVA.example",
            "kim.i@bu\u{308}cher.example",
            "kim.i@ｂücher.example",
            "kim.i@bücher。example",
            "kim.i@bücher.ＥＸＡＭＰＬＥ",
        ];
        let malformed = [
            "\u{212a}im.i@bücher.example",
            "kım.i@bücher.example",
            "kim.İ@bücher.example",
            "ｋim.i@bücher.example",
            "kim.i\u{200b}@bücher.example",
            "kim.i@bücher.example.",
            "kim.i@bücher..example",
            "kim.i @bücher.example",
            "\"kim.i\"@bücher.example",
            "kim.i@bücher.example\u{202e}",
            "kim.i＠bücher.example",
        ];
        let before = office.database.snapshot().await;
        let ways = |address: &str| {
            [
                ("invite", json!({"email": address, "kind": "INTRANET", "firstName": "N", "lastName": "N"})),
                ("changeContactEmail", json!({"userId": company.eva.id, "address": address})),
                ("releaseEmail", json!({"address": company.ben.email, "replacementLoginEmail": address})),
                ("transferEmail", json!({"address": company.ben.email, "toUserId": company.eva.id, "replacementLoginEmail": address})),
                ("hire", json!({"userId": company.leo.id, "loginEmail": address})),
                ("moveToExtranet", json!({"userId": company.leo.id, "workgroupIds": [company.portal], "loginEmail": address})),
            ]
        };
        for (code, addresses) in [("EMAIL_TAKEN", &taken[..]), ("EMAIL_INVALID", &malformed[..])] {
            for address in addresses {
                for (mutation, input) in ways(address) {
                    let outcome = hr.run(mutation, input, "userErrors { code }").await;
                    assert_eq!(outcome.verdict(), code, "{mutation}: {address:?}");
                }
                let outcome = ben.run("requestLoginEmailChange", json!({"address": address, "password": PASSWORD}), "expiresAt").await;
                assert_eq!(outcome.verdict(), code, "requestLoginEmailChange: {address:?}");
            }
        }
        office.database.is_still(&before).await;
        // The Kelvin sign is a k in a domain, and a dotted capital I something else than an i.
        hr.run("changeContactEmail", json!({"userId": company.ben.id, "address": "b@kilo.example"}), "user { id }").await.ok();
        hr.run("changeContactEmail", json!({"userId": company.eva.id, "address": "b@\u{212a}ilo.example"}), "user { id }").await.refused("EMAIL_TAKEN");
        hr.run("changeContactEmail", json!({"userId": company.eva.id, "address": "b@kİlo.example"}), "user { id }").await.ok();
        // Whoever signs in may spell it in any of these ways.
        for address in taken {
            office.server.sign_in(address, PASSWORD).await;
        }
        Books::checked(&office.storage, None).await;
    }

    /// S4: a token changes its owner's contact address with EMAILS_MANAGE only.
    async fn s4_a_token_leaves_personal_addresses_alone(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let manager = company.holder("Mia", "Mail", &[Permission::EmailsManage, Permission::UsersUpdate]).await;
        let mia = office.sign_in(&manager).await;
        let mut tokens = Vec::new();
        for permissions in [json!(["USERS_READ", "USERS_UPDATE"]), json!(["EMAILS_MANAGE"])] {
            let made = mia.run("createAccessToken", json!({"name": "t", "permissions": permissions}), "secret").await.ok();
            let token = office.server.with_token(&made.text("secret"));
            token.query("{ viewer { user { id } } }", json!({})).await.ok();
            tokens.push(token);
        }
        let before = office.database.snapshot().await;
        let own = json!({"userId": manager.id, "address": "mia@example.com"});
        tokens[0].run("changeContactEmail", own.clone(), "user { id }").await.fails("FORBIDDEN");
        tokens[0].run("changeContactEmail", json!({"userId": company.emma.id, "address": "e@example.com"}), "user { id }").await.refused("NOT_PERMITTED");
        tokens[0].run("releaseEmail", json!({"address": company.leo.email}), "freedRoles").await.fails("FORBIDDEN");
        tokens[0].run("transferEmail", json!({"address": company.leo.email, "toUserId": manager.id}), "movedRoles").await.fails("FORBIDDEN");
        office.database.is_still(&before).await;
        tokens[1].run("changeContactEmail", own, "user { contactEmail }").await.ok();
        tokens[1].run("changeContactEmail", json!({"userId": company.leo.id, "address": null}), "remainingRoles").await.ok();
    }
}
