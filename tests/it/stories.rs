//! The five stories that tenure exists for, from end to end.

use serde_json::{Value, json};

use crate::support::company::{State, Traits};
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;
use tenure_core::record::RecordKind;
use tenure_core::user::UserStatus;

on_both! {
    /// R1–R7, S7, I4, V2: dismiss, what remains visible to colleagues, hire back with everything in place.
    async fn a_colleague_is_dismissed_and_hired_back(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let emma = office.sign_in(&company.emma).await;
        let junior = company.add("Jo", "Junior", Traits { manager: Some(company.emma.id), ..Traits::default() }).await;
        let records = company.records_of_all_kinds(&company.emma).await;
        let before = hr.query("query($id: ID!) { user(id: $id) { version viewerCanDismiss offboarding { ownedEntityTotal liveCredentialCount directReportCount } } }", json!({"id": company.emma.id})).await.ok();
        assert_eq!(before.at("user.offboarding"), &json!({"ownedEntityTotal": 18, "liveCredentialCount": 1, "directReportCount": 1}));
        assert_eq!(before.at("user.viewerCanDismiss"), &json!(true));

        // A dry run counts and changes nothing.
        let input = json!({"userId": company.emma.id, "reason": "Moved abroad", "note": "A fine colleague", "expectedVersion": before.at("user.version")});
        let mut dry = input.clone();
        dry["dryRun"] = json!(true);
        let outcome = hr.run("dismiss", dry, "user { id } revokedCredentialCount").await.ok();
        assert_eq!((outcome.at("user"), outcome.at("revokedCredentialCount")), (&Value::Null, &json!(1)));
        emma.query("{ viewer { user { displayName } } }", json!({})).await.ok();

        let outcome = hr.run("dismiss", input, "user { status version dismissal { reason note } } revokedCredentialCount").await.ok();
        assert_eq!(outcome.at("user.status"), "DISMISSED");
        assert_eq!(outcome.at("user.dismissal"), &json!({"reason": "Moved abroad", "note": "A fine colleague"}), "the note is for its author");
        assert_eq!(outcome.at("revokedCredentialCount"), 1);
        let gone = emma.query("{ viewer { user { id } } }", json!({})).await;
        assert_eq!(gone.status, 401, "I4: the next request is refused");
        office.server.anonymous().run("signIn", json!({"email": company.emma.email, "password": PASSWORD}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
        office.server.anonymous().run("refreshSession", json!({"refreshToken": emma.refresh_token()}), "session { expiresAt }").await.refused("SESSION_ENDED");

        // Ben no longer sees her, but her name stays on what she made, and every record is where it was (R3).
        let list = ben.query("{ users(first: 100) { totalCount nodes { displayName } } }", json!({})).await.ok();
        assert!(!list.list("users.nodes").contains(&json!({"displayName": "Emma Novak"})));
        let seen = ben.query(
            "query($id: ID!, $ids: [ID!]!) { user(id: $id) { id } node(id: $id) { id } nodes(ids: $ids) { ... on OwnedEntity { id title version responsible { displayName kind initials user { id } } createdBy { displayName user { id } } } } }",
            json!({"id": company.emma.id, "ids": records}),
        ).await.ok();
        assert_eq!((seen.at("user"), seen.at("node")), (&Value::Null, &Value::Null));
        for record in seen.list("nodes") {
            assert_eq!(record["version"], 1);
            assert_eq!(record["responsible"], json!({"displayName": "Emma Novak", "kind": "USER", "initials": "EN", "user": null}));
        }
        // R4: her report goes to her manager. R5: her places ended.
        let after = hr.query(
            "query($id: ID!, $junior: ID!, $group: ID!) { user(id: $id) { workgroups { nodes { leftAt role } } contactEmail viewerCanHire viewerCannotDismissReasons } junior: user(id: $junior) { version manager { user { id } } } node(id: $group) { ... on Workgroup { memberCount } } }",
            json!({"id": company.emma.id, "junior": junior.id, "group": company.inside}),
        ).await.ok();
        assert!(after.list("user.workgroups.nodes").iter().all(|m| !m["leftAt"].is_null()));
        assert_eq!(after.at("junior.manager.user.id"), &json!(company.ben.id));
        assert_eq!(after.at("junior.version"), 2);
        assert_eq!(after.at("node.memberCount"), 1, "Ben alone: leavers are not counted");
        assert_eq!(after.at("user.viewerCanHire"), &json!(true));
        assert_eq!(after.at("user.viewerCannotDismissReasons"), &json!(["ALREADY_DISMISSED"]));

        // Hired back: the same account, with everything in place.
        hr.run("hire", json!({"userId": company.emma.id}), "user { status }").await.ok();
        let again = office.sign_in(&company.emma).await;
        let me = again.query("{ viewer { user { id status dismissal { reason } department { name } manager { displayName } workgroups { nodes { leftAt role workgroup { name } } } ownedEntities { totalCount } } } }", json!({})).await.ok();
        assert_eq!(me.at("viewer.user.id"), &json!(company.emma.id));
        assert_eq!(me.at("viewer.user.department.name"), "Sales");
        assert_eq!(me.at("viewer.user.manager.displayName"), "Ben Okoro");
        assert_eq!(me.at("viewer.user.ownedEntities.totalCount"), 18);
        assert!(me.list("viewer.user.workgroups.nodes").iter().all(|m| m["leftAt"].is_null()));
        assert_eq!(emma.query("{ viewer { user { id } } }", json!({})).await.status, 401, "R7: old sessions stay dead");
    }

    /// V1, V5, V8, I11: hide leavers, turn the setting on, page across them.
    async fn leavers_are_hidden_until_the_setting_shows_them(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, ben) = (office.sign_in(&company.ann).await, office.sign_in(&company.ben).await);
        // Leavers between the others, at the borders of pages of 4.
        for n in 0..12 {
            let status = if n % 3 == 0 { UserStatus::Dismissed } else { UserStatus::Active };
            company.add(&format!("M{n:02}"), "Many", Traits { status, ..Traits::default() }).await;
        }
        let page = "query($after: String) { users(first: 4, after: $after) { totalCount nodes { displayName status } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
        let mut all = Vec::new();
        let mut after = Value::Null;
        let mut turned = false;
        loop {
            let answer = ben.query(page, json!({"after": after})).await.ok();
            let nodes = answer.list("users.nodes").clone();
            let more = answer.at("users.pageInfo.hasNextPage") == &json!(true);
            assert_eq!(answer.at("users.pageInfo.hasPreviousPage"), &json!(!after.is_null()));
            if more {
                assert_eq!(nodes.len(), 4, "V5: a page is full however many hidden ones lie between");
            }
            assert_eq!(answer.at("users.totalCount"), &json!(if turned { 18 } else { 13 }));
            all.extend(nodes);
            after = answer.at("users.pageInfo.endCursor").clone();
            if all.len() == 8 && !turned {
                // V1: the next request of everybody obeys, pages in the middle included.
                turned = true;
                ann.run("updateSettings", json!({"showDismissedUsers": true}), "settings { showDismissedUsers version }").await.ok();
            }
            if !more {
                break;
            }
        }
        let names: Vec<&str> = all.iter().map(|n| n["displayName"].as_str().expect("a name")).collect();
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(names, sorted, "no gap and no repetition in the order of names");
        assert!(all[..8].iter().all(|n| n["status"] != "DISMISSED"));
        assert!(all[8..].iter().any(|n| n["status"] == "DISMISSED"));

        let leo = ben.query("query($id: ID!) { user(id: $id) { displayName contactEmail dismissal { reason } } users(filter: {statuses: [DISMISSED]}) { totalCount } }", json!({"id": company.leo.id})).await.ok();
        assert_eq!(leo.at("user"), &json!({"displayName": "Leo Leaver", "contactEmail": null, "dismissal": null}), "R6: the setting shows nobody's dismissal");
        assert_eq!(leo.at("users.totalCount"), 5);
        ann.run("updateSettings", json!({"showDismissedUsers": false}), "settings { version }").await.ok();
        let hidden = ben.query("query($id: ID!) { user(id: $id) { id } users(filter: {statuses: [DISMISSED]}) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor } } }", json!({"id": company.leo.id})).await.ok();
        assert_eq!(hidden.at("user"), &Value::Null);
        assert_eq!(hidden.at("users"), &json!({"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": false, "hasPreviousPage": false, "startCursor": null}}));
        // Backwards, for somebody who may list leavers.
        let hr = office.sign_in(&company.hr).await;
        let back = hr.query("{ users(last: 3, filter: {statuses: [DISMISSED]}) { nodes { displayName } pageInfo { hasNextPage hasPreviousPage } } }", json!({})).await.ok();
        assert_eq!(back.at("users.nodes"), &json!([{"displayName": "M03 Many"}, {"displayName": "M06 Many"}, {"displayName": "M09 Many"}]));
        assert_eq!(back.at("users.pageInfo"), &json!({"hasNextPage": false, "hasPreviousPage": true}));
    }

    /// H1, H2, H3, H4, H5, H6, H8, H10: nine kinds from a dismissed person without hiring anybody, closed ones and activities included, over many pages.
    async fn records_of_a_leaver_find_new_owners(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        let records = company.records_of_all_kinds(&company.leo).await;
        let deals = company.deals(&company.leo, 300).await;
        let linked = company.activity(&company.leo, deals[0]).await;
        let foreign = company.activity(&company.emma, deals[0]).await;
        let orphaned = ben.query("{ ownedEntities(filter: {isOrphaned: true}) { totalCount } }", json!({})).await.ok();
        assert_eq!(orphaned.at("ownedEntities.totalCount"), 319, "H6: whoever may read records finds what waits for a new owner");

        let mut input = json!({
            "selection": {"matching": {"responsibleIds": [company.leo.id]}},
            "toUserIds": [company.ben.id, company.emma.id],
            "note": "Leo has left",
            "dryRun": true,
        });
        let shares = "plannedCounts { kind openCount closedCount } plannedShares { successor { displayName } counts { kind openCount closedCount } }";
        let dry = hr.run("reassign", input.clone(), &format!("reassignment {{ id }} {shares}")).await.ok();
        assert_eq!(dry.at("reassignment"), &Value::Null);
        input["dryRun"] = json!(false);
        let done = hr.run("reassign", input.clone(), &format!("reassignment {{ id status plannedCount movedCount skippedCount remainingCount progress note movedCounts {{ kind openCount closedCount }} shares {{ successor {{ displayName }} counts {{ kind openCount closedCount }} }} sources {{ displayName }} }} {shares}")).await.ok();
        assert_eq!(done.at("plannedCounts"), &Value::Null, "R8: planned… is for dry runs");
        assert_eq!(done.at("reassignment.status"), "SUCCEEDED");
        assert_eq!(done.at("reassignment.movedCount"), 319);
        assert_eq!(done.at("reassignment.movedCounts"), dry.at("plannedCounts"));
        assert_eq!(done.at("reassignment.shares"), dry.at("plannedShares"), "H8");
        assert_eq!(done.at("reassignment.sources"), &json!([{"displayName": "Leo Leaver"}]));
        assert_eq!(done.at("reassignment.note"), "Leo has left");

        let moved = hr.query(
            "query($ids: [ID!]!) { nodes(ids: $ids) { ... on OwnedEntity { id isClosed version responsible { user { id } } createdBy { displayName } ownershipChanges { totalCount nodes { from { displayName } to { displayName } actor { displayName } reassignment { id } } } } } }",
            json!({"ids": records.iter().copied().chain([linked, foreign]).collect::<Vec<_>>()}),
        ).await.ok();
        let nodes = moved.list("nodes");
        assert!(nodes[..18].iter().all(|n| n["version"] == 2 && n["createdBy"]["displayName"] == "Leo Leaver" && n["ownershipChanges"]["totalCount"] == 1));
        assert_eq!(nodes[0]["ownershipChanges"]["nodes"][0]["from"]["displayName"], "Leo Leaver");
        assert_eq!(&nodes[0]["ownershipChanges"]["nodes"][0]["reassignment"]["id"], done.at("reassignment.id"));
        let deal = hr.query("query($id: ID!) { node(id: $id) { ... on Deal { responsible { user { id } } } } }", json!({"id": deals[0]})).await.ok();
        assert_eq!(nodes[18]["responsible"], *deal.at("node.responsible"), "H4: an activity follows its record");
        assert_eq!(nodes[19]["version"], 1, "H4: other people's activities stay");

        hr.run("reassign", input, "reassignment { id }").await.refused("SELECTION_EMPTY");
        let leo = hr.query("query($id: ID!) { user(id: $id) { status ownedEntities { totalCount } offboarding { ownedEntityTotal ownedEntityCounts { kind } } } }", json!({"id": company.leo.id})).await.ok();
        assert_eq!(leo.at("user"), &json!({"status": "DISMISSED", "ownedEntities": {"totalCount": 0}, "offboarding": {"ownedEntityTotal": 0, "ownedEntityCounts": []}}));
    }

    /// E1–E5: what an address of a leaver is used for, transferring it, inviting with the one that it displaced.
    async fn an_address_of_a_leaver_goes_to_a_colleague(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let taken = hr.run("invite", json!({"email": "Leo.LEAVER@example.com", "kind": "INTRANET", "firstName": "New", "lastName": "Leo"}), "user { id } emailUsage { holder { displayName user { id } } holderStatus roles remedies }").await.refused("EMAIL_TAKEN");
        assert_eq!(taken.at("emailUsage.holderStatus"), "DISMISSED");
        assert_eq!(taken.at("emailUsage.remedies"), &json!(["HIRE", "MOVE_TO_EXTRANET", "TRANSFER_EMAIL", "RELEASE_EMAIL", "DELETE_USER"]));
        let usage = hr.query("query($a: EmailAddress!) { emailUsage(address: $a) { address holder { displayName } roles } }", json!({"a": company.leo.email})).await.ok();
        assert_eq!(usage.at("emailUsage.roles"), &json!(["LOGIN", "CONTACT"]));

        let emma = office.sign_in(&company.emma).await;
        let moved = hr.run("transferEmail", json!({"address": company.leo.email, "toUserId": company.emma.id}), "movedRoles freedRoles fromUser { loginEmail contactEmail status } toUser { loginEmail contactEmail }").await.ok();
        assert_eq!(moved.at("movedRoles"), &json!(["LOGIN", "CONTACT"]));
        assert_eq!(moved.at("freedRoles"), &json!([]));
        assert_eq!(moved.at("fromUser"), &json!({"loginEmail": null, "contactEmail": null, "status": "DISMISSED"}));
        assert_eq!(moved.at("toUser"), &json!({"loginEmail": "leo.leaver@example.com", "contactEmail": "leo.leaver@example.com"}));
        assert_eq!(emma.query("{ viewer { user { id } } }", json!({})).await.status, 401, "E4: sessions hung on the address");
        office.server.sign_in(&company.leo.email, PASSWORD).await;
        for address in [&company.leo.email, &company.emma.email] {
            assert!(office.mail.latest_to(address).await.subject.to_lowercase().contains("sign"), "E7: told to the former and the new address");
        }

        // E5: the displaced one can be invited at once, and the invitation is accepted.
        let invited = hr.run("invite", json!({"email": company.emma.email, "kind": "INTRANET", "firstName": "Second", "lastName": "Emma"}), "user { id status invitation { email } }").await.ok();
        let token = office.mail.latest_to(&company.emma.email).await.token();
        let accepted = office.server.anonymous().run("acceptInvitation", json!({"token": token, "password": "tangerine moss 41 ladder"}), "session { accessToken user { id status loginEmail contactEmail } }").await.ok();
        assert_eq!(accepted.at("session.user.id"), invited.at("user.id"));
        assert_eq!(accepted.at("session.user.loginEmail"), "emma.novak@example.com");
    }

    /// E3: two active people swap their addresses without a third one.
    async fn two_people_swap_their_addresses(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let input = json!({"address": company.emma.email, "toUserId": company.ben.id, "displaced": "GIVE_TO_FORMER_HOLDER"});
        hr.run("transferEmail", json!({"address": company.emma.email, "toUserId": company.ben.id}), "movedRoles").await.refused("REPLACEMENT_REQUIRED");
        let swapped = hr.run("transferEmail", input, "movedRoles freedRoles fromUser { loginEmail contactEmail } toUser { loginEmail contactEmail }").await.ok();
        assert_eq!(swapped.at("fromUser"), &json!({"loginEmail": "ben.okoro@example.com", "contactEmail": "ben.okoro@example.com"}));
        assert_eq!(swapped.at("toUser"), &json!({"loginEmail": "emma.novak@example.com", "contactEmail": "emma.novak@example.com"}));
        let ben = office.server.sign_in(&company.emma.email, PASSWORD).await;
        assert_eq!(ben.query("{ viewer { user { displayName } } }", json!({})).await.ok().at("viewer.user.displayName"), "Ben Okoro");
    }

    /// X1, X2, X3, X4, X5: a leaver and an active employee go to the extranet with the same address.
    async fn two_people_move_to_the_extranet(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        company.records(&company.emma, &[(RecordKind::Deal, State::Open, None), (RecordKind::Task, State::Open, None)]).await;
        company.record(&company.leo, RecordKind::Invoice, State::Closed).await;
        let emma = office.sign_in(&company.emma).await;
        let fields = "user { status kind department { name } manager { displayName } loginEmail isAdministrator workgroups { nodes { leftAt workgroup { name } } } } reassignment { movedCount }";
        let input = |id: tenure_core::id::UserId| json!({"userId": id, "workgroupIds": [company.portal]});
        hr.run("moveToExtranet", input(company.emma.id), fields).await.refused("HANDOVER_REQUIRED");
        let mut with = input(company.emma.id);
        with["handover"] = json!({"toUserIds": [company.ben.id], "filter": {"kinds": ["TASK"]}});
        hr.run("moveToExtranet", with.clone(), fields).await.refused("HANDOVER_REQUIRED");
        with["handover"] = json!({"toUserIds": [company.ben.id]});
        let moved = hr.run("moveToExtranet", with, fields).await.ok();
        assert_eq!(moved.at("user.status"), "ACTIVE");
        assert_eq!(moved.at("user.kind"), "EXTRANET");
        assert_eq!((moved.at("user.department"), moved.at("user.manager")), (&Value::Null, &Value::Null));
        assert_eq!(moved.at("user.loginEmail"), &json!(company.emma.email), "X1: the address stays");
        assert_eq!(moved.at("reassignment.movedCount"), 2);
        let lasting = |outcome: &crate::support::answer::Outcome| -> Vec<String> {
            let mut names: Vec<String> = outcome.at("user.workgroups.nodes").as_array().expect("a list").iter().filter(|m| m["leftAt"].is_null()).map(|m| m["workgroup"]["name"].as_str().expect("a name").to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(lasting(&moved), ["Portal", "Project"], "X4: inside places end, extranet ones stay");
        assert_eq!(emma.query("{ viewer { user { id } } }", json!({})).await.status, 401, "X1: sessions end");
        let outside = office.sign_in(&company.emma).await;
        outside.query("{ users { totalCount } }", json!({})).await.fails("FORBIDDEN");

        // The leaver comes back as invited, with the same address, and chooses a new password.
        let mut leo = input(company.leo.id);
        leo["handover"] = json!({"toUserIds": [company.ben.id]});
        let invited = hr.run("moveToExtranet", leo, fields).await.ok();
        assert_eq!(invited.at("user.status"), "INVITED");
        assert_eq!(lasting(&invited), ["Portal", "Project"]);
        let usage = hr.query("query($a: EmailAddress!) { emailUsage(address: $a) { roles remedies holderStatus } }", json!({"a": company.leo.email})).await.ok();
        assert_eq!(usage.at("emailUsage"), &json!({"roles": ["LOGIN", "CONTACT", "INVITATION"], "remedies": ["RESEND_INVITATION", "REVOKE_INVITATION"], "holderStatus": "INVITED"}));
        let token = office.mail.latest_to(&company.leo.email).await.token();
        let accepted = office.server.anonymous().run("acceptInvitation", json!({"token": token, "password": "tangerine moss 41 ladder"}), "session { user { id status kind loginEmail } }").await.ok();
        assert_eq!(accepted.at("session.user"), &json!({"id": company.leo.id, "status": "ACTIVE", "kind": "EXTRANET", "loginEmail": company.leo.email}));
    }
}
