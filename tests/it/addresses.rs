//! `releaseEmail`, `changeContactEmail` and `moveToIntranet` (E1–E7, X5, X6, S4).

use serde_json::{Value, json};
use tenure_core::permission::Permission;

use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;

on_both! {
    /// E3–E5: freed in every role, and invited at once; an active person keeps a login.
    async fn a_released_address_can_be_invited_at_once(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let manager = company.holder("Mia", "Mail", &[Permission::EmailsManage]).await;
        let (hr, mia) = (office.sign_in(&company.hr).await, office.sign_in(&manager).await);
        let fields = "freedRoles fromUser { loginEmail contactEmail } emailUsage { holder { displayName } }";
        hr.run("releaseEmail", json!({"address": "nobody@example.com"}), fields).await.refused_at(&[("ADDRESS_NOT_HELD", "input.address")]);
        hr.run("releaseEmail", json!({"address": company.emma.email}), fields).await.refused("REPLACEMENT_REQUIRED");
        let taken = hr.run("releaseEmail", json!({"address": company.emma.email, "replacementLoginEmail": company.ben.email}), fields).await.refused("EMAIL_TAKEN");
        assert_eq!(taken.at("emailUsage.holder.displayName"), "Ben Okoro");
        mia.run("releaseEmail", json!({"address": company.ann.email, "replacementLoginEmail": "a@example.com"}), fields).await.refused("TARGET_IS_ADMINISTRATOR");
        hr.run("releaseEmail", json!({"address": "x@", "replacementLoginEmail": "y"}), fields).await.refused_at(&[("EMAIL_INVALID", "input.address"), ("EMAIL_INVALID", "input.replacementLoginEmail")]);
        hr.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), "user { id }").await.ok();
        hr.run("releaseEmail", json!({"address": "ida@example.com"}), fields).await.refused("HOLDER_INVITED");

        let dry = hr.run("releaseEmail", json!({"address": company.leo.email, "dryRun": true}), fields).await.ok();
        assert_eq!((dry.at("freedRoles"), dry.at("fromUser")), (&json!(["LOGIN", "CONTACT"]), &Value::Null));
        let done = hr.run("releaseEmail", json!({"address": company.leo.email}), fields).await.ok();
        assert_eq!(done.at("fromUser"), &json!({"loginEmail": null, "contactEmail": null}));
        hr.run("invite", json!({"email": company.leo.email, "kind": "INTRANET", "firstName": "New", "lastName": "Leo"}), "user { id }").await.ok();
        let emma = office.sign_in(&company.emma).await;
        hr.run("releaseEmail", json!({"address": company.emma.email, "replacementLoginEmail": "e@example.com"}), fields).await.ok();
        assert_eq!(emma.query("{ viewer { user { id } } }", json!({})).await.status, 401, "E4");
        office.server.sign_in("e@example.com", PASSWORD).await;
    }

    /// One's own contact address by oneself in a session, anybody's with EMAILS_MANAGE, alike before and after a dismissal (X5).
    async fn contact_addresses_are_changed(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let fields = "remainingRoles user { version contactEmail } emailUsage { roles }";
        let set = |id: tenure_core::id::UserId, address: Value| json!({"userId": id, "address": address});
        let own = ben.run("changeContactEmail", set(company.ben.id, json!("sales@example.com")), fields).await.ok();
        assert_eq!(own.at("user"), &json!({"version": 2, "contactEmail": "sales@example.com"}));
        assert_eq!(own.at("remainingRoles"), &json!(["LOGIN"]));
        ben.run("changeContactEmail", set(company.emma.id, json!("x@example.com")), fields).await.refused("NOT_PERMITTED");
        ben.run("changeContactEmail", set(company.leo.id, json!("x@example.com")), fields).await.refused("USER_NOT_FOUND");
        ben.run("changeContactEmail", set(company.ben.id, json!("LEO.leaver@example.com")), fields).await.refused("EMAIL_TAKEN");
        ben.run("changeContactEmail", set(company.ben.id, json!("nonsense")), fields).await.refused_at(&[("EMAIL_INVALID", "input.address")]);
        for person in [&company.emma, &company.leo] {
            let changed = hr.run("changeContactEmail", set(person.id, json!(null)), fields).await.ok();
            assert_eq!(changed.at("user.contactEmail"), &Value::Null);
            assert_eq!(changed.at("remainingRoles"), &json!(["LOGIN"]));
        }
        let stale = hr.run("changeContactEmail", json!({"userId": company.ben.id, "address": "y@example.com", "expectedVersion": 1}), fields).await.refused("VERSION_CONFLICT");
        assert_eq!(stale.at("user.version"), 2);
        let token = ben.run("createAccessToken", json!({"name": "t", "permissions": ["USERS_READ"]}), "secret").await.ok();
        office.server.with_token(&token.text("secret")).run("changeContactEmail", set(company.ben.id, json!("z@example.com")), fields).await.fails("FORBIDDEN");
    }

    /// X6: the way back, with the same id; what an external person could not see is open with the next request.
    async fn an_external_person_becomes_an_employee(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, eva) = (office.sign_in(&company.hr).await, office.sign_in(&company.eva).await);
        let fields = "user { id kind version department { name } workgroups { totalCount } }";
        hr.run("moveToIntranet", json!({"userId": company.emma.id}), fields).await.refused("ALREADY_INTRANET");
        hr.run("moveToIntranet", json!({"userId": company.eva.id, "departmentId": "dep_00000000000000000000000000"}), fields).await.refused("DEPARTMENT_NOT_FOUND");
        let conflict = hr.run("moveToIntranet", json!({"userId": company.eva.id, "expectedVersion": 5}), "user { version }").await.refused("VERSION_CONFLICT");
        assert_eq!(conflict.at("user.version"), 1);
        hr.run("moveToIntranet", json!({"userId": tenure_core::id::UserId::SYSTEM}), fields).await.refused("USER_NOT_FOUND");
        assert_eq!(hr.run("moveToIntranet", json!({"userId": company.eva.id, "dryRun": true}), fields).await.ok().at("user"), &Value::Null);
        eva.query("{ users { totalCount } }", json!({})).await.fails("FORBIDDEN");
        let moved = hr.run("moveToIntranet", json!({"userId": company.eva.id, "departmentId": company.sales}), fields).await.ok();
        assert_eq!(moved.at("user"), &json!({"id": company.eva.id, "kind": "INTRANET", "version": 2, "department": {"name": "Sales"}, "workgroups": {"totalCount": 1}}));
        eva.query("{ users { totalCount } }", json!({})).await.ok();
        hr.run("dismiss", json!({"userId": company.eva.id}), "user { id }").await.ok();
        hr.run("moveToIntranet", json!({"userId": company.eva.id}), fields).await.refused("ALREADY_INTRANET");
    }
}
