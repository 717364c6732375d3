//! Invitations (S1, S2, I2, E1).

use std::sync::Arc;

use serde_json::{Value, json};
use tenure_core::clock::{Clock, FixedClock, SystemClock};
use tenure_core::permission::Permission;

use crate::support::office::Office;
use crate::support::on_both;

const PASSWORD: &str = "tangerine moss 41 ladder";

on_both! {
    /// S1, S2, I2: from the invitation to the first session.
    async fn somebody_is_invited_and_comes(db: Backend) {
        let office = Office::open_with(db, |wish| wish.with_seats(7)).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let input = json!({"email": "Ida@Example.com", "kind": "INTRANET", "firstName": "Ida", "lastName": "Nguyen", "jobTitle": "Welder", "departmentId": company.sales, "workgroupIds": [company.inside]});
        let mut dry = input.clone();
        dry["dryRun"] = json!(true);
        assert_eq!(hr.run("invite", dry, "user { id }").await.ok().at("user"), &Value::Null);
        assert_eq!(office.mail.count_to("Ida@Example.com"), 0);
        let invited = hr.run("invite", input.clone(), "user { id status kind loginEmail contactEmail department { name } invitation { email invitedBy { displayName } } workgroups { nodes { role workgroup { name memberCount } } } }").await.ok();
        assert_eq!(invited.at("user.status"), "INVITED");
        assert_eq!((invited.at("user.loginEmail"), invited.at("user.contactEmail")), (&Value::Null, &Value::Null));
        assert_eq!(invited.at("user.invitation"), &json!({"email": "Ida@Example.com", "invitedBy": {"displayName": "Hana Reed"}}));
        assert_eq!(invited.at("user.workgroups.nodes.0.workgroup.memberCount"), 2, "invited people are not counted");
        hr.run("invite", input, "user { id }").await.refused("EMAIL_TAKEN");
        hr.run("invite", json!({"email": "x@example.com", "kind": "EXTRANET", "firstName": "X", "lastName": "X"}), "user { id }").await.refused("WORKGROUP_NOT_ELIGIBLE");
        hr.run("invite", json!({"email": "x@example.com", "kind": "EXTRANET", "firstName": "X", "lastName": "X", "workgroupIds": [company.inside]}), "user { id }").await.refused("WORKGROUP_NOT_ELIGIBLE");
        hr.run("invite", json!({"email": "x@example.com", "kind": "INTRANET", "firstName": "X", "lastName": "X", "departmentId": "dep_00000000000000000000000000"}), "user { id }").await.refused("DEPARTMENT_NOT_FOUND");
        hr.run("invite", json!({"email": "y@example.com", "kind": "EXTRANET", "firstName": "Y", "lastName": "Y", "workgroupIds": [company.portal]}), "user { id }").await.ok();
        hr.run("invite", json!({"email": "z@example.com", "kind": "INTRANET", "firstName": "Z", "lastName": "Z"}), "user { id }").await.refused("SEAT_LIMIT_REACHED");

        let first = office.mail.latest_to("Ida@Example.com").await.token();
        hr.run("resendInvitation", json!({"userId": invited.at("user.id")}), "user { invitation { sentAt } }").await.ok();
        let second = office.mail.latest_to("Ida@Example.com").await.token();
        assert_ne!(first, second);
        let stranger = office.server.anonymous();
        stranger.run("acceptInvitation", json!({"token": first, "password": PASSWORD}), "session { expiresAt }").await.refused("INVITATION_INVALID");
        for weak in ["short", "aaaaaaaaaaaaaaaa", "Ida@Example.com", "password1234"] {
            stranger.run("acceptInvitation", json!({"token": second, "password": weak}), "session { expiresAt }").await.refused_at(&[("PASSWORD_TOO_WEAK", "input.password")]);
        }
        // The names that are chosen with it are no password either.
        let named = json!({"token": second, "password": "QuetzalcoatlVonHohenzollern", "firstName": "Quetzalcoatl", "lastName": "VonHohenzollern"});
        stranger.run("acceptInvitation", named, "session { expiresAt }").await.refused_at(&[("PASSWORD_TOO_WEAK", "input.password")]);
        let accepted = stranger.run("acceptInvitation", json!({"token": second, "password": PASSWORD, "firstName": "Ida Maria"}), "session { accessToken user { id status displayName loginEmail contactEmail jobTitle } }").await.ok();
        assert_eq!(accepted.at("session.user"), &json!({"id": invited.at("user.id"), "status": "ACTIVE", "displayName": "Ida Maria Nguyen", "loginEmail": "Ida@Example.com", "contactEmail": "Ida@Example.com", "jobTitle": "Welder"}));
        office.server.with_token(&accepted.text("session.accessToken")).query("{ users { totalCount } }", json!({})).await.ok();
        stranger.run("acceptInvitation", json!({"token": second, "password": PASSWORD}), "session { expiresAt }").await.refused("INVITATION_INVALID");
        office.server.sign_in("ida@example.com", PASSWORD).await;
        hr.run("resendInvitation", json!({"userId": invited.at("user.id")}), "user { id }").await.refused("NOT_INVITED");
        hr.run("revokeInvitation", json!({"userId": invited.at("user.id")}), "revokedUserId").await.refused("NOT_INVITED");
    }

    /// DOMAIN §1, S2: taken back, the person is gone, address and seat are free; sending and taking back need the right of the invitation.
    async fn an_invitation_is_taken_back(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let inviter = company.holder("Ivo", "Inviter", &[Permission::UsersInvite]).await;
        let dismisser = company.holder("Dora", "Dismisser", &[Permission::UsersDismiss]).await;
        let (hr, ivo, dora) = (office.sign_in(&company.hr).await, office.sign_in(&inviter).await, office.sign_in(&dismisser).await);
        let invited = ivo.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), "user { id }").await.ok();
        let id = invited.at("user.id").clone();
        dora.run("revokeInvitation", json!({"userId": id}), "revokedUserId").await.refused("USER_NOT_FOUND");
        let token = office.mail.latest_to("ida@example.com").await.token();
        let revoked = ivo.run("revokeInvitation", json!({"userId": id}), "revokedUserId user { id }").await.ok();
        assert_eq!((revoked.at("revokedUserId"), revoked.at("user")), (&id, &Value::Null));
        hr.run("resendInvitation", json!({"userId": id}), "user { id }").await.refused("USER_NOT_FOUND");
        office.server.anonymous().run("acceptInvitation", json!({"token": token, "password": PASSWORD}), "session { expiresAt }").await.refused("INVITATION_INVALID");
        assert_eq!(hr.query("query($a: EmailAddress!) { emailUsage(address: $a) { roles } }", json!({"a": "ida@example.com"})).await.ok().at("emailUsage"), &Value::Null);
        // After a move to the extranet the right is USERS_DISMISS.
        dora.run("moveToExtranet", json!({"userId": company.leo.id, "workgroupIds": [company.portal]}), "user { status }").await.ok();
        ivo.run("resendInvitation", json!({"userId": company.leo.id}), "user { id }").await.refused("NOT_PERMITTED");
        ivo.run("revokeInvitation", json!({"userId": company.leo.id}), "user { id }").await.refused("NOT_PERMITTED");
        let back = dora.run("revokeInvitation", json!({"userId": company.leo.id}), "revokedUserId user { status dismissal { reason } }").await.ok();
        assert_eq!(back.payload()["revokedUserId"], Value::Null);
        assert_eq!(back.at("user"), &json!({"status": "DISMISSED", "dismissal": {"reason": "Left"}}));
    }

    /// S2: at acceptance the inviter must still hold the right.
    async fn an_inviter_without_the_right_invites_nobody(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let inviter = company.holder("Ivo", "Inviter", &[Permission::UsersInvite]).await;
        let (ann, ivo) = (office.sign_in(&company.ann).await, office.sign_in(&inviter).await);
        let invited = ivo.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), "user { id }").await.ok();
        let token = office.mail.latest_to("ida@example.com").await.token();
        ann.run("setAccess", json!({"userId": inviter.id, "permissions": []}), "user { id }").await.ok();
        let stranger = office.server.anonymous();
        stranger.run("acceptInvitation", json!({"token": token, "password": PASSWORD}), "session { expiresAt }").await.refused("INVITATION_INVALID");
        // Whatever the password: a dead link says so first (R11).
        stranger.run("acceptInvitation", json!({"token": token, "password": "weak"}), "session { expiresAt }").await.refused("INVITATION_INVALID");
        // Who sends it again becomes the inviter.
        ann.run("resendInvitation", json!({"userId": invited.at("user.id")}), "user { invitation { invitedBy { displayName } } }").await.ok();
        let token = office.mail.latest_to("ida@example.com").await.token();
        stranger.run("acceptInvitation", json!({"token": token, "password": PASSWORD}), "session { expiresAt }").await.ok();
    }

    /// I7, R11: a workgroup that is named twice is joined once, with one event, and faults are named by the place at which they were given.
    async fn i7_r11_a_workgroup_named_twice_is_joined_once(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let input = |workgroups: Value| json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D", "workgroupIds": workgroups});
        let missing = "wgr_00000000000000000000000000";
        ann.run("invite", input(json!([company.inside, company.inside, missing])), "user { id }")
            .await
            .refused_at(&[("WORKGROUP_NOT_ELIGIBLE", "input.workgroupIds.2")]);
        let groups = json!([company.inside, company.portal, company.inside]);
        let invited = ann.run("invite", input(groups), "user { id workgroups { totalCount } }").await.ok();
        assert_eq!(invited.at("user.workgroups.totalCount"), 2);
        let events = ann.query("query($id: ID!) { user(id: $id) { events { nodes { __typename } } } }", json!({"id": invited.at("user.id")})).await.ok();
        let nodes = events.at("user.events.nodes").as_array().expect("a list");
        let joined = nodes.iter().filter(|event| event["__typename"] == "WorkgroupMembershipChangedEvent").count();
        assert_eq!((joined, nodes.len()), (2, 3), "{nodes:?}");
    }

    /// I10, R4: whose manager left meanwhile comes below the manager of that one.
    async fn nobody_comes_below_a_leaver(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let invited = hr.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), "user { id }").await.ok();
        hr.run("updateUser", json!({"userId": invited.at("user.id"), "managerId": company.emma.id}), "user { manager { displayName } }").await.ok();
        hr.run("dismiss", json!({"userId": company.emma.id}), "user { status }").await.ok();
        let token = office.mail.latest_to("ida@example.com").await.token();
        let fields = "session { user { status manager { displayName } } }";
        let come = office.server.anonymous().run("acceptInvitation", json!({"token": token, "password": PASSWORD}), fields).await.ok();
        assert_eq!(come.at("session.user"), &json!({"status": "ACTIVE", "manager": {"displayName": "Ben Okoro"}}));
    }

    /// S2: after 7 days the link is dead, seat and address stay taken until it is sent again.
    async fn an_invitation_expires(db: Backend) {
        let clock = Arc::new(FixedClock::new(SystemClock.now()));
        let office = Office::open_with(db, |wish| wish.with_clock(clock.clone())).await;
        let hr = office.sign_in(&office.company.hr).await;
        hr.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), "user { id }").await.ok();
        let token = office.mail.latest_to("ida@example.com").await.token();
        clock.set(clock.now().plus_seconds(7 * 86_400 + 1));
        office.server.anonymous().run("acceptInvitation", json!({"token": token, "password": PASSWORD}), "session { expiresAt }").await.refused("INVITATION_INVALID");
        let hr = office.sign_in(&office.company.hr).await;
        let license = hr.query("{ license { pendingInvitations } }", json!({})).await.ok();
        assert_eq!(license.at("license.pendingInvitations"), 1);
        hr.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), "user { id }").await.refused("EMAIL_TAKEN");
    }
}
