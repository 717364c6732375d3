//! `dismiss`: refusals, succession, what ends (R1–R8, R10, I1).

use serde_json::{Value, json};
use tenure_core::permission::Permission;
use tenure_core::record::RecordKind;

use crate::support::company::{State, Traits};
use crate::support::office::Office;
use crate::support::on_both;

on_both! {
    /// R1, R11, I1: who may not, and whom not.
    async fn some_dismissals_are_refused(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr, ben) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        ben.run("dismiss", json!({"userId": company.emma.id}), "user { id }").await.fails("FORBIDDEN");
        office.server.anonymous().run("dismiss", json!({"userId": company.emma.id}), "user { id }").await.fails("UNAUTHENTICATED");
        hr.run("dismiss", json!({"userId": company.hr.id}), "user { id }").await.refused("CANNOT_DISMISS_SELF");
        hr.run("dismiss", json!({"userId": company.ann.id}), "user { id }").await.refused("TARGET_IS_ADMINISTRATOR");
        ann.run("dismiss", json!({"userId": company.ann.id}), "user { id }").await.refused("CANNOT_DISMISS_SELF");
        hr.run("dismiss", json!({"userId": company.leo.id}), "user { id }").await.refused("ALREADY_DISMISSED");
        hr.run("dismiss", json!({"userId": tenure_core::id::UserId::SYSTEM}), "user { id }").await.refused("SYSTEM_USER_PROTECTED");
        hr.run("dismiss", json!({"userId": "usr_00000000000000000000000000"}), "user { id }").await.refused("USER_NOT_FOUND");
        hr.run("dismiss", json!({"userId": company.sales}), "user { id }").await.fails("BAD_USER_INPUT");
        let invited = hr.run("invite", json!({"email": "new@example.com", "kind": "INTRANET", "firstName": "N", "lastName": "W"}), "user { id }").await.ok();
        hr.run("dismiss", json!({"userId": invited.at("user.id")}), "user { id }").await.refused("NOT_ACTIVE");
        hr.run("dismiss", json!({"userId": company.emma.id, "newManagerId": company.leo.id}), "user { id }").await.refused_at(&[("MANAGER_NOT_ELIGIBLE", "input.newManagerId")]);
        let handover = |to: Vec<tenure_core::id::UserId>| json!({"userId": company.emma.id, "handover": {"toUserIds": to}});
        hr.run("dismiss", handover(vec![company.ben.id, company.emma.id]), "user { id }").await.refused_at(&[("SUCCESSOR_NOT_ELIGIBLE", "input.handover.toUserIds.1")]);
        hr.run("dismiss", handover(vec![company.ben.id, company.ben.id]), "user { id }").await.refused_at(&[("SUCCESSOR_NOT_ELIGIBLE", "input.handover.toUserIds.1")]);
        hr.run("dismiss", handover(vec![company.eva.id]), "user { id }").await.refused("SUCCESSOR_NOT_ELIGIBLE");
        // All faults of shape at once.
        hr.run("dismiss", json!({"userId": company.emma.id, "reason": "x".repeat(201), "note": "y".repeat(2001), "handover": {"toUserIds": [], "filter": {"kinds": [], "responsibleIds": [company.emma.id]}}}), "user { id }").await
            .refused_at(&[("INPUT_INVALID", "input.reason"), ("INPUT_INVALID", "input.note"), ("INPUT_INVALID", "input.handover.toUserIds"), ("INPUT_INVALID", "input.handover.filter.responsibleIds"), ("INPUT_INVALID", "input.handover.filter.kinds")]);
        // VERSION_CONFLICT shows the person as they stand.
        let conflict = hr.run("dismiss", json!({"userId": company.emma.id, "expectedVersion": 7}), "user { id version }").await.refused("VERSION_CONFLICT");
        assert_eq!(conflict.at("user"), &json!({"id": company.emma.id, "version": 1}));
        // R11: it comes before all other reasons, wherever it stands in the enum, but after NOT_FOUND.
        let both = json!({"userId": company.leo.id, "expectedVersion": 7, "newManagerId": company.leo.id});
        hr.run("dismiss", both, "user { id }").await.refused("VERSION_CONFLICT");
        hr.run("dismiss", json!({"userId": "usr_00000000000000000000000000", "expectedVersion": 7}), "user { id }").await.refused("USER_NOT_FOUND");
        let emma = hr.query("query($id: ID!) { user(id: $id) { status version } }", json!({"id": company.emma.id})).await.ok();
        assert_eq!(emma.at("user"), &json!({"status": "ACTIVE", "version": 1}), "nothing changed");
    }

    /// I1: the last administrator stays, R9: and one can see it before.
    async fn the_last_administrator_stays(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let token = ann.run("createAccessToken", json!({"name": "root", "permissions": ["ADMINISTRATE"]}), "secret").await.ok();
        let root = office.server.with_token(&token.text("secret"));
        // The token acts for Ann, who is the last one and herself.
        root.run("dismiss", json!({"userId": company.ann.id}), "user { id }").await.refused("CANNOT_DISMISS_SELF");
        ann.run("setAccess", json!({"userId": company.ann.id, "isAdministrator": false}), "user { id }").await.refused("LAST_ADMINISTRATOR");
        ann.run("setAccess", json!({"userId": company.ben.id, "isAdministrator": true}), "user { isAdministrator permissions }").await.ok();
        let ben = office.sign_in(&company.ben).await;
        ben.run("dismiss", json!({"userId": company.ann.id}), "user { status isAdministrator }").await.ok();
        // R9: who lacks the right is told the other reasons as well.
        let emma = office.sign_in(&company.emma).await;
        let his = emma.query("query($id: ID!) { user(id: $id) { viewerCannotDismissReasons viewerCannotMoveToExtranetReasons } }", json!({"id": company.ben.id})).await.ok();
        let all = json!(["NOT_PERMITTED", "TARGET_IS_ADMINISTRATOR", "LAST_ADMINISTRATOR"]);
        assert_eq!((his.at("user.viewerCannotDismissReasons"), his.at("user.viewerCannotMoveToExtranetReasons")), (&all, &all));
        let me = ben.query("query($id: ID!) { user(id: $id) { viewerCannotDismissReasons viewerCannotMoveToExtranetReasons } }", json!({"id": company.ben.id})).await.ok();
        assert_eq!(me.at("user.viewerCannotDismissReasons"), &json!(["CANNOT_DISMISS_SELF", "LAST_ADMINISTRATOR"]));
        assert_eq!(me.at("user.viewerCannotMoveToExtranetReasons"), &json!(["CANNOT_MOVE_SELF", "LAST_ADMINISTRATOR"]));
        root.run("dismiss", json!({"userId": company.emma.id}), "user { id }").await.answer.fails("UNAUTHENTICATED");
        ben.run("hire", json!({"userId": company.ann.id}), "user { isAdministrator }").await.ok();
        let back = ben.query("query($id: ID!) { user(id: $id) { isAdministrator status } }", json!({"id": company.ann.id})).await.ok();
        assert_eq!(back.at("user"), &json!({"isAdministrator": false, "status": "ACTIVE"}), "R7: the flag stays gone");
    }

    /// R4: reports, headships and workgroups find somebody; a new manager from below does not close a circle.
    async fn reports_heads_and_owners_are_followed(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let headed = hr.run("createDepartment", json!({"name": "Field", "parentId": company.sales, "headId": company.ben.id}), "department { id head { displayName } parent { name } }").await.ok();
        let deep = company.add("Dee", "Deep", Traits { manager: Some(company.emma.id), ..Traits::default() }).await;
        let side = company.add("Sid", "Side", Traits { manager: Some(company.ben.id), ..Traits::default() }).await;
        // Dee is two levels below Ben and takes his place.
        hr.run("dismiss", json!({"userId": company.ben.id, "newManagerId": deep.id}), "user { status }").await.ok();
        let state = hr.query(
            "query($ids: [ID!]!, $dep: ID!, $group: ID!) { nodes(ids: $ids) { ... on User { displayName manager { displayName } } } department: node(id: $dep) { ... on Department { head { displayName } } } group: node(id: $group) { ... on Workgroup { members { nodes { role member { displayName } } } } } }",
            json!({"ids": [deep.id, company.emma.id, side.id], "dep": headed.at("department.id"), "group": company.project}),
        ).await.ok();
        assert_eq!(state.at("nodes.0.manager.displayName"), "Ann Archer", "who comes from below reports to the leaver's manager");
        assert_eq!(state.at("nodes.1.manager.displayName"), "Dee Deep");
        assert_eq!(state.at("nodes.2.manager.displayName"), "Dee Deep");
        assert_eq!(state.at("department.head.displayName"), "Dee Deep");
        let members = state.list("group.members.nodes");
        assert!(members.contains(&json!({"role": "OWNER", "member": {"displayName": "Emma Novak"}})), "the moderator follows the last owner: {members:?}");
    }

    /// R4, I10: who is invited and would report to the leaver follows as well, and accepts below the new manager; a leaver keeps theirs.
    async fn r4_invited_reports_follow_too(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let guest = json!({"email": "guest@example.com", "kind": "INTRANET", "firstName": "G", "lastName": "Uest"});
        let invited = hr.run("invite", guest, "user { id }").await.ok();
        // Ben invited somebody who is to report to him, and Leo, who did: both invitations end with him.
        ann.run("setAccess", json!({"userId": company.ben.id, "permissions": ["USERS_INVITE", "USERS_DISMISS"]}), "user { id }").await.ok();
        let ben = office.sign_in(&company.ben).await;
        let his = ben.run("invite", json!({"email": "his@example.com", "kind": "INTRANET", "firstName": "H", "lastName": "Is"}), "user { id }").await.ok();
        ben.run("moveToExtranet", json!({"userId": company.leo.id, "workgroupIds": [company.portal]}), "user { id }").await.ok();
        for guest in [&invited, &his] {
            hr.run("updateUser", json!({"userId": guest.at("user.id"), "managerId": company.ben.id}), "user { id }").await.ok();
        }
        hr.run("dismiss", json!({"userId": company.ben.id, "newManagerId": company.hr.id}), "user { id }").await.ok();
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { status version manager { displayName } } } }";
        let ids = json!({"ids": [invited.at("user.id"), company.emma.id, company.leo.id]});
        let seen = hr.query(query, ids).await.ok();
        assert_eq!(seen.at("nodes.0"), &json!({"status": "INVITED", "version": 3, "manager": {"displayName": "Hana Reed"}}));
        assert_eq!(seen.at("nodes.1.manager.displayName"), "Hana Reed");
        assert_eq!(seen.at("nodes.2.status"), "DISMISSED");
        let token = office.mail.latest_to("guest@example.com").await.token();
        let accepted = office.server.anonymous().run("acceptInvitation", json!({"token": token, "password": "tangerine moss 41 ladder"}), "session { user { manager { displayName } } }").await.ok();
        assert_eq!(accepted.at("session.user.manager.displayName"), "Hana Reed");
        crate::support::invariants::Books::checked(&office.storage, None).await;
    }

    /// R4: of two moderators, who has belonged to the workgroup for longer follows its last owner, however old their accounts are.
    async fn r4_the_longest_standing_moderator_follows(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let (late, early) = (company.employee("Lo", "Late").await, company.employee("Ea", "Early").await);
        for moderator in [&early, &late] {
            hr.run("addWorkgroupMembers", json!({"workgroupId": company.inside, "userIds": [moderator.id], "role": "MODERATOR"}), "workgroup { id }").await.ok();
        }
        hr.run("dismiss", json!({"userId": company.ben.id}), "user { id }").await.ok();
        let members = hr.query("query($id: ID!) { node(id: $id) { ... on Workgroup { members { nodes { role member { displayName } } } } } }", json!({"id": company.inside})).await.ok();
        for (role, name) in [("OWNER", "Ea Early"), ("MODERATOR", "Lo Late")] {
            assert!(members.list("node.members.nodes").contains(&json!({"role": role, "member": {"displayName": name}})), "{name}: {:?}", members.at("node"));
        }
    }

    /// R5: places in workgroups end and are counted no more; `hire` revives them as they were, but none that had ended before.
    async fn r5_places_in_workgroups_end_and_revive(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        hr.run("addWorkgroupMembers", json!({"workgroupId": company.portal, "userIds": [company.emma.id]}), "workgroup { id }").await.ok();
        hr.run("removeWorkgroupMember", json!({"workgroupId": company.portal, "userId": company.emma.id}), "workgroup { id }").await.ok();
        let query = "query($id: ID!, $groups: [ID!]!) { user(id: $id) { workgroups { nodes { role joinedAt leftAt workgroup { name } } } } nodes(ids: $groups) { ... on Workgroup { name memberCount } } }";
        let variables = json!({"id": company.emma.id, "groups": [company.inside, company.project, company.portal]});
        let (mut told, mut counts) = (Vec::new(), Vec::new());
        for step in ["before", "dismiss", "hire"] {
            if step != "before" {
                hr.run(step, json!({"userId": company.emma.id}), "user { id }").await.ok();
            }
            let answer = hr.query(query, variables.clone()).await.ok();
            let mut places = answer.list("user.workgroups.nodes").clone();
            places.sort_by_key(|place| place["workgroup"]["name"].to_string());
            counts.push(answer.list("nodes").iter().map(|group| group["memberCount"].clone()).collect::<Vec<_>>());
            told.push(places);
        }
        assert_eq!(told[2], told[0], "role and time of joining are what they were");
        assert_eq!(told[0].iter().map(|place| place["leftAt"].is_null()).collect::<Vec<_>>(), [true, false, true], "Inside, Portal, Project");
        assert!(told[1].iter().all(|place| !place["leftAt"].is_null()));
        assert_eq!(told[1][1]["leftAt"], told[0][1]["leftAt"], "what had ended keeps its end");
        assert_eq!(counts, [[json!(2), json!(3), json!(0)], [json!(1), json!(2), json!(0)], [json!(2), json!(3), json!(0)]]);
    }

    /// R6: the note is for administrators and its author, the rest for who may dismiss, and nothing for anybody else, whatever the setting.
    async fn r6_a_note_is_for_administrators_and_its_author(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let holder = office.sign_in(&company.holder("Ida", "Holder", &[Permission::UsersDismiss]).await).await;
        let reader = office.sign_in(&company.holder("Rea", "Reader", &[Permission::UsersReadDismissed]).await).await;
        let ben = office.sign_in(&company.ben).await;
        hr.run("dismiss", json!({"userId": company.emma.id, "reason": "Moved on", "note": "Between us"}), "user { id }").await.ok();
        for shown in [false, true] {
            ann.run("updateSettings", json!({"showDismissedUsers": shown}), "settings { version }").await.ok();
            let (all, told) = (json!({"reason": "Moved on", "note": "Between us"}), json!({"reason": "Moved on", "note": null}));
            for (person, expected) in [(&ann, Some(&all)), (&hr, Some(&all)), (&holder, Some(&told)), (&reader, None), (&ben, None)] {
                let answer = person.query("query($id: ID!) { user(id: $id) { dismissal { reason note } } }", json!({"id": company.emma.id})).await.ok();
                let dismissal = &answer.at("user")["dismissal"];
                assert_eq!(dismissal, expected.unwrap_or(&Value::Null));
            }
        }
    }

    /// R2: invitations that the leaver sent are taken back.
    async fn invitations_of_a_leaver_are_taken_back(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let recruiter = company.holder("Rita", "Recruiter", &[Permission::UsersInvite, Permission::UsersDismiss]).await;
        let (hr, rita) = (office.sign_in(&company.hr).await, office.sign_in(&recruiter).await);
        rita.run("invite", json!({"email": "fresh@example.com", "kind": "INTRANET", "firstName": "Fresh", "lastName": "Face"}), "user { id }").await.ok();
        let token = office.mail.latest_to("fresh@example.com").await.token();
        rita.run("moveToExtranet", json!({"userId": company.leo.id, "workgroupIds": [company.portal]}), "user { status }").await.ok();
        let seats = "{ license { seatsUsed pendingInvitations activeIntranet activeExtranet } }";
        assert_eq!(hr.query(seats, json!({})).await.ok().at("license"), &json!({"seatsUsed": 8, "pendingInvitations": 2, "activeIntranet": 5, "activeExtranet": 1}));
        hr.run("dismiss", json!({"userId": recruiter.id}), "user { status }").await.ok();
        assert_eq!(hr.query(seats, json!({})).await.ok().at("license"), &json!({"seatsUsed": 5, "pendingInvitations": 0, "activeIntranet": 4, "activeExtranet": 1}));
        office.server.anonymous().run("acceptInvitation", json!({"token": token, "password": "tangerine moss 41 ladder"}), "session { expiresAt }").await.refused("INVITATION_INVALID");
        hr.run("invite", json!({"email": "fresh@example.com", "kind": "INTRANET", "firstName": "Fresh", "lastName": "Face"}), "user { id }").await.ok();
        let leo = hr.query("query($id: ID!) { user(id: $id) { status kind contactEmail dismissal { reason } workgroups { nodes { leftAt } } } }", json!({"id": company.leo.id})).await.ok();
        assert_eq!(leo.at("user.status"), "DISMISSED", "who was dismissed before is so again");
        assert_eq!(leo.at("user.kind"), "EXTRANET");
        assert_eq!(leo.at("user.dismissal.reason"), "Left", "with the dismissal as it was before the move");
        assert!(leo.list("user.workgroups.nodes").iter().all(|m| !m["leftAt"].is_null()));
    }

    /// R10, H3: a handover inside; a filter; nothing that matches is no error.
    async fn records_are_handed_over_in_the_same_step(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let boss = company.holder("Dora", "Dismisser", &[Permission::UsersDismiss]).await;
        let dora = office.sign_in(&boss).await;
        company.records_of_all_kinds(&company.emma).await;
        let fields = "user { status } reassignment { status movedCount successors { displayName } requestedBy { displayName } } plannedCounts { kind }";
        let input = json!({"userId": company.emma.id, "handover": {"toUserIds": [company.ben.id], "filter": {"kinds": ["DEAL", "FILE"], "isClosed": false}}});
        let done = dora.run("dismiss", input, fields).await.ok();
        assert_eq!(done.at("reassignment"), &json!({"status": "SUCCEEDED", "movedCount": 2, "successors": [{"displayName": "Ben Okoro"}], "requestedBy": {"displayName": "Dora Dismisser"}}));
        assert_eq!(done.at("plannedCounts"), &Value::Null);
        let third = company.employee("Al", "All").await;
        company.records_of_all_kinds(&third).await;
        let all = dora.run("dismiss", json!({"userId": third.id, "handover": {"toUserIds": [company.ben.id]}}), fields).await.ok();
        assert_eq!(all.at("reassignment.movedCount"), 18, "H3: open and closed unless told otherwise");
        let second = company.employee("Nora", "Nothing").await;
        let none = dora.run("dismiss", json!({"userId": second.id, "handover": {"toUserIds": [company.ben.id]}}), fields).await.ok();
        assert_eq!(none.at("reassignment.status"), "SUCCEEDED");
        assert_eq!(none.at("reassignment.movedCount"), 0);
    }

    /// H7: what is too large for one transaction is refused until a worker takes it, and changes nothing.
    async fn a_handover_beyond_the_limit_is_refused(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        company.deals(&company.emma, 5001).await;
        hr.run("dismiss", json!({"userId": company.emma.id, "handover": {"toUserIds": [company.ben.id]}}), "user { id }").await.refused_at(&[("INPUT_INVALID", "input.handover")]);
        hr.run("reassign", json!({"selection": {"matching": {"responsibleIds": [company.emma.id]}}, "toUserIds": [company.ben.id]}), "reassignment { id }").await.refused_at(&[("INPUT_INVALID", "input.selection")]);
        let emma = hr.query("query($id: ID!) { user(id: $id) { status offboarding { ownedEntityTotal } } }", json!({"id": company.emma.id})).await.ok();
        assert_eq!(emma.at("user"), &json!({"status": "ACTIVE", "offboarding": {"ownedEntityTotal": 5001}}));
        let some = hr.run("dismiss", json!({"userId": company.emma.id, "handover": {"toUserIds": [company.ben.id, company.hr.id], "filter": {"query": "DEAL 00"}}}), "reassignment { movedCount shares { counts { openCount } } }").await.ok();
        assert_eq!(some.at("reassignment.movedCount"), 1000);
        assert_eq!(some.at("reassignment.shares"), &json!([{"counts": [{"openCount": 500}]}, {"counts": [{"openCount": 500}]}]));
    }

    /// I8: the same key gives the first outcome; another input with it is told apart.
    async fn a_repeat_with_the_same_key_changes_nothing(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        company.record(&company.emma, RecordKind::Deal, State::Open).await;
        let input = json!({"userId": company.emma.id, "handover": {"toUserIds": [company.ben.id]}, "idempotencyKey": "abc", "expectedVersion": 1});
        let fields = "user { id version status } reassignment { id movedCount } revokedCredentialCount";
        let first = hr.run("dismiss", input.clone(), fields).await.ok();
        let second = hr.run("dismiss", input.clone(), fields).await.ok();
        assert_eq!(first.payload(), second.payload());
        let mut other = input.clone();
        other["reason"] = json!("another");
        hr.run("dismiss", other, fields).await.refused("IDEMPOTENCY_KEY_REUSED");
        let mut without = input;
        without["idempotencyKey"] = Value::Null;
        without["expectedVersion"] = Value::Null;
        hr.run("dismiss", without, fields).await.refused("ALREADY_DISMISSED");
        hr.run("hire", json!({"userId": company.emma.id, "idempotencyKey": "abc"}), "user { id }").await.ok();
        hr.run("dismiss", json!({"userId": company.emma.id, "idempotencyKey": ""}), fields).await.refused_at(&[("INPUT_INVALID", "input.idempotencyKey")]);
    }
}
