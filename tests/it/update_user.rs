//! `updateUser` (S4, S7, I10, R11).

use serde_json::{Value, json};

use crate::support::company::Traits;
use crate::support::office::Office;
use crate::support::on_both;

on_both! {
    /// One's own profile by oneself, placement and others' with USERS_UPDATE.
    async fn profiles_are_changed(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let fields = "user { version displayName jobTitle avatarUrl department { name } manager { displayName } }";
        let own = ben.run("updateUser", json!({"userId": company.ben.id, "firstName": "Benedict", "jobTitle": "Head", "avatarUrl": "https://example.com/b.png"}), fields).await.ok();
        assert_eq!(own.at("user"), &json!({"version": 2, "displayName": "Benedict Okoro", "jobTitle": "Head", "avatarUrl": "https://example.com/b.png", "department": {"name": "Sales"}, "manager": {"displayName": "Ann Archer"}}));
        let same = ben.run("updateUser", json!({"userId": company.ben.id, "jobTitle": "Head"}), fields).await.ok();
        assert_eq!(same.at("user.version"), 2, "no change, no version");
        ben.run("updateUser", json!({"userId": company.ben.id, "departmentId": company.service}), fields).await.refused("NOT_PERMITTED");
        ben.run("updateUser", json!({"userId": company.emma.id, "jobTitle": "X"}), fields).await.refused("NOT_PERMITTED");
        let cleared = hr.run("updateUser", json!({"userId": company.ben.id, "jobTitle": null, "avatarUrl": null, "departmentId": null, "managerId": null, "expectedVersion": 2}), fields).await.ok();
        assert_eq!(cleared.at("user"), &json!({"version": 3, "displayName": "Benedict Okoro", "jobTitle": null, "avatarUrl": null, "department": null, "manager": null}));
        let conflict = hr.run("updateUser", json!({"userId": company.ben.id, "jobTitle": "Y", "expectedVersion": 2}), "user { version }").await.refused("VERSION_CONFLICT");
        assert_eq!(conflict.at("user.version"), 3);
        hr.run("updateUser", json!({"userId": company.emma.id, "departmentId": "dep_00000000000000000000000000"}), fields).await.refused("DEPARTMENT_NOT_FOUND");
        hr.run("updateUser", json!({"userId": tenure_core::id::UserId::SYSTEM, "jobTitle": "X"}), fields).await.refused("SYSTEM_USER_PROTECTED");
        hr.run("updateUser", json!({"userId": company.eva.id, "departmentId": company.sales}), fields).await.refused_at(&[("INPUT_INVALID", "input.departmentId")]);
        hr.run("updateUser", json!({"userId": company.eva.id, "managerId": company.ben.id}), fields)
            .await
            .refused_at(&[("INPUT_INVALID", "input.managerId")]);
        let eva = office.sign_in(&company.eva).await;
        eva.run("updateUser", json!({"userId": company.eva.id, "jobTitle": "Partner"}), fields).await.ok();
        eva.run("updateUser", json!({"userId": company.emma.id, "jobTitle": "X"}), "user { id }").await.refused("NOT_PERMITTED");
        eva.run("updateUser", json!({"userId": company.hr.id, "jobTitle": "X"}), "user { id }").await.refused("USER_NOT_FOUND");
    }

    /// V3, V7: who may neither read departments nor place people is told alike of those that exist and those that do not.
    async fn v7_r11_a_department_is_not_told_by_a_refusal(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let missing = json!("dep_00000000000000000000000000");
        let (ann, ben, eva) = (office.sign_in(&company.ann).await, office.sign_in(&company.ben).await, office.sign_in(&company.eva).await);
        // Who reads departments is told what is wrong with the one given.
        ben.run("updateUser", json!({"userId": company.ben.id, "departmentId": missing}), "user { id }").await.refused("DEPARTMENT_NOT_FOUND");
        ann.run("updateSettings", json!({"employeePermissions": ["ENTITIES_READ"]}), "settings { version }").await.ok();
        for (by, own) in [(&eva, company.eva.id), (&ben, company.ben.id)] {
            for department in [json!(company.sales), missing.clone()] {
                let told = by.run("updateUser", json!({"userId": own, "departmentId": department}), "user { id }").await;
                assert_eq!(told.verdict(), "NOT_PERMITTED", "{department}");
            }
        }
    }

    /// MANAGER_NOT_ELIGIBLE: active employees only, and no circles (I10).
    async fn managers_form_no_circle(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let deep = company.add("Dee", "Deep", Traits { manager: Some(company.emma.id), ..Traits::default() }).await;
        let set = |manager: Value| json!({"userId": company.ben.id, "managerId": manager});
        for bad in [json!(company.ben.id), json!(company.emma.id), json!(deep.id), json!(company.leo.id), json!(company.eva.id), json!("usr_00000000000000000000000000")] {
            hr.run("updateUser", set(bad), "user { id }").await.refused_at(&[("MANAGER_NOT_ELIGIBLE", "input.managerId")]);
        }
        hr.run("updateUser", set(json!(company.hr.id)), "user { manager { displayName } }").await.ok();
        let reports = hr.query("query($id: ID!) { user(id: $id) { directReports { totalCount nodes { displayName } } } }", json!({"id": company.hr.id})).await.ok();
        assert_eq!(reports.at("user.directReports"), &json!({"totalCount": 1, "nodes": [{"displayName": "Ben Okoro"}]}));
    }
}
