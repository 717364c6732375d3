//! `moveToExtranet` (X1–X5, R4, I9).

use serde_json::{Value, json};
use tenure_core::permission::Permission;
use tenure_core::record::RecordKind;

use crate::support::company::State;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;

on_both! {
    /// R11: whom one cannot move, and with what.
    async fn some_cannot_be_moved(db: Backend) {
        let office = Office::open_with(db, |wish| wish.with_seats(6)).await;
        let company = &office.company;
        let dismisser = company.holder("Dora", "Dismisser", &[Permission::UsersDismiss]).await;
        let (ann, dora, ben) = (office.sign_in(&company.ann).await, office.sign_in(&dismisser).await, office.sign_in(&company.ben).await);
        let input = |id: tenure_core::id::UserId| json!({"userId": id, "workgroupIds": [company.portal]});
        let fields = "user { id }";
        ben.run("moveToExtranet", input(company.emma.id), fields).await.fails("FORBIDDEN");
        dora.run("moveToExtranet", input(dismisser.id), fields).await.refused("CANNOT_MOVE_SELF");
        dora.run("moveToExtranet", input(company.ann.id), fields).await.refused("TARGET_IS_ADMINISTRATOR");
        ann.run("moveToExtranet", input(company.ann.id), fields).await.refused("CANNOT_MOVE_SELF");
        dora.run("moveToExtranet", input(company.eva.id), fields).await.refused("ALREADY_EXTRANET");
        dora.run("moveToExtranet", input(tenure_core::id::UserId::SYSTEM), fields).await.refused("SYSTEM_USER_PROTECTED");
        dora.run("moveToExtranet", json!({"userId": company.emma.id, "workgroupIds": []}), fields).await.refused_at(&[("WORKGROUP_NOT_ELIGIBLE", "input.workgroupIds")]);
        dora.run("moveToExtranet", json!({"userId": company.emma.id, "workgroupIds": [company.portal, company.inside]}), fields).await.refused_at(&[("WORKGROUP_NOT_ELIGIBLE", "input.workgroupIds.1")]);
        dora.run("moveToExtranet", json!({"userId": company.emma.id, "workgroupIds": vec![company.portal; 21]}), fields).await.refused_at(&[("INPUT_INVALID", "input.workgroupIds")]);
        let mut with = input(company.emma.id);
        with["newManagerId"] = json!(company.eva.id);
        dora.run("moveToExtranet", with, fields).await.refused("MANAGER_NOT_ELIGIBLE");
        let mut with = input(company.emma.id);
        with["loginEmail"] = json!(company.ben.email);
        dora.run("moveToExtranet", with, "user { id } emailUsage { roles }").await.refused("EMAIL_TAKEN");
        let mut with = input(company.emma.id);
        with["expectedVersion"] = json!(4);
        dora.run("moveToExtranet", with, fields).await.refused("VERSION_CONFLICT");
        dora.run("moveToExtranet", input(company.leo.id), fields).await.refused("SEAT_LIMIT_REACHED");
        let reasons = dora.query("query($a: ID!, $b: ID!) { a: user(id: $a) { viewerCanMoveToExtranet viewerCannotMoveToExtranetReasons } b: user(id: $b) { viewerCanMoveToExtranet viewerCannotMoveToExtranetReasons } }", json!({"a": company.leo.id, "b": company.emma.id})).await.ok();
        assert_eq!(reasons.at("a"), &json!({"viewerCanMoveToExtranet": false, "viewerCannotMoveToExtranetReasons": ["SEAT_LIMIT_REACHED"]}));
        assert_eq!(reasons.at("b"), &json!({"viewerCanMoveToExtranet": true, "viewerCannotMoveToExtranetReasons": []}));
        let invited = ann.run("dismiss", json!({"userId": company.ben.id}), "user { id }").await.ok();
        assert!(invited.at("user.id").is_string());
        ann.run("moveToExtranet", input(company.leo.id), "user { status }").await.ok();
        ann.run("moveToExtranet", input(company.leo.id), fields).await.refused("ALREADY_EXTRANET");
    }

    /// X1, X5: from ACTIVE and, with `activateNow`, from DISMISSED, people end in the same state.
    async fn both_ways_end_in_the_same_state(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        hr.run("addWorkgroupMembers", json!({"workgroupId": company.portal, "userIds": [company.emma.id]}), "workgroup { id }").await.ok();
        let fields = "user { status kind department { id } manager { displayName } personalPermissions loginEmail contactEmail dismissal { reason } isAdministrator workgroups { nodes { leftAt role workgroup { name } } } }";
        let input = |id: tenure_core::id::UserId| json!({"userId": id, "workgroupIds": [company.portal], "activateNow": true});
        let leo = hr.run("moveToExtranet", input(company.leo.id), fields).await.ok();
        let emma = hr.run("moveToExtranet", input(company.emma.id), fields).await.ok();
        for outcome in [&leo, &emma] {
            for (path, value) in [("status", json!("ACTIVE")), ("kind", json!("EXTRANET")), ("department", Value::Null), ("manager", Value::Null), ("dismissal", Value::Null), ("isAdministrator", json!(false))] {
                assert_eq!(outcome.at(&format!("user.{path}")), &value, "{path}");
            }
        }
        assert_eq!(leo.at("user.loginEmail"), &json!(company.leo.email));
        // The leaver keeps the password.
        let outside = office.server.sign_in(&company.leo.email, PASSWORD).await;
        let seen = outside.query("{ viewer { permissions user { kind } } workgroups { nodes { name } } settings { id } }", json!({})).await.ok();
        assert_eq!(seen.at("viewer"), &json!({"permissions": [], "user": {"kind": "EXTRANET"}}));
        assert_eq!(seen.at("workgroups.nodes"), &json!([{"name": "Portal"}, {"name": "Project"}]));
        assert_eq!(seen.at("settings"), &Value::Null, "without an error");
    }

    /// X4: inside workgroups of a leaver have ended for good: neither the way back nor a later dismissal and hiring revives them.
    async fn x4_inside_workgroups_of_a_leaver_never_revive(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let lasting = "query($id: ID!) { user(id: $id) { workgroups { nodes { leftAt workgroup { name } } } } }";
        let out = json!({"userId": company.leo.id, "workgroupIds": [company.portal], "activateNow": true});
        for (step, input) in [("moveToExtranet", out), ("moveToIntranet", json!({"userId": company.leo.id})), ("dismiss", json!({"userId": company.leo.id})), ("hire", json!({"userId": company.leo.id}))] {
            hr.run(step, input, "user { id }").await.ok();
            if step != "dismiss" {
                let answer = hr.query(lasting, json!({"id": company.leo.id})).await.ok();
                let places = answer.list("user.workgroups.nodes").iter().filter(|place| place["leftAt"].is_null());
                let mut names: Vec<String> = places.map(|place| place["workgroup"]["name"].as_str().expect("a name").to_owned()).collect();
                names.sort();
                assert_eq!(names, ["Portal", "Project"], "after {step}");
            }
        }
    }

    /// R4, E7: reports, headship and another login address.
    async fn what_hung_on_the_person_finds_a_place(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        company.record(&company.ben, RecordKind::Deal, State::Open).await;
        let mut input = json!({"userId": company.ben.id, "workgroupIds": [company.project], "loginEmail": "ben@partner.example", "newManagerId": company.hr.id, "handover": {"toUserIds": [company.hr.id]}, "dryRun": true});
        let dry = hr.run("moveToExtranet", input.clone(), "user { id } plannedCounts { kind openCount closedCount } plannedShares { counts { kind } }").await.ok();
        assert_eq!(dry.at("plannedCounts"), &json!([{"kind": "DEAL", "openCount": 1, "closedCount": 0}]));
        input["dryRun"] = json!(false);
        let done = hr.run("moveToExtranet", input, "user { loginEmail contactEmail } plannedCounts { kind } reassignment { movedCount }").await.ok();
        assert_eq!(done.at("user"), &json!({"loginEmail": "ben@partner.example", "contactEmail": company.ben.email}));
        assert_eq!(done.at("plannedCounts"), &Value::Null);
        assert_eq!((office.mail.count_to("ben@partner.example"), office.mail.count_to(&company.ben.email)), (1, 1), "E7");
        let emma = hr.query("query($id: ID!, $g: ID!) { user(id: $id) { manager { displayName } } node(id: $g) { ... on Workgroup { members { nodes { role member { displayName } } } } } }", json!({"id": company.emma.id, "g": company.inside})).await.ok();
        assert_eq!(emma.at("user.manager.displayName"), "Hana Reed");
        assert_eq!(emma.at("node.members.nodes"), &json!([{"role": "MEMBER", "member": {"displayName": "Emma Novak"}}]), "Ben has left the inside");
    }
}
