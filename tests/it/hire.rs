//! `hire` (R7, I2, E1).

use serde_json::json;
use tenure_core::user::{UserKind, UserStatus};

use crate::support::company::Traits;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;

on_both! {
    /// R7, R11: whom one cannot hire back, and with what.
    async fn some_cannot_be_hired_back(db: Backend) {
        let office = Office::open_with(db, |wish| wish.with_seats(5)).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        hr.run("hire", json!({"userId": company.emma.id}), "user { id }").await.refused("NOT_DISMISSED");
        hr.run("hire", json!({"userId": tenure_core::id::UserId::SYSTEM}), "user { id }").await.refused("USER_NOT_FOUND");
        hr.run("hire", json!({"userId": company.leo.id}), "user { id }").await.refused("SEAT_LIMIT_REACHED");
        let reasons = hr.query("query($id: ID!) { user(id: $id) { viewerCanHire viewerCannotHireReasons } license { seatLimit seatsUsed seatsFree } }", json!({"id": company.leo.id})).await.ok();
        assert_eq!(reasons.at("user"), &json!({"viewerCanHire": false, "viewerCannotHireReasons": ["SEAT_LIMIT_REACHED"]}));
        assert_eq!(reasons.at("license"), &json!({"seatLimit": 5, "seatsUsed": 5, "seatsFree": 0}));
        hr.run("dismiss", json!({"userId": company.emma.id}), "user { id }").await.ok();
        hr.run("hire", json!({"userId": company.leo.id, "loginEmail": "not an address"}), "user { id }").await.refused_at(&[("EMAIL_INVALID", "input.loginEmail")]);
        let taken = hr.run("hire", json!({"userId": company.leo.id, "loginEmail": company.ben.email}), "user { id } emailUsage { holder { displayName } }").await.refused("EMAIL_TAKEN");
        assert_eq!(taken.at("emailUsage.holder.displayName"), "Ben Okoro");
        hr.run("hire", json!({"userId": company.leo.id, "workgroupIds": [company.portal]}), "user { id }").await.refused_at(&[("INPUT_INVALID", "input.workgroupIds")]);
        hr.run("hire", json!({"userId": company.leo.id, "expectedVersion": 9}), "user { version }").await.refused("VERSION_CONFLICT");
        let dry = hr.run("hire", json!({"userId": company.leo.id, "dryRun": true}), "user { id }").await.ok();
        assert!(dry.at("user").is_null());
        let done = hr.run("hire", json!({"userId": company.leo.id, "loginEmail": "leo.again@example.com"}), "user { status loginEmail contactEmail }").await.ok();
        assert_eq!(done.at("user"), &json!({"status": "ACTIVE", "loginEmail": "leo.again@example.com", "contactEmail": "leo.leaver@example.com"}));
        office.server.sign_in("leo.again@example.com", PASSWORD).await;
        assert!(office.mail.count_to("leo.again@example.com") == 1 && office.mail.count_to("leo.leaver@example.com") == 1, "E7");
    }

    /// I7: an address that is theirs already keeps its spelling; nothing would tell that it changed.
    async fn i7_the_same_login_in_another_spelling_changes_nothing(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let fields = "user { status loginEmail contactEmail }";
        let hired = hr.run("hire", json!({"userId": company.leo.id, "loginEmail": "LEO.Leaver@Example.com"}), fields).await.ok();
        assert_eq!(hired.at("user"), &json!({"status": "ACTIVE", "loginEmail": company.leo.email, "contactEmail": company.leo.email}));
        hr.run("dismiss", json!({"userId": company.leo.id}), "user { id }").await.ok();
        let moved = hr.run("moveToExtranet", json!({"userId": company.leo.id, "workgroupIds": [company.portal], "loginEmail": "Leo.LEAVER@example.com", "activateNow": true}), fields).await.ok();
        assert_eq!(moved.at("user"), &json!({"status": "ACTIVE", "loginEmail": company.leo.email, "contactEmail": company.leo.email}));
        assert_eq!(office.mail.count_to(&company.leo.email), 0, "E7: nobody changed it");
    }

    /// R7, I10: the manager comes back only if still an active employee.
    async fn a_manager_who_left_meanwhile_stays_away(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        hr.run("dismiss", json!({"userId": company.ben.id}), "user { id }").await.ok();
        let hired = hr.run("hire", json!({"userId": company.leo.id}), "user { manager { displayName } department { name } }").await.ok();
        assert_eq!(hired.at("user"), &json!({"manager": null, "department": {"name": "Sales"}}));
    }

    /// X2: an external person comes back to extranet workgroups, and needs one.
    async fn an_external_person_needs_a_workgroup(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        hr.run("dismiss", json!({"userId": company.eva.id}), "user { id }").await.ok();
        let back = hr.run("hire", json!({"userId": company.eva.id}), "user { kind workgroups { nodes { leftAt workgroup { name } } } }").await.ok();
        assert_eq!(back.at("user"), &json!({"kind": "EXTRANET", "workgroups": {"nodes": [{"leftAt": null, "workgroup": {"name": "Project"}}]}}));
        let bare = company.add("Xen", "Xtern", Traits { status: UserStatus::Dismissed, kind: UserKind::Extranet, ..Traits::default() }).await;
        hr.run("hire", json!({"userId": bare.id}), "user { id }").await.refused("WORKGROUP_NOT_ELIGIBLE");
        hr.run("hire", json!({"userId": bare.id, "workgroupIds": [company.inside]}), "user { id }").await.refused_at(&[("WORKGROUP_NOT_ELIGIBLE", "input.workgroupIds.0")]);
        hr.run("hire", json!({"userId": bare.id, "workgroupIds": [company.portal]}), "user { id }").await.ok();
    }

    /// LOGIN_EMAIL_REQUIRED: whose address went away needs another one.
    async fn a_login_address_is_needed(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        hr.run("transferEmail", json!({"address": company.leo.email, "toUserId": company.ben.id, "roles": ["CONTACT"]}), "movedRoles freedRoles").await.ok();
        hr.run("hire", json!({"userId": company.leo.id}), "user { id }").await.refused("LOGIN_EMAIL_REQUIRED");
        let can = hr.query("query($id: ID!) { user(id: $id) { viewerCanHire viewerCannotHireReasons } }", json!({"id": company.leo.id})).await.ok();
        assert_eq!(can.at("user"), &json!({"viewerCanHire": true, "viewerCannotHireReasons": []}), "R9: input can cure it");
        hr.run("moveToExtranet", json!({"userId": company.leo.id, "workgroupIds": [company.portal]}), "user { id }").await.refused("LOGIN_EMAIL_REQUIRED");
        let done = hr.run("hire", json!({"userId": company.leo.id, "loginEmail": "l@example.com"}), "user { loginEmail contactEmail }").await.ok();
        assert_eq!(done.at("user"), &json!({"loginEmail": "l@example.com", "contactEmail": "l@example.com"}));
    }
}
