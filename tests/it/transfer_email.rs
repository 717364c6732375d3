//! `transferEmail` (E2–E7, I3, X5).

use serde_json::{Value, json};
use tenure_core::permission::Permission;

use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;

const FIELDS: &str = "movedRoles freedRoles fromUser { loginEmail contactEmail } toUser { loginEmail contactEmail }";

on_both! {
    /// R11: every reason, and nothing changed.
    async fn some_transfers_are_refused(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let manager = company.holder("Mia", "Mail", &[Permission::EmailsManage]).await;
        let (hr, mia, ben) = (office.sign_in(&company.hr).await, office.sign_in(&manager).await, office.sign_in(&company.ben).await);
        let to_ben = |address: &str| json!({"address": address, "toUserId": company.ben.id});
        ben.run("transferEmail", to_ben(&company.leo.email), FIELDS).await.fails("FORBIDDEN");
        hr.run("transferEmail", to_ben("nobody@example.com"), FIELDS).await.refused_at(&[("ADDRESS_NOT_HELD", "input.address")]);
        hr.run("transferEmail", json!({"address": company.leo.email, "toUserId": "usr_00000000000000000000000000"}), FIELDS).await.refused("USER_NOT_FOUND");
        hr.run("transferEmail", json!({"address": company.leo.email, "toUserId": tenure_core::id::UserId::SYSTEM}), FIELDS).await.refused("USER_NOT_FOUND");
        hr.run("transferEmail", to_ben(&company.emma.email), FIELDS).await.refused_at(&[("REPLACEMENT_REQUIRED", "input.replacementLoginEmail")]);
        mia.run("transferEmail", json!({"address": company.ann.email, "toUserId": company.ben.id, "replacementLoginEmail": "a@example.com"}), FIELDS).await.refused_at(&[("TARGET_IS_ADMINISTRATOR", "input.address")]);
        mia.run("transferEmail", json!({"address": company.leo.email, "toUserId": company.ann.id}), FIELDS).await.refused_at(&[("TARGET_IS_ADMINISTRATOR", "input.toUserId")]);
        hr.run("transferEmail", json!({"address": company.leo.email, "toUserId": company.leo.id}), FIELDS).await.refused("RECIPIENT_NOT_ELIGIBLE");
        let taken = hr.run("transferEmail", json!({"address": company.emma.email, "toUserId": company.ben.id, "replacementLoginEmail": company.hr.email}), &format!("{FIELDS} emailUsage {{ holder {{ displayName }} }}")).await.refused("EMAIL_TAKEN");
        assert_eq!(taken.at("emailUsage.holder.displayName"), "Hana Reed");
        hr.run("transferEmail", json!({"address": company.leo.email, "toUserId": company.ben.id, "replacementLoginEmail": "no address"}), FIELDS).await.refused_at(&[("EMAIL_INVALID", "input.replacementLoginEmail")]);
        let swap = json!({"address": company.emma.email, "toUserId": company.ben.id, "displaced": "GIVE_TO_FORMER_HOLDER", "replacementLoginEmail": "r@example.com"});
        hr.run("transferEmail", swap, FIELDS).await.refused_at(&[("INPUT_INVALID", "input.replacementLoginEmail")]);
        hr.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), "user { id }").await.ok();
        hr.run("transferEmail", to_ben("ida@example.com"), FIELDS).await.refused_at(&[("HOLDER_INVITED", "input.address")]);
        let invited = hr.query("query($a: EmailAddress!) { emailUsage(address: $a) { holder { user { id } } roles remedies } }", json!({"a": "IDA@example.com"})).await.ok();
        assert_eq!(invited.at("emailUsage.remedies"), &json!(["RESEND_INVITATION", "REVOKE_INVITATION"]));
        hr.run("transferEmail", json!({"address": company.leo.email, "toUserId": invited.at("emailUsage.holder.user.id")}), FIELDS).await.refused("RECIPIENT_NOT_ELIGIBLE");
        // Somebody active loses nothing to themself: it is the receiver that is wrong.
        hr.run("transferEmail", json!({"address": company.emma.email, "toUserId": company.emma.id}), FIELDS).await.refused_at(&[("RECIPIENT_NOT_ELIGIBLE", "input.toUserId")]);
        for member in [&company.emma, &company.ben] {
            office.server.sign_in(&member.email, PASSWORD).await;
        }
    }

    /// E3–E5: roles, replacement, what is freed; a dry run tells the same.
    async fn an_address_leaves_its_holder_in_every_role(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let mut input = json!({"address": company.emma.email, "toUserId": company.ben.id, "roles": ["CONTACT"], "replacementLoginEmail": "emma.new@example.com", "dryRun": true});
        let dry = hr.run("transferEmail", input.clone(), FIELDS).await.ok();
        assert_eq!((dry.at("movedRoles"), dry.at("freedRoles"), dry.at("fromUser")), (&json!(["CONTACT"]), &json!(["LOGIN"]), &Value::Null));
        office.server.sign_in(&company.emma.email, PASSWORD).await;
        input["dryRun"] = json!(false);
        let done = hr.run("transferEmail", input, FIELDS).await.ok();
        assert_eq!((done.at("movedRoles"), done.at("freedRoles")), (dry.at("movedRoles"), dry.at("freedRoles")));
        assert_eq!(done.at("fromUser"), &json!({"loginEmail": "emma.new@example.com", "contactEmail": null}));
        assert_eq!(done.at("toUser"), &json!({"loginEmail": "ben.okoro@example.com", "contactEmail": "emma.novak@example.com"}));
        office.server.sign_in("emma.new@example.com", PASSWORD).await;
        office.server.anonymous().run("signIn", json!({"email": company.emma.email, "password": PASSWORD}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
        // What was pushed out in one role remains in the other.
        let usage = hr.query("query($a: EmailAddress!) { emailUsage(address: $a) { roles } }", json!({"a": company.ben.email})).await.ok();
        assert_eq!(usage.at("emailUsage.roles"), &json!(["LOGIN"]));
    }

    /// E3, S4: an administrator's token without ADMINISTRATE is no administrator, towards its owner either.
    async fn a_lesser_token_does_not_touch_the_addresses_of_its_owner(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let made = ann.run("createAccessToken", json!({"name": "mails", "permissions": ["EMAILS_MANAGE", "USERS_DISMISS", "USERS_READ"]}), "secret").await.ok();
        let token = office.server.with_token(&made.text("secret"));
        let away = json!({"address": company.ann.email, "toUserId": company.ben.id, "replacementLoginEmail": "other@example.com"});
        token.run("transferEmail", away.clone(), FIELDS).await.refused_at(&[("TARGET_IS_ADMINISTRATOR", "input.address")]);
        token.run("transferEmail", json!({"address": company.leo.email, "toUserId": company.ann.id}), FIELDS).await.refused_at(&[("TARGET_IS_ADMINISTRATOR", "input.toUserId")]);
        let reasons = token.query("query($id: ID!) { user(id: $id) { viewerCannotDismissReasons } }", json!({"id": company.ann.id})).await.ok();
        assert_eq!(reasons.at("user.viewerCannotDismissReasons"), &json!(["CANNOT_DISMISS_SELF", "TARGET_IS_ADMINISTRATOR", "LAST_ADMINISTRATOR"]));
        ann.run("transferEmail", away, FIELDS).await.ok();
    }

    /// E3: a swap with a leaver.
    async fn a_leaver_swaps_too(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let input = json!({"address": company.leo.email, "toUserId": company.eva.id, "displaced": "GIVE_TO_FORMER_HOLDER"});
        let done = hr.run("transferEmail", input, FIELDS).await.ok();
        assert_eq!(done.at("toUser"), &json!({"loginEmail": company.leo.email, "contactEmail": company.leo.email}));
        assert_eq!(done.at("fromUser"), &json!({"loginEmail": company.eva.email, "contactEmail": company.eva.email}));
        // E7 for who can sign in; leavers are sent nothing, least of all where somebody else reads it by now (S6).
        for address in [&company.leo.email, &company.eva.email] {
            office.mail.latest_to(address).await;
        }
        assert!(office.mail.all().iter().all(|mail| mail.body.contains("Eva") && !mail.body.contains("Leo ")), "{:?}", office.mail.all());
        hr.run("hire", json!({"userId": company.leo.id}), "user { loginEmail }").await.ok();
        office.server.sign_in(&company.eva.email, PASSWORD).await;
    }
}
